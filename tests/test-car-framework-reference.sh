#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The reference connector on car_framework does what the one in C does.
set -euo pipefail

. "$TOP_SRCDIR/tests/python.sh"
"$PYTHON_GI" -c 'import requests' 2>/dev/null || skip "there is no requests for $PYTHON_GI"

export CAR_TEST_REFERENCE_CONNECTOR="'$PYTHON_GI' '$TOP_SRCDIR/tests/car-framework/reference/app.py'"
. "$TOP_SRCDIR/tests/reference.sh"
