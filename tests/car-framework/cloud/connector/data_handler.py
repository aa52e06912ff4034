# SPDX-License-Identifier: Apache-2.0
from car_framework.context import context
from car_framework.data_handler import BaseDataHandler


class DataHandler(BaseDataHandler):
    source = None
    report = None

    def create_source_report_object(self):
        if not (self.source and self.report):
            args = context().args
            self.source = {"_key": args.CONNECTION_NAME, "name": args.CONFIGURATION_AUTH_ACCOUNT_ID, "description": "a cloud"}
            self.report = {
                "_key": str(self.timestamp), "timestamp": self.timestamp, "type": "a cloud", "description": "a cloud",
            }
        return {"source": self.source, "report": self.report}

    def handle_asset(self, machine):
        self.add_collection("asset", {"external_id": machine["id"], "name": machine["name"]}, "external_id")

    def handle_ipaddress(self, machine):
        ipaddress = {}
        for address in machine["ips"]:
            ipaddress["_key"] = address
            self.add_collection("ipaddress", ipaddress, "_key")

    def handle_asset_ipaddress(self, machine):
        for address in machine["ips"]:
            self.add_edge("asset_ipaddress", {"_from_external_id": machine["id"], "_to": "ipaddress/" + address})
