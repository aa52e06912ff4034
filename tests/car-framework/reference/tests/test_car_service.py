# SPDX-License-Identifier: Apache-2.0
import unittest
from unittest.mock import Mock, patch

from car_framework.car_service import CarDbStatus
from car_framework.context import Context, context
from car_framework.data_handler import BaseDataHandler
from car_framework.util import ImportJobStatus, RecoverableFailure, UnrecoverableFailure, check_for_error

DATABASE = {"is_ready": True, "graph_name": "assets", "collections_without_indexes": []}
SCHEMA = {
    "type": "object",
    "properties": {
        name: {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"external_id": {"type": "string"}, "name": {"type": "string"}},
                "required": ["external_id", "name"],
            },
        }
        for name in ("asset", "hostname")
    },
}


class Arguments:
    CAR_SERVICE_URL = "https://service.invalid/api/car/v2"
    CAR_SERVICE_KEY = CAR_SERVICE_PASSWORD = "key"
    CONNECTION_NAME = "a/b"


def answer(status_code, value=None):
    return Mock(status_code=status_code, json=Mock(return_value=value))


def communicator(method):
    return patch("car_framework.communicator.Communicator." + method)


class TestCarService(unittest.TestCase):
    def setUp(self):
        Context(Arguments)
        self.service = context().car_service

    @communicator("get")
    def test_get_model_state_id(self, mock_get):
        mock_get.return_value = answer(200, {"model_state_id": "7"})
        assert self.service.get_model_state_id() == "7"
        mock_get.assert_called_with("source/a%2Fb")
        mock_get.return_value = answer(404)
        assert self.service.get_model_state_id() is None

    @communicator("patch")
    def test_save_model_state_id(self, mock_patch):
        mock_patch.return_value = answer(200)
        self.service.reset_model_state_id()
        mock_patch.assert_called_with("/source", data='{"model_state_id": ""}', params={"key": "a/b"})

    @communicator("get")
    def test_db_is_ready(self, mock_get):
        mock_get.return_value = answer(200, {"databases": [DATABASE]})
        assert self.service.get_db_status() == CarDbStatus.READY

    @communicator("post")
    @communicator("get")
    def test_db_is_set_up(self, mock_get, mock_post):
        mock_get.side_effect = [answer(400), answer(200, {"status": "RUNNING"}), answer(200, {"status": "COMPLETE"})]
        mock_post.return_value = answer(200, {"job_id": "1"})
        assert self.service.get_db_status() == CarDbStatus.NEWLY_CREATED

    @communicator("patch")
    @communicator("get")
    def test_db_fails(self, mock_get, mock_patch):
        database = {**DATABASE, "is_ready": False, "graph_name": ""}
        mock_get.side_effect = [answer(200, {"databases": [database]}), answer(200, {"status": "ERROR"})]
        mock_patch.return_value = answer(200, {"job_id": "1"})
        assert self.service.get_db_status() == CarDbStatus.FAILURE

    @communicator("delete")
    def test_delete(self, mock_delete):
        mock_delete.return_value = answer(400)
        with self.assertRaises(RecoverableFailure):
            self.service.delete("asset", ["1"])
        mock_delete.return_value = answer(404)
        with self.assertRaises(UnrecoverableFailure):
            self.service.delete("asset", ["1"])
        mock_delete.return_value = answer(200)
        self.service.delete("ipaddress", {1, "a,b/c"})
        assert mock_delete.call_args.args[0].startswith("source/a%2Fb/ipaddress?keys=")
        assert "a%2Cb%2Fc" in mock_delete.call_args.args[0]
        mock_delete.reset_mock()
        self.service.delete("asset", [f"{number:100}" for number in range(100)])
        assert mock_delete.call_count == 6

    @communicator("post")
    def test_full_import_in_progress(self, mock_post):
        mock_post.return_value = answer(200, {"job_id": "1"})
        with patch("car_framework.car_service.CarService.wait_until_done", return_value=CarDbStatus.READY):
            assert self.service.enter_full_import_in_progress_state() == 200
        mock_post.return_value = answer(200, {})
        with self.assertRaises(UnrecoverableFailure):
            self.service.enter_full_import_in_progress_state()

    @communicator("get")
    @communicator("post")
    def test_import_data(self, mock_post, mock_get):
        mock_post.side_effect = [answer(200, {"id": "1"}), answer(200, {"id": "2"}), answer(400, {"errors": []})]
        statuses = [self.service.import_data({"asset": []}) for _ in range(3)]
        assert [status.status for status in statuses] == [1, 1, ImportJobStatus.FAILURE]
        errors = [{"id": "2", "error": "bad", "statusCode": 422}]
        mock_get.side_effect = [
            answer(200, {"incomplete_imports": [{"id": "1"}], "error_imports": errors}),
            answer(200, {"incomplete_imports": []}),
        ]
        with patch("time.sleep"):
            self.service.check_import_status(statuses)
        check_for_error(statuses[0])
        with self.assertRaises(UnrecoverableFailure):
            check_for_error(statuses[1])
        with self.assertRaises(RecoverableFailure):
            check_for_error(statuses[2])

    @communicator("get")
    def test_graph_attribute_search(self, mock_get):
        mock_get.return_value = answer(200, [{"name": "x"}])
        assert self.service.graph_attribute_search("application", "name", "a b")[0]["name"] == "x"
        mock_get.assert_called_with("application?name=a%20b")
        for status in 403, 502:
            mock_get.return_value = answer(status, {})
            assert self.service.graph_search("application", "a") == {"related": [], "result": []}

    @communicator("post")
    def test_queries(self, mock_post):
        mock_post.return_value = answer(200, {"data": {"asset": []}})
        assert self.service.search_collection("asset", "name", 'a"b', ["name", "id"]) == {"asset": []}
        assert r"{_eq: \"a\\\"b\"}" in mock_post.call_args.kwargs["data"]
        assert mock_post.call_args.kwargs["api_version"] == "/v3"
        mock_post.return_value = answer(404)
        assert self.service.query_graphql("{ asset { name } }") is None
        mock_post.return_value = answer(503)
        with self.assertRaises(RecoverableFailure):
            self.service.query_graphql("{ asset { name } }")

    @communicator("patch")
    def test_changes(self, mock_patch):
        mock_patch.return_value = answer(200, {"success": "True"})
        tags = {"resource_id": "1", "resource_type": "database", "pending_update": "active"}
        assert self.service.database_patch_value(tags) == {"success": "True"}
        edge = {"from": "1", "to": "2", "edge_type": "database_user"}
        assert self.service.edge_patch("a", edge, {"active": False}) == {"success": "True"}
        mock_patch.return_value = answer(502)
        with self.assertRaises(RecoverableFailure):
            self.service.edge_patch("a", edge, {})


