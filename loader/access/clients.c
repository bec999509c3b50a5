/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "clients.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RULE_ALLOW (1u << 0)
#define RULE_DENY (1u << 1)
#define RULE_EXEMPT (1u << 2)
#define RULE_TOP (1u << 3)     /* inherits nothing but what holds for everyone */
#define RULE_RUNTIME (1u << 4) /* `until` counts */

struct rule {
	struct dnsbolt_client_key prefix;
	uint32_t flags;
	uint32_t sets;
	uint64_t until; /* CLOCK_BOOTTIME ns, CLIENTS_FOREVER */
};

struct rules {
	struct rule *v;
	size_t n, room;
};

/* A list of serve-to, sorted. */
struct set {
	struct dnsbolt_client_key *prefix;
	size_t n;
};

struct clients {
	struct rules rules; /* of the configuration */
	bool closed;	    /* there is `allow`: who is not in it is denied */
	struct set set[CLIENTS_SETS_MAX];
	uint32_t n_sets;
	struct clients_denial *denial;
	size_t n_denials;
};

/* ::ffff:0:0/96: all of IPv4 */
static const struct dnsbolt_client_key ipv4 = { .prefixlen = 96,
						.a = { [10] = 0xff, [11] = 0xff } };
static const struct dnsbolt_client_key everyone;

/* ---- rules ---- */

static int add_rule(struct rules *rules, const struct rule *rule)
{
	if (rules->n == rules->room) {
		size_t room = rules->room ? 2 * rules->room : 64;
		struct rule *v = reallocarray(rules->v, room, sizeof(*v));

		if (!v)
			return -ENOMEM;
		rules->v = v;
		rules->room = room;
	}
	rules->v[rules->n++] = *rule;
	return 0;
}

static int add_texts(struct rules *rules, char *const *text, unsigned int n, uint32_t flags,
		     uint32_t sets)
{
	int err = 0;

	for (unsigned int i = 0; i < n && !err; i++) {
		struct rule rule = { .flags = flags, .sets = sets };

		err = prefix_parse(&rule.prefix, text[i]) ? -EINVAL : add_rule(rules, &rule);
	}
	return err;
}

/* ---- lists of serve-to ---- */

static int read_set(struct set *ret_set, char *const *text, unsigned int n)
{
	struct set set = { .prefix = calloc(n, sizeof(*set.prefix)), .n = n };

	if (!set.prefix)
		return -ENOMEM;
	for (unsigned int i = 0; i < n; i++) {
		if (prefix_parse(&set.prefix[i], text[i])) {
			free(set.prefix);
			return -EINVAL;
		}
	}
	qsort(set.prefix, n, sizeof(*set.prefix), prefix_compare);
	*ret_set = set;
	return 0;
}

/* The number of the list, 0: there is none like it. */
static uint32_t find_set(const struct clients *clients, const struct set *set)
{
	for (uint32_t i = 0; i < clients->n_sets; i++) {
		if (clients->set[i].n == set->n &&
		    memcmp(clients->set[i].prefix, set->prefix, set->n * sizeof(*set->prefix)) == 0)
			return i + 1;
	}
	return 0;
}

static int add_set(struct clients *clients, const struct config_sync *sync)
{
	struct set set;
	int err;

	if (!sync->serve_to_count)
		return 0;
	err = read_set(&set, sync->serve_to, sync->serve_to_count);
	if (err)
		return err;
	if (find_set(clients, &set) || clients->n_sets == CLIENTS_SETS_MAX) {
		err = find_set(clients, &set) ? 0 : -E2BIG;
		free(set.prefix);
		return err;
	}
	clients->set[clients->n_sets] = set;
	return add_texts(&clients->rules, sync->serve_to, sync->serve_to_count, 0,
			 1u << clients->n_sets++);
}

