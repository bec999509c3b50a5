#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# make bench, make bench-full: what answers cost, beside a reflector and beside other servers, all in one run. Prints a table; all
# figures are in $B/bench.json. Root, two CPUs.
#
#     BENCH_PARTS    cost ns veth attack peers front latency (all)
#     BENCH_PEERS  knotd knotd-xdp nsd named pdns_server unbound
#     BENCH_FULL=1   longer, with a million names                 BENCH_SHORT=1  seconds, to see that it works
#     BENCH_NAMES, BENCH_MANY, BENCH_SAMPLES, BENCH_SECONDS       sizes; BENCH_OUT: where the figures go
#     BENCH_CPUS     of the generator and of the server: "0 1"
set -uo pipefail
. "$(dirname "$0")/../../tests/bed/bed.sh"
. "$(dirname "$0")/peers.sh"
BENCH_DIR=$BED_TOP/tools/bench
BENCH=$BED_BUILD/tools/bench/bench
OUT=${BENCH_OUT:-$BED_BUILD/bench.json}
PARTS=${BENCH_PARTS:-cost ns veth attack peers front latency}
NAPI_PIDS=
MAC=
read -r GEN_CPU SERVER_CPU <<< "${BENCH_CPUS:-0 1}"
SERVER_PIDS=()
CHILD=
FAILED=0

if [ -n "${BENCH_SHORT:-}" ]; then
	NAMES=500 MANY=0 SAMPLES=2 SECONDS_EACH=0.2 SLICE=1 STEPS=2
elif [ -n "${BENCH_FULL:-}" ]; then
	NAMES=10000 MANY=1000000 SAMPLES=7 SECONDS_EACH=1.5 SLICE=80 STEPS=12
else
	NAMES=10000 MANY=0 SAMPLES=5 SECONDS_EACH=0.7 SLICE=25 STEPS=9
fi
NAMES=${BENCH_NAMES:-$NAMES} MANY=${BENCH_MANY:-$MANY} SAMPLES=${BENCH_SAMPLES:-$SAMPLES}
SECONDS_EACH=${BENCH_SECONDS:-$SECONDS_EACH}

say() { printf '%s  %s\n' "$(date +%T)" "$*" >&2; }
# What was not measured: the table comes all the same, but not the status 0.
fail()
{
	say "$*"
	FAILED=1
}

# ---- the machine ----
load() { cut -d' ' -f1 /proc/loadavg; }
# Ticks of all CPUs: stolen, idle, all.
ticks() { awk '/^cpu / { print $9, $5 + $6, $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9 }' /proc/stat; }

# The share of the CPUs' time that others take, looked at while this does nothing.
others()
{
	local before

	before=$(ticks)
	sleep 2
	echo "$before $(ticks)" | awk '{ d = $6 - $3; printf "%.3f", (d > 0 ? 1 - ($5 - $2) / d : 0) }'
}

vulnerability() { cat "/sys/devices/system/cpu/vulnerabilities/$1" 2> /dev/null; }

machine()
{
	jq -nc --arg cpu "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" --arg kernel "$(uname -r)" \
		--argjson cpus "$(nproc)" --arg version "$(git -C "$BED_TOP" rev-parse --short HEAD 2> /dev/null)" \
		--arg date "$(date -u +%FT%TZ)" --argjson load_before "$LOAD_BEFORE" --argjson load_after "$(load)" \
		--argjson others_before "$OTHERS_BEFORE" --argjson others_after "$(others)" \
		--arg ticks "$TICKS_BEFORE $(ticks)" --argjson names "$NAMES" --argjson many "$MANY" \
		--arg spectre_v2 "$(vulnerability spectre_v2)" --arg returns "$(vulnerability spec_rstack_overflow)" \
		'($ticks | split(" ") | map(tonumber)) as $t |
		{ part: "machine", $date, $cpu, $cpus, $kernel, $version, $spectre_v2, $returns, $load_before, $load_after,
		  $others_before, $others_after, steal: (($t[3] - $t[0]) / ([$t[5] - $t[2], 1] | max)), $names, $many }'
}

