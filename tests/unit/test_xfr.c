/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transfers: what is asked, and what becomes of every kind of answer. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../loader/sync/xfr.h"
#include "xfr_primary.h"

#define SOA(serial) "@ 3600 SOA ns1 hostmaster " #serial " 3600 600 86400 300\n"
#define NS "@ 3600 NS ns1\n"
#define ADDRESS "ns1 3600 A 192.0.2.1\n"
#define ZONE(serial) SOA(serial) NS ADDRESS
#define CUT "--\n"

static struct primary primary;

static struct xfr *begin(const struct zone *have, bool axfr, const struct xfr_limits *limits)
{
	primary_reset(&primary, NULL);
	return primary_begin(&primary, have, axfr, NULL, limits);
}

static enum xfr_result feed(struct xfr *xfr)
{
	return primary_feed(&primary, xfr, 0);
}

static enum xfr_result feed_all(struct xfr *xfr, const char *text)
{
	enum xfr_result result = XFR_MORE;

	while (text && result == XFR_MORE) {
		text = primary_write(&primary, text);
		result = feed(xfr);
	}
	if (text && result != XFR_FAILED)
		fail_msg("over before the last message: %d, %s", result, xfr_error(xfr));
	return result;
}

static void assert_words(const struct xfr *xfr, const char *words)
{
	primary_assert_words(xfr_error(xfr), words);
}

/* ---- whole answers ---- */

struct row {
	const char *what;
	const char *have;   /* NULL: an AXFR is asked for */
	const char *answer; /* then the connection ends */
	enum xfr_result result;
	const char *want; /* the zone, or words of the error */
};

static void check_row(const struct row *row)
{
	struct zone *have = row->have ? primary_zone(row->have) : NULL, *got, *want;
	struct xfr *xfr = begin(have, false, NULL);
	enum xfr_result result = feed_all(xfr, row->answer);

	if (result == XFR_MORE)
		result = xfr_end(xfr);
	if (result != row->result)
		fail_msg("%s: result %d, expected %d: %s", row->what, result, row->result,
			 xfr_error(xfr));
	got = xfr_take(xfr);
	if (result == XFR_DONE) {
		want = primary_zone(row->want);
		if (*primary_difference(got, want))
			fail_msg("%s: differs at %s", row->what, primary_difference(got, want));
		assert_int_equal(got->serial, want->serial);
		assert_int_equal(got->n_records, want->n_records);
		assert_int_equal(xfr_serial(xfr), want->serial);
		assert_string_equal(xfr_error(xfr), "");
		zone_free(want);
	} else if (row->want) {
		assert_words(xfr, row->want);
	}
	assert_null(xfr_take(xfr));
	zone_free(got);
	xfr_free(xfr);
	zone_free(have);
}

static void check_rows(const struct row *rows, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		check_row(&rows[i]);
}

