# SPDX-License-Identifier: Apache-2.0
"""Pictures of the page of car-service for the documentation: a machine, as ./dev demo imports one. It is made up, so that the
pictures are the same wherever they are made, and show nobody's own.

page-screenshots.py FOLDER makes page-overview.png and page.png there. It needs Chromium and its driver."""

import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse

import browser
import local_service

WIDTH, HEIGHT = 1280, 900
PACKAGES = {"nginx": "1.22.1-9", "postgresql-15": "15.8-0", "openssh-server": "1:9.2p1-2", "openssl": "3.0.14-1", "sudo": "1.9.13p3-1",
            "python3.11": "3.11.2-6", "systemd": "252.30-1", "bash": "5.2.15-2", "cron": "3.0pl1-162", "libc6": "2.36-9"}
FILES = {
    "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
    "etc/hostname": "web1\n",
    "etc/hosts": "127.0.1.1 web1.example.com web1\n",
    "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\n"
                  "postgres:x:105:110::/var/lib/postgresql:/bin/bash\nann:x:1000:1000::/home/ann:/bin/bash\n"
                  "emmy:x:1001:1001::/home/emmy:/bin/bash\n",
    "var/lib/dpkg/status": "".join(f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n"
                                   f"Description: {name}\n\n" for name, version in PACKAGES.items()),
    "var/lib/dpkg/info/nginx.list": "/usr/sbin/nginx\n",
    "var/lib/dpkg/info/openssh-server.list": "/usr/sbin/sshd\n",
    "sys/class/net/eth0/address": "02:00:00:00:00:01\n",
    "proc/1/net/if_inet6": "20010db8000000000000000000000005 04 40 00 82 eth0\n",
    "proc/1/net/tcp6": "".join(f"{i}: {'0' * 32}:{port:04X} {'0' * 32}:0000 0A 0:0 00:0 0 0 0 {11 + i} 1\n"
                               for i, port in enumerate((22, 443))),
    "proc/100/status": "Name:\tsshd\nUid:\t0\t0\t0\t0\n",
    "proc/200/status": "Name:\tnginx\nUid:\t33\t33\t33\t33\n",
}
LINKS = {"proc/100/exe": "/usr/sbin/sshd", "proc/100/fd/3": "socket:[11]", "proc/200/exe": "/usr/sbin/nginx", "proc/200/fd/3": "socket:[12]"}


def make_machine(root):
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    for name, target in LINKS.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(target)


def import_machine(service):
    """As ./dev demo does. Returns: the machine's id."""
    program = pathlib.Path(os.environ["TOP_BUILDDIR"], "connectors", "host", "car-connector-host")
    with tempfile.TemporaryDirectory() as folder:
        make_machine(pathlib.Path(folder, "machine"))
        subprocess.run([program, "-root", f"{folder}/machine", "-source", "web1"], check=True,
                       env={**os.environ, **service.environment, "CAR_STATE_DIR": f"{folder}/state"})
    return service.query("{ asset { id } }")["asset"][0]["id"]


def main(folder):
    if reason := browser.missing():
        sys.exit(f"{reason}: install Debian's chromium and chromium-driver")
    with local_service.run_service() as service, browser.run_browser() as window:
        root = service.url.removesuffix("/api/car/v2")
        machine = urllib.parse.urlencode({"collection": "asset", "id": import_machine(service)})
        window.size(WIDTH, HEIGHT)
        window.go(root + "/")
        for field, value in (("key", local_service.KEY), ("password", local_service.PASSWORD)):
            window.find(f"input[name={field}]").type(value)
        window.find(".login button.main").click()
        window.wait_for_words("1 source")
        window.wait("return document.querySelector('.model canvas') !== null")
        window.screenshot(folder / "page-overview.png")
        window.go(f"{root}/#/object?{machine}")
        window.wait_for_words("Neighbourhood", "nginx")
        window.wait("return document.querySelector('.picture canvas') !== null")
        window.screenshot(folder / "page.png")


main(pathlib.Path(sys.argv[1]))
