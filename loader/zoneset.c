/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The zones of the configuration, and the directories that they come from. */
#include "zoneset_internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../userspace/lib/name.h"

#define ZONE_SUFFIX ".zone"
#define PROGRESS_SECONDS 2

static int zoneset_compare(const struct zoneset_item *a, const struct zoneset_item *b)
{
	return zone_order(a->apex, b->apex);
}

RB_GENERATE(zoneset_tree, zoneset_item, link, zoneset_compare)

/* ---- messages ---- */

int zoneset_fail(struct zoneset *set, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(set->error, sizeof(set->error), format, args);
	va_end(args);
	return err;
}

const char *zoneset_error(const struct zoneset *set)
{
	return set->error;
}

static void capture_say(enum log_level level, const char *text, void *arg)
{
	struct zoneset_capture *capture = arg;

	if (level == LOG_LEVEL_ERROR && !*capture->text)
		(void)snprintf(capture->text, sizeof(capture->text), "%s", text);
	report_say(capture->to, level, "%s", text);
}

void zoneset_capture_init(struct zoneset_capture *capture, const struct report *to)
{
	*capture = (struct zoneset_capture){ .report = { .say = capture_say, .arg = capture },
					     .to = to };
}

void zoneset_progress_init(struct zoneset_progress *progress, const struct report *report,
			   const char *what, size_t total)
{
	*progress = (struct zoneset_progress){ .report = report, .what = what, .total = total };
	(void)clock_gettime(CLOCK_MONOTONIC, &progress->last);
}

void zoneset_progress_step(struct zoneset_progress *progress)
{
	struct timespec now;

	progress->done++;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec - progress->last.tv_sec < PROGRESS_SECONDS)
		return;
	progress->last = now;
	report_say(progress->report, LOG_LEVEL_INFO, "zones: %zu of %zu %s", progress->done,
		   progress->total, progress->what);
}

/* ---- look-ups ---- */

struct zoneset_item *zoneset_find_item(const struct zoneset *set, const knot_dname_t *apex)
{
	struct zoneset_item key = { .apex = (knot_dname_t *)apex };

	return RB_FIND(zoneset_tree, (struct zoneset_tree *)&set->items, &key);
}

struct zoneset_item *zoneset_enclosing_item(const struct zoneset *set, const knot_dname_t *name)
{
	for (;; name += 1 + *name) {
		struct zoneset_item *item = zoneset_find_item(set, name);

		if (item && item->is_configured)
			return item;
		if (*name == 0)
			return NULL;
	}
}

const struct zoneset_zone *zoneset_next(const struct zoneset *set, const struct zoneset_zone *after)
{
	struct zoneset_item *item;

	if (after)
		item = RB_NEXT(zoneset_tree, NULL, (struct zoneset_item *)after);
	else
		item = RB_MIN(zoneset_tree, (struct zoneset_tree *)&set->items);
	return item ? &item->row : NULL;
}

const struct zoneset_zone *zoneset_find(const struct zoneset *set, const knot_dname_t *apex)
{
	knot_dname_storage_t lower;
	struct zoneset_item *item;

	knot_dname_copy_lower(lower, apex);
	item = zoneset_find_item(set, lower);
	return item ? &item->row : NULL;
}

const struct zoneset_zone *zoneset_enclosing(const struct zoneset *set, const knot_dname_t *name)
{
	knot_dname_storage_t lower;
	struct zoneset_item *item;

	knot_dname_copy_lower(lower, name);
	item = zoneset_enclosing_item(set, lower);
	return item ? &item->row : NULL;
}

/* ---- items ---- */

void zoneset_item_free(struct zoneset_item *item)
{
	if (!item)
		return;
	zoneset_discard_next(item);
	if (item->now.zone != item->now.base)
		zone_free(item->now.zone);
	zone_free(item->now.base);
	zoneset_files_clear(&item->files);
	knot_dname_free(item->apex, NULL);
	free(item->file);
	free(item->error);
	free(item);
}

struct zoneset_item *zoneset_add_item(struct zoneset *set, const struct zoneset_source *source)
{
	struct zoneset_item *item = calloc(1, sizeof(*item));

	if (!item)
		return NULL;
	item->apex = knot_dname_copy(source->apex, NULL);
	item->file = source->file ? strdup(source->file) : NULL;
	if (!item->apex || (source->file && !item->file)) {
		zoneset_item_free(item);
		return NULL;
	}
	item->zonemd = source->zonemd;
	item->serve_to = source->serve_to;
	item->row = (struct zoneset_zone){ .apex = item->apex,
					   .file = item->file,
					   .state = item->file ? "failed" : "waiting",
					   .is_catalog = source->is_catalog };
	RB_INSERT(zoneset_tree, &set->items, item);
	set->n_items++;
	return item;
}

