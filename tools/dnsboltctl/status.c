/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status: three answers for whoever is on call, and what they rest on; version. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "../../userspace/lib/table.h"
#include "ctl.h"

#define LINE_OCTETS 4096

static void add_line(struct table *table, const char *key, const char *text)
{
	(void)table_add(table, (const char *const[]){ key, text });
}

/* Interfaces that the program is attached to. */
static unsigned int count_attached(const json_t *reply)
{
	const json_t *rows = json_object_get(reply, "interfaces");
	unsigned int count = 0;

	for (size_t i = 0; i < json_array_size(rows); i++)
		count += json_is_string(json_object_get(json_array_get(rows, i), "attached"));
	return count;
}

/* Is it answering? */
static void add_answering(struct table *table, const json_t *reply)
{
	const json_t *fallback = json_object_get(reply, "fallback");
	unsigned int attached = count_attached(reply);
	const char *mode = ctl_text(reply, "mode");
	bool resolver = strcmp(ctl_text(fallback, "kind"), "resolver") == 0;
	bool down = resolver && !json_is_integer(json_object_get(fallback, "pid"));
	char text[LINE_OCTETS];

	(void)snprintf(text, sizeof(text), "%s: mode %s, attached to %u of %zu interfaces%s",
		       attached > 0 && strcmp(mode, "answer") == 0 ? "yes" : "no", mode, attached,
		       json_array_size(json_object_get(reply, "interfaces")),
		       down ? "; THE FALLBACK IS DOWN" : "");
	add_line(table, "answering", text);
}

/* Is it right, is it fresh? */
static void add_zones(struct table *table, const json_t *reply)
{
	const json_t *zones = json_object_get(reply, "zones"),
		     *loaded = json_object_get(reply, "loaded");
	uint64_t bad = ctl_number(zones, "failed") + ctl_number(zones, "stale") +
		       ctl_number(zones, "waiting") + ctl_number(zones, "expired") +
		       ctl_number(zones, "stopped");
	char text[LINE_OCTETS], states[LINE_OCTETS / 2], when[CTL_FORMAT_LEN], age[CTL_FORMAT_LEN];
	int64_t seconds = time(NULL) - json_integer_value(loaded);

	(void)snprintf(text, sizeof(text), "%s%s", ctl_zone_states(zones, states, sizeof(states)),
		       bad > 0 ? " (dnsboltctl zone list says why)" : "");
	add_line(table, "zones", text);
	if (json_is_integer(loaded)) {
		(void)snprintf(text, sizeof(text), "newest zone loaded %s ago (%s)",
			       ctl_duration(seconds > 0 ? (uint64_t)seconds : 0, age),
			       ctl_time(loaded, when));
		add_line(table, "fresh", text);
	}
}

static void add_interfaces(struct table *table, const json_t *reply)
{
	const json_t *rows = json_object_get(reply, "interfaces");

	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		char text[LINE_OCTETS];

		if (json_is_string(json_object_get(row, "attached")))
			(void)snprintf(text, sizeof(text),
				       "%s: %s mode, %s, program %" PRIu64 ", MTU %" PRIu64,
				       ctl_text(row, "name"), ctl_text(row, "attached"),
				       ctl_flag(row, "dispatcher") ? "below libxdp's dispatcher"
								   : "alone",
				       ctl_number(row, "program"), ctl_number(row, "mtu"));
		else
			(void)snprintf(text, sizeof(text), "%s: not attached",
				       ctl_text(row, "name"));
		add_line(table, i == 0 ? "interface" : "", text);
	}
}

static void add_addresses(struct table *table, const json_t *reply)
{
	const json_t *rows = json_object_get(reply, "addresses");

	for (size_t i = 0; i < json_array_size(rows); i++) {
		char text[LINE_OCTETS];

		(void)snprintf(text, sizeof(text), "%s port %" PRIu64,
			       json_string_value(json_array_get(rows, i)),
			       ctl_number(reply, "port"));
		add_line(table, i == 0 ? "address" : "", text);
	}
}

static void add_fallback(struct table *table, const json_t *reply)
{
	const json_t *fallback = json_object_get(reply, "fallback");
	const char *kind = ctl_text(fallback, "kind");
	char text[LINE_OCTETS];

	if (strcmp(kind, "resolver") != 0)
		(void)snprintf(text, sizeof(text), "%s: the DNS server of this host", kind);
	else if (json_is_integer(json_object_get(fallback, "pid")))
		(void)snprintf(text, sizeof(text),
			       "resolver: pid %" PRIu64 ", %" PRIu64 " restarts",
			       ctl_number(fallback, "pid"), ctl_number(fallback, "restarts"));
	else
		(void)snprintf(text, sizeof(text), "resolver: not running, %" PRIu64 " restarts",
			       ctl_number(fallback, "restarts"));
	add_line(table, "fallback", text);
}

