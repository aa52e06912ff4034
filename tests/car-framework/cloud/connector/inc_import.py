# SPDX-License-Identifier: Apache-2.0
from car_framework.context import context
from car_framework.inc_import import BaseIncrementalImport

from connector.data_handler import DataHandler


class IncrementalImport(BaseIncrementalImport):
    def __init__(self):
        super().__init__()
        self.data_handler = DataHandler()
        self.create_source_report_object()

    def create_source_report_object(self):
        return self.data_handler.create_source_report_object()

    def get_new_model_state_id(self):
        return str(self.data_handler.timestamp)

    def get_data_for_delta(self, last_model_state_id, new_model_state_id):
        context().last_model_state_id = last_model_state_id
        context().new_model_state_id = new_model_state_id

    def handle_data(self, data_types, collection):
        for obj in collection:
            for handler in data_types:
                getattr(self.data_handler, "handle_" + handler)(obj)

    def import_vertices(self):
        collection = context().data_collector.create_asset(incremental=True)
        self.handle_data(["asset", "ipaddress", "asset_ipaddress"], collection)
        for name, data in self.data_handler.collections.items():
            self.send_data(name, data)
        context().data_collector.update_vertices()

    def import_edges(self):
        for name, data in self.data_handler.edges.items():
            self.send_data(name, data)
        context().data_collector.update_edges()

    def delete_vertices(self):
        context().data_collector.delete_vertices()
