# SPDX-License-Identifier: Apache-2.0
"""After any changes on the asset server, an incremental import leaves the graph that a full import into a fresh service
gives. The changes are made at random; CAR_TEST_SEED makes those of another run again, CAR_TEST_CHANGES more of them."""

import os
import random
import sys
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from reference_world import COLLECTIONS, REFERENCE, AssetServer, Service, differences, import_into  # noqa: E402

SEED = int(os.environ.get("CAR_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
CHANGES = int(os.environ.get("CAR_TEST_CHANGES") or 600)

LINKS = {
    "vulnerabilities": {"xref_properties": "xrefproperties"},
    "assets": {"vulnerabilities": "vulnerabilities"},
    "mac_addresses": {"ip_addresses": "ip_addresses"},
    "apps": {"assets": "assets"},
    "ports": {"apps": "apps", "ip_addresses": "ip_addresses"},
}
# Few, so that objects share them; and what people type.
IP_ADDRESSES = [f"192.0.2.{i}" for i in range(9)] + ["2001:db8::1", "not an address/1", "10.0.0.1,10.0.0.2"]
MAC_ADDRESSES = [f"02:00:00:00:00:0{i}" for i in range(7)] + ["02-00", "02:00:00:00:00:01, eth0"]
HOSTS = [f"host{i}.example" for i in range(7)] + ["Host1.example", "two words", "a,b", "x/y%2C#", "größe"]


class World:
    def __init__(self, server, chance):
        self.server = server
        self.chance = chance
        self.objects = {name: {found["pk"]: found for found in server.get(f"/{name}/")} for name in COLLECTIONS}

    def pick(self, collection):
        pks = list(self.objects[collection])
        return self.chance.choice(pks) if pks else None

    def text(self):
        return self.chance.choice(["mail", "größer", 'a "b"\\', "x,y/z", "\u2028 ", "0"]) + str(self.chance.randrange(5))

    def scalars(self, collection):
        """Values for the fields that are no links to many."""
        chance = self.chance
        fields = {
            "xrefproperties": lambda: {
                "extref_typename": chance.choice(["CVE", "CWE"]), "extref_value": self.text(),
                "q_extref_typeid": chance.randrange(9),
            },
            "vulnerabilities": lambda: {
                "name": self.text(), "published_on": chance.randrange(1 << 50), "base_score": chance.randrange(100) / 10,
                "vcvssbmid": chance.randrange(9), "updated_on": 1700000000000, "disclosed_on": 0,
            },
            "sites": lambda: {"name": self.text(), "address": self.text()},
            "assets": lambda: {
                "name": self.text(), "type": self.text(), "initial_value": chance.choice([0, 0.1, -7, 1e300, 12345.678]),
                "site": self.url("sites", self.pick("sites")) if chance.random() < 0.8 else None,
            },
            "ip_addresses": lambda: {"address": chance.choice(IP_ADDRESSES), **self.owner()},
            "mac_addresses": lambda: {"address": chance.choice(MAC_ADDRESSES), **self.owner()},
            "hosts": lambda: {"host": chance.choice(HOSTS), **self.owner()},
            "apps": lambda: {"name": self.text()},
            "ports": lambda: {
                "port_number": chance.randrange(65536), "protocol": chance.choice(["tcp", "udp"]),
                "layer7application": self.text(),
            },
        }
        return fields[collection]()

    def owner(self):
        return {"asset": self.url("assets", self.pick("assets"))}

    def url(self, collection, pk):
        return None if pk is None else self.server.url(collection, pk)

    def some(self, collection):
        pks = list(self.objects[collection])
        return [self.url(collection, pk) for pk in self.chance.sample(pks, self.chance.randint(0, min(3, len(pks))))]

    def links(self, collection):
        return {field: self.some(target) for field, target in LINKS.get(collection, {}).items()}

    def change(self):
        """One change at random. Returns how it is called."""
        collection = self.chance.choice(COLLECTIONS)
        if collection in ("ip_addresses", "mac_addresses", "hosts") and not self.objects["assets"]:
            collection = "assets"
        pk = self.pick(collection)
        kinds = ["change", "change", "delete"] + ["create"] * (3 if len(self.objects[collection]) < 8 else 1)
        if collection in LINKS:
            kinds += ["link"] * 3
        kind = self.chance.choice(kinds) if pk is not None else "create"
        if kind == "delete":
            self.server.delete(collection, pk)
        elif kind == "create":
            self.server.create(collection, **self.scalars(collection), **self.links(collection))
        else:
            fields = self.links(collection) if kind == "link" else self.scalars(collection)
            one = self.chance.choice(sorted(fields))
            self.server.change(collection, pk, **{one: fields[one]})
        # A deletion takes others along.
        for name in COLLECTIONS if kind == "delete" else [collection]:
            self.objects[name] = {found["pk"]: found for found in self.server.get(f"/{name}/")}
        return kind


def check(service, server):
    """Whether the service holds what a full import into a fresh one brings: the one in C, whatever the language is."""
    with Service() as fresh:
        import_into(fresh, server, REFERENCE)
        found, wanted = service.graph(), fresh.graph()
    lines = differences(found, wanted)
    assert not lines, "\n".join(lines)
    return wanted


def test_parity():
    chance = random.Random(SEED)
    counts = dict.fromkeys(["create", "change", "delete", "link"], 0)
    incremental, seen = 0, set()
    with AssetServer("--populate", "4") as server, Service() as service:
        assert "Full import" in import_into(service, server)
        assert all(check(service, server).values()), "the model has something of everything"
        world = World(server, chance)
        left = CHANGES
        while left > 0:
            n = min(left, chance.choice([1, 2, 3, 5, 10, 20, 40, 80]))
            for _ in range(n):
                counts[world.change()] += 1
            left -= n
            if chance.random() < 0.2:
                # The next import starts from an older save point than its last changes.
                import_into(service, server)
                counts[world.change()] += 1
            log = import_into(service, server)
            assert "Incremental import" in log, log
            incremental += 1
            seen.update(name for name, objects in check(service, server).items() if objects)
    print(f"# {counts}, {incremental} incremental imports")
    assert min(counts.values()) >= CHANGES / 20 and len(seen) == 18, (counts, seen)


def main():
    print(f"1..1\n# CAR_TEST_SEED={SEED} CAR_TEST_CHANGES={CHANGES}")
    try:
        test_parity()
    except Exception:  # pylint: disable=broad-except
        for line in traceback.format_exc().splitlines():
            print("#", line)
        print(f"not ok 1 - parity (CAR_TEST_SEED={SEED})")
        return 1
    print("ok 1 - parity")
    return 0


if __name__ == "__main__":
    sys.exit(main())
