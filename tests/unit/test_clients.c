/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prefixes, and the lists of the configuration merged into one entry for each of them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loader/access/clients.h"

#define DENY DNSBOLT_CLIENT_DENY
#define EXEMPT DNSBOLT_CLIENT_EXEMPT
#define RUNTIME DNSBOLT_CLIENT_RUNTIME

static struct dnsbolt_client_key prefix(const char *text)
{
	struct dnsbolt_client_key key;

	assert_int_equal(prefix_parse(&key, text), 0);
	return key;
}

/* ---- prefixes ---- */

static void prefixes_are_read_and_written(void **state)
{
	static const char *const text[] = {
		"192.0.2.0/24", "0.0.0.0/0",	   "192.0.2.1/32", "2001:db8::/32",
		"::/0",		"2001:db8::1/128", "128.0.0.0/1",  "2001:db8::80/121",
	};
	char buf[PREFIX_STRLEN];

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(*text); i++) {
		struct dnsbolt_client_key key = prefix(text[i]);

		assert_string_equal(prefix_text(&key, buf), text[i]);
	}
}

static void an_address_is_a_prefix_of_its_own(void **state)
{
	struct dnsbolt_client_key ipv4 = prefix("192.0.2.7"), ipv6 = prefix("2001:db8::7");

	(void)state;
	assert_int_equal(ipv4.prefixlen, 128);
	assert_int_equal(ipv4.a[15], 7);
	assert_int_equal(ipv4.a[11], 0xff);
	assert_int_equal(ipv6.prefixlen, 128);
}

static void what_is_no_prefix_is_refused(void **state)
{
	static const char *const text[] = { "",
					    "192.0.2.0/",
					    "192.0.2.0/33",
					    "192.0.2.0/-1",
					    "192.0.2.0/ 8",
					    "192.0.2/24",
					    "2001:db8::/129",
					    "/8",
					    "192.0.2.0/24/8",
					    "192.0.2.0/0x8",
					    "192.0.2.0/0000" };
	struct dnsbolt_client_key key;

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(*text); i++) {
		if (prefix_parse(&key, text[i]) != -EINVAL)
			fail_msg("taken: %s", text[i]);
	}
	assert_int_equal(prefix_parse(&key, "192.0.2.1/24"), -ERANGE);
	assert_int_equal(prefix_parse(&key, "2001:db8::1/64"), -ERANGE);
}

static void prefixes_hold_what_is_in_them(void **state)
{
	struct dnsbolt_client_key outer = prefix("192.0.0.0/9"), inner = prefix("192.127.0.0/16"),
				  beside = prefix("192.128.0.0/16");

	(void)state;
	assert_true(prefix_holds(&outer, &inner));
	assert_true(prefix_holds(&outer, &outer));
	assert_false(prefix_holds(&inner, &outer));
	assert_false(prefix_holds(&outer, &beside));
	assert_true(prefix_compare(&outer, &inner) < 0);
	assert_true(prefix_compare(&inner, &beside) < 0);
}

/* ---- merged ---- */

struct lists {
	char **allow;
	unsigned int n_allow;
	char **deny;
	unsigned int n_deny;
	char **exempt;
	unsigned int n_exempt;
	struct config_zone *zone;
	unsigned int n_zones;
};

static struct clients *make(const struct lists *lists)
{
	struct config_limit limit = { .exempt = lists->exempt, .exempt_count = lists->n_exempt };
	struct config_clients access = { .allow = lists->allow,
					 .allow_count = lists->n_allow,
					 .deny = lists->deny,
					 .deny_count = lists->n_deny };
	const struct config config = { .limit = &limit,
				       .clients = &access,
				       .zone = lists->zone,
				       .zone_count = lists->n_zones };
	struct clients *clients = NULL;

	assert_int_equal(clients_new(&clients, &config), 0);
	return clients;
}

/* What the program would find: the longest entry that holds the address. */
static struct dnsbolt_client look(const struct clients *clients, const char *address)
{
	struct dnsbolt_client_key key = prefix(address);
	struct dnsbolt_client found = {};
	struct clients_entry *entries;
	size_t n;

	assert_int_equal(clients_merge(clients, &entries, &n), 0);
	for (size_t i = 0; i < n; i++) {
		if (i)
			assert_true(prefix_compare(&entries[i - 1].prefix, &entries[i].prefix) < 0);
		/* Sorted: the last that holds is the longest. */
		if (prefix_holds(&entries[i].prefix, &key))
			found = entries[i].client;
	}
	free(entries);
	return found;
}

static size_t count(const struct clients *clients)
{
	struct clients_entry *entries;
	size_t n;

	assert_int_equal(clients_merge(clients, &entries, &n), 0);
	free(entries);
	return n;
}

static void nothing_said_is_nothing_to_look_up(void **state)
{
	struct clients *clients = make(&(struct lists){});

	(void)state;
	assert_int_equal(count(clients), 0);
	clients_free(clients);
}

