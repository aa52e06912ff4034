# SPDX-License-Identifier: Apache-2.0
"""car-service on PostgreSQL: what is its own there. The service's other tests run on a server of their own too."""

import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import local_postgres  # noqa: E402
import parity_world  # noqa: E402
import tap  # noqa: E402
from local_service import run_service  # noqa: E402

PROGRAM = pathlib.Path(os.environ["TOP_BUILDDIR"], "service", "car-service")
TESTS = pathlib.Path(os.environ["TOP_BUILDDIR"], "tests")
SOURCES = pathlib.Path(os.environ["TOP_SRCDIR"], "tests")
SECRET = "hush-hush"


def envelope(number, n=1, report=1, **more):
    assets = [{"external_id": f"{number}-{i}", "name": f"n{i}"} for i in range(n)]
    return {"source": {"_key": "s"}, "report": {"_key": str(report), "timestamp": report}, "asset": assets, **more}


def run_command(*words, **environment):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **environment})


@unittest.skipUnless(local_postgres.find_programs(), "PostgreSQL is not installed (postgresql)")
class Postgres(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(local_postgres.run_server(safe=True))

    def make_database(self):
        return local_postgres.make_database(self.server.url)

    def count(self, service, collection="asset"):
        return service.query(f"{{ {collection}_aggregate {{ aggregate {{ count }} }} }}")[f"{collection}_aggregate"]["aggregate"]["count"]

    def assert_refused(self, database, message, *words):
        done = run_command(*words, "--database", database)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(message, done.stderr)
        self.assertNotIn(SECRET, done.stdout + done.stderr)

    def test_one_service(self):
        database = self.make_database()
        with run_service(database):
            self.assert_refused(database, "in use by another car-service")
            self.assertEqual(run_command("usage", "--database", database).returncode, 0)
            self.assertEqual(run_command("usage", CAR_SERVICE_DATABASE=database).returncode, 0)

    def test_another_program(self):
        database = self.make_database()
        local_postgres.ask(database, "CREATE TABLE precious (x int)")
        self.assert_refused(database, "another program's database")
        self.assert_refused(database, "is no car-service's", "usage")
        self.assertEqual(local_postgres.ask(database, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"), "1")

    def test_newer_version(self):
        database = self.make_database()
        with run_service(database):
            pass
        local_postgres.ask(database, "UPDATE car_service SET version = 999")
        self.assert_refused(database, "was made by another version of car-service")

    def test_encoding(self):
        database = self.make_database()
        name = database.split("/")[3].split("?")[0]
        local_postgres.ask(self.server.url, f"CREATE DATABASE {name}_ascii TEMPLATE template0 ENCODING SQL_ASCII LC_COLLATE 'C' LC_CTYPE 'C'")
        self.assert_refused(database.replace(name, name + "_ascii"), "has the encoding SQL_ASCII")

    def test_password(self):
        database = self.make_database().replace("car@", f"car:{SECRET}@")
        self.assert_refused(database.replace(str(self.server.folder), "/nowhere"), "cannot be opened")
        self.assert_refused(database.replace("postgresql://", "postgresql://[") + "%", "cannot be opened")
        with run_service(database + f"&password={SECRET}") as service:
            arguments = pathlib.Path(f"/proc/{service.process.pid}/cmdline").read_bytes()
            self.assertIn(b"postgresql://", arguments)
            self.assertNotIn(SECRET.encode(), arguments)

    def test_backup_and_check(self):
        database = self.make_database()
        with run_service(database) as service:
            service.set_up()
            service.run_job("POST", "imports", envelope(1, 10))
            self.assert_refused(database, "pg_dump", "backup", "/nowhere/copy")
            self.assertEqual(run_command("check", "--database", database).returncode, 0)
            local_postgres.ask(database, "UPDATE held SET n = n + 1")
            self.assert_refused(database, "is damaged", "check")

    def test_server_restarts(self):
        """What was answered for is there, and the service finds its way back."""
        with run_service(self.make_database()) as service:
            service.set_up()
            service.run_job("POST", "imports", envelope(1, 100))
            self.server.stop("immediate")
            self.assertGreaterEqual(service.call("POST", "imports", envelope(2))[0], 500)
            self.server.start()
            deadline = time.monotonic() + 30
            while service.call("GET", "databases")[0] != 200 and time.monotonic() < deadline:
                time.sleep(0.1)
            service.run_job("POST", "imports", envelope(3, 50))
            self.assertEqual(self.count(service), 150)

    def test_killed(self):
        """Whatever is killed, a job that was taken is done, once."""
        database = self.make_database()
        taken = 0
        for i in range(3):
            with run_service(database) as service:
                service.set_up()
                for page in range(8):
                    service.want("POST", "imports", envelope(f"{i}-{page}", 500))
                    taken += 500
                service.process.send_signal(signal.SIGKILL)
                if i == 1:
                    self.server.stop("immediate")
                    self.server.start()
        with run_service(database) as service:
            deadline = time.monotonic() + 60
            while self.count(service) < taken and time.monotonic() < deadline:
                time.sleep(0.1)
            self.assertEqual(self.count(service), taken)
        self.assertEqual(run_command("check", "--database", database).returncode, 0)

    def test_nuls(self):
        """PostgreSQL has no NUL in a text: it stands there as it was sent, and what is asked sees the sign for what is no sign."""
        with run_service(self.make_database()) as service:
            service.set_up()
            service.run_job("POST", "imports", {**envelope(1, 0), "asset": [
                {"external_id": "a", "name": "x\0y", "description": "a\\u0000"}, {"external_id": "b", "name": "plain"}]})
            rows = service.query("{ asset(order_by: {external_id: asc}) { external_id name description } }")["asset"]
            self.assertEqual(rows[0], {"external_id": "a", "name": "x\0y", "description": "a\\u0000"})
            found = service.query('{ asset(where: {name: {_eq: "plain"}}) { external_id } }')["asset"]
            self.assertEqual(found, [{"external_id": "b"}])
            found = service.query('{ asset(where: {name: {_like: "x%y"}}) { external_id } }')["asset"]
            self.assertEqual(found, [{"external_id": "a"}])

    def test_long_names(self):
        """What no index holds is left out, and told."""
        with run_service(self.make_database()) as service:
            service.set_up()
            service.run_job("POST", "imports", {**envelope(1, 0), "asset": [
                {"external_id": "k" * 5000, "name": "n"}, {"external_id": "b", "name": "long" * 5000}]})
            self.assertEqual(service.want("GET", "jobstatus/3")["warnings"][0]["message"],
                             "its name is longer than the 2000 bytes that PostgreSQL finds again")
            name = "long" * 5000
            self.assertEqual(service.query(f'{{ asset(where: {{name: {{_eq: "{name}"}}}}) {{ external_id }} }}')["asset"], [{"external_id": "b"}])

    def test_history_in_parts(self):
        """History lies in parts by month, and an old one goes whole."""
        database = self.make_database()
        with run_service(database) as service:
            service.set_up()
            service.run_job("POST", "imports", envelope(1, 5))
            service.run_job("POST", "imports", {**envelope(1, 0), "asset": [{"external_id": "1-0", "name": "other"}]})
        parts = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'vertex_history'::regclass"
        self.assertEqual(local_postgres.ask(database, parts), "1")
        local_postgres.ask(database, """
            CREATE TABLE vertex_history_2001_01 PARTITION OF vertex_history FOR VALUES FROM (978307200000) TO (980985600000);
            INSERT INTO vertex_history SELECT id, 978307200001, reported_at, source, collection, key, connecting_id, body, 978307200002 FROM vertex""")
        with run_service(database, "--keep-history", "1000") as service:
            deadline = time.monotonic() + 30
            while local_postgres.ask(database, parts) != "1" and time.monotonic() < deadline:
                time.sleep(0.1)
            self.assertEqual(local_postgres.ask(database, parts), "1")
            self.assertEqual(local_postgres.ask(database, "SELECT count(*) FROM vertex_history"), "1")

    def test_parity(self):
        """What SQLite answers, PostgreSQL does."""
        with run_service(":memory:") as one, run_service(self.make_database()) as other:
            services = (one, other)
            for service in services:
                parity_world.fill(service)
            time.sleep(1.1)
            moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
            time.sleep(1.1)
            for service in services:
                parity_world.change(service)
            for query in parity_world.QUERIES:
                for headers in ({}, {"x-hasura-car-timepoint": moment}):
                    with self.subTest(query=query, headers=headers):
                        first, second = (service.call("POST", "v3/query", {"query": query}, headers)[1] for service in services)
                        self.assertEqual({**first, "trace": None}, {**second, "trace": None})

    def test_reading_beside_writing(self):
        """A query sees one moment, whatever is written meanwhile."""
        with run_service(self.make_database()) as service:
            service.set_up()
            service.run_job("POST", "imports", envelope(0, 500))
            counts = []
            done = threading.Event()

            def look():
                while not done.is_set():
                    answer = service.query("{ asset { name } asset_aggregate { aggregate { count } } }")
                    counts.append((len(answer["asset"]), answer["asset_aggregate"]["aggregate"]["count"]))

            thread = threading.Thread(target=look)
            thread.start()
            for i in range(1, 10):
                service.run_job("POST", "imports", envelope(i, 500))
            done.set()
            thread.join()
            self.assertTrue(counts)
            for listed, counted in counts:
                self.assertEqual(listed, counted)
                self.assertEqual(listed % 500, 0)


def add_program(name, command):
    """All that the program tests, on this kind of database."""
    def run(self):
        environment = {**os.environ, local_postgres.VARIABLE: self.server.url}
        done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False, env=environment)
        self.assertEqual(done.returncode, 0, done.stdout[-4000:] + done.stderr[-4000:])

    setattr(Postgres, f"test_program_{name.replace('-', '_')}", run)


for program in ("store", "http", "sessions", "queries", "page", "hostile"):
    add_program(program, [str(TESTS / f"test-service-{program}")])
for program in ("queries", "service-metrics", "service-tokens", "closing"):
    add_program(program + ".py", [sys.executable, str(SOURCES / f"test-{program}.py")])
for name, program in (("reference_demo", "connectors/reference/demo.py"), ("reference_parity", "tests/test-reference-parity.py")):
    add_program(name, [os.environ.get("PYTHON_GI", sys.executable), str(SOURCES.parent / program)])

tap.main(900)
