/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The query, and the messages of the answer. */
#include "xfr.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "xfr_internal.h"

static const char no_memory[] = "out of memory";

__attribute__((format(printf, 2, 0))) static void note(struct xfr *xfr, const char *format,
						       va_list args)
{
	(void)vsnprintf(xfr->error, sizeof(xfr->error), format, args);
}

enum xfr_result xfr_fail(struct xfr *xfr, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	note(xfr, format, args);
	va_end(args);
	return XFR_FAILED;
}

enum xfr_result xfr_fall_back(struct xfr *xfr, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	note(xfr, format, args);
	va_end(args);
	return XFR_FALL_BACK;
}

int xfr_new(struct xfr **ret_xfr, const knot_dname_t *apex, const struct zone *have, bool axfr,
	    const struct xfr_key *key, const struct xfr_limits *limits, const struct report *report)
{
	struct xfr *xfr = calloc(1, sizeof(*xfr));

	if (!xfr)
		return -ENOMEM;
	xfr->apex = knot_dname_copy(apex, NULL);
	if (!xfr->apex) {
		free(xfr);
		return -ENOMEM;
	}
	knot_dname_to_lower(xfr->apex);
	xfr->have = have;
	xfr->is_ixfr = have && !axfr;
	xfr->report = report;
	xfr->expire = -1;
	if (limits)
		xfr->limits = *limits;
	tsig_init(&xfr->tsig, key);
	*ret_xfr = xfr;
	return 0;
}

void xfr_free(struct xfr *xfr)
{
	if (!xfr)
		return;
	zone_free(xfr->zone);
	knot_rrset_clear(&xfr->soa, NULL);
	tsig_done(&xfr->tsig);
	knot_dname_free(xfr->apex, NULL);
	free(xfr);
}

/* Our SOA, in the authority section (RFC 1995 section 3). */
static knot_rrset_t have_soa(const struct xfr *xfr)
{
	const struct zone_rrset *set = zone_name_rrset(zone_next(xfr->have, NULL), KNOT_RRTYPE_SOA);
	knot_rrset_t soa;

	knot_rrset_init(&soa, xfr->apex, KNOT_RRTYPE_SOA, KNOT_CLASS_IN, set->ttl);
	soa.rrs = set->rrs;
	return soa;
}

int xfr_query(struct xfr *xfr, uint8_t *msg, size_t room, size_t *ret_len)
{
	knot_rrset_t soa;
	size_t len;
	int err;

	if (xfr->is_ixfr) {
		soa = have_soa(xfr);
		err = message_write_query(msg, room, &len, xfr->apex, KNOT_RRTYPE_IXFR, &soa);
	} else {
		err = message_write_query(msg, room, &len, xfr->apex, KNOT_RRTYPE_AXFR, NULL);
	}
	if (!err)
		err = tsig_sign(&xfr->tsig, msg, &len, room);
	if (err)
		return err;
	xfr->id = knot_wire_get_id(msg);
	*ret_len = len;
	return 0;
}

/* RFC 5936 section 2.2.1: the first message has the question, others may. */
static enum xfr_result check_header(struct xfr *xfr, const struct message *message)
{
	uint16_t asked = xfr->is_ixfr ? KNOT_RRTYPE_IXFR : KNOT_RRTYPE_AXFR;
	const uint8_t *wire = message->wire;

	if (!knot_wire_get_qr(wire) || knot_wire_get_opcode(wire) != KNOT_OPCODE_QUERY)
		return xfr_fail(xfr, "a message that is no answer to a query");
	if (knot_wire_get_id(wire) != xfr->id)
		return xfr_fail(xfr, "the answer has the id %u, expected was %u",
				knot_wire_get_id(wire), xfr->id);
	if (message->has_question && !message_asks(message, xfr->apex, asked))
		return xfr_fail(xfr, "the answer is to another question");
	return XFR_MORE;
}

static enum xfr_result check_signature(struct xfr *xfr, const struct message *message, time_t now)
{
	uint8_t rcode = knot_wire_get_rcode(message->wire);
	char error[NAME_ERROR_LEN], text[MESSAGE_RCODE_LEN];
	int err = tsig_verify(&xfr->tsig, message, now, error);

	if (err == -EACCES && rcode && !message->tsig_at)
		return xfr_fail(xfr, "the server says %s, without a signature",
				message_rcode_text(rcode, text));
	if (err == -EACCES)
		return xfr_fail(xfr, "TSIG: %s", error);
	return err ? xfr_fail(xfr, no_memory) : XFR_MORE;
}

