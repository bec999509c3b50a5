// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Faults of nsd 4.6.1, knot 3.2 and named 9.18 that random zones show: each is known by the question's shape in the zone and
 * by what differs. vote.c takes none unless another server agrees with us or check_proofs.py validates the answer.
 */
#include "shape.h"

#include <string.h>

static const struct section *answer_of(const struct message *msg)
{
	return &msg->section[SECTION_ANSWER];
}

static const struct section *authority_of(const struct message *msg)
{
	return &msg->section[SECTION_AUTHORITY];
}

/* ---- what differs ---- */

static bool same_but_denials(const struct section *a, const struct section *b)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (!section_has(b, a->rr[i]) && !shape_is_denial(a->rr[i]))
			return false;
	return true;
}

static bool only_denials_differ(const struct shape *shape, const struct message *ours,
				const struct message *theirs)
{
	return shape->q->dnssec && MESSAGE_RCODE(ours) == MESSAGE_RCODE(theirs) &&
	       MESSAGE_AA(ours) == MESSAGE_AA(theirs) &&
	       section_same(answer_of(ours), answer_of(theirs)) &&
	       same_but_denials(authority_of(ours), authority_of(theirs)) &&
	       same_but_denials(authority_of(theirs), authority_of(ours));
}

/* The one record but RRSIGs of `s` that is not in `other`; NULL: more, or none. */
static const knot_rrset_t *only_in(const struct section *s, const struct section *other)
{
	const knot_rrset_t *only = NULL;
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (section_has(other, s->rr[i]) || s->rr[i]->type == KNOT_RRTYPE_RRSIG)
			continue;
		if (only)
			return NULL;
		only = s->rr[i];
	}
	return only;
}

/* The one NSEC or NSEC3 of ours that is not in theirs, which has nothing else; NULL: more, or less. */
static const knot_rrset_t *missing_denial(const struct shape *shape, const struct message *ours,
					  const struct message *theirs)
{
	if (!only_denials_differ(shape, ours, theirs) ||
	    !section_within(authority_of(theirs), authority_of(ours)))
		return NULL;
	return only_in(authority_of(ours), authority_of(theirs));
}

/* Its authority section is that of a negative answer. */
static bool says_no(const struct message *theirs)
{
	const struct section *s = authority_of(theirs);
	size_t i;
	bool soa = false;

	for (i = 0; i < s->n; i++) {
		soa = soa || s->rr[i]->type == KNOT_RRTYPE_SOA;
		if (s->rr[i]->type != KNOT_RRTYPE_SOA && s->rr[i]->type != KNOT_RRTYPE_RRSIG &&
		    !shape_is_denial(s->rr[i]))
			return false;
	}
	return soa;
}

/* Theirs says that there is nothing at the end of our chain, or before. */
static bool is_negative(const struct message *ours, const struct message *theirs)
{
	return says_no(theirs) && section_within(answer_of(theirs), answer_of(ours));
}

/* ---- T9, T11, T12: nsd ---- */

static bool has_nsec(const struct compare_zone *zone)
{
	return zone->zone->is_signed && !zone->zone->is_nsec3;
}

/* The name before "*" below the encloser is not one label below it: nsd takes the NSEC of the last such name up to "*", not
 * of what is below that. */
static bool nsd_misses_nsec(const struct shape *shape)
{
	const struct zone_name *at = shape->encloser, *next;
	knot_dname_storage_t wild;

	if (!shape_put_wildcard(wild, at))
		return false;
	while ((next = zone_next(shape->zone->zone, at)) && zone_order(next->owner, wild) < 0)
		at = next;
	return at != shape->encloser && zone_parent(shape->zone->zone, at) != shape->encloser;
}

/* Is there an NSEC3 owner between the name and what exists above it? */
static bool is_below_nsec3_owner(const struct compare_zone *zone, const knot_dname_t *name)
{
	const struct zone_name *found;

	for (; *name; name = knot_wire_next_label(name, NULL)) {
		found = zone_find(zone->zone, name);
		if (found)
			return zone_is_nsec3_owner(zone, found);
	}
	return false;
}

