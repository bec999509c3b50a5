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

const char *reason_class_name(unsigned int class)
{
	static const char *const names[DNSBOLT_CLASSES] = {
		[DNSBOLT_CLASS_ANSWER] = "answer",     [DNSBOLT_CLASS_NODATA] = "nodata",
		[DNSBOLT_CLASS_NXDOMAIN] = "nxdomain", [DNSBOLT_CLASS_REFERRAL] = "referral",
		[DNSBOLT_CLASS_ERROR] = "error",       [DNSBOLT_CLASS_ALL] = "all",
	};

	return class < DNSBOLT_CLASSES ? names[class] : "unknown";
}

const char *reason_cookie_name(unsigned int cookie)
{
	static const char *const names[DNSBOLT_COOKIES] = {
		[DNSBOLT_COOKIE_NONE] = "none",		  [DNSBOLT_COOKIE_CLIENT] = "client",
		[DNSBOLT_COOKIE_VALID] = "valid",	  [DNSBOLT_COOKIE_BAD] = "bad",
		[DNSBOLT_COOKIE_MALFORMED] = "malformed",
	};

	return cookie < DNSBOLT_COOKIES ? names[cookie] : "unknown";
}

unsigned int reason_by_name(const char *name)
{
	for (unsigned int i = 1; i < DNSBOLT_REASONS_MAX; i++) {
		if (infos[i].name && strcmp(infos[i].name, name) == 0)
			return i;
	}
	return 0;
}
