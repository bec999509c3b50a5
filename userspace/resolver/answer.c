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

size_t answer_message(struct answer *answer, enum answer_transport transport, const uint8_t *query,
		      size_t len, uint8_t *reply)
{
	struct query read;
	enum dnsbolt_reason reason;
	uint16_t udp_size;
	size_t reply_len;

	reason = compose(answer, transport, query, len, reply, &reply_len);
	if (is_error(reason))
		reason = read_and_compose(answer, transport, &read, reason, query, len, reply,
					  &reply_len);
	answer_count(answer, transport, reason);
	if (reason_info(reason)->reply == REASON_REPLY_NONE)
		return 0;
	if (is_error(reason)) {
		udp_size = __atomic_load_n(&answer->view->config->max_udp, __ATOMIC_RELAXED);
		reply_len =
			reply_error(reply, query, &read, reason, udp_size, transport == ANSWER_TCP);
		/* The header holds the lower four bits only of BADVERS: its reason alone counts
		 * it. */
		if (reason_info(reason)->reply == REASON_REPLY_BADVERS)
			return reply_len;
	}
	count_add(&answer->stats->rcode[reply[3] & 0x0f], 1);
	return reply_len;
}

void answer_count(struct answer *answer, enum answer_transport transport,
		  enum dnsbolt_reason reason)
{
	count_add(&answer->stats->reason[transport][reason & (DNSBOLT_REASONS_MAX - 1)], 1);
}
