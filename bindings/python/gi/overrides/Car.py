# SPDX-License-Identifier: Apache-2.0
"""libcar in Python's own terms: dicts, iterables and exceptions."""

import collections
import contextlib
import difflib
import functools
import itertools
import json
import logging
import os
import pathlib
import signal
import sys
import threading
import traceback

from gi._gi import VFuncInfo, hook_up_vfunc_implementation
from gi.module import get_introspection_module
from gi.overrides import override
from gi.repository import Gio, GLib, GObject

Car = get_introspection_module("Car")

__all__ = []


def _export(item):
    __all__.append(item.__name__)
    return item


# ---- arguments ---------------------------------------------------------------------------------------------------


def _type_name(value):
    return value.__gtype__.name if isinstance(value, GObject.Object) else type(value).__name__


def _describe(value):
    return "None" if value is None else f"a {_type_name(value)}"


def _check_dict(value):
    if not isinstance(value, dict):
        raise TypeError(f"a dict is wanted, not {_describe(value)}")


def _to_texts(values):
    """A list of an iterable of texts. A text is an iterable too, of its characters, but nobody means that."""
    texts = values if isinstance(values, str) else list(values)
    if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
        raise TypeError(f"an iterable of texts is wanted, not {values!r}")
    return texts


# ---- JSON --------------------------------------------------------------------------------------------------------

# NaN and the infinities, which JSON does not have, raise a ValueError. A value that holds itself ends in a RecursionError:
# to look for it would cost a tenth of the time.
_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False)


def _make_encode():
    """As _encoder.encode(), which makes a new C encoder for each call; this one keeps its encoder, where C has one."""
    try:
        chunks = json.encoder.c_make_encoder(
            None, _encoder.default, json.encoder.encode_basestring, None, ":", ",", False, False, False
        )
    except (AttributeError, TypeError):
        return _encoder.encode

    def encode(value):
        return "".join(chunks(value, 0))

    return encode


_encode = _make_encode()


def _to_json(value):
    """The JSON text of a dict; a ValueError where JSON cannot hold it."""
    _check_dict(value)
    return _encode(value)


def _to_optional_json(value):
    return None if value is None else _to_json(value)


def _to_json_text(schema):
    """A schema, which may be text already."""
    return schema if isinstance(schema, str) else _to_json(schema)


# ---- failures ----------------------------------------------------------------------------------------------------

# libcar's own enumerations of codes: the exceptions have their names.
AppErrorCode = Car.AppError
RecoverableFailureCode = Car.RecoverableFailure
UnrecoverableFailureCode = Car.UnrecoverableFailure
DatasourceFailureCode = Car.DatasourceFailure
SchemaErrorCode = Car.SchemaError
__all__ += ["AppErrorCode", "RecoverableFailureCode", "UnrecoverableFailureCode", "DatasourceFailureCode"]
__all__ += ["SchemaErrorCode"]


@_export
class Failure(GLib.Error):
    """What all failures of libcar have in common. The code is the exit code, 1 to 255; without one it is the class's own."""

    def __init__(self, message, code=None):
        is_exit_code = isinstance(code, int) and 1 <= code <= 255
        super().__init__(str(message), self._domain, int(code if is_exit_code else self._code))
        self.args = (message,)

    def __str__(self):
        return self.message

    def __repr__(self):
        return f"{type(self).__name__}({self.message!r}, {int(self.code)})"


@_export
class AppError(Failure):
    """A general failure, or settings that are missing or contradictory (AppErrorCode.INVALID_PARAMETER)."""

    _domain = GLib.quark_to_string(Car.app_error_quark())
    _code = AppErrorCode.GENERAL


@_export
class RecoverableFailure(Failure):
    """No gap in the data is possible: the next run goes on incrementally."""

    _domain = GLib.quark_to_string(Car.recoverable_failure_quark())
    _code = RecoverableFailureCode.DEFAULT


@_export
class UnrecoverableFailure(Failure):
    """A gap in the data is possible: the next run makes a full import."""

    _domain = GLib.quark_to_string(Car.unrecoverable_failure_quark())
    _code = UnrecoverableFailureCode.DEFAULT


