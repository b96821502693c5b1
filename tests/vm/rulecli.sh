#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 240
# kernels: 5.10 7.3
# Rules, lifetimes and what else the command line has learned, through the
# command line only: what is set is listed and taken back, mistakes and refusals
# have a line and change nothing, flows come by rules and end as they should;
# and the daemon, whose flows end in the kernel.
# shellcheck source=tests/vm/lib.sh
. "${0%/*}"/lib.sh

tmp=$(mktemp -d)
on_exit rm -rf "$tmp"
export SCITAG_REGISTRY=$PWD/userspace/registry.json
port=5201

# What is in force, without numbers that change and double spaces.
rules() {
	scitag rule list | sed 's/ *#.*//; s/  */ /g'
}

rule_count() {
	scitag --json status --no-daemon | jq .module.rules
}

key() { # SPORT
	echo "proto tcp src 2001:db8:a::1 sport $1 dst 2001:db8:a::2 dport $port"
}

round_trip() {
	cat >"$tmp"/rules <<-END
	# Two that belong together, and the one that comes last.
	priority 20 all tag 1/1 idle-timeout 1
	dst 2001:db8::/32 exclude

	proto tcp src 192.0.2.0/24 port 5201-5210 tag cms/14 mark label,do
	dport 443 uid root sport 1-1023 oif veth0 fwmark 0x10/0xf0 \
tag 'atlas/Data Challenge' mark hbh layout ids option-type 0x1f entropy none \
oversize fragment idle-timeout 60 hard-timeout 3600
	END
	cat >"$tmp"/want <<-END
	dst 2001:db8::/32 exclude
	proto tcp src 192.0.2.0/24 port 5201-5210 tag 3/14 mark label,do
	sport 1-1023 dport 443 uid 0 fwmark 0x10/0xf0 oif veth0 \
tag 2/26 mark hbh layout ids option-type 0x1f entropy none \
oversize fragment idle-timeout 60 hard-timeout 3600
	priority 20 all tag 1/1 mark label idle-timeout 1
	END
	check "rules are set" exits 0 "" scitag rule set "$tmp"/rules
	equal "without a word" "$(cat "$tmp"/err)" ""
	equal "they are listed in the order in which they are looked at" "$(rules)" "$(<"$tmp"/want)"
	equal "status counts them" "$(rule_count)" 4
	scitag rule list >"$tmp"/listed
	check "what is listed can be set" scitag rule set "$tmp"/listed
	equal "and is the same" "$(rules)" "$(<"$tmp"/want)"
	equal "as JSON" "$(scitag --json rule list | jq -c '.[1] |
		[.protocol, .src, .port.min, .port.max, .dst, .exclude, .experiment,
		 .activity, .mark, .flows]')" \
		'["tcp","192.0.2.0/24",5201,5210,null,false,3,14,["label","do"],0]'
	equal "ids are not used again" "$(scitag --json rule list | jq 'map(.id) | min > 4')" true
}

# fails "what" STATUS "stderr" < rules: and the rules are what they were
fails() {
	local before
	before=$(rules)
	check "$1" exits "$2" "$3" scitag rule set -
	equal "$1: nothing changed" "$(rules)" "$before"
}

mistakes() {
	fails "a mistake has a line" 2 "-:3: port: \"0\" is neither a port" <<-END
	all exclude

	port 0 exclude
	END
	check "all mistakes have" grep -q "^-:1: \"colour\" is not a keyword" <(
		scitag rule set - 2>&1 <<<$'colour red\nport 1')
	fails "a refusal has one, too" 1 "-:3: " <<-END
	all exclude
	# the kernel knows no such cgroup
	cgroup /no/such/cgroup exclude
	END
	check "with the words of the kernel" grep -qi "cgroup" "$tmp"/err
	fails "a file without a rule is no wish to have none" 1 "scitag rule flush" </dev/null
	fails "more than there may be" 1 "-: " < <(yes exclude |
		head -n $(($(scitag --json status --no-daemon | jq '.module["max-rules"]') + 1)))
	check "without CAP_NET_ADMIN: say so" exits 1 "CAP_NET_ADMIN" \
		setpriv --bounding-set=-net_admin --inh-caps=-net_admin scitag rule list
	check "flush" scitag rule flush
	equal "nothing is left" "$(scitag --json rule list | jq -c .)" "[]"
	equal "nor counted" "$(rule_count)" 0
}

