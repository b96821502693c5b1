# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Debian packages, each release's built in its own root. Sourced.

: "${top:?}" "${lib:?}"

# What the version has at its end, so that the next release's is newer.
suite_tag() { # suite
	case $1 in
	bullseye)	echo '~deb11' ;;
	bookworm)	echo '~deb12' ;;
	trixie)		echo '~deb13' ;;
	esac
}

# deb_build SUITE TARBALL DIRECTORY: packages of that tarball into DIRECTORY,
# which is new unless it has just these; with a log beside it.
deb_build() {
	local version work=$3.work made_of
	version=$(basename "$2" .tar.xz)
	version=${version#scitag-}
	made_of="$(sha256sum <"$2") $(package_root_dir build "$1")"
	[ "$(cat "$3"/.made-of 2>/dev/null)" != "$made_of" ] || return 0
	rm -rf --one-file-system "$work" "$3"
	mkdir -p "$work"
	cp "$2" "$lib"/build-deb "$work"/
	log_to "$3".log
	: >"$3".log
	step "packages: building $version for $1" \
		package_exec build "$1" "$work" ./build-deb "$version" "$(suite_tag "$1")"
	mv "$work"/out "$3"
	rm -rf --one-file-system "$work"
	echo "$made_of" >"$3"/.made-of
	grep -E '^[EW]: ' "$3".log >&2 || true
}