@_export
class DatasourceFailure(Failure):
    """The data source's API failed: the next run is as it would have been."""

    _domain = GLib.quark_to_string(Car.datasource_failure_quark())
    _code = DatasourceFailureCode.UNKNOWN


@_export
class IncrementalNotPossible(Failure):
    """The data source has no delta from the last save point: a full import is made instead."""

    _domain = GLib.quark_to_string(Car.import_error_quark())
    _code = Car.ImportError.INCREMENTAL_NOT_POSSIBLE


@_export
class SchemaError(Failure):
    """A schema, or an object that breaks one."""

    _domain = GLib.quark_to_string(Car.schema_error_quark())
    _code = SchemaErrorCode.VIOLATION


_failures = {failure._domain: failure for failure in Failure.__subclasses__()}


def _as_failure(error):
    failure = _failures.get(error.domain)
    return error if failure is None or isinstance(error, failure) else failure(error.message, error.code)


# ---- calls into C ------------------------------------------------------------------------------------------------


def _call(function, texts=()):
    """A function of C that gives Python's types and raises the exceptions above. `texts` names the arguments, by place
    and by name, that are iterables of texts."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        if texts:
            args = [_to_texts(value) if place in texts else value for place, value in enumerate(args)]
            kwargs = {name: _to_texts(value) if name in texts else value for name, value in kwargs.items()}
        try:
            result = function(*args, **kwargs)
        except GLib.Error as error:
            raise _as_failure(error) from None
        # TRUE says only that nothing was raised.
        return result[1] if isinstance(result, tuple) and result[0] is True else result

    return call


# The parameters of libcar's functions that are iterables of texts.
_TEXTS = ("keys", "ids", "fields", "path")


def _find_texts(info):
    """The arguments that are iterables of texts, each by its place and by its name."""
    arguments = enumerate(info.get_arguments(), int(info.is_method()))
    return {key for place, argument in arguments if argument.get_name() in _TEXTS for key in (place, argument.get_name())}


def _make_init(base):
    """An object that is made by its properties is ready, or an exception says why not."""
    init = _call(base.init)

    def __init__(self, **properties):
        base.__init__(self, **properties)
        init(self, None)

    return __init__


def _make_property(info):
    name, flags = info.get_name(), info.get_flags()
    can_change = flags & GObject.ParamFlags.WRITABLE and not flags & GObject.ParamFlags.CONSTRUCT_ONLY
    return property(
        lambda self: self.get_property(name),
        (lambda self, value: self.set_property(name, value)) if can_change else None,
        doc=f"The property “{name}”.",
    )


def _pythonic(cls):
    """Registers the class in the place of libcar's own. All functions of that which can fail become _call()s, at once or in
    the end, and its properties are attributes."""
    for info in cls.__info__.get_methods():
        name = info.get_name()
        if (info.can_throw_gerror() or name.endswith("_async")) and name not in cls.__dict__:
            function = _call(getattr(cls.__base__, name), _find_texts(info))
            setattr(cls, name, function if info.is_method() else staticmethod(function))
    if issubclass(cls, Gio.Initable):
        cls.__init__ = _make_init(cls.__base__)
    for info in cls.__info__.get_properties():
        name = info.get_name().replace("-", "_")
        if info.get_flags() & GObject.ParamFlags.READABLE and name not in cls.__dict__:
            setattr(cls, name, _make_property(info))
    return _export(override(cls))


_call_service = _call(Car.Client.call, {3})
_call_service_async = _call(Car.Client.call_async, {3})
_finish_call = _call(Car.Client.call_finish)


def _to_pairs(query):
    """The names and values of a query, one after the other."""
    return None if query is None else _to_texts(itertools.chain.from_iterable(query.items()))


def _to_bytes(body):
    return body if body is None or isinstance(body, GLib.Bytes) else GLib.Bytes.new(_to_json(body).encode())


def _to_answer(answer, status):
    """Returns: the answer, which is None where it is empty or the tolerated one; and its HTTP status."""
    data = answer.get_data()
    return json.loads(data) if data else None, status


@_pythonic
class Client(Car.Client):
    def import_envelope(self, envelope, cancellable=None):
        """Imports a whole envelope, a dict. Returns: the job's id, for wait_for_imports()."""
        return self.import_bytes(_to_bytes(envelope), cancellable)

    def import_envelope_async(self, envelope, cancellable=None, callback=None, *user_data):
        """Begins import_envelope(); the callback gets the client, a result for import_envelope_finish(), and user_data."""
        self.import_bytes_async(_to_bytes(envelope), cancellable, callback, *user_data)

    def import_envelope_finish(self, result):
        """Ends import_envelope_async(). Returns: the job's id."""
        return self.import_bytes_finish(result)

    def query(self, query, variables=None, cancellable=None):
        """Asks in GraphQL; the variables are a dict. Returns: the answer's data, a dict."""
        return json.loads(self.query_json(query, _to_optional_json(variables), cancellable))

    def query_async(self, query, variables=None, cancellable=None, callback=None, *user_data):
        """Begins query()."""
        self.query_json_async(query, _to_optional_json(variables), cancellable, callback, *user_data)

    def query_finish(self, result):
        """Ends query_async(). Returns: the answer's data, a dict."""
        return json.loads(self.query_json_finish(result))

    def search_collection(self, collection, attribute, value, fields, cancellable=None):
        """Looks for objects of which an attribute has this value, a str, number or bool. Returns: a list of dicts."""
        return json.loads(self.search_collection_json(collection, attribute, _encode(value), fields, cancellable))

    def search_collection_async(
        self, collection, attribute, value, fields, cancellable=None, callback=None, *user_data
    ):
        """Begins search_collection()."""
        self.search_collection_json_async(
            collection, attribute, _encode(value), fields, cancellable, callback, *user_data
        )

    def search_collection_finish(self, result):
        """Ends search_collection_async(). Returns: a list of dicts."""
        return json.loads(self.search_collection_json_finish(result))

    def list_collection(self, collection, fields, where=None, cancellable=None):
        """All objects of a collection, asked for page by page as they are used: each a dict of these fields. `where` is a dict
        such as {"source": {"_eq": "inventory"}}; its values may come from outside."""
        listing = Car.Listing.new(self, collection, fields, _to_optional_json(where))
        while (page := listing.next_json(cancellable)) is not None:
            yield from json.loads(page)

    def patch_vertex(self, collection, external_id, changes, cancellable=None):
        """Changes members of a vertex; the changes are a dict, in which None is null."""
        return self.patch_vertex_json(collection, external_id, _to_json(changes), cancellable)

    def patch_vertex_async(self, collection, external_id, changes, cancellable=None, callback=None, *user_data):
        """Begins patch_vertex()."""
        self.patch_vertex_json_async(collection, external_id, _to_json(changes), cancellable, callback, *user_data)

    def patch_vertex_finish(self, result):
        """Ends patch_vertex_async()."""
        return self.patch_vertex_json_finish(result)

    def patch_edge(self, collection, source, from_, to, changes, cancellable=None):
        """Changes members of an edge; the changes are a dict, in which None is null."""
        return self.patch_edge_json(collection, source, from_, to, _to_json(changes), cancellable)

    def patch_edge_async(
        self, collection, source, from_, to, changes, cancellable=None, callback=None, *user_data
    ):
        """Begins patch_edge()."""
        self.patch_edge_json_async(
            collection, source, from_, to, _to_json(changes), cancellable, callback, *user_data
        )

    def patch_edge_finish(self, result):
        """Ends patch_edge_async()."""
        return self.patch_edge_json_finish(result)

    def call(self, version, method, path, query=None, body=None, tolerated=0, cancellable=None):
        """Makes a call that has no method of its own. The path is its segments below the base URL, the query a dict of
        texts, the body a dict. Returns: the answer, as JSON has it, and its HTTP status. The answer is None where it is
        empty, and where the status is the tolerated one."""
        return _to_answer(
            *_call_service(self, version, method, path, _to_pairs(query), _to_bytes(body), tolerated, cancellable)
        )

    def call_async(
        self, version, method, path, query=None, body=None, tolerated=0, cancellable=None, callback=None, *user_data
    ):
        """Begins call()."""
        query, body = _to_pairs(query), _to_bytes(body)
        _call_service_async(self, version, method, path, query, body, tolerated, cancellable, callback, *user_data)

    def call_finish(self, result):
        """Ends call_async(). Returns: the answer and its HTTP status, as call() does."""
        return _to_answer(*_finish_call(self, result))


