/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CHECK_H
#define CHECK_H

#include "config.h"
#include "zoneset.h"

/* Zones that serve, and their names (empty non-terminals included). Returns how many do not
 * serve as their newest file says. */
size_t check_count(const struct zoneset *set, size_t *ret_zones, size_t *ret_names);

/* Why the zones' last call failed with err: in their words, else in those of the system. */
const char *check_error(const struct zoneset *set, int err);

/* dnsboltd --check: reads the configuration and every zone, renders them into a store in memory,
 * says every problem and, when there is none, "ok: N zones, M names" on standard output. Exit
 * status. */
int check_run(const char *config_path, const struct report *report);

#endif /* CHECK_H */
