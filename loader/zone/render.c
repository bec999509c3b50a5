/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which names the store holds of a zone, and which of them a change touches. */
#include "render.h"

#include <errno.h>
#include <stdlib.h>

#include "../../userspace/lib/name.h"
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

bool render_is_cut(const struct zone_name *name)
{
	return name->parent && zone_name_rrset(name, KNOT_RRTYPE_NS);
}

bool render_is_other(const struct render *render, const struct zone_name *name)
{
	return name->parent && render->zones &&
	       render->zones->is_apex(name->owner, render->zones->arg);
}

/* What is below is not this zone's to answer (RFC 1034 section 4.2.1), or does not exist (RFC
 * 6672 section 2.4). */
static bool covers(const struct render *render, const struct zone_name *name)
{
	return render_is_cut(name) || render_is_other(render, name) ||
	       zone_name_rrset(name, KNOT_RRTYPE_DNAME);
}

const struct zone_name *render_cover(const struct render *render, const struct zone_name *name)
{
	const struct zone_name *above, *cover = NULL;

	for (above = name->parent; above; above = above->parent)
		if (covers(render, above))
			cover = above;
	return cover;
}

/* The owner of a record of the denial chain, and of nothing else. */
static bool is_proof(const struct render *render, const struct zone *zone,
		     const struct zone_name *name)
{
	const struct denial *denial = zone == render->to ? &render->is : &render->was;

	return denial->is_nsec3 && denial->is_complete && denial_link_of(denial, name->owner);
}

enum render_state render_state(const struct render *render, const struct zone *zone,
			       const struct zone_name *name)
{
	if (!name->parent)
		return RENDER_DATA;
	if (render_is_cut(name))
		return RENDER_CUT;
	if (render_is_other(render, name))
		return RENDER_NONE;
	if (!render_is_bare(name) || has_names_below(zone, name))
		return RENDER_DATA;
	return is_proof(render, zone, name) ? RENDER_PROOF : RENDER_NONE;
}

/* ---- a walk along one zone's names ---- */

void render_walk_begin(struct render_walk *walk, const struct render *render,
		       const struct zone *zone, const knot_dname_t *top, bool deep)
{
	*walk = (struct render_walk){ .zone = zone, .top = top, .deep = deep };
	if (zone)
		walk->next = zone_find(zone, top);
	if (walk->next)
		walk->cover = render_cover(render, walk->next);
}

/* What is below a name follows it directly, so one cover is enough to know. The denial chain also
 * hangs below an apex with a DNAME. */
enum render_state render_walk_take(struct render_walk *walk, const struct render *render)
{
	const struct zone_name *name = walk->next,
			       *next = walk->deep ? zone_next(walk->zone, name) : NULL;

	walk->next = next && is_below(next, walk->top) ? next : NULL;
	if (walk->cover && is_below(name, walk->cover->owner))
		return is_proof(render, walk->zone, name) ? RENDER_PROOF : RENDER_NONE;
	walk->cover = covers(render, name) ? name : NULL;
	return render_state(render, walk->zone, name);
}

/* ---- rendering ---- */

static uint8_t side(enum render_state state)
{
	return state == RENDER_CUT ? DNSBOLT_SIDE_PARENT : DNSBOLT_SIDE_CHILD;
}

static int render_delete(struct render *render, const struct zone_name *name, enum render_state was)
{
	int err = store_delete(render->store, render->zone, name->owner, side(was));

	/* The zones around it may have been others then: what is not there needs not go. */
	return err == -ENOENT ? 0 : err;
}

/* One name from what it was (in render->from) to what it is (in render->to). */
static int render_step(struct render *render, const struct zone_name *old, enum render_state was,
		       const struct zone_name *new, enum render_state is)
{
	int err = 0;

	if (was != RENDER_NONE && (is == RENDER_NONE || side(was) != side(is)))
		err = render_delete(render, old, was);
	if (!err && is == RENDER_DATA)
		err = render_put_name(render, new);
	if (!err && is == RENDER_CUT)
		err = render_put_cut(render, new);
	if (!err && is == RENDER_PROOF)
		err = render_put_proof(render, new);
	return err;
}

