/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "watch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../userspace/lib/name.h"
#include "watch_table.h"

#define SOON_MS 20    /* after the first change of a burst */
#define LATER_MS 1000 /* after a file went, which may be about to come again */
#define DUE_MAX 256   /* zones that are read by name; if there are more all are looked at */
#define ARRIVES (IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO)
#define BUFFER 65536

struct watch {
	struct zoneset *zones;
	const struct config *config;
	const struct report *report;
	struct watch_table table;
	uv_poll_t poll;
	uv_timer_t soon, later;
	unsigned int handles; /* not closed yet */
	knot_dname_t *due[DUE_MAX];
	size_t n_due;
	bool all_due;
	bool is_short; /* the kernel's limit of watches was said */
	struct watch_stats stats;
};

static void on_soon(uv_timer_t *timer);

/* ---- what is to be read again ---- */

/* Not put off by what comes then: a file that is written all the time is read now and then. */
static void set_timer(uv_timer_t *timer, uv_timer_cb on_time, uint64_t ms)
{
	if (!uv_is_active((uv_handle_t *)timer))
		(void)uv_timer_start(timer, on_time, ms, 0);
}

static void mark_all(struct watch *watch)
{
	watch->all_due = true;
	set_timer(&watch->soon, on_soon, SOON_MS);
}

static void mark_due(struct watch *watch, const knot_dname_t *apex)
{
	for (size_t i = 0; i < watch->n_due; i++)
		if (knot_dname_is_equal(watch->due[i], apex))
			return;
	if (watch->n_due < DUE_MAX)
		watch->due[watch->n_due] = knot_dname_copy(apex, NULL);
	if (watch->n_due == DUE_MAX || !watch->due[watch->n_due]) {
		mark_all(watch);
		return;
	}
	watch->n_due++;
	set_timer(&watch->soon, on_soon, SOON_MS);
}

/* ---- what is watched ---- */

static void say_unwatched(struct watch *watch, const char *path, int err)
{
	if (err == -ENOSPC && watch->is_short)
		return;
	watch->is_short = watch->is_short || err == -ENOSPC;
	report_say(watch->report, LOG_LEVEL_WARNING,
		   "watch: %s: changes cannot be seen: %s: they are read by dnsboltctl zone reload",
		   path,
		   err == -ENOSPC ? "fs.inotify.max_user_watches is too low for this and others"
				  : strerror(-err));
}

struct follower {
	struct watch *watch;
	const struct zoneset_zone *zone;
	bool is_first;
};

