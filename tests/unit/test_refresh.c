/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The timers of a secondary zone, by a clock that the test has. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "../../loader/sync/refresh.h"

#define S 1000u /* ms */
#define START (1000 * S)

static const struct refresh_bounds wide = { 1, 1u << 30, 1, 1u << 30, 1, 1u << 30 };
static const struct refresh_soa soa_7 = {
	.serial = 7, .refresh = 3600, .retry = 600, .expire = 86400
};

static struct refresh_primary primaries[4];
static struct refresh r;

static uint32_t no_jitter(void)
{
	return 0;
}

static uint32_t most_jitter(void)
{
	return UINT32_MAX;
}

static struct refresh_soa soa_of(uint32_t serial)
{
	struct refresh_soa soa = soa_7;

	soa.serial = serial;
	return soa;
}

static void set_up(uint32_t n, const struct refresh_bounds *bounds)
{
	memset(primaries, 0, sizeof(primaries));
	refresh_init(&r, bounds, primaries, n, START);
	r.random = no_jitter;
}

static void assert_step(uint32_t primary, enum refresh_ask ask)
{
	assert_int_equal(r.step.primary, primary);
	assert_int_equal(r.step.ask, ask);
}

/* A zone of serial 7 that was transferred at START. */
static void set_up_loaded(uint32_t n)
{
	set_up(n, &wide);
	refresh_begin(&r, START);
	refresh_loaded(&r, &soa_7, -1, START);
}

static void a_zone_that_is_not_there_is_asked_for_at_once(void **state)
{
	(void)state;
	set_up(1, &wide);
	assert_int_equal(r.due, START);
	assert_int_equal(r.expires, REFRESH_NEVER);
	refresh_begin(&r, START);
	assert_step(0, REFRESH_ZONE);
	assert_int_equal(r.due, REFRESH_NEVER);
	refresh_loaded(&r, &soa_7, -1, START + 2 * S);
	assert_int_equal(r.due, START + 3602 * S);
	/* From when it was asked for, not from when it had come. */
	assert_int_equal(r.expires, START + 86400 * S);
}

static void the_first_tries_come_later_and_later(void **state)
{
	static const uint32_t waits[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300 };
	uint64_t now = START;

	(void)state;
	set_up(1, &wide);
	for (size_t i = 0; i < sizeof(waits) / sizeof(*waits); i++) {
		refresh_begin(&r, now);
		assert_false(refresh_failed(&r, now));
		assert_int_equal(r.due, now + waits[i] * S);
		now = r.due;
	}
}

static void a_refresh_asks_for_the_soa_and_then_for_what_is_new(void **state)
{
	struct refresh_soa soa = soa_of(8);
	uint64_t now;

	(void)state;
	set_up_loaded(1);
	now = r.due;
	refresh_begin(&r, now);
	assert_step(0, REFRESH_SOA);
	assert_false(refresh_answer(&r, &soa_7, -1, now));
	assert_int_equal(r.expires, now + 86400 * S);
	now = r.due;
	refresh_begin(&r, now);
	assert_true(refresh_answer(&r, &soa, -1, now));
	assert_step(0, REFRESH_ZONE);
	refresh_loaded(&r, &soa, -1, now);
	assert_int_equal(r.soa.serial, 8);
}