static int set_file(struct zoneset_item *item, const char *file)
{
	char *copy;

	if (!file || (item->file && strcmp(item->file, file) == 0))
		return 0;
	copy = strdup(file);
	if (!copy)
		return -ENOMEM;
	free(item->file);
	item->file = copy;
	item->row.file = copy;
	zoneset_files_clear(&item->files);
	return 0;
}

/* ---- sources ---- */

struct sources {
	struct zoneset_source *list;
	size_t n, room;
};

static void free_sources(struct zoneset_source *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		knot_dname_free(list[i].apex, NULL);
		free(list[i].file);
	}
	free(list);
}

static int add_source(struct sources *sources, const struct zoneset_source *from)
{
	struct zoneset_source *source;

	if (sources->n == sources->room) {
		size_t room = sources->room ? 2 * sources->room : 64;
		struct zoneset_source *list = reallocarray(sources->list, room, sizeof(*list));

		if (!list)
			return -ENOMEM;
		sources->list = list;
		sources->room = room;
	}
	source = &sources->list[sources->n];
	*source = *from;
	source->apex = knot_dname_copy(from->apex, NULL);
	source->file = from->file ? strdup(from->file) : NULL;
	sources->n++;
	return source->apex && (source->file || !from->file) ? 0 : -ENOMEM;
}

/* One entry of a directory. Names that do not end in ".zone" or begin with a dot are none of
 * ours. */
static int add_entry(struct zoneset *set, struct sources *sources, const char *directory,
		     const char *entry)
{
	size_t suffix = strlen(ZONE_SUFFIX), len = strlen(entry);
	char name[NAME_MAX + 1], path[PATH_MAX], fault[NAME_ERROR_LEN];
	knot_dname_storage_t apex;

	if (entry[0] == '.' || len <= suffix || strcmp(entry + len - suffix, ZONE_SUFFIX) != 0)
		return 0;
	if (snprintf(path, sizeof(path), "%s/%s", directory, entry) >= (int)sizeof(path))
		return zoneset_fail(set, -ENAMETOOLONG, "zone-dir %s: the path of %s is too long",
				    directory, entry);
	memcpy(name, entry, len - suffix);
	name[len - suffix] = '\0';
	if (name_parse_lower(apex, name, fault)) {
		report_say(set->report, LOG_LEVEL_WARNING,
			   "%s: skipped, expected ZONE" ZONE_SUFFIX ": %s", path, fault);
		return 0;
	}
	return add_source(sources, &(struct zoneset_source){ .apex = apex, .file = path });
}

static int add_directory(struct zoneset *set, struct sources *sources, const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	int err = 0;

	if (!dir)
		return zoneset_fail(set, -errno, "zone-dir %s: cannot be read: %s", directory,
				    strerror(errno));
	while (!err) {
		errno = 0;
		entry = readdir(dir);
		if (!entry)
			break;
		err = add_entry(set, sources, directory, entry->d_name);
	}
	if (!err && errno)
		err = zoneset_fail(set, -errno, "zone-dir %s: cannot be read: %s", directory,
				   strerror(errno));
	(void)closedir(dir);
	return err;
}

static int compare_sources(const void *a, const void *b)
{
	const struct zoneset_source *left = a, *right = b;

	return zone_order(left->apex, right->apex);
}

static const char *source_text(const struct zoneset_source *source)
{
	return source->file ? source->file : "its primaries";
}

static int refuse_doubles(struct zoneset *set, const struct sources *sources)
{
	knot_dname_txt_storage_t name;

	for (size_t i = 1; i < sources->n; i++) {
		const struct zoneset_source *a = &sources->list[i - 1], *b = &sources->list[i];

		if (knot_dname_is_equal(a->apex, b->apex))
			return zoneset_fail(set, -EEXIST, "zone %s is given twice: by %s and by %s",
					    name_text(a->apex, name), source_text(a),
					    source_text(b));
	}
	return 0;
}

static int list_sources(struct zoneset *set, struct sources *sources)
{
	int err = 0;

	for (size_t i = 0; i < set->n_source && !err; i++)
		err = add_source(sources, &set->source[i]);
	for (size_t i = 0; i < set->n_dir && !err; i++)
		err = add_directory(set, sources, set->dir[i]);
	if (err)
		return err;
	if (sources->n)
		qsort(sources->list, sources->n, sizeof(*sources->list), compare_sources);
	return refuse_doubles(set, sources);
}

static void warn_of_member(const struct zoneset *set, const struct zoneset_source *source)
{
	knot_dname_txt_storage_t name;

	report_say(set->report, LOG_LEVEL_WARNING,
		   "zone %s: %s is not read, it is a member of a catalog",
		   name_text(source->apex, name), source_text(source));
}

