# SPDX-License-Identifier: Apache-2.0
"""carctl diff: what differs between two folders, between two moments of a service, and between a folder or a connector and a service."""

import datetime
import json
import os
import re
import shutil
import subprocess
import time
import unittest

import tap
from carctl_case import BUILD, PAGE, Case, Machine, import_page
from local_service import KEY, PASSWORD, Service, run_service


class Diff(Case):
    def write(self, folder, **collections):
        (self.folder / folder).mkdir()
        (self.folder / folder / "summary.json").write_text("{}")
        for name, objects in collections.items():
            (self.folder / folder / f"{name}.jsonl").write_text("".join(objects))

    def diff(self, *arguments, code=1, **environment):
        """The changes, as JSON."""
        return [json.loads(line) for line in self.run_carctl("diff", "--json", *arguments, code=code, **environment).splitlines()]


class Folders(Diff):
    def test_values_and_not_their_spelling(self):
        self.write("a", asset=['{"external_id": "1", "n": 1.0, "t": "\\u0041"}\n'])
        self.write("b", asset=['{"t":"A","n":1,"external_id":"1"}\n'])
        self.assertEqual(self.run_carctl("diff", "a", "b"), "")

    def test_big_numbers_and_new_members(self):
        self.write("a", asset=['{"external_id":"1","n":18446744073709551616}\n'])
        self.write("b", asset=['{"external_id":"1","n":18446744073709551617,"new":null}\n'])
        change, = self.diff("a", "b")
        self.assertEqual(change["members"], {"n": [18446744073709551616, 18446744073709551617], "new": [None, None]})

    def test_a_line_that_is_wrong(self):
        for line, problem in (('{"external_id":\n', "line 2: "), ("[1]\n", "line 2: it is no object"), ("\n", "line 2: "),
                              ('{"external_id":"1","\\u0061":1,"a":2}\n', "line 2: the member “a” stands there twice")):
            self.write("a", asset=['{"external_id":"0"}\n', line])
            self.write("b")
            for order in (("a", "b"), ("b", "a")):
                self.assertIn("a/asset.jsonl: " + problem, self.run_carctl("diff", *order, code=2))
            shutil.rmtree(self.folder / "a")
            shutil.rmtree(self.folder / "b")

    def test_a_member_whose_name_ends_a_string(self):
        self.write("a", asset=['{"external_id":"1","a\\u0000b":1}\n'])
        self.write("b", asset=['{"external_id":"1","a\\u0000c":1}\n'])
        change, = self.diff("a", "b")
        self.assertEqual(change["members"], {"a\0b": [1, None], "a\0c": [None, 1]})

    def test_what_is_no_folder_of_collect(self):
        self.write("a")
        (self.folder / "empty").mkdir()
        self.assertIn("none", self.run_carctl("diff", "a", "none", code=2))
        for order in (("a", "empty"), ("empty", "a")):
            self.assertIn("empty: it has neither a summary nor objects", self.run_carctl("diff", *order, code=2))
        self.assertIn("leave out --source", self.run_carctl("diff", "a", "a", "--source", "s1", code=2))

    def test_what_is_no_file(self):
        self.write("a")
        self.write("b")
        os.mkfifo(self.folder / "a/asset.jsonl")
        (self.folder / "b/user.jsonl").symlink_to("/dev/zero")
        self.assertIn("a/asset.jsonl: it is not a regular file", self.run_carctl("diff", "a", "b", code=2))
        (self.folder / "a/asset.jsonl").unlink()
        self.assertIn("b/user.jsonl: it is not a regular file", self.run_carctl("diff", "a", "b", code=2))

    def test_one_name_twice(self):
        one, two, three = ('{"external_id":"1","n":%d}\n' % n for n in (1, 2, 3))
        self.write("a", asset=[one, two, two])
        self.write("b", asset=[two, one, two])
        self.write("c", asset=[two, three])
        self.assertEqual(self.run_carctl("diff", "a", "b"), "")
        self.assertEqual(self.run_carctl("diff", "a", "c", code=1),
                         "asset: 0 added, 1 changed, 1 gone\n  ~ 1\n      n: 1 → 3\n  - 1\n")
        self.assertEqual([(change["change"], change.get("members")) for change in self.diff("c", "a")], [("changed", {"n": [3, 1]}), ("added", None)])

    def test_objects_without_a_name(self):
        self.write("a", asset=['{"n":1}\n', '{"n":2}\n', '{"n":2}\n'], user=['{"external_id":1,"n":1}\n', '{"external_id":2,"n":1}\n'])
        self.write("b", asset=['{"n": 2}\n', '{"n":3}\n'], user=['{"external_id":2,"n":2}\n', '{"external_id":1.0,"n":1}\n'])
        changes = [(change["collection"], change["change"], change["key"]) for change in self.diff("a", "b")]
        self.assertEqual(changes, [("asset", "gone", '{"n":1}'), ("asset", "gone", '{"n":2}'), ("asset", "added", '{"n":3}'),
                                   ("user", "changed", "2")])

    def test_edges_with_the_same_ends(self):
        ends = '{"_from_external_id":"a","_to":"ipaddress/192.0.2.1"'
        self.write("a", asset_ipaddress=[ends + ',"external_id":"1","n":1}\n', ends + ',"external_id":"2","n":1}\n'])
        self.write("b", asset_ipaddress=[ends + ',"external_id":"2","n":2}\n', ends + ',"external_id":"1","n":1}\n'])
        self.assertEqual([(change["key"], change["members"]) for change in self.diff("a", "b")],
                         [("2 → a → ipaddress/192.0.2.1", {"n": [1, 2]})])

    def test_any_locale(self):
        self.write("a", asset=['{"external_id":"東京","name":"Büro"}\n'])
        self.write("b", asset=['{"external_id":"東京","name":"Café"}\n'])
        change, = self.diff("a", "b", LC_ALL="C")
        self.assertEqual((change["key"], change["members"]), ("東京", {"name": ["Büro", "Café"]}))

    def test_a_full_disk(self):
        self.write("a", asset=['{"external_id":"1"}\n'])
        self.write("b")
        with open("/dev/full", "w") as full:
            for options in ((), ("--json",)):
                done = self.start("diff", *options, "a", "b", stdout=full)
                self.assertEqual((done.returncode, "cannot be written" in done.stderr), (1, True), done.stderr)


