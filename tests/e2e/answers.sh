#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Real dig over veth: what the driver answers, how, and what it leaves to the fallback. Counters decide who answered.
. "$(dirname "$0")/../bed/bed.sh"
bed_up answers
bed_zones
bed_config "mode: answer"
bed_must_start

# ---- every type of the example zone, over IPv4 and IPv6 ----
while read -r name type; do
	asks "$name $type over IPv4" "driver answer" @$SERVER4 "$name" "$type"
	v4=$ANSWER
	asks "$name $type over IPv6" "driver answer" @$SERVER6 "$name" "$type"
	is "$name $type: the same records over both" "$(sort <<< "$ANSWER")" "$(sort <<< "$v4")"
done <<-END
	example.com SOA
	example.com NS
	example.com MX
	example.com A
	example.com AAAA
	example.com CAA
	example.com TXT
	www.example.com A
	www.example.com HTTPS
	_8443._https.example.com SVCB
	_443._tcp.www.example.com TLSA
	_sip._udp.example.com SRV
	sip.example.com NAPTR
	host.example.com SSHFP
	host.example.com LOC
	host.example.com HINFO
	_ftp._tcp.example.com URI
	odd.example.com TYPE65280
	10.2.0.192.in-addr.arpa PTR
END
bed_dig @$SERVER4 www.example.com A
is "www.example.com A: its three addresses" "$(sort <<< "$ANSWER")" \
	"$(printf 'www.example.com. 300 IN A 192.0.2.%s\n' 80 81 82)"
is "an answer is authoritative and says no more (RD copied)" "$FLAGS" "qr aa rd"
bed_dig @$SERVER4 +norec +cdflag +adflag www.example.com A
is "AD and CD of the query are not given back" "$FLAGS" "qr aa"
bed_dig @$SERVER4 odd.example.com TYPE65280
is "a type that nobody knows (RFC 3597)" "$ANSWER" "odd.example.com. 3600 IN TYPE65280 \\# 4 0A000001"

# ---- names ----
asks "a name in other letters" "driver answer" @$SERVER4 wWw.eXaMpLe.COM A
matches "the question comes back letter by letter (0x20)" "$DIG" $'\n;wWw\.eXaMpLe\.COM\.'
asks "a name in other letters, over IPv6" "driver answer" @$SERVER6 WWW.example.com AAAA

# ---- no data ----
asks "a type that the name has not" "driver nodata" @$SERVER4 www.example.com MX
matches "NODATA carries the SOA with the negative TTL (RFC 2308)" "$(tr -s ' \t' ' ' <<< "$DIG")" \
	'example\.com\. 300 IN SOA ns1\.example\.com\. hostmaster\.example\.com\. 2024060101 '
is "NODATA is NOERROR" "$STATUS" NOERROR

# ---- EDNS ----
asks "no EDNS" "driver answer" @$SERVER4 +noedns www.example.com A
matches "no EDNS in, no EDNS out" "$DIG" "ADDITIONAL: 0"
asks "EDNS, 4096" "driver answer" @$SERVER4 +bufsize=4096 www.example.com A
matches "EDNS in, EDNS out: our own size" "$DIG" "EDNS: version: 0, flags:; udp: 1232"
asks "an NSID option" "driver answer" @$SERVER4 +nsid www.example.com A
asks "a COOKIE option" "driver answer" @$SERVER4 +cookie www.example.com A
asks "a client subnet option" "driver answer" @$SERVER4 +subnet=198.51.100.0/24 www.example.com A
asks "an option that nobody knows" "driver answer" @$SERVER4 +ednsopt=65001:0102 www.example.com A
asks "EDNS version 1 is not for the driver" "fallback edns_version" @$SERVER4 +edns=1 +noednsneg www.example.com A
is "EDNS version 1 gets BADVERS" "$STATUS" BADVERS

# ---- sizes ----
asks "1,200 octets over IPv4" "driver answer" @$SERVER4 +bufsize=1232 +nocookie large.example.net TXT
is "1,200 octets over IPv4: all of them" "$((SIZE >= 1200)) $SIZE" "1 $SIZE"
asks "1,200 octets over IPv6" "driver answer" @$SERVER6 +bufsize=1232 +nocookie large.example.net TXT
asks "more than 512 octets, without EDNS" "driver truncated" @$SERVER4 +noedns +ignore large.example.net TXT
matches "TC is set, the answer is empty" "$FLAGS $ANSWER" "^qr aa tc rd $"
asks "more than the client's size" "driver truncated" @$SERVER6 +bufsize=1000 +ignore large.example.net TXT
asks "more than max-udp-size" "driver truncated" @$SERVER4 +bufsize=4096 +ignore huge.example.net TXT
bed_dig @$SERVER4 huge.example.net TXT
is "dig asks again by TCP and has it all" "$((SIZE > 1900)) $WHO" "1 driver"
asks "forty addresses" "driver answer" @$SERVER4 pool.example.net A
is "forty addresses: all of them" "$(wc -l <<< "$ANSWER")" 40

