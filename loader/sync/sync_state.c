/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is on disk of the zones, and when it is written. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sync_internal.h"

#define SAVE_PARALLEL 4u
/* A zone that changes without end is written now and then: at most this part of the time, and not more often. What is
 * lost by a crash is asked for again. */
#define SAVE_SHARE 20u
#define SAVE_GAP_MS 1000u
#define SAVE_AGAIN_MS 60000u /* after a failure */
#define TOUCH_MS 60000u
/* Or, of zones that expire soon, this part of the time. */
#define TOUCH_SHARE 8u

static void fill_info(const struct secondary *zone, struct state_info *info)
{
	int64_t now = sync_wall();
	uint64_t boot = sync_now(), expires = zone->refresh.expires;

	*info = (struct state_info){
		.refreshed = zone->refreshed,
		.expires = expires > boot ? now + (int64_t)(expires - boot) / 1000 : now,
	};
	memcpy(info->primary, zone->primary, sizeof(zone->primary));
	memcpy(info->id, zone->id, sizeof(info->id));
}

static const struct zone *base_of(const struct secondary *zone)
{
	const struct zoneset_zone *row = zoneset_find(zone->sync->zones, zone->apex);

	return row ? row->base : NULL;
}

/* ---- at the start ---- */

static int adopt(struct secondary *zone, struct zone *version, const struct state_info *info)
{
	struct refresh_soa soa = sync_soa(version);
	uint64_t now = sync_now();
	uint32_t left;

	refresh_adopt(&zone->refresh, &soa, now);
	left = state_time_left(info, zone->refresh.soa.expire, sync_wall());
	zone->refresh.expires = now + left * 1000ull;
	zone->refreshed = info->refreshed;
	(void)snprintf(zone->primary, sizeof(zone->primary), "%.*s", TRANSPORT_TEXT - 1,
		       info->primary);
	zone->touched = now;
	/* Before it is published: one that has expired is never answered. */
	sync_put_expiry(zone);
	if (zone->row && sync_take_members(zone, version)) {
		zone_free(version);
		return -ENOMEM;
	}
	return zoneset_offer(zone->sync->zones, zone->apex, version);
}

int sync_load_state(struct secondary *zone)
{
	struct state_info info;
	struct zone *version;
	int err;

	err = state_load(&version, &info, zone->apex, zone->path, zone->sync->report);
	if (err)
		return err == -ENOMEM ? err : 0;
	/* RFC 9432 section 5.4: another id is another zone of that name. */
	if (zone->catalog &&
	    (info.id[0] != zone->id[0] || memcmp(info.id, zone->id, 1u + zone->id[0]) != 0)) {
		zone_free(version);
		sync_forget_state(zone);
		return 0;
	}
	return adopt(zone, version, &info);
}

void sync_forget_state(struct secondary *zone)
{
	if (unlink(zone->path) && errno != ENOENT)
		sync_warn(zone, LOG_LEVEL_WARNING, "%s: cannot be removed: %s", zone->path,
			  strerror(errno));
}

/* ---- writing ---- */

static void start_saving(struct secondary *zone);

static void start_next(struct sync *sync)
{
	struct secondary *zone = TAILQ_FIRST(&sync->save_queue);

	if (!zone || sync->n_saving >= SAVE_PARALLEL || !sync->has_started)
		return;
	TAILQ_REMOVE(&sync->save_queue, zone, saving);
	zone->waits_to_save = false;
	start_saving(zone);
}

static void saving_failed(struct secondary *zone, int err)
{
	zone->sync->stats.state_failed++;
	zone->is_dirty = true;
	zone->save_at = sync_now() + SAVE_AGAIN_MS;
	sync_warn(zone, LOG_LEVEL_WARNING, "%s: cannot be written: %s: trying again", zone->path,
		  strerror(-err));
	sync_schedule(zone);
}

static void on_saved(int err, void *arg)
{
	struct secondary *zone = arg;
	uint64_t now = sync_now(), took = now - zone->save_started;

	zone->save = NULL;
	zone->sync->n_saving--;
	zone->save_at = now + (took * SAVE_SHARE > SAVE_GAP_MS ? took * SAVE_SHARE : SAVE_GAP_MS);
	zone->touched = now;
	if (err)
		saving_failed(zone, err);
	else
		zone->sync->stats.state_written++;
	sync_schedule(zone);
	start_next(zone->sync);
}

static void start_saving(struct secondary *zone)
{
	struct sync *sync = zone->sync;
	const struct zone *base = base_of(zone);
	struct state_info info;
	int err;

	zone->is_dirty = false;
	if (!base)
		return;
	fill_info(zone, &info);
	zone->save_started = sync_now();
	err = state_save_start(&zone->save, sync->loop, zone->path, base, &info, on_saved, zone);
	if (err)
		saving_failed(zone, err);
	else
		sync->n_saving++;
}

void sync_save_due(struct secondary *zone)
{
	struct sync *sync = zone->sync;

	if (zone->waits_to_save)
		return;
	if (sync->n_saving < SAVE_PARALLEL) {
		start_saving(zone);
		return;
	}
	zone->waits_to_save = true;
	TAILQ_INSERT_TAIL(&sync->save_queue, zone, saving);
}

void sync_note_refresh(struct secondary *zone, bool is_new)
{
	uint64_t now = sync_now(), gap = zone->refresh.soa.expire * 1000ull / TOUCH_SHARE;
	struct state_info info;

	if (is_new) {
		zone->is_dirty = true;
		if (zone->save_at < now)
			zone->save_at = now;
		return;
	}
	if (zone->is_dirty || zone->save || now < zone->touched + (gap < TOUCH_MS ? gap : TOUCH_MS))
		return;
	zone->touched = now;
	fill_info(zone, &info);
	if (state_touch(zone->path, &info))
		zone->is_dirty = true; /* it is not there any more */
}

void sync_save_last(struct secondary *zone)
{
	const struct zone *base = base_of(zone);
	struct state_info info;
	int err = 0;

	if (!base || !zone->refresh.has_zone)
		return;
	fill_info(zone, &info);
	if (zone->is_dirty || zone->save)
		err = state_save_now(zone->path, base, &info);
	else
		(void)state_touch(zone->path, &info);
	if (err)
		sync_warn(zone, LOG_LEVEL_WARNING, "%s: cannot be written: %s", zone->path,
			  strerror(-err));
}
