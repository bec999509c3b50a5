#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Zones from knotd, nsd and named: whole, by differences, over serial 0; the primary goes and comes back, dnsboltd too.
. "$(dirname "$0")/../bed/bed.sh"
. "$(dirname "$0")/../bed/primaries.sh"
for s in knotd nsd named; do
	command -v $s > /dev/null || { echo "$s is missing"; exit 77; }
done
bed_up primaries

version() { bed_client dig +short +tries=1 +time=2 @$SERVER4 "version.$1" TXT; }

# moves NAME SERIAL: the primary's next version is there, and the driver answers from it
moves()
{
	primary_zone example.com "$2" "v$2 A 192.0.2.9"
	primary_reload
	zone_becomes "$PRIMARY_KIND: $1" example.com serial "$2"
	is "$PRIMARY_KIND: $1: the driver answers from it" "$(version example.com)" "\"$2\""
}

for kind in knot nsd named; do
	rm -rf "$BED_DIR/primary" "$BED_DIR/state"
	# knotd's NOTIFY comes by TCP, those of the others by UDP
	[ $kind = knot ] && NOTIFY_PORT=53 || NOTIFY_PORT=5300
	primary_zone example.com 1 "gone A 192.0.2.7"
	REFRESH=1 EXPIRE=4 primary_zone short.test 7
	primary_start $kind example.com short.test
	secondary_config example.com short.test
	bed_must_start
	zone_becomes "$kind: a whole zone comes" example.com serial 1
	asks "$kind: the driver answers from it" "driver answer" @$SERVER4 gone.example.com A
	is "$kind: it is an AXFR" "$(metric transfers_total 'result="ixfr"')" 0

	moves "one change" 2
	is "$kind: it is an IXFR" "$(metric transfers_total 'result="ixfr"')" 1
	asks "$kind: what is gone is gone" "driver nxdomain" @$SERVER4 gone.example.com A
	asks "$kind: what is new is there" "driver answer" @$SERVER4 v2.example.com A
	moves "half around the serials" 2147483649
	moves "the last serial" 4294967295
	moves "serial 0 is newer than that" 0
	last=0 n=4
	# knotd's own journal finds no way from serial 0
	if [ $kind != knot ]; then
		moves "and 1 than 0" 1
		last=1 n=5
	fi
	is "$kind: all by IXFR" "$(metric transfers_total 'result="ixfr"')" $n
	matches "$kind: zone list says where it comes from" "$(bed_ctl zone list)" "example\.com\. +serving +primary +$last "

	# ---- the primary dies ----
	zone_becomes "$kind: a zone that is refreshed every second serves" short.test state serving
	primary_stop
	zone_becomes "$kind: without its primary it expires" short.test state expired
	asks "$kind: and is passed" "fallback expired" @$SERVER4 www.short.test A
	is "$kind: the resolver says SERVFAIL" "$STATUS" SERVFAIL
	matches "$kind: zone list says why" "$(bed_ctl zone list)" "short\.test\. +expired .*$PRIMARY4@53"
	asks "$kind: one that has not expired is answered" "driver answer" @$SERVER4 www.example.com A

	# ---- a restart without it, and with nothing in the maps ----
	bed_stop
	bed_must_start
	asks "$kind: after a restart the zone is there without its primary" "driver answer" @$SERVER4 v$last.example.com A
	asks "$kind: what had expired is not answered" "fallback expired" @$SERVER4 www.short.test A

	# ---- it comes back ----
	primary_start $kind example.com short.test
	holds "$kind: zone refresh asks it at once" bed_ctl zone refresh
	zone_becomes "$kind: it comes back" short.test state serving
	asks "$kind: and is answered again" "driver answer" @$SERVER4 www.short.test A
	moves "the next change comes as before" 2
	bed_ctl zone retransfer example.com > "$BED_DIR/out"
	whole() { [ "$(metric transfers_total 'result="axfr"')" -ge 1 ]; }
	holds "$kind: zone retransfer brings all of it" wait_for 10 whole
	bed_stop
	primary_stop
done
exit $BED_FAILED
