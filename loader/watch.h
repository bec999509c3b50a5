/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Follows the files that zones come from, by inotify, and has them read again when they change: zone files
 * and what they include, NAME.zone entries of zone-dir that come and go, symbolic links on the way to
 * either. What changes in a burst is read once, and published in one change set.
 *
 * A file that went is looked for again a second later: editors put files aside before they write
 * them anew. Where the kernel lost events, everything is looked at.
 */
#ifndef WATCH_H
#define WATCH_H

#include <stdint.h>
#include <uv.h>

#include "config.h"
#include "zoneset.h"

struct watch;

struct watch_stats {
	uint64_t folders;	/* that are watched */
	uint64_t reads, failed; /* times that zones were read again; when one of them was bad */
	uint64_t overflows;	/* times that the kernel lost events */
};

/* Before the zones are configured: what comes into a zone-dir from now on is seen. What cannot be watched is said, and
 * is only read when that is asked for. */
int watch_start(struct watch **ret_watch, uv_loop_t *loop, struct zoneset *zones,
		const struct config *config, const struct report *report);
/* When the zones have been read: watches their files, and reads again what has changed since. */
void watch_zones(struct watch *watch);
/* It is freed when the loop has closed its handles. NULL is fine. */
void watch_stop(struct watch *watch);

void watch_get_stats(const struct watch *watch, struct watch_stats *ret_stats);

#endif /* WATCH_H */
