#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module and the programs are there, are what they say, and come and go.
# shellcheck source=tests/vm/lib.sh
. "${0%/*}"/lib.sh

loaded() {
	[ -d /sys/module/scitag ]
}

# The namespace of a test comes and goes with the module loaded, too.
namespace() {
	ip netns add "smoke-$$" && ip netns del "smoke-$$"
}

again() {
	for _ in 1 2 3; do
		modprobe scitag && rmmod scitag || return
	done
}

version=$(cat VERSION)
equal "modinfo tells the version" "$(modinfo -F version scitag)" "$version"
check "modprobe loads the module" modprobe scitag
on_exit rmmod scitag
check "the module is loaded" loaded
check "the command line runs" scitag --version
check "the daemon runs" scitagd --version
pair
check "traffic passes with the module loaded" in_ns "$a" ping -c 1 -W 60 2001:db8:a::2
check "a namespace comes and goes" namespace
check "rmmod unloads it" rmmod scitag
refuse "the module is gone" loaded
check "it can be loaded again and again" again
finish
