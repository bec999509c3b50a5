#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Zone files that change, that are bad, and that are many; configurations that are wrong.
. "$(dirname "$0")/../bed/bed.sh"
bed_up zones
bed_zones
bed_config
bed_must_start

zone=$BED_DIR/zones/example.com.zone
a_of() { bed_client dig +short +tries=1 +time=2 @$SERVER4 "$1" A | sort | tr '\n' ' '; }

# ---- reload ----
sed -i 's/2024060101/2024060102/; s/^host\(.*\)$/host\1\nadded\t\tA\t192.0.2.99/' "$zone"
holds "zone reload" bed_ctl zone reload example.com
asks "an added name" "driver answer" @$SERVER4 added.example.com A
is "the new serial" "$(bed_client dig +short @$SERVER4 example.com SOA | cut -d' ' -f3)" 2024060102
matches "zone list shows it" "$(bed_ctl zone list)" "example\.com\.? .*2024060102"

cp "$zone" "$BED_DIR/good"
sed -i '5s/.*/this is no record at all/' "$zone"
if bed_ctl zone reload example.com > "$BED_DIR/out" 2>&1; then
	not_ok "a bad file is an error" "$(cat "$BED_DIR/out")"
else
	ok "a bad file is an error"
fi
matches "which names file and line" "$(cat "$BED_DIR/out" "$BED_DIR/log")" "example\.com\.zone:5"
asks "the good version serves on" "driver answer" @$SERVER4 added.example.com A
matches "zone list says that it is stale" "$(bed_ctl zone list)" "example\.com\.? .*stale|stale.*example\.com"
: > "$zone"
bed_ctl zone reload example.com > "$BED_DIR/out" 2>&1
asks "nor does an empty file take its place" "driver answer" @$SERVER4 added.example.com A
cp "$BED_DIR/good" "$zone"
holds "a good file again" bed_ctl zone reload example.com
matches "zone list says that it serves" "$(bed_ctl zone list)" "example\.com\.? .*serving|serving.*example\.com"

printf '$TTL 60\n@ SOA ns hostmaster 1 1 1 1 1\n NS ns\nns A 192.0.2.5\n' > "$BED_DIR/zones/example.edu.zone"
holds "zone reload of all" bed_ctl zone reload
asks "a zone that came" "driver answer" @$SERVER4 ns.example.edu A
rm "$BED_DIR/zones/example.edu.zone"
holds "zone reload of all, again" bed_ctl zone reload
asks "a zone that went" "fallback not_ours" @$SERVER4 ns.example.edu A
bed_stop

# ---- files that change by themselves ----
answers() { [[ " $(a_of "$1")" == *" $2 "* ]]; }
is_gone() { [ -z "$(a_of "$1")" ]; }
bed_must_start
sed -i 's/2024060102/2024060103/; s/192\.0\.2\.99/192.0.2.98/' "$zone"
holds "a file that is edited" wait_for 10 answers added.example.com 192.0.2.98
asks "by the driver" "driver answer" @$SERVER4 added.example.com A
printf '$TTL 60\n@ SOA ns hostmaster 1 1 1 1 1\n NS ns\nns A 192.0.2.5\n' > "$BED_DIR/zones/example.edu.zone"
holds "a zone that comes with its file" wait_for 10 answers ns.example.edu 192.0.2.5
rm "$BED_DIR/zones/example.edu.zone"
holds "and goes with it" wait_for 10 is_gone ns.example.edu
sed -i 's/2024060103/2024060101/' "$zone"
holds "a serial that goes back is said" wait_for 10 grep -q 'serial 2024060101 goes back' "$BED_DIR/log"
bed_stop
sed -i '$a watch: false' "$BED_DIR/dnsboltd.conf"
bed_must_start
sed -i 's/192\.0\.2\.98/192.0.2.97/' "$zone"
holds "zone reload of all with watch: false" bed_ctl zone reload
holds "takes it" answers added.example.com 192.0.2.97
bed_stop
sed -i '$d' "$BED_DIR/dnsboltd.conf"

# ---- --check ----
check() { bed_server "$BED_PROGRAMS/dnsboltd" --check -c "$BED_DIR/dnsboltd.conf" > "$BED_DIR/out" 2>&1; }

