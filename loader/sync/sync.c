/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The zones that are transferred, and when it is time for each. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../userspace/lib/name.h"
#include "sync_internal.h"

#define MS_NS 1000000u
/* The store's word for "long ago": 0 is none. */
#define LONG_AGO 1u
/* Timers of libuv and the machine's sleep do not go together: it is looked at least so often. */
#define LOOK_MS 60000u

static int secondary_compare_names(const struct secondary *a, const struct secondary *b)
{
	return zone_order(a->apex, b->apex);
}

static int secondary_compare_times(const struct secondary *a, const struct secondary *b)
{
	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	return a < b ? -1 : a > b;
}

RB_GENERATE(secondary_names, secondary, by_apex, secondary_compare_names)
RB_GENERATE(secondary_times, secondary, by_time, secondary_compare_times)

uint64_t sync_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / MS_NS;
}

int64_t sync_wall(void)
{
	return time(NULL);
}

void sync_warn(const struct secondary *zone, enum log_level level, const char *format, ...)
{
	knot_dname_txt_storage_t name;
	char text[1024];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	report_say(zone->sync->report, level, "zone %s: %s", name_text(zone->apex, name), text);
}

struct secondary *sync_find(const struct sync *sync, const knot_dname_t *apex)
{
	struct secondary key = { .apex = (knot_dname_t *)apex };

	return RB_FIND(secondary_names, (struct secondary_names *)&sync->names, &key);
}

/* ---- time ---- */

static void on_timer(uv_timer_t *timer);

static void set_timer(struct sync *sync)
{
	struct secondary *first = RB_MIN(secondary_times, &sync->times);
	uint64_t now = sync_now(), wait = LOOK_MS;

	if (!sync->has_started)
		return;
	if (first && first->time < now + wait)
		wait = first->time > now ? first->time - now : 0;
	(void)uv_timer_start(&sync->timer, on_timer, wait, 0);
}

static uint64_t next_time(const struct secondary *zone)
{
	const struct refresh *refresh = &zone->refresh;
	uint64_t time = refresh->n_primaries ? refresh->due : REFRESH_NEVER;

	if (!zone->is_expired && refresh->expires < time)
		time = refresh->expires;
	if (zone->is_dirty && !zone->save && !zone->waits_to_save && zone->save_at < time)
		time = zone->save_at;
	return time;
}

void sync_schedule(struct secondary *zone)
{
	struct sync *sync = zone->sync;
	uint64_t time = next_time(zone);

	if (time == zone->time)
		return;
	if (zone->time != REFRESH_NEVER)
		RB_REMOVE(secondary_times, &sync->times, zone);
	zone->time = time;
	if (time != REFRESH_NEVER)
		RB_INSERT(secondary_times, &sync->times, zone);
	if (RB_MIN(secondary_times, &sync->times) == zone)
		set_timer(sync);
}

static void on_time(struct secondary *zone, uint64_t now)
{
	if (!zone->is_expired && now >= zone->refresh.expires)
		sync_put_expiry(zone);
	if (zone->is_dirty && !zone->save && now >= zone->save_at)
		sync_save_due(zone);
	if (zone->refresh.n_primaries && now >= zone->refresh.due)
		sync_begin_round(zone);
	sync_schedule(zone);
}

static void on_timer(uv_timer_t *timer)
{
	struct sync *sync = timer->data;
	struct secondary *zone;
	uint64_t now = sync_now();

	while ((zone = RB_MIN(secondary_times, &sync->times)) && zone->time <= now)
		on_time(zone, now);
	set_timer(sync);
}

/* ---- limits of time ---- */

static void put_store(struct secondary *zone, bool is_over)
{
	uint64_t expires = zone->refresh.expires;
	uint32_t index;

	if (zone->row || store_zone(zone->sync->store, zone->apex, &index))
		return; /* a catalog is not served; one that no index is left for neither */
	store_set_expiry(zone->sync->store, index,
			 is_over		    ? LONG_AGO
			 : expires == REFRESH_NEVER ? 0
						    : expires * MS_NS);
}

void sync_put_expiry(struct secondary *zone)
{
	struct sync *sync = zone->sync;
	bool was_expired = zone->is_expired;

	zone->is_expired = refresh_is_expired(&zone->refresh, sync_now());
	put_store(zone, zone->is_withheld || zone->is_expired);
	zoneset_withhold(sync->zones, zone->apex,
			 zone->is_expired    ? "expired"
			 : zone->is_withheld ? "stopped"
					     : NULL);
	if (zone->is_expired && !was_expired) {
		sync->stats.expired++;
		sync_warn(zone, LOG_LEVEL_ERROR,
			  "it has expired, its queries are passed: no primary said for %u s that "
			  "serial %u is the newest",
			  zone->refresh.soa.expire, zone->refresh.soa.serial);
	}
}

