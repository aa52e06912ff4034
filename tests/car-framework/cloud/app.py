# SPDX-License-Identifier: Apache-2.0
"""A connector for car_framework 4.x that collects with a data collector, and sends whole collections."""

import argparse
import os

from car_framework.app import BaseApp
from car_framework.context import context

from connector.data_collector import DataCollector
from connector.full_import import FullImport
from connector.inc_import import IncrementalImport
from connector.server_access import AssetServer


class App(BaseApp):
    def __init__(self):
        super().__init__("This connector imports the machines of a cloud.")
        for option, dest in ("-account_id", "CONFIGURATION_AUTH_ACCOUNT_ID"), ("-secretKey", "CONFIGURATION_AUTH_SECRET_KEY"):
            self.parser.add_argument(option, dest=dest, default=os.getenv(dest, None), type=str, required=False)
        self.parser.add_argument("-file", dest="file", default=os.getenv("CLOUD_FILE"), type=str, help="50%% of the cloud")
        self.parser.add_argument("-days", dest="days", default=os.getenv("CLOUD_DAYS", 7), type=int)
        self.parser.add_argument("-trace", dest="trace", type=bool, required=False, help=argparse.SUPPRESS)
        self.parser.add_argument("-quick", dest="quick", action="store_true", default=False)

    def setup(self):
        super().setup()
        context().asset_server = AssetServer()
        context().data_collector = DataCollector()
        context().full_importer = FullImport()
        context().inc_importer = IncrementalImport()


app = App()
app.setup()
app.run()
