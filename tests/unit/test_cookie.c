// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * SipHash-2-4 and the server cookies of RFC 9018, natively: a small set that is built in, and all of shared data (DNSBOLT_DATA) where it
 * is. The same cookies in the loaded programs: tests/vectors/cookie.vec.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../bpf/core/cookie.h"
#include "../../userspace/lib/addr.h"
#include "../../userspace/lib/core.h"

#define MESSAGES 64 /* of 0 to 63 octets: SipHash's own table */
#define SECOND 1000000000ull

static struct dnsbolt_config config;
static struct env_store view = { .config = &config };
static struct core *core;

static void hex(uint8_t *to, size_t len, const char *text)
{
	unsigned int octet;

	assert_int_equal(strlen(text), 2 * len);
	for (size_t i = 0; i < len; i++) {
		assert_int_equal(sscanf(text + 2 * i, "%2x", &octet), 1);
		to[i] = (uint8_t)octet;
	}
}

static FILE *shared(const char *name)
{
	const char *data = getenv("DNSBOLT_DATA");
	char path[512];
	FILE *in;

	snprintf(path, sizeof(path), "%s/cookies/%s", data ? data : "../shared/data", name);
	in = fopen(path, "r");
	if (!in)
		printf("# no %s (DNSBOLT_DATA)\n", path);
	return in;
}

/* Key and message of SipHash's table: octets 0, 1, 2 ... */
static uint64_t siphash_of(size_t len)
{
	uint8_t key[16], message[MESSAGES + 8] = { 0 };
	__u64 k[2], last;
	struct siphash h;

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	for (size_t i = 0; i < len; i++)
		message[i] = (uint8_t)i;
	memcpy(k, key, sizeof(k));
	siphash_start(&h, k);
	for (size_t i = 0; i + 8 <= len; i += 8)
		siphash_word(&h, env_get64(message + i));
	last = env_get64(message + (len & ~7ul));
	siphash_word(&h, last | (__u64)len << 56);
	return siphash_finish(&h);
}

static void check_siphash(size_t len, const char *expected)
{
	uint8_t octets[8];
	uint64_t hash = siphash_of(len);

	hex(octets, sizeof(octets), expected);
	assert_memory_equal(&hash, octets, sizeof(octets));
}

static void siphash_is_the_reference_s(void **state)
{
	(void)state;
	check_siphash(0, "310e0edd47db6f72");
	check_siphash(8, "6224939a79f5f593");
	check_siphash(15, "e545be4961ca29a1");
	check_siphash(20, "98eea21af25cd6be");
	check_siphash(32, "ce7cf2722f512771");
}

static void siphash_is_that_of_shared_data(void **state)
{
	FILE *in = shared("siphash-vectors.txt");
	char line[256], expected[32];
	size_t len, n = 0;

	(void)state;
	if (!in)
		skip();
	while (fgets(line, sizeof(line), in)) {
		if (sscanf(line, "%zu %16s", &len, expected) != 2)
			continue;
		assert_true(len < MESSAGES);
		check_siphash(len, expected);
		n++;
	}
	(void)fclose(in);
	assert_int_equal(n, MESSAGES);
}

static void set_secret(unsigned int i, const char *secret)
{
	hex((uint8_t *)config.cookie.secret[i], 16, secret);
	config.cookie.n_secrets = i + 1;
}

static enum dnsbolt_cookie ask(const char *client, const char *sent, int64_t time, char *ret_reply)
{
	uint8_t data[COOKIE_MAX + 8], reply[CORE_COOKIE] = { 0 };
	enum dnsbolt_cookie cookie;
	struct dnsbolt_addr addr;
	size_t len = strlen(sent) / 2;

	assert_true(len <= sizeof(data));
	hex(data, len, sent);
	assert_int_equal(addr_parse(&addr, client), 0);
	config.cookie.wall_offset = time - 1000;
	core_set_now(core, 1000 * SECOND + 5);
	assert_int_equal(core_begin(core, &addr), REASON_none);
	cookie = core_cookie(core, data, len, reply);
	for (size_t i = 0; i < sizeof(reply); i++)
		snprintf(ret_reply + 2 * i, 3, "%02x", reply[i]);
	return cookie;
}

static void check_exchange(const char *client, const char *sent, int64_t time, const char *expected)
{
	char reply[2 * CORE_COOKIE + 1];

	(void)ask(client, sent, time, reply);
	assert_string_equal(reply, expected);
}

