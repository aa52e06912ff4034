# SPDX-License-Identifier: Apache-2.0
"""Where car-service listens, by which names, and by which certificate: for clients on other machines."""

import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import re
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
from local_service import KEY, PASSWORD, run_service  # noqa: E402

BUILD = pathlib.Path(os.environ["TOP_BUILDDIR"])
PROGRAM = BUILD / "service" / "car-service"
HEALTH = "/api/car/v3/health"
NAME = "car.example.com"
LARGE = 33 * 1024 * 1024


def run(*options):
    """A service that is not to start, or one that prints something and ends."""
    environment = {**os.environ, "CAR_SERVICE_KEY": KEY, "CAR_SERVICE_PASSWORD": PASSWORD}
    return subprocess.run([PROGRAM, *options], env=environment, capture_output=True, text=True, check=False, timeout=60)


def port_of(service):
    return int(service.url.split(":")[2].split("/")[0])


class Refused(unittest.TestCase):
    def test_options(self):
        cases = {
            ("--listen", "0.0.0.0", "--host-name", NAME): "--without-tls",
            ("--listen", "192.0.2.1"): "--tls",
            ("--listen", "::", "--tls"): "--host-name",
            ("--listen", NAME, "--tls"): "--listen",
            ("--listen", "", "--tls"): "--listen",
            ("--tls", "--without-tls"): "--without-tls",
            ("--certificate-key", "x"): "--certificate",
            ("--tls", "--host-name", "a b"): "--host-name",
            ("--tls", "--host-name", NAME + ":80"): "--host-name",
            ("--tls", "--host-name", ""): "--host-name",
            ("--show-certificate",): "--tls",
        }
        for options, named in cases.items():
            with self.subTest(options=options):
                done = run("--database", ":memory:", *options)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(named, done.stderr)

    def test_address_of_another(self):
        done = run("--database", ":memory:", "--listen", "192.0.2.1", "--without-tls")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("192.0.2.1", done.stderr)


