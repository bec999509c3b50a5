#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# DNS cookies: dig, kdig, and named, unbound and kresd as resolvers, through the driver, through the host's server with the same secret, and through a
# roll-over of the secret at two sites behind one address: no query comes by TCP, none is asked again for its cookie.
. "$(dirname "$0")/../bed/bed.sh"
for c in named unbound kresd kdig; do
	command -v $c > /dev/null || { echo "$c is missing"; exit 77; }
done
bed_up cookies
bed_zones
OLD=e5e973e5a6b2a43f48e7dc849e37bfcf NEW=dd3bdf9344b678b185a6f5cb60fca715
HOST_ZONE=example.edu # which the host's server alone has
mkdir "$BED_DIR/host" "$BED_DIR/resolver" "$BED_DIR/other"
chmod 777 "$BED_DIR/host" "$BED_DIR/resolver"

secrets() { (umask 077 && printf '%s\n' "$@" > "$BED_DIR/secrets.new" && mv "$BED_DIR/secrets.new" "$BED_DIR/secrets"); }
metric() { bed_server curl -sS --max-time 5 http://127.0.0.1:9553/metrics | sed -n "s/^dnsbolt_$1{[^}]*$2[^}]*} //p"; }
cookie_of() { sed -n 's/^; COOKIE: \([0-9a-f]*\).*/\1/p' <<< "$DIG"; }
# TCP connections that the namespace took, ever (PassiveOpens); those of `metric` count too
tcp_of() { nsenter --net="/run/netns/$BED-$1" awk '$1 == "Tcp:" && $7 ~ /[0-9]/ { print $7 }' /proc/net/snmp; }
restart()
{
	bed_stop
	bed_config "$@"
	bed_must_start
}

# ---- dig and kdig ----
secrets $OLD
restart "cookie-secret-file: $BED_DIR/secrets"
matches "status: answered, and by which secret" "$(bed_ctl status | grep '^cookies')" "answer; secrets: [0-9a-f]{8} active$"
asks "dig, with a cookie of its own" "driver answer" @$SERVER4 +cookie=0102030405060708 www.example.com A
cookie=$(cookie_of)
matches "gets the server's" "$cookie" "^010203040506070801000000[0-9a-f]{24}$"
matches "which dig takes" "$DIG" "COOKIE: [0-9a-f]{48} \(good\)"
asks "with both" "driver answer" @$SERVER4 +cookie="$cookie" www.example.com A
is "a fresh one comes back as it is" "$(cookie_of)" "$cookie"
is "it is counted" "$(metric cookies_total 'cookie="valid"')" 1
asks "another address has another one" "driver answer" @$SERVER6 +cookie="$cookie" www.example.com A
[ "$(cookie_of)" != "$cookie" ] && ok "and gets its own" || not_ok "and gets its own" "$DIG"
is "it is counted too" "$(metric cookies_total 'cookie="bad"')" 1
asks "of a wrong length" "fallback edns_malformed" @$SERVER4 +nocookie +ednsopt=10:0102030405060708090a www.example.com A
is "is malformed" "$STATUS" FORMERR
asks "beside NSID" "driver answer" @$SERVER4 +cookie +nsid www.example.com A
matches "both are there" "$DIG" "COOKIE: .*NSID: |NSID: .*COOKIE: "
asks "of NXDOMAIN" "driver nxdomain" @$SERVER4 +cookie nothing.example.com A
matches "too" "$(cookie_of)" "^[0-9a-f]{48}$"
asks "of an answer that is cut" "driver truncated" @$SERVER4 +cookie +ignore +bufsize=600 large.example.net TXT
matches "too, in the TC" "$(cookie_of)" "^[0-9a-f]{48}$"
asks "without a question" "fallback counts" @$SERVER4 +header-only +cookie
matches "the resolver has it" "$(cookie_of)" "^[0-9a-f]{48}$"
asks "by TCP" "fallback not UDP" @$SERVER4 +tcp +cookie="$cookie" www.example.com A
is "the same one" "$(cookie_of)" "$cookie"
asks "of what is refused" "fallback not_ours" @$SERVER4 +cookie="$cookie" www.example.edu A
is "the same too" "$(cookie_of)" "$cookie"
matches "kdig" "$(bed_client kdig @$SERVER4 +cookie www.example.com A)" "COOKIE: [0-9A-Fa-f]{48}"
matches "kdig with both" "$(bed_client kdig @$SERVER4 +cookie="$cookie" www.example.com A)" "status: NOERROR"
is "is taken as well" "$(metric cookies_total 'cookie="valid"')" 3

# ---- cookies: require ----
restart "cookie-secret-file: $BED_DIR/secrets" "cookies: require"
asks "required: a client that has none of ours" "driver badcookie" @$SERVER4 +cookie=0102030405060708 +nobadcookie www.example.com A
is "is told so" "$STATUS" BADCOOKIE
cookie=$(cookie_of)
asks "who comes back with it" "driver answer" @$SERVER4 +cookie="$cookie" +nobadcookie www.example.com A
asks "who has no cookies at all" "driver answer" @$SERVER4 +nocookie www.example.com A
asks "dig asks again by itself" "driver answer badcookie" @$SERVER4 +cookie www.example.com A

# ---- secrets ----
secrets $NEW $OLD
new_active() { bed_ctl -j status | jq -e '.cookie_secrets | length == 2' > /dev/null; }
holds "a change of the file is seen" wait_for 10 new_active
asks "what the old one made is taken" "driver answer" @$SERVER4 +cookie="$cookie" +nobadcookie www.example.com A
[ "$(cookie_of)" != "$cookie" ] && ok "and answered by the new one" || not_ok "and answered by the new one" "$DIG"
new_cookie=$(cookie_of)
echo "not a secret" > "$BED_DIR/secrets"
said() { grep -q "cookie-secret-file: \".*\": line 1: expected a secret of 32" "$BED_DIR/log"; }
holds "a bad file is said" wait_for 10 said
asks "and changes nothing" "driver answer" @$SERVER4 +cookie="$new_cookie" +nobadcookie www.example.com A
secrets $NEW
bed_server kill -HUP "$(bed_ctl -j status | jq .pid)"
new_alone() { bed_ctl -j status | jq -e '.cookie_secrets | length == 1' > /dev/null; }
holds "it is read on SIGHUP" wait_for 10 new_alone
asks "the old one is over" "driver badcookie" @$SERVER4 +cookie="$cookie" +nobadcookie www.example.com A
is "no digit of a secret is in the log, nor in what the daemon says" \
	"$({ cat "$BED_DIR/log"; bed_ctl -j status; bed_ctl -j limits; bed_server curl -s http://127.0.0.1:9553/metrics; } | grep -ciE "${NEW:0:8}|${OLD:0:8}")" 0
restart "on-exit: stay"
bed_dig @$SERVER4 +cookie www.example.com A
cookie=$(cookie_of)
bed_stop
bed_must_start
asks "without a file: a random secret, kept over a restart" "driver answer" @$SERVER4 +cookie="$cookie" www.example.com A
is "as it was" "$(cookie_of)" "$cookie"

# ---- named, unbound and Knot Resolver as resolvers, on the client's side ----
cat > "$BED_DIR/resolver/named.conf" << END
options {
    directory "$BED_DIR/resolver"; pid-file none; session-keyfile "$BED_DIR/resolver/session.key"; lock-file none;
    listen-on port 5301 { 127.0.0.1; }; listen-on-v6 { none; };
    recursion yes; dnssec-validation no; empty-zones-enable no; qname-minimization off; max-cache-size 16M;
};
controls { };
logging { channel log { stderr; severity info; }; category default { log; }; };
zone "example.com" { type static-stub; server-addresses { $SERVER4; }; };
zone "$HOST_ZONE" { type static-stub; server-addresses { $SERVER4; }; };
END
cat > "$BED_DIR/resolver/unbound.conf" << END
server:
    interface: 127.0.0.1@5302
    directory: "$BED_DIR/resolver"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    module-config: "iterator"
    do-not-query-localhost: no
    minimal-responses: yes
    trust-anchor-signaling: no
stub-zone:
    name: "example.com"
    stub-addr: $SERVER4
stub-zone:
    name: "$HOST_ZONE"
    stub-addr: $SERVER4
remote-control:
    control-enable: no
END
cat > "$BED_DIR/resolver/kresd.conf" << END
net.listen('127.0.0.1', 5303)
cache.size = 4 * MB
trust_anchors.remove('.')
modules.unload('ta_signal_query')
modules.unload('priming')
policy.add(policy.suffix(policy.STUB('$SERVER4'), policy.todnames({ 'example.com', '$HOST_ZONE' })))
END
resolver_start() # named|unbound|kresd
{
	local command

	case $1 in
	named) RESOLVER_PORT=5301 command=(named -f -n 1 -c "$BED_DIR/resolver/named.conf") ;;
	unbound) RESOLVER_PORT=5302 command=(unbound -d -c "$BED_DIR/resolver/unbound.conf") ;;
	kresd) RESOLVER_PORT=5303 command=(kresd -n -c "$BED_DIR/resolver/kresd.conf" "$BED_DIR/resolver") ;;
	esac
	nsenter --net="/run/netns/$BED-client" "${command[@]}" > "$BED_DIR/resolver/$1.log" 2>&1 &
	RESOLVER=$!
	bed_owns $RESOLVER
	wait_for 20 bed_client dig +tries=1 +time=1 @127.0.0.1 -p "$RESOLVER_PORT" localhost A ||
		{ not_ok "$1 starts" "$(cat "$BED_DIR/resolver/$1.log")"; exit 1; }
}

