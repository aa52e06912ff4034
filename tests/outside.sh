# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced: connectors written outside the tree, the guides' own among them, against the libcar that is found where the
# environment says. DOCS is the folder of the guides, EXAMPLES that of the examples, PATH leads to car-service.

# shellcheck source=tests/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

service=
clean_up() {
    [ -z "$service" ] || kill "$service" 2>/dev/null || true
    rm -rf "$folder"
}
trap clean_up EXIT

# block GUIDE LANGUAGE: the first block of that language, as it stands there; the connector, in each of them.
block() {
    awk -v fence="\`\`\`$2" 'inside && /^```/ { exit } $0 == fence { inside = 1; next } inside' "$DOCS/$1"
}

# exits CODE WHAT COMMAND...: fails the test WHAT, with the command's log, where it exits with another code.
exits() {
    local code=0 wanted=$1 what=$2
    shift 2
    "$@" >"$folder/log" 2>&1 || code=$?
    [ $code -eq "$wanted" ] || fail "$what (exit code $code)"
}

# imports WHAT ASSETS EDGES COMMAND...: fails the test WHAT where the command does not add so many to the service.
imports() {
    local what=$1 assets=$2 edges=$3
    shift 3
    assets=$((assets + $(count asset))) edges=$((edges + $(count asset_ipaddress)))
    exits 0 "$what" "$@"
    [ "$(count asset) $(count asset_ipaddress)" = "$assets $edges" ] || fail "$what: it is in the service"
}

# count COLLECTION: how many of it are in the service.
count() {
    curl -sS -u key:password -H 'Content-Type: application/json' \
        --data "{\"query\":\"{ all: $1 { source } }\"}" "${CAR_SERVICE_URL%/v2}/v3/query" |
        jq '.data.all | length'
}

# wait_for FILE: until something is in it.
wait_for() {
    for _ in $(seq 300); do
        [ ! -s "$1" ] || return 0
        sleep 0.1
    done
    return 1
}

start_service() {
    export CAR_SERVICE_URL CAR_SERVICE_KEY=key CAR_SERVICE_PASSWORD=password CAR_STATE_DIR=$folder/state
    car-service --database :memory: --port-file "$folder/port" >"$folder/service.log" 2>&1 &
    service=$!
    wait_for "$folder/port" || { cp "$folder/service.log" "$folder/log"; fail "the installed service starts"; }
    CAR_SERVICE_URL=http://127.0.0.1:$(cat "$folder/port")/api/car/v2
    ok "the installed service starts"
}

# compile SOURCE PROGRAM
compile() {
    local flags sanitizers
    read -ra flags < <(pkg-config --cflags --libs car-1.0)
    read -ra sanitizers <<<"${SANITIZER_CFLAGS-}"
    exits 0 "$1 compiles" "${CC:-cc}" -Wall -Wextra -Wno-unused-parameter -Werror "${sanitizers[@]}" \
        -o "$folder/$2" "$1" "${flags[@]}"
}

# What uses the pieces of guide.md.
pieces_main() {
    cat <<'C'
typedef CarApp Pieces;
typedef CarAppClass PiecesClass;
G_DEFINE_TYPE (Pieces, pieces, CAR_TYPE_APP)
static void pieces_class_init (PiecesClass *klass) {}
static void pieces_init (Pieces *self) { add_settings (self); }

int
main (int argc, char **argv)
{
  g_autoptr (CarApp) app = g_object_new (pieces_get_type (), NULL);
  g_autoptr (CarClient) client = car_client_new (g_getenv ("CAR_SERVICE_URL"), "key", "password", NULL);
  g_autoptr (GBytes) found = find_assets (client, "Web server", NULL, NULL);

  return car_app_get_integer_setting (app, "timeout") == 60 && car_app_get_boolean_setting (app, "verify") &&
         g_str_equal (car_app_get_setting (app, "region"), "eu") && car_app_get_setting (app, "ca") == NULL &&
         g_strstr_len (g_bytes_get_data (found, NULL), g_bytes_get_size (found), "Web server") != NULL ? 0 : 1;
}
C
}

try_c() {
    compile "$EXAMPLES/example-connector.c" connector
    imports "the example in C imports" 1 0 "$folder/connector" -source outside
    ok "a connector in C compiles and imports"

    block guide.md c >"$folder/inventory.c"
    compile "$folder/inventory.c" inventory
    block guide.md '' >"$folder/inventory.csv"
    imports "the guide's connector imports" 2 2 "$folder/inventory" -source guide -file "$folder/inventory.csv"
    echo 'one field' >"$folder/inventory.csv"
    exits 55 "the guide's connector fails as the guide says" \
        "$folder/inventory" -source guide -file "$folder/inventory.csv"
    exits 51 "the guide's connector tests its data source" \
        "$folder/inventory" -connection-test -file "$folder/none"
    ok "the guide's connector compiles, imports, and fails as it should"

    block guide.md 'c test' >"$folder/inventory-test.c"
    compile "$folder/inventory-test.c" inventory-test
    exits 0 "the guide's test passes" env TMPDIR="$folder" "$folder/inventory-test"
    ok "the guide's test of a connector compiles and passes"

    { echo '#include <libcar/car.h>'; block guide.md 'c settings'; block guide.md 'c call'; pieces_main; } >"$folder/pieces.c"
    compile "$folder/pieces.c" pieces
    exits 0 "the guide's settings and call work" "$folder/pieces"
    ok "the guide's settings and call compile and work"
}

# try_vala OPTION...
try_vala() {
    exits 0 "the example in Vala compiles" "$VALAC" --fatal-warnings "$@" --pkg car-1.0 -X -w \
        --directory "$folder" -o vala-connector "$EXAMPLES/example-connector.vala"
    imports "the example in Vala imports" 1 0 "$folder/vala-connector" -source vala
    EXAMPLE_FAILS=1 exits 52 "the example in Vala fails as it wants to" "$folder/vala-connector" -connection-test
    ok "a connector in Vala compiles, imports and fails"
}

# try_new LANGUAGE MAKE-ARGUMENT...: what carctl writes builds, and passes its tests.
try_new() {
    local language=$1
    shift
    rm -rf "${folder:?}/new"
    exits 0 "carctl new --language $language" carctl new new --language "$language" --folder "$folder/new"
    exits 0 "the new connector ($language) passes its tests" env -u MAKEFLAGS -u MAKELEVEL make -C "$folder/new" check "$@"
    ok "a new connector ($language) builds, and passes its tests"
}

# try_guide GUIDE LANGUAGE: a guide's connector that is a script.
try_guide() {
    local connector=$folder/car-connector-csv
    block "$1" "$2" >"$connector"
    chmod +x "$connector"
    [ "$(wc -l <"$connector")" -lt 65 ] || fail "the connector of $1 is short"
    printf 'id,name,address\n%s-1,Web server,192.0.2.1\n%s-2,Database,192.0.2.2\n' "$2" "$2" >"$folder/assets.csv"
    imports "the connector of $1 imports" 2 2 "$connector" -source "$1" -file "$folder/assets.csv"
    exits 51 "the connector of $1 raises its failures" "$connector" -connection-test -file "$folder/none.csv"
    grep -q '"connector":"car-connector-csv"' "$folder/log" || fail "the connector of $1 is named like its file"
    ok "the connector of $1 imports, and fails as it should"
}
