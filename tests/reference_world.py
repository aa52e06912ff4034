# SPDX-License-Identifier: Apache-2.0
"""What the tests of the reference connectors have in common: the servers, the connector, and the graphs they compare."""

import base64
import http.client
import json
import os
import shlex
import signal
import subprocess
import tempfile
import urllib.parse

TOP = os.environ.get("TOP_BUILDDIR", ".")
# Any connector that is to do the same: a command, with its arguments.
CONNECTOR = shlex.split(os.environ.get("CAR_TEST_REFERENCE_CONNECTOR", "")) or [
    os.path.join(TOP, "connectors/reference/c/car-connector-reference")
]
SOURCE = "a/b c%&ü,1"
ENVIRONMENT = {
    name: value for name, value in os.environ.items()
    if not name.startswith(("CAR_ASSET_SERVER_", "CAR_SERVICE_", "CONFIGURATION_", "CONNECTION_", "XDG_STATE_"))
}

COLLECTIONS = [
    "xrefproperties", "vulnerabilities", "sites", "assets", "ip_addresses", "mac_addresses", "hosts", "apps", "ports",
]
VERTICES = ["site", "asset", "vulnerability", "application", "port", "ipaddress", "macaddress", "hostname"]
EDGES = [
    "asset_vulnerability", "site_asset", "asset_application", "application_vulnerability", "application_port",
    "ipaddress_port", "asset_ipaddress", "asset_macaddress", "asset_hostname", "ipaddress_macaddress",
]


class Server:
    """A program that says on which port it answers; `with` stops it."""

    user = password = ""

    def __init__(self, command, environment=None):
        self.folder = tempfile.TemporaryDirectory()
        port_file = os.path.join(self.folder.name, "port")
        self.command = [*command, "--port-file", port_file]
        self.environment = {**ENVIRONMENT, "XDG_STATE_HOME": self.folder.name, **(environment or {})}
        self.port_file = port_file

    def __enter__(self):
        # What it says first is on its standard output, once it listens.
        self.log = open(os.path.join(self.folder.name, "log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(self.command, env=self.environment, stdout=subprocess.PIPE, stderr=self.log)
        greeting = self.process.stdout.readline()
        if not greeting:
            self.log.seek(0)
            raise AssertionError(f"{self.command[0]} did not start: {self.log.read()}")
        with open(self.port_file, encoding="utf-8") as file:
            self.port = int(file.read())
        self.base = f"http://127.0.0.1:{self.port}"
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        return self

    def __exit__(self, *_):
        self.connection.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        self.process.stdout.close()
        self.log.close()
        self.folder.cleanup()

    def call(self, method, path, body=None):
        authorization = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        headers = {"Authorization": f"Basic {authorization}", "Content-Type": "application/json"}
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self.connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content else None

    def get(self, path):
        status, body = self.call("GET", path)
        assert status == 200, (path, status, body)
        return body


class AssetServer(Server):
    user, password = "admin", "geheim"

    def __init__(self, *options):
        super().__init__(
            [os.path.join(TOP, "car-asset-server"), "--database", ":memory:", *options],
            {"CAR_ASSET_SERVER_PASSWORD": self.password},
        )

    def create(self, collection, **fields):
        status, body = self.call("POST", f"/{collection}/", fields)
        assert status == 201, (collection, fields, status, body)
        return body["pk"]

    def change(self, collection, pk, **fields):
        status, body = self.call("PATCH", f"/{collection}/{pk}/", fields)
        assert status == 200, (collection, pk, fields, status, body)

    def delete(self, collection, pk):
        status, body = self.call("DELETE", f"/{collection}/{pk}/")
        assert status == 204, (collection, pk, status, body)

    def url(self, collection, pk):
        return f"{self.base}/{collection}/{pk}/"


class Service(Server):
    user, password = "key", "passwort"

    def __init__(self):
        super().__init__(
            [os.path.join(TOP, "service/car-service"), "--database", ":memory:"],
            {"CAR_SERVICE_KEY": self.user, "CAR_SERVICE_PASSWORD": self.password},
        )

    def query(self, text):
        status, answer = self.call("POST", "/api/car/v3/query", {"query": text})
        assert status == 200 and "errors" not in answer, (text, status, answer)
        return answer["data"]

    def save_point(self):
        status, answer = self.call("GET", "/api/car/v2/source/" + urllib.parse.quote(SOURCE, safe=""))
        return answer.get("model_state_id") if status == 200 else None

    def graph(self):
        """{COLLECTION: {NAME: members}} of all vertices, {COLLECTION: {(from, to): members}} of all edges that hold."""
        schema = self.get("/api/car/v3/importSchema?version=v2")["schema"]["properties"]
        graph = {}
        for collection in VERTICES + EDGES:
            is_edge = collection in EDGES
            name = "_key" if collection in ("ipaddress", "macaddress", "hostname") else "external_id"
            members = set(schema[collection]["items"]["properties"])
            members -= {"tag", "untag", "_key", "report", "active", "created", "modified", "timestamp"}
            members -= {member for member in members if member.startswith(("_from", "_to"))}
            names = ["_from", "_to"] if is_edge else [name]
            where = "(where: {active: {_eq: true}})" if is_edge else ""
            fields = " ".join(sorted(members.union(names)))
            rows = self.query(f"{{ {collection}{where} {{ {fields} }} }}")[collection]
            graph[collection] = {tuple(row[n] for n in names): row for row in rows}
            assert len(graph[collection]) == len(rows), f"{collection} is there twice"
        return graph


def run_connector(service, server_url, *options, user=AssetServer.user, password=AssetServer.password, timeout=120):
    """Runs the connector. Returns its exit code and its log."""
    environment = {
        **ENVIRONMENT,
        "CAR_SERVICE_URL": f"{service.base}/api/car/v2" if service else "http://127.0.0.1:9/api/car/v2",
        "CAR_SERVICE_KEY": Service.user, "CAR_SERVICE_PASSWORD": Service.password, "CONNECTION_NAME": SOURCE,
        "CONFIGURATION_AUTH_URL": server_url, "CONFIGURATION_AUTH_USERNAME": user,
        "CONFIGURATION_AUTH_PASSWORD": password,
    }
    result = subprocess.run(
        [*CONNECTOR, *options], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=timeout, check=False,
    )
    assert password not in result.stdout, "the password is in the log"
    return result.returncode, result.stdout


def import_into(service, server):
    """An import that succeeds. Returns its log."""
    code, log = run_connector(service, server.base)
    assert code == 0, f"exit code {code}:\n{log}"
    return log


def differences(found, wanted):
    """What is not the same in two graphs, a line each."""
    lines = []
    for collection, objects in wanted.items():
        there = found[collection]
        lines += [f"{collection} {name}: missing" for name in sorted(objects.keys() - there.keys())]
        lines += [f"{collection} {name}: too much" for name in sorted(there.keys() - objects.keys())]
        lines += [
            f"{collection} {name}: {there[name]} instead of {objects[name]}"
            for name in sorted(there.keys() & objects.keys()) if there[name] != objects[name]
        ]
    return lines
