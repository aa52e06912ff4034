# SPDX-License-Identifier: Apache-2.0
"""A database with the tables of an older car-service is brought up to date when the service opens it, and is left alone where that
cannot be."""

import contextlib
import json
import os
import pathlib
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
from local_service import run_service  # noqa: E402

PROGRAM = pathlib.Path(os.environ["TOP_BUILDDIR"], "service", "car-service")
TABLES = pathlib.Path(os.environ["TOP_SRCDIR"], "tests", "data", "service-tables-7.sql")

WAITING_JOB, NEXT_JOB = 17, 21  # of the file
REPORT = {"_key": "1700000000020", "timestamp": 1700000000020}
HELD = {("cmdb", "account"): 1, ("cmdb", "asset"): 4, ("cmdb", "asset_hostname"): 2, ("cmdb", "asset_ipaddress"): 1,
        ("cmdb", "hostname"): 1, ("cmdb", "ipaddress"): 1, ("cmdb", "user"): 1, ("cmdb", "user_account"): 1,
        ("scanner", "account"): 1, ("scanner", "asset"): 1, ("scanner", "ipaddress"): 1, ("scanner", "user"): 1,
        ("scanner", "user_account"): 1}


def at(second):
    """A moment of the first minute, behind what happened in that second."""
    return f"2026-01-01T00:00:{second:02}.500"


