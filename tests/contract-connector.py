# SPDX-License-Identifier: Apache-2.0
"""tests/contract-connector.c in Python: behaves as the same variables tell it."""

import contextlib
import os
import select
import signal
import sys
import threading
import time
from typing import Any

import gi

gi.require_version("Car", "1.0")
from gi.repository import Car, Gio, GLib


def is_told(variable, method):
    return os.environ.get(variable, "").split(":")[0] == method


def told(method):
    return os.environ["CONTRACT_FAIL"].split(":")[1:] if is_told("CONTRACT_FAIL", method) else []


def say(what, more=""):
    sys.stdout.buffer.write(f"{what}{more or ''}\n".encode())
    sys.stdout.flush()


def wait_until_stopped(cancellable):
    """As most code waits, which looks at no cancellable: an interrupt reaches it in the main thread alone."""
    if threading.current_thread() is threading.main_thread():
        time.sleep(600)
    select.select([cancellable.get_fd()], [], [])
    cancellable.release_fd()
    cancellable.set_error_if_cancelled()


def fail(method, cancellable=None):
    """What CONTRACT_FAIL says for this method. Returns: what the method returns then; None where all is well."""
    match told(method):
        case ["app", code]:
            raise Car.AppError("told to", int(code))
        case ["recoverable", code]:
            raise Car.RecoverableFailure("told to", int(code))
        case ["unrecoverable", code]:
            raise Car.UnrecoverableFailure("told to", int(code))
        case ["datasource", code]:
            raise Car.DatasourceFailure("told to", int(code))
        case ["not-possible"]:
            raise Car.IncrementalNotPossible("told to")
        case ["other"]:
            raise GLib.Error("told to.", "g-io-error-quark", Gio.IOErrorEnum.NO_SPACE)
        case ["signal", number]:
            os.kill(os.getpid(), int(number))
            wait_until_stopped(cancellable)
        case ["signal-ignored", number]:
            with contextlib.suppress(KeyboardInterrupt):
                os.kill(os.getpid(), int(number))
                wait_until_stopped(cancellable)
        case ["signal-unrecoverable", number]:
            with contextlib.suppress(KeyboardInterrupt):
                os.kill(os.getpid(), int(number))
                wait_until_stopped(cancellable)
            raise Car.UnrecoverableFailure("told to")
        case ["hang"]:
            # The signal may come as soon as this is said.
            with contextlib.suppress(KeyboardInterrupt):
                say("hanging")
                wait_until_stopped(cancellable)
            say("still hanging")
            while True:
                signal.pause()
        case ["exception"]:
            raise ValueError("told to")
        case ["exit"]:
            sys.exit(5)
        case ["interrupt"]:
            raise KeyboardInterrupt
        case ["wrong-value"]:
            return 42
        case ["uninitialised"]:
            return FORGETFUL[method]()
        case ["success-with-error"]:
            # As near as it gets: a method returns or raises. What it catches has never been.
            try:
                Car.ImportSchema.new("no JSON")
            except Car.SchemaError:
                return True
            raise AssertionError("nothing was raised")
        case ["no-error"]:
            return False
    return None


class ContractServer(Car.AssetServer):
    def do_test_connection(self, cancellable):
        return fail("test_connection", cancellable)


class ForgetfulServer(Car.AssetServer):
    def __init__(self):
        self.server = "x"


class ForgetfulFull(Car.FullImport):
    def __init__(self):
        self.server = "x"


class ForgetfulIncremental(Car.IncrementalImport):
    def __init__(self):
        self.server = "x"


FORGETFUL: dict[str, type] = {
    "create_asset_server": ForgetfulServer,
    "create_full_import": ForgetfulFull,
    "create_incremental_import": ForgetfulIncremental,
}


