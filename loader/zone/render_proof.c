/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What proves that something does not exist (RFC 4035 section 3.1.3, RFC 5155 section 7.2). */
#include <string.h>

#include "render_internal.h"

#define WILDCARD_LEN 2u /* octets of the label "*" */

bool proof_wildcard_name(knot_dname_storage_t ret_wildcard, const knot_dname_t *name)
{
	size_t len = knot_dname_size(name);

	if (len + WILDCARD_LEN > KNOT_DNAME_MAXLEN)
		return false;
	ret_wildcard[0] = 1;
	ret_wildcard[1] = '*';
	memcpy(ret_wildcard + WILDCARD_LEN, name, len);
	return true;
}

/* What proves something of a name: the link that is its own, else the one that covers it. */
static const struct denial_link *find_link(struct render *render, const knot_dname_t *name,
					   bool *ret_match)
{
	const struct denial_link *link;
	int err = denial_find(&render->is, name, &link, ret_match);

	if (!err)
		return link;
	render->err = err;
	return NULL;
}

/* The part of `name` that is one label longer than `above`. */
static const knot_dname_t *next_closer(const knot_dname_t *name, const knot_dname_t *above)
{
	size_t labels = knot_dname_labels(name, NULL) - knot_dname_labels(above, NULL);

	return name + knot_dname_prefixlen(name, (unsigned int)labels - 1, NULL);
}

/* NSEC3: the closest encloser as it can be proved. Above an empty non-terminal that opt-out hides
 * (RFC 5155 section 7.1) it is a name higher up; the next closer name is then fixed. */
struct provable {
	const struct zone_name *name;
	const struct denial_link *match;
	const knot_dname_t *next; /* NULL: `name` is the encloser itself */
};

static bool find_provable(struct render *render, const struct zone_name *encloser,
			  struct provable *ret_provable)
{
	const struct zone_name *name;
	bool match = false;

	*ret_provable = (struct provable){ 0 };
	for (name = encloser; name; name = name->parent) {
		const struct denial_link *link = find_link(render, name->owner, &match);

		if (!link)
			return false;
		ret_provable->name = name;
		ret_provable->match = link;
		if (match)
			return true;
		ret_provable->next = name->owner;
	}
	return false; /* The apex is in every complete chain. */
}

/* Whether there is something to prove, and something to prove it with. */
static bool may_prove(struct draft *draft)
{
	const struct render *render = draft->render;

	if (!render->to->is_signed || render->err)
		return false;
	if (!render->is.is_complete)
		draft->pass[1] = REASON_no_proof;
	return render->is.is_complete;
}

static void add_cover(struct draft *draft, const knot_dname_t *name)
{
	bool match;
	const struct denial_link *link = find_link(draft->render, name, &match);

	if (link)
		draft_proof(draft, link);
}

void draft_soa(struct draft *draft)
{
	draft_symbol(draft, DNSBOLT_PART_SOA, DNSBOLT_AUTHORITY_SECTION, 0);
	if (draft->render->to->is_signed)
		draft_symbol(draft, DNSBOLT_PART_SOA_SIG, DNSBOLT_AUTHORITY_SECTION,
			     DNSBOLT_SLOT_DO);
}

void draft_deny_type(struct draft *draft, const struct zone_name *name, bool own)
{
	struct render *render = draft->render;
	struct provable provable;

	if (!may_prove(draft))
		return;
	if (!render->is.is_nsec3) {
		if (own && zone_name_rrset(name, KNOT_RRTYPE_NSEC))
			draft_symbol(draft, DNSBOLT_PART_OWN_PROOF, DNSBOLT_AUTHORITY_SECTION,
				     DNSBOLT_SLOT_DO);
		else
			add_cover(draft, name->owner);
		return;
	}
	if (!find_provable(render, name, &provable))
		return;
	draft_proof(draft, provable.match);
	if (provable.next)
		add_cover(draft, provable.next);
}

void draft_deny_exact(struct draft *draft, const struct zone_name *encloser,
		      const knot_dname_t *name)
{
	struct provable provable;

	if (!may_prove(draft))
		return;
	if (!draft->render->is.is_nsec3)
		add_cover(draft, name);
	else if (find_provable(draft->render, encloser, &provable))
		add_cover(draft,
			  provable.next ? provable.next : next_closer(name, encloser->owner));
}

void draft_prove_encloser(struct draft *draft, const struct zone_name *encloser)
{
	struct provable provable;

	if (may_prove(draft) && draft->render->is.is_nsec3 &&
	    find_provable(draft->render, encloser, &provable))
		draft_proof(draft, provable.match);
}

void draft_deny_name(struct draft *draft, const struct zone_name *encloser,
		     const knot_dname_t *name)
{
	knot_dname_storage_t wildcard;
	struct provable provable = { .name = encloser };

	draft_deny_exact(draft, encloser, name);
	if (!may_prove(draft))
		return;
	if (draft->render->is.is_nsec3) {
		if (!find_provable(draft->render, encloser, &provable))
			return;
		draft_proof(draft, provable.match);
	}
	if (proof_wildcard_name(wildcard, provable.name->owner))
		add_cover(draft, wildcard);
}

void proof_of_encloser(struct render *render, const struct zone_name *name, struct store_node *node)
{
	struct provable provable = { .name = name };
	const struct denial_link *link;
	knot_dname_storage_t wildcard;
	bool match;

	if (!render->is.is_complete)
		return;
	if (render->is.is_nsec3) {
		if (!find_provable(render, name, &provable))
			return;
		node->match = provable.match->proof;
	}
	if (provable.next) {
		link = find_link(render, provable.next, &match);
		if (link)
			node->next_cover = link->proof;
	}
	if (node->flags & DNSBOLT_NODE_WILDCARD ||
	    !proof_wildcard_name(wildcard, provable.name->owner))
		return;
	link = find_link(render, wildcard, &match);
	if (link)
		node->wild_cover = link->proof;
}

/* Below any name of the zone: only the apex is sure to be a suffix of the question's. */
static const struct store_part *make_part(struct render *render, const struct zone_name *name,
					  const struct zone_rrset *set, const knot_rdata_t *rdata)
{
	const struct render_spelling as = { .owner = name->owner, .suffix = render->to->apex };

	render_begin_part(render, &as);
	render->part_err = wire_put(&render->wire, as.owner, set->type, set->ttl, rdata);
	render_put_rrsigs(render, &as, name, set->type, set->ttl);
	return render_end_part(render);
}

const struct store_part *proof_part(struct render *render, const struct zone_name *name)
{
	uint16_t type = render->is.is_nsec3 ? KNOT_RRTYPE_NSEC3 : KNOT_RRTYPE_NSEC;
	const struct zone_rrset *set = zone_name_rrset(name, type);
	const struct denial_link *link;

	if (!render->is.is_complete || !set)
		return NULL;
	link = denial_link_of(&render->is, name->owner);
	return link ? make_part(render, name, set, link->rdata) : NULL;
}
