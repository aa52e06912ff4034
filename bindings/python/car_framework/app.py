# SPDX-License-Identifier: Apache-2.0
"""The program."""

import argparse
import sys

from car_framework import _engine
from car_framework.context import Context


class BaseApp:
    """A connector adds its arguments to `parser`, and the parts of it to the context in setup()."""

    def __init__(self, description):
        self.parser = argparse.ArgumentParser(description=description)
        self.setup = _engine.guard_setup(self.setup)

    def setup(self):
        """Reads the settings, and makes the context."""
        self._app = _engine.App(self)
        self.args = self._app.read_arguments()
        Context(self.args)

    def run(self):
        """Makes the import. It returns where all is well; else the process ends with the failure's exit code."""
        if code := self._app.make_import(self.args):
            sys.exit(code)

    def get_schema_extension(self):
        """Returns: a SchemaExtension, or None."""
        return None
