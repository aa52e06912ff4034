# SPDX-License-Identifier: Apache-2.0
"""docs/tutorial.md, as a reader follows it: its files are written, its commands typed at a terminal, and what they say compared.

In the tutorial, a comment above a block names the file that the block is, or goes into: <!-- FILE --> or
<!-- FILE before "the beginning of a line" -->. "…" stands for anything: in a line for a part of it, alone for lines."""

import fcntl
import importlib.util
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

from local_service import find_free_port

BLOCK = re.compile(r'(?:^<!-- (?P<file>\S+)(?: before "(?P<before>[^"]+)")? -->\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```\n', re.M | re.S)
COMMAND = re.compile(r"^\$ (?P<command>.*\n(?:> .*\n)*)(?P<output>(?:(?!\$ ).*\n)*)", re.M)
DONE = "the end of the command"
BUILD = pathlib.Path(os.environ["TOP_BUILDDIR"])


class Terminal:
    """A shell, and the terminal on which one sees what its commands say."""

    def __init__(self, folder):
        self.screen, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 132, 0, 0))
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CAR_")}
        path = ":".join([str(BUILD / "service"), str(BUILD / "runner"), os.environ["PATH"]])
        self.shell = subprocess.Popen(
            ["bash", "--norc"], cwd=folder, stdin=subprocess.PIPE, stdout=terminal, stderr=terminal, text=True,
            start_new_session=True, env={**clean, "PATH": path, "XDG_STATE_HOME": str(folder), "TERM": "xterm"})
        os.close(terminal)

    def read(self, seconds):
        """What a person sees: without colours, and of a line that is written anew its last state."""
        ready, _, _ = select.select([self.screen], [], [], seconds)
        return os.read(self.screen, 65536).decode(errors="replace") if ready else ""

    def type(self, command, expected):
        """What the command says, until it is done and that is what is expected, or it takes too long."""
        # The exit code is the command's own again for the one that asks for it.
        self.shell.stdin.write(f"{command}(code=$?; echo '{DONE}'; exit $code)\n")
        self.shell.stdin.flush()
        seen, deadline = "", time.monotonic() + 60
        while time.monotonic() < deadline:
            seen += self.read(1)
            shown = re.sub(r"\x1b\[[0-9;]*m", "", re.sub(r"[^\n]*\r\x1b\[K", "", seen.replace("\r\n", "\n")))
            said = shown.replace(DONE + "\n", "")
            if said != shown and expected.fullmatch(said):
                break
        return said

    def close(self):
        os.killpg(self.shell.pid, signal.SIGTERM)
        self.shell.wait()
        os.close(self.screen)


def to_pattern(output):
    lines = [r"(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*") + r"\n" for line in output.splitlines()]
    return re.compile("".join(lines))


def write_file(path, text, before):
    if before:
        there = path.read_text()
        head, found, tail = there.partition("\n" + before)
        assert found, f"{path.name} has no line that begins with {before}"
        text = f"{head.rstrip()}\n\n{text}\n\n{before}{tail}"
    path.write_text(text)


def main():
    tutorial = pathlib.Path(os.environ["TOP_SRCDIR"], "docs", "tutorial.md").read_text()
    tutorial = tutorial.replace("8080", find_free_port()).replace("/usr/bin/python3", sys.executable)
    number = failed = 0
    with tempfile.TemporaryDirectory(prefix="car-tutorial-") as name:
        folder = pathlib.Path(name)
        terminal = Terminal(folder)
        try:
            for block in BLOCK.finditer(tutorial):
                if block["file"]:
                    write_file(folder / block["file"], block["text"], block["before"])
                    continue
                for typed in COMMAND.finditer(block["text"]):
                    number += 1
                    command = re.sub("^> ", "", typed["command"], flags=re.M)
                    label = f"{number} - {command.splitlines()[0]}"
                    if "pytest" in command and not importlib.util.find_spec("pytest"):
                        print(f"ok {label} # SKIP there is no pytest")
                        continue
                    expected = to_pattern(typed["output"])
                    said = terminal.type(command, expected)
                    matches = expected.fullmatch(said) is not None
                    failed += not matches
                    print(f"{'ok' if matches else 'not ok'} {label}", flush=True)
                    if not matches:
                        print(re.sub("^", "# ", said, flags=re.M))
        finally:
            terminal.close()
    assert number > 25, number
    print(f"1..{number}")
    sys.exit(failed > 0)


main()