# resolve N ZONE...: as many names of each zone, none of which it has in its cache; sets RESOLVED
UNIQUE=0
resolve()
{
	local n=$1 zone
	shift

	RESOLVED=0
	for ((; n > 0; n--)); do
		for zone; do
			UNIQUE=$((UNIQUE + 1))
			bed_client dig +tries=1 +time=5 +nocookie @127.0.0.1 -p "$RESOLVER_PORT" "u$UNIQUE.wild.$zone" TXT |
				grep -q 'status: NOERROR' && RESOLVED=$((RESOLVED + 1))
		done
	done
	true
}

restart
resolver_start named
before=$(tcp_of server)
resolve 20 example.com
is "named as a resolver: all is answered" "$RESOLVED" 20
is "none by TCP" "$(($(tcp_of server) - before))" 0
is "none has to come again" "$(bed_count badcookie)" 0
valid=$(metric cookies_total 'cookie="valid"')
[ "$valid" -ge 18 ] && ok "it comes with our cookie ($valid)" || not_ok "it comes with our cookie" "$valid"
end_process $RESOLVER
for server in unbound kresd; do
	resolver_start $server
	before=$(tcp_of server)
	resolve 20 example.com
	is "$server as a resolver: all is answered, none by TCP" "$RESOLVED $(($(tcp_of server) - before))" "20 0"
	end_process $RESOLVER
