# SPDX-License-Identifier: Apache-2.0
"""What the Python override does beyond the contract: classes, exceptions, types, signals, and where it is found."""

import datetime
import json
import logging
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest
import uuid

import gi

gi.require_version("Car", "1.0")
from gi.repository import Car, Gio, GLib, GObject

import tap
from local_service import KEY, PASSWORD, run_service

SCHEMA = {
    "type": "object",
    "properties": {
        "asset": {
            "type": "array",
            "items": {"type": "object", "properties": {"external_id": {"type": "string"}}},
        }
    },
}


def counts(handler):
    return {
        found.collection: (found.n_read, found.n_left_out, found.n_duplicates)
        for found in handler.list_summaries()
    }


class Classes(unittest.TestCase):
    def test_misspelt(self):
        with self.assertRaisesRegex(TypeError, r"Wrong\.do_import_vertexes\(\).*did you mean do_import_vertices\(\)"):

            class Wrong(Car.FullImport):
                def do_import_vertexes(self, cancellable):
                    pass

        with self.assertRaisesRegex(TypeError, r"do_connection_test\(\)"):

            class Mixed(type("Mixin", (), {"do_connection_test": lambda self: None}), Car.AssetServer):
                pass

    def test_known(self):
        class Known(Car.App):
            __gsignals__ = {"counted": (GObject.SignalFlags.RUN_FIRST, None, (int,))}

            def do_counted(self, number):
                self.number = number

            do_nothing_of_the_kind = 5

        known = Known()
        known.emit("counted", 3)
        self.assertEqual(known.number, 3)

    def test_runs_again(self):
        class Again(Car.App):
            def do_create_asset_server(self):
                self.servers += 1
                return AgainServer()

        class AgainServer(Car.AssetServer):
            pass

        self.addCleanup(logging.root.handlers.clear)
        again = Again(install_log=False)
        again.servers = 0
        self.assertEqual([again.run(["again", "-connection-test"]) for run in range(3)], [0, 0, 0])
        self.assertEqual(again.servers, 3)
        self.assertEqual(again.run(["again", "-connection-test", "-log-format", "xml"]), 2)

    def test_forgotten_init(self):
        class Forgetful(Car.AssetServer):
            def __init__(self):
                self.server = None

        with self.assertRaisesRegex(TypeError, r"Forgetful\.__init__\(\) does not call super\(\)\.__init__\(\)"):
            Forgetful()

    def test_super(self):
        class Base(Car.FullImport):
            def do_get_new_save_point(self, cancellable):
                return "base"

        class Derived(Base):
            def do_get_new_save_point(self, cancellable):
                return super().do_get_new_save_point(cancellable) + "+"

        class Inherited(Derived):
            pass

        self.assertEqual(Derived().get_new_save_point(None), "base+")
        self.assertEqual(Inherited().get_new_save_point(None), "base+")
        self.assertEqual(Derived().do_get_new_save_point(None), "base+")
        self.assertIsNone(Car.FullImport.get_new_save_point(type("Plain", (Car.FullImport,), {})(), None))

    def test_same_name_twice(self):
        made = [type("Twice", (Car.AssetServer,), {"do_test_connection": lambda self, c: None}) for _ in range(2)]
        self.assertNotEqual(made[0].__gtype__.name, made[1].__gtype__.name)


