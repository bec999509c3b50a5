/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transfers: messages that are not as they should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../loader/sync/xfr.h"
#include "xfr_primary.h"

#define SOA "@ 3600 SOA ns1 hostmaster 7 3600 600 86400 300\n"
#define REST "@ 3600 NS ns1\nns1 3600 A 192.0.2.1\n"
#define ZONE SOA REST

static struct primary primary;

static struct xfr *begin(const struct zone *have)
{
	primary_reset(&primary, NULL);
	return primary_begin(&primary, have, false, NULL, NULL);
}

static enum xfr_result feed(struct xfr *xfr)
{
	return primary_feed(&primary, xfr, 0);
}

static void assert_words(const struct xfr *xfr, const char *words)
{
	primary_assert_words(xfr_error(xfr), words);
}

static void set_id(void)
{
	knot_wire_set_id(primary.wire, (uint16_t)(primary.id + 1));
}

static void clear_qr(void)
{
	knot_wire_clear_qr(primary.wire);
}

static void set_notify(void)
{
	knot_wire_set_opcode(primary.wire, KNOT_OPCODE_NOTIFY);
}

static void clear_aa(void)
{
	knot_wire_clear_aa(primary.wire);
}

static void set_tc(void)
{
	knot_wire_set_tc(primary.wire);
}

static void set_refused(void)
{
	knot_wire_set_rcode(primary.wire, KNOT_RCODE_REFUSED);
}

static void set_unknown_rcode(void)
{
	knot_wire_set_rcode(primary.wire, 13);
}

static void other_name(void)
{
	primary.wire[13] ^= 1;
}

static void other_type(void)
{
	primary.wire[12 + 9 + 1] ^= 2;
}

static void other_class(void)
{
	primary.wire[12 + 9 + 3] ^= 2;
}

static void other_letters(void)
{
	primary.wire[13] ^= 0x20;
}

static void cut_off(void)
{
	primary.len--;
}

static void cut_header(void)
{
	primary.len = 11;
}

static void add_octet(void)
{
	primary_append(&primary, "", 1, 0);
}

static void two_questions(void)
{
	knot_wire_set_qdcount(primary.wire, 2);
}

static void too_many_records(void)
{
	primary_append(&primary, "", 0, 1);
}

static void pointer_forward(void)
{
	primary_append(&primary, "\xff\xff\0\1\0\1\0\0\0\0\0\0", 12, 1);
}

static void pointer_to_itself(void)
{
	uint8_t record[] = { 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0 };

	knot_wire_put_pointer(record, (uint16_t)primary.len);
	primary_append(&primary, record, sizeof(record), 1);
}

static void bad_rdata(void)
{
	primary_append(&primary, "\xc0\x0c\0\1\0\1\0\0\0\0\0\3abc", 15, 1);
}

static void empty_rdata(void)
{
	primary_append(&primary, "\xc0\x0c\0\1\0\1\0\0\0\0\0\0", 12, 1);
}

static void empty_soa(void)
{
	primary_append(&primary, "\xc0\x0c\0\6\0\1\0\0\0\0\0\0", 12, 1);
}

static void class_chaos(void)
{
	primary_append(&primary, "\xc0\x0c\0\1\0\3\0\0\0\0\0\4abcd", 16, 1);
}

static void two_opts(void)
{
	primary_append_expire(&primary, 1);
	primary_append_expire(&primary, 1);
}

static void unasked_tsig(void)
{
	static const uint8_t tsig[] = { 0, 0, 250, 0, 255, 0, 0, 0, 0, 0, 17, 0, 0, 0,
					0, 0, 0,   1, 0,   0, 0, 0, 0, 0, 0,  0, 0, 0 };

	primary_append(&primary, tsig, sizeof(tsig), 0);
	knot_wire_add_arcount(primary.wire, 1);
}

static void tsig_not_last(void)
{
	unasked_tsig();
	primary_append_expire(&primary, 1);
}

static void test_messages(void **state)
{
	static const struct {
		void (*change)(void);
		const char *words; /* NULL: taken */
	} rows[] = {
		{ set_id, "the answer has the id" },
		{ clear_qr, "no answer to a query" },
		{ set_notify, "no answer to a query" },
		{ clear_aa, NULL },
		{ set_tc, "truncated" },
		{ set_refused, "the server says REFUSED" },
		{ set_unknown_rcode, "the server says RCODE13" },
		{ other_name, "the answer is to another question" },
		{ other_type, "the answer is to another question" },
		{ other_class, "the answer is to another question" },
		{ other_letters, NULL },
		{ cut_off, "a malformed message" },
		{ cut_header, "a malformed message" },
		{ add_octet, "a malformed message" },
		{ two_questions, "a malformed message" },
		{ too_many_records, "a malformed message" },
		{ pointer_forward, "a malformed message" },
		{ pointer_to_itself, "a malformed message" },
		{ bad_rdata, "record 4 of the transfer is malformed" },
		{ empty_rdata, "the transfer: example. A: RDATA of 0 octets" },
		{ empty_soa, "a malformed SOA" },
		{ class_chaos, "a record of class 3: example. A" },
		{ two_opts, "a malformed message" },
		{ tsig_not_last, "a malformed message" },
		{ unasked_tsig, "signed, which was not asked for" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct xfr *xfr = begin(NULL);

		(void)primary_write(&primary, ZONE);
		rows[i].change();
		assert_int_equal(feed(xfr), rows[i].words ? XFR_FAILED : XFR_MORE);
		if (rows[i].words)
			assert_words(xfr, rows[i].words);
		xfr_free(xfr);
	}
}

static void test_questions(void **state)
{
	struct xfr *xfr = begin(NULL);

	(void)state;
	primary.no_question = true;
	(void)primary_write(&primary, ZONE SOA);
	assert_int_equal(feed(xfr), XFR_FAILED);
	assert_words(xfr, "the first message has no question");
	xfr_free(xfr);
	xfr = begin(NULL);
	(void)primary_write(&primary, SOA);
	assert_int_equal(feed(xfr), XFR_MORE);
	primary.n_messages = 0; /* once more with it */
	(void)primary_write(&primary, REST SOA);
	assert_int_equal(feed(xfr), XFR_DONE);
	xfr_free(xfr);
	xfr = begin(NULL);
	(void)primary_write(&primary, SOA);
	assert_int_equal(feed(xfr), XFR_MORE);
	primary.n_messages = 0;
	(void)primary_write(&primary, REST SOA);
	other_name();
	assert_int_equal(feed(xfr), XFR_FAILED);
	xfr_free(xfr);
}

static void test_errors_of_an_ixfr(void **state)
{
	static const struct {
		uint8_t rcode;
		enum xfr_result result;
	} rows[] = { { KNOT_RCODE_FORMERR, XFR_FALL_BACK },
		     { KNOT_RCODE_NOTIMPL, XFR_FALL_BACK },
		     { KNOT_RCODE_REFUSED, XFR_FAILED },
		     { KNOT_RCODE_SERVFAIL, XFR_FAILED },
		     { KNOT_RCODE_NOTAUTH, XFR_FAILED } };
	struct zone *have = primary_zone(ZONE);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct xfr *xfr = begin(have);

		(void)primary_write(&primary, "");
		knot_wire_set_rcode(primary.wire, rows[i].rcode);
		assert_int_equal(feed(xfr), rows[i].result);
		assert_words(xfr, "the server says");
		xfr_free(xfr);
	}
	zone_free(have);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_errors_of_an_ixfr),
	};

	return cmocka_run_group_tests_name("xfr_messages", tests, NULL, NULL);
}
