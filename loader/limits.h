/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Says that the store is about to be full, while there is time to do something about it. */
#ifndef LIMITS_H
#define LIMITS_H

#include <stdbool.h>

#include "../userspace/lib/report.h"
#include "store/store.h"

struct limits {
	bool names, zones; /* it was said of them */
};

/* To be called every few seconds. Says it once when nine of ten are in use, and again when that was no longer so. */
void limits_check(struct limits *limits, const struct store *store, const struct report *report);

#endif /* LIMITS_H */
