// SPDX-License-Identifier: GPL-3.0-or-later
#include "shape.h"

#include <string.h>

#define LINKS_OF_KNOT 5 /* what T4 lets others stop at */

static const struct section *answer_of(const struct message *msg)
{
	return &msg->section[SECTION_ANSWER];
}

static const struct section *authority_of(const struct message *msg)
{
	return &msg->section[SECTION_AUTHORITY];
}

static const struct section *additional_of(const struct message *msg)
{
	return &msg->section[SECTION_ADDITIONAL];
}

/* ---- ours alone ---- */

/* The addresses of name servers at or below the cut (RFC 9471 section 3). */
static bool has_address_glue(const struct compare_zone *zone, const struct message *ours,
			     const knot_dname_t *host, uint16_t type)
{
	const struct zone_name *name = zone_find(zone->zone, host);
	const struct zone_rrset *set = name ? zone_name_rrset(name, type) : NULL;
	const struct section *s = additional_of(ours);
	size_t i, n = 0;

	for (i = 0; set && i < s->n; i++)
		n += s->rr[i]->type == type && knot_dname_is_case_equal(s->rr[i]->owner, host);
	return !set || n == set->rrs.count;
}

static bool glue_is_complete(const struct zones *zones, const struct message *ours)
{
	const struct section *s = authority_of(ours);
	const struct compare_zone *zone;
	const knot_dname_t *host;
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (s->rr[i]->type != KNOT_RRTYPE_NS)
			continue;
		host = knot_ns_name(s->rr[i]->rrs.rdata);
		if (knot_dname_in_bailiwick(host, s->rr[i]->owner) < 0)
			continue;
		zone = zones_above(zones, s->rr[i]->owner);
		if (zone && (!has_address_glue(zone, ours, host, KNOT_RRTYPE_A) ||
			     !has_address_glue(zone, ours, host, KNOT_RRTYPE_AAAA)))
			return false;
	}
	return true;
}

/* RFC 2181 section 5 */
static bool has_record_twice(const struct message *msg)
{
	size_t i, k;

	for (k = 0; k < SECTION_COUNT; k++)
		for (i = 1; i < msg->section[k].n; i++)
			if (!section_order(msg->section[k].rr[i - 1], msg->section[k].rr[i]))
				return true;
	for (i = 0; i < authority_of(msg)->n; i++)
		if (section_has(answer_of(msg), authority_of(msg)->rr[i]))
			return true;
	return false;
}

static const char *judge_header(const struct question *q, const struct message *ours)
{
	const uint8_t *p = ours->octets;
	size_t question = 12 + knot_dname_size(q->name) + 4;

	if (p[0] != q->msg[0] || p[1] != q->msg[1])
		return "ours: id";
	if (ours->len < question || memcmp(p + 12, q->msg + 12, question - 12))
		return "ours: the question's octets";
	if ((p[2] & 0xf8) != 0x80)
		return "ours: QR or opcode";
	if ((p[2] ^ q->msg[2]) & 1)
		return "ours: RD";
	if (p[3] & 0xf0)
		return "ours: RA, Z, AD or CD is set";
	return ours->edns != q->edns ? "ours: OPT" : NULL;
}

const char *judge_alone(const struct zones *zones, const struct question *q,
			const struct message *ours)
{
	const char *differs;

	if (!ours->parsed)
		return "ours: does not parse";
	differs = judge_header(q, ours);
	if (differs)
		return differs;
	if (ours->len > question_limit(q))
		return "ours: longer than the client takes";
	if (MESSAGE_TC(ours)) /* header, question and OPT only */
		return answer_of(ours)->n || authority_of(ours)->n || additional_of(ours)->n
			       ? "ours: records beside TC"
			       : NULL;
	if (has_record_twice(ours))
		return "ours: a record twice";
	return glue_is_complete(zones, ours) ? NULL : "ours: in-domain glue is missing";
}

/* ---- tolerances ---- */

/* T2: ours a subset of theirs and the zone's data. */
static bool additional_is_fine(const struct zones *zones, const struct message *ours,
			       const struct message *theirs)
{
	const struct section *s = additional_of(ours);
	const struct compare_zone *zone;
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (section_has(additional_of(theirs), s->rr[i]))
			continue;
		zone = zones_of(zones, s->rr[i]->owner);
		while (zone && !zone_has_record(zone, s->rr[i]->owner, s->rr[i]))
			zone = zones_above(zones, zone->zone->apex);
		if (!zone)
			return false;
	}
	return true;
}

