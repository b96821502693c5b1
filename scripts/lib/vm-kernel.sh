# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The debug kernel: Debian's 6.1 source with tests/vm/debug.config. Sourced.
#
# $cache/kernel-debug-KEY/ holds vmlinuz, version, source-version and tree/,
# a tree with usr/lib/modules/VERSION to be laid over the root of 6.1. It is
# built inside that root, with that root's compiler.

: "${cache:?}" "${lib:?}"
debug_config=$lib/../../tests/vm/debug.config

kernel_dir() {
	local key
	key=$({ code_of "$debug_config" "$lib"/build-kernel; declare -f kernel_make; } | hash_of_stdin)
	echo "$cache/kernel-debug-$key"
}

kernel_make() { # directory
	mkdir -p "$1"/build "$cache"/mnt
	cp "$debug_config" "$lib"/build-kernel "$1"/build/
	step "debug kernel: building it (about 10 minutes on two cores)" \
		unshare --mount "$lib"/in-root "$(root_dir 6.1)/root" "$cache"/mnt \
			"$1"/build ./build-kernel
	mv "$1"/build/out/* "$1"/
	rm -r "$1"/build
}

kernel_ensure() {
	local dir tmp
	dir=$(kernel_dir)
	if [ -d "$dir" ]; then
		touch "$dir"
		return
	fi
	cache_lock kernel-debug
	if [ ! -d "$dir" ]; then
		tmp=$cache/.tmp-${dir##*/}
		rm -rf --one-file-system "$tmp"
		mkdir -p "$tmp"
		log_to "$tmp"/log
		kernel_make "$tmp"
		cache_publish "$tmp" "$dir"
	fi
	cache_unlock
}