/* RFC 9018 appendix A */
static const struct {
	const char *name, *client, *secret, *old_secret;
} cases[] = {
	{ "A.1", "198.51.100.100", "e5e973e5a6b2a43f48e7dc849e37bfcf", NULL },
	{ "A.2", "198.51.100.100", "e5e973e5a6b2a43f48e7dc849e37bfcf", NULL },
	{ "A.3", "203.0.113.203", "e5e973e5a6b2a43f48e7dc849e37bfcf", NULL },
	{ "A.4", "2001:db8:220:1:59de:d0f4:8769:82b8", "445536bcd2513298075a5d379663c962",
	  "dd3bdf9344b678b185a6f5cb60fca715" },
};

static size_t set_case(const char *name)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (strcmp(cases[i].name, name))
			continue;
		set_secret(0, cases[i].secret);
		if (cases[i].old_secret)
			set_secret(1, cases[i].old_secret);
		return i;
	}
	fail_msg("no case %s", name);
	return 0;
}

static void exchanges_are_those_of_rfc_9018(void **state)
{
	(void)state;
	set_case("A.1");
	check_exchange(cases[0].client, "2464c4abcf10c957", 1559731985,
		       "2464c4abcf10c957010000005cf79f111f8130c3eee29480");
	set_case("A.4");
	check_exchange(cases[3].client, "22681ab97d52c298010000005cf7c57926556bd0934c72f8",
		       1559741961, "22681ab97d52c298010000005cf7c609a6bb79d16625507a");
}

static void exchanges_are_those_of_shared_data(void **state)
{
	FILE *in = shared("rfc9018-vectors.txt");
	char line[256], name[8], sent[96], expected[96];
	bool exchanges = false;
	long long time;
	size_t n = 0;

	(void)state;
	if (!in)
		skip();
	while (fgets(line, sizeof(line), in)) {
		exchanges = exchanges || !strncmp(line, "# 2.", 4);
		if (!exchanges || *line == '#' ||
		    sscanf(line, "%7s %95s %lld %95s", name, sent, &time, expected) != 4)
			continue;
		check_exchange(cases[set_case(name)].client, sent, time, expected);
		n++;
	}
	(void)fclose(in);
	assert_int_equal(n, 4);
}

/* RFC 9018 section 4.3, from the second before to the second after */
static void time_is_serial_and_its_windows_are_closed(void **state)
{
	static const struct {
		int64_t age;
		enum dnsbolt_cookie cookie;
		bool same;
	} ages[] = {
		{ -301, DNSBOLT_COOKIE_BAD, false },   { -300, DNSBOLT_COOKIE_VALID, true },
		{ 0, DNSBOLT_COOKIE_VALID, true },     { 1800, DNSBOLT_COOKIE_VALID, true },
		{ 1801, DNSBOLT_COOKIE_VALID, false }, { 3600, DNSBOLT_COOKIE_VALID, false },
		{ 3601, DNSBOLT_COOKIE_BAD, false },
	};
	/* The second is where 32 bits of time come to their end (RFC 1982). */
	static const int64_t made[] = { 1559731985, 4294967290 };
	char first[2 * CORE_COOKIE + 1], reply[2 * CORE_COOKIE + 1];

	(void)state;
	set_case("A.1");
	for (size_t m = 0; m < sizeof(made) / sizeof(*made); m++) {
		assert_int_equal(ask("192.0.2.1", "0102030405060708", made[m], first),
				 DNSBOLT_COOKIE_CLIENT);
		for (size_t i = 0; i < sizeof(ages) / sizeof(*ages); i++) {
			assert_int_equal(ask("192.0.2.1", first, made[m] + ages[i].age, reply),
					 ages[i].cookie);
			assert_int_equal(!strcmp(first, reply), ages[i].same);
		}
	}
}

