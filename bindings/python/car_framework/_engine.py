# SPDX-License-Identifier: Apache-2.0
"""Between the public names and libcar: libcar's classes, which call the objects of a connector."""

import argparse
import contextlib
import json
import logging
import operator
import re
import shlex
import sys
import tempfile
import urllib.parse

import gi

gi.require_version("Car", "1.0")
from gi.repository import Car, Gio, GLib

PAGE_SIZE = 2000  # so many objects of a collection stay with a data handler in a run

# libcar's settings, and what they are called in `args`: by 4.x, and by 3.x where that differs.
NAMES = {
    "car-service-url": ("CAR_SERVICE_URL", "car_service_apikey_url"),
    "car-service-key": ("CAR_SERVICE_KEY", "api_key"),
    "car-service-password": ("CAR_SERVICE_PASSWORD", "api_password"),
    "car-service-url-for-token": ("CAR_SERVICE_URL_FOR_AUTHTOKEN", "car_service_token_url"),
    "car-service-token": ("CAR_SERVICE_AUTHTOKEN", "api_token"),
    "source": ("CONNECTION_NAME", "source"),
    "name": ("CONNECTOR_NAME", "connector_name"),
    "version": ("CONNECTOR_VERSION", "version"),
    "debug": ("debug",),
    "connection-test": ("DATASOURCE_CONNECTION_TEST", "connection_test"),
    "export-data-dir": ("export_data_dir",),
    "keep-export-data-dir": ("keep_export_data_dir",),
    "export-data-page-size": ("export_data_page_size",),
}

# Arguments that are wiped from the process list.
_SECRET = re.compile("passw|secret|token|credential|certificate|private|(api|access|auth).?key", re.IGNORECASE)

_app = None  # the App that was made last
_run = None  # the importer that libcar calls
batch = None  # of libcar's data handler, in a run


def get_argument(args, option):
    """The value of one of libcar's settings in `args`, under whichever name it is there; None where it is not."""
    return next((value for name in NAMES[option] if (value := getattr(args, name, None)) is not None), None)


def _context():
    from car_framework.context import context

    return context()


# ---- the program -------------------------------------------------------------------------------------------------


class Arguments(argparse.Namespace):
    """The settings, in which the names of 3.x and of 4.x are one."""


for _new, *_others in NAMES.values():
    for _old in _others:
        _setter = lambda self, value, name=_new: setattr(self, name, value)
        setattr(Arguments, _old, property(operator.attrgetter(_new), _setter))


def guard_setup(setup):
    """A failure in setup() of an app is a failure of the run: run() tells it, and ends with its exit code."""

    def guarded():
        try:
            setup()
        except Car.Failure as failure:
            if _app is None:
                raise
            _app.failure = failure

    return guarded


