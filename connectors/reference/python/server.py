# SPDX-License-Identifier: Apache-2.0
"""The asset server: its API, as methods."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from gi.repository import Car, Gio

from objects import Object, is_text, read_objects
from web import NotFound, Web

# Longer request lines are refused by some servers, and by what stands in front of them; the address comes on top.
MAX_PATH = 1700


def _is_state(text: str) -> bool:
    return re.fullmatch("[0-9]{1,20}", text) is not None and int(text) < 2**64


def _check_range(last: str, new: str) -> None:
    """A server that was set up anew counts from the beginning again."""
    if not _is_state(last) or not _is_state(new):
        raise Car.IncrementalNotPossible("the save point is none of this asset server's")
    if int(last) > int(new):
        raise Car.IncrementalNotPossible("the asset server has seen fewer changes than at the last import")


def _paths_of(collection: str, pks: Iterable[str]) -> Iterator[str]:
    path = ""
    for pk in pks:
        escaped = quote(pk, safe="")
        if path and len(path) + len(escaped) > MAX_PATH:
            yield path
            path = ""
        path = f"{path},{escaped}" if path else f"/{collection}/?pk={escaped}"
    if path:
        yield path


class ReferenceServer(Car.AssetServer):
    def __init__(self, url: str, username: str, password: str) -> None:
        super().__init__()
        self._web = Web(url, username, password)

    def do_test_connection(self, cancellable: Gio.Cancellable | None) -> None:
        self.get_state()

    def read_all(self, collection: str) -> dict[str, Object]:
        """All objects of a collection, by their primary keys."""
        return dict(read_objects(collection, self._web.get(f"/{collection}/")))

    def read(self, collection: str, pks: Iterable[str]) -> Iterator[tuple[str, Object]]:
        """Those of the objects that exist, each with its primary key."""
        for path in _paths_of(collection, pks):
            yield from read_objects(collection, self._web.get(path))

    def get_state(self) -> str:
        """The number of the last change: what a connector keeps as its save point."""
        answer = self._web.get("/model_state_id/")
        state = answer.get("model_state_id") if isinstance(answer, dict) else None
        if (is_text(state) and state) or type(state) is int:
            return str(state)
        raise Car.DatasourceFailure(
            "the asset server does not tell its model_state_id: is -server the address of one?",
            Car.DatasourceFailureCode.DATA_PROCESSING,
        )

    def get_delta(self, last: str, new: str) -> Object:
        """What changed: {COLLECTION: {"updates": [pk, …], "deletions": [pk, …]}}."""
        _check_range(last, new)
        try:
            answer = self._web.get(f"/delta/?from={last}&to={new}")
        except NotFound:
            raise Car.IncrementalNotPossible(
                "the asset server has forgotten what changed since the last import"
            ) from None
        delta = answer.get("delta", {}) if isinstance(answer, dict) else None
        if not isinstance(delta, dict):
            raise Car.DatasourceFailure(
                "what the asset server answered is no delta", Car.DatasourceFailureCode.DATA_PROCESSING
            )
        return delta
