# SPDX-License-Identifier: Apache-2.0
from car_framework.context import context


class DataCollector:
    """Machines are {"id", "name", "ips", "changed", "state"}."""

    def create_asset(self, incremental=False):
        self.machines = context().asset_server.get_machines()
        if not incremental:
            return [machine for machine in self.machines if machine["state"] != "gone"]
        last = float(context().last_model_state_id)
        self.machines = [machine for machine in self.machines if machine["changed"] > last]
        return [machine for machine in self.machines if machine["state"] != "gone"]

    def find_old_addresses(self, machine):
        """The addresses that the service has of a machine, and that it has no more."""
        fields = ["asset_id", "ipaddress_id"]
        asset = context().args.CONNECTION_NAME + "/" + machine["id"]
        found = context().car_service.search_collection("asset_ipaddress", "asset_id", asset, fields)
        known = [edge["ipaddress_id"].split("/", 2)[2] for edge in found["asset_ipaddress"]] if found else []
        return [address for address in known if address not in machine["ips"]]

    def update_edges(self):
        for machine in self.machines:
            for address in self.find_old_addresses(machine):
                edge = {"from": machine["id"], "to": "0/" + address, "edge_type": "asset_ipaddress"}
                context().car_service.edge_patch(context().args.CONNECTION_NAME, edge, {"active": False})

    def update_vertices(self):
        for machine in self.machines:
            if machine["state"] == "renamed":
                tags = {"resource_id": machine["id"], "resource_type": "asset", "name": machine["name"] + " (renamed)"}
                context().car_service.database_patch_value(tags)

    def delete_vertices(self):
        gone = [machine["id"] for machine in self.machines if machine["state"] == "gone"]
        if gone:
            context().car_service.delete("asset", gone)
