#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# secureboot.sh: in machines that load signed modules only. Where DKMS' key is
# not known, the module is refused, what is said of it leads to
# docs/secure-boot.md, and, where there is a list of such keys, its enrolment is
# asked for. Where it is known, the module is loaded.
set -euo pipefail

# shellcheck source=tests/package/lib.sh
. "${0%/*}"/lib.sh

key=/var/lib/dkms/mok.pub

# Read to its end: journalctl fails if nobody does.
journal_has() { # unit pattern
	journalctl -b -u "$1" | grep -E "$2" >/dev/null
}

# A script of a package without what was put into it, which would build.
without_helpers() {
	echo "sed '/^# Automatically added/,/^# End/d' /var/lib/dpkg/info/$1"
}

has_efi() {
	test -d /sys/firmware/efi
}

# As docs/secure-boot.md shows it.
refused() { # program "what" argument, and how the program calls it
	same "$1 says that $2 is refused" "$("$1" "$3" 2>&1)" \
		"$1: ERROR: could not insert $4: Key was rejected by service"
}

# mokutil tells by its words; its exit status is that of a question.
enrolled() {
	[[ $(mokutil --test-key $key) = *'already enrolled'* ]]
}

unknown_key() {
	try "the module is not loaded" test ! -d /sys/module/scitag
	same "that it was not is seen at boot" \
		"$(systemctl is-failed systemd-modules-load.service)" failed
	try "scitagd is active without it" wait_for 60 systemctl -q is-active scitagd.service
	echo "start tcp ::1 40000 ::1 5001 3 14" >/run/scitagd/flows
	try "it says where to read on" wait_for 30 journal_has scitagd.service secure-boot.md
	try "so does scitag" sh -c 'scitag flow list 2>&1 | grep secure-boot.md'
	refused modprobe "the module that DKMS has signed" scitag "'scitag'"
	try "the installation of the package leads there, too" sh -c \
		"$(without_helpers scitag-dkms.postinst) | sh -s configure | grep secure-boot.md"
	try "that page is there" sh -c 'ls /usr/share/doc/scitag-dkms/secure-boot.md*'
	if has_efi; then
		try "mokutil asks for the enrolment of DKMS' key" sh -c \
			"printf '%s\n' password password | mokutil --import $key"
		try "it will be asked for at the next boot" sh -c 'mokutil --list-new | grep Subject:'
	fi
}

known_key() {
	try "mokutil says that DKMS' key is enrolled" enrolled
	try "the module was loaded at boot" test -d /sys/module/scitag
	same "it is signed by the key that was enrolled" "$(modinfo -F signer scitag)" \
		"$(openssl x509 -inform DER -in $key -noout -subject -nameopt multiline |
			sed -n 's/^ *commonName *= //p')"
	try "scitag sees it" scitag status
	echo "start tcp ::1 40001 ::1 5001 3 14" >/run/scitagd/flows
	try "so does scitagd" wait_for 60 sh -c 'scitag flow list | grep 40001'
	try "it can be unloaded" modprobe -r scitag
}

if has_efi; then
	try "the kernel knows that Secure Boot is on" sh -c 'dmesg | grep -i "secure boot enabled"'
fi
# What whoever started this machine says, or nothing.
if grep -qw enrolled=yes /proc/cmdline; then
	known_key
else
	unknown_key
fi
refused insmod "a module without signature" /opt/test/unsigned.ko \
	"module /opt/test/unsigned.ko"
tally_end