/* AA is not looked at: it should be there (RFC 5936 section 2.2.1), and knotd leaves it out. */
static enum xfr_result check_code(struct xfr *xfr, const struct message *message)
{
	uint8_t rcode = knot_wire_get_rcode(message->wire);
	char text[MESSAGE_RCODE_LEN];

	if (rcode)
		return xfr_fail(xfr, "the server says %s", message_rcode_text(rcode, text));
	if (knot_wire_get_tc(message->wire))
		return xfr_fail(xfr, "the answer is truncated");
	if (!message->n_answer)
		return xfr_fail(xfr, "a message without records");
	if (!xfr->is_answered && !message->has_question)
		return xfr_fail(xfr, "the first message has no question");
	return XFR_MORE;
}

static enum xfr_result read_record(struct xfr *xfr, const struct message *message, size_t *at)
{
	enum xfr_result result;
	knot_rrset_t rr;
	int err = message_record(message, at, &rr);

	if (err == -ENOMEM)
		return xfr_fail(xfr, no_memory);
	xfr->records++;
	if (err)
		return xfr_fail(xfr, "record %zu of the transfer is malformed", xfr->records);
	knot_dname_to_lower(rr.owner);
	if (xfr->limits.max_records && xfr->records > xfr->limits.max_records)
		result = xfr_fail(xfr, "more than the %zu records that are allowed",
				  xfr->limits.max_records);
	else
		result = xfr_take_record(xfr, &rr);
	knot_rrset_clear(&rr, NULL);
	return result;
}

static enum xfr_result read_message(struct xfr *xfr, const struct message *message, time_t now)
{
	enum xfr_result result = check_header(xfr, message);
	uint8_t rcode = knot_wire_get_rcode(message->wire);
	char text[MESSAGE_RCODE_LEN];
	size_t at = message->answer_at;
	uint16_t i;

	/* a server that does not know IXFR (RFC 1995 section 4) */
	if (result == XFR_MORE && xfr->is_ixfr && !xfr->is_answered &&
	    (rcode == KNOT_RCODE_FORMERR || rcode == KNOT_RCODE_NOTIMPL))
		return xfr_fall_back(xfr, "the server says %s", message_rcode_text(rcode, text));
	if (result == XFR_MORE)
		result = check_signature(xfr, message, now);
	if (result == XFR_MORE)
		result = check_code(xfr, message);
	if (result == XFR_MORE && xfr->expire < 0)
		xfr->expire = message_expire(message);
	xfr->is_answered = true;
	for (i = 0; i < message->n_answer && result == XFR_MORE; i++)
		result = read_record(xfr, message, &at);
	return result;
}

enum xfr_result xfr_feed(struct xfr *xfr, const uint8_t *msg, size_t len, time_t now)
{
	struct message message;
	enum xfr_result result;

	xfr->octets += len;
	if (xfr->limits.max_octets && xfr->octets > xfr->limits.max_octets)
		return xfr_fail(xfr, "more than the %zu octets that are allowed",
				xfr->limits.max_octets);
	if (message_open(&message, msg, len))
		return xfr_fail(xfr, "a malformed message");
	result = read_message(xfr, &message, now);
	if (result == XFR_MORE && xfr->state == XFR_STATE_LAST)
		result = xfr_finish(xfr);
	return result;
}

enum xfr_result xfr_end(struct xfr *xfr)
{
	if (xfr->state == XFR_STATE_SECOND)
		return xfr_fall_back(xfr, "the server has no differences up to its serial %u",
				     xfr->serial);
	if (xfr->state == XFR_STATE_FIRST)
		return xfr_fail(xfr, "the connection ended before there was an answer");
	return xfr_fail(xfr, "the connection ended after %zu records, before the final SOA",
			xfr->records);
}

const char *xfr_error(const struct xfr *xfr)
{
	return xfr->error;
}

struct zone *xfr_take(struct xfr *xfr)
{
	struct zone *zone = xfr->zone;

	xfr->zone = NULL;
	return zone;
}

bool xfr_is_incremental(const struct xfr *xfr)
{
	return xfr->is_incremental;
}

uint32_t xfr_serial(const struct xfr *xfr)
{
	return xfr->serial;
}

int64_t xfr_expire(const struct xfr *xfr)
{
	return xfr->expire;
}

size_t xfr_octets(const struct xfr *xfr)
{
	return xfr->octets;
}

size_t xfr_records(const struct xfr *xfr)
{
	return xfr->records;
}

size_t xfr_skipped(const struct xfr *xfr)
{
	return xfr->skipped;
}
