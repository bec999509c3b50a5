/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The denial chain of a signed zone: its NSEC owners in canonical order (RFC 4034 section 6.1), or
 * the owners of the NSEC3 records that NSEC3PARAM at the apex chooses, by their hashes (RFC 5155).
 * Used only when it is complete: closed, signed, and with every name that has to be in it.
 *
 * Nothing of it is kept but whether it is complete: the links are found in the zone. Owners of NSEC3
 * stand one label below the apex, so their canonical order is that of the hashes.
 */
#ifndef DENIAL_H
#define DENIAL_H

#include <stdbool.h>
#include <stddef.h>

#include "../store/store.h"
#include "nsec3.h"
#include "zone.h"

struct view;

struct denial_link {
	const struct zone_name *name; /* that owns the record */
	struct store_proof proof;     /* the same for the store */
	const knot_rdata_t *rdata;
	uint8_t hash[NSEC3_HASH_LEN]; /* NSEC3 */
	bool is_opt_out;
};

/* What was found for the names that were asked for last: most are again, soon. */
#define DENIAL_MEMOS 16u

struct denial_memo {
	bool is_used;
	knot_dname_storage_t name;
	struct denial_link link;
	bool match;
};

struct denial {
	bool is_nsec3;
	bool is_complete;
	struct nsec3_params params;
	/* Where it is not complete: the first gap. */
	const knot_dname_t *gap;
	const char *gap_text;
	struct denial_memo *memo; /* of DENIAL_MEMOS; made when it is needed */
};

/* Reads what the apex says of the chain. is_complete says that nothing is known against it: that it is in
 * fact is for the checks below to say. A zone that is not signed has none, and misses none. */
void denial_begin(struct view *view);
void denial_done(struct view *view);

/* Whether there is anything to check: the zone is signed. */
bool denial_is_meant(const struct view *view);

/* The link that the name owns; false: none. */
bool denial_link_of(const struct view *view, const struct zone_name *name,
		    struct denial_link *ret_link);
/* The link of the name itself, or the one that covers it. The name is of the zone, and lower-cased.
 * -ENOENT: the chain has no links; -ENOMEM. */
int denial_find(struct view *view, const knot_dname_t *name, struct denial_link *ret_link,
		bool *ret_match);
/* NSEC3: the closest encloser as it can be proved. Above an empty non-terminal that opt-out hides
 * (RFC 5155 section 7.1) it is a name higher up; the next closer name is then fixed. */
struct denial_provable {
	const struct zone_name *name;
	struct denial_link match;
	const knot_dname_t *next; /* NULL: `name` is the encloser itself */
};

/* Calls `each` (may be NULL) for the links that decide, but not for the apex's own. -ENOENT: there is
 * none, so the chain is not complete; -ENOMEM. */
int denial_find_provable(struct view *view, const struct zone_name *encloser,
			 struct denial_provable *ret_provable,
			 void (*each)(const struct denial_link *link, void *arg), void *arg);

/* The link that has or covers the place which an owner of a link has in the chain, and the one behind such
 * a place; false: the chain has no links. */
bool denial_at(const struct view *view, const knot_dname_t *owner, struct denial_link *ret_link);
bool denial_before(const struct view *view, const knot_dname_t *owner,
		   struct denial_link *ret_link);
bool denial_behind(const struct view *view, const knot_dname_t *owner,
		   struct denial_link *ret_link);

/* Calls `each` for all links in order, until that is not 0, which is returned. */
int denial_each(const struct view *view, int (*each)(const struct denial_link *link, void *arg),
		void *arg);

/* ---- checks: each notes the first gap, and that the chain is not complete ---- */

/* That the name is in the chain, or may be missed there. -ENOMEM. */
int denial_check_name(struct view *view, const struct zone_name *name, int state);
/* That one link leads to the next, and can be told from it in the store. */
void denial_check_pair(struct view *view, const struct denial_link *link,
		       const struct denial_link *next);
/* The same for the links around the name. */
void denial_check_around(struct view *view, const knot_dname_t *owner);

/* All of a zone, while its names are walked along. */
struct denial_check {
	struct denial_link first, last;
	size_t n;
};
int denial_check_next(struct denial_check *check, struct view *view, const struct zone_name *name,
		      int state);
void denial_check_end(struct denial_check *check, struct view *view);

#endif /* DENIAL_H */