def _to_page(text):
    return None if text is None else json.loads(text)


@_pythonic
class Listing(Car.Listing):
    def next(self, cancellable=None):
        """Asks for the next page. Returns: a list of dicts, or None behind the last page."""
        return _to_page(self.next_json(cancellable))

    def next_async(self, cancellable=None, callback=None, *user_data):
        """Begins next()."""
        self.next_json_async(cancellable, callback, *user_data)

    def next_finish(self, result):
        """Ends next_async(). Returns: a list of dicts, or None behind the last page."""
        return _to_page(self.next_json_finish(result))


@_pythonic
class ImportSchema(Car.ImportSchema):
    @staticmethod
    def new(schema):
        """Compiles a schema, a dict or JSON text."""
        return _new_import_schema(_to_json_text(schema), -1)

    def validate_object(self, collection, value):
        """Raises SchemaError where the dict is no object of the collection."""
        _validate_object(self, collection, _to_json(value), -1)

    def validate_envelope(self, value):
        """Raises SchemaError where the dict is no envelope."""
        _validate_envelope(self, _to_json(value), -1)


_new_import_schema = _call(Car.ImportSchema.new)
_validate_object = _call(Car.ImportSchema.validate_object)
_validate_envelope = _call(Car.ImportSchema.validate_envelope)


