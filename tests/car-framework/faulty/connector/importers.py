# SPDX-License-Identifier: Apache-2.0
import sys

from car_framework.context import context
from car_framework.data_handler import BaseDataHandler
from car_framework.full_import import BaseFullImport
from car_framework.inc_import import BaseIncrementalImport
from car_framework.server_access import BaseAssetServer
from car_framework.util import DatasourceFailure, ErrorCode, RecoverableFailure, UnrecoverableFailure


def fail(where):
    """-fault=WHERE:HOW"""
    place, _, how = context().args.CONNECTION_OPTIONS_FAULT.partition(":")
    if place != where:
        return
    if how == "datasource":
        raise DatasourceFailure({"reason": "told to"}, ErrorCode.DATASOURCE_FAILURE_FORBIDDEN.value)
    if how == "recoverable":
        raise RecoverableFailure("told to")
    if how == "unrecoverable":
        raise UnrecoverableFailure("told to")
    if how == "exit":
        sys.exit(50)
    if how == "raise":
        raise ValueError("told to")


class AssetServer(BaseAssetServer):
    def test_connection(self):
        fail("test")
        return int(context().args.CONNECTION_OPTIONS_FAULT or 0)


class Importer:
    def __init__(self):
        super().__init__()
        self.data_handler = BaseDataHandler()

    def create_source_report_object(self):
        source = {"_key": context().args.CONNECTION_NAME, "name": "faulty", "product_link": "https://example.com/"}
        return {"source": source, "report": {"_key": "1", "timestamp": 1.0, "type": "faulty"}}

    def get_new_model_state_id(self):
        fail("save point")
        return "1"

    def import_vertices(self):
        self.data_handler.add_collection("asset", {"external_id": "1", "name": "one"}, "external_id")
        self.data_handler.add_collection("asset", {"external_id": "2", "name": "two"}, "external_id")
        fail("vertices")
        self.data_handler.send_collections(self)

    def import_edges(self):
        fail("edges")
        self.data_handler.send_edges(self)


class FullImport(Importer, BaseFullImport):
    def run(self):
        context().logger.info("the full importer's own run()")
        fail("run")
        if context().args.CONNECTION_OPTIONS_FAULT != "run:nothing":
            super().run()


class IncrementalImport(Importer, BaseIncrementalImport):
    def get_data_for_delta(self, last_model_state_id, new_model_state_id):
        fail("delta")

    def delete_vertices(self):
        fail("delete")

    def run(self):
        context().logger.info("the incremental importer's own run()")
        super().run()
