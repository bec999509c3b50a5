/* SPDX-License-Identifier: GPL-3.0-or-later */
/* limits and client ...: who was limited, who is denied. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../bpf/reasons.h"
#include "../../userspace/lib/proto.h"
#include "../../userspace/lib/reason.h"
#include "call.h"

#define SECONDS_MAX 31536000u /* of a denial: a year */
#define ROWS_MAX 1000

static json_t *integer(uint64_t value)
{
	return json_integer((json_int_t)value);
}

/* ---- limits ---- */

/* All that the rings have of one prefix and class. */
struct limited {
	struct dnsbolt_limited last;
	uint64_t n;
};

static int compare_keys(const struct dnsbolt_limited *a, const struct dnsbolt_limited *b)
{
	int order = memcmp(a->prefix, b->prefix, sizeof(a->prefix));

	if (!order)
		order = a->prefix_len - b->prefix_len;
	return order ? order : a->class - b->class;
}

/* By prefix and class, of these the newest first. */
static int by_key(const void *a, const void *b)
{
	const struct dnsbolt_limited *left = a, *right = b;
	int order = compare_keys(left, right);

	return order ? order : (left->when < right->when) - (left->when > right->when);
}

static int by_count(const void *a, const void *b)
{
	const struct limited *left = a, *right = b;

	if (left->n != right->n)
		return left->n < right->n ? 1 : -1;
	return compare_keys(&left->last, &right->last);
}

/* `row` is sorted here. Returns how many groups there are. */
static size_t group(struct limited *to, struct dnsbolt_limited *row, size_t n)
{
	size_t groups = 0;

	if (n)
		qsort(row, n, sizeof(*row), by_key);
	for (size_t i = 0; i < n; i++) {
		if (groups == 0 || compare_keys(&to[groups - 1].last, &row[i]) != 0)
			to[groups++] = (struct limited){ .last = row[i] };
		to[groups - 1].n++;
	}
	if (groups)
		qsort(to, groups, sizeof(*to), by_count);
	return groups;
}

/* Apex of the zone with that index, null for none. */
static json_t *zone_json(const struct call *call, uint32_t index)
{
	const struct zoneset_zone *zone = NULL;

	while ((zone = zoneset_next(call->daemon->zones, zone))) {
		if (zone->zone && !zone->is_catalog && zone->index == index)
			return call_name_json(zone->apex);
	}
	return json_null();
}

static json_t *limited_json(const struct call *call, const struct limited *row, uint64_t now)
{
	const char *reason = reason_info(row->last.reason)->name;
	struct dnsbolt_client_key key = { .prefixlen = row->last.prefix_len };
	char text[PREFIX_STRLEN];

	memcpy(key.a, row->last.prefix, sizeof(key.a));
	return json_pack("{s:s, s:s, s:o, s:s?, s:o, s:o}", "prefix", prefix_text(&key, text),
			 "class", reason_class_name(row->last.class), "zone",
			 zone_json(call, row->last.zone), "reason", reason, "count",
			 integer(row->n), "ago",
			 integer(now > row->last.when ? (now - row->last.when) / 1000000000u : 0));
}

