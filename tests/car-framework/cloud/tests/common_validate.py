# SPDX-License-Identifier: Apache-2.0
from car_framework.context import Context, context

from connector.data_collector import DataCollector
from connector.full_import import FullImport
from connector.inc_import import IncrementalImport
from connector.server_access import AssetServer


class Struct:
    def __init__(self, members):
        self.__dict__.update(members)


def context_patch():
    Context(
        Struct(
            {
                "CAR_SERVICE_URL": "https://service.invalid/api/car/v2",
                "CAR_SERVICE_KEY": None,
                "CAR_SERVICE_PASSWORD": "abc",
                "CAR_SERVICE_AUTHTOKEN": None,
                "CAR_SERVICE_URL_FOR_AUTHTOKEN": None,
                "CONNECTION_NAME": "cloud-test",
                "CONNECTOR_NAME": "cloud",
                "debug": False,
                "CONFIGURATION_AUTH_ACCOUNT_ID": "account",
                "version": "0.0.0",
                "export_data_dir": "./cache/tmp",
                "export_data_page_size": 200,
            }
        )
    )
    context().asset_server = AssetServer()
    context().data_collector = DataCollector()
    context().full_importer = FullImport()
    context().inc_importer = IncrementalImport()
    context().last_model_state_id = "1580649320000"
    context().new_model_state_id = "1580649321920"


class JsonResponse:
    def __init__(self, response_code, value):
        self.status_code = response_code
        self.value = value

    def json(self):
        return self.value


MACHINES = [
    {"id": "m1", "name": "one", "ips": ["192.0.2.1", "192.0.2.2"], "changed": 1580649321000, "state": "new"},
    {"id": "m2", "name": "two", "ips": ["192.0.2.3"], "changed": 1, "state": "old"},
    {"id": "m3", "name": "three", "ips": [], "changed": 1580649321000, "state": "gone"},
]
