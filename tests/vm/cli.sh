#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernels: 5.10 7.3 arm64
# timeout: 400
# The command line and the module: what is entered is there, what is refused
# is said and leaves nothing behind, batches, events, exit status.
# shellcheck source=tests/vm/lib.sh
. "${0%/*}"/lib.sh

tmp=$(mktemp -d)
on_exit rm -rf "$tmp"
export SCITAG_REGISTRY=$PWD/userspace/registry.json

flows() {
	sed -n 's/^flows *//p' <<<"$(scitag status --no-daemon)"
}

field() { # JQ-FILTER command...
	local filter=$1
	shift
	"$@" | jq -r "$filter"
}

key() { # SPORT
	echo "proto tcp src 2001:db8:a::1 sport $1 dst 2001:db8:a::2 dport 5201"
}

# adds N FIRST-SPORT: lines of a batch
adds() {
	seq -f "flow add $(key %.0f) tag 'atlas/Data Challenge'" "$2" $(($2 + $1 - 1))
}

# shellcheck disable=SC2046 # words of a key
without_module() {
	check "without the module: 3 and what to do" \
		exits 3 "modprobe scitag" scitag flow list
	check "without the module, monitor too" \
		exits 3 "modprobe scitag" scitag monitor
}

# shellcheck disable=SC2046
one_flow() {
	check "add" scitag flow add $(key 1) tag "atlas/Data Challenge" mark label,do
	equal "one flow is there" "$(flows)" 1
	check "show prints it" exits 0 "" scitag flow show $(key 1)
	check "the name is that of the registry" grep -q "26 (Data Challenge)" "$tmp"/out
	equal "ids, layout, marks" "$(field '[.id, .experiment, .activity,
		.["scitag-flow"], .layout, .["option-type"], (.mark | join("+"))]
		| map(tostring) | join(" ")' scitag --json flow show $(key 1))" \
		"1 2 26 154 safe 30 label+do"
	equal "the label holds the tag" "$(($(field .label scitag --json flow show id 1) & 0x3fefc))" \
		$((0x10068))
	check "the same flow again is refused with the kernel's words" \
		exits 1 "already" scitag flow add $(key 1) tag 2/26
	check "replace" scitag flow replace $(key 1) tag cms/14
	equal "it is replaced" "$(field '.experiment, .activity' scitag --json flow show id 1 | xargs)" "3 14"
	check "del by key" scitag flow del $(key 1)
	check "del of nothing is refused with the kernel's words" \
		exits 1 "No such flow" scitag flow del $(key 1)
	check "show of nothing, too" exits 1 "No such flow" scitag flow show id 1
}

# shellcheck disable=SC2046
ipv4_flow() {
	check "an IPv4 flow comes with a warning" exits 0 "warning: IPv4 flows can't be marked" \
		scitag flow add proto udp src 192.0.2.1 sport 1 dst 192.0.2.2 dport 2 tag 2/26
	check "and shows no mark" grep -q "192.0.2.1:1 .*none (IPv4)" <(scitag flow list)
	check "flush" scitag flow flush
	equal "nothing is left" "$(flows)" 0
	equal "a list of nothing is an empty array" "$(scitag --json flow list | jq length)" 0
}

batches() {
	adds 1500 1 >"$tmp"/batch
	check "a batch" scitag --batch "$tmp"/batch
	equal "all of it is there" "$(flows)" 1500
	equal "a list has them all" "$(scitag --json flow list | jq length)" 1500
	equal "none twice" "$(scitag --json flow list | jq 'map(.sport) | unique | length')" 1500
	equal "the table has a line for each" "$(scitag flow list | wc -l)" 1501

	{ echo "flow flush"; adds 600 2001; echo "flow add $(key 2500) tag 2/26"; adds 10 3001; } >"$tmp"/twice
	check "a refusal names the line and what was done" \
		exits 1 "$tmp/twice:602: " scitag --batch "$tmp"/twice
	check "and how many commands were carried out" \
		grep -qF "$tmp/twice: 513 of 612 commands were carried out, none from line 514 on" "$tmp"/err
	equal "the message of the refused flow left nothing" "$(flows)" 512

	{ adds 5 4001; echo "flow ad"; } >"$tmp"/syntax
	check "a syntax error" exits 2 "$tmp/syntax:6: " scitag --batch "$tmp"/syntax
	equal "changes nothing" "$(flows)" 512
	check "stdin" eval 'echo flow flush | scitag --batch -'
}

# 10,000 flows, against the clock; slow kernels get their time.
large_batch() {
	local start
	adds 10000 1 >"$tmp"/large
	start=$(date +%s%N)
	check "a batch of 10,000" scitag --batch "$tmp"/large
	echo "# it took $((($(date +%s%N) - start) / 1000000)) ms"
	equal "all are there" "$(flows)" 10000
	check "it took less than 10 s" [ $((($(date +%s%N) - start) / 1000000000)) -lt $((10 * SLOW)) ]
	equal "a dump has them all" "$(scitag --json flow list | jq 'map(.sport) | unique | length')" 10000
	scitag flow flush
}


# Has a process joined a group? libnl puts its PID into the low bits.
netlink_pid() {
	awk -v pid="$1" '$2 == 16 && $3 % 4194304 == pid && $4 != "00000000" { n++ } END { exit !n }' /proc/net/netlink
}

