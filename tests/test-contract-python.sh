#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The contract tests, on the same connector in Python.
set -euo pipefail

. "$TOP_SRCDIR/tests/python.sh"

export CAR_TEST_CONNECTOR_RAISES=1
export CAR_TEST_CONNECTOR="$PYTHON_GI '$TOP_SRCDIR/tests/contract-connector.py'"

number=0 failed=0
for test in test-app test-import "test-resume -p /resume/full -p /resume/incremental"; do
    read -r -a command <<<"$test"
    number=$((number + 1))
    if output=$("$TOP_BUILDDIR/tests/${command[0]}" "${command[@]:1}" 2>&1); then
        printf 'ok %d - %s\n' $number "$test"
    else
        printf '%s\nnot ok %d - %s\n' "$output" $number "$test" | sed 's/^\(ok\|Bail\|[0-9]*\.\.\)/# \1/'
        failed=1
    fi
done
printf '1..%d\n' $number
exit $failed
