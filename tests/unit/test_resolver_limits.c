/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The resolver's messages with cookies, limits and denied clients, over a real core with a clock of the test's own. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "../../bpf/core/view.h"
#include "../../userspace/lib/addr.h"
#include "../../userspace/resolver/answer.h"
#include "../lib/harness.h"

#define HEAD "\x4d\x53\1\0\0\1\0\0\0\0\0"
#define WWW "\3www\7example\3com\0\0\1\0\1"
#define OTHERS "\3not\4ours\0\0\1\0\1"
#define OPT "\0\0\x29\x04\xd0\0\0\0\0\0"
#define CLIENT_COOKIE                                                                              \
	"\0\x0a\0\x08"                                                                             \
	"client!!"
#define RCODE(reply) ((reply)[3] & 15)
#define TC(reply) ((reply)[2] & 2)
/* A literal without the zero that ends it */
#define MESSAGE(text) (const uint8_t *)(text), sizeof(text) - 1
#define QUESTION_END (12 + sizeof(WWW) - 1)
#define OPT_RDLEN 9	  /* offset in an OPT record */
#define COOKIE_OPTION 28u /* octets at the end of a reply */

static struct harness *h;
static struct env_store view;
static struct dnsbolt_limit_line lines[64];
static struct ipc_stats stats;
static struct answer answer;
static struct dnsbolt_addr client;
static uint8_t reply[ANSWER_TCP_ROOM];

static bool nothing_new(void *arg)
{
	(void)arg;
	return false;
}

/* 203.0.113.0/24 is denied. */
static bool find_client(const struct env_store *of, const struct dnsbolt_client_key *key,
			struct dnsbolt_client *ret_client)
{
	static const uint8_t denied[3] = { 203, 0, 113 };

	(void)of;
	*ret_client = (struct dnsbolt_client){ .flags = DNSBOLT_CLIENT_DENY };
	return !memcmp(key->a + 12, denied, sizeof(denied));
}

static size_t ask(enum answer_transport transport, const uint8_t *msg, size_t len)
{
	return answer_message(&answer, transport, &client, msg, len, reply);
}

/* Two responses of a class at once, and none for long. */
static void limit(enum dnsbolt_class class, uint8_t slip)
{
	struct dnsbolt_limit_config *l = &harness_config(h)->limit;

	l->flags |= DNSBOLT_LIMIT_ON;
	l->step[class] = 1000000;
	l->burst = 2000000;
	l->window = 3000000;
	l->slip = slip;
}

static int setup(void **state)
{
	struct dnsbolt_config *c = harness_config(h);

	(void)state;
	memset(&c->limit, 0, sizeof(c->limit));
	c->limit.ipv4_prefix = 24;
	c->limit.ipv6_prefix = 56;
	c->cookie = (struct dnsbolt_cookie_config){ .mode = DNSBOLT_COOKIES_ANSWER,
						    .n_secrets = 1,
						    .secret = { { 1, 2 } } };
	memset(lines, 0, sizeof(lines));
	memset(&stats, 0, sizeof(stats));
	core_set_now(answer.core, 5000000000000ull);
	return addr_parse(&client, "192.0.2.77");
}

static void an_error_has_the_cookie(void **state)
{
	static const char query[] = HEAD "\1" OTHERS OPT "\x0c" CLIENT_COOKIE;
	size_t len = ask(ANSWER_UDP, MESSAGE(query));

	(void)state;
	assert_int_equal(len, sizeof(query) - 1 + 16);
	assert_int_equal(RCODE(reply), 5);
	assert_memory_equal(reply + len - COOKIE_OPTION,
			    "\0\x0a\0\x18"
			    "client!!\1\0\0\0",
			    16);
	assert_int_equal(stats.cookies[DNSBOLT_COOKIE_CLIENT], 1);
}

static void a_malformed_cookie_is_a_format_error(void **state)
{
	static const char query[] = HEAD "\1" WWW OPT "\x09"
					 "\0\x0a\0\5"
					 "short";

	(void)state;
	assert_int_equal(ask(ANSWER_UDP, MESSAGE(query)), sizeof(query) - 1 - 9);
	assert_int_equal(RCODE(reply), 1);
	assert_int_equal(stats.cookies[DNSBOLT_COOKIE_MALFORMED], 1);
}

/* RFC 7873 section 5.4 */
static void a_cookie_may_be_asked_for_without_a_question(void **state)
{
	uint8_t query[12 + 11 + COOKIE_OPTION] = "\x4d\x53\0\0\0\0\0\0\0\0\0\1" OPT
						 "\x0c" CLIENT_COOKIE;
	size_t len = ask(ANSWER_UDP, query, sizeof(query) - 16);

	(void)state;
	assert_int_equal(len, sizeof(query));
	assert_memory_equal(reply, "\x4d\x53\x80\0\0\0\0\0\0\0\0\1", 12);
	assert_int_equal(stats.reason[ANSWER_UDP][REASON_cookie_only], 1);
	/* Sent again it is valid; with another hash it is not. */
	memcpy(query + 12, reply + 12, sizeof(query) - 12);
	assert_int_equal(ask(ANSWER_UDP, query, sizeof(query)), sizeof(query));
	assert_int_equal(RCODE(reply), 0);
	query[sizeof(query) - 1] ^= 1;
	assert_int_equal(ask(ANSWER_UDP, query, sizeof(query)), sizeof(query));
	assert_int_equal(RCODE(reply) | reply[12 + 5] << 4, 23);
	assert_int_equal(stats.cookies[DNSBOLT_COOKIE_VALID], 1);
	assert_int_equal(stats.cookies[DNSBOLT_COOKIE_BAD], 1);
	harness_config(h)->cookie.mode = DNSBOLT_COOKIES_IGNORE;
	assert_int_equal(ask(ANSWER_UDP, query, sizeof(query)), 12 + 11);
	assert_int_equal(RCODE(reply), 1);
}

