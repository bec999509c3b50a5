# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# The test bed, to be sourced: two network namespaces joined by a veth pair, dnsboltd on the server's side, and everything
# away again at the end, however that comes. All of it is below one name, $BED, which holds the process id:
#
#     client: eth0 192.0.2.1, 2001:db8::1         server: eth0 192.0.2.53, 2001:db8::53
#
# README.md of tests/ says why the client's end has two programs of its own. Call bed_up first; the rest as needed:
#
#     bed_config LINE...    writes $BED_DIR/dnsboltd.conf: the bed's own lines and those given
#     bed_start             dnsboltd, until it is ready       bed_stop [SIGNAL]  until it has ended
#     bed_client CMD...     runs CMD on the client's side     bed_server CMD...  on the server's
#     bed_dig ARG...        dig from the client's side, one try; sets DIG, and who answered: WHO, WHY
#     bed_ctl ARG...        dnsboltctl
#     ok, not_ok, skip, is, matches: a case, in TAP

BED_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BED_BUILD=$(cd "$BED_TOP" && realpath "${B:-build}")
BED_PROGRAMS=$BED_BUILD${SAN:+/san} # SAN=1: those of `make asan`
BED=
BED_DIR=
BED_PIDS=()
BED_DAEMON=
SERVER4=192.0.2.53 SERVER6=2001:db8::53
CLIENT4=192.0.2.1 CLIENT6=2001:db8::1

# ---- cases ----
BED_FAILED=0

ok() { printf 'ok - %s\n' "$1"; }

not_ok()
{
	BED_FAILED=1
	printf 'not ok - %s\n' "$1"
	shift
	printf '%s\n' "$@" | sed 's/^/# /'
}

skip() { printf 'ok - %s # SKIP %s\n' "$1" "$2"; }

# is NAME GOT WANTED
is()
{
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "wanted: $3" "got:    $2"; fi
}

# matches NAME GOT PATTERN (extended regular expression)
matches()
{
	if [[ $2 =~ $3 ]]; then ok "$1"; else not_ok "$1" "wanted a match of: $3" "got: $2"; fi
}

# holds NAME COMMAND...
holds()
{
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then ok "$name"; else not_ok "$name" "failed: $*" "$out"; fi
}

