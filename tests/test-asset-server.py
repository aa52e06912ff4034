# SPDX-License-Identifier: Apache-2.0
"""The whole API of car-asset-server, from outside: the real process, on a free port."""

import base64
import contextlib
import http.client
import json
import os
import random
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import traceback

PROGRAM = os.path.join(os.environ.get("TOP_BUILDDIR", "."), "car-asset-server")
COLLECTIONS = [
    "xrefproperties", "vulnerabilities", "sites", "assets", "ip_addresses", "mac_addresses", "hosts", "apps", "ports",
]
FIELDS = {
    "xrefproperties": ["pk", "extref_typename", "extref_value", "q_extref_typeid"],
    "vulnerabilities": [
        "pk", "name", "published_on", "disclosed_on", "updated_on", "vcvssbmid", "base_score", "xref_properties",
    ],
    "sites": ["pk", "name", "address"],
    "assets": ["pk", "name", "type", "initial_value", "site", "vulnerabilities"],
    "ip_addresses": ["pk", "address", "asset"],
    "mac_addresses": ["pk", "address", "asset", "ip_addresses"],
    "hosts": ["pk", "host", "asset"],
    "apps": ["pk", "name", "assets"],
    "ports": ["pk", "port_number", "layer7application", "protocol", "apps", "ip_addresses"],
}
LINKS = {
    ("vulnerabilities", "xref_properties"): "xrefproperties",
    ("assets", "vulnerabilities"): "vulnerabilities",
    ("mac_addresses", "ip_addresses"): "ip_addresses",
    ("apps", "assets"): "assets",
    ("ports", "apps"): "apps",
    ("ports", "ip_addresses"): "ip_addresses",
}
# The least that makes an object, once there is asset 1.
LEAST = {
    "xrefproperties": {"extref_typename": "CVE", "extref_value": "CVE-2026-1"},
    "vulnerabilities": {"name": "hole"},
    "sites": {"name": "Bern", "address": "Bundesplatz 3"},
    "assets": {"name": "machine"},
    "ip_addresses": {"address": "192.0.2.1", "asset": "/assets/1/"},
    "mac_addresses": {"address": "02:00:00:00:00:01", "asset": "/assets/1/"},
    "hosts": {"host": "machine.example", "asset": "/assets/1/"},
    "apps": {"name": "mail"},
    "ports": {"port_number": 25},
}
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if not name.startswith(("CAR_ASSET_SERVER_", "XDG_STATE_"))
}


class Answer:
    def __init__(self, answer):
        self.status = answer.status
        self.headers = answer.headers
        self.body = answer.read()

    @property
    def json(self):
        assert self.headers["Content-Type"] == "application/json", self.headers["Content-Type"]
        return json.loads(self.body)


class Server:
    """A car-asset-server; `with` stops it in the way that an init system does."""

    def __init__(self, folder, *options, database=":memory:", password="secret", environment=None):
        self.options = [PROGRAM, "--database", database, *options]
        self.environment = {**ENVIRONMENT, "XDG_STATE_HOME": os.path.join(folder, "state"), **(environment or {})}
        if password:
            self.environment["CAR_ASSET_SERVER_PASSWORD"] = password
        self.password = password
        self.connection = None

    def __enter__(self):
        self.process = subprocess.Popen(self.options, env=self.environment, stdout=subprocess.PIPE, text=True)
        self.greeting = self.process.stdout.readline()
        assert self.greeting.startswith("http://127.0.0.1:"), f"it did not start: {self.greeting!r}"
        self.port = int(self.greeting.split("/")[2].partition(":")[2])
        self.base = f"http://127.0.0.1:{self.port}"
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        return self

    def __exit__(self, *_):
        self.connection.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(timeout=60) == 0, "it ends cleanly"
        self.process.stdout.close()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def call(self, method, path, body=None, headers=None, authorization=True):
        headers = dict(headers or {})
        if authorization is True:
            authorization = "Basic " + base64.b64encode(f"admin:{self.password}".encode()).decode()
        if authorization:
            headers["Authorization"] = authorization
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        self.connection.request(method, path, body, headers)
        return Answer(self.connection.getresponse())

    def get(self, path):
        answer = self.call("GET", path)
        assert answer.status == 200, (path, answer.status, answer.body)
        return answer.json

    def create(self, collection, **fields):
        answer = self.call("POST", f"/{collection}/", {**LEAST[collection], **fields})
        assert answer.status == 201, (collection, fields, answer.status, answer.body)
        return answer.json["pk"]

    def patch(self, collection, pk, **fields):
        answer = self.call("PATCH", f"/{collection}/{pk}/", fields)
        assert answer.status == 200, (collection, pk, fields, answer.status, answer.body)
        return answer.json

    def delete(self, collection, pk):
        answer = self.call("DELETE", f"/{collection}/{pk}/")
        assert (answer.status, answer.body) == (204, b""), (answer.status, answer.body)

    def url(self, collection, pk):
        return f"{self.base}/{collection}/{pk}/"

    def state(self):
        answer = self.get("/model_state_id/")
        assert list(answer) == ["model_state_id"] and isinstance(answer["model_state_id"], str)
        return int(answer["model_state_id"])

    def delta(self, begin, end=None):
        answer = self.get(f"/delta/?from={begin}&to={self.state() if end is None else end}")
        assert answer == {} or list(answer) == ["delta"]
        return {
            name: (lists["updates"], lists["deletions"]) for name, lists in answer.get("delta", {}).items()
        }

    def inventory(self):
        return {name: {found["pk"]: found for found in self.get(f"/{name}/")} for name in COLLECTIONS}


