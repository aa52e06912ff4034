# SPDX-License-Identifier: Apache-2.0
"""unittest in TAP."""

import signal
import sys
import unittest


class Results(unittest.TextTestResult):
    number = 0

    def say(self, what, test, why=""):
        self.number += 1
        print(f"{what} {self.number} - {test.id()}{why}", flush=True)

    def addSuccess(self, test):
        self.say("ok", test)

    def addSkip(self, test, reason):
        self.say("ok", test, " # SKIP " + reason)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.say("not ok", test)

    addError = addFailure


def main(seconds=300):
    """Runs the tests of the program; it is killed where they take longer."""
    signal.alarm(seconds)
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(resultclass=Results).run(suite)
    print(f"1..{result.number}")
    sys.exit(not result.wasSuccessful())
