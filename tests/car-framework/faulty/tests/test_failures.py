# SPDX-License-Identifier: Apache-2.0
import unittest

from car_framework.context import Context, context
from car_framework.util import BaseConnectorFailure, DatasourceFailure, ErrorCode

from connector.importers import AssetServer, FullImport


class Arguments:
    CONNECTION_NAME = "faulty"
    CONNECTION_OPTIONS_FAULT = "vertices:datasource"


class TestFailures(unittest.TestCase):
    def test_failure(self):
        Context(Arguments)
        with self.assertRaises(DatasourceFailure) as raised:
            FullImport().import_vertices()
        assert isinstance(raised.exception, BaseConnectorFailure)
        assert raised.exception.args[0] == {"reason": "told to"}
        assert raised.exception.code == ErrorCode.DATASOURCE_FAILURE_FORBIDDEN.value == 53

    def test_connection(self):
        Context(Arguments)
        context().args = Arguments()
        context().args.CONNECTION_OPTIONS_FAULT = "7"
        assert AssetServer().test_connection() == 7
