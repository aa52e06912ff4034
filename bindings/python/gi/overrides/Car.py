# SPDX-License-Identifier: Apache-2.0
"""libcar in Python's own terms: dicts, iterables and exceptions."""

import difflib
import functools
import itertools
import json
import logging
import os
import signal
import sys
import threading
import traceback

from gi._gi import VFuncInfo, hook_up_vfunc_implementation
from gi.module import get_introspection_module
from gi.overrides import override
from gi.repository import Gio, GLib, GObject, Json

Car = get_introspection_module("Car")

__all__ = []


def _export(item):
    __all__.append(item.__name__)
    return item


# ---- JSON --------------------------------------------------------------------------------------------------------

# What JSON does not have, NaN and the infinities, is an error here, where the traceback shows whose it is. Circles end
# in a RecursionError: looking for them would cost a tenth of the time.
_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False)


def _make_encode():
    """_encoder.encode(), which makes a C encoder anew for each call, with one that stays, where there is one."""
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

# One call into C for so many: enough that the call costs nothing, few enough that they and their text stay in the
# processor's cache.
_BATCH = 200


def _to_json_node(value):
    text = _encode(value)
    node = Json.from_string(text)
    # It cuts strings at a NUL, and integers to 64 bits.
    if json.loads(Json.to_string(node, False)) != json.loads(text):
        raise ValueError("json-glib cannot hold a text with a NUL in it, nor an integer of more than 64 bits")
    return node


def _to_json_object(value):
    return _to_json_node(value).dup_object() if isinstance(value, dict) else value


def _from_json(value):
    if isinstance(value, Json.Array):
        value = Json.Node.alloc().init_array(value)
    return json.loads(Json.to_string(value, False)) if isinstance(value, Json.Node) else value


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
    """What all failures of libcar have in common; a code is an exit code, the connector's own too."""

    def __init__(self, message, code=None):
        super().__init__(str(message), self._domain, int(self._code if code is None else code))

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


def _call(function):
    """A function of C: it takes dicts for its JsonObjects, gives Python's types, and raises the exceptions above."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        args = [_to_json_object(value) for value in args]
        kwargs = {name: _to_json_object(value) for name, value in kwargs.items()}
        try:
            result = function(*args, **kwargs)
        except GLib.Error as error:
            raise _as_failure(error) from None
        # TRUE says only that nothing was raised.
        return _from_json(result[1] if isinstance(result, tuple) else result)

    return call


def _pythonic(cls):
    """Registers the class in the place of libcar's own, all of whose functions that can fail become _call()s, at once or
    in the end."""
    for info in cls.__info__.get_methods():
        name = info.get_name()
        if (info.can_throw_gerror() or name.endswith("_async")) and name not in cls.__dict__:
            function = _call(getattr(cls.__base__, name))
            setattr(cls, name, function if info.is_method() else staticmethod(function))
    return _export(override(cls))


_init_client = _call(Car.Client.init)


@_pythonic
class Client(Car.Client):
    def __init__(self, **properties):
        super().__init__(**properties)
        _init_client(self, None)

    def import_node(self, envelope, cancellable=None):
        """Imports a dict that is a whole envelope."""
        return self.import_bytes(GLib.Bytes.new(_encode(envelope).encode()), cancellable)

    def import_node_async(self, envelope, cancellable=None, callback=None, *user_data):
        """Begins import_node(); callback(client, result, *user_data) is for import_node_finish()."""
        self.import_bytes_async(GLib.Bytes.new(_encode(envelope).encode()), cancellable, callback, *user_data)

    def import_node_finish(self, result):
        """Ends import_node_async(). Returns: the job's id."""
        return self.import_bytes_finish(result)


@_pythonic
class ImportSchema(Car.ImportSchema):
    @staticmethod
    def new(schema):
        """Compiles a schema, a dict or JSON text."""
        return _new_import_schema(schema if isinstance(schema, str) else _encode(schema), -1)

    def validate_object(self, collection, value):
        """Raises SchemaError where the dict is no object of the collection."""
        _validate_object(self, collection, _encode(value), -1)

    def validate_envelope(self, value):
        """Raises SchemaError where the dict is no envelope."""
        _validate_envelope(self, _encode(value), -1)


_new_import_schema = _call(Car.ImportSchema.new)
_validate_object = _call(Car.ImportSchema.validate_object)
_validate_envelope = _call(Car.ImportSchema.validate_envelope)


@_pythonic
class SchemaExtension(Car.SchemaExtension):
    @staticmethod
    def new(key, owner, version, schema):
        """What a connector imports beyond the service's own model; the schema is a dict or JSON text."""
        return _new_schema_extension(key, owner, version, schema if isinstance(schema, str) else _encode(schema))


_new_schema_extension = _call(Car.SchemaExtension.new)

