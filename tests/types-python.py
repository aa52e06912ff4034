# SPDX-License-Identifier: Apache-2.0
"""The type stubs declare what there is, all of it and no more, and mypy accepts the connectors with them."""

import ast
import inspect
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

import gi

gi.require_version("Car", "1.0")
from gi.repository import Car

SOURCE = pathlib.Path(os.environ["TOP_SRCDIR"])
GIR = pathlib.Path(os.environ["TOP_BUILDDIR"], "Car-1.0.gir")
STUBS = SOURCE / "bindings" / "python" / "gi-stubs"
CORE = "{http://www.gtk.org/introspection/core/1.0}"
GLIB = "{http://www.gtk.org/introspection/glib/1.0}"

MYPY = "/usr/bin/mypy"
STRICT = ("--strict", "--allow-subclassing-any")
# Debian's requests come without types.
CONFIGURATION = "[mypy-requests.*,urllib3.*]\nignore_missing_imports = True\n"
# As most connectors are written.
UNANNOTATED = (*STRICT, "--allow-untyped-defs", "--allow-incomplete-defs", "--allow-untyped-calls")

failed = []
number = 0


def check(what, problems):
    global number
    number += 1
    print("".join(f"# {line}\n" for problem in problems for line in problem.splitlines()), end="")
    print(f"{'not ok' if problems else 'ok'} {number} - {what}", flush=True)
    failed.extend(problems)


# ---- what there is ----


def introspectable(node, *kinds):
    return (item for kind in kinds for item in node.findall(CORE + kind) if item.get("introspectable") != "0")


def declared_by_c():
    """All names of the namespace, those in classes with a dot, as Python knows them."""
    namespace = ElementTree.parse(GIR).getroot().find(CORE + "namespace")
    for item in introspectable(namespace, "function", "constant"):
        yield item.get("name")
    for item in introspectable(namespace, "enumeration", "bitfield"):
        name = item.get("name")
        # The exceptions have the names of their codes.
        name += "Code" if issubclass(getattr(Car, name), Exception) else ""
        yield name
        for member in item.findall(CORE + "member"):
            yield f"{name}.{member.get('name').upper()}"
    for item in introspectable(namespace, "class", "record"):
        name = item.get("name")
        if item.get(GLIB + "is-gtype-struct-for") is None:
            yield name
            for method in introspectable(item, "method", "constructor", "function"):
                yield f"{name}.{method.get('name')}"
            for method in introspectable(item, "virtual-method"):
                yield f"{name}.do_{method.get('name')}"


# ---- what the stubs declare ----


def assigned(node):
    if isinstance(node, ast.AnnAssign):
        return [node.target.id]
    return [target.id for target in node.targets] if isinstance(node, ast.Assign) else []


def declared_by_stubs():
    """By name, the node that declares it."""
    names = {}
    for node in ast.parse((STUBS / "repository" / "Car.pyi").read_text()).body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            names[node.name] = node
        names.update((name, node) for name in assigned(node))
        for member in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(member, ast.FunctionDef):
                names[f"{node.name}.{member.name}"] = member
            names.update((f"{node.name}.{name}", member) for name in assigned(member))
    return names


def is_alias(name, node):
    """A name that the stubs have for themselves."""
    return name.startswith("_") or isinstance(node, ast.Assign) and "." not in name


def find(name):
    found = Car
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def parameters_of(function):
    """Their names; those of C's functions are in the documentation that PyGObject makes."""
    if inspect.isfunction(function) and not hasattr(function, "__wrapped__"):
        return list(inspect.signature(function).parameters)
    shown = re.fullmatch(r"\w+\((.*?)\)( ->.*)?", function.__doc__)[1]
    return [re.sub(r"[:=*].*", "", name.lstrip("*")) for name in re.split(", *", shown) if name]


def differences_of(name, node):
    arguments = node.args
    declared = [argument.arg for argument in (*arguments.args, *arguments.kwonlyargs)]
    if arguments.vararg:
        declared.append(arguments.vararg.arg)
    found = parameters_of(find(name))
    return [] if declared == found else [f"{name}: the stubs say {declared}, where there is {found}"]


def check_stubs():
    stubs = declared_by_stubs()
    # Python's own copy and garbage collector are what there is.
    c = set(declared_by_c()) - {
        "CollectionSummary.ref",
        "CollectionSummary.unref",
        "Record.free",
        "Violation.copy",
        "Violation.free",
    }
    enumerations = ("quark",)
    check("what C declares is in the stubs", sorted(name for name in c - stubs.keys() if not name.endswith(enumerations)))
    there = {name: node for name, node in stubs.items() if not is_alias(name, node)}
    check(
        "what is in the stubs is there",
        sorted(name for name in there if find(name) is None and not name.startswith("Failure.")),
    )
    functions = {
        name: node for name, node in there.items() if isinstance(node, ast.FunctionDef) and name in c and "do_" not in name
    }
    check(
        "its parameters have these names",
        [problem for name, node in sorted(functions.items()) for problem in differences_of(name, node)],
    )
    for name in "Client", "DataHandler", "ImportSchema", "SchemaExtension":
        given = {argument.arg for argument in stubs[f"{name}.__init__"].args.kwonlyargs}
        properties = {found.name.replace("-", "_") for found in getattr(Car, name).list_properties()}
        check(f"the properties of {name} can be given", sorted(given ^ properties))


# ---- mypy ----


def run_mypy(folder, options, *paths):
    """Returns: what it complains of, or "" where it does not."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [MYPY, *options, "--cache-dir", folder / "cache", *paths],
        env={**environment, "MYPYPATH": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout if done.returncode else ""


def check_connectors(folder):
    def problems(options, *paths):
        return [said for said in [run_mypy(folder, options, *paths)] if said]

    check("the stubs are sound", problems(STRICT, "-p", "gi"))
    reference = SOURCE / "connectors" / "reference" / "python"
    check("mypy takes the reference connector", problems(STRICT, reference / "car-connector-reference-python.py"))
    check("mypy takes the contract's connector", problems(UNANNOTATED, SOURCE / "tests" / "contract-connector.py"))

    guide = (SOURCE / "docs" / "guide-python.md").read_text()
    connector = guide.split("```python\n")[1].split("```")[0]
    path = folder / "connector.py"
    path.write_text(connector)
    check("mypy takes the guide's connector", problems(UNANNOTATED, path))
    mistakes = (
        ("add_vertices", "add_vertixes"),
        ('self.add_setting("file"', "self.add_setting(5"),
        ("FailureCode.CONNECT", "FailureCode.CONNECTED"),
        ("super().__init__()", "super().__init__(5)"),
        ("def do_create_full_import(self):", "def do_create_full_import(self) -> int:"),
    )
    for tried, (right, wrong) in enumerate(mistakes):
        assert right in connector, right
        # A file of its own each: mypy may take one that changed in the same second for the one before.
        path = folder / f"connector{tried}.py"
        path.write_text(connector.replace(right, wrong))
        check(f"mypy finds {wrong}", [] if run_mypy(folder, UNANNOTATED, path) else ["it does not"])


def main():
    check_stubs()
    if os.access(MYPY, os.X_OK):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "gi").symlink_to(STUBS)
            pathlib.Path(folder, "mypy.ini").write_text("[mypy]\n" + CONFIGURATION)
            check_connectors(pathlib.Path(folder))
    print(f"1..{number}")
    sys.exit(bool(failed))


main()