static bool is_t9(const struct shape *shape, const struct message *ours,
		  const struct message *theirs)
{
	bool nxdomain = MESSAGE_RCODE(ours) == KNOT_RCODE_NXDOMAIN;

	if (is_below_nsec3_owner(shape->own, shape->q->name) ||
	    (shape->zone && is_below_nsec3_owner(shape->zone, shape->end)))
		return is_negative(ours, theirs);
	if (!shape->zone || !only_denials_differ(shape, ours, theirs))
		return false;
	if (has_nsec(shape->zone) && section_find(answer_of(ours), NULL, KNOT_RRTYPE_DNAME))
		return true;
	if (nxdomain && has_nsec(shape->zone) && nsd_misses_nsec(shape))
		return true;
	return shape->zone->opt_out && !shape->encloser->n_sets;
}

/* RRSIG and NSEC are the node's own at a CNAME (RFC 4035 section 2.5): nsd follows it where the node has none. NSEC3 is not:
 * nsd does not follow. */
static bool is_t11(const struct shape *shape, const struct message *ours,
		   const struct message *theirs)
{
	const knot_dname_t *at = shape_name_sought(shape->q, ours);
	const struct zone_name *name = at ? zone_find(shape->own->zone, at) : NULL;

	if (!at)
		return false;
	if (!name || zone_is_nsec3_owner(shape->own, name))
		name = shape_wildcard_of(shape->own, at);
	if (!name || !zone_name_rrset(name, KNOT_RRTYPE_CNAME))
		return false;
	if (shape->q->type == KNOT_RRTYPE_NSEC3)
		return section_find(answer_of(ours), at, KNOT_RRTYPE_CNAME) &&
		       !section_find(answer_of(theirs), at, KNOT_RRTYPE_CNAME) &&
		       is_negative(ours, theirs);
	return (shape->q->type == KNOT_RRTYPE_RRSIG || shape->q->type == KNOT_RRTYPE_NSEC) &&
	       !zone_name_rrset(name, shape->q->type) &&
	       !section_find(answer_of(ours), at, KNOT_RRTYPE_CNAME) &&
	       section_find(answer_of(theirs), at, KNOT_RRTYPE_CNAME);
}

/* The name, one above it in the zone, or the wildcard beside it is not in the zone but in the data of another. */
static bool is_in_other_zone(const struct zones *zones, const struct compare_zone *zone,
			     const knot_dname_t *name)
{
	const struct zone_name *encloser = zone_encloser_of(zone, name);
	knot_dname_storage_t wild;
	const knot_dname_t *at;
	bool can_match = shape_put_wildcard(wild, encloser);
	size_t i;

	for (i = 0; i < zones->n; i++) {
		if (zones->all[i].zone == zone->zone)
			continue;
		if (can_match && !zone_find(zone->zone, wild) &&
		    zone_find(zones->all[i].zone, wild))
			return true;
		for (at = name; !knot_dname_is_case_equal(at, encloser->owner);
		     at = knot_wire_next_label(at, NULL))
			if (zone_find(zones->all[i].zone, at))
				return true;
	}
	return false;
}

static bool is_t12(const struct zones *zones, const struct shape *shape, const struct message *ours,
		   const struct message *theirs)
{
	return is_negative(ours, theirs) &&
	       (is_in_other_zone(zones, shape->own, shape->q->name) ||
		(shape->zone && is_in_other_zone(zones, shape->zone, shape->end)));
}

/* ---- T13, T14: proofs left out ---- */

/* nsd takes a wildcard for one only while it knows no name below that, be it in RDATA alone: of the three proofs the one that
 * matches the encloser is missing. */
static bool nsd_misses_encloser(const struct shape *shape, const struct message *ours,
				const struct message *theirs)
{
	const knot_rrset_t *missing = missing_denial(shape, ours, theirs);

	return shape->wildcard && missing && missing->type == KNOT_RRTYPE_NSEC3 &&
	       section_find(authority_of(ours), NULL, KNOT_RRTYPE_SOA);
}

static bool has_zero_octet(const knot_dname_t *name)
{
	size_t i;

	for (; *name; name += 1 + *name)
		for (i = 1; i <= *name; i++)
			if (!name[i])
				return true;
	return false;
}

