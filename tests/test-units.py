# SPDX-License-Identifier: Apache-2.0
"""car-connector and the units of systemd: the rules of NAME.conf, and the units' own command lines with what systemd would
give them."""

import contextlib
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import time
import unittest

import exit_codes
import tap

TOP, BUILD = pathlib.Path(os.environ["TOP_SRCDIR"]), pathlib.Path(os.environ["TOP_BUILDDIR"])
UNITS = TOP / "deploy" / "systemd"
PROGRAM = BUILD / "runner" / "car-connector"
HOST = BUILD / "connectors" / "host" / "car-connector-host"
SERVICE = BUILD / "service" / "car-service"
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("CAR_SERVICE")}

# Shows what it was given, and its process list.
SHOW = """#!/bin/sh
printf '%s\\n' "$@" >&2
tr '\\0' ' ' </proc/$$/cmdline >&2
exec env -0
"""


class Folder:
    """A folder for NAME.conf, and a connector that shows its environment."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.show = self.path / "show"
        self.show.write_text(SHOW)
        self.show.chmod(0o755)

    def write(self, text, name="one", mode=0o600):
        file = self.path / f"{name}.conf"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        file.chmod(mode)
        return file

    def run(self, *arguments, **variables):
        command = [PROGRAM, f"--config-dir={self.path}", *arguments]
        return subprocess.run(command, env={**ENVIRONMENT, "CAR_LOG_FORMAT": "text", **variables}, capture_output=True)


class TestCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Folder(folder.name)

    def assert_refused(self, done, *messages):
        said = done.stderr.decode()
        self.assertEqual(done.returncode, 2, said)
        self.assertEqual(done.stdout, b"")
        for message in messages:
            self.assertIn(message, said)
        self.assertNotIn("hunter2", said)


class Rules(TestCase):
    """What a line may be. A value may be secret: no message shows one."""

    def values(self, text):
        self.folder.write(f"CONNECTOR={self.folder.show}\n{text}")
        done = self.folder.run("run", "one")
        self.assertEqual(done.returncode, 0, done.stderr)
        return dict(item.split("=", 1) for item in done.stdout.decode().split("\0") if item)

    def test_values(self):
        for line, value in {
            "V=plain": "plain",
            "V=": "",
            " \tV \t= \t with spaces  ": "with spaces",
            "V=carriage return\r": "carriage return",
            "V=pa$$w`0`rd#1;a=b\\c'd\"e": "pa$$w`0`rd#1;a=b\\c'd\"e",
            "V=' spaces and # \\ \" '": " spaces and # \\ \" ",
            'V="a \\"b\\" \\\\ # \'c\'"': "a \"b\" \\ # 'c'",
            "V=\"\"": "",
            "V=''  ": "",
            "V=Käse ☃": "Käse ☃",
            "# a comment\n\n ; another\nV=x": "x",
            "V=no end of line": "no end of line",
        }.items():
            with self.subTest(line):
                self.assertEqual(self.values(line)["V"], value)

    def test_the_file_wins_and_connector_is_its_own(self):
        self.folder.write(f"CONNECTOR={self.folder.show}\nV=file\n")
        done = self.folder.run("run", "one", V="environment", W="stays", CONNECTOR="nobody")
        self.assertIn(b"V=file\0", done.stdout)
        self.assertIn(b"W=stays\0", done.stdout)
        self.assertNotIn(b"CONNECTOR=", done.stdout)

    def test_wrong_lines(self):
        for line, message in {
            b"hunter2": "there is no",
            b"export V=hunter2": "leave \u201cexport\u201d away",
            b"export\tV=hunter2": "leave \u201cexport\u201d away",
            b"=hunter2": "is no variable",
            b"my hunter2=x": "is no variable",
            b"1V=hunter2": "is no variable",
            b"V-W=hunter2": "is no variable",
            b"V=hunter2 # why": "a comment has a line of its own",
            b"V=hunter2\t#": "a comment has a line of its own",
            b"V=hunter2\\": "does not go on",
            b"V='hunter2": "the quote does not end",
            b"V=\"hunter2\\\"": "the quote does not end",
            b"V=\"hunter2\\": "a backslash stands before",
            b"V=\"hunter2\\n\"": "a backslash stands before",
            b"V='hunter2' # x": "behind the closing quote",
            b"V='hun'ter2": "behind the closing quote",
            b"V=hunter2\xff": "not UTF-8",
            b"V=hunter2\0": "not UTF-8",
            b"CONNECTOR=hunter2": "CONNECTOR is set in line 1 already",
        }.items():
            with self.subTest(line):
                file = self.folder.write(b"CONNECTOR=true\n\n" + line + b"\nZ=z\n")
                for command in ("run", "check"):
                    self.assert_refused(self.folder.run(command, "one"), f"{file}:3: ", message)

    def test_the_connector(self):
        path = self.folder.path
        plain = path / "plain"
        plain.write_text("no program")
        for line, message in {
            "V=x": "one.conf: a line CONNECTOR=PROGRAM is missing",
            "\nCONNECTOR=": "one.conf:2: a line CONNECTOR=PROGRAM is missing",
            "CONNECTOR=./show": "one.conf:1: CONNECTOR must be the name of a program in PATH, or a path",
            "V=x\nCONNECTOR=car-connector-none": "one.conf:2: there is no program car-connector-none",
            f"CONNECTOR={path}/none": f"one.conf:1: there is no program {path}/none",
            f"CONNECTOR={plain}": f"one.conf:1: there is no program {plain}",
        }.items():
            with self.subTest(line):
                self.folder.write(line)
                self.assert_refused(self.folder.run("run", "one"), message)
                self.assert_refused(self.folder.run("check", "one"), message)

        broken = path / "broken"
        broken.write_text("#!/nonexistent/interpreter\n")
        broken.chmod(0o755)
        self.folder.write(f"CONNECTOR={broken}")
        self.assert_refused(self.folder.run("run", "one"), f"one.conf:1: {broken} cannot be run: ")

        # The file's own PATH is the one that counts.
        self.folder.write(f"CONNECTOR=show\nPATH={path}:/usr/bin:/bin\n")
        self.assertEqual(self.folder.run("run", "one").returncode, 0)
        self.assertEqual(self.folder.run("check", "one").stderr, b"")

    def test_the_file(self):
        file = self.folder.write("CONNECTOR=true\n")
        for mode in (0o604, 0o602, 0o620, 0o644):
            file.chmod(mode)
            self.assert_refused(self.folder.run("run", "one"), f"{file}: other users may read or change it")
        file.chmod(0o640)
        self.assertEqual(self.folder.run("run", "one").returncode, 0)
        if os.geteuid() == 0:
            os.chown(file, 12345, 12345)
            self.assert_refused(self.folder.run("run", "one"), f"{file}: it belongs neither to")
            os.chown(file, 0, 0)

        self.assert_refused(self.folder.run("run", "none"), f"{self.folder.path}/none.conf: No such file")
        self.folder.write("#" * 65537)
        self.assert_refused(self.folder.run("run", "one"), "larger than 65536 bytes")
        file.unlink()
        os.mkfifo(file, 0o600)
        self.assert_refused(self.folder.run("run", "one"), "not a regular file")

    def test_names(self):
        for name in ("", "../one", "/etc/one", ".one", "-one", "a b", "ä", "one\n"):
            self.assert_refused(self.folder.run("run", name), "the name of a connection")
        self.folder.write("CONNECTOR=true\n", name="a.B_1:2-3")
        self.assertEqual(self.folder.run("run", "a.B_1:2-3").returncode, 0)

    def test_the_command_line(self):
        for arguments in ((), ("walk",), ("run",), ("check",), ("check", "one", "two"), ("-x",)):
            self.assert_refused(self.folder.run(*arguments))
        self.folder.write(f"CONNECTOR={self.folder.show}\nCAR_SERVICE_PASSWORD=hunter2\n")
        done = self.folder.run("run", "one", "-connection-test", "--", "a b", "--help")
        self.assertEqual(done.stderr.decode().splitlines()[:4], ["-connection-test", "--", "a b", "--help"])
        # Not in the process list, and in the environment, which is the user's own.
        self.assertNotIn(b"hunter2", done.stderr)
        self.assertIn(b"CAR_SERVICE_PASSWORD=hunter2\0", done.stdout)
        self.assertIn(b"--config-dir", self.folder.run("--help").stdout)
        self.assertTrue(self.folder.run("--version").stdout.startswith(b"car-connector "))

    def test_what_systemd_hands_over_is_read(self):
        self.folder.write("CONNECTOR=none\n")
        credentials = self.folder.path / "credentials"
        credentials.mkdir(0o700)
        copy = credentials / "one.conf"
        copy.write_text("CONNECTOR=true\n")
        copy.chmod(0o400)
        self.assertEqual(self.folder.run("run", "one", CREDENTIALS_DIRECTORY=str(credentials)).returncode, 0)
        # A message names the file that one can mend.
        copy.chmod(0o600)
        copy.write_text("CONNECTOR\n")
        self.assert_refused(self.folder.run("run", "one", CREDENTIALS_DIRECTORY=str(credentials)), f"{self.folder.path}/one.conf:1: ")
        (self.folder.path / "one.conf").unlink()
        self.assert_refused(self.folder.run("run", "one", CREDENTIALS_DIRECTORY=str(credentials)), f"{copy}:1: ")

    def test_the_log(self):
        file = self.folder.write("CONNECTION_NAME=x\nCAR_LOG_FORMAT=json\n")
        done = self.folder.run("run", "one")
        line = json.loads(done.stderr)
        self.assertEqual((line["level"], line["connector"], line["source"]), ("ERROR", "car-connector", "x"))
        self.assertIn(f"{file}: a line CONNECTOR", line["message"])

    def test_the_journal(self):
        """It takes the priority from the beginning of a line, and only where standard error leads to it."""
        self.folder.write("")
        with open(self.folder.path / "journal", "w+b") as journal:
            status = os.fstat(journal.fileno())
            command = [PROGRAM, f"--config-dir={self.folder.path}", "run", "one"]
            for stream, begin in ((f"{status.st_dev}:{status.st_ino}", b"<3>{"), ("1:2", b"{"), ("", b"{")):
                journal.truncate(0)
                journal.seek(0)
                subprocess.run(command, env={**ENVIRONMENT, "JOURNAL_STREAM": stream}, stderr=journal)
                journal.seek(0)
                said = journal.read()
                self.assertTrue(said.startswith(begin), said)
                json.loads(said.removeprefix(b"<3>"))


def read_unit(name):
    """Its assignments, by key."""
    values = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", (UNITS / name).read_text(), re.M):
        values.setdefault(key, []).append(value)
    return values


@unittest.skipIf(shutil.which("systemd-analyze") is None, "there is no systemd-analyze")
class Analysis(unittest.TestCase):
    INSTANCES = {"car-service.service.in": "car-service.service", "car-connector@.service.in": "car-connector@.service", "car-connector@.timer": "car-connector@.timer", "car-connector-failure@.service": "car-connector-failure@.service"}

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        programs = self.path / "bin"
        programs.mkdir()
        for program in (PROGRAM, SERVICE):
            (programs / program.name).symlink_to(program)
        for source, name in self.INSTANCES.items():
            text = (UNITS / source).read_text().replace("@bindir@", str(programs)).replace("@sysconfdir@", "/etc")
            (self.path / name).write_text(text)
        drop_in = self.path / "car-connector@host.service.d"
        drop_in.mkdir()
        shutil.copy(UNITS / "host.conf", drop_in)

    def analyze(self, *arguments):
        return subprocess.run(["systemd-analyze", *arguments], env={**ENVIRONMENT, "SYSTEMD_UNIT_PATH": f"{self.path}:", "SYSTEMD_COLORS": "0"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def test_verify(self):
        units = ["car-service.service", "car-connector@one.service", "car-connector@host.service", "car-connector@one.timer", "car-connector-failure@one.service"]
        done = self.analyze("verify", "--man=no", *units)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_exposure(self):
        for unit in ("car-service", "car-connector@one", "car-connector-failure@one"):
            template = re.sub("@.*", "@", unit) + ".service"
            name = self.path / f"{unit}.service"
            if not name.exists():
                shutil.copy(self.path / template, name)
            done = self.analyze("security", "--offline=true", "--no-pager", "--threshold=20", name)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertRegex(done.stdout, r"exposure level for .*: [01]\.\d")


class Units(TestCase):
    def test_exit_codes(self):
        """Every code that --help lists means something to the unit: only 10 is tried again."""
        codes = exit_codes.read(HOST)
        unit = read_unit("car-connector@.service.in")
        success = {int(code) for code in unit["SuccessExitStatus"][0].split()} | {0}
        no_more = {int(code) for code in unit["RestartPreventExitStatus"][0].split()}
        self.assertEqual(codes - success - no_more, {10})
        self.assertEqual((success | no_more) - codes, set())
        self.assertEqual(success, {0, 130, 143})
        self.assertEqual(unit["Restart"], ["on-failure"])

    def command(self, unit, **specifiers):
        """The unit's own, with the words that systemd would put in."""
        line = read_unit(unit)["ExecStart"][0].replace("@bindir@/car-connector", str(PROGRAM)).replace("@bindir@/car-service", str(SERVICE))
        for word, value in specifiers.items():
            line = line.replace(f"%{word}", str(value))
        return shlex.split(line)

    @contextlib.contextmanager
    def service(self):
        state = self.folder.path / "lib"
        (state / "car-service").mkdir(parents=True, mode=0o700)
        port = self.folder.path / "port"
        environment = {**ENVIRONMENT, "HOME": "/nonexistent", "CAR_SERVICE_PORT": "0"}
        command = [word.replace("${CAR_SERVICE_PORT}", "0") for word in self.command("car-service.service.in", S=state) if word != "$CAR_SERVICE_OPTIONS"]
        with open(self.folder.path / "service.log", "w") as log:
            process = subprocess.Popen([*command, "--port-file", port], env=environment, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + 120
            while not (port.exists() and port.read_text().strip()):
                self.assertIsNone(process.poll(), (self.folder.path / "service.log").read_text())
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.1)
            shown = subprocess.run([SERVICE, "--show-credentials", "--database", state / "car-service" / "car.db"], env=environment, capture_output=True, text=True, check=True)
            credentials = {name: shlex.split(value)[0] for name, value in (line.split("=", 1) for line in shown.stdout.splitlines())}
            yield f"http://127.0.0.1:{port.read_text().strip()}/api/car/v2", credentials
        finally:
            process.terminate()
            self.assertEqual(process.wait(60), 0)

    def test_command_lines(self):
        """car-service and a connector by their units' lines: configured by NAME.conf and credentials alone."""
        with self.service() as (url, secrets):
            given = self.folder.path / "given"
            given.mkdir(0o700)
            unit = read_unit("car-connector@.service.in")
            self.assertEqual(unit["LoadCredential"], ["%i.conf:@sysconfdir@/car/%i.conf"])
            names = [line.split(":")[0] for line in unit["LoadCredentialEncrypted"]]
            self.assertEqual(names, ["CAR_SERVICE_KEY", "CAR_SERVICE_PASSWORD", "CAR_SERVICE_AUTHTOKEN"])
            for name in names[:2]:
                (given / name).write_text(secrets[name] + "\n")
            (given / "host.conf").write_text(f"CONNECTOR={HOST}\nCONNECTION_NAME=host\nCAR_SERVICE_URL={url}\n")
            for file in given.iterdir():
                file.chmod(0o400)
            state = self.folder.path / "state"
            state.mkdir(0o700)
            environment = {**ENVIRONMENT, "CREDENTIALS_DIRECTORY": str(given), "STATE_DIRECTORY": str(state)}
            done = subprocess.run(self.command("car-connector@.service.in", i="host"), env=environment, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            for secret in secrets.values():
                self.assertNotIn(secret, done.stderr)
            self.assertEqual([item.is_dir() for item in state.iterdir()], [True])

            # The next run, with a password that is none: recoverable, since nothing was lost.
            (given / "CAR_SERVICE_PASSWORD").chmod(0o600)
            (given / "CAR_SERVICE_PASSWORD").write_text("wrong password")
            done = subprocess.run(self.command("car-connector@.service.in", i="host"), env=environment, capture_output=True, text=True)
            self.assertEqual(done.returncode, 10, done.stderr)
            self.assertNotIn("wrong password", done.stderr)


if __name__ == "__main__":
    tap.main()