# As many as there may be, and the last line of them.
many() {
	local most
	most=$(scitag --json status --no-daemon | jq '.module["max-rules"]')
	seq -f "sport %.0f exclude" "$most" >"$tmp"/most
	check "as many as there may be ($most)" scitag rule set "$tmp"/most
	equal "are listed, all in their order" "$(rules | md5sum)" "$(md5sum <"$tmp"/most)"
	sed '$s/.*/cgroup \/none exclude/' "$tmp"/most >"$tmp"/last
	check "the last of them is refused by its line" exits 1 "$tmp/last:$most: " \
		scitag rule set "$tmp"/last
	equal "and all others stay" "$(rule_count)" "$most"
	scitag rule flush
}

in_cgroup() {
	local root
	root=$(findmnt -nt cgroup2 -o TARGET | head -n 1)
	[ -n "$root" ] || mount -t cgroup2 none "${root:=$tmp}"
	mkdir -p "$root"/scitag-test
	on_exit rmdir "$root"/scitag-test
	check "a cgroup that is there is taken" scitag rule set - <<<"cgroup /scitag-test exclude"
	equal "and listed" "$(rules)" "cgroup /scitag-test exclude"
	scitag rule flush
}

server() { # namespace
	in_ns "$1" socat -u "TCP6-LISTEN:$port,reuseaddr,fork" OPEN:/dev/null &
	wait_for 10 eval "in_ns $1 ss -ltn | grep -q :$port"
}

# One connection with a few octets in it.
connection() { # SPORT
	echo hello | in_ns "$a" socat -u - "TCP6:[2001:db8:a::2]:$port,sourceport=$1,reuseaddr"
}

has_joined() {
	awk -v pid="$1" '$2 == 16 && $3 % 4194304 == pid && $4 != "00000000" { n++ } END { exit !n }' \
		"/proc/$1/net/netlink"
}

# watch_events COUNT: monitor in $a into $tmp/events, $watcher being its process
watch_events() {
	ip netns exec "$a" scitag --json monitor --count "$1" >"$tmp"/events &
	watcher=$!
	check "monitor listens" wait_for 10 has_joined "$watcher"
}

# The events of a source port as "new- end-closed".
events_of() {
	jq -r "select(.sport == $1) | .event + \"-\" + (.\"end-reason\" // \"\")" "$tmp"/events | xargs
}

by_rule() {
	in_ns "$a" scitag rule set - <<-END
	dport $port sport 30001 exclude
	proto tcp dport $port tag cms/14 mark label,do
	END
	watch_events 2
	connection 30001
	connection 30002
	check "a flow comes and goes with its connection" wait_for 20 eval "! kill -0 $watcher"
	equal "it begins, and ends when that is closed" "$(events_of 30002)" "new- end-closed"
	equal "what is excluded is left alone" "$(events_of 30001)" ""
	equal "it knows its rule" "$(jq -s 'map(.rule) | unique == [.[0]] and .[0] > 0' "$tmp"/events)" true
	equal "with tag and marks" "$(jq -sc '.[1] | [.experiment, .activity, .mark, .["end-on-close"]]' "$tmp"/events)" \
		'[3,14,["label","do"],true]'
	check "every packet was marked" jq -es '.[1] | .packets > 3 and .marked == .packets' "$tmp"/events
	equal "the rule counts its flows" "$(in_ns "$a" scitag --json rule list | jq -c 'map(.flows)')" "[0,1]"
	in_ns "$a" scitag rule flush
}

# shellcheck disable=SC2046 # words of a key
lifetimes() {
	watch_events 6
	in_ns "$a" scitag flow add $(key 31001) tag 2/26 idle-timeout 1
	in_ns "$a" scitag flow add $(key 31002) tag 2/26 hard-timeout 1
	in_ns "$a" scitag flow add $(key 31003) tag 2/26 end-on-close
	connection 31003
	check "flows end by themselves" wait_for 30 eval "! kill -0 $watcher"
	equal "idle" "$(events_of 31001)" "new- end-idle"
	equal "after their time" "$(events_of 31002)" "new- end-expired"
	equal "with their connection" "$(events_of 31003)" "new- end-closed"
	equal "none is left" "$(in_ns "$a" scitag --json flow list | jq length)" 0
	watch_events 2
	in_ns "$a" scitag flow add proto tcp src 2001:db8:a::1 sport 31004 \
		dst 2001:db8:a::2 dport 9 tag 2/26 end-on-close
	in_ns "$a" socat -u - "TCP6:[2001:db8:a::2]:9,sourceport=31004" </dev/null 2>/dev/null
	check "a connection that is refused ends its flow" wait_for 20 eval "! kill -0 $watcher"
	equal "as reset" "$(events_of 31004)" "new- end-reset"
}

