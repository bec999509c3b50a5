#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The benchmark's short form: that it works, has every row, and was given right answers. Never how fast anything was.
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
[ "$(id -u)" = 0 ] || { echo "needs root"; exit 77; }
[ "$(nproc)" -gt 1 ] || { echo "needs two CPUs"; exit 77; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/dnsbolt-benchtest.XXXXXX") || exit 1
child=
trap '[ -z "$child" ] || kill "$child" 2> /dev/null; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM HUP

ok() { printf 'ok - %s\n' "$1"; }
not_ok() { printf 'not ok - %s\n' "$1"; shift; printf '%s\n' "$@" | sed 's/^/# /'; failed=1; }
failed=0

# holds NAME FILTER: what jq finds wrong; nothing is ok
holds()
{
	local found

	found=$(jq -r "$2" "$dir/bench.json" 2>&1)
	if [ -z "$found" ]; then ok "$1"; else not_ok "$1" "$found"; fi
}

B=$B BENCH_SHORT=1 BENCH_PEERS=nsd BENCH_OUT=$dir/bench.json tools/bench/bench.sh > "$dir/out" 2>&1 &
child=$!
wait $child
status=$?
child=
[ $status != 77 ] || { tail -n 1 "$dir/out"; exit 77; }
if [ $status = 0 ]; then ok "it ends well"; else not_ok "it ends well" "$(cat "$dir/out")"; exit 1; fi

holds "every kind of test run has a row" '(["ns outcome hit A", "ns outcome NXDOMAIN, NSEC3", "ns name length 250 octets",
	"ns feature two VLAN tags", "ns feature a version back",
	"ns made of call of a function", "ns pass early not_ip", "ns pass late not_ours", "ns test run empty program"]
	- [.rows[] | select(.part == "ns") | "ns " + .group + " " + .name])[]'
holds "every other part has its rows" '(["veth hit", "veth hit-ipv6", "veth signed", "veth nx", "veth nx-nsec", "veth nx-nsec3",
	"veth half-nx", "veth root-like", "veth random", "veth attack, what the reflector survives",
	"veth attack, what dnsbolt survives", "veth attack, all that can be sent", "peers nsd best hit", "peers nsd best signed",
	"peers nsd flood hit", "front nsd alone", "front nsd behind dnsbolt", "front cost to what is passed",
	"latency dnsbolt at 1 %", "latency dnsbolt at 90 %", "latency nsd at 50 %", "cost dnsbolt_entry, verifier"]
	- [.rows[] | .part + " " + .name])[]'
holds "no reply was wrong" '.rows[] | select((.wrong // 0) > 0) | "\(.part) \(.name): \(.why)"'
holds "replies were checked" 'select([.rows[] | select(.part == "veth") | .checked + .beside_checked] | add == 0) | "none"'
holds "half of half-nx are NXDOMAIN" '.rows[] | select(.name == "half-nx" and (.nxdomain < 0.4 or .nxdomain > 0.6)) | .nxdomain'
holds "every sample is a number" '.rows[] | select(.samples | length == 0 or any(type != "number")) | .name'
if tools/bench/report.py --compare "$dir/bench.json" "$dir/bench.json" > "$dir/out" 2>&1 && grep -q ' hit A ' "$dir/out"; then
	ok "two runs are compared"
else
	not_ok "two runs are compared" "$(cat "$dir/out")"
fi
exit $failed
