/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sigwatch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../userspace/lib/name.h"

#define LOOK_MS 1000u /* when all zones were looked at */
/* Of one turn, and between turns: some percent of the time, also where a large zone changes all the time. */
#define LOOK_ZONES 2000
#define SLICE_NAMES 4096
#define SLICE_MS 20u
#define NEAR (3 * 86400) /* s before, that one who forgot to sign has */

struct sigwatch {
	uv_timer_t timer;
	struct zoneset *zones;
	const struct report *report;
	knot_dname_storage_t at; /* the zone that was looked at last */
	bool has_at;
	/* the walk that is under way */
	struct zone *copy; /* NULL: none */
	uint64_t of;	   /* the version that it is a copy of */
	const struct zone_name *next;
	int64_t earliest;
};

static int64_t expiration(const knot_rdata_t *rrsig, int64_t now)
{
	uint32_t until = knot_rrsig_sig_expiration(rrsig);

	return now + (int32_t)(until - (uint32_t)now);
}

int64_t sigwatch_earliest(const struct zone_name *name, int64_t earliest, int64_t now)
{
	const struct zone_rrset *set = zone_name_rrset(name, KNOT_RRTYPE_RRSIG);
	const knot_rdata_t *rrsig = set ? set->rrs.rdata : NULL;

	for (uint16_t i = 0; set && i < set->rrs.count; i++) {
		int64_t until = expiration(rrsig, now);

		if (!earliest || until < earliest)
			earliest = until;
		rrsig = knot_rdataset_next((knot_rdata_t *)rrsig);
	}
	return earliest;
}

/* Once when it comes near, once when it is past. */
static void warn(struct sigwatch *watch, const struct zoneset_zone *row, int64_t now)
{
	enum zoneset_signatures state = row->signatures_expire <= now	       ? ZONESET_PAST
					: row->signatures_expire <= now + NEAR ? ZONESET_NEAR
									       : ZONESET_FAR;
	knot_dname_txt_storage_t name;
	int64_t left = row->signatures_expire - now;

	if (state == row->signatures)
		return;
	if (state == ZONESET_PAST)
		report_say(
			watch->report, LOG_LEVEL_ERROR,
			"zone %s: signatures have expired: validating resolvers take its answers for bogus",
			name_text(row->apex, name));
	else if (state == ZONESET_NEAR)
		report_say(watch->report, LOG_LEVEL_WARNING,
			   "zone %s: the first of its signatures expires in %jd h",
			   name_text(row->apex, name), (intmax_t)(left / 3600));
	zoneset_set_signatures(watch->zones, row->apex, row->signatures_of, row->signatures_expire,
			       state);
}

/* ---- one version ---- */

static void begin_walk(struct sigwatch *watch, const struct zoneset_zone *row)
{
	if (zone_copy(&watch->copy, row->zone))
		return; /* looked at again later */
	watch->of = row->version;
	watch->next = zone_next(watch->copy, NULL);
	watch->earliest = 0;
}

static void end_walk(struct sigwatch *watch)
{
	const struct zoneset_zone *row = zoneset_find(watch->zones, watch->copy->apex);

	if (row && row->version == watch->of)
		zoneset_set_signatures(watch->zones, row->apex, watch->of, watch->earliest,
				       row->signatures);
	zone_free(watch->copy);
	watch->copy = NULL;
}

/* Takes the names off the budget. */
static void walk(struct sigwatch *watch, int64_t now, int *budget)
{
	for (; *budget > 0 && watch->next; (*budget)--) {
		watch->earliest = sigwatch_earliest(watch->next, watch->earliest, now);
		watch->next = zone_next(watch->copy, watch->next);
	}
	if (!watch->next)
		end_walk(watch);
}

/* ---- all of them, in turn ---- */

/* False: it is at its end. */
static bool look_at_next(struct sigwatch *watch, int64_t now)
{
	const struct zoneset_zone *row = NULL;

	if (watch->has_at)
		row = zoneset_find(watch->zones, watch->at);
	row = zoneset_next(watch->zones, row);
	watch->has_at = row != NULL;
	if (!row)
		return false;
	memcpy(watch->at, row->apex, knot_dname_size(row->apex));
	if (!row->zone || !row->zone->is_signed)
		return true;
	if (row->signatures_of != row->version)
		begin_walk(watch, row);
	else if (row->signatures_expire)
		warn(watch, row, now);
	return true;
}

static void on_timer(uv_timer_t *timer)
{
	struct sigwatch *watch = timer->data;
	int64_t now = time(NULL);
	int names = SLICE_NAMES;
	bool is_more = true;

	for (int i = 0; i < LOOK_ZONES && names > 0 && is_more; i++) {
		is_more = watch->copy || look_at_next(watch, now);
		if (watch->copy)
			walk(watch, now, &names);
	}
	(void)uv_timer_start(timer, on_timer, is_more ? SLICE_MS : LOOK_MS, 0);
}

int sigwatch_start(struct sigwatch **ret_watch, uv_loop_t *loop, struct zoneset *zones,
		   const struct report *report)
{
	struct sigwatch *watch = calloc(1, sizeof(*watch));
	int err;

	if (!watch)
		return -ENOMEM;
	watch->zones = zones;
	watch->report = report;
	watch->timer.data = watch;
	err = uv_timer_init(loop, &watch->timer);
	if (err) {
		free(watch);
		return err;
	}
	(void)uv_timer_start(&watch->timer, on_timer, 0, 0);
	*ret_watch = watch;
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct sigwatch *watch = handle->data;

	zone_free(watch->copy);
	free(watch);
}

void sigwatch_stop(struct sigwatch *watch)
{
	if (watch)
		uv_close((uv_handle_t *)&watch->timer, on_closed);
}
