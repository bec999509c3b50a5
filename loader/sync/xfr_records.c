/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The records of a transfer, in their order (RFC 5936 section 2.2, RFC 1995 section 4):
 *
 *     AXFR          SOA new, records, SOA new
 *     IXFR          SOA new { SOA old, deletes, SOA next, adds } ... SOA new
 *     up to date    SOA that is not newer
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../zone/rdata.h"
#include "xfr_internal.h"

#define WARNINGS_MAX 10 /* are passed on */

/* ---- what zone/ says ---- */

static void hear(enum log_level level, const char *text, void *arg)
{
	struct xfr *xfr = arg;

	if (level == LOG_LEVEL_ERROR) {
		if (!xfr->n_errors++)
			(void)xfr_fail(xfr, "%s", text);
		return;
	}
	if (xfr->n_warnings++ < WARNINGS_MAX)
		report_say(xfr->report, level, "%s", text);
}

static struct report hearing(struct xfr *xfr)
{
	return (struct report){ .say = hear, .arg = xfr };
}

/* -EINVAL was said by hear(). */
static enum xfr_result refuse(struct xfr *xfr, int err)
{
	return err == -EINVAL ? XFR_FAILED : xfr_fail(xfr, "out of memory");
}

/* ---- single records ---- */

static const knot_rdata_t *rdata_of(const knot_rrset_t *rr)
{
	return rr->rrs.rdata;
}

static bool is_apex_soa(const struct xfr *xfr, const knot_rrset_t *rr)
{
	return rr->type == KNOT_RRTYPE_SOA && knot_dname_is_equal(rr->owner, xfr->apex);
}

/* RFC 2181 section 8: a TTL with the top bit set is 0. */
static uint32_t ttl_of(const knot_rrset_t *rr)
{
	return rr->ttl > INT32_MAX ? 0 : rr->ttl;
}

/* "www.example. A", for messages. */
#define RECORD_TEXT_LEN (KNOT_DNAME_TXT_MAXLEN + NAME_TYPE_LEN + 2)
static const char *record_text(const knot_rrset_t *rr, char *buf)
{
	knot_dname_txt_storage_t name;
	char type[NAME_TYPE_LEN];

	(void)snprintf(buf, RECORD_TEXT_LEN, "%s %s", name_text(rr->owner, name),
		       name_type_text(rr->type, type));
	return buf;
}

static enum xfr_result add_record(struct xfr *xfr, const knot_rrset_t *rr)
{
	const struct report report = hearing(xfr);
	int err = zone_add(xfr->zone, rr->owner, rr->type, ttl_of(rr), rdata_of(rr)->data,
			   rdata_of(rr)->len, "the transfer", &report);

	return err ? refuse(xfr, err) : XFR_MORE;
}

/* An add of what is there shows that our copy is not what the primary took its differences from. */
static enum xfr_result add_difference(struct xfr *xfr, const knot_rrset_t *rr)
{
	char text[RECORD_TEXT_LEN];

	if (zone_has(xfr->zone, rr->owner, rr->type, rdata_of(rr)->data, rdata_of(rr)->len))
		return xfr_fall_back(xfr, "the differences add a record that is there: %s",
				     record_text(rr, text));
	return add_record(xfr, rr);
}

static enum xfr_result delete_difference(struct xfr *xfr, const knot_rrset_t *rr)
{
	char text[RECORD_TEXT_LEN];
	int err =
		zone_remove(xfr->zone, rr->owner, rr->type, rdata_of(rr)->data, rdata_of(rr)->len);

	if (err == -ENOENT)
		return xfr_fall_back(xfr, "the differences delete a record that is not there: %s",
				     record_text(rr, text));
	return err ? refuse(xfr, err) : XFR_MORE;
}

/* ---- SOA records ---- */

/* The whole zone follows: also of an IXFR that was answered by an AXFR. */
static enum xfr_result begin_zone(struct xfr *xfr)
{
	xfr->state = XFR_STATE_ZONE;
	if (zone_new(&xfr->zone, xfr->apex))
		return refuse(xfr, -ENOMEM);
	return add_record(xfr, &xfr->soa);
}

static enum xfr_result take_first(struct xfr *xfr, knot_rrset_t *rr)
{
	xfr->serial = knot_soa_serial(rdata_of(rr));
	xfr->soa = *rr;
	knot_rrset_init_empty(rr);
	if (!xfr->is_ixfr)
		return begin_zone(xfr);
	xfr->state = XFR_STATE_SECOND;
	return xfr_serial_newer(xfr->serial, xfr->have->serial) ? XFR_MORE : XFR_UP_TO_DATE;
}

static enum xfr_result begin_differences(struct xfr *xfr, uint32_t serial)
{
	if (serial != xfr->have->serial)
		return xfr_fall_back(xfr, "the differences begin at serial %u, ours is %u", serial,
				     xfr->have->serial);
	xfr->state = XFR_STATE_DELETE;
	xfr->is_incremental = true;
	xfr->version = serial;
	return zone_copy(&xfr->zone, xfr->have) ? refuse(xfr, -ENOMEM) : XFR_MORE;
}

