# SPDX-License-Identifier: Apache-2.0
"""car-service copy: what a database holds is in the other one afterwards, from a file into PostgreSQL and back."""

import contextlib
import datetime
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import local_postgres  # noqa: E402
import tap  # noqa: E402
from local_service import run_service  # noqa: E402

PROGRAM = pathlib.Path(os.environ["TOP_BUILDDIR"], "service", "car-service")
EXTENSION = {"key": "x", "version": "1", "schema": {"vertices": [{"name": "dragon", "properties": {"size": {"type": "integer"}}}]}}
QUERIES = [
    "{ asset(order_by: {id: asc}) { id source name risk properties reported_at tags { tag { name } } hostnames { hostname { name } } } }",
    "{ asset_hostname(order_by: [{asset_id: asc}, {hostname_id: asc}]) { asset_id hostname_id source } }",
    "{ user(order_by: {id: asc}) { id connecting_id instances(order_by: {id: asc}) { id } } }",
    "{ hostname(order_by: {id: asc}) { id connecting_id instances(order_by: {id: asc}) { id } } }",
    "{ ipaddress(order_by: {id: asc}) { id connecting_id instances(order_by: {id: asc}) { id } } }",
    "{ asset_aggregate { aggregate { count } } asset_hostname_aggregate { aggregate { count } } tag { name _reference_count } source { id name } }",
]


def envelope(source, report, **collections):
    return {"source": {"_key": source, "name": f"The {source}"}, "report": {"_key": report, "timestamp": 1700000000000 + int(report)}, **collections}


def asset(number, name, **more):
    return {"external_id": f"a{number}", "name": name, **more}


def edge(number, host):
    return {"_from_external_id": f"a{number}", "_to": f"hostname/{host}"}


def fill(service):
    """Two sources, of which one is imported again: something came, changed and went."""
    service.set_up()
    service.call("POST", "v3/carSchema", EXTENSION)
    for source in ("first", "se:cond"):
        service.run_job("POST", "imports", envelope(
            source, "1", asset=[asset(1, "Ä \\u0000 x".encode().decode("unicode_escape"), tag=["red", "blue"]), asset(2, "two", risk=1.50), asset(3, "three")],
            hostname=[{"_key": "h"}, {"_key": "i"}], asset_hostname=[edge(1, "h"), edge(2, "i"), edge(3, "i")],
            ipaddress=[{"_key": "10.0.0.1"}, {"_key": "127.0.0.1"}],
            user=[{"external_id": "u1"}, {"external_id": "u2"}], account=[{"external_id": "c1", "name": "n"}, {"external_id": "c2", "name": "n"}],
            user_account=[{"_from_external_id": f"u{i}", "_to_external_id": f"c{i}"} for i in (1, 2)]))
    service.run_job("POST", "source/first/full-import-in-progress")
    service.run_job("POST", "imports", envelope(
        "first", "2", asset=[asset(1, "one", untag=["blue"]), asset(2, "two", risk=1.5), asset(4, "four")], hostname=[{"_key": "h"}],
        asset_hostname=[edge(1, "h"), edge(4, "h")]))
    service.run_job("DELETE", "source/first/full-import-in-progress")
    service.want("PATCH", "source?key=first", {"model_state_id": "here"})


def look(service, moments):
    """All that can be asked for, now and at these moments."""
    found = [service.query(query) for query in QUERIES]
    for moment in moments:
        for query in QUERIES:
            status, answer = service.call("POST", "v3/query", {"query": query}, {"x-hasura-car-timepoint": moment})
            found.append((status, answer))
    found += [service.want("GET", f"source/{source}") for source in ("first", "se:cond")]
    found.append(service.want("GET", "v3/carSchema"))
    found.append(service.want("GET", "v3/object?collection=asset&id=first/a1"))
    found.append(service.want("GET", "jobstatus/3"))
    return found


def copy(*words):
    return subprocess.run([PROGRAM, "copy", *words], capture_output=True, text=True, timeout=120, check=False)


