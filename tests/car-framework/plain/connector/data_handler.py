# SPDX-License-Identifier: Apache-2.0
from car_framework.data_handler import get_report_time


class DataHandler:
    def __init__(self):
        self.collections = {"processes": "application", "assets": "asset"}
        self.edges = {"links": "asset_application"}
        now = get_report_time()
        self.report = {"_key": str(now), "timestamp": now, "type": "plain", "description": "plain"}

    def handle_processes(self, number):
        return {"external_id": f"p{number}", "name": f"process {number}"}

    def handle_assets(self, number):
        return {"external_id": f"a{number}", "name": f"asset {number}"}

    def handle_links(self, number):
        own = {"report": self.report["_key"], "timestamp": self.report["timestamp"], "active": True}
        return {"_from_external_id": f"a{number}", "_to_external_id": f"p{number}", **own}