static void the_longer_prefix_decides(void **state)
{
	struct clients *clients =
		make(&(struct lists){ .deny = (char *[]){ "10.0.0.0/8", "10.1.2.0/24" },
				      .n_deny = 2,
				      .allow = (char *[]){ "10.1.0.0/16", "192.0.2.0/24" },
				      .n_allow = 2 });

	(void)state;
	assert_int_equal(look(clients, "10.9.9.9").flags, DENY);
	assert_int_equal(look(clients, "10.1.9.9").flags, 0);
	assert_int_equal(look(clients, "10.1.2.9").flags, DENY);
	assert_int_equal(look(clients, "192.0.2.9").flags, 0);
	/* `allow` is there: whoever is not in it */
	assert_int_equal(look(clients, "198.51.100.1").flags, DENY);
	assert_int_equal(look(clients, "2001:db8::1").flags, DENY);
	clients_free(clients);
}

static void of_equal_prefixes_deny_decides(void **state)
{
	struct clients *clients = make(&(struct lists){ .deny = (char *[]){ "10.0.0.0/8" },
							.n_deny = 1,
							.allow = (char *[]){ "10.0.0.0/8" },
							.n_allow = 1 });

	(void)state;
	assert_int_equal(look(clients, "10.0.0.1").flags, DENY);
	clients_free(clients);
}

static void what_is_inside_inherits(void **state)
{
	struct config_zone zone[] = {
		{ .sync = { .serve_to = (char *[]){ "10.0.0.0/8" }, .serve_to_count = 1 } },
		{ .sync = { .serve_to = (char *[]){ "10.1.0.0/16", "192.0.2.0/24" },
			    .serve_to_count = 2 } },
		{ .sync = { .serve_to = (char *[]){ "192.0.2.0/24", "10.1.0.0/16" },
			    .serve_to_count = 2 } },
	};
	struct clients *clients = make(&(struct lists){
		.exempt = (char *[]){ "10.1.1.0/24" }, .n_exempt = 1, .zone = zone, .n_zones = 3 });

	(void)state;
	assert_int_equal(clients_serve_to(clients, &zone[0].sync), 1);
	assert_int_equal(clients_serve_to(clients, &zone[1].sync), 2);
	/* the same list in another order */
	assert_int_equal(clients_serve_to(clients, &zone[2].sync), 2);
	assert_int_equal(look(clients, "10.2.0.1").sets, 1);
	assert_int_equal(look(clients, "10.1.0.1").sets, 3);
	assert_int_equal(look(clients, "10.1.1.1").sets, 3);
	assert_int_equal(look(clients, "10.1.1.1").flags, EXEMPT);
	assert_int_equal(look(clients, "192.0.2.1").sets, 2);
	assert_int_equal(look(clients, "198.51.100.1").sets, 0);
	clients_free(clients);
}

static void prefixes_of_ipv6_are_not_of_ipv4(void **state)
{
	struct clients *clients = make(&(struct lists){ .deny = (char *[]){ "::/0" },
							.n_deny = 1,
							.exempt = (char *[]){ "10.0.0.0/8" },
							.n_exempt = 1 });

	(void)state;
	assert_int_equal(look(clients, "2001:db8::1").flags, DENY);
	assert_int_equal(look(clients, "192.0.2.1").flags, 0);
	assert_int_equal(look(clients, "10.0.0.1").flags, EXEMPT);
	clients_free(clients);
	clients = make(&(struct lists){ .allow = (char *[]){ "::/0" }, .n_allow = 1 });
	assert_int_equal(look(clients, "2001:db8::1").flags, 0);
	assert_int_equal(look(clients, "192.0.2.1").flags, DENY);
	clients_free(clients);
}

static void too_many_lists_are_refused(void **state)
{
	struct config_zone zone[CLIENTS_SETS_MAX + 1] = {};
	char text[CLIENTS_SETS_MAX + 1][16], *pointer[CLIENTS_SETS_MAX + 1];
	struct config_limit limit = {};
	struct config_clients access = {};
	struct config config = { .limit = &limit, .clients = &access, .zone = zone };
	struct clients *clients = NULL;

	(void)state;
	for (unsigned int i = 0; i <= CLIENTS_SETS_MAX; i++) {
		(void)snprintf(text[i], sizeof(text[i]), "10.%u.0.0/16", i);
		pointer[i] = text[i];
		zone[i].sync = (struct config_sync){ .serve_to = &pointer[i], .serve_to_count = 1 };
	}
	config.zone_count = CLIENTS_SETS_MAX;
	assert_int_equal(clients_new(&clients, &config), 0);
	assert_int_equal(look(clients, "10.30.0.1").sets, 1u << 30);
	/* One that it does not know is for nobody. */
	assert_int_equal(clients_serve_to(clients, &zone[CLIENTS_SETS_MAX].sync), CLIENTS_NOBODY);
	clients_free(clients);
	config.zone_count = CLIENTS_SETS_MAX + 1;
	assert_int_equal(clients_new(&clients, &config), -E2BIG);
}

/* ---- at run time ---- */

