/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keeps the zones that are transferred equal to their primaries: when (refresh.h), how (transport.h, xfr.h), what of it
 * lasts (state.h), and what catalogs say of it. New versions go to the zone set, limits of time to the store.
 */
#ifndef SYNC_H
#define SYNC_H

#include <uv.h>

#include "../config.h"
#include "../store/store.h"
#include "../zoneset.h"
#include "sync_stats.h"

struct sync;

/* Between zoneset_configure() and zoneset_load(): the zones and catalogs of the configuration, their members, and what
 * state-dir has of them, as offers to the zone set. All pointers must live as long. Errors were said. */
int sync_open(struct sync **ret_sync, uv_loop_t *loop, const struct config *config,
	      struct store *store, struct zoneset *zones, const struct report *report);

/* After zoneset_load(): primaries are asked, NOTIFYs are taken. `host`: addresses of the host's server, for
 * `primary: host`; they are copied. */
int sync_start(struct sync *sync, const struct dnsbolt_addr *host, size_t n_host);

/* Writes what is not on disk yet, and forgets all. What the loop still has ends with its handles. NULL is fine. */
void sync_stop(struct sync *sync);

/* Asks the primaries now; `axfr`: for all of the zone, whatever its serial is. NULL: of every zone. -ENOENT: it is none
 * that is transferred. */
int sync_refresh(struct sync *sync, const knot_dname_t *apex, bool axfr);

struct sync_status {
	const char *source;   /* "primary", "host", "catalog" (a member) */
	const char *catalog;  /* of a member: text; NULL */
	const char *activity; /* "idle", "asking" (for the SOA), "transferring", "queued" */
	const char *primary;  /* who last said that it has our version; "": nobody */
	time_t refreshed;     /* when; 0: never */
	int64_t next_refresh; /* s from now; -1: a round runs */
	int64_t expires;      /* s from now, negative: since; INT64_MAX: there is no version */
};

/* False: the zone is not transferred. Texts are valid until the next call. */
bool sync_status(struct sync *sync, const knot_dname_t *apex, struct sync_status *ret_status);
const struct sync_stats *sync_stats(const struct sync *sync);

/* A NOTIFY that somebody else received. Returns the length of the answer, 0: there is none; `reply` has SYNC_REPLY_MAX
 * octets. */
#define SYNC_REPLY_MAX 1024u
size_t sync_notify(struct sync *sync, const uint8_t *msg, size_t len,
		   const struct dnsbolt_addr *from, uint8_t *reply);

#endif /* SYNC_H */