/* Nothing, or the referral at one of the zone's own cuts. */
static bool is_own_referral(const struct compare_zone *zone, const struct message *ours)
{
	const struct section *s = authority_of(ours);
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->rr[i]->type == KNOT_RRTYPE_SOA ||
		    (s->rr[i]->type == KNOT_RRTYPE_NS &&
		     !zone_has_record(zone, s->rr[i]->owner, s->rr[i])))
			return false;
	return true;
}

/* T4 too: at the end of a chain the apex's DS is of the zone above, which nsd goes on to; and where a zone inside begins nsd has
 * left the zone, DS or not. */
static bool ends_in_ds_of_apex(const struct zones *zones, const struct question *q,
			       const struct message *ours, const struct message *theirs)
{
	struct shape shape;

	shape_read(&shape, zones, q, ours);
	if (q->type != KNOT_RRTYPE_DS || !shape.links || !shape.own ||
	    !section_within(answer_of(ours), answer_of(theirs)))
		return false;
	if (shape.zone != shape.own)
		return knot_dname_is_case_equal(shape.end, shape.own->zone->apex);
	return zones_of(zones, shape.end) != shape.own && !authority_of(theirs)->n;
}

/* Theirs ends before ours does: at its fifth link knot does not look at what is there. */
static bool stops_early(unsigned int theirs_n, unsigned int n, const struct message *theirs)
{
	return theirs_n >= LINKS_OF_KNOT &&
	       (theirs_n < n || MESSAGE_RCODE(theirs) == KNOT_RCODE_SERVFAIL ||
		(theirs_n == n && theirs_n == LINKS_OF_KNOT && !authority_of(theirs)->n));
}

/* T4. Past 5 links knot stops; past 11 named says SERVFAIL. Out of the zone: what the others add behind our last link is of
 * another zone. */
static bool is_shorter_chain(const struct zones *zones, const struct question *q,
			     const struct message *ours, const struct message *theirs)
{
	struct shape shape, their_shape;
	unsigned int n, theirs_n;

	shape_read(&shape, zones, q, ours);
	shape_read(&their_shape, zones, q, theirs);
	n = shape.links;
	theirs_n = their_shape.links;
	if (!n || MESSAGE_AA(ours) != MESSAGE_AA(theirs))
		return false;
	if (stops_early(theirs_n, n, theirs) && section_within(answer_of(theirs), answer_of(ours)))
		return true;
	return zones_of(zones, shape.end) != shape.own && !MESSAGE_RCODE(ours) &&
	       is_own_referral(shape.own, ours) &&
	       section_within(answer_of(ours), answer_of(theirs));
}

/* T5 */
static bool is_subset_of_node(const struct zones *zones, const struct question *q,
			      const struct message *ours, const struct message *theirs)
{
	const struct section *s = answer_of(ours);
	const struct compare_zone *zone = zones_of(zones, q->name);
	knot_dname_storage_t wild;
	const knot_dname_t *name = shape_name_sought(q, ours);
	const struct zone_name *above;
	size_t i;

	if ((q->type != KNOT_RRTYPE_ANY && q->type != KNOT_RRTYPE_RRSIG) || !s->n || !zone ||
	    !name || (!answer_of(theirs)->n && !MESSAGE_TC(theirs)) ||
	    MESSAGE_AA(ours) != MESSAGE_AA(theirs) || MESSAGE_RCODE(ours) != MESSAGE_RCODE(theirs))
		return false;
	above = zone_encloser_of(zone, name);
	if (!above)
		return false;
	if (!shape_put_wildcard(wild, above))
		memcpy(wild, above->owner, knot_dname_size(above->owner));
	for (i = 0; i < s->n; i++)
		if (!section_has(answer_of(theirs), s->rr[i]) &&
		    !zone_has_record(zone, name, s->rr[i]) &&
		    !zone_has_record(zone, wild, s->rr[i]))
			return false;
	return true;
}