class TestDataHandler(unittest.TestCase):
    def setUp(self):
        Context(Arguments)
        self.handler = BaseDataHandler()
        self.handler.collections, self.handler.collection_keys = {}, {}

    @communicator("get")
    def test_validation(self, mock_get):
        mock_get.return_value = answer(200, {"version": "v2", "schema": SCHEMA})
        assert self.handler.add_collection("asset", {"external_id": "1", "name": "n", "owner": None}, "external_id")
        assert self.handler.add_collection("asset", {"external_id": "1", "name": "m"}, "external_id")
        assert not self.handler.add_collection("asset", {"external_id": None, "name": "n"}, "external_id")
        assert not self.handler.add_collection("asset", {"external_id": 2, "name": "n"}, "external_id")
        assert self.handler.add_collection("site", {"external_id": 2}, "external_id"), "it is the extension's"
        assert not self.handler.add_collection("hostname", {"_key": None}, "_key")
        assert "hostname" not in self.handler.collections
        assert self.handler.collections["asset"] == [{"external_id": "1", "name": "n", "owner": None}]
        assert self.handler.collection_keys == {"asset": ["1"], "site": [2]}
        mock_get.assert_called_once_with("/importSchema?version=v2", api_version="/v3")

    def test_without_a_schema(self):
        with self.assertLogs(level="WARNING") as logs:
            assert self.handler.add_collection("asset", {"external_id": 1}, "external_id")
        assert "not checked" in logs.output[-1]
