#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# make bench-scale: a large zone, and many small ones, loaded into kernel maps; beside knotd and nsd with the same files, where
# these are installed. Prints a table; all figures are in $B/bench-scale.json. Root.
#
#     SCALE_NAMES  delegations of the large zone (1000000; 0: none)    SCALE_ZONES  small zones (100000; 0: none)
#     SCALE_SECONDS  the longest that one server may take to load (900)
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
NAMES=${SCALE_NAMES:-1000000} ZONES=${SCALE_ZONES:-100000} LIMIT=${SCALE_SECONDS:-900}
SCALE=$B/tools/bench/scale
PORT=5399
DIR=
PEER=

[ "$(id -u)" = 0 ] || { echo "bench-scale: needs root"; exit 77; }

cleanup()
{
	[ -z "$PEER" ] || { kill "$PEER"; wait "$PEER"; } 2> /dev/null
	[ -z "$DIR" ] || rm -rf "$DIR"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
DIR=$(mktemp -d /var/tmp/dnsbolt-scale-XXXXXX) || exit 1
OUT=$B/bench-scale.json
: > "$DIR/rows"

# row SERVER WHAT LOAD CPU MEMORY CHANGE JSON
row()
{
	printf '%-9s %-22s %9s s %9s s %9s MiB %10s\n' "$1" "$2" "$3" "$4" "$5" "$6"
	printf '{"server": "%s", "what": "%s", "result": %s}\n' "$1" "$2" "$7" >> "$DIR/rows"
}

field() { sed -n "s/.*\"$2\": \([0-9.]*\).*/\1/p" <<< "$1"; }
mib() { awk "BEGIN { printf \"%.0f\", $1 / 1048576 }"; }

# dnsbolt WHAT FILE|DIR
dnsbolt()
{
	local json

	json=$("$SCALE" measure "$2") || return 1
	row dnsbolt "$1" "$(field "$json" load_s)" "$(field "$json" load_cpu_s)" \
		"$(mib "$(field "$json" total_octets)")" "$(field "$json" median) ms" "$json"
}

# The peer's processes: it, and what it forked.
peers() { echo "$PEER"; pgrep -P "$PEER"; }

peer_memory()
{
	local p kib=0

	for p in $(peers); do
		kib=$((kib + $(awk '/^Pss:/ { print $2 }' "/proc/$p/smaps_rollup" 2> /dev/null || echo 0)))
	done
	echo $((kib * 1024))
}

peer_cpu()
{
	local p

	for p in $(peers); do
		cat "/proc/$p/stat" 2> /dev/null
	done | awk -v hz="$(getconf CLK_TCK)" '{ t += $14 + $15 + $16 + $17 } END { printf "%.3f", t / hz }'
}

# Whether the peer has the zone.
answers() { dig +noall +answer +time=1 +tries=1 -p $PORT @127.0.0.1 "$1" SOA 2> /dev/null | grep -q SOA; }

# peer SERVER WHAT ZONE COMMAND...: until it answers for the zone
peer()
{
	local server=$1 what=$2 zone=$3 start=$EPOCHREALTIME load cpu memory
	shift 3

	"$@" > "$DIR/log" 2>&1 &
	PEER=$!
	until answers "$zone"; do
		if ! kill -0 $PEER 2> /dev/null ||
			[ "$(awk "BEGIN { print ($EPOCHREALTIME - $start > $LIMIT) }")" = 1 ]; then
			echo "$server: no answer for $zone:" "$(tail -n 1 "$DIR/log")"
			break
		fi
		sleep 0.05
	done
	load=$(awk "BEGIN { printf \"%.3f\", $EPOCHREALTIME - $start }") cpu=$(peer_cpu) memory=$(peer_memory)
	row "$server" "$what" "$load" "$cpu" "$(mib "$memory")" - \
		"{\"load_s\": $load, \"load_cpu_s\": $cpu, \"total_octets\": $memory}"
	kill $PEER
	wait $PEER 2> /dev/null
	PEER=
}

# Both configurations get the zones from standard input, "NAME FILE" each.
knot_config()
{
	cat <<- END
		server:
		    rundir: "$DIR"
		    listen: 127.0.0.1@$PORT
		    udp-workers: 1
		    tcp-workers: 1
		    background-workers: $(nproc)
		database:
		    storage: "$DIR/knot"
		log:
		  - target: stderr
		    any: warning
		template:
		  - id: default
		    semantic-checks: off
		    zonefile-sync: -1
		    journal-content: none
		zone:
	END
	awk '{ printf "  - domain: %s\n    file: \"%s\"\n", $1, $2 }'
}

nsd_config()
{
	cat <<- END
		server:
		    ip-address: 127.0.0.1@$PORT
		    username: ""
		    database: ""
		    zonesdir: "$DIR"
		    pidfile: "$DIR/nsd.pid"
		    xfrdfile: "$DIR/nsd.xfrd"
		    zonelistfile: "$DIR/nsd.list"
		    xfrdir: "$DIR"
		    server-count: 1
		remote-control:
		    control-enable: no
	END
	awk '{ printf "zone:\n    name: %s\n    zonefile: %s\n", $1, $2 }'
}

# all_servers WHAT FILE|DIR ZONE: the last of the zones that are listed on standard input
all_servers()
{
	cat > "$DIR/zones"
	dnsbolt "$1" "$2"
	mkdir -p "$DIR/knot"
	knot_config < "$DIR/zones" > "$DIR/knot.conf"
	nsd_config < "$DIR/zones" > "$DIR/nsd.conf"
	[ -z "$(command -v knotd)" ] || peer knotd "$1" "$3" knotd -c "$DIR/knot.conf"
	[ -z "$(command -v nsd)" ] || peer nsd "$1" "$3" nsd -d -c "$DIR/nsd.conf"
}

printf '%-9s %-22s %11s %11s %13s %10s\n' server zones load CPU memory 'one change'
if [ "$NAMES" -gt 0 ]; then
	"$SCALE" tld "$NAMES" > "$DIR/tld.zone" || exit 1
	echo "tld $DIR/tld.zone" | all_servers "1 of $NAMES" "$DIR/tld.zone" tld
	rm -f "$DIR/tld.zone"
fi
if [ "$ZONES" -gt 0 ]; then
	mkdir "$DIR/small"
	"$SCALE" small "$ZONES" "$DIR/small" || exit 1
	seq 0 $((ZONES - 1)) | awk -v dir="$DIR/small" '{ printf "z%d.example %s/z%d.example.zone\n", $1, dir, $1 }' |
		all_servers "$ZONES small" "$DIR/small" "z$((ZONES - 1)).example"
fi
{ echo '['; sed '$!s/$/,/' "$DIR/rows"; echo ']'; } > "$OUT"
echo "all figures: $OUT"
[ "$NAMES" = 0 ] || tools/bench/notify.sh
