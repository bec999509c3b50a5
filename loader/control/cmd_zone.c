/* SPDX-License-Identifier: GPL-3.0-or-later */
/* zone ... and record ...: over zoneset.h. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "../../userspace/lib/name.h"
#include "../../userspace/lib/proto.h"
#include "call.h"

static json_t *time_json(time_t when)
{
	return when ? json_integer(when) : json_null();
}

/* A catalog is a zone that is transferred too. */
static void put_sync(struct call *call, json_t *object, const struct zoneset_zone *row)
{
	struct sync_status status;

	if (row->file || !sync_status(call->daemon->sync, row->apex, &status)) {
		call_put(call, object, "source", json_string("file"));
		return;
	}
	call_put(call, object, "source", json_string(status.source));
	call_put(call, object, "catalog", proto_string(status.catalog));
	call_put(call, object, "is_catalog", json_boolean(row->is_catalog));
	call_put(call, object, "activity", json_string(status.activity));
	call_put(call, object, "primary", proto_string(*status.primary ? status.primary : NULL));
	call_put(call, object, "refreshed", time_json(status.refreshed));
	call_put(call, object, "next_refresh",
		 status.next_refresh < 0 ? json_null() : json_integer(status.next_refresh));
	call_put(call, object, "expires",
		 status.expires == INT64_MAX ? json_null() : json_integer(status.expires));
}

/* What the zone list says of a zone: what is served, or that nothing is. */
static json_t *zone_json(struct call *call, const struct zoneset_zone *row)
{
	const struct zone *zone = row->zone;
	json_t *object;

	object = json_pack("{s:o, s:s, s:o, s:I, s:I, s:b, s:b, s:o, s:I, s:o, s:o}", "zone",
			   call_name_json(row->apex), "state", row->state, "serial",
			   zone ? json_integer(zone->serial) : json_null(), "names",
			   (json_int_t)(zone ? zone->n_names : 0), "records",
			   (json_int_t)(zone ? zone->n_records : 0), "signed",
			   zone && zone->is_signed, "nsec3", zone && zone->is_nsec3, "loaded",
			   time_json(zone ? row->loaded : 0), "set_records",
			   (json_int_t)row->records, "file", proto_string(row->file), "error",
			   proto_string(row->error));
	if (object)
		put_sync(call, object, row);
	return object;
}

int command_zone_list(struct call *call)
{
	const struct zoneset_zone *zone = NULL;
	json_t *rows = json_array();

	while ((zone = zoneset_next(call->daemon->zones, zone)))
		call_append(call, rows, zone_json(call, zone));
	call_add(call, "zones", rows);
	return 0;
}

json_t *command_zone_states(struct call *call)
{
	static const char *const states[] = { "serving", "failed",  "stale",
					      "waiting", "expired", "stopped" };
	enum { N_STATES = sizeof(states) / sizeof(*states) };
	json_int_t count[N_STATES] = { 0 };
	const struct zoneset_zone *zone = NULL;
	json_t *object = json_object();

	while ((zone = zoneset_next(call->daemon->zones, zone))) {
		for (unsigned int i = 0; i < N_STATES; i++)
			count[i] += strcmp(zone->state, states[i]) == 0;
	}
	for (unsigned int i = 0; i < N_STATES; i++)
		call_put(call, object, states[i], json_integer(count[i]));
	return object;
}

/* The zone that the request names. */
static int need_zone(struct call *call, const struct zoneset_zone **ret_zone)
{
	knot_dname_txt_storage_t text;
	knot_dname_storage_t apex;
	int err;

	err = call_need_name(call, "zone", apex);
	if (err)
		return err;
	knot_dname_to_lower(apex);
	*ret_zone = zoneset_find(call->daemon->zones, apex);
	if (!*ret_zone)
		return call_fail(call, -ENOENT, "zone \"%s\": there is no such zone here",
				 name_text(apex, text));
	return 0;
}

/* ---- records that were set ---- */

