/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records that the CLI sets on top of the zones. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <libknot/libknot.h>

#include "../../userspace/lib/name.h"
#include "../lib/zonebed.h"

#define A KNOT_RRTYPE_A

static int add(struct zonebed *bed, const char *owner, uint16_t type, const char *rdata)
{
	return zonebed_set_ttl(bed, owner, type, rdata, 300, true, false);
}

static int del(struct zonebed *bed, const char *owner, uint16_t type)
{
	return zoneset_record_delete(bed->set, zonebed_wire(owner), type, "uid 0 (root)", false);
}

static void a_record_is_served_at_once_and_taken_back(void **state)
{
	struct zonebed *bed = *state;

	zonebed_start(bed);
	assert_int_equal(zonebed_set(bed, "WWW.example", A, "192.0.2.99"), 0);
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.99 ");
	assert_int_equal(zonebed_set(bed, "new.sub.example", KNOT_RRTYPE_TXT, "\"a b\""), 0);
	assert_string_equal(zonebed_ask(bed, "new.sub.example", KNOT_RRTYPE_TXT), "\"a b\" ");
	assert_int_equal(zonebed_find(bed, "example")->records, 2);
	assert_ptr_not_equal(zonebed_find(bed, "example")->zone,
			     zonebed_find(bed, "example")->base);
	assert_int_equal(del(bed, "www.example", A), 0);
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.1 ");
	assert_int_equal(del(bed, "new.sub.example", KNOT_RRTYPE_TXT), 0);
	assert_string_equal(zonebed_ask(bed, "new.sub.example", KNOT_RRTYPE_TXT), "nxdomain");
	assert_int_equal(zonebed_find(bed, "example")->records, 0);
	assert_ptr_equal(zonebed_find(bed, "example")->zone, zonebed_find(bed, "example")->base);
}

static void add_keeps_what_is_there(void **state)
{
	struct zonebed *bed = *state;

	zonebed_start(bed);
	assert_int_equal(add(bed, "www.example", A, "192.0.2.2"), 0);
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.1 192.0.2.2 ");
	assert_int_equal(add(bed, "www.example", A, "192.0.2.3"), 0);
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.1 192.0.2.2 192.0.2.3 ");
	assert_int_equal(zonebed_set(bed, "www.example", A, "192.0.2.4"), 0);
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.4 ");
	assert_int_equal(add(bed, "alias.example", KNOT_RRTYPE_CNAME, "ns.example"), -EINVAL);
	zonebed_assert_error(bed, "only one CNAME");
}

static void delete_hides_and_delete_again_shows(void **state)
{
	struct zonebed *bed = *state;

	zonebed_start(bed);
	assert_int_equal(del(bed, "www.example", A), 0);
	assert_string_equal(zonebed_ask(bed, "www.example", A), "nodata");
	assert_int_equal(zonebed_find(bed, "example")->records, 1);
	assert_int_equal(del(bed, "www.example", A), 0);
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.1 ");
	assert_int_equal(del(bed, "www.example", 0), 0);
	assert_string_equal(zonebed_ask(bed, "www.example", A), "nxdomain");
	assert_int_equal(del(bed, "www.example", 0), 0);
	assert_string_equal(zonebed_ask(bed, "www.example", KNOT_RRTYPE_AAAA), "2001:db8::1 ");
	assert_int_equal(del(bed, "www.example", KNOT_RRTYPE_MX), -ENOENT);
	zonebed_assert_error(bed, "www.example. has no MX record");
	assert_int_equal(del(bed, "nothing.example", 0), -ENOENT);
	/* The apex keeps what makes it a zone. */
	assert_int_equal(del(bed, "example", KNOT_RRTYPE_NS), -EINVAL);
	assert_int_equal(del(bed, "example", 0), -ENOENT);
}