def refused(folder, *options, database=":memory:", code=1, environment=None):
    """The server does not start; answers what it says."""
    variables = {
        **ENVIRONMENT, "XDG_STATE_HOME": os.path.join(folder, "state"), "CAR_ASSET_SERVER_PASSWORD": "x",
        **(environment or {}),
    }
    result = subprocess.run(
        [PROGRAM, "--database", database, *options],
        env={name: value for name, value in variables.items() if value is not None},
        capture_output=True, text=True, timeout=60, check=False,
    )
    assert result.returncode == code, (options, result.returncode, result.stderr)
    assert result.stderr.startswith("car-asset-server: ") and result.stderr.count("\n") == 1, result.stderr
    return result.stderr


def faults(answer):
    assert answer.status == 400, (answer.status, answer.body)
    assert all(isinstance(messages, list) and messages for messages in answer.json.values())
    return set(answer.json)


# ---- the calls ----


def test_populated_model(folder):
    with Server(folder, "--populate", "3") as server:
        found = server.inventory()
        assert {name: len(objects) for name, objects in found.items()} == {
            "xrefproperties": 3, "vulnerabilities": 6, "sites": 2, "assets": 3, "ip_addresses": 3,
            "mac_addresses": 3, "hosts": 3, "apps": 9, "ports": 1,
        }
        for name, objects in found.items():
            assert sorted(objects) == list(range(1, len(objects) + 1))
            assert all(list(member) == FIELDS[name] for member in objects.values())

        def urls(collection, *pks):
            return [server.url(collection, pk) for pk in pks]

        for i in range(3):
            asset = found["assets"][i + 1]
            assert asset["vulnerabilities"] == urls("vulnerabilities", 2 * i + 1, 2 * i + 2)
            assert asset["site"] in urls("sites", 1, 2)
            own = {"asset": server.url("assets", i + 1)}
            assert found["ip_addresses"][i + 1] == {"pk": i + 1, "address": f"10.10.10.{11 + i}", **own}
            assert found["hosts"][i + 1] == {"pk": i + 1, "host": f"system{i}.domain.com", **own}
            mac = found["mac_addresses"][i + 1]
            assert mac["asset"] == own["asset"] and mac["ip_addresses"] == urls("ip_addresses", i + 1)
            for app in range(3 * i + 1, 3 * i + 4):
                assert found["apps"][app]["assets"] == urls("assets", i + 1)
        for vulnerability in found["vulnerabilities"].values():
            assert vulnerability["xref_properties"] == urls("xrefproperties", 1, 2, 3)
        assert found["ports"][1]["apps"] == urls("apps", *range(1, 10))
        assert found["ports"][1]["ip_addresses"] == urls("ip_addresses", 1, 2, 3)

        # What made it is in the change log like anything else: an object, and a link at both ends, is an entry.
        n_objects = sum(map(len, found.values()))
        n_links = sum(len(member[field]) for (name, field) in LINKS for member in found[name].values())
        assert server.state() == n_objects + 2 * n_links
        assert server.delta(0) == {name: (sorted(objects), []) for name, objects in found.items()}


def test_large_model(folder):
    with Server(folder, "--populate", "2000") as server:
        addresses = [found["address"] for found in server.get("/ip_addresses/")]
        assert addresses[0] == "10.10.10.11" and addresses[245] == "10.10.11.0" and addresses[-1] == "10.10.17.218"
        assert len(set(addresses)) == 2000
        assert len({found["address"] for found in server.get("/mac_addresses/")}) == 2000

        wanted = list(range(1, 6001, 2)) + list(range(100000, 107000))
        found = server.get("/apps/?pk=" + ",".join(map(str, wanted)))
        assert [app["pk"] for app in found] == wanted[:3000]
        assert len(server.get("/ports/1/")["apps"]) == 6000


def test_models_of_one_size_are_alike(folder):
    with Server(folder, "--populate", "5") as one, Server(folder, "--populate", "5") as other:
        text = json.dumps(one.inventory()).replace(str(one.port), "PORT")
        assert text == json.dumps(other.inventory()).replace(str(other.port), "PORT")


