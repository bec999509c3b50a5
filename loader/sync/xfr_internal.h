/* SPDX-License-Identifier: GPL-3.0-or-later */
/* xfr.c reads messages, xfr_records.c the records in them. */
#ifndef XFR_INTERNAL_H
#define XFR_INTERNAL_H

#include <libknot/libknot.h>

#include "../zone/zone.h"
#include "message.h"
#include "tsig.h"
#include "xfr.h"

#define XFR_ERROR_LEN 1024

/* What was read last decides what may follow. */
enum xfr_state {
	XFR_STATE_FIRST,  /* nothing: the new SOA */
	XFR_STATE_SECOND, /* the new SOA, of an IXFR: the old SOA, or the zone itself */
	XFR_STATE_ZONE,	  /* records of the whole zone, up to the SOA again */
	XFR_STATE_DELETE, /* the SOA of a version, and what it loses, up to the SOA of the next */
	XFR_STATE_ADD,	  /* that, and what is new in it, up to the same again, or the last */
	XFR_STATE_LAST,	  /* the last SOA */
};

struct xfr {
	knot_dname_t *apex; /* lower-cased */
	const struct zone *have;
	bool is_ixfr; /* was asked for */
	bool is_answered, is_incremental;
	uint16_t id;
	struct tsig tsig;
	struct xfr_limits limits;
	const struct report *report;

	enum xfr_state state;
	struct zone *zone; /* as far as it came */
	knot_rrset_t soa;  /* the new one; no owner: not there yet */
	uint32_t serial;   /* its */
	uint32_t version;  /* that the differences have led to */
	int64_t expire;
	size_t octets, records, skipped;
	size_t n_errors, n_warnings; /* said while a zone is made or checked */
	char error[XFR_ERROR_LEN];
};

/* Takes one record of the answer, whose owner is lower-cased. XFR_MORE: go on; *rr may have been
 * taken over then. */
enum xfr_result xfr_take_record(struct xfr *xfr, knot_rrset_t *rr);

/* After the last record: the new zone is checked. */
enum xfr_result xfr_finish(struct xfr *xfr);

/* Note why, and return the result. */
enum xfr_result xfr_fail(struct xfr *xfr, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
enum xfr_result xfr_fall_back(struct xfr *xfr, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* XFR_INTERNAL_H */
