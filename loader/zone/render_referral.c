/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Delegations: the referral for all that is at or below a cut, and DS, which is the parent's. */
#include <stdlib.h>
#include <string.h>

#include "render_internal.h"

/* ---- glue ---- */

enum glue {
	GLUE_NONE,
	GLUE_IN_DOMAIN, /* at or below the cut itself: the referral is of no use without */
	GLUE_SIBLING,	/* at or below another cut of the zone (RFC 9471 section 2.2) */
};

static enum glue glue_kind(const struct render *render, const struct zone_name *cut,
			   const struct zone_name *target)
{
	const struct zone_name *cover;

	if (!target)
		return GLUE_NONE;
	if (knot_dname_in_bailiwick(target->owner, cut->owner) >= 0)
		return GLUE_IN_DOMAIN;
	cover = view_cover(&render->is, target);
	if (!cover)
		cover = target;
	return view_is_cut(cover) ? GLUE_SIBLING : GLUE_NONE;
}

/* The names with addresses that a referral may need, in the order of its NS. */
struct glue_name {
	const struct zone_name *name;
	enum glue kind;
};

struct glue_list {
	struct render *render;
	const struct zone_name *cut;
	struct glue_name *v;
	size_t n;
};

static void add_glue(const knot_dname_t *target, void *arg)
{
	struct glue_list *list = arg;
	const struct zone_name *name = zone_find(list->render->is.zone, target);
	enum glue kind = glue_kind(list->render, list->cut, name);

	if (list->v && kind != GLUE_NONE)
		list->v[list->n++] = (struct glue_name){ name, kind };
}

void referral_each_glue(const struct zone_name *cut,
			void (*each)(const knot_dname_t *target, void *arg), void *arg)
{
	const struct zone_rrset *set = zone_name_rrset(cut, KNOT_RRTYPE_NS);
	knot_rdata_t *rr = set ? set->rrs.rdata : NULL;
	uint16_t i, n = set ? set->rrs.count : 0;
	knot_dname_storage_t target;

	for (i = 0; i < n; i++, rr = knot_rdataset_next(rr)) {
		knot_dname_copy_lower(target, knot_ns_name(rr));
		each(target, arg);
	}
}

static void put_addresses(struct render *render, const struct render_spelling *as,
			  const struct zone_name *name)
{
	static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA };
	struct render_spelling spelled = *as;
	size_t i;

	spelled.owner = name->owner;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const struct zone_rrset *set = zone_name_rrset(name, types[i]);

		if (set)
			render_put_rrset(render, &spelled, name, set);
	}
}

static void draft_glue_of(struct draft *draft, const struct glue_list *list,
			  const struct render_spelling *as, enum glue kind)
{
	size_t i;

	render_begin_part(draft->render, as);
	for (i = 0; i < list->n; i++)
		if (list->v[i].kind == kind)
			put_addresses(draft->render, as, list->v[i].name);
	draft_part(draft, render_end_part(draft->render), DNSBOLT_ADDITIONAL_SECTION,
		   kind == GLUE_SIBLING ? DNSBOLT_SLOT_OPTIONAL : 0);
}

static void draft_glue(struct draft *draft, const struct zone_name *cut,
		       const struct render_spelling *as)
{
	struct glue_list list = { .render = draft->render, .cut = cut };

	list.v = render_take(draft->render,
			     zone_name_rrset(cut, KNOT_RRTYPE_NS)->rrs.count * sizeof(*list.v));
	referral_each_glue(cut, add_glue, &list);
	draft_glue_of(draft, &list, as, GLUE_IN_DOMAIN);
	draft_glue_of(draft, &list, as, GLUE_SIBLING);
}

/* ---- referrals ---- */

void draft_referral(struct draft *draft, const struct zone_name *cut, const knot_dname_t *suffix,
		    bool own)
{
	struct render *render = draft->render;
	const struct render_spelling as = { .owner = cut->owner, .suffix = suffix };
	const struct zone_rrset *ds = zone_name_rrset(cut, KNOT_RRTYPE_DS);

	draft_part(draft, render_plain_part(render, &as, cut, zone_name_rrset(cut, KNOT_RRTYPE_NS)),
		   DNSBOLT_AUTHORITY_SECTION, 0);
	if (!render->is.zone->is_signed)
		;
	else if (ds) /* RFC 4035 section 3.1.4 */
		draft_part(draft, render_signed_part(render, &as, cut, ds),
			   DNSBOLT_AUTHORITY_SECTION, DNSBOLT_SLOT_DO);
	else
		draft_deny_type(draft, cut, own);
	draft_glue(draft, cut, &as);
}

static void add_referral(struct render *render, const struct zone_name *cut)
{
	struct draft draft;

	draft_begin(&draft, render, cut, 0, REASON_referral);
	draft_referral(&draft, cut, cut->owner, true);
	(void)draft_end(&draft, 0);
}

/* The parent answers for DS with authority (RFC 4035 section 3.1.4.1). */
static void add_ds(struct render *render, const struct zone_name *cut)
{
	const struct render_spelling as = { .suffix = cut->owner, .exact = true };
	const struct zone_rrset *ds = zone_name_rrset(cut, KNOT_RRTYPE_DS);
	struct draft draft;

	if (ds) {
		draft_begin(&draft, render, cut, DNSBOLT_ANSWER_AA, REASON_answer);
		draft_rrset(&draft, &as, cut, ds);
	} else {
		draft_begin(&draft, render, cut, DNSBOLT_ANSWER_AA | DNSBOLT_ANSWER_NODATA,
			    REASON_nodata);
		draft_soa(&draft);
		draft_deny_type(&draft, cut, true);
	}
	(void)draft_end(&draft, KNOT_RRTYPE_DS);
}

int render_put_cut(struct render *render, const struct zone_name *name)
{
	struct store_node node = {
		.owner = name->owner,
		.side = DNSBOLT_SIDE_PARENT,
		.flags = DNSBOLT_NODE_CUT,
	};

	render_begin_node(render);
	add_referral(render, name);
	add_ds(render, name);
	node.proof = proof_part(render, name);
	return render_put_node(render, &node);
}
