/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Catalog zones at work (RFC 9432): their members come and go as zones of the zone set. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog.h"
#include "sync_internal.h"

const char *sync_catalog_fault(const struct zone *zone, char *buf)
{
	struct catalog *catalog;
	int err = catalog_read(&catalog, zone, buf);

	if (err == -ENOMEM)
		(void)snprintf(buf, NAME_ERROR_LEN, "out of memory");
	if (!err)
		catalog_free(catalog);
	return err ? buf : NULL;
}

/* The template of the first of its groups that has one, else that of the catalog's members. */
static const struct sync_profile *choose_profile(const struct secondary *catalog,
						 const struct catalog_member *member)
{
	const struct config_zone *row = catalog->row;

	for (size_t i = 0; i < member->n_groups; i++) {
		for (unsigned int j = 0; j < row->group_count; j++) {
			if (strcmp(row->group[j].name, member->group[i]) == 0)
				return sync_template_profile(catalog->sync, row->group[j].template);
		}
	}
	return row->members ? sync_template_profile(catalog->sync, row->members) : NULL;
}

/* ---- what goes ---- */

static void remove_member(struct secondary *member)
{
	sync_forget_state(member);
	zoneset_remove_member(member->sync->zones, member->apex);
	sync_free_zone(member);
}

static bool is_same(const struct secondary *zone, const struct catalog_member *member)
{
	return knot_dname_is_equal(zone->id, member->id);
}

/* Another catalog's member may be taken over when that catalog says so (RFC 9432 section 4.3.1). */
static bool may_take_over(const struct secondary *zone, const struct secondary *catalog)
{
	return zone->catalog && zone->coo && knot_dname_is_equal(zone->coo, catalog->apex);
}

static int set_coo(struct secondary *zone, const struct catalog_member *member)
{
	knot_dname_free(zone->coo, NULL);
	zone->coo = member->coo ? knot_dname_copy(member->coo, NULL) : NULL;
	return member->coo && !zone->coo ? -ENOMEM : 0;
}

/* The file of what stays moves along: it is the same zone (the ids are equal) in another's hands. */
static int take_over(struct secondary *zone, struct secondary *catalog)
{
	char *path = state_path(catalog->sync->config->state_dir, catalog->apex, zone->apex);

	if (!path)
		return -ENOMEM;
	sync_forget_state(zone);
	free(zone->path);
	zone->path = path;
	zone->catalog = catalog;
	sync_note_refresh(zone, true);
	return 0;
}

/* Marks what stays with the catalog's generation. */
static int keep_member(struct secondary *catalog, const struct catalog_member *member)
{
	struct secondary *zone = sync_find(catalog->sync, member->zone);
	const struct sync_profile *profile = choose_profile(catalog, member);
	int err = 0;

	if (!zone || !profile || !is_same(zone, member) ||
	    (zone->catalog != catalog && !may_take_over(zone, catalog)))
		return 0;
	if (zone->catalog != catalog)
		err = take_over(zone, catalog);
	if (!err && zone->profile != profile)
		err = sync_set_profile(zone, profile);
	zone->seen = catalog->sync->generation;
	sync_schedule(zone);
	return err ? err : set_coo(zone, member);
}

static size_t remove_gone(struct secondary *catalog)
{
	struct sync *sync = catalog->sync;
	struct secondary *zone, *next;
	size_t n = 0;

	RB_FOREACH_SAFE (zone, secondary_names, &sync->names, next) {
		if (zone->catalog != catalog || zone->seen == sync->generation)
			continue;
		remove_member(zone);
		n++;
	}
	return n;
}

/* ---- what comes ---- */

static int refuse_member(const struct secondary *catalog, const struct catalog_member *member,
			 const char *why)
{
	knot_dname_txt_storage_t name;

	sync_warn(catalog, LOG_LEVEL_WARNING, "its member %s is left out: %s",
		  name_text(member->zone, name), why);
	return 0;
}

