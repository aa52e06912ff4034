#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is installed is enough: a program outside the tree finds it with pkg-config, and imports with it.
set -euo pipefail

folder=$(mktemp -d)
service=
trap '[ -z "$service" ] || kill "$service" 2>/dev/null || true; rm -rf "$folder"' EXIT

number=0
ok() {
    number=$((number + 1))
    printf 'ok %d - %s\n' $number "$1"
}
fail() {
    number=$((number + 1))
    printf 'not ok %d - %s\n1..%d\n' $number "$1" $number
    exit 1
}

env -u MAKEFLAGS -u MAKELEVEL make -s -C "$TOP_BUILDDIR" install DESTDIR="$folder/root" >"$folder/log" 2>&1 ||
    { sed 's/^/# /' "$folder/log"; fail "install"; }
prefix=$(dirname "$(dirname "$(find "$folder/root" -name car-service -path '*/bin/*')")")
ok "install"

for file in bin/car-service bin/car-connector-host bin/car-connector-reference bin/car-asset-server \
    share/libcar/connectors/reference/configurations/config.json share/man/man1/car-connector-reference.1 \
    lib/libcar-1.0.so.0 lib/pkgconfig/car-1.0.pc \
    include/libcar-1.0/libcar/car.h share/man/man1/car-service.1 share/man/man1/car-connector-host.1; do
    [ -e "$prefix/$file" ] || fail "$file is installed"
done
if [ -e "$TOP_BUILDDIR/Car-1.0.typelib" ]; then
    [ -e "$prefix/share/gir-1.0/Car-1.0.gir" ] || fail "the GIR is installed"
    [ -e "$prefix/lib/girepository-1.0/Car-1.0.typelib" ] || fail "the typelib is installed"
fi
ok "all parts are installed"

# It is installed below DESTDIR: its pkg-config file speaks of where it would be without.
sed "s|^prefix=.*|prefix=$prefix|" "$prefix/lib/pkgconfig/car-1.0.pc" >"$folder/car-1.0.pc"
export PKG_CONFIG_PATH=$folder LD_LIBRARY_PATH=$prefix/lib
read -ra flags < <(pkg-config --cflags --libs car-1.0)
read -ra sanitizers <<<"${SANITIZER_CFLAGS-}"
(cd "$folder" && cc -Wall -Wextra -Wno-unused-parameter -Werror "${sanitizers[@]}" -o connector \
    "$TOP_SRCDIR/tests/example-connector.c" "${flags[@]}") 2>"$folder/log" || { sed 's/^/# /' "$folder/log"; fail "a program outside the tree compiles"; }
ok "a program outside the tree compiles"

CAR_SERVICE_KEY=key CAR_SERVICE_PASSWORD=password "$prefix/bin/car-service" --database :memory: \
    --port-file "$folder/port" >"$folder/service.log" 2>&1 &
service=$!
for _ in $(seq 300); do
    [ ! -s "$folder/port" ] || break
    sleep 0.1
done
[ -s "$folder/port" ] || { sed 's/^/# /' "$folder/service.log"; fail "the installed service starts"; }
ok "the installed service starts"

CAR_SERVICE_URL=http://127.0.0.1:$(cat "$folder/port")/api/car/v2
export CAR_SERVICE_URL CAR_SERVICE_KEY=key CAR_SERVICE_PASSWORD=password
"$folder/connector" -source outside >"$folder/log" 2>&1 || { sed 's/^/# /' "$folder/log"; fail "it imports"; }
ok "it imports"

# count COLLECTION: how many of it are in the service.
count() {
    curl -sS -u key:password -H 'Content-Type: application/json' \
        --data "{\"query\":\"{ all: $1_aggregate { aggregate { count } } }\"}" "${CAR_SERVICE_URL%/v2}/v3/query" |
        jq '.data.all.aggregate.count'
}
[ "$(count asset)" -eq 1 ] || fail "its objects are in the service"
ok "its objects are in the service"

if [ -e "$TOP_BUILDDIR/car-1.0.vapi" ] && [ "$VALAC" != no ] && [ -z "${SANITIZER_CFLAGS-}" ]; then
    (cd "$folder" && "$VALAC" --fatal-warnings --vapidir "$prefix/share/vala/vapi" --pkg car-1.0 -X -w \
        -o vala-connector "$TOP_SRCDIR/tests/example-connector.vala") >"$folder/log" 2>&1 ||
        { sed 's/^/# /' "$folder/log"; fail "a connector in Vala compiles"; }
    "$folder/vala-connector" -source vala >"$folder/log" 2>&1 || { sed 's/^/# /' "$folder/log"; fail "it imports"; }
    [ "$(count asset)" -eq 2 ] || fail "the objects of the connector in Vala are in the service"
    code=0
    EXAMPLE_FAILS=1 "$folder/vala-connector" -connection-test >"$folder/log" 2>&1 || code=$?
    [ $code -eq 52 ] || { sed 's/^/# /' "$folder/log"; fail "the connector in Vala fails as it wants to"; }
    ok "a connector in Vala compiles, imports and fails"
