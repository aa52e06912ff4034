# SPDX-License-Identifier: Apache-2.0
"""A car-service of one's own for the length of a test, on a free port, in memory unless told otherwise."""

import base64
import contextlib
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import local_postgres

KEY, PASSWORD = "key", "password"


def find_free_port():
    """For a program whose port stands on its command line; others choose one, and tell it in a file."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return str(listening.getsockname()[1])


class Service:
    def __init__(self, port, process=None, log=None):
        self.process, self.log = process, log
        self.url = f"http://127.0.0.1:{port}/api/car/v2"

    @property
    def environment(self):
        """What a connector needs to import into it."""
        return {"CAR_SERVICE_URL": self.url, "CAR_SERVICE_KEY": KEY, "CAR_SERVICE_PASSWORD": PASSWORD}

    def call(self, method, path, body=None, headers=None):
        """The status, and the answer's JSON. The path begins behind /api/car/v2/, or with v3/; the body is JSON, or bytes as they are."""
        base = self.url.removesuffix("/v2") if path.startswith("v3/") else self.url
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        status, _, answer = self.send(method, f"{base}/{path}", data, {"Content-Type": "application/json", **(headers or {})})
        return status, json.loads(answer or b"null")

    def send(self, method, url, body=None, headers=None):
        """The status, the headers, and the answer as it came. A path is taken for one of the service's; a header that is None goes."""
        authorization = "Basic " + base64.b64encode(f"{KEY}:{PASSWORD}".encode()).decode()
        headers = {"Authorization": authorization, **(headers or {})}
        request = urllib.request.Request(
            urllib.parse.urljoin(self.url, url), body, method=method,
            headers={name: value for name, value in headers.items() if value is not None},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=600) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def want(self, method, path, body=None):
        """The answer's JSON, of a call that succeeds."""
        status, answer = self.call(method, path, body)
        assert status == 200, (method, path, status, answer)
        return answer

    def run_job(self, method, path, body=None):
        """The same, and waits for the job that it begins."""
        answer = self.want(method, path, body)
        job = answer.get("job_id") or answer["id"]
        deadline = time.monotonic() + 600
        while (state := self.want("GET", f"jobstatus/{job}"))["status"] == "RUNNING":
            assert time.monotonic() < deadline, state
            time.sleep(0.02)
        assert state["status"] == "COMPLETE", state

    def set_up(self):
        """Makes the database ready."""
        self.run_job("POST", "databases")
        self.run_job("PATCH", "databases", {"graph_name": "assets"})

    def query(self, text):
        return self.want("POST", "v3/query", {"query": text})["data"]


@contextlib.contextmanager
def run_service(database=None, *options):
    """In memory, or in a new database of PostgreSQL where CAR_TEST_DATABASE names its server, unless told otherwise."""
    if database is None:
        database = local_postgres.choose_database()
    program = pathlib.Path(os.environ["TOP_BUILDDIR"], "service", "car-service")
    environment = {**os.environ, "CAR_SERVICE_KEY": KEY, "CAR_SERVICE_PASSWORD": PASSWORD}
    with tempfile.TemporaryDirectory() as folder:
        port_file = pathlib.Path(folder, "port")
        command = [program, "--database", database, "--port-file", port_file, *options]
        with open(pathlib.Path(folder, "log"), "w+") as log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            try:
                deadline = time.monotonic() + 60
                while not (port_file.exists() and port_file.read_text().strip()):
                    if process.poll() is not None or time.monotonic() > deadline:
                        log.seek(0)
                        raise RuntimeError("car-service did not start: " + log.read())
                    time.sleep(0.05)
                yield Service(port_file.read_text().strip(), process, pathlib.Path(log.name))
            finally:
                process.terminate()
                process.wait()
