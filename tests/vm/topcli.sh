#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 300
# kernels: 5.10 7.3
# scitag top: the rate and the state of a connection that sends as much as it is
# told to, compared with what its socket says; on a terminal, too.
# shellcheck source=tests/vm/lib.sh
. "${0%/*}"/lib.sh

tmp=$(mktemp -d)
on_exit rm -rf "$tmp"
export SCITAG_REGISTRY=$PWD/userspace/registry.json
key="proto tcp src 2001:db8:a::1 sport 40001 dst 2001:db8:a::2 dport 5201"

top() { # words...
	timeout $((60 * ${SLOW:-1})) ip netns exec "$a" scitag "$@"
}

listening() {
	in_ns "$b" ss -Hltn | grep -q :5201
}

sockets() {
	in_ns "$a" ss -Htin state established "( sport = :40001 )"
}

idle() { # everything that was sent is acknowledged: octets, and SYN
	sockets | grep -q "bytes_acked:$(($1 + 1)) " && ! sockets | grep -q unacked
}

sent_again() { # segments: all of "retrans:now/all", which is there if there are any
	local again
	again=$(sockets | sed -n 's/.*\bretrans:[0-9]*\/\([0-9]*\).*/\1/p')
	echo "${again:-0}"
}

connection() {
	mkfifo "$tmp"/data
	exec 9<>"$tmp"/data
	in_ns "$b" socat -u TCP6-LISTEN:5201 OPEN:/dev/null &
	check "a server listens" wait_for 10 listening
	in_ns "$a" socat -u STDIN "TCP6:[2001:db8:a::2]:5201,bind=[2001:db8:a::1]:40001" <&9 &
	head -c 100000 /dev/zero >&9
	check "a connection sends, and is idle" wait_for 20 idle 100000
}

times() { # how often it has been shown
	jq -s length "$tmp"/json
}

# Between the first time and others it sends; the last time is one at which it
# has been idle from the beginning.
rates() {
	local before
	top --json top --interval 1 >"$tmp"/json &
	check "the first time" wait_for 20 [ -s "$tmp"/json ]
	head -c 1000000 /dev/zero >&9
	check "it sends meanwhile" wait_for 20 idle 1100000
	before=$(times)
	check "and is idle at the last time" wait_for 30 eval "[ \$(times) -ge $((before + 2)) ]"
	kill "$(pgrep -f "^scitag --json top")"
	wait $!
	equal "each time there is the flow" "$(jq -c '[.[].id]' "$tmp"/json | sort -u)" "[1]"
	equal "by its names" "$(jq -r '.[] | ."experiment-name" + "/" + ."activity-name"' "$tmp"/json | uniq)" \
		"atlas/Data Challenge"
	# Of the flow's own clock and counter, which is how the rate is made: within
	# the two milliseconds of which the age is not told.
	check "each rate is what was sent in that time" eval "jq -s '[.[][0]] as \$at |
		[range(1; \$at | length) | \$at[.] as \$y | \$at[. - 1] as \$x |
		 (\$y.age - \$x.age) as \$ms | ((\$y.bytes - \$x.bytes) * 8000 / \$ms) as \$rate |
		 \$y.out >= \$rate * (1 - 3 / \$ms) and \$y.out <= \$rate * (1 + 3 / \$ms) + 1] |
		all' $tmp/json | grep -qx true"
	check "and it has sent" eval "jq -s '[.[1:][][0].out] | max > 100000' $tmp/json | grep -qx true"
	equal "round-trip time and window are those of the socket" \
		"$(jq -s -r 'last[0] | "rtt:\(.rtt / 1000) cwnd:\(.cwnd)"' "$tmp"/json)" \
		"$(sockets | grep -oE '\b(rtt:[0-9.]+|cwnd:[0-9]+)' | xargs)"
	equal "and what it sent again" "$(jq -s 'last[0].retransmits' "$tmp"/json)" \
		"$(sent_again)"
}

texts() {
	check "a table" eval "top top -b -n 1 >$tmp/table"
	check "with one line of the flow" eval \
		"[ \$(wc -l <$tmp/table) = 2 ] && tail -n 1 $tmp/table | grep -q '100%.*atlas  *Data Challenge  *.2001:db8:a::1.:40001  *.2001:db8:a::2.:5201'"
	equal "none that the filter does not let through" "$(top top -b -n 1 --filter 'cms')" ""
	check "a terminal" eval "TERM=vt100 timeout 60 script -qec \
		'stty rows 24 cols 200; ip netns exec $a scitag top -n 1 -d 1' $tmp/screen </dev/null >/dev/null"
	check "shows it" eval "grep -aq 'Data Challenge' $tmp/screen && grep -aq '1 flows, 1 shown' $tmp/screen"
}

# Without the module, and again with it.
unloaded() {
	TERM=vt100 script -qfc "stty rows 24 cols 200; ip netns exec $a scitag top -d 0.2" "$tmp"/live \
		< <(exec sleep 1000) >/dev/null &
	check "it runs" wait_for 20 grep -aq "sorted by out" "$tmp"/live
	# Not while a list is being read.
	check "no list holds the module for long" wait_for 20 rmmod scitag
	check "the module goes: told" wait_for 20 grep -aq "modprobe scitag" "$tmp"/live
	: >"$tmp"/live
	modprobe scitag
	check "and comes: shown again" wait_for 20 grep -aq "sorted by out" "$tmp"/live
	kill "$(pgrep -f "^scitag top -d 0.2")"
	check "SIGTERM ends it" wait_for 20 eval "! pgrep -f '^scitag top -d 0.2'"
}

# shellcheck disable=SC2119
module_load
pair
# shellcheck disable=SC2086 # words of a key
in_ns "$a" scitag flow add $key tag "atlas/Data Challenge" mark label
connection
rates
texts
unloaded
finish
