/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zone files: all at the start, one, or those that changed. */
#include <errno.h>
#include <string.h>

#include "../userspace/lib/name.h"
#include "zoneset_internal.h"

static struct zoneset_stamp stamp_of(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return (struct zoneset_stamp){ .size = -1 };
	return (struct zoneset_stamp){
		.dev = st.st_dev,
		.ino = st.st_ino,
		.size = st.st_size,
		.mtime = st.st_mtim,
	};
}

static bool is_changed(const struct zoneset_item *item)
{
	struct zoneset_stamp now = stamp_of(item->file);

	return now.dev != item->stamp.dev || now.ino != item->stamp.ino ||
	       now.size != item->stamp.size || now.mtime.tv_sec != item->stamp.mtime.tv_sec ||
	       now.mtime.tv_nsec != item->stamp.mtime.tv_nsec;
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
	/* Before it is read: a change while it is read shall be seen the next time. */
	item->stamp = stamp_of(item->file);
	err = zone_load_file(&base, item->apex, item->file, &capture.report);
	if (!err && item->now.base)
		err = zone_share(base, item->now.base);
	if (!err)
		err = zoneset_build(set, item, base, &zone);
	if (!err) {
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
		err = item->is_configured ? load_item(set, item) : 0;
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
	err = load_item(set, item);
	return err ? err : publish_and_tell(set);
}

/* A zone that does not serve its newest file is tried again even if the file is the same: what it
 * includes may have changed, and the store may have room now. */
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
		if (!item->is_configured || (item->now.zone && !item->error && !is_changed(item)))
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

int zoneset_reload(struct zoneset *set, const knot_dname_t *apex)
{
	set->error[0] = '\0';
	return apex ? reload_one(set, apex) : reload_changed(set);
}
