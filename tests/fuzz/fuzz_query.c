// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Hostile messages, read in full as the resolver does: what is wrong with one gets a reply within bounds, and what is
 * not is a query that the core takes.
 */
#include <stdlib.h>
#include <string.h>

#include "../../userspace/lib/core.h"
#include "../../userspace/lib/reason.h"
#include "../../userspace/resolver/reply.h"
#include "../lib/harness.h"
#include "fuzz.h"

static struct harness *h;
static struct core *core;

static void check_reply(const uint8_t *msg, const struct query *query, enum dnsbolt_reason reason,
			bool tcp)
{
	static const uint8_t cookie[CORE_COOKIE];
	uint8_t reply[REPLY_ERROR_MAX];
	size_t len =
		reply_error(reply, msg, query, reason, 1232, query->cookie ? cookie : NULL, tcp);

	if (len > (tcp ? sizeof(reply) : 1232) || (len && !(reply[2] & 0x80)))
		abort();
	if (!len != (reason_info(reason)->reply == REASON_REPLY_NONE))
		abort();
}

static void check_cookie(const uint8_t *msg, const struct query *query)
{
	static const uint8_t cookie[CORE_COOKIE];
	uint8_t reply[REPLY_ERROR_MAX];

	if (!query->opt || !query->cookie)
		abort();
	if (reply_cookie(reply, msg, query, REASON_cookie_only, 1232, cookie) != 12 + 11 + 28)
		abort();
}

/* Only what is asked may be in the way, not the form. */
static bool may_be(enum dnsbolt_reason reason)
{
	switch (reason) {
	case REASON_qclass:
	case REASON_qtype:
	case REASON_transfer:
	case REASON_mailbox:
		return true;
	default:
		return reason < REASON_FORM_FIRST || reason > REASON_FORM_LAST;
	}
}

static void check_plain(struct query *query)
{
	uint8_t msg[4096];
	size_t len = query->plain_len;

	if (len > QUERY_PLAIN_MAX)
		abort();
	memcpy(msg, query->plain, len);
	if (!may_be(core_message(core, msg, &len, sizeof(msg), false)))
		abort();
	query_restore(query, query->plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum dnsbolt_reason reason;
	struct query query;

	if (!core && (harness_new(&h, false) || core_new(&core, store_view(harness_store(h)))))
		abort();
	if (len < 12)
		return 0;
	reason = query_read(&query, data, len);
	if (reason == REASON_cookie_only) {
		check_cookie(data, &query);
	} else if (reason) {
		check_reply(data, &query, reason, false);
		check_reply(data, &query, reason, true);
	} else {
		check_plain(&query);
	}
	return 0;
}
