# SPDX-License-Identifier: Apache-2.0
"""Writes what the TypeScript declarations must say, by the introspection: a program that compiles where they say it, and
where they say nothing else. Usage: javascript-types.py Car-1.0.gir > OUTPUT.ts"""

import sys
import xml.etree.ElementTree

CORE = "{http://www.gtk.org/introspection/core/1.0}"
GLIB = "{http://www.gtk.org/introspection/glib/1.0}"

# What is not for JavaScript, and why.
OMITTED = {
    # gjs frees them; once more would be once too often
    "CollectionSummary.ref",
    "CollectionSummary.unref",
    "Record.free",
    "Setting.ref",
    "Setting.unref",
    "Violation.copy",
    "Violation.free",
}
# What the override adds.
ADDED = {
    "Car": ["AppErrorCode", "RecoverableFailureCode", "UnrecoverableFailureCode", "DatasourceFailureCode"]
    + ["SchemaErrorCode", "IncrementalNotPossible", "Failure"],
    "CollectionSummary": ["collection", "is_edges", "violations"]
    + [f"n_{what}" for what in ("read", "left_out", "duplicates", "conflicts", "dangling", "sent", "deleted", "closed")],
    "Violation": ["place", "rule", "message", "count"],
    "Client": ["import_envelope", "import_envelope_async", "import_envelope_finish", "list_collection"],
    "DataHandler": ["add_vertices", "add_edges", "list_objects"],
}
CALL = "version: Car.ApiVersion, method: string, path: Iterable<string>"
QUERY = "{[name: string]: string} | null"
BODY = "body: Car.PlainObject | null, tolerated: number"
ANSWER = "[answer: any, status: number]"
SEARCH = "collection: string, attribute: string, value: string | number | bigint | boolean, fields: Iterable<string>"
CALLBACK = "callback: Car.Callback<Car.Client>"
# What the override has done otherwise: its parameters, and what it returns.
CHANGED = {
    "App.run": ("argv?: string[] | null", "number"),
    "App.prepare": ("argv?: string[] | null", "boolean"),
    "App.add_setting": (
        "name: string, variable: string | null, description: string, options?: Car.SettingOptions",
        "void",
    ),
    "App.get_setting": ("name: string", "string | number | boolean | null"),
    "Client.call": (f"{CALL}, query?: {QUERY}, {BODY.replace(':', '?:')}, cancellable?: Car.Cancellable", ANSWER),
    "Client.call_async": (f"{CALL}, query: {QUERY}, {BODY}, cancellable: Car.Cancellable, {CALLBACK}", "void"),
    "Client.call_finish": ("result: Gio.AsyncResult", ANSWER),
    "Client.search_collection": (f"{SEARCH}, cancellable: Car.Cancellable", "any[]"),
    "Client.search_collection_async": (f"{SEARCH}, cancellable: Car.Cancellable, {CALLBACK}", "void"),
    "DataHandler.add_vertex": ("collection: string, vertex: Car.PlainObject", "void"),
    "DataHandler.add_edge": ("collection: string, edge: Car.PlainObject", "void"),
    "DataHandler.delete_vertices": (
        "collection: string, keys: Iterable<string>, cancellable?: Gio.Cancellable | null",
        "void",
    ),
    "SchemaExtension.new": (
        "key: string, owner: string, version: number, schema: Car.PlainObject | string",
        "Car.SchemaExtension",
    ),
    # An importer has all of these for as long as a run calls it; the server is the connector's own class.
    "Import.get_app": ("", "Car.App"),
    "Import.get_client": ("", "Car.Client"),
    "Import.get_data_handler": ("", "Car.DataHandler"),
    "Import.get_asset_server": ("", "any"),
}
# The enumerations of failures, whose names the override gives to exceptions.
ENUMERATIONS = {name.removesuffix("Code"): name for name in ADDED["Car"] if name.endswith("Code")}

