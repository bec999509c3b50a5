/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who quotes whom. What render says of a name is made of the name's own RRsets, of what stands directly
 * above and below it, and of what it takes from elsewhere in the zone: that is what it quotes, and
 * quotes_of() says what. The index has a key for each, so that who quotes a changed name is found without
 * a walk over the zone.
 */
#ifndef QUOTES_H
#define QUOTES_H

#include "view.h"

enum quote {
	QUOTE_DATA,  /* a name's RRsets, and how it stands: where a CNAME leads, glue */
	QUOTE_PLACE, /* only how a name stands, or that there is none */
	QUOTE_LINK,  /* the link of the denial chain that has or covers something */
};

/* Keys may be equal by chance: then something is rendered for nothing. They are this process's own. */
uint32_t quotes_key(enum quote what, const knot_dname_t *owner);

struct quotes {
	uint32_t *key; /* sorted, each once */
	size_t n, room;
};

/* What the name (which is not VIEW_NONE in the version) quotes, but for what is right above and below it
 * and for the link at the apex, without which there is no chain. -ENOMEM. */
int quotes_of(struct quotes *ret_quotes, struct view *view, const struct zone_name *name,
	      enum view_state state);
void quotes_done(struct quotes *quotes);

/* ---- the index: a tree of (key, who quotes it) ---- */

int quotes_enter(struct tree *index, const struct quotes *quotes, const struct zone_name *name);
int quotes_strike(struct tree *index, const struct quotes *quotes, const struct zone_name *name);
/* Calls `each` for all who quote it, until that is not 0, which is returned. */
int quotes_each(struct tree index, uint32_t key, int (*each)(const knot_dname_t *owner, void *arg),
		void *arg);

/* An index of a whole zone, whose names come in canonical order. */
struct quotes_entry {
	uint32_t key;
	const struct zone_name *name;
};

struct quotes_list {
	struct quotes_entry *v;
	size_t n, room;
};

int quotes_collect(struct quotes_list *list, const struct quotes *quotes,
		   const struct zone_name *name);
/* The list is empty after it. */
int quotes_build(struct tree *ret_index, struct quotes_list *list);
void quotes_list_done(struct quotes_list *list);

#endif /* QUOTES_H */
