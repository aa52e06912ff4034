# SPDX-License-Identifier: Apache-2.0
"""A connector for car_framework 4.x that fails as -fault says, and has run() methods of its own."""

from car_framework.app import BaseApp
from car_framework.context import context

from connector.importers import AssetServer, FullImport, IncrementalImport, fail


class App(BaseApp):
    def __init__(self):
        super().__init__("This connector fails.")
        self.parser.add_argument("-fault", dest="CONNECTION_OPTIONS_FAULT", type=str, default="", help="where and how")

    def setup(self):
        super().setup()
        context().asset_server = AssetServer()
        context().full_importer = FullImport()
        context().inc_importer = IncrementalImport()
        self.args.export_data_page_size = 1
        fail("setup")


app = App()
app.setup()
app.run()
