#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Limits of responses and of what is passed, as a flood sees them: rates, slip, log-only, exempt, classes, cookies; who was limited.
. "$(dirname "$0")/../bed/bed.sh"
[ -x /usr/bin/python3 ] || { echo "python3 is missing"; exit 77; }
bed_up rrl
bed_zones
OTHER4=198.51.100.1 # another prefix of clients
bed_client ip addr add $OTHER4/32 dev eth0
bed_server ip route add 198.51.100.0/24 via $CLIENT4

# flood ARG...: sets F, and what came back: SENT, WHOLE, TC, BADCOOKIE
flood()
{
	F=$(bed_client /usr/bin/python3 "$BED_TOP/tests/bed/flood.py" "$@") || { not_ok "flood $*" "$F"; exit 1; }
	read -r SENT WHOLE TC BADCOOKIE < <(jq -r '[.sent, .whole, .tc, .badcookie] | @tsv' <<< "$F")
}
# within NAME GOT LEAST MOST
within() { if [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then ok "$1 ($2)"; else not_ok "$1" "wanted: $3 to $4" "got: $2" "$F"; fi; }
metric() { bed_server curl -sS --max-time 5 http://127.0.0.1:9553/metrics | sed -n "s/^dnsbolt_$1{[^}]*$2[^}]*} //p"; }
restart()
{
	bed_stop
	bed_config "$@"
	bed_must_start
}

# ---- a rate, nothing slipped: a second's worth at once, then the rate ----
bed_config "limit: { responses-per-second: 50, nxdomains-per-second: 20, window: 1, slip: 0, ipv4-prefix: 24 }"
bed_must_start
flood $SERVER4 www.example.com A --rate 1000 --count 4000
within "of a flood of one name the rate is answered" "$WHOLE" 225 275
is "nothing else comes" "$TC $BADCOOKIE" "0 0"
is "what is over the rate is dropped" "$(bed_count rate_limited)" $((SENT - WHOLE))
asks "another name has an account of its own" "driver answer" @$SERVER4 +nocookie host.example.com A
asks "so has IPv6" "driver answer" @$SERVER6 +nocookie www.example.com A
asks "another prefix too" "driver answer" -b $OTHER4 @$SERVER4 +nocookie www.example.com A
asks "TCP is not limited" "fallback not UDP" @$SERVER4 +tcp www.example.com A
flood $SERVER4 example.com A --random --rate 1000 --count 3000
within "random names share the zone's account of NXDOMAIN" "$WHOLE" 72 90
echo "report: $SENT random names below a zone in 3 s, 20 NXDOMAIN a second: $WHOLE answered"
asks "what exists is answered meanwhile" "driver answer" @$SERVER4 +nocookie example.com SOA
asks "another zone's NXDOMAIN too" "driver nxdomain" @$SERVER4 +nocookie nothing.example.net A
flood $SERVER4 www.example.com A --rate 1000 --count 1000 --cookie get
is "who has a cookie of ours is not limited" "$WHOLE" "$SENT"

bed_ctl limits > "$BED_DIR/limits"
matches "limits shows what they are" "$(sed -n 1p "$BED_DIR/limits")" "IPv4 /24, IPv6 /56: window 1 s, slip 0"
matches "and whom, by class" "$(grep '^192.0.2.0/24' "$BED_DIR/limits")" "192\.0\.2\.0/24 +nxdomain +example\.com\. +[0-9]+ .*rate_limited"
is "as JSON too" "$(bed_ctl -j limits | jq -r '.recent[] | select(.class == "nxdomain") | [.prefix, .class, .zone] | @csv' | head -n 1)" \
	'"192.0.2.0/24","nxdomain","example.com."'
limited=$(bed_ctl -j limits | jq '[.classes[].limited] | add')
is "each was counted by its class" "$limited" "$(bed_count rate_limited)"
is "the metrics say the same" "$(($(metric limited_total 'class="answer"') + $(metric limited_total 'class="nxdomain"')))" "$limited"
is "that of cookies too" "$(metric cookies_total 'cookie="valid"')" 1000
holds "each has a HELP" sh -c "nsenter --net=/run/netns/$BED-server curl -sS http://127.0.0.1:9553/metrics |
	awk '/^# HELP/ { h[\$3] = 1 } /^dnsbolt/ { n = \$1; sub(/{.*/, \"\", n); if (!(n in h)) { print n; bad = 1 } } END { exit bad }'"

# ---- slip, and who is exempt ----
restart "limit: { responses-per-second: 50, window: 1, slip: 2, exempt: [198.51.100.0/24] }"
flood $SERVER4 www.example.com A --rate 1000 --count 3000
within "every second one is sent as TC=1" "$TC" $(((SENT - WHOLE) / 2 - 1)) $(((SENT - WHOLE) / 2 + 1))
is "and counted" "$(bed_count slipped) $(metric slipped_total '')" "$TC $TC"
bed_dig +ignore +notcp +nocookie @$SERVER4 www.example.com A # the first, or the second, of two
[ -n "$STATUS" ] || bed_dig +ignore +notcp +nocookie @$SERVER4 www.example.com A
[ "$WHY" != slipped ] || matches "dig sees TC" "$FLAGS" "tc"
flood $SERVER4 www.example.com A --rate 2000 --count 1000 --cookie 0102030405060708
within "a client with a cookie of its own alone gets BADCOOKIE in place of TC" "$BADCOOKIE" 350 500
is "not TC" "$TC" 0
flood $SERVER4 www.example.com A --rate 1000 --count 1000 --source $OTHER4
is "exempt prefixes are not limited" "$WHOLE" "$SENT"
restart "limit: { responses-per-second: 50, window: 15, slip: 1 }"
flood $SERVER4 www.example.com A --rate 1000 --count 3000
within "a window of 15 s: who floods gets no more than the first second's worth" "$WHOLE" 45 60
is "with slip 1 all others are TC" $((WHOLE + TC)) "$SENT"

# ---- log-only ----
restart "limit: { responses-per-second: 50, window: 1, log-only: yes }"
before=$(metric limited_total 'class="answer"')
flood $SERVER4 www.example.com A --rate 1000 --count 1000
is "log-only: all are sent" "$WHOLE" "$SENT"
within "and counted" $(($(metric limited_total 'class="answer"') - before)) 850 950
matches "limits says so" "$(bed_ctl limits | sed -n 1p)" "LOG ONLY"
matches "and status" "$(bed_ctl status)" "LOG ONLY"

# ---- all together, before anything is looked up ----
restart "limit: { responses-per-second: 0, all-per-second: 50, window: 1, slip: 0 }"
flood $SERVER4 www.example.com A --rate 1000 --count 2000
within "all-per-second: whatever it is" "$WHOLE" 130 165

# ---- what is passed ----
restart "limit: { responses-per-second: 0 }" "pass-limit: 100"
before=$(bed_count pass_limited)
flood $SERVER4 www.example.edu A --rate 1000 --count 3000
dropped=$(($(bed_count pass_limited) - before))
within "of a flood of queries to pass the rate is passed" "$WHOLE" 330 420
is "the others are dropped" $((WHOLE + dropped)) "$SENT"
asks "what the driver answers is not concerned" "driver answer" @$SERVER4 +nocookie www.example.com A

# ---- more accounts: other maps, the same program after all ----
restart "on-exit: stay"
stub=$(bed_ctl -j status | jq -r '.interfaces[0].program')
restart "on-exit: stay" "limit: { accounts: 4096 }"
is "another number of accounts is met by other maps" "$(bed_ctl -j limits | jq .limits.accounts)" 4096
is "the attached program is the same" "$(bed_ctl -j status | jq -r '.interfaces[0].program')" "$stub"
asks "and answers" "driver answer" @$SERVER4 +nocookie www.example.com A
exit $BED_FAILED
