/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of cookie secrets, as the servers that share them have them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loader/access/secrets.h"

#define FIRST "e5e973e5a6b2a43f48e7dc849e37bfcf" /* RFC 9018 Appendix A */
#define SECOND "dd3bdf9344b678b185a6f5cb60fca715"
#define THIRD "445536bcd2513298075a5d379663c962"

static const uint8_t first[] = { 0xe5, 0xe9, 0x73, 0xe5, 0xa6, 0xb2, 0xa4, 0x3f,
				 0x48, 0xe7, 0xdc, 0x84, 0x9e, 0x37, 0xbf, 0xcf };
static const uint8_t third[] = { 0x44, 0x55, 0x36, 0xbc, 0xd2, 0x51, 0x32, 0x98,
				 0x07, 0x5a, 0x5d, 0x37, 0x96, 0x63, 0xc9, 0x62 };
static char fault[SECRETS_FAULT_LEN];

static int parse(struct secrets *secrets, const char *text)
{
	return secrets_parse(secrets, text, strlen(text), fault);
}

static void the_forms_of_all_servers_are_read(void **state)
{
	static const char *const text[] = {
		FIRST "\n",
		FIRST,
		"# the active one\n\n  " FIRST "  \r\n",
		"E5E973E5A6B2A43F48E7DC849E37BFCF # in capitals\n",
		"cookie-secret \"" FIRST "\";\n",
		"\tcookie-secret " FIRST "; // of named.conf\n",
		"secret: 0x" FIRST "\n",
		"    secret: \"0x" FIRST "\"\n",
		"secret: '" FIRST "'\n",
	};
	struct secrets secrets;

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(*text); i++) {
		memset(&secrets, 0, sizeof(secrets));
		if (parse(&secrets, text[i]))
			fail_msg("%s: %s", text[i], fault);
		assert_int_equal(secrets.n, 1);
		assert_memory_equal(secrets.octets[0], first, sizeof(first));
	}
}

static void the_first_is_the_active_one(void **state)
{
	struct secrets secrets;

	(void)state;
	assert_int_equal(parse(&secrets, FIRST "\n" SECOND "\ncookie-secret \"" THIRD "\";\n"), 0);
	assert_int_equal(secrets.n, 3);
	assert_memory_equal(secrets.octets[0], first, sizeof(first));
	assert_memory_equal(secrets.octets[2], third, sizeof(third));
}

static void what_is_wrong_is_said_without_a_digit_of_it(void **state)
{
	static const struct {
		const char *text, *message;
	} row[] = {
		{ "", "line 1: there is no secret" },
		{ "# nothing\n\n", "there is no secret" },
		{ "\n" FIRST "0\n", "line 2: expected a secret of 32 hexadecimal digits" },
		{ "e5e9\n", "line 1: expected a secret of 32" },
		{ "secret:" FIRST "\n", "line 1: expected" },
		{ "cookie-secrets " FIRST "\n", "line 1: expected" },
		{ "\"" FIRST "\n", "line 1: expected" },
		{ FIRST " " SECOND "\n", "line 1: something stands behind" },
		{ FIRST ";;\n", "line 1: something stands behind" },
		{ FIRST "\n" FIRST "\n" FIRST "\n" FIRST "\n", "line 4: more than three" },
	};
	struct secrets secrets = { .n = 77 };

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		assert_int_equal(parse(&secrets, row[i].text), -EINVAL);
		if (!strstr(fault, row[i].message))
			fail_msg("%s: said: %s", row[i].text, fault);
		assert_null(strstr(fault, "e5e9"));
		assert_int_equal(secrets.n, 77);
	}
	assert_int_equal(secrets_parse(&secrets, "a\0b", 3, fault), -EINVAL);
}

static void a_file_says_whether_others_may_read_it(void **state)
{
	char path[] = "/tmp/dnsbolt-secrets-XXXXXX";
	struct secrets secrets;
	bool exposed = true;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, FIRST "\n", 33), 33);
	assert_int_equal(secrets_read(&secrets, &exposed, path, fault), 0);
	assert_false(exposed);
	assert_memory_equal(secrets.octets[0], first, sizeof(first));
	assert_int_equal(fchmod(fd, 0644), 0);
	assert_int_equal(secrets_read(&secrets, &exposed, path, fault), 0);
	assert_true(exposed);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	assert_int_equal(secrets_read(&secrets, &exposed, path, fault), -EFBIG);
	close(fd);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(secrets_read(&secrets, &exposed, path, fault), -ENOENT);
	assert_string_equal(fault, "No such file or directory");
}

static void random_ones_differ(void **state)
{
	struct secrets a, b;

	(void)state;
	assert_int_equal(secrets_random(&a), 0);
	assert_int_equal(secrets_random(&b), 0);
	assert_int_equal(a.n, 1);
	assert_memory_not_equal(a.octets[0], b.octets[0], SECRET_OCTETS);
}

/* printf SECRET | xxd -r -p | sha384sum | cut -c1-8 */
static void fingerprints_are_of_sha384(void **state)
{
	char buf[SECRETS_PRINT_LEN];

	(void)state;
	assert_string_equal(secrets_print(first, buf), "2641d092");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_forms_of_all_servers_are_read),
		cmocka_unit_test(the_first_is_the_active_one),
		cmocka_unit_test(what_is_wrong_is_said_without_a_digit_of_it),
		cmocka_unit_test(a_file_says_whether_others_may_read_it),
		cmocka_unit_test(random_ones_differ),
		cmocka_unit_test(fingerprints_are_of_sha384),
	};

	return cmocka_run_group_tests_name("secrets", tests, NULL, NULL);
}
