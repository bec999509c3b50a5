#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A store that is nearly full, a zone that does not fit, more room by a restart, and an arena that grows while it serves.
. "$(dirname "$0")/../bed/bed.sh"
bed_up limits
bed_zones
bed_config "on-exit: stay" "max-names: 1024"
bed_must_start

# zone NAME NAMES: a zone of that many names
zone()
{
	awk -v n="$2" 'BEGIN {
		printf "$TTL 300\n@ SOA ns h 1 7200 3600 1209600 300\n NS ns\nns A 192.0.2.53\n"
		for (i = 2; i < n; i++)
			printf "n%d A 10.%d.%d.%d\n TXT \"the text of number %d, to take some octets of the arena\"\n",
				i, i / 65536, i / 256 % 256, i % 256, i
	}' > "$BED_DIR/zones/.$1"
	mv "$BED_DIR/zones/.$1" "$BED_DIR/zones/$1.zone"
}
has() { bed_client dig +short +tries=1 +time=2 "${@:2}" @$SERVER4 "$1" A | grep -q '^[0-9]'; }
metric() { bed_server curl -sS --max-time 5 http://127.0.0.1:9553/metrics | sed -n "s/^dnsbolt_$1{.*} //p"; }
state() { bed_ctl -j zone list | jq -r ".zones[] | select(.zone == \"$1.\") | .state"; }
is_state() { [ "$(state "$1")" = "$2" ]; }

is "nothing is said of a store with room" "$(grep -c 'names are in use' "$BED_DIR/log")" 0
zone large.example 2000
holds "a zone that does not fit is refused" wait_for 20 is_state large.example failed
matches "by name, and with the reason" "$(bed_ctl -j zone show large.example | jq -r .zone.error)" \
	"zone large\.example\.: the store does not take it"
asks "it is passed, all of it" "fallback not_ours" @$SERVER4 n2.large.example A
asks "the others serve" "driver answer" @$SERVER4 www.example.com A
zone medium.example 900
holds "one that fits beside them is served" wait_for 20 has n899.medium.example
holds "that the store is nearly full is said" wait_for 20 grep -q "of 1024 names are in use" "$BED_DIR/log"
# with what the refused version had, until a grace period is over
matches "and shows" "$(metric store_names) of $(metric store_names_max)" "^(9|10)[0-9][0-9] of 1024$"
zone medium.example 3000
holds "a new version that does not fit leaves the old one" wait_for 20 is_state medium.example stale
asks "which serves on" "driver answer" @$SERVER4 n899.medium.example A
asks "without a name of the new one" "driver nxdomain" @$SERVER4 n2000.medium.example A

# ---- more room ----
stub=$(bed_ctl -j status | jq -r '.interfaces[0].program')
bed_stop
sed -i 's/max-names: .*/max-names: 400000/' "$BED_DIR/dnsboltd.conf"
bed_must_start
asks "with more room it fits" "driver answer" @$SERVER4 n1999.large.example A
asks "so does the other" "driver answer" @$SERVER4 n2000.medium.example A
is "the attached program is the same" "$(bed_ctl -j status | jq -r '.interfaces[0].program')" "$stub"
is "the room is another" "$(metric store_names_max)" 400000

# ---- the arena grows ----
daemon=$BED_DAEMON
before=$(metric store_segments)
zone huge.example 300000
holds "a zone that needs more of the arena" wait_for 120 has n299999.huge.example
after=$(metric store_segments)
[ "$after" -gt "$before" ] && ok "segments were added: $before, $after" || not_ok "segments were added" "$before, $after"
asks "it is answered in the driver" "driver answer" @$SERVER4 n299998.huge.example TXT
holds "and by the resolver, which got the segments" has n299997.huge.example +tcp
is "it is the same daemon" "$(bed_ctl -j status | jq .pid)" "$daemon"
exit $BED_FAILED
