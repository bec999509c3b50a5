/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stats: the counters. */
#include <inttypes.h>
#include <string.h>

#include "../../userspace/lib/table.h"
#include "ctl.h"

static void print_reasons(const struct ctl *ctl, const json_t *reply)
{
	static const char *const heads[] = { "REASON", "ACTION", ">COUNT", "WHAT", NULL };
	const json_t *rows = json_object_get(reply, "reasons");
	struct table *table;

	if (table_new(&table, heads))
		return;
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		char count[CTL_FORMAT_LEN];

		if (ctl_number(row, "count") == 0 && !ctl->options.all)
			continue;
		(void)table_add(table, (const char *const[]){
					       ctl_text(row, "reason"), ctl_text(row, "action"),
					       ctl_count(ctl_number(row, "count"), count),
					       ctl_reason(row) });
	}
	if (table_rows(table) > 0)
		table_print(table, stdout);
	else
		printf("the driver has seen no packet\n");
	table_free(table);
}

static void print_rcodes(const json_t *rcodes, const char *what)
{
	const char *name, *comma = "";
	json_t *count;

	if (json_object_size(rcodes) == 0)
		return;
	printf("%s", what);
	json_object_foreach ((json_t *)rcodes, name, count) {
		printf("%s %s %" JSON_INTEGER_FORMAT, comma, name, json_integer_value(count));
		comma = ",";
	}
	printf("\n");
}

static void print_sums(const json_t *reply)
{
	const json_t *packets = json_object_get(reply, "packets"),
		     *families = json_object_get(reply, "families");
	const json_t *octets = json_object_get(reply, "octets");
	char in[CTL_FORMAT_LEN], out[CTL_FORMAT_LEN];

	printf("\npackets: %" PRIu64 " answered, %" PRIu64 " passed, %" PRIu64 " dropped\n",
	       ctl_number(packets, "answered"), ctl_number(packets, "passed"),
	       ctl_number(packets, "dropped"));
	print_rcodes(json_object_get(reply, "rcodes"), "answers:");
	print_rcodes(json_object_get(reply, "limited"), "responses over a rate:");
	print_rcodes(json_object_get(reply, "cookies"), "cookies of queries:");
	printf("answers over IPv4: %" PRIu64 ", IPv6: %" PRIu64 "\n", ctl_number(families, "ipv4"),
	       ctl_number(families, "ipv6"));
	printf("frames of answered queries: %s, of answers: %s\n",
	       ctl_octets(ctl_number(octets, "in"), in),
	       ctl_octets(ctl_number(octets, "out"), out));
}

static void print_messages(const struct ctl *ctl, const json_t *rows)
{
	static const char *const heads[] = { "REASON", ">UDP", ">TCP", "WHAT", NULL };
	struct table *table;

	if (table_new(&table, heads))
		return;
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		char udp[CTL_FORMAT_LEN], tcp[CTL_FORMAT_LEN];

		if (ctl_number(row, "udp") == 0 && ctl_number(row, "tcp") == 0 && !ctl->options.all)
			continue;
		(void)table_add(table,
				(const char *const[]){ ctl_text(row, "reason"),
						       ctl_count(ctl_number(row, "udp"), udp),
						       ctl_count(ctl_number(row, "tcp"), tcp),
						       ctl_reason(row) });
	}
	if (table_rows(table) > 0)
		table_print(table, stdout);
	else
		printf("the resolver has seen no message\n");
	table_free(table);
}

static void print_resolver(const struct ctl *ctl, const json_t *resolver)
{
	const json_t *tcp = json_object_get(resolver, "tcp");

	if (!resolver)
		return;
	printf("\nresolver:\n");
	print_messages(ctl, json_object_get(resolver, "messages"));
	print_rcodes(json_object_get(resolver, "rcodes"), "replies:");
	printf("TCP connections: %" PRIu64 " accepted, %" PRIu64 " open, %" PRIu64
	       " refused; composed again: %" PRIu64 "; restarts: %" PRIu64 "\n",
	       ctl_number(tcp, "connections"), ctl_number(tcp, "open"), ctl_number(tcp, "refused"),
	       ctl_number(resolver, "retries"), ctl_number(resolver, "restarts"));
}

int cmd_stats(struct ctl *ctl)
{
	json_t *reply;
	int code;

	code = ctl_ask(ctl, json_pack("{s:s}", "command", "stats"), CTL_TIMEOUT_MS, &reply);
	if (code)
		return code;
	if (!ctl->options.json) {
		print_reasons(ctl, reply);
		print_sums(reply);
		print_resolver(ctl, json_object_get(reply, "resolver"));
	}
	json_decref(reply);
	return CTL_OK;
}
