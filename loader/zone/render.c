/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From one version of a zone to the next, or to the first. */
#include "render.h"

#include <errno.h>
#include <stdlib.h>

#include "../../userspace/lib/name.h"
#include "render_internal.h"

/* ---- one name ---- */

static uint8_t side(enum view_state state)
{
	return state == VIEW_CUT ? DNSBOLT_SIDE_PARENT : DNSBOLT_SIDE_CHILD;
}

static int render_delete(struct render *render, const struct zone_name *name, enum view_state was)
{
	int err = store_delete(render->store, render->zone, name->owner, side(was));

	/* The zones around it may have been others then: what is not there needs not go. */
	return err == -ENOENT ? 0 : err;
}

/* One name from what it was to what it is. */
static int render_step(struct render *render, const struct zone_name *old, enum view_state was,
		       const struct zone_name *new, enum view_state is)
{
	int err = 0;

	if (was != VIEW_NONE && (is == VIEW_NONE || side(was) != side(is)))
		err = render_delete(render, old, was);
	if (!err && is == VIEW_DATA)
		err = render_put_name(render, new);
	if (!err && is == VIEW_CUT)
		err = render_put_cut(render, new);
	if (!err && is == VIEW_PROOF)
		err = render_put_proof(render, new);
	return err;
}

/* ---- all names ---- */

/* A walk over both versions at once, with what is collected on the way. */
struct passage {
	struct denial_check check;
	struct quotes_list list;
	bool with_chain; /* takes the denial chain for complete, and ends where it finds that it is not */
	bool is_second; /* the first one ended so */
};

static bool is_ended(const struct render *render, const struct passage *passage)
{
	return passage->with_chain && !render->is.denial.is_complete;
}

/* What the first passage put of the denial chain alone goes again. */
static int take_proof_back(struct render *render, const struct passage *passage,
			   const struct zone_name *name, enum view_state was, enum view_state is)
{
	if (!passage->is_second || was != VIEW_NONE || is != VIEW_NONE ||
	    !(name->kinds & ZONE_KIND_NSEC3))
		return 0;
	return render_delete(render, name, VIEW_PROOF);
}

static int pass_name(struct render *render, struct passage *passage, const struct zone_name *old,
		     enum view_state was, const struct zone_name *new, enum view_state is)
{
	int err = 0;

	if (new &&denial_is_meant(&render->is))
		err = denial_check_next(&passage->check, &render->is, new, is);
	if (err || is_ended(render, passage)) /* then `is` is not what it stands for any more */
		return err;
	err = render_step(render, old, was, new, is);
	if (!err && new)
		err = take_proof_back(render, passage, new, was, is);
	if (!err && new)
		err = quotes_of(&render->quotes, &render->is, new, is);
	if (!err && new)
		err = quotes_collect(&passage->list, &render->quotes, new);
	return err;
}

static int pass_all(struct render *render, struct passage *passage)
{
	const knot_dname_t *apex = render->is.zone->apex;
	struct view_walk from, to;
	int err = 0;

	view_walk_begin(&from, &render->was, apex);
	view_walk_begin(&to, &render->is, apex);
	while (!err && (from.next || to.next) && !is_ended(render, passage)) {
		const struct zone_name *old = from.next, *new = to.next;
		enum view_state was = VIEW_NONE, is = VIEW_NONE;
		int order = !old ? 1 : !new ? -1 : zone_order(old->owner, new->owner);

		if (order <= 0)
			was = view_walk_take(&from);
		if (order >= 0)
			is = view_walk_take(&to);
		err = pass_name(render, passage, order <= 0 ? old : NULL, was,
				order >= 0 ? new : NULL, is);
	}
	if (!err && denial_is_meant(&render->is))
		denial_check_end(&passage->check, &render->is);
	return err;
}

/* What is put for a chain that turns out not to be complete is put again, without proofs. */
static int render_all(struct render *render)
{
	bool is_second = false, again;
	int err;

	do {
		struct passage passage = { .with_chain = render->is.denial.is_complete,
					   .is_second = is_second };

		err = pass_all(render, &passage);
		again = !err && is_ended(render, &passage);
		if (!err && !again) {
			tree_free(&render->index);
			err = quotes_build(&render->index, &passage.list);
		}
		quotes_list_done(&passage.list);
		is_second = true;
	} while (again);
	if (!err && !render->was.zone)
		err = store_sweep(render->store, render->zone);
	return err;
}

/* ---- what a change touches ---- */

/* The index gets what the name quotes now in the place of what it quoted. */
static int update_index(struct render *render, const struct zone_name *old, enum view_state was,
			const struct zone_name *new, enum view_state is)
{
	int err = 0;

	if (old) {
		err = quotes_of(&render->quotes, &render->was, old, was);
		if (!err)
			err = quotes_strike(&render->index, &render->quotes, old);
	}
	if (!err && new) {
		err = quotes_of(&render->quotes, &render->is, new, is);
		if (!err)
			err = quotes_enter(&render->index, &render->quotes, new);
	}
	return err;
}