# wrong NAME PATTERN LINE...: such a configuration is refused with such a message
wrong()
{
	local name=$1 pattern=$2 status
	shift 2
	printf '%s\n' "$@" > "$BED_DIR/dnsboltd.conf"
	check
	status=$?
	is "--check: $name: exit status" $status 1
	matches "--check: $name: the message" "$(cat "$BED_DIR/out")" "$pattern"
}

holds "--check: all is well" check
cp "$BED_DIR/dnsboltd.conf" "$BED_DIR/good.yaml"
wrong "an unknown key" 'dnsboltd\.conf:2.*interfaces?' "interface: [eth0]" "interfaces: [eth1]"
wrong "a value that is none" 'dnsboltd\.conf:2.*mode' "interface: [eth0]" "mode: maybe"
wrong "no interface" 'interface' "mode: off"
wrong "no YAML" 'dnsboltd\.conf:[0-9]+' "interface: [eth0"
wrong "an address that is none" 'dnsboltd\.conf:2.*192\.0\.2' "interface: [eth0]" "listen: { address: [192.0.2] }"
cp "$BED_DIR/good.yaml" "$BED_DIR/dnsboltd.conf"

# bad_zone NAME PATTERN LINE...: such a zone fails the check
bad_zone()
{
	local name=$1 pattern=$2 status
	shift 2
	printf '%s\n' "\$TTL 60" "$@" > "$BED_DIR/zones/bad.example.zone"
	check
	status=$?
	is "--check: $name: exit status" $status 1
	matches "--check: $name: the message" "$(cat "$BED_DIR/out")" "$pattern"
	rm "$BED_DIR/zones/bad.example.zone"
}

soa="@ SOA ns hostmaster 1 1 1 1 1"
bad_zone "no SOA" "bad\.example.*SOA" "@ NS ns" "ns A 192.0.2.1"
bad_zone "two SOAs" "bad\.example.*SOA" "$soa" "@ SOA ns2 hostmaster 2 1 1 1 1" "@ NS ns" "ns A 192.0.2.1"
bad_zone "no NS" "bad\.example.*NS" "$soa" "www A 192.0.2.1"
bad_zone "CNAME beside other data" "bad\.example.*CNAME" "$soa" "@ NS ns" "ns A 192.0.2.1" "x CNAME ns" "x A 192.0.2.1"
bad_zone "a record that is none" "bad\.example\.zone:4" "$soa" "@ NS ns" "ns A 192.0.2.999"

# ---- a zone that is bad from the start ----
echo nonsense > "$BED_DIR/zones/bad.example.zone"
bed_must_start
asks "the good ones serve beside a bad one" "driver answer" @$SERVER4 www.example.com A
matches "the bad one has failed" "$(bed_ctl zone list)" "bad\.example\.? .*failed|failed.*bad\.example"
bed_stop
rm "$BED_DIR/zones/bad.example.zone"

# ---- many ----
awk -v dir="$BED_DIR/zones" 'BEGIN {
	for (i = 0; i < 12000; i++) {
		f = dir "/z" i ".example.zone"
		printf "$TTL 300\n@ SOA ns.example.com. hostmaster.example.com. 1 7200 3600 1209600 300\n" > f
		printf " NS ns.example.com.\n A 192.0.2.%d\nwww A 192.0.2.%d\n", i % 250, i % 250 > f
		close(f)
	}
}'
start=$EPOCHREALTIME
bed_must_start 120
printf 'report: 12,000 zones: ready after %.1f s\n' "$(awk "BEGIN { print $EPOCHREALTIME - $start }")"
matches "ready names zones and names" "$(cat "$BED_DIR/log")" "ready: 12004 zones"
asks "the first of 12,000" "driver answer" @$SERVER4 www.z0.example A
asks "the last of 12,000" "driver answer" @$SERVER4 www.z11999.example A
is "its address" "$ANSWER" "www.z11999.example. 300 IN A 192.0.2.249"
start=$EPOCHREALTIME
holds "zone reload of one of them" bed_ctl zone reload z5.example
printf 'report: 12,000 zones: one reloaded in %.2f s\n' "$(awk "BEGIN { print $EPOCHREALTIME - $start }")"
exit $BED_FAILED
