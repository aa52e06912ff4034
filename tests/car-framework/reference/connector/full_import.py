# SPDX-License-Identifier: Apache-2.0
from car_framework.context import context
from car_framework.full_import import BaseFullImport

from connector.data_handler import VERTICES, WITH_EDGES, DataHandler


class FullImport(BaseFullImport):
    def __init__(self):
        super().__init__()
        self.data_handler = DataHandler()

    def create_source_report_object(self):
        return self.data_handler.create_source_report_object()

    def get_new_model_state_id(self):
        return context().asset_server.get_model_state_id()

    def import_vertices(self):
        xrefs = context().asset_server.get_collection("xrefproperties")
        for kind in VERTICES:
            self.data_handler.handle_vertices(kind, context().asset_server.get_collection(kind.collection), xrefs)
        self.data_handler.send_collections(self)

    def import_edges(self):
        known = {collection: context().asset_server.get_collection(collection) for collection in WITH_EDGES}
        for kind, start, end in self.data_handler.collect_edges(known):
            self.data_handler.handle_edges(kind, [(start, end)])
        self.data_handler.send_edges(self)
        self.data_handler.printData()
