/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages in full: what is wrong with them, what of them a reply gives back, and the plain query that they amount to. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <libknot/libknot.h>

#include "../../userspace/lib/reason.h"
#include "../../userspace/resolver/query.h"

/* Octets as text: two digits each, blanks between */
static size_t octets(uint8_t *to, const char *text)
{
	size_t n = 0;

	for (; *text; text += *text == ' ' ? 1 : 2) {
		char digits[3] = { text[0], text[1], 0 };

		if (*text != ' ')
			to[n++] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return n;
}

/* Header with flags and counts; `a. A IN`; records */
#define HEAD(flags, counts) "1234 " flags " " counts " "
#define ONE "0001 0000 0000 0000"
#define QUESTION "016100 0001 0001 "
#define RR(type, rdata) "c00c " type " 0001 00000000 " rdata " "
#define OPT "00 0029 04d0 00 00 8000 0000 "
#define OPT1 "00 0029 04d0 00 01 8000 0000 "
#define OPT_COOKIE "00 0029 04d0 00 00 8000 000c 000a 0008 0102030405060708 "
#define TSIG_RDATA "016b00 000000000001 012c 0002 ffff 1234 0000 0000 "
#define TSIG "016b00 00fa 00ff 00000000 0015 " TSIG_RDATA

/* Of the same query: a header with RD, the question, the OPT with DO */
#define PLAIN HEAD("0100", ONE) QUESTION
#define PLAIN_OPT HEAD("0100", "0001 0000 0000 0001") QUESTION OPT

struct row {
	const char *msg;
	enum dnsbolt_reason reason;
	bool question, opt, tsig;
	const char *plain; /* of what has no reason */
};

static void assert_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		/* On the heap, to the octet: reads past the end show. */
		uint8_t all[1024], plain[1024];
		size_t len = octets(all, rows[i].msg);
		uint8_t *msg = malloc(len);
		struct query query;
		enum dnsbolt_reason reason;

		assert_non_null(msg);
		memcpy(msg, all, len);
		reason = query_read(&query, msg, len);
		if (reason != rows[i].reason)
			fail_msg("%s: %s", rows[i].msg, reason_info(reason)->name);
		assert_int_equal(query.question_end, rows[i].question ? 19 : 0);
		assert_int_equal(query.opt != NULL, rows[i].opt);
		assert_int_equal(query.tsig != NULL, rows[i].tsig);
		if (!reason) {
			assert_int_equal(query.plain_len, octets(plain, rows[i].plain));
			assert_memory_equal(query.plain, plain, query.plain_len);
		}
		free(msg);
	}
}

#define ASSERT_ROWS(rows) assert_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void what_says_nothing_is_left_out(void **state)
{
	static const struct row rows[] = {
		{ PLAIN, 0, true, false, false, PLAIN },
		/* AA, TC, RD; RA, Z, AD, CD, RCODE */
		{ HEAD("07ff", ONE) QUESTION, 0, true, false, false, PLAIN },
		{ HEAD("0100", ONE) QUESTION "ffff", 0, true, false, false, PLAIN },
		{ HEAD("0100", "0001 0001 0002 0001") QUESTION RR("0001", "0004 01020304")
			  RR("0006", "0000") RR("0006", "0000") RR("0018", "0001 00"),
		  0, true, false, false, PLAIN },
		{ HEAD("0100", "0001 0000 0001 0002") QUESTION RR("0006", "0000")
			  OPT RR("0001", "0000"),
		  0, true, true, false, PLAIN_OPT },
		/* an extended RCODE, unknown flags, unknown options */
		{ HEAD("0100", "0001 0000 0000 0001") QUESTION
		  "00 0029 04d0 07 00 ffff 000c fde9 0001 aa 000c 0003 000000",
		  0, true, true, false,
		  HEAD("0100", "0001 0000 0000 0001") QUESTION "00 0029 04d0 00 00 ffff 0000" },
		/* those that are known, the first of each */
		{ HEAD("0100", "0001 0000 0000 0001") QUESTION
		  "00 0029 04d0 00 00 8000 0011 0003 0001 aa 0003 0000 0009 0000 0063 0000",
		  0, true, true, false,
		  HEAD("0100", "0001 0000 0000 0001") QUESTION
		  "00 0029 04d0 00 00 8000 0009 0003 0001 aa 0009 0000" },
	};

	(void)state;
	ASSERT_ROWS(rows);
}

