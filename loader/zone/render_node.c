/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the store says of one name; the rules of each are with them. */
#include <errno.h>
#include <stdlib.h>

#include "render_internal.h"

/* Entries beside those for the name's types: all others, ANY */
#define OWN_ENTRIES 2u

bool render_is_computed(const struct zone_name *name)
{
	return zone_name_rrset(name, RENDER_TYPE_ALIAS) || zone_name_rrset(name, RENDER_TYPE_LUA);
}

static bool is_wildcard(const struct zone_name *name)
{
	return !zone_name_is_apex(name) && knot_dname_is_wildcard(name->owner);
}

/* What a wildcard holds is also given to names that end with its parent's (RFC 4592 section
 * 3.3). */
struct render_spelling render_own_spelling(const struct zone_name *name)
{
	if (is_wildcard(name))
		return (struct render_spelling){ .suffix = name->owner + 1 + *name->owner };
	return (struct render_spelling){ .suffix = name->owner, .exact = true };
}

/* ---- directory entries ---- */

static const struct store_dirent *add_rrset(struct render *render, const struct zone_name *name,
					    const struct zone_rrset *set)
{
	struct render_spelling as = render_own_spelling(name);
	struct draft draft;

	/* It is quoted for the names below, too (RFC 6672 section 3.1). */
	if (set->type == KNOT_RRTYPE_DNAME)
		as = (struct render_spelling){ .owner = name->owner, .suffix = name->owner };
	draft_begin(&draft, render, name, DNSBOLT_ANSWER_AA, REASON_answer);
	draft_rrset(&draft, &as, name, set);
	return draft_end(&draft, set->type);
}

static void add_nodata(struct render *render, const struct zone_name *name, uint16_t qtype)
{
	struct draft draft;

	draft_begin(&draft, render, name, DNSBOLT_ANSWER_AA | DNSBOLT_ANSWER_NODATA, REASON_nodata);
	draft_soa(&draft);
	draft_deny_type(&draft, name, true);
	(void)draft_end(&draft, qtype);
}

/* ANY is answered with one RRset (RFC 8482 section 4.1): the smallest that is not there for
 * DNSSEC's sake. */
struct smallest {
	bool found, is_dnssec;
	size_t len;
	struct store_dirent entry;
};

static void weigh(struct smallest *smallest, const struct store_dirent *entry)
{
	bool is_dnssec = entry->qtype == KNOT_RRTYPE_RRSIG || entry->qtype == KNOT_RRTYPE_NSEC;
	size_t len;

	if (!entry->answer || entry->pass[0] || entry->pass[1])
		return;
	len = entry->answer->slot[0].part->len;
	if (smallest->found && (is_dnssec > smallest->is_dnssec ||
				(is_dnssec == smallest->is_dnssec && len >= smallest->len)))
		return;
	*smallest = (struct smallest){ true, is_dnssec, len, *entry };
}

/* The entries of the types that the name has, and of ANY. DS at the apex is the parent's (RFC 4035
 * section 3.1.4.1). The owners of NSEC3 do not exist (RFC 5155 section 7.2.8). */
static void add_types(struct render *render, const struct zone_name *name)
{
	struct smallest smallest = { 0 };
	uint16_t i;

	for (i = 0; i < name->n_sets; i++) {
		const struct zone_rrset *set = &name->sets[i];
		const struct store_dirent *entry;

		if (set->type == KNOT_RRTYPE_NSEC3 ||
		    (set->type == KNOT_RRTYPE_DS && zone_name_is_apex(name)))
			continue;
		entry = add_rrset(render, name, set);
		if (entry)
			weigh(&smallest, entry);
	}
	if (smallest.found) {
		smallest.entry.qtype = RENDER_TYPE_ANY;
		render->dir[render->n_dir++] = smallest.entry;
	} else {
		render_pass(render, RENDER_TYPE_ANY, REASON_too_large);
	}
}

/* CNAME itself, RRSIG, NSEC and ANY are not followed (RFC 4035 section 2.5). */
static void add_cname(struct render *render, const struct zone_name *name)
{
	static const uint16_t stops[] = { KNOT_RRTYPE_RRSIG, KNOT_RRTYPE_NSEC };
	size_t i;

	render_chain(render, name);
	for (i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
		if (!zone_name_rrset(name, stops[i]))
			add_nodata(render, name, stops[i]);
}

static void add_entries(struct render *render, const struct zone_name *name, uint16_t flags)
{
	if (render_is_computed(name)) {
		render_pass(render, 0, REASON_computed);
	} else if (is_wildcard(name) && zone_name_rrset(name, KNOT_RRTYPE_DNAME)) {
		/* RFC 6672 section 3.3: what it means is not defined. */
		render_pass(render, 0, REASON_wildcard_odd);
	} else if (name->n_sets + OWN_ENTRIES > DNSBOLT_DIR_MAX) {
		render_say(
			render, name, name->sets[name->n_sets - 1].type,
			"one of more types than the store holds of one name: none is answered from the store");
		render_pass(render, 0, REASON_too_large);
	} else {
		if (zone_name_rrset(name, KNOT_RRTYPE_CNAME))
			add_cname(render, name);
		else
			add_nodata(render, name, 0);
		if (!(flags & DNSBOLT_NODE_ENT))
			add_types(render, name);
	}
}

/* ---- nodes ---- */

/* What is below the DNAME's target is asked of the same zone: the reader would have to look again. */
static bool leads_inside(const struct render *render, const struct zone_rrset *dname)
{
	knot_dname_storage_t target;

	if (knot_dname_store(target, knot_dname_target(dname->rrs.rdata)) == 0)
		return true;
	knot_dname_to_lower(target);
	/* A target above the apex leads back in too, by the labels that are put before it. */
	return knot_dname_in_bailiwick(target, render->is.zone->apex) >= 0 ||
	       knot_dname_in_bailiwick(render->is.zone->apex, target) >= 0;
}

static uint16_t node_flags(const struct render *render, const struct zone_name *name)
{
	const struct zone_rrset *dname = zone_name_rrset(name, KNOT_RRTYPE_DNAME);
	uint16_t flags = 0;

	if (zone_name_is_apex(name))
		flags |= DNSBOLT_NODE_APEX;
	else if (view_is_bare(name))
		flags |= DNSBOLT_NODE_ENT;
	if (dname)
		flags |= DNSBOLT_NODE_DNAME;
	if (dname && leads_inside(render, dname))
		flags |= DNSBOLT_NODE_INSIDE;
	if (view_wildcard(&render->is, name))
		flags |= DNSBOLT_NODE_WILDCARD;
	return flags;
}

int render_put_name(struct render *render, const struct zone_name *name)
{
	struct store_node node = {
		.owner = name->owner,
		.side = DNSBOLT_SIDE_CHILD,
		.flags = node_flags(render, name),
	};

	render_begin_node(render);
	add_entries(render, name, node.flags);
	node.proof = proof_part(render, name);
	proof_of_encloser(render, name, &node);
	return render_put_node(render, &node);
}

int render_put_proof(struct render *render, const struct zone_name *name)
{
	struct store_node node = {
		.owner = name->owner,
		.side = DNSBOLT_SIDE_CHILD,
		.flags = DNSBOLT_NODE_PROOF,
	};

	render_begin_node(render);
	node.proof = proof_part(render, name);
	return render_put_node(render, &node);
}
