// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Limits by a clock of the test's own: that rates are what is configured, to the second and over weeks, what a full line of accounts
 * forgets, and what a collision does. In the loaded programs, by the kernel's clock: tests/limits.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/frame.h"
#include "../lib/harness.h"

#define SECOND 1000000000ull
#define SECOND_TICKS (SECOND / DNSBOLT_TICK_NS)
#define START (1000 * SECOND)
#define DAY (86400 * SECOND)

static const uint8_t www[] = "\x4d\x53\0\0\0\1\0\0\0\0\0\0"
			     "\3www\7example\3com\0\0\1\0\1";
static const uint8_t others[] = "\x4d\x53\0\0\0\1\0\0\0\0\0\0"
				"\3not\4ours\0\0\1\0\1";

static struct harness *h;

static struct dnsbolt_limit_config *limit(void)
{
	return &harness_config(h)->limit;
}

/* All accounts empty, one class limited, of one name. */
static void set_rate(uint32_t rate, uint32_t window)
{
	memset(harness_lines(h, false), 0, (HARNESS_LINES + 1) * sizeof(struct dnsbolt_limit_line));
	*limit() = (struct dnsbolt_limit_config){
		.flags = DNSBOLT_LIMIT_ON,
		.mask = HARNESS_LINES - 1,
		.step = { [DNSBOLT_CLASS_ANSWER] = (uint32_t)((SECOND_TICKS + rate / 2) / rate) },
		.burst = SECOND_TICKS,
		.window = window * (uint32_t)SECOND_TICKS,
		.ipv4_prefix = 24,
		.ipv6_prefix = 56,
		.seed = 4711,
	};
}

/* A query from the i-th /24. Returns the reason. */
static enum dnsbolt_reason ask(uint64_t now, uint32_t i, const uint8_t *msg, size_t len)
{
	static struct harness_result res;
	uint8_t frame[FRAME_MAX];
	struct frame_spec spec;

	frame_defaults(&spec, false);
	spec.src.a[12] = 10;
	spec.src.a[13] = (uint8_t)(i >> 8);
	spec.src.a[14] = (uint8_t)i;
	spec.udp_sum = FRAME_SUM_ZERO;
	harness_set_now(h, now);
	assert_int_equal(harness_run_native(h, frame, frame_build(&spec, msg, len, frame), 128,
					    2000, &res),
			 0);
	return res.reason;
}

static enum dnsbolt_reason ask_www(uint64_t now, uint32_t i)
{
	return ask(now, i, www, sizeof(www) - 1);
}

static enum dnsbolt_reason ask_others(uint64_t now, uint32_t i)
{
	return ask(now, i, others, sizeof(others) - 1);
}

/* How many of `per_second` from `start` on for that long are answered. */
static unsigned int flood(uint64_t start, uint64_t ns, uint32_t i, unsigned int per_second)
{
	unsigned int sent = 0;
	uint64_t t;

	for (t = start; t < start + ns; t += SECOND / per_second)
		sent += ask_www(t, i) == REASON_answer;
	return sent;
}

static void assert_within_tenth(unsigned int is, uint64_t due)
{
	assert_in_range(is * 10ul, due * 9, due * 11);
}

static void a_flood_gets_the_rate_with_window_1(void **state)
{
	static const uint32_t rates[] = { 1, 7, 200, 1000, DNSBOLT_LIMIT_RATE_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		uint64_t seconds = rates[i] < 100 ? 40 : 4;

		set_rate(rates[i], 1);
		assert_within_tenth(flood(START, seconds * SECOND, 0, 4 * rates[i]),
				    rates[i] * (seconds + 1));
	}
}

static void what_is_below_the_rate_is_not_limited(void **state)
{
	(void)state;
	set_rate(105, 15);
	assert_int_equal(flood(START, 40 * SECOND, 0, 100), 40 * 100);
}

static void a_flood_has_to_end_with_window_15(void **state)
{
	(void)state;
	set_rate(200, 15);
	/* One second's worth, and what comes in while that is used up. */
	assert_in_range(flood(START, 30 * SECOND, 0, 2000), 200, 230);
	/* Its debt is 14 seconds more than the burst: not sooner, and then at the rate. */
	assert_int_equal(ask_www(START + 30 * SECOND + 13 * SECOND, 0), REASON_rate_limited);
	set_rate(200, 15);
	(void)flood(START, 30 * SECOND, 0, 2000);
	assert_int_equal(ask_www(START + 30 * SECOND + 14 * SECOND + SECOND / 10, 0),
			 REASON_answer);
}

static void every_slip_th_is_sent_as_tc(void **state)
{
	(void)state;
	for (unsigned int slip = 0; slip <= 10; slip++) {
		unsigned int slipped = 0;

		set_rate(1, 15);
		limit()->slip = (uint8_t)slip;
		assert_int_equal(ask_www(START, 0), REASON_answer);
		for (unsigned int i = 0; i < 100; i++)
			slipped += ask_www(START, 0) == REASON_slipped;
		assert_int_equal(slipped, slip ? 100 / slip : 0);
	}
}

