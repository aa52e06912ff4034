# SPDX-License-Identifier: Apache-2.0
import json
import unittest
from unittest.mock import Mock, patch

from tests.test_utils import context, create_vertices_edges, initialization

FINDINGS = {
    "user": "user",
    "version": 7,
    "hosts": [{"id": 1, "name": "one.example", "ip": "192.0.2.1", "findings": ["CVE-1", "CVE-2"]}],
    "descriptions": {"CVE-1": "bad"},
}


class TestIncImport(unittest.TestCase):
    @patch("connector.server_access.AssetServer.get_findings", return_value=FINDINGS)
    def test_create(self, mock_findings):
        importer = initialization("inc")
        importer.create_source_report_object()
        assert importer.get_new_model_state_id() == 7
        importer.get_data_for_delta(6, None)
        actual = create_vertices_edges(importer)
        assert actual["asset"][0]["name"] == "one.example"
        assert len(actual["vulnerability"]) == 2
        assert importer.data_handler.edges["asset_ipaddress"][0]["_to"] == "192.0.2.1"

    @patch("connector.server_access.AssetServer.get_findings", return_value=FINDINGS)
    @patch("car_framework.car_service.CarService.edge_patch", return_value={"status": "success"})
    @patch("car_framework.car_service.CarService.delete")
    @patch("car_framework.communicator.Communicator.post")
    def test_delete(self, mock_post, mock_delete, mock_patch, mock_findings):
        importer = initialization("inc")
        importer.get_data_for_delta("1663784167208.183", None)
        edges = {"asset_hostname": [{"hostname_id": "scanner/old"}], "asset_vulnerability": []}
        mock_post.return_value = Mock(content=json.dumps({"data": edges}).encode())
        importer.delete_vertices()
        assert importer.update_edge == [{"from": "1", "to": "old", "edge_type": "asset_hostname"}]
        mock_patch.assert_called_once()

    @patch("connector.server_access.AssetServer.get_findings", return_value=FINDINGS)
    def test_reset(self, mock_findings):
        importer = initialization("full")
        importer.create_source_report_object()
        assert create_vertices_edges(importer) == {}, "import_vertices() resets them at its end"
        assert context().asset_server.test_connection() == 0
