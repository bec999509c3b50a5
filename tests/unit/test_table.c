/* SPDX-License-Identifier: GPL-3.0-or-later */
/* userspace/lib/table.c: what people see, to the last space. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../userspace/lib/table.h"

static void expect_print(const struct table *table, const char *expected)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	table_print(table, out);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void columns_are_aligned_and_lines_end_clean(void **state)
{
	const char *const heads[] = { "ZONE", ">SERIAL", "STATE", NULL };
	struct table *table;

	(void)state;
	assert_int_equal(table_new(&table, heads), 0);
	assert_int_equal(table_add(table, (const char *const[]){ "example.com.", "7", "serving" }),
			 0);
	assert_int_equal(table_add(table, (const char *const[]){ ".", "2026010100", NULL }), 0);
	assert_int_equal(table_add(table, (const char *const[]){ "a.", "1", "" }), 0);
	assert_int_equal(table_rows(table), 3);
	expect_print(table, "ZONE              SERIAL  STATE\n"
			    "example.com.           7  serving\n"
			    ".             2026010100  -\n"
			    "a.                     1\n");
	table_free(table);
}

static void empty_heads_are_not_printed(void **state)
{
	const char *const heads[] = { "", "", NULL };
	struct table *table;

	(void)state;
	assert_int_equal(table_new(&table, heads), 0);
	assert_int_equal(table_add(table, (const char *const[]){ "mode", "answer" }), 0);
	assert_int_equal(table_add(table, (const char *const[]){ "addresses", "192.0.2.53" }), 0);
	expect_print(table, "mode       answer\naddresses  192.0.2.53\n");
	table_free(table);
}

static void heads_stand_alone(void **state)
{
	const char *const heads[] = { "ONE", ">TWO", NULL };
	struct table *table;

	(void)state;
	assert_int_equal(table_new(&table, heads), 0);
	assert_int_equal(table_rows(table), 0);
	expect_print(table, "ONE  TWO\n");
	table_free(table);
}

static void width_is_in_characters(void **state)
{
	const char *const heads[] = { "A", "B", NULL };
	struct table *table;

	(void)state;
	assert_int_equal(table_new(&table, heads), 0);
	assert_int_equal(table_add(table, (const char *const[]){ "z\xc3\xb6ne", "x" }), 0);
	assert_int_equal(table_add(table, (const char *const[]){ "zones", "x" }), 0);
	expect_print(table, "A      B\nz\xc3\xb6ne   x\nzones  x\n");
	table_free(table);
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
	const char *const heads[] = { "A", NULL };
	struct table *table;

	(void)state;
	assert_int_equal(table_new(&table, heads), 0);
	assert_int_equal(table_add(table, (const char *const[]){ "\033[2J\n\x7f" }), 0);
	expect_print(table, "A\n?[2J??\n");
	table_free(table);
}

static void too_many_columns_are_refused(void **state)
{
	const char *heads[TABLE_COLUMNS_MAX + 2];
	struct table *table;

	(void)state;
	for (unsigned int i = 0; i <= TABLE_COLUMNS_MAX; i++)
		heads[i] = "X";
	heads[TABLE_COLUMNS_MAX + 1] = NULL;
	assert_int_equal(table_new(&table, heads), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_aligned_and_lines_end_clean),
		cmocka_unit_test(empty_heads_are_not_printed),
		cmocka_unit_test(heads_stand_alone),
		cmocka_unit_test(width_is_in_characters),
		cmocka_unit_test(control_characters_do_not_reach_the_terminal),
		cmocka_unit_test(too_many_columns_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
