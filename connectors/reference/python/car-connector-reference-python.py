# SPDX-License-Identifier: Apache-2.0
"""The reference connector in Python: it imports the inventory of an asset server, as car-connector-reference does."""

import sys

import gi

gi.require_version("Car", "1.0")
from gi.repository import Car

from extension import make_extension
from full_import import ReferenceFullImport
from incremental_import import ReferenceIncrementalImport
from server import ReferenceServer

SETTINGS = (
    ("server", "CONFIGURATION_AUTH_URL", "the asset server's address", "URL"),
    ("username", "CONFIGURATION_AUTH_USERNAME", "the user that the asset server knows", "NAME"),
    ("password", "CONFIGURATION_AUTH_PASSWORD", "that user's password", "PASSWORD"),
)


class ReferenceApp(Car.App):
    def __init__(self) -> None:
        super().__init__()
        for name, variable, description, argument in SETTINGS:
            secret = name == "password"
            self.add_setting(name, variable, description, required=True, secret=secret, argument=argument)

    def do_create_asset_server(self) -> ReferenceServer:
        return ReferenceServer(*(self.get_setting(name) or "" for name in ("server", "username", "password")))

    def do_create_schema_extension(self) -> Car.SchemaExtension:
        return make_extension()

    def do_create_full_import(self) -> ReferenceFullImport:
        return ReferenceFullImport()

    def do_create_incremental_import(self) -> ReferenceIncrementalImport:
        return ReferenceIncrementalImport()


if __name__ == "__main__":
    sys.exit(ReferenceApp().run())