static void test_axfr(void **state)
{
	static const struct row rows[] = {
		{ "one message", NULL, ZONE(7) SOA(7), XFR_DONE, ZONE(7) },
		{ "a message per record", NULL, SOA(7) CUT NS CUT ADDRESS CUT SOA(7), XFR_DONE,
		  ZONE(7) },
		{ "the last SOA alone", NULL, ZONE(7) CUT SOA(7), XFR_DONE, ZONE(7) },
		{ "serial 0", NULL, ZONE(0) SOA(0), XFR_DONE, ZONE(0) },
		{ "letters of the owner", NULL,
		  SOA(7) NS "NS1.Example. 3600 A 192.0.2.1\n"
			    "eXample. 3600 SOA ns1 hostmaster 7 3600 600 86400 300\n",
		  XFR_DONE, ZONE(7) },
		{ "duplicates", NULL, ZONE(7) NS ADDRESS SOA(7), XFR_DONE, ZONE(7) },
		{ "unknown types, empty RDATA", NULL,
		  ZONE(7) "a 60 TYPE65280 \\# 0\nb 60 TYPE65281 \\# 3 010203\nc 60 APL \\# 0\n"
			  "d 60 NULL \\# 0\n" SOA(7),
		  XFR_DONE,
		  ZONE(7) "a 60 TYPE65280 \\# 0\nb 60 TYPE65281 \\# 3 010203\nc 60 APL \\# 0\n"
			  "d 60 NULL \\# 0\n" },
		{ "names in RDATA", NULL,
		  ZONE(7) "@ 60 MX 10 ns1\n@ 60 MX 20 Mail\na 60 SRV 1 2 3 ns1\nb 60 NAPTR 1 2 "
			  "\"\" \"\" \"\" ns1\n" SOA(7),
		  XFR_DONE,
		  ZONE(7) "@ 60 MX 10 ns1\n@ 60 MX 20 Mail\na 60 SRV 1 2 3 ns1\nb 60 NAPTR 1 2 "
			  "\"\" \"\" \"\" ns1\n" },
		{ "a TTL with the top bit set", NULL,
		  ZONE(7) "a 2147483647 TXT x\nb 2147483648 TXT x\n" SOA(7), XFR_DONE,
		  ZONE(7) "a 2147483647 TXT x\nb 0 TXT x\n" },
		{ "below a cut, at names like the apex", NULL,
		  ZONE(7) "sub 60 NS ns.sub\nns.sub 60 A 192.0.2.2\nexample 60 TXT x\n" SOA(7),
		  XFR_DONE, ZONE(7) "sub 60 NS ns.sub\nns.sub 60 A 192.0.2.2\nexample 60 TXT x\n" },
	};

	(void)state;
	check_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_axfr_refused(void **state)
{
	static const struct row rows[] = {
		{ "other serials", NULL, ZONE(7) SOA(8), XFR_FAILED,
		  "the first SOA has serial 7, a later one 8" },
		{ "a second SOA before the end", NULL, ZONE(7) SOA(7) "a 60 A 192.0.2.2\n" SOA(7),
		  XFR_FAILED, "a second SOA before the end: behind it comes a.example. A" },
		{ "three SOAs", NULL, ZONE(7) SOA(7) SOA(7), XFR_FAILED,
		  "a second SOA before the end" },
		{ "no final SOA", NULL, ZONE(7), XFR_FAILED,
		  "the connection ended after 3 records, before the final SOA" },
		{ "no final SOA in the second message", NULL, ZONE(7) CUT "a 60 A 192.0.2.2\n",
		  XFR_FAILED, "after 4 records, before the final SOA" },
		{ "no SOA first", NULL, NS SOA(7), XFR_FAILED,
		  "the answer begins with example. NS, expected was the zone's SOA" },
		{ "another zone's SOA first", NULL,
		  "org. 60 SOA ns1 hostmaster 7 3600 600 86400 300\n" NS, XFR_FAILED,
		  "the answer begins with org. SOA" },
		{ "a SOA below the apex", NULL,
		  ZONE(7) "a 60 SOA ns1 hostmaster 7 3600 600 86400 300\n" SOA(7), XFR_FAILED,
		  "a.example. SOA: below the apex" },
		{ "CNAME beside other data", NULL,
		  ZONE(7) "a 60 CNAME b\na 60 A 192.0.2.2\n" SOA(7), XFR_FAILED,
		  "the new zone: a.example. A: beside a CNAME" },
		{ "more than one reason", NULL,
		  ZONE(7) "a 60 CNAME b\na 60 A 192.0.2.2\na 60 TXT x\na 60 MX 1 b\n" SOA(7),
		  XFR_FAILED, "A: beside a CNAME (and 2 more)" },
		{ "a meta type", NULL, ZONE(7) "a 60 TYPE255 \\# 0\n" SOA(7), XFR_FAILED,
		  "ANY: a type that no zone can hold" },
		{ "OPT in the zone", NULL, ZONE(7) "a 60 TYPE41 \\# 0\n" SOA(7), XFR_FAILED,
		  "OPT: a type that no zone can hold" },
		{ "no NS", NULL, SOA(7) ADDRESS SOA(7), XFR_FAILED,
		  "example. NS: the zone has none" },
		{ "an answer without records", NULL, "", XFR_FAILED, "a message without records" },
		{ "a later message without records", NULL, ZONE(7) CUT CUT SOA(7), XFR_FAILED,
		  "a message without records" },
	};

	(void)state;
	check_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

#define A(last) "a 60 A 192.0.2." #last "\n"
#define B(last) "b 60 A 192.0.2." #last "\n"

static void test_ixfr(void **state)
{
	static const struct row rows[] = {
		{ "up to date", ZONE(7), SOA(7), XFR_UP_TO_DATE, NULL },
		{ "the primary is behind", ZONE(7), SOA(6), XFR_UP_TO_DATE, NULL },
		{ "the primary is behind, over the end", ZONE(7), SOA(4294967290), XFR_UP_TO_DATE,
		  NULL },
		{ "one change", ZONE(7) A(1), SOA(8) SOA(7) A(1) SOA(8) A(2) B(1) SOA(8), XFR_DONE,
		  ZONE(8) A(2) B(1) },
		{ "only adds", ZONE(7), SOA(8) SOA(7) SOA(8) A(1) SOA(8), XFR_DONE, ZONE(8) A(1) },
		{ "only deletes", ZONE(7) A(1), SOA(8) SOA(7) A(1) SOA(8) SOA(8), XFR_DONE,
		  ZONE(8) },
		{ "the SOA alone", ZONE(7), SOA(8) SOA(7) SOA(8) SOA(8), XFR_DONE, ZONE(8) },
		{ "two changes", ZONE(7) A(1),
		  SOA(9) SOA(7) A(1) SOA(8) A(2) SOA(8) A(2) SOA(9) A(3) SOA(9), XFR_DONE,
		  ZONE(9) A(3) },
		{ "condensed", ZONE(7) A(1), SOA(9) SOA(7) A(1) SOA(9) A(3) SOA(9), XFR_DONE,
		  ZONE(9) A(3) },
		{ "a message per record", ZONE(7) A(1),
		  SOA(8) CUT SOA(7) CUT A(1) CUT SOA(8) CUT A(2) CUT SOA(8), XFR_DONE,
		  ZONE(8) A(2) },
		{ "over the end of serials, to 0", ZONE(4294967295),
		  SOA(0) SOA(4294967295) SOA(0) A(1) SOA(0), XFR_DONE, ZONE(0) A(1) },
		{ "from serial 0", ZONE(0), SOA(1) SOA(0) SOA(1) A(1) SOA(1), XFR_DONE,
		  ZONE(1) A(1) },
		{ "another TTL", ZONE(7) A(1),
		  SOA(8) SOA(7) A(1) SOA(8) "a 99 A 192.0.2.1\n" SOA(8), XFR_DONE,
		  ZONE(8) "a 99 A 192.0.2.1\n" },
		{ "another TTL of the SOA, and its other fields", ZONE(7),
		  "@ 60 SOA ns2 me 8 1 2 3 4\n" SOA(7) "@ 60 SOA ns2 me 8 1 2 3 4\n"
						       "@ 60 SOA ns2 me 8 1 2 3 4\n",
		  XFR_DONE, "@ 60 SOA ns2 me 8 1 2 3 4\n" NS ADDRESS },
		{ "letters in what is deleted", ZONE(7) "a 60 MX 1 Mail\n",
		  SOA(8) SOA(7) "A 60 MX 1 mAIL\n" SOA(8) SOA(8), XFR_DONE, ZONE(8) },
		{ "empty RDATA is deleted", ZONE(7) "a 60 TYPE65280 \\# 0\n",
		  SOA(8) SOA(7) "a 60 TYPE65280 \\# 0\n" SOA(8) SOA(8), XFR_DONE, ZONE(8) },
		{ "as an AXFR", ZONE(7) A(1), SOA(8) NS ADDRESS B(1) SOA(8), XFR_DONE,
		  ZONE(8) B(1) },
		{ "as an AXFR, a message per record", ZONE(7) A(1),
		  SOA(8) CUT NS CUT ADDRESS CUT B(1) CUT SOA(8), XFR_DONE, ZONE(8) B(1) },
	};

	(void)state;
	check_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_ixfr_falls_back(void **state)
{
	static const struct row rows[] = {
		{ "a delete of what is missing", ZONE(7), SOA(8) SOA(7) A(1) SOA(8) SOA(8),
		  XFR_FALL_BACK, "delete a record that is not there: a.example. A" },
		{ "a delete of another RDATA", ZONE(7) A(1), SOA(8) SOA(7) A(2) SOA(8) SOA(8),
		  XFR_FALL_BACK, "delete a record that is not there: a.example. A" },
		{ "an add of what is there", ZONE(7) A(1), SOA(8) SOA(7) SOA(8) A(1) SOA(8),
		  XFR_FALL_BACK, "add a record that is there: a.example. A" },
		{ "an add of what was added", ZONE(7), SOA(8) SOA(7) SOA(8) A(1) A(1) SOA(8),
		  XFR_FALL_BACK, "add a record that is there: a.example. A" },
		{ "another begin", ZONE(7), SOA(9) SOA(6) SOA(9) SOA(9), XFR_FALL_BACK,
		  "begin at serial 6, ours is 7" },
		{ "a gap", ZONE(7), SOA(10) SOA(7) SOA(8) A(1) SOA(9) A(1) SOA(10) SOA(10),
		  XFR_FALL_BACK, "led to serial 8, and go on from 9" },
		{ "backwards", ZONE(7), SOA(10) SOA(7) SOA(6) A(1) SOA(10), XFR_FALL_BACK,
		  "lead from serial 7 to 6" },
		{ "too far", ZONE(7), SOA(8) SOA(7) SOA(9) A(1) SOA(9), XFR_FALL_BACK,
		  "lead from serial 7 to 9, and to 8" },
		{ "the new SOA alone", ZONE(7), SOA(8), XFR_FALL_BACK,
		  "no differences up to its serial 8" },
	};

	(void)state;
	check_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_ixfr_refused(void **state)
{
	static const struct row rows[] = {
		{ "no final SOA", ZONE(7), SOA(8) SOA(7) SOA(8) A(1), XFR_FAILED,
		  "after 4 records, before the final SOA" },
		{ "records behind the end", ZONE(7), SOA(8) SOA(7) SOA(8) A(1) SOA(8) B(1),
		  XFR_FAILED, "a second SOA before the end: behind it comes b.example. A" },
		{ "CNAME beside other data", ZONE(7) A(1),
		  SOA(8) SOA(7) SOA(8) "a 60 CNAME b\n" SOA(8), XFR_FAILED,
		  "a.example. A: beside a CNAME" },
		{ "no NS is left", ZONE(7), SOA(8) SOA(7) NS SOA(8) SOA(8), XFR_FAILED,
		  "example. NS: the zone has none" },
		{ "as an AXFR, other serials", ZONE(7), SOA(8) NS ADDRESS SOA(9), XFR_FAILED,
		  "the first SOA has serial 8, a later one 9" },
	};

	(void)state;
	check_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

/* ---- single properties ---- */

static void test_query(void **state)
{
	struct zone *have = primary_zone(ZONE(7));
	uint8_t query[XFR_QUERY_MAX];
	struct xfr *xfr;
	size_t len;

	(void)state;
	xfr = begin(have, false, NULL);
	assert_int_equal(primary.qtype, KNOT_RRTYPE_IXFR);
	assert_int_equal(primary.have_serial, 7);
	assert_true(primary.has_expire);
	assert_false(primary.is_signed);
	xfr_free(xfr);
	xfr = begin(have, true, NULL);
	assert_int_equal(primary.qtype, KNOT_RRTYPE_AXFR);
	assert_int_equal(primary.have_serial, -1);
	assert_true(primary.has_expire);
	xfr_free(xfr);
	xfr = begin(NULL, false, NULL);
	assert_int_equal(primary.qtype, KNOT_RRTYPE_AXFR);
	for (len = 0; len < 40; len++) {
		size_t unused;

		assert_int_equal(xfr_query(xfr, query, len, &unused), -EMSGSIZE);
	}
	xfr_free(xfr);
	zone_free(have);
}

static void test_have_stays_as_it_is(void **state)
{
	struct zone *have = primary_zone(ZONE(7) A(1)), *same = primary_zone(ZONE(7) A(1));
	struct xfr *xfr = begin(have, false, NULL);

	(void)state;
	assert_int_equal(feed_all(xfr, SOA(8) SOA(7) A(1) SOA(8) B(1) SOA(8)), XFR_DONE);
	assert_true(xfr_is_incremental(xfr));
	assert_string_equal(primary_difference(have, same), "");
	assert_int_equal(have->serial, 7);
	xfr_free(xfr);
	zone_free(have);
	zone_free(same);
}

static void test_out_of_zone(void **state)
{
	struct zone *have = primary_zone(ZONE(7)), *got, *want = primary_zone(ZONE(8) A(1));
	struct xfr *xfr = begin(NULL, false, NULL);

	(void)state;
	assert_int_equal(feed_all(xfr, SOA(8) NS ADDRESS "a.org. 60 A 192.0.2.1\n" A(
					       1) "notexample. 60 A 192.0.2.1\n"
						  ". 60 SOA ns1 a 9 1 1 1 1\n" SOA(8)),
			 XFR_DONE);
	assert_int_equal(xfr_skipped(xfr), 3);
	assert_int_equal(xfr_records(xfr), 8);
	assert_false(xfr_is_incremental(xfr));
	assert_int_equal(primary_said.warnings, 1);
	assert_non_null(strstr(primary_said.text, "not in the zone example.: 3 skipped"));
	got = xfr_take(xfr);
	assert_string_equal(primary_difference(got, want), "");
	zone_free(got);
	xfr_free(xfr);

	xfr = begin(have, false, NULL);
	assert_int_equal(feed_all(xfr, SOA(8) SOA(7) "a.org. 60 A 192.0.2.1\n" SOA(8)
					       A(1) "b.org. 60 A 192.0.2.1\n" SOA(8)),
			 XFR_DONE);
	assert_int_equal(xfr_skipped(xfr), 2);
	got = xfr_take(xfr);
	assert_string_equal(primary_difference(got, want), "");
	zone_free(got);
	xfr_free(xfr);
	zone_free(have);
	zone_free(want);
}

static void test_warnings_are_few(void **state)
{
	char text[8192] = ZONE(7);
	struct xfr *xfr = begin(NULL, false, NULL);
	size_t i;

	(void)state;
	for (i = 0; i < 25; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
			       "n%zu 60 A 192.0.2.1\nn%zu 61 A 192.0.2.2\n", i, i);
	(void)strcat(text, SOA(7));
	assert_int_equal(feed_all(xfr, text), XFR_DONE);
	assert_int_equal(primary_said.warnings, 11);
	assert_non_null(strstr(primary_said.text, "n9.example. A: the RRset's records have"));
	assert_non_null(strstr(primary_said.text, "15 more warnings"));
	xfr_free(xfr);
}

static void test_limits(void **state)
{
	static const struct {
		struct xfr_limits limits;
		const char *words; /* NULL: done */
	} rows[] = {
		{ { 0, 4 }, NULL },
		{ { 0, 3 }, "more than the 3 records that are allowed" },
		{ { 200, 0 }, NULL },
		{ { 130, 0 }, "more than the 130 octets that are allowed" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct xfr *xfr = begin(NULL, false, &rows[i].limits);
		enum xfr_result result = feed_all(xfr, ZONE(7) CUT SOA(7));

		assert_int_equal(result, rows[i].words ? XFR_FAILED : XFR_DONE);
		if (rows[i].words)
			assert_words(xfr, rows[i].words);
		else
			assert_in_range(xfr_octets(xfr), 131, 200);
		xfr_free(xfr);
	}
}

static void test_expire(void **state)
{
	struct zone *have = primary_zone(ZONE(7));
	struct xfr *xfr = begin(have, false, NULL);

	(void)state;
	assert_int_equal(xfr_expire(xfr), -1);
	(void)primary_write(&primary, SOA(7));
	primary_append_expire(&primary, 4000000000);
	assert_int_equal(feed(xfr), XFR_UP_TO_DATE);
	assert_int_equal(xfr_expire(xfr), 4000000000);
	xfr_free(xfr);
	xfr = begin(have, true, NULL);
	(void)primary_write(&primary, ZONE(7));
	primary_append_expire(&primary, 0);
	assert_int_equal(feed(xfr), XFR_MORE);
	assert_int_equal(xfr_expire(xfr), 0);
	xfr_free(xfr);
	zone_free(have);
}

static void test_the_end_of_the_connection(void **state)
{
	struct xfr *xfr = begin(NULL, false, NULL);

	(void)state;
	assert_int_equal(xfr_end(xfr), XFR_FAILED);
	assert_words(xfr, "ended before there was an answer");
	xfr_free(xfr);
	xfr_free(NULL);
}

static void test_compressed_rdata(void **state)
{
	/* MX 10 and SRV 0 0 53, each with a pointer to the question's name */
	static const char mx[] = "\xc0\x0c\0\17\0\1\0\0\0\74\0\4\0\12\xc0\x0c";
	static const char srv[] = "\xc0\x0c\0\41\0\1\0\0\0\74\0\10\0\0\0\0\0\65\xc0\x0c";
	struct zone *want = primary_zone(ZONE(7) "@ 60 MX 10 @\n@ 60 SRV 0 0 53 @\n"), *got;
	struct xfr *xfr = begin(NULL, false, NULL);

	(void)state;
	(void)primary_write(&primary, ZONE(7));
	primary_append(&primary, mx, sizeof(mx) - 1, 1);
	primary_append(&primary, srv, sizeof(srv) - 1, 1);
	assert_int_equal(feed(xfr), XFR_MORE);
	(void)primary_write(&primary, SOA(7));
	assert_int_equal(feed(xfr), XFR_DONE);
	got = xfr_take(xfr);
	assert_string_equal(primary_difference(got, want), "");
	zone_free(got);
	zone_free(want);
	xfr_free(xfr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_axfr),
		cmocka_unit_test(test_axfr_refused),
		cmocka_unit_test(test_ixfr),
		cmocka_unit_test(test_ixfr_falls_back),
		cmocka_unit_test(test_ixfr_refused),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_have_stays_as_it_is),
		cmocka_unit_test(test_out_of_zone),
		cmocka_unit_test(test_warnings_are_few),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_expire),
		cmocka_unit_test(test_the_end_of_the_connection),
		cmocka_unit_test(test_compressed_rdata),
	};

	return cmocka_run_group_tests_name("xfr", tests, NULL, NULL);
}