uint32_t clients_serve_to(const struct clients *clients, const struct config_sync *sync)
{
	struct set set;
	uint32_t number;

	if (!sync->serve_to_count)
		return 0;
	/* Whom a list is for that cannot be read for want of memory is not known. */
	if (read_set(&set, sync->serve_to, sync->serve_to_count))
		return CLIENTS_NOBODY;
	number = find_set(clients, &set);
	free(set.prefix);
	return number ?: CLIENTS_NOBODY;
}

/* ---- from the configuration ---- */

static int add_config(struct clients *clients, const struct config *config)
{
	const struct config_clients *access = config->clients;
	struct rules *rules = &clients->rules;
	int err;

	clients->closed = access->allow_count;
	err = add_texts(rules, access->allow, access->allow_count, RULE_ALLOW, 0);
	if (!err)
		err = add_texts(rules, access->deny, access->deny_count, RULE_DENY, 0);
	if (!err)
		err = add_texts(rules, config->limit->exempt, config->limit->exempt_count,
				RULE_EXEMPT, 0);
	for (unsigned int i = 0; i < config->zone_count && !err; i++)
		err = add_set(clients, &config->zone[i].sync);
	for (unsigned int i = 0; i < config->template_count && !err; i++)
		err = add_set(clients, &config->template[i].sync);
	return err;
}

int clients_new(struct clients **ret_clients, const struct config *config)
{
	struct clients *clients = calloc(1, sizeof(*clients));
	int err;

	if (!clients)
		return -ENOMEM;
	err = add_config(clients, config);
	if (err)
		clients_free(clients);
	else
		*ret_clients = clients;
	return err;
}

void clients_free(struct clients *clients)
{
	if (!clients)
		return;
	for (uint32_t i = 0; i < clients->n_sets; i++)
		free(clients->set[i].prefix);
	free(clients->rules.v);
	free(clients->denial);
	free(clients);
}

/* ---- at run time ---- */

static struct clients_denial *find_denial(const struct clients *clients,
					  const struct dnsbolt_client_key *prefix)
{
	for (size_t i = 0; i < clients->n_denials; i++) {
		if (prefix_compare(&clients->denial[i].prefix, prefix) == 0)
			return &clients->denial[i];
	}
	return NULL;
}

int clients_deny(struct clients *clients, const struct dnsbolt_client_key *prefix, uint64_t until)
{
	struct clients_denial *denial = find_denial(clients, prefix);

	if (!denial) {
		denial = reallocarray(clients->denial, clients->n_denials + 1, sizeof(*denial));
		if (!denial)
			return -ENOMEM;
		clients->denial = denial;
		denial += clients->n_denials++;
		denial->prefix = *prefix;
	}
	denial->until = until;
	return 0;
}

int clients_allow(struct clients *clients, const struct dnsbolt_client_key *prefix)
{
	struct clients_denial *denial = find_denial(clients, prefix);

	if (!denial)
		return -ENOENT;
	*denial = clients->denial[--clients->n_denials];
	return 0;
}

bool clients_expire(struct clients *clients, uint64_t now)
{
	size_t before = clients->n_denials, n = 0;

	for (size_t i = 0; i < before; i++) {
		if (clients->denial[i].until > now)
			clients->denial[n++] = clients->denial[i];
	}
	clients->n_denials = n;
	return n != before;
}

const struct clients_denial *clients_denial(const struct clients *clients, size_t i)
{
	return i < clients->n_denials ? &clients->denial[i] : NULL;
}

/* ---- merged ---- */

static int add_denials(struct rules *rules, const struct clients *clients)
{
	int err = 0;

	for (size_t i = 0; i < clients->n_denials && !err; i++)
		err = add_rule(rules, &(struct rule){ .prefix = clients->denial[i].prefix,
						      .flags = RULE_RUNTIME,
						      .until = clients->denial[i].until });
	return err;
}

