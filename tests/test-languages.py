# SPDX-License-Identifier: Apache-2.0
"""The languages: each catalogue is whole and says what the sources say; each program speaks each of them; machines read English all the
same; tables are straight where a character fills two columns."""

import gettext
import json
import os
import pathlib
import pty
import re
import shutil
import subprocess
import tempfile
import unicodedata
import unittest

import tap
from local_service import run_service

SOURCE = pathlib.Path(os.environ["TOP_SRCDIR"])
BUILD = pathlib.Path(os.environ["TOP_BUILDDIR"])
LINGUAS = (SOURCE / "po" / "LINGUAS").read_text().split("\n", 1)[1].split()
FOLDER = tempfile.TemporaryDirectory()
HOST = BUILD / "connectors" / "host" / "car-connector-host"
SHARED = ["Settings of every connector:", "the name of the source that is replicated", "objects in one request", "Exit codes:",
          "General failure", "no data are lost, the next run goes on from the last save point"]
SERVERS = ["Listen on this port (default: a free one)", "Print this help, and exit"]
# What --help tells, besides, of each program.
PROGRAMS = {
    HOST: [*SHARED, "the folder that holds the machine's file system"],
    BUILD / "connectors" / "reference" / "c" / "car-connector-reference": [*SHARED, "the asset server's address"],
    BUILD / "runner" / "car-connector": ["Runs a connector with the settings in a file.", "Print this help, and exit"],
    BUILD / "carctl" / "carctl": ["Write a whole connector, to begin with", "Close all that a source has"],
    BUILD / "service" / "car-service": [*SERVERS, "Log every request"],
    BUILD / "fault" / "car-fault-service": [*SERVERS, "Read such rules from this file, one a line"],
    BUILD / "car-asset-server": [*SERVERS, "Empty the inventory first"],
}


def run(*command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)


def tool(*command):
    done = run(*command)
    assert done.returncode == 0 and not re.search("warning|error", done.stderr), (command, done.stderr)
    return done.stdout


def xgettext_options():
    makevars = (SOURCE / "po" / "Makevars").read_text().replace("\\\n", " ")
    return re.search(r"^XGETTEXT_OPTIONS = (.*)$", makevars, re.M)[1].split()


def make_world():
    """The catalogues as they are installed, and one locale that is not C: LANGUAGE says the language, but only then."""
    for language in LINGUAS:
        messages = pathlib.Path(FOLDER.name, "locale", language, "LC_MESSAGES")
        messages.mkdir(parents=True)
        tool("msgfmt", "-o", messages / "libcar.mo", SOURCE / "po" / f"{language}.po")
    run("localedef", "-i", "de_DE", "-f", "UTF-8", pathlib.Path(FOLDER.name, "de_DE.UTF-8"))
    return os.path.isdir(pathlib.Path(FOLDER.name, "de_DE.UTF-8"))


HAVE_LOCALE = bool(shutil.which("msgfmt")) and make_world()


def environment(language, **more):
    return {**os.environ, "CAR_LOCALE_DIR": f"{FOLDER.name}/locale", "LOCPATH": FOLDER.name, "LC_ALL": "de_DE.UTF-8",
            "LANGUAGE": language, "XDG_STATE_HOME": f"{FOLDER.name}/state", **more}


def translator(language):
    path = pathlib.Path(FOLDER.name, "locale", language, "LC_MESSAGES", "libcar.mo")
    with open(path, "rb") as file:
        return gettext.GNUTranslations(file)


