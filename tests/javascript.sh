# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For tests of the JavaScript binding, sourced: what is built here, for gjs.

skip() {
    printf '1..0 # SKIP %s\n' "$1"
    exit 0
}

[ "$GJS" != no ] || skip "there is no gjs"
[ -e "$TOP_BUILDDIR/Car-1.0.typelib" ] || skip "built without introspection"
[ -z "$SANITIZER_CFLAGS" ] || skip "gjs is not built with sanitizers"

export GI_TYPELIB_PATH=$TOP_BUILDDIR LD_LIBRARY_PATH=$TOP_BUILDDIR/libcar/.libs
export GJS_PATH=$TOP_SRCDIR/bindings/javascript
