/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What zones were read from, to see whether it has changed. */
#include <stdlib.h>
#include <string.h>

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

static bool is_same(const struct zoneset_stamp *a, const struct zoneset_stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime.tv_sec == b->mtime.tv_sec && a->mtime.tv_nsec == b->mtime.tv_nsec;
}

void zoneset_files_add(struct zoneset_files *files, const char *path)
{
	struct zoneset_file *file;

	if (files->n == files->room) {
		size_t room = files->room ? 2 * files->room : 1; /* most zones have one */
		struct zoneset_file *v = reallocarray(files->v, room, sizeof(*v));

		if (!v) {
			files->is_short = true;
			return;
		}
		files->v = v;
		files->room = room;
	}
	file = &files->v[files->n];
	file->path = strdup(path);
	/* Before it is read: a change while it is read shall be seen the next time. */
	file->stamp = stamp_of(path);
	if (file->path)
		files->n++;
	else
		files->is_short = true;
}

void zoneset_files_clear(struct zoneset_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		free(files->v[i].path);
	free(files->v);
	*files = (struct zoneset_files){ .v = NULL };
}

static bool is_any_changed(const struct zoneset_files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		struct zoneset_stamp now = stamp_of(files->v[i].path);

		if (!is_same(&now, &files->v[i].stamp))
			return true;
	}
	return false;
}

bool zoneset_files_changed(const struct zoneset_files *files)
{
	return files->n == 0 || files->is_short || is_any_changed(files);
}

/* The row is the item's first member. */
static const struct zoneset_files *files_of(const struct zoneset_zone *zone)
{
	return &((const struct zoneset_item *)zone)->files;
}

void zoneset_each_file(const struct zoneset_zone *zone, void (*each)(const char *path, void *arg),
		       void *arg)
{
	const struct zoneset_files *files = files_of(zone);

	for (size_t i = 0; i < files->n; i++)
		each(files->v[i].path, arg);
}

bool zoneset_is_changed(const struct zoneset_zone *zone)
{
	return is_any_changed(files_of(zone));
}
