# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Debian's knotd, nsd and named as primaries on the client's side of the bed (192.0.2.1), to be sourced after bed.sh:
#
#     primary_zone ZONE SERIAL [LINE...]  writes a zone with short timers (REFRESH RETRY EXPIRE, 3600 1 1209600 unless set)
#     primary_start KIND ZONE...          knot, nsd or named serves them, and sends NOTIFY; PRIMARY_KEY=1: by TSIG alone
#     primary_reload                      it reads its files again       primary_stop  it ends
#     secondary_config LINE...            bed_config of a secondary of it; ZONES: `zone:` rows are made of these

PRIMARY4=$CLIENT4
PRIMARY_SECRET=c2VjcmV0IG9mIHRoZSB0ZXN0IGJlZCBhbmQgb2Ygbm8gdXNl
PRIMARY_KIND=
PRIMARY_PID=
NOTIFY_PORT=${NOTIFY_PORT:-5300} # 53: by the resolver

primary_zone()
{
	local zone=$1 serial=$2
	shift 2

	mkdir -p "$BED_DIR/primary"
	{
		printf '$ORIGIN %s.\n$TTL 300\n' "${zone%.}"
		printf '@ SOA ns1 hostmaster %s %s %s %s 60\n' "$serial" "${REFRESH:-3600}" "${RETRY:-1}" "${EXPIRE:-1209600}"
		printf '@ NS ns1\nns1 A 192.0.2.53\nwww A 192.0.2.80\nversion TXT "%s"\n' "$serial"
		[ $# = 0 ] || printf '%s\n' "$@"
	} > "$BED_DIR/primary/${zone%.}.zone"
	primary_touch "$zone"
}

# Servers compare the time, in seconds: two versions may come within one.
PRIMARY_TIME=$EPOCHSECONDS
primary_touch() { touch -d "@$((PRIMARY_TIME += 2))" "$BED_DIR/primary/${1%.}.zone"; }

primary_knot_config()
{
	cat <<-END
		server:
		    listen: $PRIMARY4@53
		    rundir: $BED_DIR/primary
		    background-workers: 1
		    udp-workers: 1
		    tcp-workers: 4
		control:
		    listen: $BED_DIR/primary/knot.sock
		database:
		    storage: $BED_DIR/primary/db
		log:
		  - target: stderr
		    any: info
		key:
		  - id: xfr-key
		    algorithm: hmac-sha256
		    secret: $PRIMARY_SECRET
		remote:
		  - id: bolt
		    address: $SERVER4@$NOTIFY_PORT
		${PRIMARY_KEY:+    key: xfr-key}
		acl:
		  - id: transfer
		    address: [$SERVER4, $CLIENT4]
		    action: transfer
		${PRIMARY_KEY:+    key: xfr-key}
		template:
		  - id: default
		    storage: $BED_DIR/primary
		    file: "%s.zone"
		    zonefile-load: difference
		    zonefile-sync: -1
		    journal-content: all
		    semantic-checks: off
		    acl: transfer
		    notify: bolt
		zone:
	END
	printf '  - domain: "%s"\n' "$@"
}

primary_nsd_config()
{
	local zone key=NOKEY

	[ -z "${PRIMARY_KEY:-}" ] || key=xfr-key
	cat <<-END
		server:
		    ip-address: $PRIMARY4
		    server-count: 1
		    username: ""
		    database: ""
		    zonesdir: "$BED_DIR/primary"
		    pidfile: "$BED_DIR/primary/nsd.pid"
		    xfrdfile: "$BED_DIR/primary/xfrd.state"
		    zonelistfile: "$BED_DIR/primary/zone.list"
		    xfrdir: "$BED_DIR/primary"
		    xfrd-reload-timeout: 0
		remote-control:
		    control-enable: no
		key:
		    name: xfr-key
		    algorithm: hmac-sha256
		    secret: "$PRIMARY_SECRET"
	END
	for zone; do
		cat <<-END
			zone:
			    name: "$zone"
			    zonefile: "${zone%.}.zone"
			    notify: $SERVER4@$NOTIFY_PORT $key
			    provide-xfr: $SERVER4 $key
			    store-ixfr: yes
			    ixfr-size: 100000000
			    create-ixfr: yes
		END
	done
}

primary_named_config()
{
	local zone allow="$SERVER4; $CLIENT4;"

	[ -z "${PRIMARY_KEY:-}" ] || allow='key "xfr-key";'
	cat <<-END
		options {
		    directory "$BED_DIR/primary"; pid-file none; session-keyfile "$BED_DIR/primary/session.key"; lock-file none;
		    listen-on { $PRIMARY4; }; listen-on-v6 { none; };
		    recursion no; empty-zones-enable no; dnssec-validation no; check-integrity no;
		    ixfr-from-differences yes; max-ixfr-ratio unlimited; max-journal-size unlimited; notify explicit; also-notify { $SERVER4 port $NOTIFY_PORT; };
		    allow-transfer { $allow }; notify-delay 0; serial-query-rate 1000; startup-notify-rate 1000; notify-rate 1000;
		};
		controls { };
		key "xfr-key" { algorithm hmac-sha256; secret "$PRIMARY_SECRET"; };
		${PRIMARY_KEY:+server $SERVER4 { keys { "xfr-key"; \}; \};}
		logging { channel log { stderr; severity info; }; category default { log; }; };
	END
	for zone; do
		printf 'zone "%s" { type primary; file "%s.zone"; };\n' "$zone" "${zone%.}"
	done
}

primary_serves() { bed_client dig +tries=1 +time=1 +norec @$PRIMARY4 "$1" SOA | grep -q 'flags: qr aa'; }

# primary_start KIND ZONE...
primary_start()
{
	local zone=$2

	PRIMARY_KIND=$1
	shift
	rm -rf "$BED_DIR/primary/db" # it has nothing to say of versions before this start
	mkdir -p "$BED_DIR/primary/db"
	"primary_${PRIMARY_KIND}_config" "$@" > "$BED_DIR/primary/$PRIMARY_KIND.conf"
	case $PRIMARY_KIND in
	knot) set -- knotd ;;
	nsd) set -- nsd -d ;;
	named) set -- named -f -n 1 ;;
	esac
	# not bed_client: the signals are for the server itself
	nsenter --net="/run/netns/$BED-client" "$@" -c "$BED_DIR/primary/$PRIMARY_KIND.conf" >> "$BED_DIR/primary/log" 2>&1 &
	PRIMARY_PID=$!
	bed_owns $PRIMARY_PID
	wait_for 30 primary_serves "$zone" || { not_ok "$PRIMARY_KIND starts" "$(cat "$BED_DIR/primary/log")"; exit 1; }
}

