/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One round of a zone: its SOA, its transfer, and what becomes of the version that came. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../zone/zonemd.h"
#include "sync_internal.h"

/* SOA queries at a time: enough for many zones behind a primary that is far away. */
#define SOA_PARALLEL 256u

static void run_step(struct secondary *zone);

static const struct transport_server *server_of(const struct secondary *zone)
{
	return &zone->profile->server[zone->refresh.step.primary];
}

struct refresh_soa sync_soa(const struct zone *zone)
{
	const struct zone_rrset *set = zone_name_rrset(zone_next(zone, NULL), KNOT_RRTYPE_SOA);
	const knot_rdata_t *rdata = set->rrs.rdata;

	return (struct refresh_soa){
		.serial = knot_soa_serial(rdata),
		.refresh = knot_soa_refresh(rdata),
		.retry = knot_soa_retry(rdata),
		.expire = knot_soa_expire(rdata),
	};
}

/* ---- ends of a round ---- */

/* Said once, and not with every try. */
__attribute__((format(printf, 2, 3))) static void set_fault(struct secondary *zone,
							    const char *format, ...)
{
	char server[TRANSPORT_TEXT], text[1024];
	int len = snprintf(text, sizeof(text),
			   "%s: ", transport_server_text(server_of(zone), server));
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text + len, sizeof(text) - (size_t)len, format, args);
	va_end(args);
	if (!zone->fault || strcmp(zone->fault, text) != 0)
		sync_warn(zone, LOG_LEVEL_WARNING, "%s", text);
	free(zone->fault);
	zone->fault = strdup(text);
}

static void round_failed(struct secondary *zone)
{
	zoneset_set_fault(zone->sync->zones, zone->apex,
			  zone->fault ? zone->fault : "out of memory");
	sync_schedule(zone);
}

static void round_succeeded(struct secondary *zone, bool is_new)
{
	(void)transport_server_text(server_of(zone), zone->primary);
	zone->refreshed = sync_wall();
	if (zone->fault) {
		free(zone->fault);
		zone->fault = NULL;
		sync_warn(zone, LOG_LEVEL_NOTICE, "%s: serial %u is the newest: all is well again",
			  zone->primary, zone->refresh.soa.serial);
	}
	zoneset_set_fault(zone->sync->zones, zone->apex, NULL);
	sync_put_expiry(zone);
	sync_note_refresh(zone, is_new);
	sync_schedule(zone);
}

/* No other address of the same server would say otherwise. */
static void give_up_round(struct secondary *zone)
{
	while (refresh_failed(&zone->refresh, sync_now()))
		;
	round_failed(zone);
}

static void step_failed(struct secondary *zone)
{
	if (refresh_failed(&zone->refresh, sync_now()))
		run_step(zone);
	else
		round_failed(zone);
}

/* ---- slots ---- */

static struct secondary_queue *queue_of(struct secondary *zone)
{
	bool soa = zone->refresh.step.ask == REFRESH_SOA;

	return soa ? &zone->sync->soa_queue : &zone->sync->zone_queue;
}

static bool has_room(const struct sync *sync, bool soa)
{
	return soa ? sync->n_soa < SOA_PARALLEL : sync->n_zone < sync->config->transfer->parallel;
}

static void take_slot(struct secondary *zone)
{
	zone->has_slot = true;
	if (zone->refresh.step.ask == REFRESH_SOA)
		zone->sync->n_soa++;
	else
		zone->sync->n_zone++;
}

static void leave_queue(struct secondary *zone)
{
	if (zone->is_queued)
		TAILQ_REMOVE(queue_of(zone), zone, queue);
	zone->is_queued = false;
}

static void start_step(struct secondary *zone);

static void give_slot(struct secondary *zone)
{
	struct sync *sync = zone->sync;
	struct secondary_queue *queue = queue_of(zone);
	bool soa = zone->refresh.step.ask == REFRESH_SOA;
	struct secondary *next;

	if (!zone->has_slot)
		return;
	zone->has_slot = false;
	if (soa)
		sync->n_soa--;
	else
		sync->n_zone--;
	next = sync->has_started ? TAILQ_FIRST(queue) : NULL;
	if (next && has_room(sync, soa)) {
		leave_queue(next);
		start_step(next);
	}
}

/* ---- SOA ---- */

