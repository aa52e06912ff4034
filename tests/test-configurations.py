# SPDX-License-Identifier: Apache-2.0
"""The reference connector's configurations/ has the form that a platform which lists connectors reads: config.json says what to
ask a person for, lang_*.json in which words. It asks for what the connector takes, and for nothing else."""

import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402

TOP, BUILD = pathlib.Path(os.environ["TOP_SRCDIR"]), pathlib.Path(os.environ["TOP_BUILDDIR"])
FOLDER = TOP / "connectors" / "reference" / "configurations"
CONFIG = json.loads((FOLDER / "config.json").read_text(encoding="utf-8"))
LANGUAGES = sorted(FOLDER.glob("lang_*.json"))

# What a field may have beside its type, by type. "fields" is a group; its other members are fields.
FIELD = {"optional", "hidden", "default", "previous"}
TYPES = {
    "text": FIELD | {"regex"},
    "password": FIELD | {"regex"},
    "number": FIELD | {"min", "max"},
    "link": {"default"},
    "cron": {"default", "previous", "options"},
    "connectorType": {"displayName", "group"},
}
# What the platform adds to every connection and configuration, and asks for in our words.
ASKED = {"connection": {"name", "description"}, "configuration": {"name", "description"}}
CRON = re.compile(r"(\*|mm|\d+|\*/\d+) (\*|HH|\d+|\*/\d+) \* \* \*")


def groups():
    return {name: {field: body for field, body in group.items() if field != "type"}
            for name, group in CONFIG["configuration"].items()}


def label_of(schedule):
    """`0 */4 * * *` is named 4h, `*/15 * * * *` 15m, and `mm HH * * *` daily."""
    minutes, hours = re.fullmatch(r"(\S+) (\S+) \* \* \*", schedule).groups()
    if hours.startswith("*/"):
        return hours[2:] + "h"
    return minutes[2:] + "m" if minutes.startswith("*/") else "daily"


def settings():
    """What --help says of the connector's own settings: variable to whether it is required."""
    program = BUILD / "connectors" / "reference" / "c" / "car-connector-reference"
    done = subprocess.run([program, "--help"], capture_output=True, text=True, check=True)
    own = done.stdout.split("Settings of every connector")[0]
    return {name: bool(required) for name, required in re.findall(r"\((CONFIGURATION_\w+)\)(; required)?", own)}


class Config(unittest.TestCase):
    def field(self, path, body):
        kind = body.get("type")
        self.assertIn(kind, TYPES, path)
        self.assertLessEqual(body.keys() - {"type"}, TYPES[kind], path)
        if "regex" in body:
            re.compile(body["regex"])
        if kind == "number" and "default" in body:
            self.assertTrue(body.get("min", body["default"]) <= body["default"] <= body.get("max", body["default"]), path)

    def test_form(self):
        self.assertEqual(CONFIG.keys(), {"connection", "configuration"})
        for name, body in CONFIG["connection"].items():
            self.field(name, body)
        for name, group in CONFIG["configuration"].items():
            self.assertEqual(group["type"], "fields", name)
            for field, body in groups()[name].items():
                self.field(f"{name}.{field}", body)

    def test_type(self):
        body = CONFIG["connection"]["type"]
        self.assertEqual(body["type"], "connectorType")
        self.assertTrue(body["displayName"].strip())

    def test_schedule(self):
        schedule = CONFIG["connection"]["schedule"]
        self.assertIn(schedule["default"], schedule["options"])
        for option in schedule["options"]:
            self.assertRegex(option, CRON)

    def test_asks_for_what_the_connector_takes(self):
        asked = {f"CONFIGURATION_{name}_{field}".upper(): not body.get("optional", False)
                 for name, fields in groups().items() for field, body in fields.items()}
        self.assertEqual(asked, settings())

    def test_hides_what_is_secret(self):
        secret = re.compile("password|secret|token|key")
        for fields in groups().values():
            for field, body in fields.items():
                self.assertEqual(body["type"] == "password", bool(secret.search(field)), field)


class Languages(unittest.TestCase):
    def words(self, path, body, needed):
        self.assertLessEqual(body.keys(), {"label", "description", "placeholder", "optionLabels"}, path)
        for name in needed:
            self.assertTrue(body[name].strip(), f"{path}: {name}")

    def test_there_is_english(self):
        self.assertIn(FOLDER / "lang_en.json", LANGUAGES)

    def test_words_for_every_field(self):
        for file in LANGUAGES:
            with self.subTest(file.name):
                words = json.loads(file.read_text(encoding="utf-8"))
                self.assertEqual(words.keys(), CONFIG.keys())
                self.assertEqual(words["connection"].keys(), CONFIG["connection"].keys() - {"type"} | ASKED["connection"])
                self.assertEqual(words["configuration"].keys(), groups().keys() | ASKED["configuration"])
                for name, fields in groups().items():
                    self.assertEqual(words["configuration"][name].keys(), fields.keys())
                    for field, body in words["configuration"][name].items():
                        self.words(f"{name}.{field}", body, ["label", "description"])
                for name in ("name", "description", "help"):
                    self.words(name, words["connection"][name], ["label", "description"])

    def test_words_for_every_schedule(self):
        schedule = CONFIG["connection"]["schedule"]
        for file in LANGUAGES:
            with self.subTest(file.name):
                words = json.loads(file.read_text(encoding="utf-8"))["connection"]["schedule"]
                self.assertEqual(list(words), schedule["previous"])
                self.assertEqual(list(words["frequency"]["optionLabels"]), [label_of(option) for option in schedule["options"]])


if __name__ == "__main__":
    tap.main()
