/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view.h"

#include <string.h>

#define WILDCARD_LEN 2u /* octets of the label "*" */

bool view_is_bare(const struct zone_name *name)
{
	return !(name->kinds & ZONE_KIND_DATA);
}

static bool is_below(const struct zone_name *name, const knot_dname_t *above)
{
	return name && knot_dname_in_bailiwick(name->owner, above) > 0;
}

/* The owner name of an NSEC3 record is no name (RFC 5155 section 7.2.8), so neither is what is
 * above such alone. */
static bool has_names_below(const struct view *view, const struct zone_name *name)
{
	struct tree_cursor at;

	if (!zone_seek(view->zone, name->owner, &at))
		return false;
	at.level[0].at++;
	return is_below(tree_here_of(&at, ZONE_KIND_DATA), name->owner);
}

bool view_is_cut(const struct zone_name *name)
{
	return !zone_name_is_apex(name) && zone_name_rrset(name, KNOT_RRTYPE_NS);
}

bool view_is_other(const struct view *view, const struct zone_name *name)
{
	return !zone_name_is_apex(name) && view->zones &&
	       view->zones->is_apex(name->owner, view->zones->arg);
}

enum view_covering view_covers(const struct view *view, const struct zone_name *name)
{
	if (view_is_cut(name))
		return VIEW_COVERS_CUT;
	if (view_is_other(view, name))
		return VIEW_COVERS_OTHER;
	return zone_name_rrset(name, KNOT_RRTYPE_DNAME) ? VIEW_COVERS_DNAME : VIEW_COVERS_NOT;
}

/* The name is not the apex. */
static const struct zone_name *parent_of(const struct view *view, const struct zone_name *name,
					 const struct zone_name *known)
{
	if (known && knot_dname_is_equal(known->owner, name->owner + 1 + *name->owner))
		return known;
	return zone_parent(view->zone, name);
}

/* As deep as the name has labels. */
const struct zone_name *view_cover(const struct view *view, const struct zone_name *name)
{
	struct view_memo *memo = &view->memo[knot_dname_labels(name->owner, NULL)];
	const struct zone_name *parent, *cover = NULL;

	if (memo->name == name)
		return memo->cover;
	if (!zone_name_is_apex(name)) {
		parent = parent_of(view, name, memo[-1].name);
		cover = view_cover(view, parent);
		if (!cover && view_covers(view, parent))
			cover = parent;
	}
	*memo = (struct view_memo){ name, cover };
	return cover;
}

/* The owner of a record of the denial chain, and of nothing else. */
static bool is_proof(const struct view *view, const struct zone_name *name)
{
	struct denial_link link;

	return view->denial.is_nsec3 && view->denial.is_complete &&
	       denial_link_of(view, name, &link);
}

enum view_state view_state(const struct view *view, const struct zone_name *name)
{
	if (zone_name_is_apex(name))
		return VIEW_DATA;
	if (view_is_cut(name))
		return VIEW_CUT;
	if (view_is_other(view, name))
		return VIEW_NONE;
	if (!view_is_bare(name) || has_names_below(view, name))
		return VIEW_DATA;
	return is_proof(view, name) ? VIEW_PROOF : VIEW_NONE;
}

/* The denial chain also hangs below an apex with a DNAME. */
static enum view_state covered_state(const struct view *view, const struct zone_name *name)
{
	return is_proof(view, name) ? VIEW_PROOF : VIEW_NONE;
}

enum view_state view_place(const struct view *view, const struct zone_name *name)
{
	if (!name)
		return VIEW_NONE;
	return view_cover(view, name) ? covered_state(view, name) : view_state(view, name);
}

bool view_wildcard_name(knot_dname_storage_t ret_wildcard, const knot_dname_t *name)
{
	size_t len = knot_dname_size(name);

	if (len + WILDCARD_LEN > KNOT_DNAME_MAXLEN)
		return false;
	ret_wildcard[0] = 1;
	ret_wildcard[1] = '*';
	memcpy(ret_wildcard + WILDCARD_LEN, name, len);
	return true;
}

const struct zone_name *view_wildcard(const struct view *view, const struct zone_name *name)
{
	knot_dname_storage_t owner;
	const struct zone_name *wildcard;
	enum view_state state;

	if (zone_name_rrset(name, KNOT_RRTYPE_DNAME) || !view_wildcard_name(owner, name->owner))
		return NULL;
	wildcard = zone_find(view->zone, owner);
	if (!wildcard)
		return NULL;
	state = view_state(view, wildcard);
	return state == VIEW_DATA || state == VIEW_CUT ? wildcard : NULL;
}

const knot_dname_t *view_next_closer(const knot_dname_t *name, const knot_dname_t *above)
{
	size_t labels = knot_dname_labels(name, NULL) - knot_dname_labels(above, NULL);

	return name + knot_dname_prefixlen(name, (unsigned int)labels - 1, NULL);
}

const struct zone_name *view_find_above(const struct view *view, const knot_dname_t *lower)
{
	const struct zone_name *name;

	while (!(name = zone_find(view->zone, lower)))
		lower += 1 + *lower;
	return name;
}

void view_walk_begin(struct view_walk *walk, const struct view *view, const knot_dname_t *top)
{
	*walk = (struct view_walk){ .view = view, .top = top };
	if (view->zone && zone_seek(view->zone, top, &walk->at))
		walk->next = tree_here(&walk->at);
	if (walk->next)
		walk->cover = view_cover(view, walk->next);
}

/* What is below a name follows it directly, so one cover is enough to know. */
enum view_state view_walk_take(struct view_walk *walk)
{
	const struct zone_name *name = walk->next, *next = tree_next(&walk->at);

	walk->next = is_below(next, walk->top) ? next : NULL;
	if (walk->cover && is_below(name, walk->cover->owner))
		return covered_state(walk->view, name);
	walk->cover = view_covers(walk->view, name) ? name : NULL;
	return view_state(walk->view, name);
}