class Copy(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def make(self):
        database = self.folder / "car.db"
        with run_service(database) as service:
            fill(service)
            first = service.want("GET", "v3/overview")["first"]
            moments = [datetime.datetime.fromtimestamp(at / 1000, datetime.timezone.utc).isoformat(timespec="milliseconds") for at in (first, first + 1)]
            return str(database), moments, look(service, moments)

    def assert_copied(self, database, moments, expected):
        with run_service(database) as service:
            self.assertEqual(look(service, moments), expected)
            # What comes now takes nothing's place.
            service.run_job("POST", "imports", envelope("first", "3", asset=[asset(1, "again"), asset(9, "nine")], asset_hostname=[edge(9, "h")]))
            names = {row["external_id"]: row["name"] for row in service.query('{ asset(where: {source: {_eq: "first"}}) { external_id name } }')["asset"]}
            self.assertEqual(names, {"a1": "again", "a2": "two", "a4": "four", "a9": "nine"})
            self.assertEqual(service.query("{ asset_hostname_aggregate { aggregate { count } } }")["asset_hostname_aggregate"]["aggregate"]["count"], 6)

    def test_file_to_file(self):
        database, moments, expected = self.make()
        done = copy(database, self.folder / "other.db")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^Copied 15 vertices, 7 edges, and \d+ versions of history\.\n$")
        self.assert_copied(self.folder / "other.db", moments, expected)

    @unittest.skipUnless(local_postgres.find_programs(), "PostgreSQL is not installed (postgresql)")
    def test_there_and_back(self):
        database, moments, expected = self.make()
        with local_postgres.run_server() as server:
            url = local_postgres.make_database(server.url)
            self.assertEqual(copy(database, url).returncode, 0)
            done = copy(url, self.folder / "back.db")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assert_copied(url, moments, expected)
        self.assert_copied(self.folder / "back.db", moments, expected)

    def assert_goes_on(self, database):
        """Its end closes what it brought neither before the copy nor after."""
        with run_service(database) as service:
            service.run_job("POST", "imports", envelope("first", "3", asset=[asset(4, "four")]))
            service.run_job("DELETE", "source/first/full-import-in-progress")
            names = service.query('{ asset(where: {source: {_eq: "first"}}, order_by: {id: asc}) { id hostnames { hostname_id } } }')["asset"]
            self.assertEqual(names, [{"id": "first/a2", "hostnames": [{"hostname_id": "first/h"}]}, {"id": "first/a4", "hostnames": []}])
            self.assertEqual(len(service.query('{ asset(where: {source: {_eq: "se:cond"}}) { id } }')["asset"]), 3)

    def test_full_import_under_way(self):
        database = self.make()[0]
        with run_service(database) as service:
            service.run_job("POST", "source/first/full-import-in-progress?report=3")
            service.run_job("POST", "imports", envelope("first", "3", asset=[asset(2, "two")], hostname=[{"_key": "h"}], asset_hostname=[edge(2, "h")]))
        self.assertEqual(copy(database, self.folder / "other.db").returncode, 0)
        if local_postgres.find_programs():
            with local_postgres.run_server() as server:
                url = local_postgres.make_database(server.url)
                self.assertEqual(copy(database, url).returncode, 0)
                self.assertEqual(copy(url, self.folder / "back.db").returncode, 0)
                self.assert_goes_on(url)
            self.assert_goes_on(self.folder / "back.db")
        self.assert_goes_on(self.folder / "other.db")

    def test_refused(self):
        database = self.make()[0]
        for words, message in (((), "copy FROM TO"), ((database,), "copy FROM TO"), ((self.folder / "none.db", self.folder / "x.db"), "There is no database"),
                               ((database, database), "in use")):
            done = copy(*words)
            self.assertIn(done.returncode, (1, 2), done)
            self.assertIn(message, done.stderr)
        self.assertEqual(copy(database, self.folder / "other.db").returncode, 0)
        self.assertIn("not empty", copy(database, self.folder / "other.db").stderr)
        with contextlib.closing(sqlite3.connect(database)) as other, other:
            other.execute("INSERT INTO job (kind, status, body, created_at) VALUES ('setup', 'RUNNING', '', 0)")
        done = copy(database, self.folder / "fourth.db")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("Jobs wait in the first database", done.stderr)
        with run_service(database):
            self.assertIn("in use by another car-service", copy(database, self.folder / "third.db").stderr)


tap.main(300)
