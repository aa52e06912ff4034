#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The TypeScript declarations: they say what the introspection says, a connector in TypeScript compiles with them and runs,
# and wrong ones do not compile; without the packages @girs/… and beside them.
set -euo pipefail

. "$TOP_SRCDIR/tests/javascript.sh"
command -v tsc >/dev/null || skip "there is no tsc"
[ "$PYTHON_GI" != no ] || skip "there is no python3"

export PYTHONDONTWRITEBYTECODE=1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tests=$TOP_SRCDIR/tests
declarations=$TOP_SRCDIR/bindings/javascript/car-1.0.d.ts

number=0 failed=0
# result NAME: of the command before, whose output is in the log.
result() {
    local status=$?
    number=$((number + 1))
    if [ $status -eq 0 ]; then
        printf 'ok %d - %s\n' $number "$1"
    else
        sed 's/^/# /' "$folder/log"
        printf 'not ok %d - %s\n' $number "$1"
        failed=1
    fi
}

# compiles FILE...: without output.
compiles() {
    tsc --strict --noImplicitOverride --noEmit --target es2022 --module es2022 --typeRoots "$folder/none" "$declarations" \
        "$tests/javascript-gjs.d.ts" "$@" >"$folder/log" 2>&1
}

"$PYTHON_GI" "$tests/javascript-types.py" "$TOP_BUILDDIR/Car-1.0.gir" >"$folder/introspection.ts" 2>"$folder/log" &&
    compiles "$folder/introspection.ts" && true
result "they say what the introspection says"

sed 's/<method name="get_base_url"/<method name="added_since"/' "$TOP_BUILDDIR/Car-1.0.gir" >"$folder/changed.gir"
"$PYTHON_GI" "$tests/javascript-types.py" "$folder/changed.gir" >"$folder/changed.ts"
! compiles "$folder/changed.ts" && grep -q '"not declared", "added_since"' "$folder/log" &&
    grep -q '"not there", "get_base_url"' "$folder/log" && true
result "they must say what the introspection says"

for beside in "" "$tests/javascript-girs.d.ts"; do
    compiles "$tests/javascript-connector.ts" "$tests/javascript-misuse.ts" ${beside:+"$beside"} && true
    result "connectors${beside:+, beside other declarations}"
done

cat >"$folder/unknown.ts" <<'TS'
import GLib from 'gi://GLib';
import Soup from 'gi://Soup?version=3.0';

export const session = new Soup.Session({timeout: 5});
GLib.file_get_contents_of('x');
TS
compiles "$folder/unknown.ts" && true
result "alone, they know nothing of other libraries"
! compiles "$folder/unknown.ts" "$tests/javascript-girs.d.ts" && grep -q file_get_contents_of "$folder/log" && true
result "what others declare wins"

tsc --strict --target es2022 --module es2022 --typeRoots "$folder/none" --outDir "$folder" "$declarations" "$tests/javascript-gjs.d.ts" \
    "$tests/javascript-connector.ts" >"$folder/log" 2>&1 && true
result "the connector is made JavaScript"

"$PYTHON_GI" "$tests/javascript-run.py" "$GJS" "$folder/javascript-connector.js" >"$folder/log" 2>&1 && true
result "it imports and fails as it should"

printf '1..%d\n' $number
exit $failed
