#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# dnsboltd is killed and started again while queries keep coming: the driver answers all of them, and the new daemon takes over
# what is attached and pinned.
. "$(dirname "$0")/../bed/bed.sh"
bed_up adopt
bed_zones
# no limits: one client asks 2,000 a second
bed_config "on-exit: stay" "limit: { responses-per-second: 0 }"
bed_must_start

program() { bed_server ip -j -d link show eth0 | jq -r '.[0].xdp.prog.id // .[0].xdp.attached[0].prog.id'; }
stub() { bed_ctl -j status | jq -r '.interfaces[0].program'; }
pins() { (cd "$BED_PIN" && find . -type f | LC_ALL=C sort); }

# whichever program is on the hook: libxdp's dispatcher, where the kernel has what it needs, or the stub alone
hook=$(bed_server ip -d link show eth0 | sed -n 's/.*prog\/xdp id [0-9]* name \([a-z_]*\).*/\1/p')
is "status says whether a dispatcher is on the hook ($hook)" "$(bed_ctl -j status | jq '.interfaces[0].dispatcher')" \
	"$([[ $hook == *dispatcher* ]] && echo true || echo false)"

was_program=$(program) was_stub=$(stub)
for m in config counts listen names arena zones stages; do
	holds "pinned: dnsbolt_$m" test -n "$(find "$BED_PIN" -name "dnsbolt_$m")"
done
was_pins=$(pins)

if bed_server "$BED_PROGRAMS/dnsboltd" -c "$BED_DIR/dnsboltd.conf" > "$BED_DIR/out" 2>&1; then
	not_ok "a second instance is refused"
else
	ok "a second instance is refused"
fi
matches "it says why" "$(cat "$BED_DIR/out")" "dnsboltd"
asks "and the first one serves on" "driver answer" @$SERVER4 www.example.com A

printf '%s\n' "www.example.com A" "example.com MX" "host.example.com SSHFP" "10.2.0.192.in-addr.arpa PTR" > "$BED_DIR/queries"
bed_client dnsperf -s $SERVER4 -d "$BED_DIR/queries" -l 8 -Q 2000 -t 2 -c 4 > "$BED_DIR/perf" 2>&1 &
perf=$!
bed_owns $perf
sleep 1
bed_stop KILL
sleep 2
asks_dead=$(bed_client dig +short +tries=1 +time=2 @$SERVER4 www.example.com A | wc -l)
is "the driver answers while the daemon is dead" "$asks_dead" 3
is "the fallback too: its processes outlive the daemon" \
	"$(bed_client dig +short +tcp +tries=1 +time=2 @$SERVER4 www.example.com A | wc -l)" 3
bed_must_start
is "the program on the interface is the same" "$(program)" "$was_program"
is "the stub is the same" "$(stub)" "$was_stub"
is "status says that it was adopted" "$(bed_ctl -j status | jq .adopted)" true
is "the pins are the same" "$(pins)" "$was_pins"
wait $perf
matches "queries were sent all the while" "$(grep 'Queries sent' "$BED_DIR/perf")" "[0-9]{4,}"
matches "none was lost" "$(grep 'Queries lost' "$BED_DIR/perf")" " 0 \("
is "all of them had NOERROR" "$(sed -n 's/ *Response codes: *//p' "$BED_DIR/perf" | grep -o '^NOERROR [0-9]* (100')" \
	"$(sed -n 's/ *Response codes: *//p' "$BED_DIR/perf" | sed -n 's/^\(NOERROR [0-9]*\) (100.*/\1 (100/p')"
asks "the driver answers after the adoption" "driver answer" @$SERVER6 www.example.com AAAA
holds "and changes go through" bed_ctl record set www.example.com A 192.0.2.7 60
is "at once" "$(bed_client dig +short +tries=1 @$SERVER4 www.example.com A)" 192.0.2.7
is "one resolver serves" "$(ip netns pids "$BED-server" | xargs ps -o comm= -p | grep -c '^dnsbolt-resolve')" 1
exit $BED_FAILED
