/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"

size_t check_count(const struct zoneset *set, size_t *ret_zones, size_t *ret_names)
{
	const struct zoneset_zone *zone = NULL;
	size_t zones = 0, names = 0, bad = 0;

	while ((zone = zoneset_next(set, zone))) {
		if (zone->error)
			bad++;
		if (zone->zone) {
			zones++;
			names += zone->zone->n_names;
		}
	}
	*ret_zones = zones;
	*ret_names = names;
	return bad;
}

const char *check_error(const struct zoneset *set, int err)
{
	const char *text = zoneset_error(set);

	return text && *text ? text : strerror(-err);
}

static int load(struct zoneset *set, const struct config *config, const struct report *report)
{
	int err;

	err = zoneset_configure(set, config);
	if (!err)
		err = zoneset_load(set);
	if (err)
		report_say(report, LOG_LEVEL_ERROR, "check: %s", check_error(set, err));
	return err;
}

static int check_zones(const struct config *config, const struct report *report)
{
	size_t zones = 0, names = 0, bad = 0;
	struct zoneset *set = NULL;
	struct store *store = NULL;
	int err;

	err = store_open_memory(&store, config->max_names);
	if (!err)
		err = zoneset_new(&set, store, report);
	if (err)
		report_say(report, LOG_LEVEL_ERROR, "check: %s", strerror(-err));
	else
		err = load(set, config, report);
	if (!err)
		bad = check_count(set, &zones, &names);
	if (bad)
		report_say(report, LOG_LEVEL_ERROR, "check: %zu zones are not fit to serve", bad);
	zoneset_free(set);
	store_close(store);
	if (err || bad)
		return EXIT_FAILURE;
	printf("ok: %zu zones, %zu names\n", zones, names);
	return EXIT_SUCCESS;
}

int check_run(const char *config_path, const struct report *report)
{
	struct config *config = NULL;
	int status = EXIT_FAILURE;

	if (config_load(&config, config_path, report) == 0)
		status = check_zones(config, report);
	config_free(config);
	return status;
}