/* What is around all of IPv4 in the map is of IPv6 nevertheless: it ends there. */
static int add_ends(struct rules *rules, bool closed)
{
	bool around = false;
	int err;

	for (size_t i = 0; i < rules->n; i++)
		around = around || (rules->v[i].prefix.prefixlen < ipv4.prefixlen &&
				    prefix_holds(&rules->v[i].prefix, &ipv4));
	err = around ? add_rule(rules, &(struct rule){ .prefix = ipv4, .flags = RULE_TOP }) : 0;
	if (!err && closed)
		err = add_rule(rules, &(struct rule){ .prefix = everyone });
	return err;
}

/* Sorts, and makes one of the rules of one prefix. */
static void join_rules(struct rules *rules)
{
	size_t n = 0;

	if (rules->n)
		qsort(rules->v, rules->n, sizeof(*rules->v), prefix_compare);
	for (size_t i = 0; i < rules->n; i++) {
		struct rule *last = n ? &rules->v[n - 1] : NULL, *rule = &rules->v[i];

		if (!last || prefix_compare(last, rule) != 0) {
			rules->v[n++] = *rule;
			continue;
		}
		last->flags |= rule->flags;
		last->sets |= rule->sets;
		if (rule->until > last->until)
			last->until = rule->until;
	}
	rules->n = n;
}

/* What holds in the rule's prefix, where `outer` holds around it. */
static struct rule inherit(const struct rule *rule, const struct rule *outer)
{
	struct rule all = *rule;

	if (!(rule->flags & (RULE_ALLOW | RULE_DENY)))
		all.flags |= outer->flags & RULE_DENY;
	all.flags |= outer->flags & RULE_EXEMPT;
	all.sets |= outer->sets;
	if (outer->until > all.until)
		all.until = outer->until;
	return all;
}

static struct dnsbolt_client client_of(const struct rule *rule, uint64_t own_until)
{
	struct dnsbolt_client client = { .sets = rule->sets };

	if (rule->flags & RULE_EXEMPT)
		client.flags |= DNSBOLT_CLIENT_EXEMPT;
	if ((rule->flags & RULE_DENY) || rule->until)
		client.flags |= DNSBOLT_CLIENT_DENY;
	if (!(rule->flags & RULE_DENY) && rule->until != CLIENTS_FOREVER)
		client.until = rule->until;
	if (rule->flags & RULE_RUNTIME) {
		client.flags |= DNSBOLT_CLIENT_RUNTIME;
		client.own_until = own_until == CLIENTS_FOREVER ? 0 : own_until;
	}
	return client;
}

static void merge_rules(struct clients_entry *entry, const struct rules *rules, bool closed)
{
	/* One inside the other, each of another length. */
	struct rule around[PREFIX_MAX + 2] = { { .flags = closed ? RULE_DENY : 0 } };
	size_t depth = 1;

	for (size_t i = 0; i < rules->n; i++) {
		const struct rule *rule = &rules->v[i];

		while (depth > 1 && !prefix_holds(&around[depth - 1].prefix, &rule->prefix))
			depth--;
		around[depth] = inherit(rule, &around[rule->flags & RULE_TOP ? 0 : depth - 1]);
		entry[i].prefix = rule->prefix;
		entry[i].client = client_of(&around[depth++], rule->until);
	}
}

int clients_merge(const struct clients *clients, struct clients_entry **ret_entries, size_t *ret_n)
{
	struct clients_entry *entries;
	struct rules rules = {};
	int err = 0;

	for (size_t i = 0; i < clients->rules.n && !err; i++)
		err = add_rule(&rules, &clients->rules.v[i]);
	if (!err)
		err = add_denials(&rules, clients);
	if (!err)
		err = add_ends(&rules, clients->closed);
	if (err)
		goto out;
	join_rules(&rules);
	entries = calloc(rules.n + 1, sizeof(*entries));
	if (!entries) {
		err = -ENOMEM;
		goto out;
	}
	merge_rules(entries, &rules, clients->closed);
	*ret_entries = entries;
	*ret_n = rules.n;
out:
	free(rules.v);
	return err;
}
