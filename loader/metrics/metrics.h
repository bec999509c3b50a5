/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /metrics in the Prometheus text format, by libmicrohttpd run from the daemon's loop (no thread of
 * its own). */
#ifndef METRICS_H
#define METRICS_H

#include "../daemon.h"

struct metrics;

int metrics_start(struct metrics **ret_metrics, struct daemon *daemon, const struct report *report);
void metrics_stop(struct metrics *metrics); /* NULL is fine */

/* The page, as it would be served; free() it. */
char *metrics_render(struct daemon *daemon);

#endif /* METRICS_H */
