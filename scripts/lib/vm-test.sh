# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# All tests on several kernels, two machines at a time. Sourced.

: "${top:?}"

# test_one NAME: images, build and run; what the tests say goes to a log.
test_one() {
	local out=$top/build/vm/$1
	mkdir -p "$out"
	rm -f "$out"/test.log
	"$top"/scripts/vm run "$1" >"$out"/run.log || true
	test_summary "$1"
}

# Each failure with what was said around it, then a line of totals.
test_summary() { # name
	local log=$top/build/vm/$1/run.log
	awk -v name="$1" '
		/^# ---/ { test = $3; sub(/:$/, "", test); about = ""; told = 0; next }
		/^#/ { if (told) print "[" name "] " $0; else about = about "[" name "] " $0 "\n"; next }
		/^not ok / { printf "%s[%s] %s (%s)\n", about, name, $0, test; about = ""; told = 1; next }
		{ about = ""; told = 0 }' "$log"
	echo "[$1] $(test_total "$1")"
}

# test_total NAME: "N passed, N failed, N skipped". A run that did not get as
# far as its total has failed.
test_total() {
	sed -n 's/^# total: //p' "$top/build/vm/$1/run.log" | grep . ||
		echo "0 passed, 1 failed, 0 skipped"
}

test_all() {
	local name running=0
	for name; do
		release_of "$name"
	done
	for name in $(test_order "$@"); do
		if [ "$running" -ge 2 ]; then
			wait -n || true
			running=$((running - 1))
		fi
		test_one "$name" &
		running=$((running + 1))
	done
	wait
	for name; do
		test_total "$name"
	done | awk '{ p += $1; f += $3; s += $5 }
		END { printf "%d passed, %d failed%s\n", p, f, s ? ", " s " skipped" : ""
		exit f > 0 || s > 0 || p == 0 }'
}

# The one that takes longest goes first.
test_order() {
	printf '%s\n' "$@" | grep -x debug || true
	printf '%s\n' "$@" | grep -vx debug || true
}
