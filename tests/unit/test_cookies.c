/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of cookies, by the configuration and by what the host does; secrets over a start. attach.h is a fake. */
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

#include "loader/cookies.h"
#include "userspace/lib/addr.h"

#define SECRET "e5e973e5a6b2a43f48e7dc849e37bfcf" /* RFC 9018 Appendix A */
#define ROLLED "445536bcd2513298075a5d379663c962"

static struct {
	struct secrets secrets;
	bool has_secrets;
	enum dnsbolt_cookies mode;
	char said[4096];
} fake;

bool attach_secrets(const struct attach *attach, struct secrets *ret_secrets)
{
	(void)attach;
	if (fake.has_secrets)
		*ret_secrets = fake.secrets;
	return fake.has_secrets;
}

void attach_set_secrets(struct attach *attach, const struct secrets *secrets)
{
	(void)attach;
	fake.secrets = *secrets;
	fake.has_secrets = true;
}

void attach_set_cookies(struct attach *attach, enum dnsbolt_cookies mode)
{
	(void)attach;
	fake.mode = mode;
}

static void say(enum log_level level, const char *text, void *arg)
{
	size_t len = strlen(fake.said);

	(void)level;
	(void)arg;
	(void)snprintf(fake.said + len, sizeof(fake.said) - len, "%s\n", text);
}

static const struct report report = { .say = say };
static char path[64];
static uv_loop_t loop;

static void write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static uint8_t hex(const char *text)
{
	unsigned int octet;

	assert_int_equal(sscanf(text, "%2x", &octet), 1);
	return (uint8_t)octet;
}

static struct probe_reply reply_of(const char *address, const char *cookie)
{
	struct probe_reply reply = { .cookie_len = strlen(cookie) / 2 };

	assert_int_equal(addr_parse(&reply.client, address), 0);
	for (size_t i = 0; i < reply.cookie_len; i++)
		reply.cookie[i] = hex(cookie + 2 * i);
	return reply;
}

static struct secrets secrets_of(const char *text)
{
	char fault[SECRETS_FAULT_LEN];
	struct secrets secrets;

	assert_int_equal(secrets_parse(&secrets, text, strlen(text), fault), 0);
	return secrets;
}

/* ---- cookies of others ---- */

