/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zones: from files and directories into the store. Records of the CLI: test_zoneset_records.c. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libknot/libknot.h>

#include "../lib/zonebed.h"

#define A KNOT_RRTYPE_A

static void zones_of_a_directory_are_served(void **state)
{
	struct zonebed *bed = *state;
	const struct zoneset_zone *zone;

	zonebed_write_small(bed, "other.example", "192.0.2.7");
	zonebed_write(bed, ".hidden", "nonsense");
	zonebed_start(bed);
	assert_string_equal(zonebed_ask(bed, "www.EXAMPLE", A), "192.0.2.1 ");
	assert_string_equal(zonebed_ask(bed, "other.example", A), "192.0.2.7 ");
	assert_string_equal(zonebed_ask(bed, "elsewhere.test", A), "not_ours");
	zone = zoneset_next(bed->set, NULL);
	assert_true(knot_dname_is_equal(zone->apex, zonebed_wire("example")));
	assert_string_equal(zone->state, "serving");
	assert_null(zone->error);
	assert_int_equal(zone->zone->serial, 1);
	assert_ptr_equal(zone->zone, zone->base);
	assert_true(zone->loaded > 0);
	zone = zoneset_next(bed->set, zone);
	assert_true(knot_dname_is_equal(zone->apex, zonebed_wire("other.example")));
	assert_null(zoneset_next(bed->set, zone));
	zone = zoneset_enclosing(bed->set, zonebed_wire("x.y.other.example"));
	assert_true(knot_dname_is_equal(zone->apex, zonebed_wire("other.example")));
	assert_null(zoneset_enclosing(bed->set, zonebed_wire("test")));
}

static void a_bad_zone_fails_alone(void **state)
{
	struct zonebed *bed = *state;
	const struct zoneset_zone *zone;

	zonebed_write(bed, "bad", "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nwww 60 A 192.0.2.300\n");
	zonebed_start(bed);
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.1 ");
	assert_string_equal(zonebed_ask(bed, "www.bad", A), "not_ours");
	zone = zonebed_find(bed, "bad");
	assert_string_equal(zone->state, "failed");
	assert_non_null(strstr(zone->error, "bad.zone:3: "));
	assert_null(zone->zone);
	zonebed_assert_said(bed, "bad.zone:3: ");
}

static void a_zone_given_twice_or_an_unreadable_directory_is_an_error(void **state)
{
	struct zonebed *bed = *state;
	struct config_zone zone = { .name = (char *)"Example.", .file = (char *)"/nowhere" };

	assert_int_equal(zoneset_new(&bed->set, bed->store, &bed->report), 0);
	bed->config.zone = &zone;
	bed->config.zone_count = 1;
	assert_int_equal(zoneset_configure(bed->set, &bed->config), -EEXIST);
	zonebed_assert_error(bed, "zone example. is given twice: ");
	bed->config.zone_count = 0;
	bed->config.zone_dir[0] = (char *)"/nowhere";
	assert_int_equal(zoneset_configure(bed->set, &bed->config), -ENOENT);
	zonebed_assert_error(bed, "zone-dir /nowhere: cannot be read: No such file");
}

static void a_reload_publishes_the_difference(void **state)
{
	struct zonebed *bed = *state;

	zonebed_start(bed);
	zonebed_write_example(bed, 2, "new 60 A 192.0.2.9\n");
	assert_int_equal(zoneset_reload(bed->set, zonebed_wire("Example")), 0);
	assert_string_equal(zonebed_ask(bed, "new.example", A), "192.0.2.9 ");
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.1 ");
	assert_int_equal(zonebed_find(bed, "example")->zone->serial, 2);
	assert_int_equal(zoneset_reload(bed->set, zonebed_wire("nowhere")), -ENOENT);
	zonebed_assert_error(bed, "zone nowhere.: there is no such zone");
}

static void a_bad_file_never_replaces_a_good_zone(void **state)
{
	struct zonebed *bed = *state;

	zonebed_start(bed);
	zonebed_write_example(bed, 2, "alias 60 A 192.0.2.9\n");
	assert_int_equal(zoneset_reload(bed->set, zonebed_wire("example")), -EINVAL);
	zonebed_assert_error(bed, "example.zone");
	assert_string_equal(zonebed_find(bed, "example")->state, "stale");
	zonebed_assert_said(bed, "zone example.: keeping serial 1");
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.1 ");
	/* Also over a restart of the daemon. */
	zonebed_stop(bed);
	zonebed_start(bed);
	assert_string_equal(zonebed_find(bed, "example")->state, "stale");
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.1 ");
	zonebed_write_example(bed, 3, "");
	assert_int_equal(zoneset_reload(bed->set, NULL), 0);
	assert_string_equal(zonebed_find(bed, "example")->state, "serving");
	assert_null(zonebed_find(bed, "example")->error);
	assert_int_equal(zonebed_find(bed, "example")->zone->serial, 3);
}