done

# ---- named as the host's server ----
sed 's/example\.com/example.edu/g' "$BED_TOP/tools/lab/zones/example.com.zone" > "$BED_DIR/host/example.edu.zone"
cp "$BED_DIR/zones/example.com.zone" "$BED_DIR/host/"
host_config() # LINE...
{
	cat > "$BED_DIR/host/named.conf" <<- END
		options {
		    directory "$BED_DIR/host"; pid-file none; session-keyfile "$BED_DIR/host/session.key"; lock-file none;
		    listen-on { $SERVER4; }; listen-on-v6 { $SERVER6; };
		    recursion no; empty-zones-enable no; dnssec-validation no; check-integrity no; notify no; minimal-responses yes;
		    $(printf '%s\n' "$@")
		};
		controls { };
		logging { channel log { stderr; severity info; }; category default { log; }; };
		zone "example.com" { type primary; file "example.com.zone"; };
		zone "example.edu" { type primary; file "example.edu.zone"; };
	END
}
host_start()
{
	nsenter --net="/run/netns/$BED-server" named -f -n 1 -c "$BED_DIR/host/named.conf" >> "$BED_DIR/host/log" 2>&1 &
	HOST=$!
	bed_owns $HOST
	wait_for 20 host_serves || { not_ok "the host's named starts" "$(cat "$BED_DIR/host/log")"; exit 1; }
}
host_reloads() { grep -c 'reloading configuration succeeded' "$BED_DIR/host/log"; }
host_reloaded() { [ "$(host_reloads)" -gt "$1" ]; }
host_reload()
{
	local before
	before=$(host_reloads)

	kill -HUP $HOST
	wait_for 20 host_reloaded "$before" || not_ok "the host's named reads its configuration again" "$(tail "$BED_DIR/host/log")"
}
host_serves() { bed_server dig +tries=1 +time=1 +norec @$SERVER4 $HOST_ZONE SOA | grep -q NOERROR; }
says() { bed_ctl -j status | jq -r .cookies | grep -q "$1"; }

