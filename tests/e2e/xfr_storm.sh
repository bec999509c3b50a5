#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# 10,000 NOTIFYs: from who may and from who may not, at the address of `notify:` and at port 53. The work is bounded.
. "$(dirname "$0")/../bed/bed.sh"
. "$(dirname "$0")/../bed/primaries.sh"
command -v knotd > /dev/null || { echo "knotd is missing"; exit 77; }
bed_up storm
N=10000

# storm SOURCE PORT: prints how many answers came, and their RCODEs
storm()
{
	bed_client python3 - "$1" "$2" $N <<-'END'
		import collections, socket, struct, sys
		source, port, n = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
		s.bind((source, 0))
		s.connect(("192.0.2.53", port))
		s.settimeout(0.5)
		rcodes = collections.Counter()
		name = b"\7example\3com\0"
		def take():
		    rcodes[s.recv(4096)[3] & 15] += 1
		for i in range(n):
		    s.send(struct.pack(">HHHHHH", i & 0xffff, 0x2400, 1, 0, 0, 0) + name + struct.pack(">HH", 6, 1))
		    if i % 8 == 7:
		        s.setblocking(False)
		        try:
		            while True:
		                take()
		        except BlockingIOError:
		            pass
		        s.settimeout(0.5)
		try:
		    while sum(rcodes.values()) < n:
		        take()
		except TimeoutError:
		    pass
		print(sum(rcodes.values()), *sorted(rcodes))
	END
}

bed_client ip addr add 192.0.2.66/24 dev eth0
primary_zone example.com 1
primary_start knot example.com
secondary_config example.com
bed_must_start
zone_becomes "the zone is there" example.com serial 1

# a_storm NAME SOURCE PORT RCODE
a_storm()
{
	local before after n rcodes start=$EPOCHREALTIME

	before=$(metric soa_queries_total)
	read -r n rcodes <<< "$(storm "$2" "$3")"
	after=$(metric soa_queries_total)
	is "$1: what was answered, was with" "$rcodes" "$4"
	holds "$1: some were answered" test "$n" -gt 0
	printf 'report: %s: %d of %d answered, %d SOA queries in %.1f s\n' "$1" "$n" $N $((after - before)) \
		"$(awk "BEGIN { print $EPOCHREALTIME - $start }")"
	# one in 200 ms while they come, and one behind each
	holds "$1: and asked for little" test $((after - before)) -le $(((${EPOCHREALTIME%.*} - ${start%.*} + 2) * 6))
	asks "$1: the driver answers meanwhile" "driver answer" @$SERVER4 www.example.com A
}

a_storm "its primary, to dnsboltd" $CLIENT4 $NOTIFY_PORT 0
a_storm "its primary, to port 53" $CLIENT4 53 0
before=$(metric soa_queries_total)
a_storm "a stranger, to dnsboltd" 192.0.2.66 $NOTIFY_PORT 5
a_storm "a stranger, to port 53" 192.0.2.66 53 5
is "strangers make it ask nobody" "$(metric soa_queries_total)" "$before"
primary_zone example.com 2
primary_reload
zone_becomes "and a change comes as ever" example.com serial 2 5
exit $BED_FAILED
