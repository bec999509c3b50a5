/* SPDX-License-Identifier: GPL-3.0-or-later */
/* limits and client: whose responses are over a rate, and who is denied. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../../userspace/lib/table.h"
#include "ctl.h"

#define TOP 20 /* prefixes, without --all */
#define LINE_OCTETS 256

/* ---- limits ---- */

static void print_settings(const json_t *limits)
{
	uint64_t pass = ctl_number(limits, "pass_limit");

	if (ctl_flag(limits, "on"))
		printf("responses to IPv4 /%" PRIu64 ", IPv6 /%" PRIu64 ": window %" PRIu64
		       " s, slip %" PRIu64 "%s\n",
		       ctl_number(limits, "ipv4_prefix"), ctl_number(limits, "ipv6_prefix"),
		       ctl_number(limits, "window"), ctl_number(limits, "slip"),
		       ctl_flag(limits, "log_only") ? "; LOG ONLY: all are sent" : "");
	else
		printf("responses: not limited\n");
	if (pass)
		printf("passed queries: %" PRIu64 " a second\n", pass);
	else
		printf("passed queries: not limited\n");
}

static void print_classes(const json_t *reply)
{
	static const char *const heads[] = { "CLASS", ">PER SECOND", ">OVER (DRIVER)",
					     ">OVER (RESOLVER)", NULL };
	const json_t *rows = json_object_get(reply, "classes");
	struct table *table;

	if (table_new(&table, heads))
		return;
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		char rate[CTL_FORMAT_LEN], driver[CTL_FORMAT_LEN], resolver[CTL_FORMAT_LEN];

		(void)table_add(table, (const char *const[]){
					       ctl_text(row, "class"),
					       ctl_number(row, "rate")
						       ? ctl_count(ctl_number(row, "rate"), rate)
						       : "no limit",
					       ctl_count(ctl_number(row, "limited"), driver),
					       ctl_count(ctl_number(row, "resolver"), resolver) });
	}
	table_print(table, stdout);
	table_free(table);
	printf("of them %" PRIu64 " slipped, %" PRIu64 " dropped; passed queries dropped: %" PRIu64
	       "\n",
	       ctl_number(reply, "slipped"), ctl_number(reply, "dropped"),
	       ctl_number(reply, "pass_dropped"));
}

static void print_recent(const struct ctl *ctl, const json_t *rows)
{
	static const char *const heads[] = { "PREFIX", "CLASS", "ZONE", ">COUNT",
					     "LAST",   "WAS",	NULL };
	size_t n = json_array_size(rows), top = ctl->options.all || n < TOP ? n : TOP;
	struct table *table;

	if (n == 0) {
		printf("\nno response of the driver was over a rate\n");
		return;
	}
	if (table_new(&table, heads))
		return;
	for (size_t i = 0; i < top; i++) {
		const json_t *row = json_array_get(rows, i);
		char count[CTL_FORMAT_LEN], age[CTL_FORMAT_LEN], ago[LINE_OCTETS];

		(void)snprintf(ago, sizeof(ago), "%s ago",
			       ctl_duration(ctl_number(row, "ago"), age));
		(void)table_add(
			table, (const char *const[]){ ctl_text(row, "prefix"),
						      ctl_text(row, "class"), ctl_text(row, "zone"),
						      ctl_count(ctl_number(row, "count"), count),
						      ago, ctl_text(row, "reason") });
	}
	printf("\nof the last responses over a rate, by prefix and class%s:\n",
	       top < n ? " (--all shows more)" : "");
	table_print(table, stdout);
	table_free(table);
}

int cmd_limits(struct ctl *ctl)
{
	json_t *reply;
	int code;

	code = ctl_ask(ctl, json_pack("{s:s}", "command", "limits"), CTL_TIMEOUT_MS, &reply);
	if (code)
		return code;
	if (!ctl->options.json) {
		print_settings(json_object_get(reply, "limits"));
		print_classes(reply);
		print_recent(ctl, json_object_get(reply, "recent"));
	}
	json_decref(reply);
	return CTL_OK;
}

/* ---- client ---- */

/* "90", "90s", "10m", "2h", "1d". 0: it is none of these, or longer than a year. */
static uint32_t parse_duration(const char *text)
{
	static const struct {
		const char *unit;
		unsigned long seconds;
	} units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };
	size_t digits = strspn(text, "0123456789");
	unsigned long n = strtoul(text, NULL, 10);

	if (digits == 0 || digits > 8)
		return 0;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text + digits, units[i].unit) == 0)
			return n * units[i].seconds <= 31536000 ? (uint32_t)(n * units[i].seconds)
								: 0;
	}
	return 0;
}

int cmd_client_deny(struct ctl *ctl)
{
	json_t *reply, *request;
	uint32_t seconds = 0;
	char text[CTL_FORMAT_LEN];
	int code;

	if (ctl->options.duration) {
		seconds = parse_duration(ctl->options.duration);
		if (!seconds)
			return ctl_usage(ctl->command,
					 "--for \"%s\": expected a time as 90s, 10m, 2h or 1d, at "
					 "most a year",
					 ctl->options.duration);
	}
	request = json_pack("{s:s, s:s, s:I}", "command", "client deny", "prefix", ctl->argv[0],
			    "seconds", (json_int_t)seconds);
	code = ctl_ask(ctl, request, CTL_TIMEOUT_MS, &reply);
	if (code)
		return code;
	if (!ctl->options.json && seconds)
		printf("%s: denied for %s\n", ctl->argv[0], ctl_duration(seconds, text));
	else if (!ctl->options.json)
		printf("%s: denied\n", ctl->argv[0]);
	json_decref(reply);
	return CTL_OK;
}

int cmd_client_allow(struct ctl *ctl)
{
	json_t *reply;
	int code;

	code = ctl_ask(ctl,
		       json_pack("{s:s, s:s}", "command", "client allow", "prefix", ctl->argv[0]),
		       CTL_TIMEOUT_MS, &reply);
	if (code)
		return code;
	if (!ctl->options.json)
		printf("%s: not denied here any more\n", ctl->argv[0]);
	json_decref(reply);
	return CTL_OK;
}

int cmd_client_list(struct ctl *ctl)
{
	static const char *const heads[] = { "PREFIX", "WHAT", "BY", "FOR", NULL };
	struct table *table = NULL;
	const json_t *rows;
	json_t *reply;
	int code;

	code = ctl_ask(ctl, json_pack("{s:s}", "command", "client list"), CTL_TIMEOUT_MS, &reply);
	if (code)
		return code;
	rows = json_object_get(reply, "clients");
	if (ctl->options.json || table_new(&table, heads))
		rows = NULL;
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		char left[CTL_FORMAT_LEN];
		bool ends = json_is_integer(json_object_get(row, "left"));

		(void)table_add(table, (const char *const[]){
					       ctl_text(row, "prefix"), ctl_text(row, "what"),
					       ctl_text(row, "by"),
					       ends ? ctl_duration(ctl_number(row, "left"), left)
						    : "ever" });
	}
	if (table && table_rows(table) > 0)
		table_print(table, stdout);
	else if (table)
		printf("everyone may ask, and nobody is exempt from limits\n");
	table_free(table);
	json_decref(reply);
	return CTL_OK;
}