_add_vertex = Car.DataHandler.add_vertex_json
_add_edge = Car.DataHandler.add_edge_json
_add_vertices = Car.DataHandler.add_vertices_json
_add_edges = Car.DataHandler.add_edges_json
_delete_vertices = _call(Car.DataHandler.delete_vertices)
_init_data_handler = _call(Car.DataHandler.init)


def _add_all(add, handler, collection, objects):
    # Both can be iterated over, and neither holds objects.
    if isinstance(objects, (dict, str)):
        raise TypeError(f"an iterable of dicts is wanted, not a {type(objects).__name__}")
    iterator = iter(objects)
    try:
        while True:
            batch = []
            try:
                batch.extend(itertools.islice(iterator, _BATCH))
            finally:
                # What the iterable gave before it raised is added, as it is one by one.
                if batch:
                    add(handler, collection, _encode(batch), -1)
            if not batch:
                break
    except GLib.Error as error:
        raise _as_failure(error) from None


@_pythonic
class DataHandler(Car.DataHandler):
    def __init__(self, **properties):
        super().__init__(**properties)
        _init_data_handler(self, None)

    def add_vertex(self, collection, vertex):
        """Adds a vertex, a dict."""
        try:
            _add_vertex(self, collection, _encode(vertex), -1)
        except GLib.Error as error:
            raise _as_failure(error) from None

    def add_edge(self, collection, edge):
        """Adds an edge, a dict."""
        try:
            _add_edge(self, collection, _encode(edge), -1)
        except GLib.Error as error:
            raise _as_failure(error) from None

    def add_vertices(self, collection, vertices):
        """Adds the dicts of an iterable, which may be endless as far as memory is concerned."""
        _add_all(_add_vertices, self, collection, vertices)

    def add_edges(self, collection, edges):
        """Adds the dicts of an iterable."""
        _add_all(_add_edges, self, collection, edges)

    def delete_vertices(self, collection, keys, cancellable=None):
        """Deletes the vertices of these keys, an iterable of texts."""
        if isinstance(keys, str):
            raise TypeError("an iterable of keys is wanted, not a str")
        _delete_vertices(self, collection, list(keys), cancellable)


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
    """Whether to log in detail is known once the settings are read, which is before the app makes anything."""
    if app.get_boolean_setting("debug") and any(isinstance(handler, LogHandler) for handler in logging.root.handlers):
        logging.root.setLevel(logging.DEBUG)


# ---- stopping ----------------------------------------------------------------------------------------------------


class _Interruption:
    """While an app runs, SIGINT and SIGTERM are libcar's, which cancels the run for them. This makes a KeyboardInterrupt
    of that in the connector's methods, whatever they are waiting for, and nowhere else."""

    # Nobody else's, harmless where it comes late, and a handler of Python's for it ends what waits.
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


def _type_name(value):
    return value.__gtype__.name if isinstance(value, GObject.Object) else type(value).__name__


def _refuse(where, result, wanted):
    if isinstance(result, type):
        name = result.__name__
        raise AppError(f"{where} returned the class {name}, which is not a {wanted}: return {name}()")
    raise AppError(f"{where} returned a {_type_name(result)}, which is not a {wanted}")


def _check_done(where, result):
    """Nothing, or True, where it is done; False is a failure that names no reason, which libcar complains of."""
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
    """Without its first frame, which is _guard()'s."""
    return "".join(traceback.format_exception(type(error), error, error.__traceback__.tb_next)).rstrip()


def _guard(name, method):
    """The method as C calls it: PyGObject lets no exception through but GLib.Error, and prints all others."""
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
            raise AppError(f"{where} raised {what}") from None
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
    """Classes that a connector derives: a method that libcar does not know is an error, the others are guarded."""

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
        """The method where this class brings it, itself or by a mixin that is no GObject; PyGObject sees no mixin."""
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
    app = property(Car.Import.get_app, doc="The app, which has the settings.")
    client = property(Car.Import.get_client, doc="The CAR service.")
    data_handler = property(Car.Import.get_data_handler, doc="What takes vertices and edges.")
    asset_server = property(Car.Import.get_asset_server, doc="What App.do_create_asset_server() returned.")


@_pythonic
class IncrementalImport(Car.IncrementalImport, metaclass=_ConnectorMeta):
    pass


@_pythonic
class App(Car.App, metaclass=_ConnectorMeta):
    def run(self, argv=None):
        """Runs the connector with the arguments of the process, or others. Returns: the exit code."""
        argv = sys.argv if argv is None else argv
        if not logging.root.handlers:
            logging.basicConfig(handlers=[LogHandler()], level=logging.INFO, format="%(message)s")
        if argv and os.path.basename(argv[0]) == "__main__.py":
            # "python3 -m PACKAGE" is called as the package is.
            argv = [os.path.dirname(os.path.abspath(argv[0])), *argv[1:]]
        with _Interruption(self.get_cancellable()):
            return super().run(argv)
