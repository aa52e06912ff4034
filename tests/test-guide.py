# SPDX-License-Identifier: Apache-2.0
"""What docs/guide.md shows of a file stands in that file."""

import os
import re
import sys

top = os.environ["TOP_SRCDIR"]
with open(os.path.join(top, "docs/guide.md"), encoding="utf-8") as guide:
    snippets = re.findall(r"<!-- (\S+) -->\n```c\n(.*?)```\n", guide.read(), re.DOTALL)

failed = len(snippets) < 5
for number, (path, snippet) in enumerate(snippets, 1):
    with open(os.path.join(top, path), encoding="utf-8") as file:
        there = snippet in file.read()
    failed = failed or not there
    print(f"{'ok' if there else 'not ok'} {number} - a piece of {path}")
print(f"1..{len(snippets)}")
sys.exit(failed)
