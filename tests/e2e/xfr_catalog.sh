#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A catalog zone (RFC 9432): 1,000 members come and go; a broken version keeps them, another id begins anew.
. "$(dirname "$0")/../bed/bed.sh"
. "$(dirname "$0")/../bed/primaries.sh"
command -v knotd > /dev/null || { echo "knotd is missing"; exit 77; }
bed_up catalog
N=1000

# catalog SERIAL LINE...
catalog()
{
	local serial=$1
	shift
	printf '%s\n' '$ORIGIN cat.test.' '$TTL 0' "@ SOA invalid. invalid. $serial 3600 1 86400 0" '@ NS invalid.' "$@" \
		> "$BED_DIR/primary/cat.test.zone"
	primary_touch cat.test
}
version='version TXT "2"'
members() { awk -v a="$1" -v b="$2" 'BEGIN { for (; a <= b; a++) printf "m%d.zones PTR m%d.test.\n", a, a }'; }
count() { [ "$(metric catalog_members)" = "$1" ] && [ "$(serving)" = "$2" ]; }
serving() { metric zones 'state="serving"'; }

mkdir -p "$BED_DIR/primary"
for ((i = 1; i <= N; i++)); do primary_zone "m$i.test" 1; done
catalog 1 "$version" "$(members 1 10)"
zones=()
for ((i = 1; i <= N; i++)); do zones+=("m$i.test"); done
primary_start knot cat.test "${zones[@]}"

bed_config "primary: [{ name: main, address: [$PRIMARY4] }]" \
	"notify: { address: [$SERVER4], port: $NOTIFY_PORT }" \
	"template: [{ name: plain, primary: main }, { name: quick, primary: main, refresh-max: 1 }]" \
	"zone:" \
	"  - { name: cat.test, primary: main, catalog: yes, members: plain, group: [{ name: fast, template: quick }] }" \
	"transfer: { parallel: 50 }"
bed_must_start
holds "ten members come" wait_for 20 count 10 11
asks "and are answered" "driver answer" @$SERVER4 www.m10.test A
asks "the catalog itself is not" "fallback not_ours" @$SERVER4 version.cat.test TXT
is "a member's source" "$(zone_value m1.test source) $(zone_value m1.test catalog)" "catalog cat.test."

# ---- 1,000 ----
start=$EPOCHREALTIME
catalog 2 "$version" "$(members 1 $N)"
primary_reload
holds "$N members come" wait_for 120 count $N $((N + 1))
printf 'report: %d members came in %.1f s\n' $N "$(awk "BEGIN { print $EPOCHREALTIME - $start }")"
asks "the last of them is answered" "driver answer" @$SERVER4 www.m$N.test A
start=$EPOCHREALTIME
catalog 3 "$version" "$(members 1 5)"
primary_reload
holds "all but five go" wait_for 60 count 5 6
printf 'report: %d members went in %.1f s\n' $((N - 5)) "$(awk "BEGIN { print $EPOCHREALTIME - $start }")"
asks "what went is passed" "fallback not_ours" @$SERVER4 www.m$N.test A
asks "what stayed is answered" "driver answer" @$SERVER4 www.m5.test A
is "what went has no file" "$(find "$BED_DIR/state/members" -name '*.zone' | wc -l)" 5

# ---- a broken version ----
refused() { [[ $(zone_value cat.test error) == *"serial 4 is refused"* ]]; }
catalog 4 'version TXT "3"' "$(members 1 2)"
primary_reload
holds "a catalog of another version is refused" wait_for 10 refused
is "and keeps its members" "$(metric catalog_members)" 5
asks "which are answered" "driver answer" @$SERVER4 www.m5.test A

# ---- a restart without the primary ----
primary_stop
bed_stop
bed_must_start
is "after a restart without the primary the members are there" "$(metric catalog_members)" 5
asks "and are answered" "driver answer" @$SERVER4 www.m5.test A
primary_zone m1.test 2
catalog 5 "$version" "$(members 1 3)" 'group.m1.zones TXT "fast"' 'other.zones PTR m4.test.'
primary_start knot cat.test "${zones[@]}"
holds "the next good version is taken" bed_ctl zone refresh cat.test
holds "one has gone" wait_for 20 count 4 5
asks "it is passed" "fallback not_ours" @$SERVER4 www.m5.test A

# ---- groups, and ids ----
zone_becomes "the group's template asks each second, and sees a change" m1.test serial 2
holds "one with another id was transferred anew" wait_for 10 test -e "$BED_DIR/state/members/cat.test/m4.test.zone"
is "it serves" "$(zone_value m4.test state)" serving
exit $BED_FAILED