static void on_soa(enum soaq_result result, const struct soaq_answer *answer, const char *error,
		   void *arg)
{
	struct secondary *zone = arg;
	struct refresh *refresh = &zone->refresh;
	struct refresh_soa soa;

	zone->transport = NULL;
	give_slot(zone);
	/* A host that does not answer at all may be restarting; one that says that it cannot is believed. */
	if (zone->profile->host && result != SOAQ_IGNORED)
		sync_withhold(zone, result == SOAQ_NOT_SERVED);
	if (result != SOAQ_OK) {
		zone->sync->stats.soa_failed++;
		set_fault(zone, "%s", error);
		if (zone->is_withheld)
			give_up_round(zone);
		else
			step_failed(zone);
		return;
	}
	zone->sync->stats.soa_ok++;
	soa = (struct refresh_soa){ answer->serial, answer->refresh, answer->retry,
				    answer->expire };
	if (soa.serial != refresh->soa.serial && !refresh->follows &&
	    !xfr_serial_newer(soa.serial, refresh->soa.serial))
		set_fault(zone, "it has serial %u, which is before ours, %u", soa.serial,
			  refresh->soa.serial);
	if (refresh_answer(refresh, &soa, answer->expire_option, sync_now()))
		run_step(zone);
	else if (soa.serial == refresh->soa.serial)
		round_succeeded(zone, false);
	else
		round_failed(zone);
}

/* ---- the zone ---- */

/* NULL: it may serve. */
static const char *version_fault(const struct secondary *zone, const struct zone *version,
				 char *buf)
{
	enum config_zonemd wanted = zone->profile->options.zonemd;
	enum zonemd_result result;

	if (zone->row && sync_catalog_fault(version, buf))
		return buf;
	if (wanted == CONFIG_ZONEMD_OFF)
		return NULL;
	if (zonemd_check(&result, version, buf))
		return "out of memory";
	if (result == ZONEMD_MISMATCH || (wanted == CONFIG_ZONEMD_REQUIRE && result != ZONEMD_OK))
		return buf;
	return NULL;
}

static void refuse_version(struct secondary *zone, uint32_t serial, bool is_incremental,
			   const char *fault)
{
	zone->sync->stats.transfer_refused++;
	set_fault(zone, "serial %u is refused: %s", serial, fault);
	/* Differences may have been put together wrongly: all of it is asked for, once. */
	if (is_incremental && refresh_fall_back(&zone->refresh, sync_now()))
		run_step(zone);
	else
		step_failed(zone);
}

static void offer_version(struct secondary *zone)
{
	struct sync *sync = zone->sync;
	struct zone *version = xfr_take(zone->xfr);
	bool is_incremental = xfr_is_incremental(zone->xfr);
	const char *fault;
	char buf[NAME_ERROR_LEN];

	if (xfr_skipped(zone->xfr))
		sync_warn(zone, LOG_LEVEL_WARNING,
			  "serial %u has %zu records that are not in the zone: they are left out",
			  version->serial, xfr_skipped(zone->xfr));
	fault = version_fault(zone, version, buf);
	if (fault) {
		uint32_t serial = version->serial;

		zone_free(version);
		refuse_version(zone, serial, is_incremental, fault);
		return;
	}
	zone->offered_soa = sync_soa(version);
	zone->offered_expire = xfr_expire(zone->xfr);
	if (zoneset_offer(sync->zones, zone->apex, version)) {
		set_fault(zone, "%s", zoneset_error(sync->zones));
		step_failed(zone);
		return;
	}
	if (is_incremental)
		sync->stats.transfer_ixfr++;
	else
		sync->stats.transfer_axfr++;
	zone->offered = version;
	TAILQ_INSERT_TAIL(&sync->offers, zone, offer);
}

static void take_result(struct secondary *zone, enum xfr_result result, const char *error)
{
	struct sync_stats *stats = &zone->sync->stats;
	uint64_t now = sync_now();

	switch (result) {
	case XFR_DONE:
		offer_version(zone);
		break;
	case XFR_UP_TO_DATE:
		stats->transfer_up_to_date++;
		(void)refresh_up_to_date(&zone->refresh, xfr_expire(zone->xfr), now);
		round_succeeded(zone, false);
		break;
	case XFR_FALL_BACK:
		stats->transfer_fall_back++;
		set_fault(zone, "%s", error);
		if (refresh_fall_back(&zone->refresh, now))
			run_step(zone);
		else
			round_failed(zone);
		break;
	case XFR_MORE:
	case XFR_FAILED:
		stats->transfer_failed++;
		set_fault(zone, "%s", error);
		step_failed(zone);
		break;
	}
}

static void on_zone(enum xfr_result result, const char *error, void *arg)
{
	struct secondary *zone = arg;
	struct sync_stats *stats = &zone->sync->stats;
	struct xfr *xfr = zone->xfr;

	zone->transport = NULL;
	stats->octets += xfr_octets(xfr);
	stats->records += xfr_records(xfr);
	stats->skipped += xfr_skipped(xfr);
	give_slot(zone);
	take_result(zone, result, error);
	if (zone->xfr == xfr)
		zone->xfr = NULL;
	xfr_free(xfr);
}

