/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may ask, at work: from the configuration and the control socket into the clients' map. */
#ifndef ACCESS_H
#define ACCESS_H

#include "../attach.h"
#include "../zoneset.h"
#include "clients.h"

struct access;

/* Takes over what was denied at run time from the maps that were adopted. */
int access_start(struct access **ret_access, const struct config *config, struct attach *attach);
void access_stop(struct access *access); /* NULL is fine; the map stays as it is */

const struct clients *access_clients(const struct access *access);

/* Puts all of it in force, and the numbers of the zones' lists with it. */
int access_apply(struct access *access, struct zoneset *zones);

/* At run time; `seconds` 0: until it is taken back. -ENOSPC: there is no room, and nothing has changed. -ENOENT:
 * nothing of the kind is denied at run time. */
int access_deny(struct access *access, const struct dnsbolt_client_key *prefix, uint32_t seconds);
int access_allow(struct access *access, const struct dnsbolt_client_key *prefix);
/* To be called every few seconds: what has ended is forgotten. */
void access_renew(struct access *access);
/* Seconds until a denial ends, rounded up; -1: it does not end. */
int64_t access_left(const struct clients_denial *denial);

#endif /* ACCESS_H */