class Settings(unittest.TestCase):
    def make(self, **options):
        app = type("SettingApp", (Car.App,), {})()
        app.add_setting("the_setting", "THE_SETTING", "a setting", **options)
        return app

    def get(self, *arguments, **options):
        app = self.make(**options)
        app.prepare(["program", *arguments])
        return app.get_setting("the_setting")

    def test_types(self):
        with tempfile.NamedTemporaryFile() as file:
            path = pathlib.Path(file.name)
            self.assertEqual(self.get("-the_setting", file.name, type=pathlib.Path), path)
            self.assertEqual(self.get(type=pathlib.Path, default=path), path)
        self.assertEqual(self.get("--the_setting=x"), "x")
        self.assertEqual(self.get("-the_setting", "7", type=int, required=True), 7)
        self.assertEqual(self.get(type=int, minimum=1, maximum=9, default=5), 5)
        self.assertEqual(self.get(type=int, default=-(2**63)), -(2**63))
        self.assertIs(self.get(type=bool), False)
        self.assertIs(self.get("-the_setting", type=bool), True)
        self.assertEqual(self.get("-the_setting", "b", choices=["a", "b"]), "b")
        self.assertEqual(self.get(default="d"), "d")
        self.assertIsNone(self.get())
        for wrong, options in (
            ("x", {"type": int, "default": 1}),
            ("9", {"type": int, "default": 1, "maximum": 8}),
            ("c", {"choices": ["a", "b"]}),
            ("/none", {"type": pathlib.Path}),
        ):
            with self.assertRaises(Car.AppError) as caught:
                self.get("-the_setting", wrong, **options)
            self.assertEqual(caught.exception.code, Car.AppErrorCode.INVALID_PARAMETER)

    def test_wrong_types(self):
        for options in ({"type": float}, {"type": int}, {"choices": "ab"}, {"choices": [1]}):
            with self.assertRaises(TypeError):
                self.make(**options)

    def test_set(self):
        app = self.make(type=int, default=5)
        app.set_setting("the_setting", "6")
        self.assertEqual(app.get_setting("the_setting"), 6)

    def test_properties(self):
        app = type("PropertyApp", (Car.App,), {})(version="1.2", source_name="the office")
        self.assertEqual((app.version, app.source_name, app.install_log), ("1.2", "the office", True))
        app.report_type = "a type"
        self.assertEqual(app.report_type, "a type")
        with self.assertRaises(AttributeError):
            app.install_log = False

    def test_run_again(self):
        app = type("AgainApp", (Car.App,), {"do_create_asset_server": lambda self: Server()})(install_log=False)
        for _ in range(2):
            self.assertEqual(app.run(["again", "-connection-test"]), 0)


class Server(Car.AssetServer):
    def do_test_connection(self, cancellable):
        pass


class Failures(unittest.TestCase):
    def server(self, raised):
        def fail(self, cancellable):
            raise raised

        return type("FailingServer", (Car.AssetServer,), {"do_test_connection": fail})()

    def test_codes(self):
        for raised, code in (
            (Car.RecoverableFailure("x"), 10),
            (Car.UnrecoverableFailure("x"), 20),
            (Car.UnrecoverableFailure("x", 21), 21),
            (Car.DatasourceFailure("x"), 50),
            (Car.DatasourceFailure("x", Car.DatasourceFailureCode.AUTH), 52),
            (Car.AppError("x", Car.AppErrorCode.INVALID_PARAMETER), 2),
            # What no process can return is the class's own.
            (Car.AppError("x", 0), 1),
            (Car.RecoverableFailure("x", 256), 10),
            (Car.UnrecoverableFailure("x", -1), 20),
            (Car.DatasourceFailure("x", "52"), 50),
        ):
            with self.assertRaises(type(raised)) as caught:
                self.server(raised).test_connection(None)
            self.assertEqual((caught.exception.code, caught.exception.message), (code, "x"))
            self.assertIsInstance(caught.exception, Car.Failure)
            self.assertIsInstance(caught.exception, GLib.Error)
            self.assertEqual(str(raised), "x")
            self.assertEqual(repr(raised), f"{type(raised).__name__}('x', {code})")

    def test_arguments(self):
        reason = OSError("the disk is full")
        self.assertIs(Car.RecoverableFailure(reason).args[0], reason)
        self.assertEqual(Car.RecoverableFailure(reason).message, "the disk is full")
        self.assertEqual(Car.DatasourceFailure("x", 52).args[0], "x")

    def test_others(self):
        for raised, told, code in (
            (KeyError("k"), "raised KeyError: 'k'", 1),
            (SystemExit(3), "raised SystemExit: 3", 3),
            (SystemExit(0), "raised SystemExit: 0", 1),
            (SystemExit(), "raised SystemExit", 1),
            (SystemExit("why"), "raised SystemExit: why", 1),
        ):
            with self.assertRaisesRegex(Car.AppError, r"FailingServer\S*\.test_connection " + told) as caught:
                self.server(raised).test_connection(None)
            self.assertEqual(caught.exception.code, code)
        with self.assertRaises(Car.RecoverableFailure) as caught:
            self.server(KeyboardInterrupt()).test_connection(None)
        self.assertEqual(caught.exception.code, 130)

    def test_class_instead_of_object(self):
        app = type("ClassyApp", (Car.App,), {"do_create_asset_server": lambda self: Car.AssetServer})()
        with self.assertRaisesRegex(Car.AppError, r"returned the class AssetServer.*: return AssetServer\(\)"):
            app.create_asset_server()

    def test_from_c(self):
        with self.assertRaises(Car.SchemaError) as caught:
            Car.ImportSchema.new({"type": 5})
        self.assertEqual(caught.exception.code, Car.SchemaErrorCode.INVALID_SCHEMA)
        schema = Car.ImportSchema.new(SCHEMA)
        schema.validate_object("asset", {"external_id": "1"})
        with self.assertRaises(Car.SchemaError):
            schema.validate_object("asset", {"external_id": 1})


