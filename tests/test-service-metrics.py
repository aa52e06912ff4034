# SPDX-License-Identifier: Apache-2.0
"""What car-service tells of itself: metrics, and whether it is ready. A database that cannot be written is one of which the files
may not grow (ulimit -f)."""

import os
import pathlib
import re
import resource
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
from local_service import run_service  # noqa: E402

LINE = re.compile(r'# (TYPE|UNIT|HELP) \w+ .+|(\w+)(?:\{((?:\w+="(?:[^"\\\n]|\\.)*",?)*)\})? (-?[0-9.e+-]+)')


def envelope(source, n_assets):
    return {
        "source": {"_key": source, "name": "n"}, "report": {"_key": "1", "timestamp": 1700000000000},
        "asset": [{"external_id": str(i), "name": "x" * 100} for i in range(n_assets)],
        "hostname": [{"_key": "h"}], "asset_hostname": [{"_from_external_id": "0", "_to": "hostname/h"}],
    }


def read_metrics(service):
    """The samples, by name and labels; and all that the form asks of every line."""
    status, headers, body = service.send("GET", "/metrics")
    assert status == 200, (status, body)
    assert headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8", headers
    lines = body.decode().split("\n")
    assert lines[-2:] == ["# EOF", ""], lines[-2:]
    samples = {}
    for line in lines[:-2]:
        match = LINE.fullmatch(line)
        assert match, line
        if match[2]:
            key = match[2] + (f"{{{match[3]}}}" if match[3] else "")
            assert key not in samples, key
            samples[key] = float(match[4])
    types = [line for line in lines if line.startswith("# TYPE")]
    assert len(types) == len(set(types)), types
    return samples


class Metrics(unittest.TestCase):
    def test_counts(self):
        source = 'a:b@c%=;!\'(1),+$*'
        with run_service() as service:
            service.set_up()
            service.run_job("POST", "imports", envelope(source, 3))
            self.assertEqual(service.call("POST", "imports", b"{")[0], 400)
            self.assertEqual(service.call("GET", "nothing/here/at/all")[0], 404)
            before = read_metrics(service)
            after = read_metrics(service)
        self.assertEqual(before['car_service_requests_total{call="import",code="200"}'], 1)
        self.assertEqual(before['car_service_requests_total{call="import",code="400"}'], 1)
        self.assertEqual(before['car_service_requests_total{call="other",code="404"}'], 1)
        self.assertEqual(before['car_service_request_duration_seconds_count{call="import"}'], 2)
        self.assertEqual(before['car_service_request_duration_seconds_bucket{call="import",le="+Inf"}'], 2)
        self.assertGreater(before['car_service_request_duration_seconds_sum{call="import"}'], 0)
        # Readers refuse other spellings of a bound.
        for bound in re.findall(r'le="([^"+]+)"', "".join(before)):
            self.assertEqual(str(float(bound)), bound)
        self.assertGreater(before["car_service_received_bytes_total"], 300)
        self.assertGreater(before["car_service_sent_bytes_total"], 0)
        self.assertEqual(before["car_service_jobs_posted_total"], 3)
        self.assertEqual(before["car_service_jobs_complete"], 3)
        self.assertEqual(before["car_service_jobs_failed"], 0)
        self.assertEqual(before["car_service_queue_jobs"], 0)
        self.assertEqual(before["car_service_queue_age_seconds"], 0)
        self.assertEqual(before["car_service_writable"], 1)
        self.assertEqual(before[f'car_service_objects{{source="{source}",collection="asset"}}'], 3)
        self.assertEqual(before[f'car_service_objects{{source="{source}",collection="asset_hostname"}}'], 1)
        self.assertGreater(before["car_service_database_bytes"], 4096)
        self.assertEqual(after['car_service_requests_total{call="metrics",code="200"}'], 1)
        self.assertGreater(after["car_service_sent_bytes_total"], before["car_service_sent_bytes_total"])

    def test_only_for_those_who_may(self):
        with run_service() as service:
            for path in "/metrics", "/api/car/v3/metrics", "/v3/metrics":
                self.assertEqual(service.send("GET", path, headers={"Authorization": None})[0], 401, path)
                self.assertEqual(service.send("GET", path)[0], 200, path)
            self.assertEqual(service.send("DELETE", "/metrics")[0], 405)
            self.assertEqual(service.send("GET", "/metrics/")[0], 404)


class Ready(unittest.TestCase):
    def test_ready(self):
        with run_service() as service:
            status, answer = service.call("GET", "v3/health/all")
        self.assertEqual(status, 200)
        self.assertEqual(answer, {
            "status": 200, "message": "ok", "database": {"status": 200, "message": "OK"},
            "queue": {"status": 200, "message": "OK", "waiting": 0, "oldest_ms": 0}})

    def test_no_room(self):
        """It says so while nothing can be written, and no longer once there is room; what waits is kept."""
        with tempfile.TemporaryDirectory() as folder, run_service(str(pathlib.Path(folder, "car.db"))) as service:
            service.set_up()
            limit = resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (100_000, limit[1]))
            status = 200
            for i in range(50):
                status, answer = service.call("POST", "imports", envelope(f"s{i}", 100))
                if status != 200:
                    break
            self.assertGreaterEqual(status, 500)
            status, answer = service.call("GET", "v3/health/all")
            self.assertEqual((status, answer["status"], answer["database"]["status"]), (503, 503, 503), answer)
            self.assertIn("car.db", answer["database"]["message"])
            self.assertEqual(read_metrics(service)["car_service_writable"], 0)
            self.assertEqual(service.call("GET", "v3/health")[0], 200)

            resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, limit)
            # Without this, it would find out within a minute.
            self.assertEqual(service.call("PATCH", "source?key=s", {"model_state_id": "1"})[0], 200)
            deadline = time.monotonic() + 60
            while service.call("GET", "v3/health/all")[0] != 200 or read_metrics(service)["car_service_queue_jobs"] > 0:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.2)
            self.assertEqual(read_metrics(service)["car_service_writable"], 1)
            service.run_job("POST", "imports", envelope("after", 1))


if __name__ == "__main__":
    tap.main()