/* The secrets by fingerprint: the first makes cookies. */
static void add_cookies(struct table *table, const json_t *reply)
{
	const json_t *prints = json_object_get(reply, "cookie_secrets");
	const char *cookies = ctl_text(reply, "cookies");
	char text[LINE_OCTETS];
	size_t len;

	len = (size_t)snprintf(text, sizeof(text), "%s; secrets:", cookies);
	for (size_t i = 0; i < json_array_size(prints) && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %s%s", i ? "," : "",
					json_string_value(json_array_get(prints, i)),
					i ? " accepted" : " active");
	add_line(table, "cookies", text);
	if (json_is_string(json_object_get(reply, "cookies_fault"))) {
		(void)snprintf(text, sizeof(text), "BUT %s", ctl_text(reply, "cookies_fault"));
		add_line(table, "", text);
	}
}

static void add_limits(struct table *table, const json_t *limits)
{
	char text[LINE_OCTETS];

	if (ctl_flag(limits, "on"))
		(void)snprintf(text, sizeof(text),
			       "%" PRIu64 " responses a second, window %" PRIu64 " s, slip %" PRIu64
			       "%s; passed: %" PRIu64 " a second",
			       ctl_number(limits, "rate"), ctl_number(limits, "window"),
			       ctl_number(limits, "slip"),
			       ctl_flag(limits, "log_only") ? ", LOG ONLY" : "",
			       ctl_number(limits, "pass_limit"));
	else
		(void)snprintf(text, sizeof(text),
			       "responses are not limited; passed: %" PRIu64 " a second",
			       ctl_number(limits, "pass_limit"));
	add_line(table, "limits", text);
}

static void add_store(struct table *table, const json_t *reply)
{
	const json_t *store = json_object_get(reply, "store");
	char text[LINE_OCTETS], used[CTL_FORMAT_LEN], all[CTL_FORMAT_LEN];
	uint64_t names = ctl_number(store, "names"), max = ctl_number(store, "names_max");

	(void)snprintf(text, sizeof(text),
		       "%" PRIu64 " of %" PRIu64 " names (%.1f %%), %s used of %s in %" PRIu64
		       " segment%s",
		       names, max, max ? 100.0 * (double)names / (double)max : 0.0,
		       ctl_octets(ctl_number(store, "octets_used"), used),
		       ctl_octets(ctl_number(store, "octets"), all), ctl_number(store, "segments"),
		       ctl_number(store, "segments") == 1 ? "" : "s");
	add_line(table, "store", text);
}

static void add_daemon(struct table *table, const json_t *reply)
{
	char text[LINE_OCTETS], up[CTL_FORMAT_LEN];

	add_line(table, "site", ctl_text(reply, "site"));
	(void)snprintf(text, sizeof(text), "dnsboltd %s, pid %" PRIu64 ", up %s, %s",
		       ctl_text(reply, "version"), ctl_number(reply, "pid"),
		       ctl_duration(ctl_number(reply, "uptime"), up),
		       ctl_flag(reply, "adopted") ? "took over the maps of the one before it"
						  : "started afresh");
	add_line(table, "daemon", text);
}

static void add_packets(struct table *table, const json_t *reply)
{
	const json_t *packets = json_object_get(reply, "packets");
	char text[LINE_OCTETS];

	(void)snprintf(text, sizeof(text),
		       "%" PRIu64 " answered, %" PRIu64 " passed, %" PRIu64 " dropped",
		       ctl_number(packets, "answered"), ctl_number(packets, "passed"),
		       ctl_number(packets, "dropped"));
	add_line(table, "packets", text);
}

int cmd_status(struct ctl *ctl)
{
	static const char *const heads[] = { "", "", NULL };
	struct table *table = NULL;
	json_t *reply;
	int code;

	code = ctl_ask(ctl, json_pack("{s:s}", "command", "status"), CTL_TIMEOUT_MS, &reply);
	if (code)
		return code;
	if (!ctl->options.json && table_new(&table, heads) == 0) {
		add_answering(table, reply);
		add_zones(table, reply);
		add_packets(table, reply);
		add_interfaces(table, reply);
		add_addresses(table, reply);
		add_fallback(table, reply);
		add_cookies(table, reply);
		add_limits(table, json_object_get(reply, "limits"));
		add_store(table, reply);
		add_daemon(table, reply);
		table_print(table, stdout);
	}
	table_free(table);
	json_decref(reply);
	return CTL_OK;
}

int cmd_version(struct ctl *ctl)
{
	json_t *reply;
	int code;

	if (!ctl->options.json)
		printf("dnsboltctl %s\n", DNSBOLT_VERSION);
	code = ctl_ask(ctl, json_pack("{s:s}", "command", "version"), CTL_TIMEOUT_MS, &reply);
	if (code)
		return code;
	if (!ctl->options.json)
		printf("dnsboltd %s, maps of ABI %" PRIu64 "\n", ctl_text(reply, "version"),
		       ctl_number(reply, "abi"));
	json_decref(reply);
	return CTL_OK;
}
