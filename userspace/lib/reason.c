/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reason.h"

#include <string.h>

#include "../../bpf/abi.h"
#include "../../bpf/reasons.h"

#define REASON_ROW(nr, reason_name, reason_act, resolver, words)                                   \
	[nr] = { .name = #reason_name,                                                             \
		 .text = words,                                                                    \
		 .action = REASON_ACTION_##reason_act,                                             \
		 .reply = REASON_REPLY_##resolver },

static const struct reason_info infos[DNSBOLT_REASONS_MAX] = { DNSBOLT_REASONS(REASON_ROW) };

const struct reason_info *reason_info(unsigned int number)
{
	/* Number 0 is no reason, so its row is empty. */
	return &infos[number < DNSBOLT_REASONS_MAX ? number : 0];
}

unsigned int reason_by_name(const char *name)
{
	for (unsigned int i = 1; i < DNSBOLT_REASONS_MAX; i++) {
		if (infos[i].name && strcmp(infos[i].name, name) == 0)
			return i;
	}
	return 0;
}
