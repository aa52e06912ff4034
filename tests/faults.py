# SPDX-License-Identifier: Apache-2.0
"""Every call of an import times every fault of car-fault-service, with a connector in C, Python and JavaScript.

Of each cell a verdict is computed. A connector at first has one state of its data source in the service, and then the next state is
imported while the fault strikes. Then the graph equals the data source, or the exit code is not 0 and the save point is not past
the gap; and a run without the fault makes the graph equal. There is no crash, no hang, memory is bounded, and the exit code is the
one that protocol.md has for it, where that says one.

`./dev faults` runs all cells, tests/test-faults.py a few."""

import argparse
import collections
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from fault_world import KEY, PASSWORD, PROGRAM, FaultService

SOURCE, BUILD = pathlib.Path(os.environ["TOP_SRCDIR"]), pathlib.Path(os.environ["TOP_BUILDDIR"])
SETTINGS = ["-source", "faults", "-export-data-page-size", "4", "-car-service-timeout", "3", "-car-service-retries", "1",
            "-car-service-max-wait", "1", "-car-service-max-outage", "3", "-log-format", "text"]
HANG_SECONDS = 240  # with the settings above, on a machine with much else to do
MORE_MEMORY = 72 << 20  # the longest answer that a connector's own query can have (64 MiB), and what reading it takes

MODES = ("first", "full", "incremental")  # into an empty database; over one state the next; the changes alone
STATUSES = (204, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 406, 408, 409, 410, 411, 413, 414, 415, 422, 425, 429, 431,
            500, 501, 502, 503, 504, 505, 507, 511)
RETRY_AFTER = ("1", "date:1", "date:3600", "3600", "soon", "-1", "99999999999999999999")

# What is tried again, and what is recoverable when that is over: protocol.md, "Failures".
RETRIED = {408, 429, 502, 503, 504, 507}
RECOVERABLE = RETRIED | {302, 400, 401, 403, 500}
BROKEN = {"refused", "reset", "closed", "hang", "cut", "stall", "trickle", "negative-length"}


def vertices(names):
    return {"asset": [{"external_id": f"a{n}", "name": name, "rack": f"r{n}"} for n, name in names.items()],
            "hostname": [{"_key": f"h{n}.example.org"} for n in names]}


def edges(pairs):
    return {"asset_hostname": [{"_from_external_id": f"a{a}", "_to": f"hostname/h{h}.example.org"} for a, h in pairs]}


BEFORE = {n: f"asset {n}" for n in range(1, 11)}
AFTER = {3: "renamed"} | {n: f"asset {n}" for n in (4, 5, 6, 7, 8, 9, 10, 11, 12, 13)}
PAIRS = [(n, n) for n in BEFORE]
NEXT_PAIRS = [(n, n) for n in AFTER if n != 4] + [(4, 13)]
STATES = (
    {"state": "1", "vertices": vertices(BEFORE), "edges": edges(PAIRS)},
    {"state": "2", "vertices": vertices(AFTER), "edges": edges(NEXT_PAIRS),
     "delta": {"since": "1", "vertices": vertices({n: AFTER[n] for n in (11, 12, 13)}), "edges": edges(NEXT_PAIRS[-4:]),
               "patched": {"a3": {"name": "renamed"}}, "deleted": {"asset": ["a1", "a2"], "hostname": ["h1.example.org", "h2.example.org"]}}},
)
QUERY = """{ asset(where: {source: {_eq: "faults"}}) { external_id name } hostname(where: {source: {_eq: "faults"}}) { id }
             asset_hostname(where: {source: {_eq: "faults"}}) { asset_id hostname_id } }"""


def graph_of(state):
    """As read_graph() would read it."""
    return (sorted((v["external_id"], v["name"]) for v in state["vertices"]["asset"]),
            sorted("faults/" + v["_key"] for v in state["vertices"]["hostname"]),
            sorted(("faults/" + e["_from_external_id"], e["_to"].replace("hostname/", "faults/")) for e in state["edges"]["asset_hostname"]))


def read_graph(service):
    status, _, answer = service.call("POST", "query", {"query": QUERY}, clear=True)
    assert status == 200 and "errors" not in answer, answer
    data = answer["data"]
    return (sorted((v["external_id"], v["name"]) for v in data["asset"]), sorted(v["id"] for v in data["hostname"]),
            sorted((e["asset_id"], e["hostname_id"]) for e in data["asset_hostname"]))