static void cookies_of_a_shared_secret_are_known(void **state)
{
	static const struct {
		const char *address, *secret, *cookie;
		bool shared;
	} row[] = {
		{ "198.51.100.100", SECRET, "2464c4abcf10c957010000005cf79f111f8130c3eee29480",
		  true },
		/* with reserved octets, which are hashed as they are */
		{ "203.0.113.203", SECRET, "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
		  true },
		{ "2001:db8:220:1:59de:d0f4:8769:82b8", SECRET "\n" ROLLED,
		  "22681ab97d52c298010000005cf7c609a6bb79d16625507a", true },
		{ "2001:db8:220:1:59de:d0f4:8769:82b8", SECRET,
		  "22681ab97d52c298010000005cf7c609a6bb79d16625507a", false },
		{ "198.51.100.101", SECRET, "2464c4abcf10c957010000005cf79f111f8130c3eee29480",
		  false },
		{ "198.51.100.100", SECRET, "2464c4abcf10c957010000005cf79f111f8130c3eee294",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct secrets secrets = secrets_of(row[i].secret);
		struct probe_reply reply = reply_of(row[i].address, row[i].cookie);

		assert_int_equal(cookies_are_shared(&secrets, &reply), row[i].shared);
	}
}

/* ---- the mode ---- */

static struct cookies *start(const struct config *config)
{
	struct cookies *cookies = NULL;

	fake.said[0] = '\0';
	assert_int_equal(cookies_start(&cookies, &loop, config, NULL, &report), 0);
	return cookies;
}

static void stop(struct cookies *cookies)
{
	cookies_stop(cookies);
	assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
}

static void the_default_follows_the_host(void **state)
{
	const struct config config = { .cookie_secret_file = path };
	struct probe_reply same =
		reply_of("198.51.100.100", "2464c4abcf10c957010000005cf79f111f8130c3eee29480");
	struct probe_reply other =
		reply_of("198.51.100.100", "2464c4abcf10c957010000005cf79f111f8130c3eee29481");
	struct probe_reply none = {};
	struct cookies *cookies;

	(void)state;
	write_file(SECRET "\n");
	cookies = start(&config);
	cookies_without_host(cookies);
	assert_int_equal(fake.mode, DNSBOLT_COOKIES_ANSWER);
	stop(cookies);
	cookies = start(&config);
	cookies_meet_host(cookies, -ETIMEDOUT, NULL);
	assert_int_equal(fake.mode, DNSBOLT_COOKIES_PASS);
	cookies_meet_host(cookies, 0, &same);
	assert_int_equal(fake.mode, DNSBOLT_COOKIES_ANSWER);
	assert_string_equal(cookies_text(cookies), "answer (as the host does)");
	/* One that is silent for once is as it was. */
	cookies_meet_host(cookies, -ETIMEDOUT, NULL);
	assert_int_equal(fake.mode, DNSBOLT_COOKIES_ANSWER);
	cookies_meet_host(cookies, 0, &other);
	assert_int_equal(fake.mode, DNSBOLT_COOKIES_PASS);
	cookies_meet_host(cookies, 0, &none);
	assert_int_equal(fake.mode, DNSBOLT_COOKIES_IGNORE);
	assert_null(cookies_fault(cookies));
	assert_string_equal(fake.said, "");
	stop(cookies);
}

static void what_is_set_is_kept_and_a_disagreement_said_once(void **state)
{
	const struct config config = { .cookies = CONFIG_COOKIES_REQUIRE };
	struct probe_reply none = {};
	struct cookies *cookies = start(&config);

	(void)state;
	cookies_meet_host(cookies, 0, &none);
	assert_int_equal(fake.mode, DNSBOLT_COOKIES_REQUIRE);
	assert_non_null(strstr(cookies_fault(cookies), "the host answers no cookies"));
	assert_non_null(strstr(fake.said, "preflight: cookies: the host answers no cookies"));
	fake.said[0] = '\0';
	cookies_meet_host(cookies, 0, &none);
	assert_string_equal(fake.said, "");
	stop(cookies);
}

/* ---- secrets ---- */

static void without_a_file_secrets_are_kept(void **state)
{
	const struct config config = {};
	struct secrets first;
	struct cookies *cookies;

	(void)state;
	fake.has_secrets = false;
	cookies = start(&config);
	stop(cookies);
	assert_int_equal(fake.secrets.n, 1);
	first = fake.secrets;
	cookies = start(&config);
	stop(cookies);
	assert_memory_equal(&first, &fake.secrets, sizeof(first));
}

static void count_change(void *arg)
{
	(*(int *)arg)++;
}

static void a_bad_file_leaves_the_secrets(void **state)
{
	const struct config config = { .cookie_secret_file = path };
	char print[SECRETS_PRINT_LEN], second[SECRETS_PRINT_LEN];
	struct cookies *cookies;
	int changes = 0;

	(void)state;
	write_file(SECRET "\n");
	cookies = start(&config);
	cookies_on_change(cookies, count_change, &changes);
	assert_non_null(cookies_print(cookies, 0, print));
	assert_null(cookies_print(cookies, 1, second));
	write_file(ROLLED "x\n");
	cookies_reload(cookies);
	assert_non_null(strstr(fake.said, "line 1: something stands behind the secret"));
	assert_string_equal(cookies_print(cookies, 0, second), print);
	assert_int_equal(changes, 0);
	write_file(ROLLED "\n" SECRET "\n");
	cookies_reload(cookies);
	assert_string_not_equal(cookies_print(cookies, 0, second), print);
	assert_string_equal(cookies_print(cookies, 1, second), print);
	assert_int_equal(fake.secrets.n, 2);
	assert_int_equal(changes, 1);
	cookies_reload(cookies);
	assert_int_equal(changes, 1);
	assert_null(strstr(fake.said, "445536"));
	stop(cookies);
	write_file("");
	assert_int_equal(cookies_start(&cookies, &loop, &config, NULL, &report), -EINVAL);
}

static int set_up(void **state)
{
	int fd;

	(void)state;
	strcpy(path, "/tmp/dnsbolt-cookies-XXXXXX");
	fd = mkstemp(path);
	return fd < 0 || close(fd) || uv_loop_init(&loop) ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path) || uv_loop_close(&loop) ? -1 : 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(cookies_of_a_shared_secret_are_known),
		cmocka_unit_test(the_default_follows_the_host),
		cmocka_unit_test(what_is_set_is_kept_and_a_disagreement_said_once),
		cmocka_unit_test(without_a_file_secrets_are_kept),
		cmocka_unit_test(a_bad_file_leaves_the_secrets),
	};

	return cmocka_run_group_tests_name("cookies", tests, set_up, tear_down);
}
