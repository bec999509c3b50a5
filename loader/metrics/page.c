/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The page of metrics, Prometheus text format 0.0.4. Every series that may ever count is there from
 * the start, with zero: rate() needs to see where it began. Names: dnsbolt_, base units, counters
 * end in _total.
 */
#include <inttypes.h>
#include <libknot/codes.h>
#include <libknot/lookup.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../userspace/lib/name.h"
#include "../../userspace/lib/reason.h"
#include "metrics.h"
#include "page.h"

/* A label's value: backslash, quote and newline are escaped. */
static void put_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			fputc('\\', out);
		if (*text == '\n')
			fputs("\\n", out);
		else
			fputc(*text, out);
	}
}

void page_begin(struct page *page, const char *name, const char *type, const char *help)
{
	page->family = name;
	fprintf(page->out, "# HELP dnsbolt_%s %s\n# TYPE dnsbolt_%s %s\n", name, help, name, type);
}

void page_put(struct page *page, uint64_t value, ...)
{
	const char *label;
	va_list args;

	fprintf(page->out, "dnsbolt_%s{site=\"", page->family);
	put_escaped(page->out, page->daemon->config->site);
	fputc('"', page->out);
	va_start(args, value);
	while ((label = va_arg(args, const char *))) {
		fprintf(page->out, ",%s=\"", label);
		put_escaped(page->out, va_arg(args, const char *));
		fputc('"', page->out);
	}
	va_end(args);
	fprintf(page->out, "} %" PRIu64 "\n", value);
}

void page_put_one(struct page *page, const char *name, const char *type, const char *help,
		  uint64_t value)
{
	page_begin(page, name, type, help);
	page_put(page, value, NULL);
}

/* ---- the daemon ---- */

static void page_daemon(struct page *page)
{
	time_t now = time(NULL), started = page->daemon->started;
	enum dnsbolt_mode mode = *(volatile uint32_t *)&store_config(page->daemon->store)->mode;
	char abi[16];

	(void)snprintf(abi, sizeof(abi), "%u", DNSBOLT_ABI);
	page_begin(page, "build_info", "gauge",
		   "Version of the daemon and of the maps' layout, always 1.");
	page_put(page, 1, "version", DNSBOLT_VERSION, "abi", abi, NULL);
	page_put_one(page, "start_time_seconds", "gauge",
		     "When the daemon was started, seconds since 1970.", (uint64_t)started);
	page_put_one(page, "uptime_seconds", "gauge", "How long the daemon has been running.",
		     now > started ? (uint64_t)(now - started) : 0);
	page_put_one(page, "adopted", "gauge",
		     "Whether the daemon took over the maps of one before it.",
		     attach_adopted(page->daemon->attach));
	page_begin(page, "mode", "gauge", "The mode in force has 1, the others 0.");
	page_put(page, mode == DNSBOLT_MODE_ANSWER, "mode", "answer", NULL);
	page_put(page, mode == DNSBOLT_MODE_SHADOW, "mode", "shadow", NULL);
	page_put(page, mode == DNSBOLT_MODE_OFF, "mode", "off", NULL);
}

static void page_interfaces(struct page *page)
{
	const struct attach_iface *iface;

	page_begin(page, "interface_attached", "gauge",
		   "Whether the program is attached to the interface in that mode.");
	for (unsigned int i = 0; (iface = attach_iface(page->daemon->attach, i)); i++) {
		page_put(page, iface->mode && strcmp(iface->mode, "native") == 0, "interface",
			 iface->name, "mode", "native", NULL);
		page_put(page, iface->mode && strcmp(iface->mode, "skb") == 0, "interface",
			 iface->name, "mode", "skb", NULL);
	}
	page_begin(page, "interface_dispatcher", "gauge",
		   "Whether the program runs below libxdp's dispatcher.");
	for (unsigned int i = 0; (iface = attach_iface(page->daemon->attach, i)); i++)
		page_put(page, iface->dispatcher, "interface", iface->name, NULL);
}

/* ---- the driver ---- */

static const char *action_label(enum reason_action action)
{
	static const char *const labels[] = {
		[REASON_ACTION_TX] = "answered",
		[REASON_ACTION_PASS] = "passed",
		[REASON_ACTION_DROP] = "dropped",
	};

	return labels[action];
}

/* RCODEs without a name are shown when they happen. */
static void put_rcode(struct page *page, int rcode, uint64_t count)
{
	const knot_lookup_t *known = knot_lookup_by_id(knot_rcode_names, rcode);
	char number[24];

	(void)snprintf(number, sizeof(number), "RCODE%d", rcode);
	if (known || count > 0)
		page_put(page, count, "rcode", known ? known->name : number, NULL);
}