def test_authentication(folder):
    with Server(folder, "--populate", "1") as server:
        for authorization in (
            None, "Basic", "Basic !!!", "Bearer secret", "Basic " + base64.b64encode(b"admin:wrong").decode(),
            "Basic " + base64.b64encode(b"other:secret").decode(), "Basic " + base64.b64encode(b"admin:").decode(),
        ):
            for call in (("GET", "/assets/"), ("GET", "/assets"), ("GET", "/nothing/"), ("DELETE", "/assets/1/")):
                answer = server.call(*call, authorization=authorization)
                assert answer.status == 401, (authorization, call, answer.status)
                assert answer.headers["WWW-Authenticate"].startswith("Basic "), answer.headers
        assert server.get("/assets/1/")["pk"] == 1


def test_paths(folder):
    with Server(folder, "--populate", "1") as server:
        for path, location in (
            ("/assets", "/assets/"), ("/assets?pk=1%2C2", "/assets/?pk=1%2C2"), ("/assets/1", "/assets/1/"),
            ("/model_state_id", "/model_state_id/"), ("/delta?from=1&to=2", "/delta/?from=1&to=2"),
        ):
            answer = server.call("GET", path)
            assert (answer.status, answer.headers["Location"]) == (301, server.base + location), path
        # A client must not make a GET of what changes something.
        for method, path in (("POST", "/assets"), ("PATCH", "/assets/1"), ("DELETE", "/assets/1")):
            answer = server.call(method, path, {"name": "n"})
            assert (answer.status, answer.headers["Location"]) == (308, server.base + path + "/")

        for path in ("/", "//", "/asset/", "/assets//", "/assets/0/", "/assets/2/", "/assets/01/", "/assets/+1/",
                     "/assets/-1/", "/assets/x/", "/assets/1/name/", "/assets/99999999999999999999/", "/changes/",
                     "/ASSETS/", "/assets/1;drop/", "/assets/%31%00/"):
            assert server.call("GET", path).status in ((400,) if "%00" in path else (404,)), path
        for method in ("PUT", "PATCH", "DELETE"):
            assert server.call(method, "/assets/2/", LEAST["assets"]).status == 404
        for method, path, allowed in (
            ("DELETE", "/assets/", "GET, HEAD, POST"), ("POST", "/assets/1/", "GET, HEAD, PUT, PATCH, DELETE"),
            ("POST", "/delta/", "GET, HEAD"), ("PUT", "/model_state_id/", "GET, HEAD"),
            ("OPTIONS", "/assets/", "GET, HEAD, POST"),
        ):
            answer = server.call(method, path)
            assert (answer.status, answer.headers["Allow"]) == (405, allowed), (method, path)
        whole = server.call("GET", "/assets/")
        head = server.call("HEAD", "/assets/")
        assert (head.status, head.body) == (200, b"") and head.headers["Content-Length"] == str(len(whole.body))


def test_some_of_a_collection(folder):
    with Server(folder, "--populate", "4") as server:
        def pks(query):
            return [found["pk"] for found in server.get("/assets/?pk=" + query)]

        assert pks("1,2,3") == [1, 2, 3] and pks("3,1,3,17") == [1, 3] and pks("17") == [] and pks("") == []
        assert pks("2%2C4") == [2, 4]
        for wrong in ("x", "1,", ",", "1,,2", "-1", "1.0", "0", "1;2", "%201", "99999999999999999999"):
            assert faults(server.call("GET", "/assets/?pk=" + wrong)) == {"detail"}, wrong


def test_least_of_each_collection(folder):
    with Server(folder) as server:
        assert server.state() == 0
        server.create("assets")
        for name in COLLECTIONS:
            answer = server.call("POST", f"/{name}/", LEAST[name])
            assert answer.status == 201
            assert answer.headers["Location"] == server.url(name, answer.json["pk"])
            assert list(answer.json) == FIELDS[name]
            assert server.get(f"/{name}/{answer.json['pk']}/") == answer.json
            for field, value in LEAST[name].items():
                assert answer.json[field] == (server.base + value if field == "asset" else value)
        assert server.get("/assets/1/") == {
            "pk": 1, "name": "machine", "type": "Other", "initial_value": 0, "site": None, "vulnerabilities": [],
        }
        for name in COLLECTIONS:
            assert faults(server.call("POST", f"/{name}/", {})) == set(LEAST[name])


