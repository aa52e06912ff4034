# SPDX-License-Identifier: Apache-2.0
"""The asset server, by the reference connector's own modules."""

import pathlib
import sys

from car_framework.context import context
from car_framework.server_access import BaseAssetServer

sys.path.append(str(pathlib.Path(__file__).parents[4] / "connectors/reference/python"))
from server import ReferenceServer


class AssetServer(BaseAssetServer):
    def __init__(self):
        args = context().args
        self.server = ReferenceServer(
            args.CONFIGURATION_AUTH_URL, args.CONFIGURATION_AUTH_USERNAME, args.CONFIGURATION_AUTH_PASSWORD
        )

    def test_connection(self):
        self.server.get_state()
        return 0

    def get_collection(self, collection):
        return self.server.read_all(collection)

    def get_objects(self, collection, ids):
        return dict(self.server.read(collection, ids))

    def get_model_state_id(self):
        return self.server.get_state()

    def get_model_state_delta(self, last_model_state_id, new_model_state_id):
        return self.server.get_delta(last_model_state_id, new_model_state_id)