struct record_filter {
	struct call *call;
	const struct zoneset_zone *zone; /* NULL: of all */
	json_t *rows;
};

static void append_record(const struct zoneset_record *record, void *arg)
{
	const struct record_filter *filter = arg;
	struct call *call = filter->call;
	const struct zoneset_zone *zone = zoneset_enclosing(call->daemon->zones, record->owner);
	char type[NAME_TYPE_LEN];

	if (filter->zone && filter->zone != zone)
		return;
	/* Type 0: the whole name is hidden. */
	call_append(call, filter->rows,
		    json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "name",
			      call_name_json(record->owner), "type",
			      record->type ? name_type_text(record->type, type) : "ANY", "ttl",
			      record->rdata ? json_integer(record->ttl) : json_null(), "rdata",
			      proto_string(record->rdata), "who", proto_string(record->who), "when",
			      time_json(record->when), "zone",
			      zone ? call_name_json(zone->apex) : json_null()));
}

static void add_records(struct call *call, const struct zoneset_zone *zone)
{
	struct record_filter filter = { .call = call, .zone = zone, .rows = json_array() };

	zoneset_record_each(call->daemon->zones, append_record, &filter);
	call_add(call, "records", filter.rows);
}

int command_zone_show(struct call *call)
{
	const struct zoneset_zone *zone;
	int err;

	err = need_zone(call, &zone);
	if (err)
		return err;
	call_add(call, "zone", zone_json(call, zone));
	add_records(call, zone);
	return 0;
}

int command_record_list(struct call *call)
{
	const struct zoneset_zone *zone = NULL;
	int err;

	if (json_object_get(call->request, "zone")) {
		err = need_zone(call, &zone);
		if (err)
			return err;
	}
	add_records(call, zone);
	return 0;
}

/* ---- changes ---- */

static int fail_zoneset(struct call *call, int err)
{
	const char *why = zoneset_error(call->daemon->zones);

	return call_fail(call, err, "%s", why && *why ? why : strerror(-err));
}

static int reload_one(struct call *call)
{
	const struct zoneset_zone *zone;
	knot_dname_storage_t apex;
	int err;

	err = need_zone(call, &zone);
	if (err)
		return err;
	memcpy(apex, zone->apex, knot_dname_size(zone->apex));
	err = zoneset_reload(call->daemon->zones, apex);
	if (err)
		return fail_zoneset(call, err);
	zone = zoneset_find(call->daemon->zones, apex);
	if (zone)
		call_add(call, "zone", zone_json(call, zone));
	return 0;
}

/* The answer says what has begun, not what comes of it. */
static int refresh_zone(struct call *call, bool axfr)
{
	const struct zoneset_zone *zone;
	int err;

	err = need_zone(call, &zone);
	if (err)
		return err;
	if (sync_refresh(call->daemon->sync, zone->apex, axfr))
		return call_fail(call, -EINVAL,
				 "it comes from its file, \"%s\": zone reload reads it",
				 zone->file ? zone->file : "");
	call_add(call, "zone", zone_json(call, zone));
	return 0;
}

int command_zone_refresh(struct call *call)
{
	if (json_object_get(call->request, "zone"))
		return refresh_zone(call, false);
	(void)sync_refresh(call->daemon->sync, NULL, false);
	call_add(call, "zones", command_zone_states(call));
	return 0;
}

int command_zone_retransfer(struct call *call)
{
	return refresh_zone(call, true);
}

int command_zone_reload(struct call *call)
{
	int err;

	if (json_object_get(call->request, "zone"))
		return reload_one(call);
	err = zoneset_reload(call->daemon->zones, NULL);
	if (err)
		return fail_zoneset(call, err);
	call_add(call, "zones", command_zone_states(call));
	return 0;
}

