#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A primary that sends every odd transfer (bed/odd_primary.py): what is good is taken, what is bad leaves the old version,
# which serves, with the reason in its row.
. "$(dirname "$0")/../bed/bed.sh"
. "$(dirname "$0")/../bed/primaries.sh"
odd=$BED_TOP/tests/bed/odd_primary.py
list=$("$odd" --list) || { echo "$list"; exit 77; }
bed_up odd
mkdir -p "$BED_DIR/primary"
rows=()
while read -r kind _; do
	rows+=("  - { name: $kind.odd, primary: main }")
done <<< "$list"
nsenter --net="/run/netns/$BED-client" "$odd" $CLIENT4 53 --odd-when "$BED_DIR/odd" \
	--key "xfr-key:hmac-sha256:$PRIMARY_SECRET" > "$BED_DIR/primary/log" 2>&1 &
bed_owns $!
wait_for 10 grep -q ready "$BED_DIR/primary/log" || { not_ok "the odd primary starts" "$(cat "$BED_DIR/primary/log")"; exit 1; }

bed_config "key: [{ name: xfr-key, algorithm: hmac-sha256, secret: $PRIMARY_SECRET }]" \
	"primary: [{ name: main, address: [$CLIENT4], key: xfr-key }]" \
	"template: [{ name: odd, primary: main, max-zone-size: 1000000, retry-min: 3600, retry-max: 3600 }]" \
	"transfer: { parallel: 1, idle-timeout: 2, total-timeout: 8 }" "zone:" "${rows[@]/primary: main/template: odd}"
bed_must_start
total=$(wc -l <<< "$list")
all_serve() { [ "$(metric zones 'state="serving"')" = "$total" ]; }
wait_for 30 all_serve || { not_ok "all zones come" "$(bed_ctl zone list)" "$(cat "$BED_DIR/log")"; exit 1; }
ok "all $total zones come while nothing is odd"

# The most transfers that are open at a time: those that stall would be together, if they might.
count_transfers()
{
	local n most=0

	while [ ! -e "$BED_DIR/counted" ]; do
		n=$(bed_server ss -Htn state established dport = :53 | wc -l)
		[ "$n" -le "$most" ] || echo $((most = n)) > "$BED_DIR/most"
		sleep 0.1
	done
}
count_transfers &
counter=$!

touch "$BED_DIR/odd"
bed_ctl zone refresh > "$BED_DIR/out"
zones() { bed_ctl -j zone list | jq -r '.zones[] | [.zone, .state, .serial, .activity, .error] | @tsv'; }
done_with() { ! zones | awk -F '\t' '$4 != "idle" || ($3 == 1 && $2 == "serving")' | grep -q .; }
wait_for 60 done_with || not_ok "all rounds end" "$(zones)"
touch "$BED_DIR/counted"
wait $counter
is "one transfer at a time, as \`parallel\` has it" "$(cat "$BED_DIR/most")" 1
zones > "$BED_DIR/zones.tsv"
served() { bed_client dig +short +tries=1 +time=2 @$SERVER4 "version.$1.odd" TXT; }
while read -r kind verdict; do
	IFS=$'\t' read -r _ state serial _ error <<< "$(grep "^$kind\.odd\." "$BED_DIR/zones.tsv")"
	case $verdict in
	ok | fall-back)
		[ $kind = serial-0 ] && wanted=0 || wanted=2
		is "$kind: it is taken" "$state $serial" "serving $wanted"
		;;
	refused)
		is "$kind: refused, and the old version serves" "$state $serial $(served "$kind")" 'stale 1 "1"'
		holds "$kind: with the reason: ${error#*: }" test -n "$error"
		;;
	esac
done <<< "$list"
error_of() { grep "^$1\.odd\." "$BED_DIR/zones.tsv" | cut -f 5; }
matches "endless: by max-zone-size" "$(error_of endless)" "more than the 1000000 octets"
matches "stall: by idle-timeout" "$(error_of stall)" "nothing came for 2 s"
matches "trickle: by total-timeout" "$(error_of trickle)" "not through within 8 s"
is "each that had to fall back once to an AXFR" "$(metric transfers_total 'result="fall_back"')" \
	"$(grep -c 'fall-back' <<< "$list")"
holds "records that are not in the zone are counted" test "$(metric transfer_skipped_records_total)" -gt 0
matches "and warned of" "$(cat "$BED_DIR/log")" "zone out-of-zone\.odd\.: .*left out"
exit $BED_FAILED
