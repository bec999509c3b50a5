/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the engine of transfers counts. Each list gives the member, the metric's label and its help. */
#ifndef SYNC_STATS_H
#define SYNC_STATS_H

#include <stdint.h>

/* Rounds that asked for a zone, or for what is new of it. */
#define SYNC_TRANSFERS(X)                                                                          \
	X(axfr) /* the whole zone came */                                                          \
	X(ixfr) /* differences came */                                                             \
	X(up_to_date)                                                                              \
	X(fall_back) /* the differences did not fit: the whole zone is asked for */                \
	X(failed)    /* not got, or not fit to serve */                                            \
	X(refused)   /* got, and not taken: by its digest, as a catalog, or by the store */

#define SYNC_NOTIFIES(X)                                                                           \
	X(accepted)                                                                                \
	X(bad_source) /* an address that may not, and no TSIG */                                   \
	X(bad_tsig)                                                                                \
	X(not_ours)                                                                                \
	X(malformed)

struct sync_stats {
#define X(name) uint64_t transfer_##name;
	SYNC_TRANSFERS(X)
#undef X
#define X(name) uint64_t notify_##name;
	SYNC_NOTIFIES(X)
#undef X
	uint64_t soa_ok, soa_failed;	   /* SOA queries, by whether they were answered well */
	uint64_t octets, records, skipped; /* of transfers */
	uint64_t state_written, state_failed;
	uint64_t expired;    /* zones that came to their end */
	uint64_t host_stops; /* zones that were stopped since the host did not answer well */
	uint64_t zones, running, members; /* now */
};

#endif /* SYNC_STATS_H */
