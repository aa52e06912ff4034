#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# car-connector-host against a real car-service: a made-up machine first, whose graph is known; then this one.
set -euo pipefail
unset HOST_ROOT

connector=$TOP_BUILDDIR/connectors/host/car-connector-host
. "$TOP_SRCDIR/tests/tap.sh"
service=
trap '[ -z "$service" ] || kill "$service" 2>/dev/null || true; rm -rf "$folder"' EXIT

# run WANTED ARGUMENT...: the connector, whose exit code must be WANTED.
run() {
    local wanted=$1 code=0
    shift
    "$connector" "$@" >"$folder/log" 2>&1 || code=$?
    [ $code = "$wanted" ] || fail "exit code $code instead of $wanted: $*"
}
says() {
    grep -q -- "$1" "$folder/log" || fail "the log says: $1"
}
query() {
    jq -n --arg query "$1" '{query: $query}' |
        curl -sS --fail-with-body -K <(printf 'user = "key:password"\n') -H 'Content-Type: application/json' \
            --data-binary @- "${CAR_SERVICE_URL%/v2}/v3/query"
}
# answers QUERY FILTER WANTED
answers() {
    local answer
    answer=$(query "$1" | jq -c "$2") || fail "an answer to $1"
    [ "$answer" = "$3" ] || fail "$1 | $2: $answer instead of $3"
}
count_imports() {
    grep -cE 'POST .*/imports' "$folder/service.log" || true
}

# The machine: two people, two packages, one program listening on all addresses and one on the loopback.
root=$folder/machine
id=844829a25dc442278238d71c7c491549
package() {
    printf 'Package: %s\nStatus: install ok installed\nArchitecture: amd64\nVersion: %s\nDescription: a test\n\n' "$@"
}
make_machine() {
    mkdir -p "$root"/{etc,var/lib/dpkg/info,sys/class/net/eth0} "$root"/proc/{1/net,100/fd,200/fd}
    echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
    echo web1 >"$root/etc/hostname"
    echo '127.0.1.1 web1.example.com web1' >"$root/etc/hosts"
    printf '%s\n' 'root:x:0:0:root:/root:/bin/bash' 'www:x:33:33::/var/www:/usr/sbin/nologin' \
        'ann:x:1000:1000:Ann Noether,,,:/home/ann:/bin/sh' >"$root/etc/passwd"
    echo 'PRETTY_NAME="Test Linux 1"' >"$root/etc/os-release"
    { package webd 1.0; package cachd 2.0; } >"$root/var/lib/dpkg/status"
    echo /usr/sbin/webd >"$root/var/lib/dpkg/info/webd.list"
    echo 02:00:00:00:00:01 >"$root/sys/class/net/eth0/address"
    echo 'fd000000000000000000000000000005 04 40 00 82 eth0' >"$root/proc/1/net/if_inet6"
    # "::" reads the same in both byte orders.
    printf '%s\n' \
        '0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0:0 00:0 0 33 0 11 1' \
        '1: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 12 1' \
        >"$root/proc/1/net/tcp6"
    ln -s 'socket:[11]' "$root/proc/100/fd/3"
    ln -s /usr/sbin/webd "$root/proc/100/exe"
    printf 'Name:\twebd\nUid:\t33\t33\t33\t33\n' >"$root/proc/100/status"
    ln -s 'socket:[12]' "$root/proc/200/fd/3"
    ln -s /opt/own "$root/proc/200/exe"
    printf 'Name:\town\nUid:\t1000\t1000\t1000\t1000\n' >"$root/proc/200/status"
}
make_machine

run 2
says '-source (CONNECTION_NAME)'
says 'CAR_SERVICE_URL'
ok "without settings: exit 2, naming option and variable"

mkdir "$folder/empty"
run 0 -connection-test -root "$root"
HOST_ROOT=$root run 0 --connection-test
run 50 -connection-test --root="$folder/empty"
says 'systemd-machine-id-setup'
run 2 -connection-test -root "$folder/none"
says "$folder/none"
ok "the connection test tells whether there is a machine to read"

CAR_SERVICE_KEY=key CAR_SERVICE_PASSWORD=password "$TOP_BUILDDIR/service/car-service" --verbose --database :memory: \
    --port-file "$folder/port" >"$folder/service.log" 2>&1 &
service=$!
for _ in $(seq 300); do
    [ ! -s "$folder/port" ] || break
    sleep 0.1
