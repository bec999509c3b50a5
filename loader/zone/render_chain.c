/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What stands behind a CNAME: the chain of CNAMEs inside the zone, through wildcards and DNAMEs too, and what
 * its end has to say of each type (RFC 1034 section 4.3.2, step 3a; RFC 6672 section 3.2). All of it is known when the
 * zone is; only where a wildcard's CNAME comes back to its own wildcard it depends on the name
 * that is asked.
 */
#include <string.h>

#include "follow.h"
#include "render_internal.h"

/* Entries beside those for the end's types: all others, CNAME, RRSIG, NSEC, ANY */
#define OWN_ENTRIES 5u

/* The RRset that makes the link: a CNAME, or the DNAME, which stands at a name of its own. */
static void put_link_rrset(struct render *render, const struct render_spelling *as,
			   const struct chain_link *link, bool with_rrsigs)
{
	const struct zone_name *name = link->at.name;
	struct render_spelling spelled = *as;
	const struct zone_rrset *set = chain_cname(&link->at);

	spelled.owner = set ? link->owner : name->owner;
	if (!set)
		set = zone_name_rrset(name, KNOT_RRTYPE_DNAME);
	render_put_rrset(render, &spelled, name, set);
	if (with_rrsigs)
		render_put_rrsigs(render, &spelled, name, set->type, set->ttl);
}

/* The CNAME that follows from a DNAME has its TTL, and no signature (RFC 6672 sections 3.1 and 5.3.1). */
static void put_made_cname(struct render *render, const struct chain_link *link)
{
	const struct zone_rrset *dname = zone_name_rrset(link->at.name, KNOT_RRTYPE_DNAME);

	render_put_rdata(render, link->owner, KNOT_RRTYPE_CNAME, dname->ttl,
			 (const knot_rdata_t *)link->made);
}

static const struct store_part *chain_part(struct render *render, const struct chain *chain,
					   const knot_dname_t *suffix, bool with_rrsigs)
{
	const struct render_spelling as = { .suffix = suffix };
	unsigned int i;

	render_begin_part(render, &as);
	for (i = 0; i < chain->n; i++) {
		put_link_rrset(render, &as, &chain->link[i], with_rrsigs);
		if (chain->link[i].at.place == PLACE_DNAME)
			put_made_cname(render, &chain->link[i]);
	}
	if (chain->link[i].at.place == PLACE_LONG)
		put_link_rrset(render, &as, &chain->link[i], with_rrsigs);
	return render_end_part(render);
}

/* ---- entries ---- */

struct chain_answer {
	struct render *render;
	const struct zone_name *name;
	const struct chain *chain;
	const struct chain_link *end;
	const struct store_part *plain, *dnssec;
};

static bool has_dname(const struct chain *chain)
{
	unsigned int i;

	for (i = 0; i < chain->n; i++)
		if (chain->link[i].at.place == PLACE_DNAME)
			return true;
	return chain->link[i].at.place == PLACE_LONG;
}

static void begin_answer(struct draft *draft, const struct chain_answer *of)
{
	draft_begin(draft, of->render, of->name,
		    DNSBOLT_ANSWER_AA | (has_dname(of->chain) ? DNSBOLT_ANSWER_DNAME : 0),
		    REASON_cname);
	if (!of->render->is.zone->is_signed) {
		draft_part(draft, of->plain, DNSBOLT_ANSWER_SECTION, 0);
		return;
	}
	draft_part(draft, of->plain, DNSBOLT_ANSWER_SECTION, DNSBOLT_SLOT_PLAIN);
	draft_part(draft, of->dnssec, DNSBOLT_ANSWER_SECTION, DNSBOLT_SLOT_DO);
}

/* Each name that a wildcard stands for is shown not to exist itself (RFC 4035 section 3.1.3.3). */
static void deny_expanded(struct draft *draft, const struct chain *chain)
{
	unsigned int i;

	for (i = 1; i <= chain->n; i++)
		if (chain->link[i].at.place == PLACE_WILDCARD)
			draft_deny_exact(draft, chain->link[i].at.encloser, chain->link[i].lower);
}

/* A DNAME that led to its own owner: no record twice (RFC 2181 section 5). */
static bool is_in_chain(const struct chain_answer *of, const struct zone_rrset *set)
{
	return set->type == KNOT_RRTYPE_DNAME && chain_was_at(of->chain, of->end->at.name);
}