static void page_driver(struct page *page)
{
	struct dnsbolt_counters counters;

	if (attach_counters(page->daemon->attach, &counters))
		return;
	page_begin(page, "packets_total", "counter",
		   "Packets that the program in the driver saw, by what became of them.");
	for (unsigned int i = 0; i < DNSBOLT_REASONS_MAX; i++) {
		const struct reason_info *info = reason_info(i);

		if (info->name)
			page_put(page, counters.reason[i], "reason", info->name, "action",
				 action_label(info->action), NULL);
	}
	page_begin(page, "answers_total", "counter", "Answers that the driver sent, by RCODE.");
	for (int i = 0; i < 16; i++)
		put_rcode(page, i, counters.rcode[i]);
	page_begin(page, "answers_by_family_total", "counter",
		   "Answers that the driver sent, by IP version.");
	page_put(page, counters.answers_ipv4, "family", "ipv4", NULL);
	page_put(page, counters.answers_ipv6, "family", "ipv6", NULL);
	page_put_one(page, "answered_query_bytes_total", "counter",
		     "Octets of the frames of answered queries.", counters.octets_in);
	page_put_one(page, "answer_bytes_total", "counter", "Octets of the frames of answers.",
		     counters.octets_out);
}

/* ---- the resolver ---- */

static void page_messages(struct page *page, const struct ipc_stats *stats)
{
	static const char *const transports[] = { "udp", "tcp" };

	page_begin(page, "resolver_messages_total", "counter",
		   "Messages to the resolver, by what became of them.");
	for (unsigned int t = 0; t < 2; t++) {
		for (unsigned int i = 0; i < DNSBOLT_REASONS_MAX; i++) {
			const struct reason_info *info = reason_info(i);

			if (info->name)
				page_put(page, stats->reason[t][i], "transport", transports[t],
					 "reason", info->name, NULL);
		}
	}
}

static void page_resolver(struct page *page)
{
	const struct resolver *resolver = page->daemon->resolver;
	const struct ipc_stats *stats = resolver ? resolver_stats(resolver) : NULL;

	if (!resolver)
		return;
	page_put_one(page, "resolver_up", "gauge", "Whether the resolver runs.",
		     resolver_pid(resolver) > 0);
	page_put_one(page, "resolver_restarts_total", "counter",
		     "How often the resolver was started again.", resolver_restarts(resolver));
	if (!stats)
		return;
	page_messages(page, stats);
	page_begin(page, "resolver_replies_total", "counter", "Replies of the resolver, by RCODE.");
	for (int i = 0; i < 16; i++)
		put_rcode(page, i, stats->rcode[i]);
	page_put_one(page, "resolver_tcp_connections_total", "counter",
		     "TCP connections that were accepted.", stats->tcp_connections);
	page_put_one(page, "resolver_tcp_refused_total", "counter",
		     "TCP connections closed at once, for want of room.", stats->tcp_refused);
	page_put_one(page, "resolver_tcp_open", "gauge", "TCP connections that are open now.",
		     stats->tcp_open);
	page_put_one(page, "resolver_retries_total", "counter",
		     "Answers composed again since the store had moved.", stats->retries);
}

/* ---- zones ---- */

static uint64_t count_zones(const struct page *page, const char *state)
{
	const struct zoneset_zone *zone = NULL;
	uint64_t count = 0;

	while ((zone = zoneset_next(page->daemon->zones, zone)))
		count += strcmp(zone->state, state) == 0;
	return count;
}

static uint64_t zone_serial(const struct zoneset_zone *zone)
{
	return zone->zone->serial;
}

static uint64_t zone_loaded(const struct zoneset_zone *zone)
{
	return (uint64_t)zone->loaded;
}

static uint64_t zone_names(const struct zoneset_zone *zone)
{
	return zone->zone->n_names;
}

static bool has_version(const struct zoneset_zone *zone)
{
	return zone->zone;
}

static bool has_signatures(const struct zoneset_zone *zone)
{
	return zone->zone && zone->signatures_expire;
}

static uint64_t zone_signatures(const struct zoneset_zone *zone)
{
	return (uint64_t)zone->signatures_expire;
}

/* Of the zones that have it. */
static void page_each_zone(struct page *page, bool (*has)(const struct zoneset_zone *zone),
			   uint64_t (*value)(const struct zoneset_zone *zone))
{
	const struct zoneset_zone *zone = NULL;
	knot_dname_txt_storage_t text;

	while ((zone = zoneset_next(page->daemon->zones, zone))) {
		if (has(zone))
			page_put(page, value(zone), "zone", name_text(zone->apex, text), NULL);
	}
}