class Moments(Diff):
    PAGE = PAGE

    def setUp(self):
        super().setUp()
        self.service = self.enterContext(run_service())
        self.environment.update(self.service.environment)
        self.service.set_up()
        import_page(self.service, self.PAGE)

    def wait(self):
        time.sleep(0.05)
        return datetime.datetime.now(datetime.timezone.utc)

    def test_two_moments(self):
        between = self.wait()
        text = between.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self.wait()
        import_page(self.service, {"source": self.PAGE["source"], "report": {"_key": "2", "timestamp": 2},
                                   "asset": [{"external_id": "a", "name": "Database"}, {"external_id": "c", "name": "New"}]})
        expected = 'asset: 1 added, 1 changed, 0 gone\n  + s1/c\n  ~ s1/a\n      name: "Web server" → "Database"\n'
        self.assertEqual(self.run_carctl("diff", text, "2099-01-01T00:00:00Z", code=1), expected)
        self.assertEqual(self.run_carctl("diff", text, "2099-01-01", "--source", "s1", code=1), expected)
        self.assertEqual(len(self.diff("2020-01-01T00:00:00Z", text)), 5)
        self.assertIn("two of one kind", self.run_carctl("diff", text, ".", code=2))
        # A moment elsewhere on earth is the same moment.
        there = between.astimezone(datetime.timezone(datetime.timedelta(hours=5, minutes=30))).isoformat()
        self.assertEqual(self.run_carctl("diff", there, "2099-01-01T00:00:00+01:00", code=1), expected)

    def test_what_is_no_span(self):
        for moment in ("2026-01-31T12", "2026-13-01", "2026-01-31T25:00:00Z", "2026-01", "2026-01-31T12:00:00+1"):
            self.assertIn("no moment: write that as 2026-01-31T12:00:00Z", self.run_carctl("diff", "2020-01-01", moment, code=2))
        self.assertIn("the earlier moment first", self.run_carctl("diff", "2099-01-01", "2020-01-01", code=2))
        self.assertIn("no source “s2”: it has s1", self.run_carctl("diff", "2020-01-01", "2099-01-01", "--source", "s2", code=2))
        self.assertIn("--source is empty", self.run_carctl("diff", "2020-01-01", "2099-01-01", "--source", "", code=2))

    def test_more_than_a_page(self):
        import_page(self.service, {**self.PAGE, "asset": [{"external_id": str(i), "name": "A"} for i in range(2500)]})
        self.assertEqual(len({change["key"] for change in self.diff("2020-01-01", "2099-01-01")}), 2500 + 5)


