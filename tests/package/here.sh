#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The packages, made on this host, which is a Debian: what takes no root
# directory of another one. scripts/package makes and tries them for each.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=scripts/lib/tally.sh
. "$top"/scripts/lib/tally.sh
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
version=$(cat "$top"/VERSION)

# make_of NAME PROGRAM ARGUMENT...: scripts/lib/PROGRAM in a directory with the
# tarball; says something if that fails.
make_of() {
	"$top"/scripts/dist "$tmp/$1" >"$tmp"/said 2>&1
	(cd "$tmp/$1" && "$top/scripts/lib/$2" "${@:3}") >"$tmp/$1.log" 2>&1 ||
		tail -n 60 "$tmp/$1.log"
}

# What a package has to have, whatever else is in it; says what it hasn't.
has() { # list file...
	local file
	for file in "${@:2}"; do
		grep -qE "[ /]$file(\.gz)?( |\$)" "$1" || echo "no $file"
	done
}

daemon="usr/sbin/scitagd usr/bin/scitag etc/scitag/scitagd.conf usr/lib/sysusers.d/scitag.conf
	usr/lib/tmpfiles.d/scitag.conf lib/systemd/system/scitagd.service"
module="usr/src/scitag-$version/dkms.conf usr/src/scitag-$version/Kbuild
	usr/lib/modules-load.d/scitag.conf usr/share/doc/scitag-dkms/secure-boot.md"
read -ra daemon <<<"${daemon//$'\n'/ }"
read -ra module <<<"${module//$'\n'/ }"

expect_nothing "Debian packages can be built, and lintian finds no error" \
	make_of deb build-deb "$version" "~here"
for name in scitag scitag-dkms; do
	dpkg-deb -c "$tmp/deb/out/${name}_$version"-*.deb >"$tmp/$name.deb"
done
expect_nothing "scitag_*.deb has daemon, command line and what they need" \
	has "$tmp"/scitag.deb "${daemon[@]}"
expect_nothing "scitag-dkms_*.deb has the module's source" has "$tmp"/scitag-dkms.deb "${module[@]}"

expect_nothing "packages for EL can be built, and rpmlint finds no error" \
	make_of rpm build-rpm "$version"
for name in scitag scitag-dkms; do
	rpm -qlp "$tmp/rpm/out/$name-$version"-1.debian.*.rpm >"$tmp/$name.rpm"
done
expect_nothing "scitag-*.rpm has daemon, command line and what they need" \
	has "$tmp"/scitag.rpm "${daemon[@]}"
expect_nothing "scitag-dkms-*.rpm has the module's source" has "$tmp"/scitag-dkms.rpm "${module[@]}"
tally_end
