# SPDX-License-Identifier: Apache-2.0
"""Kills with SIGKILL at random moments: the connector, the service, both, or one of two runs of the same source; and lets the
clock jump. After each run that ends with exit code 0, the service holds what the asset server does. Three reference connectors
do it, in C, Python and JavaScript.

    test-crashes.py                      a few rounds, as a test
    test-crashes.py ROUNDS [--seed SEED] [--only LANGUAGE/KIND]
                                         so many rounds of each kind and language, and a table of them"""

import argparse
import collections
import itertools
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from reference_world import (  # noqa: E402
    REFERENCE, SOURCE, AssetServer, Service, World, differences, expected_graph, make_environment,
)

TOP = os.environ.get("TOP_SRCDIR", ".")
BUILD = os.environ.get("TOP_BUILDDIR", ".")
SHORT_SECONDS = 25

# What a run does, by the steps that its log tells at debug level.
PLACES = {
    "preparing": ["locking the source", "opening the data source", "preparing the database", "asking for the import schema",
                  "preparing the schema extension", "asking for the last save point", "preparing the full import",
                  "preparing the incremental import"],
    "reading": ["asking for the new save point", "asking for the changes since the last save point", "reading vertices",
                "reading edges", "reading deletions"],
    "sending": ["beginning the full import", "sending the report", "sending vertices", "sending edges"],
    "ending": ["asking what the end of the full import would close", "ending the full import", "deleting vertices",
               "keeping the new save point"],
}
PLACE_OF = {step: place for place, steps in PLACES.items() for step in steps}


def list_languages():
    """{LANGUAGE: (command, variables)} of the languages that are there and have a binding here."""
    languages = {"c": (REFERENCE, {})}
    introspection = {"GI_TYPELIB_PATH": BUILD, "LD_LIBRARY_PATH": f"{BUILD}/libcar/.libs", "PYTHONDONTWRITEBYTECODE": "1"}
    bound = os.path.exists(f"{BUILD}/Car-1.0.typelib") and not os.environ.get("SANITIZER_CFLAGS")
    python, gjs = os.environ.get("PYTHON_GI", "no"), os.environ.get("GJS", "no")
    have_requests = [python, "-c", "import requests"]
    if bound and python != "no" and subprocess.run(have_requests, check=False, stderr=subprocess.DEVNULL).returncode == 0:
        languages["python"] = ([python, f"{TOP}/connectors/reference/python/car-connector-reference-python.py"],
                               {**introspection, "PYTHONPATH": f"{TOP}/bindings/python"})
    if bound and gjs != "no":
        languages["javascript"] = (
            [gjs, "-m", f"{TOP}/connectors/reference/javascript/car-connector-reference-javascript.js", "--"],
            {**introspection, "GJS_PATH": f"{TOP}/bindings/javascript"})
    return languages


class ValidWorld(World):
    """Names that the import schema takes: all that the asset server has can be in the graph."""

    ip_addresses = [f"192.0.2.{i}" for i in range(9)] + ["2001:db8::1"]
    mac_addresses = [f"02:00:00:00:00:0{i}" for i in range(7)]
    hosts = [f"host{i}.example" for i in range(7)]


class Clock:
    """What all programs of an arena take for the time: see tests/jumping-clock.c."""

    units = [3600, 86400, 365 * 86400]
    shim = f"{BUILD}/tests/.libs/jumping-clock.so"

    def __init__(self, folder):
        self.path = os.path.join(folder, "clock")
        self.set(0)
        # A sanitizer's library has to be the first one.
        self.variables = {} if os.environ.get("SANITIZER_CFLAGS") else {"LD_PRELOAD": self.shim, "CAR_TEST_CLOCK": self.path}

    def set(self, seconds):
        # In place: the programs have it in their memory.
        file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        os.pwrite(file, struct.pack("=q", seconds), 0)
        os.close(file)

    def jump(self, chance):
        self.set(round(chance.choice(self.units) * chance.uniform(-20, 20)))


class DurableService(Service):
    """One whose data are in a file: it can be killed, and comes back on the same port."""

    def __init__(self, variables):
        super().__init__()
        self.environment |= variables
        self.command[self.command.index(":memory:")] = os.path.join(self.folder.name, "car.db")
        self.known_columns = {}

    def come_back(self):
        self.command += [] if "--port" in self.command else ["--port", str(self.port)]
        self.start()

    def columns(self, collection):
        if collection not in self.known_columns:
            self.known_columns[collection] = super().columns(collection)
        return self.known_columns[collection]

    def forget_save_point(self):
        status, _ = self.call("PATCH", f"/api/car/v2/source?key={urllib.parse.quote(SOURCE, safe='')}", {"model_state_id": ""})
        assert status in (200, 404), status


