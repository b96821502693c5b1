#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The tarball is the same from every clone, whatever its umask and its files'
# times, and has what git tracks.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=scripts/lib/tally.sh
. "$top"/scripts/lib/tally.sh
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
version=$(cat "$top"/VERSION)

# clone NAME UMASK: of the last commit
clone() {
	(umask "$2" && git -c safe.directory='*' clone -q "$top" "$tmp/$1")
}

hash_of() {
	sha256sum <"$1"
}

clone one 022
clone two 077
find "$tmp"/two -type f -exec touch -d '2001-01-01' {} +
one=$(unset SOURCE_DATE_EPOCH; cd /; "$tmp"/one/scripts/dist "$tmp"/out1)
two=$(unset SOURCE_DATE_EPOCH; cd /; TZ=Pacific/Auckland LC_ALL=C "$tmp"/two/scripts/dist "$tmp"/out2)
if [ "$(hash_of "$one")" = "$(hash_of "$two")" ]; then
	pass "two clones give the same tarball"
else
	fail "two clones give the same tarball"
fi
"$tmp"/one/scripts/dist "$tmp"/again >"$tmp"/said
expect_nothing "and so does the first one again" cmp "$one" "$tmp/again/scitag-$version.tar.xz"
SOURCE_DATE_EPOCH=1000000000 "$tmp"/one/scripts/dist "$tmp"/epoch >"$tmp"/said
times() {
	TZ=UTC tar --full-time -tvf "$tmp/epoch/scitag-$version.tar.xz" | grep -v ' 2001-09-09 01:46:40 '
}
if times >"$tmp"/said; then
	fail "SOURCE_DATE_EPOCH is the time of all files"
else
	pass "SOURCE_DATE_EPOCH is the time of all files"
fi
mkdir "$tmp"/unpacked
tar -C "$tmp"/unpacked -xf "$one"
git -C "$tmp"/one ls-files | LC_ALL=C sort >"$tmp"/tracked
(cd "$tmp/unpacked/scitag-$version" && find . -type f -printf '%P\n' | LC_ALL=C sort) >"$tmp"/files
expect_nothing "it has the files that git tracks" diff "$tmp"/tracked "$tmp"/files
other=$("$tmp/unpacked/scitag-$version"/scripts/dist "$tmp"/out3)
expect_nothing "a tarball made from what was unpacked is the same" cmp "$one" "$other"
tally_end
