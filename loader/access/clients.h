/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who may ask, and whom limits are not for: `clients:`, `limit.exempt`, `serve-to` of zones, and what was denied at run
 * time, made into one entry per prefix that says all that holds in it, inherited from the prefixes around it. So the
 * program takes the longest match alone.
 *
 * Of `allow` and `deny` the longer prefix decides, of equal ones `deny`. What was denied at run time is denied whatever the configuration
 * allows inside it. A prefix of IPv6 is never one of IPv4, also not ::/0.
 */
#ifndef CLIENTS_H
#define CLIENTS_H

#include <stddef.h>

#include "../config.h"
#include "prefix.h"

#define CLIENTS_FOREVER UINT64_MAX

/* serve_to of zones: the lists have 1 to CLIENTS_SETS_MAX; CLIENTS_NOBODY is in no entry. */
#define CLIENTS_SETS_MAX 31u
#define CLIENTS_NOBODY 32u

struct clients;

/* What is denied at run time; `until` CLOCK_BOOTTIME ns, or CLIENTS_FOREVER. */
struct clients_denial {
	struct dnsbolt_client_key prefix;
	uint64_t until;
};

struct clients_entry {
	struct dnsbolt_client_key prefix;
	struct dnsbolt_client client;
};

/* -E2BIG: there are more than CLIENTS_SETS_MAX different lists of serve-to; -EINVAL: a prefix that is none. Keeps
 * nothing of `config`. */
int clients_new(struct clients **ret_clients, const struct config *config);
void clients_free(struct clients *clients); /* NULL is fine */

/* Number of the list that `sync` has, as clients_new() saw it; 0: everyone is served. */
uint32_t clients_serve_to(const struct clients *clients, const struct config_sync *sync);

/* Denies the prefix from now on, or changes until when. -ENOMEM. */
int clients_deny(struct clients *clients, const struct dnsbolt_client_key *prefix, uint64_t until);
/* Takes that back. -ENOENT: nothing of the kind. */
int clients_allow(struct clients *clients, const struct dnsbolt_client_key *prefix);
/* Forgets what has ended by `now`. Returns whether there was any. */
bool clients_expire(struct clients *clients, uint64_t now);
/* In no order; NULL past the last. */
const struct clients_denial *clients_denial(const struct clients *clients, size_t i);

/* All entries, in the order of prefix_compare(); to be freed. -ENOMEM. */
int clients_merge(const struct clients *clients, struct clients_entry **ret_entries, size_t *ret_n);

#endif /* CLIENTS_H */
