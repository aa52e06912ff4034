# SPDX-License-Identifier: Apache-2.0
"""carctl graph and carctl tag: what is around an object, how many objects a service holds, and tags."""

import json
import shutil
import unittest
import xml.etree.ElementTree

import tap
from carctl_case import Case, import_page
from local_service import run_service

HOSTILE = '<b>"a"\\N\\ &#1; &amp;#1; & --> {|}\n\x01\u202e東京'


class Objects(Case):
    def setUp(self):
        super().setUp()
        self.service = self.enterContext(run_service())
        self.environment.update(self.service.environment)
        self.service.set_up()
        self.send("s1", "1", asset=[{"external_id": "a", "name": "Web server"}, {"external_id": "b", "name": "Büro 東京"}],
                  ipaddress=[{"_key": "192.0.2.1"}])
        self.send("s1", "1", asset_ipaddress=[{"_from_external_id": name, "_to": "ipaddress/192.0.2.1"} for name in "ab"])

    def send(self, source, report, **collections):
        added = {"report": report, "source": source, "timestamp": 1, "active": True}
        for name, objects in collections.items():
            collections[name] = [{**each, **added} if "_" in name else each for each in objects]
        import_page(self.service, {"source": {"_key": source, "name": source}, "report": {"_key": report, "timestamp": 1}, **collections})


class Graph(Objects):
    def draw(self, *arguments):
        return xml.etree.ElementTree.fromstring(self.run_carctl("graph", "--svg", *arguments))

    def test_tree(self):
        self.assertEqual(self.run_carctl("graph", "asset", "s1/a"), "asset Web server  s1/a\n└─ → ipaddress 192.0.2.1  s1/0/192.0.2.1\n")
        self.assertEqual(self.run_carctl("graph", "asset", "s1/a", "--depth", "3"),
                         "asset Web server  s1/a\n└─ → ipaddress 192.0.2.1  s1/0/192.0.2.1\n   └─ ← asset Büro 東京  s1/b\n")

    def test_dot(self):
        self.assertEqual(self.run_carctl("graph", "asset", "s1/a", "--dot", "--depth=2", LC_ALL="C"),
                         'digraph car {\n  rankdir=LR;\n  node [shape=box];\n'
                         '  n0 [label="asset: Web server", tooltip="s1/a"];\n  n0 -> n1;\n'
                         '  n1 [label="ipaddress: 192.0.2.1", tooltip="s1/0/192.0.2.1"];\n  n2 -> n1;\n'
                         '  n2 [label="asset: Büro 東京", tooltip="s1/b"];\n}\n')

    def test_one_id_in_two_collections(self):
        self.send("s1", "1", user=[{"external_id": "a", "username": "u"}], account=[{"external_id": "a", "name": "acc"}])
        self.send("s1", "1", user_account=[{"_from_external_id": "a", "_to_external_id": "a"}])
        self.assertIn("  n0 -> n1;\n", self.run_carctl("graph", "user", "s1/a", "--dot"))

    def test_mistakes(self):
        self.assertIn("no “s1/x” in asset", self.run_carctl("graph", "asset", "s1/x", code=2))
        for depth in ("0", "-1", "10"):
            self.assertIn("from 1 to 9", self.run_carctl("graph", "asset", "s1/a", f"--depth={depth}", code=2))
        self.assertIn("is empty", self.run_carctl("graph", "asset", "", code=2))
        for collection in ("assets", "asset_ipaddress", "../asset", "source"):
            self.assertRegex(self.run_carctl("graph", collection, "s1/a", code=2), "is no collection of objects: there are .*asset, .*user")
        self.assertIn("the id is missing", self.run_carctl("graph", "asset", code=2))
        self.assertIn("leave out --source", self.run_carctl("graph", "asset", "s1/a", "--source", "s1", code=2))
        self.assertIn("give COLLECTION ID", self.run_carctl("graph", "--svg", code=2))

    def test_counts(self):
        self.send("s2", "2", asset=[{"external_id": str(i), "name": "A"} for i in range(1500)], user=[{"external_id": "u", "username": "u"}])
        self.assertEqual(self.run_carctl("graph"), "asset            1502\nasset_ipaddress  2\nipaddress        1\nuser             1\n")
        self.assertEqual(self.run_carctl("graph", "--source", "s1"), "asset            2\nasset_ipaddress  2\nipaddress        1\n")
        self.assertIn("it has s1, s2", self.run_carctl("graph", "--source", "s3", code=2))

    def test_counts_of_nothing(self):
        with run_service() as service:
            service.set_up()
            self.assertEqual(self.run_carctl("graph", **service.environment), "The service holds no objects.\n")

    def send_hostile(self):
        self.send("s1", "1", asset=[{"external_id": HOSTILE, "name": HOSTILE}])
        self.send("s1", "1", asset_ipaddress=[{"_from_external_id": HOSTILE, "_to": "ipaddress/192.0.2.1"}])

    def test_hostile_names(self):
        self.send_hostile()
        for option in ("--dot", "--depth=1"):
            text = self.run_carctl("graph", "ipaddress", "s1/0/192.0.2.1", option)
            self.assertEqual([line for line in text.split("\n") if not line.isprintable()], [])
        self.assertIn('label="asset: <b>\\"a\\"\\\\N\\\\ &amp;#1; &amp;amp;#1; &amp; --> {|}\\\\u000a\\\\u0001\\\\u202e東京"',
                      self.run_carctl("graph", "ipaddress", "s1/0/192.0.2.1", "--dot"))

    def test_no_dot(self):
        (self.folder / "empty").mkdir()
        carctl = shutil.which("carctl", path=self.environment["PATH"])
        (self.folder / "empty" / "carctl").symlink_to(carctl)
        self.assertIn("install Graphviz", self.run_carctl("graph", "--svg", "asset", "s1/a", code=2, PATH=str(self.folder / "empty")))

    def test_a_dot_that_fails(self):
        (self.folder / "dot").write_text("#!/bin/sh\ncat >/dev/null; echo 'no such thing' >&2; exit 1\n")
        (self.folder / "dot").chmod(0o755)
        path = f"{self.folder}:{self.environment['PATH']}"
        done = self.start("graph", "--svg", "asset", "s1/a", env={**self.environment, "PATH": path})
        self.assertEqual((done.returncode, done.stdout, done.stderr.splitlines()[-1]), (1, "", "carctl: dot cannot draw the graph: no such thing"))

    @unittest.skipIf(shutil.which("dot") is None, "there is no dot")
    def test_svg(self):
        self.assertEqual(len(self.draw("asset", "s1/a", "--depth=3").findall(".//{*}g[@class='node']")), 3)
        self.send_hostile()
        drawn = "".join(self.draw("ipaddress", "s1/0/192.0.2.1").itertext())
        self.assertIn('asset: <b>"a"\\N\\ &#1; &amp;#1; & --> {|}\\u000a\\u0001\\u202e東京', drawn.replace("\u00a0", " "))


