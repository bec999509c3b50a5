/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "follow.h"

#include <string.h>

/* ---- where a name is ---- */

static struct location locate_below(const struct view *view, const struct zone_name *encloser)
{
	const struct zone_name *wildcard = view_wildcard(view, encloser);

	if (zone_name_rrset(encloser, KNOT_RRTYPE_DNAME))
		return (struct location){ .place = PLACE_DNAME, .name = encloser };
	if (!wildcard)
		return (struct location){ .place = PLACE_ABSENT, .encloser = encloser };
	if (view_is_cut(wildcard) || zone_name_rrset(wildcard, KNOT_RRTYPE_DNAME))
		return (struct location){ PLACE_ODD, wildcard, encloser };
	return (struct location){ PLACE_WILDCARD, wildcard, encloser };
}

/* Whether another served zone, of which this one holds nothing, has the name. */
static bool is_below_other(const struct view *view, const knot_dname_t *lower,
			   const struct zone_name *above)
{
	const struct render_zones *zones = view->zones;

	for (; zones && !knot_dname_is_equal(lower, above->owner); lower += 1 + *lower)
		if (zones->is_apex(lower, zones->arg))
			return true;
	return false;
}

static struct location locate(const struct view *view, const knot_dname_t *lower)
{
	const struct zone_name *name, *cover;

	if (knot_dname_in_bailiwick(lower, view->zone->apex) < 0)
		return (struct location){ .place = PLACE_OUTSIDE };
	name = view_find_above(view, lower);
	cover = view_cover(view, name);
	if (!cover && (view_is_cut(name) || view_is_other(view, name)))
		cover = name;
	if (cover && view_is_cut(cover))
		return (struct location){ .place = PLACE_CUT, .name = cover };
	if ((cover && view_is_other(view, cover)) ||
	    is_below_other(view, lower, cover ? cover : name))
		return (struct location){ .place = PLACE_OUTSIDE };
	if (cover)
		return (struct location){ .place = PLACE_DNAME, .name = cover };
	while (!zone_name_is_apex(name) && view_state(view, name) != VIEW_DATA)
		name = zone_parent(view->zone, name);
	if (knot_dname_is_equal(name->owner, lower))
		return (struct location){ .place = PLACE_NAME, .name = name };
	return locate_below(view, name);
}

/* ---- the chain ---- */

const struct zone_rrset *chain_cname(const struct location *at)
{
	if (at->place != PLACE_NAME && at->place != PLACE_WILDCARD)
		return NULL;
	return zone_name_rrset(at->name, KNOT_RRTYPE_CNAME);
}

bool chain_was_at(const struct chain *chain, const struct zone_name *name)
{
	unsigned int i;

	for (i = 0; i < chain->n; i++)
		if (chain->link[i].at.name == name)
			return true;
	return false;
}

/* What the link's name becomes below a DNAME (RFC 6672 section 2.2); false: too long. */
static bool substitute(struct chain_link *link)
{
	const struct zone_rrset *dname = zone_name_rrset(link->at.name, KNOT_RRTYPE_DNAME);
	const knot_dname_t *target = knot_dname_target(dname->rrs.rdata);
	size_t prefix = knot_dname_size(link->lower) - knot_dname_size(link->at.name->owner);
	size_t len = knot_dname_size(target);
	knot_rdata_t *made = (knot_rdata_t *)link->made;

	if (prefix + len > KNOT_DNAME_MAXLEN)
		return false;
	made->len = (uint16_t)(prefix + len);
	memcpy(made->data, link->owner, prefix);
	memcpy(made->data + prefix, target, len);
	return true;
}

/* Where the CNAME at the link leads; NULL: there is none, the chain ends here. */
static const knot_dname_t *target_of(struct chain_link *link)
{
	const struct zone_rrset *cname = chain_cname(&link->at);

	if (cname)
		return knot_cname_name(cname->rrs.rdata);
	if (link->at.place != PLACE_DNAME)
		return NULL;
	if (substitute(link))
		return knot_cname_name((const knot_rdata_t *)link->made);
	link->at.place = PLACE_LONG;
	return NULL;
}

bool chain_follow(struct chain *chain, const struct view *view, const struct zone_name *name)
{
	const knot_dname_t *target;

	chain->n = 0;
	chain->link[0].owner = NULL;
	chain->link[0].at = (struct location){ .place = PLACE_NAME, .name = name };
	while ((target = target_of(&chain->link[chain->n]))) {
		struct chain_link *next;

		if (chain->n == CHAIN_LINKS_MAX ||
		    chain_was_at(chain, chain->link[chain->n].at.name))
			return false;
		next = &chain->link[++chain->n];
		next->owner = target;
		knot_dname_copy_lower(next->lower, next->owner);
		next->at = locate(view, next->lower);
	}
	if (chain->link[chain->n].at.place == PLACE_LONG)
		return !chain_was_at(chain, chain->link[chain->n].at.name);
	return chain->link[chain->n].at.place != PLACE_ODD;
}