# shellcheck disable=SC2046
events() {
	local pid
	# A flow that stays, and with it the hooks: no line of status comes between.
	scitag flow add $(key 9) tag 2/26
	scitag --json monitor --count 4 >"$tmp"/events &
	pid=$!
	check "monitor listens" wait_for 30 netlink_pid "$pid"
	scitag flow add $(key 1) tag 2/26
	scitag flow replace $(key 1) tag 3/14
	scitag flow del $(key 1)
	scitag flow add $(key 2) tag 2/26
	check "it ends after --count events" wait_for 30 eval "! kill -0 $pid"
	wait "$pid"
	equal "with status 0" "$?" 0
	equal "events in their order" "$(jq -r '[.event, .experiment, .["end-reason"] // "-"] | join(" ")' "$tmp"/events | xargs)" \
		"new 2 - update 3 - end 3 deleted new 2 -"
	equal "with numbers that follow each other" "$(jq '.["event-seq"]' "$tmp"/events | awk 'NR > 1 && $1 != last + 1 { print "gap" } { last = $1 }')" ""

	scitag monitor >"$tmp"/events &
	pid=$!
	wait_for 30 netlink_pid "$pid"
	scitag flow flush
	check "a line is written at once" wait_for 30 grep -q "reason flushed" "$tmp"/events
	kill -INT "$pid"
	wait "$pid"
	equal "SIGINT ends it with 0" "$?" 0
}

# More events than the buffer of a stopped monitor takes. The kernel drops all
# that come until monitor has read what is there: one more has to come then.
lost_events() {
	local pid
	scitag --json monitor >"$tmp"/events &
	pid=$!
	wait_for 30 netlink_pid "$pid"
	kill -STOP "$pid"
	{ adds 10000 1; echo "flow flush"; } >"$tmp"/many
	for _ in 1 2 3; do
		scitag --batch "$tmp"/many
	done
	kill -CONT "$pid"
	check "lost events are told of" wait_for 30 grep -q '"lost"' "$tmp"/events
	check "and monitor goes on" wait_for 30 one_more
	kill "$pid"
	wait "$pid"
	equal "every event is there or counted as lost" \
		"$(jq -s '(map(select(.event != "lost")) | length) + (map(.count // 0) | add)' "$tmp"/events)" \
		"$(jq -s 'map(."event-seq" // empty) | max - min + 1' "$tmp"/events)"
	scitag flow flush
}

# shellcheck disable=SC2046
one_more() {
	scitag flow replace $(key 65000) tag 2/26
	grep -q 65000 "$tmp"/events
}

# shellcheck disable=SC2046
unprivileged() {
	check "without CAP_NET_ADMIN: say so" exits 1 "CAP_NET_ADMIN" \
		setpriv --bounding-set=-net_admin --inh-caps=-net_admin scitag flow add $(key 1) tag 2/26
	check "monitor without it, too" exits 1 "CAP_NET_ADMIN" \
		setpriv --bounding-set=-net_admin --inh-caps=-net_admin scitag monitor
	check "stats need no capability" \
		setpriv --bounding-set=-net_admin --inh-caps=-net_admin scitag stats
}

# same_counts: of the namespace and of its only flow, both read while no packet left.
same_counts() {
	local before stats after
	before=$(in_ns "$a" scitag --json flow show id 1 | jq .marked)
	stats=$(in_ns "$a" scitag --json stats | jq .marked)
	after=$(in_ns "$a" scitag --json flow show id 1 | jq .marked)
	[ "$before" = "$after" ] && [ "$stats" = "$before" ]
}

# shellcheck disable=SC2046
counters() {
	local port=5201 client
	pair
	in_ns "$b" iperf3 -s -1 >/dev/null 2>&1 &
	wait_for 30 eval "in_ns $b ss -ltn | grep -q :$port"
	in_ns "$a" scitag flow add proto tcp src 2001:db8:a::1 sport 40001 \
		dst 2001:db8:a::2 dport $port tag cms/14 mark label
	# Not in_ns: it is iperf3 that is to be killed.
	ip netns exec "$a" iperf3 -c 2001:db8:a::2 --cport 40001 -t 3600 >/dev/null 2>&1 &
	client=$!
	check "tcp-info comes with a connected flow" wait_for 30 eval \
		"in_ns $a scitag --json flow show id 1 | jq -e '.[\"tcp-info\"].state == \"established\" and .[\"tcp-info\"][\"bytes-sent\"] > 0'"
	check "and in the text" grep -q "established, rtt" <(in_ns "$a" scitag flow show id 1)
	kill "$client"
	wait
	check "packets were counted and marked" eval \
		"in_ns $a scitag --json flow show id 1 | jq -e '.packets > 10 and .marked == .packets and .bytes > 1000'"
	check "stats count them, too" wait_for 30 same_counts
	equal "the other namespace has none" "$(in_ns "$b" scitag --json stats | jq .marked)" 0
	equal "hooked where there is a flow" "$(in_ns "$a" scitag --json status --no-daemon | jq .module.hooked)" true
	equal "and not elsewhere" "$(in_ns "$b" scitag --json status --no-daemon | jq .module.hooked)" false
}

unload() {
	local pid
	scitag monitor >/dev/null 2>"$tmp"/err &
	pid=$!
	wait_for 30 netlink_pid "$pid"
	check "the module can go while monitor runs" rmmod scitag
	wait "$pid"
	equal "monitor then ends with 3" "$?" 3
	check "and says why" grep -q "was unloaded" "$tmp"/err
}

without_module
# shellcheck disable=SC2119
module_load
equal "version of the module" "$(scitag --json status --no-daemon | jq -r .module.version)" "$(cat VERSION)"
equal "which marks there can be" "$(scitag status --no-daemon | sed -n 's/^marks *//p')" "label, hbh, do"
check "all is well without a daemon" exits 0 "" scitag status --no-daemon
check "and not with one that does not run" exits 1 "systemctl start scitagd" scitag status
one_flow
ipv4_flow
batches
large_batch
events
lost_events
unprivileged
counters
unload
finish
