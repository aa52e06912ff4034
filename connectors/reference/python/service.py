# SPDX-License-Identifier: Apache-2.0
"""What the CAR service holds of this source now.

A connector keeps nothing between two runs but the save point, so this is how it knows what it sent.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from gi.repository import Car, Gio

Edge = tuple[str, str]  # start, end

ROWS_A_QUERY = 10000
NAMES_A_QUERY = 500


def _text_of(row: object, member: str) -> str:
    text = row.get(member) if isinstance(row, dict) else None
    if not isinstance(text, str):
        raise Car.RecoverableFailure(f"the CAR service answered a query without “{member}”")
    return text


def _ask(
    importer: Car.Import, query: str, variables: dict[str, Any], cancellable: Gio.Cancellable | None
) -> Iterator[Any]:
    """The rows that the service answers a query with, page by page."""
    variables = {"source": importer.data_handler.get_source(), "offset": 0, **variables}
    while True:
        rows = importer.client.query(query, variables, cancellable).get("rows", [])
        if not isinstance(rows, list):
            raise Car.RecoverableFailure("the CAR service answered a query with no list")
        yield from rows
        if len(rows) < ROWS_A_QUERY:
            return
        variables["offset"] += ROWS_A_QUERY


def _pairs(rows: Iterable[Any]) -> Iterator[Edge]:
    return ((_text_of(row, "_from_external_id"), _text_of(row, "_to_external_id")) for row in rows)


def get_all_edges(importer: Car.Import, kind: str, cancellable: Gio.Cancellable | None) -> Iterator[Edge]:
    """All edges of a kind that hold, as (start, end)."""
    query = f"""query ($source: String!, $offset: Int!) {{
        rows: {kind}(where: {{source: {{_eq: $source}}, active: {{_eq: true}}}}, order_by: [{{id: asc}}],
            limit: {ROWS_A_QUERY}, offset: $offset) {{ _from_external_id _to_external_id }} }}"""
    return _pairs(_ask(importer, query, {}, cancellable))


def get_edges(
    importer: Car.Import, kind: str, side: str, names: Iterable[str], cancellable: Gio.Cancellable | None
) -> Iterator[Edge]:
    """Those of the vertices `names` at one side, "from" or "to"."""
    query = f"""query ($source: String!, $offset: Int!, $ids: [String!]!) {{
        rows: {kind}(where: {{source: {{_eq: $source}}, active: {{_eq: true}}, {side}_id: {{_in: $ids}}}},
            order_by: [{{{side}_id: asc}}, {{id: asc}}],
            limit: {ROWS_A_QUERY}, offset: $offset) {{ _from_external_id _to_external_id }} }}"""
    source = importer.data_handler.get_source()
    ids = [f"{source}/{name}" for name in names]
    for begin in range(0, len(ids), NAMES_A_QUERY):
        yield from _pairs(_ask(importer, query, {"ids": ids[begin : begin + NAMES_A_QUERY]}, cancellable))


def get_names(importer: Car.Import, collection: str, cancellable: Gio.Cancellable | None) -> Iterator[str]:
    """The names of all vertices of a collection whose vertices name themselves."""
    query = f"""query ($source: String!, $offset: Int!) {{
        rows: {collection}(where: {{source: {{_eq: $source}}}}, order_by: {{_key: asc}},
            limit: {ROWS_A_QUERY}, offset: $offset) {{ _key }} }}"""
    return (_text_of(row, "_key") for row in _ask(importer, query, {}, cancellable))
