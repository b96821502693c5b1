# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The kernels of the test bed and what their roots are made of. Sourced.

# Those that are tested by default, and all.
vm_names="5.10 6.1 6.12 7.3 debug"
vm_all="$vm_names arm64"
mirror=${SCITAG_MIRROR:-http://deb.debian.org}

# release_of NAME: sets root (the name of the root it runs on), suite, source
# (kernel source package that has a YNL client, if any) and about.
# shellcheck disable=SC2034 # used by those who source this
release_of() {
	root=$1 source=
	case $1 in
	5.10)	suite=bullseye about="Debian 11" ;;
	6.1)	suite=bookworm about="Debian 12" ;;
	6.12)	suite=trixie about="Debian 13" source=linux-source-6.12 ;;
	7.3)	suite=trixie about="Debian 13, kernel from trixie-backports"
		source=linux-source-7.3 ;;
	debug)	suite=bookworm about="own debug kernel from linux-source-6.1, on the root of 6.1"
		root=6.1 ;;
	arm64)	suite=bookworm about="Debian 12 for arm64, cross-built and emulated" ;;
	*)	die "no such kernel: $1 (there are: $vm_all)" ;;
	esac
}

# apt sources of a root, one per line
release_sources() { # name suite
	echo "deb $mirror/debian $2 main"
	echo "deb $mirror/debian $2-updates main"
	echo "deb $mirror/debian-security $2-security main"
	if [ "$1" = 7.3 ]; then
		echo "deb $mirror/debian $2-backports main"
	fi
}

# Packages of every root, one group per line: building the module and the
# userspace; the guest; the tests. The kernel comes with scripts/lib/root-hook.
release_packages() {
	cat <<-LIST
	gcc make xz-utils sparse dkms
	meson ninja-build pkg-config libnl-3-dev libnl-genl-3-dev libjson-c-dev
	libsystemd-dev libyaml-dev libcap-ng-dev libcmocka-dev libmicrohttpd-dev
	libcurl4-openssl-dev libncurses-dev
	busybox-static kmod procps iproute2 iputils-ping util-linux
	python3 python3-scapy python3-pyroute2 python3-yaml python3-jsonschema
	python3-pytest
	iptables nftables ethtool iperf3 tcpdump tshark socat netcat-openbsd curl jq
	rsyslog xrootd-server xrootd-server-plugins xrootd-client
	xrootd-client-plugins
	LIST
}