static void records_survive_restarts(void **state)
{
	struct zonebed *bed = *state;

	zonebed_start(bed);
	assert_int_equal(zonebed_set(bed, "www.example", A, "192.0.2.99"), 0);
	assert_int_equal(del(bed, "ns.example", A), 0);
	assert_int_equal(zonebed_set(bed, "cut.example", KNOT_RRTYPE_MX, "10 mail.example.net"), 0);
	zonebed_stop(bed);
	zonebed_start(bed);
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.99 ");
	zonebed_stop(bed);
	zonebed_close_store(bed);
	zonebed_open_store(bed, 100000);
	zonebed_start(bed);
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.99 ");
	assert_string_equal(zonebed_ask(bed, "ns.example", A), "nxdomain");
	assert_string_equal(zonebed_ask(bed, "cut.example", KNOT_RRTYPE_MX),
			    "10 mail.example.net. ");
	assert_int_equal(zonebed_find(bed, "example")->records, 3);
	assert_int_equal(del(bed, "www.example", A), 0);
	zonebed_stop(bed);
	zonebed_start(bed);
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.1 ");
}

static void records_stay_on_top_of_a_new_file(void **state)
{
	struct zonebed *bed = *state;

	zonebed_start(bed);
	assert_int_equal(zonebed_set(bed, "www.example", A, "192.0.2.99"), 0);
	assert_int_equal(zonebed_set(bed, "late.example", A, "192.0.2.98"), 0);
	zonebed_write_example(bed, 2, "late 60 CNAME www\n");
	assert_int_equal(zoneset_reload(bed->set, zonebed_wire("example")), 0);
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.99 ");
	/* One does not fit any more; it waits in the journal. */
	zonebed_assert_said(bed, "records: late.example. A, set by uid 0 (root), is not served: ");
	zonebed_write_example(bed, 3, "");
	assert_int_equal(zoneset_reload(bed->set, zonebed_wire("example")), 0);
	assert_string_equal(zonebed_ask(bed, "late.example", A), "192.0.2.98 ");
}

static void hiding_makes_room_for_a_cname(void **state)
{
	struct zonebed *bed = *state;

	zonebed_start(bed);
	assert_int_equal(zonebed_set(bed, "www.example", KNOT_RRTYPE_CNAME, "ns.example"), -EINVAL);
	zonebed_assert_error(bed, "www.example.: there can be no other data beside a CNAME");
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.1 ");
	assert_int_equal(del(bed, "www.example", 0), 0);
	assert_int_equal(zonebed_set(bed, "www.example", KNOT_RRTYPE_CNAME, "ns.example"), 0);
	assert_string_equal(zonebed_ask(bed, "www.example", KNOT_RRTYPE_CNAME), "ns.example. ");
	zonebed_stop(bed);
	zonebed_close_store(bed);
	zonebed_open_store(bed, 100000);
	zonebed_start(bed);
	assert_string_equal(zonebed_ask(bed, "www.example", KNOT_RRTYPE_CNAME), "ns.example. ");
	/* What was hidden cannot come back beside it. */
	assert_int_equal(del(bed, "www.example", A), -EINVAL);
	assert_int_equal(del(bed, "www.example", 0), 0);
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.1 ");
}

