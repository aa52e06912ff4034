# SPDX-License-Identifier: Apache-2.0
from car_framework.context import context
from car_framework.full_import import BaseFullImport

from connector.data_handler import DataHandler


class FullImport(BaseFullImport):
    def __init__(self):
        super().__init__()
        self.data_handler = DataHandler()

    def create_source_report_object(self):
        source = {"_key": context().args.source, "name": "plain", "description": "of processes"}
        return {"source": source, "report": self.data_handler.report}

    def get_new_model_state_id(self):
        return self.data_handler.report["_key"]

    def import_collection(self, endpoint, name):
        handle = getattr(self.data_handler, "handle_" + endpoint)
        data = [handle(number) for number in range(context().args.count)]
        self.send_data(name, data)

    def import_vertices(self):
        for endpoint, name in self.data_handler.collections.items():
            self.import_collection(endpoint, name)

    def import_edges(self):
        for endpoint, name in self.data_handler.edges.items():
            self.import_collection(endpoint, name)
