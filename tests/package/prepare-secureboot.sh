#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# As prepare.sh; and the module without a signature, and with one by ./key.pem,
# whose certificate is ./cert.pem, beside the test.
set -euo pipefail

cd "${0%/*}"
./prepare.sh "$1"
version=$(basename /lib/modules/*)
module=$(modinfo -k "$version" -n scitag)
case $module in
*.xz)	xz -dc "$module" >/opt/test/enrolled.ko ;;
*)	cp "$module" /opt/test/enrolled.ko ;;
esac
cp /opt/test/enrolled.ko /opt/test/unsigned.ko
strip --strip-debug /opt/test/unsigned.ko
"$(find /usr/lib/linux-kbuild-* /usr/src/linux-headers-* -name sign-file -type f | head -n 1)" \
	sha256 key.pem cert.pem /opt/test/enrolled.ko
[ -z "${module##*.ko}" ] || { xz -f --check=crc32 /opt/test/enrolled.ko && mv /opt/test/enrolled.ko.xz /opt/test/enrolled.ko; }
