# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Trying the packages. Sourced.

: "${top:?}" "${lib:?}" "${packages:?}"
# shellcheck source=scripts/lib/tally.sh
. "$lib"/tally.sh

# newer_tarball TARBALL DIRECTORY: the same with the version after it.
newer_tarball() {
	local name newer
	name=$(basename "$1" .tar.xz)
	newer=$(awk -F. -v OFS=. '{ $NF = $NF + 1; print }' <<<"$name")
	rm -rf --one-file-system "$2"
	mkdir -p "$2"
	tar -C "$2" -xf "$1"
	mv "$2/$name" "$2/$newer"
	echo "${newer#scitag-}" >"$2/$newer"/VERSION
	touch -r "$2/$newer"/Makefile "$2/$newer"/VERSION
	tar -C "$2" --sort=name -cJf "$2/$newer.tar.xz" "$newer"
	echo "$2/$newer.tar.xz"
}

# test_run NAME SUITE COMMAND...: runs it and counts what it says.
test_run() {
	local log=$packages/$2-$1.log line
	say "$1 ..."
	"${@:3}" >"$log" 2>&1 || true
	while read -r line; do
		case $line in
		'ok - '*)	pass "$2: $1: ${line#ok - }" ;;
		'not ok - '*)	fail "$2: $1: ${line#not ok - }" ;;
		'# '*)		echo "$line" ;;
		esac
	done <"$log"
	grep -qE '^[0-9]+ passed, [0-9]+ failed' "$log" || {
		tail -n 30 "$log" | sed 's/^/# | /'
		fail "$2: $1: comes to its end (log: $log)"
	}
}

# work_dir NAME: a new directory for a test.
work_dir() {
	rm -rf --one-file-system "${packages:?}/$1"
	mkdir -p "$packages/$1"
	echo "$packages/$1"
}

# In a root, both versions of the packages beside the test.
run_install() { # suite
	local work root next
	deb_build "$1" "$(newer_tarball "$source" "$packages/newer")" "$packages/$1-newer"
	work=$(work_dir "$1-install.work")
	cp -r "$packages/$1" "$work"/one
	cp -r "$packages/$1-newer" "$work"/two
	cp "$top"/tests/package/*.sh "$lib"/tally.sh "$work"/
	root=$(package_root_dir host "$1")
	read -ra next <"$root"/next
	test_run install "$1" package_exec host "$1" "$work" \
		./install.sh "$(cat "$root"/version)" "${next[@]}"
}

# In a machine: they are installed before, as compiling takes long in emulation.
run_boot() { # suite
	local work
	work=$(work_dir "$1-boot.work")
	log_to "$packages/$1-boot-image.log"
	step "boot: installing the packages" image_with "$1" boot.sh "$work"
	test_run boot "$1" package_boot "$1" "$work"
}

# The same disk in a machine that insists on signatures, then with Secure Boot:
# refused, enrolled at shim's menu, loaded, and both.
run_secureboot() { # suite
	local work
	work=$(work_dir "$1-secureboot.work")
	log_to "$packages/$1-secureboot-image.log"
	step "secureboot: installing the packages" uefi_prepare "$1" "$work"
	test_run sig-enforce "$1" package_boot "$1" "$work" module.sig_enforce=1
	test_run secureboot "$1" uefi_boot "$work"
	test_run enrol "$1" uefi_enrol "$work"
	test_run secureboot-enrolled "$1" uefi_boot "$work" enrolled=yes
	test_run sig-enforce-enrolled "$1" uefi_boot "$work" "module.sig_enforce=1 enrolled=yes"
}

# The packages for EL in the root of a Debian, with DKMS.
run_rpm() { # suite
	local work
	rpm_build "$source" "$packages"/rpm
	rpm_build "$(newer_tarball "$source" "$packages/newer")" "$packages"/rpm-newer
	work=$(work_dir rpm-install.work)
	cp -r "$packages"/rpm "$work"/one
	cp -r "$packages"/rpm-newer "$work"/two
	cp "$top"/tests/package/*.sh "$lib"/tally.sh "$work"/
	test_run rpm "$1" package_exec host "$1" "$work" \
		./rpm.sh "$(cat "$(package_root_dir host "$1")"/version)"
}

# test_packages "TEST..." SUITE...
test_packages() {
	local suite test source
	source=$("$top"/scripts/dist "$packages")
	for suite in "${@:2}"; do
		# shellcheck disable=SC2034 # used in log.sh
		log_prefix="[$suite] "
		package_root_ensure build "$suite"
		package_root_ensure host "$suite"
		deb_build "$suite" "$source" "$packages/$suite"
		for test in $1; do
			"run_$test" "$suite"
		done
	done
	tally_end
}