class Run:
    """A run of the connector, and the step that it has come to."""

    def __init__(self, command, environment, log):
        self.log = log
        self.begin = time.monotonic()
        with open(log, "w", encoding="utf-8") as file:
            self.process = subprocess.Popen(command, env=environment, stdout=file, stderr=file)

    def read_log(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def place(self):
        place = None
        for line in self.read_log().splitlines():
            try:
                place = PLACE_OF.get(json.loads(line)["message"], place)
            except (ValueError, KeyError):
                pass  # half a line
        return place

    def is_over(self):
        return self.process.poll() is not None

    def wait_for(self, place):
        while not self.is_over() and self.place() != place:
            time.sleep(0.001)

    def kill(self):
        """Returns: where it was; None where it was over."""
        self.process.kill()
        return self.place() or "starting" if self.process.wait() == -9 else None

    def wait(self):
        return self.process.wait(timeout=300)


class Bad(Exception):
    """What makes a round a bad one."""


class Arena:
    """An asset server, a service, and a connector between them."""

    def __init__(self, command, variables):
        self.command, self.variables, self.counts = command, variables, collections.Counter()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock(self.folder.name)
        self.server, self.service = AssetServer("--populate", "3"), DurableService(self.clock.variables)
        self.usual = 0.5  # seconds that a run takes
        self.logs = []
        self.server.__enter__()
        self.service.__enter__()
        self.world = ValidWorld(self.server, random.Random(0))

    def close(self):
        self.service.__exit__()
        self.server.__exit__()
        self.folder.cleanup()

    def run(self):
        environment = {
            **make_environment(self.service, self.server.base), **self.variables, **self.clock.variables,
            "CAR_SERVICE_MAX_WAIT": "1",
        }
        self.logs.append(os.path.join(self.folder.name, f"log-{len(self.logs)}"))
        return Run([*self.command, "-d", "-export-data-page-size", "7"], environment, self.logs[-1])

    def wait_for_moment(self, run, chance):
        """Any moment of a run, or one shortly after it has come somewhere."""
        place = chance.choice([None, *PLACES])
        if place is None:
            time.sleep(chance.random() * self.usual)
        else:
            run.wait_for(place)
            time.sleep(chance.choice([0, 0.005, 0.05, 0.3]) * chance.random())

    def note(self, place):
        if place is not None:
            self.counts[place] += 1

    def change(self, chance):
        self.world.chance = chance
        for _ in range(chance.choice([1, 2, 4, 8])):
            self.world.change()

    def check(self, when):
        """Whether the service holds all that the asset server has, and nothing besides."""
        graph = self.service.graph()
        vertices, edges = expected_graph(self.server)
        wanted = {name: {(key,): members for key, members in objects.items()} for name, objects in vertices.items()}
        wanted |= {name: {pair: {} for pair in pairs} for name, pairs in edges.items()}
        found = {
            name: {
                key: {m: row[m] for m in wanted[name].get(key, {})} for key, row in graph[name].items()
            } for name in wanted
        }
        lines = differences(found, wanted)
        if lines:
            raise Bad(f"{when}:\n" + "\n".join(lines[:20]))

    def is_resumed(self, run):
        """Whether it sends what an earlier run had read, as it was then."""
        resumed = "without asking the source" in run.read_log()
        self.counts["resumed"] += resumed
        return resumed

    def take(self, run, allowed):
        code = run.wait()
        self.is_resumed(run)
        self.counts[f"exit {code}"] += 1
        if code not in allowed:
            raise Bad(f"exit code {code}")
        return code

    def succeed(self):
        """The next good run; there has to be one."""
        for _ in range(3):
            run = self.run()
            code = run.wait()
            self.usual = time.monotonic() - run.begin
            if code != 0:
                raise Bad(f"the next run ended with exit code {code}")
            if not self.is_resumed(run):
                break
        self.check("after the next good run")


# ---- what is killed. Returns: the exit codes of the runs that were not killed ----


def kill_connector(arena, chance):
    run = arena.run()
    arena.wait_for_moment(run, chance)
    arena.note(run.kill())
    return [arena.take(run, (-9, 0))]


def kill_service(arena, chance):
    run = arena.run()
    arena.wait_for_moment(run, chance)
    arena.note(None if run.is_over() else run.place() or "starting")
    arena.service.kill()
    time.sleep(chance.choice([0, 1]) * chance.random())
    arena.service.come_back()
    return [arena.take(run, (0, 10))]


def kill_both(arena, chance):
    run = arena.run()
    arena.wait_for_moment(run, chance)
    first_service = chance.random() < 0.5
    if first_service:
        arena.service.kill()
        time.sleep(chance.choice([0, 0.05]) * chance.random())
    arena.note(run.kill())
    if not first_service:
        time.sleep(chance.choice([0, 0.05]) * chance.random())
        arena.service.kill()
    arena.service.come_back()
    return [arena.take(run, (-9, 0, 10))]


def kill_one_of_two(arena, chance):
    """A second run begins beside the first, and ends with exit code 10. Any of them, both or none is killed."""
    runs = [arena.run()]
    arena.wait_for_moment(runs[0], chance)
    runs.append(arena.run())
    arena.wait_for_moment(runs[1], chance)
    for run in chance.choice([[], runs[:1], runs[1:], runs]):
        arena.note(run.kill())
    return [arena.take(run, (-9, 0, 10)) for run in runs]


def let_clock_jump(arena, chance):
    """By hours, days and years, back and forth. All that waits goes on as if it had not."""
    run = arena.run()
    for _ in range(3):
        arena.wait_for_moment(run, chance)
        arena.clock.jump(chance)
    return [arena.take(run, (0,))]


KINDS = {
    "connector": kill_connector, "service": kill_service, "both": kill_both, "second": kill_one_of_two, "clock": let_clock_jump,
}


def play(arena, counts, kind, chance):
    """One round."""
    arena.counts = counts
    for log in arena.logs:
        os.unlink(log)
    arena.logs.clear()
    arena.change(chance)
    for _ in range(chance.choice([1, 1, 1, 2])):
        if chance.random() < 0.4:
            arena.service.forget_save_point()
        if 0 in KINDS[kind](arena, chance):
            arena.check("after a run that ended well")
    if chance.random() < 0.5:
        arena.change(chance)
    arena.succeed()


class Cell:
    """The rounds of one language and kind."""

    arenas = {}  # by language: one is there until a round in it is bad

    def __init__(self, language, kind, seed):
        self.language, self.kind, self.seed = language, kind, seed
        self.name = f"{language}/{kind}"
        self.rounds, self.bad, self.counts = 0, [], collections.Counter()

    def play(self):
        """One more round."""
        chance = random.Random(f"{self.seed} {self.name} {self.rounds}")
        self.rounds += 1
        try:
            if self.language not in self.arenas:
                self.arenas[self.language] = Arena(*list_languages()[self.language])
                self.arenas[self.language].succeed()
            play(self.arenas[self.language], self.counts, self.kind, chance)
        except Bad as problem:
            self.bad.append(self.rounds)
            print(f"# {self.name}, round {self.rounds}, seed {self.seed}: {problem}".replace("\n", "\n#   "))
            for log in self.arenas[self.language].logs:
                with open(log, encoding="utf-8") as file:
                    print(f"#   {log}:", *(f"\n#     {line}" for line in file.read().splitlines()[-12:]), flush=True)
            self.close(self.language)

    @classmethod
    def close(cls, *languages):
        for language in languages or list(cls.arenas):
            cls.arenas.pop(language).close()

    def __str__(self):
        codes = " ".join(f"{name[5:]}:{n}" for name, n in sorted(self.counts.items()) if name.startswith("exit"))
        numbers = (self.counts[name] for name in ["starting", *PLACES, "resumed"])
        return ROW.format(self.name, self.rounds, *numbers, len(self.bad), codes)


ROW = "{:<22}{:>8}" + "{:>11}" * 6 + "{:>6}  {}"
HEADER = ROW.format("what is killed", "rounds", "starting", *PLACES, "resumed", "bad", "exit codes of the runs broken into")


def play_a_few(cells):
    """In turn, so that as many as there is time for have a round."""
    end = time.monotonic() + SHORT_SECONDS
    for cell in itertools.cycle(sorted(cells, key=lambda cell: list(KINDS).index(cell.kind))):
        if time.monotonic() > end:
            break
        cell.play()
    Cell.close()
    print("\n".join(f"# {line}" for line in [HEADER, *cells]))
    is_bad = any(cell.bad for cell in cells)
    print(f"1..1\n{'not ok' if is_bad else 'ok'} 1 - no kill loses anything")
    return is_bad


def play_all(cells, rounds):
    print(HEADER)
    for cell in cells:
        for _ in range(rounds):
            cell.play()
        print(cell, flush=True)
    Cell.close()
    n_bad, n_rounds = sum(len(cell.bad) for cell in cells), sum(cell.rounds for cell in cells)
    print(f"{n_rounds} rounds, {n_bad} bad")
    return n_bad > 0


def main():
    parser = argparse.ArgumentParser(description="Kills connectors and services, and looks whether anything is lost.")
    parser.add_argument("rounds", type=int, nargs="?", help="of each kind and language; none: a few")
    seed = int(os.environ.get("CAR_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--seed", type=int, default=seed)
    parser.add_argument("--only", metavar="LANGUAGE/KIND", default="", help="such as python/service, or c/")
    arguments = parser.parse_args()

    cells = [
        cell for language, kind in itertools.product(list_languages(), KINDS)
        if (cell := Cell(language, kind, arguments.seed)).name.startswith(arguments.only)
    ]
    print(f"# CAR_TEST_SEED={arguments.seed}", flush=True)
    return play_a_few(cells) if arguments.rounds is None else play_all(cells, arguments.rounds)


if __name__ == "__main__":
    sys.exit(main())
