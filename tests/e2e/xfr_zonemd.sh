#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# ZONEMD (RFC 8976), require, check and off: of zones that come from a primary and of files, with a digest that is right, one that is not,
# and none. ldns makes the digests.
. "$(dirname "$0")/../bed/bed.sh"
. "$(dirname "$0")/../bed/primaries.sh"
for c in knotd ldns-signzone; do
	command -v $c > /dev/null || { echo "$c is missing"; exit 77; }
done
bed_up zonemd

# with_digest ZONE: gives its file a ZONEMD
with_digest()
{
	local file=$BED_DIR/primary/$1.zone

	ldns-signzone -Z -z 1:1 -o "$1" -f "$file.new" "$file" > "$BED_DIR/out" 2>&1 && mv "$file.new" "$file" && primary_touch "$1" ||
		{ not_ok "ldns makes a digest" "$(cat "$BED_DIR/out")"; exit 1; }
}
# with_wrong_digest ZONE: a record more than what it is of
with_wrong_digest()
{
	with_digest "$1"
	echo "late.$1. 300 IN A 192.0.2.99" >> "$BED_DIR/primary/$1.zone"
	primary_touch "$1"
}

for zone in require check off; do
	primary_zone right-$zone.test 1
	with_digest right-$zone.test
	primary_zone wrong-$zone.test 1
	with_wrong_digest wrong-$zone.test
	primary_zone none-$zone.test 1
done
zones=({right,wrong,none}-{require,check,off}.test)
rows=()
for zone in "${zones[@]}"; do
	mode=${zone#*-}
	rows+=("  - { name: \"$zone\", primary: main, zonemd: ${mode%.test} }")
done
mkdir "$BED_DIR/files"
primary_zone right-file.test 1
with_digest right-file.test
primary_zone wrong-file.test 1
with_wrong_digest wrong-file.test
for zone in right-file.test wrong-file.test; do
	mv "$BED_DIR/primary/$zone.zone" "$BED_DIR/files/"
	rows+=("  - { name: \"$zone\", file: \"$BED_DIR/files/$zone.zone\", zonemd: check }")
done
primary_start knot "${zones[@]}"
secondary_config -- "${rows[@]}"
bed_must_start

refused() { zone_value "$1" error | grep -q "$2"; }
for zone in right-require right-check right-off none-check none-off wrong-off; do
	zone_becomes "$zone: it is taken" $zone.test state serving
done
asks "and answered" "driver answer" @$SERVER4 www.right-require.test A
for zone in wrong-require wrong-check; do
	holds "$zone: it is refused" wait_for 20 refused $zone.test "digest of serial 1 is another one"
	asks "$zone: and passed" "fallback not_ours" @$SERVER4 www.$zone.test A
done
holds "none-require: it is refused" wait_for 20 refused none-require.test "no ZONEMD"
zone_becomes "a file with a right digest is taken" right-file.test state serving
is "one with a wrong digest is not" "$(zone_value wrong-file.test state)" failed
matches "and why" "$(zone_value wrong-file.test error)" "digest of serial 1 is another one"

primary_zone right-require.test 2
with_wrong_digest right-require.test
primary_reload
holds "a new version with a wrong digest is refused" wait_for 20 refused right-require.test "serial 2 is refused.*another one"
is "the old one serves on" "$(bed_client dig +short @$SERVER4 version.right-require.test TXT)" '"1"'
primary_zone right-require.test 3
with_digest right-require.test
primary_reload
zone_becomes "and the next good one is taken" right-require.test serial 3
exit $BED_FAILED
