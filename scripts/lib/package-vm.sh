# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Machines with the packages installed. Sourced.

: "${top:?}" "${cache:?}" "${lib:?}" "${packages:?}"

# image_with SUITE TEST DIRECTORY [COMMAND]: DIRECTORY/root.ext4, the host of that
# suite with what COMMAND (tests/package/prepare.sh) does to it for TEST. The
# DIRECTORY is there; what is in it, COMMAND finds.
image_with() {
	local root
	root=$(package_root_dir host "$1")/root
	cp -r "$packages/$1" "$3"/one
	cp "$top"/tests/package/*.sh "$lib"/tally.sh "$3"/
	unshare --mount "$lib"/package-image "$root" "$cache"/mnt "$3" "./${4:-prepare.sh}" "$2"
}

# What the kernel is told. The odd options are explained at guest_boot in
# vm-guest.sh.
kernel_options="console=ttyS0 root=/dev/vda rootfstype=ext4 rw panic=-1 oops=panic"
kernel_options+=" random.trust_cpu=on mitigations=off systemd.show_status=0"

# package_machine DIRECTORY OPTION...: a machine with DIRECTORY/root.ext4, until
# it powers off.
package_machine() {
	timeout --foreground 900 \
	qemu-system-x86_64 -M q35 -accel "${ACCEL:-tcg,thread=single}" -cpu max,-cx16 -smp 2 \
		-m 1G -display none -monitor none -nic none -no-reboot \
		-drive file="$1"/root.ext4,format=raw,if=virtio,snapshot=on "${@:2}"
}

# package_test DIRECTORY OPTION...: the same; what its test says, on the second
# serial line, goes to the output.
package_test() {
	package_machine "$@" -serial file:"$1"/console.log -serial stdio </dev/null |
		sed -u 's/\r$//'
}

# package_boot SUITE DIRECTORY [OPTION-OF-KERNEL]: without firmware of UEFI
package_boot() {
	local host
	host=$(package_root_dir host "$1")
	package_test "$2" -kernel "$host"/vmlinuz -initrd "$host"/initrd \
		-append "$kernel_options ${3:-}"
}

# uefi_prepare SUITE DIRECTORY: root, what the firmware starts, and its variables,
# with which it trusts what everybody's does.
uefi_prepare() {
	local host
	host=$(package_root_dir host "$1")
	image_with "$1" secureboot.sh "$2" prepare-secureboot.sh
	cp "$host"/vmlinuz "$host"/initrd "$2"/esp/
	cp /usr/share/OVMF/OVMF_VARS_4M.ms.fd "$2"/vars.fd
}

# uefi_options DIRECTORY [OPTION-OF-KERNEL]: of a machine with UEFI, one per line.
# Its variables, which the firmware alone can write, stay in DIRECTORY.
uefi_options() {
	cat >"$1"/esp/EFI/debian/grub.cfg <<-EOT
	linux /vmlinuz $kernel_options ${2:-}
	initrd /initrd
	boot
	EOT
	printf '%s\n' -machine smm=on -global driver=cfi.pflash01,property=secure,value=on \
		-drive file=fat:"$1"/esp,format=raw,if=virtio,readonly=on \
		-drive if=pflash,format=raw,unit=0,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.secboot.fd \
		-drive if=pflash,format=raw,unit=1,file="$1"/vars.fd
}

# uefi_boot DIRECTORY [OPTION-OF-KERNEL]
uefi_boot() {
	local -a options
	mapfile -t options < <(uefi_options "$@")
	package_test "$1" "${options[@]}"
}

# uefi_enrol DIRECTORY: somebody at the console, while it starts
uefi_enrol() {
	local -a options
	mapfile -t options < <(uefi_options "$1")
	export -f package_machine
	"$top"/tests/package/enrol.py "$1"/enrol.log password \
		bash -c 'package_machine "$@"' bash "$1" "${options[@]}" -serial stdio
}
