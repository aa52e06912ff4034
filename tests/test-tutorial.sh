#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/tutorial.py, with what is built here.
set -euo pipefail

. "$TOP_SRCDIR/tests/python.sh"

exec "$PYTHON_GI" "$TOP_SRCDIR/tests/tutorial.py"
