/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A zone of any size for a secondary to start with, without a primary that holds it as well. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "../../loader/sync/state.h"
#include "../../loader/zone/zone.h"
#include "../../userspace/lib/name.h"
#include "scale.h"

#define LASTS 86400 /* seconds: less than its SOA grants */

static int keep(const struct zone *zone, const char *state_dir)
{
	char *path = state_path(state_dir, NULL, zone->apex);
	int64_t now = time(NULL);
	struct state_info info = {
		.refreshed = now,
		.expires = now + LASTS,
		.primary = "a file",
	};
	int err = path ? state_save_now(path, zone, &info) : -ENOMEM;

	free(path);
	return err;
}

int scale_keep(const char *path, const char *state_dir)
{
	knot_dname_storage_t apex;
	struct zone *zone;
	int err;

	if (name_parse_lower(apex, SCALE_TLD, NULL))
		return -EINVAL;
	err = zone_load_file(&zone, apex, path, &scale_report);
	if (err)
		return err;
	err = keep(zone, state_dir);
	zone_free(zone);
	return err;
}