class App(Car.App):
    """libcar's app for a BaseApp. libcar reads all settings; the connector's parser makes of them what it declares."""

    def __init__(self, connector):
        global _app
        super().__init__(description=connector.parser.description)
        _app = self
        self._connector = connector
        self.failure = None  # of setup()
        self.asked = None  # the importer whose run() is to call go_on(), until it does
        # The connector's arguments by the names of libcar's settings; what an option is called there, where it has one name.
        self._actions, self._options, self._required = {}, {}, []
        for action in connector.parser._actions:
            if action.option_strings and not isinstance(action, argparse._HelpAction):
                self._declare(action)

    def _declare(self, action):
        name = max((option.lstrip("-") for option in action.option_strings), key=len)
        is_switch, is_required = action.nargs == 0, action.required and not action.default
        has_help = action.help not in (None, argparse.SUPPRESS)
        self._actions[name] = action
        self._options.update(dict.fromkeys(action.option_strings, "-" + name))
        self._required += [name] if is_required else []
        self.add_setting(
            name,
            action.dest if action.dest.isupper() else None,
            self._connector.parser._get_formatter()._expand_help(action) if has_help else "",
            type=bool if is_switch else str,
            required=is_required,
            secret=not is_switch and _SECRET.search(name + action.dest) is not None,
            argument=None if is_switch else action.metavar or action.dest.upper(),
        )

    def read_arguments(self):
        """Returns: the settings as the connector knows them. Where they are wrong or missing, the process ends."""
        logging.basicConfig(handlers=[Car.LogHandler()], level=logging.INFO, format="%(message)s")
        try:
            self.prepare([self._options.get(word, word) for word in sys.argv])
        except Car.Failure:
            sys.exit(self.run())  # which says so
        given = self._given = {option: self.get_setting(option) for option in NAMES}
        has_service = given["source"] and (given["car-service-url"] or given["car-service-url-for-token"])
        has_all = all(map(self.get_setting, self._required)) and (has_service or given["connection-test"])
        if self.has_answered() or not has_all:
            sys.exit(self.run())  # which says what is missing, before the connector comes to see that

        args = self._connector.parser.parse_args(self._write_command_line(), Arguments())
        for option, names in NAMES.items():
            setattr(args, names[0], given[option])
        args.export_data_dir = args.export_data_dir or tempfile.gettempdir()
        args.export_data_page_size = int(args.export_data_page_size)
        return args

    def _write_command_line(self):
        """The connector's arguments as its parser reads them."""
        words = []
        for name, action in self._actions.items():
            value, option = self.get_setting(name), action.option_strings[0]
            action.required = False  # libcar has seen to that
            if action.nargs == 0:
                words += [option] if value else []
            elif value is not None:
                words += [f"{option}={value}"] if action.nargs in (None, "?") else [option, *shlex.split(value)]
        return words

    def make_import(self, args):
        """Returns: the exit code."""
        global _run, batch
        for option, names in NAMES.items():
            value = getattr(args, names[0], None)
            if (text := "" if value in (None, False) else str(value)) != (self._given[option] or ""):
                self.set_setting(option, text)
        try:
            return self.run()
        finally:
            _run = batch = None

    def do_create_asset_server(self):
        if self.failure is not None:
            raise self.failure
        return AssetServer()

    def do_create_schema_extension(self):
        extension = self._connector.get_schema_extension()
        return extension and Car.SchemaExtension.new(
            extension.key, extension.owner, int(extension.version), extension.schema
        )

    def do_create_incremental_import(self):
        connector = self._ask_incremental_import(self._ask)
        return connector and IncrementalImport(connector)

    def do_create_full_import(self):
        if _run is None and self.asked is None:  # there is no save point to go on from: run() has its say all the same
            self._ask_incremental_import(lambda connector: connector.run())
        return FullImport(self._ask(_context().full_importer))

    def _ask_incremental_import(self, ask):
        """Its run() comes first, as connectors expect: one that refuses there may be able to do nothing else."""
        connector = getattr(_context(), "inc_importer", None)
        try:
            return ask(connector) if connector else None
        except Car.IncrementalNotPossible as refusal:
            logging.info("No incremental import: %s", refusal.message)
            return None

    def _ask(self, connector):
        """Asks an importer whether to go on. The source and the report are those of the first one that does."""
        self.asked = connector
        connector.run()
        if self.asked is not None:
            raise Car.AppError(f"{type(connector).__name__}.run() neither calls super().run() nor raises a failure")
        with contextlib.suppress(NotImplementedError):
            if _run is None:
                self._take_head(connector.create_source_report_object())
        return connector

    def _take_head(self, head):
        source = _get_texts(head.get("source"), "name", "description", "product_link")
        self.source_name, self.source_description, self.product_link = source
        self.report_type, self.report_description = _get_texts(head.get("report"), "type", "description")


def _get_texts(members, *names):
    return [None if value is None else str(value) for value in map((members or {}).get, names)]


class AssetServer(Car.AssetServer):
    def do_test_connection(self, cancellable):
        server = getattr(_context(), "asset_server", None)
        if not hasattr(server, "test_connection"):
            raise Car.DatasourceFailure("the connector's asset server has no test_connection()")
        if code := server.test_connection():
            raise Car.DatasourceFailure(f"test_connection() returned {code}", code)


# ---- the importers -----------------------------------------------------------------------------------------------


def go_on(connector):
    """What run() of an importer means: libcar does the rest."""
    if _app is None or _app.asked is not connector:
        raise Car.IncrementalNotPossible("there is no save point to go on from")
    _app.asked = None


class _Importer:
    def __init__(self, connector):
        super().__init__()
        self.connector = connector

    def do_get_new_save_point(self, cancellable):
        global _run, batch
        _run, batch = self, Car.Batch(self.data_handler)
        self._take_what_came_before()
        save_point = self.connector.new_model_state_id = self.connector.get_new_model_state_id()
        return str(save_point) if save_point else None

    def do_import_vertices(self, cancellable):
        self.connector.import_vertices()
        batch.flush()

    def do_import_edges(self, cancellable):
        self.connector.import_edges()
        batch.flush()

    def _take_what_came_before(self):
        """Objects that were added before the run wait in the data handler. From here on it has pages of its own."""
        from car_framework.data_handler import BaseDataHandler

        for handler in (BaseDataHandler, getattr(self.connector, "data_handler", None)):
            if handler is BaseDataHandler or isinstance(handler, BaseDataHandler):
                for name, objects in handler.collections.items():
                    self.data_handler.add_vertices(name, objects)
                for name, objects in handler.edges.items():
                    self.data_handler.add_edges(name, objects)
                handler.collections, handler.collection_keys, handler.edges, handler.edge_keys = {}, {}, {}, {}