static void denied_at_run_time_is_denied_whatever_is_allowed(void **state)
{
	struct clients *clients = make(&(struct lists){ .allow = (char *[]){ "10.1.1.0/24" },
							.n_allow = 1,
							.exempt = (char *[]){ "10.1.2.0/24" },
							.n_exempt = 1 });
	struct dnsbolt_client_key wide = prefix("10.1.0.0/16"), narrow = prefix("10.1.1.128/25");
	struct dnsbolt_client found;

	(void)state;
	assert_int_equal(clients_deny(clients, &wide, 1000), 0);
	found = look(clients, "10.1.1.1");
	assert_int_equal(found.flags, DENY);
	assert_int_equal(found.until, 1000);
	/* What its deny would fall back to denies for ever. */
	found = look(clients, "10.1.3.1");
	assert_int_equal(found.flags, DENY | RUNTIME);
	assert_int_equal(found.until, 0);
	assert_int_equal(found.own_until, 1000);
	assert_int_equal(look(clients, "10.1.2.1").flags, DENY | EXEMPT);
	/* The later end counts for both, and each keeps its own. */
	assert_int_equal(clients_deny(clients, &narrow, 500), 0);
	found = look(clients, "10.1.1.129");
	assert_int_equal(found.flags, DENY | RUNTIME);
	assert_int_equal(found.until, 1000);
	assert_int_equal(found.own_until, 500);
	assert_int_equal(clients_deny(clients, &narrow, CLIENTS_FOREVER), 0);
	found = look(clients, "10.1.1.129");
	assert_int_equal(found.until, 0);
	assert_int_equal(found.own_until, 0);
	clients_free(clients);
}

static void a_denial_is_taken_back_or_ends(void **state)
{
	struct clients *clients = make(&(struct lists){});
	struct dnsbolt_client_key first = prefix("10.0.0.0/8"), second = prefix("192.0.2.0/24");

	(void)state;
	assert_int_equal(clients_allow(clients, &first), -ENOENT);
	assert_int_equal(clients_deny(clients, &first, 100), 0);
	assert_int_equal(clients_deny(clients, &second, CLIENTS_FOREVER), 0);
	assert_int_equal(count(clients), 2);
	assert_false(clients_expire(clients, 99));
	assert_true(clients_expire(clients, 100));
	assert_int_equal(count(clients), 1);
	assert_null(clients_denial(clients, 1));
	assert_int_equal(prefix_compare(&clients_denial(clients, 0)->prefix, &second), 0);
	assert_int_equal(clients_allow(clients, &second), 0);
	assert_int_equal(count(clients), 0);
	clients_free(clients);
}

/* A random set of rules: what is merged says of every address what the rules around it say, one by one. */
static void merged_is_what_the_rules_say(void **state)
{
	enum { RULES = 24, ADDRESSES = 256, ROUNDS = 200 };
	char text[RULES][32], *deny[RULES], *exempt[RULES];

	(void)state;
	srandom(9018);
	for (int round = 0; round < ROUNDS; round++) {
		struct lists lists = { .deny = deny, .exempt = exempt };
		struct clients *clients;

		for (unsigned int i = 0; i < RULES; i++) {
			unsigned int len = 24 + (unsigned int)random() % 9;
			unsigned int last = (unsigned int)random() & (0xff00u >> (len - 24) & 0xff);

			(void)snprintf(text[i], sizeof(text[i]), "10.0.0.%u/%u", last, len);
			if (random() % 2)
				deny[lists.n_deny++] = text[i];
			else
				exempt[lists.n_exempt++] = text[i];
		}
		clients = make(&lists);
		for (unsigned int i = 0; i < ADDRESSES; i++) {
			char address[32];
			struct dnsbolt_client_key key;
			uint32_t flags = 0;

			(void)snprintf(address, sizeof(address), "10.0.0.%u", i);
			key = prefix(address);
			for (unsigned int j = 0; j < lists.n_deny; j++) {
				struct dnsbolt_client_key rule = prefix(deny[j]);

				flags |= prefix_holds(&rule, &key) ? DENY : 0;
			}
			for (unsigned int j = 0; j < lists.n_exempt; j++) {
				struct dnsbolt_client_key rule = prefix(exempt[j]);

				flags |= prefix_holds(&rule, &key) ? EXEMPT : 0;
			}
			assert_int_equal(look(clients, address).flags, flags);
		}
		clients_free(clients);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes_are_read_and_written),
		cmocka_unit_test(an_address_is_a_prefix_of_its_own),
		cmocka_unit_test(what_is_no_prefix_is_refused),
		cmocka_unit_test(prefixes_hold_what_is_in_them),
		cmocka_unit_test(nothing_said_is_nothing_to_look_up),
		cmocka_unit_test(the_longer_prefix_decides),
		cmocka_unit_test(of_equal_prefixes_deny_decides),
		cmocka_unit_test(what_is_inside_inherits),
		cmocka_unit_test(prefixes_of_ipv6_are_not_of_ipv4),
		cmocka_unit_test(too_many_lists_are_refused),
		cmocka_unit_test(denied_at_run_time_is_denied_whatever_is_allowed),
		cmocka_unit_test(a_denial_is_taken_back_or_ends),
		cmocka_unit_test(merged_is_what_the_rules_say),
	};

	return cmocka_run_group_tests_name("clients", tests, NULL, NULL);
}