class Importers(unittest.TestCase):
    """An importer runs without a service, with a data handler that keeps what it is given."""

    def test_alone(self):
        class TestedImport(Car.FullImport):
            def do_import_vertices(self, cancellable):
                self.data_handler.add_vertices("asset", [{"external_id": "1", "name": None}, {"external_id": "2"}])

            def do_import_edges(self, cancellable):
                self.data_handler.add_edge("asset_hostname", {"_from_external_id": "1", "_to": "hostname/h"})

        handler = Car.DataHandler(source="test")
        importer = TestedImport(data_handler=handler, asset_server=Server())
        importer.import_vertices()
        importer.import_edges()
        self.assertEqual(handler.list_objects("asset"), [{"external_id": "1"}, {"external_id": "2"}])
        self.assertEqual(handler.list_objects("asset_hostname")[0]["_to"], "hostname/h")
        handler.delete_vertices("asset", iter(["8", "9"]))
        self.assertEqual(handler.list_deleted_keys("asset"), ["8", "9"])
        vertices, edges = handler.list_summaries()
        self.assertEqual((vertices.n_read, vertices.is_edges, edges.is_edges, edges.n_sent), (2, False, True, 0))
        self.assertIs(importer.data_handler, handler)

    def test_violations(self):
        handler = Car.DataHandler(source="test", schema=Car.ImportSchema.new(SCHEMA))
        handler.add_vertex("asset", {"external_id": 5})
        violation, = handler.list_summaries()[0].violations
        self.assertEqual((violation.count, violation.place), (1, "/external_id"))

    def test_dangling_edges(self):
        schema = Car.ImportSchema.new({"properties": {**SCHEMA["properties"], "hostname": {}, "asset_hostname": {}}})
        handler = Car.DataHandler(source="test", schema=schema, full_import=True)
        self.assertIs(handler.props.full_import, True)
        handler.add_edges("asset_hostname", [{"_from_external_id": asset, "_to": "h"} for asset in ("a", 5, "gone")])
        handler.add_edge("asset_hostname", {"_from_external_id": "bad", "_to": "h"})
        handler.add_vertices("asset", [{"external_id": "a"}, {"external_id": 5, "_key": "bad"}])
        handler.add_vertex("hostname", {"_key": "h"})
        handler.send_vertices()
        handler.send_edges()
        edges = handler.list_summaries()[0]
        self.assertEqual((edges.collection, edges.n_left_out, edges.n_dangling, edges.n_sent), ("asset_hostname", 2, 1, 2))
        self.assertIn("asset that this run left out", edges.violations[-1].message)

    def test_strict(self):
        for strict in (True, False):
            handler = Car.DataHandler(source="test", schema=Car.ImportSchema.new(SCHEMA), strict=strict)
            handler.add_vertex("asset", {"external_id": "a", "externalid": "b"})
            summary, = handler.list_summaries()
            self.assertEqual(summary.n_left_out, int(strict))
            for violation in summary.violations:
                self.assertEqual((violation.rule, violation.place), ("member", "/externalid"))
                self.assertIn("did you mean “external_id”?", violation.message)

    def test_violations_name_the_object(self):
        """Also where JSON cannot hold it."""
        for name, value, place in (
            ("risk", math.nan, "/risk"),
            ("name", os.fsdecode(b"\xff"), "/name"),
            (os.fsdecode(b"\xff"), 1, "/\\udcff"),
        ):
            handler = Car.DataHandler(source="test")
            handler.add_vertex("asset", {"external_id": "the one", name: value})
            violation, = handler.list_summaries()[0].violations
            self.assertEqual((violation.place, violation.rule), (place, "json"))
            self.assertIn("“the one”", violation.message)


