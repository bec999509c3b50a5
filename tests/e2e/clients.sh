#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Who may ask: allow and deny, by the configuration and by the control socket, and zones that are served to some.
. "$(dirname "$0")/../bed/bed.sh"
bed_up clients
bed_zones
OTHER4=198.51.100.1 THIRD4=203.0.113.1
for a in $OTHER4 $THIRD4; do
	bed_client ip addr add $a/32 dev eth0
	bed_server ip route add ${a%.*}.0/24 via $CLIENT4
done
metric() { bed_server curl -sS --max-time 5 http://127.0.0.1:9553/metrics | sed -n "s/^dnsbolt_$1{[^}]*} //p"; }
ask() { asks "$1" "$2" @$SERVER4 -b "$3" +nocookie "${@:4}"; }
answered() { bed_dig @$SERVER4 +nocookie www.example.com A; [ "$WHO" = driver ]; }

# ---- the configuration ----
mv "$BED_DIR/zones/example.net.zone" "$BED_DIR/net.zone"
bed_config "on-exit: stay" \
	"clients: { allow: [192.0.2.0/24, 198.51.100.0/24, \"2001:db8::/32\"], deny: [192.0.2.128/25] }" \
	"zone: [{ name: example.net, file: $BED_DIR/net.zone, serve-to: [198.51.100.0/24] }]"
bed_must_start
ask "who is allowed is answered" "driver answer" $CLIENT4 www.example.com A
asks "by IPv6 too" "driver answer" @$SERVER6 +nocookie www.example.com A
ask "who is not is dropped" "nobody denied" $THIRD4 www.example.com A
ask "a zone for some is for these" "driver answer" $OTHER4 example.net SOA
ask "and for no other" "nobody not_served" $CLIENT4 example.net SOA
ask "nor what does not exist in it" "nobody not_served" $CLIENT4 nothing.example.net A
is "lookup shows it all the same" "$(bed_ctl lookup example.net SOA > /dev/null 2>&1; echo $?)" 0
is "by TCP neither" "$(bed_client dig +tries=1 +time=2 +tcp -b $CLIENT4 @$SERVER4 example.net SOA | grep -c 'ANSWER: 1')" 0
is "but for these" "$(bed_client dig +tries=1 +time=2 +tcp -b $OTHER4 @$SERVER4 example.net SOA | grep -c 'ANSWER: 1')" 1
bed_client ip addr add 192.0.2.129/32 dev eth0
ask "the longer prefix decides" "nobody denied" 192.0.2.129 www.example.com A
matches "client list" "$(bed_ctl client list)" "192\.0\.2\.128/25 +denied +configuration +ever"

# ---- the control socket ----
matches "client deny" "$(bed_ctl client deny 192.0.2.0/25)" "^192\.0\.2\.0/25: denied$"
ask "acts at once" "nobody denied" $CLIENT4 www.example.com A
ask "on no other" "driver answer" $OTHER4 www.example.com A
is "it is counted" "$(metric clients_denied)" 1
holds "client allow" bed_ctl client allow 192.0.2.0/25
ask "acts at once as well" "driver answer" $CLIENT4 www.example.com A
matches "what was not denied here" "$(bed_ctl client allow 192.0.2.0/25 2>&1)" "192\.0\.2\.0/25 was not denied by the control socket"
matches "a wrong prefix" "$(bed_ctl client deny 192.0.2.1/24 2>&1)" "has bits behind its length"
matches "a wrong time" "$(bed_ctl client deny 192.0.2.0/24 --for 1w 2>&1)" "expected a time as 90s"
holds "for a time" bed_ctl client deny $CLIENT4 --for 8s
ask "denied" "nobody denied" $CLIENT4 www.example.com A
matches "client list says for how long" "$(bed_ctl client list)" "192\.0\.2\.1/32 +denied +control +[0-8] s"
holds "until it is over" wait_for 20 answered

# ---- over a restart, and without a daemon ----
bed_ctl client deny 198.51.100.0/24 > /dev/null
bed_ctl client deny $CLIENT4 --for 6s > /dev/null
bed_stop KILL
is "with the daemon dead the program denies on" "$(bed_client dig +tries=1 +time=1 +nocookie @$SERVER4 www.example.com A | grep -c 'status:')" 0
still() { bed_client dig +tries=1 +time=1 +nocookie @$SERVER4 www.example.com A | grep -q 'status: NOERROR'; }
holds "and ends it by its own clock" wait_for 15 still
sed -i 's/denied:.*//; s/deny: \[192.0.2.128\/25\]/deny: [192.0.2.128\/25], denied: pass/' "$BED_DIR/dnsboltd.conf"
bed_must_start
is "a restart forgets what is over" "$(bed_ctl client list | grep -c control)" 1
ask "and keeps the rest, now passed" "fallback denied_passed" $OTHER4 www.example.com A
is "to be refused" "$STATUS" REFUSED
ask "a zone that is not for him too" "fallback not_served_passed" $CLIENT4 example.net SOA
is "refused as well" "$STATUS" REFUSED
holds "taken back" bed_ctl client allow 198.51.100.0/24
ask "he is answered" "driver answer" $OTHER4 example.net SOA

# ---- more accounts are other maps ----
bed_ctl client deny $CLIENT4 > /dev/null
bed_stop
echo "limit: { accounts: 4096 }" >> "$BED_DIR/dnsboltd.conf"
bed_must_start
ask "maps of another size keep who is denied" "fallback denied_passed" $CLIENT4 www.example.com A
exit $BED_FAILED