static void what_does_not_fit_is_refused(void **state)
{
	static const struct {
		const char *owner;
		uint16_t type;
		const char *rdata;
		int err;
		const char *words;
	} rows[] = {
		{ "www.test", A, "192.0.2.1", -ENOENT, "www.test. is in no zone" },
		{ "a.bad", A, "192.0.2.1", -ENOENT, "zone bad. is not loaded: " },
		{ "example", KNOT_RRTYPE_SOA, "a b 1 2 3 4 5", -EINVAL, "SOA: " },
		{ "example", KNOT_RRTYPE_DNSKEY, "257 3 13 AAAA", -EINVAL, "DNSKEY: " },
		{ "www.example", KNOT_RRTYPE_NSEC, "a A", -EINVAL, "NSEC: " },
		{ "www.example", KNOT_RRTYPE_ANY, "", -EINVAL, "a type that no zone can hold" },
		{ "www.example", 0, "", -EINVAL, "a type that no zone can hold" },
		{ "www.example", A, "192.0.2.300", -EINVAL, "RDATA of type A: " },
		{ "www.example", A, "192.0.2.1\nx A 192.0.2.2", -EINVAL, "RDATA of type A: " },
		{ "www.example", A, "", -EINVAL, "RDATA of type A: " },
		{ "www.example", A, NULL, -EINVAL, "the record's data is missing" },
		{ "alias.example", A, "192.0.2.1", -EINVAL, "beside a CNAME" },
		{ "example", KNOT_RRTYPE_CNAME, "a", -EINVAL, "beside a CNAME" },
	};
	struct zonebed *bed = *state;

	zonebed_write(bed, "bad", "nonsense\n");
	zonebed_start(bed);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(zonebed_set(bed, rows[i].owner, rows[i].type, rows[i].rdata),
				 rows[i].err);
		zonebed_assert_error(bed, rows[i].words);
	}
	assert_int_equal(zonebed_set_ttl(bed, "www.example", A, "192.0.2.1", 0x80000000u, false,
					 false),
			 -EINVAL);
	zonebed_assert_error(bed, "TTL 2147483648: ");
	assert_int_equal(zonebed_find(bed, "example")->records, 0);
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.1 ");
	/* Delegations are fine. */
	assert_int_equal(zonebed_set(bed, "sub.example", KNOT_RRTYPE_NS, "ns.example.net"), 0);
	assert_string_equal(zonebed_ask(bed, "sub.example", A), "referral");
}

static void a_signed_zone_wants_to_be_asked_twice(void **state)
{
	static const char text[] =
		"@ 3600 SOA ns h 1 2 3 4 5\n@ 3600 NS ns\nns 60 A 192.0.2.53\nwww 60 A 192.0.2.1\n"
		"@ 3600 DNSKEY 257 3 13 AAAA\n"
		"www 60 TXT x\n"
		"www 60 RRSIG A 13 2 60 20400101000000 20200101000000 1 signed. AAAA\n"
		"www 60 RRSIG TXT 13 2 60 20400101000000 20200101000000 1 signed. BBBB\n";
	struct zonebed *bed = *state;

	zonebed_write(bed, "signed", text);
	zonebed_start(bed);
	assert_non_null(strstr(zonebed_ask_do(bed, "www.signed", A, true), "AAAA"));
	assert_int_equal(zonebed_set(bed, "www.signed", A, "192.0.2.2"), -EPERM);
	zonebed_assert_error(bed, "zone signed. is signed");
	assert_int_equal(del(bed, "www.signed", A), -EPERM);
	assert_int_equal(zonebed_set_ttl(bed, "www.signed", A, "192.0.2.2", 60, false, true), 0);
	/* The signature of the old address is gone, the other one is not. */
	assert_string_equal(zonebed_ask_do(bed, "www.signed", A, true), "192.0.2.2 ");
	assert_non_null(strstr(zonebed_ask_do(bed, "www.signed", KNOT_RRTYPE_TXT, true), "BBBB"));
	zonebed_stop(bed);
	zonebed_start(bed);
	assert_string_equal(zonebed_ask_do(bed, "www.signed", A, true), "192.0.2.2 ");
	assert_int_equal(del(bed, "www.signed", A), 0);
	assert_non_null(strstr(zonebed_ask_do(bed, "www.signed", A, true), "AAAA"));
}

struct rows {
	char text[2048];
};

static void append_row(const struct zoneset_record *record, void *arg)
{
	struct rows *rows = arg;
	size_t len = strlen(rows->text);
	knot_dname_txt_storage_t owner;
	char type[NAME_TYPE_LEN];

	(void)snprintf(rows->text + len, sizeof(rows->text) - len, "%s %s %u %s (%s)\n",
		       name_text(record->owner, owner), name_type_text(record->type, type),
		       record->ttl, record->rdata ? record->rdata : "-", record->who);
}