int zoneset_scan(struct zoneset *set)
{
	struct sources sources = { .list = NULL };
	struct zoneset_item *item;
	int err;

	err = list_sources(set, &sources);
	if (err)
		goto out;
	RB_FOREACH (item, zoneset_tree, &set->items)
		item->is_configured = item->is_member && item->is_configured;
	for (size_t i = 0; i < sources.n && !err; i++) {
		item = zoneset_find_item(set, sources.list[i].apex);
		if (item && item->is_member) {
			warn_of_member(set, &sources.list[i]);
			continue;
		}
		if (!item)
			item = zoneset_add_item(set, &sources.list[i]);
		if (item)
			item->is_configured = true;
		err = item ? set_file(item, sources.list[i].file) : -ENOMEM;
	}
out:
	if (err == -ENOMEM)
		(void)zoneset_fail(set, err, "zones: out of memory");
	free_sources(sources.list, sources.n);
	return err;
}

/* ---- set-up ---- */

int zoneset_new(struct zoneset **ret_set, struct store *store, const struct report *report)
{
	struct zoneset *set = calloc(1, sizeof(*set));

	if (!set)
		return -ENOMEM;
	set->store = store;
	set->report = report;
	RB_INIT(&set->items);
	*ret_set = set;
	return 0;
}

static void forget_sources(struct zoneset *set)
{
	free_sources(set->source, set->n_source);
	for (size_t i = 0; i < set->n_dir; i++)
		free(set->dir[i]);
	free(set->dir);
	set->source = NULL;
	set->dir = NULL;
	set->n_source = set->n_dir = 0;
}

void zoneset_free(struct zoneset *set)
{
	struct zoneset_item *item, *next;

	if (!set)
		return;
	RB_FOREACH_SAFE (item, zoneset_tree, &set->items, next) {
		RB_REMOVE(zoneset_tree, &set->items, item);
		zoneset_item_free(item);
	}
	journal_close(set->journal);
	forget_sources(set);
	free(set);
}

static int copy_zones(struct zoneset *set, const struct config *config)
{
	struct sources sources = { .list = NULL };
	char fault[NAME_ERROR_LEN];
	knot_dname_storage_t apex;
	int err = 0;

	for (unsigned int i = 0; i < config->zone_count && !err; i++) {
		const struct config_zone *zone = &config->zone[i];
		struct config_sync sync = config_effective_sync(
			&zone->sync, config_find_template(config, zone->template));
		struct zoneset_source source = {
			.apex = apex,
			.file = zone->file,
			.is_catalog = zone->catalog,
			.zonemd = sync.zonemd,
			.serve_to = zoneset_number(set, &sync),
		};

		if (name_parse_lower(apex, zone->name, fault))
			err = zoneset_fail(set, -EINVAL, "zone: %s", fault);
		else
			err = add_source(&sources, &source);
	}
	set->source = sources.list;
	set->n_source = sources.n;
	return err;
}

static int copy_directories(struct zoneset *set, const struct config *config)
{
	set->dir = calloc(config->zone_dir_count + 1, sizeof(*set->dir));
	if (!set->dir)
		return -ENOMEM;
	for (unsigned int i = 0; i < config->zone_dir_count; i++) {
		set->dir[i] = strdup(config->zone_dir[i]);
		if (!set->dir[i])
			return -ENOMEM;
		set->n_dir++;
	}
	return 0;
}

/* They stay in the journal: the zone may come back. */
static void warn_of_homeless_records(const struct zoneset *set)
{
	const struct journal_record *record, *first = NULL;
	knot_dname_txt_storage_t name;
	size_t n = 0;

	for (record = journal_from(set->journal, NULL); record; record = journal_next(record)) {
		if (zoneset_enclosing_item(set, record->owner))
			continue;
		n++;
		first = first ? first : record;
	}
	if (n)
		report_say(set->report, LOG_LEVEL_WARNING,
			   "records: %zu RRsets that were set are in no zone, the first: %s", n,
			   name_text(first->owner, name));
}

int zoneset_configure(struct zoneset *set, const struct config *config)
{
	int err;

	set->error[0] = '\0';
	forget_sources(set);
	err = copy_zones(set, config);
	if (!err)
		err = copy_directories(set, config);
	if (err == -ENOMEM)
		return zoneset_fail(set, err, "zones: out of memory");
	if (!err)
		err = zoneset_scan(set);
	if (err)
		return err;
	if (!set->journal) {
		err = journal_open(&set->journal, config->state_dir, set->report);
		if (err)
			return zoneset_fail(set, err, "the journal of records in %s cannot be used",
					    config->state_dir);
	}
	warn_of_homeless_records(set);
	return 0;
}
