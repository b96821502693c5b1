#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernels: 6.12
# timeout: 560
# scitagd as systemd runs it: installed in a copy of this root, in which systemd
# is PID 1, as in a container. What is checked is in tests/systemd/unit.
# shellcheck source=tests/vm/lib.sh
. "${0%/*}"/lib.sh

root=$(mktemp -d)

# An overlay on / with what a container has.
make_root() {
	local name
	mount -t tmpfs tmpfs "$root"
	mkdir "$root"/upper "$root"/work "$root"/top
	mount -t overlay overlay "$root"/top \
		-o lowerdir=/,upperdir="$root"/upper,workdir="$root"/work
	root=$root/top
	DESTDIR=$root meson install -C build/userspace --no-rebuild --quiet
	mkdir -p "$root"/etc/systemd/system
	rm -rf "$root"/etc/systemd/system/*.wants
	for name in ldconfig systemd-journal-catalog-update systemd-hwdb-update; do
		ln -s /dev/null "$root/etc/systemd/system/$name.service"
	done
	# Read-only, as in containers: there is nothing to do for udev.
	mount -t sysfs -o ro sys "$root"/sys
	mount -t cgroup2 cgroup "$root"/sys/fs/cgroup
	mount --bind /dev "$root"/dev
	mount --bind "$PWD" "$root"/scitag
	mount -t tmpfs -o mode=755 run "$root"/run
	mkdir -p "$root"/run/out "$root"/run/systemd/system
	unit >"$root"/run/systemd/system/scitag-check.service
}

unit() {
	cat <<-UNIT
	[Service]
	Type=oneshot
	WorkingDirectory=/scitag
	ExecStart=/scitag/tests/systemd/unit
	ExecStopPost=-/bin/sh -c "journalctl --no-pager -b >/run/out/journal"
	ExecStopPost=/bin/sh -c 'echo "\$\$EXIT_STATUS" >/run/out/done'
	StandardOutput=file:/run/out/log
	StandardError=file:/run/out/log
	Environment=LC_ALL=C.UTF-8 SLOW=${SLOW:-1}
	UNIT
}

# Its first process; all else ends with it. In a mere chroot, units could not
# have user namespaces.
boot() {
	exec env -i PATH="$PATH" container=scitag \
		unshare --pid --mount --uts --cgroup --fork --kill-child \
		sh -c "mount -t proc proc $root/proc && cd $root && pivot_root . mnt && exec chroot . \
			sh -c 'umount -l /mnt && exec /lib/systemd/systemd --unit=scitag-check.service'"
}

make_root
boot >"$root"/run/out/console 2>&1 &
check "systemd boots, and the checks end" wait_for 450 [ -s "$root"/run/out/done ]
[ -s "$root"/run/out/done ] || chroot "$root" journalctl --no-pager >"$OUT"/journal
cp "$root"/run/out/* "$OUT"/
sed 's/^/# /' "$OUT"/console | tail -n 20
grep -E '^(ok|not ok|#) ' "$OUT"/log
! grep -q '^not ok ' "$OUT"/log || failed=1
equal "the checks end well" "$(cat "$OUT"/done)" "$failed"
finish