fi

# connector_of GUIDE LANGUAGE: the connector in a page, as it stands there.
connector_of() {
    awk -v fence="\`\`\`$2" '$0 == fence { inside = 1; next } /^```/ && inside { exit } inside' "$TOP_SRCDIR/docs/$1"
}

if [ -e "$TOP_BUILDDIR/Car-1.0.typelib" ] && [ "$GJS" != no ] && [ -z "${SANITIZER_CFLAGS-}" ]; then
    connector_of guide-javascript.md js >"$folder/car-connector-csv"
    chmod +x "$folder/car-connector-csv"
    [ "$(wc -l <"$folder/car-connector-csv")" -lt 60 ] || fail "the connector of the JavaScript guide is short"
    printf 'id,name,address\na,Web server,192.0.2.1\nb,Database,192.0.2.2\n' >"$folder/assets.csv"
    export GI_TYPELIB_PATH=$prefix/lib/girepository-1.0
    GJS_PATH=$prefix/share/gjs-1.0 "$folder/car-connector-csv" -source offices -file "$folder/assets.csv" \
        >"$folder/log" 2>&1 || { sed 's/^/# /' "$folder/log"; fail "the connector of the JavaScript guide imports"; }
    [ "$(count asset_ipaddress)" -eq 2 ] || fail "the objects of the JavaScript guide are in the service"
    ok "the connector of the JavaScript guide imports"

    code=0
    XDG_DATA_DIRS=$prefix/share "$folder/car-connector-csv" -connection-test -file "$folder/none.csv" \
        >"$folder/log" 2>&1 || code=$?
    [ $code -eq 51 ] || { sed 's/^/# /' "$folder/log"; fail "the override is found among the system's data"; }
    ok "the override is found among the system's data"
fi

# The connector of the guide, as it stands there.
awk '/^```c$/ && !found { found = inside = 1; next } /^```/ { inside = 0 } inside' "$TOP_SRCDIR/docs/guide.md" \
    >"$folder/inventory.c"
(cd "$folder" && cc -Wall -Wextra -Wno-unused-parameter -Werror "${sanitizers[@]}" -o inventory inventory.c \
    "${flags[@]}") 2>"$folder/log" || { sed 's/^/# /' "$folder/log"; fail "the guide's connector compiles"; }
awk '/^```$/ && !found { found = inside = 1; next } /^```/ { inside = 0 } inside' "$TOP_SRCDIR/docs/guide.md" \
    >"$folder/inventory.csv"
assets=$(count asset) edges=$(count asset_ipaddress)
"$folder/inventory" -source guide -file "$folder/inventory.csv" >"$folder/log" 2>&1 ||
    { sed 's/^/# /' "$folder/log"; fail "the guide's connector imports"; }
[ "$(count asset) $(count asset_ipaddress)" = "$((assets + 2)) $((edges + 2))" ] || fail "the guide's objects are in the service"
echo 'one field' >"$folder/inventory.csv"
code=0
"$folder/inventory" -source guide -file "$folder/inventory.csv" >"$folder/log" 2>&1 || code=$?
[ $code -eq 55 ] || fail "the guide's connector fails as the guide says"
code=0
"$folder/inventory" -connection-test -file "$folder/none" >"$folder/log" 2>&1 || code=$?
[ $code -eq 51 ] || fail "the guide's connector tests its data source"
ok "the guide's connector compiles, imports, and fails as it should"

# The guide's connector, with the paths that the guide names. (With sanitizers, Python would need their library first.)
if [ -e "$TOP_BUILDDIR/Car-1.0.typelib" ] && [ "$PYTHON_GI" != no ] && [ -z "${SANITIZER_CFLAGS-}" ]; then
    overrides=$(find "$prefix" -name Car.py -path '*/gi/overrides/*')
    [ -n "$overrides" ] || fail "the Python overrides are installed"
    connector_of guide-python.md python >"$folder/connector.py"
    printf 'id,name,address\noutside-python,python,10.0.0.9\n' >"$folder/rows.csv"
    (cd "$folder" && GI_TYPELIB_PATH=$prefix/lib/girepository-1.0 PYTHONPATH=${overrides%/gi/overrides/Car.py} \
        "$PYTHON_GI" connector.py -file rows.csv -source outside-python) >"$folder/log" 2>&1 ||
        { sed 's/^/# /' "$folder/log"; fail "a connector in Python outside the tree imports"; }
    ok "a connector in Python outside the tree imports"
fi
printf '1..%d\n' $number