class Threads(unittest.TestCase):
    def test_add(self):
        """Eight threads add to one handler, each some of its own and some that all of them have."""
        count = 3000
        handler = Car.DataHandler(source="test", schema=Car.ImportSchema.new(SCHEMA))
        begin = threading.Barrier(8)

        def add(number):
            begin.wait()
            for i in range(count):
                handler.add_vertex("asset", {"external_id": f"{number} {i}", "name": "n" * (i % 50)})
            handler.add_vertices("asset", ({"external_id": f"common {i}"} for i in range(count)))
            handler.add_edges("asset_hostname", ({"_from_external_id": f"{i}", "_to": f"hostname/{number}"} for i in range(count)))

        threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(counts(handler)["asset"], (16 * count, 0, 7 * count))
        self.assertEqual(len(handler.list_objects("asset")), 9 * count)


    def test_batch(self):
        """The same through one Batch, which adds its objects as they were when they came."""
        count = 3000
        handler = Car.DataHandler(source="test")
        batch = Car.Batch(handler)

        def add(number):
            vertex = {"none": None}
            for i in range(count):
                vertex["external_id"] = f"{number} {i}"
                batch.add_vertex("asset", vertex)
                batch.add_edge("asset_hostname", {"_from_external_id": f"{number} {i}", "_to": "hostname/h"})

        threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        batch.add_vertex("asset", {"external_id": "nan", "risk": math.nan})
        with self.assertRaisesRegex(TypeError, "a dict is wanted"):
            batch.add_vertex("asset", None)
        batch.flush()
        batch.flush()
        self.assertEqual(counts(handler)["asset"], (8 * count + 1, 1, 0))
        self.assertEqual(counts(handler)["asset_hostname"], (8 * count, 0, 0))
        self.assertEqual(set(map(len, handler.list_objects("asset"))), {1})


