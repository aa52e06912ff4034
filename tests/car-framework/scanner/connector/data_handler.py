# SPDX-License-Identifier: Apache-2.0
from car_framework.context import context
from car_framework.data_handler import BaseDataHandler


class DataHandler(BaseDataHandler):
    def create_source_report_object(self):
        if not (self.source and self.report):
            self.source = {"_key": context().args.source, "name": "scanner", "description": "a scanner"}
            self.report = {"_key": str(self.timestamp), "timestamp": self.timestamp, "type": "scan", "description": "scan"}
        return {"source": self.source, "report": self.report}

    def handle_host(self, host):
        self.add_collection("asset", {"external_id": str(host["id"]), "name": host["name"], "owner": None}, "external_id")
        self.add_collection("hostname", {"_key": host["name"]}, "_key")
        self.add_edge("asset_hostname", {"_from_external_id": str(host["id"]), "_to": host["name"]})
        self.add_collection("ipaddress", {"_key": host["ip"]}, "_key")
        self.add_edge("asset_ipaddress", {"_from_external_id": str(host["id"]), "_to": host["ip"]})
        self.add_edge("ipaddress_hostname", {"_from": host["ip"], "_to": host["name"]})
        own = {"active": "true", "report": self.timestamp, "source": context().args.source, "timestamp": "now"}
        for finding in host["findings"]:
            self.add_collection("vulnerability", {"external_id": finding, "name": finding}, "external_id")
            self.add_edge("asset_vulnerability", {"_from_external_id": str(host["id"]), "_to_external_id": finding, **own})
