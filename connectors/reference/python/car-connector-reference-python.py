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

REQUIRED, SECRET = Car.SettingFlags.REQUIRED, Car.SettingFlags.SECRET
SETTINGS = (
    ("server", "CONFIGURATION_AUTH_URL", REQUIRED, "the asset server's address", "URL"),
    ("username", "CONFIGURATION_AUTH_USERNAME", REQUIRED, "the user that the asset server knows", "NAME"),
    ("password", "CONFIGURATION_AUTH_PASSWORD", REQUIRED | SECRET, "that user's password", "PASSWORD"),
)


class ReferenceApp(Car.App):
    def __init__(self) -> None:
        super().__init__()
        for name, variable, flags, description, arg_description in SETTINGS:
            self.add_setting(Car.Setting.new_text(name, variable, flags, description, arg_description))

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
