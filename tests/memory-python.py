# SPDX-License-Identifier: Apache-2.0
"""Objects, and calls that fail, leave nothing in memory but the set of keys."""

import gc
import os
import resource
import sys

import gi

gi.require_version("Car", "1.0")
from gi.repository import Car

MIB = 1 << 20
PAGE = os.sysconf("SC_PAGE_SIZE")
OBJECTS = 1_000_000
FAILURES = 100_000
# A hundredth of what a lost exception takes; what the allocator keeps for itself is less.
MAX_BYTES_A_FAILURE = 40

ITEM = {"type": "object", "properties": {"external_id": {"type": "string"}}, "required": ["external_id"]}
SCHEMA = {"type": "object", "properties": {"asset": {"type": "array", "items": ITEM}}}

number = 0
failed = False


def resident():
    gc.collect()
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * PAGE


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def check(what, grown, limit):
    global number, failed
    number += 1
    print(f"# {what}: {grown / MIB:.1f} MiB of {limit / MIB:.1f}")
    print(f"{'ok' if grown < limit else 'not ok'} {number} - {what}", flush=True)
    failed |= grown >= limit


def vertices(count):
    return ({"external_id": f"asset-{i:010}", "name": f"host-{i:010}.example", "risk": 3.5} for i in range(count))


def one_by_one(handler, count):
    for vertex in vertices(count):
        handler.add_vertex("asset", vertex)


def in_batches(handler, count):
    handler.add_vertices("asset", vertices(count))


class Failing(Car.AssetServer):
    def do_test_connection(self, cancellable):
        raise Car.DatasourceFailure("told to", Car.DatasourceFailureCode.AUTH)


def fail(kind, call, *arguments):
    try:
        call(*arguments)
    except kind:
        return
    raise AssertionError(f"{call} does not fail")


def check_failures(what, kind, call, *arguments):
    for _ in range(FAILURES // 10):
        fail(kind, call, *arguments)
    before = resident()
    for _ in range(FAILURES):
        fail(kind, call, *arguments)
    check(f"{FAILURES} {what}", resident() - before, FAILURES * MAX_BYTES_A_FAILURE)


def main():
    schema = Car.ImportSchema.new(SCHEMA)
    for way in (one_by_one, in_batches):
        way(Car.DataHandler.new(None, schema, "memory", None, 0), 1000)
        handler = Car.DataHandler.new(None, schema, "memory", None, 0)
        before = resident()
        way(handler, OBJECTS)
        check(f"{OBJECTS} objects {way.__name__}", peak() - before, OBJECTS * 30 + 64 * MIB)
        del handler

    handler = Car.DataHandler.new(None, schema, "memory", None, 0)
    check_failures("objects that break the schema", Car.SchemaError, schema.validate_object, "asset", {"external_id": 1})
    check_failures("dicts that are no JSON", TypeError, handler.add_vertex, "asset", {"external_id": object()})
    check_failures("batches that are no JSON", TypeError, handler.add_vertices, "asset", [{"external_id": object()}])
    check_failures("dicts with a list that is no JSON", TypeError, handler.add_edge, "asset", {"tag": [object()]})
    check_failures("names that are no collection's", Car.Failure, handler.add_vertex, "no/name", {"external_id": "1"})
    check_failures("failures of a method", Car.DatasourceFailure, Failing().test_connection, None)
    print(f"1..{number}")
    sys.exit(failed)


main()
