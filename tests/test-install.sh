#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is installed under a prefix is enough: connectors outside the tree find it with what the guides say to set.
set -euo pipefail

DOCS=$TOP_SRCDIR/docs EXAMPLES=$TOP_SRCDIR/tests
. "$TOP_SRCDIR/tests/outside.sh"

exits 0 "install" env -u MAKEFLAGS -u MAKELEVEL make -s -C "$TOP_BUILDDIR" install DESTDIR="$folder/root"
prefix=$(dirname "$(dirname "$(find "$folder/root" -name car-service -path '*/bin/*')")")
ok "install"

# The guides call the prefix ~/car, and its folder of libraries lib.
export HOME=$folder/home
mkdir "$HOME"
ln -s "$prefix" "$HOME/car"
libdir=$(dirname "$(find "$folder/root" -name libcar-1.0.so.0)")
[ "$libdir" = "$prefix/lib" ] || ln -s "$libdir"/* "$prefix/lib/"

for file in bin/car-service bin/car-fault-service bin/carctl bin/car-connector bin/car-connector-host bin/car-connector-reference bin/car-asset-server \
    share/libcar/connectors/reference/configurations/config.json share/man/man1/car-connector-reference.1 \
    lib/libcar-1.0.so.0 lib/pkgconfig/car-1.0.pc share/doc/libcar/guide.md \
    share/bash-completion/completions/car-connector share/zsh/site-functions/_car-connector \
    share/fish/vendor_completions.d/car-connector.fish share/man/man7/car-connector.7 \
    lib/systemd/system/car-connector@.service share/man/man8/car-connector@.8 \
    include/libcar-1.0/libcar/car.h share/man/man1/car-service.1 share/man/man1/car-connector-host.1; do
    [ -e "$prefix/$file" ] || fail "$file is installed"
done
if [ -e "$TOP_BUILDDIR/Car-1.0.typelib" ]; then
    [ -e "$prefix/share/gir-1.0/Car-1.0.gir" ] || fail "the GIR is installed"
    [ -e "$prefix/lib/girepository-1.0/Car-1.0.typelib" ] || fail "the typelib is installed"
fi
ok "all parts are installed"

# It is installed below DESTDIR: its pkg-config file speaks of where it would be without.
sed -i "s|^prefix=.*|prefix=$HOME/car|" "$prefix/lib/pkgconfig/car-1.0.pc"

# as_in GUIDE: the environment is what this guide says, and nothing else.
as_in() {
    unset PKG_CONFIG_PATH LD_LIBRARY_PATH GI_TYPELIB_PATH PYTHONPATH GJS_PATH
    eval "$(sed -n 's/^ *\(export .*=~\/car\/.*\)/\1/p' "$DOCS/$1")"
}

as_in guide.md
PATH=$prefix/bin:$PATH
start_service
try_c
[ -n "${SANITIZER_CFLAGS-}" ] || try_new c
scripts=
[ ! -e "$TOP_BUILDDIR/Car-1.0.typelib" ] || [ -n "${SANITIZER_CFLAGS-}" ] || scripts=yes
if [ -e "$TOP_BUILDDIR/car-1.0.vapi" ] && [ "$VALAC" != no ] && [ -z "${SANITIZER_CFLAGS-}" ]; then
    try_vala --vapidir "$prefix/share/vala/vapi"
    try_new vala VALAFLAGS="--vapidir $prefix/share/vala/vapi"
fi

if [ -n "$scripts" ] && [ "$GJS" != no ]; then
    as_in guide-javascript.md
    try_guide guide-javascript.md js
    try_new javascript
    unset GJS_PATH
    XDG_DATA_DIRS=$prefix/share exits 51 "the override is found among the system's data" \
        "$folder/car-connector-csv" -connection-test -file "$folder/none.csv"
    ok "the override is found among the system's data"
fi

if [ -n "$scripts" ] && [ "$PYTHON_GI" != no ]; then
    as_in guide-python.md
    export PYTHONDONTWRITEBYTECODE=1
    try_guide guide-python.md python
    try_new python
    try_guide guide-car-framework.md python

    if [ -x /usr/bin/mypy ]; then
        block guide-python.md python >"$folder/csv_connector.py"
        cd "$folder"
        PATH=/usr/bin:/bin exits 0 "mypy finds the types where the guide says" \
            bash -euc "$(sed -n '/^    mkdir ~\/stubs/,/^    MYPYPATH/p' "$DOCS/guide-python.md")"
        ok "mypy finds the types where the guide says"
    fi
fi
printf '1..%d\n' $number
