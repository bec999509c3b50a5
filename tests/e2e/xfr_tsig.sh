#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# TSIG with each server: the right key, a wrong one, one from a file; NOTIFYs that are signed.
. "$(dirname "$0")/../bed/bed.sh"
. "$(dirname "$0")/../bed/primaries.sh"
for s in knotd nsd named; do
	command -v $s > /dev/null || { echo "$s is missing"; exit 77; }
done
bed_up tsig
PRIMARY_KEY=1
WRONG_SECRET=YW5vdGhlciBzZWNyZXQgdGhhbiB0aGUgcHJpbWFyeSBoYXM=

for kind in knot nsd named; do
	rm -rf "$BED_DIR/primary" "$BED_DIR/state"
	primary_zone example.com 1
	primary_start $kind example.com
	secondary_config example.com
	bed_must_start
	zone_becomes "$kind: with the key the zone comes" example.com serial 1
	primary_zone example.com 2 "new A 192.0.2.9"
	primary_reload
	zone_becomes "$kind: and what is new, by a signed NOTIFY" example.com serial 2
	asks "$kind: the driver answers from it" "driver answer" @$SERVER4 new.example.com A
	is "$kind: no NOTIFY was taken for badly signed" "$(metric notifies_total 'verdict="bad_tsig"')" 0
	bed_stop
	rm -rf "$BED_DIR/state"

	SECONDARY_SECRET=$WRONG_SECRET secondary_config example.com
	bed_must_start
	refused() { [[ $(zone_value example.com error) == *[Tt][Ss][Ii][Gg]* ]]; }
	holds "$kind: with another secret it is refused" wait_for 10 refused
	is "$kind: nothing serves" "$(zone_value example.com state)" waiting
	asks "$kind: nor is answered" "fallback not_ours" @$SERVER4 www.example.com A
	is "$kind: the secret is in no line of the log" "$(grep -c "$WRONG_SECRET" "$BED_DIR/log")" 0
	bed_stop
	primary_stop
done

# ---- from a file ----
printf '%s\n' "$PRIMARY_SECRET" > "$BED_DIR/secret"
chmod 600 "$BED_DIR/secret"
primary_start knot example.com
secondary_config example.com
sed -i "s|secret: [^ }]*|secret-file: $BED_DIR/secret|" "$BED_DIR/dnsboltd.conf"
bed_must_start
zone_becomes "the secret is read from its file" example.com serial 2
exit $BED_FAILED
