#!/bin/sh
# Runs the connector against a service of its own: test-connector.sh CONNECTOR
set -eu

connector=$(realpath "$1")
cd "$(dirname "$0")"
folder=$(mktemp -d)
service=
clean_up() {
    [ -z "$service" ] || kill "$service"
    rm -rf "$folder"
}
trap clean_up EXIT

fail() {
    cat "$folder/log"
    echo "FAILED: $1"
    exit 1
}

# run CODE OPTION...: the connector exits with this code.
run() {
    wanted=$1 code=0
    shift
    "$connector" "$@" >"$folder/log" 2>&1 || code=$?
    [ $code -eq "$wanted" ] || fail "exit code $code, not $wanted: $*"
}

# has WHAT SOURCE NAME...: the service has assets of these names, and no other.
has() {
    what=$1 source=$2
    shift 2
    carctl query "{ asset(where: {source: {_eq: \"$source\"}}, order_by: {external_id: asc}) { name } }" |
        grep -o '"name":"[^"]*"' | cut -d '"' -f 4 >"$folder/there" || true
    [ "$(cat "$folder/there")" = "$(printf '%s\n' "$@")" ] || fail "$what: $(tr '\n' ',' <"$folder/there")"
    echo "ok: $what"
}

export CAR_SERVICE_KEY=tester CAR_SERVICE_PASSWORD=password CAR_STATE_DIR="$folder/state"
car-service --database :memory: --port-file "$folder/port" >"$folder/service.log" 2>&1 &
service=$!
until [ -s "$folder/port" ]; do
    kill -0 $service 2>/dev/null || { cat "$folder/service.log"; exit 1; }
    sleep 0.1
done
CAR_SERVICE_URL="http://127.0.0.1:$(cat "$folder/port")/api/car/v2"
export CAR_SERVICE_URL

file=$folder/machines.csv
cp ../example.csv "$file"
run 0 -connection-test -file "$file"
run 51 -connection-test -file "$folder/none"
echo "ok: the connection test"

run 0 -source test -file "$file"
has "a full import" test "Web server" "Mail server" "Scanner"

run 0 -source test -file "$file"
has "nothing changed" test "Web server" "Mail server" "Scanner"

sed -i -e 's/192.0.2.1,used,.*/192.0.2.10,used,2026-03-03T09:00:00Z/' -e 's/Mail server,192.0.2.2,used,.*/Mail server,192.0.2.2,retired,2026-03-03T09:30:00Z/' "$file"
run 0 -source test -file "$file"
grep -q 'Incremental import' "$folder/log" || fail "the import is incremental"
has "an incremental import" test "Web server" "Scanner"
carctl query '{ asset(where: {external_id: {_eq: "1"}}) { ipaddresses { ipaddress { name } } } }' >"$folder/there"
[ "$(grep -o '192[.0-9]*' "$folder/there")" = 192.0.2.10 ] || fail "the address: $(cat "$folder/there")"
echo "ok: an address that changed"

run 0 -source again -file "$file"
has "a full import is the same as the incremental ones" again "Web server" "Scanner"

head -n 1 ../example.csv >"$file"
run 12 -source test -file "$file"
has "an empty file closes nothing" test "Web server" "Scanner"

echo 'one field' >>"$file"
run 55 -source test -file "$file"
has "a line that is wrong changes nothing" test "Web server" "Scanner"

# What every connector has to do: “carctl check --help”.
cp ../example.csv "$file"
carctl check --folder "$folder/checked" --only settings --only left-out --only edges --only broken --only killed-change \
    --change "sed -i -e 's/192.0.2.1,used,.*/192.0.2.10,used,2026-03-03T09:00:00Z/' -e '/Mail/s/used,.*/retired,2026-03-03T09:30:00Z/' '$file'" \
    --break "mv '$file' '$file.gone'" --mend "mv '$file.gone' '$file'" "$connector" -- -file "$file"