done
[ -s "$folder/port" ] || { cp "$folder/service.log" "$folder/log"; fail "car-service starts"; }
CAR_SERVICE_URL=http://127.0.0.1:$(cat "$folder/port")/api/car/v2
export CAR_SERVICE_URL

run 10 -car-service-key key -car-service-password wrong -source web1 -root "$root"
grep -q wrong "$folder/log" && fail "the password is in the log"
ok "a wrong password: exit 10, and it is not in the log"

run 50 -car-service-key key -car-service-password password -source web1 -root "$folder/empty"
ok "no machine id: exit 50"

run 0 -car-service-key key -car-service-password password -source web1 -root "$root" -log-format json
says 'Full import'
jq -es 'all(.[]; has("ibm_datetime") and has("level") and has("message"))' "$folder/log" >/dev/null || fail "a log of JSON lines"
pages=$(count_imports)
[ "$pages" -gt 0 ] || fail "the service tells of imports"
ok "the first import is a full one"

answers '{ asset { external_id name asset_type description } }' .data.asset \
    "[{\"external_id\":\"$id\",\"name\":\"web1\",\"asset_type\":\"server\",\"description\":\"Test Linux 1\"}]"
answers '{ application(order_by: {name: asc}) { name } }' '[.data.application[].name]' '["Test Linux 1","cachd","own","webd"]'
answers '{ account(order_by: {name: asc}) { name active } }' '[.data.account[] | .name, .active]' \
    '["ann",true,"root",true,"www",false]'
answers '{ user(order_by: {name: asc}) { fullname } }' '[.data.user[].fullname]' '["Ann Noether","root"]'
answers '{ hostname(order_by: {name: asc}) { name } }' '[.data.hostname[].name]' '["web1","web1.example.com"]'
answers '{ ipaddress { name } macaddress { name interface } }' .data \
    '{"ipaddress":[{"name":"fd00::5"}],"macaddress":[{"name":"02:00:00:00:00:01","interface":"eth0"}]}'
answers '{ port(order_by: {port_number: asc}) { port_number protocol applications { application { name } } } }' \
    '[.data.port[] | .port_number, .protocol, .applications[0].application[0].name]' '[80,"tcp","webd",8080,"tcp","own"]'
ok "the machine is in the service"

query='{'
for edge in asset_ipaddress asset_macaddress asset_hostname asset_account asset_application application_port \
    application_ipaddress account_application ipaddress_macaddress ipaddress_hostname ipaddress_port user_account \
    account_hostname account_ipaddress; do
    query+=" $edge { source }"
done
answers "$query }" '[.data[] | length]' '[1,1,2,3,4,2,2,2,1,2,2,2,6,2]'
ok "its edges are in the service"

export CAR_SERVICE_KEY=key CAR_SERVICE_PASSWORD=password CONNECTION_NAME=web1
run 0 --root="$root"
says 'Incremental import complete'
[ "$(count_imports)" = "$pages" ] || fail "the second import sends no page"
ok "nothing changed: the second import is incremental, and sends no page"

{ package webd 1.1; package newd 3.0; } >"$root/var/lib/dpkg/status"
run 0 --root="$root"
says 'this machine changed since the last import'
says 'Full import'
answers '{ application(order_by: {name: asc}) { name properties } }' \
    '[.data.application[] | select(.name | endswith("d")) | .name, .properties.version]' '["newd","3.0","webd","1.1"]'
ok "something changed: a full import, which closes what is gone"

pages=$(count_imports)
run 0 --root="$root"
says 'Incremental import complete'
[ "$(count_imports)" = "$pages" ] || fail "the import after the change sends no page"
ok "nothing changed since"

# This machine, whatever it holds; a container may have no machine id.
if [ -s /etc/machine-id ] || [ -s /var/lib/dbus/machine-id ]; then
    CONNECTION_NAME=this-machine run 0
    says 'Full import'
    grep -qF "$(cat /etc/machine-id /var/lib/dbus/machine-id 2>/dev/null | head -n 1)" "$folder/log" && fail "the machine id is in the log"
    answers '{ asset(where: {source: {_eq: "this-machine"}}) { source } }' '.data.asset | length' 1
    answers "{ port(where: {port_number: {_eq: $(cat "$folder/port")}}) { applications { application { name } } } }" \
        '[.data.port[].applications[].application[].name | sub("^lt-"; "")] | unique' '["car-service"]'
    ok "this machine, with the service that takes it in"
else
    ok "this machine # SKIP it has no machine id"
fi

printf '1..%d\n' $number