static void an_answer_over_its_rate_slips_by_udp_alone(void **state)
{
	static const char query[] = HEAD "\0" WWW;
	static const char with_cookie[] = HEAD "\1" WWW OPT "\x0c" CLIENT_COOKIE;
	uint8_t valid[sizeof(with_cookie) - 1 + 16];

	(void)state;
	limit(DNSBOLT_CLASS_ANSWER, 1);
	for (unsigned int i = 0; i < 2; i++)
		assert_true(ask(ANSWER_UDP, MESSAGE(query)) > sizeof(query));
	assert_int_equal(ask(ANSWER_UDP, MESSAGE(query)), sizeof(query) - 1);
	assert_int_equal(TC(reply), 2);
	assert_true(ask(ANSWER_UDP, MESSAGE(with_cookie)) > 0);
	assert_int_equal(RCODE(reply), 23 & 15);
	/* Asked again with what it got, the client is not limited. */
	memcpy(valid, with_cookie, sizeof(with_cookie) - 1);
	memcpy(valid + QUESTION_END + OPT_RDLEN, reply + QUESTION_END + OPT_RDLEN,
	       2 + COOKIE_OPTION);
	assert_true(ask(ANSWER_UDP, valid, sizeof(valid)) > sizeof(valid));
	assert_int_equal(RCODE(reply), 0);
	assert_int_equal(stats.slipped, 2);
	assert_int_equal(stats.limited[DNSBOLT_CLASS_ANSWER], 2);
	assert_true(ask(ANSWER_TCP, MESSAGE(query)) > sizeof(query));
	harness_config(h)->limit.slip = 0;
	assert_int_equal(ask(ANSWER_UDP, MESSAGE(query)), 0);
	assert_int_equal(stats.reason[ANSWER_UDP][REASON_rate_limited], 1);
}

static void errors_are_left_out_over_their_rate(void **state)
{
	static const char query[] = HEAD "\0" OTHERS;

	(void)state;
	limit(DNSBOLT_CLASS_ERROR, 1);
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(ask(ANSWER_UDP, MESSAGE(query)), sizeof(query) - 1);
	assert_int_equal(ask(ANSWER_UDP, MESSAGE(query)), 0);
	assert_int_equal(stats.limited[DNSBOLT_CLASS_ERROR], 1);
	assert_int_equal(stats.slipped, 0);
	assert_int_equal(ask(ANSWER_TCP, MESSAGE(query)), sizeof(query) - 1);
}

/* TC in a query is a rare form: the core is asked twice. */
static void a_query_is_debited_once(void **state)
{
	static const char query[] = "\x4d\x53\3\0\0\1\0\0\0\0\0\0" WWW;

	(void)state;
	limit(DNSBOLT_CLASS_ANSWER, 0);
	limit(DNSBOLT_CLASS_ALL, 0);
	for (unsigned int i = 0; i < 2; i++)
		assert_true(ask(ANSWER_UDP, MESSAGE(query)) > 0);
	assert_int_equal(ask(ANSWER_UDP, MESSAGE(query)), 0);
}

static void denied_clients_get_what_the_policy_says(void **state)
{
	static const char query[] = HEAD "\0" WWW;

	(void)state;
	assert_int_equal(addr_parse(&client, "203.0.113.5"), 0);
	assert_true(ask(ANSWER_TCP, MESSAGE(query)) > 0);
	harness_config(h)->limit.flags = DNSBOLT_LIMIT_ACCESS;
	assert_int_equal(ask(ANSWER_TCP, MESSAGE(query)), 0);
	assert_int_equal(stats.reason[ANSWER_TCP][REASON_denied], 1);
	harness_config(h)->limit.flags |= DNSBOLT_LIMIT_DENY_PASS;
	assert_int_equal(ask(ANSWER_UDP, MESSAGE(query)), sizeof(query) - 1);
	assert_int_equal(RCODE(reply), 5);
	assert_int_equal(addr_parse(&client, "203.0.114.5"), 0);
	assert_true(ask(ANSWER_UDP, MESSAGE(query)) > sizeof(query));
}

static int make(void **state)
{
	(void)state;
	if (harness_new(&h, false) || harness_add_folder(h, "tools/lab/zones", NULL) ||
	    harness_publish(h, NULL))
		return -1;
	view = *store_view(harness_store(h));
	view.find_client = find_client;
	view.limits = lines;
	view.n_limits = sizeof(lines) / sizeof(lines[0]);
	answer = (struct answer){ .view = &view, .stats = &stats, .refresh = nothing_new };
	return core_new(&answer.core, &view);
}

static int end(void **state)
{
	(void)state;
	core_free(answer.core);
	harness_free(h);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_error_has_the_cookie, setup),
		cmocka_unit_test_setup(a_malformed_cookie_is_a_format_error, setup),
		cmocka_unit_test_setup(a_cookie_may_be_asked_for_without_a_question, setup),
		cmocka_unit_test_setup(an_answer_over_its_rate_slips_by_udp_alone, setup),
		cmocka_unit_test_setup(errors_are_left_out_over_their_rate, setup),
		cmocka_unit_test_setup(a_query_is_debited_once, setup),
		cmocka_unit_test_setup(denied_clients_get_what_the_policy_says, setup),
	};

	return cmocka_run_group_tests(tests, make, end);
}
