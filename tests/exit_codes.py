# SPDX-License-Identifier: Apache-2.0
"""The exit codes that a connector's --help lists."""

import re
import subprocess


def expand(text):
    """The codes that "20", "130, 143" and "50-55" stand for."""
    first, is_range, last = text.replace("–", "-").partition("-")
    return set(range(int(first), int(last) + 1)) if is_range else {int(code) for code in re.findall(r"\d+", text)}


def read(program):
    told = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    return set().union(*map(expand, re.findall(r"^  (\d+(?:-|, )?\d*)  ", told, re.M)))
