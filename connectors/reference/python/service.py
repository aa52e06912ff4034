# SPDX-License-Identifier: Apache-2.0
"""What the CAR service holds of this source now.

A connector keeps nothing between two runs but the save point, so this is how it knows what it sent.
"""

from collections.abc import Iterable, Iterator, Mapping

from gi.repository import Car, Gio

Edge = tuple[str, str]  # start, end
Condition = Mapping[str, object]

NAMES_A_QUERY = 500


def _list(
    importer: Car.Import,
    collection: str,
    condition: Condition,
    members: list[str],
    cancellable: Gio.Cancellable | None,
) -> Iterator[tuple[str, ...]]:
    """The members, which are texts, of all rows of this source that fulfil the condition."""
    where: dict[str, object] = {"source": {"_eq": importer.data_handler.get_source()}, **condition}
    for row in importer.client.list_collection(collection, members, where, cancellable):
        values = tuple(row[member] for member in members)
        if not all(isinstance(value, str) for value in values):
            raise Car.RecoverableFailure(f"the CAR service answered a query without {' and '.join(members)}")
        yield values


def _name_of(importer: Car.Import, collection: str, id_: str) -> str:
    """What a vertex is called within its source: an id is SOURCE/NAME, and of an address SOURCE/REGION/NAME.

    No address here has a region of its own, so its region is 0.
    """
    prefix = importer.data_handler.get_source() + ("/0/" if collection == "ipaddress" else "/")
    if not id_.startswith(prefix):
        raise Car.RecoverableFailure(f"the CAR service answered a query with the id “{id_}”, not one of this source's")
    return id_[len(prefix) :]


def _get_edges(
    importer: Car.Import, kind: str, condition: Condition, cancellable: Gio.Cancellable | None
) -> Iterator[Edge]:
    start, end = kind.split("_")
    for start_id, end_id in _list(importer, kind, condition, [f"{start}_id", f"{end}_id"], cancellable):
        yield _name_of(importer, start, start_id), _name_of(importer, end, end_id)


def get_all_edges(importer: Car.Import, kind: str, cancellable: Gio.Cancellable | None) -> Iterator[Edge]:
    """All edges of a kind, as (start, end)."""
    return _get_edges(importer, kind, {}, cancellable)


def get_edges(
    importer: Car.Import, kind: str, collection: str, pks: Iterable[str], cancellable: Gio.Cancellable | None
) -> Iterator[Edge]:
    """Those of some vertices of one of the two collections that a kind joins."""
    source = importer.data_handler.get_source()
    ids = [f"{source}/{pk}" for pk in pks]
    for begin in range(0, len(ids), NAMES_A_QUERY):
        condition = {f"{collection}_id": {"_in": ids[begin : begin + NAMES_A_QUERY]}}
        yield from _get_edges(importer, kind, condition, cancellable)


def get_names(importer: Car.Import, collection: str, cancellable: Gio.Cancellable | None) -> Iterator[str]:
    """The names of all vertices of a collection whose vertices name themselves."""
    for (id_,) in _list(importer, collection, {}, ["id"], cancellable):
        yield _name_of(importer, collection, id_)