@_pythonic
class SchemaExtension(Car.SchemaExtension):
    @staticmethod
    def new(key, owner, version, schema):
        """What a connector imports beyond the service's own model; the schema is a dict or JSON text."""
        return _new_schema_extension(key, owner, version, _to_json_text(schema))


_new_schema_extension = _call(Car.SchemaExtension.new)


# ---- vertices and edges ------------------------------------------------------------------------------------------

# One call into C for so many: enough that the call costs nothing, few enough that they and their text stay in the
# processor's cache.
_BATCH = 200

# What a value may be that JSON has a type for, but cannot hold: NaN, half a character, endless nesting.
_Unwritable = (ValueError, RecursionError)


def _without_none(value):
    """No member of CAR's takes null, so one that is None goes. Members further down keep their None."""
    return {name: member for name, member in value.items() if member is not None}


def _write_anyway(member):
    try:
        return json.dumps(member)
    except _Unwritable:
        return ""


def _to_record(value):
    """The object member by member: libcar names the one that JSON cannot hold, and leaves the object out."""
    record = Car.Record.new()
    for name, member in _without_none(value).items():
        shown = str(name).encode(errors="backslashreplace").decode()
        if isinstance(member, float):
            record.set_double(shown, member)
        else:
            record.set_json(shown, _write_anyway(member) if shown == str(name) else "")
    return record


class _Adder:
    """The ways into C of either vertices or edges."""

    def __init__(self, add, add_all, add_record):
        self._add, self._add_all, self._add_record = add, _call(add_all), _call(add_record)

    @staticmethod
    def write(value):
        """The text of a dict; raises _Unwritable where JSON cannot hold it."""
        _check_dict(value)
        text = _encode(value)
        return _encode(_without_none(value)) if ":null" in text else text

    def add(self, handler, collection, value):
        try:
            self._add(handler, collection, self.write(value), -1)
        except _Unwritable:
            self._add_record(handler, collection, _to_record(value))
        except GLib.Error as error:
            raise _as_failure(error) from None

    def add_texts(self, handler, collection, texts):
        self._add_all(handler, collection, f"[{','.join(texts)}]", -1)

    def add_all(self, handler, collection, values):
        # Both can be iterated over, and neither holds objects.
        if isinstance(values, (dict, str)):
            raise TypeError(f"an iterable of dicts is wanted, not {_describe(values)}")
        iterator, begin = iter(values), 0
        while True:
            batch = []
            try:
                batch.extend(itertools.islice(iterator, _BATCH))
            finally:
                # What the iterable gave before it raised is added, as it is one by one.
                self._add_batch(handler, collection, batch, begin)
            if len(batch) < _BATCH:
                break
            begin += _BATCH

    def _add_batch(self, handler, collection, batch, begin):
        if all(map(isinstance, batch, itertools.repeat(dict))):
            try:
                text = _encode(batch)
                text = _encode(list(map(_without_none, batch))) if ":null" in text else text
                return self._add_all(handler, collection, text, -1)
            except (TypeError, *_Unwritable):
                pass  # because of one of them, so that nothing was added
        for number, value in enumerate(batch, begin):
            try:
                self.add(handler, collection, value)
            except TypeError as error:
                raise TypeError(f"object {number}: {error}") from error


