# SPDX-License-Identifier: Apache-2.0
"""Makes the pages that the API reference has beside the symbols: pages.py TOP GIR OUTPUT.

The guides stay the one source: here they get a title for gi-docgen, and links to one another as HTML. A link to a file that is no
page keeps its words. names.md is made from the GIR, and from Python's stubs: what each symbol is called in Python and in JavaScript."""

import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

CORE = "{http://www.gtk.org/introspection/core/1.0}"
C = "{http://www.gtk.org/introspection/c/1.0}"
GLIB = "{http://www.gtk.org/introspection/glib/1.0}"

NAMES = """Title: Names in Python and JavaScript

# Names in Python and JavaScript

This reference has C's names. Here is what Python and JavaScript call the same. In Python, `Car` comes from
`gi.repository`; in JavaScript, from `gi://Car`. Python's and JavaScript's own forms of arguments and results (dicts, plain objects,
iterables, exceptions) are in the guides for [Python](guide-python.html) and [JavaScript](guide-javascript.html). What stands as
“–” is for C alone.
"""


def page(text, pages):
    """The text of a guide as gi-docgen takes it."""

    def link(match):
        label, target, section = match.groups(default="")
        if target in pages:
            return f"[{label}]({target[:-3]}.html{section})"
        return match.group() if not target or ":" in target else label

    title = re.search(r"^# (.*)$", text, re.M).group(1)
    # Python's Markdown takes no comment before code, and one word beside its fence.
    text = re.sub(r"^<!--.*?-->\n", "", text, flags=re.M)
    text = re.sub(r"^(```\w+) .*$", r"\1", text, flags=re.M)
    return f"Title: {title}\n\n" + re.sub(r"(?<!!)\[([^][]*)\]\(([^)#\s]*)(#[^)\s]*)?\)", link, text)


def cells(kind, owner, element):
    """A symbol in C with a link to its page, in Python, and in JavaScript."""
    name, path = element.get("name"), f"Car.{owner}.{element.get('name')}"
    if kind == "vfunc":
        return f"[`{name}`](vfunc.{owner}.{name}.html)", f"`do_{name}`", f"`vfunc_{name}`"
    if kind == "property":
        words = name.split("-")
        camel = words[0] + "".join(word.capitalize() for word in words[1:])
        attribute = name.replace("-", "_")
        # PyGObject has no attribute for what is only written.
        python = attribute if element.get("readable") != "0" else f"Car.{owner}({attribute}=…)"
        return f"[`{name}`](property.{owner}.{name}.html)", f"`{python}`", f"`{camel}`"
    symbol = f"[`{element.get(C + 'identifier')}`]({kind}.{owner}.{name}.html)"
    if element.get("introspectable") == "0" or element.get("shadowed-by"):
        return symbol, "–", "–"
    path = f"`Car.{owner}.{element.get('shadows', name)}`" if kind != "method" else f"`{element.get('shadows', name)}`"
    return symbol, path, path


KINDS = {"constructor": "ctor", "function": "type_func", "method": "method", "virtual-method": "vfunc", "property": "property"}


def table(owner, pages):
    rows = [cells(KINDS[kind], owner.get("name"), element) for kind in KINDS for element in owner.findall(CORE + kind)]
    if not rows:
        return ""
    name = owner.get("name")
    head = f"\n## Car{name}\n\n[`Car{name}`]({pages}.{name}.html) is `Car.{name}`.\n\n| C | Python | JavaScript |\n|---|---|---|\n"
    return head + "".join(f"| {c} | {python} | {javascript} |\n" for c, python, javascript in rows)


def values(owner, stubs):
    """The values of an enumeration, which both languages call the same. Where the name is an exception's, the codes have another."""
    name = owner.get("name")
    python = f"{name}Code" if f"class {name}Code(" in stubs else name
    names = ((member.get(C + "identifier"), member.get("name").upper()) for member in owner.findall(CORE + "member"))
    return f"\n## Car{name}\n\n| C | Python and JavaScript |\n|---|---|\n" + "".join(
        f"| `{c}` | `Car.{python}.{value}` |\n" for c, value in names)


def names(gir, stubs):
    namespace = ElementTree.parse(gir).getroot().find(CORE + "namespace")
    records = (record for record in namespace.findall(CORE + "record") if not record.get(GLIB + "is-gtype-struct-for"))
    return NAMES + "".join([
        *(table(owner, "class") for owner in namespace.findall(CORE + "class")),
        *(table(owner, "struct") for owner in records),
        *(values(owner, stubs) for kind in ("enumeration", "bitfield") for owner in namespace.findall(CORE + kind)),
    ])


def main(top, gir, output):
    docs, output = pathlib.Path(top, "docs"), pathlib.Path(output)
    stubs = pathlib.Path(top, "bindings/python/gi-stubs/repository/Car.pyi").read_text(encoding="utf-8")
    output.mkdir(parents=True, exist_ok=True)
    sources = sorted(docs.glob("*.md"))
    for source in sources:
        text = page(source.read_text(encoding="utf-8"), {each.name for each in sources})
        (output / source.name).write_text(text, encoding="utf-8")
    (output / "names.md").write_text(names(gir, stubs), encoding="utf-8")


main(*sys.argv[1:])
