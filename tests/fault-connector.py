# SPDX-License-Identifier: Apache-2.0
"""tests/fault-connector.c in Python."""

import json
import os
import sys

import gi

gi.require_version("Car", "1.0")
from gi.repository import Car

EXTENSION = {"vertices": [{"name": "asset", "properties": {"rack": {"type": "text"}}}], "edges": []}
HELD = '{ asset_hostname(where: {source: {_eq: "faults"}}) { asset_id hostname_id } }'


class Server(Car.AssetServer):
    def __init__(self, file):
        super().__init__()
        with open(file, encoding="utf-8") as source:
            self.source = json.load(source)


class Full(Car.FullImport):
    def do_get_new_save_point(self, cancellable):
        return self.asset_server.source["state"]

    def do_import_vertices(self, cancellable):
        for collection, objects in self.asset_server.source["vertices"].items():
            self.data_handler.add_vertices(collection, objects)

    def do_import_edges(self, cancellable):
        for collection, objects in self.asset_server.source["edges"].items():
            self.data_handler.add_edges(collection, objects)


class Incremental(Car.IncrementalImport):
    def do_get_new_save_point(self, cancellable):
        return self.asset_server.source["state"]

    def do_get_data_for_delta(self, last_save_point, new_save_point, cancellable):
        self.delta, self.held = {}, []
        if last_save_point == new_save_point:
            return
        self.delta = self.asset_server.source["delta"]
        if last_save_point != self.delta["since"]:
            raise Car.IncrementalNotPossible("the history does not go back so far")
        self.held = self.client.query(HELD, None, cancellable).get("asset_hostname")
        if self.held is None:  # HTTP 404
            raise Car.RecoverableFailure("the service does not tell which edges it holds")

    def do_import_vertices(self, cancellable):
        for collection, objects in self.delta.get("vertices", {}).items():
            self.data_handler.add_vertices(collection, objects)

    def do_import_edges(self, cancellable):
        for collection, objects in self.delta.get("edges", {}).items():
            self.data_handler.add_edges(collection, objects)
        for id_, changes in self.delta.get("patched", {}).items():
            self.client.patch_vertex("asset", id_, changes, cancellable)
        wanted = {(e["_from_external_id"], e["_to"]) for e in self.asset_server.source["edges"]["asset_hostname"]}
        for row in self.held:
            asset, hostname = (row[end].removeprefix("faults/") for end in ("asset_id", "hostname_id"))
            if (asset, f"hostname/{hostname}") not in wanted:
                self.client.patch_edge("asset_hostname", "faults", asset, hostname, {"active": False}, cancellable)

    def do_delete_vertices(self, cancellable):
        for collection, keys in self.delta.get("deleted", {}).items():
            self.data_handler.delete_vertices(collection, keys, cancellable)


class App(Car.App):
    def __init__(self):
        super().__init__()
        self.add_setting("file", "FAULT_CONNECTOR_FILE", "the data source", required=True, argument="FILE")

    def do_create_asset_server(self):
        return Server(self.get_setting("file"))

    def do_create_schema_extension(self):
        return Car.SchemaExtension.new("fault-connector", "tests", 1, EXTENSION)

    def do_create_full_import(self):
        return Full()

    def do_create_incremental_import(self):
        return None if "FAULT_CONNECTOR_FULL" in os.environ else Incremental()


sys.exit(App().run(sys.argv))
