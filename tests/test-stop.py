# SPDX-License-Identifier: Apache-2.0
"""SIGTERM while a connector's method blocks, in C, Python and JavaScript: the process ends in ten seconds, with exit code 143
and a line that says so, and the next run brings all."""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

from local_service import run_service

SOURCE = pathlib.Path(os.environ["TOP_SRCDIR"])
BUILD = pathlib.Path(os.environ["TOP_BUILDDIR"])
MOST_SECONDS = 10

PYTHON = """
import os, re, socket, sys, time
import gi
gi.require_version("Car", "1.0")
from gi.repository import Car

class Server(Car.AssetServer):
    def do_test_connection(self, cancellable):
        pass

class Import(Car.FullImport):
    def do_import_vertices(self, cancellable):
        self.data_handler.add_vertex("asset", {"external_id": "1", "name": "one"})
        if "BLOCK" in os.environ:
            print("hanging", flush=True)
            exec(os.environ["BLOCK"])

    def do_import_edges(self, cancellable):
        pass

class App(Car.App):
    def do_create_asset_server(self):
        return Server()

    def do_create_full_import(self):
        return Import()

sys.exit(App().run(sys.argv))
"""
PYTHON_BLOCKS = {
    "a sleep": "time.sleep(600)",
    "a socket": "a, b = socket.socketpair(); a.recv(1)",
    "a loop": "while True: pass",
    "a loop that catches all": """
while True:
    try:
        time.sleep(600)
    except BaseException:
        pass
""",
    "what keeps the interpreter's lock": "re.match('(a+)+$', 'a' * 60 + 'b')",
}

JAVASCRIPT = """
import Car from 'gi://Car?version=1.0';
import GLib from 'gi://GLib';
import Gio from 'gi://Gio';
import GObject from 'gi://GObject';
import System from 'system';

const Server = GObject.registerClass(class Server extends Car.AssetServer {
    vfunc_test_connection() {
        return true;
    }
});
const Import = GObject.registerClass(class Import extends Car.FullImport {
    vfunc_import_vertices() {
        this.data_handler.add_vertex('asset', {external_id: '1', name: 'one'});
        const block = GLib.getenv('BLOCK');
        if (block !== null) {
            print('hanging');
            new Function('GLib', 'Gio', block)(GLib, Gio);
        }
        return true;
    }

    vfunc_import_edges() {
        return true;
    }
});
const App = GObject.registerClass(class App extends Car.App {
    vfunc_create_asset_server() {
        return new Server();
    }

    vfunc_create_full_import() {
        return new Import();
    }
});
System.exit(new App().run([System.programInvocationName, ...ARGV]));
"""
JAVASCRIPT_BLOCKS = {
    "a sleep": "GLib.usleep(600e6)",
    "a pipe": "Gio.File.new_for_path('/dev/stdin').load_contents(null)",
    "a loop": "for (;;);",
}


class Connector:
    """One that blocks in reading vertices; without BLOCK and CONTRACT_FAIL, it does not."""

    def __init__(self, name, command, environment):
        self.name, self.command, self.environment = name, [*map(str, command), "-source", name.replace(" ", "-")], environment
        self.took = None  # seconds from the signal to the end

    def start(self, service, folder):
        self.log = folder / (self.name + ".log")
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                env={**os.environ, **service.environment, **self.environment, "CAR_STATE_DIR": str(folder / "state")})

    def count(self, service):
        source = self.command[-1]
        return len(service.query('{ asset(where: {source: {_eq: "%s"}}) { external_id } }' % source)["asset"])

    def check(self, service, folder):
        """What SIGTERM made of the run, and what the next one does."""
        code = self.process.returncode
        log = self.log.read_text(encoding="utf-8")
        self.process.communicate()
        assert code == 128 + 15, (self.name, code, log)
        assert "Stopped by SIGTERM (exit code 143): no data are lost" in log, (self.name, log)
        assert self.count(service) == 0
        del self.environment[next(name for name in ("BLOCK", "CONTRACT_FAIL") if name in self.environment)]
        self.start(service, folder)
        self.process.communicate()
        assert self.process.returncode == 0, self.log.read_text(encoding="utf-8")
        assert self.count(service) == 1


def list_connectors(folder):
    """Those whose language is there, and has a binding here."""
    introspection = {"GI_TYPELIB_PATH": str(BUILD), "LD_LIBRARY_PATH": str(BUILD / "libcar" / ".libs")}
    bound = (BUILD / "Car-1.0.typelib").exists() and not os.environ.get("SANITIZER_CFLAGS")

    for how in ("hang", "busy"):
        yield Connector(f"c {how}", [BUILD / "tests" / "contract-connector"],
                        {"CONTRACT_SERVER": "x", "CONTRACT_FAIL": f"import_vertices:{how}"})
    if bound and os.environ["PYTHON_GI"] != "no":
        path = folder / "connector.py"
        path.write_text(PYTHON)
        for what, block in PYTHON_BLOCKS.items():
            yield Connector(f"python {what}".replace("'", ""), [os.environ["PYTHON_GI"], path],
                            {**introspection, "PYTHONPATH": str(SOURCE / "bindings" / "python"), "BLOCK": block})
    if bound and os.environ["GJS"] != "no":
        path = folder / "connector.js"
        path.write_text(JAVASCRIPT)
        for what, block in JAVASCRIPT_BLOCKS.items():
            yield Connector(f"javascript {what}", [os.environ["GJS"], "-m", path],
                            {**introspection, "GJS_PATH": str(SOURCE / "bindings" / "javascript"), "BLOCK": block})


def main():
    with tempfile.TemporaryDirectory() as name, run_service() as service:
        folder = pathlib.Path(name)
        connectors = list(list_connectors(folder))
        # All at once: they wait together.
        for connector in connectors:
            connector.start(service, folder)
        try:
            for connector in connectors:
                line = connector.process.stdout.readline()
                assert line == "hanging\n", (connector.name, line, connector.log.read_text(encoding="utf-8"))
            begin = time.monotonic()
            for connector in connectors:
                connector.process.terminate()
            while (now := time.monotonic()) < begin + MOST_SECONDS and None in [connector.took for connector in connectors]:
                for connector in connectors:
                    if connector.took is None and connector.process.poll() is not None:
                        connector.took = now - begin
                time.sleep(0.05)
            print(f"1..{len(connectors)}")
            for number, connector in enumerate(connectors, 1):
                assert connector.took is not None, f"{connector.name} still runs"
                connector.check(service, folder)
                print(f"ok {number} - {connector.name} is stopped ({connector.took:.1f} s)", flush=True)
        finally:
            for connector in connectors:
                connector.process.kill()


sys.exit(main())
