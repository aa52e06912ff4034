#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Our own cases for the schema engine, and the public JSON-Schema-Test-Suite where Debian's
# libtest-json-schema-acceptance-perl is installed. One test a suite: the runner itself tells the single cases.
set -u

suite=/usr/share/perl5/auto/share/dist/Test-JSON-Schema-Acceptance/tests/draft2020-12
number=0
failed=0

run() {
    local output status=0
    number=$((number + 1))
    output=$("$TOP_BUILDDIR/tests/json-schema-suite" "$2") || status=1
    if [ $status -eq 0 ]; then
        printf 'ok %d - %s\n' $number "$1"
    else
        failed=1
        printf 'not ok %d - %s\n' $number "$1"
        grep '^not ok' <<<"$output" | sed 's/^/# /'
    fi
    tail -n 1 <<<"$output"
}

echo 1..3
run "our own cases" "$TOP_SRCDIR/tests/json-schema"
if [ -d "$suite" ]; then
    run "the public suite" "$suite"
else
    echo "ok 2 - the public suite # SKIP libtest-json-schema-acceptance-perl is not installed"
fi

folder=$(mktemp -d)
echo '[{"external_id": "1"}]' >"$folder/no-case.json"
complaint=$("$TOP_BUILDDIR/tests/json-schema-suite" "$folder" 2>&1)
if [ $? -eq 2 ] && grep -q 'no-case.json: item 0' <<<"$complaint"; then
    echo "ok 3 - what is no suite is told"
else
    failed=1
    echo "not ok 3 - what is no suite is told"
fi
rm -r "$folder"
exit $failed
