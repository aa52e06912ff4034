# SPDX-License-Identifier: Apache-2.0
"""Disks that are full, and folders that cannot be written: what is staged, what runs leave for each other, what the service
keeps. The run says so, nothing is lost, and once there is room the next run brings all. The disks are file systems of this
test's own, in a mount namespace of its own."""

import contextlib
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from reference_world import REFERENCE, AssetServer, Service, compare_with_inventory, run_connector  # noqa: E402

INSIDE = "CAR_TEST_DISKS_INSIDE"
ROOM = "64m"


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


@contextlib.contextmanager
def disk(size):
    with tempfile.TemporaryDirectory() as folder:
        mount("-t", "tmpfs", "-o", f"size={size},mode=0700", "none", folder)
        try:
            yield folder
        finally:
            subprocess.run(["umount", folder], check=True)


def make_room(folder):
    mount("-o", f"remount,rw,size={ROOM}", folder)


def fill(folder):
    with contextlib.suppress(OSError), open(os.path.join(folder, "ballast"), "wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def run(service, server, *options, connector=REFERENCE):
    return run_connector(service, server.base, "-car-service-retries", "1", "-car-service-max-wait", "1", *options,
                         connector=connector)


def check_whole(service, server):
    counts = compare_with_inventory(service, server)
    assert all(len(set(numbers)) == 1 for numbers in counts.values()), counts


def check_run(service, server, *options):
    code, log = run(service, server, *options)
    assert code == 0, (code, log)
    check_whole(service, server)
    return log


def check_staging(server):
    with Service() as service, disk("16k") as folder:
        code, log = run(service, server, "-export-data-dir", folder)
        assert code == 10 and folder in log and "free disk space" in log, (code, log)
        assert not service.save_point()
        yield "a full disk for what is staged"
        mount("-o", "remount,ro", folder)
        code, log = run(service, server, "-export-data-dir", folder)
        assert code == 10 and "Read-only file system" in log, (code, log)
        yield "a read-only folder for what is staged"
        make_room(folder)
        check_run(service, server, "-export-data-dir", folder)
        yield "once there is room, what is staged is sent"


def check_state(server):
    """Without a state folder, a run goes on; it has to stage its data somewhere."""
    with Service() as service, disk("16k") as folder, disk(ROOM) as other:
        fill(folder)
        code, log = run(service, server, "-state-dir", folder)
        assert code == 10 and folder in log and "free disk space" in log, (code, log)
        log = check_run(service, server, "-state-dir", folder, "-export-data-dir", other)
        assert "What this run read cannot be left" in log, log
        yield "a full disk for the state"
        mount("-o", "remount,ro", folder)
        server.change("assets", 1, name="renamed")
        log = check_run(service, server, "-state-dir", os.path.join(folder, "new"), "-export-data-dir", other)
        assert "The state folder cannot be used" in log, log
        yield "a read-only folder for the state"


def check_summary(server):
    with Service() as service, disk("4k") as folder:
        fill(folder)
        log = check_run(service, server, "-summary", os.path.join(folder, "summary"))
        assert "summary" in log and "WARNING" in log, log
        yield "a full disk for the summary"


class ServiceOnDisk(Service):
    def __init__(self, folder):
        super().__init__()
        self.command[self.command.index(":memory:")] = os.path.join(folder, "car.db")


def check_service(server):
    with disk(ROOM) as folder, ServiceOnDisk(folder) as service:
        check_run(service, server)
        # So much changes that there is no room for it.
        for pk in range(1, 31):
            server.change("assets", pk, name=f"renamed {pk} " + "x" * 200)
        fill(folder)
        code, log = run(service, server)
        assert code == 10, (code, log)
        yield "a full disk for the service's database"

        service.kill()
        mount("-o", "remount,ro", folder)
        try:
            service.start()
        except AssertionError as problem:
            assert folder in str(problem) and "ead-only" in str(problem), problem
        else:
            raise AssertionError("it starts where it can write nothing")
        yield "a read-only folder for the service's database"

        make_room(folder)
        service.start()
        service.kill()
        os.unlink(os.path.join(folder, "ballast"))
        service.start()
        check_run(service, server)
        yield "once there is room, the service takes up what it was killed with"


class ServiceWithSmallFiles(ServiceOnDisk):
    """None of its files may grow beyond a size (ulimit -f)."""

    def __init__(self, folder, size):
        super().__init__(folder)
        self.command = ["prlimit", f"--fsize={size}", *self.command]


def check_limit(server):
    with Service() as service, disk(ROOM) as folder:
        code, log = run(service, server, "-export-data-dir", folder, connector=["prlimit", "--fsize=4096", *REFERENCE])
        assert code == 10, (code, log)
        yield "a limit of the size of the connector's files"
    with tempfile.TemporaryDirectory() as folder:
        with ServiceWithSmallFiles(folder, 400_000) as service:
            code, log = run(service, server)
            assert code == 10 and service.process.poll() is None, (code, log)
            yield "a limit of the size of the service's files"
        with ServiceOnDisk(folder) as service:
            check_run(service, server)
            yield "once there is none, the service takes up what it has"


def check_all():
    number = 0
    for check in (check_staging, check_state, check_summary, check_service, check_limit):
        with AssetServer("--populate", "30") as server:
            for what in check(server):
                number += 1
                print(f"ok {number} - {what}", flush=True)
    print(f"1..{number}")


def main():
    if INSIDE in os.environ:
        return check_all()
    for unshare in (["unshare", "--mount"], ["unshare", "--map-root-user", "--mount"]):
        with contextlib.suppress(OSError):
            probe = [*unshare, "mount", "-t", "tmpfs", "none", "/mnt"]
            if subprocess.run(probe, check=False, capture_output=True).returncode == 0:
                os.execvpe(unshare[0], [*unshare, sys.executable, __file__], {**os.environ, INSIDE: "1"})
    print("1..0 # SKIP there can be no mount namespace of its own here")
    return 0


sys.exit(main())