bed_stop
secrets $OLD
host_config "cookie-secret \"$OLD\";"
host_start
shared=("fallback: host" "cookie-secret-file: $BED_DIR/secrets")
restart "${shared[@]}"
is "the host has the same secret: the driver answers as it does" "$(bed_ctl -j status | jq -r .cookies)" "answer (as the host does)"
asks "by the driver" "driver answer" @$SERVER4 +cookie=0102030405060708 www.example.com A
cookie=$(cookie_of)
asks "by the host" "fallback not_ours" @$SERVER4 +cookie="$cookie" www.example.edu A
is "each takes the other's cookie for its own" "$STATUS" NOERROR
matches "the host's for the same client" "$(cookie_of)" "^010203040506070801000000"
asks "as does the driver" "driver answer" @$SERVER4 +cookie="$(cookie_of)" www.example.com A
is "all were valid" "$(metric cookies_total 'cookie="bad"')" 0
resolver_start named
before=$(tcp_of server)
resolve 15 example.com $HOST_ZONE
is "named through both: all is answered" "$RESOLVED" 30
is "none by TCP" "$(($(tcp_of server) - before))" 0
end_process $RESOLVER
for server in unbound kresd; do
	resolver_start $server
	before=$(tcp_of server)
	resolve 10 example.com $HOST_ZONE
	is "$server through both: all is answered, none by TCP" "$RESOLVED $(($(tcp_of server) - before))" "20 0"
	end_process $RESOLVER
done

# ---- when they do not agree ----
restart "${shared[@]}" "cookies: ignore"
matches "the host answers cookies and the driver is to ignore them: said" "$(bed_ctl status)" "BUT the host answers cookies"
holds "at the start too" grep -q "preflight: cookies: the host answers cookies" "$BED_DIR/log"
is "and in the metrics" "$(metric cookies_disagree '')" 1
resolver_start named
before=$(tcp_of server)
resolve 15 example.com $HOST_ZONE
[ "$(($(tcp_of server) - before))" -gt 0 ] && ok "named then asks by TCP ($(($(tcp_of server) - before)) of $RESOLVED): what it is about" ||
	not_ok "named then asks by TCP: what it is about" "$(($(tcp_of server) - before))"
end_process $RESOLVER
host_config "cookie-secret \"$NEW\";"
host_reload
bed_stop
bed_config "${shared[@]}"
bed_must_start
is "the host has another secret: its cookies are its own" "$(bed_ctl -j status | jq -r .cookies)" "pass (the host makes cookies of other secrets)"
secrets $NEW
holds "until the driver has it, too" wait_for 10 says "answer (as the host does)"
host_config "answer-cookie no;"
host_reload
restart "${shared[@]}"
is "the host answers none: nor does the driver" "$(bed_ctl -j status | jq -r .cookies)" "ignore (the host answers none)"

# ---- a roll-over at two sites, where a cookie is required: by hand in the order of RFC 9018 section 5 ----
# The other site: another namespace with the same address, and dnsbolt alone.
ip netns add "$BED-other"
bed_other() { nsenter --net="/run/netns/$BED-other" "$@"; }
ip link add eth1 netns "$BED-client" type veth peer name eth0 netns "$BED-other"
bed_other ip link set lo up
bed_other ip link set eth0 up
bed_other ip addr add $SERVER4/24 dev eth0
bed_client ip link set eth1 up
bed_client ip link set dev eth1 xdpdrv obj "$BED_BUILD/tests/bed/bed.bpf.o" sec xdp
bed_client tc qdisc add dev eth1 clsact
bed_client tc filter add dev eth1 egress pref 10 bpf da obj "$BED_BUILD/tests/bed/bed.bpf.o" sec tc
mkdir "$BED_DIR/other/zones"
cp "$BED_DIR/zones/example.com.zone" "$BED_DIR/other/zones/"
sed 's/example\.com/example.edu/g' "$BED_TOP/tools/lab/zones/example.com.zone" > "$BED_DIR/other/zones/example.edu.zone"
other_secrets() { (umask 077 && printf '%s\n' "$@" > "$BED_DIR/other/secrets.new" && mv "$BED_DIR/other/secrets.new" "$BED_DIR/other/secrets"); }
cat > "$BED_DIR/other/dnsboltd.conf" << END
site: other
interface: [eth0]
zone-dir: [$BED_DIR/other/zones]
metrics: { listen: "" }
control: $BED_DIR/other/control.sock
state-dir: $BED_DIR/other/state
run-dir: $BED_DIR/other/run
pin-dir: $BED_PIN/other
cookie-secret-file: $BED_DIR/other/secrets
cookies: require
END
other_ctl() { bed_other "$BED_PROGRAMS/dnsboltctl" -s "$BED_DIR/other/control.sock" "$@"; }
other_ready() { grep -q '\(^\|: \)ready: ' "$BED_DIR/other/log"; }
other_count() { other_ctl -j stats | jq --arg r "$1" '.reasons[] | select(.reason == $r) | .count'; }
to_site() # 1|2: where the address is from now on
{
	if [ "$1" = 1 ]; then bed_client ip route del $SERVER4/32 2> /dev/null; else
		bed_client ip route replace $SERVER4/32 dev eth1 src $CLIENT4; fi
	true
}
prints_of() { "$1" -j status | jq -c .cookie_secrets; }
have_same() { [ "$(prints_of bed_ctl)" = "$(prints_of other_ctl)" ]; }

