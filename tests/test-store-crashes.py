# SPDX-License-Identifier: Apache-2.0
"""Kills with SIGKILL at random moments: car-service, its database server, or both, while pages come and are worked off. What was
answered for is there afterwards, nothing is there by half, and the history tells what was there before. A model of a few lines says
what that is.

    test-store-crashes.py                a few rounds of each kind, as a test
    test-store-crashes.py ROUNDS [--seed SEED] [--only store/DATABASE/KIND]
                                         so many rounds of each kind, and a table of them"""

import argparse
import base64
import collections
import contextlib
import datetime
import http.client
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import local_postgres  # noqa: E402
from reference_world import Service  # noqa: E402

A_FEW = 3
SOURCES = ["one", "two"]
V2 = "/api/car/v2/"
MEMBERS = {"asset": ["name", "risk", "business_value"], "hostname": [], "asset_hostname": []}
ENDS = {"asset": "", "hostname": "", "asset_hostname": "asset_id hostname_id"}
AWAY = (OSError, http.client.HTTPException, ValueError)  # ValueError: half an answer


# ---- what is to be there -----------------------------------------------------------------------------------------


class Model:
    """What a source holds, by collection and key, and what its full import has brought so far; None where none is under way."""

    def __init__(self):
        self.objects = {collection: {} for collection in MEMBERS}
        self.brought = None

    def __eq__(self, other):
        return (self.objects, self.brought) == (other.objects, other.brought)

    def copy(self):
        """What is in it is replaced, never changed."""
        model = Model()
        model.objects = {collection: dict(objects) for collection, objects in self.objects.items()}
        model.brought = self.brought and {collection: set(keys) for collection, keys in self.brought.items()}
        return model

    def begin(self):
        self.brought = {collection: set() for collection in MEMBERS}

    def put(self, collection, objects):
        self.objects[collection].update(objects)
        if self.brought is not None:
            self.brought[collection].update(objects)

    def patch(self, asset, risk):
        self.objects["asset"][asset] = {**self.objects["asset"][asset], "risk": risk}

    def delete(self, assets):
        for asset in assets:
            self.objects["asset"].pop(asset, None)
        self.drop_loose_edges()

    def end(self):
        for collection, keys in (self.brought or {}).items():
            self.objects[collection] = {key: self.objects[collection][key] for key in self.objects[collection] if key in keys}
        self.brought = None
        self.drop_loose_edges()

    def drop_loose_edges(self):
        there = self.objects
        there["asset_hostname"] = {pair: {} for pair in there["asset_hostname"]
                                   if pair[0] in there["asset"] and pair[1] in there["hostname"]}


class Step:
    """A call, and what it does to the model. `kind` tells where a round was killed."""

    def __init__(self, kind, method, path, body, change):
        self.kind, self.method, self.path, self.body, self.change = kind, method, path, body, change

    def apply(self, model):
        model = model.copy()
        self.change(model)
        return model