class FullImport(_Importer, Car.FullImport):
    pass


class IncrementalImport(_Importer, Car.IncrementalImport):
    def do_get_data_for_delta(self, last_save_point, new_save_point, cancellable):
        self.connector.get_data_for_delta(last_save_point, self.connector.new_model_state_id)

    def do_delete_vertices(self, cancellable):
        self.connector.delete_vertices()


# ---- vertices and edges ------------------------------------------------------------------------------------------


def send_added(with_edges=False):
    """Sends the vertices, or all, that were added so far."""
    if _run is not None:
        batch.flush()
        _run.data_handler.send_vertices(_app.get_cancellable())
        if with_edges:
            _run.data_handler.send_edges(_app.get_cancellable())


def send(name, objects):
    """Sends objects that the data handler may have, or not: libcar sends those that are alike once."""
    objects = list(objects or ())
    if _run is not None and objects:
        are_edges = not objects[0].keys().isdisjoint(("_from", "_from_external_id"))
        add = _run.data_handler.add_edges if are_edges else _run.data_handler.add_vertices
        add(name, objects)
        send_added(are_edges)


def get_import_schema():
    """The service's import schema, for a unit test; False where it cannot be had."""
    try:
        return Car.ImportSchema.new(_context().car_service.get_import_schema()["schema"])
    except Exception as error:
        logging.warning("Objects are not checked, since there is no import schema: %s", error)
        return False


def find_violation(schema, name, object):
    """Returns: what is wrong with an object, or None."""
    try:
        if schema and schema.has_collection(name):
            schema.validate_object(name, {member: value for member, value in object.items() if value is not None})
    except Car.SchemaError as violation:
        return violation.message
    return None


# ---- the CAR service ---------------------------------------------------------------------------------------------

_NO_ANSWER = GLib.quark_to_string(Car.recoverable_failure_quark())
_away = set()  # services that did not answer a unit test: it does not wait for them again


def _make_client(args):
    """A client for before a run, or for a unit test, which may be alone in the world."""
    token = get_argument(args, "car-service-token")
    url = get_argument(args, "car-service-url-for-token" if token else "car-service-url") or ""
    key, password = get_argument(args, "car-service-key"), get_argument(args, "car-service-password")
    more = {"max_retries": 0, "idle_timeout": 10}
    if isinstance(args, Arguments):
        authority = _app.get_setting("car-service-ca")
        more = {"tls_database": Gio.TlsFileDatabase.new(authority)} if authority else {}
    elif get_argument(args, "car-service-url") in _away:
        raise Car.RecoverableFailure(f"{url} does not answer")
    return Car.Client(base_url=url, key=key, password=password, token=token or None, **more)


def _to_bytes(data):
    data = data.read() if hasattr(data, "read") else data
    data = data if data is None or isinstance(data, (str, bytes)) else json.dumps(data)
    return data.encode() if isinstance(data, str) else data


def call(method, path, data=None, params=None, api_version=""):
    """Makes a call, with libcar's retries. Returns: the HTTP status, 503 where there is no answer, and the body."""
    path, _, query = path.partition("?")
    segments = [urllib.parse.unquote(segment) for segment in path.strip("/").split("/")]
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True) + list((params or {}).items())
    texts = [str(text) for pair in pairs for text in pair]
    version = Car.ApiVersion.V3 if api_version.strip("/").endswith("v3") else Car.ApiVersion.V2
    body = None if data is None else GLib.Bytes.new(_to_bytes(data))
    cancellable = None if _run is None else _app.get_cancellable()
    try:
        client = _make_client(_context().args) if _run is None else _run.client
        if method == "DELETE" and segments[0] == "source" and texts[:1] in (["external_ids"], ["keys"]):
            keys = [urllib.parse.unquote(key) for key in query.partition("=")[2].split(",")]
            if _run is not None and segments[1] == _run.data_handler.source:
                _run.data_handler.delete_vertices(segments[2], keys, cancellable)
            else:
                client.delete_vertices(segments[1], segments[2], keys, cancellable)
            return 200, b"{}"
        # The plain function, which gives the answer as it came.
        any_status = Car.CLIENT_ANY_STATUS
        answer, status = super(Car.Client, client).call(version, method, segments, texts, body, any_status, cancellable)
    except GLib.Error as error:
        # In a run, no answer is an answer of its own, and all else stops the run.
        if _run is not None and (isinstance(error, Car.Failure) or error.domain != _NO_ANSWER):
            raise
        logging.error("%s", error.message)
        if not isinstance(_context().args, Arguments):
            _away.add(get_argument(_context().args, "car-service-url"))
        return 503, json.dumps({"error": error.message}).encode()
    return status, answer.get_data()
