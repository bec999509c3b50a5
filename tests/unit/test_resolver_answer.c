/* SPDX-License-Identifier: GPL-3.0-or-later */
/* With a core of its own, that says what the test wants it to. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "../../userspace/resolver/answer.h"

static const uint8_t query[] = {
	0x12, 0x34, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1
};

static struct script {
	enum dnsbolt_reason reason, first_reason; /* first_reason: of the first call, if not 0 */
	unsigned int moves;			  /* calls at which the store moves */
	unsigned int calls, refreshes;
	bool no_qr;
	bool news; /* what refresh() says */
} script;

static struct dnsbolt_config config = { .abi = DNSBOLT_ABI, .max_udp = 1232 };
static struct env_store view = { .config = &config };
static struct ipc_stats stats;

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

/* Writes garbage while the store moves, as a reader of freed memory would. */
enum dnsbolt_reason core_message(struct core *core, uint8_t *msg, size_t *len, size_t room,
				 bool tcp)
{
	(void)core;
	assert_int_equal(room, tcp ? ANSWER_TCP_ROOM : ANSWER_UDP_ROOM);
	assert_int_equal(*len, sizeof(query));
	assert_memory_equal(msg, query, sizeof(query));
	if (script.calls++ < script.moves) {
		config.reclaim_epoch++;
		memset(msg, 0xee, sizeof(query));
		*len = sizeof(query) - 1;
		return REASON_answer;
	}
	if (script.calls == 1 && script.first_reason)
		return script.first_reason;
	if (!script.no_qr)
		msg[2] |= 0x80;
	return script.reason;
}

void core_query(const struct core *core, struct core_query *ret_query)
{
	(void)core;
	*ret_query = (struct core_query){ .question_end = sizeof(query) };
}

static bool refresh(void *arg)
{
	(void)arg;
	script.refreshes++;
	return script.news;
}

static size_t ask(struct script s, uint8_t *reply, enum answer_transport transport)
{
	struct answer answer = { .view = &view, .stats = &stats, .refresh = refresh };

	script = s;
	memset(&stats, 0, sizeof(stats));
	return answer_message(&answer, transport, query, sizeof(query), reply);
}

static void an_answer_is_sent_and_counted_once(void **state)
{
	uint8_t reply[ANSWER_TCP_ROOM];

	(void)state;
	assert_int_equal(ask((struct script){ .reason = REASON_nodata }, reply, ANSWER_TCP),
			 sizeof(query));
	assert_int_equal(stats.reason[ANSWER_TCP][REASON_nodata], 1);
	assert_int_equal(stats.reason[ANSWER_UDP][REASON_nodata], 0);
	assert_int_equal(stats.rcode[0], 1);
	assert_int_equal(stats.retries, 0);
}

static void an_answer_out_of_freed_memory_is_composed_again(void **state)
{
	uint8_t reply[ANSWER_TCP_ROOM];

	(void)state;
	assert_int_equal(ask((struct script){ .reason = REASON_answer, .moves = 3 }, reply,
			     ANSWER_UDP),
			 sizeof(query));
	assert_int_equal(reply[0], 0x12);
	assert_int_equal(stats.retries, 3);
	assert_int_equal(stats.reason[ANSWER_UDP][REASON_answer], 1);
}

static void a_store_that_never_rests_is_servfail(void **state)
{
	uint8_t reply[ANSWER_TCP_ROOM];

	(void)state;
	assert_int_equal(ask((struct script){ .reason = REASON_answer, .moves = ~0u }, reply,
			     ANSWER_UDP),
			 sizeof(query));
	assert_int_equal(reply[3], 2);
	assert_memory_equal(reply + 12, query + 12, sizeof(query) - 12);
	assert_true(script.calls <= 32);
	assert_int_equal(stats.reason[ANSWER_UDP][REASON_busy], 1);
	assert_int_equal(stats.rcode[2], 1);
}

static void a_segment_that_is_still_in_the_channel_is_taken_in(void **state)
{
	static const enum dnsbolt_reason unseen[] = { REASON_store, REASON_unknown };
	struct script s = { .reason = REASON_answer, .news = true };
	uint8_t reply[ANSWER_TCP_ROOM];

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		s.first_reason = unseen[i];
		(void)ask(s, reply, ANSWER_UDP);
		assert_int_equal(script.calls, 2);
		assert_int_equal(stats.reason[ANSWER_UDP][REASON_answer], 1);
	}
	/* nothing was there: that is the answer */
	s.news = false;
	(void)ask(s, reply, ANSWER_UDP);
	assert_int_equal(script.calls, 1);
	assert_int_equal(script.refreshes, 1);
	assert_int_equal(reply[3], 2);
}

static void reasons_without_a_reply_have_none(void **state)
{
	uint8_t reply[ANSWER_TCP_ROOM];

	(void)state;
	assert_int_equal(ask((struct script){ .reason = REASON_response, .no_qr = true }, reply,
			     ANSWER_UDP),
			 0);
	assert_int_equal(stats.reason[ANSWER_UDP][REASON_response], 1);
}

static void a_query_is_never_echoed(void **state)
{
	uint8_t reply[ANSWER_TCP_ROOM];

	(void)state;
	ask((struct script){ .reason = (enum dnsbolt_reason)120, .no_qr = true }, reply,
	    ANSWER_UDP);
	assert_int_equal(reply[2], 0x81);
	assert_int_equal(reply[3], 2);
	assert_int_equal(stats.reason[ANSWER_UDP][REASON_internal], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_sent_and_counted_once),
		cmocka_unit_test(an_answer_out_of_freed_memory_is_composed_again),
		cmocka_unit_test(a_store_that_never_rests_is_servfail),
		cmocka_unit_test(a_segment_that_is_still_in_the_channel_is_taken_in),
		cmocka_unit_test(reasons_without_a_reply_have_none),
		cmocka_unit_test(a_query_is_never_echoed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
