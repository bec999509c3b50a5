#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The checks that need no run, for `make check`, which passes the compilers and their flags: CC, NATIVE; CLANG, BPF.
# One line per finding, `file:line: what`; exit status 1 when there is any.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
MAX_FUNCTION=100
failed=0

# Prints what `finder` finds and remembers that it did.
check()
{
	local name=$1 found

	found=$("$2" 2>&1)
	if [ -n "$found" ]; then
		printf '%s\n' "$found"
		printf 'not ok %s\n' "$name"
		failed=1
	else
		printf 'ok %s\n' "$name"
	fi
}

c_files()
{
	find bpf loader userspace tools tests -name '*.[ch]' | LC_ALL=C sort
}

headers()
{
	find bpf loader userspace tools tests -name '*.h' | LC_ALL=C sort
}

text_files()
{
	find . -path ./.git -prune -o -path ./build -prune -o -type f -print0 | xargs -0 grep -lI '' | LC_ALL=C sort
}

format()
{
	local tool
	tool=$(command -v clang-format-14 || command -v clang-format) || { echo "clang-format is missing"; return; }
	# shellcheck disable=SC2016
	c_files | xargs -P "$(nproc)" -I{} sh -c 'n=$('"$tool"' --dry-run "{}" 2>&1 | grep -c clang-formatted)
		[ "$n" = 0 ] || echo "{}: not formatted ($n places): make format"'
}

# What differs between the kernel and user space stands in one file.
seam()
{
	c_files | grep -v '^bpf/core/env\.h$' | xargs grep -n '__bpf__'
}

# Which headers are for one side only shows in what they include.
headers_native()
{
	{ headers | grep -v '^bpf/core/env\.h$' | xargs grep -L 'bpf/bpf_helpers\.h'; ls bpf/core/env.h; } |
		TAKE="$CC $NATIVE -Wno-unused-function" takes_header
}

headers_bpf()
{
	{ headers | grep '^bpf/\|^tests/bed/' | xargs grep -L '<std[a-z]*\.h>\|<string\.h>'; ls bpf/core/env.h; } |
		TAKE="$CLANG $BPF -Wno-unused-function" takes_header
}

# Reads names of headers; prints the first error of each that does not compile as the only include of a file.
takes_header()
{
	# shellcheck disable=SC2016
	sort -u | xargs -P "$(nproc)" -I{} sh -c 'echo "#include \"{}\"" |
		eval "$TAKE -fsyntax-only -x c -" 2>&1 | grep -m1 -E "error|fatal" | sed "s|^|{}: alone: |"'
}

# gcc sees them in the build.
clang_takes()
{
	# shellcheck disable=SC2016
	c_files | grep '\.c$' | grep -v '\.bpf\.c$' | TAKE="$CLANG $NATIVE" xargs -P "$(nproc)" -I{} sh -c \
		'eval "$TAKE -fsyntax-only {}" 2>&1 | grep -m1 -E "error:"'
}

# Functions whose braces stand in column 0.
function_lengths()
{
	c_files | xargs awk -v max=$MAX_FUNCTION '
		FNR == 1 { start = 0 }
		/^[A-Za-z_].*\(/ { name = $0 }
		/^\{/ { start = FNR }
		/^\}/ { if (start && FNR - start > max)
				printf "%s:%d: function of %d lines, %d are allowed: %s\n",
					FILENAME, start, FNR - start, max, name
			start = 0 }'
}

spdx()
{
	{ c_files; find tests tools .ci -name '*.sh' -o -name run -type f; } | while read -r f; do
		head -3 "$f" | grep -q 'SPDX-License-Identifier: ' || echo "$f:1: no SPDX-License-Identifier"
	done
	grep -L 'SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause' bpf/*.[ch] bpf/core/*.h 2>/dev/null |
		sed 's|$|:1: bpf/ is "GPL-2.0-only OR BSD-2-Clause"|'
}

# A path of one machine has no place in the tree.
paths()
{
	local above

	above=$(dirname "$PWD")
	case $above in
	/|/tmp|/var/tmp|/root|/home|/srv|/opt|/usr/src) above=$PWD ;;
	esac
	text_files | xargs grep -nE "(^|[^A-Za-z0-9_}])$(sed 's/[][\\.*^$+?(){}|]/\\&/g' <<< "$above")/"
}

man_pages()
{
	command -v mandoc > /dev/null || return 0
	find loader userspace tools -name '*.[1-8]' -exec mandoc -T lint -W error {} +
}

scripts()
{
	find tests tools .ci -type f \( -name '*.sh' -o -name run \) -exec bash -n {} \;
}

check "the C files are formatted" format
check "__bpf__ stands in bpf/core/env.h alone" seam
check "every header compiles alone, natively" headers_native
check "every header of bpf/ compiles alone for BPF" headers_bpf
check "clang takes every C file" clang_takes
check "no function is longer than $MAX_FUNCTION lines" function_lengths
check "every file names its licence" spdx
check "no path of a machine is in the tree" paths
check "the man pages are clean" man_pages
check "the scripts parse" scripts
exit $failed
