#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is kept of the page of car-service is made of the sources that are here. ./dev page makes it.
set -euo pipefail

. "$TOP_SRCDIR/tests/tap.sh"

cd "$TOP_SRCDIR/service/page"
sha256sum --check --quiet dist/sources.sha256 >"$folder/log" 2>&1 || fail "service/page/dist is made of what is in service/page/src: run ./dev page"
ok "service/page/dist is made of what is in service/page/src"

for file in src/*; do
    grep -q "  $file\$" dist/sources.sha256 || fail "$file is in service/page/dist: run ./dev page"
done
ok "and of all of it"
printf '1..%d\n' "$number"