primary_reload()
{
	case $PRIMARY_KIND in
	knot) bed_client knotc -c "$BED_DIR/primary/knot.conf" zone-reload > "$BED_DIR/out" 2>&1 ;;
	*) kill -HUP "$PRIMARY_PID" ;;
	esac
}

primary_stop()
{
	end_process "$PRIMARY_PID" "$@"
}

# secondary_config ZONE... [-- LINE...]
secondary_config()
{
	local rows=("zone:") notify="notify: { address: [$SERVER4], port: $NOTIFY_PORT }"

	[ "$NOTIFY_PORT" != 53 ] || notify="# no notify:"
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		rows+=("  - { name: \"$1\", primary: main${ZONE_OPTIONS:+, $ZONE_OPTIONS} }")
		shift
	done
	[ $# = 0 ] || shift
	bed_config "key: [{ name: xfr-key, algorithm: hmac-sha256, secret: ${SECONDARY_SECRET:-$PRIMARY_SECRET} }]" \
		"primary: [{ name: main, address: [$PRIMARY4]${PRIMARY_KEY:+, key: xfr-key} }]" \
		"$notify" \
		"${rows[@]}" "$@"
}

# Serial and state of a zone, as dnsboltd has it.
zone_value() { bed_ctl -j zone show "$1" | jq -r ".zone.$2"; }
zone_is() { [ "$(zone_value "$1" "$2")" = "$3" ]; }
# zone_becomes NAME ZONE KEY VALUE [SECONDS]: a case
zone_becomes()
{
	if wait_for "${5:-20}" zone_is "$2" "$3" "$4"; then
		ok "$1"
	else
		not_ok "$1" "wanted: $3 $4" "got:    $(zone_value "$2" "$3")" "$(bed_ctl -j zone show "$2")" "$(tail -n 20 "$BED_DIR/log")" \
			"$(tail -n 20 "$BED_DIR/primary/log")"
	fi
}
# metric NAME [LABEL="VALUE"]: its value
metric()
{
	bed_server curl -s http://127.0.0.1:9553/metrics |
		awk -v name="dnsbolt_$1{" -v label="${2:-}" 'index($0, name) == 1 && index($0, label) { n += $NF } END { print n + 0 }'
}
