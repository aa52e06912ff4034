# SPDX-License-Identifier: Apache-2.0
"""The reference connector between real servers, with a mischief-maker in front of one of them."""

import http.client
import http.server
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reference_world  # noqa: E402
from reference_world import AssetServer, Service, compare_with_inventory, differences, import_into, run_connector  # noqa: E402,E501

SOURCE_PATH = "/api/car/v2/source?key=" + reference_world.urllib.parse.quote(reference_world.SOURCE, safe="")


class Proxy:
    """Hands requests on to a server, unless `behave` answers them: it gets the handler and the number of the
    request, and returns whether it did."""

    def __init__(self, target=None, behave=None):
        self.requests = []
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_request(self):
                self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                proxy.requests.append((self.path, self.headers.get("Authorization")))
                if not (behave and behave(self, len(proxy.requests))):
                    self.hand_on()

            do_GET = do_POST = do_PATCH = do_DELETE = handle_request

            def hand_on(self, path=None):
                connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=60)
                headers = {name: self.headers[name] for name in ("Authorization", "Content-Type") if name in self.headers}
                connection.request(self.command, path or self.path, self.body or None, headers)
                answer = connection.getresponse()
                self.answer(answer.status, answer.read())
                connection.close()

            def answer(self, status, body=b"", **headers):
                body = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def drop(self):
                self.close_connection = True

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = self.base = f"http://127.0.0.1:{self.http.server_port}"

    def __enter__(self):
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


def always(status, body=b"", **headers):
    return lambda handler, _: handler.answer(status, body, **headers) or True


def expect(wanted, service, url, *options, says=None, **credentials):
    code, log = run_connector(service, url, *options, **credentials)
    assert code == wanted, f"exit code {code} instead of {wanted}:\n{log}"
    assert says is None or says in log, f"“{says}” is not in the log:\n{log}"
    return log


def same(service, server):
    for name, numbers in compare_with_inventory(service, server).items():
        assert len(set(numbers)) == 1, (name, numbers)


def same_as_fresh(service, server):
    with Service() as fresh:
        import_into(fresh, server)
        lines = differences(service.graph(), fresh.graph())
    assert not lines, "\n".join(lines)


# ---- settings and the connection test ----


def test_settings():
    test = "-connection-test"
    with AssetServer("--populate", "1") as server:
        expect(2, None, "", test, says="-server (CONFIGURATION_AUTH_URL)")
        expect(2, None, server.base, test, user="", says="-username (CONFIGURATION_AUTH_USERNAME)")
        for url in ("localhost", "ftp://localhost/", "http://", "http://admin:x@127.0.0.1/", f"{server.base}/?a=b"):
            expect(2, None, url, test, says="CONFIGURATION_AUTH_URL")
        expect(2, None, server.base, test, user="a:b", says="colon")
        expect(0, None, server.base, test)
        expect(0, None, server.base + "/", test)
        # An option wins over its variable, in every spelling.
        for option in (["-server", server.base], [f"-server={server.base}"], ["--server", server.base],
                       [f"--server={server.base}"]):
            expect(0, None, "http://127.0.0.1:9/", test, *option)
        expect(0, None, server.base, test, "-username", "admin", "-password=geheim", user="x", password="falsch")


def test_connection_test():
    test = "-connection-test"
    with AssetServer("--populate", "1") as server:
        log = expect(52, None, server.base, test, password="falsch#Wort")
        assert "falsch" not in log
    expect(51, None, server.base, test)
    answers = [
        (403, b"", 53), (404, b"", 54), (400, b"", 54), (500, b"", 50), (418, b"", 50), (204, b"", 50), (302, b"", 50),
        (200, b"<html>welcome</html>", 55), (200, b"", 55), (200, b"[" * 300000, 55), (200, b"\xff", 55),
        (200, {"model_state_id": 17}, 0), (200, {"model_state_id": 1.5}, 55), (200, {"model_state_id": ""}, 55), (200, [], 55), (200, {}, 55),
    ]
    for status, body, code in answers:
        with Proxy(behave=always(status, body)) as proxy:
            expect(code, None, proxy.url, test)
            assert len(proxy.requests) == 1, (status, "is not asked again")


# ---- what passes, and what does not ----


def test_transient_failures():
    with AssetServer("--populate", "2") as server, Service() as service:

        def behave(handler, number):
            if number % 6 == 1:
                handler.answer(503, b"busy", Retry_After="0")
            elif number % 6 == 3:
                handler.drop()
            elif number % 6 == 5:
                handler.answer(429, b"", Retry_After="0")
            return number % 2 == 1

        with Proxy(server, behave) as proxy:
            expect(0, service, proxy.url)
            assert len(proxy.requests) > 20
        same(service, server)

    for behave, code in [(always(503, Retry_After="0"), 50), (lambda handler, _: handler.drop() or True, 51)]:
        with Proxy(behave=behave) as proxy:
            expect(code, None, proxy.url, "-connection-test")
            assert len(proxy.requests) == 4


def test_truncated_answer():
    def behave(handler, _):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"model_state_id": "1"}')
        handler.drop()
        return True

    with Proxy(behave=behave) as proxy:
        expect(51, None, proxy.url, "-connection-test")