static bool is_link(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

/* Of plain files in a zone-dir the folder's events tell. */
static bool is_in_zone_dir(const struct watch *watch, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	for (unsigned int i = 0; i < watch->config->zone_dir_count; i++) {
		const char *dir = watch->config->zone_dir[i];

		if (strncmp(dir, path, len) == 0 && !dir[len])
			return !is_link(path);
	}
	return false;
}

static void follow_file(const char *path, void *arg)
{
	struct follower *follower = arg;
	bool is_own = follower->is_first;
	int err = 0;

	follower->is_first = false;
	if (!is_own || !is_in_zone_dir(follower->watch, path))
		err = watch_table_follow(&follower->watch->table, path, follower->zone->apex);
	if (err)
		say_unwatched(follower->watch, path, err);
}

static void follow_zone(struct watch *watch, const struct zoneset_zone *zone)
{
	struct follower follower = { .watch = watch, .zone = zone, .is_first = true };

	zoneset_each_file(zone, follow_file, &follower);
	/* Between the reading and the watching. */
	if (zoneset_is_changed(zone))
		mark_due(watch, zone->apex);
}

static void follow_folders(struct watch *watch)
{
	for (unsigned int i = 0; i < watch->config->zone_dir_count; i++) {
		int err = watch_table_follow_folder(&watch->table, watch->config->zone_dir[i]);

		if (err)
			say_unwatched(watch, watch->config->zone_dir[i], err);
	}
}

void watch_zones(struct watch *watch)
{
	const struct zoneset_zone *zone = NULL;

	while ((zone = zoneset_next(watch->zones, zone)))
		follow_zone(watch, zone);
}

/* ---- reading again ---- */

static void forget_due(struct watch *watch)
{
	while (watch->n_due)
		knot_dname_free(watch->due[--watch->n_due], NULL);
	watch->all_due = false;
}

static void say_read(struct watch *watch, int err, size_t n, const char *name)
{
	char which[KNOT_DNAME_TXT_MAXLEN + 8];

	if (n == 1)
		(void)snprintf(which, sizeof(which), "zone %s", name);
	else
		(void)snprintf(which, sizeof(which), "%zu zones", n);
	watch->stats.reads++;
	watch->stats.failed += err != 0;
	if (err)
		report_say(watch->report, LOG_LEVEL_ERROR, "watch: %s",
			   *zoneset_error(watch->zones) ? zoneset_error(watch->zones)
							: strerror(-err));
	else
		report_say(watch->report, LOG_LEVEL_INFO, "watch: %s read again",
			   n ? which : "zone folders and changed files");
}

static void read_all(struct watch *watch)
{
	forget_due(watch);
	follow_folders(watch);
	say_read(watch, zoneset_reload(watch->zones, NULL), 0, NULL);
	watch_zones(watch);
}

static void read_due(struct watch *watch)
{
	knot_dname_txt_storage_t name = "";
	knot_dname_t *due[DUE_MAX];
	size_t n = watch->n_due;

	/* What changes from now on is due anew. */
	memcpy(due, watch->due, n * sizeof(*due));
	watch->n_due = 0;
	if (n) {
		name_text(due[0], name);
		say_read(watch, zoneset_reload_some(watch->zones, due, n), n, name);
	}
	/* They may have come to include other files, or links may lead to others. */
	for (size_t i = 0; i < n; i++) {
		const struct zoneset_zone *zone = zoneset_find(watch->zones, due[i]);

		if (zone)
			follow_zone(watch, zone);
		knot_dname_free(due[i], NULL);
	}
}

static void on_soon(uv_timer_t *timer)
{
	struct watch *watch = timer->data;

	if (watch->all_due)
		read_all(watch);
	else
		read_due(watch);
}

static void on_later(uv_timer_t *timer)
{
	read_all(timer->data);
}

/* ---- events ---- */

/* What is only made is yet to be written, but for links. */
static bool is_complete(const struct inotify_event *event, const struct watch_folder *folder)
{
	char path[PATH_MAX];
	struct stat st;

	if (!(event->mask & IN_CREATE) || event->mask & IN_ISDIR)
		return true;
	if (snprintf(path, sizeof(path), "%s/%s", folder->path, event->name) >= (int)sizeof(path))
		return false;
	return lstat(path, &st) == 0 && (!S_ISREG(st.st_mode) || st.st_nlink > 1);
}

/* NAME.zone in a zone-dir: the zone NAME when that is there, else one that comes. */
static void arrive_in_zone_dir(struct watch *watch, const struct watch_folder *folder,
			       const char *entry)
{
	const struct zoneset_zone *zone = NULL;
	knot_dname_storage_t apex;
	char name[NAME_MAX + 1];
	size_t len = strlen(entry);

	if (*entry == '.' || len < 6 || strcmp(entry + len - 5, ".zone") != 0)
		return;
	(void)snprintf(name, sizeof(name), "%.*s", (int)len - 5, entry);
	if (name_parse_lower(apex, name, NULL) == 0)
		zone = zoneset_find(watch->zones, apex);
	if (zone && zone->file && strncmp(zone->file, folder->zones, strlen(folder->zones)) == 0)
		mark_due(watch, zone->apex);
	else
		mark_all(watch);
}

static void on_name(struct watch *watch, const struct watch_folder *folder,
		    const struct inotify_event *event)
{
	const struct watch_entry *entry = watch_table_first(&watch->table, folder->wd, event->name);

	if (!(event->mask & ARRIVES)) {
		if (entry || folder->zones)
			set_timer(&watch->later, on_later, LATER_MS);
		return;
	}
	if (!is_complete(event, folder))
		return;
	for (; entry; entry = watch_table_next(entry)) {
		if (entry->apex)
			mark_due(watch, entry->apex);
		else
			mark_all(watch);
	}
	if (folder->zones)
		arrive_in_zone_dir(watch, folder, event->name);
}

static void on_event(struct watch *watch, const struct inotify_event *event)
{
	struct watch_folder *folder = watch_table_find(&watch->table, event->wd);

	if (event->mask & IN_Q_OVERFLOW) {
		watch->stats.overflows++;
		report_say(watch->report, LOG_LEVEL_WARNING,
			   "watch: the kernel lost events: all files are looked at");
		mark_all(watch);
	} else if (event->mask & IN_IGNORED) {
		watch_table_forget(&watch->table, event->wd);
	} else if (folder && event->mask & (IN_DELETE_SELF | IN_MOVE_SELF)) {
		/* Another may come to its place; of one that was moved IN_IGNORED follows. */
		if (event->mask & IN_MOVE_SELF)
			(void)inotify_rm_watch(watch->table.fd, event->wd);
		set_timer(&watch->later, on_later, LATER_MS);
	} else if (folder && event->len) {
		on_name(watch, folder, event);
	}
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	static char buffer[BUFFER] __attribute__((aligned(__alignof__(struct inotify_event))));
	struct watch *watch = poll->data;
	ssize_t len = read(watch->table.fd, buffer, sizeof(buffer));

	(void)status;
	(void)events;
	for (ssize_t at = 0; at < len;) {
		const struct inotify_event *event = (const void *)(buffer + at);

		on_event(watch, event);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
}

/* ---- start and stop ---- */

static void on_closed(uv_handle_t *handle)
{
	struct watch *watch = handle->data;

	if (--watch->handles)
		return;
	forget_due(watch);
	(void)close(watch->table.fd);
	watch_table_done(&watch->table);
	free(watch);
}

void watch_stop(struct watch *watch)
{
	if (!watch)
		return;
	uv_close((uv_handle_t *)&watch->poll, on_closed);
	uv_close((uv_handle_t *)&watch->soon, on_closed);
	uv_close((uv_handle_t *)&watch->later, on_closed);
}

int watch_start(struct watch **ret_watch, uv_loop_t *loop, struct zoneset *zones,
		const struct config *config, const struct report *report)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	int fd;

	if (!watch)
		return -ENOMEM;
	fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (fd < 0) {
		free(watch);
		return -errno;
	}
	watch->zones = zones;
	watch->config = config;
	watch->report = report;
	watch_table_init(&watch->table, fd);
	(void)uv_poll_init(loop, &watch->poll, fd);
	(void)uv_timer_init(loop, &watch->soon);
	(void)uv_timer_init(loop, &watch->later);
	watch->handles = 3;
	watch->poll.data = watch->soon.data = watch->later.data = watch;
	follow_folders(watch);
	(void)uv_poll_start(&watch->poll, UV_READABLE, on_readable);
	*ret_watch = watch;
	return 0;
}

void watch_get_stats(const struct watch *watch, struct watch_stats *ret_stats)
{
	*ret_stats = watch->stats;
	ret_stats->folders = watch->table.n_folders;
}
