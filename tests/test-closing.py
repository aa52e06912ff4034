# SPDX-License-Identifier: Apache-2.0
"""The guides' connectors, in C, Python and JavaScript, with a source that is not what it was: nothing is closed, and the
exit code and the message say why. With -max-closing 100 it is closed, and counted. protocol.md, "Closing"."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from guide_connectors import list_connectors, rows
from local_service import run_service

COLLECTIONS = ("asset", "ipaddress", "asset_ipaddress")
ALL = 200


def count(service, connector):
    query = "{" + " ".join(f'{c}(where: {{source: {{_eq: "{connector.name}"}}}}) {{ source }}' for c in COLLECTIONS) + "}"
    return [len(found) for found in service.query(query).values()]


def spoil(file, connector, how):
    """Makes of the source what a bad day makes of it. Returns: the exit codes that say so, and what is said."""
    good = "".join(rows(0, ALL))
    match how:
        case "empty":
            file.write_text("")
            return (12, 55), r"this run sent no vertex|first line|three fields"
        case "no-rows":
            file.write_text(connector.header)
            return (12,), "this run sent no vertex, and its end would close what the service holds of the source: " \
                f"{ALL} of {ALL} in asset, "
        case "halved":
            file.write_text(connector.header + "".join(rows(0, ALL // 2 - 1)))
            return (12,), r"its end would close more than -max-closing \(50 %\) allows: " \
                f"{ALL // 2 + 1} of {ALL} in ipaddress|{ALL // 2 + 1} of {ALL} in asset"
        case "missing":
            file.unlink()
            return (51,), "While "
        case "wrong-type":
            file.write_bytes(bytes(range(256)) * 64)
            return (1, 12, 51, 55), ""
        case "other-columns":
            file.write_text("host;owner\n" + good.replace(",", ";"))
            return (1, 12, 55), ""
        case "left-out":
            # Every object breaks a rule: an id of an asset that is no id, an address that is empty.
            file.write_text(connector.header + ",,\n" * ALL)
            return (12,), r"are left out, and -max-left-out allows 50 %"
    raise AssertionError(how)


def check(service, connector, file):
    """Yields what holds."""
    file.write_text(connector.header + "".join(rows(0, ALL)))
    done = connector.run(service, file)
    assert done.returncode == 0, done.stderr
    assert count(service, connector) == [ALL] * 3, count(service, connector)

    for how in ("empty", "no-rows", "halved", "missing", "wrong-type", "other-columns", "left-out"):
        codes, words = spoil(file, connector, how)
        done = connector.run(service, file)
        assert done.returncode in codes and re.search(words, done.stderr), (how, done.returncode, done.stderr)
        assert count(service, connector) == [ALL] * 3, (how, count(service, connector))
        yield f"{how}: exit code {done.returncode}"

    file.write_text(connector.header)
    summary = file.with_suffix(".json")
    done = connector.run(service, file, "-max-closing", "100", "-summary", str(summary))
    assert done.returncode == 0 and f"{3 * ALL} closed" in done.stderr, done.stderr
    assert count(service, connector) == [0, 0, 0]
    told = json.loads(summary.read_text())
    closed = {row["collection"]: row["closed"] for row in told["collections"]}
    assert told["total"]["closed"] == 3 * ALL and closed == dict.fromkeys(COLLECTIONS, ALL), told
    yield "with -max-closing 100 all is closed, and counted"


# A connector whose objects are told by its variables.
EDGES = """
import json
import os
import sys
import gi
gi.require_version("Car", "1.0")
from gi.repository import Car

class Server(Car.AssetServer):
    def do_test_connection(self, cancellable):
        pass

class Import(Car.FullImport):
    def do_import_vertices(self, cancellable):
        self.data_handler.add_vertex("asset", {"external_id": "a", "name": "a"})
        self.data_handler.add_vertices("hostname", json.loads(os.environ["HOSTNAMES"]))

    def do_import_edges(self, cancellable):
        self.data_handler.add_edges("asset_hostname", json.loads(os.environ["EDGES"]))

class App(Car.App):
    def do_create_asset_server(self):
        return Server()

    def do_create_full_import(self):
        return Import()

sys.exit(App().run(sys.argv))
"""


def check_edges(service, folder):
    """Yields what holds of edges."""
    python = next((one for one in list_connectors(folder) if one.name == "python"), None)
    if python is None:
        return
    path = folder / "edges.py"
    path.write_text(EDGES)

    def run(source, hostnames, edges, *arguments):
        variables = {"HOSTNAMES": json.dumps([{"_key": f"h{i}"} for i in hostnames]), "EDGES": json.dumps(edges)}
        environment = {**os.environ, **python.environment, **service.environment, **variables}
        return subprocess.run([python.command[0], path, "-source", source, *arguments],
                              env=environment, capture_output=True, text=True, timeout=300)

    def edge(i, **members):
        return {"_from_external_id": "a", "_to": f"hostname/h{i}", **members}

    # What the service drops would be closed, or never come again, as what libcar leaves out.
    nowhere = [edge(i) for i in range(200)]
    done = run("dropped", [], nowhere)
    assert done.returncode == 12 and "200 of 201 objects" in done.stderr, (done.returncode, done.stderr)
    assert "200 edges of asset_hostname lead to objects of hostname that this run did not bring" in done.stderr
    done = run("dropped", [], nowhere, "-max-left-out", "100")
    assert done.returncode == 0 and "1 sent, 200 dangling" in done.stderr, (done.returncode, done.stderr)
    yield "what the service drops counts as left out"

    # To the service, edges that differ in such a member are one.
    def versions(n):
        return [edge(i, created=created) for i in range(n) for created in (1, 2)]

    done = run("versions", range(200), versions(200))
    assert done.returncode == 0 and "601 sent" in done.stderr, (done.returncode, done.stderr)
    done = run("versions", range(200), versions(60))
    assert done.returncode == 12 and "140 of 200 in asset_hostname" in done.stderr, (done.returncode, done.stderr)
    yield "edges that are one to the service count once"


def main():
    number = 0
    with tempfile.TemporaryDirectory() as name, run_service() as service:
        folder = pathlib.Path(name)
        for connector in list_connectors(folder):
            for what in check(service, connector, folder / "source.csv"):
                number += 1
                print(f"ok {number} - {connector.name}: {what}", flush=True)
        for what in check_edges(service, folder):
            number += 1
            print(f"ok {number} - {what}")
    print(f"1..{number}")


sys.exit(main())
