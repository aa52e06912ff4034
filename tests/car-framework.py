# SPDX-License-Identifier: Apache-2.0
"""Connectors of the public Python framework's kind on car_framework: their own unit tests, and whole runs against a
car-service, full and incremental."""

import ast
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import tap
from local_service import run_service

FOLDER = pathlib.Path(__file__).parent / "car-framework"
NAMES = ("cloud", "faulty", "plain", "reference", "scanner")
FRAMEWORK = pathlib.Path(os.environ["TOP_SRCDIR"], "bindings/python/car_framework")


def run_python(connector, *arguments, **environment):
    """Returns: the exit code, and all that was said."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("CAR_SERVICE", "CONNECTION"))}
    command = [sys.executable, *map(str, arguments)]
    result = subprocess.run(
        command, cwd=FOLDER / connector, env={**clean, **environment}, capture_output=True, text=True, timeout=300
    )
    return result.returncode, result.stdout + result.stderr


class UnitTests(unittest.TestCase):
    """The connectors' own tests, each in the folder of its connector, as their authors run them."""

    def test_own_tests(self):
        for name in NAMES:
            with self.subTest(name):
                code, said = run_python(name, "-m", "unittest", "discover", "-t", ".", "-s", "tests")
                self.assertEqual(code, 0, said)
                self.assertNotIn("Ran 0 tests", said)


class RunTestCase(unittest.TestCase):
    connector: str

    def setUp(self):
        service = run_service()
        self.service = service.__enter__()
        self.addCleanup(service.__exit__, None, None, None)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_connector(self, *arguments, expected=0, **environment):
        environment = {**self.service.environment, "CONNECTION_NAME": "test", **environment}
        code, said = run_python(self.connector, "app.py", *arguments, **environment)
        self.assertEqual(code, expected, said)
        return said

    def ask(self, collection, *fields):
        rows = self.service.query(f"{{ {collection} {{ {' '.join(fields)} }} }}")[collection]
        return sorted(tuple(row[field] for field in fields) for row in rows)

    def write(self, name, value):
        path = self.folder / name
        path.write_text(json.dumps(value))
        return str(path)


class CloudTest(RunTestCase):
    connector = "cloud"

    @staticmethod
    def machine(number, **changes):
        machine = {"id": f"m{number}", "name": f"machine {number}", "ips": [], "changed": 1, "state": "old"}
        return {**machine, **changes}

    def run_cloud(self, machines, *arguments):
        path = self.write("cloud.json", machines)
        return self.run_connector("-file", path, "-account_id=account", *arguments, CLOUD_DAYS="30")

    def test_ten_thousand(self):
        """More than a page of one collection, which the connector sends by itself."""
        machines = [self.machine(number) for number in range(10_000)]
        machines[0]["ips"] = ["192.0.2.1", "192.0.2.2"]
        said = self.run_cloud(machines)
        self.assertIn(" 10004 sent", said)
        self.assertIn(" 0 conflicts", said)
        self.assertEqual(len(self.ask("asset", "external_id")), 10_000)
        # One dict for both, which the connector changes after adding it: each is sent as it was then.
        self.assertEqual(self.ask("ipaddress", "name"), [("192.0.2.1",), ("192.0.2.2",)])
        self.assertEqual(len(self.ask("asset_ipaddress", "ipaddress_id")), 2)

    def test_incremental(self):
        machines = [self.machine(1, ips=["192.0.2.1"]), self.machine(2), self.machine(3)]
        self.run_cloud(machines)
        now = {"changed": 1e15}
        machines[0].update(now, ips=["192.0.2.2"])
        machines[1].update(now, state="gone")
        machines[2].update(now, state="renamed")
        said = self.run_cloud(machines, "-quick")
        self.assertIn("Incremental import complete", said)
        self.assertIn(" 1 deleted", said)
        self.assertEqual(self.ask("asset", "name"), [("machine 1",), ("machine 3 (renamed)",)])
        self.assertEqual(self.ask("asset_ipaddress", "ipaddress_id"), [("test/0/192.0.2.2",)])

    def test_connection(self):
        said = self.run_connector("-file", "/nowhere", "-connection-test", "-secretKey", "geheim", expected=51)
        self.assertNotIn("geheim", said)
        self.assertIn("test_connection() returned 51", said)

    def test_wrong_settings(self):
        self.assertIn("-days", self.run_connector("-days", "many", expected=2))
        self.assertIn("-unknown", self.run_connector("-unknown", expected=2))
        self.assertIn("CONNECTION_NAME", self.run_connector(expected=2, CONNECTION_NAME=""))
        self.assertIn("car-service-url", self.run_connector(expected=2, CAR_SERVICE_URL=""))
        said = self.run_connector("--help")
        for option in "-account_id", "50% of the cloud", "-max-closing", "-trace":
            self.assertIn(option, said)
        self.assertNotIn("SUPPRESS", said)


