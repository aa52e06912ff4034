# SPDX-License-Identifier: Apache-2.0
"""A connector for car_framework 3.x: bare keys as the ends of edges, queries of its own, vulnerabilities that it updates."""

import argparse
import os

from car_framework.app import BaseApp
from car_framework.context import context

from connector.full_import import FullImport
from connector.inc_import import IncrementalImport
from connector.server_access import AssetServer


class App(BaseApp):
    def __init__(self):
        super().__init__("This connector imports the findings of a scanner.")
        self.parser.add_argument("-u", "-username", dest="username", default=os.getenv("SCANNER_USER"), type=str)
        self.parser.add_argument("-password", dest="password", default=os.getenv("SCANNER_PASSWORD"), type=str)
        self.parser.add_argument("-findings", dest="findings", type=argparse.FileType("r"), required=True)

    def setup(self):
        super().setup()
        context().asset_server = AssetServer()
        context().full_importer = FullImport()
        context().inc_importer = IncrementalImport()


if __name__ == "__main__":
    app = App()
    app.setup()
    app.run()