_vertices = _Adder(
    Car.DataHandler.add_vertex_json, Car.DataHandler.add_vertices_json, Car.DataHandler.add_vertex_record
)
_edges = _Adder(Car.DataHandler.add_edge_json, Car.DataHandler.add_edges_json, Car.DataHandler.add_edge_record)


def _give_attributes(cls):
    """What get_… and list_… return is an attribute too."""
    for info in cls.__info__.get_methods():
        kind, _, name = info.get_name().partition("_")
        if kind in ("get", "list"):
            setattr(cls, name, property(getattr(cls, info.get_name())))


_give_attributes(Car.CollectionSummary)
_give_attributes(Car.Violation)


@_pythonic
class DataHandler(Car.DataHandler):
    def add_vertex(self, collection, vertex):
        """Adds a vertex, a dict. A member that is None is not there."""
        _vertices.add(self, collection, vertex)

    def add_edge(self, collection, edge):
        """Adds an edge, a dict. A member that is None is not there."""
        _edges.add(self, collection, edge)

    def add_vertices(self, collection, vertices):
        """Adds the dicts of an iterable, each as add_vertex() does; it is never held whole."""
        _vertices.add_all(self, collection, vertices)

    def add_edges(self, collection, edges):
        """Adds the dicts of an iterable, each as add_edge() does; it is never held whole."""
        _edges.add_all(self, collection, edges)

    def list_objects(self, collection):
        """For tests: what was added to a collection and is to be sent. Returns: a list of dicts."""
        return json.loads(self.dup_objects_json(collection))


@_export
class Batch:
    """Adds objects one by one, nearly as fast as DataHandler's add_vertices() and add_edges() do: it holds the last of them, as
    they were when they came, and adds them together. flush() adds those that it holds. Any thread may add."""

    def __init__(self, handler):
        self._handler = handler
        self._texts = {}

    def add_vertex(self, collection, vertex):
        """Adds a vertex, a dict. A member that is None is not there."""
        self._add(_vertices, collection, vertex)

    def add_edge(self, collection, edge):
        """Adds an edge, a dict. A member that is None is not there."""
        self._add(_edges, collection, edge)

    def flush(self):
        """Adds what is held, before it is sent."""
        for (adder, collection), texts in list(self._texts.items()):
            self._flush(adder, collection, texts)

    def _add(self, adder, collection, value):
        try:
            text = adder.write(value)
        except _Unwritable:
            adder.add(self._handler, collection, value)
            return
        texts = self._texts.get((adder, collection))
        if texts is None:
            texts = self._texts.setdefault((adder, collection), collections.deque())
        texts.append(text)
        if len(texts) >= _BATCH:
            self._flush(adder, collection, texts)

    def _flush(self, adder, collection, texts):
        # Another thread may take them, or add one, meanwhile.
        taken = []
        with contextlib.suppress(IndexError):
            while True:
                taken.append(texts.popleft())
        if taken:
            adder.add_texts(self._handler, collection, taken)


# ---- the log -----------------------------------------------------------------------------------------------------


def _log(domain, level, message, **fields):
    fields["MESSAGE"] = message.replace("\0", "\\0").encode(errors="backslashreplace").decode()
    GLib.log_variant(domain, level, GLib.Variant("a{sv}", {k: GLib.Variant("s", v) for k, v in fields.items()}))


def _log_error(domain, message):
    # GLib has no level for what went wrong but is no bug.
    _log(domain, GLib.LogLevelFlags.LEVEL_MESSAGE, message, CAR_LEVEL="ERROR")


