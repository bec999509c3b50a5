/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zones that are transferred, in the zone set: versions offered, members of catalogs, and the watch over signatures. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libknot/libknot.h>

#include "../../loader/sigwatch.h"
#include "../lib/zonebed.h"

#define A KNOT_RRTYPE_A

static char primary[] = "192.0.2.1";
static char *primaries[] = { primary };
static struct config_zone rows[] = {
	{ .name = (char *)"away.test", .sync = { .primary = primaries, .primary_count = 1 } },
	{ .name = (char *)"cat.test",
	  .sync = { .primary = primaries, .primary_count = 1 },
	  .catalog = true },
};

static void add(struct zone *zone, const char *owner, uint16_t type, const char *rdata)
{
	knot_rdataset_t rrs;

	assert_int_equal(zone_parse_rdata(&rrs, zonebed_wire("."), type, rdata, NULL), 0);
	assert_int_equal(zone_add(zone, zonebed_wire(owner), type, 60, rrs.rdata->data,
				  rrs.rdata->len, "test", NULL),
			 0);
	knot_rdataset_clear(&rrs, NULL);
}

static struct zone *version_of(const char *apex, uint32_t serial, const char *address)
{
	char text[64];
	struct zone *zone;

	assert_int_equal(zone_new(&zone, zonebed_wire(apex)), 0);
	(void)snprintf(text, sizeof(text), "ns. h. %u 1 2 3 4", serial);
	add(zone, apex, KNOT_RRTYPE_SOA, text);
	add(zone, apex, KNOT_RRTYPE_NS, "ns.");
	add(zone, apex, A, address);
	assert_int_equal(zone_check(zone, "test", NULL), 0);
	return zone;
}

static void start(struct zonebed *bed)
{
	bed->config.zone = rows;
	bed->config.zone_count = 2;
	zonebed_start(bed);
}

static void offer(struct zonebed *bed, const char *apex, uint32_t serial, const char *address)
{
	assert_int_equal(
		zoneset_offer(bed->set, zonebed_wire(apex), version_of(apex, serial, address)), 0);
}

static void a_version_is_served_once_it_is_published(void **state)
{
	struct zonebed *bed = *state;

	start(bed);
	assert_string_equal(zonebed_find(bed, "away.test")->state, "waiting");
	assert_null(zonebed_find(bed, "away.test")->file);
	offer(bed, "away.test", 7, "192.0.2.7");
	assert_string_equal(zonebed_ask(bed, "away.test", A), "not_ours");
	assert_int_equal(zoneset_publish_offers(bed->set), 0);
	assert_string_equal(zonebed_ask(bed, "away.test", A), "192.0.2.7 ");
	assert_string_equal(zonebed_find(bed, "away.test")->state, "serving");
	/* The last offer counts, a lower serial too. */
	offer(bed, "away.test", 9, "192.0.2.9");
	offer(bed, "away.test", 1, "192.0.2.1");
	assert_int_equal(zoneset_publish_offers(bed->set), 0);
	assert_string_equal(zonebed_ask(bed, "away.test", A), "192.0.2.1 ");
	assert_int_equal(zoneset_offer(bed->set, zonebed_wire("other.test"),
				       version_of("other.test", 1, "192.0.2.1")),
			 -ENOENT);
}

static void records_of_the_cli_lie_on_top_of_each_version(void **state)
{
	struct zonebed *bed = *state;

	start(bed);
	offer(bed, "away.test", 1, "192.0.2.7");
	assert_int_equal(zoneset_publish_offers(bed->set), 0);
	assert_int_equal(zonebed_set(bed, "www.away.test", A, "192.0.2.66"), 0);
	offer(bed, "away.test", 2, "192.0.2.8");
	assert_int_equal(zoneset_publish_offers(bed->set), 0);
	assert_string_equal(zonebed_ask(bed, "away.test", A), "192.0.2.8 ");
	assert_string_equal(zonebed_ask(bed, "www.away.test", A), "192.0.2.66 ");
	assert_int_equal(zonebed_find(bed, "away.test")->records, 1);
}

static void reloads_are_for_files(void **state)
{
	struct zonebed *bed = *state;

	start(bed);
	offer(bed, "away.test", 1, "192.0.2.7");
	assert_int_equal(zoneset_publish_offers(bed->set), 0);
	assert_int_equal(zoneset_reload(bed->set, zonebed_wire("away.test")), -EINVAL);
	zonebed_assert_error(bed, "zone refresh");
	assert_int_equal(zoneset_reload(bed->set, NULL), 0);
	assert_string_equal(zonebed_ask(bed, "away.test", A), "192.0.2.7 ");
}

