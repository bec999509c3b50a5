#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The signed answers that tests/compare left in this run, validated and their proofs checked by dnspython: no code shared with
# ours.
cd "$(dirname "$0")/../.." || exit 1
PATH=$PATH:/usr/sbin
[ "$(id -u)" = 0 ] || { echo "skip: needs root, as tests/compare does"; exit 77; }
[ -n "$(type -P nsd knotd named)" ] || { echo "skip: none of nsd, knotd, named is installed"; exit 77; }
[ -x /usr/bin/python3 ] || { echo "skip: python3 is not installed"; exit 77; }
exec /usr/bin/python3 tests/compare/check_proofs.py "${B:-build}/compare"
