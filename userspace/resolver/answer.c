/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer.h"

#include <string.h>

#include "../lib/reason.h"
#include "count.h"
#include "query.h"
#include "reply.h"

/* The writer raises the epoch once a grace period, which takes milliseconds; an answer takes
 * microseconds. */
#define TRIES_MAX 16

#define FLAG_QR 0x80 /* octet 2 of the header: RFC 1035 section 4.1.1 */

static uint64_t epoch_begin(const struct dnsbolt_config *config)
{
	return __atomic_load_n(&config->reclaim_epoch, __ATOMIC_ACQUIRE);
}

/* The fence keeps the loads of the answer before the second look at the epoch: when it did not
 * move, nothing that was read had been freed and written again. */
static bool epoch_moved(const struct dnsbolt_config *config, uint64_t epoch)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&config->reclaim_epoch, __ATOMIC_RELAXED) != epoch;
}

/* What an anchor or another object in a segment that is not mapped looks like. */
static bool maybe_unseen(enum dnsbolt_reason reason)
{
	return reason == REASON_unknown || reason == REASON_store;
}

/* Each try starts from the query: core_message() works in place. */
static enum dnsbolt_reason compose(struct answer *answer, enum answer_transport transport,
				   const uint8_t *query, size_t len, uint8_t *reply,
				   size_t *ret_len)
{
	size_t room = transport == ANSWER_TCP ? ANSWER_TCP_ROOM : ANSWER_UDP_ROOM;

	for (unsigned int i = 0; i < TRIES_MAX; i++) {
		uint64_t epoch = epoch_begin(answer->view->config);
		enum dnsbolt_reason reason;

		memcpy(reply, query, len);
		*ret_len = len;
		reason = core_message(answer->core, reply, ret_len, room, transport == ANSWER_TCP);
		if (epoch_moved(answer->view->config, epoch) || reason == REASON_busy) {
			count_add(&answer->stats->retries, 1);
			continue;
		}
		/* Whatever the store says: what is not a response does not leave. */
		if (reason_info(reason)->reply == REASON_REPLY_SEND && !(reply[2] & FLAG_QR))
			return REASON_internal;
		if (!maybe_unseen(reason) || !answer->refresh(answer->arg))
			return reason;
	}
	return REASON_busy;
}

static bool is_error(enum dnsbolt_reason reason)
{
	enum reason_reply reply = reason_info(reason)->reply;

	return reply != REASON_REPLY_SEND && reply != REASON_REPLY_NONE;
}

static bool is_about_form(enum dnsbolt_reason reason)
{
	return reason >= REASON_FORM_FIRST && reason <= REASON_FORM_LAST;
}

/* What the core does not answer is read in full, and where its form alone was in the way the core is asked again. */
static enum dnsbolt_reason read_and_compose(struct answer *answer, enum answer_transport transport,
					    struct query *read, enum dnsbolt_reason reason,
					    const uint8_t *query, size_t len, uint8_t *reply,
					    size_t *ret_len)
{
	enum dnsbolt_reason form = query_read(read, query, len);

	if (!is_about_form(reason))
		return reason;
	if (form)
		return form;
	reason = compose(answer, transport, read->plain, read->plain_len, reply, ret_len);
	if (reason_info(reason)->reply == REASON_REPLY_SEND)
		query_restore(read, reply);
	return reason;
}

/* What is to be told who asks for nothing but a cookie. */
static enum dnsbolt_reason cookie_reason(enum dnsbolt_cookie cookie)
{
	switch (cookie) {
	case DNSBOLT_COOKIE_CLIENT:
	case DNSBOLT_COOKIE_VALID:
		return REASON_cookie_only;
	case DNSBOLT_COOKIE_BAD:
		return REASON_badcookie;
	case DNSBOLT_COOKIE_MALFORMED:
		return REASON_edns_malformed;
	default:
		return REASON_counts; /* cookies are not our business */
	}
}

/* A reply of our own making to a query that was read in full. By UDP an error may be over its rate: none is sent then. */
static size_t reply_without_data(struct answer *answer, enum answer_transport transport,
				 const struct query *read, enum dnsbolt_reason *reason,
				 const uint8_t *query, uint8_t *reply)
{
	uint16_t udp_size = __atomic_load_n(&answer->view->config->max_udp, __ATOMIC_RELAXED);
	bool tcp = transport == ANSWER_TCP, has_cookie;
	enum dnsbolt_cookie state = DNSBOLT_COOKIES;
	uint8_t cookie[CORE_COOKIE];

	if (read->cookie)
		state = core_cookie(answer->core, read->cookie, read->cookie_len, cookie);
	has_cookie = state == DNSBOLT_COOKIE_CLIENT || state == DNSBOLT_COOKIE_VALID ||
		     state == DNSBOLT_COOKIE_BAD;
	if (*reason == REASON_cookie_only)
		*reason = cookie_reason(state);
	if (!tcp && !core_may_refuse(answer->core)) {
		*reason = REASON_rate_limited;
		return 0;
	}
	if (*reason == REASON_cookie_only || *reason == REASON_badcookie)
		return reply_cookie(reply, query, read, *reason, udp_size, cookie);
	return reply_error(reply, query, read, *reason, udp_size, has_cookie ? cookie : NULL, tcp);
}

/* The header holds the lower four bits of an RCODE only: where there are more the reason alone counts it. */
static bool is_extended(enum dnsbolt_reason reason)
{
	return reason == REASON_badcookie || reason_info(reason)->reply == REASON_REPLY_BADVERS;
}

static void count_reply(struct answer *answer, enum answer_transport transport,
			enum dnsbolt_reason reason, const uint8_t *reply, size_t len)
{
	struct core_notes notes;

	core_notes(answer->core, &notes);
	answer_count(answer, transport, reason);
	if (len && !is_extended(reason))
		count_add(&answer->stats->rcode[reply[3] & 0x0f], 1);
	if (notes.limited >= 0)
		count_add(&answer->stats->limited[notes.limited], 1);
	if (notes.slipped)
		count_add(&answer->stats->slipped, 1);
	if (notes.cookie < DNSBOLT_COOKIES)
		count_add(&answer->stats->cookies[notes.cookie], 1);
}

size_t answer_message(struct answer *answer, enum answer_transport transport,
		      const struct dnsbolt_addr *client, const uint8_t *query, size_t len,
		      uint8_t *reply)
{
	enum dnsbolt_reason reason = core_begin(answer->core, client);
	struct query read;
	size_t reply_len = 0;

	if (!reason)
		reason = compose(answer, transport, query, len, reply, &reply_len);
	if (is_error(reason))
		reason = read_and_compose(answer, transport, &read, reason, query, len, reply,
					  &reply_len);
	if (is_error(reason) || reason == REASON_cookie_only)
		reply_len = reply_without_data(answer, transport, &read, &reason, query, reply);
	else if (reason_info(reason)->reply == REASON_REPLY_NONE)
		reply_len = 0;
	count_reply(answer, transport, reason, reply, reply_len);
	return reply_len;
}

void answer_count(struct answer *answer, enum answer_transport transport,
		  enum dnsbolt_reason reason)
{
	count_add(&answer->stats->reason[transport][reason & (DNSBOLT_REASONS_MAX - 1)], 1);
}