def test_values(folder):
    with Server(folder) as server:
        odd = ['"\\/\b\f\n\r\t\x01\x7f', "a/b c%&ü", "日本語 🦀", "'; DROP TABLE assets; --", "x" * 255, "é" * 255]
        for text in odd:
            pk = server.create("assets", name=text)
            assert server.get(f"/assets/{pk}/")["name"] == text
        for number in (0.1, 1e308, -1.5, 5e-324, 2**53, 3):
            pk = server.create("assets", initial_value=number)
            assert server.get(f"/assets/{pk}/")["initial_value"] == number
        values = {"published_on": 1342915876000, "updated_on": 2**53 - 1, "vcvssbmid": -5, "base_score": 10}
        vulnerability = server.create("vulnerabilities", **values)
        found = server.get(f"/vulnerabilities/{vulnerability}/")
        assert {field: found[field] for field in values} == values
        assert [found["name"] for found in server.get("/assets/")][:len(odd)] == odd


def test_wrong_values(folder):
    with Server(folder) as server:
        asset = server.create("assets")
        before = server.state()
        for collection, field, values in (
            ("assets", "name", [1, None, True, "", "x" * 256, "a\0b", [], {}]),
            ("assets", "initial_value", ["1", None, True, [], {}]),
            ("assets", "pk", [1, "1", None]),
            ("assets", "site", [1, "", "/sites/1/", "/assets/1/", [], {}, True]),
            ("assets", "vulnerabilities", [None, "", "/vulnerabilities/1/", ["x"], [1], [None], ["/vulnerabilities/9/"],
                                           {}]),
            ("assets", "nonsense", [1]),
            ("assets", "", [1]),
            ("vulnerabilities", "base_score", [-0.1, 10.1, "7"]),
            ("vulnerabilities", "published_on", [-1, 1.5, "1", None, 2**53, 10**30]),
            ("ports", "port_number", [-1, 65536, 80.0, "80", None]),
            ("hosts", "asset", [None, 1, f"/assets/{asset + 1}/", "/hosts/1/", "/assets/", "/assets/1/2/", "assets/1/",
                                "//assets/1/", "/assets/1/#x", "/assets/1/?x", "ftp://h/assets/1/",
                                "http:///assets/1/", "http://example.com/assets/1/", f"{server.base}0/assets/1/",
                                f"{server.base}@evil/assets/1/", "/assets/01/", "/assets/0/", "/assets/-1/"]),
        ):
            for value in values:
                answer = server.call("POST", f"/{collection}/", {**LEAST[collection], field: value})
                assert faults(answer) == {field}, (collection, field, value, answer.body)
                if field != "pk":
                    answer = server.call("PATCH", "/assets/1/", {field: value})
                    assert answer.status == 400, (field, value)
        several = {"initial_value": "x", "site": "/sites/5/", "other": 1}
        assert faults(server.call("POST", "/assets/", several)) == {"name", "initial_value", "site", "other"}
        assert server.state() == before and len(server.get("/assets/")) == 1


def test_wrong_bodies(folder):
    with Server(folder) as server:
        for body in (
            b"", b" ", b"null", b"[]", b'"x"', b"{", b'{"name": "n",}', b"{'name': 'n'}", b'{"name": "n"} x',
            b"\xef\xbb\xbf{}", b'{"name": "\xff"}', b'{"name": "\\ud800"}', b'{"name": "n", "initial_value": 01}',
            b'{"name": "n", "initial_value": NaN}', b'{"name": "n" /* c */}', b"[" * 100000, b'{"a":' * 100000,
        ):
            answer = server.call("POST", "/assets/", body, {"Content-Type": "application/json"})
            assert faults(answer) == {"detail"}, (body[:40], answer.body)
        assert faults(server.call("POST", "/assets/", b'{"name": "a", "name": "b"}')) == {"name"}
        assert faults(server.call("POST", "/assets/", b'{"name": "a", "initial_value": 1e999}')) == {"initial_value"}
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            assert server.call("POST", "/assets/", b'{"name": "n"}', {"Content-Type": kind}).status == 415
        for kind in ("application/json; charset=utf-8", "Application/JSON"):
            assert server.call("POST", "/assets/", b'{"name": "n"}', {"Content-Type": kind}).status == 201
        assert len(server.get("/assets/")) == 2


def test_body_too_large(folder):
    with Server(folder) as server:
        answer = server.call("POST", "/assets/", b'{"name": "' + b"x" * (65 << 20) + b'"}')
        assert (answer.status, list(answer.json)) == (413, ["detail"])
        assert server.get("/assets/") == []


def test_replacing_and_patching(folder):
    with Server(folder, "--populate", "3") as server:
        whole = server.get("/assets/1/")
        state = server.state()
        answer = server.call("PUT", "/assets/1/", whole)
        assert (answer.status, answer.json) == (200, whole), "what was read can be sent back"
        assert server.patch("assets", 1) == whole
        assert server.state() == state, "where nothing changes, nothing is logged"

        assert server.patch("assets", 1, name="new") == {**whole, "name": "new"}
        assert server.delta(state) == {"assets": ([1], [])} and server.state() == state + 1
        assert server.patch("assets", 1, site=None) == {**whole, "name": "new", "site": None}

        answer = server.call("PUT", "/assets/1/", {"name": "bare"})
        assert (answer.status, answer.json) == (200, {
            "pk": 1, "name": "bare", "type": "Other", "initial_value": 0, "site": None, "vulnerabilities": [],
        })
        assert faults(server.call("PUT", "/assets/1/", {"type": "x"})) == {"name"}
        assert faults(server.call("PUT", "/assets/1/", {**whole, "pk": 2})) == {"pk"}
        assert faults(server.call("PATCH", "/assets/1/", {"pk": 2})) == {"pk"}
        assert server.get("/assets/1/")["name"] == "bare"


