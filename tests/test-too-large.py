# SPDX-License-Identifier: Apache-2.0
"""A service that takes no large pages, and a disk that takes no large files."""

import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

from fault_world import KEY, PASSWORD, FaultService

CONNECTOR = pathlib.Path(os.environ["TOP_BUILDDIR"], "tests", "fault-connector")
LIMIT = 20_000
ASSETS = 3000


def run(service, folder, assets, *options, limits=None):
    source = pathlib.Path(folder, "source.json")
    source.write_text(json.dumps({"state": "1", "vertices": {"asset": assets}, "edges": {"asset_hostname": []}}))
    environment = {**os.environ, "CAR_SERVICE_URL": service.url, "CAR_SERVICE_KEY": KEY, "CAR_SERVICE_PASSWORD": PASSWORD,
                   "FAULT_CONNECTOR_FILE": str(source), "FAULT_CONNECTOR_FULL": "1",
                   "CAR_STATE_DIR": folder, "XDG_STATE_HOME": folder}
    return subprocess.run([CONNECTOR, "-source", "faults", "-log-format", "text", *options], env=environment, preexec_fn=limits,
                          capture_output=True, text=True, timeout=300)


def count(service):
    answer = service.call("POST", "query", {"query": "{ asset { external_id } }"}, clear=True)[2]
    return len(answer["data"]["asset"])


def small(number):
    return [{"external_id": f"a{n}", "name": "x" * 40} for n in range(number)]


def large(number, size=2 * LIMIT):
    return [{"external_id": f"large{n}", "name": "x" * size} for n in range(number)]


def test_learns():
    """What the service takes is learned once, and not for every page."""
    with FaultService(f"import:413,larger-than={LIMIT},times=always", verbose=True) as service, tempfile.TemporaryDirectory() as folder:
        done = run(service, folder, small(ASSETS))
        assert done.returncode == 0, done.stderr
        assert count(service) == ASSETS
        refused = sum(":413," in line for line in service.read_lines())
        posted = sum(line.startswith("import: POST") for line in service.read_lines())
    # 3000 assets of 70 bytes: 210 kB in two pages of 2000 at most.
    assert refused <= 5, refused
    assert posted < 40, posted


def test_leaves_out():
    """Objects that are too large alone are left out, named in one warning, counted, and written to the file."""
    with FaultService(f"import:413,larger-than={LIMIT},times=always") as service, tempfile.TemporaryDirectory() as folder:
        left_out, summary = pathlib.Path(folder, "left-out"), pathlib.Path(folder, "summary")
        done = run(service, folder, small(10) + large(5) + small(20)[10:], "-left-out", str(left_out), "-summary", str(summary))
        assert done.returncode == 0, done.stderr
        assert count(service) == 20
        warnings = [line for line in done.stderr.splitlines() if "too large" in line]
        assert len(warnings) == 1 and "5 of asset" in warnings[0] and "large0" in warnings[0] and "and 2 more" in warnings[0], warnings
        row = json.loads(summary.read_text())["collections"][0]
        assert (row["read"], row["sent"]) == (25, 20) and row["why_left_out"][0]["count"] == 5, row
        assert [json.loads(line)["object"]["external_id"] for line in left_out.read_text().splitlines()] == [f"large{n}" for n in range(5)]


def test_guard():
    """What is left out so would be closed: -max-left-out guards it."""
    with FaultService("import:413,at=1,larger-than=5000,times=always") as service, tempfile.TemporaryDirectory() as folder:
        assert run(service, folder, small(60) + [{"external_id": f"large{n}", "name": "x"} for n in range(80)]).returncode == 0
        done = run(service, folder, small(60) + large(80, 6000))
        assert done.returncode == 12 and "-max-left-out" in done.stderr, done
        assert count(service) == 140


def test_refuses_everything():
    """A service that finds every object too large has another fault: none is left out for it, and the run fails."""
    with FaultService("import:413,larger-than=1000,times=always") as service, tempfile.TemporaryDirectory() as folder:
        assert run(service, folder, small(10)).returncode == 0
        done = run(service, folder, small(20))
        assert done.returncode == 20 and "413" in done.stderr, done
        assert count(service) == 10


def test_file_size():
    """A limit on the size of files ends a run with a message, and not with a signal."""
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    with FaultService() as service, tempfile.TemporaryDirectory() as folder:
        done = run(service, folder, large(100), limits=limit)
        assert done.returncode == 10 and "File too large" in done.stderr, done
        assert count(service) == 0


def main():
    tests = [test for name, test in globals().items() if name.startswith("test_")]
    print(f"1..{len(tests)}")
    for number, test in enumerate(tests, 1):
        test()
        print(f"ok {number} - {test.__doc__}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
