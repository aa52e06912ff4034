# SPDX-License-Identifier: Apache-2.0
"""A connector that is wrong in the way that WRONG_CONNECTOR says, and good without it: `carctl check` has to tell.

The data source is a file of JSON: {"state": 1, "assets": {KEY: {"name": …, "host": …}}, "deleted": {KEY: …}}, where each asset
has the "state" in which it changed last, or was deleted."""

import base64
import json
import os
import signal
import sys
import time
import uuid

import gi

gi.require_version("Car", "1.0")
from gi.repository import Car

WRONG = os.environ.get("WRONG_CONNECTOR", "")


class Server(Car.AssetServer):
    def __init__(self, file):
        super().__init__()
        self.file = file

    def read(self):
        try:
            with open(self.file, encoding="utf-8") as source:
                return json.load(source)
        except OSError as error:
            if WRONG == "swallows-errors":
                return {"state": 1, "assets": {}, "deleted": {}}
            raise Car.DatasourceFailure(f"{self.file} cannot be read: {error.strerror}", Car.DatasourceFailureCode.CONNECT) from error

    def do_test_connection(self, cancellable):
        self.read()


class Import:
    """What both imports share."""

    def do_get_new_save_point(self, cancellable):
        return str(self.asset_server.read()["state"])

    def add_vertices(self, assets):
        for key, asset in assets.items():
            vertex = {"external_id": key, "name": asset["name"]}
            if WRONG == "unstable-keys":
                vertex["external_id"] += str(uuid.uuid4())
            if WRONG == "wrong-members":
                vertex["name"] = len(asset["name"])
            self.data_handler.add_vertex("asset", vertex)
            if WRONG != "edges-to-nowhere":
                self.data_handler.add_vertex("hostname", {"_key": asset["host"]})

    def do_import_edges(self, cancellable):
        for key, asset in self.assets.items():
            if WRONG != "unstable-keys":
                self.data_handler.add_edge("asset_hostname", {"_from_external_id": key, "_to": "hostname/" + asset["host"]})
        if WRONG == "moves-save-point-early":
            self.client.set_save_point(self.data_handler.get_source(), self.do_get_new_save_point(cancellable), cancellable)
            time.sleep(3)


class Full(Import, Car.FullImport):
    def do_import_vertices(self, cancellable):
        self.assets = self.asset_server.read()["assets"]
        if WRONG == "tells-secrets":
            print("logging in with", self.app.get_setting("password"))
        if WRONG == "tells-secrets-encoded":
            print("Authorization: Basic", base64.b64encode(f"me:{self.app.get_setting('password')}".encode()).decode())
        if WRONG == "hangs":
            signal.signal(signal.SIGTERM, lambda *_: time.sleep(60))
            time.sleep(3)
        self.add_vertices(self.assets)


class Incremental(Import, Car.IncrementalImport):
    def do_get_data_for_delta(self, last_save_point, new_save_point, cancellable):
        source = self.asset_server.read()
        self.assets = {key: asset for key, asset in source["assets"].items() if asset["state"] > int(last_save_point)}
        self.deleted = {key: asset for key, asset in source["deleted"].items() if asset["state"] > int(last_save_point)}

    def do_import_vertices(self, cancellable):
        if WRONG == "differs-from-full":
            self.assets = {key: {**asset, "name": asset["name"].upper()} for key, asset in self.assets.items()}
        self.add_vertices(self.assets)

    def do_delete_vertices(self, cancellable):
        if WRONG != "forgets-deletions":
            self.data_handler.delete_vertices("asset", list(self.deleted), cancellable)
            self.data_handler.delete_vertices("hostname", [asset["host"] for asset in self.deleted.values()], cancellable)


class App(Car.App):
    def __init__(self):
        super().__init__()
        self.add_setting("file", "WRONG_CONNECTOR_FILE", "the data source", required=True, argument="FILE")
        self.add_setting("password", "WRONG_CONNECTOR_PASSWORD", "a secret", secret=not WRONG.startswith("tells-secrets"), argument="PASSWORD")

    def do_create_asset_server(self):
        return Server(self.get_setting("file"))

    def do_create_full_import(self):
        return Full()

    def do_create_incremental_import(self):
        return Incremental()


code = App().run(sys.argv)
sys.exit(1 if code != 0 and WRONG == "wrong-codes" else code)