def test_links(folder):
    with Server(folder) as server:
        server.create("assets")
        for collection in COLLECTIONS:
            server.create(collection)
            server.create(collection)
        for (collection, field), target in LINKS.items():
            state = server.state()
            urls = [server.url(target, 2), f"/{target}/1/", server.url(target, 1)]
            expected = [server.url(target, 1), server.url(target, 2)]
            assert server.patch(collection, 1, **{field: urls})[field] == expected
            assert server.delta(state) == {collection: ([1], []), target: ([1, 2], [])}
            assert server.state() == state + 4, "each link is an entry at both ends"

            state = server.state()
            assert server.patch(collection, 1, **{field: [server.url(target, 2)]})[field] == expected[1:]
            assert server.delta(state) == {collection: ([1], []), target: ([1], [])}
            assert server.state() == state + 2

            state = server.state()
            pk = server.create(collection, **{field: expected})
            assert server.delta(state) == {collection: ([pk], []), target: ([1, 2], [])}
            assert server.state() == state + 5


def test_deleting_an_asset(folder):
    with Server(folder, "--populate", "3") as server:
        before, state = server.inventory(), server.state()
        server.delete("assets", 2)
        after = server.inventory()
        for name in ("assets", "ip_addresses", "mac_addresses", "hosts"):
            assert sorted(after[name]) == [1, 3]
            assert server.call("GET", f"/{name}/2/").status == 404
        for name in ("xrefproperties", "vulnerabilities", "sites"):
            assert after[name] == before[name]
        assert [after["apps"][pk]["assets"] for pk in (4, 5, 6)] == [[], [], []]
        assert after["ports"][1]["ip_addresses"] == [server.url("ip_addresses", pk) for pk in (1, 3)]
        assert server.delta(state) == {
            "vulnerabilities": ([3, 4], []), "assets": ([], [2]), "ip_addresses": ([], [2]),
            "mac_addresses": ([], [2]), "hosts": ([], [2]), "apps": ([4, 5, 6], []), "ports": ([1], []),
        }
        assert server.call("DELETE", "/assets/2/").status == 404


def test_deleting_the_others(folder):
    with Server(folder, "--populate", "2") as server:
        for collection, others in (
            ("sites", {"assets": ([1], [])}), ("xrefproperties", {"vulnerabilities": ([1, 2, 3, 4], [])}),
            ("vulnerabilities", {"assets": ([1], []), "xrefproperties": ([2, 3], [])}),
            ("ip_addresses", {"mac_addresses": ([1], []), "ports": ([1], [])}),
            ("mac_addresses", {}), ("hosts", {}), ("apps", {"assets": ([1], []), "ports": ([1], [])}),
        ):
            state = server.state()
            server.delete(collection, 1)
            assert server.delta(state) == {**others, collection: ([], [1])}, (collection, server.delta(state))
        assert server.get("/assets/1/")["site"] is None


# ---- the change log ----


def test_ranges(folder):
    with Server(folder) as server:
        asset = server.create("assets")
        gone = server.create("assets")
        server.patch("assets", asset, name="other")
        server.delete("assets", gone)
        assert server.state() == 4
        assert server.delta(0) == {"assets": ([1], [2])}, "made and deleted: a deletion only"
        assert server.delta(0, 2) == {"assets": ([1, 2], [])}
        assert server.delta(1, 3) == {"assets": ([1, 2], [])} and server.delta(3, 4) == {"assets": ([], [2])}
        assert server.delta(2, 3) == {"assets": ([1], [])}
        for state in range(5):
            assert server.get(f"/delta/?from={state}&to={state}") == {}
        for query in ("", "?from=1", "?to=1", "?from=&to=1", "?from=x&to=1", "?from=0&to=x", "?from=-1&to=1",
                      "?from=1.0&to=2", "?from=2&to=1", "?from=0&to=5", "?from=5&to=5",
                      "?from=0&to=99999999999999999999", "?from=%2B0&to=1", "?from=0%00&to=1",
                      "?from=0%&to=1", "?from=0&to=1&%ff=1"):
            assert server.call("GET", "/delta/" + query).status == 400, query