class Importer:
    """What both importers share."""

    app: Any
    asset_server: Any
    client: Car.Client
    data_handler: Car.DataHandler
    set_incomplete: Any

    def do_get_new_save_point(self, cancellable):
        failed = fail("get_new_save_point", cancellable)
        return os.environ.get("CONTRACT_SAVE_POINT") if failed is None else failed

    def say_incomplete(self, method):
        if is_told("CONTRACT_INCOMPLETE", method):
            _, collection, reason = os.environ["CONTRACT_INCOMPLETE"].split(":")
            self.set_incomplete(collection, reason)

    def do_import_vertices(self, cancellable):
        assert isinstance(self.app, ContractApp)
        assert isinstance(self.client, Car.Client)
        assert type(self.asset_server) is ContractServer
        if "CONTRACT_NO_DATA" not in os.environ:
            one: dict[str, Any] = {"external_id": "1", "name": "one"}
            self.data_handler.add_vertex("asset", one)
            self.data_handler.add_vertices("asset", (vertex for vertex in [one, {"external_id": 2}]))
        self.say_incomplete("import_vertices")
        return fail("import_vertices", cancellable)

    def do_import_edges(self, cancellable):
        if "CONTRACT_NO_DATA" not in os.environ:
            self.data_handler.add_edge("asset_hostname", {"_from_external_id": "1", "_to": "hostname/h"})
        return fail("import_edges", cancellable)


for missing in ("import_vertices", "import_edges"):
    if is_told("CONTRACT_MISSING", missing):
        delattr(Importer, "do_" + missing)


class ContractFull(Importer, Car.FullImport):
    pass


class ContractIncremental(Importer, Car.IncrementalImport):
    if not is_told("CONTRACT_MISSING", "get_data_for_delta"):

        def do_get_data_for_delta(self, last_save_point, new_save_point, cancellable):
            say("last save point: ", last_save_point)
            say("new save point: ", new_save_point)
            return fail("get_data_for_delta", cancellable)

    if not is_told("CONTRACT_MISSING", "delete_vertices"):

        def do_delete_vertices(self, cancellable):
            if "CONTRACT_NO_DATA" not in os.environ:
                self.data_handler.delete_vertices("asset", ["8", "9"], cancellable)
            self.say_incomplete("delete_vertices")
            return fail("delete_vertices", cancellable)


class ContractApp(Car.App):
    def __init__(self):
        link = os.environ.get("CONTRACT_LINK")
        super().__init__(
            version=os.environ.get("CONTRACT_VERSION"),
            product_link=link,
            report_type="of a test" if link else None,
        )
        if "CONTRACT_SAY" in os.environ:
            GLib.log_variant(
                None,
                GLib.LogLevelFlags.LEVEL_MESSAGE,
                GLib.Variant("a{sv}", {"MESSAGE": GLib.Variant("s", os.environ["CONTRACT_SAY"])}),
            )
        self.add_setting("server", "CONTRACT_SERVER", "the data source", required=True, argument="URL")
        self.add_setting("secret", "CONTRACT_SECRET", "its password", secret=True, argument="PASSWORD")
        self.add_setting("quick", "CONTRACT_QUICK", "be quick", type=bool)

    def make(self, method, kind):
        """An object of the right kind, or what the method is told to return in its place."""
        failed = fail(method)
        if failed is not None:
            return failed
        return Gio.Cancellable() if told(method) == ["wrong-type"] else kind()

    if not is_told("CONTRACT_MISSING", "create_asset_server"):

        def do_create_asset_server(self):
            if "CONTRACT_SHOW" in os.environ:
                value = self.get_setting(os.environ["CONTRACT_SHOW"])
                say("setting: ", "true" if value is True else value)
            # A method that makes an object has no other way to make none.
            return self.make("create_asset_server", ContractServer) or None

    if not is_told("CONTRACT_MISSING", "create_full_import"):

        def do_create_full_import(self):
            return self.make("create_full_import", ContractFull) or None

    def do_create_schema_extension(self):
        if "CONTRACT_EXTENSION" in os.environ:
            return Car.SchemaExtension.new("contract", "tests", 2, {"vertices": [], "edges": []})
        if told("create_schema_extension") == ["wrong-type"]:
            return Gio.Cancellable()
        return fail("create_schema_extension")

    def do_create_incremental_import(self):
        if "CONTRACT_INCREMENTAL" in os.environ:
            return self.make("create_incremental_import", ContractIncremental)
        return fail("create_incremental_import")


def main():
    codes = []
    if "CONTRACT_THREAD" not in os.environ:
        return ContractApp().run(sys.argv)
    thread = threading.Thread(target=lambda: codes.append(ContractApp().run(sys.argv)))
    thread.start()
    thread.join()
    return codes[0]


if __name__ == "__main__":
    sys.exit(main())