class Listening(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.database = str(self.folder / "car.db")
        self.made = self.folder / "certificate.pem"

    def trust(self, *options):
        """What a client has that trusts the certificate as --show-certificate prints it."""
        done = run("--database", self.database, "--tls", "--show-certificate", *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("PRIVATE", done.stdout)
        (self.folder / "ca.pem").write_text(done.stdout)
        return ssl.create_default_context(cadata=done.stdout)

    def ask(self, service, context, name="localhost", method="GET", path=HEALTH, body=None, headers=None):
        """As a client that calls the service by this name, which is found at the loopback."""
        connection = http.client.HTTPSConnection(name, port_of(service), context=context, timeout=60)
        plain = socket.create_connection(("127.0.0.1", port_of(service)), timeout=60)
        connection.sock = secure = context.wrap_socket(plain, server_hostname=name)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        content = answer.read()
        # It says that it ends, as TLS has it, and waits for no answer.
        secure.settimeout(0)
        with contextlib.suppress(OSError):
            secure.unwrap()
        secure.close()
        return answer.status, answer.headers, content

    def test_tls(self):
        with run_service(self.database, "--tls", "--host-name", NAME) as service:
            context = self.trust("--host-name", NAME)
            for name in "localhost", "127.0.0.1", NAME:
                self.assertEqual(self.ask(service, context, name)[0], 200, name)
            # The certificate is not of this name, nor trusted by whoever does not know it.
            with self.assertRaises(ssl.SSLCertVerificationError):
                self.ask(service, context, "other.example.com")
            with self.assertRaises(ssl.SSLCertVerificationError):
                self.ask(service, ssl.create_default_context())
            with self.assertRaises(OSError):
                http.client.HTTPConnection("127.0.0.1", port_of(service), timeout=60).request("GET", HEALTH)
                service.send("GET", HEALTH)
            for host, status in ((NAME.upper(), 200), ("other.example.com", 403)):
                self.assertEqual(self.ask(service, context, headers={"Host": host})[0], status, host)
            self.assertEqual(stat.S_IMODE(self.made.stat().st_mode), 0o600)

    def test_fingerprint(self):
        """It stays over a restart, and is the one that others see."""
        seen = set()
        for _ in range(2):
            with subprocess.Popen([PROGRAM, "--database", self.database, "--tls"], stdout=subprocess.PIPE, text=True,
                                  env={**os.environ, "LANGUAGE": "", "CAR_SERVICE_AUTHTOKEN": "token"}) as process:
                self.assertRegex(process.stdout.readline(), r"https://127\.0\.0\.1:[0-9]+/api/car/v2$")
                seen.add(re.search("([0-9A-F]{2}:){31}[0-9A-F]{2}", process.stdout.readline())[0])
                process.terminate()
                process.stdout.read()
        self.trust()
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert((self.folder / "ca.pem").read_text())).digest()
        self.assertEqual(seen, {digest.hex(":").upper()})

    def test_another_name(self):
        """Clients would refuse a certificate that was made without the name: the service says so, and does not start."""
        self.trust()
        done = run("--database", self.database, "--tls", "--host-name", NAME)
        self.assertEqual(done.returncode, 1)
        self.assertIn(NAME, done.stderr)
        self.assertIn(str(self.made), done.stderr)

    def test_file_of_others(self):
        self.trust()
        self.made.chmod(0o644)
        done = run("--database", self.database, "--tls")
        self.assertEqual(done.returncode, 1)
        self.assertIn("chmod 600", done.stderr)

    def test_broken_file(self):
        self.made.touch(0o600)
        done = run("--database", self.database, "--tls")
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(self.made), done.stderr)

    def test_certificate_of_ones_own(self):
        context = self.trust("--host-name", NAME)
        key, certificate = re.findall("-----BEGIN.*?-----END[^-]*-----\n", self.made.read_text(), re.S)
        for name, text in (("key", key), ("certificate", certificate), ("both", certificate + key)):
            (self.folder / name).write_text(text)
        for options in (("certificate", "--certificate-key", str(self.folder / "key")), ("both",)):
            options = ("--certificate", str(self.folder / options[0]), *options[1:])
            with run_service(self.database, *options, "--host-name", NAME) as service:
                self.assertEqual(self.ask(service, context, NAME)[0], 200)
        for wrong in ("certificate", "key", "nothing"):
            done = run("--database", self.database, "--certificate", str(self.folder / wrong))
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(str(self.folder / wrong), done.stderr)

    def test_page(self):
        """The cookie never goes over a connection without TLS, and a page of such a connection is another one."""
        with run_service(self.database, "--tls", "--host-name", NAME) as service:
            context = self.trust("--host-name", NAME)
            login = json.dumps({"key": KEY, "password": PASSWORD})
            for scheme, status in (("https", 200), ("http", 403)):
                origin = {"Origin": f"{scheme}://{NAME}:{port_of(service)}", "Content-Type": "application/json"}
                answer = self.ask(service, context, NAME, "POST", "/login", login, origin)
                self.assertEqual(answer[0], status, scheme)
                if status == 200:
                    self.assertIn("; Secure", answer[1]["Set-Cookie"])

    def test_too_large(self):
        """Whoever sends too much reads why: nothing is written past TLS."""
        with run_service(self.database, "--tls") as service:
            chunks = (bytes(1024 * 1024) for _ in range(LARGE // 1024 // 1024))
            status, _, content = self.ask(
                service, self.trust(), "localhost", "POST", "/api/car/v2/imports", chunks,
                {"Authorization": "Basic a2V5OnBhc3N3b3Jk", "Content-Type": "application/json"})
            self.assertEqual(status, 413, content)
            self.assertIn("32 MiB", json.loads(content)["errors"][0]["message"])

    def test_descriptors(self):
        """None is left of clients that hang up between two calls, or before they say anything."""
        with run_service(self.database, "--tls") as service:
            context = self.trust()
            count = lambda: len(os.listdir(f"/proc/{service.process.pid}/fd"))  # noqa: E731
            self.ask(service, context)
            before = count()
            for _ in range(20):
                self.ask(service, context)
                socket.create_connection(("127.0.0.1", port_of(service))).close()
            deadline = time.monotonic() + 30
            while count() > before + 2:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.1)

    def test_client(self):
        """A client of libcar takes the certificate from a file."""
        with run_service(self.database, "--tls") as service:
            self.trust()
            environment = {**os.environ, "CAR_SERVICE_URL": service.url.replace("http:", "https:"), "CAR_SERVICE_KEY": KEY,
                           "CAR_SERVICE_PASSWORD": PASSWORD, "CAR_SERVICE_RETRIES": "0", "CAR_SERVICE_MAX_OUTAGE": "0"}
            trusting = {**environment, "CAR_SERVICE_CA": str(self.folder / "ca.pem")}
            for variables, code in ((trusting, 0), (environment, 10)):
                done = subprocess.run([BUILD / "carctl" / "carctl", "status"], env=variables, capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, code, done.stderr)

    def test_without_tls(self):
        """Where a proxy speaks TLS. The names are as strict."""
        with run_service(self.database, "--listen", "0.0.0.0", "--host-name", NAME, "--without-tls") as service:
            for host, status in ((NAME, 200), (f"{NAME}:8080", 200), ("127.0.0.1", 200), ("192.0.2.1", 403), ("x." + NAME, 403)):
                self.assertEqual(service.send("GET", HEALTH, headers={"Host": host})[0], status, host)


if __name__ == "__main__":
    tap.main()
