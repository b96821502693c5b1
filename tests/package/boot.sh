#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In a machine that has just booted from a root with the packages: the module
# is loaded, the service runs as it should, a flow is marked; then all is purged.
set -euo pipefail

# shellcheck source=tests/package/lib.sh
. "${0%/*}"/lib.sh

pipe=/run/scitagd/flows
flow="tcp 2001:db8::1 40000 2001:db8::2 5001"

show() { # property [unit]
	systemctl show -p "$1" --value "${2:-scitagd.service}"
}

# When the kernel got the module, in microseconds after its start.
loaded_at() {
	dmesg | sed -n 's/^\[ *\([0-9]*\)\.\([0-9]*\)\] scitag: .*/\1\2/p' | head -n 1
}

# Read to its end: journalctl fails if nobody does.
journal_has() { # pattern
	journalctl -b -u scitagd.service | grep -E "$1" >/dev/null
}

# A veth pair to a namespace, with a server in it and a look at what arrives.
peer() {
	ip netns add peer
	ip link add to-peer type veth peer name eth0 netns peer
	ip addr add 2001:db8::1/64 dev to-peer nodad
	ip link set to-peer up
	ip -n peer addr add 2001:db8::2/64 dev eth0 nodad
	ip -n peer link set eth0 up
	ip netns exec peer tcpdump -i eth0 -n -l -v -A ip6 and src 2001:db8::1 >packets 2>tcpdump.log &
	ip netns exec peer nc -6 -l 2001:db8::2 5001 </dev/null >received &
	wait_for 30 grep -q listening tcpdump.log
	wait_for 30 sh -c 'ip netns exec peer ss -Hltn | grep -q :5001'
	wait_for 30 sh -c 'ip link show dev to-peer | grep -q "state UP"'
}

arrived() {
	[ "$(stat -c %s received)" -eq 300000 ]
}

# Labels of our TCP packets that the peer has seen.
labels() {
	sed -n 's/.*IP6 (.*flowlabel \(0x[0-9a-f]*\),.*next-header TCP.*/\1/p' packets | sort -u
}

marked() {
	local label
	[ "$(labels | wc -l)" -eq 1 ] || return
	label=$(labels)
	# 3.14 without its entropy (draft-cc-v6ops-wlcg-flow-label-marking)
	[ $((label & 0x3fefc)) -eq $((0x30038)) ]
}

try "the module was loaded at boot" test -d /sys/module/scitag
try "and by modules-load.d" test "$(loaded_at)" -lt \
	"$(show ActiveEnterTimestampMonotonic systemd-modules-load.service)"
try "so before the daemon" test "$(loaded_at)" -lt "$(show ExecMainStartTimestampMonotonic)"
try "scitagd is active" wait_for 60 systemctl -q is-active scitagd.service
same "it runs as its own user" "$(ps -o user= -C scitagd)" scitagd
same "a watchdog looks after it" "$(show WatchdogUSec)" 1min
try "scitag sees the module" scitag status

pid=$(show MainPID)
echo 'log-level: debug' >>/etc/scitag/scitagd.conf
systemctl reload scitagd.service
try "it reloads its configuration" wait_for 30 journal_has 'reloaded|in force'
echo 'no-such-key: 1' >>/etc/scitag/scitagd.conf
systemctl reload scitagd.service
try "it tells what is wrong with a bad one" wait_for 30 journal_has 'scitagd.conf:[0-9]+: .*no-such-key'
same "and goes on" "$(systemctl is-active scitagd.service) $(show MainPID)" "active $pid"

peer
echo "start $flow 3 14" >$pipe
try "the flow is entered" wait_for 30 sh -c 'scitag flow list | grep -q 2001:db8::2'
head -c 300000 /dev/zero | nc -6 -N -p 40000 2001:db8::2 5001
try "its data arrive" wait_for 30 arrived
try "its packets are marked" wait_for 30 marked
echo "end $flow 3 14" >$pipe
try "the other end gets its fireflies" wait_for 30 grep -q flow-lifecycle packets

same "it has never been restarted" "$(show NRestarts)" 0

# By dpkg: APT reads all its lists before, which takes minutes in emulation.
try "the package of the module can be purged" dpkg --purge scitag-dkms
same "the module is gone" "$(ls -d /sys/module/scitag 2>/dev/null)" ""
same "the daemon goes on without it" "$(systemctl is-active scitagd.service)" active
try "the other package can be purged" dpkg --purge scitag
same "the daemon is gone" "$(ps -o user= -C scitagd)" ""
same "its directories are gone" "$(ls -d /run/scitagd /var/lib/scitagd /var/lib/scitag 2>/dev/null)" ""
same "the user is gone" "$(getent passwd scitagd)" ""
all_files | comm -13 before - >new
same "no file is left" "$(grep scitag new)" ""
tally_end
