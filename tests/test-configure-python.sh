#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# configure takes the python3 that has PyGObject, though another stands first in PATH, and --with-python-overrides says
# where Python's part is installed.
set -euo pipefail

. "$TOP_SRCDIR/tests/python.sh"
[ ! -e "$TOP_SRCDIR/config.status" ] || skip "the source folder is built in itself"

. "$TOP_SRCDIR/tests/tap.sh"

# install_with OPTION...: leaves what Python needs in $folder/root.
install_with() {
    rm -rf "$folder/root" "$folder/build"
    mkdir "$folder/build"
    (cd "$folder/build" && env -u PYTHON "$TOP_SRCDIR/configure" --cache-file="$folder/cache" --enable-introspection \
        --prefix=/the/prefix "$@") >"$folder/log" 2>&1 || return
    env -u MAKEFLAGS -u MAKELEVEL make -s -C "$folder/build" DESTDIR="$folder/root" install-pythonoverridesDATA \
        install-pythonstubsDATA install-pythonrepositorystubsDATA >>"$folder/log" 2>&1
}

# is_in FOLDER: the overrides, and the stubs beside the folder that they are about, and nothing else.
is_in() {
    [ "$(find "$folder/root" -name Car.py)" = "$folder/root$1/gi/overrides/Car.py" ] &&
        [ "$(find "$folder/root" -name Car.pyi)" = "$folder/root$1/gi-stubs/repository/Car.pyi" ]
}

install_with || fail "configure"
[ "$(sed -n 's/^PYTHON_GI = //p' "$folder/build/Makefile")" = "$PYTHON_GI" ] || fail "the python3 with PyGObject is taken"
ok "the python3 with PyGObject is taken, though another stands first in PATH"

is_in /the/prefix/lib/python3/dist-packages || fail "by default, Python's part is under the prefix"
ok "by default, Python's part is under the prefix"

install_with --with-python-overrides=auto || fail "configure with auto"
gi=$("$PYTHON_GI" -c 'import gi; print(gi._overridesdir)')
is_in "${gi%/gi/overrides}" || fail "auto is where PyGObject looks"
ok "auto is where PyGObject looks"

install_with --with-python-overrides=/else/where/gi/overrides || fail "configure with a folder"
is_in /else/where || fail "a folder is that folder"
PYTHONPATH=$folder/root/else/where "$PYTHON_GI" -c 'import gi; gi.require_version("Car", "1.0")
from gi.repository import Car; raise SystemExit(Car.__path__ is None or not issubclass(Car.Failure, Exception))' \
    >"$folder/log" 2>&1 || fail "PYTHONPATH finds it there"
ok "a folder is that folder, and PYTHONPATH finds it there"

install_with --without-python-overrides || fail "configure without"
[ -z "$(find "$folder/root" -name 'Car.py*' 2>/dev/null)" ] || fail "without, nothing is installed"
ok "without, nothing is installed"

! install_with --with-python-overrides=overrides || fail "a relative folder is refused"
grep -q 'must be an absolute path' "$folder/log" || fail "the refusal says why"
ok "a relative folder is refused"
printf '1..%d\n' $number