class World:
    """What a data source holds now, and how a connector tells a service of it."""

    def __init__(self, source):
        self.source, self.model, self.reports, self.made = source, Model(), 0, 0

    def change(self, chance):
        """Some more, some changed, some gone."""
        objects = self.model.objects
        assets, hostnames = objects["asset"], objects["hostname"]
        share = chance.choice([0.02, 0.3, 0.9]) if len(assets) > 2000 else chance.choice([0, 0.02, 0.5])
        self.model.delete([key for key in assets if chance.random() < share])
        for key in assets:
            if chance.random() < 0.1:
                assets[key] = {**assets[key], "risk": chance.randrange(100) / 10}
        for _ in range(chance.choice([10, 200, 1000])):
            self.made += 1
            assets[f"{self.source}-{self.made}"] = {"name": f"host {self.made}", "risk": 1.5, "business_value": self.made % 10}
            if self.made % 3 == 0:
                hostnames[f"{self.source}-{self.made}.example"] = {}
        for key in [key for key in hostnames if chance.random() < share / 3]:
            del hostnames[key]
        self.model.drop_loose_edges()
        names = list(hostnames)
        for key in assets:
            if names and chance.random() < 0.5:
                objects["asset_hostname"][key, chance.choice(names)] = {}

    def make_envelope(self, **collections_):
        return {"source": {"_key": self.source, "name": self.source},
                "report": {"_key": f"{self.source}-{self.reports}", "timestamp": 1700000000000 + self.reports}, **collections_}

    def make_edge(self, pair):
        return {"_from_external_id": pair[0], "_to": f"hostname/{pair[1]}", "source": self.source, "active": True,
                "report": f"{self.source}-{self.reports}", "timestamp": 1700000000000 + self.reports}

    def list_pages(self, size, wanted):
        makers = {
            "asset": lambda item: {"external_id": item[0], **item[1]},
            "hostname": lambda item: {"_key": item[0]},
            "asset_hostname": lambda item: self.make_edge(item[0]),
        }
        for collection, make in makers.items():
            items = list(wanted[collection].items())
            for page in (items[i:i + size] for i in range(0, len(items), size)):
                yield Step("page", "POST", "imports", self.make_envelope(**{collection: [make(item) for item in page]}),
                           lambda model, collection=collection, page=dict(page): model.put(collection, page))

    def plan_full(self, size):
        self.reports += 1
        in_progress = f"source/{self.source}/full-import-in-progress?report={self.source}-{self.reports}"
        return [
            Step("begin", "POST", in_progress, None, Model.begin),
            Step("page", "POST", "imports", self.make_envelope(), lambda model: None),
            *self.list_pages(size, self.model.copy().objects),
            Step("end", "DELETE", in_progress, None, Model.end),
        ]

    def plan_some(self, size, held, chance):
        """As an incremental import: what is other than what is `held`, an asset patched, and some deleted."""
        self.reports += 1
        wanted, risk = self.model.objects, chance.randrange(100) / 10
        news = {name: {key: body for key, body in wanted[name].items() if held.objects[name].get(key) != body} for name in wanted}
        gone = sorted(held.objects["asset"].keys() - wanted["asset"].keys())[:50]
        patched = chance.choice(sorted(wanted["asset"]))
        steps = [
            *self.list_pages(size, news),
            Step("patch", "PATCH", f"asset?external_id={patched}", {"risk": risk}, lambda model: model.patch(patched, risk)),
        ]
        if gone:
            steps.append(Step("delete", "DELETE", f"source/{self.source}/asset?external_ids={','.join(gone)}", None,
                              lambda model: model.delete(gone)))
        # What such an import cannot take away comes up again with the next full one.
        self.model = held
        for step in steps:
            self.model = step.apply(self.model)
        return steps


# ---- what is killed ----------------------------------------------------------------------------------------------


class LastingService(Service):
    """One that can be killed, and comes back with what it had."""

    def __init__(self, database):
        super().__init__()
        self.command[self.command.index(":memory:")] = database

    @property
    def authorization(self):
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()

    def ask(self, method, path, body=None):
        status, answer = self.call(method, V2 + path, body)
        if status != 200:
            raise http.client.HTTPException(f"{method} {path}: {status} {answer}")
        return answer

    def query_at(self, text, moment):
        self.connection.request("POST", "/api/car/v3/query", json.dumps({"query": text}), {
            "Authorization": self.authorization, "Content-Type": "application/json",
            **({"x-hasura-car-timepoint": moment} if moment else {})})
        answer = json.loads(self.connection.getresponse().read())
        assert "errors" not in answer, answer
        return answer["data"]

    def read_log(self):
        return pathlib.Path(self.folder.name, "log").read_text(encoding="utf-8")


class Sqlite:
    kinds = ["service"]

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.url = os.path.join(self.folder.name, "car.db")
        return self

    def __exit__(self, *_):
        self.folder.cleanup()


class Postgres:
    kinds = ["service", "server", "both"]

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        self.server = self.stack.enter_context(local_postgres.run_server(safe=True))
        self.url = local_postgres.make_database(self.server.url)
        return self

    def __exit__(self, *_):
        self.stack.close()


def list_databases():
    return {"sqlite": Sqlite, **({"postgres": Postgres} if local_postgres.find_programs() else {})}


class Bad(Exception):
    """What makes a round a bad one."""


