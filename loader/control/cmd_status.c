/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status and stats: what is attached where, who serves what, and every counter. */
#include <errno.h>
#include <libknot/codes.h>
#include <libknot/lookup.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../userspace/lib/addr.h"
#include "../../userspace/lib/proto.h"
#include "../../userspace/lib/reason.h"
#include "call.h"

static json_t *integer(uint64_t value)
{
	return json_integer((json_int_t)value);
}

/* ---- status ---- */

static void add_interfaces(struct call *call)
{
	const struct attach_iface *iface;
	json_t *rows = json_array();

	for (unsigned int i = 0; (iface = attach_iface(call->daemon->attach, i)); i++) {
		char mac[18];

		(void)snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", iface->mac[0],
			       iface->mac[1], iface->mac[2], iface->mac[3], iface->mac[4],
			       iface->mac[5]);
		call_append(call, rows,
			    json_pack("{s:s, s:i, s:s, s:s?, s:b, s:I, s:i}", "name", iface->name,
				      "ifindex", (int)iface->ifindex, "mac", mac, "attached",
				      iface->mode, "dispatcher", iface->dispatcher, "program",
				      (json_int_t)iface->prog_id, "mtu", (int)iface->mtu));
	}
	call_add(call, "interfaces", rows);
}

static void add_addresses(struct call *call)
{
	const struct dnsbolt_addr *addr;
	json_t *rows = json_array();
	char text[ADDR_STRLEN];

	for (unsigned int i = 0; (addr = attach_address(call->daemon->attach, i)); i++)
		call_append(call, rows, json_string(addr_text(addr, text)));
	call_add(call, "addresses", rows);
	call_add(call, "port", json_integer(call->daemon->config->listen->port));
}

static void add_fallback(struct call *call)
{
	const struct daemon *daemon = call->daemon;
	json_t *fallback =
		json_pack("{s:s}", "kind", config_fallback_name(daemon->config->fallback));

	if (daemon->resolver) {
		pid_t pid = resolver_pid(daemon->resolver);

		call_put(call, fallback, "pid", pid > 0 ? json_integer(pid) : json_null());
		call_put(call, fallback, "restarts",
			 json_integer(resolver_restarts(daemon->resolver)));
	}
	call_add(call, "fallback", fallback);
}

/* When the newest version of any zone was loaded. */
static void add_loaded(struct call *call)
{
	const struct zoneset_zone *zone = NULL;
	time_t newest = 0;

	while ((zone = zoneset_next(call->daemon->zones, zone))) {
		if (zone->zone && zone->loaded > newest)
			newest = zone->loaded;
	}
	call_add(call, "loaded", newest ? json_integer(newest) : json_null());
}

static void add_store(struct call *call)
{
	struct store_stats stats;

	store_get_stats(call->daemon->store, &stats);
	call_add(call, "store",
		 json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "names",
			   integer(stats.anchors), "names_max", integer(stats.max_names),
			   "segments", integer(stats.segments), "octets", integer(stats.octets),
			   "octets_used", integer(stats.octets_used), "octets_free",
			   integer(stats.octets_free), "version", integer(stats.version),
			   "change_sets", integer(stats.change_sets)));
}

struct totals {
	uint64_t answered, passed, dropped;
};

static void sum_actions(const struct dnsbolt_counters *counters, struct totals *ret_totals)
{
	*ret_totals = (struct totals){ 0 };
	for (unsigned int i = 0; i < DNSBOLT_REASONS_MAX; i++) {
		switch (reason_info(i)->action) {
		case REASON_ACTION_TX:
			ret_totals->answered += counters->reason[i];
			break;
		case REASON_ACTION_PASS:
			ret_totals->passed += counters->reason[i];
			break;
		case REASON_ACTION_DROP:
			ret_totals->dropped += counters->reason[i];
			break;
		}
	}
}

static int add_packets(struct call *call, struct dnsbolt_counters *ret_counters)
{
	struct totals totals;
	int err;

	err = attach_counters(call->daemon->attach, ret_counters);
	if (err)
		return call_fail(call, err, "the counters cannot be read: %s", strerror(-err));
	sum_actions(ret_counters, &totals);
	call_add(call, "packets",
		 json_pack("{s:o, s:o, s:o}", "answered", integer(totals.answered), "passed",
			   integer(totals.passed), "dropped", integer(totals.dropped)));
	return 0;
}

static void add_cookies(struct call *call)
{
	const struct cookies *cookies = call->daemon->cookies;
	json_t *prints = json_array();
	char print[SECRETS_PRINT_LEN];

	call_add(call, "cookies", json_string(cookies_text(cookies)));
	call_add(call, "cookies_fault", proto_string(cookies_fault(cookies)));
	for (uint32_t i = 0; cookies_print(cookies, i, print); i++)
		call_append(call, prints, json_string(print));
	call_add(call, "cookie_secrets", prints);
}

