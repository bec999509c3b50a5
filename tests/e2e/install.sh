#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# make install below DESTDIR and PREFIX: each file where it belongs.
. "$(dirname "$0")/../bed/bed.sh"
BED_DIR=$(mktemp -d "${TMPDIR:-/tmp}/dnsbolt-install.XXXXXX")
trap 'rm -rf "$BED_DIR"' EXIT
holds "make install" make -C "$BED_TOP" --no-print-directory install "B=${B:-build}" "DESTDIR=$BED_DIR" PREFIX=/usr
[ $BED_FAILED = 0 ] || exit 1
for f in sbin/dnsboltd sbin/dnsbolt-resolver bin/dnsboltctl; do
	holds "/usr/$f" test -x "$BED_DIR/usr/$f"
	is "/usr/$f: not stripped of its hardening" "$(readelf -dW "$BED_DIR/usr/$f" | grep -cE 'BIND_NOW|\(FLAGS_1\).*PIE')" 2
done
for f in lib/systemd/system/dnsboltd.service lib/sysusers.d/dnsbolt.conf share/doc/dnsbolt/dnsboltd.conf.example \
	share/bash-completion/completions/dnsboltctl share/man/man8/dnsboltd.8 share/man/man5/dnsboltd.conf.5 share/man/man8/dnsbolt-resolver.8 \
	share/man/man1/dnsboltctl.1; do
	holds "/usr/$f" test -s "$BED_DIR/usr/$f"
done
holds "the completion is a script" bash -n "$BED_DIR/usr/share/bash-completion/completions/dnsboltctl"
is "nothing is outside of its place" "$(cd "$BED_DIR" && find . -type f | grep -cvE '^\./(usr|etc)/')" 0
if command -v systemd-analyze > /dev/null; then
	# of a root that holds nothing else: what is said of the file itself
	is "the unit is sound" "$(systemd-analyze verify --man=no --root="$BED_DIR" dnsboltd.service 2>&1 |
		grep -iE 'dnsboltd.service:[0-9]+:|unknown|invalid|parse')" ""
fi
exit $BED_FAILED
