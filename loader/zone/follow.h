/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a name is, and where a CNAME leads: the chain of CNAMEs inside the zone, through wildcards and DNAMEs
 * too (RFC 1034 section 4.3.2, step 3a; RFC 6672 section 3.2).
 */
#ifndef FOLLOW_H
#define FOLLOW_H

#include "view.h"

#define CHAIN_LINKS_MAX 16u

enum place {
	PLACE_OUTSIDE,	/* in another zone, served or not; below the encloser, if there is one */
	PLACE_NAME,	/* a name with data, or an empty non-terminal */
	PLACE_WILDCARD, /* covered by a wildcard */
	PLACE_ABSENT,	/* no name of the zone */
	PLACE_CUT,	/* at or below a cut */
	PLACE_DNAME,	/* below a DNAME */
	PLACE_LONG,	/* below a DNAME that makes the name too long */
	PLACE_ODD,	/* covered by a wildcard that is a cut or a DNAME */
};

struct location {
	enum place place;
	const struct zone_name *name; /* the name, wildcard, cut, or the DNAME's owner */
	const struct zone_name *encloser;
};

/* A CNAME of the chain, in the zone or made of a DNAME, and the name that it stands at. */
struct chain_link {
	const knot_dname_t *owner; /* as the CNAME before spells it; NULL: the question's name */
	knot_dname_storage_t lower;
	struct location at;
	/* PLACE_DNAME: the RDATA of the CNAME that is made; parts in work point into it */
	_Alignas(knot_rdata_t) uint8_t made[sizeof(knot_rdata_t) + KNOT_DNAME_MAXLEN];
};

/* link[n] is the end; it has no CNAME, or lies outside. */
struct chain {
	unsigned int n;
	struct chain_link link[CHAIN_LINKS_MAX + 1];
};

/* Follows the CNAME that the name of the zone has. false: there is no end, or one that is too far; the chain
 * is as far as it went. */
bool chain_follow(struct chain *chain, const struct view *view, const struct zone_name *name);

/* The CNAME at the place; NULL: none. */
const struct zone_rrset *chain_cname(const struct location *at);

/* A second visit of a name, of a wildcard or of a DNAME, whatever led there, may be a loop; it would
 * put a DNAME into the answer twice. */
bool chain_was_at(const struct chain *chain, const struct zone_name *name);

#endif /* FOLLOW_H */