def test_history_that_is_gone(folder):
    with Server(folder, "--keep-history", "3") as server:
        for _ in range(5):
            server.create("assets")
        assert server.state() == 5 and server.delta(2) == {"assets": ([3, 4, 5], [])}
        answer = server.call("GET", "/delta/?from=1&to=5")
        assert (answer.status, list(answer.json)) == (404, ["detail"])
        assert server.call("GET", "/delta/?from=1&to=2").status == 404
        assert server.get("/delta/?from=1&to=1") == {}

    path = os.path.join(folder, "forgetful.db")
    with Server(folder, database=path) as server:
        server.create("assets")
    with Server(folder, "--keep-history", "0", database=path) as server:
        assert server.state() == 1 and server.delta(1) == {}
        assert server.call("GET", "/delta/?from=0&to=1").status == 404
        server.create("assets")
        assert server.state() == 2 and server.call("GET", "/delta/?from=1&to=2").status == 404
        assert faults(server.call("GET", "/delta/?from=1&to=3")) == {"detail"}


def change_at_random(server, chance, known):
    """One change; `known` is the inventory before it."""
    def some(collection):
        pks = sorted(known[collection])
        return [server.url(collection, pk) for pk in chance.sample(pks, min(3, len(pks)))]

    collection = chance.choice(COLLECTIONS)
    fields = {field: some(target) for (name, field), target in LINKS.items() if name == collection}
    if collection in ("ip_addresses", "mac_addresses", "hosts"):
        if not known["assets"]:
            collection, fields = "assets", {}
        else:
            fields["asset"] = chance.choice(some("assets"))
    text = next((field for field in ("name", "address", "host", "protocol") if field in FIELDS[collection]), None)
    if text:
        fields[text] = f"text {chance.randrange(1000)}"

    pk = chance.choice(sorted(known[collection])) if known[collection] else None
    action = chance.random()
    if pk is None or action < 0.4:
        server.create(collection, **fields)
    elif action < 0.75:
        server.patch(collection, pk, **dict(chance.sample(sorted(fields.items()), min(1, len(fields)))))
    else:
        server.delete(collection, pk)


def test_deltas_lead_from_state_to_state(folder):
    chance = random.Random(20260131)
    with Server(folder) as server:
        seen = [(0, server.inventory())]
        for _ in range(300):
            change_at_random(server, chance, seen[-1][1])
            seen.append((server.state(), server.inventory()))

        ranges = [(i, i + 1) for i in range(len(seen) - 1)]
        ranges += [tuple(sorted(chance.sample(range(len(seen)), 2))) for _ in range(200)] + [(0, len(seen) - 1)]
        for first, last in ranges:
            (begin, old), (end, new) = seen[first], seen[last]
            delta = server.delta(begin, end)
            for name in COLLECTIONS:
                updates, deletions = delta.get(name, ([], []))
                changed = {pk for pk in new[name] if old[name].get(pk) != new[name][pk]}
                assert changed <= set(updates) <= set(new[name]), (begin, end, name)
                assert set(old[name]) - set(new[name]) <= set(deletions), (begin, end, name)
                assert not set(deletions) & set(new[name]), (begin, end, name)
                assert updates == sorted(set(updates)) and deletions == sorted(set(deletions))
        assert sum(len(objects) for objects in seen[-1][1].values()) > 20, "the walk goes somewhere"


# ---- the host's name ----