/* By the time alone: at once, and back as soon. */
void sync_withhold(struct secondary *zone, bool is_withheld)
{
	if (zone->is_withheld == is_withheld)
		return;
	zone->is_withheld = is_withheld;
	zone->sync->stats.host_stops += is_withheld;
	sync_put_expiry(zone);
}

/* ---- zones come and go ---- */

int sync_set_profile(struct secondary *zone, const struct sync_profile *profile)
{
	struct refresh_primary *primary = calloc(profile->n_server + 1, sizeof(*primary));

	if (!primary)
		return -ENOMEM;
	sync_end_rounds(zone);
	free(zone->refresh.primary);
	zone->profile = profile;
	zoneset_set_serve_to(zone->sync->zones, zone->apex, &profile->options);
	zone->refresh.primary = primary;
	zone->refresh.n_primaries = profile->n_server;
	zone->refresh.bounds = &profile->bounds;
	zone->refresh.follows = profile->host;
	zone->refresh.first = REFRESH_ANYONE;
	zone->refresh.due = sync_now();
	return 0;
}

int sync_add_zone(struct sync *sync, const knot_dname_t *apex, const struct sync_profile *profile,
		  struct secondary *catalog, const uint8_t *id, struct secondary **ret_zone)
{
	struct secondary *zone = calloc(1, sizeof(*zone));
	int err = -ENOMEM;

	if (!zone)
		return err;
	zone->sync = sync;
	zone->time = REFRESH_NEVER;
	zone->catalog = catalog;
	zone->apex = knot_dname_copy(apex, NULL);
	zone->path = state_path(sync->config->state_dir, catalog ? catalog->apex : NULL, apex);
	if (id)
		memcpy(zone->id, id, 1u + *id);
	refresh_init(&zone->refresh, &profile->bounds, NULL, 0, sync_now());
	if (zone->apex && zone->path)
		err = sync_set_profile(zone, profile);
	if (!err && catalog)
		err = zoneset_add_member(sync->zones, apex);
	if (err) {
		free(zone->refresh.primary);
		knot_dname_free(zone->apex, NULL);
		free(zone->path);
		free(zone);
		return err;
	}
	RB_INSERT(secondary_names, &sync->names, zone);
	sync->stats.zones++;
	sync->stats.members += catalog != NULL;
	*ret_zone = zone;
	return 0;
}

void sync_free_zone(struct secondary *zone)
{
	struct sync *sync = zone->sync;

	sync_end_rounds(zone);
	state_save_cancel(zone->save);
	if (zone->save)
		sync->n_saving--;
	if (zone->waits_to_save)
		TAILQ_REMOVE(&sync->save_queue, zone, saving);
	if (zone->time != REFRESH_NEVER)
		RB_REMOVE(secondary_times, &sync->times, zone);
	RB_REMOVE(secondary_names, &sync->names, zone);
	sync->stats.zones--;
	sync->stats.members -= zone->catalog != NULL;
	free(zone->refresh.primary);
	free(zone->fault);
	free(zone->path);
	knot_dname_free(zone->coo, NULL);
	knot_dname_free(zone->apex, NULL);
	free(zone);
}

/* ---- start and stop ---- */

/* Catalogs first: they say which members there are. */
static int add_zones(struct sync *sync, bool catalogs)
{
	const struct config *config = sync->config;
	knot_dname_storage_t apex;
	struct secondary *zone;
	int err = 0;

	for (unsigned int i = 0; i < config->zone_count && !err; i++) {
		const struct config_zone *row = &config->zone[i];

		if (row->file || row->catalog != catalogs ||
		    name_parse_lower(apex, row->name, NULL))
			continue;
		err = sync_add_zone(sync, apex, sync_zone_profile(sync, i), NULL, NULL, &zone);
		if (err)
			break;
		zone->row = catalogs ? row : NULL;
		err = sync_load_state(zone);
	}
	return err;
}

static int init(struct sync *sync)
{
	int err;

	RB_INIT(&sync->names);
	RB_INIT(&sync->times);
	TAILQ_INIT(&sync->soa_queue);
	TAILQ_INIT(&sync->zone_queue);
	TAILQ_INIT(&sync->offers);
	TAILQ_INIT(&sync->save_queue);
	sync->limits = (struct transport_limits){ sync->config->transfer->idle_timeout,
						  sync->config->transfer->total_timeout };
	err = keyring_new(&sync->keyring, sync->config, sync->report);
	return err ? err : sync_make_profiles(sync);
}

int sync_open(struct sync **ret_sync, uv_loop_t *loop, const struct config *config,
	      struct store *store, struct zoneset *zones, const struct report *report)
{
	struct sync *sync = calloc(1, sizeof(*sync));
	int err;

	if (!sync)
		return -ENOMEM;
	sync->loop = loop;
	sync->config = config;
	sync->store = store;
	sync->zones = zones;
	sync->report = report;
	err = init(sync);
	/* Those of the configuration have their names before any catalog's members. */
	if (!err)
		err = add_zones(sync, false);
	if (!err)
		err = add_zones(sync, true);
	if (err) {
		report_say(report, LOG_LEVEL_ERROR, "sync: %s", strerror(-err));
		sync_stop(sync);
		return err;
	}
	*ret_sync = sync;
	return 0;
}

