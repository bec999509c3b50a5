/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ordered sets of (number, name), the names of equal numbers in canonical order. A set and its
 * copies share what is equal in them: a B+tree whose pages count who refers to them. A copy costs
 * nothing, a change a page of each level that is shared, and what two sets have in common is skipped
 * when they are compared. Names are counted too: a set holds a reference to each of its names.
 *
 * Pages also tell which kinds of names (zone_name.kinds) are below them, so that the next name of a
 * kind is found without a look at those between.
 *
 * The counts are not atomic: a set and all its copies belong to one thread.
 */
#ifndef TREE_H
#define TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <libknot/dname.h>

#define TREE_LEVELS 8u

struct zone_name;
struct tree_page;

/* A zeroed one is empty. */
struct tree {
	struct tree_page *root;
};

/* A place in a tree: at a name, or between two; void after any change but by tree_insert() and
 * tree_replace(), which move it along. */
struct tree_cursor {
	unsigned int levels; /* 0: the tree is empty */
	struct {
		struct tree_page *page;
		unsigned int at;
	} level[TREE_LEVELS]; /* the leaf first */
};

struct tree tree_copy(struct tree tree);
void tree_free(struct tree *tree);

/* The place of the first name that is not before the given one; whether it is that name's own. */
bool tree_seek(struct tree tree, uint32_t number, const knot_dname_t *owner,
	       struct tree_cursor *ret_at);
/* Behind `owner` and all that is below it, where the numbers follow the order of the names. */
void tree_seek_behind(struct tree tree, uint32_t number, const knot_dname_t *owner,
		      struct tree_cursor *ret_at);
void tree_seek_first(struct tree tree, struct tree_cursor *ret_at);
void tree_seek_end(struct tree tree, struct tree_cursor *ret_at);

/* The name at or behind the place, and the one before it; the place becomes that name's. NULL: none,
 * and the place is at the end, or where it was. */
const struct zone_name *tree_here(struct tree_cursor *at);
const struct zone_name *tree_next(struct tree_cursor *at); /* of a place that is a name's */
const struct zone_name *tree_prev(struct tree_cursor *at);
/* The same among the names of any of these kinds; a name at the place itself counts for `here`. */
const struct zone_name *tree_here_of(struct tree_cursor *at, uint8_t kinds);
const struct zone_name *tree_prev_of(struct tree_cursor *at, uint8_t kinds);
uint32_t tree_number(const struct tree_cursor *at); /* of the name at the place */
/* All kinds that names of the tree are of. */
uint8_t tree_kinds(struct tree tree);

/* Inserts at a place that tree_seek() found, or one that is known to be right. The reference to
 * the name becomes the tree's. -ENOMEM: nothing has changed. */
int tree_insert(struct tree *tree, struct tree_cursor *at, uint32_t number, struct zone_name *name);
/* Makes all pages down to the place the tree's own; then tree_replace() cannot fail. -ENOMEM. */
int tree_own(struct tree *tree, struct tree_cursor *at);
/* The other name has the same owner. The reference to the name at the place is the caller's then, and
 * that to the new one the tree's. */
void tree_replace(struct tree_cursor *at, struct zone_name *name);
/* Gives the reference up, too. -ENOMEM: nothing has changed. */
int tree_remove(struct tree *tree, struct tree_cursor *at);

/* Calls `each` for what is not the same name in both sets, in order: with the name of either, or of
 * one. Stops when it returns other than 0, with that. */
int tree_diff(struct tree from, struct tree to,
	      int (*each)(const struct zone_name *old, const struct zone_name *new, void *arg),
	      void *arg);

#endif /* TREE_H */
