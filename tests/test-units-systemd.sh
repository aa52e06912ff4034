#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The units in a systemd of their own, in namespaces of this machine: a service, runs that end well and that fail, encrypted
# credentials, trying again, being told, a stop, a timer. Nothing of the machine is changed: its files are below an overlay.
set -euo pipefail

skip() {
    printf '1..0 # SKIP %s\n' "$1"
    exit 0
}
[ "$(id -u)" -eq 0 ] || skip "only root can make the namespaces"
[ -x /lib/systemd/systemd ] || skip "there is no systemd"
[ -z "${SANITIZER_CFLAGS-}" ] || skip "the sanitizers' libraries are not where the units look"
for tool in unshare pivot_root systemd-creds ip; do
    command -v $tool >/dev/null || skip "there is no $tool"
done
cgroup=$(sed -n 's/^[^ ]* \([^ ]*\) cgroup2 .*/\1/p' /proc/mounts | head -n 1)
[ -n "$cgroup" ] || skip "there is no cgroup2"

folder=$(mktemp -d)
group=$cgroup/car-test-$$
machine=
clean_up() {
    # unshare lets no other signal pass, and its child, the first process there, takes all others along.
    [ -z "$machine" ] || kill -KILL "$machine" 2>/dev/null || true
    wait 2>/dev/null || true
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        find "$group" -depth -type d -exec rmdir {} + 2>/dev/null && break
        sleep 0.2
    done
    rm -rf "$folder"
}
trap clean_up EXIT
mkdir "$group" 2>/dev/null || skip "no cgroup can be made"
mkdir "$folder/disk" "$folder/out"
# The folder that it was configured for.
CONF=$("$TOP_BUILDDIR/runner/car-connector" --help | sed -n 's/^NAME\.conf is in \(.*\)\.$/\1/p')
export CONF

cat >"$folder/boot" <<BOOT
set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs "$folder/disk"
mkdir -p "$folder/disk/upper" "$folder/disk/work" "$folder/disk/root"
mount -t overlay -o "lowerdir=/,upperdir=$folder/disk/upper,workdir=$folder/disk/work" overlay "$folder/disk/root"
cd "$folder/disk/root"
ip link set lo up
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t tmpfs tmpfs sys/fs/cgroup
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do touch dev/\$device; mount --bind /dev/\$device dev/\$device; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
for place in run tmp; do mount -t tmpfs -o mode=1777 tmpfs \$place; done
rm -rf etc/systemd/system var/log/journal
mkdir -p etc/systemd/system var/log/journal out oldroot
echo 0123456789abcdef0123456789abcdef >etc/machine-id
mount --bind "$folder/out" out
bash "$folder/install" "\$PWD"
pivot_root . oldroot
umount -l /oldroot
mount --make-rshared /
export container=car-test
exec /lib/systemd/systemd --system --unit=car-test.target --log-target=journal --show-status=no
BOOT

cat >"$folder/install" <<'INSTALL'
set -eu
root=$1
cp "$TOP_BUILDDIR/runner/car-connector" "$TOP_BUILDDIR/service/car-service" \
    "$TOP_BUILDDIR/connectors/host/.libs/car-connector-host" "$root/usr/local/bin"
cp "$TOP_BUILDDIR/libcar/.libs/libcar-1.0.so.0" "$root/usr/local/lib"
chroot "$root" ldconfig
units=$root/etc/systemd/system
for unit in car-service.service car-connector@.service; do
    sed -e "s|@bindir@|/usr/local/bin|; s|@sysconfdir@|$(dirname "$CONF")|" "$TOP_SRCDIR/deploy/systemd/$unit.in" >"$units/$unit"
done
cp "$TOP_SRCDIR"/deploy/systemd/car-connector*@.[st]*[er] "$units"
mkdir "$units/car-connector@host.service.d" "$units/car-connector@wrong.service.d"
cp "$TOP_SRCDIR/deploy/systemd/host.conf" "$units/car-connector@host.service.d"
printf '[Service]\nRestartSec=100ms\n' >"$units/car-connector@wrong.service.d/soon.conf"
printf '[Unit]\nRequires=basic.target car-test.service\n' >"$units/car-test.target"
cat >"$units/car-test.service" <<'UNIT'
[Unit]
After=basic.target systemd-journald.service
[Service]
Type=oneshot
ExecStart=/bin/bash /out/test
PassEnvironment=CONF
StandardOutput=file:/out/tap
StandardError=file:/out/log
UNIT
INSTALL

