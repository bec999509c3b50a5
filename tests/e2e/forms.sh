#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Queries of a rare form, octet by octet: what the driver passes for its form, the resolver answers as dnsbolt-resolver(8) says.
. "$(dirname "$0")/../bed/bed.sh"
bed_up forms
[ -x /usr/bin/python3 ] || { echo "skip: python3 is not installed"; exit 77; }
bed_zones
bed_config "mode: answer" "any: pass" "cookies: pass"
bed_must_start
for s in $SERVER4 $SERVER6; do
	bed_client /usr/bin/python3 "$BED_TOP/tests/e2e/forms.py" $s || BED_FAILED=1
done

# ---- who is asked, and why ----
for reason in opcode query_rcode counts additional edns_version edns_malformed edns_options message_long trailing qclass \
	qtype transfer mailbox qname any cookie; do
	holds "the driver passed for: $reason" test "$(bed_count $reason)" -gt 0
done
is "the resolver counts what is signed" "$(bed_ctl -j stats | jq ".resolver.messages[] | select(.reason == \"tsig\") | .udp > 0 and .tcp > 0")" true
exit $BED_FAILED
