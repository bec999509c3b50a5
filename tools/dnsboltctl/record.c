/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record list, set, delete, reset. */
#include "record.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../../userspace/lib/name.h"
#include "../../userspace/lib/table.h"
#include "ctl.h"

#define TTL_MAX 2147483647u /* RFC 2181 section 8 */
#define TYPE_TXT 16
#define TYPE_SPF 99

void record_print(const json_t *rows)
{
	static const char *const heads[] = { "NAME", ">TTL", "TYPE", "RDATA", "WHEN", "WHO", NULL };
	struct table *table;

	if (table_new(&table, heads))
		return;
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		bool hidden = !json_is_string(json_object_get(row, "rdata"));
		char ttl[CTL_FORMAT_LEN], when[CTL_FORMAT_LEN];

		(void)table_add(table,
				(const char *const[]){
					ctl_text(row, "name"),
					hidden ? "-" : ctl_count(ctl_number(row, "ttl"), ttl),
					ctl_text(row, "type"),
					hidden ? "(the zone's own is hidden)"
					       : ctl_text(row, "rdata"),
					ctl_time(json_object_get(row, "when"), when),
					ctl_text(row, "who") });
	}
	table_print(table, stdout);
	table_free(table);
}

int cmd_record_list(struct ctl *ctl)
{
	json_t *request, *reply;
	const json_t *records;
	int code;

	if (ctl->argc > 0)
		request = json_pack("{s:s, s:s}", "command", "record list", "zone", ctl->argv[0]);
	else
		request = json_pack("{s:s}", "command", "record list");
	code = ctl_ask(ctl, request, CTL_TIMEOUT_MS, &reply);
	if (code)
		return code;
	records = json_object_get(reply, "records");
	if (!ctl->options.json) {
		if (json_array_size(records) > 0)
			record_print(records);
		else
			printf("no record was set here\n");
	}
	json_decref(reply);
	return CTL_OK;
}

/* ---- words to RDATA ---- */

/* A shell takes the quotes off "v=spf1 -all": as RDATA the rest would be two strings. A word with a
 * blank in it and without a quote is meant to be one. */
static bool needs_quotes(uint16_t type, const char *word)
{
	return (type == TYPE_TXT || type == TYPE_SPF) && strpbrk(word, " \t") && !strchr(word, '"');
}

static char *join_rdata(uint16_t type, unsigned int argc, char *const *argv)
{
	char *text, *at;
	size_t size = 1;

	for (unsigned int i = 0; i < argc; i++)
		size += strlen(argv[i]) + 3;
	text = at = malloc(size);
	if (!text)
		return NULL;
	*at = '\0';
	for (unsigned int i = 0; i < argc; i++) {
		const char *quote = needs_quotes(type, argv[i]) ? "\"" : "";

		if (i > 0)
			at = stpcpy(at, " ");
		at = stpcpy(stpcpy(stpcpy(at, quote), argv[i]), quote);
	}
	return text;
}

static bool parse_ttl(const char *word, uint32_t *ret_ttl)
{
	uint64_t ttl = 0;

	if (!*word)
		return false;
	for (; *word; word++) {
		if (*word < '0' || *word > '9')
			return false;
		ttl = ttl * 10 + (uint64_t)(*word - '0');
		if (ttl > TTL_MAX)
			return false;
	}
	*ret_ttl = (uint32_t)ttl;
	return true;
}

/* Checks the words that can be checked here. */
static int check_owner(struct ctl *ctl, uint16_t *ret_type)
{
	knot_dname_storage_t name;
	char error[NAME_ERROR_LEN];

	if (name_parse(name, ctl->argv[0], error))
		return ctl_usage(ctl->command, "%s", error);
	if (ctl->argc > 1 && name_type_parse(ret_type, ctl->argv[1], error))
		return ctl_usage(ctl->command, "%s", error);
	return CTL_OK;
}

int cmd_record_set(struct ctl *ctl)
{
	const char *last = ctl->argv[ctl->argc - 1];
	json_t *reply, *request;
	uint16_t type = 0;
	uint32_t ttl;
	char *rdata;
	int code;

	code = check_owner(ctl, &type);
	if (code)
		return code;
	if (!parse_ttl(last, &ttl))
		return ctl_usage(
			ctl->command,
			"TTL \"%s\": expected a number of seconds, 0 to %u, as the last word", last,
			TTL_MAX);
	rdata = join_rdata(type, ctl->argc - 3, ctl->argv + 2);
	request = json_pack("{s:s, s:s, s:s, s:I, s:s, s:b, s:b}", "command", "record set", "name",
			    ctl->argv[0], "type", ctl->argv[1], "ttl", (json_int_t)ttl, "rdata",
			    rdata, "add", ctl->options.add, "unsigned", ctl->options.unsigned_ok);
	code = ctl_ask(ctl, request, CTL_LONG_TIMEOUT_MS, &reply);
	if (!code) {
		if (!ctl->options.json)
			printf("%s %" PRIu32 " %s %s: %s in zone %s\n", ctl_text(reply, "name"),
			       ttl, ctl->argv[1], rdata, ctl->options.add ? "added" : "set",
			       ctl_text(reply, "zone"));
		ctl_warn(reply);
		json_decref(reply);
	}
	free(rdata);
	return code;
}

int cmd_record_delete(struct ctl *ctl)
{
	json_t *reply, *request;
	uint16_t type;
	int code;

	code = check_owner(ctl, &type);
	if (code)
		return code;
	request = json_pack("{s:s, s:s, s:b}", "command", "record delete", "name", ctl->argv[0],
			    "unsigned", ctl->options.unsigned_ok);
	if (request && ctl->argc > 1)
		json_object_set_new(request, "type", json_string(ctl->argv[1]));
	code = ctl_ask(ctl, request, CTL_LONG_TIMEOUT_MS, &reply);
	if (code)
		return code;
	if (!ctl->options.json)
		printf("%s %s: deleted in zone %s\n", ctl_text(reply, "name"),
		       ctl->argc > 1 ? ctl->argv[1] : "(all types)", ctl_text(reply, "zone"));
	ctl_warn(reply);
	json_decref(reply);
	return CTL_OK;
}

int cmd_record_reset(struct ctl *ctl)
{
	json_t *reply, *request;
	int code;

	request = ctl->argc > 0
			  ? json_pack("{s:s, s:s}", "command", "record reset", "name", ctl->argv[0])
			  : json_pack("{s:s}", "command", "record reset");
	code = ctl_ask(ctl, request, CTL_LONG_TIMEOUT_MS, &reply);
	if (code)
		return code;
	if (!ctl->options.json)
		printf("%" PRId64 " RRsets that were set or hidden are as the zone has them\n",
		       (int64_t)ctl_number(reply, "rrsets"));
	json_decref(reply);
	return CTL_OK;
}