static void a_file_of_another_digest_is_bad(void **state)
{
	struct zonebed *bed = *state;
	char record[128];

	(void)snprintf(record, sizeof(record), "@ 60 ZONEMD 2 1 1 %096d\n", 0);
	zonebed_start(bed);
	zonebed_write_example(bed, 2, record);
	assert_int_equal(zoneset_reload(bed->set, zonebed_wire("example")), -EINVAL);
	zonebed_assert_error(bed, "example.zone: ");
	assert_string_equal(zonebed_find(bed, "example")->state, "stale");
	assert_int_equal(zonebed_find(bed, "example")->zone->serial, 1);
}

static void a_full_reload_sees_files_come_change_and_go(void **state)
{
	struct zonebed *bed = *state;
	const struct zone *same;

	zonebed_write_small(bed, "going.test", "192.0.2.7");
	zonebed_write_small(bed, "same.test", "192.0.2.8");
	zonebed_start(bed);
	same = zonebed_find(bed, "same.test")->base;
	zonebed_write_example(bed, 2, "new 60 A 192.0.2.9\n");
	zonebed_write_small(bed, "coming.test", "192.0.2.10");
	zonebed_remove(bed, "going.test");
	assert_int_equal(zoneset_reload(bed->set, NULL), 0);
	assert_string_equal(zonebed_ask(bed, "new.example", A), "192.0.2.9 ");
	assert_string_equal(zonebed_ask(bed, "coming.test", A), "192.0.2.10 ");
	assert_string_equal(zonebed_ask(bed, "going.test", A), "not_ours");
	assert_null(zoneset_find(bed->set, zonebed_wire("going.test")));
	/* What did not change was not read again. */
	assert_ptr_equal(zonebed_find(bed, "same.test")->base, same);

	zonebed_write(bed, "bad.test", "nonsense\n");
	zonebed_write_small(bed, "coming.test", "192.0.2.11");
	assert_int_equal(zoneset_reload(bed->set, NULL), -EINVAL);
	zonebed_assert_error(bed, "1 of 4 zones could not be loaded, the first: ");
	assert_string_equal(zonebed_ask(bed, "coming.test", A), "192.0.2.11 ");
}

static void what_is_configured_no_more_is_dropped_at_the_start(void **state)
{
	struct zonebed *bed = *state;

	zonebed_write_small(bed, "going.test", "192.0.2.7");
	zonebed_start(bed);
	zonebed_stop(bed);
	zonebed_remove(bed, "going.test");
	zonebed_write_example(bed, 2, "new 60 A 192.0.2.9\n");
	assert_string_equal(zonebed_ask(bed, "going.test", A), "192.0.2.7 ");
	zonebed_start(bed);
	assert_string_equal(zonebed_ask(bed, "going.test", A), "not_ours");
	assert_string_equal(zonebed_ask(bed, "new.example", A), "192.0.2.9 ");
}

static void a_zone_inside_a_zone_takes_its_names(void **state)
{
	struct zonebed *bed = *state;

	zonebed_start(bed);
	assert_string_equal(zonebed_ask(bed, "a.inner.example", A), "192.0.2.66 ");
	assert_string_equal(zonebed_ask(bed, "b.inner.example", A), "192.0.2.67 ");
	zonebed_write(
		bed, "inner.example",
		"@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.53\na 60 A 192.0.2.77\n");
	assert_int_equal(zoneset_reload(bed->set, NULL), 0);
	assert_string_equal(zonebed_ask(bed, "a.inner.example", A), "192.0.2.77 ");
	assert_string_equal(zonebed_ask(bed, "b.inner.example", A), "nxdomain");
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.1 ");
	zonebed_remove(bed, "inner.example");
	assert_int_equal(zoneset_reload(bed->set, NULL), 0);
	assert_string_equal(zonebed_ask(bed, "a.inner.example", A), "192.0.2.66 ");
	assert_string_equal(zonebed_ask(bed, "b.inner.example", A), "192.0.2.67 ");
}

