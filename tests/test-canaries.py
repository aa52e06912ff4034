# SPDX-License-Identifier: Apache-2.0
"""No secret comes out of a connector, in C, Python or JavaScript, at debug level: a service gives back what it was told, in every
spelling and at every place of an answer. What is looked at: both outputs, the summary, the left-out file, whatever a run leaves in
its folders, and the process list."""

import base64
import html
import http.server
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import threading
import urllib.parse

SOURCE = pathlib.Path(os.environ["TOP_SRCDIR"])
BUILD = pathlib.Path(os.environ["TOP_BUILDDIR"])

# The cores are letters and digits, so that each shows in every spelling but Base64 and the ones of all characters.
KEY = 'xyzzyKEY7"/é<&> %+'
PASSWORD = 'xyzzyPASS9\\"/é<&> %+:'
TOKEN = "xyzzyTOKEN5~?/+=<&>%\"'"
SECRET = 'xyzzySECRET3\\n/"ü<&>\'%41 +'


def spell(text):
    """All spellings of a text."""
    quoted = urllib.parse.quote(text, safe="")
    inner = json.dumps(text)[1:-1]
    raw = text.encode()
    yield text
    yield quoted
    yield "".join("%" + part[:2].lower() + part[2:] if i else part for i, part in enumerate(quoted.split("%")))
    yield urllib.parse.quote_plus(text, safe="")
    yield "".join(f"%{byte:02x}" for byte in raw)
    yield inner
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield inner.replace("/", "\\/")
    yield "".join(f"\\u{ord(character):04x}" for character in text)
    yield json.dumps(inner)[1:-1]
    yield html.escape(text)
    yield "".join(f"&#{ord(character)};" for character in text)
    yield "".join(f"&#x{ord(character):X};" for character in text)
    yield base64.b64encode(raw).decode()
    yield base64.urlsafe_b64encode(raw).decode().rstrip("=")


PAIR = base64.b64encode(f"{KEY}:{PASSWORD}".encode()).decode()
CORES = tuple(f"xyzzy{name}" for name in ("KEY7", "PASS9", "TOKEN5", "SECRET3"))

# What the service is asked in a full import, and what it says where all is well. {} is an id.
SCHEMA = {"type": "object", "properties": {
    "source": {"type": "object"}, "report": {"type": "object"},
    "asset": {"type": "array", "items": {"type": "object", "properties": {"external_id": {"type": "string"}}}}}}
CALLS = {
    ("GET", "databases"): {"databases": [{"name": "d", "graph_name": "assets", "is_ready": True, "missing_collections": [],
                                          "collections_without_indexes": [], "collections": []}]},
    ("GET", "importSchema"): {"version": "v2", "schema": SCHEMA},
    ("GET", "source"): {"model_state_id": None},
    ("POST", "databases"): {"job_id": "1"},
    ("POST", "source"): {"job_id": "1"},
    ("GET", "jobstatus"): {"status": "COMPLETE"},
    ("POST", "imports"): {"id": "2"},
    ("GET", "importstatus"): None,
    ("POST", "query"): {"data": {"asset": [], "hostname": [], "asset_hostname": []}},
    ("DELETE", "source"): {"job_id": "3"},
    ("PATCH", "source"): {"result": "OK"},
}
HOWS = ("errors", "page", "reason", "redirect", "id", "job", "shape", "schema", "warnings")


