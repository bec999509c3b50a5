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

/* The reply to `len` octets of a message for that reason. Returns its length. */
static size_t reply_to(const uint8_t *msg, size_t len, enum dnsbolt_reason reason, bool tcp,
		       uint8_t *ret_reply)
{
	struct query read;

	(void)query_read(&read, msg, len);
	return reply_error(ret_reply, msg, &read, reason, UDP_SIZE, NULL, tcp);
}

static void the_question_comes_back_and_only_rd_of_the_flags(void **state)
{
	static const uint8_t expected[] = {
		0x12, 0x34, 0x81, 0x02, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1,
	};
	uint8_t plain[QUESTION_END], reply[REPLY_ERROR_MAX];

	(void)state;
	memcpy(plain, query, sizeof(plain));
	plain[11] = 0;
	assert_int_equal(reply_to(plain, sizeof(plain), REASON_no_proof, false, reply),
			 sizeof(expected));
	assert_memory_equal(reply, expected, sizeof(expected));
}

static void an_opt_is_answered_by_an_opt_that_copies_do(void **state)
{
	static const uint8_t opt[] = {
		0, 0, 41, UDP_SIZE >> 8, UDP_SIZE & 255, 0, 0, 0x80, 0, 0, 0
	};
	static const enum dnsbolt_reason reasons[] = { REASON_edns_malformed, REASON_no_proof,
						       REASON_qclass, REASON_mailbox };
	static const uint8_t rcodes[] = { 1, 2, 5, 4 };
	uint8_t reply[REPLY_ERROR_MAX];

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(reply_to(query, sizeof(query), reasons[i], false, reply),
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
	assert_int_equal(reply_to(query, sizeof(query), REASON_edns_version, false, reply),
			 QUESTION_END + 11);
	assert_int_equal(reply[3], 0);
	assert_int_equal(reply[QUESTION_END + 5], 1);
	assert_int_equal(reply[QUESTION_END + 6], 0); /* the version that is understood */
}

static void without_a_question_it_is_a_header(void **state)
{
	static const uint8_t expected[] = { 0x12, 0x34, 0xb1, 0x04, 0, 0, 0, 0, 0, 0, 0, 0 };
	uint8_t dso[12], reply[REPLY_ERROR_MAX];

	(void)state;
	memcpy(dso, query, sizeof(dso));
	dso[2] = 0x31; /* opcode DSO, RD */
	dso[5] = dso[11] = 0;
	assert_int_equal(reply_to(dso, sizeof(dso), REASON_opcode, false, reply), sizeof(expected));
	assert_memory_equal(reply, expected, sizeof(expected));
}

static void what_is_no_query_gets_no_reply(void **state)
{
	uint8_t reply[REPLY_ERROR_MAX], response[sizeof(query)];

	(void)state;
	memcpy(response, query, sizeof(query));
	response[2] |= 0x80;
	/* whatever it is called */
	assert_int_equal(reply_to(response, sizeof(response), REASON_message_long, false, reply),
			 0);
	assert_int_equal(reply_to(response, sizeof(response), REASON_response, false, reply), 0);
	assert_int_equal(reply_to(query, sizeof(query), REASON_message_short, false, reply), 0);
	assert_int_equal(reply_to(query, sizeof(query), REASON_answer, false, reply), 0);
}

static void what_is_not_a_whole_opt_is_not_answered_by_one(void **state)
{
	uint8_t other[sizeof(query)], reply[REPLY_ERROR_MAX];

	(void)state;
	memcpy(other, query, sizeof(query));
	other[QUESTION_END + 2] = 16; /* TXT */
	assert_int_equal(reply_to(other, sizeof(other), REASON_no_proof, false, reply),
			 QUESTION_END);
	assert_int_equal(reply[11], 0);
	/* cut off */
	assert_int_equal(reply_to(query, sizeof(query) - 1, REASON_additional, false, reply),
			 QUESTION_END);
}

/* A name of `octets` octets, at most 64 + 64 + 64 + 63. Returns its end. */
static uint8_t *put_name(uint8_t *to, size_t octets)
{
	while (octets > 1) {
		size_t label = octets - 1 < 64 ? octets - 1 : 64;

		*to = (uint8_t)(label - 1);
		memset(to + 1, 'k', label - 1);
		to += label;
		octets -= label;
	}
	*to++ = 0;
	return to;
}

/* The query with a TSIG record of a key and an algorithm of that many octets. Returns its length. */
static size_t sign(uint8_t *to, size_t key, size_t algorithm)
{
	static const uint8_t fixed[] = { 0, 250, 0, 255, 0, 0, 0, 0 };
	static const uint8_t mac[] = { 1, 2, 3, 4, 5, 6, 1, 44, 0, 3, 'm', 'a', 'c' };
	static const uint8_t behind[] = { 0x12, 0x34, 0, 0, 0, 2, 'x', 'x' };
	uint8_t *start = to, *rdlen;

	memcpy(to, query, sizeof(query));
	to[11] = 2;
	to = put_name(to + sizeof(query), key);
	memcpy(to, fixed, sizeof(fixed));
	rdlen = to + sizeof(fixed);
	to = put_name(rdlen + 2, algorithm);
	memcpy(to, mac, sizeof(mac));
	memcpy(to + sizeof(mac), behind, sizeof(behind));
	to += sizeof(mac) + sizeof(behind);
	rdlen[0] = (uint8_t)((size_t)(to - rdlen - 2) >> 8);
	rdlen[1] = (uint8_t)(to - rdlen - 2);
	return (size_t)(to - start);
}

static void an_unknown_key_is_said_without_a_signature(void **state)
{
	static const uint8_t tsig[] = { 1,    'k',  0,	 0,  0xfa, 0,  0xff,
					0,    0,    0,	 0,  0,	   20, /* fixed */
					2,    'k',  'k', 0,  1,	   2,  3,
					4,    5,    6,	 1,  44,   0,  0, /* no MAC */
					0x12, 0x34, 0,	 17, 0,	   0 };
	uint8_t msg[1024], reply[REPLY_ERROR_MAX];
	size_t len = sign(msg, 3, 4), at = QUESTION_END + 11;

	(void)state;
	assert_int_equal(reply_to(msg, len, REASON_tsig, false, reply), at + sizeof(tsig));
	assert_int_equal(reply[3], 9);
	assert_int_equal(reply[11], 2);
	assert_memory_equal(reply + at, tsig, sizeof(tsig));
}

static void a_tsig_record_that_does_not_fit_is_for_tcp(void **state)
{
	uint8_t msg[1024], reply[REPLY_ERROR_MAX];
	size_t len = sign(msg, 255, 255);

	(void)state;
	msg[QUESTION_END + 3] = 2; /* the client takes 512 octets */
	assert_int_equal(reply_to(msg, len, REASON_tsig, false, reply), QUESTION_END + 11);
	assert_int_equal(reply[2], 0x83);
	assert_int_equal(reply[11], 1);
	assert_int_equal(reply_to(msg, len, REASON_tsig, true, reply),
			 QUESTION_END + 11 + 255 + 10 + 255 + 16);
	assert_int_equal(reply[2], 0x81);
	assert_int_equal(reply[11], 2);
	msg[QUESTION_END + 3] = 4; /* 1024 */
	assert_int_equal(reply_to(msg, len, REASON_tsig, false, reply),
			 QUESTION_END + 11 + 255 + 10 + 255 + 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_question_comes_back_and_only_rd_of_the_flags),
		cmocka_unit_test(an_opt_is_answered_by_an_opt_that_copies_do),
		cmocka_unit_test(what_is_not_a_whole_opt_is_not_answered_by_one),
		cmocka_unit_test(badvers_is_split_between_opt_and_header),
		cmocka_unit_test(without_a_question_it_is_a_header),
		cmocka_unit_test(what_is_no_query_gets_no_reply),
		cmocka_unit_test(an_unknown_key_is_said_without_a_signature),
		cmocka_unit_test(a_tsig_record_that_does_not_fit_is_for_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
