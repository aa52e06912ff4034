# SPDX-License-Identifier: Apache-2.0
"""The exported, the declared and the documented symbols of the library are the same set, and Debian's list of them."""

import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

SOURCE = os.environ["TOP_SRCDIR"]
BUILD = os.environ["TOP_BUILDDIR"]
GIR = os.path.join(BUILD, "Car-1.0.gir")
DEBIAN = os.path.join(SOURCE, "debian", "libcar-1.0-0.symbols")

CORE = "{http://www.gtk.org/introspection/core/1.0}"
C = "{http://www.gtk.org/introspection/c/1.0}"
GLIB = "{http://www.gtk.org/introspection/glib/1.0}"


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def exported():
    library = os.path.join(BUILD, "libcar", ".libs", "libcar-1.0.so")
    lines = (line.split() for line in output("nm", "-D", "--defined-only", library).splitlines())
    # The version script's own node is an absolute symbol.
    return {fields[2].partition("@")[0] for fields in lines if fields[1] != "A"}


def declared():
    """What the compiler sees in the public headers, static helpers of GObject's macros apart."""
    flags = output("pkg-config", "--cflags", "gio-2.0", "json-glib-1.0").split()
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "declared.c")
        listing = os.path.join(folder, "declared.txt")
        with open(program, "w", encoding="utf-8") as file:
            file.write("#include <libcar/car.h>\n")
        subprocess.run(
            ["cc", "-fsyntax-only", "-aux-info", listing, f"-I{SOURCE}", f"-I{BUILD}", *flags, program], check=True
        )
        with open(listing, encoding="utf-8") as file:
            prototypes = [line for line in file if re.search(r"/libcar/(\w+/)?car-", line) and "*/ extern" in line]
    return {re.search(r"\b(\w+) \(", line.partition("*/")[2]).group(1) for line in prototypes}


def documented():
    names = set()
    for element in ElementTree.parse(GIR).iter():
        # A type documents its get_type function, an error domain its quark function.
        get_type = element.get(GLIB + "get-type")
        if get_type and get_type != "intern":
            names.add(get_type)
        domain = element.get(GLIB + "error-domain")
        if domain:
            names.add(domain.replace("-", "_"))
        if element.get(C + "identifier") and element.find(CORE + "doc") is not None:
            # Macros that look like functions are documented, but are no symbols.
            if element.tag not in (CORE + "member", CORE + "constant", CORE + "function-macro"):
                names.add(element.get(C + "identifier"))
    return names


def packaged():
    with open(DEBIAN, encoding="utf-8") as file:
        header, *lines = file.read().splitlines()
    assert header.startswith("libcar-1.0.so.0 libcar-1.0-0 "), header
    return {line[1:].partition("@")[0] for line in lines if line.startswith(" car_")}


def check(number, what, expected, found):
    missing, excess = sorted(expected - found), sorted(found - expected)
    same = not missing and not excess and found
    print(f"{'ok' if same else 'not ok'} {number} - {what}")
    for name in missing:
        print(f"# missing: {name}")
    for name in excess:
        print(f"# too much: {name}")
    return same


print("1..3")
symbols = exported()
good = check(1, "what is declared is exported, and nothing else", declared(), symbols)
if os.path.exists(GIR):
    good &= check(2, "what is exported is documented, and nothing else", symbols, documented())
else:
    print("ok 2 # SKIP built without introspection")
if os.path.exists(DEBIAN):
    good &= check(3, "what is exported is in Debian's list, and nothing else", symbols, packaged())
else:
    print("ok 3 # SKIP no part of the archive")
sys.exit(not good)
