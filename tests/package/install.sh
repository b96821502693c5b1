#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# install.sh KERNEL NEXT...: the life of the packages on a host, which is the
# root directory that this runs in: installed, a kernel to come, a newer version
# of ours, a kernel that is refused, and nothing left. ./one and ./two have the
# packages of two versions; NEXT are the options and packages of another kernel.
set -euo pipefail

kernel=$1
shift
next=("$@")
# shellcheck source=tests/package/lib.sh
. ./lib.sh

# The module's file for a kernel, wherever that keeps it.
module_file() { # kernel
	modinfo -k "$1" -n scitag
}

# What DKMS says about a kernel: "installed", or nothing.
state() { # version kernel
	dkms status -m scitag -v "$1" -k "$2" | sed 's/.*: \([a-z]*\).*/\1/'
}

# Of the first module of a kernel: .ko, .ko.xz ...
suffix_of_kernel() {
	find "/lib/modules/$1/kernel" -name '*.ko*' -print -quit | sed 's/.*\(\.ko\)/\1/'
}

dkms_before() { # version
	dpkg --compare-versions "$(dpkg-query -W -f '${Version}' dkms)" lt "$1"
}

built_for() { # version kernel
	local file
	same "$1: DKMS has installed the module for $2" "$(state "$1" "$2")" installed
	same "$1: the module for $2 is this version" "$(modinfo -k "$2" -F version scitag)" "$1"
	same "$1: it is made for $2" "$(modinfo -k "$2" -F vermagic scitag | cut -d ' ' -f 1)" "$2"
	file=$(module_file "$2")
	same "$1: it is compressed like modules of $2" ".ko${file#*.ko}" "$(suffix_of_kernel "$2")"
	# DKMS 2, of Debian 11, leaves signing to others.
	dkms_before 3 ||
		same "$1: it is signed" "$(modinfo -k "$2" -F sig_id scitag)" PKCS#7
}

version_of() { # directory
	dpkg-deb -f "$1"/scitag-dkms_*.deb Version | cut -d - -f 1
}

# A kernel that lacks something, as far as DKMS looks at it: it says why it does
# not try. From 3.0.11 on it passes over it; before, it takes this for a failure.
refused() { # kernel what config...
	local said
	mkdir -p "/lib/modules/$1/build/include"
	touch "/lib/modules/$1/build/Makefile"
	printf '%s\n' "${@:3}" >"/lib/modules/$1/build/.config"
	said=$(dkms build -m scitag -v "$new" -k "$1" 2>&1) && said="it was built"
	echo "# ${said//$'\n'/$'\n# '}"
	same "a kernel $2 is refused" "$(grep -o BUILD_EXCLUSIVE <<<"$said" | head -n 1)" \
		BUILD_EXCLUSIVE
	dkms_before 3.0.11 || try "and its installation would go on" dkms autoinstall -k "$1"
	rm -r "/lib/modules/$1"
}

# As if the kernel had been built without an option.
lacks() { # option
	! make -C "/lib/modules/$kernel/build" M="/usr/src/scitag-$new" "$1=" modules >said 2>&1 &&
		grep "this kernel was built without $1" said
}

old=$(version_of one) new=$(version_of two)
all_files >before

try "the packages can be installed" apt install ./one/scitag_*.deb ./one/scitag-dkms_*.deb
built_for "$old" "$kernel"
same "scitag runs and is this version" "$(scitag --version)" "scitag $old"
try "scitagd likes the configuration that it comes with" \
	scitagd --check -c /etc/scitag/scitagd.conf
try "the service will be started at boot" systemctl is-enabled scitagd.service
try "its user is there" getent passwd scitagd
try "the module will be loaded at boot" grep -x scitag /usr/lib/modules-load.d/scitag.conf
for page in man7/scitag.7 man8/scitag.8 man8/scitagd.8 man5/scitagd.conf.5; do
	try "there is a man page $page" test -s /usr/share/man/$page.gz
done

find /lib/modules -mindepth 1 -maxdepth 1 -printf '%f\n' | sort >kernels
try "a new kernel can be installed" apt install "${next[@]}"
upgraded=$(find /lib/modules -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | comm -13 kernels -)
built_for "$old" "$upgraded"

echo 'log-level: debug' >>/etc/scitag/scitagd.conf
try "it likes one in which something is set" scitagd --check -c /etc/scitag/scitagd.conf
try "the packages can be upgraded" apt install ./two/scitag_*.deb ./two/scitag-dkms_*.deb
same "scitag is the new version" "$(scitag --version)" "scitag $new"
same "what was set in the configuration stays" "$(tail -n 1 /etc/scitag/scitagd.conf)" \
	'log-level: debug'
built_for "$new" "$upgraded"
# DKMS builds for the newest kernel and the one that runs; for others when
# they start or are asked for.
try "the module can be built for the other kernel" dkms autoinstall -k "$kernel"
built_for "$new" "$kernel"
same "nothing of the old version is left" "$(dkms status -m scitag -v "$old")$(ls -d "/usr/src/scitag-$old" 2>/dev/null)" ""

# DKMS 2 does not look at the configuration, but the build does.
if ! dkms_before 3; then
	refused 5.10.0-test "without IPv6" CONFIG_NETFILTER=y
	refused 5.10.0-test "without netfilter" CONFIG_IPV6=y
fi
for option in CONFIG_IPV6 CONFIG_NETFILTER; do
	try "the build says that a kernel lacks $option" lacks "$option"
done
refused 4.19.0-test "that is too old" CONFIG_IPV6=y CONFIG_NETFILTER=y

try "the new kernel can be purged" apt purge "${next[@]}"
same "DKMS has forgotten it" "$(dkms status | grep -c "$upgraded")" 0
try "the packages can be purged" apt purge scitag scitag-dkms
all_files | comm -13 before - | without_owned >left
try "no file is left" diff /dev/null left
same "no user is left" "$(getent passwd scitagd)" ""
same "no module is left" "$(find /lib/modules -name 'scitag*')" ""
tally_end