static void a_zone_that_is_not_served_hides_none_inside_it(void **state)
{
	struct zonebed *bed = *state;

	zonebed_write_example(bed, 1,
			      "a.deep.inner 60 A 192.0.2.66\nb.deep.inner 60 A 192.0.2.67\n");
	zonebed_write(bed, "inner.example", "no zone\n");
	zonebed_start(bed);
	assert_string_equal(zonebed_ask(bed, "b.deep.inner.example", A), "192.0.2.67 ");
	zonebed_write(
		bed, "deep.inner.example",
		"@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.53\na 60 A 192.0.2.77\n");
	assert_int_equal(zoneset_reload(bed->set, NULL), -EINVAL); /* inner.example */
	assert_string_equal(zonebed_ask(bed, "a.deep.inner.example", A), "192.0.2.77 ");
	assert_string_equal(zonebed_ask(bed, "b.deep.inner.example", A), "nxdomain");
	zonebed_remove(bed, "deep.inner.example");
	assert_int_equal(zoneset_reload(bed->set, NULL), -EINVAL);
	assert_string_equal(zonebed_ask(bed, "a.deep.inner.example", A), "192.0.2.66 ");
	assert_string_equal(zonebed_ask(bed, "b.deep.inner.example", A), "192.0.2.67 ");
}

/* RFC 4034 section 6.1: an octet of zero is no end of a label. */
static void a_zone_has_one_name(void **state)
{
	struct zonebed *bed = *state;

	zonebed_write_example(bed, 1, "a\\000b 60 A 192.0.2.66\n");
	zonebed_write_small(bed, "b.a.example", "192.0.2.7");
	zonebed_start(bed);
	assert_string_equal(zonebed_ask(bed, "b.a.example", A), "192.0.2.7 ");
	assert_string_equal(zonebed_ask(bed, "a\\000b.example", A), "192.0.2.66 ");
	assert_int_equal(zonebed_set(bed, "b.a.example", A, "192.0.2.8"), 0);
	assert_int_equal(zonebed_set(bed, "a\\000b.example", A, "192.0.2.67"), 0);
	zonebed_stop(bed);
	zonebed_start(bed);
	assert_string_equal(zonebed_ask(bed, "b.a.example", A), "192.0.2.8 ");
	assert_string_equal(zonebed_ask(bed, "a\\000b.example", A), "192.0.2.67 ");
}

static void the_root_is_a_zone_like_any_other(void **state)
{
	struct zonebed *bed = *state;
	char file[256];
	struct config_zone zone = { .name = (char *)".", .file = file };

	(void)snprintf(file, sizeof(file), "%s/root", bed->root);
	assert_int_equal(rename(zonebed_path(bed, "example"), file), 0);
	bed->config.zone = &zone;
	bed->config.zone_count = 1;
	zonebed_start(bed);
	assert_string_equal(zonebed_ask(bed, "www", A), "192.0.2.1 ");
	assert_string_equal(zonebed_ask(bed, ".", KNOT_RRTYPE_NS), "ns. ");
	assert_int_equal(zonebed_set(bed, "a.inner", A, "192.0.2.99"), 0);
	assert_string_equal(zonebed_ask(bed, "a.inner", A), "192.0.2.99 ");
	zonebed_write_small(bed, "inner", "192.0.2.7");
	assert_int_equal(zoneset_reload(bed->set, NULL), 0);
	assert_string_equal(zonebed_ask(bed, "inner", A), "192.0.2.7 ");
	assert_string_equal(zonebed_ask(bed, "a.inner", A), "192.0.2.99 ");
	assert_string_equal(zonebed_ask(bed, "b.inner", A), "nxdomain");
	assert_int_equal(zonebed_find(bed, ".")->records, 0);
}

static void write_large(struct zonebed *bed, const char *zone, unsigned int names)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(stream);
	fputs("@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.53\n", stream);
	for (unsigned int i = 0; i < names; i++)
		fprintf(stream, "n%u 60 A 192.0.2.1\n", i);
	assert_int_equal(fclose(stream), 0);
	zonebed_write(bed, zone, text);
	free(text);
}

