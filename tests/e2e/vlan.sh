#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Queries with one and two VLAN tags: the driver answers them with the tags that they came with. Where the kernel has VLAN
# devices the server's address is on one, so that what is passed is answered too.
. "$(dirname "$0")/../bed/bed.sh"

# tagged N: frames with N tags that came back to the client
tagged()
{
	bed_client bpftool -j map dump name bed_tags 2> /dev/null |
		jq --argjson n "$1" '[.[] | select(.formatted.key == $n) | .formatted.value] | add // 0'
}

# the cases of one way: NAME SERVER4 SERVER6
cases()
{
	asks "$1: IPv4" "driver answer" @"$2" www.example.com A
	is "$1: IPv4: the records" "$(wc -l <<< "$ANSWER")" 3
	asks "$1: IPv6" "driver answer" @"$3" www.example.com AAAA
	asks "$1: NODATA" "driver nodata" @"$2" www.example.com MX
	asks "$1: 1,200 octets over IPv4" "driver answer" @"$2" +bufsize=1232 +nocookie large.example.net TXT
	asks "$1: 1,200 octets over IPv6" "driver answer" @"$3" +bufsize=1232 +nocookie large.example.net TXT
}

bed_up vlan
bed_zones
devices=$(bed_has_vlan && echo yes)
if [ -n "$devices" ]; then
	bed_vlan 11
	bed_qinq 21 31
fi
bed_config "listen: { address: [$SERVER4, '$SERVER6'${devices:+, 198.51.100.53, '2001:db8:10::53', 203.0.113.53, '2001:db8:20::53'}] }"
bed_must_start

for n in 1 2; do
	bed_tagging $n
	cases "$n tags without a device" $SERVER4 $SERVER6
	is "$n tags: every answer had them" "$(tagged $n)" 5
done
bed_tagging 0
if [ -z "$devices" ]; then
	skip "VLAN devices: IPv4, IPv6, fallback" "this kernel has no VLAN devices"
	exit $BED_FAILED
fi
cases "VLAN device" 198.51.100.53 2001:db8:10::53
asks "VLAN device: passed on" "fallback not_ours" @198.51.100.53 www.example.edu A
asks "VLAN device: TCP" "fallback not UDP" @198.51.100.53 +tcp www.example.com A
cases "802.1ad and 802.1Q devices" 203.0.113.53 2001:db8:20::53
asks "802.1ad and 802.1Q devices: passed on" "fallback not_ours" @203.0.113.53 www.example.edu A
exit $BED_FAILED