static void page_zones(struct page *page)
{
	static const char *const states[] = { "serving", "stale",   "failed",
					      "waiting", "expired", "stopped" };

	page_begin(
		page, "zones", "gauge",
		"Zones by state; stale: the newest data are bad or could not be had, and the version "
		"before them serves; waiting, expired and stopped: passed.");
	for (unsigned int i = 0; i < sizeof(states) / sizeof(*states); i++)
		page_put(page, count_zones(page, states[i]), "state", states[i], NULL);
	page_begin(page, "zone_serial", "gauge", "Serial of the version that serves.");
	page_each_zone(page, has_version, zone_serial);
	page_begin(page, "zone_loaded_timestamp_seconds", "gauge",
		   "When the version that serves was loaded, seconds since 1970.");
	page_each_zone(page, has_version, zone_loaded);
	page_begin(page, "zone_names", "gauge", "Names of the zone, with empty non-terminals.");
	page_each_zone(page, has_version, zone_names);
	page_begin(page, "zone_rrsig_expires_timestamp_seconds", "gauge",
		   "When the first of the zone's signatures expires, seconds since 1970.");
	page_each_zone(page, has_signatures, zone_signatures);
}

static void page_watch(struct page *page)
{
	struct watch_stats stats;

	if (!page->daemon->watch)
		return;
	watch_get_stats(page->daemon->watch, &stats);
	page_put_one(page, "watch_folders", "gauge",
		     "Folders that are watched for changes of zone files.", stats.folders);
	page_begin(page, "watch_reads_total", "counter",
		   "Times that zones were read again because their files changed, by result.");
	page_put(page, stats.reads - stats.failed, "result", "ok", NULL);
	page_put(page, stats.failed, "result", "failed", NULL);
	page_put_one(page, "watch_overflows_total", "counter",
		     "Times that the kernel lost changes, and all files were looked at.",
		     stats.overflows);
}

/* ---- the store ---- */

static void page_store(struct page *page)
{
	struct store_stats stats;

	store_get_stats(page->daemon->store, &stats);
	page_put_one(page, "store_names", "gauge", "Names in the store.", stats.anchors);
	page_put_one(page, "store_names_max", "gauge", "Names that the store takes at most.",
		     stats.max_names);
	page_put_one(page, "store_index_names", "gauge",
		     "Names that the index has; the others are found by the map alone.",
		     stats.index_names);
	page_put_one(page, "store_index_taken", "gauge",
		     "Places in the index that names left, and that send readers to the map.",
		     stats.index_taken);
	page_put_one(page, "store_index_bytes", "gauge", "Memory of the index, of what is used.",
		     stats.octets_index);
	page_begin(page, "store_objects", "gauge", "Objects in the store, by kind.");
	page_put(page, stats.nodes, "kind", "node", NULL);
	page_put(page, stats.answers, "kind", "answer", NULL);
	page_put(page, stats.parts, "kind", "part", NULL);
	page_put_one(page, "store_segments", "gauge", "Segments of memory that the store has.",
		     stats.segments);
	page_begin(page, "store_bytes", "gauge",
		   "Memory of the store: used, free to be used again, never used.");
	page_put(page, stats.octets_used, "state", "used", NULL);
	page_put(page, stats.octets_free, "state", "free", NULL);
	page_put(page, stats.octets - stats.octets_used - stats.octets_free, "state", "untouched",
		 NULL);
	page_put_one(page, "store_version", "gauge", "Version of the newest change set.",
		     stats.version);
	page_put_one(page, "store_change_sets_total", "counter", "Change sets published.",
		     stats.change_sets);
	page_put_one(page, "store_grace_periods_total", "counter",
		     "Waits for readers of the store.", stats.grace_periods);
	page_put_one(page, "store_nodes_written_total", "counter", "Nodes that were written.",
		     stats.nodes_written);
	page_put_one(page, "store_nodes_equal_total", "counter",
		     "Nodes that were as they should be already.", stats.nodes_equal);
	page_put_one(page, "store_nodes_rolled_back", "gauge",
		     "Nodes of an interrupted change set that this daemon took back at its start.",
		     stats.rolled_back);
}

char *metrics_render(struct daemon *daemon)
{
	struct page page = { .daemon = daemon };
	char *text = NULL;
	size_t size;

	page.out = open_memstream(&text, &size);
	if (!page.out)
		return NULL;
	page_daemon(&page);
	page_interfaces(&page);
	page_driver(&page);
	page_resolver(&page);
	page_limits(&page);
	page_zones(&page);
	page_watch(&page);
	page_sync(&page);
	page_store(&page);
	if (fclose(page.out) == 0)
		return text;
	free(text);
	return NULL;
}
