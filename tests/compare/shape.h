/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a question meets in the zones, as our answer's chain of CNAMEs leads. */
#ifndef SHAPE_H
#define SHAPE_H

#include "compare.h"

struct shape {
	const struct question *q;
	const struct compare_zone *own,
		*zone; /* of the question's name; that answers for the last one (NULL: none) */
	const knot_dname_t *end; /* the last name */
	unsigned int links;	 /* CNAMEs up to it */
	const struct zone_name *encloser,
		*wildcard; /* of the last name: itself or the deepest above; what covers it */
};

void shape_read(struct shape *ret_shape, const struct zones *zones, const struct question *q,
		const struct message *ours);
/* The next name of the chain behind `at`; NULL: it was the last. */
const knot_dname_t *shape_next_link(const struct message *msg, const knot_dname_t *at);
/* What is looked for in the zone: the question's name, or its target where that is below a DNAME; NULL: that is too long. */
const knot_dname_t *shape_name_sought(const struct question *q, const struct message *ours);
/* "*" below the name; false: that would be too long. */
bool shape_put_wildcard(knot_dname_t *to, const struct zone_name *encloser);
/* The wildcard of the zone that the name, which does not exist, is answered from; NULL: none. */
const struct zone_name *shape_wildcard_of(const struct compare_zone *zone,
					  const knot_dname_t *name);
/* The first wildcard that covers a name of the chain. */
const struct zone_name *shape_wildcard_link(const struct zones *zones, const struct question *q,
					    const struct message *ours);
/* NSEC, NSEC3 and their signatures. */
bool shape_is_denial(const knot_rrset_t *rr);

#endif /* SHAPE_H */