class Arena:
    """A service and its database, what two sources have, and what the service can hold of each: more than one where a call was not
    answered."""

    def __init__(self, name):
        self.stack = contextlib.ExitStack()
        self.database = self.stack.enter_context(list_databases()[name]())
        self.service = LastingService(self.database.url)
        self.stack.enter_context(self.service)
        self.worlds = {source: World(source) for source in SOURCES}
        self.held = {source: [Model()] for source in SOURCES}
        self.plans = {source: [] for source in SOURCES}
        self.jobs, self.moments, self.counts = [], [], collections.Counter()
        self.wait_until_idle()

    def close(self):
        self.stack.close()

    def plan(self, source, chance):
        """What was broken off goes on, or begins anew; else there is something new."""
        world, size = self.worlds[source], chance.choice([5, 30, 200])
        is_open = len(self.held[source]) > 1 or self.held[source][0].brought is not None
        if self.plans[source] and (not is_open or chance.random() < 0.5):
            return
        world.change(chance)
        self.plans[source] = world.plan_full(size) if is_open or chance.random() < 0.6 else world.plan_some(size, self.held[source][0], chance)

    def post(self, source, until):
        """Calls, one after the other, until one is not answered, or the kind of the next one is `until`. What was not answered for stays
        the first of the plan."""
        plan = self.plans[source]
        while plan and plan[0].kind != until:
            step = plan[0]
            try:
                answer = self.service.ask(step.method, step.path, step.body)
            except AWAY:
                self.counts[step.kind] += 1
                before = self.held[source]
                self.held[source] = before + [model for model in map(step.apply, before) if model not in before]
                return
            plan.pop(0)
            self.jobs += [answer[name] for name in ("id", "job_id") if name in answer]
            after = [step.apply(model) for model in self.held[source]]
            self.held[source] = [model for i, model in enumerate(after) if model not in after[:i]]

    def wait_until_idle(self):
        """A job that comes last is done."""
        deadline = time.monotonic() + 60
        while True:
            try:
                report = {"source": {"_key": "last"}, "report": {"_key": "last", "timestamp": 1}}
                job = self.service.ask("POST", "imports", report)["id"]
                while self.service.ask("GET", f"jobstatus/{job}")["status"] == "RUNNING":
                    if time.monotonic() > deadline:
                        raise Bad("jobs still wait after a minute")
                    time.sleep(0.005)
                return
            except AWAY as problem:
                self.service.connection.close()
                if time.monotonic() > deadline:
                    raise Bad(f"the service does not come back: {problem}") from None
                time.sleep(0.05)

    def kill(self, kind):
        if kind != "server":
            self.service.process.kill()
        if kind != "service":
            self.database.server.kill()

    def come_back(self, kind, chance):
        """A service whose server was killed finds it again by itself, or is begun anew."""
        if kind != "service":
            self.database.server.start()
        if kind != "server" or chance.random() < 0.5:
            self.service.kill()
            self.service.start()
        self.wait_until_idle()

    # ---- looking ----

    def read(self, moment=None):
        """{SOURCE: {COLLECTION: {KEY: members}}} of all that is there."""
        found = {source: {collection: {} for collection in MEMBERS} for source in SOURCES}
        text = " ".join(f"{name} {{ id source {' '.join(members)} {ENDS[name]} }}" if not ENDS[name] else f"{name} {{ source {ENDS[name]} }}"
                        for name, members in MEMBERS.items())
        for collection, rows in self.service.query_at(f"{{ {text} }}", moment).items():
            for row in rows:
                key = tuple(row[end].split("/", 1)[1] for end in ENDS[collection].split()) or row["id"].split("/", 1)[1]
                objects = found[row["source"]][collection]
                if key in objects:
                    raise Bad(f"{collection} {key} is there twice")
                objects[key] = {name: row[name] for name in MEMBERS[collection]}
        return found

    def check_counts(self, found):
        text = " ".join(f'{source}_{name}: {name}_aggregate(where: {{source: {{_eq: "{source}"}}}}) {{ aggregate {{ count }} }}'
                        for source in SOURCES for name in MEMBERS)
        for name, row in self.service.query_at(f"{{ {text} }}", None).items():
            source, collection = name.split("_", 1)
            if row["aggregate"]["count"] != len(found[source][collection]):
                raise Bad(f"{row['aggregate']['count']} of {collection} are counted, and {len(found[source][collection])} are there")

    def check_jobs(self):
        """Each job that was answered for is done, and was not refused."""
        for job in self.jobs:
            state = self.service.ask("GET", f"jobstatus/{job}")
            if state["status"] != "COMPLETE":
                raise Bad(f"job {job}: {state}")
        self.counts["jobs"] += len(self.jobs)
        self.jobs.clear()

    def check_files(self):
        done = subprocess.run([Service().command[0], "check", "--database", self.database.url], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Bad("check: " + done.stdout + done.stderr)

    def check(self, chance):
        self.check_jobs()
        found = self.read()
        for source in SOURCES:
            fitting = [model for model in self.held[source] if model.objects == found[source]]
            if not fitting:
                raise Bad("\n".join(tell_differences(source, found[source], self.held[source][-1].objects)))
            self.held[source] = fitting
            if not self.plans[source] and fitting[0].objects != self.worlds[source].model.objects:
                raise Bad(f"the model of {source} is wrong")
        self.check_counts(found)
        if self.moments:
            moment, then = chance.choice(self.moments)
            if self.read(moment) != then:
                raise Bad(f"what was there at {moment} is not what was there then")
        self.check_files()
        time.sleep(0.005)
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.moments = [*self.moments[-9:], (now, found)]
        time.sleep(0.005)


def tell_differences(source, found, wanted):
    for collection, objects in wanted.items():
        there = found[collection]
        missing, besides = sorted(objects.keys() - there.keys()), sorted(there.keys() - objects.keys())
        other = [key for key in objects.keys() & there.keys() if objects[key] != there[key]]
        for what, keys in {"missing": missing, "there besides": besides, "other than they were sent": other}.items():
            if keys:
                yield f"{source}: {len(keys)} of {len(objects)} {collection} are {what}, such as {keys[:3]}"


# ---- rounds ------------------------------------------------------------------------------------------------------


def play(arena, kind, chance):
    """One round."""
    source = chance.choice(SOURCES)
    arena.plan(source, chance)
    moment = chance.choice(["posting", "posting", "waiting", "closing"])
    if moment == "closing":
        arena.post(source, "end")
        arena.wait_until_idle()
    elif moment == "waiting":
        arena.post(source, None if chance.random() < 0.5 else "end")
    delay = chance.random() * {"posting": chance.choice([0.03, 0.3]), "waiting": 0.1, "closing": 0.03}[moment]
    killer = threading.Timer(delay, arena.kill, [kind])
    killer.start()
    arena.post(source, None)
    arena.counts["between"] += not arena.plans[source]
    killer.join()
    arena.come_back(kind, chance)
    arena.check(chance)
    arena.counts[moment] += 1


class Cell:
    """The rounds of one database and kind."""

    def __init__(self, database, kind, seed):
        self.database, self.kind, self.seed = database, kind, seed
        self.name = f"store/{database}/{kind}"
        self.rounds, self.bad, self.counts, self.arena = 0, [], collections.Counter(), None

    def play(self):
        chance = random.Random(f"{self.seed} {self.name} {self.rounds}")
        self.rounds += 1
        try:
            self.arena = self.arena or Arena(self.database)
            self.arena.counts = self.counts
            play(self.arena, self.kind, chance)
        except (Bad, AssertionError, *AWAY) as problem:
            self.bad.append(self.rounds)
            print(f"# {self.name}, round {self.rounds}, seed {self.seed}: {type(problem).__name__} {problem}".replace("\n", "\n#   "))
            if self.arena is not None:
                print("#   the service says:", *(f"\n#     {line}" for line in self.arena.service.read_log().splitlines()[-12:]), flush=True)
            self.close()

    def close(self):
        if self.arena is not None:
            self.arena.close()
        self.arena = None

    def __str__(self):
        return ROW.format(self.name, self.rounds, *(self.counts[name] for name in COUNTED), len(self.bad))


MOMENTS = ["posting", "waiting", "closing"]
STEPS = ["begin", "page", "end", "patch", "delete", "between"]
COUNTED = [*MOMENTS, *STEPS, "jobs"]
ROW = "{:<24}{:>8}" + "{:>9}" * len(COUNTED) + "{:>6}"
HEADER = ROW.format("what is killed", "rounds", *COUNTED, "bad")


def play_all(cells, rounds, lead=""):
    print(lead + HEADER)
    for cell in cells:
        for _ in range(rounds):
            cell.play()
        cell.close()
        print(lead + str(cell), flush=True)
    n_bad, n_rounds = sum(len(cell.bad) for cell in cells), sum(cell.rounds for cell in cells)
    print(f"{lead}{n_rounds} rounds, {n_bad} bad", flush=True)
    return n_bad > 0


def main():
    parser = argparse.ArgumentParser(description="Kills car-service and its database server, and looks whether anything is lost.")
    parser.add_argument("rounds", type=int, nargs="?", help="of each kind; none: a few")
    seed = int(os.environ.get("CAR_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--seed", type=int, default=seed)
    parser.add_argument("--only", metavar="store/DATABASE/KIND", default="", help="such as store/postgres/server, or store/sqlite")
    arguments = parser.parse_args()

    cells = [
        cell for database, of in list_databases().items() for kind in of.kinds
        if (cell := Cell(database, kind, arguments.seed)).name.startswith(arguments.only)
    ]
    print(f"# CAR_TEST_SEED={arguments.seed}", flush=True)
    if arguments.rounds is not None:
        return play_all(cells, arguments.rounds)
    is_bad = play_all(cells, A_FEW, "# ")
    print(f"1..1\n{'not ok' if is_bad else 'ok'} 1 - what was answered for outlives every kill")
    return is_bad


if __name__ == "__main__":
    sys.exit(main())
