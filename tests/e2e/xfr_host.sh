#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# primary: host. named is there already, and is followed: up, down, and when it fails.
. "$(dirname "$0")/../bed/bed.sh"
. "$(dirname "$0")/../bed/primaries.sh"
command -v named > /dev/null || { echo "named is missing"; exit 77; }
bed_up host
host=$BED_DIR/host
mkdir "$host"

# host_zone SERIAL: of example.com
host_zone()
{
	primary_zone example.com "$1"
	mv "$BED_DIR/primary/example.com.zone" "$host/example.com.zone"
}

# host_config [ZONE-STATEMENT...]
host_config()
{
	{
		cat <<-END
			options {
			    directory "$host"; pid-file none; session-keyfile "$host/session.key"; lock-file none;
			    listen-on { $SERVER4; 127.0.0.1; }; listen-on-v6 { none; };
			    recursion no; empty-zones-enable no; dnssec-validation no; check-integrity no; notify no;
			    allow-transfer { $SERVER4; };
			};
			controls { };
			logging { channel log { stderr; severity info; }; category default { log; }; };
		END
		printf '%s\n' "$@"
	} > "$host/named.conf"
}
row="zone \"example.com\" { type primary; file \"example.com.zone\"; };"
other="zone \"example.net\" { type primary; file \"example.com.zone\"; };"
host_says() { [[ $(bed_server dig +tries=1 +time=1 +norec @$SERVER4 example.com SOA) =~ $1 ]]; }
serial_of() { bed_client dig +short +tries=1 +time=2 +norec +nocookie @$SERVER4 example.com SOA | cut -d' ' -f3; }
driver_has() { bed_dig @$SERVER4 +norec +nocookie version.example.com TXT && [ "$WHO $ANSWER" = "driver version.example.com. 300 IN TXT \"$1\"" ]; }
passed() { bed_dig @$SERVER4 +norec +nocookie www.example.com A && [ "$WHO $WHY" = "fallback expired" ]; }

host_zone 10
host_config "$row"
nsenter --net="/run/netns/$BED-server" named -f -n 1 -c "$host/named.conf" > "$host/log" 2>&1 &
named=$!
bed_owns $named
wait_for 20 host_says "status: NOERROR" || { not_ok "named starts" "$(cat "$host/log")"; exit 1; }

bed_config "fallback: host" "zone: [{ name: example.com, primary: host }]"
bed_must_start
holds "the host's zone is transferred" wait_for 10 driver_has 10
is "its source" "$(zone_value example.com source)" host

host_zone 11
kill -HUP $named
holds "a change there is one here" wait_for 10 driver_has 11
host_zone 5
kill -HUP $named
holds "a lower serial too" wait_for 10 driver_has 5

# ---- it does not answer well ----
host_config "$other"
kill -HUP $named
holds "named does not have the zone any more" wait_for 10 host_says REFUSED
holds "REFUSED stops it in the driver" wait_for 5 passed
is "its state" "$(zone_value example.com state)" stopped
matches "and why" "$(zone_value example.com error)" "REFUSED"
asks "what is passed is the host's to answer" "fallback expired" @$SERVER4 +norec +nocookie www.example.com A
is "in its own words" "$STATUS" REFUSED
host_config "$row"
kill -HUP $named
holds "it answers well again: so does the driver" wait_for 10 driver_has 5

echo "@ this is no zone" > "$host/example.com.zone"
primary_time=$(date -d "+1 hour" +%s)
touch -d "@$primary_time" "$host/example.com.zone"
end_process $named
nsenter --net="/run/netns/$BED-server" named -f -n 1 -c "$host/named.conf" > "$host/log" 2>&1 &
named=$!
bed_owns $named
holds "named has a broken zone" wait_for 10 host_says SERVFAIL
holds "SERVFAIL stops it in the driver" wait_for 5 passed
is "it was stopped twice" "$(metric host_stops_total)" 2

# ---- it is gone, not wrong ----
host_zone 12
touch -d "@$((primary_time + 10))" "$host/example.com.zone"
kill -HUP $named
holds "a good zone again" wait_for 10 driver_has 12
end_process $named
silent() { [ "$(zone_value example.com state)" = stale ]; }
holds "named is gone" wait_for 20 silent
asks "the driver answers on" "driver answer" @$SERVER4 +norec +nocookie www.example.com A
exit $BED_FAILED
