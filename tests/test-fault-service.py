# SPDX-License-Identifier: Apache-2.0
"""car-fault-service: what its rules strike, and that everything else reaches a service."""

import email.utils
import http.client
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

from fault_world import PROGRAM, FaultService

ENVELOPE = {"source": {"_key": "s"}, "report": {"_key": "1.5", "timestamp": 1.5}}


def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60)


def test_wrong_rules():
    """A rule that is wrong ends the program with 2, and says what is."""
    for rule, words in (
        ("import", "CALL:FAULT"), ("", "CALL:FAULT"), ("nothing:hang", "no call “nothing”"), ("import:what", "no fault “what”"),
        ("import:199", "no fault"), ("import:600", "no fault"), ("import:hang,at=0", "“at=0”"), ("import:hang,when=later", "before or after"),
        ("import:hang,times", "no OPTION=VALUE"), ("import:cut,when=before", "always asks"), ("import:job-runs", "job and import-status"),
        ("query:session-lost", "begin-full, import and end-full"), ("import:hang,times=x", "is a number"),
    ):
        done = run("--key", "k", "--password", "p", "-f", rule)
        assert done.returncode == 2 and words in done.stderr, (rule, done)
    assert run("-f", "import:hang").returncode == 2, "without credentials"


def test_list():
    """--list names all calls and all faults."""
    done = run("--list")
    assert done.returncode == 0 and " import " in done.stdout and " gzip-bomb " in done.stdout, done


def test_no_rule():
    """Without a rule it is a car-service."""
    with FaultService() as service:
        service.set_up()
        status, _, body = service.call("GET", "databases")
        assert status == 200 and body["databases"][0]["is_ready"], body
        assert service.call("GET", "nowhere")[0] == 404


def test_counting():
    """at= and times= count the requests of the call alone."""
    with FaultService("databases:503,at=2,times=2", "any:429,at=5") as service:
        found = [service.call("GET", "databases")[0] for _ in range(3)]
        found += [service.call("GET", "source/s")[0], *(service.call("GET", "databases")[0] for _ in range(2))]
        assert found == [400, 503, 503, 404, 429, 400], found


def test_script():
    """A script holds rules, and says in which line one is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        script = pathlib.Path(folder, "script")
        script.write_text("# a comment\n\n  databases:401,times=always\n")
        with FaultService(script=script) as service:
            assert [service.call("GET", "databases")[0] for _ in range(3)] == [401] * 3
        script.write_text("databases:401\nwhat\n")
        done = run("--script", script)
        assert done.returncode == 2 and "script, line 2: " in done.stderr, done


def test_before_and_after():
    """Before, the service does not see the request; after, it has acted on it."""
    for when, expected in (("before", 404), ("after", 200)):
        with FaultService(f"save-point:500,when={when}") as service:
            service.set_up()
            assert service.call("PATCH", "source?key=s", {"model_state_id": "1"})[0] == 500
            assert service.call("GET", "source/s")[0] == expected, when


def test_retry_after():
    """Retry-After as it is told, and as a date."""
    with FaultService("databases:503,retry-after=3600", "databases:503,at=2,retry-after=date:60", "databases:503,at=3,retry-after=soon") as service:
        found = [service.call("GET", "databases")[1]["Retry-After"] for _ in range(3)]
        assert found[0] == "3600" and found[2] == "soon", found
        ahead = email.utils.parsedate_to_datetime(found[1]).timestamp() - time.time()
        assert -60 < ahead <= 61, found


def test_larger_than():
    """A limit of a page's size."""
    with FaultService("import:413,larger-than=1000,times=always") as service:
        service.set_up()
        assert service.call("POST", "imports", ENVELOPE)[0] == 200
        assert service.call("POST", "imports", {**ENVELOPE, "asset": [{"external_id": "x" * 1000}]})[0] == 413
        assert service.call("POST", "imports", ENVELOPE)[0] == 200


def test_refused():
    """While nobody listens connections are refused, and afterwards they are not; the other address answers all the time."""
    with FaultService("databases:refused,seconds=1") as service:
        try:
            service.call("GET", "databases")
            raise AssertionError("it was answered")
        except (ConnectionError, http.client.HTTPException):
            pass
        deadline, refused = time.monotonic() + 60, 0
        while True:
            assert service.call("GET", "databases", clear=True)[0] == 400
            try:
                assert service.call("GET", "databases")[0] == 400
                break
            except ConnectionRefusedError:
                refused += 1
                assert time.monotonic() < deadline
                time.sleep(0.02)
        assert refused > 0


def test_broken_answers():
    """What a client sees of a connection that breaks."""
    for fault, wrong in (("reset", ConnectionResetError), ("closed", http.client.RemoteDisconnected), ("cut", http.client.IncompleteRead),
                         ("bad-chunk", http.client.IncompleteRead), ("hang", TimeoutError), ("stall", TimeoutError)):
        with FaultService(f"set-up:{fault}") as service:
            try:
                service.call("POST", "databases", timeout=1 if wrong is TimeoutError else 60)
                raise AssertionError(fault)
            except wrong:
                pass
            assert service.call("POST", "databases")[0] == 200, fault


def test_bodies():
    """Bodies that are not what they should be."""
    for fault, expected in (("web-page", b"<!DOCTYPE"), ("empty", b""), ("null", b"null"), ("array", b"[]"), ("half", b'{"job_i'),
                            ("wrong-types", b'{"job_id":[]}'), ("wrong-ids", b'{"job_id":"no-such-id"}'), ("bad-utf8", b'{"job_id":"1\xff"}')):
        with FaultService(f"set-up:{fault}") as service:
            status, headers, body = service.call("POST", "databases", raw=True)
            assert status == 200 and body.startswith(expected), (fault, body)
            assert int(headers["Content-Length"]) == len(body), fault


def test_jobs():
    """What is said of jobs has the form of the call."""
    failed = {"status": "ERROR", "error": "a fault was asked for", "statusCode": 422}
    with FaultService("job:job-failed,status=422", "import-status:job-runs", "import-status:job-lost,at=2", "import:session-lost,at=2") as service:
        job = service.call("POST", "databases")[2]["job_id"]
        assert service.call("GET", f"jobstatus/{job}")[2] == failed
        service.set_up()
        begun = service.call("POST", "source/s/full-import-in-progress", {}, {"X-Car-Report": "1.5"})
        assert begun[0] == 200, begun
        page = service.call("POST", "imports", ENVELOPE)[2]["id"]
        assert service.call("GET", f"importstatus?ids={page}")[2]["incomplete_imports"] == [{"id": page}]
        assert service.call("GET", f"importstatus/{page}")[2]["notfound_imports"] == [{"id": page}]
        assert service.call("POST", "imports", ENVELOPE)[0] == 409, "another run has begun"


def test_end():
    """A signal ends it, also while a connection hangs."""
    with FaultService("databases:hang") as service:
        client = socket.create_connection(("127.0.0.1", service.port))
        client.sendall(b"GET /api/car/v2/databases HTTP/1.1\r\nHost: localhost\r\n\r\n")
        service.wait_for_strikes(1)
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(timeout=60) == 0
        client.close()


def main():
    tests = [test for name, test in globals().items() if name.startswith("test_")]
    print(f"1..{len(tests)}")
    for number, test in enumerate(tests, 1):
        test()
        print(f"ok {number} - {test.__doc__}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
