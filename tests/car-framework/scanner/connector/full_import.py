# SPDX-License-Identifier: Apache-2.0
from car_framework.context import context
from car_framework.full_import import BaseFullImport

from connector.data_handler import DataHandler


class FullImport(BaseFullImport):
    def __init__(self):
        super().__init__()
        self.data_handler = DataHandler()

    def create_source_report_object(self):
        return self.data_handler.create_source_report_object()

    def get_new_model_state_id(self):
        return context().asset_server.get_findings()["version"]

    def import_vertices(self):
        for host in context().asset_server.get_findings()["hosts"]:
            self.data_handler.handle_host(host)
        self.data_handler.send_collections(self)
        self.describe_vulnerabilities()

    def describe_vulnerabilities(self):
        """The descriptions come later than the vulnerabilities, which are there already."""
        for name, description in context().asset_server.get_findings()["descriptions"].items():
            vulnerability = {"external_id": name, "name": name, "description": description}
            self.data_handler.add_collection("vulnerability", vulnerability, "external_id")
        self.data_handler.send_collections(self)
        self.data_handler.collections = {}
        self.data_handler.collection_keys = {}

    def import_edges(self):
        self.data_handler.send_edges(self)