# ---- the veth pairs ----

# set_end SIDE DEVICE: checksums in the frame, no frames of several packets; NAPI on, with or without a program
set_end()
{
	nsenter --net="/run/netns/$BED-$1" ethtool -K "$2" tx off tso off gso off gro on > /dev/null 2>&1 ||
		nsenter --net="/run/netns/$BED-$1" ethtool -K "$2" gro on > /dev/null 2>&1
}

napi_threads() { pgrep '^napi/eth[01]-' | sort; }

# The server's end of both pairs has a thread for its packets, on a CPU of its own.
set_threads()
{
	local before p

	before=$(napi_threads)
	ip netns exec "$BED-server" sh -c 'echo 1 > /sys/class/net/eth0/threaded && echo 1 > /sys/class/net/eth1/threaded' || return 1
	NAPI_PIDS=$(comm -13 <(echo "$before") <(napi_threads) | tr '\n' ' ')
	for p in $NAPI_PIDS; do
		taskset -pc "$SERVER_CPU" "$p" > /dev/null
		renice -n -20 -p "$p" > /dev/null
	done
	[ -n "$NAPI_PIDS" ]
}

set_pairs()
{
	ip link add eth1 netns "$BED-client" type veth peer name eth1 netns "$BED-server"
	bed_client ip link set eth1 up
	bed_server ip link set eth1 up
	set_end client eth0
	set_end server eth0
	set_end client eth1
	set_end server eth1
	bed_client ip link set dev eth1 xdpdrv obj "$BED_BUILD/tests/bed/bed.bpf.o" sec xdp
	# the generator's sources: by IPv4 of 198.18.0.0/16, by IPv6 on the link
	bed_server ip route add 198.18.0.0/16 via $CLIENT4
	MAC=$(bed_server ip -o link show eth0 | sed 's/.*ether \([0-9a-f:]*\).*/\1/')
	CLIENT_MAC=$(bed_client ip -o link show eth0 | sed 's/.*ether \([0-9a-f:]*\).*/\1/')
	bed_server ip neigh replace $CLIENT4 lladdr "$CLIENT_MAC" dev eth0 nud permanent
	set_threads || { echo "no threaded NAPI here"; exit 77; }
}

# ---- measuring ----

# A signal is to be heeded while it runs.
in_child()
{
	local status

	"$@" &
	CHILD=$!
	wait $CHILD
	status=$?
	CHILD=
	return $status
}

# veth OPTION...: a row of the table; SERVER_PIDS: whose time counts besides the NAPI threads'
veth()
{
	local p pids=()

	for p in $NAPI_PIDS $(pgrep -x "ksoftirqd/$SERVER_CPU") "${SERVER_PIDS[@]}"; do
		pids+=(-p "$p")
	done
	in_child nice -n -20 nsenter --net="/run/netns/$BED-client" timeout 300 "$BENCH" veth -N "$NAMES" -M "$MAC" -d eth0 \
		-c "$GEN_CPU" -n "$SAMPLES" -t "$SECONDS_EACH" -x "$STEPS" "${pids[@]}" "$@" > "$BED_DIR/veth.out" 2>> "$BED_DIR/err" ||
		{ fail "veth $*: failed: $(tail -n 1 "$BED_DIR/err")"; return 1; }
	cat "$BED_DIR/veth.out" >> "$BED_DIR/rows"
}

beside() { veth -D eth1 -s "$BED-server" -S eth1 "$@"; }

# row_field KEY: of the last row, the median if it is many
row_field() { jq -r --arg k "$1" '.[$k] | if type == "array" then sort[length / 2 | floor] else . end' "$BED_DIR/veth.out"; }

