# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The roots that packages are made and tried in, cached by content. Sourced.
#
# For each release of Debian there are two. $cache/package-build-SUITE-KEY/ has
# root/, with what the packages need to be built. $cache/package-host-SUITE-KEY/
# has root/, a host with systemd, DKMS and one kernel, which waits for the
# packages; beside it vmlinuz, initrd and version of that kernel, and next, the
# packages of a second one. These, and the libraries that ours depend on, are
# in APT's cache in the root, so that they can be installed without a network.

: "${cache:?}" "${lib:?}" "${mirror:?}"

package_suites="bullseye bookworm trixie sid"
debian=$lib/../debian

# suite_of NAME: sets kernel and next (flavours of the kernel and of the one to
# come) and release (where the latter comes from, if not from the suite itself).
# shellcheck disable=SC2034 # used by those who source this
suite_of() {
	kernel=cloud-amd64 release=
	case $1 in
	bullseye)	next=amd64 ;;
	bookworm)	next=6.12-cloud-amd64 ;;
	trixie)		next=cloud-amd64 release=trixie-backports ;;
	sid)		next=rt-amd64 ;;
	*)		die "no such suite: $1 (there are: $package_suites)" ;;
	esac
}

suite_sources() { # suite
	local kernel next release
	suite_of "$1"
	echo "deb $mirror/debian $1 main"
	[ "$1" = sid ] || echo "deb $mirror/debian-security $1-security main"
	[ -z "$release" ] || echo "deb $mirror/debian $release main"
}

# What a host has before the packages come, and what builds them, beyond what
# scripts/lib/package-hook installs.
root_packages() { # build|host suite
	case $1 in
	host)	echo systemd-sysv initramfs-tools udev kmod procps iproute2 dkms \
			gcc make openssl netcat-openbsd tcpdump ;;
	build)	echo build-essential lintian
		[ "$2" != bookworm ] || echo rpm rpmlint ;;
	esac
}

package_bootstrap() { # build|host suite directory
	local kernel next release
	suite_of "$2"
	suite_sources "$2" |
	mmdebstrap --mode=root --variant=minbase --format=directory --skip=cleanup/apt \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--aptopt='APT::Install-Recommends "false"' \
		--include="$(root_packages "$1" "$2" | tr '\n ' ',,' | sed 's/,$//')" \
		--customize-hook="$lib/package-hook $1 \"\$1\" $debian/control $kernel $next $release" \
		"$2" "$3" -
}

package_root_make() { # build|host suite directory
	local file
	step "packages: bootstrapping $2 to $1 in" package_bootstrap "$1" "$2" "$3/root"
	for file in vmlinuz initrd version next; do
		[ ! -f "$3"/root/boot/$file ] || mv "$3"/root/boot/$file "$3"/
	done
}

package_root_key() { # build|host suite
	local kernel next release
	suite_of "$2"
	{
		suite_sources "$2"
		root_packages "$1" "$2"
		echo "$kernel $next"
		declare -f package_bootstrap package_root_make
		sed -n '/^Build-Depends/,/^$/p' "$debian"/control
		code_of "$lib"/package-hook
	} | hash_of_stdin
}

package_root_dir() { # build|host suite
	echo "$cache/package-$1-$2-$(package_root_key "$1" "$2")"
}

package_root_ensure() { # build|host suite
	local dir tmp
	dir=$(package_root_dir "$1" "$2")
	if [ ! -d "$dir" ]; then
		cache_lock "package-$1-$2"
		if [ ! -d "$dir" ]; then
			tmp=$cache/.tmp-${dir##*/}
			rm -rf --one-file-system "$tmp"
			mkdir -p "$tmp"
			log_to "$tmp"/log
			package_root_make "$1" "$2" "$tmp"
			cache_publish "$tmp" "$dir"
		fi
		cache_unlock
	fi
	touch "$dir"
}

# package_exec build|host SUITE DIRECTORY COMMAND...: runs it in the root, with
# DIRECTORY as /scitag. Changes elsewhere are forgotten.
package_exec() {
	local root
	root=$(package_root_dir "$1" "$2")/root
	mkdir -p "$cache"/mnt
	unshare --mount "$lib"/in-root "$root" "$cache"/mnt "$3" "${@:4}"
}
