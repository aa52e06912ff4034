# SPDX-License-Identifier: Apache-2.0
"""Objects a second from Python's dicts through the data handler: checked against the import schema of a car-service,
compared with those before, staged on disk. Each measurement is a process of its own."""

import argparse
import multiprocessing
import resource
import statistics
import time

import gi

gi.require_version("Car", "1.0")
from gi.repository import Car

from car_framework import _engine
from car_framework.data_handler import BaseDataHandler
from local_service import KEY, PASSWORD, run_service


def vertices(count):
    for i in range(count):
        number = f"{i:010}"
        yield {
            "external_id": "asset-" + number,
            "name": f"host-{number}.example",
            "asset_type": "server",
            "business_value": 5,
            "risk": 3.5,
        }


def add_one_by_one(handler, count):
    for vertex in vertices(count):
        handler.add_vertex("asset", vertex)


def add_in_batches(handler, count):
    handler.add_vertices("asset", vertices(count))


def add_in_a_batch(handler, count):
    batch = Car.Batch(handler)
    for vertex in vertices(count):
        batch.add_vertex("asset", vertex)
    batch.flush()


def add_by_car_framework(handler, count):
    _engine.batch = Car.Batch(handler)
    data = BaseDataHandler()
    for vertex in vertices(count):
        data.add_collection("asset", vertex, "external_id")
    _engine.batch.flush()


def make_only(handler, count):
    for vertex in vertices(count):
        pass


WAYS = {
    "one by one": add_one_by_one,
    "in batches": add_in_batches,
    "in a Batch": add_in_a_batch,
    "by car_framework": add_by_car_framework,
    "(dicts made alone)": make_only,
}


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(way, count, url, results):
    client = Car.Client.new(url, KEY, PASSWORD)
    handler = Car.DataHandler.new(client, client.get_import_schema(None), "bench", None, 0)
    WAYS[way](handler, 1000)  # so that memory is compared with a process that has done all this before
    handler = Car.DataHandler.new(client, client.get_import_schema(None), "bench", None, 0)
    before, begin, cpu_begin = peak(), time.perf_counter(), time.process_time()
    WAYS[way](handler, count)
    seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu_begin
    results.put((seconds, cpu_seconds, peak() - before))


def measure(way, count, url):
    runs = []
    for _ in range(3 if count >= 200_000 else 9):
        results = multiprocessing.SimpleQueue()
        process = multiprocessing.Process(target=run, args=(way, count, url, results))
        process.start()
        process.join()
        if process.exitcode != 0:
            raise SystemExit(f"{way}: the measurement failed")
        runs.append(results.get())
    seconds, cpu_seconds, grown = (statistics.median(column) for column in zip(*runs))
    print(f"{way:20} {count:10} {count / seconds:12.0f} {count / cpu_seconds:16.0f} {grown:12.1f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", "--objects", type=int, action="append", help="how many (10000 and 1000000)")
    options = parser.parse_args()
    print(f"{'dicts':20} {'objects':>10} {'objects/s':>12} {'per CPU second':>16} {'grown by MiB':>12}")
    with run_service() as service:
        for count in options.objects or [10_000, 1_000_000]:
            for way in WAYS:
                measure(way, count, service.url)


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    main()
