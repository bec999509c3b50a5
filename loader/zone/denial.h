/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The denial chain of a signed zone: its NSEC owners in canonical order (RFC 4034 section 6.1), or
 * the owners of the NSEC3 records that NSEC3PARAM at the apex chooses, by their hashes (RFC 5155).
 * Used only when it is complete: closed, signed, and with every name that has to be in it.
 */
#ifndef DENIAL_H
#define DENIAL_H

#include <stdbool.h>
#include <stddef.h>

#include "../store/store.h"
#include "nsec3.h"
#include "zone.h"

struct render;

struct denial_link {
	const struct zone_name *name; /* that owns the record */
	struct store_proof proof;     /* the same for the store */
	const knot_rdata_t *rdata;
	uint8_t hash[NSEC3_HASH_LEN]; /* NSEC3 */
	bool is_opt_out;
};

struct denial {
	bool is_nsec3;
	bool is_complete;
	struct nsec3_params params;
	struct denial_link *link;
	size_t n, room;
	/* Where it is not complete: the first gap. */
	const knot_dname_t *gap;
	const char *gap_text;
};

/* Reads the chain of a zone that is signed (else: there is none, and none is missed). The chain
 * points into the zone. -ENOMEM. */
int denial_init(struct denial *ret_denial, const struct render *render, const struct zone *zone);
void denial_done(struct denial *denial);

/* The link of the name itself, or the one that covers it. Only in a complete chain; the name is of
 * the zone, and lower-cased. -ENOMEM. */
int denial_find(const struct denial *denial, const knot_dname_t *name,
		const struct denial_link **ret_link, bool *ret_match);

/* The link whose record has that owner; NULL: none. */
const struct denial_link *denial_link_of(const struct denial *denial, const knot_dname_t *owner);

/* Whether both have the same owners with the same meaning for other names. */
bool denial_same_owners(const struct denial *a, const struct denial *b);

#endif /* DENIAL_H */
