/* SPDX-License-Identifier: GPL-3.0-or-later */
/* userspace/lib/name.c: names and types as text, and what is said of texts that are neither. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../userspace/lib/name.h"

static void names_come_back_absolute(void **state)
{
	static const char *const rows[][2] = {
		{ ".", "." },
		{ "example.com", "example.com." },
		{ "example.com.", "example.com." },
		{ "WwW.example.com", "WwW.example.com." },
		{ "*.example.com", "*.example.com." },
		{ "a\\.b.example", "a\\.b.example." },
		{ "\\065.example", "A.example." },
		{ "0/25.2.0.192.in-addr.arpa", "0/25.2.0.192.in-addr.arpa." },
	};
	knot_dname_txt_storage_t text;
	knot_dname_storage_t name;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(name_parse(name, rows[i][0], NULL), 0);
		assert_string_equal(name_text(name, text), rows[i][1]);
	}
	assert_int_equal(name_parse_lower(name, "WwW.Example.COM", NULL), 0);
	assert_string_equal(name_text(name, text), "www.example.com.");
}

static void what_is_wrong_with_a_name_is_said(void **state)
{
	char long_label[80] = "", long_name[300] = "";
	const char *const rows[][2] = {
		{ "", "empty (the root" },	  { "a..b", "empty label" },
		{ ".a", "empty label" },	  { "a\\", "broken escape" },
		{ "\\300.b", "broken escape" },	  { "\\1.b", "broken escape" },
		{ long_label, "longer than 63" }, { long_name, "longer than 255" },
	};
	char error[NAME_ERROR_LEN];
	knot_dname_storage_t name = { 1, 'x', 0 };

	(void)state;
	memset(long_label, 'a', 64);
	for (unsigned int i = 0; i < 130; i++)
		strcat(long_name, "a.");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(name_parse(name, rows[i][0], error), -EINVAL);
		assert_non_null(strstr(error, rows[i][1]));
		assert_memory_equal(name, "\1x", 3);
	}
}

static void types_are_mnemonics_or_numbers(void **state)
{
	char text[NAME_TYPE_LEN], error[NAME_ERROR_LEN];
	static const char *const bad[] = { "",	     "TYPE", "TYPE65536", "TYPE+5",
					   "TYPE 5", " A",   "A ",	  "BOGUS" };
	uint16_t type;

	(void)state;
	assert_int_equal(name_type_parse(&type, "aaaa", error), 0);
	assert_int_equal(type, 28);
	assert_int_equal(name_type_parse(&type, "TYPE65280", error), 0);
	assert_int_equal(type, 65280);
	assert_string_equal(name_type_text(type, text), "TYPE65280");
	assert_string_equal(name_type_text(65535, text), "TYPE65535");
	assert_string_equal(name_type_text(15, text), "MX");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(name_type_parse(&type, bad[i], error), -EINVAL);
		assert_non_null(strstr(error, "TYPEnnn"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_come_back_absolute),
		cmocka_unit_test(what_is_wrong_with_a_name_is_said),
		cmocka_unit_test(types_are_mnemonics_or_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
