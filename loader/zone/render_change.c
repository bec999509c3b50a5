/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which names a change touches. */
#include <errno.h>
#include <stdlib.h>

#include "render_internal.h"

/*
 * The rule: what has to be rendered again when the RRsets of a name change.
 *  - The name itself.
 *  - Every name above it: whether an empty non-terminal exists, and whether there is a wildcard,
 *    is decided below.
 *  - Everything below it, when it covers that as something else than before, or no more: a cut, a DNAME. A name
 *    that only one of the two zones has needs no such care: what is below it there has changed
 *    with it.
 *  - Whoever quotes one of these (quotes.h): its data, or only how it stands when that is another now.
 *  - Where a link came into the denial chain: whoever quotes the link that covered its place; where one
 *    went, or speaks of another kind of name now: whoever quotes it. In a chain of NSEC also the names
 *    in the link's span, for what is said of names right below them (a wildcard), and of those
 *    without NSEC: that needs no index.
 * What the records of the chain say is in no answer but as the owner's own: answers name it. The
 * SOA of negative answers is in the snapshot.
 */
struct search {
	struct render *render;
	struct dependents *d;
	const knot_dname_t *last; /* changed name before */
};

static int add(struct dependents *d, const struct dependent *dependent)
{
	if (d->n == d->room) {
		size_t room = d->room ? 2 * d->room : 64;
		struct dependent *v = reallocarray(d->v, room, sizeof(*v));

		if (!v)
			return -ENOMEM;
		d->v = v;
		d->room = room;
	}
	d->v[d->n++] = *dependent;
	return 0;
}

static int add_owner(const knot_dname_t *owner, void *arg)
{
	return add(arg, &(struct dependent){ .owner = owner });
}

static int compare(const void *a, const void *b)
{
	return zone_order(((const struct dependent *)a)->owner,
			  ((const struct dependent *)b)->owner);
}

/* Into order, and each once. */
static void sort(struct dependents *d)
{
	size_t i, n = 0;

	if (d->n)
		qsort(d->v, d->n, sizeof(*d->v), compare);
	for (i = 0; i < d->n; i++) {
		const struct dependent *next = &d->v[i];

		if (n && !zone_order(d->v[n - 1].owner, next->owner)) {
			d->v[n - 1].is_changed |= next->is_changed;
			d->v[n - 1].is_deep |= next->is_deep;
			d->v[n - 1].is_under |= next->is_under;
		} else {
			d->v[n++] = *next;
		}
	}
	d->n = n;
}

/* ---- the change itself, and what is above and below it ---- */

/* Called in canonical order: what is above the changed name before has been added then. */
static int add_change(const struct zone_name *old, const struct zone_name *new, void *arg)
{
	struct search *search = arg;
	const struct render *render = search->render;
	const knot_dname_t *apex = render->is.zone->apex, *above = (old ? old : new)->owner;
	struct dependent changed = {
		.owner = above,
		.is_changed = true,
		.is_deep = old &&
			   new &&view_covers(&render->was, old) != view_covers(&render->is, new),
	};
	int err = add(search->d, &changed);

	while (!err && !knot_dname_is_equal(above, apex)) {
		above += 1 + *above;
		if (search->last && knot_dname_in_bailiwick(search->last, above) >= 0)
			break;
		err = add_owner(above, search->d);
	}
	search->last = changed.owner;
	return err;
}

static int add_under(struct dependents *d, const struct view *view, const knot_dname_t *top)
{
	struct dependent under = { .is_under = true };
	struct view_walk walk;
	int err = 0;

	view_walk_begin(&walk, view, top);
	while (walk.next && !err) {
		under.owner = walk.next->owner;
		(void)view_walk_take(&walk);
		err = add(d, &under);
	}
	return err;
}

/* Those below the first of some that are below each other are all. */
static int add_below(struct search *search)
{
	const knot_dname_t *top = NULL;
	size_t i, n = search->d->n;
	int err = 0;

	for (i = 0; i < n && !err; i++) {
		const struct dependent *dependent = &search->d->v[i];

		if (!dependent->is_deep ||
		    (top && knot_dname_in_bailiwick(dependent->owner, top) > 0))
			continue;
		top = dependent->owner;
		err = add_under(search->d, &search->render->was, top);
		if (!err)
			err = add_under(search->d, &search->render->is, top);
	}
	return err;
}

/* ---- who quotes it ---- */

/* A name in both versions; either may be none. */
struct pair {
	const struct zone_name *old, *new;
	struct denial_link had, has;
	bool had_link, has_link;
};

