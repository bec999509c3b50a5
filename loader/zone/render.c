/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which names the store holds of a zone, and which of them a change touches. */
#include "render.h"

#include <errno.h>
#include <stdlib.h>

#include "render_internal.h"

/* ---- what is a name, and what covers the names below it ---- */

bool render_is_bare(const struct zone_name *name)
{
	const struct zone_rrset *rrsigs = zone_name_rrset(name, KNOT_RRTYPE_RRSIG);
	uint16_t i,
		expected = (rrsigs != NULL) + (zone_name_rrset(name, KNOT_RRTYPE_NSEC3) != NULL);
	knot_rdata_t *rr;

	if (name->n_sets != expected)
		return false;
	if (!rrsigs)
		return true;
	for (i = 0, rr = rrsigs->rrs.rdata; i < rrsigs->rrs.count; i++, rr = knot_rdataset_next(rr))
		if (knot_rrsig_type_covered(rr) != KNOT_RRTYPE_NSEC3)
			return false;
	return true;
}

static bool is_below(const struct zone_name *name, const knot_dname_t *above)
{
	return knot_dname_in_bailiwick(name->owner, above) > 0;
}

/* The owner name of an NSEC3 record is no name (RFC 5155 section 7.2.8), so neither is what is
 * above such alone. */
static bool has_names_below(const struct zone *zone, const struct zone_name *name)
{
	const struct zone_name *below = name;

	if (!name->n_children)
		return false;
	while ((below = zone_next(zone, below)) && is_below(below, name->owner))
		if (!render_is_bare(below))
			return true;
	return false;
}

static bool is_cut(const struct zone_name *name)
{
	return name->parent && zone_name_rrset(name, KNOT_RRTYPE_NS);
}

static bool is_of_other_zone(const struct render *render, const struct zone_name *name)
{
	return name->parent && render->zones &&
	       render->zones->is_apex(name->owner, render->zones->arg);
}

/* What is below is not this zone's to answer (RFC 1034 section 4.2.1), or does not exist (RFC
 * 6672 section 2.4). */
static bool covers(const struct render *render, const struct zone_name *name)
{
	return is_cut(name) || is_of_other_zone(render, name) ||
	       zone_name_rrset(name, KNOT_RRTYPE_DNAME);
}

enum render_state render_state(const struct render *render, const struct zone *zone,
			       const struct zone_name *name)
{
	if (!name->parent)
		return RENDER_DATA;
	if (is_cut(name))
		return RENDER_CUT;
	if (is_of_other_zone(render, name))
		return RENDER_NONE;
	return render_is_bare(name) && !has_names_below(zone, name) ? RENDER_NONE : RENDER_DATA;
}

/* ---- a walk along one zone's names ---- */

struct walk {
	const struct zone *zone;
	const struct zone_name *next; /* NULL: done */
	const struct zone_name
		*cover;		 /* the highest name that covers what comes next, or came before */
	const knot_dname_t *top; /* where it began */
	bool deep;		 /* goes on below `top` */
};

/* A zone that does not have the name has nothing below it. `zone` may be NULL. */
static void walk_begin(struct walk *walk, const struct render *render, const struct zone *zone,
		       const knot_dname_t *top, bool deep)
{
	const struct zone_name *above;

	*walk = (struct walk){ .zone = zone, .top = top, .deep = deep };
	if (zone)
		walk->next = zone_find(zone, top);
	for (above = walk->next ? walk->next->parent : NULL; above; above = above->parent)
		if (covers(render, above))
			walk->cover = above;
}

/* Takes the next name. What is below a name follows it directly, so one cover is enough to know. */
static enum render_state walk_take(struct walk *walk, const struct render *render)
{
	const struct zone_name *name = walk->next,
			       *next = walk->deep ? zone_next(walk->zone, name) : NULL;

	walk->next = next && is_below(next, walk->top) ? next : NULL;
	if (walk->cover && is_below(name, walk->cover->owner))
		return RENDER_NONE;
	walk->cover = covers(render, name) ? name : NULL;
	return render_state(render, walk->zone, name);
}

/* ---- rendering ---- */

static int render_delete(struct render *render, const struct zone_name *name, enum render_state was)
{
	int err = store_delete(render->store, render->zone, name->owner,
			       was == RENDER_CUT ? DNSBOLT_SIDE_PARENT : DNSBOLT_SIDE_CHILD);

	/* The zones around it may have been others then: what is not there needs not go. */
	return err == -ENOENT ? 0 : err;
}