cat >"$folder/out/test" <<'TEST'
number=0
check() { # WHAT COMMAND...
    number=$((number + 1))
    if "${@:2}"; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        journalctl --no-pager -o short-precise | grep -E 'car-|CAR ' | tail -n 40 | cut -c 1-300 | sed 's/^/# /'
    fi
}
show() { systemctl show "$1" -p "$2" --value; }
is() { [ "$(show "$1" "$2")" = "$3" ]; }
wait_for() { # SECONDS COMMAND...
    local end=$((SECONDS + $1))
    until "${@:2}" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.2
    done
}
says() { journalctl --sync; journalctl --no-pager -o cat "${@:2}" | grep -q -- "$1"; }
conf() { install -m 0600 /dev/stdin "$CONF/$1.conf"; }
answers() { (exec 3<>/dev/tcp/127.0.0.1/8080); }

mkdir -p "$CONF" /etc/credstore.encrypted
systemctl start car-service
check "car-service listens" wait_for 60 answers
. /var/lib/car-service/credentials
encrypt() { printf '%s' "$CAR_SERVICE_PASSWORD" | systemd-creds encrypt --name=CAR_SERVICE_PASSWORD - "/etc/credstore.encrypted/car.$1.CAR_SERVICE_PASSWORD"; }
settings() { printf 'CONNECTOR=car-connector-host\nCONNECTION_NAME=%s\nCAR_SERVICE_URL=http://127.0.0.1:8080/api/car/v2\nCAR_SERVICE_KEY=%s\n' "$@"; }

encrypt host
settings host "$CAR_SERVICE_KEY" | conf host
check "a run ends well, with an encrypted password" systemctl start car-connector@host
check "its log is in the journal, with the connection's name" says '"connector":"car-connector-host"' CAR_CONNECTION=host
check "its lines have their priority" says 'Imported\|import' CAR_CONNECTION=host PRIORITY=6
check "its state is below /var/lib/car" test -n "$(ls /var/lib/car/host/)"
check "the password is nowhere in the journal" eval '! says "$CAR_SERVICE_PASSWORD"'

echo "a line" | conf bad
check "a wrong line fails" eval '! systemctl start car-connector@bad'
# The unit sees no file below /tmp, where a build may be installed: then its credential is named.
check "it is named" says "/bad.conf:1: " CAR_CONNECTION=bad PRIORITY=3
check "the exit code is 2" is car-connector@bad ExecMainStatus 2
check "it is not tried again" is car-connector@bad NRestarts 0
check "the failure is told" wait_for 30 says 'CAR connector bad failed: exit-code, exited 2' PRIORITY=3
check "a connection without a file does not begin" eval '! systemctl start car-connector@none'

encrypt wrong
settings wrong wrong-key | conf wrong
systemctl start --no-block car-connector@wrong
check "what is recoverable is tried again, seven times" wait_for 120 is car-connector@wrong NRestarts 7
check "and then it has failed" wait_for 30 is car-connector@wrong ActiveState failed
check "with exit code 10" is car-connector@wrong ExecMainStatus 10
check "which is told once" wait_for 30 says 'CAR connector wrong failed: exit-code, exited 10' PRIORITY=3

printf '#!/bin/sh\ntrap "exit 143" TERM\necho begun\nsleep 600 & wait\n' | install -m 0755 /dev/stdin /usr/local/bin/slow
echo CONNECTOR=/usr/local/bin/slow | conf slow
systemctl start --no-block car-connector@slow
check "a run goes on" wait_for 60 says begun CAR_CONNECTION=slow
systemctl stop car-connector@slow
check "a stop is no failure" is car-connector@slow Result success

systemctl enable --now --quiet car-connector@host.timer
check "the timer waits for the next hour" is car-connector@host.timer SubState waiting
systemctl stop car-service
check "car-service stops" is car-service Result success
echo "1..$number"
touch /out/done
TEST

(
    echo $BASHPID >"$group/cgroup.procs"
    exec unshare --mount --pid --net --cgroup --uts --ipc --fork --kill-child bash "$folder/boot"
) >"$folder/out/boot.log" 2>&1 </dev/null &
machine=$!

# wait_for_file SECONDS FILE
wait_for_file() {
    local end=$((SECONDS + $1))
    until [ -e "$2" ]; do
        kill -0 $machine 2>/dev/null && [ $SECONDS -lt $end ] || return 1
        sleep 0.3
    done
}
if ! wait_for_file 90 "$folder/out/tap"; then
    sed 's/^/# /' "$folder/out/boot.log"
    skip "systemd does not come up in namespaces here"
fi
wait_for_file 400 "$folder/out/done" || true
cat "$folder/out/tap"
[ -e "$folder/out/done" ] || { sed 's/^/# /' "$folder/out/log"; echo "Bail out! the tests inside did not end"; }