TYPES = {
    "gboolean": "boolean",
    "utf8": "string",
    "filename": "string",
    "none": "void",
    "GLib.Bytes": "GLib.Bytes | Uint8Array",
    "Json.Node": "Car.PlainObject",
    "Json.Object": "Car.PlainObject",
    **dict.fromkeys(["Gio.ProxyResolver", "Gio.TlsCertificate", "Gio.TlsDatabase"], "any"),
    **dict.fromkeys(["gint", "guint", "gint64", "guint64", "gssize", "gsize", "gdouble"], "number"),
}
# The parameters that the override takes from any iterable.
TEXTS = ("keys", "ids", "fields")
# JSON that comes out may be anything.
RETURNED = {"Json.Node": "any", "Json.Array": "any[]"}


def type_of(node, types):
    array = node.find(CORE + "array")
    if array is not None:
        return type_of(array, types) + "[]"
    name = node.find(CORE + "type").get("name")
    return types.get(name) or (name if "." in name else "Car." + name)


def is_nullable(node):
    return node.get("nullable") == "1"


def parameters_of(call, source):
    """Those that JavaScript gives: user data are the closure's, and arrays know their length."""
    parameters = []
    all_nodes = call.findall(f"{CORE}parameters/{CORE}parameter")
    arrays = [array for node in all_nodes for array in node.findall(CORE + "array")]
    lengths = {int(array.get("length", -1)) for array in arrays}
    for number, node in enumerate(all_nodes):
        if node.get("direction") == "out" or node.get("name") == "user_data" or number in lengths:
            continue
        kind = type_of(node, TYPES)
        if kind == "string[]" and node.get("name") in TEXTS:
            kind = "Iterable<string>"
        if kind == "Gio.AsyncReadyCallback":
            kind += f"<Car.{source}>"
        null = " | null" if is_nullable(node) else ""
        parameters.append(f"{node.get('name').replace('-', '_')}: {kind}{null}")
    return ", ".join(parameters)


def results_of(call):
    """What it returns, and what comes out of it."""
    outs = call.iterfind(f"{CORE}parameters/{CORE}parameter[@direction='out']")
    results = []
    for node in [call.find(CORE + "return-value"), *outs]:
        null = " | null" if is_nullable(node) else ""
        results.append(type_of(node, {**TYPES, **RETURNED}) + null)
    return results


def signature(owner, call):
    name = call.get("name")
    if f"{owner}.{name}" in CHANGED:
        return CHANGED[f"{owner}.{name}"]
    results = results_of(call)
    return parameters_of(call, owner), results[0] if len(results) == 1 else f"[{', '.join(results)}]"


def vfunc_signature(owner, vfunc):
    """They return nothing, or what they make; false is a failure."""
    done, *outs = results_of(vfunc)
    result = f"{outs[0]} | void" if outs else f"{done} | void" if done == "boolean" else done
    return parameters_of(vfunc, owner), result


def quoted(names):
    return " | ".join(f"'{name}'" for name in sorted(names)) or "never"


