# SPDX-License-Identifier: Apache-2.0
"""The connector in docs/guide-python.md, its test and the commands, as they stand there, do what it says."""

import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from local_service import find_free_port, run_service

ROWS = """id,name,address
1,one,10.0.0.1
2,two,10.0.0.2
3,"three, or so",10.0.0.2
"""
SERVICE = pathlib.Path(os.environ["TOP_BUILDDIR"], "service")
QUERY = "{ asset(order_by: {external_id: asc}) { external_id name ipaddresses { ipaddress { name } } } }"


def run(folder, environment, *arguments):
    command = [sys.executable, pathlib.Path(folder, "connector.py"), "-source", "guide", *arguments]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120)


def try_connector(connector):
    with tempfile.TemporaryDirectory() as folder, run_service() as service:
        pathlib.Path(folder, "connector.py").write_text(connector)
        rows = pathlib.Path(folder, "rows.csv")
        done = run(folder, service.environment, "-connection-test", "-file", str(rows))
        assert done.returncode == 51 and "is missing" in done.stderr, (done.returncode, done.stderr)
        print("ok 2 - a missing file is a failure of the data source")

        rows.write_text(ROWS)
        done = run(folder, service.environment, "-file", str(rows))
        assert done.returncode == 0, done.stderr
        assets = service.query(QUERY)["asset"]
        assert [asset["name"] for asset in assets] == ["one", "two", "three, or so"], assets
        assert all(asset["ipaddresses"] for asset in assets), assets
        print("ok 3 - the file is in the service")

        rows.write_text("".join(ROWS.splitlines(keepends=True)[:2]))
        done = run(folder, service.environment, "-file", str(rows))
        assert done.returncode == 0, done.stderr
        assert [asset["name"] for asset in service.query(QUERY)["asset"]] == ["one"]
        print("ok 4 - what is no longer in the file is no longer in the service")


def try_commands(guide, connector):
    """What the guide has one type in, in the shell of somebody who never started a service; on a port that is free."""
    section = guide.split("## Run it\n")[1].split("\n## ")[0]
    commands = "".join(re.findall(r"^    .*\n", section, re.M)).replace("8080", find_free_port())
    with tempfile.TemporaryDirectory() as folder:
        # The first line of the guide's names the Python that Debian has.
        path = pathlib.Path(folder, "csv_connector.py")
        path.write_text(connector.replace("#!/usr/bin/python3", "#!" + sys.executable, 1))
        done = subprocess.run(
            ["bash", "-euc", "trap 'kill %1' EXIT\n" + commands],
            cwd=folder,
            env={**os.environ, "XDG_STATE_HOME": folder, "PATH": f"{SERVICE}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0 and '"Web server"' in done.stdout, (commands, done.stdout, done.stderr)
    print("ok 5 - the commands do what they are to")


def try_pytest(connector, *tests):
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "csv_connector.py").write_text(connector)
        for number, test in enumerate(tests):
            pathlib.Path(folder, f"test_csv_connector{number}.py").write_text(test)
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
            cwd=folder,
            env={**os.environ, "PATH": f"{SERVICE}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0 and "3 passed" in done.stdout, done.stdout + done.stderr
    print("ok 6 - the connector's own test passes")


def main():
    guide = pathlib.Path(os.environ["TOP_SRCDIR"], "docs", "guide-python.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", guide, re.M | re.S)
    connector = next(block for block in blocks if "__main__" in block)
    assert len(connector.splitlines()) < 60, len(connector.splitlines())
    for block in blocks:
        # Those that are a part of a class are indented.
        compile(re.sub(r"^    ", "", block, flags=re.M) if block.startswith("    ") else block, "guide", "exec")
    print("ok 1 - the connector is short, and all examples are Python")

    try_connector(connector)
    try_commands(guide, connector)
    if importlib.util.find_spec("pytest"):
        try_pytest(connector, *(block for block in blocks if "def test_" in block))
    else:
        print("ok 6 # SKIP there is no pytest")
    print("1..6")


main()
