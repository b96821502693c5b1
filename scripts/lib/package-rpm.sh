# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Packages for Enterprise Linux. Sourced.

: "${lib:?}"

# rpm_build TARBALL DIRECTORY: spec and packages into DIRECTORY, which is new.
rpm_build() {
	local version work=$2.work
	version=$(basename "$1" .tar.xz)
	version=${version#scitag-}
	rm -rf --one-file-system "$work" "$2"
	mkdir -p "$work"
	cp "$1" "$lib"/build-rpm "$work"/
	log_to "$2".log
	: >"$2".log
	step "packages: building $version" \
		package_exec build bookworm "$work" ./build-rpm "$version"
	mv "$work"/out "$2"
	rm -rf --one-file-system "$work"
	grep -E '^ *[0-9]+ packages and ' "$2".log >&2 || true
}
