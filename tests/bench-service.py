# SPDX-License-Identifier: Apache-2.0
"""Objects a second that car-service imports, what it writes and keeps for each, and how long its queries take. The data are made
before anything is measured: 37 % vertices, 63 % edges, in pages of 2000, with names that are hashes, so that no index is filled in
its own order. Each number of objects is imported first; then again unchanged; with 1 % changed; and with 10 % gone. Pages are posted
one at a time, as libcar's uploader does, and their files are removed as they go. Meanwhile somebody asks every 10 ms how the last one
fares, and with --ask so many clients ask the queries, each of them ten a second at most."""

import argparse
import base64
import contextlib
import hashlib
import http.client
import itertools
import json
import multiprocessing
import os
import pathlib
import statistics
import tempfile
import threading
import time
import urllib.parse

import local_postgres
from local_service import KEY, PASSWORD, run_service

PAGE = 2000
TIDYING = 3  # seconds, after which the service has emptied its log
SOURCE = "bench"
TICKS = os.sysconf("SC_CLK_TCK")
ASSETS, NAMES = 0.2, 0.17  # of all objects; the others are edges between the two
EXTENSION = {"key": "bench", "version": "1", "schema": {"edges": [{"end1": "asset", "end2": "asset"}]}}


def name(kind, number):
    return hashlib.blake2b(f"{kind}{number}".encode(), digest_size=8).hexdigest()


