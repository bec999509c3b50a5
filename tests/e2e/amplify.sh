#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A real amplification attack, the queries of which are read off the answers that its victim got: how many octets go out for one that
# comes in, with and without limits.
. "$(dirname "$0")/../bed/bed.sh"
DATA=${DNSBOLT_DATA:-$BED_TOP/../shared/data}
CAPTURE=$DATA/pcaps/stopddos/amp.dns.RRSIG.fragmented.pcap
VICTIM_ZONE=pizzaseo.com # whose RRSIGs were asked for
[ -r "$CAPTURE" ] || { echo "the capture is missing: pcaps/stopddos/amp.dns.RRSIG.fragmented.pcap below DNSBOLT_DATA"; exit 77; }
[ -x /usr/bin/python3 ] || { echo "python3 is missing"; exit 77; }
bed_up amplify
bed_zones
{
	printf '$ORIGIN %s.\n$TTL 300\n@ SOA ns1 hostmaster 1 7200 3600 1209600 300\n NS ns1\n MX 10 mail\n A 192.0.2.80\n AAAA 2001:db8::80\n' $VICTIM_ZONE
	printf ' CAA 0 issue "ca.example"\nns1 A 192.0.2.53\nmail A 192.0.2.25\n'
	for i in 1 2 3 4; do printf '@ TXT "text %s: %0200d"\n' $i 0; done
} > "$BED_DIR/zones/$VICTIM_ZONE.zone"
bed_sign $VICTIM_ZONE "$BED_DIR/zones/$VICTIM_ZONE.zone"

# replay LINE...: sets OUT and IN, octets of DNS messages
replay()
{
	bed_stop
	bed_config "$@"
	bed_must_start
	F=$(bed_client /usr/bin/python3 "$BED_TOP/tests/bed/flood.py" $SERVER4 $VICTIM_ZONE --pcap "$CAPTURE" --rate 4000 --count 20000)
	read -r IN OUT SENT REPLIES < <(jq -r '[.in, .out, .sent, .replies] | @tsv' <<< "$F")
}
per_octet() { awk -v o="$OUT" -v i="$IN" 'BEGIN { printf "%.2f", o / i }'; }

replay "limit: { responses-per-second: 0 }" "pass-limit: 0"
is "without limits all is answered" "$REPLIES" "$SENT"
without=$(per_octet)
awk -v f="$without" 'BEGIN { exit !(f > 5) }' && ok "and it amplifies: $without" || not_ok "and it amplifies" "$without" "$F"
replay
with=$(per_octet)
awk -v f="$with" 'BEGIN { exit !(f < 1) }' && ok "with the default limits less goes out than comes in: $with" ||
	not_ok "with the default limits less goes out than comes in" "$with" "$F"
matches "limits says who is the victim" "$(bed_ctl limits)" "192\.0\.2\.0/24 +answer +$VICTIM_ZONE\."
replay "limit: { slip: 0 }"
nothing=$(per_octet)
awk -v f="$nothing" 'BEGIN { exit !(f < 0.5) }' && ok "with slip 0 next to nothing: $nothing" || not_ok "with slip 0 next to nothing" "$nothing" "$F"
echo "report: octets out for one in: $without without limits, $with with the defaults, $nothing with slip 0"
exit $BED_FAILED
