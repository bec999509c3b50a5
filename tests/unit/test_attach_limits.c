/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From rates and secrets as people write them to what the program reads. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../loader/attach_limits.c"

/* In place of attach.c. */
int attach_fail(struct attach *attach, int err, const char *format, ...)
{
	(void)attach;
	(void)format;
	return err;
}

static struct dnsbolt_config page;
static struct attach attach = { .page = &page };

static void every_rate_is_kept_within_a_twentieth(void **state)
{
	(void)state;
	assert_int_equal(step(0), 0);
	for (uint32_t rate = 1; rate <= DNSBOLT_LIMIT_RATE_MAX; rate++) {
		double kept = 1e9 / DNSBOLT_TICK_NS / step(rate);

		if (kept < rate * 0.95 || kept > rate * 1.05)
			fail_msg("%u is %f", rate, kept);
	}
}

static void limits_are_told_as_they_are_configured(void **state)
{
	struct config_limit limit = { .responses = 200,
				      .nxdomains = 10,
				      .window = 15,
				      .slip = 3,
				      .ipv4_prefix = 24,
				      .ipv6_prefix = 56,
				      .accounts = 1024 };
	struct config_clients clients = { .denied = CONFIG_DENIED_PASS };
	struct config config = { .limit = &limit, .clients = &clients, .pass_limit = 1000 };
	uint64_t seed;

	(void)state;
	memset(&page, 0, sizeof(page));
	assert_int_equal(attach_write_limits(&attach, &config), 0);
	assert_int_equal(page.limit.flags, DNSBOLT_LIMIT_ON | DNSBOLT_LIMIT_DENY_PASS);
	assert_int_equal(page.limit.mask, 127);
	assert_int_equal(page.limit.step[DNSBOLT_CLASS_ANSWER], 610);
	assert_int_equal(page.limit.step[DNSBOLT_CLASS_NXDOMAIN], 12207);
	assert_int_equal(page.limit.step[DNSBOLT_CLASS_NODATA], 0);
	assert_int_equal(page.limit.window, 15 * page.limit.burst);
	assert_int_equal(page.limit.pass_step_ns, 1000000);
	assert_int_equal(page.limit.pass_burst_ns, SECOND_NS);
	seed = page.limit.seed;
	assert_int_not_equal(seed, 0);
	/* Clients come and go without the limits. */
	attach_set_access(&attach, true);
	limit.responses = limit.nxdomains = 0;
	limit.log_only = true;
	config.pass_limit = 1;
	assert_int_equal(attach_write_limits(&attach, &config), 0);
	assert_int_equal(page.limit.flags,
			 DNSBOLT_LIMIT_LOG_ONLY | DNSBOLT_LIMIT_DENY_PASS | DNSBOLT_LIMIT_ACCESS);
	assert_int_equal(page.limit.seed, seed);
	/* Three quarters of the bucket, which are for everyone, hold a query. */
	assert_true(page.limit.pass_burst_ns * 3 / 4 >= page.limit.pass_step_ns);
	attach_set_access(&attach, false);
	assert_false(page.limit.flags & DNSBOLT_LIMIT_ACCESS);
}

static void secrets_are_told_and_read_back(void **state)
{
	struct secrets secrets = { .n = 2, .octets = { { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, { 77 } } };
	struct secrets again;

	(void)state;
	memset(&page, 0, sizeof(page));
	assert_false(attach_secrets(&attach, &again));
	attach_set_secrets(&attach, &secrets);
	/* SipHash reads its key as little-endian words. */
	assert_true(page.cookie.secret[0][0] == 0x0807060504030201ull);
	assert_true(page.cookie.secret[0][1] == 9);
	assert_true(attach_secrets(&attach, &again));
	assert_memory_equal(&again, &secrets, sizeof(secrets));
	secrets.n = 1;
	memset(secrets.octets[1], 0, sizeof(secrets.octets[1]));
	attach_set_secrets(&attach, &secrets);
	assert_true(page.cookie.secret[1][0] == 0);
	assert_int_equal(page.cookie.n_secrets, 1);
}

static void the_time_of_day_is_that_of_the_clock(void **state)
{
	int64_t told;

	(void)state;
	attach_write_clock(&attach);
	told = clock_ns(CLOCK_MONOTONIC) / SECOND_NS + page.cookie.wall_offset;
	assert_in_range(told - clock_ns(CLOCK_REALTIME) / SECOND_NS + 2, 0, 4);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rate_is_kept_within_a_twentieth),
		cmocka_unit_test(limits_are_told_as_they_are_configured),
		cmocka_unit_test(secrets_are_told_and_read_back),
		cmocka_unit_test(the_time_of_day_is_that_of_the_clock),
	};

	return cmocka_run_group_tests_name("attach_limits", tests, NULL, NULL);
}
