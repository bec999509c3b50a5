/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The part of userspace/lib/core.h that says nothing, for tests with a core_message() of their own: nobody is denied or limited, and
 * cookies are ignored. */
#ifndef CORE_FAKES_H
#define CORE_FAKES_H

#include "../../userspace/lib/core.h"

int core_new(struct core **ret_core, const struct env_store *v)
{
	(void)ret_core;
	(void)v;
	return 0;
}

void core_free(struct core *core)
{
	(void)core;
}

enum dnsbolt_reason core_begin(struct core *core, const struct dnsbolt_addr *client)
{
	(void)core;
	(void)client;
	return REASON_none;
}

enum dnsbolt_cookie core_cookie(struct core *core, const uint8_t *data, size_t len,
				uint8_t ret_data[CORE_COOKIE])
{
	(void)core;
	(void)data;
	(void)len;
	(void)ret_data;
	return DNSBOLT_COOKIES;
}

bool core_may_refuse(struct core *core)
{
	(void)core;
	return true;
}

void core_notes(const struct core *core, struct core_notes *ret_notes)
{
	(void)core;
	*ret_notes = (struct core_notes){ .limited = -1, .cookie = DNSBOLT_COOKIES };
}

#endif /* CORE_FAKES_H */
