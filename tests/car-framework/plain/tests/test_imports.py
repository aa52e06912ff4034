# SPDX-License-Identifier: Apache-2.0
import unittest
from unittest.mock import patch

from car_framework.context import Context
from car_framework.util import IncrementalImportNotPossible

from connector.full_import import FullImport
from connector.inc_import import IncrementalImport


class Arguments:
    source = "plain"
    count = 2
    debug = False


class TestImports(unittest.TestCase):
    def test_full_import(self):
        Context(Arguments)
        with patch.object(FullImport, "send_data") as mock_send:
            FullImport().import_vertices()
        assert [call.args[0] for call in mock_send.call_args_list] == ["application", "asset"]

    def test_incremental_import(self):
        with self.assertRaises(IncrementalImportNotPossible) as raised:
            IncrementalImport().run()
        assert "support" in raised.exception.message