/* One name from what it was (in render->from) to what it is (in render->to). */
static int render_step(struct render *render, const struct zone_name *old, enum render_state was,
		       const struct zone_name *new, enum render_state is)
{
	int err = 0;

	if (was != RENDER_NONE && was != is)
		err = render_delete(render, old, was);
	if (!err && is == RENDER_DATA)
		err = render_put_name(render, new);
	if (!err && is == RENDER_CUT)
		err = render_put_cut(render, new);
	return err;
}

/* The name `top`, and what is below it when `deep`, as both zones have it. */
static int render_names(struct render *render, const knot_dname_t *top, bool deep)
{
	struct walk from, to;
	int err = 0;

	walk_begin(&from, render, render->from, top, deep);
	walk_begin(&to, render, render->to, top, deep);
	while (!err && (from.next || to.next)) {
		const struct zone_name *old = from.next, *new = to.next;
		enum render_state was = RENDER_NONE, is = RENDER_NONE;
		int order = !old ? 1 : !new ? -1 : zone_order(old->owner, new->owner);

		if (order <= 0)
			was = walk_take(&from, render);
		if (order >= 0)
			is = walk_take(&to, render);
		err = render_step(render, old, was, new, is);
	}
	return err;
}

/* ---- which names depend on a change ---- */

struct dependent {
	const knot_dname_t *owner;
	bool deep; /* all that is below it too */
};

struct dependents {
	const struct render *render;
	struct dependent *v;
	size_t n, room;
	const knot_dname_t *last; /* changed name before */
};

static int add_dependent(struct dependents *d, const knot_dname_t *owner, bool deep)
{
	if (d->n == d->room) {
		size_t room = d->room ? 2 * d->room : 64;
		struct dependent *v = reallocarray(d->v, room, sizeof(*v));

		if (!v)
			return -ENOMEM;
		d->v = v;
		d->room = room;
	}
	d->v[d->n++] = (struct dependent){ owner, deep };
	return 0;
}

/*
 * The rule: what has to be rendered again when the RRsets of a name change. Called by
 * zone_diff() in canonical order.
 *  - The name itself.
 *  - Every name above it: whether an empty non-terminal exists, and whether there is a wildcard,
 *    is decided below. Names above the changed name before have been added then.
 *  - Everything below it, when it became or ceased to be a cut or the owner of a DNAME. A name
 *    that only one of the two zones has needs no such care: what is below it there has changed
 *    with it.
 * Nothing else quotes data of another name yet. The SOA of negative answers is in the snapshot.
 */
static int render_dependents(const knot_dname_t *owner, void *arg)
{
	struct dependents *d = arg;
	const struct zone_name *old = zone_find(d->render->from, owner),
			       *new = zone_find(d->render->to, owner);
	const struct zone_name *above;
	int err;

	err = add_dependent(d, owner,
			    old && new &&covers(d->render, old) != covers(d->render, new));
	for (above = (new ? new : old)->parent; above && !err; above = above->parent) {
		if (d->last && knot_dname_in_bailiwick(d->last, above->owner) >= 0)
			break;
		err = add_dependent(d, above->owner, false);
	}
	d->last = owner;
	return err;
}

static int compare_dependents(const void *a, const void *b)
{
	const struct dependent *x = a, *y = b;
	int order = zone_order(x->owner, y->owner);

	return order ? order : (int)y->deep - (int)x->deep;
}

/* In canonical order, and the one that goes deep first, so that what is done already is at or
 * below the last. */
static int render_changes(struct render *render)
{
	struct dependents d = { .render = render };
	const struct dependent *last = NULL;
	size_t i;
	int err;

	err = zone_diff(render->from, render->to, render_dependents, &d);
	if (d.n)
		qsort(d.v, d.n, sizeof(*d.v), compare_dependents);
	for (i = 0; i < d.n && !err; i++) {
		int depth = last ? knot_dname_in_bailiwick(d.v[i].owner, last->owner) : -1;

		if (!depth || (depth > 0 && last->deep))
			continue;
		last = &d.v[i];
		err = render_names(render, last->owner, last->deep);
	}
	free(d.v);
	return err;
}

int render_zone(struct store *store, uint32_t zone, const struct zone *from, const struct zone *to,
		const struct render_zones *zones, const struct report *report)
{
	struct render *render = calloc(1, sizeof(*render));
	int err;

	if (!render)
		return -ENOMEM;
	render->store = store;
	render->zone = zone;
	render->from = from;
	render->to = to;
	render->zones = zones;
	render->report = report;
	/* Whether a zone is signed is in the answers of all its names. */
	if (!from || from->is_signed != to->is_signed)
		err = render_names(render, to->apex, true);
	else
		err = render_changes(render);
	if (!err && !from)
		err = store_sweep(store, zone);
	if (!err)
		err = render_flip(render);
	free(render->data);
	free(render->ptr);
	free(render);
	return err;
}
