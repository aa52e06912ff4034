# SPDX-License-Identifier: Apache-2.0
"""The guides' connectors, in C, Python and JavaScript, and a service that goes away in the middle of an import: all arrives
without a second reading, whether the run waits or is killed. With arguments: of so many objects, and for so many seconds."""

import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import time

from guide_connectors import list_connectors, rows
from local_service import KEY, PASSWORD, Service

COLLECTIONS = ("asset", "ipaddress", "asset_ipaddress")


class Away:
    """A car-service that comes back at the same port, with the same data."""

    def __init__(self, folder):
        self.folder, self.port, self.process = folder, None, None
        self.come()
        self.service = Service(self.port)

    def come(self):
        port_file = self.folder / "port"
        port_file.unlink(missing_ok=True)
        program = pathlib.Path(os.environ["TOP_BUILDDIR"], "service", "car-service")
        command = [program, "--database", self.folder / "car.db", "--port-file", port_file]
        environment = {**os.environ, "CAR_SERVICE_KEY": KEY, "CAR_SERVICE_PASSWORD": PASSWORD}
        with open(self.folder / "service.log", "a") as log:
            self.process = subprocess.Popen([*command, *(["--port", self.port] if self.port else [])], env=environment, stdout=log, stderr=log)
        while not (port_file.exists() and port_file.read_text().strip()):
            assert self.process.poll() is None, (self.folder / "service.log").read_text()
            time.sleep(0.05)
        self.port = port_file.read_text().strip()

    def go(self):
        self.process.kill()
        self.process.wait()


def holds(service, source, n_rows):
    """Whether the service has exactly so many objects of each collection."""
    place = '{}: {}(where: {{source: {{_eq: "{}"}}}}, limit: 1, offset: {}) {{ source }}'
    last = service.query("{" + " ".join(place.format(c, c, source, n_rows - 1) for c in COLLECTIONS) + "}")
    more = service.query("{" + " ".join(place.format(c, c, source, n_rows) for c in COLLECTIONS) + "}")
    return all(last[c] and not more[c] for c in COLLECTIONS)


class Run:
    """A connector in a process, with a log that can be read meanwhile."""

    def __init__(self, connector, service, folder, file, is_short):
        self.log = folder / "connector.log"
        environment = {
            **os.environ, **connector.environment, **service.environment, "CAR_STATE_DIR": str(folder / "state"),
            "CAR_SERVICE_MAX_OUTAGE": "900", **({"CAR_SERVICE_MAX_WAIT": "1"} if is_short else {}),
        }
        command = [*map(str, connector.command), "-file", str(file), "-source", connector.name, "-d",
                   *(["-export-data-page-size", "100"] if is_short else [])]
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def text(self):
        return self.log.read_text()

    def wait_for_pages(self, n_pages):
        while self.text().count("POST imports: HTTP 200") < n_pages:
            assert self.process.poll() is None, self.text()[-2000:]
            time.sleep(0.01)


def check(connector, n_rows, seconds, dies):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        file, away = folder / "source.csv", Away(folder)
        try:
            with open(file, "w") as out:
                out.writelines([connector.header, *rows(0, n_rows)])
            run = Run(connector, away.service, folder, file, seconds < 60)
            run.wait_for_pages(10)
            away.go()
            # Whoever reads again finds half of it.
            with open(file, "w") as out:
                out.writelines([connector.header, *rows(0, n_rows // 2)])
            if dies:
                run.process.send_signal(signal.SIGKILL)
                run.process.wait()
            time.sleep(seconds)
            away.come()
            if dies:
                run = Run(connector, away.service, folder, file, seconds < 60)
            assert run.process.wait() == 0, run.text()[-2000:]
            assert ("without asking the source" if dies else "The CAR service answers again") in run.text(), run.text()[-2000:]
            assert holds(away.service, connector.name, n_rows), run.text()[-2000:]
            assert [path.name for path in folder.glob("state/*/*")] == ["lock"]
        finally:
            away.go()


def main():
    n_rows, seconds = (int(argument) for argument in sys.argv[1:3] or ("2000", "2"))
    languages = sys.argv[3:] or ["c", "python", "javascript"]
    number = 0
    with tempfile.TemporaryDirectory() as name:
        for connector in list_connectors(pathlib.Path(name)):
            for dies in (False, True) if connector.name in languages else ():
                begin = time.monotonic()
                check(connector, n_rows, seconds, dies)
                number += 1
                print(f"ok {number} - {connector.name}: {3 * n_rows} objects, and the run {'dies' if dies else 'waits'}")
                print(f"# {time.monotonic() - begin:.0f} s, {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024} MB at most", flush=True)
    print(f"1..{number}")


sys.exit(main())
