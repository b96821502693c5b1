#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# rpm.sh KERNEL: the scripts of the packages for Enterprise Linux, run by
# rpm and with DKMS, on a host that is the root directory that this runs in:
# Debian, whose rpm knows of no package that ours need, and does not have the
# macros of EL for units and users. ./one and ./two have the packages of two
# versions.
set -euo pipefail

kernel=$1
# shellcheck source=tests/package/lib.sh
. ./lib.sh

# DKMS asks for the kernel that runs, which is none of this root.
pretend() { # kernel
	dpkg-divert --quiet --local --rename --add /usr/bin/uname
	cat >/usr/bin/uname <<-EOT
	#!/bin/sh
	[ "\$1" != -r ] || { echo $1; exit; }
	exec /usr/bin/uname.distrib "\$@"
	EOT
	chmod 755 /usr/bin/uname
}

version_of() { # directory
	rpm -qp --qf '%{VERSION}' "$1"/scitag-dkms-*.noarch.rpm
}

# The module that a kernel has
installed() { # kernel
	modinfo -k "$1" -F version scitag 2>&1
}

packages() { # directory
	ls "$1"/scitag-dkms-*.noarch.rpm "$1"/scitag-[0-9]*.x86_64.rpm
}

# rpm takes the failure of most scripts for a warning. One warning is right: that a
# configuration which was changed is kept.
quietly() {
	local said
	said=$("$@" 2>&1) && ! grep -v 'saved as .*rpmsave$' <<<"$said" | grep -iE 'warning|error'
}

# But for what rpm keeps about itself, and a directory that EL has from the start.
rpm_files() {
	all_files | grep -vE '/(\.rpmdb|lib/rpm)(/|$)|^/usr/share/licenses$'
}

apt install rpm
pretend "$kernel"
old=$(version_of one) new=$(version_of two)
mapfile -t first < <(packages one)
mapfile -t second < <(packages two)
rpm_files >before

try "the packages can be installed" quietly rpm -i --nodeps "${first[@]}"
same "DKMS has installed the module for the kernel that runs" "$(installed "$kernel")" "$old"
try "the module will be loaded at boot" grep -x scitag /usr/lib/modules-load.d/scitag.conf
echo 'log-level: debug' >>/etc/scitag/scitagd.conf
try "the packages can be upgraded" quietly rpm -U --nodeps "${second[@]}"
same "the kernel has the new version" "$(installed "$kernel")" "$new"
same "DKMS has forgotten the old one" "$(dkms status -m scitag -v "$old")" ""
same "its source is gone" "$(ls -d "/usr/src/scitag-$old" 2>/dev/null)" ""
same "what was set in the configuration stays" "$(tail -n 1 /etc/scitag/scitagd.conf)" \
	'log-level: debug'
try "the same version can be installed over itself" \
	quietly rpm -U --nodeps --replacepkgs "${second[@]}"
same "and the kernel still has it" "$(installed "$kernel")" "$new"
mkdir -p /var/lib/scitagd
touch /var/lib/scitagd/state
try "the packages can be removed" quietly rpm -e --nodeps scitag scitag-dkms
same "DKMS has forgotten the module" "$(dkms status -m scitag)" ""
rpm_files | comm -13 before - >left
same "nothing is left but the configuration" "$(head -n 20 left | xargs)" \
	"/etc/scitag /etc/scitag/scitagd.conf.rpmsave"
tally_end
