#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Limits of time without dnsboltd: a zone's EXPIRE, all zones' orphan-timeout; and what is left after a restart.
. "$(dirname "$0")/../bed/bed.sh"
. "$(dirname "$0")/../bed/primaries.sh"
command -v knotd > /dev/null || { echo "knotd is missing"; exit 77; }
bed_up time

answers() { bed_client dig +tries=1 +time=1 @$SERVER4 "www.$1" A | grep -q "status: $2"; }

# ---- EXPIRE ----
REFRESH=1 EXPIRE=6 primary_zone short.test 1
primary_zone long.test 1
primary_start knot short.test long.test
secondary_config short.test long.test -- "on-exit: stay"
bed_must_start
zone_becomes "a zone that expires soon" short.test state serving
zone_becomes "and one that does not" long.test state serving
renewed() { [ "$(zone_value short.test expires)" -ge 4 ] && [ "$(zone_value short.test activity)" = idle ]; }
holds "each refresh renews it" wait_for 5 renewed
end=$((SECONDS + 7))
past() { [ $SECONDS -ge $end ]; }
wait_for 10 past
holds "longer than its EXPIRE" answers short.test NOERROR
end_process "$BED_DAEMON" KILL
BED_DAEMON=
holds "dnsboltd is dead: it is answered on" answers short.test NOERROR
holds "and then SERVFAIL, by the program's own clock" wait_for 10 answers short.test SERVFAIL
holds "the other zone is answered" answers long.test NOERROR

# ---- a restart: the time that is left ----
primary_stop
bed_must_start
is "what expired while it was dead has expired" "$(zone_value short.test state)" expired
bed_stop
bed_must_start
left=$(zone_value long.test expires)
holds "what is left of the others goes on" test "$left" -lt 1209600
primary_start knot short.test long.test
bed_ctl zone refresh > "$BED_DIR/out"
zone_becomes "the primary comes back: so does the zone" short.test state serving
holds "and is answered" wait_for 5 answers short.test NOERROR
bed_stop
primary_stop

# ---- the first of two is dead ----
primary_start knot long.test
secondary_config long.test
sed -i "s/address: \[$PRIMARY4\]/address: [$PRIMARY4@5399, $PRIMARY4]/" "$BED_DIR/dnsboltd.conf"
rm -rf "$BED_DIR/state"
bed_must_start
zone_becomes "a zone comes from the second primary when the first is dead" long.test primary "$PRIMARY4@53"
is "and serves" "$(zone_value long.test state)" serving
bed_stop
primary_stop

# ---- orphan-timeout ----
bed_zones
bed_config "orphan-timeout: 12" "on-exit: stay"
bed_must_start
end=$((SECONDS + 14))
wait_for 20 past
holds "longer than orphan-timeout: renewed while dnsboltd lives" answers example.com NOERROR
end_process "$BED_DAEMON" KILL
BED_DAEMON=
holds "dnsboltd is dead: answered on" answers example.com NOERROR
holds "until orphan-timeout is over" wait_for 20 answers example.com SERVFAIL
bed_must_start
holds "and again when it is back" answers example.com NOERROR
exit $BED_FAILED
