# SPDX-License-Identifier: Apache-2.0
"""carctl check: finds what is wrong with ten connectors, and nothing with good ones; its reports, and what it leaves behind."""

import json
import os
import pathlib
import re
import signal
import subprocess
import time
import unittest
import xml.etree.ElementTree

import carctl_case
import tap
from carctl_case import BUILD, TOP, take_signals
from reference_world import AssetServer

PYTHON, GJS = os.environ.get("PYTHON_GI", "no"), os.environ.get("GJS", "no")
BOUND = (BUILD / "Car-1.0.typelib").exists() and not os.environ.get("SANITIZER_CFLAGS")
BINDING = {"GI_TYPELIB_PATH": str(BUILD), "LD_LIBRARY_PATH": str(BUILD / "libcar" / ".libs"), "PYTHONDONTWRITEBYTECODE": "1",
           "PYTHONPATH": str(TOP / "bindings" / "python"), "GJS_PATH": str(TOP / "bindings" / "javascript")}
SECRET = "swordfish and more"


def make_assets(state, **names):
    return {key: {"name": name, "host": f"{key}.example.org", "state": state} for key, name in names.items()}


BEFORE = {"state": 1, "assets": make_assets(1, a1="one", a2="two", a3="three"), "deleted": {}}
AFTER = {"state": 2, "assets": make_assets(1, a3="three") | make_assets(2, a1="renamed", a4="four"), "deleted": make_assets(2, a2="two")}

# How a connector is wrong, and the check that has to find it.
WRONG = {
    "unstable-keys": "again", "wrong-members": "left-out", "edges-to-nowhere": "edges", "swallows-errors": "broken",
    "hangs": "interrupted-full", "moves-save-point-early": "killed-full", "differs-from-full": "change", "forgets-deletions": "change",
    "tells-secrets": "secrets", "wrong-codes": "unreachable",
}


class Case(carctl_case.Case):
    def setUp(self):
        super().setUp()
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()
        self.environment["TMPDIR"] = str(self.temporary)

    def start_check(self, *arguments, **environment):
        return subprocess.Popen(["carctl", "check", *map(str, arguments)], cwd=self.folder, env={**self.environment, **environment},
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True, preexec_fn=take_signals)

    def run_check(self, *arguments, code=0, **environment):
        with self.start_check(*arguments, **environment) as process:
            text = process.communicate(timeout=600)[0]
        self.assertEqual(process.returncode, code, text)
        self.assert_nothing_left()
        return text

    def assert_nothing_left(self):
        self.assertEqual(list(self.temporary.iterdir()), [])
        for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
            try:
                self.assertNotIn(str(self.temporary), path.read_text(errors="replace"), path.with_name("cmdline"))
            except OSError:
                pass  # over, or another user's


class Usage(Case):
    def test_no_connector(self):
        self.assertIn("carctl check CONNECTOR", self.run_check(code=2))
        self.assertIn("./none", self.run_check("./none", code=2))

    def test_options_that_make_no_sense(self):
        for options, said in {
            ("--break", "true"): "--mend", ("--timeout", "0"): "--timeout", ("--secret", "none"): "--secret none",
            ("--only", "all"): "“all”", ("-car-service-url", "x"): "-car-service-url",
        }.items():
            self.assertIn(said, self.run_check(*options, "true", code=2))
        self.assertIn("fewer than 4", self.run_check("--secret", "pin", "true", "--", "-pin=123", code=2))
        self.assertIn("-car-service-url", self.run_check("true", "--", "-car-service-url=x", code=2))
        self.assertFalse((self.folder / "checked").exists())

    def test_all_faults_are_known(self):
        listed = subprocess.run(["car-fault-service", "--list"], env=self.environment, capture_output=True, text=True, check=True).stdout
        known = re.findall(r'"([\w-]+)[",]', (TOP / "carctl" / "check" / "check-faults.c").read_text())
        names = re.findall(r"^  ([a-z][\w-]+) ", listed.partition("Faults:")[2], re.M)
        self.assertIn("hang", names)
        self.assertEqual(set(names) - set(known), set())

    def test_what_is_no_connector(self):
        text = self.run_check("--only", "settings", "true", code=1)
        self.assertRegex(text, r"FAILED +settings")
        self.assertRegex(text, r"FAILED +a full import\n +seen: +it brought nothing")


