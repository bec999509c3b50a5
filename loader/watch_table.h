/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which names in which folders decide what zones are read from: the inside of watch.c. */
#ifndef WATCH_TABLE_H
#define WATCH_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <bsd/sys/tree.h>
#include <libknot/dname.h>

/* A name in a watched folder that the way to a zone's file leads through. */
struct watch_entry {
	RB_ENTRY(watch_entry)
	link;
	int wd;
	knot_dname_t *apex; /* NULL: it leads to a zone-dir */
	char name[];
};

struct watch_folder {
	RB_ENTRY(watch_folder)
	link;
	int wd;		   /* of inotify; one a folder, by whatever path */
	const char *zones; /* it is this zone-dir; NULL: none */
	char path[];
};

RB_HEAD(watch_entries, watch_entry);
RB_HEAD(watch_folders, watch_folder);

struct watch_table {
	int fd; /* of inotify; the caller's */
	struct watch_entries entries;
	struct watch_folders folders;
	size_t n_folders;
};

void watch_table_init(struct watch_table *table, int fd);
void watch_table_done(struct watch_table *table);

/* Watches each symbolic link on the way to the file, and the name at its end; where the way ends before that, the
 * name which is missing. -ENOSPC: fs.inotify.max_user_watches; -ELOOP ... */
int watch_table_follow(struct watch_table *table, const char *path, const knot_dname_t *apex);
/* The same for a zone-dir, and all that is in it. The path has to live as long as the table. */
int watch_table_follow_folder(struct watch_table *table, const char *path);

/* NULL: none. */
struct watch_folder *watch_table_find(struct watch_table *table, int wd);
/* The folder is watched no more. */
void watch_table_forget(struct watch_table *table, int wd);
/* The first entry of that name, and the one behind it; NULL at the end. */
const struct watch_entry *watch_table_first(struct watch_table *table, int wd, const char *name);
const struct watch_entry *watch_table_next(const struct watch_entry *entry);

#endif /* WATCH_TABLE_H */
