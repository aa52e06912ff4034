# SPDX-License-Identifier: Apache-2.0
import json
from collections import defaultdict

from car_framework.context import context
from car_framework.inc_import import BaseIncrementalImport
from car_framework.util import DatasourceFailure, ErrorCode

from connector.data_handler import EDGES, VERTICES, WITH_EDGES, DataHandler
from objects import pk_of, text_of

ROWS_A_QUERY = 10000


def ask(collection, fields):
    """All rows of this source, page by page."""
    source, rows, offset = json.dumps(context().args.CONNECTION_NAME), [None] * ROWS_A_QUERY, 0
    order = ", ".join(f"{{{field}: asc}}" for field in fields)
    while len(rows) == ROWS_A_QUERY:
        query = (
            f"{{ {collection}(where: {{source: {{_eq: {source}}}}}, order_by: [{order}], limit: {ROWS_A_QUERY}, "
            f"offset: {offset}) {{ {','.join(fields)} }} }}"
        )
        rows = context().car_service.query_graphql(query)["data"][collection]
        yield from rows
        offset += ROWS_A_QUERY


def name_of(collection, id):
    """What a vertex is called within its source."""
    return id.removeprefix(context().args.CONNECTION_NAME + ("/0/" if collection == "ipaddress" else "/"))


class IncrementalImport(BaseIncrementalImport):
    def __init__(self):
        super().__init__()
        self.data_handler = DataHandler()
        self.create_source_report_object()
        self.updates, self.deletions = defaultdict(set), defaultdict(set)
        self.inactive_edges = []

    def create_source_report_object(self):
        return self.data_handler.create_source_report_object()

    def get_new_model_state_id(self):
        return context().asset_server.get_model_state_id()

    def get_data_for_delta(self, last_model_state_id, new_model_state_id):
        delta = context().asset_server.get_model_state_delta(last_model_state_id, new_model_state_id)
        try:
            for collection, changes in delta.items():
                for member, pks in ("updates", self.updates), ("deletions", self.deletions):
                    pks[collection].update(pk_of(collection, pk) for pk in changes.get(member) or ())
        except (AttributeError, TypeError) as error:
            raise DatasourceFailure(error, ErrorCode.DATASOURCE_FAILURE_DATA_PROCESS.value)

    def is_touched(self, collection):
        return bool(self.updates[collection] or self.deletions[collection])

    def import_vertices(self):
        server, xrefs = context().asset_server, {}
        if self.is_touched("xrefproperties"):
            self.updates["vulnerabilities"].update(server.get_collection("vulnerabilities"))
        if self.updates["vulnerabilities"]:
            xrefs = server.get_collection("xrefproperties")
        for kind in VERTICES:
            objects = server.get_objects(kind.collection, self.updates[kind.collection])
            self.data_handler.handle_vertices(kind, objects, xrefs)
            self.deletions[kind.collection] |= self.updates[kind.collection] - objects.keys()
        self.data_handler.send_collections(self)

    def import_edges(self):
        self.known = {}
        if any(map(self.is_touched, (kind.collection for kind in VERTICES))):
            self.known = {collection: context().asset_server.get_collection(collection) for collection in WITH_EDGES}
            self.compare_edges()
        self.data_handler.send_edges(self)

    def compare_edges(self):
        wanted = defaultdict(set)
        for kind, start, end in self.data_handler.collect_edges(self.known):
            wanted[kind].add((start, end))
        for kind in EDGES:
            start, end = kind.split("_")
            rows = ask(kind, [start + "_id", end + "_id"])
            current = {(name_of(start, row[start + "_id"]), name_of(end, row[end + "_id"])) for row in rows}
            self.data_handler.handle_edges(kind, wanted[kind] - current)
            self.inactive_edges += ({"edge_type": kind, "from": a, "to": b} for a, b in current - wanted[kind])

    def delete_vertices(self):
        for edge in self.inactive_edges:
            context().car_service.edge_patch(context().args.CONNECTION_NAME, edge, {"active": False})
        for kind in VERTICES:
            if self.is_touched(kind.collection):
                gone = self.deletions[kind.collection]
                if kind.name:
                    there = {text_of(found, kind.name) for found in self.known[kind.collection].values()}
                    gone = {name_of(kind.vertex, row["id"]) for row in ask(kind.vertex, ["id"])} - there
                context().car_service.delete(kind.vertex, gone)
