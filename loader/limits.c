/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "limits.h"

#include <inttypes.h>

#define NEARLY 90u /* percent */
#define AGAIN 85u  /* below that it is told anew */

/* Whether it is to be said now. */
static bool is_news(bool *said, uint64_t used, uint64_t max)
{
	bool nearly = used * 100 >= max * NEARLY, news = nearly && !*said;

	if (nearly || used * 100 < max * AGAIN)
		*said = nearly;
	return news;
}

void limits_check(struct limits *limits, const struct store *store, const struct report *report)
{
	struct store_stats stats;

	store_get_stats(store, &stats);
	if (is_news(&limits->names, stats.anchors, stats.max_names))
		report_say(
			report, LOG_LEVEL_ERROR,
			"store: %" PRIu64 " of %" PRIu64
			" names are in use: zones that do not fit will be refused: raise max-names and "
			"restart dnsboltd",
			stats.anchors, stats.max_names);
	if (is_news(&limits->zones, stats.zones, DNSBOLT_MAX_ZONES))
		report_say(report, LOG_LEVEL_ERROR,
			   "store: %u of %u zones are in use: more will be refused", stats.zones,
			   DNSBOLT_MAX_ZONES);
}
