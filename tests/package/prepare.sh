#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# prepare.sh TEST: installs the packages of ./one, and has TEST run when the
# machine with this root boots. Its output goes to the second serial line.
set -euo pipefail

cd "${0%/*}"
# shellcheck source=tests/package/lib.sh
. ./lib.sh

install -d /opt/test
cp "$1" lib.sh tally.sh /opt/test/
cat >/etc/systemd/system/scitag-test.service <<-UNIT
[Unit]
After=scitagd.service systemd-modules-load.service

[Service]
Type=oneshot
WorkingDirectory=/opt/test
ExecStart=/bin/sh -c 'exec /opt/test/$1 >/dev/ttyS1 2>&1'
ExecStopPost=/bin/systemctl poweroff --force
TimeoutStartSec=infinity

[Install]
WantedBy=multi-user.target
UNIT
systemctl -q enable scitag-test.service
all_files >/opt/test/before
apt install ./one/scitag_*.deb ./one/scitag-dkms_*.deb
