# SPDX-License-Identifier: Apache-2.0
"""car-service backup and check: a copy of a moment while the service writes, and damage that is found."""

import os
import pathlib
import resource
import stat
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
PAGE = 50


def envelope(number):
    """A page of assets, of which a database has all or none."""
    return {
        "source": {"_key": "s", "name": "n"}, "report": {"_key": "1", "timestamp": 1700000000000},
        "asset": [{"external_id": f"{number}-{i}", "name": f"page {number}"} for i in range(PAGE)],
    }


def run(*words, **options):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=False, timeout=120, **options)


class Backup(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.database = str(self.folder / "car.db")
        self.copy = str(self.folder / "copy.db")

    def fill(self, pages=1):
        with run_service(self.database) as service:
            service.set_up()
            for number in range(pages):
                service.run_job("POST", "imports", envelope(number))

    def back_up(self):
        done = run("backup", self.copy, "--database", self.database)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(stat.S_IMODE(os.stat(self.copy).st_mode), 0o600)

    def check(self, database):
        return run("check", "--database", database)

    def test_what_is_no_database(self):
        """An empty file is none: it stays as it is."""
        empty = self.folder / "empty.db"
        empty.touch()
        for words in (("check",), ("backup", self.copy), ("token", "add", "t"), ("usage",), ("vacuum",)):
            done = run(*words, "--database", str(empty))
            self.assertEqual((done.returncode, done.stdout), (1, ""), words)
            self.assertIn("There is no database", done.stderr)
            self.assertEqual(empty.stat().st_size, 0, words)
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        done = run("--database", str(pipe))
        self.assertEqual(done.returncode, 1)
        self.assertIn("no regular file", done.stderr)

    def test_nobody_can_take_it(self):
        self.fill()
        for words in (("check",), ("token", "add", "lost"), ("usage", "--json"), ("--help",), ("--version",), ("--show-credentials",)):
            with open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run([PROGRAM, *words, *(() if words[0].startswith("--") else ("--database", self.database))],
                                      stdout=full, stderr=subprocess.PIPE, text=True, check=False, env={**os.environ, "CAR_SERVICE_KEY": "key", "CAR_SERVICE_PASSWORD": "word"})
            self.assertEqual(done.returncode, 1, words)
            self.assertIn("standard output cannot be written", done.stderr)
        self.assertEqual(run("token", "list", "--database", self.database).stdout, "")

    def test_where_the_port_is_written(self):
        """A link stays one, and a pipe is written into."""
        (self.folder / "port").symlink_to("real")
        (self.folder / "real").touch()
        os.mkfifo(self.folder / "pipe")
        for name in ("port", "pipe"):
            process = subprocess.Popen([PROGRAM, "--database", ":memory:", "--port-file", self.folder / name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       env={**os.environ, "CAR_SERVICE_KEY": "key", "CAR_SERVICE_PASSWORD": "word"})
            self.addCleanup(process.kill)
            text = (self.folder / name).read_text()
            while not text:
                time.sleep(0.05)
                text = (self.folder / name).read_text()
            self.assertGreater(int(text), 0)
            process.terminate()
            self.assertEqual(process.wait(60), 0)
        self.assertTrue((self.folder / "port").is_symlink())
        self.assertTrue((self.folder / "pipe").is_fifo())

    def test_while_it_writes(self):
        stop = threading.Event()
        with run_service(self.database) as service:
            service.set_up()

            def write():
                number = 0
                while not stop.is_set():
                    number += 1
                    service.want("POST", "imports", envelope(number))

            writer = threading.Thread(target=write)
            writer.start()
            try:
                while len(service.query("{ asset(limit: 1000) { id } }")["asset"]) < 10 * PAGE:
                    pass
                self.back_up()
            finally:
                stop.set()
                writer.join()
            token = run("token", "add", "late", "--database", self.database).stdout.strip()
        self.assertEqual(self.check(self.copy).returncode, 0)

        # What was waiting in the copy is done when a service takes it up; no page is there in part.
        with run_service(self.copy) as service:
            service.run_job("POST", "imports", envelope(0))
            counts = {}
            for asset in service.query("{ asset { name } }")["asset"]:
                counts[asset["name"]] = counts.get(asset["name"], 0) + 1
            self.assertGreaterEqual(len(counts), 10)
            self.assertEqual(set(counts.values()), {PAGE})
            # Made after the copy.
            self.assertEqual(service.send("GET", "/api/car/v2/databases", headers={"Authorization": "car-token " + token})[0], 401)

    def test_without_service(self):
        self.fill()
        token = run("token", "add", "early", "--database", self.database).stdout.strip()
        self.back_up()
        with run_service(self.copy) as service:
            self.assertEqual(service.send("GET", "/api/car/v2/databases", headers={"Authorization": "car-token " + token})[0], 200)
            self.assertEqual(len(service.query("{ asset { id } }")["asset"]), PAGE)

    def test_file_that_is_there(self):
        self.fill()
        pathlib.Path(self.copy).write_text("mine")
        done = run("backup", self.copy, "--database", self.database)
        self.assertEqual(done.returncode, 1)
        self.assertIn(self.copy, done.stderr)
        self.assertEqual(pathlib.Path(self.copy).read_text(), "mine")

    def test_no_room(self):
        """Half a copy would be taken for one."""
        self.fill()
        done = run("backup", self.copy, "--database", self.database,
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)))
        self.assertEqual(done.returncode, 1)
        self.assertIn(self.copy, done.stderr)
        self.assertEqual([file.name for file in self.folder.glob("copy*")], [])

    def test_damage(self):
        self.fill(20)
        done = self.check(self.database)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(self.database, "r+b") as file:
            file.seek(os.path.getsize(self.database) // 2)
            file.write(b"\xff" * 8192)
        done = self.check(self.database)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(self.database, done.stderr)

    def test_wrong(self):
        missing = str(self.folder / "none.db")
        other = self.folder / "other"
        other.write_text("x" * 4096)
        for words, code, named in (
            (("backup",), 2, "backup FILE"), (("backup", "a", "b"), 2, "backup FILE"), (("check", "x"), 2, "--database"),
            (("backup", self.copy, "--database", missing), 1, missing), (("check", "--database", missing), 1, missing),
            (("check", "--database", str(other)), 1, str(other)), (("check", "--nonsense"), 2, "nonsense"),
        ):
            done = run(*words)
            self.assertEqual(done.returncode, code, (words, done.stderr))
            self.assertIn(named, done.stderr, words)
        self.assertFalse(os.path.exists(missing))
        self.assertFalse(os.path.exists(self.copy))


if __name__ == "__main__":
    tap.main()