static void a_fault_and_a_limit_show_in_the_row(void **state)
{
	struct zonebed *bed = *state;
	const knot_dname_t *apex = (const uint8_t *)"\4away\4test";

	start(bed);
	zoneset_set_fault(bed->set, apex, "no answer");
	assert_string_equal(zonebed_find(bed, "away.test")->state, "waiting");
	offer(bed, "away.test", 1, "192.0.2.7");
	assert_int_equal(zoneset_publish_offers(bed->set), 0);
	assert_null(zonebed_find(bed, "away.test")->error);
	zoneset_set_fault(bed->set, apex, "no answer");
	assert_string_equal(zonebed_find(bed, "away.test")->state, "stale");
	zoneset_withhold(bed->set, apex, "expired");
	assert_string_equal(zonebed_find(bed, "away.test")->state, "expired");
	zoneset_set_fault(bed->set, apex, NULL);
	assert_string_equal(zonebed_find(bed, "away.test")->state, "expired");
	zoneset_withhold(bed->set, apex, NULL);
	assert_string_equal(zonebed_find(bed, "away.test")->state, "serving");
}

static void a_catalog_is_held_and_not_served(void **state)
{
	struct zonebed *bed = *state;

	start(bed);
	offer(bed, "cat.test", 1, "192.0.2.7");
	assert_int_equal(zoneset_publish_offers(bed->set), 0);
	assert_string_equal(zonebed_ask(bed, "cat.test", A), "not_ours");
	assert_int_equal(zonebed_find(bed, "cat.test")->zone->serial, 1);
	offer(bed, "cat.test", 2, "192.0.2.7");
	assert_int_equal(zoneset_publish_offers(bed->set), 0);
	assert_int_equal(zonebed_find(bed, "cat.test")->zone->serial, 2);
}

static void members_come_and_go(void **state)
{
	struct zonebed *bed = *state;

	start(bed);
	assert_int_equal(zoneset_add_member(bed->set, zonebed_wire("example")), -EEXIST);
	assert_int_equal(zoneset_add_member(bed->set, zonebed_wire("m.test")), 0);
	assert_int_equal(zoneset_add_member(bed->set, zonebed_wire("m.test")), -EEXIST);
	offer(bed, "m.test", 1, "192.0.2.7");
	assert_int_equal(zoneset_publish_offers(bed->set), 0);
	assert_string_equal(zonebed_ask(bed, "m.test", A), "192.0.2.7 ");
	/* Files that come later do not take its place, and a reload does not take it away. */
	zonebed_write_small(bed, "m.test", "192.0.2.99");
	assert_int_equal(zoneset_reload(bed->set, NULL), 0);
	zonebed_assert_said(bed, "member of a catalog");
	assert_string_equal(zonebed_ask(bed, "m.test", A), "192.0.2.7 ");
	/* What is removed and added at once is what it was; what is published meanwhile begins anew. */
	zoneset_remove_member(bed->set, zonebed_wire("m.test"));
	assert_int_equal(zoneset_publish_offers(bed->set), 0);
	assert_string_equal(zonebed_ask(bed, "m.test", A), "not_ours");
	assert_null(zoneset_find(bed->set, zonebed_wire("m.test")));
	assert_int_equal(zoneset_add_member(bed->set, zonebed_wire("m.test")), 0);
	assert_string_equal(zonebed_find(bed, "m.test")->state, "waiting");
	/* Those of the configuration are no members. */
	zoneset_remove_member(bed->set, zonebed_wire("example"));
	assert_int_equal(zoneset_publish_offers(bed->set), 0);
	assert_string_equal(zonebed_ask(bed, "www.example", A), "192.0.2.1 ");
}

static void what_the_store_has_is_served_until_a_version_comes(void **state)
{
	struct zonebed *bed = *state;

	start(bed);
	offer(bed, "away.test", 1, "192.0.2.7");
	assert_int_equal(zoneset_publish_offers(bed->set), 0);
	zonebed_stop(bed);
	start(bed);
	assert_string_equal(zonebed_ask(bed, "away.test", A), "192.0.2.7 ");
	assert_null(zonebed_find(bed, "away.test")->zone);
	assert_string_equal(zonebed_find(bed, "away.test")->state, "serving");
	offer(bed, "away.test", 2, "192.0.2.8");
	assert_int_equal(zoneset_publish_offers(bed->set), 0);
	assert_string_equal(zonebed_ask(bed, "away.test", A), "192.0.2.8 ");
}

