# SPDX-License-Identifier: Apache-2.0
"""The reference connector at work, for `./dev demo reference`: an asset server with 100 assets, a CAR service, a full and
an incremental import, and whether the service then holds what the asset server does. TOP_BUILDDIR is where all is built."""

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests"))
from reference_world import AssetServer, Service, compare_with_inventory, run_connector  # noqa: E402


def say(text):
    print(f"\n==> {text}", flush=True)


def run(service, server):
    code, log = run_connector(service, server.base, "-log-format", "text")
    print("".join(f"  {line}\n" for line in log.splitlines()), end="", flush=True)
    if code != 0:
        sys.exit(f"the connector failed: exit code {code}")


def change(server):
    server.change("assets", 1, name="renamed", vulnerabilities=[server.url("vulnerabilities", 200)])
    server.change("ip_addresses", 2, address="192.0.2.2")
    server.change("apps", 7, assets=[server.url("assets", 50), server.url("assets", 51)])
    server.change("xrefproperties", 1, extref_value="changed")
    asset = server.create("assets", name="new", initial_value=12.5, site=server.url("sites", 2))
    server.create("hosts", host="new.example.com", asset=server.url("assets", asset))
    for collection, pk in [("assets", 3), ("vulnerabilities", 10), ("apps", 20), ("sites", 1)]:
        server.delete(collection, pk)
    print("""  asset 1 has another name and another vulnerability, IP address 2 another address, application 7 is on other
  assets, and one xref property of all vulnerabilities changed; an asset with a host is new; an asset, with its
  addresses and its host, a vulnerability, an application and a site are gone""")


def show(counts):
    print(f"  {'':26}{'asset server':>14}{'CAR service':>14}{'the same':>14}")
    for name, numbers in counts.items():
        wrong = "" if len(set(numbers)) == 1 else "   <== differs"
        print(f"  {name:26}" + "".join(f"{number:14}" for number in numbers) + wrong)
    return all(len(set(numbers)) == 1 for numbers in counts.values())


def main():
    # Whatever ends it, the two servers end as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    say("An asset server with 100 assets, and a CAR service")
    with AssetServer("--populate", "100") as server, Service() as service:
        print(f"  {server.base}\n  {service.base}")
        say("The first import is a full one")
        run(service, server)
        say("Changes on the asset server")
        change(server)
        say("The second import is incremental")
        run(service, server)
        say("What the asset server has, what the service has, and how many objects are the same")
        same = show(compare_with_inventory(service, server))
    if not same:
        sys.exit("the service does not hold what the asset server does")
    print("\nThe service holds what the asset server does.")


if __name__ == "__main__":
    main()
