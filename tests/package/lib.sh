# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# For the tests of packages, beside which it lies with tally.sh. Sourced.

# shellcheck source=scripts/lib/tally.sh
. "${0%/*}"/tally.sh
log=/var/log/scitag-test.log
: >"$log"
export DEBIAN_FRONTEND=noninteractive

# apt COMMAND...: quietly; of a failure, the end of what it said.
apt() {
	echo "=== apt-get $*" >>"$log"
	apt-get -q -y --no-install-recommends -o Dpkg::Options::=--force-confold "$@" >>"$log" 2>&1 || {
		tail -n 40 "$log"
		return 1
	}
}

# try "what" command...: passes if it succeeds.
try() {
	local what=$1 said
	shift
	if said=$("$@" 2>&1); then
		pass "$what"
	else
		[ -z "$said" ] || printf '# %s\n' "${said//$'\n'/$'\n# '}"
		fail "$what"
	fi
}

# same "what" GOT WANTED
same() {
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		echo "# got '$2' instead of '$3'"
		fail "$1"
	fi
}

# wait_for SECONDS command...: until it succeeds.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.2
	done
}

# Paths of all files, but for what every use of APT and DKMS leaves: its lists
# and logs, indices of modules, DKMS' own key.
all_files() {
	find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /scitag -o -path /tmp \
		-o -path /run -o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/dpkg \
		-o -path /var/log -o -path '/lib/modules/*/modules.*' \
		-o -path '/usr/lib/modules/*/modules.*' -o -path '/var/lib/dkms/mok.*' \) -prune -o -print |
		LC_ALL=C sort
}

# The paths of the input that belong to no package: libraries that were installed
# with ours stay if others have a use for them. /lib is /usr/lib, or will be.
without_owned() {
	local merge='s,^/\(bin\|sbin\|lib\|lib64\)/,/usr/\1/,'
	sed "$merge" | LC_ALL=C sort -u |
		LC_ALL=C comm -23 - <(sed "$merge" /var/lib/dpkg/info/*.list | LC_ALL=C sort -u)
}
