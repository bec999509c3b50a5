/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One zone transfer, AXFR (RFC 5936) or IXFR (RFC 1995), signed by TSIG (RFC 8945) where there is
 * a key: what is asked, and what becomes of each message of the answer. No sockets: the caller
 * sends and receives. Nothing of a transfer counts before XFR_DONE; until then what is read may
 * be unsigned.
 *
 * An IXFR is applied to a copy of the zone as it is. What does not fit to it is XFR_FALL_BACK: the
 * caller asks for an AXFR, on the same connection or another, by a new struct xfr.
 */
#ifndef XFR_H
#define XFR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <libknot/dname.h>

#include "../../userspace/lib/report.h"

struct xfr;
struct xfr_key;
struct zone;

/* Octets that any query here has room in: header, name, SOA, OPT, TSIG. */
#define XFR_QUERY_MAX 2048

enum xfr_result {
	XFR_MORE,	/* feed the next message */
	XFR_DONE,	/* xfr_take() */
	XFR_UP_TO_DATE, /* of an IXFR: the primary has our serial, or one that is not newer */
	XFR_FALL_BACK,	/* of an IXFR: ask for an AXFR; xfr_error() says why */
	XFR_FAILED,	/* xfr_error() says why */
};

/* Of the whole transfer, as received; 0: none. */
struct xfr_limits {
	size_t max_octets;
	size_t max_records;
};

/* `have`: the zone as it is (NULL: none). An IXFR is asked for when it is there and `axfr` is not
 * set. All pointers but `apex` must live as long as the transfer; key, limits, report may be NULL.
 * -ENOMEM. */
int xfr_new(struct xfr **ret_xfr, const knot_dname_t *apex, const struct zone *have, bool axfr,
	    const struct xfr_key *key, const struct xfr_limits *limits,
	    const struct report *report);
void xfr_free(struct xfr *xfr); /* NULL is fine */

/* Writes the query: a DNS message without the length before it; its id is random. Asks for the
 * EXPIRE option (RFC 7314) too. Once per transfer. The time in its signature is the system's.
 * -ENOMEM; -EMSGSIZE: XFR_QUERY_MAX octets would have done. */
int xfr_query(struct xfr *xfr, uint8_t *msg, size_t room, size_t *ret_len);

/* One DNS message of the answer. After any other result than XFR_MORE the transfer is over. `now`
 * is for the words on clocks that differ. */
enum xfr_result xfr_feed(struct xfr *xfr, const uint8_t *msg, size_t len, time_t now);
/* The connection ended while xfr_feed() asked for more: XFR_FAILED, or XFR_FALL_BACK of an IXFR
 * that was answered by the new SOA alone. */
enum xfr_result xfr_end(struct xfr *xfr);

/* In words, with what was expected; empty while nothing is wrong. */
const char *xfr_error(const struct xfr *xfr);
/* After XFR_DONE, once: the new zone, which passed zone_check(). The caller's. */
struct zone *xfr_take(struct xfr *xfr);

/* For decisions, the log and metrics; as far as the transfer came. */
bool xfr_is_incremental(const struct xfr *xfr); /* was answered by differences */
uint32_t xfr_serial(const struct xfr *xfr);	/* the primary's; 0 before the first SOA */
int64_t xfr_expire(const struct xfr *xfr);	/* EXPIRE option of the answer in s; -1: none */
size_t xfr_octets(const struct xfr *xfr);
size_t xfr_records(const struct xfr *xfr);
size_t xfr_skipped(const struct xfr *xfr); /* records that were not in the zone */

/* Whether serial a is newer than b (RFC 1982). */
static inline bool xfr_serial_newer(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

#endif /* XFR_H */
