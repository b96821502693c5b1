# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Root directories and disk images of the test bed, cached by content. Sourced.
#
# $cache/root-NAME-KEY/ holds root/ (a directory to build in), root.ext4,
# vmlinuz, initrd and version. KEY is a hash of all that decides the content.
#
# A root whose making was killed may still have the host's /dev mounted in it:
# whatever removes things from the cache stays on its file system.

: "${top:?}" "${cache:?}" "${lib:?}"

# cache_publish TMP FINAL: makes a finished directory visible in one step and
# drops those of the same name and another key that nobody used for a day:
# another clone may be at another commit.
cache_publish() {
	find "$cache" -maxdepth 1 -name "$(basename "${2%-*}")-????????????" \
		-mmin +1440 -exec rm -rf --one-file-system {} +
	mv -T "$1" "$2"
}

# cache_lock NAME: one process at a time makes the same thing.
cache_lock() {
	mkdir -p "$cache"
	exec 9>"$cache/.lock-$1"
	flock -n 9 || { say "waiting for another process that makes $1"; flock 9; }
}

cache_unlock() {
	exec 9>&-
}

# What a file does, without what its comments say about it.
code_of() {
	grep -hvE '^[[:space:]]*#( [^C]|$)' "$@"
}

hash_of_stdin() {
	sha256sum | cut -c 1-12
}

root_key() { # name
	local suite root source about
	release_of "$1"
	{
		release_sources "$1" "$suite"
		release_packages
		echo "$source"
		if [ "$1" = arm64 ]; then
			declare -f arm64_make arm64_unpack arm64_bootstrap root_image \
				arm64_guest_packages arm64_build_packages arm64_libraries
			code_of "$lib"/arm64-hook
		else
			declare -f root_make root_bootstrap root_image
			code_of "$lib"/root-hook
		fi
	} | hash_of_stdin
}

# root_dir NAME: where the root for this kernel is, whether there or not.
root_dir() {
	local suite root source about
	release_of "$1"
	echo "$cache/root-$root-$(root_key "$root")"
}

root_bootstrap() { # name suite source directory
	local preferences='Package: linux-image-* linux-headers-* linux-kbuild-* linux-base linux-source-*'
	preferences+='\nPin: release n=trixie-backports\nPin-Priority: 900\n'
	release_sources "$1" "$2" |
	mmdebstrap --mode=root --variant=minbase --format=directory \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--aptopt='APT::Install-Recommends "false"' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--setup-hook="mkdir -p \"\$1\"/etc/apt/preferences.d" \
		--setup-hook="printf '$preferences' >\"\$1\"/etc/apt/preferences.d/kernel" \
		--include="$(release_packages | tr -s ' \n' ',' | sed 's/,$//')" \
		--customize-hook="$lib/root-hook \"\$1\" $3" \
		"$2" "$4" -
}

# An ext4 image with a gigabyte to spare; unused blocks take no space.
root_image() { # directory image
	local mib
	mib=$(du -sm "$1" | cut -f 1)
	rm -f "$2"
	mke2fs -q -t ext4 -O ^has_journal -m 0 -d "$1" "$2" $((mib * 5 / 4 + 1024))M
}

root_make() { # name directory
	local suite root source about count
	release_of "$1"
	count=$(release_packages | wc -w)
	step "root: bootstrapping $about with $count packages and what they need" \
		root_bootstrap "$1" "$suite" "$source" "$2/root"
	basename "$2"/root/lib/modules/* >"$2"/version
	mv "$2"/root/boot/initrd "$2"/initrd
	cp "$2"/root/boot/vmlinuz-* "$2"/vmlinuz
	rm "$2"/root/boot/*
	step "root: making the disk image of $(cat "$2"/version)" root_image "$2/root" "$2/root.ext4"
}

# image_make NAME: the root and, for the debug kernel, the kernel.
image_make() {
	local dir tmp
	dir=$(root_dir "$1")
	release_of "$1"
	if [ ! -d "$dir" ]; then
		cache_lock "root-$root"
		if [ ! -d "$dir" ]; then
			tmp=$cache/.tmp-${dir##*/}
			rm -rf --one-file-system "$tmp"
			mkdir -p "$tmp"
			log_to "$tmp"/log
			if [ "$root" = arm64 ]; then
				arm64_make "$suite" "$tmp"
			else
				root_make "$root" "$tmp"
			fi
			cache_publish "$tmp" "$dir"
		fi
		cache_unlock
	fi
	touch "$dir"
	[ "$1" != debug ] || kernel_ensure
}

image_is_there() { # name
	[ -d "$(root_dir "$1")" ] && [ -d "$(image_dir "$1")" ]
}

# image_ensure NAME: the same, with a second try: what it is made of comes over
# the network. The first is another process, as a step that fails is its end.
image_ensure() {
	image_is_there "$1" || "$top"/scripts/vm image "$1" || say "image: once more"
	image_make "$1"
}

# image_dir NAME: where vmlinuz and version of this kernel are.
image_dir() {
	if [ "$1" = debug ]; then
		kernel_dir
	else
		root_dir "$1"
	fi
}