static void serials_are_compared_as_rfc_1982_says(void **state)
{
	static const struct {
		uint32_t ours, theirs;
		bool is_newer;
	} cases[] = {
		{ 7, 8, true },		  { 7, 6, false },
		{ UINT32_MAX, 0, true },  { 0, UINT32_MAX, false },
		{ 0, 1, true },		  { 1, 0, false },
		{ 1, 0x80000000u, true }, { 7, 0x80000008u, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct refresh_soa ours = soa_of(cases[i].ours), theirs = soa_of(cases[i].theirs);

		set_up(1, &wide);
		refresh_begin(&r, START);
		refresh_loaded(&r, &ours, -1, START);
		refresh_begin(&r, START);
		assert_int_equal(refresh_answer(&r, &theirs, -1, START), cases[i].is_newer);
	}
}

static void a_primary_that_is_behind_confirms_nothing(void **state)
{
	struct refresh_soa behind = soa_of(6);
	uint64_t now;

	(void)state;
	set_up_loaded(2);
	now = r.due;
	refresh_begin(&r, now);
	assert_true(refresh_answer(&r, &behind, -1, now));
	assert_step(1, REFRESH_SOA);
	assert_false(refresh_answer(&r, &behind, -1, now));
	assert_int_equal(r.expires, START + 86400 * S);
	assert_int_equal(r.due, now + 600 * S);
}

static void who_follows_takes_any_serial_that_differs(void **state)
{
	struct refresh_soa lower = soa_of(6), higher = soa_of(8);

	(void)state;
	set_up_loaded(1);
	r.follows = true;
	refresh_begin(&r, START);
	assert_true(refresh_answer(&r, &lower, -1, START));
	assert_step(0, REFRESH_AXFR);
	refresh_loaded(&r, &lower, -1, START);
	refresh_begin(&r, START);
	assert_true(refresh_answer(&r, &higher, -1, START));
	assert_step(0, REFRESH_ZONE);
}

static void primaries_are_asked_in_order_and_dead_ones_last(void **state)
{
	uint64_t now;

	(void)state;
	set_up_loaded(3);
	now = r.due;
	refresh_begin(&r, now);
	assert_step(0, REFRESH_SOA);
	assert_true(refresh_failed(&r, now));
	assert_step(1, REFRESH_SOA);
	assert_false(refresh_answer(&r, &soa_7, -1, now));
	/* It rests, and is asked when the others do not answer either. */
	refresh_notify(&r, REFRESH_ANYONE, NULL, now + S);
	refresh_begin(&r, now + S);
	assert_step(1, REFRESH_SOA);
	assert_true(refresh_failed(&r, now + S));
	assert_step(2, REFRESH_SOA);
	assert_true(refresh_failed(&r, now + S));
	assert_step(0, REFRESH_SOA);
	assert_false(refresh_failed(&r, now + S));
	assert_int_equal(r.due, now + 601 * S);
	/* After the rest the order is as it was. */
	refresh_begin(&r, r.due);
	assert_step(0, REFRESH_SOA);
}

static void a_refused_ixfr_is_followed_by_one_axfr(void **state)
{
	struct refresh_soa soa = soa_of(8);

	(void)state;
	set_up_loaded(2);
	refresh_begin(&r, START);
	assert_true(refresh_answer(&r, &soa, -1, START));
	assert_true(refresh_fall_back(&r, START));
	assert_step(0, REFRESH_AXFR);
	assert_true(refresh_fall_back(&r, START));
	assert_step(1, REFRESH_SOA);
}

static void the_bounds_hold(void **state)
{
	static const struct refresh_bounds tight = { 60, 100, 10, 20, 1000, 2000 };
	static const struct refresh_soa low = { 7, 1, 1, 1 }, high = { 7, 99999, 99999, 99999 };

	(void)state;
	set_up(1, &tight);
	refresh_begin(&r, START);
	refresh_loaded(&r, &low, -1, START);
	assert_int_equal(r.due, START + 60 * S);
	assert_int_equal(r.expires, START + 1000 * S);
	refresh_begin(&r, r.due);
	assert_false(refresh_failed(&r, START + 60 * S));
	assert_int_equal(r.due, START + 70 * S);
	refresh_begin(&r, START + 70 * S);
	refresh_loaded(&r, &high, -1, START + 70 * S);
	assert_int_equal(r.due, START + 170 * S);
	assert_int_equal(r.expires, START + 2070 * S);
	refresh_begin(&r, r.due);
	assert_false(refresh_failed(&r, START + 170 * S));
	assert_int_equal(r.due, START + 190 * S);
}

static void jitter_makes_it_earlier_never_later(void **state)
{
	(void)state;
	set_up(1, &wide);
	r.random = most_jitter;
	refresh_begin(&r, START);
	refresh_loaded(&r, &soa_7, -1, START);
	assert_true(r.due < START + 3600 * S);
	assert_true(r.due >= START + 3240 * S);
}

static void the_expire_option_is_never_surpassed(void **state)
{
	uint64_t now;

	(void)state;
	set_up(1, &wide);
	refresh_begin(&r, START);
	refresh_loaded(&r, &soa_7, 5000, START);
	assert_int_equal(r.expires, START + 5000 * S);
	/* Another primary that knows of less does not shorten it (RFC 7314 section 4) ... */
	now = r.due;
	refresh_begin(&r, now);
	assert_false(refresh_answer(&r, &soa_7, 100, now));
	assert_int_equal(r.expires, START + 5000 * S);
	/* ... and one that has more raises it to that, and not to the SOA's EXPIRE. */
	refresh_begin(&r, now);
	assert_false(refresh_answer(&r, &soa_7, 6000, now));
	assert_int_equal(r.expires, now + 6000 * S);
	refresh_begin(&r, now);
	assert_false(refresh_answer(&r, &soa_7, 999999, now));
	assert_int_equal(r.expires, now + 86400 * S);
	/* A transfer's counts as it is. */
	refresh_begin(&r, now);
	refresh_loaded(&r, &soa_7, 10, now);
	assert_int_equal(r.expires, now + 10 * S);
	/* There is a try before it is over. */
	assert_int_equal(r.due, now + 5 * S);
	assert_false(refresh_is_expired(&r, now + 10 * S - 1));
	assert_true(refresh_is_expired(&r, now + 10 * S));
}

static void a_notify_begins_a_round_with_its_sender(void **state)
{
	const uint32_t newer = 8;

	(void)state;
	set_up_loaded(3);
	refresh_notify(&r, 2, &newer, START + 9 * S);
	assert_int_equal(r.due, START + 9 * S);
	refresh_begin(&r, START + 9 * S);
	assert_step(2, REFRESH_SOA);
	assert_true(refresh_failed(&r, START + 9 * S));
	assert_step(0, REFRESH_SOA);
}

static void a_notify_of_what_we_have_asks_nobody(void **state)
{
	const uint32_t ours = 7, older = 6;
	uint64_t due;

	(void)state;
	set_up_loaded(1);
	due = r.due;
	refresh_notify(&r, 0, &ours, START + 9 * S);
	refresh_notify(&r, 0, &older, START + 9 * S);
	assert_int_equal(r.due, due);
	/* But that a zone has expired is news. */
	refresh_notify(&r, 0, &ours, START + 86400 * S);
	assert_true(r.due <= START + 86400 * S);
}

static void notifies_during_a_round_are_one_round_more(void **state)
{
	struct refresh_soa soa = soa_of(8);
	uint64_t now = START + 9 * S;

	(void)state;
	set_up_loaded(1);
	refresh_notify(&r, 0, NULL, now);
	refresh_begin(&r, now);
	for (int i = 0; i < 10000; i++)
		refresh_notify(&r, 0, NULL, now);
	assert_int_equal(r.due, REFRESH_NEVER);
	assert_true(refresh_answer(&r, &soa, -1, now));
	refresh_loaded(&r, &soa, -1, now);
	assert_int_equal(r.due, now);
	/* And then, when it found nothing, not at once again. */
	refresh_begin(&r, now);
	refresh_notify(&r, 0, NULL, now);
	assert_false(refresh_answer(&r, &soa, -1, now));
	assert_true(r.due > now && r.due <= now + S);
	refresh_begin(&r, now + S);
	assert_false(refresh_answer(&r, &soa, -1, now + S));
	assert_int_equal(r.due, now + 3601 * S);
}

static void an_operator_gets_a_round_and_a_whole_zone(void **state)
{
	(void)state;
	set_up_loaded(1);
	refresh_force(&r, false, START + S);
	assert_int_equal(r.due, START + S);
	refresh_begin(&r, START + S);
	assert_step(0, REFRESH_SOA);
	refresh_force(&r, true, START + S);
	assert_false(refresh_answer(&r, &soa_7, -1, START + S));
	refresh_begin(&r, r.due);
	assert_step(0, REFRESH_AXFR);
	refresh_loaded(&r, &soa_7, -1, START + 2 * S);
	refresh_begin(&r, r.due);
	assert_step(0, REFRESH_SOA);
}

static void a_version_from_the_disk_keeps_its_time(void **state)
{
	(void)state;
	set_up(1, &wide);
	refresh_adopt(&r, &soa_7, START + 50 * S);
	assert_int_equal(r.due, START);
	refresh_begin(&r, START);
	assert_step(0, REFRESH_SOA);
	assert_false(refresh_failed(&r, START));
	assert_int_equal(r.expires, START + 50 * S);
	assert_true(refresh_is_expired(&r, START + 50 * S));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zone_that_is_not_there_is_asked_for_at_once),
		cmocka_unit_test(the_first_tries_come_later_and_later),
		cmocka_unit_test(a_refresh_asks_for_the_soa_and_then_for_what_is_new),
		cmocka_unit_test(serials_are_compared_as_rfc_1982_says),
		cmocka_unit_test(a_primary_that_is_behind_confirms_nothing),
		cmocka_unit_test(who_follows_takes_any_serial_that_differs),
		cmocka_unit_test(primaries_are_asked_in_order_and_dead_ones_last),
		cmocka_unit_test(a_refused_ixfr_is_followed_by_one_axfr),
		cmocka_unit_test(the_bounds_hold),
		cmocka_unit_test(jitter_makes_it_earlier_never_later),
		cmocka_unit_test(the_expire_option_is_never_surpassed),
		cmocka_unit_test(a_notify_begins_a_round_with_its_sender),
		cmocka_unit_test(a_notify_of_what_we_have_asks_nobody),
		cmocka_unit_test(notifies_during_a_round_are_one_round_more),
		cmocka_unit_test(an_operator_gets_a_round_and_a_whole_zone),
		cmocka_unit_test(a_version_from_the_disk_keeps_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