class Echo(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/api/car/v2"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def echo(self):
        return " | ".join(self.server.canaries)

    def log_message(self, *_):
        pass

    def answer(self, status, body, *headers, phrase=None):
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=len(self.path) % 2 == 0).encode()
        self.send_response(status, phrase)
        for name, value in (("Content-Length", str(len(data))), ("Connection", "close"), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = True

    def ids(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        return query.get("ids", [""])[0].split(",")

    def usual(self, call):
        known = CALLS[call]
        if known is None:
            done = [{"id": one, "status": "COMPLETE"} for one in self.ids()]
            known = {"complete_imports": done, "error_imports": [], "incomplete_imports": [], "notfound_imports": []}
        self.answer(200, known)

    def unusual(self, call):
        how, echo, canaries = self.server.how, self.echo, self.server.canaries
        latin = echo.encode("latin-1", "replace").decode("latin-1")
        spelling = canaries[len(self.path) % len(canaries)]
        match how:
            case "errors":
                self.answer(400, {"errors": [{"code": one, "message": echo} for one in (spelling, canaries[-1])], "trace": echo})
            case "page":
                self.answer(200, f"<html>{html.escape(echo)} {echo}</html>".encode())
            case "reason":
                self.answer(500, echo.encode(), ("Retry-After", latin), ("WWW-Authenticate", f'Basic realm="{latin}"'),
                            ("Content-Type", latin), phrase=latin)
            case "redirect":
                self.answer(302, b"", ("Location", f"http://{urllib.parse.quote(KEY, safe='')}:x@127.0.0.1/{PAIR}"))
            case "id":
                self.answer(200, {"job_id": spelling, "id": spelling})
            case "job":
                failed = [{"id": one, "error": {"message": echo}, "statusCode": 400} for one in self.ids()]
                self.answer(200, {"status": "ERROR", "error": echo, "error_imports": failed, "incomplete_imports": []})
            case "shape":
                self.answer(200, {spelling: echo, "databases": echo, "data": {spelling: None}, "job_id": {echo: 1},
                                  "error_imports": [{"id": spelling}], "incomplete_imports": echo, "model_state_id": [echo]})
            case "schema":
                asset = {"type": "array", "items": {"properties": {"name": {"enum": canaries}}, "required": [spelling]}}
                self.answer(200, {"version": echo, "schema": {**SCHEMA, "properties": {**SCHEMA["properties"], "asset": asset}}})
            case "warnings":
                warnings = [{"collection": spelling, "count": 1, "message": echo}, {"collection": "asset", "message": spelling}]
                done = [{"id": one, "status": "COMPLETE", "warnings": warnings} for one in self.ids()]
                self.answer(200, {"complete_imports": done, "error_imports": [], "incomplete_imports": [], "warnings": warnings,
                                  "status": "COMPLETE"})

    def handle_any(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.set()
        self.server.released.wait()
        part = urllib.parse.urlsplit(self.path).path.split("/")[4]
        call = (self.command, part)
        if call == self.server.call or (self.server.call is None and part == "jobstatus"):
            self.unusual(call)
        else:
            self.usual(call)

    do_GET = do_POST = do_PATCH = do_DELETE = handle_any


def list_connectors():
    yield "c", [BUILD / "tests" / "contract-connector"], {}
    if not (BUILD / "Car-1.0.typelib").exists() or os.environ.get("SANITIZER_CFLAGS"):
        return
    introspection = {"GI_TYPELIB_PATH": str(BUILD), "LD_LIBRARY_PATH": str(BUILD / "libcar" / ".libs"),
                     "PYTHONDONTWRITEBYTECODE": "1"}
    if os.environ["PYTHON_GI"] != "no":
        yield "python", [os.environ["PYTHON_GI"], SOURCE / "tests" / "contract-connector.py"], {
            **introspection, "PYTHONPATH": str(SOURCE / "bindings" / "python")}
    if os.environ["GJS"] != "no":
        yield "javascript", [os.environ["GJS"], "-m", SOURCE / "tests" / "contract-connector.js", "--"], {
            **introspection, "GJS_PATH": str(SOURCE / "bindings" / "javascript")}


def look(where, text, canaries):
    for canary in (*canaries, *CORES):
        at = text.find(canary)
        assert at < 0, f"{where}: {canary!r} in {text[max(0, at - 200):at + 300]}"


def look_at_files(where, folder, canaries):
    for path in folder.rglob("*"):
        if path.is_file():
            look(f"{where}: {path}", path.read_text("utf-8", "replace"), canaries)


def look_at_process(where, process, canaries):
    """While the service makes it wait."""
    listed = pathlib.Path("/proc", str(process.pid), "cmdline").read_bytes().decode("utf-8", "replace")
    look(f"{where}: its arguments", listed, canaries)


def run(service, command, environment, how, call, by_token, by_arguments):
    where = f"{how} at {' '.join(call)}"
    service.how, service.call = how, call
    service.asked, service.released = threading.Event(), threading.Event()
    secrets = {"CONTRACT_SECRET": SECRET}
    if by_token:
        secrets |= {"CAR_SERVICE_URL_FOR_AUTHTOKEN": service.url, "CAR_SERVICE_AUTHTOKEN": TOKEN}
    else:
        secrets |= {"CAR_SERVICE_URL": service.url, "CAR_SERVICE_KEY": KEY, "CAR_SERVICE_PASSWORD": PASSWORD}
    # Only what the connector was told.
    told = (TOKEN, SECRET) if by_token else (KEY, PASSWORD, SECRET)
    service.canaries = sorted({spelling for secret in told for spelling in spell(secret)}) + ([] if by_token else [PAIR])
    options = {"CONTRACT_SECRET": "-secret", "CAR_SERVICE_AUTHTOKEN": "--car-service-token", "CAR_SERVICE_KEY": "-car-service-key",
               "CAR_SERVICE_PASSWORD": "-car-service-password"}
    arguments = ["-source", "s", "-server", "x", "-d", "-car-service-retries", "0"]
    if by_arguments:
        for variable in [one for one in secrets if one in options]:
            arguments.append(f"{options[variable]}={secrets.pop(variable)}")

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        arguments += ["-summary", folder / "summary", "-left-out", folder / "left-out", "-export-data-dir", folder / "data",
                      "-keep-export-data-dir"]
        process = subprocess.Popen(
            [*map(str, command), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, **environment, **secrets, "CAR_STATE_DIR": str(folder / "state"), "TMPDIR": name,
                 "CONTRACT_SAY": "made " + SECRET, "CONTRACT_SAVE_POINT": "sp", "G_MESSAGES_DEBUG": "all",
                 "CONTRACT_INCOMPLETE": "import_vertices:hostname:" + html.escape(SECRET) if how == "warnings" else ""})
        service.asked.wait(120)
        if by_arguments:
            look_at_process(where, process, service.canaries)
        service.released.set()
        out, err = (data.decode("utf-8", "replace") for data in process.communicate(timeout=100))
        assert service.asked.is_set(), (where, err)
        assert process.returncode in (0, 2, 10, 11, 12, 20), (where, process.returncode, err)
        assert "made ***" in err, (where, err)
        look(f"{where}: stdout", out, service.canaries)
        look(f"{where}: stderr", err, service.canaries)
        look_at_files(where, folder, service.canaries)


def list_cells(every):
    """All for one language; for the others each way of answering once, for the library is the same."""
    cells = [(how, call) for how in HOWS for call in CALLS]
    return cells if every else [cells[i * len(CALLS) + i % len(CALLS)] for i in range(len(HOWS))]


def main():
    service = Echo()
    threading.Thread(target=service.serve_forever, daemon=True).start()
    number = 0
    for name, command, environment in list_connectors():
        for i, (how, call) in enumerate(list_cells(name == "c")):
            run(service, command, environment, how, call, by_token=i % 3 == 2, by_arguments=i % 2 == 0)
        number += 1
        print(f"ok {number} - {name}: no secret comes out", flush=True)
    print(f"1..{number}")


sys.exit(main())
