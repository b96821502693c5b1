# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Booting a machine and hearing its verdict. Sourced.
#
# Disks: vda the root image (a snapshot, changes are dropped), vdb the built
# tree, vdc where the guest writes a tar of $OUT. First serial line: kernel
# messages; second: the tests, which is ttyS1, on arm64 ttyS0.

: "${top:?}" "${cache:?}" "${lib:?}"

# out_dir NAME: where a run of this kernel leaves its files.
out_dir() {
	echo "$top/build/vm/$1"
}

# All tests: the executables among tests/vm/*.sh and *.py.
guest_tests() {
	local file
	for file in "$top"/tests/vm/*.sh "$top"/tests/vm/*.py; do
		if [ -f "$file" ] && [ -x "$file" ]; then
			basename "$file"
		fi
	done
}

# guest_test NAME: the file of a test given as smoke, smoke.sh or a path; or a
# path from tests/vm to what is not among all tests.
guest_test() {
	local file
	file=$(basename "$1")
	for file in "$1" "$file" "$file".sh "$file".py; do
		if [ -f "$top/tests/vm/$file" ] && [ -x "$top/tests/vm/$file" ]; then
			echo "$file"
			return
		fi
	done
	die "no such test: $1 (there are: $(guest_tests | xargs))"
}

# The slower ones get more time for everything.
guest_slow() {
	case $1 in
	debug|arm64)	echo 3 ;;
	*)		echo 1 ;;
	esac
}

# Seconds after which the machine must have ended: what the tests may take
# plus time to boot and to unload.
guest_limit() { # name tests...
	local slow limit=120 test seconds
	slow=$(guest_slow "$1")
	shift
	for test; do
		seconds=$(sed -n '1,20s/^# timeout: *//p' "$top/tests/vm/$test" | head -n 1)
		limit=$((limit + ${seconds:-180} * slow + 20))
	done
	echo "$limit"
}

# guest_disk NAME JOB TESTS...: the second and third disk.
guest_disk() {
	local dir out job=$2 name=$1 mib rows columns
	dir=$(build_dir "$name")
	out=$(out_dir "$name")
	shift 2
	read -r rows columns <<<"$(stty size 2>/dev/null </dev/tty || echo 24 80)"
	cat >"$dir"/.job <<-JOB
	job=$job
	KERNEL_NAME=$name
	SLOW=$(guest_slow "$name")
	TERM=${TERM:-vt220}
	LOAD="${LOAD:-}"
	terminal=$([ "$name" = arm64 ] && echo ttyS0 || echo ttyS1)
	rows=$rows
	columns=$columns
	tests=($*)
	JOB
	mib=$(du -sm "$dir" | cut -f 1)
	rm -f "$out"/tree.ext4 "$out"/out.tar
	truncate -s $((mib * 5 / 4 + 128))M "$out"/tree.ext4
	mke2fs -q -F -t ext4 -O ^has_journal -m 0 -d "$dir" "$out"/tree.ext4
	truncate -s 512M "$out"/out.tar
}

# guest_machine NAME: sets machine (emulator and processor), console (first
# serial line) and second (options for the other one, a device "terminal").
# Without cx16, whose emulation in QEMU 7.2 makes the kernel fault now and then;
# with q35, because the interrupt routing of the older machine is a loop in AML
# that takes minutes under KASAN.
guest_machine() {
	machine=(qemu-system-x86_64 -M q35 -cpu "max,-cx16")
	console=ttyS0 second=(-serial chardev:terminal)
	[ "$1" = arm64 ] || return 0
	machine=(qemu-system-aarch64 -M virt -cpu cortex-a72)
	console=ttyAMA0 second=(-device "pci-serial,chardev=terminal")
}

