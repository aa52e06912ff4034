# SPDX-License-Identifier: Apache-2.0
"""After any changes on the asset server, an incremental import leaves the graph that a full import into a fresh service
gives. The changes are made at random; CAR_TEST_SEED makes those of another run again, CAR_TEST_CHANGES more of them."""

import os
import random
import sys
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from reference_world import REFERENCE, AssetServer, Service, World, differences, import_into  # noqa: E402

SEED = int(os.environ.get("CAR_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
CHANGES = int(os.environ.get("CAR_TEST_CHANGES") or 600)

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