static enum xfr_result end_zone(struct xfr *xfr, uint32_t serial)
{
	if (serial != xfr->serial)
		return xfr_fail(xfr, "the first SOA has serial %u, a later one %u", xfr->serial,
				serial);
	xfr->state = XFR_STATE_LAST;
	return XFR_MORE;
}

static enum xfr_result begin_adds(struct xfr *xfr, const knot_rrset_t *rr)
{
	uint32_t serial = knot_soa_serial(rdata_of(rr));

	if (!xfr_serial_newer(serial, xfr->version) || xfr_serial_newer(serial, xfr->serial))
		return xfr_fall_back(xfr, "the differences lead from serial %u to %u, and to %u",
				     xfr->version, serial, xfr->serial);
	xfr->state = XFR_STATE_ADD;
	xfr->version = serial;
	if (zone_set(xfr->zone, xfr->apex, KNOT_RRTYPE_SOA, ttl_of(rr), &rr->rrs))
		return refuse(xfr, -ENOMEM);
	return XFR_MORE;
}

/* After adds: what is deleted next, or the end. */
static enum xfr_result end_adds(struct xfr *xfr, uint32_t serial)
{
	if (serial != xfr->version)
		return xfr_fall_back(xfr, "the differences led to serial %u, and go on from %u",
				     xfr->version, serial);
	xfr->state = serial == xfr->serial ? XFR_STATE_LAST : XFR_STATE_DELETE;
	return XFR_MORE;
}

static enum xfr_result take_soa(struct xfr *xfr, knot_rrset_t *rr)
{
	uint32_t serial;

	if (!rdata_is_valid(KNOT_RRTYPE_SOA, rdata_of(rr)->data, rdata_of(rr)->len))
		return xfr_fail(xfr, "a malformed SOA");
	serial = knot_soa_serial(rdata_of(rr));
	switch (xfr->state) {
	case XFR_STATE_FIRST:
		return take_first(xfr, rr);
	case XFR_STATE_SECOND:
		return begin_differences(xfr, serial);
	case XFR_STATE_ZONE:
		return end_zone(xfr, serial);
	case XFR_STATE_DELETE:
		return begin_adds(xfr, rr);
	case XFR_STATE_ADD:
		return end_adds(xfr, serial);
	case XFR_STATE_LAST:
		break;
	}
	return xfr_fail(xfr, "a second SOA before the end");
}

enum xfr_result xfr_take_record(struct xfr *xfr, knot_rrset_t *rr)
{
	char text[RECORD_TEXT_LEN];
	enum xfr_result result;

	if (xfr->state == XFR_STATE_LAST)
		return xfr_fail(xfr, "a second SOA before the end: behind it comes %s",
				record_text(rr, text));
	if (rr->rclass != KNOT_CLASS_IN)
		return xfr_fail(xfr, "a record of class %u: %s", rr->rclass, record_text(rr, text));
	if (is_apex_soa(xfr, rr))
		return take_soa(xfr, rr);
	if (xfr->state == XFR_STATE_FIRST)
		return xfr_fail(xfr, "the answer begins with %s, expected was the zone's SOA",
				record_text(rr, text));
	if (xfr->state == XFR_STATE_SECOND) {
		result = begin_zone(xfr);
		if (result != XFR_MORE)
			return result;
	}
	if (knot_dname_in_bailiwick(rr->owner, xfr->apex) < 0) {
		xfr->skipped++;
		return XFR_MORE;
	}
	if (xfr->state == XFR_STATE_DELETE)
		return delete_difference(xfr, rr);
	if (xfr->state == XFR_STATE_ADD)
		return add_difference(xfr, rr);
	return add_record(xfr, rr);
}

/* ---- the end ---- */

static void warn(struct xfr *xfr)
{
	knot_dname_txt_storage_t name;

	if (xfr->skipped)
		report_say(xfr->report, LOG_LEVEL_WARNING,
			   "the transfer: records that are not in the zone %s: %zu skipped",
			   name_text(xfr->apex, name), xfr->skipped);
	if (xfr->n_warnings > WARNINGS_MAX)
		report_say(xfr->report, LOG_LEVEL_WARNING, "the transfer: %zu more warnings",
			   xfr->n_warnings - WARNINGS_MAX);
}

static int check_zone(struct xfr *xfr)
{
	const struct report report = hearing(xfr);
	int err = 0;

	if (!xfr->is_incremental && xfr->have)
		err = zone_share(xfr->zone, xfr->have);
	return err ? err : zone_check(xfr->zone, "the new zone", &report);
}

enum xfr_result xfr_finish(struct xfr *xfr)
{
	size_t len;

	if (!tsig_is_settled(&xfr->tsig))
		return xfr_fail(xfr, "TSIG: the last message is not signed");
	if (check_zone(xfr)) {
		len = strlen(xfr->error);
		if (xfr->n_errors > 1)
			(void)snprintf(xfr->error + len, sizeof(xfr->error) - len,
				       " (and %zu more)", xfr->n_errors - 1);
		return XFR_FAILED;
	}
	warn(xfr);
	return XFR_DONE;
}