class Held(Diff):
    """A folder, and what a service holds."""

    SOURCE = {"source": {"_key": "s1", "name": "s1"}, "report": {"_key": "7", "timestamp": 7}}
    OBJECTS = {
        "asset": [{"external_id": "a", "name": "Büro", "risk": 1.0}, {"external_id": "b/1", "name": "B", "tag": ["x"], "properties": {"n": [1, "ä"]}}],
        "hostname": [{"_key": "h.example", "host_name": "h.example"}],
        "ipaddress": [{"_key": "192.0.2.1"}, {"_key": "2001:DB8::1", "region_id": "r7", "name": "2001:DB8::1"}],
        "macaddress": [{"_key": "00:1A:2b:00:00:01"}],
        "database": [{"external_id": "d", "name": "D", "last_seen_at": 1700000000123}],
        "vulnerability": [{"external_id": "v", "name": "V", "published_on": 1700000000000, "xfr_cvss2_base": 5}],
    }
    EDGES = {
        "asset_ipaddress": [{"_from_external_id": "a", "_to": "ipaddress/192.0.2.1"}, {"_from_external_id": "b/1", "_to": "r7/2001:DB8::1"}],
        "asset_hostname": [{"_from_external_id": "a", "_to": "hostname/h.example", "created": 5}],
        "asset_vulnerability": [{"_from_external_id": "a", "_to_external_id": "v", "risk_score": 3, "port": {"n": 80}},
                                {"_from": "asset/b/1", "_to": "vulnerability/v", "external_id": "e7"}],
        "ipaddress_macaddress": [{"_from": "ipaddress/192.0.2.1", "_to": "macaddress/00:1A:2b:00:00:01"}],
    }

    def setUp(self):
        super().setUp()
        self.service = self.enterContext(run_service())
        self.environment.update(self.service.environment)
        self.service.set_up()
        added = {"source": "s1", "report": "7", "timestamp": 7, "active": True}
        import_page(self.service, {**self.SOURCE, **self.OBJECTS})
        import_page(self.service, {**self.SOURCE, **{name: [{**edge, **added} for edge in edges] for name, edges in self.EDGES.items()}})
        import_page(self.service, {"source": {"_key": "other", "name": "o"}, "report": {"_key": "8", "timestamp": 8}, "asset": [{"external_id": "z", "name": "Z"}]})
        self.objects = json.loads(json.dumps({**self.OBJECTS, **self.EDGES}))

    def compare(self, *arguments, code=1):
        shutil.rmtree(self.folder / "a", ignore_errors=True)
        self.write("a", **{name: [json.dumps(each) + "\n" for each in objects] for name, objects in self.objects.items()})
        return [(change["collection"], change["change"], change["key"], change.get("members"))
                for change in self.diff("a", "--source", "s1", *arguments, code=code)]

    def test_what_the_service_adds_is_no_difference(self):
        self.assertEqual(self.compare(code=0), [])
        self.objects["asset"][0]["description"] = None
        self.objects["asset_hostname"].append({"_from_external_id": "b/1", "_to": "hostname/h.example", "active": False})
        self.assertEqual(self.compare(code=0), [])

    def test_differences(self):
        self.objects["asset"][0] = {"external_id": "a", "name": "Café", "new": 1}
        self.objects["asset"].append({"external_id": "c"})
        self.objects["asset_vulnerability"][0]["port"] = {"n": 443}
        del self.objects["asset_vulnerability"][1]
        del self.objects["database"]
        self.objects["vulnerability"][0]["published_on"] = 1800000000000
        self.objects["fresh"] = [{"external_id": "f"}]
        self.assertEqual(self.compare(), [
            ("asset", "changed", "a", {"name": ["Café", "Büro"], "new": [1, None], "risk": [None, 1]}),
            ("asset", "gone", "c", None),
            ("asset_vulnerability", "changed", "a → v", {"port": [{"n": 443}, {"n": 80}]}),
            ("asset_vulnerability", "added", "b/1 → v → e7", None),
            ("database", "added", "d", None),
            ("fresh", "gone", "f", None),
            ("vulnerability", "changed", "v", {"published_on": [1800000000000, 1700000000000]}),
        ])

    def test_more_than_a_page(self):
        assets = [{"external_id": str(i), "name": "A"} for i in range(4500)]
        import_page(self.service, {**self.SOURCE, "asset": assets})
        self.objects["asset"] += assets[:-1]
        self.assertEqual(self.compare(), [("asset", "added", "4499", None)])

    def test_of_several_with_one_name_the_last_counts(self):
        self.objects["asset"].insert(0, {"external_id": "a", "name": "an earlier one"})
        self.assertEqual(self.compare(code=0), [])

    def test_what_cannot_be_compared(self):
        self.write("a", asset=[])
        self.assertIn("it has other, s1", self.run_carctl("diff", "a", "--source", "s2", code=2))
        self.assertIn("--source", self.run_carctl("diff", "a", code=2))
        self.assertIn("none: ", self.run_carctl("diff", "none", "--source", "s1", code=2))


