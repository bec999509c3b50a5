# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# bash completion: dnsboltctl itself knows which words may follow.
_dnsboltctl()
{
	mapfile -t COMPREPLY < <(dnsboltctl complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2> /dev/null)
}
complete -F _dnsboltctl dnsboltctl
