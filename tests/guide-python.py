# SPDX-License-Identifier: Apache-2.0
"""The connector in docs/guide-python.md, as it stands there, imports a CSV file."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

from local_service import run_service

ROWS = """id,name,address
1,one,10.0.0.1
2,two,10.0.0.2
3,"three, or so",10.0.0.2
"""
QUERY = "{ asset(order_by: {external_id: asc}) { external_id name asset_ipaddress { ipaddress { name } } } }"


def run(folder, environment, *arguments):
    command = [sys.executable, pathlib.Path(folder, "connector.py"), "-source", "guide", *arguments]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120)


def main():
    guide = pathlib.Path(os.environ["TOP_SRCDIR"], "docs", "guide-python.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", guide, re.M | re.S)
    connector = next(block for block in blocks if "__main__" in block)
    assert len(connector.splitlines()) < 60, len(connector.splitlines())
    for block in blocks:
        # Those that are a part of a class are indented.
        compile(re.sub(r"^    ", "", block, flags=re.M) if block.startswith("    ") else block, "guide", "exec")
    print("ok 1 - the connector is short, and all examples are Python")

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
        assert all(asset["asset_ipaddress"] for asset in assets), assets
        print("ok 3 - the file is in the service")

        rows.write_text("".join(ROWS.splitlines(keepends=True)[:2]))
        done = run(folder, service.environment, "-file", str(rows))
        assert done.returncode == 0, done.stderr
        assert [asset["name"] for asset in service.query(QUERY)["asset"]] == ["one"]
        print("ok 4 - what is no longer in the file is no longer in the service")
    print("1..4")


main()