/* For the journal: "uid 1000 (alice)". */
static void who_text(const struct commands_peer *peer, char *buf, size_t size)
{
	const struct passwd *pw = getpwuid(peer->uid);

	if (pw)
		(void)snprintf(buf, size, "uid %u (%s)", (unsigned int)peer->uid, pw->pw_name);
	else
		(void)snprintf(buf, size, "uid %u", (unsigned int)peer->uid);
}

/* What a change to a name says when it is done: which zone it was, and what does not go along with
 * it. */
static void add_change(struct call *call, const knot_dname_t *owner)
{
	const struct zoneset_zone *zone = zoneset_enclosing(call->daemon->zones, owner);
	json_t *warnings = json_array();

	call_add(call, "name", call_name_json(owner));
	if (zone) {
		call_add(call, "zone", call_name_json(zone->apex));
		call_add(call, "serial",
			 zone->zone ? json_integer(zone->zone->serial) : json_null());
		if (zone->zone && zone->zone->is_signed)
			call_append(
				call, warnings,
				json_string(
					"the zone is signed: validating resolvers take the answer for bogus"));
	}
	if (call->daemon->config->fallback == CONFIG_FALLBACK_HOST)
		call_append(
			call, warnings,
			json_string(
				"fallback is host: the host's server does not know of this change, so TCP and "
				"whatever the driver passes are answered otherwise"));
	call_add(call, "warnings", warnings);
}

int command_record_set(struct call *call)
{
	struct zoneset_record record = { .when = time(NULL) };
	bool add = false, unsigned_ok = false;
	knot_dname_storage_t owner;
	const char *type;
	char who[300];
	int err;

	err = call_need_name(call, "name", owner);
	if (!err)
		err = call_need_string(call, "type", &type);
	if (!err)
		err = call_type(call, "type", &record.type);
	if (!err)
		err = call_need_number(call, "ttl", 0, INT32_MAX,
				       &record.ttl); /* RFC 2181 section 8 */
	if (!err)
		err = call_need_string(call, "rdata", &record.rdata);
	if (!err)
		err = call_flag(call, "add", &add);
	if (!err)
		err = call_flag(call, "unsigned", &unsigned_ok);
	if (err)
		return err;
	knot_dname_to_lower(owner);
	who_text(call->peer, who, sizeof(who));
	record.owner = owner;
	record.who = who;
	err = zoneset_record_set(call->daemon->zones, &record, add, unsigned_ok);
	if (err)
		return fail_zoneset(call, err);
	add_change(call, owner);
	return 0;
}

int command_record_delete(struct call *call)
{
	knot_dname_storage_t owner;
	bool unsigned_ok = false;
	uint16_t type = 0;
	char who[300];
	int err;

	err = call_need_name(call, "name", owner);
	if (!err)
		err = call_type(call, "type", &type);
	if (!err)
		err = call_flag(call, "unsigned", &unsigned_ok);
	if (err)
		return err;
	/* To zoneset_record_delete() 0 is every type, which is asked for by naming none. */
	if (type == 0 && json_object_get(call->request, "type"))
		return call_fail(call, -EINVAL,
				 "type \"TYPE0\": no record has it (RFC 6895 section 3.1)");
	knot_dname_to_lower(owner);
	who_text(call->peer, who, sizeof(who));
	err = zoneset_record_delete(call->daemon->zones, owner, type, who, unsigned_ok);
	if (err)
		return fail_zoneset(call, err);
	add_change(call, owner);
	return 0;
}

int command_record_reset(struct call *call)
{
	bool has_name = json_object_get(call->request, "name");
	knot_dname_storage_t name;
	char who[300];
	size_t n;
	int err = 0;

	if (has_name)
		err = call_need_name(call, "name", name);
	if (err)
		return err;
	who_text(call->peer, who, sizeof(who));
	err = zoneset_record_reset(call->daemon->zones, has_name ? name : NULL, who, &n);
	if (err)
		return fail_zoneset(call, err);
	call_add(call, "name", has_name ? call_name_json(name) : json_null());
	call_add(call, "rrsets", json_integer((json_int_t)n));
	return 0;
}