static void records_are_listed(void **state)
{
	struct rows rows = { .text = "" };
	struct zonebed *bed = *state;

	zonebed_start(bed);
	assert_int_equal(zonebed_set(bed, "z.example", A, "192.0.2.3"), 0);
	assert_int_equal(add(bed, "z.example", A, "192.0.2.2"), 0);
	assert_int_equal(del(bed, "www.example", A), 0);
	assert_int_equal(zonebed_set(bed, "a.example", 65280, "\\# 2 abcd"), 0);
	assert_int_equal(zonebed_set(bed, "b.example", KNOT_RRTYPE_MX, "10 mail.example.net"), 0);
	zoneset_record_each(bed->set, append_row, &rows);
	assert_string_equal(rows.text, "a.example. TYPE65280 300 \\# 2 ABCD (uid 0 (root))\n"
				       "b.example. MX 300 10 mail.example.net. (uid 0 (root))\n"
				       "www.example. A 0 - (uid 0 (root))\n"
				       "z.example. A 300 192.0.2.2 (uid 0 (root))\n"
				       "z.example. A 300 192.0.2.3 (uid 0 (root))\n");
}

static void records_follow_the_zone_that_their_name_is_in(void **state)
{
	struct zonebed *bed = *state;

	zonebed_start(bed);
	assert_int_equal(zonebed_set(bed, "x.inner.example", A, "192.0.2.99"), 0);
	zonebed_write_small(bed, "inner.example", "192.0.2.7");
	assert_int_equal(zoneset_reload(bed->set, NULL), 0);
	assert_string_equal(zonebed_ask(bed, "x.inner.example", A), "192.0.2.99 ");
	assert_int_equal(zonebed_find(bed, "example")->records, 0);
	assert_int_equal(zonebed_find(bed, "inner.example")->records, 1);
	zonebed_remove(bed, "inner.example");
	assert_int_equal(zoneset_reload(bed->set, NULL), 0);
	assert_int_equal(zonebed_find(bed, "example")->records, 1);
	assert_string_equal(zonebed_ask(bed, "x.inner.example", A), "192.0.2.99 ");
	zonebed_remove(bed, "example");
	zonebed_stop(bed);
	zonebed_start(bed);
	zonebed_assert_said(bed, "1 RRsets that were set are in no zone");
}

static size_t reset(struct zonebed *bed, const char *name)
{
	size_t n;

	assert_int_equal(zoneset_record_reset(bed->set, name ? zonebed_wire(name) : NULL,
					      "uid 0 (root)", &n),
			 0);
	return n;
}

/* Three RRsets of "example", one of a zone inside it. */
static void set_some(struct zonebed *bed)
{
	zonebed_write_small(bed, "inner.example", "192.0.2.7");
	zonebed_start(bed);
	assert_int_equal(zonebed_set(bed, "www.example", A, "192.0.2.99"), 0);
	assert_int_equal(del(bed, "www.example", KNOT_RRTYPE_AAAA), 0);
	assert_int_equal(zonebed_set(bed, "new.example", A, "192.0.2.98"), 0);
	assert_int_equal(zonebed_set(bed, "x.inner.example", A, "192.0.2.97"), 0);
}

static void a_zone_is_reset_without_those_inside_it(void **state)
{
	struct zonebed *bed = *state;
	struct store_stats before, after;

	set_some(bed);
	store_get_stats(bed->store, &before);
	assert_int_equal(reset(bed, "example"), 3);
	store_get_stats(bed->store, &after);
	assert_int_equal(after.change_sets - before.change_sets, 1);
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.1 ");
	assert_string_equal(zonebed_ask(bed, "www.example", KNOT_RRTYPE_AAAA), "2001:db8::1 ");
	assert_string_equal(zonebed_ask(bed, "new.example", A), "nxdomain");
	assert_string_equal(zonebed_ask(bed, "x.inner.example", A), "192.0.2.97 ");
	assert_int_equal(zonebed_find(bed, "example")->records, 0);
	assert_ptr_equal(zonebed_find(bed, "example")->zone, zonebed_find(bed, "example")->base);
	zonebed_stop(bed);
	zonebed_start(bed);
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.1 ");
	assert_int_equal(zonebed_find(bed, "inner.example")->records, 1);
}