@unittest.skipUnless(BOUND and PYTHON != "no", "there is no Python binding")
class Connectors(Case):
    def setUp(self):
        super().setUp()
        self.environment |= {**BINDING, "WRONG_CONNECTOR_PASSWORD": SECRET}
        for name, source in (("source", BEFORE), ("next", AFTER)):
            (self.folder / name).write_text(json.dumps(source))

    def arguments(self, *options):
        return ("--change", "cp next source", "--break", "mv source gone", "--mend", "mv gone source", "--secret", "WRONG_CONNECTOR_PASSWORD",
                *options, PYTHON, "--", TOP / "tests" / "wrong-connector.py", "-file", "source")

    def test_wrong_ones_are_found(self):
        for wrong, check in WRONG.items():
            with self.subTest(wrong):
                self.run_check(*self.arguments("--only", check, "-o", wrong), code=1, WRONG_CONNECTOR=wrong)
                self.assertEqual([path.name for path in (self.folder / wrong).iterdir()], [check])
                self.assertTrue(list((self.folder / wrong).rglob("*.log")))
                (self.folder / "source").write_text(json.dumps(BEFORE))

    def test_the_good_one(self):
        text = self.run_check(*self.arguments("--tap", "--junit", "junit.xml"))
        self.assertFalse((self.folder / "checked").exists())
        lines = text.splitlines()
        self.assertEqual(lines[0], "TAP version 13")
        numbers = [int(re.match(r"ok (\d+) - ", line).group(1)) for line in lines[1:-1]]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        self.assertEqual(lines[-1], f"1..{len(numbers)}")
        self.assertNotIn("# SKIP", text)
        for call in ("import", "save-point", "delete"):
            self.assertIn(f"faults of the call “{call}”", text)
        suite = xml.etree.ElementTree.parse(self.folder / "junit.xml").getroot()
        self.assertEqual((suite.get("tests"), suite.get("failures"), len(suite)), (str(len(numbers)), "0", len(numbers)))

    def test_reports_of_what_is_wrong(self):
        text = self.run_check(*self.arguments("--only", "unreachable", "--tap", "--junit", "junit.xml"), code=1, WRONG_CONNECTOR="wrong-codes")
        self.assertRegex(text, r'not ok 1 - .*\n  ---\n  seen:\n    - "unreachable: exit code 1 and not 10"\n  right: "exit code 10"\n'
                               r'  look at: "checked/unreachable"\n  \.\.\.\n')
        suite = xml.etree.ElementTree.parse(self.folder / "junit.xml").getroot()
        self.assertIn("exit code 1 and not 10", suite.find("testcase/failure").text)

    def test_again_and_again(self):
        """What an earlier check kept goes, and nothing else."""
        for _ in range(2):
            self.run_check(*self.arguments("--only", "unreachable"), code=1, WRONG_CONNECTOR="wrong-codes")
        (self.folder / "checked" / "mine").write_text("")
        self.assertIn("not empty", self.run_check(*self.arguments("--only", "unreachable"), code=2))
        self.assertTrue((self.folder / "checked" / "unreachable").exists())

    def test_a_secret_in_another_spelling(self):
        text = self.run_check(*self.arguments("--only", "secrets"), code=1, WRONG_CONNECTOR="tells-secrets-encoded")
        self.assertRegex(text, "FAILED +no secret in the log")

    def test_what_junit_is_written_into(self):
        (self.folder / "junit.xml").symlink_to("real.xml")
        (self.folder / "real.xml").write_text("")
        self.run_check("--only", "settings", "--junit", "junit.xml", "true", code=1)
        self.assertTrue((self.folder / "junit.xml").is_symlink())
        self.assertIn("<testsuite", (self.folder / "real.xml").read_text())
        for wrong in ("none/x.xml", "."):
            self.assertIn("--junit", self.run_check("--only", "settings", "--junit", wrong, "true", code=2))

    def test_whoever_reads_has_enough(self):
        process = self.start_check(*self.arguments("--only", "settings"))
        process.stdout.close()
        self.assertIn(process.wait(60), (0, 1))
        self.assert_nothing_left()

    def test_without_commands(self):
        text = self.run_check("--only", "broken", PYTHON, "--", TOP / "tests" / "wrong-connector.py", "-file", "source")
        self.assertRegex(text, r"skipped +.*--break COMMAND")
        self.assertRegex(text, r"skipped +.*--change COMMAND")

    def test_a_command_that_fails(self):
        text = self.run_check("--only", "change", "--change", "exit 3", PYTHON, "--", TOP / "tests" / "wrong-connector.py", "-file", "source", code=1)
        self.assertIn("--change failed", text)

    def test_it_is_stopped(self):
        """What it started ends, and what was broken is mended."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.start_check(*self.arguments("--only", "broken", "--only", "faults")) as process:
                while (self.folder / "source").exists() and process.poll() is None:
                    time.sleep(0.01)
                # As a terminal does: all of the group get it.
                os.killpg(process.pid, number)
                self.assertIn("Stopped: ", process.communicate(timeout=60)[0])
            self.assertEqual(process.returncode, 128 + number)
            self.assertTrue((self.folder / "source").exists())
            self.assertFalse((self.folder / "checked").exists())
            self.assert_nothing_left()


class References(Case):
    """The reference connector in each language, with its asset server."""

    def setUp(self):
        super().setUp()
        self.environment |= BINDING

    def check(self, *arguments, **options):
        with AssetServer("--populate", "3") as server:
            self.environment |= {"CONFIGURATION_AUTH_URL": server.base, "CONFIGURATION_AUTH_USERNAME": server.user,
                                 "CONFIGURATION_AUTH_PASSWORD": server.password}
            delete = f"curl -sf -u {server.user}:{server.password} -X DELETE {server.base}/assets/1/"
            return self.run_check("--change", delete, "--secret", "CONFIGURATION_AUTH_PASSWORD", *arguments, **options)

    def test_c(self):
        text = self.check(BUILD / "connectors" / "reference" / "c" / "car-connector-reference")
        self.assertIn("faults of the call “add-extension”", text)
        self.assertIn(" 0 failed, 1 skipped\n", text)

    @unittest.skipUnless(BOUND and PYTHON != "no", "there is no Python binding")
    def test_python(self):
        self.check("--only", "process-list", "--only", "killed-full", PYTHON, "--",
                   TOP / "connectors" / "reference" / "python" / "car-connector-reference-python.py")

    @unittest.skipUnless(BOUND and GJS != "no", "there is no JavaScript binding")
    def test_javascript(self):
        self.check("--only", "process-list", "--only", "killed-full", GJS, "--", "-m",
                   TOP / "connectors" / "reference" / "javascript" / "car-connector-reference-javascript.js", "--")


class Host(Case):
    """The connector of the machine, with a machine that is a folder."""

    def test_accounts(self):
        for name in ("etc", "proc/net", "sys/class"):
            (self.folder / "root" / name).mkdir(parents=True)
        (self.folder / "root/etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
        (self.folder / "root/etc/passwd").write_text("".join(f"{name}:x:{i}:{i}::/:/bin/sh\n" for i, name in enumerate(("root", "alice", "bob"))))
        text = self.run_check("--change", "sed -i -e s/bob/carol/ -e /alice/d root/etc/passwd", "--only", "left-out", "--only", "edges", "--only", "killed-change",
                              BUILD / "connectors" / "host" / "car-connector-host", "--", "--root", self.folder / "root")
        self.assertIn(" 0 failed, 0 skipped\n", text)


if __name__ == "__main__":
    tap.main(900)
