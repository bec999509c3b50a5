/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One version of a zone as render looks at it: how its names stand, what covers them, its denial chain. */
#ifndef VIEW_H
#define VIEW_H

#include "denial.h"
#include "render.h"
#include "zone.h"

/* What covers the name that was asked for last of those with so many labels: names that are looked at
 * one after the other have most of what is above them in common. */
struct view_memo {
	const struct zone_name *name, *cover;
};

struct view {
	const struct zone *zone; /* NULL: there is none */
	const struct render_zones *zones;
	struct view_memo *memo; /* of KNOT_DNAME_MAXLABELS + 1, zeroed */
	struct denial denial;
};

/* How a name of the zone stands, when nothing above it covers it. */
enum view_state {
	VIEW_NONE,  /* no name: it holds nothing, or NSEC3 alone, or is another served zone's */
	VIEW_DATA,  /* authoritative data, or an empty non-terminal */
	VIEW_CUT,   /* a delegation */
	VIEW_PROOF, /* no name either, but its NSEC3 is in the denial chain */
};

enum view_state view_state(const struct view *view, const struct zone_name *name);
/* The same with what covers it; of no name (NULL): none. */
enum view_state view_place(const struct view *view, const struct zone_name *name);

/* Nothing but NSEC3 with its signatures, or nothing at all. */
bool view_is_bare(const struct zone_name *name);
bool view_is_cut(const struct zone_name *name);
/* Another served zone has its apex here. */
bool view_is_other(const struct view *view, const struct zone_name *name);
/* As what a name covers those below it: they are not this zone's to answer (RFC 1034 section 4.2.1), or do
 * not exist (RFC 6672 section 2.4). */
enum view_covering {
	VIEW_COVERS_NOT = 0,
	VIEW_COVERS_CUT,
	VIEW_COVERS_OTHER, /* the apex of another served zone */
	VIEW_COVERS_DNAME,
};

enum view_covering view_covers(const struct view *view, const struct zone_name *name);
/* The highest name above that covers this one (as a cut, a DNAME, another served zone); NULL: none. */
const struct zone_name *view_cover(const struct view *view, const struct zone_name *name);

/* The name of a wildcard below it that has something to say; NULL: there is none. */
const struct zone_name *view_wildcard(const struct view *view, const struct zone_name *name);
/* "*" below the name; false: it would be too long. */
bool view_wildcard_name(knot_dname_storage_t ret_wildcard, const knot_dname_t *name);
/* The part of `name` that is one label longer than `above`, which it is below. */
const knot_dname_t *view_next_closer(const knot_dname_t *name, const knot_dname_t *above);
/* The deepest name of the zone's that is there, at or above. */
const struct zone_name *view_find_above(const struct view *view, const knot_dname_t *lower);

/* A walk along the names at and below one. */
struct view_walk {
	const struct view *view;
	struct tree_cursor at;
	const struct zone_name *next; /* NULL: done */
	const struct zone_name
		*cover;		 /* the highest name that covers what comes next, or came before */
	const knot_dname_t *top; /* where it began */
};

/* A zone that does not have the name has nothing below it. */
void view_walk_begin(struct view_walk *walk, const struct view *view, const knot_dname_t *top);
/* Takes the next name. */
enum view_state view_walk_take(struct view_walk *walk);

#endif /* VIEW_H */
