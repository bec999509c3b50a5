#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A dnsboltd with another ABI version starts over what one left, and back, while queries keep coming: none is lost, the attached
# program stays the same one, and the old maps go.
. "$(dirname "$0")/../bed/bed.sh"
OTHER=$BED_BUILD/abi
[ -x "$OTHER/dnsboltd" ] || { echo "$OTHER/dnsboltd is not built: make other-abi"; exit 77; }
OURS=$BED_PROGRAMS
bed_up upgrade
bed_zones
# no limits: one client asks 1,000 a second
bed_config "on-exit: stay" "limit: { responses-per-second: 0 }"
bed_must_start

stub() { bed_ctl -j status | jq -r '.interfaces[0].program'; }
pins() { (cd "$BED_PIN" && find . -type f -printf '%f ' | tr ' ' '\n' | LC_ALL=C sort | tr '\n' ' '); }
abi() { bed_ctl -j version | jq .abi; }
map_id() { bpftool -j map show pinned "$BED_PIN/$1" | jq .id; }
is_gone() { ! bpftool map show id "$1"; }
# answers NAME [DIG-OPTION...]: how many addresses it has; by whom shows at the end, when no other queries are counted
answers() { bed_client dig +short +tries=1 +time=2 "${@:2}" @$SERVER4 "$1" A | wc -l; }

# takes_over NAME PROGRAMS ABI: the daemon of that folder, in place of the one that runs
takes_over()
{
	local was names arena

	was=$(stub) names=$(map_id dnsbolt_names) arena=$(map_id dnsbolt_arena)
	bed_stop
	BED_PROGRAMS=$2
	bed_must_start
	BED_PROGRAMS=$OURS # the CLI
	is "$1: its ABI version" "$(abi)" "$3"
	is "$1: the attached program is the same" "$(stub)" "$was"
	is "$1: the pins" "$(pins)" "$all_pins"
	holds "$1: the old names are gone" wait_for 15 is_gone "$names"
	holds "$1: so is the old arena" wait_for 15 is_gone "$arena"
	is "$1: it answers" "$(answers www.example.com)" 3
	is "$1: and the resolver" "$(answers www.example.com +tcp)" 3
	holds "$1: a change" bed_ctl record set new.example.com A 192.0.2.7 60
	is "$1: is seen at once" "$(answers new.example.com)" 1
	holds "$1: and taken back" bed_ctl record reset
}

all_pins="dnsbolt_arena dnsbolt_clients dnsbolt_config dnsbolt_counts dnsbolt_limits dnsbolt_listen dnsbolt_names dnsbolt_recent "
all_pins+="dnsbolt_stages dnsbolt_zones stub "
is "the pins of a first start" "$(pins)" "$all_pins"
all_pins=${all_pins/stub/gate stub}
first=$(abi)

printf '%s\n' "www.example.com A" "example.com MX" "host.example.com SSHFP" "nothing.example.com A" "x.sub.example.com A" \
	> "$BED_DIR/queries"
nsenter --net="/run/netns/$BED-client" dnsperf -s $SERVER4 -d "$BED_DIR/queries" -l 600 -Q 1000 -c 4 > "$BED_DIR/perf" 2>&1 &
perf=$!
bed_owns $perf

takes_over "another version" "$OTHER" 999
was_stub=$(stub)
bed_stop KILL
is "the driver answers while that one is dead" "$(answers www.example.com)" 3
BED_PROGRAMS=$OTHER bed_must_start
is "its own kind adopts its maps" "$(bed_ctl -j status | jq .adopted) $(stub) $(pins)" "true $was_stub $all_pins"
takes_over "back" "$OURS" "$first"

# ---- cut short ----
start=${EPOCHREALTIME/./}
bed_stop
BED_PROGRAMS=$OTHER bed_must_start
start_time=$(((${EPOCHREALTIME/./} - start) / 1000))
for ((i = 0; i < 6; i++)); do
	bed_stop KILL
	BED_PROGRAMS=$([ $((i % 2)) = 0 ] && echo "$OURS" || echo "$OTHER")
	nsenter --net="/run/netns/$BED-server" "$BED_PROGRAMS/dnsboltd" -c "$BED_DIR/dnsboltd.conf" \
		2>> "$BED_DIR/killed" < /dev/null > /dev/null &
	at=$(printf '%06d' $((SRANDOM % (start_time * 1000))))
	sleep "$((10#$at / 1000000)).${at: -6}" # a random moment
	kill -KILL $!
	wait $! 2> /dev/null
	[ "$(answers www.example.com)" = 3 ] || not_ok "the driver answers after kill $i"
	BED_PROGRAMS=$([ $((SRANDOM % 2)) = 0 ] && echo "$OURS" || echo "$OTHER")
	bed_must_start
	BED_PROGRAMS=$OURS
	[ "$(stub) $(pins)" = "$was_stub $all_pins" ] || not_ok "stub and pins after kill $i" "$(stub) $(pins)"
done
ok "killed $i times in the midst of it, within $start_time ms"

# what a crash leaves before slot 0 is stored, and behind it
bed_stop KILL
bpftool map pin id "$(map_id dnsbolt_config)" "$BED_PIN/dnsbolt_config-new"
bpftool map pin id "$(map_id dnsbolt_names)" "$BED_PIN/dnsbolt_names-new"
bed_must_start
is "pins of a replacement that was not made are removed" "$(pins)" "$all_pins"
bed_stop KILL
names=$(map_id dnsbolt_names)
for m in names zones stages; do
	mv "$BED_PIN/dnsbolt_$m" "$BED_PIN/dnsbolt_$m-new"
done
bed_must_start
is "one that was made is completed" "$(stub) $(pins)$(map_id dnsbolt_names)" "$was_stub $all_pins$names"
is "and its maps are adopted" "$(grep -c 'new ones are made' "$BED_DIR/log")" 0

kill -INT $perf
wait $perf
asks "the driver answers after all that" "driver answer" @$SERVER4 www.example.com A
matches "queries were sent all the while" "$(grep 'Queries sent' "$BED_DIR/perf")" "[0-9]{4,}"
matches "none was lost" "$(grep 'Queries lost' "$BED_DIR/perf")" " 0 \("
is "none of them failed" "$(grep -c 'SERVFAIL\|REFUSED' "$BED_DIR/perf")" 0
bed_stop
sed -i 's/on-exit: stay/on-exit: detach/' "$BED_DIR/dnsboltd.conf"
bed_must_start
bed_stop
holds "detached, nothing is left" test ! -e "$BED_PIN"
exit $BED_FAILED