class Plan(Machine):
    """carctl collect --plan, against a service that answers 500 to every call that changes something."""

    CALLS = ("set-up", "change-database", "save-point", "import", "begin-full", "end-full", "delete", "patch", "add-extension",
             "remove-extension", "set-retention", "clear")

    def setUp(self):
        super().setUp()
        self.environment["PATH"] += f":{BUILD / 'fault'}"
        self.log = self.folder / "faults.log"
        rules = [f"--fault={call}:500,times=always" for call in self.CALLS]
        with open(self.log, "w") as log:
            process = subprocess.Popen([BUILD / "fault" / "car-fault-service", *rules, "--port-file", self.folder / "port"],
                                       env={**self.environment, "CAR_SERVICE_KEY": KEY, "CAR_SERVICE_PASSWORD": PASSWORD}, stdout=log, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        while not (self.folder / "port").exists() or self.log.read_text().count("http://") < 2:
            self.assertIsNone(process.poll())
            time.sleep(0.05)
        self.urls = re.findall(r"http://\S+/api/car/v2", self.log.read_text())
        self.environment.update(Service(0).environment, CAR_SERVICE_URL=self.urls[0])
        self.begin = self.log.read_text()

    def send(self, source="m1"):
        subprocess.run(["car-connector-host", "--root", self.folder / "root", "-source", source, "-car-service-url", self.urls[1]],
                       env=self.environment, check=True, capture_output=True)

    def plan(self, *options, code=0, source="m1"):
        self.assertEqual(self.log.read_text(), self.begin)
        done = self.start("collect", "--plan", *options, "car-connector-host", "--", "--root", self.folder / "root", "-source", source)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertEqual(self.log.read_text(), self.begin)  # nothing was sent
        self.assertEqual([path.name for path in self.folder.iterdir() if path.name.startswith("carctl-")], [])
        return done.stdout

    def test_what_would_change(self):
        self.write_passwd("root", "alice", "bob")
        self.send()
        self.assertEqual(self.plan(), "A full import would change nothing.\n")
        self.assertEqual(self.plan("--json"), "")
        self.write_passwd("root", "carol")
        text = self.plan()
        self.assertRegex(text, r"(?m)^account: \d added, \d changed, \d closed\n  [~+-] ")
        changes = [json.loads(line) for line in self.plan("--json", "-o", "kept").splitlines()]
        self.assertEqual({change["change"] for change in changes if change["collection"] == "account"}, {"added", "closed"})
        self.assertEqual(text.count("\n  - "), sum(change["change"] == "closed" for change in changes))
        self.assertTrue((self.folder / "kept/account.jsonl").exists())
        # As the plan says, so it comes.
        self.send()
        self.assertEqual(self.plan(), "A full import would change nothing.\n")

    def test_a_new_source(self):
        self.write_passwd("root")
        self.send()
        done = self.start("collect", "--plan", "--json", "car-connector-host", "--", "--root", self.folder / "root", "-source", "m2")
        self.assertIn("no source “m2”: it has m1", done.stderr)
        self.assertEqual({json.loads(line)["change"] for line in done.stdout.splitlines()}, {"added"})

    def test_no_plan(self):
        self.assertEqual(self.plan(code=2), "")  # there is no such root
        self.assertIn("--plan", self.run_carctl("collect", "--json", "car-connector-host", code=2))


tap.main()
