/* SPDX-License-Identifier: GPL-3.0-or-later */
/* With a core of its own, that says what the test wants it to. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "../../userspace/resolver/answer.h"
#include "core_fakes.h"

static const uint8_t query[] = {
	0x12, 0x34, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1
};
/* The same of class ANY, with TC, CD and an octet behind. */
static const uint8_t rare[] = { 0x12, 0x34, 0x03, 0x10, 0, 1, 0, 0, 0,	 0,
				0,    0,    1,	  'a',	0, 0, 1, 0, 255, 7 };

static struct script {
	enum dnsbolt_reason reason, first_reason; /* first_reason: of the first call, if not 0 */
	unsigned int moves;			  /* calls at which the store moves */
	unsigned int calls, refreshes;
	bool no_qr;
	bool news;    /* what refresh() says */
	bool is_rare; /* the first call is to see the rare query, those after it the plain one */
} script;

static struct dnsbolt_config config = { .abi = DNSBOLT_ABI, .max_udp = 1232 };
static struct env_store view = { .config = &config };
static struct ipc_stats stats;

/* Writes garbage while the store moves, as a reader of freed memory would. */
enum dnsbolt_reason core_message(struct core *core, uint8_t *msg, size_t *len, size_t room,
				 bool tcp)
{
	(void)core;
	assert_int_equal(room, tcp ? ANSWER_TCP_ROOM : ANSWER_UDP_ROOM);
	if (script.is_rare && !script.calls) {
		assert_int_equal(*len, sizeof(rare));
		assert_memory_equal(msg, rare, sizeof(rare));
	} else {
		assert_int_equal(*len, sizeof(query));
		assert_memory_equal(msg, query, sizeof(query));
	}
	if (script.calls++ < script.moves) {
		config.reclaim_epoch++;
		memset(msg, 0xee, sizeof(query));
		*len = sizeof(query) - 1;
		return REASON_answer;
	}
	if (script.calls == 1 && script.first_reason)
		return script.first_reason;
	if (!script.no_qr)
		msg[2] |= 0x84;
	return script.reason;
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
	if (s.is_rare)
		return answer_message(&answer, transport, NULL, rare, sizeof(rare), reply);
	return answer_message(&answer, transport, NULL, query, sizeof(query), reply);
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

/* Its class comes back, and without authority (RFC 1035 section 6.2). */
static void what_is_of_a_rare_form_is_asked_again_as_a_plain_query(void **state)
{
	static const uint8_t expected[] = { 0x12, 0x34, 0x81, 0,   0, 1, 0, 0, 0,  0,
					    0,	  0,	1,    'a', 0, 0, 1, 0, 255 };
	struct script s = { .reason = REASON_answer, .is_rare = true };
	static const enum dnsbolt_reason form[] = { REASON_message_long, REASON_query_rcode,
						    REASON_qclass, REASON_trailing };
	uint8_t reply[ANSWER_TCP_ROOM];

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		s.first_reason = form[i];
		assert_int_equal(ask(s, reply, ANSWER_UDP), sizeof(query));
		assert_memory_equal(reply, expected, sizeof(expected));
		assert_int_equal(script.calls, 2);
		assert_int_equal(stats.reason[ANSWER_UDP][REASON_answer], 1);
		assert_int_equal(stats.reason[ANSWER_UDP][form[i]], 0);
	}
}

static void an_error_says_what_was_asked(void **state)
{
	static const uint8_t expected[] = { 0x12, 0x34, 0x81, 5,   0, 1, 0, 0, 0,  0,
					    0,	  0,	1,    'a', 0, 0, 1, 0, 255 };
	struct script s = { .first_reason = REASON_qclass, .reason = REASON_not_ours };
	uint8_t reply[ANSWER_TCP_ROOM];

	(void)state;
	s.is_rare = true;
	assert_int_equal(ask(s, reply, ANSWER_UDP), sizeof(expected));
	assert_memory_equal(reply, expected, sizeof(expected));
	assert_int_equal(stats.reason[ANSWER_UDP][REASON_not_ours], 1);
	/* not for its form: it is not asked again */
	s = (struct script){ .reason = REASON_no_proof };
	(void)ask(s, reply, ANSWER_UDP);
	assert_int_equal(script.calls, 1);
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
		cmocka_unit_test(what_is_of_a_rare_form_is_asked_again_as_a_plain_query),
		cmocka_unit_test(an_error_says_what_was_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
