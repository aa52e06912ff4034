# SPDX-License-Identifier: Apache-2.0
"""The connectors that the guides show, in C, Python and JavaScript: each reads assets and their addresses from a file."""

import os
import pathlib
import re
import subprocess

SOURCE = pathlib.Path(os.environ["TOP_SRCDIR"])
BUILD = pathlib.Path(os.environ["TOP_BUILDDIR"])


def rows(first, last):
    return [f"{i},host {i},10.{i // 62500}.{i // 250 % 250}.{i % 250 + 1}\n" for i in range(first, last)]


class Connector:
    def __init__(self, name, command, header, environment):
        self.name, self.command, self.header, self.environment = name, command, header, environment

    def run(self, service, file, *arguments):
        return subprocess.run(
            [*map(str, self.command), "-file", str(file), "-source", self.name, *arguments],
            env={**os.environ, **self.environment, **service.environment},
            capture_output=True, text=True, timeout=300,
        )


def block(guide, language, *words):
    """The guide's block in that language that holds the words."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", (SOURCE / "docs" / guide).read_text(), re.M | re.S)
    return next(found for found in blocks if all(word in found for word in words))


def compile_guide(folder):
    source, program = folder / "inventory.c", folder / "inventory"
    source.write_text(block("guide.md", "c", "int\nmain"))
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "gio-2.0", "json-glib-1.0"],
                           check=True, capture_output=True, text=True).stdout.split()
    subprocess.run(
        ["cc", "-o", program, source, f"-I{SOURCE}", f"-I{BUILD}", f"-L{BUILD / 'libcar' / '.libs'}", "-lcar-1.0",
         *os.environ.get("SANITIZER_CFLAGS", "").split(), *flags], check=True)
    return program


def list_connectors(folder):
    """Those whose language is there, and has a binding here."""
    introspection = {"GI_TYPELIB_PATH": str(BUILD), "LD_LIBRARY_PATH": str(BUILD / "libcar" / ".libs")}
    bound = (BUILD / "Car-1.0.typelib").exists() and not os.environ.get("SANITIZER_CFLAGS")

    yield Connector("c", [compile_guide(folder)], "", {"LD_LIBRARY_PATH": str(BUILD / "libcar" / ".libs")})
    if bound and os.environ["PYTHON_GI"] != "no":
        path = folder / "connector.py"
        path.write_text(block("guide-python.md", "python", "__main__"))
        yield Connector("python", [os.environ["PYTHON_GI"], path], "id,name,address\n",
                        {**introspection, "PYTHONPATH": str(SOURCE / "bindings" / "python")})
    if bound and os.environ["GJS"] != "no":
        path = folder / "connector.js"
        path.write_text("".join(block("guide-javascript.md", "js", "CsvApp").splitlines(keepends=True)[2:]))
        yield Connector("javascript", [os.environ["GJS"], "-m", path], "id,name,address\n",
                        {**introspection, "GJS_PATH": str(SOURCE / "bindings" / "javascript")})