def width(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


@unittest.skipUnless(shutil.which("msgfmt") and shutil.which("xgettext"), "gettext is not installed")
class Catalogues(unittest.TestCase):
    def test_sources(self):
        """What is marked is in POTFILES.in, and nothing else is."""
        listed = {line for line in (SOURCE / "po" / "POTFILES.in").read_text().split("\n") if line and not line.startswith("#")}
        marked = set()
        for folder in ("libcar", "runner", "carctl", "server", "service", "fault", "connectors"):
            for file in (SOURCE / folder).rglob("*.c"):
                code = re.sub(r'/\*.*?\*/', "", file.read_text(), flags=re.S)
                if re.search(r'\b(_|N_|ngettext) \(\s*"|car_setting_new_text \("', code):
                    marked.add(str(file.relative_to(SOURCE)))
                # libintl.h's own would ask for the domain of the program that libcar is in.
                if re.search(r"\bngettext \(", code):
                    self.assertIn("car-language-private.h", code, file)
        self.assertEqual(listed, marked)

    def test_whole(self):
        """Each has all that the sources say now, nothing that is to be looked at again, and nothing that nobody says any more."""
        pot = pathlib.Path(FOLDER.name, "libcar.pot")
        tool("xgettext", *xgettext_options(), f"--directory={SOURCE}", f"--files-from={SOURCE}/po/POTFILES.in", "-o", pot)
        for language in LINGUAS:
            catalogue = SOURCE / "po" / f"{language}.po"
            tool("msgfmt", "-c", "--check-accelerators=_", "-o", os.devnull, catalogue)
            merged = pathlib.Path(FOLDER.name, f"{language}.po")
            tool("msgmerge", "--quiet", "-o", merged, catalogue, pot)
            for what in ("--untranslated", "--only-fuzzy", "--only-obsolete"):
                self.assertEqual(tool("msgattrib", what, "--no-wrap", merged), "", (language, what))

    def test_names_stay(self):
        """Options, variables, programs and signals are the same words in each language: somebody types them."""
        words = re.compile(r"(?<![\w-])(?:--?[a-z]+(?:-[a-z]+)*|CAR_[A-Z_]+|[A-Z_]+_(?:NAME|ROOT)|https?://[\w./:%]*|chmod [\w,+-]+)")
        for language in LINGUAS:
            catalogue = translator(language)._catalog
            for msgid, text in catalogue.items():
                msgid = msgid[0] if isinstance(msgid, tuple) else msgid
                if not msgid:
                    continue
                missing = [word for word in words.findall(msgid) if word.strip(".:") not in text]
                self.assertEqual(missing, [], (language, msgid, text))


@unittest.skipUnless(HAVE_LOCALE, "localedef cannot make a locale: install gettext and locales")
class Programs(unittest.TestCase):
    def test_help(self):
        for language in LINGUAS:
            translate = translator(language).gettext
            english = [text for text in translator(language)._catalog if isinstance(text, str) and len(text) > 25]
            for program, wanted in PROGRAMS.items():
                done = run(program, "--help", env=environment(language))
                self.assertEqual(done.returncode, 0, done.stderr)
                for text in wanted:
                    self.assertIn(translate(text), done.stdout, (program, language))
                self.assertEqual([text for text in english if text in done.stdout and text != translate(text)], [], (program, language))
                if program == HOST:
                    begins = {width(line[:line.rindex(translate(text))]) for text in SHARED[1:3] for line in done.stdout.split("\n")
                              if translate(text) in line}
                    self.assertEqual(len(begins), 1, done.stdout)

    def test_nobody_can_take_it(self):
        """A full disk behind standard output is a failure of each program."""
        for program in PROGRAMS:
            for option in ("--help", "--version"):
                with open("/dev/full", "w", encoding="utf-8") as full:
                    done = subprocess.run([program, option], env=environment("C"), stdout=full, stderr=subprocess.PIPE, text=True)
                self.assertEqual((done.returncode, "standard output cannot be written" in done.stderr), (1, True), (program, option, done.stderr))

    def test_c(self):
        """The locale C is English, whatever LANGUAGE says."""
        for program in PROGRAMS:
            done = run(program, "--help", env=environment("de", LC_ALL="C"))
            self.assertIn("Exit codes:" if "Exit codes:" in PROGRAMS[program] else "Print this help, and exit", done.stdout)

    def test_bindings(self):
        """Neither Python nor gjs must do anything for it."""
        introspection = {"GI_TYPELIB_PATH": str(BUILD), "LD_LIBRARY_PATH": str(BUILD / "libcar" / ".libs"),
                         "PYTHONPATH": str(SOURCE / "bindings" / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
        commands = []
        if os.environ["PYTHON_GI"] != "no":
            commands.append([os.environ["PYTHON_GI"], "-c", "import gi, sys\ngi.require_version('Car', '1.0')\n"
                             "from gi.repository import Car\nclass A(Car.App): pass\nsys.exit(A().run(['a', '--help']))"])
        if os.environ["GJS"] != "no":
            commands.append([os.environ["GJS"], "-c", "const {Car, GObject} = imports.gi;\n"
                             "const A = GObject.registerClass(class A extends Car.App {});\nnew A().run(['a', '--help']);"])
        if not (BUILD / "Car-1.0.typelib").exists() or os.environ.get("SANITIZER_CFLAGS") or not commands:
            self.skipTest("libcar is built without introspection, or with sanitizers")
        for command in commands:
            done = run(*command, env=environment("ja", **introspection))
            self.assertIn(translator("ja").gettext("Settings of every connector:"), done.stdout, (command, done.stderr))

    def test_runner(self):
        for language in LINGUAS:
            done = run(BUILD / "runner" / "car-connector", "check", ".x", env=environment(language))
            self.assertEqual(done.returncode, 2)
            self.assertIn(translator(language).gettext("the name of a connection has letters, digits, “_”, “.”, “:” and “-”, and begins "
                                                       "with none of “.” and “-”"), done.stderr)

    def test_failure(self):
        """What people read is in their language; what programs read is not."""
        for language in LINGUAS:
            translate = translator(language).gettext
            summary = pathlib.Path(FOLDER.name, "summary")
            away = environment(language, CAR_SERVICE_URL="http://127.0.0.1:1/api/car/v2", CAR_SERVICE_KEY="some-key", CAR_SERVICE_PASSWORD="some-word")
            done = run(HOST, "-source", "s", "-car-service-retries", "0", "-log-format", "json", "-summary", summary, env=away)
            self.assertEqual(done.returncode, 10, done.stderr)
            lines = [json.loads(line) for line in done.stderr.split("\n") if line]
            self.assertEqual(lines[-1]["level"], "ERROR")
            self.assertEqual(set(lines[-1]), {"ibm_datetime", "level", "label", "message", "connector", "source", "version"})
            for text in ("Recoverable failure", "preparing the database", "check the service's URL and the network"):
                self.assertIn(translate(text), lines[-1]["message"])
            told = json.loads(summary.read_text())
            self.assertEqual((told["failure"]["kind"], told["failure"]["step"], told["save_point"], told["import"]),
                             ("recoverable", "preparing the database", "unchanged", "none"))

    def test_import(self):
        with run_service() as service:
            for language in LINGUAS:
                self.import_in(language, service)

    def import_in(self, language, service):
        translate = translator(language)
        summary = pathlib.Path(FOLDER.name, "summary")
        log = self.import_on_terminal(environment(language, **service.environment), "-source", f"s-{language}", "-summary", summary)
        told = json.loads(summary.read_text())
        self.assertEqual((told["import"], told["save_point"], told["closing"], told["exit_code"]), ("full", "kept", "guarded", 0), log)

        reasons = ("the database was set up just now", "the service holds no save point of this source")
        self.assertIn(told["reason"], [translate.gettext(reason) for reason in reasons])
        head = translate.gettext("Full import (%s) complete in %s s").split("%s")[0] + told["reason"]
        self.assertIn(head, log)
        self.assertIn(translate.gettext("save point kept"), log)
        self.check_table(log[log.index(head):].split("\n")[1:], translate.gettext, told)

    def import_on_terminal(self, environ, *options):
        """What the connector writes on a terminal that is 200 columns wide."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen([HOST, *options, "-log-format", "text"], stderr=theirs, stdout=theirs, stdin=theirs, env=environ)
        os.close(theirs)
        out = b""
        try:
            while chunk := os.read(ours, 65536):
                out += chunk
        except OSError:
            pass  # the other side is closed
        os.close(ours)
        process.wait()
        return out.decode().replace("\r\n", "\n")

    def check_table(self, lines, translate, told):
        at = next(i for i, line in enumerate(lines) if line.startswith("  " + translate("collection")))
        table = lines[at:at + 1 + len(told["collections"])]
        self.assertEqual([line.split()[0] for line in table[1:]], [row["collection"] for row in told["collections"]])
        self.assertIn(translate("read"), table[0])
        ends = {tuple(width(line[:match.end()]) for match in re.finditer(r"\S+(?: \S+)*", line))[1:] for line in table}
        self.assertEqual(len(ends), 1, "\n".join(table))


tap.main()