@_export
class LogHandler(logging.Handler):
    """Brings what Python's logging says to the connector's log; App.run() installs it where no other handler is."""

    def emit(self, record):
        try:
            message = self.format(record)
            if record.levelno >= logging.ERROR:
                _log_error(record.name, message)
            elif record.levelno >= logging.WARNING:
                _log(record.name, GLib.LogLevelFlags.LEVEL_WARNING, message)
            elif record.levelno >= logging.INFO:
                _log(record.name, GLib.LogLevelFlags.LEVEL_MESSAGE, message)
            else:
                _log(record.name, GLib.LogLevelFlags.LEVEL_DEBUG, message)
        except Exception:
            self.handleError(record)


def _follow_debug(app):
    """The settings say whether to log in detail. They are read before the app makes anything."""
    if app.get_boolean_setting("debug") and any(isinstance(handler, LogHandler) for handler in logging.root.handlers):
        logging.root.setLevel(logging.DEBUG)


# ---- stopping ----------------------------------------------------------------------------------------------------


class _Interruption:
    """While an app runs, libcar takes SIGINT and SIGTERM, and cancels the run. This raises a KeyboardInterrupt then, in the
    connector's methods, whatever they wait for, and nowhere else."""

    # Nobody else uses it, it does no harm if it comes late, and Python's handler for it ends what waits.
    _signal = signal.SIGURG

    depth = 0  # how many methods of the connector are running

    def __init__(self, cancellable):
        self._cancellable = cancellable
        self._is_main = threading.current_thread() is threading.main_thread()
        self._over = threading.Event()

    def __enter__(self):
        if self._is_main:
            self._before = signal.signal(self._signal, self._raise)
            # Not the cancellable's own connect(), which is g_cancellable_connect().
            self._handler = GObject.Object.connect(self._cancellable, "cancelled", self._on_cancelled)

    def __exit__(self, *args):
        self._over.set()
        if self._is_main:
            GObject.Object.disconnect(self._cancellable, self._handler)
            signal.signal(self._signal, self._before or signal.SIG_DFL)

    def _on_cancelled(self, cancellable):
        threading.Thread(target=self._interrupt, daemon=True).start()

    def _interrupt(self):
        # Again and again: a signal that comes right before a system call does not end it.
        while not self._over.is_set():
            if self.depth > 0:
                signal.pthread_kill(threading.main_thread().ident, self._signal)
            self._over.wait(0.05)

    def _raise(self, number, frame):
        if self.depth > 0 and not self._over.is_set():
            self._over.set()
            raise KeyboardInterrupt


# ---- the classes of a connector ----------------------------------------------------------------------------------


def _refuse(where, result, wanted):
    if isinstance(result, type):
        name = result.__name__
        raise AppError(f"{where} returned the class {name}, which is not a {wanted}: return {name}()")
    raise AppError(f"{where} returned {_describe(result)}, which is not a {wanted}")


def _check_done(where, result):
    """The method may return nothing, or True. False is a failure without a reason, and libcar complains of it."""
    if result is not None and not isinstance(result, bool):
        _refuse(where, result, "bool")
    return result is not False


def _check_text(where, result):
    if result is not None and not isinstance(result, (str, bool)):
        _refuse(where, result, "str")
    if isinstance(result, str) and "\0" in result:
        raise AppError(f"{where} returned a text with a NUL in it")
    return (False, None) if result is False else (True, None if result is True else result)


def _check_object(wanted, where, result):
    if result is not None and not isinstance(result, getattr(Car, wanted)):
        _refuse(where, result, "Car" + wanted)
    return result


def _check_optional(wanted, where, result):
    return (False, None) if result is False else (True, _check_object(wanted, where, result))


# What a method may return, and how C wants it.
_checks = {
    "do_test_connection": _check_done,
    "do_get_new_save_point": _check_text,
    "do_import_vertices": _check_done,
    "do_import_edges": _check_done,
    "do_get_data_for_delta": _check_done,
    "do_delete_vertices": _check_done,
    "do_create_asset_server": functools.partial(_check_object, "AssetServer"),
    "do_create_full_import": functools.partial(_check_object, "FullImport"),
    "do_create_incremental_import": functools.partial(_check_optional, "IncrementalImport"),
    "do_create_schema_extension": functools.partial(_check_optional, "SchemaExtension"),
}


