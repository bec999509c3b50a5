#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# An IXFR of 100,000 changes (BIG: another number), from each server.
. "$(dirname "$0")/../bed/bed.sh"
. "$(dirname "$0")/../bed/primaries.sh"
for s in knotd nsd named; do
	command -v $s > /dev/null || { echo "$s is missing"; exit 77; }
done
bed_up big
N=$((${BIG:-100000} / 2)) # each is a record that goes and one that comes

# big_zone SERIAL: N names, whose addresses carry the serial
big_zone()
{
	primary_zone big.test "$1"
	awk -v n="$N" -v s="$1" 'BEGIN { for (i = 0; i < n; i++) printf "n%d A 10.%d.%d.%d\n", i, s, i / 256 % 256, i % 256 }' \
		>> "$BED_DIR/primary/big.test.zone"
	primary_touch big.test
}

for kind in knot nsd named; do
	rm -rf "$BED_DIR/primary" "$BED_DIR/state"
	big_zone 1
	primary_start $kind big.test
	secondary_config big.test -- "max-names: 200000"
	bed_must_start
	start=$EPOCHREALTIME
	zone_becomes "$kind: the zone comes" big.test serial 1 60
	printf 'report: %s: AXFR of %d records: %.1f s\n' $kind "$N" "$(awk "BEGIN { print $EPOCHREALTIME - $start }")"
	big_zone 2
	start=$EPOCHREALTIME
	primary_reload
	zone_becomes "$kind: and all changes of it" big.test serial 2 120
	printf 'report: %s: IXFR of %d changes: %.1f s, of which the server took a part to read its file\n' $kind $((2 * N)) \
		"$(awk "BEGIN { print $EPOCHREALTIME - $start }")"
	is "$kind: by IXFR" "$(metric transfers_total 'result="ixfr"') $(metric transfers_total 'result="fall_back"')" "1 0"
	for i in 0 1 $((N / 2)) $((N - 1)); do
		bed_dig @$SERVER4 n$i.big.test A
		is "$kind: n$i" "$WHO $ANSWER" "driver n$i.big.test. 300 IN A 10.2.$((i / 256 % 256)).$((i % 256))"
	done
	bed_stop
	primary_stop
done
exit $BED_FAILED