# wait_for SECONDS COMMAND...: until it succeeds
wait_for()
{
	local end=$((SECONDS + $1))
	shift
	until "$@" > /dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

# ---- up and down ----
bed_client() { nsenter --net="/run/netns/$BED-client" "$@"; }
bed_server() { nsenter --net="/run/netns/$BED-server" "$@"; }

# bed_up NAME
bed_up()
{
	local n

	[ "$(id -u)" = 0 ] || { echo "needs root"; exit 77; }
	BED=dnsbolt-$1-$$
	BED_DIR=$(mktemp -d "${TMPDIR:-/tmp}/$BED.XXXXXX")
	BED_PIN=/sys/fs/bpf/$BED
	BED_XDP=$(ls /sys/fs/bpf/xdp 2> /dev/null)
	trap bed_down EXIT
	trap 'exit 130' INT TERM HUP
	chmod 755 "$BED_DIR"
	mkdir -p "$BED_DIR/zones"
	if [ -n "${SAN:-}" ]; then
		chmod 777 "$BED_DIR" # the resolver's user reports there too
		export ASAN_OPTIONS=log_path=$BED_DIR/sanitizer UBSAN_OPTIONS=print_stacktrace=1:log_path=$BED_DIR/sanitizer
	fi
	ip netns add "$BED-probe" 2> "$BED_DIR/err" || { echo "no network namespaces here: $(cat "$BED_DIR/err")"; exit 77; }
	ip netns del "$BED-probe"
	[ "$(stat -f -c %T /sys/fs/bpf)" = bpf_fs ] || mount -t bpf bpf /sys/fs/bpf ||
		{ echo "no BPF file system at /sys/fs/bpf"; exit 77; }
	ip netns add "$BED-client"
	ip netns add "$BED-server"
	ip link add eth0 netns "$BED-client" type veth peer name eth0 netns "$BED-server"
	for n in client server; do
		"bed_$n" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
			net.ipv6.conf.eth0.accept_dad=0 2> /dev/null || true
		# tags stand in the frame, where the program looks for them, instead of beside it
		"bed_$n" ethtool -K eth0 txvlan off tx-vlan-stag-hw-insert off > /dev/null 2>&1 || true
		"bed_$n" ip link set lo up
		"bed_$n" ip link set eth0 up
	done
	bed_addresses eth0 $CLIENT4 $SERVER4 $CLIENT6 $SERVER6
	bed_client ip link set dev eth0 xdpdrv obj "$BED_BUILD/tests/bed/bed.bpf.o" sec xdp
	bed_client tc qdisc add dev eth0 clsact
	bed_padding on
}

# bed_addresses DEVICE CLIENT4 SERVER4 CLIENT6 SERVER6
bed_addresses()
{
	bed_client ip addr add "$2/24" dev "$1"
	bed_server ip addr add "$3/24" dev "$1"
	bed_client ip addr add "$4/64" dev "$1" nodad
	bed_server ip addr add "$5/64" dev "$1" nodad
}

# bed_padding on|off
bed_padding()
{
	bed_client tc filter del dev eth0 egress pref 10 2> /dev/null
	[ "$1" = off ] || bed_client tc filter add dev eth0 egress pref 10 \
		bpf da obj "$BED_BUILD/tests/bed/bed.bpf.o" sec tc
}

# bed_tagging 0|1|2: the client's DNS, and that alone, has so many VLAN tags; no VLAN devices are needed
bed_tagging()
{
	local section=("" tc classifier)

	bed_client tc filter del dev eth0 egress pref 20 2> /dev/null
	bed_client ip link set dev eth0 xdpdrv off
	if [ "$1" = 0 ]; then
		bed_client ip link set dev eth0 xdpdrv obj "$BED_BUILD/tests/bed/bed.bpf.o" sec xdp
		return
	fi
	bed_client ip link set dev eth0 xdpdrv obj "$BED_BUILD/tests/bed/tag.bpf.o" sec xdp
	bed_client tc filter add dev eth0 egress pref 20 \
		bpf da obj "$BED_BUILD/tests/bed/tag.bpf.o" sec "${section[$1]}"
}

# Whether this kernel has VLAN devices, for bed_vlan and bed_qinq.
bed_has_vlan()
{
	bed_client ip link add link eth0 name eth0.1 type vlan id 1 2> /dev/null && bed_client ip link del eth0.1
}

# bed_vlan ID: 198.51.100.1 and .53, 2001:db8:10::1 and ::53 on eth0.ID of both sides
bed_vlan()
{
	local n

	for n in client server; do
		"bed_$n" ip link add link eth0 name "eth0.$1" type vlan id "$1"
		"bed_$n" ip link set "eth0.$1" up
	done
	bed_addresses "eth0.$1" 198.51.100.1 198.51.100.53 2001:db8:10::1 2001:db8:10::53
}

# bed_qinq OUTER INNER: 203.0.113.1 and .53, 2001:db8:20::1 and ::53 on eth0.OUTER.INNER of both sides
bed_qinq()
{
	local n

	for n in client server; do
		"bed_$n" ip link add link eth0 name "eth0.$1" type vlan protocol 802.1ad id "$1"
		"bed_$n" ip link add link "eth0.$1" name "eth0.$1.$2" type vlan id "$2"
		"bed_$n" ip link set "eth0.$1" up
		"bed_$n" ip link set "eth0.$1.$2" up
	done
	bed_addresses "eth0.$1.$2" 203.0.113.1 203.0.113.53 2001:db8:20::1 2001:db8:20::53
}

# Remembers a process of ours, to be ended with the bed.
bed_owns() { BED_PIDS+=("$1"); }

# end_process PID [SIGNAL [SECONDS]]: and waits for it; 5 seconds, then by force
end_process()
{
	kill -"${2:-TERM}" "$1" 2> /dev/null || return 0
	wait_for "${3:-5}" bed_ended "$1" || kill -KILL "$1" 2> /dev/null
	wait "$1" 2> /dev/null || true
}

bed_ended() { [[ ! -e /proc/$1 || $(ps -o stat= -p "$1") == Z* ]]; }

bed_down()
{
	local p n

	trap '' INT TERM HUP
	trap - EXIT
	for p in "${BED_PIDS[@]}" $BED_DAEMON $(cat "$BED_DIR/run/resolver.pid" 2> /dev/null); do
		end_process "$p"
	done
	# the namespaces' devices go with them, and the programs on them
	for n in client server other; do
		for p in $(ip netns pids "$BED-$n" 2> /dev/null); do
			end_process "$p" KILL
		done
	done
	# pins that libxdp keeps by the number of the interface
	n=$(bed_server ip -o link show eth0 2> /dev/null | cut -d: -f1)
	for p in /sys/fs/bpf/xdp/dispatch-"$n"-*; do
		[[ ! -e $p || $BED_XDP == *"${p##*/}"* ]] || rm -rf "$p"
	done
	for n in client server other; do
		ip netns del "$BED-$n" 2> /dev/null
	done
	! ls "$BED_DIR"/sanitizer.* > /dev/null 2>&1 || not_ok "the sanitizers find nothing" "$(cat "$BED_DIR"/sanitizer.*)"
	rm -rf "${BED_PIN:?}" "${BED_DIR:?}"
}

# ---- dnsboltd ----

# bed_config LINE...
bed_config()
{
	{
		cat <<-END
			site: ${BED_SITE:-bed}
			interface: [eth0]
			zone-dir: [$BED_DIR/zones]
			metrics: { listen: "127.0.0.1:9553" }
			control: $BED_DIR/control.sock
			state-dir: $BED_DIR/state
			run-dir: $BED_DIR/run
			pin-dir: $BED_PIN
		END
		[ $# = 0 ] || printf '%s\n' "$@"
	} > "$BED_DIR/dnsboltd.conf"
}

# bed_start [SECONDS]: fails when dnsboltd has ended or is not ready by then; what it said is in $BED_DIR/log
bed_start()
{
	: > "$BED_DIR/log"
	nsenter --net="/run/netns/$BED-server" "$BED_PROGRAMS/dnsboltd" -c "$BED_DIR/dnsboltd.conf" \
		2>> "$BED_DIR/log" < /dev/null > /dev/null &
	BED_DAEMON=$!
	wait_for "${1:-120}" bed_ready_or_ended
	grep -q '\(^\|: \)ready: ' "$BED_DIR/log" && ! bed_ended $BED_DAEMON
}

bed_ready_or_ended() { grep -q '\(^\|: \)ready: ' "$BED_DIR/log" || bed_ended $BED_DAEMON; }

# bed_must_start [SECONDS]: or the test is over
bed_must_start()
{
	bed_start "$@" && return
	not_ok "dnsboltd starts" "$(cat "$BED_DIR/log")"
	exit 1
}

bed_stop()
{
	[ -n "$BED_DAEMON" ] || return 0
	end_process "$BED_DAEMON" "${1:-TERM}"
	BED_DAEMON=
}

bed_ctl() { bed_server "$BED_PROGRAMS/dnsboltctl" -s "$BED_DIR/control.sock" "$@"; }

# The driver's counters, one "reason count" a line.
bed_reasons()
{
	local reason n

	bed_ctl stats --all | while read -r reason _ n _; do
		[ -n "$reason" ] || break
		[ "$reason" = REASON ] || echo "$reason $n"
	done
}

# bed_count REASON: packets that ended in it
bed_count() { bed_reasons | awk -v r="$1" '$1 == r { n = $2 } END { print n + 0 }'; }

# Neighbour discovery and the like, which come at any time.
BED_NOISE=" not_ip not_mac not_udp not_port not_address extension bad_source "
BED_TX=" $(sed -n 's/.*X([0-9]*, \([a-z0-9_]*\), TX,.*/\1/p' "$BED_TOP/bpf/reasons.h" | tr '\n' ' ')"

# bed_dig ARG...: sets DIG (what dig printed), STATUS and FLAGS of the reply, ANSWER (its answer section, one record a
# line, fields parted by one space), SIZE, WHO answered (driver, fallback, nobody) and WHY: the reasons that the driver counted meanwhile.
bed_dig()
{
	local before line on=

	before=$(bed_reasons)
	DIG=$(bed_client dig +tries=1 +time=2 +noidnin +noidnout "$@" 2>&1) || true
	bed_judge "$before" "$(bed_reasons)"
	STATUS='' FLAGS='' SIZE='' ANSWER=''
	[[ ! $DIG =~ "status: "([A-Z0-9]+), ]] || STATUS=${BASH_REMATCH[1]}
	[[ ! $DIG =~ ";; flags: "([a-z ]*)";" ]] || FLAGS=${BASH_REMATCH[1]}
	[[ ! $DIG =~ "MSG SIZE  rcvd: "([0-9]+) ]] || SIZE=${BASH_REMATCH[1]}
	while read -r line; do
		case $line in
		";; ANSWER SECTION:") on=1 ;;
		"" | ";"*) on='' ;;
		*) [ -z "$on" ] || ANSWER+=${ANSWER:+$'\n'}$(bed_words "$line") ;;
		esac
	done <<< "$DIG"
	[ -n "$STATUS" ] || WHO=nobody
}

