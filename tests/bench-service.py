# SPDX-License-Identifier: Apache-2.0
"""Objects a second that car-service imports, what it writes and keeps for each, and how long its queries take. The data are made
before anything is measured: 37 % vertices, 63 % edges, in pages of 2000, with names that are hashes, so that no index is filled in
its own order. Each number of objects is imported first; then again unchanged; with 1 % changed; and with 10 % gone."""

import argparse
import hashlib
import json
import os
import pathlib
import statistics
import tempfile
import time

from local_service import run_service

PAGE = 2000
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


def import_files(service, files):
    jobs = [service.want("POST", "imports", file.read_bytes())["id"] for file in files]
    while jobs:
        status = service.want("GET", f"importstatus?ids={','.join(jobs[:200])}")
        if status["error_imports"]:
            raise SystemExit(f"an import failed: {status['error_imports'][0]}")
        waiting = [job["id"] for job in status["incomplete_imports"]]
        jobs = waiting + jobs[200:]
        if waiting:
            time.sleep(0.05)


def import_full(service, report, parts):
    in_progress = f"source/{SOURCE}/full-import-in-progress?report={report}"
    service.run_job("POST", in_progress)
    for files in parts:
        import_files(service, files)
    service.run_job("DELETE", in_progress)


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


def measure_import(service, process, database, folder, label, data, number):
    timestamp = round((time.time() + number) * 1000)
    count, parts = data.write(folder, f"report{number}", timestamp)
    threads, written, begin = process.read_threads(), process.read_written(), time.perf_counter()
    import_full(service, f"report{number}", parts)
    seconds = time.perf_counter() - begin
    cpu = {thread: round(used - threads.get(thread, 0), 2) for thread, used in process.read_threads().items()}
    for file in (file for files in parts for file in files):
        file.unlink()
    kept = sum(path.stat().st_size for path in database.parent.glob(database.name + "*"))
    return {"import": label, "objects": count, "seconds": round(seconds, 2), "objects_per_second": round(count / seconds),
            "cpu": cpu, "cpu_us_per_object": round(sum(cpu.values()) * 1e6 / count, 2),
            "written_per_object": round((process.read_written() - written) / count),
            "kept_per_object": round(kept / count), "peak_memory": process.read_peak()}


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


def measure(count, emit):
    with tempfile.TemporaryDirectory(prefix="car-bench-") as folder:
        folder = pathlib.Path(folder)
        database = folder / "car.db"
        with run_service(database) as service:
            process = Process(service.process.pid)
            service.set_up()
            runs = {"first": Data(count), "unchanged": Data(count), "1 % changed": Data(count, changed=100), "10 % gone": Data(count, gone=10)}
            for number, (label, data) in enumerate(runs.items(), 1):
                emit(measure_import(service, process, database, folder, label, data, number))
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
              f"{row['written_per_object']:8} {row['peak_memory'] / 1e6:7.0f}  {cpu}", flush=True)
    else:
        figure = f"{row['milliseconds']:10.2f} ms" if "milliseconds" in row else f"{row['peak_memory'] / 1e6:10.0f} MB"
        print(f"{row['query']:28} {row['objects']:9} {figure}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", "--objects", type=int, action="append", help="how many (100000, 1000000 and 5000000)")
    parser.add_argument("--json", metavar="FILE", help="write all figures to this file, too")
    options = parser.parse_args()
    rows = []

    def emit(row):
        rows.append(row)
        show(row)

    print(f"{'':28} {'objects':>9} {'objects/s':>10} {'CPU µs':>9} {'kept':>6} {'written':>8} {'MB':>7}  seconds of CPU by thread")
    for count in options.objects or [100_000, 1_000_000, 5_000_000]:
        measure(count, emit)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
