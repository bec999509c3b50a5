/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "watch_table.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as the kernel follows them */
#define EVENTS                                                                                     \
	(IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF |   \
	 IN_MOVE_SELF)

static int compare_entries(const struct watch_entry *a, const struct watch_entry *b)
{
	int order = (a->wd > b->wd) - (a->wd < b->wd);

	if (!order)
		order = strcmp(a->name, b->name);
	if (order || !a->apex || !b->apex)
		return order ?: (a->apex != NULL) - (b->apex != NULL);
	return knot_dname_cmp(a->apex, b->apex);
}

static int compare_folders(const struct watch_folder *a, const struct watch_folder *b)
{
	return (a->wd > b->wd) - (a->wd < b->wd);
}

RB_PROTOTYPE(watch_entries, watch_entry, link, compare_entries)
RB_GENERATE(watch_entries, watch_entry, link, compare_entries)
RB_PROTOTYPE(watch_folders, watch_folder, link, compare_folders)
RB_GENERATE(watch_folders, watch_folder, link, compare_folders)

void watch_table_init(struct watch_table *table, int fd)
{
	*table = (struct watch_table){ .fd = fd };
	RB_INIT(&table->entries);
	RB_INIT(&table->folders);
}

static void remove_entry(struct watch_table *table, struct watch_entry *entry)
{
	RB_REMOVE(watch_entries, &table->entries, entry);
	knot_dname_free(entry->apex, NULL);
	free(entry);
}

void watch_table_done(struct watch_table *table)
{
	struct watch_folder *folder;
	struct watch_entry *entry;

	while ((entry = RB_ROOT(&table->entries)))
		remove_entry(table, entry);
	while ((folder = RB_ROOT(&table->folders))) {
		RB_REMOVE(watch_folders, &table->folders, folder);
		free(folder);
	}
}

struct watch_folder *watch_table_find(struct watch_table *table, int wd)
{
	struct watch_folder key = { .wd = wd };

	return RB_FIND(watch_folders, &table->folders, &key);
}

void watch_table_forget(struct watch_table *table, int wd)
{
	struct watch_folder *folder = watch_table_find(table, wd);
	struct watch_entry key = { .wd = wd }, *entry, *next;

	for (entry = RB_NFIND(watch_entries, &table->entries, &key); entry && entry->wd == wd;
	     entry = next) {
		next = RB_NEXT(watch_entries, &table->entries, entry);
		remove_entry(table, entry);
	}
	if (!folder)
		return;
	RB_REMOVE(watch_folders, &table->folders, folder);
	table->n_folders--;
	free(folder);
}

static struct watch_entry *new_entry(int wd, const char *name, const knot_dname_t *apex)
{
	struct watch_entry *entry = calloc(1, sizeof(*entry) + strlen(name) + 1);

	if (!entry)
		return NULL;
	entry->wd = wd;
	strcpy(entry->name, name);
	entry->apex = apex ? knot_dname_copy(apex, NULL) : NULL;
	if (!apex || entry->apex)
		return entry;
	free(entry);
	return NULL;
}

const struct watch_entry *watch_table_first(struct watch_table *table, int wd, const char *name)
{
	struct watch_entry *key = new_entry(wd, name, NULL), *entry;

	if (!key)
		return NULL;
	entry = RB_NFIND(watch_entries, &table->entries, key);
	free(key);
	return entry && entry->wd == wd && strcmp(entry->name, name) == 0 ? entry : NULL;
}

const struct watch_entry *watch_table_next(const struct watch_entry *entry)
{
	struct watch_entry *next =
		RB_NEXT(watch_entries, &table->entries, (struct watch_entry *)entry);

	return next && next->wd == entry->wd && strcmp(next->name, entry->name) == 0 ? next : NULL;
}

/* ---- watching ---- */

