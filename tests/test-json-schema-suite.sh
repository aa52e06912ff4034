#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The public JSON-Schema-Test-Suite, where Debian's libtest-json-schema-acceptance-perl is installed, and our own cases.

folders=("$TOP_SRCDIR/tests/json-schema")
suite=/usr/share/perl5/auto/share/dist/Test-JSON-Schema-Acceptance/tests/draft2020-12
if [ -d "$suite" ]; then
  folders+=("$suite")
else
  echo "# the public suite is not installed (libtest-json-schema-acceptance-perl): our own cases alone"
fi
exec "$TOP_BUILDDIR/tests/json-schema-suite" "${folders[@]}"
