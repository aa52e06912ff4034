# SPDX-License-Identifier: Apache-2.0
import json
from urllib.parse import quote

from car_framework.context import context
from car_framework.inc_import import BaseIncrementalImport

from connector.data_handler import DataHandler


class IncrementalImport(BaseIncrementalImport):
    def __init__(self):
        super().__init__()
        self.data_handler = DataHandler()
        self.create_source_report_object()
        self.update_edge = []

    def create_source_report_object(self):
        return self.data_handler.create_source_report_object()

    def get_new_model_state_id(self):
        return context().asset_server.get_findings()["version"]

    def get_data_for_delta(self, last_model_state_id, new_model_state_id):
        context().logger.info("From %s to %s", last_model_state_id, new_model_state_id)
        self.delta = context().asset_server.get_findings()["hosts"]

    def import_vertices(self):
        for host in self.delta:
            self.data_handler.handle_host(host)
        self.data_handler.send_collections(self)

    def import_edges(self):
        self.data_handler.send_edges(self)

    def get_active_edges(self, edge_type, asset_id):
        name = edge_type.split("_")[1] + "_id"
        asset = context().args.source + "/" + asset_id
        data = '{"query":"query { %s(where: {asset_id: {_eq: \\"%s\\"}}) {  source, asset_id, %s  }}"}' % (
            edge_type, asset, name,
        )
        result = context().car_service.communicator.post("query", data=data, api_version="/api/car/v3")
        return {edge[name].split("/", 1)[1] for edge in json.loads(result.content)["data"][edge_type]}

    def delete_vertices(self):
        for host in self.delta:
            asset_id = str(host["id"])
            for name in self.get_active_edges("asset_hostname", asset_id) - {host["name"]}:
                self.update_edge.append({"from": asset_id, "to": name, "edge_type": "asset_hostname"})
            for finding in self.get_active_edges("asset_vulnerability", asset_id) - set(host["findings"]):
                self.update_edge.append({"from": asset_id, "to": finding, "edge_type": "asset_vulnerability"})
        for edge in self.update_edge:
            context().car_service.edge_patch(context().args.source, edge, {"active": False})
        gone = {quote(asset_id) for asset_id in context().asset_server.get_findings().get("gone", [])}
        context().car_service.delete("asset", gone)
