/* SPDX-License-Identifier: GPL-3.0-or-later */
/* zone list, show, reload, refresh, retransfer. */
#include <inttypes.h>

#include "../../userspace/lib/table.h"
#include "ctl.h"
#include "record.h"

static const char *security(const json_t *zone)
{
	if (!ctl_flag(zone, "signed"))
		return "unsigned";
	return ctl_flag(zone, "nsec3") ? "signed, NSEC3" : "signed, NSEC";
}

static const char *serial_text(const json_t *zone, char *buf)
{
	if (!json_is_integer(json_object_get(zone, "serial")))
		return "-";
	return ctl_count(ctl_number(zone, "serial"), buf);
}

/* "in 5 min 3 s", "3 s ago", "now", "-". */
static const char *when_text(const json_t *object, const char *key, char *buf)
{
	const json_t *value = json_object_get(object, key);
	json_int_t seconds = json_integer_value(value);
	char duration[CTL_FORMAT_LEN];

	if (!json_is_integer(value))
		return "-";
	if (seconds == 0)
		return "now";
	(void)ctl_duration((uint64_t)(seconds < 0 ? -seconds : seconds), duration);
	(void)snprintf(buf, CTL_FORMAT_LEN, seconds < 0 ? "%s ago" : "in %s", duration);
	return buf;
}

static void print_zones(const json_t *rows)
{
	static const char *const heads[] = { "ZONE",	"STATE",    "SOURCE", ">SERIAL",
					     ">NAMES",	">RECORDS", "SIGNED", "LOADED",
					     "REFRESH", "EXPIRES",  "ERROR",  NULL };
	struct table *table;

	if (table_new(&table, heads))
		return;
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		char serial[CTL_FORMAT_LEN], names[CTL_FORMAT_LEN], records[CTL_FORMAT_LEN],
			when[CTL_FORMAT_LEN], refresh[CTL_FORMAT_LEN], expires[CTL_FORMAT_LEN];

		(void)table_add(table, (const char *const[]){
					       ctl_text(row, "zone"), ctl_text(row, "state"),
					       ctl_text(row, "source"), serial_text(row, serial),
					       ctl_count(ctl_number(row, "names"), names),
					       ctl_count(ctl_number(row, "records"), records),
					       !ctl_flag(row, "signed") ? "no"
					       : ctl_flag(row, "nsec3") ? "NSEC3"
									: "NSEC",
					       ctl_time(json_object_get(row, "loaded"), when),
					       when_text(row, "next_refresh", refresh),
					       when_text(row, "expires", expires),
					       ctl_text(row, "error") });
	}
	table_print(table, stdout);
	table_free(table);
}

int cmd_zone_list(struct ctl *ctl)
{
	json_t *reply;
	int code;

	code = ctl_ask(ctl, json_pack("{s:s}", "command", "zone list"), CTL_TIMEOUT_MS, &reply);
	if (code)
		return code;
	if (!ctl->options.json)
		print_zones(json_object_get(reply, "zones"));
	json_decref(reply);
	return CTL_OK;
}

static void add_row(struct table *table, const char *name, const char *text)
{
	(void)table_add(table, (const char *const[]){ name, text });
}

static void add_source(struct table *table, const json_t *zone)
{
	char text[CTL_FORMAT_LEN];

	if (json_is_string(json_object_get(zone, "file"))) {
		add_row(table, "file", ctl_text(zone, "file"));
		return;
	}
	add_row(table, "source", ctl_text(zone, "source"));
	if (json_is_string(json_object_get(zone, "catalog")))
		add_row(table, "catalog", ctl_text(zone, "catalog"));
	if (json_is_string(json_object_get(zone, "primary")))
		add_row(table, "primary", ctl_text(zone, "primary"));
	add_row(table, "activity", ctl_text(zone, "activity"));
	add_row(table, "refreshed", ctl_time(json_object_get(zone, "refreshed"), text));
	add_row(table, "refresh", when_text(zone, "next_refresh", text));
	add_row(table, "expires", when_text(zone, "expires", text));
}

