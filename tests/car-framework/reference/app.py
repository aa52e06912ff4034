# SPDX-License-Identifier: Apache-2.0
"""The reference connector on car_framework 4.x: what connectors/reference/python does, in the public package's terms."""

import os

from car_framework.app import BaseApp
from car_framework.context import context
from car_framework.extension import SchemaExtension

from connector.data_handler import EXTENSION
from connector.full_import import FullImport
from connector.inc_import import IncrementalImport
from connector.server_access import AssetServer


class App(BaseApp):
    def __init__(self):
        super().__init__("This connector imports the inventory of an asset server.")
        for name, help in ("URL", "the asset server"), ("USERNAME", "its user"), ("PASSWORD", "the user's password"):
            dest = "CONFIGURATION_AUTH_" + name
            option = "-server" if name == "URL" else "-" + name.lower()
            self.parser.add_argument(option, dest=dest, default=os.getenv(dest), type=str, required=True, help=help)

    def setup(self):
        super().setup()
        context().asset_server = AssetServer()
        context().full_importer = FullImport()
        context().inc_importer = IncrementalImport()

    def get_schema_extension(self):
        return SchemaExtension(key="reference-connector", owner="libcar", version="1", schema=EXTENSION)


app = App()
app.setup()
app.run()
