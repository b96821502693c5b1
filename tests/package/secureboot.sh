#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In a machine with Secure Boot on whose firmware does not know DKMS' key: the
# module is refused, and what is said of it leads to docs/secure-boot.md. Signed
# with a key that the firmware knows, it is loaded.
set -euo pipefail

# shellcheck source=tests/package/lib.sh
. "${0%/*}"/lib.sh

journal_has() { # unit pattern
	journalctl -b -u "$1" | grep -qE "$2"
}

refused() { # command...
	! "$@" >said 2>&1 &&
		grep -E 'Key was rejected|Required key not available|Operation not permitted' said
}

try "the kernel knows that Secure Boot is on" sh -c 'dmesg | grep -i "secure boot enabled"'
try "the module is not loaded" test ! -d /sys/module/scitag
same "that it was not is seen at boot" \
	"$(systemctl is-failed systemd-modules-load.service)" failed
try "scitagd is active without it" wait_for 60 systemctl -q is-active scitagd.service
echo "start tcp ::1 40000 ::1 5001 3 14" >/run/scitagd/flows
try "it says where to read on" wait_for 30 journal_has scitagd.service secure-boot.md
try "so does scitag" sh -c 'scitag flow list 2>&1 | grep secure-boot.md'
try "that page is there" sh -c 'ls /usr/share/doc/scitag-dkms/secure-boot.md*'
try "a module without signature is refused" refused insmod /opt/test/unsigned.ko
try "modprobe is refused the one that DKMS has signed" refused modprobe scitag
cp /opt/test/enrolled.ko "$(modinfo -n scitag)"
try "modprobe loads one that is signed with a key of the firmware" modprobe scitag
try "scitag sees it" scitag flow list
echo "start tcp ::1 40001 ::1 5001 3 14" >/run/scitagd/flows
try "scitagd sees it" wait_for 60 journal_has scitagd.service "marked by the module"
tally_end
