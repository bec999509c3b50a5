/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Transferred zones on disk, so that a site comes up without its primaries: one file a zone, which a new version takes
 * the place of by write, fsync, rename.
 *
 *     512 octets: magic, serial, number of records, times, sum of the records, primary, id, sum of these
 *     records: length of the owner (0: that of the record before), owner; type, TTL, length of RDATA; RDATA
 *
 * Numbers are big-endian, names as on the wire without compression. The times alone are written over in place, with
 * each refresh, and not waited for: what a crash loses of them makes the zone expire earlier.
 */
#ifndef STATE_H
#define STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "../zone/zone.h"

#define STATE_PRIMARY_MAX 128 /* octets of text with its end */
#define STATE_ID_MAX 72	      /* a label of 63 octets, as a name */

/* Times are in seconds of the wall clock. */
struct state_info {
	int64_t refreshed;		 /* when a primary last said that it has this version */
	int64_t expires;		 /* when it is not to be served any more */
	char primary[STATE_PRIMARY_MAX]; /* for people: who said so */
	uint8_t id[STATE_ID_MAX]; /* of a catalog's member, a label as a name; the root: none */
};

/* "example.com", with "%2f" for what is no letter, digit, hyphen or underscore; a name that is too long for a file is
 * told by its hash. The path is to be freed; NULL: no memory. `catalog`: whose member it is; NULL: of none. */
char *state_path(const char *state_dir, const knot_dname_t *catalog, const knot_dname_t *apex);

/* -ENOENT: there is none. -EBADMSG: damaged, or of another zone; it was said. */
int state_load(struct zone **ret_zone, struct state_info *ret_info, const knot_dname_t *apex,
	       const char *path, const struct report *report);

/* Writes over the times and the primary of a whole file. */
int state_touch(const char *path, const struct state_info *info);

/* How long a zone of that age may be served, in s: what is left by the wall clock, and never more than its SOA grants,
 * which is all where the clock was set back. 0: it has expired. */
uint32_t state_time_left(const struct state_info *info, uint32_t expire, int64_t now);

/* ---- writing, in slices between which the loop turns ---- */

struct state_save;

/* `err` is 0, or why there is no new file. */
typedef void state_saved(int err, void *arg);

/* Writes a copy of the zone, which the caller may change or free meanwhile. Folders are made as needed. `done` is
 * called once, from the loop. */
int state_save_start(struct state_save **ret_save, uv_loop_t *loop, const char *path,
		     const struct zone *zone, const struct state_info *info, state_saved *done,
		     void *arg);
/* Leaves the file that was there; `done` is not called. NULL is fine. */
void state_save_cancel(struct state_save *save);
/* The same without a loop, for the end of the daemon. */
int state_save_now(const char *path, const struct zone *zone, const struct state_info *info);

/* ---- for state_save.c ---- */

struct state_writer {
	int fd;
	struct state_info info;
	const struct zone *zone;
	const struct zone_name *next; /* NULL: all is written */
	const uint8_t *owner;	      /* of the last record */
	uint64_t records, sum;
	uint8_t *buf;
	size_t used;
};

int state_write_begin(struct state_writer *writer, int fd, const struct zone *zone,
		      const struct state_info *info); /* -ENOMEM */
/* Some more names. 1: all is written, the head too. */
int state_write_some(struct state_writer *writer);
void state_write_done(struct state_writer *writer);

#endif /* STATE_H */