static void look_up(const struct search *search, const knot_dname_t *owner, struct pair *ret_pair)
{
	const struct render *render = search->render;
	bool chain = render->was.denial.is_complete && render->is.denial.is_complete;

	*ret_pair = (struct pair){
		.old = zone_find(render->was.zone, owner),
		.new = zone_find(render->is.zone, owner),
	};
	if (chain && ret_pair->old)
		ret_pair->had_link = denial_link_of(&render->was, ret_pair->old, &ret_pair->had);
	if (chain && ret_pair->new)
		ret_pair->has_link = denial_link_of(&render->is, ret_pair->new, &ret_pair->has);
}

static int add_users(const struct search *search, enum quote what, const knot_dname_t *owner)
{
	return quotes_each(search->render->was.zone->rendered->quotes, quotes_key(what, owner),
			   add_owner, search->d);
}

/* Names that stand in the span of a link of NSEC at that place. */
static int add_span(const struct search *search, const knot_dname_t *owner)
{
	const struct view *view = &search->render->is;
	const struct zone_name *name, *cover;
	struct denial_link link;
	struct tree_cursor at;
	int err = 0;

	(void)zone_seek(view->zone, owner, &at);
	while (!err && (name = tree_here(&at))) {
		cover = view_covers(view, name) ? name : view_cover(view, name);
		if (!knot_dname_is_equal(name->owner, owner) && denial_link_of(view, name, &link))
			break;
		if (!cover || cover == name)
			err = add_owner(name->owner, search->d);
		if (cover)
			zone_seek_behind(view->zone, cover->owner, &at);
		else
			at.level[0].at++;
	}
	return err;
}

/* What the store is told of the chain. */
static int note_link_change(struct render *render, const struct pair *pair)
{
	bool same = pair->had_link && pair->has_link &&
		    pair->had.proof.side == pair->has.proof.side;
	int err = 0;

	if (pair->had_link && !same)
		err = render_add_link(&render->gone, &pair->had);
	if (!err && pair->has_link && !same)
		err = render_add_link(&render->come, &pair->has);
	return err;
}

static int add_users_of_link(const struct search *search, const knot_dname_t *owner,
			     const struct pair *pair)
{
	bool same = pair->had_link && pair->has_link &&
		    pair->had.proof.side == pair->has.proof.side;
	struct denial_link before;
	int err = 0;

	if (pair->had_link && (!same || pair->had.is_opt_out != pair->has.is_opt_out))
		err = add_users(search, QUOTE_LINK, owner);
	if (!err && !pair->had_link && pair->has_link &&
	    denial_before(&search->render->was, owner, &before))
		err = add_users(search, QUOTE_LINK, before.name->owner);
	if (!err && (pair->had_link || pair->has_link) && !same &&
	    !search->render->is.denial.is_nsec3)
		err = add_span(search, owner);
	return err;
}

static int add_quoting(struct search *search)
{
	struct render *render = search->render;
	size_t i, n = search->d->n;
	int err = 0;

	for (i = 0; i < n && !err; i++) {
		const struct dependent dependent = search->d->v[i];
		struct pair pair;
		bool moved;

		look_up(search, dependent.owner, &pair);
		moved = view_place(&render->was, pair.old) != view_place(&render->is, pair.new) ||
			!pair.old != !pair.new || dependent.is_under || dependent.is_deep;
		if (moved || dependent.is_changed)
			err = add_users(search, QUOTE_DATA, dependent.owner);
		if (!err && moved)
			err = add_users(search, QUOTE_PLACE, dependent.owner);
		if (!err)
			err = add_users_of_link(search, dependent.owner, &pair);
		if (!err)
			err = note_link_change(render, &pair);
	}
	return err;
}

/* ---- the denial chain, where it is touched ---- */

static int check_chain(struct search *search)
{
	struct view *view = &search->render->is;
	size_t i;
	int err = 0;

	for (i = 0; i < search->d->n && !err && view->denial.is_complete; i++) {
		const knot_dname_t *owner = search->d->v[i].owner;
		struct pair pair;

		look_up(search, owner, &pair);
		if (pair.had_link || pair.has_link)
			denial_check_around(view, owner);
		if (pair.new)
			err = denial_check_name(view, pair.new, (int)view_place(view, pair.new));
	}
	return err;
}

int render_find_dependents(struct render *render, struct dependents *ret_dependents)
{
	struct search search = { .render = render, .d = ret_dependents };
	int err;

	err = zone_diff_names(render->was.zone, render->is.zone, add_change, &search);
	sort(search.d);
	if (!err)
		err = add_below(&search);
	sort(search.d);
	if (!err)
		err = add_quoting(&search);
	sort(search.d);
	if (!err && render->was.denial.is_complete)
		err = check_chain(&search);
	return err;
}