static void on_check(uv_check_t *check)
{
	sync_publish(check->data);
}

static int start_handles(struct sync *sync)
{
	int err = uv_timer_init(sync->loop, &sync->timer);

	if (err)
		return err;
	sync->timer.data = sync->check.data = sync;
	sync->handles = 2;
	(void)uv_check_init(sync->loop, &sync->check);
	return uv_check_start(&sync->check, on_check);
}

/* What was on disk may not have been taken. */
static void start_zone(struct secondary *zone)
{
	const struct zoneset_zone *row = zoneset_find(zone->sync->zones, zone->apex);

	if (zone->refresh.has_zone && (!row || !row->base)) {
		zone->refresh.has_zone = false;
		zone->refresh.expires = REFRESH_NEVER;
		sync_put_expiry(zone);
	}
	sync_schedule(zone);
}

int sync_start(struct sync *sync, const struct dnsbolt_addr *host, size_t n_host)
{
	struct secondary *zone;
	int err;

	err = start_handles(sync);
	if (!err)
		err = sync_set_host(sync, host, n_host);
	RB_FOREACH (zone, secondary_names, &sync->names) {
		if (!err && zone->profile->host)
			err = sync_set_profile(zone, zone->profile);
		if (!err)
			start_zone(zone);
	}
	if (!err)
		err = sync_listen_start(sync);
	sync->has_started = !err;
	set_timer(sync);
	return err;
}

static void release(struct sync *sync)
{
	sync_free_profiles(sync);
	keyring_free(sync->keyring);
	free(sync);
}

static void on_closed(uv_handle_t *handle)
{
	struct sync *sync = handle->data;

	if (--sync->handles == 0)
		release(sync);
}

/* A file that a thread of libuv has is waited for: what is written last shall be the last. */
static void stop_work(struct sync *sync)
{
	struct secondary *zone;

	sync->has_started = false;
	sync_listen_stop(sync);
	if (!sync->handles)
		return;
	(void)uv_timer_stop(&sync->timer);
	(void)uv_check_stop(&sync->check);
	RB_FOREACH (zone, secondary_names, &sync->names)
		sync_end_rounds(zone);
	while (sync->n_saving)
		(void)uv_run(sync->loop, UV_RUN_ONCE);
}

void sync_stop(struct sync *sync)
{
	struct secondary *zone, *next;

	if (!sync)
		return;
	stop_work(sync);
	RB_FOREACH_SAFE (zone, secondary_names, &sync->names, next) {
		sync_save_last(zone);
		sync_free_zone(zone);
	}
	if (!sync->handles) {
		release(sync);
		return;
	}
	uv_close((uv_handle_t *)&sync->timer, on_closed);
	uv_close((uv_handle_t *)&sync->check, on_closed);
}

/* ---- for people ---- */

int sync_refresh(struct sync *sync, const knot_dname_t *apex, bool axfr)
{
	struct secondary *zone = apex ? sync_find(sync, apex) : NULL;

	if (apex && !zone)
		return -ENOENT;
	if (zone) {
		refresh_force(&zone->refresh, axfr, sync_now());
		sync_schedule(zone);
		return 0;
	}
	RB_FOREACH (zone, secondary_names, &sync->names) {
		refresh_force(&zone->refresh, axfr, sync_now());
		sync_schedule(zone);
	}
	return 0;
}

static const char *activity(const struct secondary *zone)
{
	if (zone->is_queued)
		return "queued";
	if (!zone->refresh.runs)
		return "idle";
	return zone->refresh.step.ask == REFRESH_SOA ? "asking" : "transferring";
}

bool sync_status(struct sync *sync, const knot_dname_t *apex, struct sync_status *ret_status)
{
	const struct secondary *zone = sync_find(sync, apex);
	uint64_t now = sync_now();

	if (!zone)
		return false;
	*ret_status = (struct sync_status){
		.source = zone->catalog		? "catalog"
			  : zone->profile->host ? "host"
						: "primary",
		.catalog = zone->catalog ? name_text(zone->catalog->apex, sync->text) : NULL,
		.activity = activity(zone),
		.primary = zone->primary,
		.refreshed = zone->refreshed,
		.next_refresh = -1,
		.expires = INT64_MAX,
	};
	if (!zone->refresh.runs)
		ret_status->next_refresh =
			zone->refresh.due > now ? (int64_t)(zone->refresh.due - now) / 1000 : 0;
	if (zone->refresh.expires != REFRESH_NEVER)
		ret_status->expires = ((int64_t)zone->refresh.expires - (int64_t)now) / 1000;
	return true;
}

const struct sync_stats *sync_stats(const struct sync *sync)
{
	struct sync *counted = (struct sync *)sync;

	counted->stats.running = sync->n_soa + sync->n_zone;
	return &sync->stats;
}