static void what_is_wrong_is_said(void **state)
{
	static const struct row rows[] = {
		{ HEAD("8100", ONE) QUESTION, REASON_response, false, false, false, NULL },
		{ HEAD("0100", "0000 0000 0000 0000"), REASON_counts, false, false, false, NULL },
		{ HEAD("0100", "0000 0000 0000 0001") OPT, REASON_counts, false, true, false,
		  NULL },
		/* RFC 7873 section 5.4; not with another option, another record, or one that is cut off */
		{ HEAD("0100", "0000 0000 0000 0001") OPT_COOKIE, REASON_cookie_only, false, true,
		  false, NULL },
		{ HEAD("0100", "0000 0000 0000 0001") "00 0029 04d0 00 00 8000 0004 0003 0000",
		  REASON_counts, false, true, false, NULL },
		{ HEAD("0100", "0000 0000 0000 0001") "00 0029 04d0 00 00 8000 000c 000a 0009 00",
		  REASON_counts, false, true, false, NULL },
		{ HEAD("0100",
		       "0000 0000 0000 0001") "00 0029 04d0 00 00 8000 000c 000a 0009 0102030405060708",
		  REASON_counts, false, true, false, NULL },
		{ HEAD("0100", "0000 0001 0000 0001") "00 0001 0001 00000000 0000" OPT_COOKIE,
		  REASON_counts, false, true, false, NULL },
		{ HEAD("2900", "0000 0000 0000 0001") OPT_COOKIE, REASON_opcode, false, true, false,
		  NULL },
		{ HEAD("0100", "0002 0000 0000 0001") QUESTION QUESTION OPT, REASON_counts, false,
		  true, false, NULL },
		{ HEAD("0100", "0002 0000 0000 0000") QUESTION, REASON_counts, false, false, false,
		  NULL },
		{ HEAD("0100", "ffff ffff ffff ffff"), REASON_counts, false, false, false, NULL },
		{ HEAD("0100", ONE), REASON_qname, false, false, false, NULL },
		{ HEAD("0100", ONE) "016100 0001 00", REASON_qname, false, false, false, NULL },
		{ HEAD("0100", ONE) "c00c 0001 0001", REASON_qname, false, false, false, NULL },
		{ HEAD("0100", ONE) "4161 00 0001 0001", REASON_qname, false, false, false, NULL },
		{ HEAD("0100", "0001 0001 0000 0000") QUESTION, REASON_counts, true, false, false,
		  NULL },
		{ HEAD("0100", "0001 0000 0001 0000") QUESTION "c00c 0006 0001 00000000 0001",
		  REASON_counts, true, false, false, NULL },
		{ HEAD("0100", "0001 0000 0000 0001") QUESTION "c013 0001 0001 00000000 0000",
		  REASON_additional, true, false, false, NULL },
		{ HEAD("0100", "0001 0000 0000 0002") QUESTION OPT, REASON_additional, true, true,
		  false, NULL },
		{ HEAD("0100", "0001 0000 0000 0002") QUESTION OPT OPT, REASON_edns_malformed, true,
		  true, false, NULL },
		{ HEAD("0100", "0001 0001 0000 0000") QUESTION OPT, REASON_edns_malformed, true,
		  true, false, NULL },
		{ HEAD("0100", "0001 0000 0000 0001") QUESTION "0161 " OPT, REASON_edns_malformed,
		  true, false, false, NULL },
		{ HEAD("0100", "0001 0000 0000 0001") QUESTION "00 0029 04d0 00 00 8000 0001",
		  REASON_edns_malformed, true, true, false, NULL },
		{ HEAD("0100", "0001 0000 0000 0001") QUESTION
		  "00 0029 04d0 00 00 8000 0005 fde9 0002 00",
		  REASON_edns_malformed, true, true, false, NULL },
		{ HEAD("0100", "0001 0000 0000 0001") QUESTION
		  "00 0029 04d0 00 00 8000 0003 fde900",
		  REASON_edns_malformed, true, true, false, NULL },
	};

	(void)state;
	ASSERT_ROWS(rows);
}

static void version_comes_before_opcode_and_that_before_the_rest(void **state)
{
	static const struct row rows[] = {
		{ HEAD("0100", "0001 0000 0000 0001") QUESTION OPT1, REASON_edns_version, true,
		  true, false, NULL },
		{ HEAD("0100", "0001 0000 0000 0002") QUESTION OPT1 TSIG, REASON_edns_version, true,
		  true, true, NULL },
		{ HEAD("3900", "0001 0000 0000 0001") QUESTION OPT1, REASON_edns_version, true,
		  true, false, NULL },
		{ HEAD("3900", "0001 0000 0000 0002") QUESTION OPT1, REASON_edns_version, true,
		  true, false, NULL },
		{ HEAD("0100", "0001 0000 0000 0002") QUESTION OPT1 OPT, REASON_edns_version, true,
		  true, false, NULL },
		{ HEAD("2100", ONE) QUESTION, REASON_opcode, true, false, false, NULL },
		{ HEAD("2100", "0002 0000 0000 0000") QUESTION QUESTION, REASON_opcode, false,
		  false, false, NULL },
		{ HEAD("3100", "0000 0000 0000 0000") "0001", REASON_opcode, false, false, false,
		  NULL },
		{ HEAD("2900", "0001 0000 0000 0001") QUESTION TSIG, REASON_opcode, true, false,
		  true, NULL },
	};

	(void)state;
	ASSERT_ROWS(rows);
}

