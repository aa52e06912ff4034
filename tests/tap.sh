# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced: a test in TAP, with a folder for its files, which goes at the end. What a command said is in $folder/log.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

number=0
ok() {
    number=$((number + 1))
    printf 'ok %d - %s\n' $number "$1"
}
fail() {
    [ ! -e "$folder/log" ] || sed 's/^/# /' "$folder/log"
    number=$((number + 1))
    printf 'not ok %d - %s\n1..%d\n' $number "$1" $number
    exit 1
}
