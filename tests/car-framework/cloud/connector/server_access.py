# SPDX-License-Identifier: Apache-2.0
import json

from car_framework.context import context
from car_framework.server_access import BaseAssetServer
from car_framework.util import DatasourceFailure, ErrorCode


class AssetServer(BaseAssetServer):
    def test_connection(self):
        try:
            self.get_machines()
            return 0
        except DatasourceFailure as failure:
            return failure.code

    def get_machines(self):
        try:
            with open(context().args.file, encoding="utf-8") as file:
                return json.load(file)
        except Exception as error:
            raise DatasourceFailure(error, ErrorCode.DATASOURCE_FAILURE_CONNECT.value)