# The line with one space between its words.
bed_words()
{
	local words

	read -ra words <<< "$1"
	echo "${words[*]}"
}

# bed_judge BEFORE AFTER: two outputs of bed_reasons
bed_judge()
{
	local reason n

	WHO=fallback WHY=
	while read -r reason n; do
		[[ $BED_NOISE != *" $reason "* ]] || continue
		[[ $'\n'$1$'\n' != *$'\n'"$reason $n"$'\n'* ]] || continue
		WHY+=${WHY:+ }$reason
		[[ $BED_TX != *" $reason "* ]] || WHO=driver
	done <<< "$2"
	[ -n "$WHY" ] || WHY="not UDP"
}

# asks NAME WHO-WHY ARG...: a case: dig ARG... is answered by WHO because of WHY ("driver answer")
asks()
{
	local name=$1 wanted=$2
	shift 2
	bed_dig "$@"
	if [ "$WHO $WHY" = "$wanted" ]; then
		ok "$name"
	else
		not_ok "$name" "dig $*" "wanted: $wanted" "got:    $WHO $WHY" "$DIG"
	fi
}

# bed_zones: the example zones into the bed, example.org signed
bed_zones()
{
	cp "$BED_TOP"/tools/lab/zones/*.zone "$BED_DIR/zones/"
	bed_sign example.org "$BED_DIR/zones/example.org.zone"
}

# bed_sign NAME FILE [OPTION...]: in place; ECDSA and NSEC (-n: NSEC3), signatures valid for many years
bed_sign()
{
	local keys name=$1 file=$2
	shift 2

	keys=$(cd "$BED_DIR" && ldns-keygen -a ECDSAP256SHA256 -k "$name" && ldns-keygen -a ECDSAP256SHA256 "$name") || return 1
	# shellcheck disable=SC2086
	(cd "$BED_DIR" && ldns-signzone "$@" -i 20240101000000 -e 20491231000000 -f "$file.signed" "$file" $keys) || return 1
	mv "$file.signed" "$file"
}
