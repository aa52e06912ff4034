# SPDX-License-Identifier: Apache-2.0
"""Tokens of car-service: what each may do, and that none is of use once it is revoked."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
from local_service import run_service  # noqa: E402

PROGRAM = pathlib.Path(os.environ["TOP_BUILDDIR"], "service", "car-service")
CALLS = pathlib.Path(os.environ["TOP_SRCDIR"], "service", "http", "car-service-calls.c")
EXTENSION = {"key": "k", "owner": "o", "version": "1", "schema": {"vertices": [{"name": "dragon", "properties": {"age": {"type": "integer"}}}]}}
POLICY = {"policy_name": "Time", "policy_value": 7}


def envelope(source):
    return {
        "source": {"_key": source, "name": "n"}, "report": {"_key": "1", "timestamp": 1700000000000},
        "asset": [{"external_id": "a-" + source, "name": "x"}], "hostname": [{"_key": "h"}],
        "asset_hostname": [{"_from_external_id": "a-" + source, "_to": "hostname/h"}],
    }


def tag(source, tag_source):
    return {"query": f'''mutation {{ insert_tag_asset(objects: {{source: "{source}", asset_id: "one/a-one",
                     tag_id: "{tag_source}/t"}}) {{ affected_rows }} }}'''}


def edge(source):
    return f"asset_hostname?source={source}&from=a-{source}&to=h"


# Every call that changes something: its route, and how it is made for a source, in an order in which one can make them.
OF_A_SOURCE = {
    ("POST", "v2", "source/*/full-import-in-progress"): lambda s: (f"source/{s}/full-import-in-progress", None),
    ("POST", "v2", "imports"): lambda s: ("imports", envelope(s)),
    ("PATCH", "v2", "source"): lambda s: (f"source?key={s}", {"model_state_id": "1"}),
    ("PATCH", "v2", "source/*"): lambda s: (f"source/{s}", {"model_state_id": "1"}),
    ("PATCH", "v2", "*"): lambda s: (edge(s), {"active": True}),
    ("DELETE", "v2", "source/*/full-import-in-progress"): lambda s: (f"source/{s}/full-import-in-progress", None),
    ("DELETE", "v2", "source/*/*"): lambda s: (f"source/{s}/asset?external_ids=a-{s}", None),
}
OF_ALL = {
    ("POST", "v3", "carSchema"): ("v3/carSchema", EXTENSION),
    ("DELETE", "v3", "carSchema/*"): ("v3/carSchema/k", None),
    ("POST", "v3", "DataRetentionPolicy"): ("v3/DataRetentionPolicy", POLICY),
    ("GET", "v3", "clearDbToken"): ("v3/clearDbToken", None),
    ("POST", "v3", "clearDb"): ("v3/clearDb?token=1", None),
}
SET_UP = {
    ("POST", "v2", "databases"): ("databases", None),
    ("PATCH", "v2", "databases"): ("databases", {"graph_name": "other"}),
}
READING = ["databases", "source/one", "v3/health/all", "v3/importSchema?version=v2", "v3/carSchema", "v3/overview", "v3/jobs",
           "v3/metrics", "asset?external_id=a-one"]


def run(*words):
    return subprocess.run([PROGRAM, "token", *words], capture_output=True, text=True, check=False, timeout=60)


class Tokens(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.database = str(pathlib.Path(folder.name, "car.db"))
        self.service = self.enterContext(run_service(self.database, "--verbose"))
        self.service.set_up()
        for source in "one", "two", "three":
            self.service.run_job("POST", "imports", envelope(source))

    def token(self, *words):
        done = run(*words, "--database", self.database)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def add(self, *words):
        token = self.token("add", *words).strip()
        self.assertRegex(token, "^[0-9a-f]{64}$")
        return {"Authorization": "car-token " + token}

    def status(self, headers, method, path, body=None):
        base = "/api/car/" if path.startswith("v3/") else "/api/car/v2/"
        body = None if body is None else json.dumps(body).encode()
        return self.service.send(method, base + path, body, {"Content-Type": "application/json", **headers})[0]

    def graph(self):
        answers = [self.service.query("{ asset(order_by: {id: asc}) { id name reported_at tags { tag_id } } }"),
                   self.service.query("{ asset_hostname(order_by: {asset_id: asc}) { asset_id hostname_id reported_at } }")]
        policy = self.service.call("GET", "v3/DataRetentionPolicy")[0]  # 404: there is none
        return answers, policy, [self.service.want("GET", path) for path in ("databases", "v3/carSchema", "source/one")]

    def test_every_call_is_here(self):
        routes = re.findall(r'\{\s*"[a-z-]+", "([A-Z]+)", "(v[23])", "([^"]+)",\s*CAR_SERVICE_WRITE', CALLS.read_text())
        self.assertEqual(set(routes), {*OF_A_SOURCE, *OF_ALL, *SET_UP})

    def test_all_rights(self):
        headers = self.add("all")
        self.assertEqual(self.status(headers, "POST", "v3/DataRetentionPolicy", POLICY), 200)
        self.assertEqual(self.status(headers, "POST", "imports", envelope("one")), 200)
        self.assertEqual(self.status(headers, "POST", "v3/query", tag("one", "one")), 200)
        self.assertEqual(self.status({"Authorization": headers["Authorization"].upper()}, "GET", "databases"), 401)
        self.assertEqual(self.status({"Authorization": headers["Authorization"][:-1]}, "GET", "databases"), 401)

    def test_read_only(self):
        headers = self.add("reader", "--read-only")
        before = self.graph()
        for path in READING:
            self.assertEqual(self.status(headers, "GET", path), 200, path)
        self.assertEqual(self.status(headers, "POST", "v3/query", {"query": "{ asset { id } }"}), 200)
        for (method, _, _), make in OF_A_SOURCE.items():
            self.assertEqual(self.status(headers, method, *make("one")), 403, make("one"))
        for (method, _, _), call in {**OF_ALL, **SET_UP}.items():
            self.assertEqual(self.status(headers, method, *call), 403, call)
        self.assertEqual(self.status(headers, "POST", "v3/query", tag("one", "one")), 403)
        self.assertEqual(self.status(headers, "PATCH", "asset?external_id=a-one", {"name": "y"}), 403)
        self.assertEqual(self.graph(), before)

    def test_sources(self):
        headers = self.add("connector", "--source", "one", "--source", "two")
        before = self.graph()
        for path in READING:
            self.assertEqual(self.status(headers, "GET", path), 200, path)
        for (method, _, _), make in OF_A_SOURCE.items():
            self.assertEqual(self.status(headers, method, *make("three")), 403, make("three"))
        for (method, _, _), call in OF_ALL.items():
            self.assertEqual(self.status(headers, method, *call), 403, call)
        self.assertEqual(self.status(headers, "PATCH", "databases", {"graph_name": "other"}), 403)
        for sources in ("three", "one"), ("one", "three"):
            self.assertEqual(self.status(headers, "POST", "v3/query", tag(*sources)), 403, sources)
        # Whose object it is, the service finds where the call does not say.
        self.assertEqual(self.status(headers, "PATCH", "asset?external_id=a-three", {"name": "y"}), 403)
        self.assertEqual(self.status(headers, "PATCH", "asset?external_id=a-three&source=one", {"name": "y"}), 404)
        self.assertEqual(self.graph(), before)

        for (method, _, _), make in OF_A_SOURCE.items():
            self.assertEqual(self.status(headers, method, *make("two")), 200, make("two"))
        self.assertEqual(self.status(headers, "PATCH", "asset?external_id=a-one", {"name": "y"}), 200)
        self.assertEqual(self.status(headers, "POST", "v3/query", tag("one", "one")), 200)
        self.assertEqual(self.status(headers, "POST", "databases"), 200)

    def test_mutation_of_two_sources(self):
        """All of it or nothing."""
        headers = self.add("connector", "--source", "one")
        before = self.graph()
        objects = ", ".join(f'{{source: "{s}", asset_id: "{s}/a-{s}", tag_id: "{s}/t"}}' for s in ("one", "two"))
        query = {"query": f"mutation {{ insert_tag_asset(objects: [{objects}]) {{ affected_rows }} }}"}
        self.assertEqual(self.status(headers, "POST", "v3/query", query), 403)
        self.assertEqual(self.graph(), before)

    def test_revoke(self):
        headers = self.add("short")
        others = self.add("other")
        self.assertEqual(self.status(headers, "GET", "databases"), 200)
        self.token("revoke", "short")
        self.assertEqual(self.status(headers, "GET", "databases"), 401)
        self.assertEqual(self.status(others, "GET", "databases"), 200)
        self.assertNotIn("short", self.token("list"))
        # The name may be given again, and is another token then.
        self.add("short")
        self.assertEqual(self.status(headers, "GET", "databases"), 401)

    def test_page(self):
        """Who logs in with a token has its rights, as long as there is the token."""
        token = self.add("person", "--read-only")["Authorization"].split()[1]
        origin = {"Origin": self.service.url.split("/api")[0], "Content-Type": "application/json", "Authorization": None}
        status, headers, body = self.service.send("POST", "/login", json.dumps({"token": token}).encode(), origin)
        self.assertEqual(status, 200, body)
        login = {**origin, "Cookie": headers["Set-Cookie"].split(";")[0], "X-Car-Page": json.loads(body)["pledge"]}
        self.assertEqual(self.status(login, "GET", "v3/overview"), 200)
        self.assertEqual(self.status(login, "POST", "v3/DataRetentionPolicy", POLICY), 403)
        self.token("revoke", "person")
        self.assertEqual(self.status(login, "GET", "v3/overview"), 401)
        self.assertEqual(self.service.send("POST", "/login", json.dumps({"token": token}).encode(), origin)[0], 403)

    def test_list(self):
        headers = self.add("b", "--source", "one", "--source", "two")
        self.add("a", "--read-only")
        self.assertEqual(self.status(headers, "GET", "databases"), 200)
        deadline = time.monotonic() + 60
        while True:
            head, a, b = self.token("list").splitlines()
            if not re.search(" - ", b):
                break
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        self.assertRegex(a, r"^a +20[0-9-]+T[0-9:]+Z +- +reads$")
        self.assertRegex(b, r"^b +20[0-9-]+T[0-9:]+Z +20[0-9-]+T[0-9:]+Z +reads, and writes one, two$")

    def test_secret(self):
        """Neither the files nor the log have it."""
        token = self.add("x")["Authorization"].split()[1]
        self.assertEqual(self.status({"Authorization": "car-token " + token}, "GET", "databases"), 200)
        folder = pathlib.Path(self.database).parent
        for file in [*folder.iterdir(), *pathlib.Path(f"/proc/{self.service.process.pid}/fd").glob("[12]")]:
            self.assertNotIn(token.encode(), file.read_bytes(), file)

    def test_wrong(self):
        self.add("x")
        for words, code, named in (
            (("add", "x"), 1, "x"),
            (("revoke", "nobody"), 1, "nobody"),
            (("add", "a b"), 2, "name"),
            (("add", ""), 2, "name"),
            (("add", "n" * 65), 2, "name"),
            (("add", "y", "--read-only", "--source", "one"), 2, "--source"),
            (("add", "y", "--source", ""), 2, "--source"),
            (("add", "y", "--source", "one\ntwo"), 2, "--source"),
            (("add",), 2, "token add NAME"), (("add", "x", "y"), 2, "token add NAME"), (("list", "x"), 2, "token add NAME"),
            ((), 2, "token add NAME"), (("nonsense",), 2, "token add NAME"), (("list", "--nonsense"), 2, "nonsense"),
        ):
            done = run(*words, "--database", self.database)
            self.assertEqual((done.returncode, done.stdout), (code, ""), (words, done.stderr))
            self.assertIn(named, done.stderr, words)
        done = run("list", "--database", self.database + "-none")
        self.assertEqual(done.returncode, 1)
        self.assertIn("-none", done.stderr)
        self.assertFalse(os.path.exists(self.database + "-none"))


if __name__ == "__main__":
    tap.main()
