# SPDX-License-Identifier: Apache-2.0
"""A car-service of one's own for the length of a test, on a free port, in memory unless told otherwise."""

import contextlib
import json
import os
import pathlib
import subprocess
import tempfile
import time
import urllib.request

KEY, PASSWORD = "key", "password"


class Service:
    def __init__(self, port, process=None):
        self.port, self.process = port, process
        self.url = f"http://127.0.0.1:{port}/api/car/v2"

    @property
    def environment(self):
        """What a connector needs to import into it."""
        return {"CAR_SERVICE_URL": self.url, "CAR_SERVICE_KEY": KEY, "CAR_SERVICE_PASSWORD": PASSWORD}

    def query(self, text):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        passwords = urllib.request.HTTPPasswordMgrWithPriorAuth()
        passwords.add_password(None, self.url, KEY, PASSWORD, is_authenticated=True)
        passwords.add_password(None, self.url.replace("/v2", "/v3"), KEY, PASSWORD, is_authenticated=True)
        opener.add_handler(urllib.request.HTTPBasicAuthHandler(passwords))
        request = urllib.request.Request(
            self.url.replace("/v2", "/v3/query"),
            json.dumps({"query": text}).encode(),
            {"Content-Type": "application/json"},
        )
        return json.load(opener.open(request, timeout=60))["data"]


@contextlib.contextmanager
def run_service(database=":memory:"):
    program = pathlib.Path(os.environ["TOP_BUILDDIR"], "service", "car-service")
    environment = {**os.environ, "CAR_SERVICE_KEY": KEY, "CAR_SERVICE_PASSWORD": PASSWORD}
    with tempfile.TemporaryDirectory() as folder:
        port_file = pathlib.Path(folder, "port")
        command = [program, "--database", database, "--port-file", port_file]
        with open(pathlib.Path(folder, "log"), "w+") as log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            try:
                deadline = time.monotonic() + 60
                while not (port_file.exists() and port_file.read_text().strip()):
                    if process.poll() is not None or time.monotonic() > deadline:
                        log.seek(0)
                        raise RuntimeError("car-service did not start: " + log.read())
                    time.sleep(0.05)
                yield Service(port_file.read_text().strip(), process)
            finally:
                process.terminate()
                process.wait()
