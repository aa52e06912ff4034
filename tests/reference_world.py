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

import local_postgres

TOP = os.environ.get("TOP_BUILDDIR", ".")
REFERENCE = [os.path.join(TOP, "connectors/reference/c/car-connector-reference")]
# Any connector that is to do the same: a command, with its arguments.
CONNECTOR = shlex.split(os.environ.get("CAR_TEST_REFERENCE_CONNECTOR", "")) or REFERENCE
SOURCE = "a:b@c%=;!'(1),+$*"  # all that the import schema's pattern takes
ENVIRONMENT = {
    name: value for name, value in os.environ.items()
    if not name.startswith(("CAR_ASSET_SERVER_", "CAR_SERVICE_", "CAR_STATE_", "CONFIGURATION_", "CONNECTION_"))
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
        self.log = open(os.path.join(self.folder.name, "log"), "w+", encoding="utf-8")
        self.start()
        return self

    def start(self):
        # What it says first is on its standard output, once it listens.
        self.process = subprocess.Popen(self.command, env=self.environment, stdout=subprocess.PIPE, stderr=self.log)
        greeting = self.process.stdout.readline()
        if not greeting:
            self.log.seek(0)
            raise AssertionError(f"{self.command[0]} did not start: {self.log.read()}")
        with open(self.port_file, encoding="utf-8") as file:
            self.port = int(file.read())
        self.base = f"http://127.0.0.1:{self.port}"
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.connection.close()

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
            [os.path.join(TOP, "service/car-service"), "--database", local_postgres.choose_database()],
            {"CAR_SERVICE_KEY": self.user, "CAR_SERVICE_PASSWORD": self.password},
        )

    def query(self, text):
        status, answer = self.call("POST", "/api/car/v3/query", {"query": text})
        assert status == 200 and "errors" not in answer, (text, status, answer)
        return answer["data"]

    def save_point(self):
        status, answer = self.call("GET", "/api/car/v2/source/" + urllib.parse.quote(SOURCE, safe=""))
        return answer.get("model_state_id") if status == 200 else None

    def columns(self, collection):
        """What rows of a collection hold, besides the time of the report."""
        fields = self.query(f'{{ __type(name: "{collection}") {{ fields {{ name type {{ ...T ofType {{ ...T }} }} }} }} }}'
                            " fragment T on __Type { kind }")["__type"]["fields"]
        scalars = {f["name"] for f in fields if "SCALAR" in (f["type"]["kind"], (f["type"]["ofType"] or {}).get("kind"))}
        return sorted(scalars - {"reported_at"})

    def graph(self):
        """{COLLECTION: {(NAME,): members}} of all vertices, {COLLECTION: {(from, to): members}} of all edges."""
        graph = {}
        for collection in VERTICES + EDGES:
            ends = collection.split("_") if collection in EDGES else []
            rows = self.query(f"{{ {collection} {{ {' '.join(self.columns(collection))} }} }}")[collection]
            graph[collection] = {
                tuple(name_of(end, row[f"{end}_id"]) for end in ends) or (name_of(collection, row["id"]),): row
                for row in rows
            }
            assert len(graph[collection]) == len(rows), f"{collection} is there twice"
        return graph


def name_of(collection, id_):
    """An id is SOURCE/NAME, of an address SOURCE/REGION/NAME."""
    prefix = SOURCE + ("/0/" if collection == "ipaddress" else "/")
    assert id_.startswith(prefix), id_
    return id_[len(prefix):]


def make_environment(service, server_url, user=AssetServer.user, password=AssetServer.password):
    """The variables that a connector needs."""
    return {
        **ENVIRONMENT,
        "CAR_SERVICE_URL": f"{service.base}/api/car/v2" if service else "http://127.0.0.1:9/api/car/v2",
        "CAR_SERVICE_KEY": Service.user, "CAR_SERVICE_PASSWORD": Service.password, "CONNECTION_NAME": SOURCE,
        "CONFIGURATION_AUTH_URL": server_url, "CONFIGURATION_AUTH_USERNAME": user,
        "CONFIGURATION_AUTH_PASSWORD": password,
        # A proxy has no folder: XDG_STATE_HOME says where, which is of the test.
        **({"CAR_STATE_DIR": os.path.join(service.folder.name, "state")} if isinstance(service, Service) else {}),
    }