static void a_name_is_reset_and_the_others_stay(void **state)
{
	struct zonebed *bed = *state;
	size_t n;

	set_some(bed);
	assert_int_equal(reset(bed, "WWW.example"), 2);
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.1 ");
	assert_string_equal(zonebed_ask(bed, "www.example", KNOT_RRTYPE_AAAA), "2001:db8::1 ");
	assert_string_equal(zonebed_ask(bed, "new.example", A), "192.0.2.98 ");
	assert_int_equal(zonebed_find(bed, "example")->records, 1);
	/* Nothing is hidden for want of something to take back. */
	assert_int_equal(zoneset_record_reset(bed->set, zonebed_wire("www.example"), "x", &n),
			 -ENOENT);
	zonebed_assert_error(bed, "nothing was set at or in www.example.");
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.1 ");
}

static void all_is_reset_also_what_is_in_no_zone(void **state)
{
	struct zonebed *bed = *state;
	size_t n;

	set_some(bed);
	zonebed_remove(bed, "inner.example");
	zonebed_remove(bed, "example");
	zonebed_write_small(bed, "other", "192.0.2.7");
	assert_int_equal(zoneset_reload(bed->set, NULL), 0);
	assert_int_equal(zonebed_set(bed, "www.other", A, "192.0.2.96"), 0);
	assert_int_equal(reset(bed, NULL), 5);
	assert_string_equal(zonebed_ask(bed, "www.other", A), "nxdomain");
	assert_int_equal(zoneset_record_reset(bed->set, NULL, "x", &n), -ENOENT);
	zonebed_assert_error(bed, "nothing was set here");
}

static void a_record_that_does_not_fit_the_store_is_not_kept(void **state)
{
	struct zonebed *bed = *state;
	char owner[64];
	int err = 0;

	zonebed_close_store(bed);
	zonebed_open_store(bed, 100);
	zonebed_start(bed);
	for (unsigned int i = 0; i < 200 && !err; i++) {
		(void)snprintf(owner, sizeof(owner), "n%u.example", i);
		err = zonebed_set(bed, owner, A, "192.0.2.1");
	}
	assert_int_equal(err, -ENOSPC);
	zonebed_assert_error(
		bed, "zone example.: the store does not take it, the version before goes on");
	assert_string_equal(zonebed_find(bed, "example")->state, "serving");
	assert_string_equal(zonebed_ask(bed, owner, A), "nxdomain");
	assert_int_equal(del(bed, owner, A), -ENOENT);
	assert_string_equal(zonebed_ask(bed, "n1.example", A), "192.0.2.1 ");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, zonebed_setup, zonebed_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_record_is_served_at_once_and_taken_back),
		TEST(add_keeps_what_is_there),
		TEST(delete_hides_and_delete_again_shows),
		TEST(records_survive_restarts),
		TEST(records_stay_on_top_of_a_new_file),
		TEST(hiding_makes_room_for_a_cname),
		TEST(what_does_not_fit_is_refused),
		TEST(a_signed_zone_wants_to_be_asked_twice),
		TEST(records_are_listed),
		TEST(records_follow_the_zone_that_their_name_is_in),
		TEST(a_zone_is_reset_without_those_inside_it),
		TEST(a_name_is_reset_and_the_others_stay),
		TEST(all_is_reset_also_what_is_in_no_zone),
		TEST(a_record_that_does_not_fit_the_store_is_not_kept),
	};

	return cmocka_run_group_tests_name("zoneset_records", tests, NULL, NULL);
}