static int add_folder(struct watch_table *table, const char *path, struct watch_folder **ret_folder)
{
	int wd = inotify_add_watch(table->fd, path, EVENTS | IN_ONLYDIR);
	struct watch_folder *folder;

	if (wd < 0)
		return -errno;
	folder = watch_table_find(table, wd);
	if (!folder) {
		folder = calloc(1, sizeof(*folder) + strlen(path) + 1);
		if (!folder)
			return -ENOMEM;
		folder->wd = wd;
		strcpy(folder->path, path);
		RB_INSERT(watch_folders, &table->folders, folder);
		table->n_folders++;
	}
	*ret_folder = folder;
	return 0;
}

static int add_entry(struct watch_table *table, const char *path, const char *name,
		     const knot_dname_t *apex)
{
	struct watch_folder *folder;
	struct watch_entry *entry;
	int err = add_folder(table, *path ? path : "/", &folder);

	if (err)
		return err;
	entry = new_entry(folder->wd, name, apex);
	if (!entry)
		return -ENOMEM;
	if (RB_INSERT(watch_entries, &table->entries, entry)) {
		knot_dname_free(entry->apex, NULL);
		free(entry);
	}
	return 0;
}

/* ---- the way to a file ---- */

struct way {
	struct watch_table *table;
	const knot_dname_t *apex;
	char at[PATH_MAX]; /* a folder without links in its path; "": the root */
	char rest[PATH_MAX];
	unsigned int links;
};

static int join(char *to, const char *a, const char *b)
{
	int n = snprintf(to, PATH_MAX, "%s/%s", a, b);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* Takes the first component off `rest`. */
static void take_component(struct way *way, char *component)
{
	const char *start = way->rest + strspn(way->rest, "/");
	size_t len = strcspn(start, "/");

	memcpy(component, start, len);
	component[len] = '\0';
	start += len + strspn(start + len, "/");
	memmove(way->rest, start, strlen(start) + 1);
}

static int take_link(struct way *way, const char *path)
{
	char target[PATH_MAX], rest[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof(target) - 1);
	int err;

	if (len < 0)
		return -errno;
	if (++way->links > LINKS_MAX)
		return -ELOOP;
	target[len] = '\0';
	if (*target == '/')
		way->at[0] = '\0';
	err = join(rest, target, way->rest);
	if (!err)
		strcpy(way->rest, rest);
	return err;
}

/* 1: the way goes on in a folder. */
static int take_step(struct way *way, const char *component)
{
	char path[PATH_MAX], *slash = strrchr(way->at, '/');
	struct stat st;
	int err;

	if (!*component || strcmp(component, ".") == 0)
		return 1;
	if (strcmp(component, "..") == 0) {
		if (slash)
			*slash = '\0';
		return 1;
	}
	err = join(path, way->at, component);
	if (err)
		return err;
	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		strcpy(way->at, path);
		return 1;
	}
	err = add_entry(way->table, way->at, component, way->apex);
	if (err || lstat(path, &st) || !S_ISLNK(st.st_mode))
		return err;
	err = take_link(way, path);
	return err ?: 1;
}

/* 1: the way ends in a folder, way->at. 0: at a name that is watched. */
static int follow(struct way *way, struct watch_table *table, const char *path,
		  const knot_dname_t *apex)
{
	char component[PATH_MAX];
	int r = 1;

	*way = (struct way){ .table = table, .apex = apex };
	if (strlen(path) >= sizeof(way->rest))
		return -ENAMETOOLONG;
	if (*path != '/' && !getcwd(way->at, sizeof(way->at)))
		return -errno;
	strcpy(way->rest, path);
	while (r == 1 && *way->rest) {
		take_component(way, component);
		r = take_step(way, component);
	}
	return r;
}

int watch_table_follow(struct watch_table *table, const char *path, const knot_dname_t *apex)
{
	struct way way;
	int r = follow(&way, table, path, apex);

	return r < 0 ? r : 0;
}

int watch_table_follow_folder(struct watch_table *table, const char *path)
{
	struct watch_folder *folder;
	struct way way;
	int r = follow(&way, table, path, NULL);

	if (r != 1)
		return r;
	r = add_folder(table, *way.at ? way.at : "/", &folder);
	if (!r)
		folder->zones = path;
	return r;
}
