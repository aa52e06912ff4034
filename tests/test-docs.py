# SPDX-License-Identifier: Apache-2.0
"""What documents name is there: functions and constants of C, options of programs, verbs of ./dev, pages and their sections."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import exit_codes

TOP, BUILD = pathlib.Path(os.environ["TOP_SRCDIR"]), pathlib.Path(os.environ["TOP_BUILDDIR"])
PAGES = [TOP / "README.md", TOP / "CONTRIBUTING.md", TOP / "RELEASING.md", *sorted(TOP.glob("docs/*.md"))]
MEN = sorted(TOP.glob("docs/man/*.[178]"))
PROGRAMS = {
    "car-service": BUILD / "service" / "car-service",
    "car-fault-service": BUILD / "fault" / "car-fault-service",
    "car-asset-server": BUILD / "car-asset-server",
    "car-connector": BUILD / "runner" / "car-connector",
    "car-connector-host": BUILD / "connectors" / "host" / "car-connector-host",
    "carctl": BUILD / "carctl" / "carctl",
    "car-connector-reference": BUILD / "connectors" / "reference" / "c" / "car-connector-reference",
}


def read(path):
    return path.read_text(encoding="utf-8")


def show(path):
    return path.relative_to(TOP)


def without_code(text):
    return re.sub(r"```.*?```", "", text, flags=re.S)


# What GObject's macros make, variables of the environment, and a member of the public framework's.
NO_NAMES = re.compile(r"CAR_LT_VERSION|CAR_(TYPE|SERVICE|TEST|ASSET_SERVER|MAX)_\w+|CAR_(SECRETS_DIR|SUMMARY|LOG_FORMAT|LEFT_OUT|STRICT|STATE_DIR|KEEP_STAGED|NO_RESUME|TIMEOUT|RETRIES)|CAR_\w+(?= \()|(?<=\.)car_service|car_framework")


def names():
    """Functions and constants of C, and the metrics of car-service."""
    declared = set(re.findall(r"\b(?:car|CAR)_\w+", "".join(read(file) for file in TOP.glob("libcar/**/*.h"))))
    declared |= set(re.findall(r'"(car_service_\w+)', "".join(read(file) for file in TOP.glob("service/http/*.c"))))
    for page in PAGES:
        text = NO_NAMES.sub("", read(page))
        yield from (f"{show(page)}: {name}" for name in re.findall(r"\b(?:car|CAR)_\w*[a-zA-Z]\b", text) if name not in declared)


def help_of(program, *command):
    return subprocess.run([PROGRAMS[program], *command, "--help"], capture_output=True, text=True, check=True).stdout


def helped(program, shared=None):
    """The options that --help lists; of a connector, those that all share, or those that it adds."""
    text = help_of(program)
    if program == "carctl":  # its options are its commands'
        text += "".join(help_of(program, command) for command in re.findall(r"^  ([a-z]+) .*", text.split("Commands:")[1], re.M))
    if program == "car-service":
        text += "".join(help_of(program, command) for command in ("token", "backup", "check", "usage", "vacuum"))
    own, _, every = text.partition("Settings of every connector:")
    return set(re.findall(r"^  (?:-\w, )?--([\w-]+)", text if shared is None or not every else every if shared else own, re.M))


def manual(page):
    """Options that stand in a man page, those of one letter aside; and those of them that it explains."""
    explained = re.sub(r"^\.Sh SYNOPSIS$.*?(?=^\.Sh )", "", read(page), flags=re.M | re.S)
    return tuple(set(re.findall(r"\bFl (?:Fl |-|)([a-z][\w-]+)", text)) for text in (read(page), explained))


def options():
    """What --help lists is in the program's page, or in the one of all connectors, and nothing else is. Every option of every program
    that is built for the tests."""
    pages = {TOP / "docs" / "man" / f"{program}.1": helped(program, shared=False) for program in PROGRAMS}
    every = helped("car-connector-host", shared=True)
    pages[TOP / "docs" / "man" / "car-connector.7"] = every
    for page, there in pages.items():
        told, explained = manual(page)
        # A connector's synopsis has what one cannot do without, whose page explains it or not.
        yield from (f"{show(page)}: --{name} is not there" for name in sorted((told - there - every) | (explained - there - {"help"})))
        yield from (f"{show(page)}: --{name} is missing" for name in sorted(there - explained))
    running = TOP / "docs" / "running.md"
    told = {name for row in re.findall(r"^\| (`-.*?) \| ", read(running), re.M) for name in re.findall(r"`-([\w-]+)|, `-([\w-]+)", row)}
    told = {one or other for one, other in told} - {"d"}
    there = helped("car-connector-host") - {"root", "help"}
    yield from (f"{show(running)}: -{name}" for name in sorted(told ^ there))


def summary():
    """The members of a run's summary, as far as a run without a CAR service writes them."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "summary")
        subprocess.run([PROGRAMS["car-connector-host"], "-connection-test", "-summary", path], capture_output=True, check=True)
        there = json.loads(path.read_text())
    running = TOP / "docs" / "running.md"
    rows = read(running).split("All members are always there.")[1].split("\n## ")[0]
    told = {name for names in re.findall(r"^\| (`.*?) \| ", rows, re.M) for name in re.findall(r"`(\w+)`", names)}
    yield from (f"{show(running)}: {name}" for name in sorted(told ^ there.keys()))
    counts = set(re.findall(r"^\| `collections\[\]\.(\w+)` \| integer", rows, re.M)) | {"bytes"}
    yield from (f"{show(running)}: {name} of a collection" for name in sorted(counts ^ there["total"].keys()))


