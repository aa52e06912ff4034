# SPDX-License-Identifier: Apache-2.0
import unittest
from unittest.mock import patch

from tests.common_validate import MACHINES, JsonResponse, context, context_patch


class TestImports(unittest.TestCase):
    @patch("connector.server_access.AssetServer.get_machines", return_value=MACHINES)
    def test_full_import(self, mock_machines):
        context_patch()
        actual = context().data_collector.create_asset(incremental=False)
        context().full_importer.create_source_report_object()
        context().full_importer.handle_data(["asset", "ipaddress", "asset_ipaddress"], actual)
        collections = context().full_importer.data_handler.collections
        edges = context().full_importer.data_handler.edges
        assert [asset["external_id"] for asset in collections.get("asset")] == ["m1", "m2"]
        assert all(address["_key"] is not None for address in collections.get("ipaddress"))
        assert len(edges.get("asset_ipaddress")) == 3
        for edge in edges.get("asset_ipaddress"):
            assert edge["active"] is True and edge["timestamp"] is not None
            assert edge["source"] == "cloud-test" and edge["report"] is not None
        assert context().inc_importer.data_handler.collections is collections, "handlers share them"

    @patch("connector.server_access.AssetServer.get_machines", return_value=MACHINES)
    def test_whole_methods_send_nothing(self, mock_machines):
        context_patch()
        importer = context().inc_importer
        importer.data_handler.collections, importer.data_handler.edges = {}, {}
        importer.data_handler.collection_keys, importer.data_handler.edge_keys = {}, {}
        with patch("car_framework.car_service.CarService.search_collection") as mock_search:
            mock_search.return_value = {"asset_ipaddress": [{"ipaddress_id": "cloud-test/0/192.0.2.9"}]}
            with patch("car_framework.communicator.Communicator.patch") as mock_patch:
                mock_patch.return_value = JsonResponse(200, {"result": "OK"})
                importer.import_vertices()
                importer.import_edges()
        mock_patch.assert_called_with(
            "/asset_ipaddress",
            data=b'{"active": false}',
            params={"source": "cloud-test", "from": "m3", "to": "0/192.0.2.9"},
        )
        assert [asset["name"] for asset in importer.data_handler.collections["asset"]] == ["one"]

    @patch("car_framework.communicator.Communicator.delete")
    def test_delete(self, mock_delete):
        context_patch()
        context().data_collector.machines = MACHINES
        mock_delete.return_value = JsonResponse(200, {})
        assert context().inc_importer.delete_vertices() is None
        mock_delete.assert_called_with("source/cloud-test/asset?external_ids=m3")
