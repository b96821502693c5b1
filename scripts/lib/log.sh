# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Progress and error messages of the scripts. Sourced.

# Prefix of every line, such as "[6.1] "; the caller sets it.
log_prefix=

say() {
	printf '%s%s\n' "$log_prefix" "$*" >&2
}

die() {
	printf '%s%s: %s\n' "$log_prefix" "${0##*/}" "$*" >&2
	exit 1
}

# log_to FILE: where the output of steps goes from now on.
step_log=/dev/null
log_to() {
	step_log=$1
}

# step "what happens" command...: announces a step, runs it with its output
# in the log, tells how long it took; on failure shows the end of the log.
step() {
	local what=$1 start=$SECONDS status=0
	shift
	say "$what ..."
	"$@" >>"$step_log" 2>&1 || status=$?
	if [ "$status" -ne 0 ]; then
		[ -f "$step_log" ] && tail -n 30 "$step_log" >&2
		die "$what: failed (log: $step_log)"
	fi
	say "$what: $((SECONDS - start)) s"
}
