/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transfers and what comes of them. */
#include <time.h>

#include "../../userspace/lib/name.h"
#include "page.h"

static void page_transfers(struct page *page, const struct sync_stats *stats)
{
	page_begin(
		page, "transfers_total", "counter",
		"Transfers that were asked for, by what came of them; refused: they came and were not taken.");
#define X(name) page_put(page, stats->transfer_##name, "result", #name, NULL);
	SYNC_TRANSFERS(X)
#undef X
	page_put_one(page, "transfer_bytes_total", "counter",
		     "Octets of DNS messages of transfers.", stats->octets);
	page_put_one(page, "transfer_records_total", "counter", "Records of transfers.",
		     stats->records);
	page_put_one(page, "transfer_skipped_records_total", "counter",
		     "Records of transfers that were left out, as they are not in the zone.",
		     stats->skipped);
	page_put_one(page, "transfers_running", "gauge", "SOA queries and transfers under way.",
		     stats->running);
	page_begin(page, "soa_queries_total", "counter",
		   "SOA queries to primaries, by whether they were answered well.");
	page_put(page, stats->soa_ok, "result", "ok", NULL);
	page_put(page, stats->soa_failed, "result", "failed", NULL);
	page_begin(page, "notifies_total", "counter", "NOTIFYs received, by verdict.");
#define X(name) page_put(page, stats->notify_##name, "verdict", #name, NULL);
	SYNC_NOTIFIES(X)
#undef X
}

static void page_upkeep(struct page *page, const struct sync_stats *stats)
{
	page_begin(page, "state_writes_total", "counter",
		   "Transferred zones written to state-dir, by result.");
	page_put(page, stats->state_written, "result", "ok", NULL);
	page_put(page, stats->state_failed, "result", "failed", NULL);
	page_put_one(page, "zones_expired_total", "counter",
		     "Zones that were not refreshed before their SOA's EXPIRE was over.",
		     stats->expired);
	page_put_one(page, "host_stops_total", "counter",
		     "Zones that were stopped as the host's server did not answer well for them.",
		     stats->host_stops);
	page_put_one(page, "zones_transferred", "gauge",
		     "Zones and catalogs that come from primaries.", stats->zones);
	page_put_one(page, "catalog_members", "gauge", "Zones that catalogs brought.",
		     stats->members);
}

static bool next_refresh(const struct sync_status *status, time_t now, uint64_t *ret_value)
{
	*ret_value = (uint64_t)(now + status->next_refresh);
	return status->next_refresh >= 0;
}

static bool refreshed(const struct sync_status *status, time_t now, uint64_t *ret_value)
{
	(void)now;
	*ret_value = (uint64_t)status->refreshed;
	return status->refreshed > 0;
}

static bool expires(const struct sync_status *status, time_t now, uint64_t *ret_value)
{
	if (status->expires == INT64_MAX)
		return false;
	*ret_value = (uint64_t)(now + status->expires);
	return true;
}

/* Of the zones that have such a time. */
static void page_times(struct page *page, const char *name, const char *help,
		       bool (*value)(const struct sync_status *status, time_t now,
				     uint64_t *ret_value))
{
	const struct zoneset_zone *zone = NULL;
	knot_dname_txt_storage_t text;
	struct sync_status status;
	time_t now = time(NULL);
	uint64_t value_of;

	page_begin(page, name, "gauge", help);
	while ((zone = zoneset_next(page->daemon->zones, zone))) {
		if (!zone->file && sync_status(page->daemon->sync, zone->apex, &status) &&
		    value(&status, now, &value_of))
			page_put(page, value_of, "zone", name_text(zone->apex, text), NULL);
	}
}

void page_sync(struct page *page)
{
	const struct sync_stats *stats = sync_stats(page->daemon->sync);

	page_transfers(page, stats);
	page_upkeep(page, stats);
	page_times(
		page, "zone_refreshed_timestamp_seconds",
		"When a primary last said that it has the version that serves, seconds since 1970.",
		refreshed);
	page_times(page, "zone_next_refresh_timestamp_seconds",
		   "When the primaries are asked next, seconds since 1970.", next_refresh);
	page_times(page, "zone_expires_timestamp_seconds",
		   "When the zone is passed unless a primary answers, seconds since 1970.",
		   expires);
}
