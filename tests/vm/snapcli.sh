#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 300
# kernels: 5.10 7.3
# Snapshots on the command line: shown as ss shows the same connection, watched,
# recorded, refused.
# shellcheck source=tests/vm/lib.sh
. "${0%/*}"/lib.sh

tmp=$(mktemp -d)
on_exit rm -rf "$tmp"
export SCITAG_REGISTRY=$PWD/userspace/registry.json
key="proto tcp src 2001:db8:a::1 sport 40001 dst 2001:db8:a::2 dport 5201"

tag() { # words...: the command line where the flow is
	in_ns "$a" scitag "$@"
}

listening() {
	in_ns "$b" ss -Hltn | grep -q :5201
}

sockets() {
	in_ns "$a" ss -Htinm state established "( sport = :40001 )"
}

idle() { # everything that was sent is acknowledged
	sockets | grep -q "bytes_acked:100001 " && ! sockets | grep -q unacked
}

# A connection that has sent 100,000 octets and is idle since.
connection() {
	mkfifo "$tmp"/data
	# Open for as long as the test runs, so that no end of file comes.
	exec 9<>"$tmp"/data
	in_ns "$b" socat -u TCP6-LISTEN:5201 OPEN:/dev/null &
	check "a server listens" wait_for 10 listening
	in_ns "$a" socat -u STDIN "TCP6:[2001:db8:a::2]:5201,bind=[2001:db8:a::1]:40001" <&9 &
	head -c 100000 /dev/zero >&9
	check "a connection sends, and is idle" wait_for 10 idle
}

# The values of words that any ss has, too.
words() {
	grep -oE '(wscale|rto|rtt|mss|pmtu|rcvmss|advmss|cwnd|bytes_sent|bytes_acked|segs_out|segs_in|data_segs_out|rcv_space|rcv_ssthresh|minrtt):[^ ]*|skmem:[^ ]*| (cubic|reno|bbr|dctcp) ' | sort
}

# still command...: what it says is in $tmp/out, and what ss says before and after
# it, which is the same, in $tmp/ss. The kernel takes memory back now and then.
still() {
	sockets | tr '\n' ' ' | words >"$tmp"/ss
	exits 0 "" "$@" && sockets | tr '\n' ' ' | words | cmp - "$tmp"/ss
}

sent_again() { # segments: all of "retrans:now/all", which is there if there are any
	local again
	again=$(sockets | sed -n 's/.*\bretrans:[0-9]*\/\([0-9]*\).*/\1/p')
	echo "${again:-0}"
}

same_as_ss() {
	check "flow show -s" wait_for 20 still tag flow show id 1 -s
	equal "it has what ss has" "$(words <"$tmp"/out)" "$(cat "$tmp"/ss)"
	check "with all that was looked for" eval "[ \$(wc -l <$tmp/ss) -ge 16 ]"
	check "it has the state" grep -qx "state  *established" "$tmp"/out
	check "flow list -s" wait_for 20 still tag flow list --snapshot
	equal "it has the same" "$(words <"$tmp"/out)" "$(cat "$tmp"/ss)"
	equal "in two lines" "$(wc -l <"$tmp"/out)" 2
	equal "JSON has the fields by name" "$(tag --json flow list -s | jq -r '.[0].snapshot |
		"rtt:\(."tcp-info".rtt / 1000)/\(."tcp-info".rttvar / 1000)",
		"mss:\(."tcp-info".snd_mss)", "pmtu:\(."tcp-info".pmtu)",
		"cwnd:\(."tcp-info".snd_cwnd)", " \(.cong) "' | sort)" \
		"$(grep -E '^(rtt|mss|pmtu|cwnd):|^ ' "$tmp"/ss)"
	equal "and the number of the flow, and no reason" \
		"$(tag --json flow show -s id 1 | jq -c '[.id, .snapshot."flow-id", .snapshot.trigger]')" "[1,1,[]]"
	equal "the text tells of the interval" \
		"$(tag flow show id 1 | sed -n 's/^snapshot  *//p')" 50ms
}

watched() {
	local shots='select(.event == "snapshot")'
	check "monitor --snapshots" exits 0 "" timeout 60 ip netns exec "$a" \
		scitag --json monitor --snapshots --count 8
	equal "as many lines as were asked for" "$(wc -l <"$tmp"/out)" 8
	equal "all of this flow, by the interval" \
		"$(jq -c "$shots | [.\"flow-id\", .trigger]" "$tmp"/out | uniq)" '[1,["interval"]]'
	equal "their numbers follow each other" "$(jq "$shots | .\"snapshot-seq\"" "$tmp"/out |
		awk 'NR > 1 && $1 != last + 1 { print "gap" } { last = $1 }')" ""
	# The first is late: nobody listened when it was due. Of the others, too, one may
	# be, by less than an interval, and those that follow are not.
	check "they come at the interval, and not faster" eval \
		"jq -s 'map($shots.time)[1:] | (max - min) / (length - 2) >= 45000000' $tmp/out | grep -q true"
	check "as text" exits 0 "" timeout 60 ip netns exec "$a" scitag monitor -s --count 2
	check "there is the flow, why, and how it does" grep -qE \
		"^snapshot  1  interval  established  rtt [0-9.]+/[0-9.]+ ms  cwnd [0-9]+  pmtu 1500  retransmits $(sent_again)  acked 100001  received 0  rate [0-9.]+ Mbit/s  packets [0-9]+  bytes [0-9]+\$" "$tmp"/out
}

