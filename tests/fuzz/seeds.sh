#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# seeds.sh: unpacks the DNS messages of shared data (DNSBOLT_DATA, ../shared/data) that troubled other servers into
# $B/seeds, once, and prints that folder: one message in each file. Exit status 1 and a word why when they are not there.
set -euo pipefail
cd "$(dirname "$0")/../.."
archive=${DNSBOLT_DATA:-../shared/data}/fuzz-packets/cznic-dns-packets-A.tar.gz
to=${B:-build}/seeds/${archive##*/}
to=${to%.tar.gz}
if [ ! -d "$to" ]; then
	[ -r "$archive" ] || { echo "no $archive (DNSBOLT_DATA)" >&2; exit 1; }
	mkdir -p "$(dirname "$to")"
	new=$(mktemp -d "$to.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	tar -xzf "$archive" -C "$new"
	mv -T "$new" "$to" 2> /dev/null || [ -d "$to" ] # another run was first
fi
echo "$to"
