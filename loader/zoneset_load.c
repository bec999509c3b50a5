/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zone files: all at the start, one, or those that changed. */
#include <errno.h>
#include <string.h>

#include "../userspace/lib/name.h"
#include "zone/zonemd.h"
#include "zoneset_internal.h"

static void note_file(const char *path, void *arg)
{
	struct zoneset_item *item = arg;

	zoneset_files_add(&item->files, path);
}

/* RFC 1982 section 3.2. What an operator puts into a file is served; but secondaries would not take it. */
static void say_serial(const struct zoneset *set, const struct zoneset_item *item,
		       const struct zone *base)
{
	const struct zone *old = item->now.base;
	knot_dname_txt_storage_t name;

	if (old && (int32_t)(base->serial - old->serial) < 0)
		report_say(
			set->report, LOG_LEVEL_WARNING,
			"zone %s: serial %u goes back, %u was served: taken all the same, but servers that "
			"transfer the zone keep the higher one",
			name_text(item->apex, name), base->serial, old->serial);
}

/* RFC 8976 section 4: a file that was cut off or damaged on its way has another digest. */
static int check_digest(const struct zoneset_item *item, const struct zone *base,
			const struct report *report)
{
	char words[NAME_ERROR_LEN];
	enum zonemd_result result;
	int err;

	if (item->zonemd == CONFIG_ZONEMD_OFF)
		return 0;
	err = zonemd_check(&result, base, words);
	if (err)
		return err;
	if (result != ZONEMD_MISMATCH &&
	    (result == ZONEMD_OK || item->zonemd != CONFIG_ZONEMD_REQUIRE))
		return 0;
	report_say(report, LOG_LEVEL_ERROR, "%s: %s", item->file, words);
	return -EINVAL;
}

/* Reads the file into item->next. On an error the item's row says why, and what was served goes
 * on. */
static int load_item(struct zoneset *set, struct zoneset_item *item)
{
	struct zoneset_capture capture;
	struct zone *base = NULL, *zone = NULL;
	knot_dname_txt_storage_t name;
	int err;

	zoneset_discard_next(item);
	zoneset_capture_init(&capture, set->report);
	zoneset_files_clear(&item->files);
	err = zone_load_files(&base, item->apex, item->file, note_file, item, &capture.report);
	if (!err && item->now.base)
		err = zone_share(base, item->now.base);
	if (!err)
		err = check_digest(item, base, &capture.report);
	if (!err)
		err = zoneset_build(set, item, base, &zone);
	if (!err) {
		say_serial(set, item, base);
		item->next = (struct zoneset_version){ .base = base, .zone = zone };
		return 0;
	}
	zone_free(base);
	if (!*capture.text)
		report_say(&capture.report, LOG_LEVEL_ERROR, "%s: %s", item->file, strerror(-err));
	zoneset_set_error(item, capture.text);
	if (item->now.zone)
		report_say(set->report, LOG_LEVEL_WARNING, "zone %s: keeping serial %u",
			   name_text(item->apex, name), item->now.zone->serial);
	return zoneset_fail(set, err, "%s", capture.text);
}

int zoneset_load(struct zoneset *set)
{
	struct zoneset_progress progress;
	struct zoneset_item *item;
	int err;

	set->error[0] = '\0';
	err = zoneset_adopt(set);
	if (err)
		return err;
	zoneset_progress_init(&progress, set->report, "loaded", set->n_items);
	RB_FOREACH (item, zoneset_tree, &set->items) {
		err = item->is_configured && item->file ? load_item(set, item) : 0;
		if (err == -ENOMEM)
			return err;
		zoneset_progress_step(&progress);
	}
	set->error[0] = '\0'; /* of single zones, which their rows have */
	return zoneset_publish(set);
}

static int publish_and_tell(struct zoneset *set)
{
	int err = zoneset_publish(set);

	return !err && set->n_refused ? -ENOSPC : err;
}

static int reload_one(struct zoneset *set, const knot_dname_t *apex)
{
	knot_dname_txt_storage_t text;
	knot_dname_storage_t lower;
	struct zoneset_item *item;
	int err;

	knot_dname_copy_lower(lower, apex);
	item = zoneset_find_item(set, lower);
	if (!item)
		return zoneset_fail(set, -ENOENT, "zone %s: there is no such zone",
				    name_text(lower, text));
	if (!item->file)
		return zoneset_fail(set, -EINVAL,
				    "zone %s: it comes from its primaries: zone refresh asks them",
				    name_text(lower, text));
	err = load_item(set, item);
	return err ? err : publish_and_tell(set);
}

/* A zone that does not serve its newest file is tried again even if the file is the same: the store
 * may have room now. */
static int reload_changed(struct zoneset *set)
{
	char first[sizeof(set->error)] = "";
	struct zoneset_progress progress;
	struct zoneset_item *item;
	size_t failed = 0;
	int err;

	err = zoneset_scan(set);
	if (err)
		return err;
	zoneset_progress_init(&progress, set->report, "checked", set->n_items);
	RB_FOREACH (item, zoneset_tree, &set->items) {
		zoneset_progress_step(&progress);
		if (!item->is_configured || !item->file ||
		    (item->now.zone && !item->error && !zoneset_files_changed(&item->files)))
			continue;
		err = load_item(set, item);
		if (err == -ENOMEM)
			return err;
		if (err && failed++ == 0)
			memcpy(first, set->error, sizeof(first));
	}
	err = publish_and_tell(set);
	if (!err && failed)
		err = zoneset_fail(set, -EINVAL,
				   "%zu of %zu zones could not be loaded, the first: %.900s",
				   failed, set->n_items, first);
	return err;
}

int zoneset_reload_some(struct zoneset *set, knot_dname_t *const *apex, size_t n)
{
	char first[sizeof(set->error)] = "";
	size_t failed = 0;
	int err;

	set->error[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		struct zoneset_item *item = zoneset_find_item(set, apex[i]);

		err = item && item->is_configured && item->file ? load_item(set, item) : 0;
		if (err == -ENOMEM)
			return err;
		if (err && failed++ == 0)
			memcpy(first, set->error, sizeof(first));
	}
	err = publish_and_tell(set);
	return err || !failed ? err : zoneset_fail(set, -EINVAL, "%s", first);
}

int zoneset_reload(struct zoneset *set, const knot_dname_t *apex)
{
	set->error[0] = '\0';
	return apex ? reload_one(set, apex) : reload_changed(set);
}
