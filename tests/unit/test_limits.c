/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "../../loader/limits.h"

static struct store_stats stats;
static char said[512];

/* In place of the store's own. */
void store_get_stats(const struct store *s, struct store_stats *ret_stats)
{
	(void)s;
	*ret_stats = stats;
}

static void say(enum log_level level, const char *text, void *arg)
{
	(void)arg;
	assert_int_equal(level, LOG_LEVEL_ERROR);
	assert_string_equal(said, ""); /* one line at a time */
	(void)snprintf(said, sizeof(said), "%s", text);
}

/* What is said when so many are in use. */
static const char *check(struct limits *limits, uint64_t names, uint32_t zones)
{
	static const struct report report = { .say = say };

	stats = (struct store_stats){ .anchors = names, .max_names = 1000, .zones = zones };
	said[0] = '\0';
	limits_check(limits, NULL, &report);
	return said;
}

static void it_is_said_once_before_it_is_full(void **state)
{
	struct limits limits = { false };

	(void)state;
	assert_string_equal(check(&limits, 899, 1), "");
	assert_non_null(strstr(check(&limits, 900, 1), "900 of 1000 names are in use"));
	assert_string_equal(check(&limits, 1000, 1), "");
	assert_string_equal(check(&limits, 899, 1), "");
	assert_string_equal(check(&limits, 900, 1), "");
	assert_string_equal(check(&limits, 849, 1), "");
	assert_non_null(strstr(check(&limits, 950, 1), "950 of 1000 names"));
}

static void zones_have_a_limit_too(void **state)
{
	struct limits limits = { false };

	(void)state;
	assert_string_equal(check(&limits, 1, 117964), "");
	assert_non_null(strstr(check(&limits, 1, 117965), "117965 of 131072 zones"));
	assert_string_equal(check(&limits, 1, 131072), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_said_once_before_it_is_full),
		cmocka_unit_test(zones_have_a_limit_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