def test_slow_answers():
    with AssetServer("--populate", "3") as server, Service() as service:

        def behave(handler, _):
            connection = http.client.HTTPConnection("127.0.0.1", server.port)
            connection.request("GET", handler.path, headers={"Authorization": handler.headers["Authorization"]})
            body = connection.getresponse().read()
            handler.send_response(200)
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            for begin in range(0, len(body), 7):
                piece = body[begin : begin + 7]
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                handler.wfile.flush()
            handler.wfile.write(b"0\r\n\r\n")
            return True

        with Proxy(server, behave) as proxy:
            expect(0, service, proxy.url)
        same(service, server)


def test_stopped_while_it_waits():
    asked = threading.Event()
    done = threading.Event()

    def behave(handler, _):
        asked.set()
        done.wait(60)
        handler.drop()
        return True

    with Proxy(behave=behave) as proxy:
        environment = {
            **reference_world.ENVIRONMENT, "CONFIGURATION_AUTH_URL": proxy.url, "CONFIGURATION_AUTH_USERNAME": "admin",
            "CONFIGURATION_AUTH_PASSWORD": "geheim",
        }
        process = subprocess.Popen(
            [*reference_world.CONNECTOR, "-connection-test"], env=environment, stderr=subprocess.DEVNULL
        )
        assert asked.wait(60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 128 + signal.SIGTERM
        done.set()


# ---- redirects ----


def test_redirects():
    with AssetServer("--populate", "2") as server, Service() as service:

        def behave(handler, _):
            if not handler.path.startswith("/moved"):
                handler.answer(301, Location="/moved" + handler.path)
            else:
                handler.hand_on(handler.path.removeprefix("/moved"))
            return True

        with Proxy(server, behave) as proxy:
            expect(0, service, proxy.url)
            assert all(authorization for _, authorization in proxy.requests)
        same(service, server)

    with Proxy(behave=always(302, Location="/again")) as proxy:
        expect(50, None, proxy.url, "-connection-test")
        assert len(proxy.requests) == 6


def test_credentials_stay_at_home():
    with Proxy(behave=always(200, {"model_state_id": "1"})) as other:
        with Proxy(behave=lambda h, _: h.answer(301, Location=other.url + h.path) or True) as proxy:
            expect(0, None, proxy.url, "-connection-test")
            assert proxy.requests[0][1].startswith("Basic ")
        assert [authorization for _, authorization in other.requests] == [None]


# ---- imports ----


def test_model():
    with AssetServer("--populate", "7") as server, Service() as service:
        log = import_into(service, server)
        assert "Full import" in log and " 0 left out" in log, log
        same(service, server)
        assert "Incremental import" in import_into(service, server)
        same(service, server)
        xrefs = service.query("{ vulnerability(limit: 1) { xref_properties } }")["vulnerability"][0]["xref_properties"]
        assert sorted(xrefs) == ["1", "2", "3"], xrefs
        assert set(xrefs["1"]) == {"extref_typename", "extref_value", "q_extref_typeid"}, xrefs


def test_ten_thousand_ids():
    with AssetServer("--populate", "1150") as server, Service() as service, Proxy(server) as proxy:
        # An import of an inventory that is empty still, and then all of it in one delta.
        with AssetServer() as empty:
            import_into(service, empty)
        assert service.call("PATCH", SOURCE_PATH, {"model_state_id": "0"})[0] == 200
        assert "Incremental import" in expect(0, service, proxy.url)
        assert len(service.graph()["application"]) == 3450
        same(service, server)
        longest = max(len(path) for path, _ in proxy.requests)
        assert 1000 < longest and longest + len(proxy.url) < 2000, longest


def test_objects_that_vanish():
    with AssetServer("--populate", "5") as server, Service() as service:
        import_into(service, server)
        for pk in range(1, 6):
            server.change("assets", pk, name="changed")
            server.change("ip_addresses", pk, address=f"192.0.2.{pk}")
        server.change("apps", 1, assets=[server.url("assets", 2)])

        def behave(handler, _):
            if re.match("/assets/.*pk=", handler.path) and server_has(1):
                for collection, pk in [("assets", 1), ("apps", 4), ("vulnerabilities", 3), ("ports", 1)]:
                    server.delete(collection, pk)
            return False

        def server_has(pk):
            return server.call("GET", f"/assets/{pk}/")[0] == 200

        with Proxy(server, behave) as proxy:
            expect(0, service, proxy.url, says="Incremental import")
        assert ("1",) not in service.graph()["asset"], "it is gone from the service, too"
        import_into(service, server)
        same(service, server)


def test_history_is_gone():
    with AssetServer("--populate", "3", "--keep-history", "5") as server, Service() as service:
        import_into(service, server)
        for i in range(10):
            server.change("sites", 1, name=f"site {i}")
        server.delete("assets", 1)
        log = import_into(service, server)
        assert "Full import" in log and "has forgotten" in log, log
        same(service, server)
    # Another inventory under the same address, which has seen less.
    with AssetServer("--populate", "1") as server, Service() as service:
        import_into(service, server)
        for save_point in ("999999", "no number", "-1"):
            assert service.call("PATCH", SOURCE_PATH, {"model_state_id": save_point})[0] == 200
            assert "Full import" in import_into(service, server)
        same(service, server)


def test_failures_in_between():
    """Wherever a run breaks off, the next one makes it good."""
    with AssetServer("--populate", "4") as server, Service() as service:
        import_into(service, server)
        for fail_at in range(1, 14):
            server.change("ip_addresses", fail_at % 4 + 1, address=f"198.51.100.{fail_at}")
            server.change("assets", fail_at % 4 + 1, vulnerabilities=[server.url("vulnerabilities", fail_at % 8 + 1)])
            server.change("apps", fail_at % 12 + 1, assets=[server.url("assets", fail_at % 3 + 1)])

            def behave(handler, number, at=fail_at):
                return number == at and (handler.answer(500) or True)

            before = service.save_point()
            with Proxy(server, behave) as proxy:
                code, log = run_connector(service, proxy.url)
            if code == 0:
                assert len(proxy.requests) < fail_at, log
                break
            assert code == 50 and service.save_point() == before, log
        assert fail_at > 6, "there were requests to fail"
        assert "Incremental import" in import_into(service, server)
        same(service, server)


def test_service_fails_in_between():
    """The same where it is the service that fails: half of the changes may be there already."""
    with AssetServer("--populate", "4") as server, Service() as service:
        import_into(service, server)
        chance = random.Random(7)
        for fail_at in range(4, 40):
            address = server.create("ip_addresses", address=f"203.0.113.{fail_at}", asset=server.url("assets", 1))
            server.change("ports", 1, ip_addresses=[server.url("ip_addresses", chance.randint(1, 4))])
            server.change("ip_addresses", chance.randint(1, 4), address=f"198.51.100.{fail_at}")
            server.change("assets", chance.randint(1, 4), vulnerabilities=[server.url("vulnerabilities", chance.randint(1, 8))])
            server.change("apps", chance.randint(1, 12), assets=[server.url("assets", chance.randint(1, 4))])

            def behave(handler, number, at=fail_at):
                return number == at and (handler.answer(400, {}) or True)

            with Proxy(service, behave) as proxy:
                code, log = run_connector(proxy, server.base)
            if code == 0:
                assert len(proxy.requests) < fail_at, log
                break
            assert code == 10, log
            # What was new to the run that broke off is gone for the one that makes it good.
            server.delete("ip_addresses", address)
            assert "Incremental import" in import_into(service, server)
            same(service, server)
        assert 12 < fail_at < 39, fail_at


def test_nonsense():
    nonsense = {
        "/assets/": [b"{}", b"[1]", b"[{}]", b'[{"pk": null}]', b'[{"pk": 0}]', b'[{"pk": 1.5}]', b'[{"pk": ""}]',
                     b'[{"pk": 1, "name": "a"}]', b'[{"pk": 1, "name": "a", "site": 7, "vulnerabilities": []}]',
                     b'[{"pk": 1, "name": "a", "site": null, "vulnerabilities": ["/"]}]', b'[{"pk": 1'],
        "/hosts/": [b'[{"pk": 1, "host": 7, "asset": "/assets/1/"}]', b'[{"pk": 1, "asset": "/assets/1/"}]'],
    }
    with AssetServer("--populate", "1") as server, Service() as service:
        for path, bodies in nonsense.items():
            for body in bodies:
                with Proxy(server, lambda h, _, p=path, b=body: h.path == p and (h.answer(200, b) or True)) as proxy:
                    expect(55, service, proxy.url)
        import_into(service, server)
        server.change("assets", 1, name="new")
        for body in (b"[]", b'{"delta": []}', b'{"delta": {"assets": []}}', b'{"delta": {"assets": {"updates": 7}}}',
                     b'{"delta": {"assets": {"updates": [{}]}}}', b"null"):
            with Proxy(server, lambda h, _, b=body: h.path.startswith("/delta") and (h.answer(200, b) or True)) as proxy:
                expect(55, service, proxy.url)
        import_into(service, server)
        same(service, server)


def test_what_the_schema_does_not_take():
    """It is left out, and told of; the rest is imported."""
    with AssetServer("--populate", "2") as server, Service() as service:
        server.change("ip_addresses", 1, address="nonsense/,#")
        log = expect(0, service, server.base)
        assert "nonsense" in log and "Full import" in log, log
        assert len(service.graph()["ipaddress"]) == 1
        same_as_fresh(service, server)
        server.change("ip_addresses", 1, address="192.0.2.1")
        server.change("ip_addresses", 2, address="no address")
        import_into(service, server)
        assert list(service.graph()["ipaddress"]) == [("192.0.2.1",)]
        same_as_fresh(service, server)


def main():
    tests = [(name[5:], test) for name, test in globals().items() if name.startswith("test_")]
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, (name, test) in enumerate(tests, 1):
        try:
            test()
            print(f"ok {number} - {name}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            for line in traceback.format_exc().splitlines():
                print("#", line)
            print(f"not ok {number} - {name}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