static int add_member(struct secondary *catalog, const struct catalog_member *member, size_t *added)
{
	const struct sync_profile *profile = choose_profile(catalog, member);
	struct secondary *zone = sync_find(catalog->sync, member->zone);
	int err;

	if (zone && zone->catalog == catalog)
		return 0;
	/* It was not kept, so it has another id: what was known of it is forgotten. */
	if (zone && may_take_over(zone, catalog)) {
		remove_member(zone);
		(void)zoneset_publish_offers(catalog->sync->zones);
		zone = NULL;
	}
	if (zone)
		return refuse_member(catalog, member,
				     zone->catalog ? "another catalog has it"
						   : "the configuration has it");
	if (!profile)
		return refuse_member(catalog, member, "no template is for its groups");
	err = sync_add_zone(catalog->sync, member->zone, profile, catalog, member->id, &zone);
	if (err == -EEXIST)
		return refuse_member(catalog, member, "the configuration has it");
	if (!err)
		err = set_coo(zone, member);
	if (!err)
		err = sync_load_state(zone);
	if (!err)
		sync_schedule(zone);
	*added += !err;
	return err;
}

/* ---- files of members that went while nobody looked ---- */

struct files {
	const char **name;
	size_t n;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int list_files(const struct secondary *catalog, struct files *ret_files)
{
	const struct sync *sync = catalog->sync;
	struct files files = { .name = calloc(sync->stats.members + 1, sizeof(char *)) };
	struct secondary *zone;

	if (!files.name)
		return -ENOMEM;
	RB_FOREACH (zone, secondary_names, (struct secondary_names *)&sync->names) {
		if (zone->catalog == catalog)
			files.name[files.n++] = strrchr(zone->path, '/') + 1;
	}
	qsort(files.name, files.n, sizeof(*files.name), compare_names);
	*ret_files = files;
	return 0;
}

static void remove_other_files(DIR *dir, const struct files *files)
{
	struct dirent *entry;

	while ((entry = readdir(dir))) {
		const char *name = entry->d_name;

		if (name[0] != '.' &&
		    !bsearch(&name, files->name, files->n, sizeof(*files->name), compare_names))
			(void)unlinkat(dirfd(dir), name, 0);
	}
}

static int remove_stray_files(const struct secondary *catalog)
{
	char *path = state_path(catalog->sync->config->state_dir, catalog->apex, catalog->apex);
	struct files files;
	DIR *dir;
	int err;

	if (!path)
		return -ENOMEM;
	*strrchr(path, '/') = '\0';
	dir = opendir(path);
	err = dir ? list_files(catalog, &files) : 0;
	if (dir && !err) {
		remove_other_files(dir, &files);
		free(files.name);
	}
	if (dir)
		(void)closedir(dir);
	free(path);
	return err;
}

static int take_all(struct secondary *catalog, const struct catalog *list, size_t *ret_added,
		    size_t *ret_removed)
{
	struct sync *sync = catalog->sync;
	int err = 0;

	sync->generation++;
	for (size_t i = 0; i < list->n_members && !err; i++)
		err = keep_member(catalog, &list->member[i]);
	if (err)
		return err;
	*ret_removed = remove_gone(catalog);
	/* Passed at once; and what comes back with another id begins with nothing. */
	if (*ret_removed && sync->has_started)
		(void)zoneset_publish_offers(sync->zones);
	for (size_t i = 0; i < list->n_members && !err; i++)
		err = add_member(catalog, &list->member[i], ret_added);
	if (!err && *ret_added && sync->has_started)
		(void)zoneset_publish_offers(sync->zones);
	return err;
}

int sync_take_members(struct secondary *catalog, const struct zone *zone)
{
	size_t added = 0, removed = 0;
	char fault[NAME_ERROR_LEN];
	struct catalog *list;
	int err;

	err = catalog_read(&list, zone, fault);
	if (err == -ENOMEM)
		return err;
	if (err) { /* seen before it was taken, but for a file of an earlier release */
		sync_warn(catalog, LOG_LEVEL_ERROR, "%s", fault);
		return 0;
	}
	err = take_all(catalog, list, &added, &removed);
	catalog_free(list);
	if (!err && !catalog->sync->has_started)
		err = remove_stray_files(catalog);
	if (added || removed)
		sync_warn(catalog, LOG_LEVEL_INFO, "serial %u: %zu members came, %zu went",
			  zone->serial, added, removed);
	return err;
}