# Not their number alone: what a site has not yet read, the other may already refuse.
# site_has CTL SECRET...: this one makes cookies there, then those that are accepted
site_has()
{
	local ctl=$1 secret prints=""
	shift

	for secret; do
		prints+=$(printf '%b' "$(sed 's/../\\x&/g' <<< "$secret")" | sha384sum | cut -c 1-8)" "
	done
	[ "$("$ctl" -j status | jq -r '.cookie_secrets | join(" ")') " = "$prints" ]
}
# site_1 SECRET... and site_2 SECRET...: at site 1 the host's server gets them, too
site_1()
{
	secrets "$@"
	host_config "$(printf 'cookie-secret "%s";\n' "$@")" "require-server-cookie yes;"
	host_reload
	holds "the first site has it" wait_for 10 site_has bed_ctl "$@"
}
site_2()
{
	other_secrets "$@"
	holds "the second site has it" wait_for 10 site_has other_ctl "$@"
}

host_config "cookie-secret \"$OLD\";" "require-server-cookie yes;"
host_reload
secrets $OLD
other_secrets $OLD
restart "${shared[@]}" "cookies: require"
: > "$BED_DIR/other/log"
nsenter --net="/run/netns/$BED-other" "$BED_PROGRAMS/dnsboltd" -c "$BED_DIR/other/dnsboltd.conf" 2>> "$BED_DIR/other/log" < /dev/null > /dev/null &
bed_owns $!
wait_for 60 other_ready || { not_ok "the other site starts" "$(cat "$BED_DIR/other/log")"; exit 1; }
is "both sites have the same secret" "$(prints_of bed_ctl)" "$(prints_of other_ctl)"
resolver_start named
to_site 1
resolve 1 example.com
before="$(tcp_of server) $(tcp_of other)"
bad() { echo "$(bed_count badcookie) $(other_count badcookie) $(bed_ctl -j stats | jq .cookies.bad) $(other_ctl -j stats | jq .cookies.bad)"; }
before_bad=$(bad)

# alternates NAME: names of both zones at both sites in turn
alternates()
{
	local good=0

	for _ in 1 2 3 4; do
		to_site 1
		resolve 1 example.com $HOST_ZONE
		good=$((good + RESOLVED))
		to_site 2
		resolve 1 example.com $HOST_ZONE
		good=$((good + RESOLVED))
	done
	is "$1: all is answered" "$good" 16
	is "$1: none by TCP, no cookie is refused" "$(tcp_of server) $(tcp_of other), $(bad)" "$before, $before_bad"
}
alternates "before"
site_1 $OLD $NEW
alternates "the new secret is accepted at the first"
site_2 $OLD $NEW
alternates "and at the second"
site_1 $NEW $OLD
alternates "it makes cookies at the first"
site_2 $NEW $OLD
alternates "and at the second"
to_site 1
resolve 1 example.com
site_1 $NEW
alternates "the old one is over at the first"
site_2 $NEW
alternates "and at the second"
holds "both sites have the same" have_same
[ "$(other_count answer)" -gt 20 ] && ok "the second site did answer" || not_ok "the second site did answer" "$(other_ctl stats)"
exit $BED_FAILED