# shellcheck disable=SC2046
attributes() {
	scitag flow add $(key 32001) tag 2/26 mark label,hbh entropy none \
		oversize emsgsize idle-timeout 3600 hard-timeout 7200 end-on-close
	equal "show has what was asked for" "$(scitag --json flow show $(key 32001) | jq -c \
		'[.entropy, .oversize, .["idle-timeout"], .["hard-timeout"], .["end-on-close"], .rule]')" \
		'["none","emsgsize",3600,7200,true,null]'
	equal "without entropy a label is the tag" "$(scitag --json flow show $(key 32001) | jq .label)" $((0x10068))
	check "list says so" grep -qF "entropy none, oversize emsgsize, idle-timeout 3600, hard-timeout 7200, end-on-close" \
		<(scitag flow list)
	check "age is seen to pass" wait_for 10 eval \
		"scitag --json flow show $(key 32001) | jq -e '.age > 0 and .idle > 0'"
	check "replace" scitag flow replace $(key 32001) tag 2/26
	equal "goes back to what is usual" "$(scitag --json flow show $(key 32001) | jq -c \
		'[.entropy, .oversize, .["idle-timeout"], .["hard-timeout"], .["end-on-close"]]')" \
		'["constant","skip",0,0,false]'
	check "8 octets of Destination Options on TCP are warned of" exits 0 \
		"warning: layout ids in Destination Options stalls TCP" \
		scitag flow replace $(key 32001) tag 2/26 mark "do" layout ids
	scitag flow flush
}

daemon_log() {
	kill -USR1 "$daemon"
	grep -q "$1" "$tmp"/daemon.log
}

# shellcheck disable=SC2046
with_daemon() {
	cat >"$tmp"/scitagd.conf <<-END
	pipes: $tmp/pipe
	fireflies: {collectors: ["127.0.0.1:9999"], period: 0}
	log-level: debug
	END
	in_ns "$a" socat -u UDP4-RECV:9999,bind=127.0.0.1 "OPEN:$tmp/fireflies,creat" &
	check "a collector listens" wait_for 10 eval "in_ns $a ss -Hlun | grep -q :9999"
	ip netns exec "$a" scitagd -c "$tmp"/scitagd.conf 2>"$tmp"/daemon.log &
	daemon=$!
	check "the daemon is ready" wait_for 20 grep -q "is ready" "$tmp"/daemon.log
	echo "start tcp 2001:db8:a::1 33001 2001:db8:a::2 $port 2 26" >"$tmp"/pipe
	check "it enters a flow" wait_for 10 eval "in_ns $a scitag flow show $(key 33001)"
	in_ns "$a" scitag flow replace $(key 33001) tag 2/26 end-on-close
	connection 33001
	check "that ends in the kernel" wait_for 20 grep -q "closed: experiment 2" "$tmp"/daemon.log
	echo "end tcp 2001:db8:a::1 33001 2001:db8:a::2 $port 2 26" >"$tmp"/pipe
	check "its end was its end" wait_for 10 daemon_log \
		"0 open, 1 started, 0 retagged, 0 repeated, 1 ended (1 by the kernel, 0 of them missed), 1 ends unknown"
	check "the collector has heard of it" wait_for 10 grep -aq '"state": *"end"' "$tmp"/fireflies
	equal "one start, one end" "$(grep -ao '"state": *"[a-z]*"' "$tmp"/fireflies | tr -d '" ' | sort | uniq -c | xargs)" \
		"1 state:end 1 state:start"
	refuse "and no word of complaint" grep -E "warning|error|refused:" "$tmp"/daemon.log
	kill "$daemon"
	wait "$daemon"
}

check "without the module: 3 and what to do" exits 3 "modprobe scitag" scitag rule list
# shellcheck disable=SC2119
module_load
attributes
round_trip
mistakes
many
in_cgroup
pair
server "$b"
by_rule
lifetimes
with_daemon
finish
