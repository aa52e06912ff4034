# SPDX-License-Identifier: Apache-2.0
"""The API reference: every public symbol is documented, every class has an example that compiles, gi-docgen makes HTML of it without a warning, and no link there is dead."""

import html.parser
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
import xml.etree.ElementTree as ElementTree

import tap

TOP, BUILD = pathlib.Path(os.environ["TOP_SRCDIR"]), pathlib.Path(os.environ["TOP_BUILDDIR"])
GIR = BUILD / "Car-1.0.gir"
REFERENCE = TOP / "docs" / "reference"
CORE = "{http://www.gtk.org/introspection/core/1.0}"
GLIB = "{http://www.gtk.org/introspection/glib/1.0}"
CALLED = {CORE + kind for kind in ("function", "method", "constructor", "virtual-method", "callback")} | {GLIB + "signal"}
NAMED = CALLED | {CORE + kind for kind in
                  ("class", "interface", "record", "enumeration", "bitfield", "property", "member", "constant", "alias")}


def explained(element):
    return bool((element.findtext(CORE + "doc") or "").strip())


def undocumented(element, path=""):
    """Where a doc is missing at or below this element. What a class's struct holds are the virtual functions once more."""
    for child in element:
        if child.tag not in NAMED or child.get(GLIB + "is-gtype-struct-for"):
            continue
        name = f"{path}.{child.get('name')}".lstrip(".")
        if not explained(child):
            yield name
        if child.tag in CALLED:
            yield from (f"{name}({each.get('name')})" for each in child.findall(f"{CORE}parameters/{CORE}parameter")
                        if not explained(each))
            result = child.find(CORE + "return-value")
            kind = result.find(CORE + "type") if result is not None else None
            if result is not None and (kind is None or kind.get("name") != "none") and not explained(result):
                yield f"{name}: what it returns"
        yield from undocumented(child, name)


class Page(html.parser.HTMLParser):
    """Where a page of HTML leads, and the names that others lead to."""

    def __init__(self, path):
        super().__init__()
        self.links, self.names = set(), set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.links.add(value)
            elif name in ("id", "name") and tag != "meta":
                self.names.add(value)


def dead_links(folder):
    pages = {path.name: Page(path) for path in folder.glob("*.html")}
    for name, page in pages.items():
        for link in page.links:
            there = urllib.parse.urlsplit(link)
            if there.scheme or there.netloc:
                continue
            target = urllib.parse.unquote(there.path) or name
            fragment = urllib.parse.unquote(there.fragment)
            if not (folder / target).exists() or fragment and target in pages and fragment not in pages[target].names:
                yield f"{name}: {link}"


# Reads names.md, and prints the names there that Python does not have, then how many there are.
LOOK = r"""
import re, sys
import gi
gi.require_version("Car", "1.0")
from gi.repository import Car
there = 0
for line in open(sys.argv[1], encoding="utf-8"):
    if line.startswith("## Car"):
        owner = line[6:].strip()
    elif cell := re.match(r"\| [^|]*\| `([^`(]*)", line):
        there += 1
        place = Car if cell[1].startswith("Car.") else getattr(Car, owner)
        for name in cell[1].removeprefix("Car.").split("."):
            place = getattr(place, name, None)
        if place is None:
            print(owner, cell[1])
print(there)
"""


class TestNames(unittest.TestCase):
    def test_python_has_them(self):
        with tempfile.TemporaryDirectory(prefix="car-reference-") as folder:
            subprocess.run([sys.executable, REFERENCE / "pages.py", TOP, GIR, folder], check=True)
            done = subprocess.run(["bash", "-c", '. "$TOP_SRCDIR/tests/python.sh"; exec "$PYTHON_GI" -c "$@"', "bash",
                                   LOOK, f"{folder}/names.md"], capture_output=True, text=True, check=True)
        if "# SKIP" in done.stdout:
            self.skipTest(done.stdout.strip())
        self.assertRegex(done.stdout, r"^[0-9]{3}\n$")


class TestDocumented(unittest.TestCase):
    def test_every_symbol(self):
        namespace = ElementTree.parse(GIR).getroot().find(CORE + "namespace")
        self.assertGreater(len(namespace), 30)
        self.assertEqual(list(undocumented(namespace)), [])

    def test_a_gap_is_seen(self):
        tree = ElementTree.parse(GIR)
        app = tree.getroot().find(f"{CORE}namespace/{CORE}class[@name='App']")
        run = app.find(f"{CORE}method[@name='run']")
        for element in (run, run.find(CORE + "return-value"), app.find(CORE + "property")):
            element.remove(element.find(CORE + "doc"))
        self.assertEqual(len(list(undocumented(tree.getroot().find(CORE + "namespace")))), 3)


class TestExamples(unittest.TestCase):
    def compile(self, example):
        flags = subprocess.run(["pkg-config", "--cflags", "gio-2.0", "json-glib-1.0"], capture_output=True, text=True, check=True)
        return subprocess.run(["cc", "-fsyntax-only", "-Wall", "-Werror", "-Wno-unused-function", "-include", TOP / "tests/api-examples.h",
                               f"-I{TOP}", f"-I{BUILD}", *flags.stdout.split(), "-xc", "-"],
                              input=example, capture_output=True, text=True, check=False)

    def test_they_compile(self):
        classes = [element for element in ElementTree.parse(GIR).getroot().find(CORE + "namespace")
                   if element.tag in (CORE + "class", CORE + "record") and not element.get(GLIB + "is-gtype-struct-for")]
        examples = {each.get("name"): re.findall(r"^```c\n(.*?)^```", each.findtext(CORE + "doc") or "", re.M | re.S) for each in classes}
        # These are told or handed out, and not used by themselves.
        self.assertEqual([name for name, found in examples.items() if not found], ["CollectionSummary", "Import", "Violation"])
        for name, found in examples.items():
            for example in found:
                with self.subTest(name):
                    done = self.compile(example)
                    self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_mistake_is_seen(self):
        self.assertNotEqual(self.compile("char *name = car_client_get_base_url (NULL, 1);").returncode, 0)


@unittest.skipIf(shutil.which("gi-docgen") is None, "there is no gi-docgen")
class TestReference(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="car-reference-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_made_without_warnings_or_dead_links(self):
        made = self.folder / "Car-1.0"
        done = subprocess.run(["sh", REFERENCE / "make.sh", TOP, GIR, made], env=os.environ | {"PYTHON3": sys.executable},
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
        self.assertTrue((made / "Car-1.0.devhelp2").exists())
        self.assertEqual(sorted(dead_links(made)), [])

    def test_a_dead_link_is_seen(self):
        (self.folder / "one.html").write_text('<a href="#here" id="here"></a><a href="#gone"></a><a href="two.html"></a>')
        self.assertEqual(sorted(dead_links(self.folder)), ["one.html: #gone", "one.html: two.html"])


if __name__ == "__main__":
    if not GIR.exists():
        print("1..0 # SKIP this build has no introspection")
        sys.exit()
    tap.main()