/* T7 */
static bool is_nsd_wildcard_nodata(const struct zones *zones, const struct question *q,
				   const struct message *ours, const struct message *theirs)
{
	const struct section *s = authority_of(theirs);
	size_t i;

	if (!q->dnssec || MESSAGE_RCODE(ours) || MESSAGE_RCODE(theirs) ||
	    !section_find(authority_of(ours), NULL, KNOT_RRTYPE_SOA) ||
	    !shape_wildcard_link(zones, q, ours) ||
	    !section_same(answer_of(ours), answer_of(theirs)) ||
	    !section_within(authority_of(ours), s))
		return false;
	for (i = 0; i < s->n; i++)
		if (!section_has(authority_of(ours), s->rr[i]) && !shape_is_denial(s->rr[i]))
			return false;
	return true;
}

/* T8 */
static bool is_nsec_at_cut(const struct zones *zones, const struct question *q,
			   const struct message *ours)
{
	const knot_dname_t *name = shape_name_sought(q, ours);
	const struct compare_zone *zone = name ? zones_of(zones, name) : NULL;
	const struct zone_name *cut = zone ? zone_cut_of(zone, name) : NULL;

	return q->type == KNOT_RRTYPE_NSEC && cut && knot_dname_is_case_equal(cut->owner, name);
}

/* ---- two answers ---- */

static const char *compare_header(const struct message *ours, const struct message *theirs)
{
	if ((ours->octets[2] ^ theirs->octets[2]) & 0xf8)
		return "QR or opcode";
	if (MESSAGE_AA(ours) != MESSAGE_AA(theirs))
		return "AA";
	if (MESSAGE_TC(ours) != MESSAGE_TC(theirs))
		return "TC";
	if ((ours->octets[2] ^ theirs->octets[2]) & 0x01)
		return "RD";
	if (MESSAGE_RCODE(ours) != MESSAGE_RCODE(theirs))
		return "RCODE";
	return ours->edns != theirs->edns ? "OPT" : NULL;
}

static const char *compare_all(const struct zones *zones, const struct message *ours,
			       const struct message *theirs)
{
	const char *differs = compare_header(ours, theirs);

	if (differs || MESSAGE_TC(ours))
		return differs;
	if (!section_same(answer_of(ours), answer_of(theirs)))
		return "answer section";
	if (!section_same(authority_of(ours), authority_of(theirs)))
		return "authority section";
	return additional_is_fine(zones, ours, theirs) ? NULL : "additional section";
}

static unsigned int equal_but(const struct message *ours, const struct message *theirs)
{
	unsigned int bits = 0;

	if (MESSAGE_TC(ours))
		bits |= TOLERANCE_BIT(T3);
	else if (!section_same(additional_of(ours), additional_of(theirs)))
		bits |= TOLERANCE_BIT(T2);
	else if (ours->len != theirs->len ||
		 memcmp(ours->octets + 12, theirs->octets + 12, ours->len - 12))
		bits |= TOLERANCE_BIT(T1);
	if (ours->edns_size != theirs->edns_size || (theirs->octets[3] & 0x10))
		bits |= TOLERANCE_BIT(T6);
	return bits;
}

struct verdict judge_pair(const struct zones *zones, const struct question *q,
			  enum server_kind kind, const struct message *ours,
			  const struct message *theirs)
{
	struct verdict v = { .differs = NULL };
	enum tolerance fault;

	if (!theirs->parsed) {
		v.differs = "no reply, or one that does not parse";
		return v;
	}
	v.differs = compare_all(zones, ours, theirs);
	if (!v.differs)
		v.tolerances = equal_but(ours, theirs);
	else if (kind == SERVER_NAMED && is_nsec_at_cut(zones, q, ours))
		v = (struct verdict){ .tolerances = TOLERANCE_BIT(T8) };
	else if (is_subset_of_node(zones, q, ours, theirs))
		v = (struct verdict){ .tolerances = TOLERANCE_BIT(T5) };
	else if (is_shorter_chain(zones, q, ours, theirs))
		v = (struct verdict){ .tolerances = TOLERANCE_BIT(T4) };
	else if (kind == SERVER_NSD && ends_in_ds_of_apex(zones, q, ours, theirs))
		v = (struct verdict){ .tolerances = TOLERANCE_BIT(T4) };
	else if (kind == SERVER_NSD && is_nsd_wildcard_nodata(zones, q, ours, theirs))
		v = (struct verdict){ .tolerances = TOLERANCE_BIT(T7) };
	else if ((fault = fault_of(zones, q, kind, ours, theirs)) != T_NONE)
		v = (struct verdict){ .tolerances = TOLERANCE_BIT(fault) };
	return v;
}