class Tag(Objects):
    def test_tags(self):
        self.assertEqual(self.run_carctl("tag"), "tag: 0\n")
        self.assertRegex(self.run_carctl("tag", "asset", "s1/a"), "^asset: 1\nid\ns1/a\n$")
        name = 'my "tag" {/} \\ 東京'
        self.assertEqual(self.run_carctl("tag", "asset", "s1/a", "production", name).split("\n")[:2], ["asset: 1", "id    tags name"])
        self.run_carctl("tag", "asset", "s1/b", "production")
        self.run_carctl("tag", "ipaddress", "s1/0/192.0.2.1", "production")
        tags = {tag["name"]: tag["_reference_count"] for tag in json.loads(self.run_carctl("tag", "--json", LC_ALL="C"))["tag"]}
        self.assertEqual(tags, {"production": 3, name: 1})
        # They stay through an import, and a connector takes them off.
        self.send("s1", "2", asset=[{"external_id": "a", "name": "Web server", "untag": ["production"]}])
        found, = json.loads(self.run_carctl("tag", "asset", "s1/a", "--json"))["asset"]
        self.assertEqual([tag["tag"][0]["name"] for tag in found["tags"]], [name])

    def test_mistakes(self):
        self.assertIn("no “s1/x” in asset", self.run_carctl("tag", "asset", "s1/x", "t", code=2))
        self.assertIn("there are", self.run_carctl("tag", "asset_ipaddress", "s1/a", "t", code=2))
        self.assertIn("the id is missing", self.run_carctl("tag", "asset", code=2))
        self.assertIn("is empty", self.run_carctl("tag", "asset", "s1/a", "", code=2))
        self.assertIn("not UTF-8", self.run_carctl("tag", "asset", "s1/a", "\udcff", code=2))
        self.assertEqual(self.run_carctl("tag"), "tag: 0\n")


tap.main()