/* The RRset at the end. */
static void add_type(const struct chain_answer *of, const struct zone_rrset *set)
{
	const struct render_spelling as = { .owner = of->end->owner,
					    .suffix = of->render->is.zone->apex };
	struct draft draft;

	begin_answer(&draft, of);
	if (!is_in_chain(of, set))
		draft_rrset(&draft, &as, of->end->at.name, set);
	deny_expanded(&draft, of->chain);
	(void)draft_end(&draft, set->type);
}

/* The end has not the type. */
static void add_nodata(const struct chain_answer *of, uint16_t qtype)
{
	const struct location *at = &of->end->at;
	struct draft draft;

	begin_answer(&draft, of);
	draft_soa(&draft);
	deny_expanded(&draft, of->chain);
	draft_deny_type(&draft, at->name, false);
	if (at->place == PLACE_WILDCARD)
		draft_prove_encloser(&draft, at->encloser);
	(void)draft_end(&draft, qtype);
}

static void add_types(const struct chain_answer *of)
{
	const struct zone_name *name = of->end->at.name;
	uint16_t i;

	if (render_is_computed(name)) {
		render_pass(of->render, 0, REASON_computed);
		return;
	}
	if (name->n_sets + OWN_ENTRIES > DNSBOLT_DIR_MAX) {
		render_pass(of->render, 0, REASON_too_large);
		return;
	}
	add_nodata(of, 0);
	for (i = 0; i < name->n_sets; i++) {
		const struct zone_rrset *set = &name->sets[i];

		switch (set->type) {
		case KNOT_RRTYPE_RRSIG:
		case KNOT_RRTYPE_NSEC:
		case KNOT_RRTYPE_NSEC3:
			break;
		case KNOT_RRTYPE_DS:
			if (zone_name_is_apex(name))
				break;
			/* fall through */
		default:
			add_type(of, set);
		}
	}
}

static void add_absent(const struct chain_answer *of)
{
	struct draft draft;

	begin_answer(&draft, of);
	if (draft.answer)
		draft.answer->rcode = KNOT_RCODE_NXDOMAIN; /* RFC 6604 section 3 */
	draft_soa(&draft);
	deny_expanded(&draft, of->chain);
	draft_deny_name(&draft, of->end->at.encloser, of->end->lower);
	(void)draft_end(&draft, 0);
}

/* The end is not this zone's to tell of; or there is none, for the name would be too long. */
static void add_outside(const struct chain_answer *of)
{
	struct draft draft;

	begin_answer(&draft, of);
	if (draft.answer && of->end->at.place == PLACE_LONG)
		draft.answer->rcode = KNOT_RCODE_YXDOMAIN; /* RFC 6672 section 2.2 */
	deny_expanded(&draft, of->chain);
	(void)draft_end(&draft, 0);
}

static void add_cut(const struct chain_answer *of)
{
	const struct zone_name *cut = of->end->at.name;
	const struct zone_rrset *ds = zone_name_rrset(cut, KNOT_RRTYPE_DS);
	struct draft draft;

	begin_answer(&draft, of);
	deny_expanded(&draft, of->chain);
	draft_referral(&draft, cut, of->render->is.zone->apex, false);
	(void)draft_end(&draft, 0);
	if (!knot_dname_is_equal(of->end->lower, cut->owner))
		return;
	if (ds)
		add_type(of, ds);
	else
		add_nodata(of, KNOT_RRTYPE_DS);
}

void render_chain(struct render *render, const struct zone_name *name)
{
	const knot_dname_t *suffix = render->is.zone->apex;
	struct chain_answer of = { .render = render, .name = name };
	struct chain chain;

	if (!chain_follow(&chain, &render->is, name)) {
		render_pass(render, 0, REASON_cname_odd);
		return;
	}
	of.chain = &chain;
	of.end = &chain.link[chain.n];
	of.plain = chain_part(render, &chain, suffix, false);
	if (render->is.zone->is_signed)
		of.dnssec = chain_part(render, &chain, suffix, true);
	switch (of.end->at.place) {
	case PLACE_NAME:
	case PLACE_WILDCARD:
		add_types(&of);
		break;
	case PLACE_CUT:
		add_cut(&of);
		break;
	case PLACE_ABSENT:
		add_absent(&of);
		break;
	default:
		add_outside(&of);
	}
}