class Data(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.context = run_service()
        cls.service = cls.context.__enter__()
        cls.client = Car.Client.new(cls.service.url, KEY, PASSWORD)
        cls.handler = Car.DataHandler.new(cls.client, Car.ImportSchema.new(SCHEMA), "test", None, 0)

    @classmethod
    def tearDownClass(cls):
        cls.context.__exit__(None, None, None)

    def test_add(self):
        before = counts(self.handler).get("asset", (0, 0, 0))
        self.handler.add_vertex("asset", {"external_id": "ü\0\n\"", "n": [1, 2.5, None, True, 10**30]})
        self.handler.add_vertices("asset", ({"external_id": str(i % 2500)} for i in range(2501)))
        self.handler.add_vertices("asset", [])
        self.handler.add_vertex("asset", {"external_id": 5})
        after = counts(self.handler)["asset"]
        self.assertEqual(tuple(b - a for a, b in zip(before, after)), (2503, 1, 1))

    def test_by_properties(self):
        schema = Car.ImportSchema.new(SCHEMA)
        handler = Car.DataHandler(schema=schema, source="by properties")
        self.assertEqual((handler.source, handler.source_name, handler.client), ("by properties", None, None))
        handler.source_name = "a name"
        self.assertEqual(handler.source_name, "a name")
        with self.assertRaises(AttributeError):
            handler.source = "another"
        with self.assertRaisesRegex(Car.AppError, "the name of its source"):
            Car.DataHandler(schema=schema, source="")

    def test_made_empty(self):
        """What is made of nothing says that it is not ready."""
        for kind in Car.Client, Car.DataHandler, Car.ImportSchema, Car.SchemaExtension:
            with self.assertRaises(Car.Failure):
                kind()
        for kind in Car.App, Car.AssetServer, Car.FullImport, Car.IncrementalImport:
            with self.assertRaises(TypeError):
                kind()
        self.assertEqual(Car.Record().to_json(), "{}")
        self.assertTrue(Car.ImportSchema(json=json.dumps(SCHEMA)).has_collection("asset"))
        extension = Car.SchemaExtension(key="k", owner="o", version=1, schema='{"vertices":[],"edges":[]}')
        self.assertEqual((extension.key, extension.version), ("k", 1))

    def test_iterable_that_raises(self):
        def vertices():
            for i in range(1500):
                yield {"external_id": f"before {i}"}
            raise LookupError("the source is gone")

        before = counts(self.handler).get("asset", (0, 0, 0))[0]
        with self.assertRaisesRegex(LookupError, "the source is gone"):
            self.handler.add_vertices("asset", vertices())
        self.assertEqual(counts(self.handler)["asset"][0] - before, 1500)

    def add_each_way(self, vertex):
        """What one vertex makes of the counts, alone and in a batch, where those around it are added."""
        differences = []
        for add in (
            lambda: self.handler.add_vertex("asset", vertex),
            lambda: self.handler.add_vertices("asset", [{"external_id": str(uuid.uuid4())}, vertex, {"external_id": "2"}]),
        ):
            before = counts(self.handler).get("asset", (0, 0, 0))
            add()
            differences.append(tuple(b - a for a, b in zip(before, counts(self.handler)["asset"])))
        return differences[0], differences[1][:2]

    def test_values_that_json_cannot_hold(self):
        self.handler.add_vertex("asset", {"external_id": "2"})
        deep, endless = [], []
        for _ in range(200):
            deep = [deep]
        for _ in range(100_000):
            endless = [endless]
        circle = {"external_id": "circle"}
        circle["circle"] = circle
        for value in (math.nan, math.inf, -math.inf, [math.nan], os.fsdecode(b"\xff"), deep, endless, 10**5000):
            vertex = {"external_id": "unwritable", "member": value}
            self.assertEqual(self.add_each_way(vertex), ((1, 1, 0), (3, 1)))
        self.assertEqual(self.add_each_way({os.fsdecode(b"\xff"): 1, "external_id": "name"}), ((1, 1, 0), (3, 1)))
        self.assertEqual(self.add_each_way(circle), ((1, 1, 0), (3, 1)))

    def test_none(self):
        self.assertEqual(self.add_each_way({"external_id": "without", "name": None}), ((1, 0, 0), (3, 0)))
        self.assertEqual(self.add_each_way({"external_id": "without"})[0], (1, 0, 1))
        # Further down it is null: the members there are the connector's own.
        self.assertEqual(self.add_each_way({"external_id": "within", "properties": {"a": None}}), ((1, 0, 0), (3, 0)))

    def test_wrong_types(self):
        before = counts(self.handler).get("asset", (0, 0, 0))[0]
        for vertex in ([{"external_id": "1"}], None, "text", 1, ("external_id", "1"), {1}, Gio.Cancellable()):
            for add in self.handler.add_vertex, self.handler.add_edge:
                with self.assertRaisesRegex(TypeError, "a dict is wanted, not (a|None)"):
                    add("asset", vertex)
        for value in (object(), {1}, b"bytes", datetime.date.today(), {"deep": [object()]}):
            with self.assertRaisesRegex(TypeError, "not JSON serializable"):
                self.handler.add_vertex("asset", {"external_id": "1", "value": value})
        for vertices in ({"external_id": "1"}, {}, "text", ""):
            for add in self.handler.add_vertices, self.handler.add_edges:
                with self.assertRaisesRegex(TypeError, "an iterable of dicts is wanted"):
                    add("asset", vertices)
        for vertices in (None, 1, object()):
            with self.assertRaisesRegex(TypeError, "not iterable"):
                self.handler.add_vertices("asset", vertices)
        for keys in ("key", None, 1, [1], [None], [b"key"]):
            with self.assertRaises(TypeError):
                self.handler.delete_vertices("asset", keys)
        self.assertEqual(counts(self.handler).get("asset", (0, 0, 0))[0], before)

        # As one by one: what stands before it is added.
        for wrong in ("text", None, [{}], {"value": object()}):
            vertices = [{"external_id": str(uuid.uuid4())} for _ in range(300)] + [wrong, {"external_id": "behind"}]
            with self.assertRaisesRegex(TypeError, "^object 300: "):
                self.handler.add_vertices("asset", vertices)
            before += 300
            self.assertEqual(counts(self.handler)["asset"][0], before)

    def test_wrong_types_of_calls(self):
        for wrong in ([{"name": "x"}], "text", 1, math.nan):
            with self.assertRaises(TypeError):
                self.client.patch_vertex("asset", "1", wrong)
            with self.assertRaises(TypeError):
                self.client.patch_edge("asset_ipaddress", "source", "1", "2", wrong)
            with self.assertRaises(TypeError):
                self.client.query("{ asset { name } }", wrong)
        for wrong in (None, [], 1):
            with self.assertRaises(TypeError):
                Car.ImportSchema.new(wrong)
            with self.assertRaises(TypeError):
                Car.SchemaExtension.new("key", "owner", 1, wrong)
        schema = Car.ImportSchema.new(SCHEMA)
        for wrong in (None, [], 1, "text"):
            with self.assertRaises(TypeError):
                schema.validate_object("asset", wrong)
            with self.assertRaises(TypeError):
                schema.validate_envelope(wrong)
        for call in (
            lambda: self.client.delete_vertices("source", "asset", "key"),
            lambda: self.client.wait_for_imports("123"),
            lambda: self.client.search_collection("asset", "name", "x", "name"),
        ):
            with self.assertRaises(TypeError):
                call()

    def test_client(self):
        self.client.prepare_database(None)
        self.assertIsNone(self.client.get_save_point("nobody", None))
        answer = self.client.query("query q($name: String) { asset(where: {name: {_eq: $name}}) { name } }", {"name": "x"}, None)
        self.assertEqual(answer, {"asset": []})
        with self.assertRaises(Car.RecoverableFailure):
            Car.Client.new(self.service.url, KEY, "wrong").prepare_database(None)

    def wait_for(self, begin, *arguments, finish):
        """What the finish gives of a call that was begun with these arguments."""
        loop, answers, user_data = GLib.MainLoop(), [], {"a": "dict"}

        def on_answer(client, result, given):
            answers.append((finish(client, result), given))
            loop.quit()

        begin(*arguments, None, on_answer, user_data)
        loop.run()
        answer, given = answers[0]
        self.assertIs(given, user_data)
        return answer

    def test_async(self):
        query, variables = "query q($name: String) { asset(where: {name: {_eq: $name}}) { name } }", {"name": "x"}
        answer = self.wait_for(self.client.query_async, query, variables, finish=Car.Client.query_finish)
        self.assertEqual(answer, {"asset": []})
        health = self.wait_for(
            self.client.call_async, Car.ApiVersion.V3, "GET", ["health"], None, None, 0, finish=Car.Client.call_finish
        )
        self.assertEqual(health, ({"message": "ok"}, 200))

    def test_call(self):
        found, status = self.client.call(Car.ApiVersion.V2, "GET", ["asset"], {"name": "a & b/ü"})
        self.assertEqual((found["result"], status), ([], 200))
        self.assertEqual(self.client.call(Car.ApiVersion.V3, "GET", ["carSchema", "none"], tolerated=404), (None, 404))
        any_status = Car.CLIENT_ANY_STATUS
        answer, status = self.client.call(Car.ApiVersion.V3, "GET", ["carSchema", "none"], tolerated=any_status)
        self.assertEqual(([*answer], status), (["errors", "trace"], 404))
        answer, status = self.client.call(Car.ApiVersion.V3, "POST", ["query"], body={"query": "{ asset { name } }"})
        self.assertEqual(list(answer), ["data"])
        for wrong in "asset", [1], None:
            with self.assertRaises(TypeError):
                self.client.call(Car.ApiVersion.V2, "GET", wrong)

    def test_values_arrive(self):
        """Each value goes to the service and back as it is, by every way in."""
        properties = {"text": "a\0b\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "big": 2**64}
        properties.update(long=12345678901234567890, fraction=0.1, deep=[None, {"none": None}])
        head = {"source": {"_key": "values"}, "report": {"_key": "1.5", "timestamp": 1.5}}

        def envelope(name):
            return {**head, "asset": [{"external_id": name, "name": name, "properties": properties}]}

        def find(name):
            query = "query q($name: String!) { asset(where: {name: {_eq: $name}}) { properties } }"
            return self.client.query(query, {"name": name})["asset"][0]["properties"]

        job = self.wait_for(
            self.client.import_envelope_async, envelope("async"), finish=Car.Client.import_envelope_finish
        )
        self.client.wait_for_imports([job, self.client.import_envelope(envelope("values"))])
        self.assertEqual(find("values"), properties)
        self.assertEqual(find("async"), properties)
        properties["more"] = 2**70
        self.client.patch_vertex("asset", "values", {"properties": properties})
        self.assertEqual(find("values"), properties)
        self.assertEqual(self.client.search_collection("asset", "name", "values", ["name"]), [{"name": "values"}])

    def test_what_json_cannot_hold(self):
        for value in math.nan, [math.inf]:
            with self.assertRaises(ValueError):
                self.client.patch_vertex("asset", "1", {"member": value})
            with self.assertRaises(ValueError):
                self.client.query("{ asset { name } }", {"member": value})
            with self.assertRaises(ValueError):
                self.client.import_envelope({"asset": [{"risk": value}]})


CONNECTOR = """
import logging, sys
import gi

gi.require_version("Car", "1.0")
from gi.repository import Car

class Server(Car.AssetServer):
    def do_test_connection(self, cancellable):
        logging.getLogger("mine").debug("in detail")
        logging.getLogger("mine").info("in short")
        if "leaving" in sys.argv:
            sys.exit(50)
        if "broken" in sys.argv:
            try:
                {}["token"]
            except KeyError as error:
                raise Car.DatasourceFailure("no token", Car.DatasourceFailureCode.AUTH) from error

class App(Car.App):
    def do_create_asset_server(self):
        return Server()

sys.exit(App().run())
"""


class Log(unittest.TestCase):
    def run_package(self, *arguments, code=0, label="mine"):
        with tempfile.TemporaryDirectory() as folder:
            package = pathlib.Path(folder, "my_connector")
            package.mkdir()
            package.joinpath("__main__.py").write_text(CONNECTOR)
            command = [sys.executable, "-m", "my_connector", "-connection-test", *arguments]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stderr)
        lines = [json.loads(line) for line in done.stderr.splitlines()]
        self.assertEqual({line["connector"] for line in lines}, {"my_connector"})
        return [(line["level"], line["message"]) for line in lines if line["label"] == label]

    def test_levels(self):
        self.assertEqual(self.run_package(), [("INFO", "in short")])
        self.assertEqual(self.run_package("-debug"), [("DEBUG", "in detail"), ("INFO", "in short")])

    def test_exit(self):
        lines = self.run_package("-source", "leaving", code=50, label="libcar")
        self.assertTrue(any("Server.test_connection raised SystemExit: 50" in text for level, text in lines), lines)

    def test_where_a_failure_is_from(self):
        """What the connector raised is no bug: its traceback, with its cause, is for whoever looks for one."""
        for arguments in (), ("-debug",):
            lines = self.run_package(*arguments, "-source", "broken", code=52, label="libcar")
            shown = [text for level, text in lines if "Traceback" in text and level == "DEBUG"]
            self.assertEqual(len(shown), len(arguments), lines)
            for text in shown:
                self.assertRegex(text, r"(?s)KeyError: 'token'.*__main__\.py.*DatasourceFailure: no token$")


if __name__ == "__main__":
    tap.main()
