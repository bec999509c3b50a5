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

const struct zone_name *render_wildcard(const struct render *render, const struct zone_name *name)
{
	knot_dname_storage_t owner;
	const struct zone_name *wildcard;
	enum render_state state;

	if (!name->n_children || zone_name_rrset(name, KNOT_RRTYPE_DNAME) ||
	    !proof_wildcard_name(owner, name->owner))
		return NULL;
	wildcard = zone_find(render->to, owner);
	if (!wildcard)
		return NULL;
	state = render_state(render, render->to, wildcard);
	return state == RENDER_DATA || state == RENDER_CUT ? wildcard : NULL;
}

static bool is_wildcard(const struct zone_name *name)
{
	return name->parent && knot_dname_is_wildcard(name->owner);
}

/* What a wildcard holds is also given to names that end with its parent's (RFC 4592 section
 * 3.3). */
struct render_spelling render_own_spelling(const struct zone_name *name)
{
	if (is_wildcard(name))
		return (struct render_spelling){ .suffix = name->parent->owner };
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
		    (set->type == KNOT_RRTYPE_DS && !name->parent))
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
	return knot_dname_in_bailiwick(target, render->to->apex) >= 0 ||
	       knot_dname_in_bailiwick(render->to->apex, target) >= 0;
}

static uint16_t node_flags(const struct render *render, const struct zone_name *name)
{
	const struct zone_rrset *dname = zone_name_rrset(name, KNOT_RRTYPE_DNAME);
	uint16_t flags = 0;

	if (!name->parent)
		flags |= DNSBOLT_NODE_APEX;
	else if (render_is_bare(name))
		flags |= DNSBOLT_NODE_ENT;
	if (dname)
		flags |= DNSBOLT_NODE_DNAME;
	if (dname && leads_inside(render, dname))
		flags |= DNSBOLT_NODE_INSIDE;
	if (render_wildcard(render, name))
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

/* ---- snapshots ---- */

/* The SOA of negative answers lives as long as they do (RFC 2308 sections 3 and 5), and its
 * signatures with it; the original TTL in them stays (RFC 4034 section 3.1.4). */
static int soa_parts(struct render *render, struct store_snapshot *snap)
{
	const struct zone_name *apex = zone_next(render->to, NULL);
	const struct render_spelling as = { .owner = apex->owner, .suffix = apex->owner };
	struct zone_rrset soa = *zone_name_rrset(apex, KNOT_RRTYPE_SOA);
	uint32_t minimum = knot_soa_minimum(soa.rrs.rdata);
	const struct store_part *sig;

	if (soa.ttl > minimum)
		soa.ttl = minimum;
	snap->soa = render_plain_part(render, &as, apex, &soa);
	if (!render->to->is_signed)
		return snap->soa ? 0 : -ENOMEM;
	sig = render_sig_part(render, &as, apex, &soa);
	if (snap->soa && !sig && render->part_err) {
		render_say(render, apex, KNOT_RRTYPE_SOA, "its signatures do not fit in a message");
		return -EMSGSIZE;
	}
	if (!snap->soa || !sig)
		return -ENOMEM;
	if (sig->n_rr)
		snap->soa_sig = sig;
	return 0;
}

static int chain_links(const struct denial *denial, struct store_snapshot *snap)
{
	struct store_link *links;
	size_t i;

	snap->flags |= denial->is_nsec3 ? DNSBOLT_ZONE_NSEC3 : 0;
	if (!denial->is_complete)
		return 0;
	links = calloc(denial->n, sizeof(*links));
	if (!links)
		return -ENOMEM;
	for (i = 0; i < denial->n; i++)
		links[i] = (struct store_link){
			.proof = denial->link[i].proof,
			.hash = denial->is_nsec3 ? denial->link[i].hash : NULL,
		};
	snap->links = links;
	snap->n_links = denial->n;
	if (denial->is_nsec3) {
		snap->nsec3_iterations = denial->params.iterations;
		snap->nsec3_salt_len = denial->params.salt_len;
		snap->nsec3_salt = denial->params.salt;
	}
	return 0;
}

int render_flip(struct render *render)
{
	const struct zone *zone = render->to;
	struct store_snapshot snap = {
		.apex = zone->apex,
		.serial = zone->serial,
		.flags = zone->is_signed ? DNSBOLT_ZONE_SIGNED : 0,
	};
	int err;

	render_begin_node(render);
	err = soa_parts(render, &snap);
	if (!err && zone->is_signed)
		err = chain_links(&render->is, &snap);
	if (!err)
		err = store_flip(render->store, render->zone, &snap);
	free((void *)snap.links);
	return err;
}
