#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# From NOTIFY to the first new answer: a large zone on knotd, with dnsboltd, knotd and nsd as its secondary in turn, in network
# namespaces. Prints a table; all figures are in $B/bench-notify.json. Part of make bench-scale. Root.
#
#     SCALE_NAMES  delegations of the zone (1000000)     SCALE_CHANGES  changes (30)
. "$(dirname "$0")/../../tests/bed/bed.sh"
. "$(dirname "$0")/../../tests/bed/primaries.sh"
NAMES=${SCALE_NAMES:-1000000} CHANGES=${SCALE_CHANGES:-30}
HERE=$(dirname "$(realpath "$0")")
OUT=$BED_BUILD/bench-notify.json
command -v knotd > /dev/null || { echo "bench-notify: knotd is missing"; exit 77; }
bed_up notify
mkdir -p "$BED_DIR/primary" "$BED_DIR/secondary/db"
"$BED_BUILD/tools/bench/scale" tld "$NAMES" > "$BED_DIR/primary/tld.zone" || exit 1

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

has_zone() { bed_client dig +norec +tries=1 +time=1 @$SERVER4 tld SOA | grep -q 'flags: qr aa'; }

# measure SERVER: that is the secondary now
measure()
{
	local json

	wait_for 600 has_zone || { echo "bench-notify: $1 does not get the zone"; tail -n 5 "$BED_DIR/secondary/log" "$BED_DIR/log" 2> /dev/null; return 1; }
	json=$(bed_client "$HERE/notify_time.py" $SERVER4 "$BED_DIR/primary/knot.conf" tld "$CHANGES") || return 1
	printf '%-9s %-22s %s\n' "$1" "1 of $NAMES" "$json"
	printf '{"server": "%s", "names": %d, "result": %s}\n' "$1" "$NAMES" "$json" >> "$BED_DIR/rows"
}

# peer SERVER COMMAND...: as the secondary
peer()
{
	local server=$1 pid
	shift

	command -v "$server" > /dev/null || return 0
	primary_start knot tld
	nsenter --net="/run/netns/$BED-server" "$@" > "$BED_DIR/secondary/log" 2>&1 &
	pid=$!
	bed_owns $pid
	measure "$server"
	end_process $pid
	primary_stop
	rm -rf "$BED_DIR"/secondary/* && mkdir -p "$BED_DIR/secondary/db"
}

: > "$BED_DIR/rows"
primary_start knot tld
# what asks in turn without a pause is one client that asks for one name
secondary_config tld -- "max-names: $((NAMES * 2 + 65536))" "limit: { responses-per-second: 0 }"
bed_must_start
measure dnsbolt
bed_stop
primary_stop
NOTIFY_PORT=53
knot_secondary > "$BED_DIR/secondary.knot"
nsd_secondary > "$BED_DIR/secondary.nsd"
peer knotd knotd -c "$BED_DIR/secondary.knot"
peer nsd nsd -d -c "$BED_DIR/secondary.nsd"
{ echo '['; sed '$!s/$/,/' "$BED_DIR/rows"; echo ']'; } > "$OUT"
echo "all figures: $OUT"