/* knot 3.2 takes the wildcard's own NSEC in the answer, under the question's name, for the proof as well. */
static bool knot_answers_proof(const struct shape *shape, const struct message *ours,
			       const struct message *theirs)
{
	const knot_rrset_t *missing = missing_denial(shape, ours, theirs);

	return missing && shape->q->type == KNOT_RRTYPE_NSEC && shape->wildcard &&
	       section_find(answer_of(ours), shape->end, KNOT_RRTYPE_NSEC) &&
	       knot_dname_is_case_equal(missing->owner, shape->wildcard->owner);
}

/* knot 3.2 does not see that a name whose first label is "*" was answered from another wildcard. */
static bool knot_misses_expansion(const struct zones *zones, const struct shape *shape,
				  const struct message *ours)
{
	const struct compare_zone *zone;
	const knot_dname_t *at = shape->q->name;
	unsigned int n;

	for (n = 0; at && n <= shape->links; n++, at = shape_next_link(ours, at)) {
		zone = zones_of(zones, at);
		if (zone && *at == 1 && at[1] == '*' && shape_wildcard_of(zone, at))
			return true;
	}
	return false;
}

/* The NSEC that says that there are names below the wildcard, which itself has none (RFC 4592 section 2.2.2); or the NSEC3 with
 * opt-out that covers it, where all of these are insecure cuts. */
static bool misses_empty_wildcard(const struct shape *shape, const struct message *ours,
				  const struct message *theirs)
{
	const knot_rrset_t *missing = missing_denial(shape, ours, theirs);

	if (!missing || !shape->wildcard || shape->wildcard->n_sets)
		return false;
	if (missing->type == KNOT_RRTYPE_NSEC3)
		return shape->zone->opt_out && (knot_nsec3_flags(missing->rrs.rdata) & 1);
	return knot_dname_in_bailiwick(knot_nsec_next(missing->rrs.rdata), shape->wildcard->owner) >
	       0;
}

/* Below an empty non-terminal that opt-out leaves out of the chain, where the encloser that can be proved has a wildcard, there
 * is no proof that this does not apply: knot 3.2 ends with an error. */
static bool knot_fails(const struct shape *shape, const struct message *ours,
		       const struct message *theirs)
{
	return shape->q->dnssec && shape->zone->opt_out && !shape->encloser->n_sets &&
	       MESSAGE_RCODE(ours) == KNOT_RCODE_NXDOMAIN &&
	       MESSAGE_RCODE(theirs) == KNOT_RCODE_NXDOMAIN && !MESSAGE_AA(theirs) &&
	       !answer_of(theirs)->n && !authority_of(theirs)->n;
}

/* ---- T15, T16: below a DNAME ---- */

/* What knot adds to our answer: DNAMEs of the zone with their signatures, and the CNAMEs that it makes of names cut off. */
static bool adds_only_dnames(const struct section *theirs, const struct section *ours)
{
	size_t i;

	for (i = 0; i < theirs->n; i++) {
		const knot_rrset_t *rr = theirs->rr[i];

		if (!section_has(ours, rr) && rr->type != KNOT_RRTYPE_DNAME &&
		    rr->type != KNOT_RRTYPE_CNAME && rr->type != KNOT_RRTYPE_RRSIG)
			return false;
	}
	return true;
}

static bool is_t15(const struct message *ours, const struct message *theirs)
{
	if (MESSAGE_RCODE(ours) != KNOT_RCODE_YXDOMAIN || MESSAGE_AA(ours) != MESSAGE_AA(theirs) ||
	    !section_within(answer_of(ours), answer_of(theirs)))
		return false;
	if (MESSAGE_RCODE(theirs) == KNOT_RCODE_YXDOMAIN) /* and what the name is that it cut off */
		return true;
	return MESSAGE_RCODE(theirs) == KNOT_RCODE_NXDOMAIN &&
	       adds_only_dnames(answer_of(theirs), answer_of(ours)) &&
	       (!authority_of(theirs)->n || says_no(theirs));
}