def codes():
    """The exit codes that --help lists are in the tables, and no others."""
    there = exit_codes.read(PROGRAMS["car-connector-host"])
    page = TOP / "docs" / "man" / "car-connector.7"
    told = set().union(*map(exit_codes.expand, re.findall(r"^\.It (\d[\d ,]*)$", read(page), re.M)))
    yield from (f"{show(page)}: exit code {code}" for code in sorted(told ^ there))
    for page in (TOP / "README.md", TOP / "docs" / "running.md"):
        told = set().union(*map(exit_codes.expand, re.findall(r"^\| (\d+[–, ]*\d*) \|", read(page), re.M)))
        # README tells of signals in a sentence.
        told |= {130, 143} if "ends with 130 or 143" in read(page) else set()
        yield from (f"{show(page)}: exit code {code}" for code in sorted(told ^ there))


def verbs():
    there = set(re.findall(r"^([a-z]+)\(\) \{", read(TOP / "dev"), re.M)) | {"install"}
    for page in PAGES:
        yield from (f"{show(page)}: ./dev {verb}" for verb in re.findall(r"\./dev ([a-z]+)", read(page)) if verb not in there)


def anchors(page):
    titles = re.findall(r"^#+ (.*)$", without_code(read(page)), re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def links():
    for page in PAGES:
        for link in re.findall(r"\]\(([^)\s]+)\)", without_code(read(page))):
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
            if "://" in link:
                continue
            if not target.exists():
                yield f"{show(page)}: {link}"
            elif anchor and anchor not in anchors(target):
                yield f"{show(page)}: {link}"


def files():
    """Files of the tree, by their folder. The archive of a release has no debian/."""
    is_archive = not (TOP / "debian" / "changelog").exists()
    for page in [*PAGES, *MEN]:
        for name in re.findall(r"`((?!tests/draft|connectors/NAME)(?:tests|libcar|service|server|fault|data|bindings|connectors|deploy|docs|debian|po)/[\w./-]+)`", read(page)):
            if not (TOP / name).exists() and not (is_archive and name.startswith("debian/")):
                yield f"{show(page)}: {name}"


def main():
    checks = {"names of C": names, "options": options, "the summary": summary, "exit codes": codes, "verbs of ./dev": verbs, "links": links, "files": files}
    print(f"1..{len(checks)}")
    failed = False
    for number, (what, check) in enumerate(checks.items(), 1):
        problems = list(check())
        for problem in problems:
            print("#", problem)
        print(f"{'not ok' if problems else 'ok'} {number} - {what}")
        failed = failed or bool(problems)
    return failed


if __name__ == "__main__":
    sys.exit(main())
