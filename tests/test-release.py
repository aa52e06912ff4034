# SPDX-License-Identifier: Apache-2.0
"""configure.ac alone says the version: whatever else names it agrees."""

import datetime
import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402

TOP, BUILD = pathlib.Path(os.environ["TOP_SRCDIR"]), pathlib.Path(os.environ["TOP_BUILDDIR"])


def read(name, folder=TOP):
    return (folder / name).read_text(encoding="utf-8")


def number(text):
    return tuple(int(part) for part in text.split("."))


VERSION = ".".join(re.findall(r"m4_define\(\[car_(?:major|minor|micro)\], \[(\d+)\]\)", read("configure.ac")))
NEWS = re.findall(r"^libcar (\S+) \((\S+)\)$", read("NEWS"), re.M)


class Version(unittest.TestCase):
    def test_news(self):
        self.assertEqual(NEWS[0][0], VERSION)
        self.assertEqual(NEWS, sorted(NEWS, key=lambda entry: number(entry[0]), reverse=True))
        dates = [datetime.date.fromisoformat(date) for _, date in NEWS]
        self.assertEqual(dates, sorted(dates, reverse=True))

    def test_every_entry_says_something(self):
        for entry in re.split(r"^libcar .*$", read("NEWS"), flags=re.M)[1:]:
            self.assertTrue(entry.strip())

    @unittest.skipUnless((TOP / "debian" / "changelog").exists(), "this is an archive, without debian/")
    def test_debian(self):
        package, version = re.match(r"(\S+) \((\S+)-\d+\) ", read("debian/changelog")).groups()
        self.assertEqual((package, version), ("libcar", VERSION))
        self.assertEqual(read("debian/source/format").strip(), "3.0 (quilt)")

    @unittest.skipUnless((TOP / "debian" / "libcar-1.0-0.symbols").exists(), "this is an archive, without debian/")
    def test_no_symbol_is_of_a_later_version(self):
        since = re.findall(r"@LIBCAR_\S+ (\S+)$", read("debian/libcar-1.0-0.symbols"), re.M)
        self.assertTrue(since)
        self.assertLessEqual(max(number(version) for version in since), number(VERSION))

    def test_pkg_config(self):
        self.assertIn(f"\nVersion: {VERSION}\n", read("libcar/car-1.0.pc", BUILD))

    def test_programs(self):
        for program in ("service/car-service", "fault/car-fault-service", "carctl/carctl", "car-asset-server"):
            done = subprocess.run([BUILD / program, "--version"], capture_output=True, text=True, check=True)
            self.assertEqual(done.stdout.split()[-1], VERSION, program)
        connector = BUILD / "connectors" / "host" / "car-connector-host"
        done = subprocess.run([connector, "--version"], capture_output=True, text=True, check=True)
        self.assertIn(VERSION, done.stdout)

    def test_images(self):
        for name in ("deploy/kustomize/example/kustomization.yaml", "docs/guide-deploy.md"):
            tags = re.findall(r'newTag: "(\S+)"|registry\.example\.com/\S+:(\d[\d.]+)', read(name))
            self.assertEqual({one or other for one, other in tags}, {VERSION}, name)


class Archive(unittest.TestCase):
    def test_its_times_are_those_of_the_release(self):
        """The epoch that the Makefile finds, unless SOURCE_DATE_EPOCH says another one."""
        rule = "epoch:\n\t@echo $(dist_epoch)\n"
        midnight = datetime.datetime.combine(datetime.date.fromisoformat(NEWS[0][1]), datetime.time(), datetime.timezone.utc)
        for given, expected in (({}, int(midnight.timestamp())), ({"SOURCE_DATE_EPOCH": "86400"}, 86400)):
            environment = {name: value for name, value in os.environ.items() if name not in ("SOURCE_DATE_EPOCH", "MAKEFLAGS")} | given
            done = subprocess.run(["make", "-s", "-f", "Makefile", "-f", "-", "epoch"], cwd=BUILD, env=environment, input=rule,
                                  capture_output=True, text=True, check=True)
            self.assertEqual(done.stdout.split()[-1], str(expected))


if __name__ == "__main__":
    tap.main()