def read_save_point(service):
    status, _, answer = service.call("GET", "source/faults", clear=True)
    return answer["model_state_id"] if status == 200 else None


def list_languages():
    """{LANGUAGE: (command, variables)} of those that are there, and have a binding here."""
    introspection = {"GI_TYPELIB_PATH": str(BUILD), "LD_LIBRARY_PATH": str(BUILD / "libcar" / ".libs")}
    languages = {"c": ([BUILD / "tests" / "fault-connector"], {})}
    if (BUILD / "Car-1.0.typelib").exists() and not os.environ.get("SANITIZER_CFLAGS"):
        if os.environ["PYTHON_GI"] != "no":
            languages["python"] = ([os.environ["PYTHON_GI"], SOURCE / "tests" / "fault-connector.py"],
                                   {**introspection, "PYTHONPATH": str(SOURCE / "bindings" / "python"), "PYTHONDONTWRITEBYTECODE": "1"})
        if os.environ["GJS"] != "no":
            languages["javascript"] = ([os.environ["GJS"], "-m", SOURCE / "tests" / "fault-connector.js", "--"],
                                       {**introspection, "GJS_PATH": str(SOURCE / "bindings" / "javascript")})
    return languages


@dataclasses.dataclass(frozen=True)
class Run:
    code: int  # negative: the signal that ended it
    memory: int  # bytes, at most
    seconds: float
    log: str


@dataclasses.dataclass(frozen=True)
class Cell:
    language: str
    mode: str
    rule: str

    @property
    def call(self):
        return self.rule.partition(":")[0]

    @property
    def fault(self):
        return re.split(r"[:,]", self.rule)[1]

    def __str__(self):
        return f"{self.language} {self.mode} {self.rule}"


@dataclasses.dataclass(frozen=True)
class Result:
    cell: Cell
    struck: bool
    seconds: float = 0
    code: int | None = None
    memory: int = 0
    problems: tuple = ()
    log: str = ""


