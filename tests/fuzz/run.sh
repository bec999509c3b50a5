#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# run.sh SECONDS PROGRAM...: libFuzzer on each target for so long, from its corpus and, where it takes DNS messages, from
# those of shared data (seeds.sh); what is found is left in $B/fuzz/found. What is worth keeping goes into corpus/ by
# hand, with the fix.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
seconds=$1
status=0
shift
seeds=$(tests/fuzz/seeds.sh) || echo "without the packets of shared data"
mkdir -p "$B/fuzz/found"
for program in "$@"; do
	name=${program##*/fuzz_}
	corpus=("$B/fuzz/corpus/$name" "tests/fuzz/corpus/$name")
	case $name in
	frame | resolver) corpus+=(${seeds:+"$seeds"}) ;;
	esac
	mkdir -p "$B/fuzz/corpus/$name"
	echo "== $name: $seconds s"
	"$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 -verbosity=0 \
		-artifact_prefix="$B/fuzz/found/$name-" "${corpus[@]}" || status=1
done
exit $status