int command_status(struct call *call)
{
	const struct daemon *daemon = call->daemon;
	enum dnsbolt_mode mode = *(volatile uint32_t *)&store_config(daemon->store)->mode;
	struct dnsbolt_counters counters;
	time_t now = time(NULL);

	call_add(call, "site", proto_string(daemon->config->site));
	call_add(call, "version", json_string(DNSBOLT_VERSION));
	call_add(call, "pid", json_integer(getpid()));
	call_add(call, "config", proto_string(daemon->config_path));
	call_add(call, "mode", json_string(config_mode_name(mode)));
	call_add(call, "adopted", json_boolean(attach_adopted(daemon->attach)));
	call_add(call, "started", json_integer(daemon->started));
	call_add(call, "uptime", json_integer(now > daemon->started ? now - daemon->started : 0));
	add_cookies(call);
	call_add(call, "limits", command_limit_settings(call));
	call_add(call, "on_exit", json_string(config_exit_name(daemon->config->on_exit)));
	add_interfaces(call);
	add_addresses(call);
	add_fallback(call);
	call_add(call, "zones", command_zone_states(call));
	add_loaded(call);
	add_store(call);
	return add_packets(call, &counters);
}

/* ---- stats ---- */

static const char *action_word(enum reason_action action)
{
	static const char *const words[] = {
		[REASON_ACTION_TX] = "answered",
		[REASON_ACTION_PASS] = "passed",
		[REASON_ACTION_DROP] = "dropped",
	};

	return words[action];
}

static json_t *reasons_json(struct call *call, const struct dnsbolt_counters *counters)
{
	json_t *rows = json_array();

	for (unsigned int i = 0; i < DNSBOLT_REASONS_MAX; i++) {
		const struct reason_info *info = reason_info(i);

		if (!info->name)
			continue;
		call_append(call, rows,
			    json_pack("{s:s, s:i, s:s, s:o, s:s}", "reason", info->name, "number",
				      (int)i, "action", action_word(info->action), "count",
				      integer(counters->reason[i]), "text", info->text));
	}
	return rows;
}

/* Those that never came are left out. */
static json_t *rcodes_json(struct call *call, const uint64_t *counts)
{
	json_t *rcodes = json_object();

	for (int i = 0; i < 16; i++) {
		const knot_lookup_t *known = knot_lookup_by_id(knot_rcode_names, i);
		char number[24];

		if (counts[i] == 0)
			continue;
		(void)snprintf(number, sizeof(number), "RCODE%d", i);
		call_put(call, rcodes, known ? known->name : number, integer(counts[i]));
	}
	return rcodes;
}

static json_t *messages_json(struct call *call, const struct ipc_stats *stats)
{
	json_t *rows = json_array();

	for (unsigned int i = 0; i < DNSBOLT_REASONS_MAX; i++) {
		const struct reason_info *info = reason_info(i);

		if (!info->name)
			continue;
		call_append(call, rows,
			    json_pack("{s:s, s:i, s:o, s:o, s:s}", "reason", info->name, "number",
				      (int)i, "udp", integer(stats->reason[0][i]), "tcp",
				      integer(stats->reason[1][i]), "text", info->text));
	}
	return rows;
}

static void add_resolver(struct call *call)
{
	struct resolver *resolver = call->daemon->resolver;
	const struct ipc_stats *stats = resolver ? resolver_stats(resolver) : NULL;

	if (!stats)
		return;
	call_add(call, "resolver",
		 json_pack("{s:o, s:o, s:{s:o, s:o, s:o}, s:o, s:o}", "messages",
			   messages_json(call, stats), "rcodes", rcodes_json(call, stats->rcode),
			   "tcp", "connections", integer(stats->tcp_connections), "open",
			   integer(stats->tcp_open), "refused", integer(stats->tcp_refused),
			   "retries", integer(stats->retries), "restarts",
			   json_integer(resolver_restarts(resolver))));
}

static json_t *counts_json(struct call *call, const __u64 *count, unsigned int n,
			   const char *(*name)(unsigned int i))
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < n; i++)
		call_put(call, object, name(i), integer(count[i]));
	return object;
}

int command_stats(struct call *call)
{
	struct dnsbolt_counters counters;
	uint64_t rcodes[16];
	int err;

	err = add_packets(call, &counters);
	if (err)
		return err;
	for (unsigned int i = 0; i < 16; i++)
		rcodes[i] = counters.rcode[i];
	call_add(call, "reasons", reasons_json(call, &counters));
	call_add(call, "rcodes", rcodes_json(call, rcodes));
	call_add(call, "families",
		 json_pack("{s:o, s:o}", "ipv4", integer(counters.answers_ipv4), "ipv6",
			   integer(counters.answers_ipv6)));
	call_add(call, "limited",
		 counts_json(call, counters.limited, DNSBOLT_CLASSES, reason_class_name));
	call_add(call, "slipped", integer(counters.slipped));
	call_add(call, "cookies",
		 counts_json(call, counters.cookies, DNSBOLT_COOKIES, reason_cookie_name));
	call_add(call, "octets",
		 json_pack("{s:o, s:o}", "in", integer(counters.octets_in), "out",
			   integer(counters.octets_out)));
	add_resolver(call);
	return 0;
}