static bool is_t16(const struct shape *shape, const struct message *ours,
		   const struct message *theirs)
{
	const knot_dname_t *at = shape_name_sought(shape->q, ours);

	return shape->q->type == KNOT_RRTYPE_ANY && at && at != shape->q->name &&
	       !MESSAGE_RCODE(theirs) && MESSAGE_AA(theirs) && !authority_of(theirs)->n &&
	       section_find(answer_of(theirs), shape->q->name, KNOT_RRTYPE_CNAME) &&
	       section_within(answer_of(theirs), answer_of(ours));
}

/* ---- T17: another NSEC ---- */

static bool is_at_empty_asterisk(const struct shape *shape)
{
	const struct zone *zone = shape->zone->zone;
	const struct zone_name *name;

	for (name = shape->encloser; name; name = zone_parent(zone, name))
		if (!name->n_sets && name->owner[0] == 1 && name->owner[1] == '*')
			return true;
	return shape->wildcard && !shape->wildcard->n_sets;
}

/* At or below a "*" that is an empty non-terminal: not the NSEC that covers it, or the wildcard, but one before it in the chain. */
static bool is_t17(const struct shape *shape, const struct message *ours,
		   const struct message *theirs)
{
	const knot_rrset_t *right, *wrong;
	knot_dname_storage_t is, should;

	if (!only_denials_differ(shape, ours, theirs) || !is_at_empty_asterisk(shape))
		return false;
	right = only_in(authority_of(ours), authority_of(theirs));
	wrong = only_in(authority_of(theirs), authority_of(ours));
	if (!right || !wrong || right->type != KNOT_RRTYPE_NSEC || wrong->type != KNOT_RRTYPE_NSEC)
		return false;
	knot_dname_copy_lower(is, wrong->owner);
	knot_dname_copy_lower(should, right->owner);
	return zone_order(is, should) < 0;
}

/* ---- T18: what the size is ---- */

static bool is_t18(const struct question *q, const struct message *theirs)
{
	return q->edns && q->edns_size == 1 && MESSAGE_RCODE(theirs) == KNOT_RCODE_FORMERR &&
	       !answer_of(theirs)->n && !authority_of(theirs)->n;
}

static enum tolerance fault_of_nsd(const struct zones *zones, const struct shape *shape,
				   const struct message *ours, const struct message *theirs)
{
	if (is_t11(shape, ours, theirs))
		return T11;
	if (is_t12(zones, shape, ours, theirs))
		return T12;
	if (is_t9(shape, ours, theirs))
		return T9;
	return shape->zone && nsd_misses_encloser(shape, ours, theirs) ? T13 : T_NONE;
}

static enum tolerance fault_of_knot(const struct zones *zones, const struct shape *shape,
				    const struct message *ours, const struct message *theirs)
{
	if (knot_fails(shape, ours, theirs))
		return T13;
	if (!only_denials_differ(shape, ours, theirs))
		return T_NONE;
	if ((has_zero_octet(shape->q->name) && has_nsec(shape->zone)) ||
	    knot_answers_proof(shape, ours, theirs))
		return T13;
	return knot_misses_expansion(zones, shape, ours) &&
			       section_within(authority_of(theirs), authority_of(ours))
		       ? T13
		       : T_NONE;
}

enum tolerance fault_of(const struct zones *zones, const struct question *q, enum server_kind kind,
			const struct message *ours, const struct message *theirs)
{
	struct shape shape;

	shape_read(&shape, zones, q, ours);
	if (!shape.own)
		return T_NONE;
	if (kind == SERVER_KNOT && is_t18(q, theirs))
		return T18;
	if (kind == SERVER_KNOT && is_t15(ours, theirs))
		return T15;
	if (kind == SERVER_NAMED && is_t16(&shape, ours, theirs))
		return T16;
	if (kind == SERVER_NSD)
		return fault_of_nsd(zones, &shape, ours, theirs);
	if (!shape.zone)
		return T_NONE;
	if (misses_empty_wildcard(&shape, ours, theirs))
		return T14;
	if (kind == SERVER_NAMED && is_t17(&shape, ours, theirs))
		return T17;
	return kind == SERVER_KNOT ? fault_of_knot(zones, &shape, ours, theirs) : T_NONE;
}
