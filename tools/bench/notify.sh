#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# From NOTIFY to the first new answer: dnsboltd, knotd and nsd in turn, in network namespaces, each with a large zone from disk, and
# notify_time.py as its primary. Prints a table; all figures are in $B/bench-notify.json. Part of make bench-scale. Root.
#
#     SCALE_NAMES  delegations of the zone (1000000)     SCALE_CHANGES  changes (30)
#     SCALE_SECONDS  the longest that one server may take to load (900)
. "$(dirname "$0")/../../tests/bed/bed.sh"
. "$(dirname "$0")/../../tests/bed/primaries.sh"
NAMES=${SCALE_NAMES:-1000000} CHANGES=${SCALE_CHANGES:-30} LIMIT=${SCALE_SECONDS:-900}
HERE=$(dirname "$(realpath "$0")")
OUT=$BED_BUILD/bench-notify.json
SCALE=$BED_BUILD/tools/bench/scale
bed_up notify
ZONE=$BED_DIR/secondary/tld.zone
mkdir -p "$BED_DIR/secondary/db" "$BED_DIR/state"
"$SCALE" tld "$NAMES" > "$ZONE" || exit 1

knot_secondary()
{
	cat <<- END
		server:
		    listen: $SERVER4@53
		    rundir: $BED_DIR/secondary
		database:
		    storage: $BED_DIR/secondary/db
		remote:
		  - id: main
		    address: $PRIMARY4
		acl:
		  - id: notify
		    address: $PRIMARY4
		    action: notify
		zone:
		  - domain: tld
		    storage: $BED_DIR/secondary
		    file: tld.zone
		    master: main
		    acl: notify
		    semantic-checks: off
		    zonefile-sync: -1
		    journal-content: none
	END
}

nsd_secondary()
{
	cat <<- END
		server:
		    ip-address: $SERVER4
		    server-count: 1
		    username: ""
		    database: ""
		    zonesdir: "$BED_DIR/secondary"
		    pidfile: "$BED_DIR/secondary/nsd.pid"
		    xfrdfile: "$BED_DIR/secondary/xfrd.state"
		    zonelistfile: "$BED_DIR/secondary/zone.list"
		    xfrdir: "$BED_DIR/secondary"
		    xfrd-reload-timeout: 0
		remote-control:
		    control-enable: no
		zone:
		    name: tld
		    zonefile: "tld.zone"
		    allow-notify: $PRIMARY4 NOKEY
		    request-xfr: $PRIMARY4 NOKEY
	END
}

# measure SERVER COMMAND...: which is the secondary
measure()
{
	local server=$1 timer secondary_pid
	shift

	# not bed_client: the signals are for the process itself
	nsenter --net="/run/netns/$BED-client" "$HERE/notify_time.py" $PRIMARY4 $SERVER4 $NOTIFY_PORT "$ZONE" "$CHANGES" "$LIMIT" > "$BED_DIR/json" 2> "$BED_DIR/said" &
	timer=$!
	bed_owns $timer
	nsenter --net="/run/netns/$BED-server" "$@" > "$BED_DIR/secondary/log" 2>&1 < /dev/null &
	secondary_pid=$!
	bed_owns $secondary_pid
	wait -n $timer $secondary_pid
	end_process $secondary_pid TERM 120 # one that keeps millions of names takes its time
	end_process $timer
	if bed_server ip link show eth0 | grep -q xdp; then
		echo "bench-notify: $server left its program on eth0: the others would not be asked"
		exit 1
	fi
	if [ -s "$BED_DIR/json" ]; then
		printf '%-9s %-22s %s\n' "$server" "1 of $NAMES" "$(cat "$BED_DIR/json")"
		printf '{"server": "%s", "names": %d, "result": %s}\n' "$server" "$NAMES" "$(cat "$BED_DIR/json")" >> "$BED_DIR/rows"
	else
		echo "bench-notify: $server:" "$(cat "$BED_DIR/said")" "$(tail -n 3 "$BED_DIR/secondary/log")"
	fi
}

: > "$BED_DIR/rows"
# what asks in turn without a pause is one client that asks for one name
secondary_config tld -- "max-names: $((NAMES * 2 + 65536))" "limit: { responses-per-second: 0 }"
"$SCALE" state "$ZONE" "$BED_DIR/state" || exit 1
measure dnsbolt "$BED_PROGRAMS/dnsboltd" -c "$BED_DIR/dnsboltd.conf"
NOTIFY_PORT=53
knot_secondary > "$BED_DIR/secondary.knot"
nsd_secondary > "$BED_DIR/secondary.nsd"
[ -z "$(command -v knotd)" ] || measure knotd knotd -c "$BED_DIR/secondary.knot"
[ -z "$(command -v nsd)" ] || measure nsd nsd -d -c "$BED_DIR/secondary.nsd"
{ echo '['; sed '$!s/$/,/' "$BED_DIR/rows"; echo ']'; } > "$OUT"
echo "all figures: $OUT"