start_dnsbolt()
{
	# the generator is one client, and its peers have no limits: what a limit costs is in the part `ns`
	bed_config "mode: answer" "limit: { responses-per-second: 0 }" "pass-limit: 0" "$@"
	bed_start 120 || { fail "dnsboltd does not start"; cat "$BED_DIR/log" >&2; return 1; }
	SERVER_PIDS=("$BED_DAEMON")
}

stop_dnsbolt()
{
	bed_stop
	SERVER_PIDS=()
}

# ---- parts ----

part_ns()
{
	say "nanoseconds per packet"
	in_child nice -n -20 taskset -c "$SERVER_CPU" "$BENCH" ns "$BED_DIR/all" "$NAMES" "$MANY" "$SAMPLES" "$SLICE" \
		>> "$BED_DIR/rows" 2>> "$BED_DIR/err" || fail "ns: failed: $(tail -n 1 "$BED_DIR/err")"
}

part_veth()
{
	local mix

	start_dnsbolt "fallback: resolver" || return
	for mix in hit hit-ipv6 signed nx nx-nsec nx-nsec3 half-nx root-like random; do
		say "through the veth: $mix"
		beside -m $mix -l "$mix"
	done
	stop_dnsbolt
}

# What the reflector survives of an attack, what the server does, and what is left of the good in all that can be sent.
part_attack()
{
	start_dnsbolt "fallback: resolver" || return
	say "attack: 1 % of the queries are good"
	beside -m attack -L -B 1000000 -l "attack, what the reflector survives"
	beside -m attack -L -b 500000 -l "attack, what dnsbolt survives"
	beside -m attack -L -l "attack, all that can be sent"
	stop_dnsbolt
}

peer_mixes() { [ -n "${BENCH_FULL:-}" ] && echo hit half-nx signed root-like random || echo hit signed; }

# peer_rate NAME: where to begin the search
peer_rate() { case $1 in *-xdp) echo 200000 ;; *) echo 100000 ;; esac; }

part_peers()
{
	local peer mix

	for peer in ${BENCH_PEERS:-knotd knotd-xdp nsd named pdns_server unbound}; do
		peer_has "$peer" || { say "$peer is not installed"; continue; }
		peer_start "$peer" || { fail "$peer does not start: $(tail -n 1 "$BED_DIR/peer/log")"; continue; }
		SERVER_PIDS=("${PEER_PIDS[@]}")
		for mix in $(peer_mixes); do
			say "$peer: $mix"
			# once as a warming: what has caches fills them
			[ "$peer" != pdns_server ] || veth -m "$mix" -r 40000 -n 1 -t 2 -P warm
			veth -m "$mix" -b "$(peer_rate "$peer")" -P peers -l "$peer best $mix"
		done
		veth -m hit -P peers -l "$peer flood hit"
		[ -z "${BENCH_FULL:-}" ] || veth -m attack -L -P peers -l "$peer flood attack"
		peer_stop
	done
	SERVER_PIDS=()
}

# The same server, asked for a zone that dnsbolt does not have: without and with dnsbolt in front, in turn.
part_front()
{
	local peer=${BENCH_FRONT:-nsd} i rate with=() without=()

	peer_has "$peer" && peer_start "$peer" || { fail "$peer does not start"; return; }
	SERVER_PIDS=("${PEER_PIDS[@]}")
	say "in front of $peer"
	veth -m passed -b "$(peer_rate "$peer")" -n 1 -P front -l "$peer, its best rate" || return
	rate=$(awk "BEGIN { print 0.6 * $(row_field offered) }")
	for ((i = 0; i < SAMPLES; i++)); do
		veth -m passed -r "$rate" -n 1 -P none && without+=("$(row_field samples)")
		start_dnsbolt "fallback: host" || break
		SERVER_PIDS=("${PEER_PIDS[@]}" "$BED_DAEMON")
		veth -m passed -r "$rate" -n 1 -P none && with+=("$(row_field samples)")
		bed_stop
		SERVER_PIDS=("${PEER_PIDS[@]}")
	done
	peer_stop
	SERVER_PIDS=()
	jq -nc --arg name "$peer" --arg with "${with[*]}" --arg without "${without[*]}" '
		def numbers: split(" ") | map(tonumber);
		($with | numbers) as $a | ($without | numbers) as $b |
		{ part: "front", name: ($name + " alone"), unit: "answers per core-second", samples: $b },
		{ part: "front", name: ($name + " behind dnsbolt"), unit: "answers per core-second", samples: $a },
		{ part: "front", name: "cost to what is passed", unit: "share",
		  samples: [range([$a, $b] | map(length) | min) | 1 - $a[.] / $b[.]] }' >> "$BED_DIR/rows"
}

