/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between `struct clients` and the map that the program looks into. */
#ifndef CLIENTS_MAP_H
#define CLIENTS_MAP_H

#include "clients.h"

/* Denies what a daemon before this one denied at run time and what has not ended by `now` (CLOCK_BOOTTIME ns). */
int clients_map_adopt(struct clients *clients, int map, uint64_t now);

/* Makes the map what `clients` says. *ret_n: its entries. -ENOSPC: it has no room for all; those that found room are
 * in force. */
int clients_map_write(const struct clients *clients, int map, size_t *ret_n);

#endif /* CLIENTS_MAP_H */