static int render_again(struct render *render, const knot_dname_t *owner)
{
	const struct zone_name *old = zone_find(render->was.zone, owner),
			       *new = zone_find(render->is.zone, owner);
	enum view_state was = view_place(&render->was, old), is = view_place(&render->is, new);
	int err = render_step(render, old, was, new, is);

	return err ? err : update_index(render, old, was, new, is);
}

/* Sets *ret_all where the change is one of all names. */
static int render_changes(struct render *render, bool *ret_all)
{
	struct dependents dependents = { .n = 0 };
	int err = render_find_dependents(render, &dependents);
	size_t i;

	*ret_all = !err && render->was.denial.is_complete && !render->is.denial.is_complete;
	for (i = 0; i < dependents.n && !err && !*ret_all; i++)
		err = render_again(render, dependents.v[i].owner);
	free(dependents.v);
	return err;
}

/* ---- versions ---- */

/* Nothing is put or deleted. */
static int check_chain(struct render *render)
{
	struct denial_check check = { .n = 0 };
	struct view_walk walk;
	int err = 0;

	view_walk_begin(&walk, &render->is, render->is.zone->apex);
	while (!err && walk.next && render->is.denial.is_complete) {
		const struct zone_name *name = walk.next;
		enum view_state state = view_walk_take(&walk);

		err = denial_check_next(&check, &render->is, name, state);
	}
	denial_check_end(&check, &render->is);
	return err;
}

/* Whether a zone is signed, and how, is in the answers of all its names. */
static bool is_signed_alike(const struct render *render)
{
	const struct denial *was = &render->was.denial, *is = &render->is.denial;

	return render->was.zone->is_signed == render->is.zone->is_signed &&
	       was->is_nsec3 == is->is_nsec3 &&
	       (!was->is_complete || !is->is_complete || !was->is_nsec3 ||
		nsec3_same_params(&was->params, &is->params));
}

/* A chain that was not complete has to be read in full to know that it is not yet; one that was is looked
 * at where it changed. */
static int render_step_or_all(struct render *render)
{
	const struct zone *from = render->was.zone;
	bool all = !from || !from->rendered->is_known || !is_signed_alike(render);
	int err = 0;

	if (from && render->is.denial.is_complete && (all || !render->was.denial.is_complete))
		err = check_chain(render);
	all |= render->was.denial.is_complete != render->is.denial.is_complete;
	if (!err && !all) {
		render->index = tree_copy(render->was.zone->rendered->quotes);
		err = render_changes(render, &all);
		render->is_chain_change = !all && render->is.denial.is_complete;
	}
	if (!render->is_chain_change)
		render->come.n = render->gone.n = 0;
	return err || !all ? err : render_all(render);
}

/* Once, not with every change. */
static void say_incomplete(const struct render *render)
{
	const struct denial *is = &render->is.denial;
	const struct zone *from = render->was.zone;
	knot_dname_txt_storage_t name, apex;

	if (!render->is.zone->is_signed || is->is_complete ||
	    (from && from->is_signed && from->rendered->is_known && !from->rendered->is_complete))
		return;
	report_say(render->report, LOG_LEVEL_WARNING,
		   "%s: what does not exist cannot be proved from the store: %s %s",
		   name_text(render->is.zone->apex, apex), name_text(is->gap, name), is->gap_text);
}

/* What is known of the version from now on; its index is the zone's. */
static void keep_rendered(struct render *render)
{
	struct zone_rendered *rendered = render->is.zone->rendered;

	tree_free(&rendered->quotes);
	*rendered = (struct zone_rendered){
		.is_known = true,
		.is_complete = render->is.denial.is_complete,
		.quotes = render->index,
	};
	render->index = (struct tree){ NULL };
}

static void begin_view(struct view *view, const struct zone *zone, const struct render_zones *zones,
		       struct view_memo *memo)
{
	*view = (struct view){ .zone = zone, .zones = zones, .memo = memo };
	denial_begin(view);
}

static void links_done(struct render_links *links)
{
	free(links->v);
	free(links->hash);
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
	render->report = report;
	begin_view(&render->was, from, zones, render->memo[0]);
	begin_view(&render->is, to, zones, render->memo[1]);
	if (from && from->rendered->is_known)
		render->was.denial.is_complete = from->rendered->is_complete;
	err = render_step_or_all(render);
	if (!err) {
		say_incomplete(render);
		err = render_flip(render);
	}
	if (!err)
		keep_rendered(render);
	tree_free(&render->index);
	denial_done(&render->was);
	denial_done(&render->is);
	quotes_done(&render->quotes);
	links_done(&render->come);
	links_done(&render->gone);
	pool_free(&render->pool);
	free(render);
	return err;
}
