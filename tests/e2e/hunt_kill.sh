#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# dnsboltd is killed at random moments of a sync, and of a start, HUNT_KILLS times: what is answered is of one whole version of
# its zone all the while, nothing goes unanswered, and the next daemon takes back what was half done and ends at the newest.
. "$(dirname "$0")/../bed/bed.sh"
KILLS=${HUNT_KILLS:-10}
hunt=$BED_BUILD/tests/hunt.run
[ -x "$hunt" ] || { echo "$hunt is not built"; exit 77; }
bed_up kill
# no limits: one client asks as fast as it can
bed_config "on-exit: stay" "watch: false" "limit: { responses-per-second: 0 }"
"$hunt" write "$BED_DIR/zones" 0

# took COMMAND...: sets TOOK, its time in milliseconds
took()
{
	local start=${EPOCHREALTIME/./}

	"$@" > /dev/null || not_ok "$*"
	TOOK=$(((${EPOCHREALTIME/./} - start) / 1000))
}

# kill_within MILLISECONDS PID
kill_within()
{
	local at

	at=$(printf '%06d' $((SRANDOM % ($1 * 1000))))
	sleep "$((10#$at / 1000000)).${at: -6}"
	kill -KILL "$2"
	wait "$2" 2> /dev/null
}

bed_must_start
bed_stop
took bed_must_start
start_time=$TOOK
bed_client "$hunt" watch $SERVER4 "$BED_DIR/enough" > "$BED_DIR/watch" &
watch=$!
bed_owns $watch
"$hunt" write "$BED_DIR/zones" 1
took bed_ctl zone reload
sync_time=$TOOK

torn=0 late=0 undone=0
for ((i = 2; i < KILLS + 2; i++)); do
	"$hunt" write "$BED_DIR/zones" $i
	if ((i % 3)); then
		kill -HUP "$BED_DAEMON"
		kill_within "$sync_time" "$BED_DAEMON"
	else
		bed_stop KILL
		nsenter --net="/run/netns/$BED-server" "$BED_PROGRAMS/dnsboltd" -c "$BED_DIR/dnsboltd.conf" \
			2>> "$BED_DIR/killed" < /dev/null > /dev/null &
		kill_within "$start_time" $!
	fi
	BED_DAEMON=
	bed_client "$hunt" ask $SERVER4 > "$BED_DIR/ask" || { torn=$((torn + 1)); sed "s/^/# after kill $i: /" "$BED_DIR/ask"; }
	bed_must_start
	bed_client "$hunt" ask $SERVER4 $i > "$BED_DIR/ask" || { late=$((late + 1)); sed "s/^/# after start $i: /" "$BED_DIR/ask"; }
	! grep -q "interrupted" "$BED_DIR/log" || undone=$((undone + 1))
done
touch "$BED_DIR/enough"
wait $watch
status=$?
sed -i 's/^#/# meanwhile:/' "$BED_DIR/watch"
grep '^#' "$BED_DIR/watch" | head -20
is "after each of $KILLS kills every answer is of one whole version" $torn 0
is "each daemon after it ends at the newest version" $late 0
is "meanwhile: $(tail -1 "$BED_DIR/watch")" $status 0
printf 'report: %d kills within %d ms of a sync or %d ms of a start; %d left a change set half done, which was taken back\n' \
	"$KILLS" "$sync_time" "$start_time" "$undone"
exit $BED_FAILED
