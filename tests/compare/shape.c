// SPDX-License-Identifier: GPL-3.0-or-later
#include "shape.h"

#include <string.h>

#define LINKS_MAX 32

const knot_dname_t *shape_next_link(const struct message *msg, const knot_dname_t *at)
{
	const knot_rrset_t *link =
		section_find(&msg->section[SECTION_ANSWER], at, KNOT_RRTYPE_CNAME);

	return link ? knot_cname_name(link->rrs.rdata) : NULL;
}

/* DS at an apex is the parent's (RFC 4035 section 3.1.4.1). */
static const struct compare_zone *zone_that_answers(const struct zones *zones, uint16_t type,
						    const knot_dname_t *name)
{
	const struct compare_zone *zone = zones_of(zones, name), *above;

	if (zone && type == KNOT_RRTYPE_DS && knot_dname_is_case_equal(zone->zone->apex, name)) {
		above = zones_above(zones, name);
		zone = above ? above : zone;
	}
	return zone;
}

void shape_read(struct shape *ret_shape, const struct zones *zones, const struct question *q,
		const struct message *ours)
{
	struct shape *shape = ret_shape;
	const knot_dname_t *next;

	*shape = (struct shape){ .q = q,
				 .own = zone_that_answers(zones, q->type, q->name),
				 .end = q->name };
	while (shape->links < LINKS_MAX && (next = shape_next_link(ours, shape->end))) {
		shape->end = next;
		shape->links++;
	}
	shape->zone = zone_that_answers(zones, q->type, shape->end);
	if (!shape->zone)
		return;
	shape->encloser = zone_encloser_of(shape->zone, shape->end);
	shape->wildcard = shape_wildcard_of(shape->zone, shape->end);
}

const knot_dname_t *shape_name_sought(const struct question *q, const struct message *ours)
{
	const struct section *s = &ours->section[SECTION_ANSWER];
	knot_dname_storage_t name, owner;
	size_t i;

	knot_dname_copy_lower(name, q->name);
	for (i = 0; i < s->n; i++) {
		knot_dname_copy_lower(owner, s->rr[i]->owner);
		if (s->rr[i]->type == KNOT_RRTYPE_DNAME && knot_dname_in_bailiwick(name, owner) > 0)
			return shape_next_link(ours, q->name);
	}
	return q->name;
}

bool shape_put_wildcard(knot_dname_t *to, const struct zone_name *encloser)
{
	size_t len = knot_dname_size(encloser->owner);

	if (len + 2 > KNOT_DNAME_MAXLEN)
		return false;
	memcpy(to, "\001*", 2);
	memcpy(to + 2, encloser->owner, len);
	return true;
}

const struct zone_name *shape_wildcard_of(const struct compare_zone *zone, const knot_dname_t *name)
{
	const struct zone_name *above = zone_encloser_of(zone, name);
	knot_dname_storage_t wild;

	if (!above || knot_dname_is_case_equal(above->owner, name) ||
	    !shape_put_wildcard(wild, above))
		return NULL;
	return zone_find(zone->zone, wild);
}

/* The wildcard asked by its name counts too. */
static const struct zone_name *wildcard_at(const struct compare_zone *zone,
					   const knot_dname_t *name)
{
	const struct zone_name *found = shape_wildcard_of(zone, name);

	return !found && *name == 1 && name[1] == '*' ? zone_find(zone->zone, name) : found;
}

const struct zone_name *shape_wildcard_link(const struct zones *zones, const struct question *q,
					    const struct message *ours)
{
	const struct compare_zone *zone;
	const struct zone_name *wild;
	const knot_dname_t *at = q->name;
	unsigned int n;

	for (n = 0; at && n < LINKS_MAX; n++, at = shape_next_link(ours, at)) {
		zone = zones_of(zones, at);
		wild = zone ? wildcard_at(zone, at) : NULL;
		if (wild)
			return wild;
	}
	return NULL;
}

bool shape_is_denial(const knot_rrset_t *rr)
{
	uint16_t type = rr->type == KNOT_RRTYPE_RRSIG ? knot_rrsig_type_covered(rr->rrs.rdata)
						      : rr->type;

	return type == KNOT_RRTYPE_NSEC || type == KNOT_RRTYPE_NSEC3;
}
