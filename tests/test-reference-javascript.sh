#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The reference connector in JavaScript does what the one in C does.
set -euo pipefail

. "$TOP_SRCDIR/tests/javascript.sh"
[ "$PYTHON_GI" != no ] || skip "there is no python3"

connector=$TOP_SRCDIR/connectors/reference/javascript/car-connector-reference-javascript.js
export CAR_TEST_REFERENCE_CONNECTOR="'$GJS' -m '$connector' --"
. "$TOP_SRCDIR/tests/reference.sh"
