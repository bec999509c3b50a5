/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When the first of a zone's signatures expires. They are served as they are, as every server does; a metric and a
 * warning tell. The zones are walked in slices, a version at a time, so that nothing waits for it.
 */
#ifndef SIGWATCH_H
#define SIGWATCH_H

#include <uv.h>

#include "zoneset.h"

struct sigwatch;

int sigwatch_start(struct sigwatch **ret_watch, uv_loop_t *loop, struct zoneset *zones,
		   const struct report *report);
void sigwatch_stop(struct sigwatch *watch); /* NULL is fine */

/* The earliest expiration among the RRSIGs of the name (RFC 4034 section 3.1.5), or `earliest`; both as seconds since
 * 1970, 0: none. `now` tells which of the turns of 32 bits is meant. */
int64_t sigwatch_earliest(const struct zone_name *name, int64_t earliest, int64_t now);

#endif /* SIGWATCH_H */
