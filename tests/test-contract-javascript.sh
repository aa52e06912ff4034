#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The contract tests, on the same connector in JavaScript, and what only JavaScript can do wrong.
set -euo pipefail

. "$TOP_SRCDIR/tests/javascript.sh"

number=0 failed=0
# result OUTPUT NAME: of the command before.
result() {
    local status=$?
    number=$((number + 1))
    if [ $status -eq 0 ]; then
        printf 'ok %d - %s\n' $number "$2"
    else
        printf '%s\n' "$1" | sed 's/^/# /'
        printf 'not ok %d - %s\n' $number "$2"
        failed=1
    fi
}

# Whatever stands behind a script's "--" is its own.
connector=$TOP_SRCDIR/tests/contract-connector.js
for test in test-app test-import "test-resume -p /resume/full -p /resume/incremental"; do
    read -r -a command <<<"$test"
    output=$(CAR_TEST_CONNECTOR_RAISES=1 CAR_TEST_CONNECTOR_HAS_NO_THREADS=1 \
        CAR_TEST_CONNECTOR="'$GJS' -m '$connector' --" "$TOP_BUILDDIR/tests/${command[0]}" "${command[@]:1}" 2>&1) &&
        true
    result "$output" "$test"
done

# fails HOW TEXT: a connection test that this fails, and what its log says.
fails() {
    local output
    output=$(CONTRACT_SERVER=x CONTRACT_FAIL=$1 "$GJS" -m "$connector" -- -connection-test 2>&1) && return 1
    [ $? -eq 1 ] && grep -qF -- "$2" <<<"$output" && true
    result "$output" "$1: $2"
}

fails test_connection:exception 'RangeError: told to\nfail@'
fails test_connection:exception 'ContractServer.test_connection raised RangeError: told to. General failure'
fails test_connection:not-an-error 'ContractServer.test_connection raised told to. General failure'
fails test_connection:async 'ContractServer.test_connection returned a Promise: it must not be async'
fails create_asset_server:uninitialised 'ForgetfulServer._init() does not call super._init()'

# It sees that gjs refuses calls by having one refused, of which gjs complains.
output=$(G_DEBUG='' CONTRACT_SERVER=x CONTRACT_FAIL=create_asset_server:collecting \
    "$GJS" -m "$connector" -- -connection-test 2>&1) &&
    grep -qF 'The data source can be reached' <<<"$output" && true
result "$output" "a method is called while garbage is collected"

output=$("$GJS" -m "$TOP_SRCDIR/tests/javascript-classes.js" 2>&1) && true
result "$output" "classes, failures and what goes into C"

if [ "$PYTHON_GI" != no ]; then
    output=$(PYTHONDONTWRITEBYTECODE=1 "$PYTHON_GI" "$TOP_SRCDIR/tests/with-service.py" \
        "$GJS" -m "$TOP_SRCDIR/tests/javascript-client.js" 2>&1) && true
    result "$output" "the calls of a service"
fi

# The set of keys takes 30 bytes for each; what else grows is what JavaScript's collector leaves for a while.
output=$("$GJS" -m "$TOP_SRCDIR/tests/bench-javascript.js" run 'one by one' 300000 2>&1 | tail -n 1) &&
    jq -e '.[1] < 64 + 300000 * 30 / 1048576' >/dev/null <<<"$output" && true
result "$output" "memory does not grow with the objects"

output=$("$GJS" -m "$TOP_SRCDIR/tests/javascript-failures.js" 2>&1) && true
result "$output" "memory does not grow with the failures"

# block NUMBER: one of the guide's, as it stands there.
block() {
    awk -v number="$1" '/^```js$/ { inside = ++found == number; next } /^```$/ { inside = 0 } inside' \
        "$TOP_SRCDIR/docs/guide-javascript.md"
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
block 1 | sed -e '1,2d' -e 's/^System.exit(.*/export {CsvImport, CsvServer};/' >"$folder/csv.js"
block 2 >"$folder/test.js"
printf 'id,name,address\n1,Web server,192.0.2.1\n' >"$folder/assets.csv"
output=$(cd "$folder" && "$GJS" -m test.js 2>&1) && true
result "$output" "the test in the guide passes"

printf '1..%d\n' $number
exit $failed
