# SPDX-License-Identifier: Apache-2.0
"""What the tests of faults have in common: a car-fault-service of one's own."""

import base64
import http.client
import json
import os
import pathlib
import subprocess
import tempfile
import time

KEY, PASSWORD = "key", "password"
PROGRAM = pathlib.Path(os.environ["TOP_BUILDDIR"], "fault", "car-fault-service")


class FaultService:
    """car-fault-service with these rules; `with` ends it. `port` is where faults strike, `clear_port` where none does."""

    def __init__(self, *rules, script=None, database=":memory:", verbose=False):
        self.command = [PROGRAM, "--database", database, *(word for rule in rules for word in ("-f", rule))]
        if script is not None:
            self.command += ["--script", script]
        if verbose:
            self.command += ["-v"]
        self.strikes = []

    def __enter__(self):
        environment = {**os.environ, "CAR_SERVICE_KEY": KEY, "CAR_SERVICE_PASSWORD": PASSWORD}
        self.output = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(self.command, env=environment, stdout=self.output, stderr=subprocess.STDOUT)
        lines = self.wait_for_lines(2)
        self.port, self.clear_port = (int(line.partition("127.0.0.1:")[2].partition("/")[0]) for line in lines[:2])
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(timeout=60)
        self.strikes = self.read_lines()[2:]
        self.output.close()
        assert self.process.returncode == 0, (self.process.returncode, self.strikes)

    def read_lines(self):
        # Not where the process writes.
        return os.pread(self.output.fileno(), 1 << 24, 0).decode().split("\n")[:-1]

    def wait_for_lines(self, n_lines):
        deadline = time.monotonic() + 120
        while len(lines := self.read_lines()) < n_lines:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.command} did not do what it should: {lines}")
            time.sleep(0.005)
        return lines

    def wait_for_strikes(self, n_strikes):
        return self.wait_for_lines(2 + n_strikes)[2:]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/api/car/v2"

    def call(self, method, path, body=None, headers=None, clear=False, raw=False, timeout=60):
        """Status, headers and body; of JSON, unless `raw` is asked for."""
        authorization = "Basic " + base64.b64encode(f"{KEY}:{PASSWORD}".encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.clear_port if clear else self.port, timeout=timeout)
        base = "/api/car/v3/" if path.startswith("query") else "/api/car/v2/"
        try:
            connection.request(method, base + path, None if body is None else json.dumps(body),
                               {"Authorization": authorization, "Content-Type": "application/json", **(headers or {})})
            answer = connection.getresponse()
            content = answer.read()
            return answer.status, answer.headers, content if raw else json.loads(content) if content else None
        finally:
            connection.close()

    def set_up(self):
        """Makes the database ready, where no fault strikes."""
        for method, body in (("POST", None), ("PATCH", {"graph_name": "assets"})):
            job = self.call(method, "databases", body, clear=True)[2]["job_id"]
            while self.call("GET", f"jobstatus/{job}", clear=True)[2]["status"] != "COMPLETE":
                time.sleep(0.005)