static void print_zone(const json_t *zone)
{
	static const char *const heads[] = { "", "", NULL };
	char number[CTL_FORMAT_LEN];
	struct table *table;

	if (table_new(&table, heads))
		return;
	(void)table_add(table, (const char *const[]){ "zone", ctl_text(zone, "zone") });
	(void)table_add(table, (const char *const[]){ "state", ctl_text(zone, "state") });
	if (json_is_string(json_object_get(zone, "error")))
		(void)table_add(table, (const char *const[]){ "error", ctl_text(zone, "error") });
	add_source(table, zone);
	(void)table_add(table, (const char *const[]){ "serial", serial_text(zone, number) });
	(void)table_add(table, (const char *const[]){
				       "names", ctl_count(ctl_number(zone, "names"), number) });
	(void)table_add(table, (const char *const[]){
				       "records", ctl_count(ctl_number(zone, "records"), number) });
	(void)table_add(table, (const char *const[]){ "security", security(zone) });
	(void)table_add(table,
			(const char *const[]){ "loaded",
					       ctl_time(json_object_get(zone, "loaded"), number) });
	(void)table_add(table,
			(const char *const[]){
				"set here", ctl_count(ctl_number(zone, "set_records"), number) });
	table_print(table, stdout);
	table_free(table);
}

int cmd_zone_show(struct ctl *ctl)
{
	const json_t *records;
	json_t *reply;
	int code;

	code = ctl_ask(ctl, json_pack("{s:s, s:s}", "command", "zone show", "zone", ctl->argv[0]),
		       CTL_TIMEOUT_MS, &reply);
	if (code)
		return code;
	if (!ctl->options.json) {
		print_zone(json_object_get(reply, "zone"));
		records = json_object_get(reply, "records");
		if (json_array_size(records) > 0) {
			printf("\n");
			record_print(records);
		}
	}
	json_decref(reply);
	return CTL_OK;
}

static void print_reload(const json_t *reply)
{
	const json_t *zone = json_object_get(reply, "zone"),
		     *zones = json_object_get(reply, "zones");
	char serial[CTL_FORMAT_LEN];

	if (zone)
		printf("zone %s: %s, serial %s\n", ctl_text(zone, "zone"), ctl_text(zone, "state"),
		       serial_text(zone, serial));
	if (zones) {
		char text[256];

		printf("zones: %s\n", ctl_zone_states(zones, text, sizeof(text)));
	}
}

int cmd_zone_reload(struct ctl *ctl)
{
	json_t *request, *reply;
	int code;

	if (ctl->argc > 0)
		request = json_pack("{s:s, s:s}", "command", "zone reload", "zone", ctl->argv[0]);
	else
		request = json_pack("{s:s}", "command", "zone reload");
	code = ctl_ask(ctl, request, CTL_LONG_TIMEOUT_MS, &reply);
	if (code)
		return code;
	if (!ctl->options.json)
		print_reload(reply);
	json_decref(reply);
	return CTL_OK;
}

static int ask_primaries(struct ctl *ctl, const char *command)
{
	json_t *request, *reply;
	const json_t *zone;
	int code;

	if (ctl->argc > 0)
		request = json_pack("{s:s, s:s}", "command", command, "zone", ctl->argv[0]);
	else
		request = json_pack("{s:s}", "command", command);
	code = ctl_ask(ctl, request, CTL_TIMEOUT_MS, &reply);
	if (code)
		return code;
	zone = json_object_get(reply, "zone");
	if (!ctl->options.json) {
		if (zone)
			printf("zone %s: its primaries are asked\n", ctl_text(zone, "zone"));
		else
			printf("the primaries of all zones are asked\n");
	}
	json_decref(reply);
	return CTL_OK;
}

int cmd_zone_refresh(struct ctl *ctl)
{
	return ask_primaries(ctl, "zone refresh");
}

int cmd_zone_retransfer(struct ctl *ctl)
{
	return ask_primaries(ctl, "zone retransfer");
}
