// SPDX-License-Identifier: GPL-3.0-or-later
#include "compare.h"

#include <string.h>

#define LINKS_MAX 32
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

/* Follows the answer's CNAMEs from the question's name on: their number and the last name. */
static unsigned int follow_chain(const struct question *q, const struct message *msg,
				 const knot_dname_t **ret_end)
{
	const knot_dname_t *at = q->name;
	const knot_rrset_t *link;
	unsigned int n = 0;

	while (n < LINKS_MAX && (link = section_find(answer_of(msg), at, KNOT_RRTYPE_CNAME))) {
		at = knot_cname_name(link->rrs.rdata);
		n++;
	}
	*ret_end = at;
	return n;
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

/* T4. Past 5 links knot stops; past 11 named says SERVFAIL. Out of the zone: what the others add behind our last link is of
 * another zone. */
static bool is_shorter_chain(const struct zones *zones, const struct question *q,
			     const struct message *ours, const struct message *theirs)
{
	const knot_dname_t *end, *their_end;
	unsigned int n = follow_chain(q, ours, &end),
		     theirs_n = follow_chain(q, theirs, &their_end);
	const struct compare_zone *zone = zones_of(zones, q->name);

	if (!n || MESSAGE_AA(ours) != MESSAGE_AA(theirs))
		return false;
	if (theirs_n >= LINKS_OF_KNOT &&
	    (theirs_n < n || MESSAGE_RCODE(theirs) == KNOT_RCODE_SERVFAIL) &&
	    section_within(answer_of(theirs), answer_of(ours)))
		return true;
	return zones_of(zones, end) != zone && !MESSAGE_RCODE(ours) &&
	       is_own_referral(zone, ours) && section_within(answer_of(ours), answer_of(theirs));
}

static bool put_wildcard(knot_dname_t *to, const struct zone_name *encloser)
{
	size_t len = knot_dname_size(encloser->owner);

	if (len + 2 > KNOT_DNAME_MAXLEN)
		return false;
	memcpy(to, "\001*", 2);
	memcpy(to + 2, encloser->owner, len);
	return true;
}

/* T5 */
static bool is_subset_of_node(const struct zones *zones, const struct question *q,
			      const struct message *ours, const struct message *theirs)
{
	const struct section *s = answer_of(ours);
	const struct compare_zone *zone = zones_of(zones, q->name);
	knot_dname_storage_t wild;
	const struct zone_name *above;
	size_t i;

	if ((q->type != KNOT_RRTYPE_ANY && q->type != KNOT_RRTYPE_RRSIG) || !s->n || !zone ||
	    (!answer_of(theirs)->n && !MESSAGE_TC(theirs)) ||
	    MESSAGE_AA(ours) != MESSAGE_AA(theirs) || MESSAGE_RCODE(ours) != MESSAGE_RCODE(theirs))
		return false;
	above = zone_encloser_of(zone, q->name);
	if (!above || !put_wildcard(wild, above))
		return false;
	for (i = 0; i < s->n; i++)
		if (!section_has(answer_of(theirs), s->rr[i]) &&
		    !zone_has_record(zone, q->name, s->rr[i]) &&
		    !zone_has_record(zone, wild, s->rr[i]))
			return false;
	return true;
}

static bool is_denial(const knot_rrset_t *rr)
{
	uint16_t type = rr->type == KNOT_RRTYPE_RRSIG ? knot_rrsig_type_covered(rr->rrs.rdata)
						      : rr->type;

	return type == KNOT_RRTYPE_NSEC || type == KNOT_RRTYPE_NSEC3;
}

static const struct zone_name *covering_wildcard(const struct compare_zone *zone,
						 const knot_dname_t *name)
{
	const struct zone_name *above = zone_encloser_of(zone, name);
	knot_dname_storage_t wild;

	if (!above)
		return NULL;
	if (knot_dname_is_case_equal(above->owner, name)) /* the wildcard asked by its name */
		return *name == 1 && name[1] == '*' ? above : NULL;
	return put_wildcard(wild, above) ? zone_find(zone->zone, wild) : NULL;
}

/* The first wildcard that covers a name of the chain. */
static const struct zone_name *
find_wildcard_link(const struct zones *zones, const struct question *q, const struct message *ours)
{
	const knot_dname_t *at = q->name;
	const struct compare_zone *zone;
	const struct zone_name *wild;
	const knot_rrset_t *link;
	unsigned int n;

	for (n = 0; n < LINKS_MAX; n++) {
		zone = zones_of(zones, at);
		wild = zone ? covering_wildcard(zone, at) : NULL;
		if (wild)
			return wild;
		link = section_find(answer_of(ours), at, KNOT_RRTYPE_CNAME);
		if (!link)
			break;
		at = knot_cname_name(link->rrs.rdata);
	}
	return NULL;
}

/* T7 */
static bool is_nsd_wildcard_nodata(const struct zones *zones, const struct question *q,
				   const struct message *ours, const struct message *theirs)
{
	const struct section *s = authority_of(theirs);
	size_t i;

	if (!q->dnssec || MESSAGE_RCODE(ours) || MESSAGE_RCODE(theirs) ||
	    !section_find(authority_of(ours), NULL, KNOT_RRTYPE_SOA) ||
	    !find_wildcard_link(zones, q, ours) ||
	    !section_same(answer_of(ours), answer_of(theirs)) ||
	    !section_within(authority_of(ours), s))
		return false;
	for (i = 0; i < s->n; i++)
		if (!section_has(authority_of(ours), s->rr[i]) && !is_denial(s->rr[i]))
			return false;
	return true;
}

static bool same_but_denials(const struct section *a, const struct section *b)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (!section_has(b, a->rr[i]) && !is_denial(a->rr[i]))
			return false;
	return true;
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

/* T13, T14, or T_NONE. */
static enum tolerance leaves_out_proof(const struct zones *zones, const struct question *q,
				       enum server_kind kind, const struct message *ours,
				       const struct message *theirs)
{
	const struct zone_name *wild;

	if (!q->dnssec || MESSAGE_RCODE(ours) != MESSAGE_RCODE(theirs))
		return T_NONE;
	if (kind == SERVER_KNOT && !MESSAGE_AA(theirs) &&
	    MESSAGE_RCODE(ours) == KNOT_RCODE_NXDOMAIN)
		return authority_of(theirs)->n ? T_NONE : T13;
	if (MESSAGE_AA(ours) != MESSAGE_AA(theirs) ||
	    !section_same(answer_of(ours), answer_of(theirs)) ||
	    !same_but_denials(authority_of(ours), authority_of(theirs)) ||
	    !same_but_denials(authority_of(theirs), authority_of(ours)))
		return T_NONE;
	wild = find_wildcard_link(zones, q, ours);
	if (wild && section_within(authority_of(theirs), authority_of(ours)))
		return wild->n_sets ? T13 : T14;
	if (kind == SERVER_KNOT &&
	    (has_zero_octet(q->name) || (q->name[0] == 1 && q->name[1] == '*')))
		return T13;
	return T_NONE;
}

/* T8 */
static bool is_nsec_at_cut(const struct zones *zones, const struct question *q)
{
	const struct compare_zone *zone = zones_of(zones, q->name);
	const struct zone_name *cut = zone ? zone_cut_of(zone, q->name) : NULL;

	return q->type == KNOT_RRTYPE_NSEC && cut && knot_dname_is_case_equal(cut->owner, q->name);
}

/* T9 */
static bool nsd_proves_wrongly(const struct compare_zone *zone, const struct question *q,
			       const struct message *ours, const knot_dname_t *end)
{
	const struct zone_name *above = zone_encloser_of(zone, end);

	if (q->dnssec && MESSAGE_RCODE(ours) == KNOT_RCODE_NXDOMAIN &&
	    section_find(answer_of(ours), NULL, KNOT_RRTYPE_DNAME) &&
	    section_find(authority_of(ours), NULL, KNOT_RRTYPE_NSEC))
		return true;
	if (q->dnssec && zone->opt_out && above && !above->n_sets)
		return true;
	if (q->dnssec && zone->zone->is_signed && !zone->zone->is_nsec3 &&
	    MESSAGE_RCODE(ours) == KNOT_RCODE_NXDOMAIN && above &&
	    zone_has_below(zone->zone, above)) /* "*" sorts between the names below the encloser */
		return true;
	for (; *end; end = knot_wire_next_label(end, NULL)) {
		above = zone_find(zone->zone, end);
		if (above)
			return zone_is_nsec3_owner(zone, above);
	}
	return false;
}

/* T11 */
static bool is_proof_type_at_cname(const struct compare_zone *zone, const struct question *q)
{
	const struct zone_name *name = zone_encloser_of(zone, q->name);
	knot_dname_storage_t wild;

	if (q->type != KNOT_RRTYPE_RRSIG && q->type != KNOT_RRTYPE_NSEC &&
	    q->type != KNOT_RRTYPE_NSEC3)
		return false;
	if (name && !knot_dname_is_case_equal(name->owner, q->name) && put_wildcard(wild, name))
		name = zone_find(zone->zone, wild);
	return name && zone_name_rrset(name, KNOT_RRTYPE_CNAME);
}

/* T12: the name, or one above it in the zone that answers, is not in that zone but in the data of another. */
static bool is_in_other_zone(const struct zones *zones, const struct compare_zone *zone,
			     const knot_dname_t *name)
{
	const knot_dname_t *at;
	size_t i;

	for (at = name; *at && !knot_dname_is_case_equal(at, zone->zone->apex);
	     at = knot_wire_next_label(at, NULL))
		for (i = 0; !zone_find(zone->zone, at) && i < zones->n; i++)
			if (zone_find(zones->all[i].zone, at))
				return true;
	return false;
}

static const struct compare_zone *
zone_that_answers(const struct zones *zones, const struct question *q, const knot_dname_t *end)
{
	const struct compare_zone *zone = zones_of(zones, end), *above;

	if (zone && q->type == KNOT_RRTYPE_DS && knot_dname_is_case_equal(zone->zone->apex, end)) {
		above = zones_above(zones, end);
		zone = above ? above : zone;
	}
	return zone;
}

enum tolerance judge_nsd_is_wrong(const struct zones *zones, const struct question *q,
				  const struct message *ours)
{
	const struct compare_zone *zone, *own = zones_of(zones, q->name);
	const knot_dname_t *end;

	follow_chain(q, ours, &end);
	zone = zone_that_answers(zones, q, end);
	if (!own)
		return T_NONE;
	if (is_proof_type_at_cname(own, q))
		return T11;
	if (nsd_proves_wrongly(own, q, ours, q->name))
		return T9;
	if (is_in_other_zone(zones, own, q->name))
		return T12;
	if (!zone)
		return T_NONE;
	if (q->type == KNOT_RRTYPE_DS && follow_chain(q, ours, &end) && zone != own)
		return T4; /* for nsd the chain goes on in the zone above */
	if (nsd_proves_wrongly(zone, q, ours, end))
		return T9;
	return is_in_other_zone(zones, zone, end) ? T12 : T_NONE;
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
	enum tolerance left_out;

	if (!theirs->parsed) {
		v.differs = "no reply, or one that does not parse";
		return v;
	}
	v.differs = compare_all(zones, ours, theirs);
	if (!v.differs)
		v.tolerances = equal_but(ours, theirs);
	else if (kind == SERVER_NAMED && is_nsec_at_cut(zones, q))
		v = (struct verdict){ .tolerances = TOLERANCE_BIT(T8) };
	else if (is_subset_of_node(zones, q, ours, theirs))
		v = (struct verdict){ .tolerances = TOLERANCE_BIT(T5) };
	else if (is_shorter_chain(zones, q, ours, theirs))
		v = (struct verdict){ .tolerances = TOLERANCE_BIT(T4) };
	else if (kind == SERVER_NSD && is_nsd_wildcard_nodata(zones, q, ours, theirs))
		v = (struct verdict){ .tolerances = TOLERANCE_BIT(T7) };
	else if ((left_out = leaves_out_proof(zones, q, kind, ours, theirs)) != T_NONE)
		v = (struct verdict){ .tolerances = TOLERANCE_BIT(left_out) };
	return v;
}
