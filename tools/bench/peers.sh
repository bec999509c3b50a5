# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Other servers at the server's end of the bed, to be sourced after bed.sh: one worker each, on $SERVER_CPU, with the zones
# $PEER_ZONES.
#
#     peer_start NAME   until it answers; PEER_PIDS: its processes     peer_stop
#     peer_has NAME     whether it is installed: knotd knotd-xdp nsd named pdns_server unbound
PEER_ZONES="plain.example nsec.example other.example"
PEER_PIDS=()
PEER=

peer_program() { echo "${1%-xdp}"; }
peer_has() { [ -n "$(command -v "$(peer_program "$1")")" ]; }

# zone_rows FORMAT: for each zone a line, of its name and its file
zone_rows()
{
	local z

	for z in $PEER_ZONES; do
		# shellcheck disable=SC2059
		printf "$1" "$z" "$BED_DIR/all/$z.zone"
	done
}

config_knotd()
{
	cat <<-END
		server:
		    rundir: "$BED_DIR/peer"
		    listen: ${1:-$SERVER4@53}
		    udp-workers: 1
		    tcp-workers: 1
		    background-workers: 1
		${2:-}
		database:
		    storage: "$BED_DIR/peer/db"
		log:
		  - target: stderr
		    any: warning
		template:
		  - id: default
		    semantic-checks: off
		    zonefile-sync: -1
		    zonefile-load: whole
		    journal-content: none
		zone:
	END
	zone_rows '  - domain: %s\n    file: "%s"\n'
}

config_knotd-xdp()
{
	config_knotd 127.0.0.1@5300 $'xdp:\n    listen: eth0@53\n    udp: on\n    tcp: off'
}

config_nsd()
{
	cat <<-END
		server:
		    server-count: 1
		    ip-address: $SERVER4
		    username: ""
		    database: ""
		    zonesdir: "$BED_DIR/peer"
		    pidfile: "$BED_DIR/peer/nsd.pid"
		    xfrdfile: "$BED_DIR/peer/nsd.xfrd"
		    zonelistfile: "$BED_DIR/peer/nsd.list"
		    xfrdir: "$BED_DIR/peer"
		    minimal-responses: yes
		    rrl-ratelimit: 0
		remote-control:
		    control-enable: no
	END
	zone_rows 'zone:\n    name: %s\n    zonefile: "%s"\n'
}

config_named()
{
	cat <<-END
		options {
		    directory "$BED_DIR/peer"; pid-file none; session-keyfile "$BED_DIR/peer/session.key"; lock-file none;
		    listen-on { $SERVER4; }; listen-on-v6 { none; };
		    recursion no; minimal-responses yes; empty-zones-enable no; dnssec-validation no; check-integrity no; notify no;
		};
		controls { };
		logging { channel log { stderr; severity warning; }; category default { log; }; };
	END
	zone_rows 'zone "%s" { type primary; file "%s"; };\n'
}

# Its caches are on, as its users have them: after the warming it answers out of them.
config_pdns_server()
{
	zone_rows 'zone "%s" { type native; file "%s"; };\n' > "$BED_DIR/peer/pdns.zones"
	cat <<-END
		launch=bind
		bind-config=$BED_DIR/peer/pdns.zones
		bind-dnssec-db=$BED_DIR/peer/pdns.db
		local-address=$SERVER4
		receiver-threads=1
		distributor-threads=1
		socket-dir=$BED_DIR/peer
		cache-ttl=600
		negquery-cache-ttl=600
		max-packet-cache-entries=2000000
		loglevel=3
	END
}

prepare_pdns_server()
{
	mkdir -p "$BED_DIR/peer/pdns"
	mv "$BED_DIR/peer/conf" "$BED_DIR/peer/pdns/pdns.conf"
	rm -f "$BED_DIR/peer/pdns.db"
	pdnsutil --config-dir="$BED_DIR/peer/pdns" create-bind-db "$BED_DIR/peer/pdns.db" &&
		pdnsutil --config-dir="$BED_DIR/peer/pdns" set-presigned nsec.example
}

config_unbound()
{
	cat <<-END
		server:
		  directory: "$BED_DIR/peer"
		  chroot: ""
		  username: ""
		  pidfile: "$BED_DIR/peer/unbound.pid"
		  num-threads: 1
		  interface: $SERVER4
		  access-control: 0.0.0.0/0 allow
		  use-syslog: no
		  module-config: "iterator"
		remote-control:
		  control-enable: no
	END
	zone_rows 'auth-zone:\n  name: "%s"\n  zonefile: "%s"\n  for-downstream: yes\n  for-upstream: no\n  fallback-enabled: no\n'
}

# peer_command NAME: one word a line
peer_command()
{
	local conf=$BED_DIR/peer/conf

	case $1 in
	knotd | knotd-xdp) printf '%s\n' knotd -c "$conf" ;;
	nsd) printf '%s\n' nsd -d -c "$conf" ;;
	named) printf '%s\n' named -f -n 1 -c "$conf" ;;
	pdns_server) printf '%s\n' pdns_server "--config-dir=$BED_DIR/peer/pdns" --daemon=no --guardian=no --disable-syslog ;;
	unbound) printf '%s\n' unbound -d -c "$conf" ;;
	esac
}

peer_answers()
{
	local z

	for z in $PEER_ZONES; do
		bed_client dig +tries=1 +time=1 +norec @$SERVER4 "$z" SOA | grep -q 'flags: qr aa' || return 1
	done
}
peer_answers_or_ended() { peer_answers || bed_ended "$PEER"; }

# The process and all below it.
family()
{
	local child

	echo "$1"
	for child in $(cat /proc/"$1"/task/*/children 2> /dev/null); do
		family "$child"
	done
}

# peer_start NAME
peer_start()
{
	local command p

	mkdir -p "$BED_DIR/peer/db"
	"config_$1" > "$BED_DIR/peer/conf"
	[ "$1" != pdns_server ] || prepare_pdns_server > "$BED_DIR/peer/log" 2>&1 || return 1
	mapfile -t command < <(peer_command "$1")
	nsenter --net="/run/netns/$BED-server" nice -n -20 taskset -c "$SERVER_CPU" "${command[@]}" >> "$BED_DIR/peer/log" 2>&1 &
	PEER=$!
	wait_for 30 peer_answers_or_ended
	if ! peer_answers; then
		peer_stop
		return 1
	fi
	mapfile -t PEER_PIDS < <(family "$PEER" | sort -u)
	for p in "${PEER_PIDS[@]}"; do
		taskset -apc "$SERVER_CPU" "$p" > /dev/null # knotd chooses CPUs itself
	done
}

peer_stop()
{
	local p

	[ -n "$PEER" ] || return 0
	for p in "$PEER" "${PEER_PIDS[@]}"; do
		end_process "$p"
	done
	PEER=
	PEER_PIDS=()
	bed_server ip link set dev eth0 xdpdrv off 2> /dev/null
	return 0
}
