# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Counting what passed and failed. Sourced.

tally_passed=0 tally_failed=0

pass() {
	echo "ok - $*"
	tally_passed=$((tally_passed + 1))
}

fail() {
	echo "not ok - $*"
	tally_failed=$((tally_failed + 1))
}

# expect_nothing "what" command...: passes if the command succeeds without a
# word; shows (the start of) what it said if not.
expect_nothing() {
	local what=$1 said
	shift
	if said=$("$@" 2>&1) && [ -z "$said" ]; then
		pass "$what"
	else
		head -n 60 <<<"$said"
		fail "$what"
	fi
}

# The last line of every script that checks something, and its exit status.
tally_end() {
	echo "$tally_passed passed, $tally_failed failed"
	[ "$tally_failed" -eq 0 ] && [ "$tally_passed" -gt 0 ]
}
