# SPDX-License-Identifier: Apache-2.0
"""A connector for car_framework 3.x whose data handler is no subclass, and which has no incremental import."""

from car_framework.app import BaseApp
from car_framework.context import context

from connector.full_import import FullImport
from connector.inc_import import IncrementalImport


class App(BaseApp):
    def __init__(self):
        super().__init__("This connector imports processes.")
        self.parser.add_argument("-count", dest="count", type=int, default=3, choices=range(1, 1000), help="%(default)s")

    def setup(self):
        super().setup()
        context().full_importer = FullImport()
        context().inc_importer = IncrementalImport()


app = App()
app.setup()
app.run()
