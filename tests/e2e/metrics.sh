#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# /metrics: the same numbers as the counters, in a form that a Prometheus reads.
. "$(dirname "$0")/../bed/bed.sh"
bed_up metrics
bed_zones
bed_config
bed_must_start
for name in www.example.com host.example.com nothing.example.com; do
	bed_dig @$SERVER4 "$name" A
	bed_dig @$SERVER6 "$name" A
done
page() { bed_server curl -sS --max-time 5 http://127.0.0.1:9553/metrics; }
bed_server curl -sSi --max-time 5 http://127.0.0.1:9553/metrics > "$BED_DIR/page"
matches "it is there" "$(head -1 "$BED_DIR/page")" "200"
matches "its type" "$(grep -i '^content-type' "$BED_DIR/page")" "text/plain; version=0\.0\.4"
matches "another path is not" "$(bed_server curl -sSi --max-time 5 http://127.0.0.1:9553/other | head -1)" 404
page > "$BED_DIR/page"
is "packets are counted by reason" "$(grep -c '^dnsbolt_packets_total{.*reason="answer"' "$BED_DIR/page")" 1
answers=$(sed -n 's/^dnsbolt_packets_total{.*reason="answer".* \([0-9]*\)$/\1/p' "$BED_DIR/page")
is "as the driver counts them" "$answers" "$(bed_count answer)"
is "every series has the site's label" "$(grep -v '^#' "$BED_DIR/page" | grep -vc 'site="bed"')" 0
is "every series has a type" "$(awk '
	/^# TYPE / { type[$3] = 1; next }
	/^#/ || /^$/ { next }
	{ n = $1; sub(/[{ ].*/, "", n); if (!(n in type)) { sub(/_(sum|count|bucket)$/, "", n); if (!(n in type)) print n } }' \
	"$BED_DIR/page")" ""
is "no series is there twice" "$(grep -v '^#' "$BED_DIR/page" | sed 's/ [^ ]*$//' | sort | uniq -d)" ""
if command -v promtool > /dev/null; then
	holds "promtool takes it" sh -c "promtool check metrics < '$BED_DIR/page'"
else
	skip "promtool takes it" "promtool is not here"
fi
exit $BED_FAILED
