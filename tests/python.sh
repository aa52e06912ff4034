# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For tests of the Python binding, sourced: what is built here, for the Python with PyGObject that configure found.

skip() {
    printf '1..0 # SKIP %s\n' "$1"
    exit 0
}

[ "$PYTHON_GI" != no ] || skip "there is no python3 with PyGObject"
[ -e "$TOP_BUILDDIR/Car-1.0.typelib" ] || skip "built without introspection"

export GI_TYPELIB_PATH=$TOP_BUILDDIR LD_LIBRARY_PATH=$TOP_BUILDDIR/libcar/.libs
export PYTHONPATH=$TOP_SRCDIR/bindings/python PYTHONDONTWRITEBYTECODE=1
