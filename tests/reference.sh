# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For tests of the reference connector in other languages, sourced: whether the command in CAR_TEST_REFERENCE_CONNECTOR
# does what the one in C does.

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
