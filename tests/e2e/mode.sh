#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# answer, shadow and off; off acts at once, also when dnsboltd is dead.
. "$(dirname "$0")/../bed/bed.sh"
bed_up mode
bed_zones
bed_config "mode: answer" "on-exit: stay"
bed_must_start

asks "answer: the driver" "driver answer" @$SERVER4 www.example.com A
holds "mode shadow" bed_ctl mode shadow
asks "shadow: composed, and passed" "fallback shadow" @$SERVER4 www.example.com A
is "shadow: the resolver's answer" "$(wc -l <<< "$ANSWER")" 3
holds "mode off" bed_ctl mode off
asks "off: passed" "fallback off" @$SERVER4 www.example.com A
is "off: the resolver's answer" "$(wc -l <<< "$ANSWER")" 3
matches "status says so" "$(bed_ctl status)" "off"
holds "mode answer" bed_ctl mode answer
asks "answer: the driver again" "driver answer" @$SERVER4 www.example.com A
if bed_ctl mode sideways > "$BED_DIR/out" 2>&1; then not_ok "a mode that is none"; else ok "a mode that is none"; fi

bed_stop KILL
is "with the daemon dead the driver goes on" \
	"$(bed_client dig +short +tries=1 @$SERVER4 www.example.com AAAA)" 2001:db8::80
start=$EPOCHREALTIME
holds "mode off with the daemon dead" bed_ctl mode off
is "within a second" "$(awk "BEGIN { print $EPOCHREALTIME - $start < 1 }")" 1
bed_must_start
holds "the mode of the configuration is back" bed_ctl mode answer
asks "and the driver answers" "driver answer" @$SERVER4 www.example.com A
exit $BED_FAILED
