#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The reference connector in JavaScript does what the one in C does.
set -euo pipefail

. "$TOP_SRCDIR/tests/javascript.sh"
[ "$PYTHON_GI" != no ] || skip "there is no python3"

connector=$TOP_SRCDIR/connectors/reference/javascript/car-connector-reference-javascript.js
export CAR_TEST_REFERENCE_CONNECTOR="'$GJS' -m '$connector' --"

number=0 failed=0
for test in test-reference-parity test-connector-reference; do
    number=$((number + 1))
    if output=$("$PYTHON_GI" "$TOP_SRCDIR/tests/$test.py" 2>&1); then
        printf 'ok %d - %s\n' $number "$test"
    else
        printf '%s\n' "$output" | sed 's/^/# /'
        printf 'not ok %d - %s\n' $number "$test"
        failed=1
    fi
done
printf '1..%d\n' $number
exit $failed