# guest_boot NAME SECONDS TERMINAL [OPTION...]: runs the machine until it powers
# off, at most so long (0: as long as it likes). TERMINAL is what its second
# serial line is here. With one thread for all processors, because a processor
# with a thread of its own goes on for a while with code that the kernel has
# patched meanwhile (static keys: endless loops, or an oops "int3").
guest_boot() {
	local name=$1 limit=$2 terminal=$3 image kernel out console append
	local -a machine second initrd=()
	shift 3
	image=$(root_dir "$name")
	kernel=$(image_dir "$name")
	out=$(out_dir "$name")
	guest_machine "$name"
	append="console=$console root=/dev/vda rootfstype=ext4 rw init=/sbin/scitag-init"
	append+=" panic=-1 oops=panic log_buf_len=4M random.trust_cpu=on"
	append+=" mitigations=off kasan_multi_shot=1 loglevel=7"
	[ ! -f "$kernel"/initrd ] || initrd=(-initrd "$kernel"/initrd)
	timeout --foreground "$limit" \
	"${machine[@]}" -accel "${ACCEL:-tcg,thread=single}" -smp "${SMP:-2}" \
		-m "${MEM:-1G}" -display none -monitor none -nic none -no-reboot \
		-kernel "$kernel"/vmlinuz "${initrd[@]}" -append "$append" \
		-drive file="$image"/root.ext4,format=raw,if=virtio,snapshot=on \
		-drive file="$out"/tree.ext4,format=raw,if=virtio,snapshot=on \
		-drive file="$out"/out.tar,format=raw,if=virtio \
		-serial file:"$out"/console.log -chardev "$terminal,id=terminal" \
		"${second[@]}" "$@"
}

# The files that tests left in $OUT.
guest_collect() { # out
	rm -rf "$1"/out
	mkdir -p "$1"/out
	tar -C "$1"/out -xf "$1"/out.tar 2>/dev/null || true
	rm -f "$1"/tree.ext4 "$1"/out.tar
	[ -z "${SUDO_UID:-}" ] || chown -R "$SUDO_UID:${SUDO_GID:-0}" "$top"/build/vm
}

# What the kernel said last, when there is no verdict.
guest_console() { # out
	echo "# end of the kernel's console ($1/console.log):"
	tail -n 60 "$1"/console.log | sed 's/^/# | /'
}

# guest_verdict LOG STATUS SECONDS OUT: the end of a run in one line. A machine
# without a verdict has failed, whatever its tests said before.
guest_verdict() {
	local passed failed skipped
	if ! grep -q '^VERDICT ' "$1"; then
		case $2 in
		124)	echo "not ok - machine: no verdict after $3 s" ;;
		*)	echo "not ok - machine: ended without a verdict (status $2)" ;;
		esac | tee -a "$1"
		guest_console "$4"
	fi
	failed=$(awk '/^not ok / { n++ } END { print n + 0 }' "$1")
	passed=$(awk '/^ok / && !/# SKIP/ { n++ } END { print n + 0 }' "$1")
	skipped=$(sed -n 's/^VERDICT .*skipped=//p' "$1")
	echo "# total: $passed passed, $failed failed, ${skipped:-0} skipped" | tee -a "$1"
}

# More options of QEMU for guest_run.
boot_options=()

# guest_run NAME [TEST...]: exit status 0 if all that should run passed.
guest_run() {
	local name=$1 out limit status=0 start=$SECONDS test
	local -a tests=()
	shift
	[ $# -gt 0 ] || mapfile -t tests < <(guest_tests)
	for test; do
		tests+=("$(guest_test "$test")")
	done
	out=$(out_dir "$name")
	mkdir -p "$out"
	exec 8>"$out"/.lock
	flock -n 8 || { say "waiting for another run of $name in this clone"; flock 8; }
	cache_lock "$(basename "$(build_dir "$name")")"
	guest_disk "$name" run "${tests[@]}"
	cache_unlock
	limit=$(guest_limit "$name" "${tests[@]}")
	guest_boot "$name" "$limit" stdio "${boot_options[@]}" </dev/null |
		sed -u 's/\r$//' | tee "$out"/test.log || status=${PIPESTATUS[0]}
	guest_collect "$out"
	guest_verdict "$out"/test.log "$status" "$limit" "$out"
	say "$((SECONDS - start)) s; console and files are in ${out#"$PWD"/}"
	exec 8>&-
	tail -n 1 "$out"/test.log | grep -q ' 0 failed, 0 skipped$'
}

# guest_shell NAME: the same machine with a shell on this terminal.
guest_shell() {
	local out
	out=$(out_dir "$1")
	mkdir -p "$out"
	cache_lock "$(basename "$(build_dir "$1")")"
	guest_disk "$1" shell
	cache_unlock
	say "booting; leave the shell with Ctrl-D"
	guest_boot "$1" 0 stdio,signal=off
	guest_collect "$out"
}
