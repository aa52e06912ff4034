# SPDX-License-Identifier: Apache-2.0
"""What the asset server's objects are in CAR's graph."""

import json

from car_framework.context import context
from car_framework.data_handler import BaseDataHandler

from connector import server_access  # which knows where the next ones are
from extension import SCHEMA
from graph import EDGES, VERTICES, WITH_EDGES, edge_of, edges_of, vertex_of

EXTENSION = json.dumps(SCHEMA)


class DataHandler(BaseDataHandler):
    def create_source_report_object(self):
        if not (self.source and self.report):
            self.source = {
                "_key": context().args.CONNECTION_NAME,
                "name": context().args.CONFIGURATION_AUTH_URL,
                "description": "Reference Asset server",
                "product_link": "https://example.com/",
            }
            self.report = {
                "_key": str(self.timestamp),
                "timestamp": self.timestamp,
                "type": "Reference Asset server",
                "description": "Reference Asset server",
            }
        return {"source": self.source, "report": self.report}

    def handle_vertices(self, kind, objects, xrefs):
        for pk, found in objects.items():
            vertex = vertex_of(kind, pk, found, xrefs)
            self.add_collection(kind.vertex, vertex, "_key" if kind.name else "external_id")

    def handle_edges(self, kind, ends):
        for start, end in ends:
            self.add_edge(kind, edge_of(kind, start, end))

    @staticmethod
    def collect_edges(known):
        """All edges that hold: (kind, start, end)."""
        for collection in WITH_EDGES:
            for pk, found in known[collection].items():
                yield from edges_of(collection, pk, found, known)