class Matrix:
    """The folder with what all cells begin from."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.languages = list_languages()
        for state in STATES:
            (self.folder / f"{state['state']}.json").write_text(json.dumps(state))
        self.memory = {language: 0 for language in self.languages}  # of runs without a fault
        self.calls = {}  # {MODE: {CALL: (METHOD, how often)}}

    def run_connector(self, language, mode, state, port):
        command, variables = self.languages[language]
        environment = {**os.environ, **variables, "CAR_SERVICE_URL": f"http://127.0.0.1:{port}/api/car/v2", "CAR_SERVICE_KEY": KEY,
                       "CAR_SERVICE_PASSWORD": PASSWORD, "FAULT_CONNECTOR_FILE": str(self.folder / f"{state['state']}.json"),
                       "G_DEBUG": "fatal-criticals"}
        if mode != "incremental":
            environment["FAULT_CONNECTOR_FULL"] = "1"
        with tempfile.TemporaryDirectory(dir=self.folder) as state_folder, tempfile.TemporaryFile() as log:
            environment["CAR_STATE_DIR"] = environment["XDG_STATE_HOME"] = state_folder
            begin = time.monotonic()
            process = subprocess.Popen([*map(str, command), *SETTINGS], env=environment, stdout=log, stderr=subprocess.STDOUT)
            timer = threading.Timer(HANG_SECONDS, process.kill)
            timer.start()
            _, status, usage = os.wait4(process.pid, 0)
            timer.cancel()
            process.returncode = os.waitstatus_to_exitcode(status)
            log.seek(0)
            return Run(process.returncode, usage.ru_maxrss * 1024, time.monotonic() - begin, log.read().decode(errors="replace"))

    def prepare(self):
        """The database with the first state; what a run without a fault needs and calls."""
        with FaultService(database=self.folder / "1.db") as service:
            done = self.run_connector("c", "full", STATES[0], service.clear_port)
            assert done.code == 0 and read_graph(service) == graph_of(STATES[0]), done
        for mode in MODES:
            for language in self.languages:
                self.calls[mode] = self.learn(language, mode)

    def learn(self, language, mode):
        folder = tempfile.mkdtemp(dir=self.folder)
        database = self.copy_database(folder, mode)
        with FaultService(database=database, verbose=True) as service:
            done = self.run_connector(language, mode, STATES[1], service.port)
            assert done.code == 0, done
            assert read_graph(service) == graph_of(STATES[1]) and read_save_point(service) == "2", read_graph(service)
        shutil.rmtree(folder)
        self.memory[language] = max(self.memory[language], done.memory)
        found = [re.match(r"([\w-]+): (\w+) ", line).groups() for line in service.strikes]
        return {call: (method, sum(1 for other, _ in found if other == call)) for call, method in found}

    def copy_database(self, folder, mode):
        database = pathlib.Path(folder, "car.db")
        if mode != "first":
            shutil.copy(self.folder / "1.db", database)
        return database

    def list_cells(self):
        cells = []
        faults = list_faults()
        for mode in MODES:
            for call, (method, count) in self.calls[mode].items():
                # What the first import does besides is what it sets up.
                if mode == "first" and call in self.calls["full"] and call != "job":
                    continue
                for rule in list_rules(call, method, count, faults):
                    cells += [Cell(language, mode, rule) for language in self.languages]
        return cells

    def judge(self, cell):
        begin = time.monotonic()
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            with FaultService(cell.rule, database=self.copy_database(folder, cell.mode)) as service:
                first = self.run_connector(cell.language, cell.mode, STATES[1], service.port)
                graph, save_point = read_graph(service), read_save_point(service)
                struck = bool(service.read_lines()[2:])
                # What the fault left is in the service: the language that starts fastest finds out.
                second = self.run_connector("c", "incremental", STATES[1], service.clear_port) if struck else None
                after = read_graph(service), read_save_point(service)
        if not struck:
            return Result(cell, False)
        problems = [*self.find_problems(cell, first, graph, save_point)]
        # What was lost by a lie stays lost, as nothing changed since.
        equal = after[0] == graph_of(STATES[1]) or is_lie(cell)
        if second.code != 0 or not equal or after[1] != "2":
            problems.append(f"the run after: exit code {second.code}, " + (f"the save point is {after[1]}" if equal else "the graph is another"))
        return Result(cell, True, time.monotonic() - begin, first.code, first.memory, tuple(problems), first.log if problems else "")

    def find_problems(self, cell, run, graph, save_point):
        equal = graph == graph_of(STATES[1])
        if run.code < 0 or "CRITICAL" in run.log or "Sanitizer" in run.log or "runtime error:" in run.log:
            yield "hung" if run.code == -9 and run.seconds >= HANG_SECONDS else f"crashed ({run.code})"
            return
        if run.code == 0 and not (equal and save_point == "2") and not is_lie(cell):
            yield f"exit code 0, the graph is {'equal' if equal else 'another'}, the save point {save_point}"
        if run.code != 0 and save_point == "2" and not equal:
            yield "the save point is past a gap"
        if run.code not in expect(cell):
            yield f"exit code {run.code} and not {' or '.join(map(str, sorted(expect(cell))))}"
        if run.memory > self.memory[cell.language] + MORE_MEMORY:
            yield f"took {run.memory >> 20} MB, and {self.memory[cell.language] >> 20} MB without a fault"


def list_faults():
    """The names of all faults that the program has, statuses aside, and what is said of each."""
    text = subprocess.run([PROGRAM, "--list"], capture_output=True, text=True, check=True).stdout
    return dict(re.findall(r"^  ([a-z][\w-]+) +(.*)$", text.partition("Faults:")[2], re.M))


def list_rules(call, method, count, faults):
    """Each fault once, also in the middle of many calls, and always; of changes also after the service made them."""
    wanted = [name for name in faults if ("job" not in name or call in ("job", "import-status")) and
              (name != "session-lost" or call in ("import", "begin-full", "end-full"))]
    wanted += [str(status) for status in STATUSES] + [f"503,retry-after={value}" for value in RETRY_AFTER]
    for fault in wanted:
        spoils = "the answer" in faults.get(fault, "")
        seconds = {"once": ",seconds=1", "always": ",seconds=0"} if fault == "refused" else {"once": "", "always": ""}
        yield f"{call}:{fault}{seconds['once']}"
        if count > 2:
            yield f"{call}:{fault}{seconds['once']},at={count // 2 + 1}"
        # Jobs that are never done are waited for as long as the service says that they go on.
        yield f"{call}:{fault}{seconds['always']},times={'always' if fault != 'job-runs' else 3}"
        if method != "GET" and call != "query" and not spoils and fault != "session-lost":
            yield f"{call}:{fault}{seconds['once']},when=after"
            yield f"{call}:{fault}{seconds['always']},when=after,times=always"


def is_lie(cell):
    """Nobody can tell: protocol.md publishes no answer for these, so any object is one."""
    return cell.call in ("patch", "add-extension") and cell.fault == "empty-object" and "when=after" not in cell.rule


def may_be_anything(cell):
    """An answer that does not say what it might is no failure: a source without a save point is imported as a whole."""
    return cell.call in ("patch", "add-extension") or (cell.call == "source" and cell.fault in ("empty-object", "wrong-types"))


def expect(cell):
    """The exit codes that there may be."""
    always = "times=always" in cell.rule
    status = int(cell.fault) if cell.fault.isdigit() else None
    passes = cell.fault in BROKEN or status in RETRIED
    # They may last longer than one more attempt waits; they bring the whole answer all the same.
    if cell.fault in ("refused", "trickle", "negative-length"):
        return {0, 10}
    # What is closed is not guarded then (protocol.md, "Closing").
    unguarded = {0} if cell.call == "query" and cell.mode != "incremental" else set()
    if passes and not always:
        return {0}
    if passes:
        return {10} | unguarded
    if status is None and not cell.fault.startswith(("job-", "session-")) and cell.fault != "wrong-ids" and not is_lie(cell):
        return {10} | unguarded | ({0} if may_be_anything(cell) else set())
    return {0, 10, 20} | ({2} if cell.call == "add-extension" else set())


def run(matrix, cells, jobs, tell):
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        pending = {pool.submit(matrix.judge, cell): cell for cell in cells}
        for future in concurrent.futures.as_completed(pending):
            cell = pending[future]
            try:
                tell(future.result())
            except Exception as error:  # the runner's own mistake must not count as a good cell
                tell(Result(cell, True, problems=(f"cannot be judged: {error!r}",)))


def spread(cells, number):
    """So many of the cells, of every language, mode and call, and always the same."""
    groups = collections.defaultdict(list)
    for cell in cells:
        groups[cell.language, cell.mode, cell.call].append(cell)
    chance = random.Random(1)
    for group in groups.values():
        chance.shuffle(group)
    order = [cell for row in zip(*(group * (1 + number // len(group)) for group in groups.values())) for cell in chance.sample(row, len(row))]
    return list(dict.fromkeys(order))[:number]


def show_table(results):
    rows = collections.Counter()
    for result in results:
        rows[result.cell.language, result.cell.mode, "cells"] += 1
        rows[result.cell.language, result.cell.mode, "bad"] += bool(result.problems)
        rows[result.cell.language, result.cell.mode, "exit 0"] += result.code == 0
    print(f"{'language':12}{'import':14}{'cells':>8}{'exit 0':>8}{'bad':>8}")
    for language, mode in sorted({key[:2] for key in rows}):
        print(f"{language:12}{mode:14}" + "".join(f"{rows[language, mode, name]:8}" for name in ("cells", "exit 0", "bad")))


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", metavar="REGEX", default="", help="the cells whose names have this in them, such as 'c full import:'")
    parser.add_argument("--sample", metavar="NUMBER", type=int, help="so many of them")
    parser.add_argument("--jobs", metavar="NUMBER", type=int, default=3 * (os.cpu_count() or 1), help="so many at once")
    parser.add_argument("--json", metavar="FILE", help="write all results to this file")
    parser.add_argument("--logs", action="store_true", help="show the logs of bad cells")
    options = parser.parse_args()
    results, begin = [], time.monotonic()

    def tell(result):
        if result.struck:
            results.append(result)
        if result.problems:
            print(f"{result.cell}: {'; '.join(result.problems)}", flush=True)
            if options.logs:
                print(result.log, flush=True)
        if sys.stderr.isatty():
            print(f"\r{len(results)} ", end="", file=sys.stderr)

    with tempfile.TemporaryDirectory(prefix="car-faults-") as folder:
        matrix = Matrix(folder)
        matrix.prepare()
        cells = [cell for cell in matrix.list_cells() if re.search(options.only, str(cell))]
        cells = spread(cells, options.sample) if options.sample else cells
        run(matrix, cells, options.jobs, tell)
    bad = sum(bool(result.problems) for result in results)
    show_table(results)
    print(f"{len(results)} cells in {time.monotonic() - begin:.0f} s, {len(cells) - len(results)} faults that strike nothing, {bad} bad")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps([dataclasses.asdict(result) for result in results], indent=1))
    return bad > 0 or not results


if __name__ == "__main__":
    sys.exit(main())