static void a_version_that_does_not_fit_is_refused_by_name(void **state)
{
	struct zonebed *bed = *state;
	struct zone *large;
	char owner[64];

	zonebed_close_store(bed);
	zonebed_open_store(bed, 2000);
	start(bed);
	offer(bed, "away.test", 1, "192.0.2.7");
	assert_int_equal(zoneset_publish_offers(bed->set), 0);
	large = version_of("away.test", 2, "192.0.2.8");
	for (unsigned int i = 0; i < 3000; i++) {
		(void)snprintf(owner, sizeof(owner), "n%u.away.test", i);
		add(large, owner, A, "192.0.2.1");
	}
	assert_int_equal(zoneset_offer(bed->set, zonebed_wire("away.test"), large), 0);
	assert_int_equal(zoneset_publish_offers(bed->set), 0);
	assert_int_equal(zonebed_find(bed, "away.test")->base->serial, 1);
	assert_string_equal(zonebed_find(bed, "away.test")->state, "stale");
	assert_non_null(strstr(zonebed_find(bed, "away.test")->error, "does not take it"));
	assert_string_equal(zonebed_ask(bed, "away.test", A), "192.0.2.7 ");
}

/* ---- signatures ---- */

static void the_first_expiration_is_found_by_serial_arithmetic(void **state)
{
	struct zone *zone = version_of("example", 1, "192.0.2.1");
	const struct zone_name *name;

	(void)state;
	add(zone, "example", KNOT_RRTYPE_RRSIG,
	    "A 13 1 60 20300101000000 20200101000000 1 example. AAAA");
	add(zone, "example", KNOT_RRTYPE_RRSIG,
	    "NS 13 1 60 20290101000000 20200101000000 1 example. AAAA");
	name = zone_find(zone, zonebed_wire("example"));
	assert_int_equal(sigwatch_earliest(name, 0, 1700000000), 1861920000);
	assert_int_equal(sigwatch_earliest(name, 1800000000, 1700000000), 1800000000);
	/* Seen from 2100: the 32 bits have gone around once. */
	assert_int_equal(sigwatch_earliest(name, 0, 4102444800), 1861920000 + (INT64_C(1) << 32));
	zone_free(zone);
}

static void signatures_are_warned_of(void **state)
{
	struct zonebed *bed = *state;
	time_t soon = time(NULL) + 86400;
	char record[512], until[32];
	struct sigwatch *watch;
	struct tm tm;
	uv_loop_t loop;

	(void)strftime(until, sizeof(until), "%Y%m%d%H%M%S", gmtime_r(&soon, &tm));
	(void)snprintf(
		record, sizeof(record),
		"@ 60 DNSKEY 257 3 13 AAAA\nwww 300 RRSIG A 13 2 300 %s 20200101000000 1 example. AAAA\n",
		until);
	zonebed_write_example(bed, 2, record);
	start(bed);
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(sigwatch_start(&watch, &loop, bed->set, &bed->report), 0);
	while (!zonebed_find(bed, "example")->signatures)
		(void)uv_run(&loop, UV_RUN_ONCE);
	zonebed_assert_said(bed, "zone example.: the first of its signatures expires in 2");
	assert_int_equal(zonebed_find(bed, "example")->signatures_expire, soon);
	sigwatch_stop(watch);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, zonebed_setup, zonebed_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_version_is_served_once_it_is_published),
		TEST(records_of_the_cli_lie_on_top_of_each_version),
		TEST(reloads_are_for_files),
		TEST(a_fault_and_a_limit_show_in_the_row),
		TEST(a_catalog_is_held_and_not_served),
		TEST(members_come_and_go),
		TEST(what_the_store_has_is_served_until_a_version_comes),
		TEST(a_version_that_does_not_fit_is_refused_by_name),
		TEST(the_first_expiration_is_found_by_serial_arithmetic),
		TEST(signatures_are_warned_of),
	};

	return cmocka_run_group_tests_name("zoneset_sync", tests, NULL, NULL);
}