static void every_secret_is_taken_and_the_first_one_makes(void **state)
{
	char old[2 * CORE_COOKIE + 1], reply[2 * CORE_COOKIE + 1], again[2 * CORE_COOKIE + 1];

	(void)state;
	set_secret(0, "00000000000000000000000000000003");
	(void)ask("2001:db8::1", "0102030405060708", 1000000, old);
	set_secret(0, "00000000000000000000000000000001");
	assert_int_equal(ask("2001:db8::1", old, 1000001, reply), DNSBOLT_COOKIE_BAD);
	set_secret(1, "00000000000000000000000000000002");
	set_secret(2, "00000000000000000000000000000003");
	assert_int_equal(ask("2001:db8::1", old, 1000001, reply), DNSBOLT_COOKIE_VALID);
	assert_string_not_equal(reply, old);
	set_secret(0, "00000000000000000000000000000001");
	assert_int_equal(ask("2001:db8::1", reply, 1000002, again), DNSBOLT_COOKIE_VALID);
	assert_string_equal(reply, again);
	/* The address is part of it. */
	assert_int_equal(ask("2001:db8::2", reply, 1000002, again), DNSBOLT_COOKIE_BAD);
}

/* What was found valid once is not judged by its hash alone the next time. */
static void a_known_cookie_is_that_of_one_client_secret_and_time(void **state)
{
	char known[2 * CORE_COOKIE + 1], other[2 * CORE_COOKIE + 1], reply[2 * CORE_COOKIE + 1];

	(void)state;
	set_secret(0, "00000000000000000000000000000001");
	(void)ask("192.0.2.1", "0102030405060708", 1000000, known);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(ask("192.0.2.1", known, 1000001, reply), DNSBOLT_COOKIE_VALID);
		assert_string_equal(reply, known);
	}
	/* An octet each: the client's, version, reserved, time, hash */
	for (unsigned int at = 0; at < CORE_COOKIE; at++) {
		strcpy(other, known);
		other[2 * at + 1] = other[2 * at + 1] == '0' ? '1' : '0';
		assert_int_equal(ask("192.0.2.1", other, 1000001, reply), DNSBOLT_COOKIE_BAD);
	}
	assert_int_equal(ask("192.0.2.2", known, 1000001, reply), DNSBOLT_COOKIE_BAD);
	assert_int_equal(ask("2001:db8::1", known, 1000001, reply), DNSBOLT_COOKIE_BAD);
	assert_int_equal(ask("192.0.2.1", known, 1003601, reply), DNSBOLT_COOKIE_BAD);
	assert_int_equal(ask("192.0.2.1", known, 1000001, reply), DNSBOLT_COOKIE_VALID);
	set_secret(0, "00000000000000000000000000000002");
	assert_int_equal(ask("192.0.2.1", known, 1000001, reply), DNSBOLT_COOKIE_BAD);
	set_secret(0, "00000000000000000000000000000001");
	assert_int_equal(ask("192.0.2.1", known, 1000001, reply), DNSBOLT_COOKIE_VALID);
}

static void lengths_are_those_of_rfc_7873(void **state)
{
	char sent[2 * COOKIE_MAX + 3], reply[2 * CORE_COOKIE + 1];

	(void)state;
	set_case("A.1");
	for (unsigned int len = 0; len <= COOKIE_MAX + 1; len++) {
		enum dnsbolt_cookie due = len == 8		   ? DNSBOLT_COOKIE_CLIENT
					  : len >= 16 && len <= 40 ? DNSBOLT_COOKIE_BAD
								   : DNSBOLT_COOKIE_MALFORMED;

		memset(sent, '0', sizeof(sent));
		sent[2 * len] = '\0';
		assert_int_equal(ask("192.0.2.1", sent, 1000000, reply), due);
	}
	config.cookie.n_secrets = 0;
	assert_int_equal(ask("192.0.2.1", "0102030405060708", 1000000, reply), DNSBOLT_COOKIES);
}

static int setup(void **state)
{
	(void)state;
	config.cookie.mode = DNSBOLT_COOKIES_ANSWER;
	return core_new(&core, &view);
}

static int teardown(void **state)
{
	(void)state;
	core_free(core);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(siphash_is_the_reference_s),
		cmocka_unit_test(siphash_is_that_of_shared_data),
		cmocka_unit_test(exchanges_are_those_of_rfc_9018),
		cmocka_unit_test(exchanges_are_those_of_shared_data),
		cmocka_unit_test(time_is_serial_and_its_windows_are_closed),
		cmocka_unit_test(every_secret_is_taken_and_the_first_one_makes),
		cmocka_unit_test(a_known_cookie_is_that_of_one_client_secret_and_time),
		cmocka_unit_test(lengths_are_those_of_rfc_7873),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
