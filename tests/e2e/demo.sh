#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The demo runs, shows driver and fallback at work, and leaves nothing behind, also when it is interrupted.
. "$(dirname "$0")/../bed/bed.sh"
[ "$(id -u)" = 0 ] || { echo "needs root"; exit 77; }
BED_DIR=$(mktemp -d "${TMPDIR:-/tmp}/dnsbolt-demo-test.XXXXXX")
trap 'rm -rf "$BED_DIR"' EXIT

# What a demo of the process $1 has left.
remains() { { ip netns list; ls /sys/fs/bpf; ls "${TMPDIR:-/tmp}"; } | grep "dnsbolt-demo-$1"; }

"$BED_TOP/tools/lab/demo.sh" > "$BED_DIR/out" 2>&1 < /dev/null &
demo=$!
wait $demo
is "it ends well" $? 0
is "nobody failed to answer" "$(grep -c ' nobody ' "$BED_DIR/out")" 0
is "the driver answered a dozen questions" "$(($(grep -c ' driver  *answer' "$BED_DIR/out") >= 12))" 1
matches "and the fallback some" "$(cat "$BED_DIR/out")" "fallback +not UDP"
matches "the counters are shown" "$(cat "$BED_DIR/out")" "dnsboltctl stats"
matches "the metrics are shown" "$(cat "$BED_DIR/out")" 'dnsbolt_[a-z_]+\{.*site="demo"'
is "nothing is left behind" "$(remains $demo)" ""
[ $BED_FAILED = 0 ] || sed 's/^/# /' "$BED_DIR/out"

"$BED_TOP/tools/lab/demo.sh" > "$BED_DIR/out" 2>&1 < /dev/null &
demo=$!
wait_for 20 grep -q '^QUESTION' "$BED_DIR/out"
holds "another one is at work" ip netns pids "dnsbolt-demo-$demo-server"
kill $demo
wait $demo
is "it ends by the signal" $? 130
is "nothing is left behind when it is interrupted" "$(remains $demo)" ""
exit $BED_FAILED