# at_rates NAME BEST OPTION...: its latency at 1, 50 and 90 % of that
at_rates()
{
	local name=$1 best=$2 share
	shift 2

	for share in 1 50 90; do
		veth -m hit -L -r "$(awk "BEGIN { print $best * $share / 100 }")" -P latency -l "$name at $share %" "$@"
	done
}

part_latency()
{
	local peer

	say "latency"
	start_dnsbolt "fallback: resolver" || return
	veth -m hit -b 500000 -n 1 -P none && at_rates dnsbolt "$(row_field offered)"
	# the reflector at the same rates
	beside -m hit -L -r 5000 -P latency -l "dnsbolt at 5,000/s"
	stop_dnsbolt
	for peer in ${BENCH_PEERS:-knotd-xdp named}; do
		peer_has "$peer" && peer_start "$peer" || continue
		SERVER_PIDS=("${PEER_PIDS[@]}")
		veth -m hit -b "$(peer_rate "$peer")" -n 1 -P none && at_rates "$peer" "$(row_field offered)"
		peer_stop
	done
	SERVER_PIDS=()
}

# What the verifier made of the programs, as tests/budget prints it.
part_cost()
{
	"$BED_BUILD/tests/budget.run" | sed -n 's/^report: [0-9.]* \([a-z_]*\): \([0-9]*\) of [0-9]* insns, stack \([0-9]*\) .* \([0-9]*\) insns translated, \([0-9]*\) octets.*/\1 \2 \3 \4 \5/p' |
		while read -r program insns stack translated octets; do
			cost_row "$program, verifier" instructions "$insns"
			cost_row "$program, stack" octets "$stack"
			cost_row "$program, program" instructions "$translated"
			cost_row "$program, machine code" octets "$octets"
		done >> "$BED_DIR/rows"
}

# cost_row NAME UNIT FIGURE
cost_row() { printf '{"part": "cost", "name": "%s", "unit": "%s", "samples": [%s]}\n' "$1" "$2" "$3"; }

clean_up()
{
	[ -z "$CHILD" ] || { kill "$CHILD"; wait "$CHILD"; } 2> /dev/null
	peer_stop
	bed_down
}

# The zones, for test runs; those of dnsboltd, which does without the million names and, to be in front of one who has it,
# without other.example.
make_zones()
{
	mkdir "$BED_DIR/all" "$BED_DIR/peer"
	"$BENCH" zones "$BED_DIR/all" "$NAMES" "$MANY" &&
		bed_sign nsec.example "$BED_DIR/all/nsec.example.zone" &&
		bed_sign nsec3.example "$BED_DIR/all/nsec3.example.zone" -n -t 0 &&
		cp "$BED_DIR"/all/{plain,nsec,nsec3}.example.zone "$BED_DIR/zones/"
}

main()
{
	local part

	bed_up bench
	trap clean_up EXIT
	LOAD_BEFORE=$(load) OTHERS_BEFORE=$(others) TICKS_BEFORE=$(ticks)
	make_zones || { say "no zones: $(tail -n 1 "$BED_DIR/err")"; exit 1; }
	set_pairs
	for part in $PARTS; do
		"part_$part"
	done
	machine >> "$BED_DIR/rows"
	"$BENCH_DIR/report.py" "$BED_DIR/rows" "$OUT" || FAILED=1
	echo "all figures: $OUT"
	exit $FAILED
}

main
