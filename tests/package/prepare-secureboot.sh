#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# As prepare.sh, with mokutil and the module without its signature; and ./esp,
# what starts Debian where Secure Boot is on: shim, which the firmware trusts,
# and what shim trusts.
set -euo pipefail

cd "${0%/*}"
./prepare.sh "$1"
# shellcheck source=tests/package/lib.sh
. ./lib.sh

apt install mokutil
module=$(modinfo -k "$(basename /lib/modules/*)" -n scitag)
case $module in
*.xz)	xz -dc "$module" >/opt/test/unsigned.ko ;;
*)	cp "$module" /opt/test/unsigned.ko ;;
esac
strip --strip-debug /opt/test/unsigned.ko

mkdir -p signed esp/EFI/BOOT esp/EFI/debian
(cd signed && apt-get -q download shim-signed shim-helpers-amd64-signed grub-efi-amd64-signed)
for package in signed/*.deb; do
	dpkg-deb -x "$package" signed
done
cp signed/usr/lib/shim/shimx64.efi.signed esp/EFI/BOOT/BOOTX64.EFI
cp signed/usr/lib/shim/mmx64.efi.signed esp/EFI/BOOT/mmx64.efi
cp signed/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed esp/EFI/BOOT/grubx64.efi
