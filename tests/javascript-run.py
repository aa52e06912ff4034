# SPDX-License-Identifier: Apache-2.0
"""What tests/javascript-connector.ts does, made JavaScript. Usage: javascript-run.py GJS FILE.js"""

import os
import subprocess
import sys

from local_service import run_service

QUERY = """{ asset(order_by: {external_id: asc}) {
    external_id name ipaddresses { ipaddress { name } } hostnames { hostname { name } } } }"""


def run(*arguments, **environment):
    command = [sys.argv[1], "-m", sys.argv[2], "--", "-source", "office", "-office", "secret", *arguments]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_failures():
    for how, code, told in (
        ("", 0, "The data source can be reached"),
        ("app", 2, "told to"),
        ("recoverable", 10, "told to"),
        ("unrecoverable", 21, "told to"),
        ("datasource", 54, "there is no room 1.01"),
        ("other", 1, "OfficeServer.test_connection raised RangeError: told to"),
    ):
        found, log = run("-connection-test", TYPES_FAIL=how)
        assert found == code and told in log, (how, found, log)


def test_imports():
    with run_service() as service:
        code, log = run(**service.environment)
        assert code == 0 and "Full import" in log and "phase 2: 1 of 1" in log, (code, log)
        first, second = service.query(QUERY)["asset"]
        assert (first["name"], second["name"]) == ("Web server", "Database"), (first, second)
        assert first["ipaddresses"] and first["hostnames"] and not second["ipaddresses"], (first, second)

        code, log = run(**service.environment)
        assert code == 0 and "Incremental import" in log, (code, log)
        names = [asset["name"] for asset in service.query(QUERY)["asset"]]
        assert names == ["Web server", "the 3rd"], names

        code, log = run(**service.environment)
        assert code == 0 and "A full import is made: nothing changed" in log, (code, log)


test_failures()
test_imports()