static void a_zone_that_does_not_fit_is_refused_by_name(void **state)
{
	struct zonebed *bed = *state;

	write_large(bed, "large.test", 500);
	zonebed_write_small(bed, "before.test", "192.0.2.7");
	zonebed_write_small(bed, "small.test", "192.0.2.8");
	zonebed_close_store(bed);
	zonebed_open_store(bed, 100);
	zonebed_start(bed);
	zonebed_assert_said(bed, "zone large.test.: the store does not take it");
	assert_string_equal(zonebed_find(bed, "large.test")->state, "failed");
	assert_string_equal(zonebed_ask(bed, "n1.large.test", A), "not_ours");
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.1 ");
	assert_string_equal(zonebed_ask(bed, "before.test", A), "192.0.2.7 ");
	assert_string_equal(zonebed_ask(bed, "small.test", A), "192.0.2.8 ");
	/* It is tried again, and its size may be right now. */
	zonebed_write_small(bed, "large.test", "192.0.2.9");
	assert_int_equal(zoneset_reload(bed->set, NULL), 0);
	assert_string_equal(zonebed_ask(bed, "large.test", A), "192.0.2.9 ");
}

/* The names that the inner zone gives back do not fit, and then do. */
static void a_zone_that_did_not_fit_is_rendered_in_full(void **state)
{
	struct zonebed *bed = *state;
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(stream);
	for (unsigned int i = 0; i < 60; i++)
		fprintf(stream, "n%u.inner 60 A 192.0.2.1\n", i);
	assert_int_equal(fclose(stream), 0);
	zonebed_write_example(bed, 1, text);
	zonebed_write_small(bed, "inner.example", "192.0.2.66");
	zonebed_close_store(bed);
	zonebed_open_store(bed, 100);
	zonebed_start(bed);
	assert_string_equal(zonebed_ask(bed, "n7.inner.example", A), "nxdomain");
	write_large(bed, "a", 70); /* is rendered before "example" */
	zonebed_remove(bed, "inner.example");
	assert_int_equal(zoneset_reload(bed->set, NULL), -ENOSPC);
	assert_string_equal(zonebed_find(bed, "example")->state, "stale");
	zonebed_remove(bed, "a");
	assert_int_equal(zoneset_reload(bed->set, NULL), 0);
	assert_string_equal(zonebed_ask(bed, "n7.inner.example", A), "192.0.2.1 ");
	assert_string_equal(zonebed_find(bed, "example")->state, "serving");
	free(text);
}

static void a_zone_whose_soa_is_signed_too_much_is_refused_alone(void **state)
{
	struct zonebed *bed = *state;
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(stream);
	fputs("@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\n@ 60 DNSKEY 256 3 8 AAAA\n", stream);
	for (unsigned int i = 0; i < 300; i++)
		fprintf(stream, "@ 60 RRSIG SOA 8 1 60 20300101000000 20200101000000 %u @ %0400u\n",
			i, i);
	assert_int_equal(fclose(stream), 0);
	zonebed_write(bed, "large.test", text);
	free(text);
	zonebed_write_small(bed, "small.test", "192.0.2.8");
	zonebed_start(bed);
	zonebed_assert_said(bed, "its signatures do not fit in a message");
	assert_string_equal(zonebed_find(bed, "large.test")->state, "failed");
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.1 ");
	assert_string_equal(zonebed_ask(bed, "small.test", A), "192.0.2.8 ");
}

static void many_zones_load_in_one_change_set(void **state)
{
	struct zonebed *bed = *state;
	struct store_stats stats;
	char name[32];

	for (unsigned int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "z%u.test", i);
		zonebed_write_small(bed, name, "192.0.2.7");
	}
	zonebed_start(bed);
	store_get_stats(bed->store, &stats);
	assert_int_equal(stats.zones, 1001);
	assert_int_equal(stats.change_sets, 1);
	assert_string_equal(zonebed_ask(bed, "z999.test", A), "192.0.2.7 ");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, zonebed_setup, zonebed_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(zones_of_a_directory_are_served),
		TEST(a_bad_zone_fails_alone),
		TEST(a_zone_given_twice_or_an_unreadable_directory_is_an_error),
		TEST(a_reload_publishes_the_difference),
		TEST(a_bad_file_never_replaces_a_good_zone),
		TEST(a_file_of_another_digest_is_bad),
		TEST(a_full_reload_sees_files_come_change_and_go),
		TEST(what_is_configured_no_more_is_dropped_at_the_start),
		TEST(a_zone_inside_a_zone_takes_its_names),
		TEST(a_zone_that_is_not_served_hides_none_inside_it),
		TEST(a_zone_has_one_name),
		TEST(the_root_is_a_zone_like_any_other),
		TEST(a_zone_that_does_not_fit_is_refused_by_name),
		TEST(a_zone_that_did_not_fit_is_rendered_in_full),
		TEST(a_zone_whose_soa_is_signed_too_much_is_refused_alone),
		TEST(many_zones_load_in_one_change_set),
	};

	return cmocka_run_group_tests_name("zoneset", tests, NULL, NULL);
}
