# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What shell tests have in common. A test starts with
#
#	. "${0%/*}"/lib.sh
#
# runs its checks, and ends with `finish`.

failed=0

ok() {
	echo "ok - $*"
}

not_ok() {
	echo "not ok - $*"
	failed=1
}

# check "what" command...: ok if the command succeeds; shows its output if not.
check() {
	local what=$1 output
	shift
	if output=$("$@" 2>&1); then
		ok "$what"
	else
		not_ok "$what"
		printf '%s\n' "$output" | sed "s/^/# $1: /"
	fi
}

# refuse "what" command...: ok if the command fails.
refuse() {
	local what=$1 output
	shift
	if output=$("$@" 2>&1); then
		not_ok "$what"
		printf '%s\n' "$output" | sed "s/^/# $1: /"
	else
		ok "$what"
	fi
}

# equal "what" GOT EXPECTED
equal() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1"
		printf '# got: %s\n# expected: %s\n' "$2" "$3"
	fi
}

# exits STATUS "part of stderr" command...: for check. What it says is in $tmp/out
# and $tmp/err, of the test.
# shellcheck disable=SC2154 # tmp
exits() {
	local want=$1 part=$2 got
	shift 2
	"$@" >"$tmp"/out 2>"$tmp"/err
	got=$?
	[ "$got" = "$want" ] && [[ $(<"$tmp"/err) == *"$part"* ]] && return
	echo "status $got, expected $want and: $part"
	cat "$tmp"/err
	return 1
}

# skip REASON: this kernel or machine cannot run the test.
skip() {
	echo "# SKIP $*"
	exit 4
}

finish() {
	exit "$failed"
}

# wait_for SECONDS command...: until it succeeds; fails when it never does.
# The debug kernel gets SLOW times as long. Looks are counted, not seconds: where
# the machine stood still, nobody has done anything in these.
wait_for() {
	local looks=$(($1 * 10 * ${SLOW:-1}))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $((looks--)) -gt 0 ] || return 1
		sleep 0.1
	done
}

# What is to be undone when the test ends, the last one first.
cleanups=()
on_exit() {
	cleanups=("$*" "${cleanups[@]}")
}
cleanup() {
	local command
	for command in "${cleanups[@]}"; do
		eval "$command" >/dev/null 2>&1
	done
}
trap cleanup EXIT

module_load() {
	modprobe scitag "$@" || {
		not_ok "the module loads"
		exit 1
	}
	on_exit rmmod scitag
}

# pair: two new namespaces, their names in $a and $b.
#
#	$a [veth0] ------------------ [veth0] $b
#	2001:db8:a::1/64     2001:db8:a::2/64
#	192.0.2.1/24             192.0.2.2/24
#
pair() {
	a=a-$$-$RANDOM b=b-$$-$RANDOM
	ip netns add "$a"
	on_exit ip netns del "$a"
	ip netns add "$b"
	on_exit ip netns del "$b"
	ip link add veth0 netns "$a" type veth peer name veth0 netns "$b"
	end "$a" 1
	end "$b" 2
}

end() { # namespace number
	ip -n "$1" link set lo up
	ip -n "$1" addr add "2001:db8:a::$2/64" dev veth0 nodad
	ip -n "$1" addr add "192.0.2.$2/24" dev veth0
	ip -n "$1" link set veth0 up
}

# in_ns NAMESPACE command...
in_ns() {
	local namespace=$1
	shift
	ip netns exec "$namespace" "$@"
}
