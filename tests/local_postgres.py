# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of one's own, in a temporary folder, for the length of a test: on a socket there, on no port.

As a program: local_postgres.py COMMAND… runs the command with CAR_TEST_DATABASE, a URI of the server. What then starts a car-service
without saying where, gives it a fresh database there: see make_database() and tests/test-database.h."""

import contextlib
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid

VARIABLE = "CAR_TEST_DATABASE"
USER = "car"


def find_programs():
    """The folder of the server's programs, which Debian keeps out of the way; None where there is no server."""
    folders = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name), reverse=True)
    for folder in [*folders, *map(pathlib.Path, os.environ.get("PATH", "").split(":"))]:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    return None


def as_somebody(command):
    """The server refuses to be root's."""
    return command if os.geteuid() != 0 else ["setpriv", "--reuid=nobody", f"--regid={pwd.getpwnam('nobody').pw_gid}", "--clear-groups", *command]


def is_alive(process):
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Server:
    def __init__(self, folder, programs, safe):
        self.folder = folder
        self.data = folder / "data"
        self.programs = programs
        self.url = f"postgresql://{USER}@/postgres?host={folder}"
        self.options = f"-c unix_socket_directories={folder} -c listen_addresses='' -c shared_buffers=128MB -c max_wal_size=2GB"
        if not safe:
            self.options += " -c fsync=off -c full_page_writes=off"

    def run(self, program, *arguments):
        command = as_somebody([str(self.programs / program), *arguments])
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/")
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stdout}")

    def make(self):
        self.run("initdb", "-D", str(self.data), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")

    def start(self):
        self.run("pg_ctl", "-D", str(self.data), "-l", str(self.folder / "log"), "-w", "-o", self.options, "start")

    def list_processes(self):
        """The postmaster, and those that it began."""
        postmaster = int((self.data / "postmaster.pid").read_text().split()[0])
        children = pathlib.Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text()
        return [postmaster, *map(int, children.split())]

    def kill(self):
        """All of it at once, and waits until it is gone: it can be started again."""
        processes = self.list_processes()
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        while any(map(is_alive, processes)):
            time.sleep(0.001)
        # One that nobody has waited for yet would be taken for a server that runs.
        for lock in (self.data / "postmaster.pid", *self.folder.glob(".s.PGSQL.*")):
            lock.unlink()

    def stop(self, mode="fast"):
        self.run("pg_ctl", "-D", str(self.data), "-m", mode, "-w", "stop")


@contextlib.contextmanager
def run_server(safe=False):
    """`safe`: it keeps what it has told to be kept, whatever ends it. Tests that end nothing are faster without."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="car-postgres-"))
    server = Server(folder, find_programs(), safe)
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
        folder.chmod(0o755)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder)


def ask(url, sql):
    """What psql prints of the answer."""
    done = subprocess.run(["psql", "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return done.stdout.strip()


def make_database(url=None):
    """The URI of a new, empty database on the server of this URI, or of CAR_TEST_DATABASE."""
    url = url or os.environ[VARIABLE]
    name = "test_" + uuid.uuid4().hex
    ask(url, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING UTF8")
    return re.sub(r"^(\w+://[^/?]*)(/[^?]*)?", rf"\1/{name}", url)


def choose_database():
    """For a service that is told of no other: a new one where CAR_TEST_DATABASE names a server, else in memory."""
    return make_database() if VARIABLE in os.environ else ":memory:"


if __name__ == "__main__":
    with run_server() as server:
        sys.exit(subprocess.run(sys.argv[1:], env={**os.environ, VARIABLE: server.url}).returncode)
