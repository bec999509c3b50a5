/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "../../userspace/resolver/reply.h"

#define UDP_SIZE 1232

/* id 1234; opcode 0; RD, AD and CD set; `a. A IN`; OPT 4096, DO */
static const uint8_t query[] = {
	0x12, 0x34, 0x01, 0x30, 0, 1, 0, 0,    0, 0, 0, 1, /* header */
	1,    'a',  0,	  0,	1, 0, 1,		   /* question */
	0,    0,    41,	  0x10, 0, 0, 0, 0x80, 0, 0, 0,	   /* OPT */
};
#define QUESTION_END 19

static void the_question_comes_back_and_only_rd_of_the_flags(void **state)
{
	static const uint8_t expected[] = {
		0x12, 0x34, 0x81, 0x02, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1,
	};
	uint8_t plain[QUESTION_END], reply[REPLY_ERROR_MAX];

	(void)state;
	memcpy(plain, query, sizeof(plain));
	plain[11] = 0;
	assert_int_equal(reply_error(reply, plain, sizeof(plain), QUESTION_END, REASON_no_proof,
				     UDP_SIZE),
			 sizeof(expected));
	assert_memory_equal(reply, expected, sizeof(expected));
}

static void an_opt_is_answered_by_an_opt_that_copies_do(void **state)
{
	static const uint8_t opt[] = {
		0, 0, 41, UDP_SIZE >> 8, UDP_SIZE & 255, 0, 0, 0x80, 0, 0, 0
	};
	static const enum dnsbolt_reason reasons[] = { REASON_edns_malformed, REASON_no_proof,
						       REASON_qtype };
	static const uint8_t rcodes[] = { 1, 2, 1 };
	uint8_t reply[REPLY_ERROR_MAX];

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(reply_error(reply, query, sizeof(query), QUESTION_END, reasons[i],
					     UDP_SIZE),
				 QUESTION_END + sizeof(opt));
		assert_int_equal(reply[3], rcodes[i]);
		assert_int_equal(reply[11], 1);
		assert_memory_equal(reply + QUESTION_END, opt, sizeof(opt));
	}
}

static void badvers_is_split_between_opt_and_header(void **state)
{
	uint8_t reply[REPLY_ERROR_MAX];

	(void)state;
	assert_int_equal(reply_error(reply, query, sizeof(query), QUESTION_END, REASON_edns_version,
				     UDP_SIZE),
			 QUESTION_END + 11);
	assert_int_equal(reply[3], 0);
	assert_int_equal(reply[QUESTION_END + 5], 1);
	assert_int_equal(reply[QUESTION_END + 6], 0); /* the version that is understood */
}

static void without_a_question_it_is_a_header(void **state)
{
	static const uint8_t expected[] = { 0x12, 0x34, 0xa9, 0x04, 0, 0, 0, 0, 0, 0, 0, 0 };
	uint8_t update[sizeof(query)], reply[REPLY_ERROR_MAX];

	(void)state;
	memcpy(update, query, sizeof(query));
	update[2] = 0x29; /* opcode UPDATE, RD */
	assert_int_equal(reply_error(reply, update, sizeof(update), 0, REASON_opcode, UDP_SIZE),
			 sizeof(expected));
	assert_memory_equal(reply, expected, sizeof(expected));
}

static void what_is_no_query_gets_no_reply(void **state)
{
	uint8_t reply[REPLY_ERROR_MAX], response[sizeof(query)];

	(void)state;
	memcpy(response, query, sizeof(query));
	response[2] |= 0x80;
	/* whatever it is called */
	assert_int_equal(reply_error(reply, response, sizeof(response), QUESTION_END,
				     REASON_message_long, UDP_SIZE),
			 0);
	assert_int_equal(reply_error(reply, response, sizeof(response), QUESTION_END,
				     REASON_response, UDP_SIZE),
			 0);
	assert_int_equal(reply_error(reply, query, 11, QUESTION_END, REASON_counts, UDP_SIZE), 0);
	assert_int_equal(reply_error(reply, query, sizeof(query), QUESTION_END,
				     REASON_message_short, UDP_SIZE),
			 0);
	assert_int_equal(
		reply_error(reply, query, sizeof(query), QUESTION_END, REASON_answer, UDP_SIZE), 0);
}

static void an_end_of_the_question_past_the_message_is_not_believed(void **state)
{
	uint8_t reply[REPLY_ERROR_MAX];

	(void)state;
	assert_int_equal(reply_error(reply, query, sizeof(query), sizeof(query) + 1,
				     REASON_no_proof, UDP_SIZE),
			 12);
	assert_int_equal(reply[5], 0);
}

static void what_is_not_an_opt_is_not_taken_for_one(void **state)
{
	uint8_t other[sizeof(query)], reply[REPLY_ERROR_MAX];

	(void)state;
	memcpy(other, query, sizeof(query));
	other[QUESTION_END + 2] = 250; /* TSIG */
	assert_int_equal(reply_error(reply, other, sizeof(other), QUESTION_END, REASON_additional,
				     UDP_SIZE),
			 QUESTION_END);
	assert_int_equal(reply[11], 0);
	/* cut off */
	assert_int_equal(reply_error(reply, query, sizeof(query) - 1, QUESTION_END,
				     REASON_additional, UDP_SIZE),
			 QUESTION_END);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_question_comes_back_and_only_rd_of_the_flags),
		cmocka_unit_test(an_opt_is_answered_by_an_opt_that_copies_do),
		cmocka_unit_test(what_is_not_an_opt_is_not_taken_for_one),
		cmocka_unit_test(badvers_is_split_between_opt_and_header),
		cmocka_unit_test(without_a_question_it_is_a_header),
		cmocka_unit_test(what_is_no_query_gets_no_reply),
		cmocka_unit_test(an_end_of_the_question_past_the_message_is_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
