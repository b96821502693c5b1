# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Building the clone's module and userspace inside a root. Sourced.
#
# $cache/build-CLONE-NAME/ is a copy of the clone's files with what was built
# from them; it is kept, so that the next build only does what has changed.
# CLONE is a hash of the clone's path. Beside it: .log, the last build's output.

: "${top:?}" "${cache:?}" "${lib:?}"

build_dir() { # name
	echo "$cache/build-$(realpath "$top" | hash_of_stdin)-$1"
}

# What belongs to the clone: tracked files and untracked ones not ignored.
tree_files() {
	if git -c safe.directory='*' -C "$top" rev-parse 2>/dev/null; then
		git -c safe.directory='*' -C "$top" ls-files -co --exclude-standard
	else
		(cd "$top" && find . -path ./build -prune -o -type f -printf '%P\n')
	fi | LC_ALL=C sort -u | while read -r file; do
		[ ! -e "$top/$file" ] || echo "$file"
	done
}

# tree_sync NAME: brings the copy up to date, starting afresh when the root or
# the kernel is another one than the last time.
tree_sync() {
	local dir made_for
	dir=$(build_dir "$1")
	made_for="$(root_dir "$1") $(image_dir "$1")"
	[ "$(cat "$dir/.made-for" 2>/dev/null)" = "$made_for" ] ||
		rm -rf --one-file-system "$dir"
	mkdir -p "$dir" "$cache"/mnt
	touch "$dir"
	# Clones come and go; what nobody used for a week goes, too. Another process
	# may do the same, and each finds gone what the other has removed.
	find "$cache" -maxdepth 1 -name 'build-*' -mtime +7 \
		-exec rm -rf --one-file-system {} + 2>/dev/null || true
	echo "$made_for" >"$dir"/.made-for
	tree_files >"$dir"/.files.new
	if [ -f "$dir"/.files ]; then
		LC_ALL=C comm -23 "$dir"/.files "$dir"/.files.new |
			(cd "$dir" && xargs -r -d '\n' rm -f --)
	fi
	rsync -a --no-owner --no-group --files-from="$dir"/.files.new "$top"/ "$dir"/
	mv "$dir"/.files.new "$dir"/.files
}

# tree_exec NAME COMMAND...: runs it in the build tree inside the root.
tree_exec() {
	local name=$1 lower
	shift
	lower=$(root_dir "$name")/root
	[ "$name" != debug ] || lower=$(kernel_dir)/tree:$lower
	unshare --mount "$lib"/in-root "$lower" "$cache"/mnt "$(build_dir "$name")" "$@"
}

# Warnings about the userspace are shown, those about the module are failures.
# A warning is not repeated for a file that is not compiled again, so a build
# that warned has to leave nothing behind.
warnings_check() { # log directory
	sed '1,/^=== userspace/d' "$1" | grep -A 3 'warning:' >&2 || true
	if sed '/^=== userspace/,$d' "$1" | grep -E 'warning:|WARNING:' |
		grep -v 'compiler differs' >&2; then
		find "$2" -path "$2"/build -prune -o -name '*.o' -exec rm -f {} +
		die "the module builds with warnings"
	fi
}

# tree_build NAME: module, userspace, and what the guest needs to modprobe.
tree_build() {
	local dir version log start=$SECONDS
	dir=$(build_dir "$1")
	cache_lock "${dir##*/}"
	tree_sync "$1"
	log=$dir.log
	version=$(cat "$(image_dir "$1")"/version)
	tree_exec "$1" scripts/lib/build-tree "$version" >"$log" 2>&1 || {
		grep -E -B 2 -A 6 'error:|ERROR|Error|FAILED' "$log" | head -n 60 >&2 ||
			tail -n 20 "$log" >&2
		die "build failed (log: $log)"
	}
	warnings_check "$log" "$dir"
	cache_unlock
	say "built for $version: $((SECONDS - start)) s"
}