class Data:
    """What a source holds: the assets and hostnames of these numbers, and the edges between those that are there."""

    def __init__(self, count, changed=0, gone=0):
        self.assets, self.names = int(count * ASSETS), int(count * NAMES)
        self.edges = count - self.assets - self.names
        self.changed, self.gone = changed, gone  # one of so many; 0: none

    def is_gone(self, asset):
        return self.gone and asset % self.gone == 0

    def make_asset(self, number):
        risk = 1.5 if self.changed and number % self.changed == 0 else 7.5
        return {"external_id": name("asset", number), "name": f"host-{name('asset', number)}", "asset_type": "server",
                "business_value": 5, "risk": risk}

    def vertices(self):
        yield "asset", (self.make_asset(i) for i in range(self.assets) if not self.is_gone(i))
        yield "hostname", ({"_key": name("hostname", i) + ".example"} for i in range(self.names))

    def make_edges(self):
        for i in range(self.edges):
            asset = i % self.assets
            if not self.is_gone(asset):
                host = (i // self.assets * 7919 + asset) % self.names
                yield {"_from_external_id": name("asset", asset), "_to": f"hostname/{name('hostname', host)}.example"}

    def make_pairs(self):
        """Edges within a collection, of one asset in ten to the next. Both are there in every run: an edge has its ends."""
        for i in range(1, self.assets - 1, 10):
            yield {"_from_external_id": name("asset", i), "_to_external_id": name("asset", i + 1)}

    def parts(self):
        yield self.vertices()
        yield [("asset_hostname", self.make_edges())]

    def write(self, folder, report, timestamp, given=None):
        """Writes envelopes. Returns: how many objects are in them, and their files, vertices and edges apart."""
        count, parts = 0, []
        for part in given or self.parts():
            files = []
            for collection, objects in part:
                for page in pages(objects):
                    if collection.startswith("asset_"):
                        page = [{**edge, "source": SOURCE, "report": report, "active": True, "timestamp": timestamp} for edge in page]
                    envelope = {"source": {"_key": SOURCE, "name": SOURCE, "description": SOURCE},
                                "report": {"_key": report, "timestamp": timestamp, "type": "bench", "description": SOURCE},
                                collection: page}
                    files.append(folder / f"{report}-{len(parts)}-{collection}-{len(files)}")
                    files[-1].write_text(json.dumps(envelope, separators=(",", ":")))
                    count += len(page)
            parts.append(files)
        return count, parts

    def import_pairs(self, service, folder):
        """Needs the extension, and is not measured."""
        for files in self.write(folder, "pairs", round(time.time() * 1000), [[("asset_asset", self.make_pairs())]])[1]:
            import_files(service, files)


def pages(objects):
    page = []
    for item in objects:
        page.append(item)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


def post_file(client, file):
    status, answer = client.ask("POST", "/api/car/v2/imports", file.read_bytes())
    if status != 200:
        raise SystemExit(f"a page is answered with {status}")
    file.unlink()
    return json.loads(answer)["id"]


def import_files(service, files, note=lambda job: None):
    """One page after the other over one connection, as libcar does."""
    jobs, client = [], Client(service.url)
    for file in files:
        jobs.append(post_file(client, file))
        note(jobs[-1])
    while jobs:
        status = service.want("GET", f"importstatus?ids={','.join(jobs[:200])}")
        if status["error_imports"]:
            raise SystemExit(f"an import failed: {status['error_imports'][0]}")
        waiting = [job["id"] for job in status["incomplete_imports"]]
        jobs = waiting + jobs[200:]
        if waiting:
            time.sleep(0.05)


def import_full(service, report, parts, note=lambda job: None):
    in_progress = f"source/{SOURCE}/full-import-in-progress?report={report}"
    service.run_job("POST", in_progress)
    for files in parts:
        import_files(service, files, note)
    service.run_job("DELETE", in_progress)


class Client:
    """A connection that stays, as those of libcar and browsers do."""

    def __init__(self, url):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=600)
        authorization = "Basic " + base64.b64encode(f"{KEY}:{PASSWORD}".encode()).decode()
        self.headers = {"Authorization": authorization, "Content-Type": "application/json"}

    def ask(self, method, path, body=None):
        """Returns: the status, and the answer."""
        self.connection.request(method, path, body, self.headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def call(self, method, path, body=None):
        """Returns: the status."""
        return self.ask(method, path, body)[0]


def watch_job(url, job, over, result):
    """Asks every 10 ms, in a process of its own: what posts does not hold it up."""
    client, times = Client(url), []
    while not over.wait(0.01 if times else 0):
        begin = time.perf_counter()
        client.call("GET", f"/api/car/v2/importstatus/{job.value}")
        times.append(time.perf_counter() - begin)
    result.send(times)


def ask_queries(url, queries, begin, counts):
    client = Client(url)
    for text in itertools.islice(itertools.cycle(queries), begin, None):
        status = client.call("POST", "/api/car/v3/query", json.dumps({"query": text}))
        with counts.get_lock():
            counts[status != 200] += 1
        time.sleep(0.1)


def run_clients(url, queries, number, counts):
    for begin in range(number):
        threading.Thread(target=ask_queries, args=(url, queries, begin, counts)).start()


class Watch:
    """What others see of an import while it runs: those who ask after it, and so many clients."""

    def __init__(self, service, queries, clients):
        self.job, self.counts = multiprocessing.Value("q", 0), multiprocessing.Array("q", 2)
        self.over, (self.result, result) = multiprocessing.Event(), multiprocessing.Pipe(duplex=False)
        self.watcher = multiprocessing.Process(target=watch_job, args=(service.url, self.job, self.over, result), daemon=True)
        self.clients = multiprocessing.Process(target=run_clients, args=(service.url, queries, clients, self.counts), daemon=True)

    def __enter__(self):
        self.clients.start()
        return self

    def note(self, job):
        self.job.value = int(job)
        if self.watcher.pid is None:
            self.watcher.start()

    def __exit__(self, *_):
        self.clients.kill()
        self.clients.join()

    def end(self):
        """Returns: {what: figure}"""
        self.over.set()
        times = sorted(seconds * 1000 for seconds in self.result.recv())
        self.watcher.join()
        figures = {"median": statistics.median(times), "p99": times[len(times) * 99 // 100], "max": times[-1]}
        return {"status_calls": len(times), "status_milliseconds": {name: round(figure, 2) for name, figure in figures.items()},
                "queries_answered": self.counts[0], "queries_refused": self.counts[1]}


class Process:
    """What a process has used and written so far."""

    def __init__(self, pid):
        self.folder = pathlib.Path("/proc", str(pid))

    def read_threads(self):
        """{name of thread: seconds of CPU}"""
        threads = {}
        for task in self.folder.glob("task/*"):
            stat = (task / "stat").read_text()
            fields = stat[stat.rindex(")") + 2:].split()
            thread = stat[stat.index("(") + 1:stat.rindex(")")]
            threads[thread] = threads.get(thread, 0) + (int(fields[11]) + int(fields[12])) / TICKS
        return threads

    def read_written(self):
        return int((self.folder / "io").read_text().split("write_bytes: ")[1].split()[0])

    def read_peak(self):
        return int((self.folder / "status").read_text().split("VmHWM:")[1].split()[0]) * 1024


class Sqlite:
    def __init__(self, folder):
        self.path = folder / "car.db"
        self.url = str(self.path)

    def read_kept(self):
        return sum(path.stat().st_size for path in self.path.parent.glob(self.path.name + "*"))

    def read_cpu(self):
        return {}

    def read_written(self):
        return 0


class Postgres:
    """A new database of a server. What the server uses and writes is seen where it runs on this machine."""

    def __init__(self, server):
        self.server, self.url = server, local_postgres.make_database(server)
        process = pathlib.Path("/proc", local_postgres.ask(server, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'") or "none")
        is_here = process.exists() and (process / "comm").read_text().strip() == "postgres"
        self.postmaster = pathlib.Path("/proc", self.read_stat(process)[1]) if is_here else None

    @staticmethod
    def read_stat(process):
        """From the state on."""
        return (process / "stat").read_text().rpartition(") ")[2].split()

    def list_processes(self):
        if self.postmaster is None:
            return []
        children = (self.postmaster / "task" / self.postmaster.name / "children").read_text().split()
        return [self.postmaster, *(pathlib.Path("/proc", child) for child in children)]

    def read_kept(self):
        return int(local_postgres.ask(self.url, "SELECT pg_database_size (current_database ())"))

    def read_cpu(self):
        """What has ended is counted in who began it."""
        ticks = 0
        for process in self.list_processes():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                ticks += sum(map(int, self.read_stat(process)[11:15 if process == self.postmaster else 13]))
        return {"postgres": ticks / TICKS}

    def read_written(self):
        written = 0
        for process in self.list_processes():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                written += Process(process.name).read_written()
        return written

    def drop(self):
        local_postgres.ask(self.server, f"DROP DATABASE {urllib.parse.urlsplit(self.url).path[1:]}")


@contextlib.contextmanager
def run_database(where, folder):
    if where is None:
        yield Sqlite(folder)
    elif where == "postgres":
        with local_postgres.run_server(safe=True) as server:
            yield Postgres(server.url)
    else:
        database = Postgres(where)
        try:
            yield database
        finally:
            database.drop()


def measure_import(service, process, database, folder, label, data, number, clients):
    timestamp = round((time.time() + number) * 1000)
    count, parts = data.write(folder, f"report{number}", timestamp)
    queries = [text for name, text in list_queries(data).items() if name not in WITHIN]

    def read_cpu():
        return {**process.read_threads(), **database.read_cpu()}

    def read_written():
        return process.read_written() + database.read_written()

    with Watch(service, queries, clients) as watch:
        before, written, begin = read_cpu(), read_written(), time.perf_counter()
        import_full(service, f"report{number}", parts, watch.note)
        seconds = time.perf_counter() - begin
        cpu = {thread: round(used - before.get(thread, 0), 2) for thread, used in read_cpu().items()}
        written = read_written() - written
        seen = watch.end()
    time.sleep(TIDYING)
    return {"import": label, "objects": count, "seconds": round(seconds, 2), "objects_per_second": round(count / seconds),
            "cpu": cpu, "cpu_us_per_object": round(sum(cpu.values()) * 1e6 / count, 2),
            "written_per_object": round(written / count), "kept_per_object": round(database.read_kept() / count),
            "peak_memory": process.read_peak(), **seen}


WITHIN = ("within a collection", "through one within")  # they need the extension


def list_queries(data):
    asset, host = name("asset", 1), name("hostname", 1) + ".example"
    where_source = f'source: {{_eq: "{SOURCE}"}}'
    return {
        "by key and source": f'{{ hostname(where: {{name: {{_eq: "{host}"}}, {where_source}}}) {{ id }} }}',
        "by external_id and source": f'{{ asset(where: {{external_id: {{_eq: "{asset}"}}, {where_source}}}) {{ name }} }}',
        "by id": f'{{ asset(where: {{id: {{_eq: "{SOURCE}/{asset}"}}}}) {{ name }} }}',
        "by either of two": f'{{ asset(where: {{_or: [{{external_id: {{_eq: "{asset}"}}}}, {{name: {{_eq: "host-{asset}"}}}}]}}) {{ name }} }}',
        "the first 50": "{ asset(limit: 50) { name } }",
        "the first 50 of a source": f"{{ asset(where: {{{where_source}}}, limit: 50) {{ name }} }}",
        "the first 50 edges": "{ asset_hostname(limit: 50) { asset_id } }",
        "the first 50 with an edge": "{ asset(where: {hostnames: {}}, limit: 50) { name } }",
        "by name": f'{{ asset(where: {{name: {{_eq: "host-{asset}"}}}}) {{ external_id }} }}',
        "through a relation": f'{{ asset(where: {{hostnames: {{hostname: {{name: {{_eq: "{host}"}}}}}}}}) {{ name }} }}',
        "with its neighbours": f'{{ asset(where: {{external_id: {{_eq: "{asset}"}}}}) {{ hostnames {{ hostname {{ name }} }} }} }}',
        "within a collection": f'{{ asset(where: {{external_id: {{_eq: "{asset}"}}}}) {{ assets {{ from_asset_id }} }} }}',
        "through one within": f'{{ asset(where: {{assets: {{from_asset: {{name: {{_eq: "host-{asset}"}}}}}}}}) {{ name }} }}',
        "how many": "{ asset_aggregate { aggregate { count } } }",
        "how many of a source": f"{{ asset_aggregate(where: {{{where_source}}}) {{ aggregate {{ count }} }} }}",
        "the next page by id": f'{{ asset(where: {{id: {{_gt: "{SOURCE}/{asset}"}}}}, order_by: {{id: asc}}, limit: 50) {{ id }} }}',
        "a page of a listing": f"{{ asset(where: {{{where_source}}}, order_by: [{{id: asc}}], limit: 1000, offset: 1000) {{ id name }} }}",
    }


def measure_query(ask):
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        ask()
        times.append(time.perf_counter() - begin)
    return round(statistics.median(times) * 1000, 2)


def measure(count, where, clients, emit):
    with tempfile.TemporaryDirectory(prefix="car-bench-") as folder, run_database(where, pathlib.Path(folder)) as database:
        folder = pathlib.Path(folder)
        with run_service(database.url) as service:
            process = Process(service.process.pid)
            service.set_up()
            runs = {"first": Data(count), "unchanged": Data(count), "1 % changed": Data(count, changed=100), "10 % gone": Data(count, gone=10)}
            for number, (label, data) in enumerate(runs.items(), 1):
                emit(measure_import(service, process, database, folder, label, data, number, clients))
            service.call("POST", "v3/carSchema", EXTENSION)
            runs["first"].import_pairs(service, folder)
            for label, text in list_queries(runs["first"]).items():
                if not next(iter(service.query(text).values())):
                    raise SystemExit(f"nothing is found {label}")
                emit({"query": label, "objects": count, "milliseconds": measure_query(lambda: service.query(text))})
            path = f"asset/{SOURCE}%2F{name('asset', 1)}/graph"
            emit({"query": "GET asset/ID/graph", "objects": count, "milliseconds": measure_query(lambda: service.want("GET", path))})
            emit({"query": "memory after all of that", "objects": count, "peak_memory": process.read_peak()})


def show(row):
    if "import" in row:
        cpu = ", ".join(f"{thread} {seconds:.1f}" for thread, seconds in sorted(row["cpu"].items(), key=lambda item: -item[1])[:3])
        print(f"{row['import']:28} {row['objects']:9} {row['objects_per_second']:10} {row['cpu_us_per_object']:9.1f} {row['kept_per_object']:6} "
              f"{row['written_per_object']:8} {row['peak_memory'] / 1e6:7.0f} {row['status_milliseconds']['median']:7.1f} "
              f"{row['status_milliseconds']['p99']:7.1f} {row['status_milliseconds']['max']:7.1f} {row['queries_answered']:7}  {cpu}", flush=True)
    else:
        figure = f"{row['milliseconds']:10.2f} ms" if "milliseconds" in row else f"{row['peak_memory'] / 1e6:10.0f} MB"
        print(f"{row['query']:28} {row['objects']:9} {figure}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", "--objects", type=int, action="append", help="how many (100000, 1000000 and 5000000)")
    parser.add_argument("--json", metavar="FILE", help="write all figures to this file, too")
    parser.add_argument("--database", metavar="postgres|URL", help="PostgreSQL: a server of its own that syncs, or the one at this URL, which gets a "
                        "new database for it (else SQLite)")
    parser.add_argument("--ask", type=int, default=0, metavar="N", help="so many clients ask queries during the imports")
    options = parser.parse_args()
    rows = []

    def emit(row):
        rows.append(row)
        show(row)

    print(f"{'':28} {'objects':>9} {'objects/s':>10} {'CPU µs':>9} {'kept':>6} {'written':>8} {'MB':>7} {'status':>7} {'p99':>7} {'max ms':>7} {'asked':>7}  seconds of CPU by thread")
    for count in options.objects or [100_000, 1_000_000, 5_000_000]:
        measure(count, options.database, options.ask, emit)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
