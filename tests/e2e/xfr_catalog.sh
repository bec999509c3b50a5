#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A catalog zone (RFC 9432): 1,000 members come and go; a broken version keeps them, another id begins anew.
. "$(dirname "$0")/../bed/bed.sh"
. "$(dirname "$0")/../bed/primaries.sh"
command -v knotd > /dev/null || { echo "knotd is missing"; exit 77; }
bed_up catalog
N=1000

# write_catalog ZONE SERIAL LINE...
write_catalog()
{
	local zone=$1 serial=$2
	shift 2
	printf '%s\n' "\$ORIGIN $zone." '$TTL 0' "@ SOA invalid. invalid. $serial 3600 1 86400 0" '@ NS invalid.' "$@" \
		> "$BED_DIR/primary/$zone.zone"
	primary_touch "$zone"
}
catalog() { write_catalog cat.test "$@"; }
version='version TXT "2"'
members() { awk -v a="$1" -v b="$2" 'BEGIN { for (; a <= b; a++) printf "m%d.zones PTR m%d.test.\n", a, a }'; }
count() { [ "$(metric catalog_members)" = "$1" ] && [ "$(serving)" = "$2" ]; }
serving() { metric zones 'state="serving"'; }

mkdir -p "$BED_DIR/primary"
for ((i = 1; i <= N; i++)); do primary_zone "m$i.test" 1; done
catalog 1 "$version" "$(members 1 10)"
zones=()
for ((i = 1; i <= N; i++)); do zones+=("m$i.test"); done
write_catalog other.test 1 "$version"
primary_start knot cat.test other.test "${zones[@]}"

bed_config "primary: [{ name: main, address: [$PRIMARY4] }]" \
	"notify: { address: [$SERVER4], port: $NOTIFY_PORT }" \
	"template: [{ name: plain, primary: main }, { name: quick, primary: main, refresh-max: 1 }]" \
	"zone:" \
	"  - { name: cat.test, primary: main, catalog: yes, members: plain, group: [{ name: fast, template: quick }] }" \
	"  - { name: other.test, primary: main, catalog: yes, members: plain }" \
	"transfer: { parallel: 50 }"
bed_must_start
holds "ten members come" wait_for 20 count 10 12
asks "and are answered" "driver answer" @$SERVER4 www.m10.test A
asks "the catalog itself is not" "fallback not_ours" @$SERVER4 version.cat.test TXT
is "a member's source" "$(zone_value m1.test source) $(zone_value m1.test catalog)" "catalog cat.test."

# ---- 1,000 ----
start=$EPOCHREALTIME
catalog 2 "$version" "$(members 1 $N)"
primary_reload
holds "$N members come" wait_for 120 count $N $((N + 2))
printf 'report: %d members came in %.1f s\n' $N "$(awk "BEGIN { print $EPOCHREALTIME - $start }")"
asks "the last of them is answered" "driver answer" @$SERVER4 www.m$N.test A
start=$EPOCHREALTIME
catalog 3 "$version" "$(members 1 5)"
primary_reload
holds "all but five go" wait_for 60 count 5 7
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
primary_start knot cat.test other.test "${zones[@]}"
holds "the next good version is taken" bed_ctl zone refresh cat.test
holds "one has gone" wait_for 20 count 4 6
asks "it is passed" "fallback not_ours" @$SERVER4 www.m5.test A

# ---- groups, and ids ----
zone_becomes "the group's template asks each second, and sees a change" m1.test serial 2
holds "one with another id was transferred anew" wait_for 10 test -e "$BED_DIR/state/members/cat.test/m4.test.zone"
is "it serves" "$(zone_value m4.test state)" serving

# ---- another catalog takes a member over (RFC 9432 section 4.3.1) ----
left_out() { grep -q "other\.test\.: .*its member m1\.test\. is left out: another catalog has it" "$BED_DIR/log"; }
write_catalog other.test 2 "$version" 'm1.zones PTR m1.test.'
primary_reload
holds "a catalog does not get a member of another one" wait_for 10 left_out
is "which keeps it" "$(zone_value m1.test catalog)" cat.test.
catalog 6 "$version" "$(members 1 3)" 'coo.m1.zones PTR other.test.' 'coo.m2.zones PTR other.test.'
primary_reload
zone_becomes "the first catalog gives two away" cat.test serial 6
loaded=$(zone_value m1.test loaded)
write_catalog other.test 3 "$version" 'm1.zones PTR m1.test.' 'new.zones PTR m2.test.'
primary_reload
zone_becomes "the other one takes them" m1.test catalog other.test.
is "one serves on, as it is" "$(zone_value m1.test state) $(zone_value m1.test loaded)" "serving $loaded"
holds "its file is the other's" wait_for 10 test -e "$BED_DIR/state/members/other.test/m1.test.zone"
zone_becomes "one with another id comes anew" m2.test catalog other.test.
zone_becomes "and serves" m2.test state serving
catalog 7 "$version" "$(members 3 3)"
primary_reload
zone_becomes "the first one lets them go" cat.test serial 7
asks "the new one's serve on" "driver answer" @$SERVER4 www.m1.test A
exit $BED_FAILED