static int start_transfer(struct secondary *zone)
{
	struct sync *sync = zone->sync;
	const struct zoneset_zone *row = zoneset_find(sync->zones, zone->apex);
	const struct zone *have = zone->refresh.has_zone && row ? row->base : NULL;
	struct xfr *xfr;
	int err;

	err = xfr_new(&xfr, zone->apex, have, zone->refresh.step.ask == REFRESH_AXFR,
		      server_of(zone)->key, &zone->profile->limits, sync->report);
	if (err)
		return err;
	err = transport_ask_zone(&zone->transport, sync->loop, server_of(zone), xfr, &sync->limits,
				 on_zone, zone);
	if (err)
		xfr_free(xfr);
	else
		zone->xfr = xfr;
	return err;
}

static void start_step(struct secondary *zone)
{
	struct sync *sync = zone->sync;
	int err;

	take_slot(zone);
	if (zone->refresh.step.ask == REFRESH_SOA)
		err = transport_ask_soa(&zone->transport, sync->loop, server_of(zone), zone->apex,
					&sync->limits, on_soa, zone);
	else
		err = start_transfer(zone);
	if (!err)
		return;
	/* There is no next try before the next round: it would end as soon. */
	zone->has_slot = false;
	if (zone->refresh.step.ask == REFRESH_SOA)
		sync->n_soa--;
	else
		sync->n_zone--;
	set_fault(zone, "cannot be asked: %s", strerror(-err));
	give_up_round(zone);
}

static void run_step(struct secondary *zone)
{
	bool soa = zone->refresh.step.ask == REFRESH_SOA;

	if (has_room(zone->sync, soa)) {
		start_step(zone);
		return;
	}
	zone->is_queued = true;
	TAILQ_INSERT_TAIL(queue_of(zone), zone, queue);
}

void sync_begin_round(struct secondary *zone)
{
	refresh_begin(&zone->refresh, sync_now());
	run_step(zone);
}

void sync_end_rounds(struct secondary *zone)
{
	if (!zone->refresh.runs)
		return;
	leave_queue(zone);
	transport_cancel(zone->transport);
	zone->transport = NULL;
	xfr_free(zone->xfr);
	zone->xfr = NULL;
	give_slot(zone);
	if (zone->offered)
		TAILQ_REMOVE(&zone->sync->offers, zone, offer);
	zone->offered = NULL;
	zone->refresh.runs = false;
}

/* ---- publishing ---- */

static void take_verdict(struct secondary *zone)
{
	const struct zoneset_zone *row = zoneset_find(zone->sync->zones, zone->apex);
	bool is_taken = row && row->base == zone->offered;

	zone->offered = NULL;
	if (is_taken) {
		refresh_loaded(&zone->refresh, &zone->offered_soa, zone->offered_expire,
			       sync_now());
		round_succeeded(zone, true);
		return;
	}
	zone->sync->stats.transfer_refused++;
	set_fault(zone, "serial %u is refused: %s", zone->offered_soa.serial,
		  row && row->error ? row->error : zoneset_error(zone->sync->zones));
	step_failed(zone);
}

/* Members come and go when the verdicts are through: one of them may be freed. */
static void take_catalogs(struct sync *sync, struct secondary_queue *catalogs)
{
	const struct zoneset_zone *row;
	struct secondary *zone;

	while ((zone = TAILQ_FIRST(catalogs))) {
		TAILQ_REMOVE(catalogs, zone, offer);
		row = zoneset_find(sync->zones, zone->apex);
		if (row && row->base && sync_take_members(zone, row->base))
			zoneset_set_fault(sync->zones, zone->apex, "out of memory for its members");
	}
}

/* Whatever came in one turn of the loop is one change set: while one is published the next gathers. */
void sync_publish(struct sync *sync)
{
	struct secondary_queue offers = TAILQ_HEAD_INITIALIZER(offers), catalogs;
	struct secondary *zone;
	int err;

	if (TAILQ_EMPTY(&sync->offers))
		return;
	TAILQ_INIT(&catalogs);
	TAILQ_CONCAT(&offers, &sync->offers, offer);
	err = zoneset_publish_offers(sync->zones);
	if (err)
		report_say(sync->report, LOG_LEVEL_ERROR, "sync: %s",
			   *zoneset_error(sync->zones) ? zoneset_error(sync->zones)
						       : strerror(-err));
	while ((zone = TAILQ_FIRST(&offers))) {
		TAILQ_REMOVE(&offers, zone, offer);
		if (zone->row)
			TAILQ_INSERT_TAIL(&catalogs, zone, offer);
		take_verdict(zone);
	}
	take_catalogs(sync, &catalogs);
}