recorded() {
	local pid
	check "record" exits 0 "10 snapshots were written, 0 were lost" \
		timeout 60 ip netns exec "$a" scitag record "$tmp"/run.json --count 10
	check "it says what it does" grep -q "recording snapshots of all flows to $tmp/run.json" "$tmp"/err
	equal "at first the flow" "$(head -n 1 "$tmp"/run.json | jq -c '[.event, .id, .sport, .dport]')" '["flow",1,40001,5201]'
	equal "and then snapshots" "$(jq -r .event "$tmp"/run.json | sort | uniq -c | xargs)" "1 flow 10 snapshot"

	in_ns "$a" scitag record "$tmp"/int.json 2>"$tmp"/err &
	pid=$!
	check "lines are there as they come" wait_for 20 grep -q snapshot-seq "$tmp"/int.json
	kill -INT "$(pgrep -f "record $tmp/int.json")"
	wait "$pid"
	equal "SIGINT ends it with 0" "$?" 0
	check "and it counts" grep -qE "^[1-9][0-9]* snapshots were written" "$tmp"/err

	check "a full disk" exits 1 "/dev/full: No space left on device" \
		timeout 60 ip netns exec "$a" scitag record /dev/full
	# shellcheck disable=SC2016
	check "a reader that goes" exits 0 "the standard output: Broken pipe" timeout 60 bash -c \
		'ip netns exec "$0" scitag record - | head -n 2 | grep -q snapshot; [ "${PIPESTATUS[0]}" = 1 ]' "$a"
	check "a flow that is not there" exits 1 "No such flow" tag record "$tmp"/none --flow 99
	check "leaves no file" [ ! -e "$tmp"/none ]
}

# The end of the flow is that of its recording.
ended() {
	local pid
	in_ns "$a" scitag record "$tmp"/end.json --flow 1 2>"$tmp"/err &
	pid=$!
	wait_for 20 grep -q snapshot-seq "$tmp"/end.json
	tag flow del id 1
	check "the flow ends, and the recording" wait_for 20 eval "! kill -0 $pid"
	wait "$pid"
	equal "with 0" "$?" 0
	check "it says so" grep -q "the flow has ended" "$tmp"/err
	equal "the end holds the final snapshot" "$(jq -c 'select(.event == "end") |
		[."end-reason", .snapshot."tcp-info".bytes_acked]' "$tmp"/end.json)" '["deleted",100001]'
}

plotted() {
	if command -v gnuplot >/dev/null; then
		check "plot" exits 0 "" scitag plot "$tmp"/run.json
		check "a picture is there" [ -s "$tmp"/run.png ]
	else
		check "plot says what to install" exits 1 "apt install gnuplot-nox" scitag plot "$tmp"/run.json
	fi
}

without_capability() {
	setpriv --bounding-set=-net_admin --inh-caps=-net_admin "$@"
}

unprivileged() {
	local command
	for command in "flow list -s" "flow show id 1 -s" "monitor --snapshots" "record $tmp/not"; do
		# shellcheck disable=SC2086 # words
		check "$command without CAP_NET_ADMIN: say so" exits 1 "CAP_NET_ADMIN" \
			without_capability scitag $command
	done
	check "record leaves no file then" [ ! -e "$tmp"/not ]
}

# Has anybody joined a group of generic netlink?
joined() {
	# shellcheck disable=SC2016 # of awk
	in_ns "$a" awk '$2 == 16 && $4 != "00000000" { n++ } END { exit !n }' /proc/net/netlink
}

rules() {
	local rule="proto tcp  dport 7777  tag 3/14  mark label  snapshot 1500ms  snapshot-on state,rtt  snapshot-factor 300"
	in_ns "$a" scitag monitor >"$tmp"/status &
	check "monitor listens" wait_for 10 joined
	check "a rule with snapshots" eval "echo '$rule' | in_ns $a scitag rule set -"
	equal "it is listed as it was set" "$(tag rule list | sed 's/  #.*//')" "$rule"
	check "what is listed can be set" eval "in_ns $a scitag rule list | in_ns $a scitag rule set -"
	check "monitor tells of rules" wait_for 20 grep -q "^status  .*rules 1" "$tmp"/status
	tag rule flush
	check "and that there are none" wait_for 20 eval "tail -n 1 $tmp/status | grep -q 'rules 0'"
	sed 's/^/# /' "$tmp"/status
	kill "$(pgrep -f "^scitag monitor")"
}

# shellcheck disable=SC2119
module_load
pair
# shellcheck disable=SC2086 # words of a key
tag flow add $key tag atlas/26 mark label snapshot 50ms
connection
same_as_ss
watched
recorded
plotted
unprivileged
ended
rules
finish
