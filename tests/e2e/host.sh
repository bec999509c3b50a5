#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# fallback: host. nsd is there already, with the same zones; dnsbolt comes before it. A client sees no difference.
. "$(dirname "$0")/../bed/bed.sh"
command -v nsd > /dev/null || { echo "nsd is missing"; exit 77; }
bed_up host
bed_zones
mkdir "$BED_DIR/nsd"
{
	cat <<-END
		server:
			ip-address: $SERVER4
			ip-address: $SERVER6
			username: ""
			zonesdir: "$BED_DIR/zones"
			database: ""
			pidfile: "$BED_DIR/nsd/pid"
			xfrdfile: "$BED_DIR/nsd/xfrd"
			zonelistfile: "$BED_DIR/nsd/list"
			xfrdir: "$BED_DIR/nsd"
			minimal-responses: yes
			refuse-any: no
			server-count: 1
		remote-control:
			control-enable: no
	END
	for f in "$BED_DIR"/zones/*.zone; do
		n=${f##*/}
		printf 'zone:\n\tname: "%s"\n\tzonefile: "%s"\n' "${n%.zone}" "$n"
	done
} > "$BED_DIR/nsd.conf"
bed_server nsd -d -c "$BED_DIR/nsd.conf" > "$BED_DIR/nsd/log" 2>&1 &
bed_owns $!
nsd_serves() { bed_client dig +tries=1 +time=1 @$SERVER4 example.com SOA | grep -q NOERROR; }
wait_for 10 nsd_serves || { not_ok "nsd starts" "$(cat "$BED_DIR/nsd/log")"; exit 1; }
alone=$(bed_client dig +norec +tcp @$SERVER4 nothing.example.com A | grep -v '^;.*\(id:\|Query time\|WHEN\|COOKIE\)')

bed_config "fallback: host"
bed_must_start
matches "no resolver is started" "$(bed_ctl status)" "host"
asks "the driver answers" "driver answer" @$SERVER4 +nocookie www.example.com A
asks "the driver answers over IPv6" "driver answer" @$SERVER6 +nocookie example.org DNSKEY +dnssec
asks "what does not exist" "driver nxdomain" @$SERVER4 +norec +nocookie nothing.example.com A
is "just as nsd says" "$STATUS" NXDOMAIN
asks "nsd answers what is not for us" "fallback opcode" @$SERVER4 +nocookie +opcode=NOTIFY example.com SOA
is "in the same words" \
	"$(bed_client dig +norec +tcp @$SERVER4 nothing.example.com A | grep -v '^;.*\(id:\|Query time\|WHEN\|COOKIE\)')" "$alone"
asks "nsd answers by TCP" "fallback not UDP" @$SERVER4 +tcp www.example.com A
is "nsd by TCP: the records" "$(wc -l <<< "$ANSWER")" 3
asks "a referral" "driver referral" @$SERVER6 +norec +nocookie www.sub.example.com A
asks "what is in no zone" "fallback not_ours" @$SERVER4 +nocookie www.example.edu A
matches "status says what the host does with cookies" "$(bed_ctl -j status | jq -r .cookies)" "^(pass|ignore)"
bed_ctl record set www.example.com A 192.0.2.1 300 > "$BED_DIR/out" 2>&1
matches "record set warns that the host differs" "$(cat "$BED_DIR/out")" "[Tt][Cc][Pp]"
bed_stop
asks_after=$(bed_client dig +short +tries=1 @$SERVER4 www.example.com A | wc -l)
is "without dnsbolt nsd answers all" "$asks_after" 3
exit $BED_FAILED