def run_connector(service, server_url, *options, user=AssetServer.user, password=AssetServer.password, timeout=120,
                  connector=None):
    """Runs the connector, or another. Returns its exit code and its log."""
    environment = make_environment(service, server_url, user, password)
    result = subprocess.run(
        [*(connector or CONNECTOR), *options], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=timeout, check=False,
    )
    assert password not in result.stdout, "the password is in the log"
    return result.returncode, result.stdout


def import_into(service, server, connector=None):
    """An import that succeeds. Returns its log."""
    code, log = run_connector(service, server.base, connector=connector)
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


# ---- changes at random ----

LINKS = {
    "vulnerabilities": {"xref_properties": "xrefproperties"},
    "assets": {"vulnerabilities": "vulnerabilities"},
    "mac_addresses": {"ip_addresses": "ip_addresses"},
    "apps": {"assets": "assets"},
    "ports": {"apps": "apps", "ip_addresses": "ip_addresses"},
}


class World:
    """The asset server's inventory, and changes of it at random."""

    # Few, so that objects share them; and what people type.
    ip_addresses = [f"192.0.2.{i}" for i in range(9)] + ["2001:db8::1", "not an address/1", "10.0.0.1,10.0.0.2"]
    mac_addresses = [f"02:00:00:00:00:0{i}" for i in range(7)] + ["02-00", "02:00:00:00:00:01, eth0"]
    hosts = [f"host{i}.example" for i in range(7)] + ["Host1.example", "two words", "a,b", "x/y%2C#", "größe"]

    def __init__(self, server, chance):
        self.server = server
        self.chance = chance
        self.objects = {name: {found["pk"]: found for found in server.get(f"/{name}/")} for name in COLLECTIONS}

    def pick(self, collection):
        pks = list(self.objects[collection])
        return self.chance.choice(pks) if pks else None

    def text(self):
        return self.chance.choice(["mail", "größer", 'a "b"\\', "x,y/z", "\u2028 ", "0"]) + str(self.chance.randrange(5))

    def scalars(self, collection):
        """Values for the fields that are no links to many."""
        chance = self.chance
        fields = {
            "xrefproperties": lambda: {
                "extref_typename": chance.choice(["CVE", "CWE"]), "extref_value": self.text(),
                "q_extref_typeid": chance.randrange(9),
            },
            "vulnerabilities": lambda: {
                "name": self.text(), "published_on": chance.randrange(1 << 50), "base_score": chance.randrange(100) / 10,
                "vcvssbmid": chance.randrange(9), "updated_on": 1700000000000, "disclosed_on": 0,
            },
            "sites": lambda: {"name": self.text(), "address": self.text()},
            "assets": lambda: {
                "name": self.text(), "type": self.text(), "initial_value": chance.choice([0, 0.1, -7, 1e300, 12345.678]),
                "site": self.url("sites", self.pick("sites")) if chance.random() < 0.8 else None,
            },
            "ip_addresses": lambda: {"address": chance.choice(self.ip_addresses), **self.owner()},
            "mac_addresses": lambda: {"address": chance.choice(self.mac_addresses), **self.owner()},
            "hosts": lambda: {"host": chance.choice(self.hosts), **self.owner()},
            "apps": lambda: {"name": self.text()},
            "ports": lambda: {
                "port_number": chance.randrange(65536), "protocol": chance.choice(["tcp", "udp"]),
                "layer7application": self.text(),
            },
        }
        return fields[collection]()

    def owner(self):
        return {"asset": self.url("assets", self.pick("assets"))}

    def url(self, collection, pk):
        return None if pk is None else self.server.url(collection, pk)

    def some(self, collection):
        pks = list(self.objects[collection])
        return [self.url(collection, pk) for pk in self.chance.sample(pks, self.chance.randint(0, min(3, len(pks))))]

    def links(self, collection):
        return {field: self.some(target) for field, target in LINKS.get(collection, {}).items()}

    def change(self):
        """One change at random. Returns how it is called."""
        collection = self.chance.choice(COLLECTIONS)
        if collection in ("ip_addresses", "mac_addresses", "hosts") and not self.objects["assets"]:
            collection = "assets"
        pk = self.pick(collection)
        kinds = ["change", "change", "delete"] + ["create"] * (3 if len(self.objects[collection]) < 8 else 1)
        if collection in LINKS:
            kinds += ["link"] * 3
        kind = self.chance.choice(kinds) if pk is not None else "create"
        if kind == "delete":
            self.server.delete(collection, pk)
        elif kind == "create":
            self.server.create(collection, **self.scalars(collection), **self.links(collection))
        else:
            fields = self.links(collection) if kind == "link" else self.scalars(collection)
            one = self.chance.choice(sorted(fields))
            self.server.change(collection, pk, **{one: fields[one]})
        # A deletion takes others along.
        for name in COLLECTIONS if kind == "delete" else [collection]:
            self.objects[name] = {found["pk"]: found for found in self.server.get(f"/{name}/")}
        return kind