/* The name `top`, and what is below it when `deep`, as both zones have it. */
static int render_names(struct render *render, const knot_dname_t *top, bool deep)
{
	struct render_walk from, to;
	int err = 0;

	render_walk_begin(&from, render, render->from, top, deep);
	render_walk_begin(&to, render, render->to, top, deep);
	while (!err && (from.next || to.next)) {
		const struct zone_name *old = from.next, *new = to.next;
		enum render_state was = RENDER_NONE, is = RENDER_NONE;
		int order = !old ? 1 : !new ? -1 : zone_order(old->owner, new->owner);

		if (order <= 0)
			was = render_walk_take(&from, render);
		if (order >= 0)
			is = render_walk_take(&to, render);
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
 * add_quoting() adds who quotes these. Who is in the denial chain is quoted all over the zone, so
 * when that changes there are no dependents but all names (must_render_all()); what the records of
 * the chain say is not: answers name their owners. The SOA of negative answers is in the snapshot.
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

static void sort_dependents(struct dependents *d)
{
	if (d->n)
		qsort(d->v, d->n, sizeof(*d->v), compare_dependents);
}

static int compare_owner(const void *key, const void *element)
{
	const struct dependent *dependent = element;

	return zone_order(key, dependent->owner);
}

/* What a cut quotes of other names, and whether any of that is among the sorted dependents: the
 * addresses of its NS names, and what is above these, the apex excepted: were it a DNAME, the cut would
 * have been below. */
struct quoted {
	const struct dependents *d;
	size_t n;
	bool found;
};

static void look_up_quoted(const knot_dname_t *target, void *arg)
{
	struct quoted *quoted = arg;
	const knot_dname_t *apex = quoted->d->render->to->apex;

	for (; !quoted->found && knot_dname_in_bailiwick(target, apex) > 0; target += 1 + *target)
		quoted->found = bsearch(target, quoted->d->v, quoted->n, sizeof(*quoted->d->v),
					compare_owner);
}

/*
 * Who quotes what changed. CNAME chains: any of them may lead through a changed name. Cuts: glue. What
 * did not change itself but by the names around it (`d` has all of them) is in both zones alike,
 * so the new zone alone is looked at.
 */
static int add_quoting(struct dependents *d)
{
	const struct zone *zone = d->render->to;
	const struct zone_name *name = NULL, *apex = zone_next(zone, NULL);
	size_t n = d->n;
	int err = 0;

	if (!n)
		return 0;
	while (!err && (name = zone_next(zone, name))) {
		struct quoted quoted = { .d = d, .n = n };
		bool quotes = zone_name_rrset(name, KNOT_RRTYPE_CNAME);

		if (name != apex && !quotes) {
			referral_each_glue(name, look_up_quoted, &quoted);
			quotes = quoted.found;
		}
		if (quotes)
			err = add_dependent(d, name->owner, false);
	}
	return err;
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
	sort_dependents(&d);
	if (!err)
		err = add_quoting(&d);
	sort_dependents(&d);
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

/* Whether a zone is signed, and who is in its denial chain, is in the answers of all its names. */
static bool must_render_all(const struct render *render)
{
	const struct zone *from = render->from, *to = render->to;

	return !from || from->is_signed != to->is_signed ||
	       !denial_same_owners(&render->was, &render->is);
}

static int render_all_or_changes(struct render *render)
{
	int err;

	if (!must_render_all(render))
		return render_changes(render);
	err = render_names(render, render->to->apex, true);
	if (!err && !render->from)
		err = store_sweep(render->store, render->zone);
	return err;
}

/* Once, not with every change. */
static void say_incomplete(const struct render *render)
{
	const struct denial *is = &render->is;
	knot_dname_txt_storage_t name, apex;

	if (!render->to->is_signed || is->is_complete ||
	    (render->from && render->from->is_signed && !render->was.is_complete))
		return;
	report_say(render->report, LOG_LEVEL_WARNING,
		   "%s: what does not exist cannot be proved from the store: %s %s",
		   name_text(render->to->apex, apex), name_text(is->gap, name), is->gap_text);
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
	err = denial_init(&render->was, render, from);
	if (!err)
		err = denial_init(&render->is, render, to);
	if (err)
		goto out;
	say_incomplete(render);
	err = render_all_or_changes(render);
	if (!err)
		err = render_flip(render);
out:
	denial_done(&render->was);
	denial_done(&render->is);
	pool_free(&render->pool);
	free(render);
	return err;
}
