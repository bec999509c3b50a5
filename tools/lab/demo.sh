#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# demo.sh [--shell]: dnsbolt at work between two network namespaces: real questions by dig, and for each who answered it and
# why, by the difference of the driver's counters. With --shell it stays until the shell that it starts is left. All that it
# makes is removed at the end, however that comes. DNSBOLT_DATA: a folder with more zones (root-zone/root-*.zone).
. "$(dirname "$0")/../../tests/bed/bed.sh"
DATA=${DNSBOLT_DATA:-$BED_TOP/../shared/data}
ROOT_ZONE=$(find "$DATA/root-zone" -name 'root-*.zone' 2> /dev/null | head -n 1)
[ -t 1 ] && BOLD=$'\e[1m' DIM=$'\e[2m' GREEN=$'\e[32m' YELLOW=$'\e[33m' PLAIN=$'\e[0m' || BOLD='' DIM='' GREEN='' YELLOW='' PLAIN=''

title() { printf '\n%s%s%s\n' "$BOLD" "$1" "$PLAIN"; }

# cut TEXT WIDTH
cut_to() { if [ ${#1} -gt "$2" ]; then printf '%s...' "${1:0:$2-3}"; else printf '%s' "$1"; fi; }

# The answer of the last question in a few words: its data, or what there is instead.
in_short()
{
	local data

	data=$(awk '$4 != "RRSIG" && NF { $1 = $2 = $3 = $4 = ""; sub(/^ */, ""); printf "%s%s", n++ ? ", " : "", $0 }' <<< "$ANSWER")
	if [ -z "$STATUS" ]; then
		echo "no reply"
	elif [[ $FLAGS == *tc* ]]; then
		echo "TC: ask again by TCP"
	elif [ -z "$data" ]; then
		if [ "$STATUS" != NOERROR ]; then echo "$STATUS"
		elif [[ $FLAGS != *aa* ]]; then echo "a referral"
		else echo "no such data"; fi
	elif [ "$SIZE" -gt 500 ]; then
		echo "$SIZE octets: $data"
	elif [[ $ANSWER == *RRSIG* ]]; then
		echo "$(cut_to "$data" 26) + RRSIG"
	else
		echo "$data"
	fi
}

row() { printf '%-33s  %-36s  %s%-8s%s  %s\n' "$1" "$(cut_to "$2" 36)" "$3" "$4" "$PLAIN" "$5"; }

# question WHAT-IS-SHOWN DIG-ARGUMENT...
question()
{
	local shown=$1 colour why
	shift
	bed_dig "$@"
	if [ "$WHO" = driver ]; then colour=$GREEN; else colour=$YELLOW; fi
	why=$(bed_ctl -j stats | jq -r --arg r "$WHY" '.reasons[] | select(.reason == $r) | .text')
	[ "$WHY" != "not UDP" ] || why="the driver answers UDP alone"
	row "$shown" "$(in_short)" "$colour" "$WHO" "$WHY${why:+: ${why#answered: }}"
}

questions()
{
	row QUESTION ANSWER "$DIM" "WHO" "WHY"
	question "www.example.com A" @$SERVER4 www.example.com A
	question "wWw.ExAmPlE.com AAAA, over IPv6" @$SERVER6 wWw.ExAmPlE.com AAAA
	question "example.com MX" @$SERVER4 example.com MX
	question "www.example.com HTTPS, over IPv6" @$SERVER6 www.example.com HTTPS
	question "odd.example.com TYPE65280" @$SERVER4 odd.example.com TYPE65280
	question "10.2.0.192.in-addr.arpa PTR" @$SERVER4 -x 192.0.2.10
	question "www.example.com SRV" @$SERVER4 www.example.com SRV
	question "www.example.org A +dnssec" @$SERVER4 +dnssec www.example.org A
	question "large.example.net TXT" @$SERVER4 +bufsize=1232 +nocookie large.example.net TXT
	question "huge.example.net TXT" @$SERVER6 +ignore huge.example.net TXT
	question "huge.example.net TXT, by TCP" @$SERVER6 +tcp huge.example.net TXT
	if [ -n "$ROOT_ZONE" ]; then
		question ". SOA" @$SERVER4 . SOA
		question ". NS" @$SERVER6 . NS
		question ". DNSKEY +dnssec" @$SERVER4 +dnssec . DNSKEY
	fi
	question "sub.example.com NS" @$SERVER4 +norec sub.example.com NS
	question "anything.wild.example.com TXT" @$SERVER4 anything.wild.example.com TXT
	question "nothing.example.com A" @$SERVER4 nothing.example.com A
	question "nothing.example.org A +dnssec" @$SERVER6 +dnssec nothing.example.org A
	question "id.server TXT, class CH" @$SERVER4 id.server CH TXT
	question "example.com ANY" @$SERVER4 +notcp example.com ANY
	[ -n "$ROOT_ZONE" ] || question "www.example.edu A" @$SERVER4 www.example.edu A
}

# A change, said as it would be typed, and the very next answer.
change()
{
	printf '%s$ dnsboltctl %s%s\n' "$DIM" "$*" "$PLAIN"
	bed_ctl "$@" > "$BED_DIR/out" 2>&1 || cat "$BED_DIR/out"
}

changes()
{
	change record set www.example.com A 192.0.2.1 300
	question "www.example.com A" @$SERVER4 www.example.com A
	change record delete www.example.com A
	question "www.example.com A" @$SERVER4 www.example.com A
	change mode off
	question "www.example.com A" @$SERVER4 www.example.com A
	change mode answer
	question "www.example.com A" @$SERVER4 www.example.com A
}

# For --shell: what to type, with the namespaces and the socket filled in.
shell()
{
	cat > "$BED_DIR/rc" <<-END
		PS1='dnsbolt demo \\$ '
		dig() { nsenter --net=/run/netns/$BED-client dig "\$@"; }
		dnsperf() { nsenter --net=/run/netns/$BED-client dnsperf "\$@"; }
		tcpdump() { nsenter --net=/run/netns/$BED-client tcpdump "\$@"; }
		curl() { nsenter --net=/run/netns/$BED-server curl "\$@"; }
		dnsboltctl() { nsenter --net=/run/netns/$BED-server $BED_PROGRAMS/dnsboltctl -s $BED_DIR/control.sock "\$@"; }
	END
	cat <<-END

		${BOLD}It is yours.${PLAIN} In this shell dig, dnsperf and tcpdump run on the client's side, dnsboltctl and curl on the server's:

		    dig @$SERVER4 www.example.com            dnsboltctl status
		    dig @$SERVER6 +dnssec example.org SOA   dnsboltctl stats
		    dig @$SERVER4 +tcp huge.example.net TXT  dnsboltctl record set www.example.com A 192.0.2.1 300
		    curl -s http://127.0.0.1:9553/metrics     dnsboltctl lookup www.example.com A

		Zones: $BED_DIR/zones (after a change: dnsboltctl zone reload)
		Configuration: $BED_DIR/dnsboltd.conf   Messages: $BED_DIR/log
		exit or Ctrl-D ends it and removes everything.

	END
	trap '' INT
	bash --rcfile "$BED_DIR/rc" -i || true
}

BED_SITE=demo
bed_up demo
bed_zones
# no limits: dnsperf in its shell is one client
bed_config "mode: answer" "fallback: resolver" "limit: { responses-per-second: 0 }" ${ROOT_ZONE:+"zone: [ { name: '.', file: '$ROOT_ZONE' } ]"}

title "The test bed"
cat <<END
client 192.0.2.1, 2001:db8::1  --- eth0 === veth === eth0 ---  server 192.0.2.53, 2001:db8::53
The client's end has an XDP_PASS program and pads its queries with zeros: a veth needs the one to deliver what its peer
sends by XDP_TX, and gives the room at a frame's tail that a real NIC gives only with the other.
END
title "dnsboltd, with its own resolver behind it"
if ! bed_start 60; then
	cat "$BED_DIR/log"
	exit 1
fi
cat "$BED_DIR/log"
title "Questions, by dig"
questions
title "Changes, and the very next answer"
changes
title "The counters: dnsboltctl stats"
bed_ctl stats
title "A look at /metrics"
bed_server curl -sS --max-time 5 http://127.0.0.1:9553/metrics | grep -v '^#' | grep -E 'answer|zone|octets|packets|build' |
	awk '$NF != 0' | head -n 14
if [ "${1:-}" = --shell ]; then
	shell
else
	cat <<END

${BOLD}How to go on${PLAIN}
make demo-shell   the same, and a shell in the middle of it
make test         every test
README.md         how to attach it to a DNS host that you have
END
fi