# ---- what the graph has to be, worked out from the inventory ----


def pk_of(url):
    return url.rstrip("/").rpartition("/")[2]


def expected_graph(server):
    """The names of the vertices, their members, and the edges that the inventory makes. All its names must be valid."""
    found = {name: {str(o["pk"]): o for o in server.get(f"/{name}/")} for name in COLLECTIONS}
    vertices = {
        "site": {pk: {"name": o["name"], "address": o["address"]} for pk, o in found["sites"].items()},
        "asset": {
            pk: {"name": o["name"], "asset_type": o["type"], "initial_value": o["initial_value"]}
            for pk, o in found["assets"].items()
        },
        "vulnerability": {
            pk: {
                **{m: o[m] for m in ("name", "base_score", "published_on", "disclosed_on", "updated_on")},
                "xref_properties": {
                    pk_of(url): {
                        m: found["xrefproperties"][pk_of(url)][m]
                        for m in ("extref_typename", "extref_value", "q_extref_typeid")
                    } for url in o["xref_properties"]
                },
            } for pk, o in found["vulnerabilities"].items()
        },
        "application": {pk: {"name": o["name"]} for pk, o in found["apps"].items()},
        "port": {
            pk: {"port_number": o["port_number"], "protocol": o["protocol"], "description": o["layer7application"]}
            for pk, o in found["ports"].items()
        },
        "ipaddress": {o["address"]: {} for o in found["ip_addresses"].values()},
        "macaddress": {o["address"]: {} for o in found["mac_addresses"].values()},
        "hostname": {o["host"]: {} for o in found["hosts"].values()},
    }
    ip = {pk: o["address"] for pk, o in found["ip_addresses"].items()}
    apps, ports, macs = found["apps"].items(), found["ports"].items(), found["mac_addresses"].values()
    edges = {
        "asset_vulnerability": {(pk, pk_of(v)) for pk, o in found["assets"].items() for v in o["vulnerabilities"]},
        "site_asset": {(pk_of(o["site"]), pk) for pk, o in found["assets"].items() if o["site"]},
        "asset_application": {(pk_of(a), pk) for pk, o in apps for a in o["assets"]},
        "application_vulnerability": {
            (pk, pk_of(v)) for pk, o in apps for a in o["assets"] for v in found["assets"][pk_of(a)]["vulnerabilities"]
        },
        "application_port": {(pk_of(a), pk) for pk, o in ports for a in o["apps"]},
        "ipaddress_port": {(ip[pk_of(a)], pk) for pk, o in ports for a in o["ip_addresses"]},
        "asset_ipaddress": {(pk_of(o["asset"]), o["address"]) for o in found["ip_addresses"].values()},
        "asset_macaddress": {(pk_of(o["asset"]), o["address"]) for o in macs},
        "asset_hostname": {(pk_of(o["asset"]), o["host"]) for o in found["hosts"].values()},
        "ipaddress_macaddress": {(ip[pk_of(a)], o["address"]) for o in macs for a in o["ip_addresses"]},
    }
    return vertices, edges


def compare_with_inventory(service, server):
    """{COLLECTION: (how many on the asset server, how many in the service, how many are the same)}."""
    graph = service.graph()
    vertices, edges = expected_graph(server)
    counts = {}
    for name, objects in vertices.items():
        same = sum(
            1 for key, members in objects.items()
            if {m: graph[name].get((key,), {}).get(m) for m in members} == members and (key,) in graph[name]
        )
        counts[name] = len(objects), len(graph[name]), same
    for name, pairs in edges.items():
        counts[name] = len(pairs), len(graph[name]), len(pairs & graph[name].keys())
    return counts