class Migration(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.database = pathlib.Path(folder.name, "car.db")
        with self.open() as database:
            database.executescript(TABLES.read_text())
            database.execute("PRAGMA journal_mode = WAL")

    @contextlib.contextmanager
    def open(self):
        """The database, beside the service's back, with what its indices call."""
        with contextlib.closing(sqlite3.connect(self.database, isolation_level=None)) as database:
            database.create_function("car_member", 2, lambda body, name: json.loads(body).get(name), deterministic=True)
            for name in ("car_inet", "car_address"):
                database.create_function(name, 1, lambda text: text, deterministic=True)
            yield database

    @contextlib.contextmanager
    def run_service(self):
        """A service on this database, once the job that waited is done."""
        with run_service(str(self.database)) as service:
            self.wait(service)
            yield service

    def wait(self, service):
        while (state := service.want("GET", f"jobstatus/{WAITING_JOB}"))["status"] == "RUNNING":
            time.sleep(0.02)
        self.assertEqual(state["status"], "COMPLETE", state)

    def ask(self, service, query, moment=None):
        """The one field of the answer."""
        headers = {"x-hasura-car-timepoint": moment} if moment else {}
        status, answer = service.call("POST", "v3/query", {"query": query}, headers)
        self.assertEqual((status, list(answer)), (200, ["data"]), answer)
        return next(iter(answer["data"].values()))

    def list_names(self, service, moment=None):
        return {asset["id"]: asset["name"] for asset in self.ask(service, "{ asset { id name } }", moment)}

    def list_hostnames(self, service, moment=None):
        """The ends of the edges from assets to hostnames."""
        return [(edge["asset_id"], edge["hostname_id"], len(edge["asset"]), len(edge["hostname"])) for edge in self.ask(
            service, "{ asset_hostname(order_by: {asset_id: asc}) { asset_id hostname_id asset { id } hostname { id } } }", moment)]

    def read_usage(self):
        done = subprocess.run([PROGRAM, "usage", "--json", "--database", self.database], capture_output=True, text=True,
                              check=False, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        uses = json.loads(done.stdout)["collections"]
        return {(use["source"], use["collection"]): use["now"]["count"] for use in uses if use["now"]["count"]}

    def test_told(self):
        with self.run_service() as service:
            self.assertIn(f"The database {self.database} was made by an older version of car-service", service.log.read_text())
        with self.run_service() as service:
            self.assertNotIn("older version", service.log.read_text())
        with self.open() as database:
            left = database.execute("SELECT name FROM sqlite_schema WHERE name LIKE 'old%' OR tbl_name LIKE 'old%'").fetchall()
            self.assertEqual(left, [])
            self.assertEqual(database.execute("PRAGMA auto_vacuum").fetchone(), (2,))
        done = subprocess.run([PROGRAM, "check", "--database", self.database], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_now(self):
        with self.run_service() as service:
            self.assertEqual(self.list_names(service), {
                "cmdb/a": "second", "cmdb/b": "third", "cmdb/c": "again", "cmdb/d": "waited", "scanner/a": "seen"})
            # The edge to the hostname that is gone has ended with it.
            self.assertEqual(self.list_hostnames(service), [("cmdb/a", "cmdb/h", 1, 1), ("cmdb/d", "cmdb/h", 1, 1)])
            self.assertEqual(self.ask(service, '{ asset(where: {ipaddresses: {ipaddress: {name: {_eq: "10.0.0.1"}}}}) { id rack } } # unchecked'),
                             [{"id": "cmdb/a", "rack": "r1"}])
            self.assertEqual(self.ask(service, '{ user(where: {id: {_eq: "cmdb/u"}}) { instances(order_by: {id: asc}) { id } } }'),
                             [{"instances": [{"id": "cmdb/u"}, {"id": "scanner/z"}]}])
            self.assertEqual(self.read_usage(), HELD)
            overview = service.want("GET", "v3/overview")
            self.assertIn("SCANNER", json.dumps(overview))

    def list_connected(self, service, collection, key):
        """What is the same thing by the query, by the page of one object, and by the name that connects."""
        name = self.ask(service, f'{{ {collection}(where: {{id: {{_eq: "cmdb/{key}"}}}}) {{ connecting_id instances(order_by: {{id: asc}}) {{ id }} }} }}')[0]
        page = service.want("GET", f"v3/object?collection={collection}&id={urllib.parse.quote(f'cmdb/{key}', safe='')}")
        found = self.ask(service, f'{{ {collection}(where: {{connecting_id: {{_eq: {json.dumps(name["connecting_id"])}}}}}, order_by: {{id: asc}}) {{ id }} }}')
        return name["connecting_id"], [row["id"] for row in name["instances"]], [row["id"] for row in page["instances"]], [row["id"] for row in found]

    def test_connected(self):
        """A name and an address connect by their keys, all others by their ids, also in tables of version 8, which noted it otherwise."""
        both = ["cmdb/0/10.0.0.1", "scanner/0/10.0.0.1"]
        expected = [("0/10.0.0.1", both, both[1:], both), ("h", ["cmdb/h"], [], ["cmdb/h"]), ("cmdb/a", ["cmdb/a"], [], ["cmdb/a"])]
        names = (("ipaddress", "0/10.0.0.1"), ("hostname", "h"), ("asset", "a"))
        with self.run_service() as service:
            self.assertEqual([self.list_connected(service, *name) for name in names], expected)
        with self.open() as database:
            self.assertEqual(database.execute("SELECT count(*) FROM vertex WHERE connecting_id = substr(node_id, key_at)").fetchone(), (0,))
            for table in ("vertex", "vertex_history"):
                database.execute(f"UPDATE {table} SET connecting_id = substr(node_id, key_at) WHERE connecting_id IS NULL"
                                 " AND collection IN (SELECT id FROM collection WHERE name IN ('hostname', 'ipaddress'))")
            database.execute("PRAGMA user_version = 8")
        with self.run_service() as service:
            self.assertIn("from version 8 to 9", service.log.read_text())
            self.assertEqual([self.list_connected(service, *name) for name in names], expected)
        with self.open() as database:
            self.assertEqual(database.execute("SELECT count(*) FROM vertex WHERE connecting_id = substr(node_id, key_at)").fetchone(), (0,))

    def test_earlier_moments(self):
        with self.run_service() as service:
            self.assertEqual(self.list_names(service, at(2)), {})
            self.assertEqual(self.list_names(service, at(3)), {"cmdb/a": "first", "cmdb/b": "bé", "cmdb/c": "c"})
            self.assertEqual(self.list_names(service, at(8)), {"cmdb/a": "second", "cmdb/b": "bé", "scanner/a": "seen"})
            self.assertEqual(self.list_names(service, at(10))["cmdb/c"], "again")
            both = [("cmdb/a", "cmdb/h", 1, 1), ("cmdb/b", "cmdb/gone", 1, 1)]
            self.assertEqual(self.list_hostnames(service, at(3)), both)
            self.assertEqual(self.list_hostnames(service, at(17)), both)
            self.assertEqual(self.list_hostnames(service, at(18)), [])
            self.assertEqual(self.list_hostnames(service, at(19)), both[:1])
            self.assertEqual(self.ask(service, "{ asset_hostname(where: {asset_id: {_eq: \"cmdb/a\"}}) { reported_at } }", at(3)),
                             [{"reported_at": "2023-11-14T22:13:20.02"}])

    def test_versions(self):
        with self.run_service() as service:
            versions = {asset: [(version["from"] % 60_000, version["to"] and version["to"] % 60_000, version["members"]["name"])
                                for version in service.want("GET", f"v3/object?collection=asset&id=cmdb/{asset}")["versions"]]
                        for asset in "abc"}
        self.assertEqual(versions, {"a": [(5000, None, "second"), (3000, 5000, "first")],
                                    "b": [(24000, None, "third"), (3000, 24000, "bé")],
                                    "c": [(10000, None, "again"), (3000, 8000, "c")]})

    def list_changes(self, service, begin, end):
        path = f"v3/changes?from={at(begin)}Z&to={at(end)}Z"
        lines = service.send("GET", "/api/car/" + path)[2].decode().splitlines()
        changes = [json.loads(line) for line in lines]
        self.assertEqual(changes.pop(), {"next": None})
        return sorted((change["change"], change["collection"], change.get("id") or change["from"] + " " + change["to"])
                      for change in changes)

    def test_changes(self):
        with self.run_service() as service:
            self.assertEqual(self.list_changes(service, 3, 5), [("changed", "asset", "cmdb/a")])
            self.assertEqual(self.list_changes(service, 5, 8), [
                ("added", "account", "scanner/ac"), ("added", "asset", "scanner/a"), ("added", "ipaddress", "scanner/0/10.0.0.1"),
                ("added", "user", "scanner/z"), ("added", "user_account", "scanner/z scanner/ac"), ("closed", "asset", "cmdb/c")])
            self.assertEqual(self.list_changes(service, 8, 10), [("added", "asset", "cmdb/c")])
            self.assertEqual(self.list_changes(service, 5, 10)[-1], ("changed", "asset", "cmdb/c"))
            self.assertEqual(self.list_changes(service, 10, 18), [
                ("closed", "asset_hostname", "cmdb/a cmdb/h"), ("closed", "asset_hostname", "cmdb/b cmdb/gone"),
                ("closed", "hostname", "cmdb/gone"), ("closed", "hostname", "cmdb/h")])
            self.assertEqual(self.list_changes(service, 18, 30), [
                ("added", "asset_hostname", "cmdb/a cmdb/h"), ("added", "hostname", "cmdb/h"), ("changed", "asset", "cmdb/b")])

    def test_tags(self):
        query = "{ asset(where: {source: {_eq: \"cmdb\"}}, order_by: {id: asc}) { id tags { tag { id name } } } }"
        with self.run_service() as service:
            tags = [[tagging["tag"][0]["id"] for tagging in asset["tags"]] for asset in self.ask(service, query)]
            self.assertEqual(tags, [["cmdb/critical"], ["scanner/seen"], [], []])
            self.assertEqual([len(asset["tags"]) for asset in self.ask(service, query, at(10))], [1, 0, 0])

    def test_token(self):
        with self.run_service() as service:
            for token, status in (("the token", 200), ("another", 401)):
                self.assertEqual(service.send("GET", "/api/car/v2/databases", headers={"Authorization": f"car-token {token}"})[0], status, token)

    def test_jobs(self):
        """No id of a job is given again."""
        with self.run_service() as service:
            answer = service.want("POST", "imports", {"source": {"_key": "other"}, "report": REPORT, "asset": [{"external_id": "x", "name": "n"}]})
            self.assertEqual(int(answer["id"]), NEXT_JOB)
            self.assertEqual(service.want("GET", "source/cmdb")["model_state_id"], "save point")

    def test_what_has_not_changed(self):
        """The same page changes nothing: no other version comes."""
        page = {"source": {"_key": "scanner"}, "report": {"_key": "1700000000030", "timestamp": 1700000000030},
                "asset": [{"external_id": "a", "name": "seen"}], "ipaddress": [{"_key": "10.0.0.1"}],
                "user": [{"external_id": "z", "name": "Ann"}], "account": [{"external_id": "ac", "name": "ann"}],
                "user_account": [{"_from_external_id": "z", "_to_external_id": "ac"}]}
        with self.run_service() as service:
            service.run_job("POST", "imports", page)
            versions = service.want("GET", "v3/object?collection=asset&id=scanner/a")["versions"]
            self.assertEqual([version["reported_at"] for version in versions], [1700000000030])
            self.assertEqual(self.read_usage(), HELD)

    def test_full_import_under_way(self):
        """Its end closes what was brought neither before nor after."""
        with self.run_service() as service:
            service.run_job("POST", "imports", {"source": {"_key": "cmdb"}, "report": REPORT, "ipaddress": [{"_key": "10.0.0.1"}]})
            service.run_job("DELETE", "source/cmdb/full-import-in-progress")
            self.assertEqual(self.list_names(service), {
                "cmdb/a": "second", "cmdb/b": "third", "cmdb/d": "waited", "scanner/a": "seen"})
            self.assertEqual(self.list_hostnames(service), [("cmdb/a", "cmdb/h", 1, 1), ("cmdb/d", "cmdb/h", 1, 1)])
            gone = ("account", "asset_ipaddress", "user", "user_account")
            self.assertEqual(self.read_usage(), {key: n - (key == ("cmdb", "asset")) for key, n in HELD.items()
                                                 if key[0] != "cmdb" or key[1] not in gone})
            self.assertEqual(self.list_names(service, at(10))["cmdb/c"], "again")

    def test_full_import_ended(self):
        """Where none is under way, nothing is remembered as brought, and another one begins from nothing."""
        with self.open() as database:
            database.execute("UPDATE session SET end_job = 16")
            database.execute("DELETE FROM job WHERE status = 'RUNNING'")
        with run_service(str(self.database)) as service:
            with self.open() as database:
                self.assertEqual(database.execute("SELECT count(*) FROM seen").fetchone(), (0,))
            service.run_job("POST", "source/cmdb/full-import-in-progress")
            service.run_job("POST", "imports", {"source": {"_key": "cmdb"}, "report": {"_key": "r", "timestamp": 1700000000040},
                                                "asset": [{"external_id": "c", "name": "again"}]})
            service.run_job("DELETE", "source/cmdb/full-import-in-progress")
            self.assertEqual(self.list_names(service), {"cmdb/c": "again", "scanner/a": "seen"})

    def test_empty(self):
        """Tables without a row."""
        with self.open() as database:
            for name in ("vertex", "edge", "tagging", "tag", "job", "source", "session", "report", "extension", "setting", "held"):
                database.execute(f"DELETE FROM {name}")
            database.execute("DROP TABLE token")
        with run_service(str(self.database)) as service:
            service.set_up()
            service.run_job("POST", "imports", {"source": {"_key": "s"}, "report": REPORT, "asset": [{"external_id": "x", "name": "n"}]})
            self.assertEqual(self.list_names(service), {"s/x": "n"})

    def want_untouched(self, why, *words):
        before = self.database.read_bytes()
        done = subprocess.run([PROGRAM, *words, "--database", self.database], capture_output=True, text=True, check=False,
                              timeout=60)
        self.assertEqual(done.returncode, 1, (words, done.stderr))
        self.assertIn(str(self.database), done.stderr)
        self.assertIn(why, done.stderr)
        self.assertEqual(self.database.read_bytes(), before)

    def test_other_versions(self):
        for version in (6, 99):
            with self.open() as database:
                database.execute(f"PRAGMA user_version = {version}")
            for words in ((), ("usage",)):
                self.want_untouched("was made by another version of car-service", *words)

    def test_beside(self):
        """Only the service brings tables up to date."""
        for words in (("usage",), ("backup", self.database.with_name("copy.db")), ("vacuum",), ("token", "list")):
            self.want_untouched("start the service on it", *words)

    def want_as_it_was(self, why, **options):
        with self.open() as database:
            before = list(database.iterdump())
        done = subprocess.run([PROGRAM, "--database", self.database], capture_output=True, text=True, check=False, timeout=60,
                              **options)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(str(self.database), done.stderr)
        self.assertIn(why, done.stderr)
        with self.open() as database:
            self.assertEqual(list(database.iterdump()), before)

    def test_failure(self):
        """What cannot be brought up to date stays as it was."""
        with self.open() as database:
            database.execute("INSERT INTO edge SELECT 100, collection, source, from_collection, from_key, from_id, to_collection, to_key,"
                             " to_id, external_id, body, t1, t2, reported_at, seen FROM edge WHERE id = 1")
        self.want_as_it_was("edge")

    def test_no_room(self):
        limit = self.database.stat().st_size // 2
        self.want_as_it_was("failed", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        with self.run_service() as service:
            self.assertEqual(len(self.list_names(service)), 5)


if __name__ == "__main__":
    tap.main()
