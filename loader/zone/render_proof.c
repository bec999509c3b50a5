/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What proves that something does not exist (RFC 4035 section 3.1.3, RFC 5155 section 7.2). */
#include <errno.h>

#include "render_internal.h"

/* What proves something of a name: the link that is its own, else the one that covers it. false: none,
 * which is an error, or the chain turns out not to be complete. */
static bool find_link(struct render *render, const knot_dname_t *name, struct denial_link *ret_link)
{
	bool match;
	int err = denial_find(&render->is, name, ret_link, &match);

	if (err && err != -ENOENT)
		render->err = err;
	return !err;
}

static bool find_provable(struct render *render, const struct zone_name *encloser,
			  struct denial_provable *ret_provable)
{
	int err = denial_find_provable(&render->is, encloser, ret_provable, NULL, NULL);

	if (err && err != -ENOENT)
		render->err = err;
	return !err;
}

/* Whether there is something to prove, and something to prove it with. */
static bool may_prove(struct draft *draft)
{
	const struct render *render = draft->render;

	if (!render->is.zone->is_signed || render->err)
		return false;
	if (!render->is.denial.is_complete)
		draft->pass[1] = REASON_no_proof;
	return render->is.denial.is_complete;
}

static void add_cover(struct draft *draft, const knot_dname_t *name)
{
	struct denial_link link;

	if (find_link(draft->render, name, &link))
		draft_proof(draft, &link);
}

void draft_soa(struct draft *draft)
{
	draft_symbol(draft, DNSBOLT_PART_SOA, DNSBOLT_AUTHORITY_SECTION, 0);
	if (draft->render->is.zone->is_signed)
		draft_symbol(draft, DNSBOLT_PART_SOA_SIG, DNSBOLT_AUTHORITY_SECTION,
			     DNSBOLT_SLOT_DO);
}

void draft_deny_type(struct draft *draft, const struct zone_name *name, bool own)
{
	struct render *render = draft->render;
	struct denial_provable provable;

	if (!may_prove(draft))
		return;
	if (!render->is.denial.is_nsec3) {
		if (own && zone_name_rrset(name, KNOT_RRTYPE_NSEC))
			draft_symbol(draft, DNSBOLT_PART_OWN_PROOF, DNSBOLT_AUTHORITY_SECTION,
				     DNSBOLT_SLOT_DO);
		else
			add_cover(draft, name->owner);
		return;
	}
	if (!find_provable(render, name, &provable))
		return;
	draft_proof(draft, &provable.match);
	if (provable.next)
		add_cover(draft, provable.next);
}

void draft_deny_exact(struct draft *draft, const struct zone_name *encloser,
		      const knot_dname_t *name)
{
	struct denial_provable provable;

	if (!may_prove(draft))
		return;
	if (!draft->render->is.denial.is_nsec3)
		add_cover(draft, name);
	else if (find_provable(draft->render, encloser, &provable))
		add_cover(draft,
			  provable.next ? provable.next : view_next_closer(name, encloser->owner));
}

void draft_prove_encloser(struct draft *draft, const struct zone_name *encloser)
{
	struct denial_provable provable;

	if (may_prove(draft) && draft->render->is.denial.is_nsec3 &&
	    find_provable(draft->render, encloser, &provable))
		draft_proof(draft, &provable.match);
}

void draft_deny_name(struct draft *draft, const struct zone_name *encloser,
		     const knot_dname_t *name)
{
	knot_dname_storage_t wildcard;
	struct denial_provable provable = { .name = encloser };

	draft_deny_exact(draft, encloser, name);
	if (!may_prove(draft))
		return;
	if (draft->render->is.denial.is_nsec3) {
		if (!find_provable(draft->render, encloser, &provable))
			return;
		draft_proof(draft, &provable.match);
	}
	if (view_wildcard_name(wildcard, provable.name->owner))
		add_cover(draft, wildcard);
}

void proof_of_encloser(struct render *render, const struct zone_name *name, struct store_node *node)
{
	struct denial_provable provable = { .name = name };
	knot_dname_storage_t wildcard;
	struct denial_link link;

	if (!render->is.denial.is_complete)
		return;
	if (render->is.denial.is_nsec3) {
		if (!find_provable(render, name, &provable))
			return;
		node->match = provable.match.proof;
	}
	if (provable.next && find_link(render, provable.next, &link))
		node->next_cover = link.proof;
	if (node->flags & DNSBOLT_NODE_WILDCARD ||
	    !view_wildcard_name(wildcard, provable.name->owner))
		return;
	if (find_link(render, wildcard, &link))
		node->wild_cover = link.proof;
}

/* Below any name of the zone: only the apex is sure to be a suffix of the question's. */
static const struct store_part *make_part(struct render *render, const struct zone_name *name,
					  const struct zone_rrset *set, const knot_rdata_t *rdata)
{
	const struct render_spelling as = { .owner = name->owner, .suffix = render->is.zone->apex };

	render_begin_part(render, &as);
	render->part_err = wire_put(&render->wire, as.owner, set->type, set->ttl, rdata);
	render_put_rrsigs(render, &as, name, set->type, set->ttl);
	return render_end_part(render);
}

const struct store_part *proof_part(struct render *render, const struct zone_name *name)
{
	uint16_t type = render->is.denial.is_nsec3 ? KNOT_RRTYPE_NSEC3 : KNOT_RRTYPE_NSEC;
	struct denial_link link;

	if (!render->is.denial.is_complete || !denial_link_of(&render->is, name, &link))
		return NULL;
	return make_part(render, name, zone_name_rrset(name, type), link.rdata);
}
