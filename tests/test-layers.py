# SPDX-License-Identifier: Apache-2.0
"""What each folder of libcar/ may include: an arrow that goes upwards, or the umbrella within the library, fails."""

import os
import re

SOURCE = os.environ["TOP_SRCDIR"]

# A folder and those below it that it may know. docs/architecture.md draws the same.
LAYERS = {
    "base": {"base"},
    "json": {"base", "json"},
    "log": {"base", "json", "log"},
    "schema": {"base", "json", "schema"},
    "settings": {"base", "json", "log", "settings"},
    "client": {"base", "json", "log", "schema", "client"},
    "staging": {"base", "json", "log", "schema", "client", "staging"},
    "run": {"base", "json", "log", "schema", "settings", "client", "staging", "run"},
}

INCLUDE = re.compile(r'^#include [<"](?:libcar/)?((?:(\w+)/)?car[-\w.]*\.h)[>"]', re.MULTILINE)


def list_files(layer):
    folder = os.path.join(SOURCE, "libcar", layer)
    return sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith((".c", ".h")))


def find_wrong_includes(path, layer):
    with open(path, encoding="utf-8") as file:
        for name, other in INCLUDE.findall(file.read()):
            # The types of the enumerations are made from all public headers; they belong to no layer.
            if name != "car-enum-types.h" and other not in LAYERS[layer]:
                yield f"{os.path.relpath(path, SOURCE)} includes {name}"


def main():
    folders = {entry.name for entry in os.scandir(os.path.join(SOURCE, "libcar")) if entry.is_dir()}
    assert folders == set(LAYERS), folders ^ set(LAYERS)

    print(f"1..{len(LAYERS)}")
    for number, layer in enumerate(LAYERS, 1):
        files = list_files(layer)
        wrong = [line for path in files for line in find_wrong_includes(path, layer)]
        print(f"{'not ok' if wrong or not files else 'ok'} {number} - {layer}")
        for line in wrong:
            print(f"# {line}")


main()
