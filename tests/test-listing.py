# SPDX-License-Identifier: Apache-2.0
"""A listing, in C (by the binding), Python and JavaScript: every object once, however few a service answers at once; and an end, where
the service gives the same pages again and again."""

import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

SOURCE = pathlib.Path(os.environ["TOP_SRCDIR"])
BUILD = pathlib.Path(os.environ["TOP_BUILDDIR"])
ROWS = [{"id": f"s/{i:05}", "name": None if i % 2 else "é"} for i in range(25000)]


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["query"]
        self.server.queries.append(query)
        limit, offset = (int(re.search(rf"{name}: ([0-9]+)", query)[1]) for name in ("limit", "offset"))
        rows = self.server.answer(limit, offset)
        body = json.dumps({"data": {"asset": rows}}).encode()
        self.send_response(404 if rows is None else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


SERVICES = {
    "whole": lambda limit, offset: ROWS[offset:offset + limit],
    "few at once": lambda limit, offset: ROWS[offset:offset + min(limit, 700)],
    "nothing": lambda limit, offset: None,
    "empty": lambda limit, offset: [],
    # Those that would never end.
    "same page": lambda limit, offset: ROWS[:limit],
    "same page in another order": lambda limit, offset: ROWS[:100] if offset % 200 else ROWS[99::-1],
    "parts of a page": lambda limit, offset: ROWS[:100] if offset == 0 else ROWS[7:50],
    "pages in turn": lambda limit, offset: [{"id": f"{offset // 100 % 7}/{i}", "name": "x"} for i in range(100)],
    "pages in turn at last": lambda limit, offset: [
        {"id": f"{min(offset, 2000) // 100 + offset // 100 % 5}/{i}", "name": "x"} for i in range(100)],
}
GOOD = {"whole": len(ROWS), "few at once": len(ROWS), "nothing": 0, "empty": 0}

PYTHON = """
import sys
import gi
gi.require_version("Car", "1.0")
from gi.repository import Car

client = Car.Client.new(sys.argv[1], "the-key", "the-password")
try:
    rows = list(client.list_collection("asset", ["id", "name"], {"source": {"_eq": 'a"}b'}, "risk": {"_in": [1, 2.50]}}))
except Car.RecoverableFailure as failure:
    print(failure)
    sys.exit(10)
assert [row["id"] for row in rows] == sorted({row["id"] for row in rows})
assert all(row["name"] in (None, "é") for row in rows)
print(len(rows))
"""

JAVASCRIPT = """
import Car from 'gi://Car?version=1.0';
import System from 'system';

const client = Car.Client.new(ARGV[0], 'the-key', 'the-password');
const ids = [];
try {
    for (const row of client.list_collection('asset', new Set(['id', 'name']), {source: {_eq: 'a"}b'}, risk: {_in: [1, 2.5]}}))
        ids.push(row.id);
} catch (failure) {
    if (!(failure instanceof Car.RecoverableFailure))
        throw failure;
    print(failure.message);
    System.exit(10);
}
if (new Set(ids).size !== ids.length)
    throw new Error('some came twice');
print(ids.length);
"""


def list_languages(folder):
    common = {"GI_TYPELIB_PATH": str(BUILD), "LD_LIBRARY_PATH": str(BUILD / "libcar" / ".libs")}
    if not (BUILD / "Car-1.0.typelib").exists() or os.environ.get("SANITIZER_CFLAGS"):
        return
    if os.environ["PYTHON_GI"] != "no":
        yield "python", [os.environ["PYTHON_GI"], "-c", PYTHON], {**common, "PYTHONPATH": str(SOURCE / "bindings" / "python")}
    if os.environ["GJS"] != "no":
        path = pathlib.Path(folder, "listing.js")
        path.write_text(JAVASCRIPT)
        yield "javascript", [os.environ["GJS"], "-m", str(path)], {**common, "GJS_PATH": str(SOURCE / "bindings" / "javascript")}


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/api/car/v2"
    number = 0
    with tempfile.TemporaryDirectory() as folder:
        for language, command, environment in list_languages(folder):
            for name, answer in SERVICES.items():
                server.queries, server.answer = [], answer
                done = subprocess.run([*command, url], env={**os.environ, **environment}, capture_output=True, text=True, timeout=300)
                assert len(server.queries) < 200, name
                assert 'where: {source: {_eq: "a\\"}b"}, risk: {_in: [1, 2.5' in server.queries[0], server.queries[0]
                assert "order_by: [{id: asc}, {name: asc}], limit: 10000, offset: 0) { id name } }" in server.queries[0]
                if name in GOOD:
                    assert (done.returncode, done.stdout.strip()) == (0, str(GOOD[name])), (name, done.stdout, done.stderr)
                else:
                    assert done.returncode == 10 and "lists the same objects" in done.stdout, (name, done.stdout, done.stderr)
                number += 1
                print(f"ok {number} - {language}: {name}", flush=True)
    print(f"1..{number}" if number else "1..0 # SKIP there is no binding")


sys.exit(main())
