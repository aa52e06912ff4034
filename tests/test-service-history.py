# SPDX-License-Identifier: Apache-2.0
"""How much history car-service keeps, what its database takes (usage), and room that goes back to the disk (vacuum)."""

import contextlib
import json
import os
import pathlib
import re
import resource
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
from local_service import run_service  # noqa: E402

PROGRAM = pathlib.Path(os.environ["TOP_BUILDDIR"], "service", "car-service")
POLICY = "v3/DataRetentionPolicy"


def envelope(source, **collections):
    return {"source": {"_key": source, "name": "n"}, "report": {"_key": "1", "timestamp": 1700000000000}, **collections}


class History(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.database = str(self.folder / "car.db")

    def run_command(self, name, *words, **options):
        return subprocess.run([PROGRAM, name, "--database", self.database, *words],
                              capture_output=True, text=True, check=False, timeout=120, **options)

    def want(self, *words, **options):
        done = self.run_command(*words, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def read_usage(self, **options):
        """The whole, and by source and collection: objects and versions."""
        whole = json.loads(self.want("usage", "--json", **options))
        return whole, {(use["source"], use["collection"]): (use["now"]["count"], use["history"]["count"])
                       for use in whole["collections"]}

    @contextlib.contextmanager
    def open(self):
        """The database, beside the service's back."""
        with contextlib.closing(sqlite3.connect(self.database, isolation_level=None)) as database:
            yield database

    def free_room(self, size):
        with self.open() as database:
            database.execute("CREATE TABLE filler (data)")
            database.executemany("INSERT INTO filler VALUES (zeroblob(?))", [(100_000,)] * (size // 100_000))
            database.execute("DROP TABLE filler")
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def fill(self, service, versions=3):
        service.set_up()
        for number in range(versions):
            service.run_job("POST", "imports", envelope(
                "s", asset=[{"external_id": "a", "name": f"name {number}"}, {"external_id": "b", "name": "bé"}],
                hostname=[{"_key": "h"}], asset_hostname=[{"_from_external_id": "a", "_to": "hostname/h"}]))
        service.run_job("POST", "imports", envelope("t", asset=[{"external_id": "a", "name": "n"}]))

    FULL = {("s", "asset"): (2, 2), ("s", "asset_hostname"): (1, 0), ("s", "hostname"): (1, 0), ("t", "asset"): (1, 0)}

    def test_policy(self):
        """The option is the call's policy: the later one holds, also over a start without the option."""
        with run_service(self.database, "--keep-history", "30") as service:
            service.set_up()
            self.assertEqual(service.want("GET", POLICY), {"policy_name": "Time", "policy_value": 30})
            other = {"policy_name": "DiskUsage", "policy_value": 7_000_000}
            service.want("POST", POLICY, other)
        with run_service(self.database) as service:
            self.assertEqual(service.want("GET", POLICY), other)
        with run_service(self.database, "--keep-history=500MB") as service:
            self.assertEqual(service.want("GET", POLICY), {"policy_name": "DiskUsage", "policy_value": 500_000_000})

    def test_carried_out(self):
        with run_service(self.database) as service:
            self.fill(service)
        self.assertEqual(self.read_usage()[1], self.FULL)
        with run_service(self.database, "--keep-history", "1"):
            pass
        self.assertEqual(self.read_usage()[1], self.FULL)
        with run_service(self.database, "--keep-history", "0"):
            deadline = time.monotonic() + 60
            while self.read_usage()[1] == self.FULL and time.monotonic() < deadline:
                time.sleep(0.1)
            self.assertEqual(self.read_usage()[1], {**self.FULL, ("s", "asset"): (2, 0)})

    def test_wrong_limits(self):
        for limit in ("", "-1", "5x", "1.5GB", "forever"):
            done = subprocess.run([PROGRAM, "--database", self.database, f"--keep-history={limit}"],
                                  capture_output=True, text=True, check=False, timeout=60)
            self.assertEqual(done.returncode, 2, (limit, done.stderr))
            self.assertIn(f"--keep-history={limit} is neither a number of days, such as 90, nor a size, such as 500MB", done.stderr)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_usage(self):
        with run_service(self.database) as service:
            self.fill(service)
            table = self.want("usage").splitlines()
            whole, counts = self.read_usage(env={**os.environ, "LC_ALL": "C"})
            self.assertEqual(counts, self.FULL)
            with self.open() as database:
                pages, size = (database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
                lengths = database.execute(
                    "SELECT source.key, collection.name, holds, sum(length(CAST(object.body AS BLOB)))"
                    " FROM (SELECT source, collection, 1 AS holds, body FROM vertex"
                    "  UNION ALL SELECT source, collection, 1, body FROM edge"
                    "  UNION ALL SELECT source, collection, 0, body FROM vertex_history"
                    "  UNION ALL SELECT source, collection, 0, body FROM edge_history) AS object"
                    " JOIN source ON source.id = object.source JOIN collection ON collection.id = object.collection"
                    " GROUP BY 1, 2, 3").fetchall()
        self.assertEqual((whole["bytes"], whole["free_bytes"] % size), (pages * size, 0))
        self.assertEqual({(use["source"], use["collection"], holds): use["now" if holds else "history"]["bytes"]
                          for use in whole["collections"] for holds in (0, 1) if use["now" if holds else "history"]["count"]},
                         {tuple(row[:3]): row[3] for row in lengths})

        # Ordered, and as wide as the titles.
        self.assertEqual(table[0].split(), ["SOURCE", "COLLECTION", "OBJECTS", "BYTES", "HISTORY", "BYTES"])
        self.assertEqual([tuple(line.split()[:2]) for line in table[1:-1]], sorted(self.FULL))
        self.assertEqual({len(line) for line in table[:-1]}, {len(table[0])})
        self.assertIn(self.database, table[-1])

    def test_usage_reads_only(self):
        """It waits for nobody who writes, and no byte changes."""
        with run_service(self.database) as service:
            self.fill(service)
        before = pathlib.Path(self.database).read_bytes()
        self.want("usage")
        self.assertEqual(pathlib.Path(self.database).read_bytes(), before)
        with self.open() as database:
            database.execute("BEGIN IMMEDIATE")
            self.assertEqual(self.read_usage()[1], self.FULL)

    def test_usage_of_nothing(self):
        with run_service(self.database):
            pass
        whole, counts = self.read_usage()
        self.assertEqual(counts, {})
        self.assertGreater(whole["bytes"], 0)
        self.assertEqual(len(self.want("usage").splitlines()), 1)

    def test_usage_that_nobody_can_read(self):
        with run_service(self.database):
            pass
        with open("/dev/full", "w") as full:
            done = subprocess.run([PROGRAM, "usage", "--json", "--database", self.database],
                                  stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard output", done.stderr)

    def vacuum(self):
        """The sizes that it tells."""
        before, after = (int(number.replace(",", "")) for number in re.findall(r"([\d,]+) bytes before, and has ([\d,]+)", self.want("vacuum"))[0])
        return before, after

    def test_vacuum(self):
        with run_service(self.database) as service:
            self.fill(service)
        self.free_room(20_000_000)
        before, after = self.vacuum()
        self.assertGreater(before, 20_000_000)
        self.assertLess(after, 2_000_000)
        self.assertEqual(os.path.getsize(self.database), after)
        self.assertEqual(self.read_usage()[0]["free_bytes"], 0)
        self.assertEqual(self.read_usage()[1], self.FULL)
        self.assertEqual(self.vacuum(), (after, after))

    def test_vacuum_while_it_writes(self):
        stop = threading.Event()
        written = []
        with run_service(self.database) as service:
            self.fill(service)

            def write():
                while not stop.is_set():
                    service.run_job("POST", "imports", envelope("w", asset=[{"external_id": str(len(written)), "name": "n"}]))
                    written.append(1)

            writer = threading.Thread(target=write)
            self.free_room(20_000_000)
            writer.start()
            try:
                before, after = self.vacuum()
                during = len(written)
            finally:
                stop.set()
                writer.join()
            self.assertGreater(before, 20_000_000)
            self.assertLess(after, 4_000_000)
            self.assertGreater(during, 0)
            self.assertEqual(self.read_usage()[1], {**self.FULL, ("w", "asset"): (len(written), 0)})
        self.want("check")

    def test_vacuum_of_locked(self):
        with run_service(self.database):
            pass
        with self.open() as database:
            database.execute("BEGIN IMMEDIATE")
            done = self.run_command("vacuum")
        self.assertEqual(done.returncode, 1)
        self.assertIn(self.database, done.stderr)
        self.assertIn("another program writes into it: try again", done.stderr)

    def test_vacuum_without_room(self):
        with run_service(self.database) as service:
            self.fill(service)
        self.free_room(20_000_000)
        done = self.run_command("vacuum", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)))
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(self.database, done.stderr)
        self.want("check")
        self.assertEqual(self.read_usage()[1], self.FULL)

    def test_wrong(self):
        for words, code, named in ((("usage", "x"), 2, "usage --help"), (("vacuum", "x"), 2, "vacuum --help"),
                                   (("usage", "--nonsense"), 2, "nonsense"), (("usage",), 1, self.database),
                                   (("vacuum",), 1, self.database)):
            done = self.run_command(*words)
            self.assertEqual(done.returncode, code, (words, done.stderr))
            self.assertIn(named, done.stderr, words)
        self.assertEqual(list(self.folder.iterdir()), [])


if __name__ == "__main__":
    tap.main()
