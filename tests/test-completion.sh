#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Completion: what bash's offers for a line, of each program; that zsh and fish can read theirs.
set -euo pipefail

. "$TOP_SRCDIR/tests/tap.sh"

mkdir "$folder/car"
touch "$folder/car/one.conf" "$folder/car/two.conf" "$folder/car/other"
for shell in bash zsh fish; do
    sed -e 's|@PROGRAM@|car-program|g' -e "s|@CONFDIR@|$folder/car|g" "$TOP_SRCDIR/completions/car.$shell.in" >"$folder/$shell"
done
# shellcheck source=/dev/null
. "$folder/bash"
complete -p car-program | grep -q '_car_options' || fail "bash is told of the program"

# offers WANTED WORD...: the last word is what the line ends with.
offers() {
    local wanted=$1
    shift
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    _car_options "$1" || true
    [ "${COMPREPLY[*]}" = "$wanted" ] || fail "$* offers '${COMPREPLY[*]}', not '$wanted'"
}
host=$TOP_BUILDDIR/connectors/host/car-connector-host
for program in "$host" "$TOP_BUILDDIR/service/car-service" "$TOP_BUILDDIR/fault/car-fault-service" \
    "$TOP_BUILDDIR/car-asset-server" "$TOP_BUILDDIR/connectors/reference/c/car-connector-reference" \
    "$TOP_BUILDDIR/runner/car-connector"; do
    wanted=$("$program" --help | grep -oE '^  (-[a-z], )?--[A-Za-z][A-Za-z0-9_-]*' | grep -oE -- '--.*' | tr '\n' ' ')
    offers "${wanted% }" "$program" -
    ok "all options of ${program##*/}"
done
offers "--root" "$host" --ro
offers "--keep-export-data-dir --keep-staged" "$host" --keep
offers "json text auto" "$host" --log-format ""
offers "json" "$host" -log-format j
offers "json text auto" "$host" --log-format =
offers "text" "$host" --log-format = t
offers "" "$host" --source ""
offers "" "$host" --debug ""
ok "options and choices"
cd "$folder"
offers "car" "$host" --root c
offers "bash" "$host" --car-service-ca b
ok "files and folders"
runner=$TOP_BUILDDIR/runner/car-connector
offers "run check" "$runner" ""
offers "check" "$runner" c
offers "one two" "$runner" run ""
offers "two" "$runner" check t
ok "connections"
carctl=$TOP_BUILDDIR/carctl/carctl
wanted=$(LC_ALL=C "$carctl" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | tr '\n' ' ')
offers "${wanted% }" "$carctl" ""
offers "query" "$carctl" q
offers "--json --help" "$carctl" status --
offers "c python javascript vala" "$carctl" new --language ""
offers "bash" "$carctl" diff b
for shell in zsh fish; do
    grep -q -- "${wanted% }" "$folder/$shell" || fail "$shell knows the commands of carctl"
done
ok "commands, and their options"
service=$TOP_BUILDDIR/service/car-service
offers "token backup check usage vacuum copy" "$service" ""
offers "bash" "$service" backup b
offers "--database --help" "$service" check -
offers "--json --database --help" "$service" usage -
offers "add list revoke" "$service" token ""
offers "--read-only --source --database --help" "$service" token -
ok "commands of car-service"
offers "" "$folder/none" -
ok "a program that is not there offers nothing"

for shell in zsh fish; do
    number=$((number + 1))
    if ! command -v $shell >/dev/null; then
        printf 'ok %d - %s # SKIP there is no %s\n' $number $shell $shell
    elif $shell -n "$folder/$shell"; then
        printf 'ok %d - %s\n' $number $shell
    else
        printf 'not ok %d - %s\n' $number $shell
    fi
done
printf '1..%d\n' $number