def _show_traceback(error):
    """The traceback without its first frame, which is _guard()'s."""
    return "".join(traceback.format_exception(type(error), error, error.__traceback__.tb_next)).rstrip()


def _guard(name, method):
    """The method as C calls it. PyGObject lets only GLib.Error through, and prints all other exceptions."""
    check = _checks[name]

    def guarded(self, *args):
        where = f"{_type_name(self)}.{name[len('do_'):]}"
        if isinstance(self, App):
            _follow_debug(self)
        _Interruption.depth += 1
        try:
            return check(where, method(self, *args))
        except GLib.Error as error:
            _log("libcar", GLib.LogLevelFlags.LEVEL_DEBUG, _show_traceback(error))
            raise
        except KeyboardInterrupt:
            # A run that was cancelled says itself what stopped it.
            cancellable = args[-1] if args else self.get_cancellable()
            if cancellable is not None:
                cancellable.set_error_if_cancelled()
            raise RecoverableFailure("interrupted", 128 + signal.SIGINT) from None
        except BaseException as error:
            _log_error("libcar", _show_traceback(error))
            what = "".join(traceback.format_exception_only(type(error), error)).strip()
            # sys.exit() names the exit code.
            code = error.code if isinstance(error, SystemExit) else None
            raise AppError(f"{where} raised {what}", code) from None
        finally:
            _Interruption.depth -= 1

    return guarded


def _find_vfunc(cls, name):
    return next((found for base in cls.__mro__ if isinstance(found := base.__dict__.get(name), VFuncInfo)), None)


def _has_signal(cls, name):
    signals = {name.replace("-", "_") for base in cls.__mro__ for name in base.__dict__.get("__gsignals__", ())}
    signals.update(name for name in dir(cls) if isinstance(getattr(cls, name, None), GObject.Signal))
    return name in signals or GObject.signal_lookup(name.replace("_", "-"), cls.__base__) != 0


class _ConnectorMeta(type(Car.App)):
    """Classes that a connector derives. A method that libcar does not know is an error; the others are guarded."""

    def __new__(meta, name, bases, namespace, **kwargs):
        # type() itself would take the module of its caller, which is this one.
        namespace.setdefault("__module__", sys._getframe(1).f_globals.get("__name__"))
        if meta._is_connector(namespace["__module__"]):
            meta._name_type(name, namespace)
        cls = super().__new__(meta, name, bases, namespace, **kwargs)
        if meta._is_connector(cls.__module__):
            cls._check_names()
        return cls

    def __init__(cls, name, bases, namespace, **kwargs):
        super().__init__(name, bases, namespace, **kwargs)
        for name in _checks if cls._is_connector(cls.__module__) else ():
            implementation = cls._find_own(name)
            if implementation is not None:
                hook_up_vfunc_implementation(_find_vfunc(cls, name), cls.__gtype__, _guard(name, implementation))

    def __call__(cls, *args, **kwargs):
        made = super().__call__(*args, **kwargs)
        try:
            made.__grefcount__
        except TypeError:
            raise TypeError(f"{cls.__name__}.__init__() does not call super().__init__()") from None
        return made

    @staticmethod
    def _is_connector(module):
        return module not in (__name__, Car.__name__)

    @staticmethod
    def _name_type(name, namespace):
        """The class's own name in messages, unless it is taken or is no name that GObject takes."""
        try:
            GObject.type_from_name(name)
        except RuntimeError:
            if name.isascii() and len(name) >= 3:
                namespace.setdefault("__gtype_name__", name)

    def _find_own(cls, name):
        """The method, if this class brings it, itself or by a mixin that is no GObject. PyGObject sees no mixin."""
        return getattr(cls, name) if any(name in base.__dict__ for base in cls._own_bases()) else None

    def _own_bases(cls):
        yield cls
        yield from itertools.takewhile(lambda base: not issubclass(base, GObject.Object), cls.__mro__[1:])

    def _check_names(cls):
        for name, value in itertools.chain.from_iterable(base.__dict__.items() for base in cls._own_bases()):
            if name.startswith("do_") and callable(value) and not cls._knows(name):
                known = {other for base in cls.__mro__ for other in base.__dict__ if _find_vfunc(cls, other)}
                near = difflib.get_close_matches(name, sorted(known), 1)
                hint = f"; did you mean {near[0]}()?" if near else ""
                raise TypeError(f"{cls.__name__}.{name}() implements nothing: libcar has no such method{hint}")

    def _knows(cls, name):
        return (
            _find_vfunc(cls, name) is not None
            or name in ("do_get_property", "do_set_property")
            or _has_signal(cls, name[len("do_") :])
        )


