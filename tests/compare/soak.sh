#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# make soak: tests/compare over and over, each time with another seed, so other zones and other questions; and each time all that
# it kept goes through check_proofs.py. Several at once. Seeds that are done stand in $B/soak/done and are not run again: stopped
# and started again, it goes on. What failed stays in $B/soak/SEED; it is repeated by
#	COMPARE_SEED=SEED COMPARE_QUESTIONS=$SOAK_CHUNK COMPARE_SHARED=$SOAK_SHARED build/tests/compare.run
#
# SOAK_QUESTIONS: in all (10 M). SOAK_SEED: the first (1000). SOAK_CHUNK: questions of one seed. SOAK_SHARED: percent of them for the
# zones of shared data. SOAK_JOBS: at once (as many as there are CPUs).
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
soak=$B/soak
questions=${SOAK_QUESTIONS:-10000000} first=${SOAK_SEED:-1000} chunk=${SOAK_CHUNK:-200000}
jobs=${SOAK_JOBS:-$(nproc)}
export SOAK_SHARED=${SOAK_SHARED:-20}
start=$SECONDS started=0

# one SEED: in a folder of its own; a line in `done`: SEED failed
one()
{
	local seed=$1 dir=$soak/$1 failed=0

	rm -rf "$dir"
	mkdir -p "$dir" || return
	B=$dir COMPARE_SEED=$seed COMPARE_QUESTIONS=$chunk COMPARE_SHARED=$SOAK_SHARED \
		"$B/tests/compare.run" > "$dir/compare.log" 2> "$dir/compare.err" || failed=1
	/usr/bin/python3 tests/compare/check_proofs.py "$dir/compare" > "$dir/proofs.log" 2>&1 || failed=1
	sed -n 's/^report: //p; s/^wrong: .*/&/p' "$dir/compare.log" "$dir/proofs.log" > "$soak/sums/$seed"
	if [ $failed = 0 ]; then
		rm -rf "$dir"
	else
		echo "seed $seed failed: see $dir"
		grep -h '^wrong: ' "$dir/compare.log" | head -n 5
	fi
	echo "$seed $failed" >> "$soak/done"
}

progress()
{
	local n rate left

	n=$(($(wc -l < "$soak/done") * chunk))
	rate=$(((n - started) / (SECONDS - start + 1)))
	left=$(((questions - n) / (rate > 0 ? rate : 1)))
	printf '%s of %s questions, %s failed seeds, %d/s, %d:%02d h left\n' "$n" "$questions" \
		"$(grep -c ' 1$' "$soak/done")" $rate $((left / 3600)) $((left / 60 % 60))
}

# Adds up what the seeds said.
sum_up()
{
	cat "$soak"/sums/* | awk '
	/ zones, .* questions: / { gsub(/[^0-9 ]/, ""); asked += $3; answered += $4; passed += $5; wrong += $6; differ += $8; zones += $2 }
	/^held against / {
		sub(/:$/, "", $3); held[$3] += $4
		for (i = 5; i < NF; i += 2) { t[$3, $i] += $(i + 1); kinds[$i] }
	}
	/^ *[0-9]+ [a-z_]+$/ { reasons[$2] += $1 }
	/ signed answers in / { signed += $1 }
	/ broken answers, / { broken += $1 }
	END {
		printf "report: %d questions in %d zones: %d answered, %d passed, %d wrong, %d in which native and BPF differ\n",
			asked, zones, answered, passed, wrong, differ
		for (r in reasons) if (r ~ "^(not_ours|qclass)$") others += reasons[r]
		ours = asked - others
		printf "report: %.3f %% answered by the driver of %d UDP questions of class IN in served zones\n",
			ours ? 100 * answered / ours : 0, ours
		printf "report: %d signed answers validated, %d broken ones found wrong\n", signed, broken
		for (s in held) {
			printf "report: held against %s: %d;", s, held[s]
			for (i = 1; i < 20; i++) if ((s, "T" i) in t) printf " T%d %d", i, t[s, "T" i]
			print ""
		}
		for (r in reasons) printf "report: %10d %s\n", reasons[r], r
	}'
}

stop()
{
	local job

	for job in $(jobs -pr); do
		kill -- "-$job"
	done
	exit 130
}
set -m # each seed is a process group, and the servers end with compare
trap stop INT TERM

[ "$(id -u)" = 0 ] || { echo "skip: needs root"; exit 77; }
mkdir -p "$soak/sums" && touch "$soak/done" || exit 1
started=$(($(wc -l < "$soak/done") * chunk))
for ((seed = first; (seed - first) * chunk < questions; seed++)); do
	grep -q "^$seed " "$soak/done" && continue
	while [ "$(jobs -pr | wc -l)" -ge "$jobs" ]; do
		wait -n
		progress
	done
	one "$seed" &
done
while [ -n "$(jobs -pr)" ]; do
	wait -n
	progress
done
sum_up
failed=$(grep -c ' 1$' "$soak/done")
echo "$(($(wc -l < "$soak/done") - failed)) passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