static void a_signature_is_whole_and_last(void **state)
{
#define SIGNED(record) HEAD("0100", "0001 0000 0000 0001") QUESTION record
	static const struct row rows[] = {
		{ SIGNED(TSIG), REASON_tsig, true, false, true, NULL },
		{ HEAD("0100", "0001 0000 0000 0002") QUESTION OPT TSIG, REASON_tsig, true, true,
		  true, NULL },
		{ HEAD("0100", "0001 0000 0000 0002") QUESTION TSIG OPT, REASON_additional, true,
		  true, false, NULL },
		{ HEAD("0100", "0001 0000 0001 0000") QUESTION TSIG, REASON_additional, true, false,
		  false, NULL },
		{ SIGNED("016b00 00fa 0001 00000000 0015 " TSIG_RDATA), REASON_additional, true,
		  false, false, NULL }, /* class IN */
		{ SIGNED("016b00 00fa 00ff 00000000 0016 " TSIG_RDATA "00"), REASON_additional,
		  true, false, false, NULL },
		{ SIGNED("016b00 00fa 00ff 00000000 0000"), REASON_additional, true, false, false,
		  NULL },
		{ SIGNED("016b00 00fa 00ff 00000000 000d 016b00 000000000001 012c 0002"),
		  REASON_additional, true, false, false, NULL },
		{ SIGNED("016b00 00fa 00ff 00000000 0014 c00c 000000000001 012c 0002 ffff 1234 0000 0000"),
		  REASON_additional, true, false, false, NULL }, /* a compressed algorithm */
		{ SIGNED("016b00 00fa 00ff 00000000 0015 016b00 000000000001 012c 0002 ffff 1234 0000 0001"),
		  REASON_additional, true, false, false, NULL },
		{ SIGNED("c00c 00fa 00ff 00000000 0015 " TSIG_RDATA), REASON_tsig, true, false,
		  true, NULL }, /* a compressed key name */
	};

	(void)state;
	ASSERT_ROWS(rows);
}

/* The longest question, and all known options at lengths that none of them may have. */
static void the_longest_plain_query_fits(void **state)
{
	static const uint8_t codes[] = { 3, 8, 9, 10 };
	static uint8_t msg[4096] = { 0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1 };
	struct query query;
	uint8_t *at = msg + 12, *opt;
	unsigned int i;

	(void)state;
	for (i = 0; i < 127; i++, at += 2)
		memcpy(at, "\1a", 2);
	memcpy(at, "\0\0\1\0\1", 5);
	opt = at + 5;
	memcpy(opt, "\0\0\51\4\320\0\0\0\0", 9);
	at = opt + 11;
	for (i = 0; i < 4; i++, at += 504) {
		at[1] = codes[i];
		knot_wire_write_u16(at + 2, 500);
	}
	knot_wire_write_u16(opt + 9, 4 * 504);
	assert_int_equal(query_read(&query, msg, (size_t)(at - msg)), 0);
	assert_int_equal(query.plain_len, QUERY_PLAIN_MAX);
	assert_true(QUERY_PLAIN_MAX <= 512); /* DNS_QUERY_MAX of the core */
	assert_int_equal(knot_wire_read_u16(query.plain + query.question_end + 9), 4 * 48);
}

static void class_any_is_asked_of_class_in(void **state)
{
	static uint8_t reply[64];
	uint8_t msg[64];
	struct query query;
	size_t len = octets(msg, HEAD("0100", ONE) "016100 0001 00ff");

	(void)state;
	assert_int_equal(query_read(&query, msg, len), 0);
	assert_true(query.any_class);
	assert_int_equal(query.plain[18], 1);
	memcpy(reply, query.plain, len);
	reply[2] = 0x85;
	query_restore(&query, reply);
	assert_int_equal(reply[2], 0x81);
	assert_int_equal(reply[17] << 8 | reply[18], 255);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_says_nothing_is_left_out),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(version_comes_before_opcode_and_that_before_the_rest),
		cmocka_unit_test(a_signature_is_whole_and_last),
		cmocka_unit_test(the_longest_plain_query_fits),
		cmocka_unit_test(class_any_is_asked_of_class_in),
	};

	return cmocka_run_group_tests_name("resolver_query", tests, NULL, NULL);
}