class Program:
    """Collects the lines; each states a type that must be true, and otherwise is what the compiler complains of."""

    def __init__(self):
        self.lines = [
            "import Car from 'gi://Car?version=1.0';",
            "import type Gio from 'gi://Gio?version=2.0';",
            "import type GLib from 'gi://GLib?version=2.0';",
            "import type GObject from 'gi://GObject?version=2.0';",
            "",
            "type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : [A, B];",
            "type Within<A, B, Else> = [A] extends [B] ? true : [Else, Exclude<A, B>];",
            "function check<_Yes extends true>(): void {}",
            "",
        ]

    def names(self, where, names, inherited="never"):
        """All of these are there, and no others."""
        self.lines.append(f"check<Within<{quoted(names)}, {where}, 'not declared'>>();")
        self.lines.append(f"check<Within<{where}, {quoted(names)} | {inherited}, 'not there'>>();")

    def call(self, where, parameters, result):
        self.lines.append(f"check<Same<Parameters<{where}>, Parameters<({parameters}) => void>>>();")
        self.lines.append(f"check<Same<ReturnType<{where}>, {result}>>();")

    def class_(self, node):
        name = node.get("name")
        parent = node.get("parent")
        parent = None if parent is None else parent if "." in parent else "Car." + parent
        methods = {
            m.get("name"): m
            for m in node.iterfind(CORE + "method")
            if m.get("introspectable") != "0" and f"{name}.{m.get('name')}" not in OMITTED
        }
        vfuncs = {"vfunc_" + v.get("name"): v for v in node.iterfind(CORE + "virtual-method")}
        makers = {m.get("name"): m for m in node.iterfind(CORE + "constructor")}
        readable = (p for p in node.iterfind(CORE + "property") if p.get("readable") != "0")
        properties = {p.get("name").replace("-", "_"): p for p in readable}
        signals = list(node.iterfind(GLIB + "signal"))

        self.names(
            f"keyof Car.{name}",
            [*methods, *vfuncs, *properties, *ADDED.get(name, [])],
            f"keyof {parent}" if parent else "never",
        )
        self.names(f"keyof typeof Car.{name}", makers, f"keyof typeof {parent} | 'prototype'" if parent else "'prototype'")
        for method, call in methods.items():
            self.call(f"Car.{name}['{method}']", *signature(name, call))
        for maker, call in makers.items():
            self.call(f"typeof Car.{name}['{maker}']", *signature(name, call))
        for vfunc, call in vfuncs.items():
            self.call(f"Car.{name}['{vfunc}']", *vfunc_signature(name, call))
        for property_, declared in properties.items():
            self.property(name, property_, declared)
        for signal in signals:
            self.lines.append(
                f"(source: Car.{name}) => source.connect('{signal.get('name')}', (...given) => "
                f"check<Same<typeof given, Parameters<(source: Car.{name}, {parameters_of(signal, name)}) => void>>>());"
            )

    def property(self, owner, name, declared):
        """The introspection does not know which may be null."""
        changing = "" if declared.get("writable") == "1" and declared.get("construct-only") != "1" else "readonly "
        kind = CHANGED.get(f"{owner}.get_{name}", ("", type_of(declared, TYPES)))[1]

        self.lines.append(f"check<Same<NonNullable<Car.{owner}['{name}']>, {kind}>>();")
        self.lines.append(f"check<Same<Pick<Car.{owner}, '{name}'>, {{{changing}{name}: Car.{owner}['{name}']}}>>();")

    def enumeration(self, node):
        name = ENUMERATIONS.get(node.get("name"), node.get("name"))
        members = {m.get("name").upper(): m.get("value") for m in node.iterfind(CORE + "member")}
        # A class of GLib's, where the override makes none.
        inherited = "never" if name != "ImportError" else "keyof typeof GLib.Error | 'prototype'"

        self.names(f"keyof typeof Car.{name}", members, inherited)
        for member, value in members.items() if name != "ImportError" else ():
            self.lines.append(f"check<Same<`${{Car.{name}.{member}}}`, '{value}'>>();")

    def namespace(self, node):
        values = list(ADDED["Car"])
        for child in node:
            kind, name = child.tag.removeprefix(CORE), child.get("name")
            if kind == "class" or (kind == "record" and child.get(GLIB + "is-gtype-struct-for") is None):
                values.append(name)
                self.class_(child)
            elif kind in ("enumeration", "bitfield"):
                values.append(name)
                self.enumeration(child)
            elif kind == "function":
                values.append(name)
                self.call(f"typeof Car.{name}", *signature("Car", child))
            elif kind == "constant":
                values.append(name)
                self.lines.append(f"check<Same<typeof Car.{name}, {type_of(child, TYPES)}>>();")
            elif kind == "callback":
                self.call(f"Car.{name}", *signature("Car", child))
            elif kind not in ("record", "docsection", "function-macro"):
                sys.exit(f"{name}: no rule says how a {kind} is declared")
        self.names("keyof typeof Car", values)


program = Program()
program.namespace(xml.etree.ElementTree.parse(sys.argv[1]).getroot().find(CORE + "namespace"))
print("/* SPDX-License-Identifier: Apache-2.0 */", *program.lines, sep="\n")