static int add_recent(struct call *call)
{
	struct dnsbolt_limited *rows = NULL;
	json_t *array = json_array();
	struct limited *groups;
	struct timespec now;
	size_t n = 0;
	int err = attach_recent(call->daemon->attach, &rows, &n);

	call_add(call, "recent", array);
	if (err)
		return call_fail(call, err, "limited responses cannot be read: %s", strerror(-err));
	groups = calloc(n + 1, sizeof(*groups));
	if (!groups) {
		free(rows);
		return call_fail(call, -ENOMEM, "out of memory");
	}
	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	n = group(groups, rows, n);
	for (size_t i = 0; i < n && i < ROWS_MAX; i++)
		call_append(
			call, array,
			limited_json(call, &groups[i],
				     (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec));
	free(groups);
	free(rows);
	return 0;
}

static uint32_t class_rate(const struct config_limit *limit, enum dnsbolt_class class)
{
	const uint32_t rates[DNSBOLT_CLASSES] = {
		[DNSBOLT_CLASS_ANSWER] = limit->responses,
		[DNSBOLT_CLASS_NODATA] = limit->nodata,
		[DNSBOLT_CLASS_NXDOMAIN] = limit->nxdomains,
		[DNSBOLT_CLASS_REFERRAL] = limit->referrals,
		[DNSBOLT_CLASS_ERROR] = limit->errors,
		[DNSBOLT_CLASS_ALL] = limit->all,
	};

	return rates[class];
}

static int add_classes(struct call *call)
{
	const struct resolver *resolver = call->daemon->resolver;
	const struct ipc_stats *stats = resolver ? resolver_stats(resolver) : NULL;
	struct dnsbolt_counters counters;
	json_t *rows = json_array();
	int err = attach_counters(call->daemon->attach, &counters);

	call_add(call, "classes", rows);
	if (err)
		return call_fail(call, err, "the counters cannot be read: %s", strerror(-err));
	for (unsigned int i = 0; i < DNSBOLT_CLASSES; i++)
		call_append(call, rows,
			    json_pack("{s:s, s:o, s:o, s:o}", "class", reason_class_name(i), "rate",
				      integer(class_rate(call->daemon->config->limit, i)),
				      "limited", integer(counters.limited[i]), "resolver",
				      integer(stats ? stats->limited[i] : 0)));
	call_add(call, "slipped", integer(counters.slipped + (stats ? stats->slipped : 0)));
	call_add(call, "dropped", integer(counters.reason[REASON_rate_limited]));
	call_add(call, "pass_dropped", integer(counters.reason[REASON_pass_limited]));
	return 0;
}

json_t *command_limit_settings(const struct call *call)
{
	const struct config *config = call->daemon->config;
	const struct config_limit *limit = config->limit;
	bool on = false;

	for (unsigned int i = 0; i < DNSBOLT_CLASSES; i++)
		on = on || class_rate(limit, i);
	return json_pack("{s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "on", on, "log_only",
			 limit->log_only, "rate", integer(limit->responses), "window",
			 integer(limit->window), "slip", integer(limit->slip), "ipv4_prefix",
			 integer(limit->ipv4_prefix), "ipv6_prefix", integer(limit->ipv6_prefix),
			 "accounts", integer(limit->accounts), "pass_limit",
			 integer(config->pass_limit));
}

int command_limits(struct call *call)
{
	int err;

	call_add(call, "limits", command_limit_settings(call));
	err = add_classes(call);
	return err ? err : add_recent(call);
}

/* ---- clients ---- */

static int need_prefix(struct call *call, struct dnsbolt_client_key *ret_prefix)
{
	const char *text;
	int err;

	err = call_need_string(call, "prefix", &text);
	if (err)
		return err;
	err = prefix_parse(ret_prefix, text);
	if (err == -ERANGE)
		return call_fail(call, -EINVAL, "prefix \"%s\" has bits behind its length", text);
	return err ? call_fail(
			     call, err,
			     "prefix \"%s\": expected one as 192.0.2.0/24 or 2001:db8::/32, or an "
			     "address",
			     text)
		   : 0;
}

int command_client_deny(struct call *call)
{
	struct dnsbolt_client_key prefix;
	uint32_t seconds = 0;
	int err;

	err = need_prefix(call, &prefix);
	if (!err)
		err = call_number(call, "seconds", 0, SECONDS_MAX, &seconds);
	if (err)
		return err;
	err = access_deny(call->daemon->access, &prefix, seconds);
	return err == -ENOSPC
		       ? call_fail(call, err, "there is room for %u prefixes", DNSBOLT_MAX_CLIENTS)
		       : err;
}

int command_client_allow(struct call *call)
{
	struct dnsbolt_client_key prefix;
	char text[PREFIX_STRLEN];
	int err;

	err = need_prefix(call, &prefix);
	if (err)
		return err;
	err = access_allow(call->daemon->access, &prefix);
	return err == -ENOENT
		       ? call_fail(call, err,
				   "%s was not denied by the control socket: client list shows all",
				   prefix_text(&prefix, text))
		       : err;
}

static void add_list(struct call *call, json_t *rows, const char *what, char *const *text,
		     unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		call_append(call, rows,
			    json_pack("{s:s, s:s, s:s, s:n}", "prefix", text[i], "what", what, "by",
				      "configuration", "left"));
}

static void add_denials(struct call *call, json_t *rows)
{
	const struct clients *clients = access_clients(call->daemon->access);
	const struct clients_denial *denial;

	for (size_t i = 0; (denial = clients_denial(clients, i)); i++) {
		int64_t left = access_left(denial);
		char text[PREFIX_STRLEN];

		if (left == 0)
			continue;
		call_append(call, rows,
			    json_pack("{s:s, s:s, s:s, s:o}", "prefix",
				      prefix_text(&denial->prefix, text), "what", "denied", "by",
				      "control", "left",
				      left > 0 ? json_integer(left) : json_null()));
	}
}

int command_client_list(struct call *call)
{
	const struct config *config = call->daemon->config;
	json_t *rows = json_array();

	call_add(call, "clients", rows);
	add_denials(call, rows);
	add_list(call, rows, "denied", config->clients->deny, config->clients->deny_count);
	add_list(call, rows, "allowed", config->clients->allow, config->clients->allow_count);
	add_list(call, rows, "exempt", config->limit->exempt, config->limit->exempt_count);
	call_add(call, "denied_are",
		 json_string(config->clients->denied == CONFIG_DENIED_PASS ? "passed" : "dropped"));
	return 0;
}
