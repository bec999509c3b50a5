#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `dnsboltctl record set` and `record delete`: the very next answer, and after a restart.
. "$(dirname "$0")/../bed/bed.sh"
bed_up records
bed_zones
bed_config
bed_must_start

a_of() { bed_client dig +short +tries=1 +time=2 @$SERVER4 "$1" A | sort | tr '\n' ' '; }

was="192.0.2.80 192.0.2.81 192.0.2.82 "
is "the zone's own records" "$(a_of www.example.com)" "$was"
holds "record set" bed_ctl record set www.example.com A 192.0.2.1 300
asks "the very next answer is from the driver" "driver answer" @$SERVER4 www.example.com A
is "the very next answer is the new one" "$ANSWER" "www.example.com. 300 IN A 192.0.2.1"
is "TCP says the same" "$(bed_client dig +short +tcp @$SERVER4 www.example.com A)" 192.0.2.1
is "the other types of the name stay" "$(bed_client dig +short @$SERVER4 www.example.com AAAA)" 2001:db8::80
matches "record list shows it" "$(bed_ctl record list)" 'www\.example\.com\. +300 +A +192\.0\.2\.1'
holds "record set of a new name" bed_ctl record set new.example.com TXT '"hello world"' 60
asks "a new name is answered" "driver answer" @$SERVER6 new.example.com TXT
is "its text" "$ANSWER" 'new.example.com. 60 IN TXT "hello world"'

bed_stop
bed_must_start
is "after a restart" "$(a_of www.example.com)" "192.0.2.1 "
asks "after a restart, the new name" "driver answer" @$SERVER4 new.example.com TXT

holds "record delete" bed_ctl record delete www.example.com A
is "the zone's own records are back" "$(a_of www.example.com)" "$was"
holds "record delete of the new name" bed_ctl record delete new.example.com TXT
asks "the new name is gone" "driver nxdomain" @$SERVER4 new.example.com TXT
bed_stop
bed_must_start
is "after a second restart" "$(a_of www.example.com)" "$was"

bed_ctl record set www.example.com A 192.0.2.1 300 > /dev/null
bed_ctl record set new.example.com A 192.0.2.2 300 > /dev/null
bed_ctl record set new.example.net A 192.0.2.3 300 > /dev/null
matches "record list says by whom and when" "$(bed_ctl record list example.com)" "www.*$(date -u +%Y).*uid 0"
holds "record reset of a zone" bed_ctl record reset example.com
is "the zone is as its file says" "$(a_of www.example.com)$(a_of new.example.com)" "$was"
is "another zone's records stay" "$(a_of new.example.net)" "192.0.2.3 "
holds "record reset of all" bed_ctl record reset
is "nothing is left" "$(bed_ctl -j record list | jq '.records | length')" 0
is "nowhere" "$(a_of new.example.net)" ""
bed_stop
bed_must_start
is "nor after a restart" "$(a_of www.example.com)" "$was"

before=$(a_of www.example.org)
if bed_ctl record set www.example.org A 192.0.2.1 300 > "$BED_DIR/out" 2>&1; then
	not_ok "a signed zone is refused" "$(cat "$BED_DIR/out")"
else
	ok "a signed zone is refused"
fi
matches "the refusal names the way round it" "$(cat "$BED_DIR/out")" "--unsigned"
is "nothing has changed" "$(a_of www.example.org)" "$before"
holds "unless --unsigned" bed_ctl record set --unsigned www.example.org A 192.0.2.1 300
is "then it is served" "$(a_of www.example.org)" "192.0.2.1 "
for bad in "www.example.edu A 192.0.2.1 300" "www.example.com A 192.0.2 300" "www.example.com CNAME example.com. 300" \
	"example.com SOA x 300" "www.example.com A 192.0.2.1 -1"; do
	# shellcheck disable=SC2086
	if bed_ctl record set $bad > "$BED_DIR/out" 2>&1; then
		not_ok "refused: $bad" "$(cat "$BED_DIR/out")"
	else
		ok "refused: $bad"
	fi
done
exit $BED_FAILED
