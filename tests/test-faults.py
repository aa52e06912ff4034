# SPDX-License-Identifier: Apache-2.0
"""A few cells of the matrix of faults, in all three languages; `./dev faults` runs all."""

import os
import sys
import tempfile

import faults

# Those that found something once, and a sample of the rest.
ALWAYS = ("full databases:cut", "full import-schema:trickle,times=always", "incremental delete:empty")
SAMPLE = 33


def main():
    with tempfile.TemporaryDirectory(prefix="car-faults-") as folder:
        matrix = faults.Matrix(folder)
        matrix.prepare()
        cells = [faults.Cell("c", *name.split()) for name in ALWAYS] + faults.spread(matrix.list_cells(), SAMPLE)
        print(f"1..{len(cells)}")
        count = 0

        def tell(result):
            nonlocal count
            count += 1
            good = result.struck and not result.problems
            print(f"{'ok' if good else 'not ok'} {count} - {result.cell}: exit code {result.code}", flush=True)
            for line in () if good else (*result.problems, *result.log.splitlines(), "" if result.struck else "it strikes nothing"):
                print("#", line, flush=True)

        faults.run(matrix, cells, 3 * (os.cpu_count() or 1), tell)


if __name__ == "__main__":
    sys.exit(main())
