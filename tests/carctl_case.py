# SPDX-License-Identifier: Apache-2.0
"""What tests of carctl have in common: a folder of their own, and no settings but those that they give."""

import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

TOP, BUILD = pathlib.Path(os.environ["TOP_SRCDIR"]).resolve(), pathlib.Path(os.environ["TOP_BUILDDIR"]).resolve()
PATH = ":".join(map(str, (BUILD / "carctl", BUILD / "service", BUILD / "fault", BUILD / "connectors" / "host", os.environ["PATH"])))
CLEAN = {name: value for name, value in os.environ.items()
         if not name.startswith(("CAR_", "CONNECTION_", "CONFIGURATION_")) and name != "CREDENTIALS_DIRECTORY"}

# Two machines with one address.
PAGE = {"source": {"_key": "s1", "name": "s1"}, "report": {"_key": "1", "timestamp": 1},
        "asset": [{"external_id": "a", "name": "Web server"}, {"external_id": "b", "name": "Büro 東京"}], "ipaddress": [{"_key": "192.0.2.1"}],
        "asset_ipaddress": [{"_from_external_id": name, "_to": "ipaddress/192.0.2.1", "report": "1", "source": "s1", "timestamp": 1, "active": True}
                            for name in "ab"]}


def take_signals():
    """For the start of a program: whoever started the tests may have signals ignored, as nohup does."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="car-carctl-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.environment = {**CLEAN, "PATH": PATH, "TMPDIR": str(self.folder), "CAR_SECRETS_DIR": str(self.folder / "secrets")}

    def start(self, *arguments, **how):
        return subprocess.run(["carctl", *map(str, arguments)], cwd=self.folder, **{
            "env": self.environment, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8", "timeout": 120, **how})

    def run_carctl(self, *arguments, code=0, stdin="", **environment):
        done = self.start(*arguments, input=stdin, env={**self.environment, **environment})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code in (0, 1) else done.stderr


class Machine(Case):
    """The connector of this machine, with a machine that is a folder."""

    def write_passwd(self, *users):
        for name in ("etc", "proc/net", "sys/class"):
            (self.folder / "root" / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "root/etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
        (self.folder / "root/etc/passwd").write_text("".join(f"{name}:x:{1000 + i}:1000::/:/bin/sh\n" for i, name in enumerate(users)))

    def collect(self, name):
        self.run_carctl("collect", "-o", name, "car-connector-host", "--", "--root", self.folder / "root")
        return self.folder / name


def import_page(service, page):
    job = service.want("POST", "imports", page)["id"]
    while (state := service.want("GET", f"importstatus?ids={job}"))["incomplete_imports"]:
        time.sleep(0.02)
    assert state["error_imports"] == [], state