@_pythonic
class AssetServer(Car.AssetServer, metaclass=_ConnectorMeta):
    pass


@_pythonic
class Import(Car.Import, metaclass=_ConnectorMeta):
    pass


@_pythonic
class IncrementalImport(Car.IncrementalImport, metaclass=_ConnectorMeta):
    pass


def _to_argv(argv):
    argv = _to_texts(sys.argv if argv is None else argv)
    if argv and os.path.basename(argv[0]) == "__main__.py":
        # "python3 -m PACKAGE" is called as the package is.
        return [os.path.dirname(os.path.abspath(argv[0])), *argv[1:]]
    return argv


_prepare = _call(Car.App.prepare)


def _make_setting(name, variable, description, kind, default, required, secret, choices, minimum, maximum, argument):
    flags = Car.SettingFlags.REQUIRED if required else Car.SettingFlags.NONE
    flags |= Car.SettingFlags.SECRET if secret else Car.SettingFlags.NONE
    if choices is not None:
        return Car.Setting.new_choice(name, variable, flags, description, _to_texts(choices), default)
    if kind is bool:
        return Car.Setting.new_boolean(name, variable, description, bool(default))
    if kind is int:
        if default is None and not required:
            raise TypeError(f"the setting {name} needs a default, or to be required")
        default = minimum if default is None else default
        return Car.Setting.new_integer(name, variable, flags, description, argument, minimum, maximum, default)
    if kind is pathlib.Path:
        return Car.Setting.new_file(name, variable, flags, description, None if default is None else str(default))
    if kind is str:
        return Car.Setting.new_text(name, variable, flags, description, argument, default)
    raise TypeError(f"a setting is a str, int, bool or pathlib.Path, not {kind!r}")


@_pythonic
class App(Car.App, metaclass=_ConnectorMeta):
    def add_setting(
        self,
        name,
        variable,
        description,
        *,
        type=str,
        default=None,
        required=False,
        secret=False,
        choices=None,
        minimum=GLib.MININT64,
        maximum=GLib.MAXINT64,
        argument=None,
    ):
        """Adds a setting of the connector's own, an option and a variable (or None). It is a str, of which there may be
        certain choices; an int, which needs a default unless it is required; a bool; or a pathlib.Path, a file that must be
        there. --help shows the description, and the argument as what stands behind the option."""
        super().add_setting(
            _make_setting(
                name, variable, description, type, default, required, secret, choices, minimum, maximum, argument
            )
        )
        self.__dict__.setdefault("_types", {})[name] = type

    def get_setting(self, name):
        """Gets the value of a setting: what was given, or its default. Returns: what its type is, or None."""
        kind = self.__dict__.get("_types", {}).get(name, str)
        if kind is int:
            return self.get_integer_setting(name)
        if kind is bool:
            return self.get_boolean_setting(name)
        text = super().get_setting(name)
        return None if text is None else kind(text)

    def prepare(self, argv=None):
        """Reads the settings and sets up the log, for a run() that may follow; nothing is sent."""
        return _prepare(self, _to_argv(argv))

    def run(self, argv=None):
        """Runs the connector with the arguments of the process, or others. Returns: the exit code."""
        if not logging.root.handlers:
            logging.basicConfig(handlers=[LogHandler()], level=logging.INFO, format="%(message)s")
        with _Interruption(self.get_cancellable()):
            return super().run(_to_argv(argv))
