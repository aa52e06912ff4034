# SPDX-License-Identifier: Apache-2.0
"""What the Python override does beyond the contract: classes, exceptions, types, signals, and where it is found."""

import json
import math
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

import gi

gi.require_version("Car", "1.0")
from gi.repository import Car, GLib, GObject

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
    found = {}
    handler.foreach_collection(lambda name, read, invalid, duplicates, *_: found.update({name: (read, invalid, duplicates)}))
    return found


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
        ):
            with self.assertRaises(type(raised)) as caught:
                self.server(raised).test_connection(None)
            self.assertEqual((caught.exception.code, caught.exception.message), (code, "x"))
            self.assertIsInstance(caught.exception, Car.Failure)
            self.assertIsInstance(caught.exception, GLib.Error)
            self.assertEqual(str(raised), "x")
            self.assertEqual(repr(raised), f"{type(raised).__name__}('x', {code})")

    def test_others(self):
        for raised, told in ((KeyError("k"), "raised KeyError: 'k'"), (SystemExit(3), "raised SystemExit: 3")):
            with self.assertRaisesRegex(Car.AppError, r"FailingServer\S*\.test_connection " + told):
                self.server(raised).test_connection(None)
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
        handler.add_vertex("asset", {"external_id": "1", "name": "n"})
        self.assertEqual(handler.get_source(), "by properties")
        with self.assertRaisesRegex(Car.AppError, "the name of its source"):
            Car.DataHandler(schema=schema, source="")

    def test_iterable_that_raises(self):
        def vertices():
            for i in range(1500):
                yield {"external_id": f"before {i}"}
            raise LookupError("the source is gone")

        before = counts(self.handler).get("asset", (0, 0, 0))[0]
        with self.assertRaisesRegex(LookupError, "the source is gone"):
            self.handler.add_vertices("asset", vertices())
        self.assertEqual(counts(self.handler)["asset"][0] - before, 1500)

    def test_refused(self):
        for vertices in ({"external_id": "1"}, "text"):
            with self.assertRaisesRegex(TypeError, "an iterable of dicts is wanted"):
                self.handler.add_vertices("asset", vertices)
        with self.assertRaises(ValueError):
            self.handler.add_vertex("asset", {"external_id": "n", "risk": math.nan})
        with self.assertRaises(TypeError):
            self.handler.add_vertex("asset", {"external_id": object()})
        with self.assertRaisesRegex(TypeError, "an iterable of keys is wanted"):
            self.handler.delete_vertices("asset", "key")

    def test_client(self):
        self.client.prepare_database(None)
        self.assertIsNone(self.client.get_save_point("nobody", None))
        answer = self.client.query("query q($name: String) { asset(where: {name: {_eq: $name}}) { name } }", {"name": "x"}, None)
        self.assertEqual(answer, {"asset": []})
        with self.assertRaises(Car.RecoverableFailure):
            Car.Client.new(self.service.url, KEY, "wrong").prepare_database(None)

    def test_async(self):
        loop, answers = GLib.MainLoop(), []

        def on_answer(client, result, finish):
            answers.append(finish(client, result))
            loop.quit()

        variables = {"name": "x"}
        query = "query q($name: String) { asset(where: {name: {_eq: $name}}) { name } }"
        self.client.query_async(query, variables, None, on_answer, Car.Client.query_finish)
        loop.run()
        report = {"_key": "1.5", "timestamp": 1.5}
        self.client.import_node_async(
            {"source": {"_key": "async"}, "report": report}, None, on_answer, Car.Client.import_node_finish
        )
        loop.run()
        self.assertEqual(answers[0], {"asset": []})
        self.assertIsInstance(answers[1], str)

    def test_what_json_glib_cannot_hold(self):
        for value in (2**64, "a\0b"):
            with self.assertRaisesRegex(ValueError, "json-glib cannot hold"):
                self.client.patch_vertex("asset", "1", {"member": value})


CONNECTOR = """
import logging, sys
import gi

gi.require_version("Car", "1.0")
from gi.repository import Car

class Server(Car.AssetServer):
    def do_test_connection(self, cancellable):
        logging.getLogger("mine").debug("in detail")
        logging.getLogger("mine").info("in short")
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

    def test_where_a_failure_is_from(self):
        """What the connector raised is no bug: its traceback, with its cause, is for whoever looks for one."""
        for arguments in (), ("-debug",):
            lines = self.run_package(*arguments, "-source", "broken", code=52, label="libcar")
            shown = [text for level, text in lines if "Traceback" in text and level == "DEBUG"]
            self.assertEqual(len(shown), len(arguments), lines)
            for text in shown:
                self.assertRegex(text, r"(?s)KeyError: 'token'.*__main__\.py.*DatasourceFailure: no token$")


class Results(unittest.TextTestResult):
    number = 0

    def say(self, what, test, why=""):
        self.number += 1
        print(f"{what} {self.number} - {test.id()}{why}", flush=True)

    def addSuccess(self, test):
        self.say("ok", test)

    def addSkip(self, test, reason):
        self.say("ok", test, " # SKIP " + reason)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.say("not ok", test)

    addError = addFailure


if __name__ == "__main__":
    signal.alarm(300)
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(resultclass=Results).run(suite)
    print(f"1..{result.number}")
    sys.exit(not result.wasSuccessful())
