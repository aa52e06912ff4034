# SPDX-License-Identifier: Apache-2.0
from unittest.mock import Mock, patch

from car_framework.context import Context, context

from connector import full_import, inc_import, server_access


class Arguments:
    """What an app would have, as a class."""

    username = "user"
    password = ""
    source = "scanner"
    car_service_apikey_url = "https://service.invalid"
    api_key = "abcdef"
    api_password = ""
    car_service_token_url = None
    api_token = None
    export_data_dir = "tests/tmp/car_temp_export_data"
    keep_export_data_dir = "store_true"
    export_data_page_size = 2000
    debug = None
    connector_name = "scanner"
    version = "1.0"


@patch("car_framework.car_service.CarService.import_data_from_file")
@patch("car_framework.car_service.CarService.check_import_status")
def create_vertices_edges(import_obj, mock_import=None, mock_import_status=None):
    import_obj.data_handler.collections = {}
    mock_import.return_value = Mock()
    mock_import_status.return_value = Mock()
    import_obj.import_vertices()
    import_obj.import_edges()
    return import_obj.data_handler.collections


def initialization(kind):
    Context(Arguments)
    context().asset_server = server_access.AssetServer()
    return full_import.FullImport() if kind == "full" else inc_import.IncrementalImport()
