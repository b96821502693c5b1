# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The machine that is not of this processor: Debian for arm64. Sourced.
#
# Nothing of arm64 runs while it is made. $cache/root-arm64-KEY/ holds root/, in
# which module and userspace are cross-built; root.ext4, for which packages were
# unpacked but not configured; vmlinuz, initrd and version.

: "${lib:?}"

# The libraries to build with, which bring those that the programs need.
arm64_libraries() {
	release_packages | tr ' ' '\n' | grep -x 'lib.*-dev'
}

# Without what is there only to build with, and with what is
# there anyhow where packages are installed.
arm64_guest_packages() {
	printf '%s\n' '?essential' mount
	arm64_libraries
	release_packages | sed -n '/^busybox/,$p' | tr ' ' '\n'
}

arm64_build_packages() {
	printf '%s\n' make xz-utils kmod busybox-static meson ninja-build pkgconf \
		pkgconf:arm64 crossbuild-essential-arm64
	arm64_libraries | sed 's/$/:arm64/'
}

# arm64_unpack SUITE DIRECTORY
arm64_unpack() {
	local -a include
	mapfile -t include < <(arm64_guest_packages | sed 's/^/--include=/')
	release_sources arm64 "$1" |
	mmdebstrap --mode=root --variant=extract --format=directory \
		--architectures=arm64 --skip=check/qemu \
		--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--aptopt='APT::Install-Recommends "false"' \
		"${include[@]}" "$1" "$2" -
	rm -rf "$2"/usr/share/{doc,man,locale}
}

# arm64_bootstrap SUITE DIRECTORY GUEST
arm64_bootstrap() {
	local -a include
	mapfile -t include < <(arm64_build_packages | sed 's/^/--include=/')
	release_sources arm64 "$1" |
	mmdebstrap --mode=root --variant=minbase --format=directory \
		--architectures=amd64,arm64 --dpkgopt=force-unsafe-io \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--aptopt='APT::Install-Recommends "false"' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		"${include[@]}" --customize-hook="$lib/arm64-hook \"\$1\" $3" "$1" "$2" -
}

arm64_make() { # suite directory
	step "root: unpacking packages of arm64" arm64_unpack "$1" "$2/guest"
	step "root: bootstrapping one to cross-build in" arm64_bootstrap "$1" "$2/root" "$2/guest"
	shift
	basename "$1"/root/lib/modules/* >"$1"/version
	mv "$1"/root/boot/initrd "$1"/initrd
	cp "$1"/root/boot/vmlinuz-* "$1"/vmlinuz
	step "root: making the disk image of $(cat "$1"/version)" root_image "$1/guest" "$1/root.ext4"
	rm -r "$1"/guest "$1"/root/boot/*
}
