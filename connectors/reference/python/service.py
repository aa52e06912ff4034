# SPDX-License-Identifier: Apache-2.0
"""What the CAR service holds of this source now.

A connector keeps nothing between two runs but the save point, so this is how it knows what it sent. Values stand in the
queries as literals: a literal fits a column of any type, a variable only one of its own.
"""

import json
from collections.abc import Iterable, Iterator

from gi.repository import Car, Gio

Edge = tuple[str, str]  # start, end

ROWS_A_QUERY = 10000
NAMES_A_QUERY = 500


def _literal(value: str | list[str]) -> str:
    """A text or texts as GraphQL writes them, which is as JSON does."""
    return json.dumps(value, ensure_ascii=False)


def _ask(
    importer: Car.Import,
    collection: str,
    condition: str,
    members: list[str],
    cancellable: Gio.Cancellable | None,
) -> Iterator[tuple[str, ...]]:
    """The members of all rows of this source, page by page, each row once."""
    source = _literal(importer.data_handler.get_source())
    order = ", ".join(f"{{{member}: asc}}" for member in members)
    seen: set[tuple[str, ...]] = set()
    offset, rows = 0, None
    while rows is None or len(rows) == ROWS_A_QUERY:
        query = (
            f"{{ rows: {collection}(where: {{_and: [{{source: {{_eq: {source}}}}}{condition}]}}, order_by: [{order}], "
            f"limit: {ROWS_A_QUERY}, offset: {offset}) {{ {' '.join(members)} }} }}"
        )
        rows = importer.client.query(query, None, cancellable).get("rows", [])
        if not isinstance(rows, list):
            raise Car.RecoverableFailure("the CAR service answered a query with no list")
        before = len(seen)
        for row in rows:
            found = (row.get(member) if isinstance(row, dict) else None for member in members)
            values = tuple(value for value in found if isinstance(value, str))
            if len(values) < len(members):
                raise Car.RecoverableFailure(f"the CAR service answered a query without {' and '.join(members)}")
            if values not in seen:
                seen.add(values)
                yield values
        if len(rows) == ROWS_A_QUERY and len(seen) == before:
            raise Car.RecoverableFailure("the CAR service answered a query with the same page again")
        offset += ROWS_A_QUERY


def _name_of(importer: Car.Import, collection: str, id_: str) -> str:
    """What a vertex is called within its source: an id is SOURCE/NAME, and of an address SOURCE/REGION/NAME.

    No address here has a region of its own, so its region is 0.
    """
    prefix = importer.data_handler.get_source() + ("/0/" if collection == "ipaddress" else "/")
    if not id_.startswith(prefix):
        raise Car.RecoverableFailure(f"the CAR service answered a query with the id “{id_}”, not one of this source's")
    return id_[len(prefix) :]


def _get_edges(
    importer: Car.Import, kind: str, condition: str, cancellable: Gio.Cancellable | None
) -> Iterator[Edge]:
    start, end = kind.split("_")
    for start_id, end_id in _ask(importer, kind, condition, [f"{start}_id", f"{end}_id"], cancellable):
        yield _name_of(importer, start, start_id), _name_of(importer, end, end_id)


def get_all_edges(importer: Car.Import, kind: str, cancellable: Gio.Cancellable | None) -> Iterator[Edge]:
    """All edges of a kind, as (start, end)."""
    return _get_edges(importer, kind, "", cancellable)


def get_edges(
    importer: Car.Import, kind: str, collection: str, pks: Iterable[str], cancellable: Gio.Cancellable | None
) -> Iterator[Edge]:
    """Those of some vertices of one of the two collections that a kind joins."""
    source = importer.data_handler.get_source()
    ids = [f"{source}/{pk}" for pk in pks]
    for begin in range(0, len(ids), NAMES_A_QUERY):
        some = _literal(ids[begin : begin + NAMES_A_QUERY])
        yield from _get_edges(importer, kind, f", {{{collection}_id: {{_in: {some}}}}}", cancellable)


def get_names(importer: Car.Import, collection: str, cancellable: Gio.Cancellable | None) -> Iterator[str]:
    """The names of all vertices of a collection whose vertices name themselves."""
    for (id_,) in _ask(importer, collection, "", ["id"], cancellable):
        yield _name_of(importer, collection, id_)