def exchange(server, text):
    """One request as it stands; what is answered, up to the end of the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(text.encode("latin-1"))
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as file:
            return file.read().decode()


def test_host_header(folder):
    with Server(folder, "--populate", "1") as server:
        authorization = "Authorization: Basic " + base64.b64encode(b"admin:secret").decode()
        for host in ("inventory.example:81", "localhost", "[::1]:8080", "10.0.0.1"):
            answer = server.call("GET", "/hosts/1/", headers={"Host": host})
            assert answer.json["asset"] == f"http://{host}/assets/1/", host
            redirect = server.call("GET", "/hosts", headers={"Host": host})
            assert redirect.headers["Location"] == f"http://{host}/hosts/"
            body = {"host": "h", "asset": f"http://{host}/assets/1/"}
            assert server.call("POST", "/hosts/", body, headers={"Host": host}).status == 201
            assert faults(server.call("POST", "/hosts/", body)) == {"asset"}
        for host in ("", "a b", "a/b", 'a"b', "a@b", "a:b", "a?b", "a#b", "a\\b", "[::1", "x" * 300, "a:999999"):
            headers = f"Host: {host}\r\n{authorization}\r\nConnection: close\r\n"
            answer = exchange(server, f"GET /assets/ HTTP/1.1\r\n{headers}\r\n")
            assert answer.startswith("HTTP/1.1 400 "), (host, answer[:200])
        answer = exchange(server, f"GET /hosts/1/ HTTP/1.0\r\n{authorization}\r\n\r\n")
        assert f'"{server.base}/assets/1/"' in answer, answer


# ---- the process ----


def test_loopback_only(folder):
    with Server(folder) as server:
        listening = set()
        for name in ("tcp", "tcp6"):
            with open(f"/proc/net/{name}", encoding="ascii") as file:
                lines = [line.split() for line in file.readlines()[1:]]
            listening |= {line[1].partition(":")[0] for line in lines
                          if line[3] == "0A" and int(line[1].partition(":")[2], 16) == server.port}
        loopback = {"0100007F", "00000000000000000000000001000000"}
        assert "0100007F" in listening and listening <= loopback, listening


def test_connections_end(folder):
    with Server(folder, "--populate", "1") as server:
        def n_files():
            return len(os.listdir(f"/proc/{server.process.pid}/fd"))

        expecting = {"Expect": "100-continue"}
        before = n_files()
        for _ in range(50):
            server.get("/assets/")
            server.delete("assets", server.create("assets"))
            for authorization in (True, None):
                status = server.call("POST", "/assets/", {"name": "n"}, expecting, authorization).status
                assert status == (201 if authorization else 401)
            assert server.call("GET", "/nothing/", authorization=None).status == 401
            assert exchange(server, "nonsense\r\n\r\n").startswith("HTTP/1.0 400 ")
            assert exchange(server, "GET /assets/ HTTP/1.1\r\nHost: x").startswith("HTTP/1.0 400 ")
            assert exchange(server, "") == ""
        assert n_files() <= before + 2, f"{before} files were open, {n_files()} are"


def test_answered_changes_survive(folder):
    path = os.path.join(folder, "durable.db")
    with Server(folder, "--populate", "2", database=path) as server:
        pk = server.create("assets", name="kept", vulnerabilities=["/vulnerabilities/1/"])
        server.delete("assets", pk)
        last = server.create("assets", name="last")
        state, found = server.state(), server.inventory()
        server.kill()
    with Server(folder, database=path) as server:
        assert server.state() == state
        text = json.dumps(found).replace(found["hosts"][1]["asset"].split("/")[2], f"127.0.0.1:{server.port}")
        assert json.dumps(server.inventory()) == text
        server.delete("assets", last)
    with Server(folder, database=path) as server:
        assert server.create("assets") == last + 1, "a number is never used again"
        assert server.state() == state + 2


def test_reset(folder):
    path = os.path.join(folder, "reset.db")
    with Server(folder, "--populate", "2", database=path) as server:
        first, found = server.state(), server.inventory()
    message = refused(folder, "--populate", "2", database=path)
    assert path in message and "--reset" in message
    with Server(folder, "--populate", "2", "--reset", database=path) as server:
        text = json.dumps(found).replace(found["hosts"][1]["asset"].split("/")[2], f"127.0.0.1:{server.port}")
        assert json.dumps(server.inventory()) == text
        assert server.state() > first and server.call("GET", f"/delta/?from={first}&to={server.state()}").status == 404
        state = server.state()
        server.patch("assets", 1, name="new")
        assert server.delta(state) == {"assets": ([1], [])}
    with Server(folder, "--reset", database=path) as server:
        assert not any(server.inventory().values()) and server.state() > state
        assert server.call("GET", f"/delta/?from={state + 1}&to={server.state()}").status == 404


def test_databases_that_are_none(folder):
    path = os.path.join(folder, "garbage.db")
    with open(path, "wb") as file:
        file.write(b"this is no database, whatever it is called\n" * 200)
    assert path in refused(folder, database=path)
    with open(path, "rb") as file:
        assert file.read().startswith(b"this is no database")

    path = os.path.join(folder, "other.db")
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE assets (name)")
        other.commit()
    with open(path, "rb") as file:
        before = file.read()
    assert "another program" in refused(folder, database=path)
    with open(path, "rb") as file:
        assert file.read() == before

    path = os.path.join(folder, "newer.db")
    with Server(folder, database=path):
        pass
    with contextlib.closing(sqlite3.connect(path)) as newer:
        newer.execute("PRAGMA user_version = 2")
    assert "version is 2" in refused(folder, database=path)

    path = os.path.join(folder, "cut.db")
    with Server(folder, "--populate", "50", database=path):
        pass
    os.truncate(path, 20000)
    assert "damaged" in refused(folder, database=path)

    assert folder in refused(folder, database=folder)
    assert "writable" in refused(folder, database=os.path.join(folder, "no", "such", "folder.db"))
    path = os.path.join(folder, "busy.db")
    with Server(folder, database=path) as server:
        assert "another process" in refused(folder, database=path)
        assert server.state() == 0


def test_databases_that_others_changed(folder):
    path = os.path.join(folder, "changed.db")
    for value in ("name = CAST (x'ff' AS TEXT)", "initial_value = 9e999"):
        with Server(folder, "--populate", "2", "--reset", database=path):
            pass
        with contextlib.closing(sqlite3.connect(path)) as other:
            other.execute(f"UPDATE assets SET {value} WHERE pk = 2")
            other.commit()
        with Server(folder, database=path) as server:
            for wrong in ("/assets/", "/assets/2/", "/assets/?pk=1,2"):
                answer = server.call("GET", wrong)
                assert answer.status == 500 and list(answer.json) == ["detail"], (value, wrong, answer.body)
            assert server.get("/assets/?pk=1")[0]["pk"] == 1 and len(server.get("/hosts/")) == 2

    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE sqlite_sequence SET seq = -5 WHERE name = 'changes'")
        other.commit()
    assert path in refused(folder, "--keep-history", "9", database=path)
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("DROP TABLE ports_apps")
        other.commit()
    assert "ports_apps" in refused(folder, database=path)


def test_password(folder):
    path = os.path.join(folder, "inventory.db")
    kept = path + ".password"
    with Server(folder, database=path, password=None) as server:
        assert kept in server.greeting
        with open(kept, encoding="ascii") as file:
            server.password = made = file.read().strip()
        assert len(made) >= 32 and made not in server.greeting
        assert stat.S_IMODE(os.stat(kept).st_mode) == 0o600 and stat.S_IMODE(os.stat(path).st_mode) == 0o600
        assert server.state() == 0
    with Server(folder, database=path, password=None) as server:
        server.password = made
        assert server.state() == 0, "it stays as it was made"

    for spelling in (["--password", "opensesame"], ["--password=opensesame"]):
        variables = {"CAR_ASSET_SERVER_PASSWORD": "variable", "CAR_ASSET_SERVER_USERNAME": "user"}
        with Server(folder, *spelling, database=path, password=None, environment=variables) as server:
            with open(f"/proc/{server.process.pid}/cmdline", "rb") as file:
                assert b"sesame" not in file.read(), "the list of processes does not show it"
            for user, password, status in (
                ("user", "opensesame", 200), ("user", "variable", 401), ("admin", made, 401),
            ):
                authorization = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
                assert server.call("GET", "/assets/", authorization=authorization).status == status

    with Server(folder, password=None) as server:
        kept = os.path.join(folder, "state", "car-asset-server", "memory.password")
        assert kept in server.greeting
        with open(kept, encoding="ascii") as file:
            server.password = file.read().strip()
        assert server.state() == 0
    with open(kept, "w", encoding="ascii"):
        pass
    message = refused(folder, environment={"CAR_ASSET_SERVER_PASSWORD": None})
    assert kept in message and "is empty" in message


def test_options(folder):
    for options in (
        ["--port", "-1"], ["--port", "65536"], ["--port", "x"], ["--populate", "-1"], ["--populate", "1000001"],
        ["--populate", "x"], ["--keep-history", "-1"], ["--username", ""], ["--username", "a:b"], ["--password", ""],
        ["--database", ""], ["--nonsense"], ["argument"], ["--port-file"],
    ):
        refused(folder, *options, code=2)
    refused(folder, code=2, environment={"CAR_ASSET_SERVER_USERNAME": ""})
    assert "port.file" in refused(folder, "--port-file", os.path.join(folder, "no", "port.file"))

    for option, expected in (("--version", "car-asset-server "), ("--help", "Usage:")):
        result = subprocess.run([PROGRAM, option], capture_output=True, text=True, timeout=60, check=False)
        assert result.returncode == 0 and result.stdout.startswith(expected), result.stdout

    path = os.path.join(folder, "port")
    with Server(folder, "--port-file", path) as server:
        with open(path, encoding="ascii") as file:
            assert file.read() == f"{server.port}\n"
        assert f"port {server.port}" in refused(folder, "--port", str(server.port))
    with Server(folder, "--populate", "0") as server:
        assert [len(objects) for objects in server.inventory().values()] == [3, 0, 2, 0, 0, 0, 0, 0, 1]

    variables = {"CAR_ASSET_SERVER_PASSWORD": "x"}
    with subprocess.Popen([PROGRAM], env={**ENVIRONMENT, **variables, "XDG_STATE_HOME": os.path.join(folder, "home")},
                          stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline()
        assert os.path.exists(os.path.join(folder, "home", "car-asset-server", "inventory.db"))
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0


def main():
    wanted = sys.argv[1:]
    tests = [(name, run) for name, run in globals().items()
             if name.startswith("test_") and (not wanted or name in wanted)]
    failed = False
    print(f"1..{len(tests)}")
    for number, (name, run) in enumerate(tests, 1):
        with tempfile.TemporaryDirectory() as folder:
            try:
                run(folder)
                print(f"ok {number} - {name}", flush=True)
            except Exception:  # whatever it is, the others run too
                failed = True
                print(f"not ok {number} - {name}")
                print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="", flush=True)
    sys.exit(failed)


main()
