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

# package_boot SUITE DIRECTORY KERNEL QEMU-OPTION...: boots DIRECTORY/root.ext4
# until it powers off; what its test says goes to the output. The odd options
# are explained at guest_boot in vm-guest.sh.
package_boot() {
	local append
	append="console=ttyS0 root=/dev/vda rootfstype=ext4 rw panic=-1 oops=panic"
	append+=" random.trust_cpu=on mitigations=off systemd.show_status=0"
	timeout --foreground 900 \
	qemu-system-x86_64 -M q35 -accel "${ACCEL:-tcg,thread=single}" -cpu max,-cx16 -smp 2 \
		-m 1G -display none -monitor none -nic none -no-reboot \
		-kernel "$3" -initrd "$(package_root_dir host "$1")"/initrd -append "$append" \
		-drive file="$2"/root.ext4,format=raw,if=virtio,snapshot=on \
		-serial file:"$2"/console.log -serial stdio "${@:4}" </dev/null | sed -u 's/\r$//'
}

# A key that OVMF's "snakeoil" variables trust, which comes with them: to sign
# the kernel and, beside the tests in DIRECTORY, the module with.
snakeoil() { # directory
	openssl rsa -in /usr/share/ovmf/PkKek-1-snakeoil.key -passin pass:snakeoil -out "$1"/key.pem
	cp /usr/share/ovmf/PkKek-1-snakeoil.pem "$1"/cert.pem
}

# secure_prepare SUITE DIRECTORY: root, kernel and firmware.
secure_prepare() {
	snakeoil "$2"
	sbsign --key "$2"/key.pem --cert "$2"/cert.pem --output "$2"/vmlinuz \
		"$(package_root_dir host "$1")"/vmlinuz
	cp /usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd "$2"/vars.fd
	image_with "$1" secureboot.sh "$2" prepare-secureboot.sh
}

secure_boot() { # suite directory
	package_boot "$1" "$2" "$2"/vmlinuz -machine smm=on \
		-global driver=cfi.pflash01,property=secure,value=on \
		-drive if=pflash,format=raw,unit=0,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.secboot.fd \
		-drive if=pflash,format=raw,unit=1,file="$2"/vars.fd
}