# ---- signed ----
asks "a signed name without DO" "driver answer" @$SERVER4 www.example.org A
is "without DO no signature" "$ANSWER" "www.example.org. 3600 IN A 192.0.2.80"
asks "a signed name with DO" "driver answer" @$SERVER4 +dnssec www.example.org A
matches "with DO its signature" "$ANSWER" 'RRSIG A 13 3 3600 20491231000000 20240101000000 [0-9]+ example\.org\.'
matches "DO comes back" "$DIG" "flags: do;"
asks "DNSKEY with DO" "driver answer" @$SERVER6 +dnssec example.org DNSKEY

# ---- what does not exist, what is somebody else's, and what is passed ----
asks "a name that is in no zone" "fallback not_ours" @$SERVER4 www.example.edu A
is "a name that is in no zone is refused" "$STATUS" REFUSED
asks "a name that does not exist" "driver nxdomain" @$SERVER4 nothing.example.com A
asks "below a zone cut" "driver referral" @$SERVER4 www.sub.example.com A
asks "at a zone cut" "driver referral" @$SERVER4 sub.example.com NS
asks "below a DNAME" "driver dname" @$SERVER4 www.old.example.com A
asks "an empty non-terminal" "driver nodata" @$SERVER4 empty.example.com A
asks "below a wildcard" "driver answer" @$SERVER4 any.wild.example.com TXT
asks "class CH: who we are" "driver identity" @$SERVER4 id.server CH TXT
asks "type ANY" "driver answer" @$SERVER4 example.com ANY +notcp
asks "NODATA of a signed zone with DO" "driver nodata" @$SERVER4 +dnssec www.example.org MX
asks "opcode NOTIFY" "fallback opcode" @$SERVER4 +opcode=NOTIFY example.com SOA
is "dnsboltd answers it: the zone is none that is transferred" "$STATUS" NOTAUTH

# ---- TCP ----
asks "TCP goes to the resolver" "fallback not UDP" @$SERVER4 +tcp www.example.com A
is "TCP has the same answer" "$(wc -l <<< "$ANSWER")" 3
is "TCP over IPv6" "$(bed_client dig +tcp +tries=1 +time=2 +short @$SERVER6 10.2.0.192.in-addr.arpa PTR)" host.example.com.

# ---- checksums: the client's kernel drops what has a wrong one ----
for n in client server; do
	"bed_$n" ethtool -K eth0 tx off > /dev/null 2>&1
done
asks "checksum offload off, IPv4" "driver answer" @$SERVER4 www.example.com A
asks "checksum offload off, IPv6" "driver answer" @$SERVER6 www.example.com A
asks "checksum offload off, 1,200 octets over IPv6" "driver answer" @$SERVER6 +bufsize=1232 +nocookie large.example.net TXT
asks "checksum offload off, passed on" "fallback not_ours" @$SERVER4 www.example.edu A
bed_client tcpdump -c 4 -lnvvi eth0 udp src port 53 > "$BED_DIR/pcap" 2> "$BED_DIR/pcap.err" &
bed_owns $!
wait_for 5 grep -q 'listening on' "$BED_DIR/pcap.err"
for s in $SERVER4 $SERVER6; do
	bed_dig @$s www.example.com A
	bed_dig @$s www.example.com MX
done
wait_for 5 grep -q '4 packets captured' "$BED_DIR/pcap.err"
is "every checksum is right on the wire" "$(grep -c 'udp sum ok' "$BED_DIR/pcap")" 4

# ---- the room that a frame gives: without padding only what fits is answered ----
bed_padding off
bed_dig @$SERVER4 +bufsize=1232 +nocookie large.example.net TXT
is "without room the query is passed and answered all the same" "$WHO $WHY $((SIZE >= 1200))" "fallback no_room 1"
asks "a small answer needs no padding" "driver answer" @$SERVER4 www.example.com A
for s in $SERVER4 $SERVER6; do
	asks "a signed one takes the headroom: to $s" "driver answer" @$s +dnssec +nocookie +bufsize=1232 www.example.org A
	is "all of it" "$((SIZE > 150)) $(grep -c 'RRSIG' <<< "$ANSWER")" "1 1"
done
bed_padding on

# ---- every packet ends in one reason ----
nic_packets() { bed_server ethtool -S eth0 | sed -n 's/.*rx_queue_[0-9]*_xdp_packets: //p' | awk '{ n += $1 } END { print n + 0 }'; }
least=$(nic_packets)
seen=$(bed_ctl -j stats | jq '[.reasons[].count] | add')
most=$(nic_packets)
is "the sum of the reasons is the number of packets that the NIC gave the program" \
	"$least <= $seen <= $most: $((least <= seen && seen <= most))" "$least <= $seen <= $most: 1"
exit $BED_FAILED