/* The 40 bits of an account go round in 104 days. */
static void the_clock_may_go_round(void **state)
{
	const uint64_t end = (uint64_t)DNSBOLT_TICK_NS << DNSBOLT_ACCOUNT_TAT_BITS;

	(void)state;
	set_rate(200, 1);
	assert_within_tenth(flood(end - 2 * SECOND, 4 * SECOND, 0, 2000), 200 * 5);
	/* What was left of a flood says nothing weeks later, whether it seems to be past or to come. */
	for (unsigned int days = 1; days < 120; days += 7) {
		set_rate(200, 15);
		(void)flood(START, SECOND, 0, 2000);
		assert_int_equal(ask_www(START + days * DAY, 0), REASON_answer);
	}
}

/* One line for all: eight accounts. */
static void new_prefixes_do_not_free_who_floods(void **state)
{
	unsigned int limited = 0;

	(void)state;
	set_rate(5, 15);
	limit()->mask = 0;
	for (uint32_t i = 0; i < 7; i++)
		(void)flood(START + i * SECOND / 2, SECOND / 2, i, 400);
	for (uint32_t i = 1000; i < 60000; i++)
		limited += ask_www(START + 4 * SECOND + i * 1000, i) != REASON_answer;
	/* Each has one chance in 2^20 to have the tag of one of the seven: 0.4 are to be expected. */
	assert_in_range(limited, 0, 8);
	for (uint32_t i = 0; i < 7; i++)
		assert_int_equal(ask_www(START + 5 * SECOND, i), REASON_rate_limited);
}

/* The tag of a prefix: what it leaves in a line that was empty. */
static uint64_t tag_of(uint32_t i)
{
	struct dnsbolt_limit_line *line = harness_lines(h, false);

	memset(line, 0, sizeof(*line));
	(void)ask_www(START, i);
	return line->account[0] >> (DNSBOLT_ACCOUNT_TAT_BITS + DNSBOLT_ACCOUNT_SLIP_BITS);
}

static void two_of_one_tag_share_an_account(void **state)
{
	enum { PREFIXES = 8192 };
	static uint32_t first[1u << 20];
	uint32_t i, other = 0;

	(void)state;
	set_rate(1, 15);
	limit()->mask = 0;
	for (i = 1; i < PREFIXES && !other; i++) {
		uint64_t tag = tag_of(i);

		other = first[tag];
		first[tag] = i;
	}
	assert_int_not_equal(other, 0); /* of 8,192 tags of 20 bits about 30 are twice there */
	i--;
	set_rate(1, 15);
	limit()->mask = 0;
	assert_int_equal(ask_www(START, other), REASON_answer);
	assert_int_equal(ask_www(START, i), REASON_rate_limited);
	limit()->mask = HARNESS_LINES - 1;
	memset(harness_lines(h, false), 0, HARNESS_LINES * sizeof(struct dnsbolt_limit_line));
	assert_int_equal(ask_www(START, other), REASON_answer);
	assert_int_equal(ask_www(START, i), REASON_answer); /* but not in the same line */
}

static void what_is_passed_has_a_rate(void **state)
{
	unsigned int passed = 0;
	uint64_t t;

	(void)state;
	set_rate(1, 1);
	limit()->pass_step_ns = SECOND / 1000;
	limit()->pass_burst_ns = SECOND;
	for (t = START; t < START + 4 * SECOND; t += SECOND / 10000)
		passed += ask_others(t, (uint32_t)t) == REASON_not_ours;
	assert_within_tenth(passed, 750 + 4 * 1000);
	(void)ask_others(t, 1);
	assert_int_equal(ask_others(t, 1), REASON_pass_limited);
	/* Another's clock is a little behind: what is there is not of another time. */
	assert_int_equal(ask_others(t - SECOND / 100, 1), REASON_pass_limited);
	assert_int_equal(ask_others(t + SECOND, 1), REASON_not_ours);
}

static int setup(void **state)
{
	(void)state;
	if (harness_new(&h, false) || harness_add_folder(h, "tools/lab/zones", NULL))
		return -1;
	return harness_publish(h, NULL);
}

static int teardown(void **state)
{
	(void)state;
	harness_free(h);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flood_gets_the_rate_with_window_1),
		cmocka_unit_test(what_is_below_the_rate_is_not_limited),
		cmocka_unit_test(a_flood_has_to_end_with_window_15),
		cmocka_unit_test(every_slip_th_is_sent_as_tc),
		cmocka_unit_test(the_clock_may_go_round),
		cmocka_unit_test(new_prefixes_do_not_free_who_floods),
		cmocka_unit_test(two_of_one_tag_share_an_account),
		cmocka_unit_test(what_is_passed_has_a_rate),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