class ScannerTest(RunTestCase):
    connector = "scanner"

    def run_scanner(self, findings, *arguments, expected=0):
        path = self.write("findings.json", findings)
        return self.run_connector("-findings", path, *arguments, expected=expected)

    def test_imports(self):
        host = {"id": 1, "name": "one.example", "ip": "192.0.2.1", "findings": ["CVE-1", "CVE-2"]}
        other = {"id": "2#a%20b,c", "name": "two.example", "ip": "192.0.2.2", "findings": []}
        findings = {"user": "u", "version": 1, "hosts": [host, other], "descriptions": {"CVE-1": "bad"}}
        said = self.run_scanner(findings)
        self.assertIn(" 0 left out", said)
        self.assertIn(" 0 conflicts", said)
        # What was added after it had been sent is sent again.
        self.assertEqual(self.ask("vulnerability", "name", "description")[0], ("CVE-1", "bad"))
        self.assertEqual(self.ask("asset_hostname", "hostname_id"), [("test/one.example",), ("test/two.example",)])
        self.assertEqual(len(self.ask("ipaddress_hostname", "hostname_id")), 2)
        # The connector's own idea of when, and whether, is overruled.
        self.assertEqual(len(self.ask("asset_vulnerability", "vulnerability_id")), 2)

        findings.update(version=2, gone=["2#a%20b,c"], hosts=[{**host, "name": "uno.example", "findings": ["CVE-2"]}])
        said = self.run_scanner(findings)
        self.assertIn("From 1 to 2", said)
        self.assertEqual(self.ask("asset", "external_id"), [("1",)])
        self.assertEqual(self.ask("asset_hostname", "hostname_id"), [("test/uno.example",)])
        self.assertEqual(self.ask("asset_vulnerability", "vulnerability_id"), [("test/CVE-2",)])

    def test_connection(self):
        findings = {"user": "u", "version": 1, "hosts": [], "descriptions": {}}
        self.run_scanner(findings, "-connection-test", "-u", "u")
        self.run_scanner(findings, "-connection-test", "-username=other", expected=52)
        self.assertIn("-findings", self.run_connector(expected=2))


class PlainTest(RunTestCase):
    connector = "plain"

    def test_imports(self):
        for count in 5, 4:
            said = self.run_connector("-count", str(count))
            self.assertIn("Full import", said)
            self.assertIn("doesn't support incremental import", said)
            self.assertEqual(self.ask("source", "name", "description"), [("plain", "of processes")])
            self.assertEqual(len(self.ask("application", "external_id")), count)
            self.assertEqual(len(self.ask("asset_application", "asset_id")), count)
        self.assertIn("-count", self.run_connector("-count", "0", expected=2))


class FaultyTest(RunTestCase):
    connector = "faulty"

    def run_faulty(self, fault, expected):
        return self.run_connector(f"-fault={fault}", expected=expected)

    def test_run(self):
        said = self.run_faulty("", 0)
        self.assertIn("the incremental importer's own run()", said)
        self.assertIn("the full importer's own run()", said)
        self.assertEqual(self.ask("asset", "name"), [("one",), ("two",)])
        said = self.run_faulty("", 0)
        self.assertIn("Incremental import complete", said)
        self.assertNotIn("the full importer's own run()", said)
        self.assertIn("neither calls super().run()", self.run_new("run:nothing", 1))

    def run_new(self, fault, expected):
        """A full import, of another source."""
        return self.run_connector(f"-fault={fault}", expected=expected, CONNECTION_NAME="new")

    def test_failures(self):
        codes = {"datasource": 53, "recoverable": 10, "unrecoverable": 20, "exit": 50, "raise": 1}
        self.run_faulty("", 0)
        for how, code in codes.items():
            for where in "run", "save point", "vertices", "edges":
                with self.subTest(where, how=how):
                    self.assertIn("told to" if how != "exit" else "SystemExit", self.run_new(f"{where}:{how}", code))
            with self.subTest("delete", how=how):
                said = self.run_faulty(f"delete:{how}", code)
                kept = how != "unrecoverable"
                self.assertEqual("Incremental" in self.run_faulty("", 0), kept, said)

    def test_setup_fails(self):
        said = self.run_faulty("setup:datasource", 53)
        self.assertIn("told to", said)
        self.assertIn("Failure of the data source", said)
        self.assertNotIn("Traceback", said)

    def test_connection(self):
        for code in 0, 7, 52:
            self.run_connector("-connection-test", f"-fault={code}", expected=code)
        self.run_connector("-connection-test", "-fault", "test:datasource", expected=53)

    def test_service_is_away(self):
        environment = {"CAR_SERVICE_URL": "http://127.0.0.1:9/api/car/v2"}
        self.assertIn("no answer", self.run_connector("-car-service-retries=0", "-car-service-max-outage=0", expected=10, **environment))


class PackageTest(unittest.TestCase):
    def test_it_is_small(self):
        """The work is libcar's."""
        lines = sum(map(count_lines, FRAMEWORK.glob("*.py")))
        self.assertLess(lines, 600)


def count_lines(path):
    """The lines of code: no docstrings, no comments."""
    text = path.read_text()
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    bodies = [node.body for node in ast.walk(ast.parse(text)) if isinstance(node, kinds) and ast.get_docstring(node)]
    docstrings = {line for body in bodies for line in range(body[0].lineno, body[0].end_lineno + 1)}
    lines = enumerate(text.splitlines(), 1)
    return sum(line not in docstrings and code.strip()[:1] not in ("", "#") for line, code in lines)


if __name__ == "__main__":
    tap.main(600)
