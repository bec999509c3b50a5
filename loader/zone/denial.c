/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "denial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

/* So many octets of a hash are the key of the store's chain (struct dnsbolt_page_entry). */
#define KEY_LEN 8u

static const char no_chain[] = "has no denial chain";

static void miss(struct view *view, const struct zone_name *name, const char *text)
{
	view->denial.is_complete = false;
	if (view->denial.gap)
		return;
	view->denial.gap = name->owner;
	view->denial.gap_text = text;
}

static bool is_signed(const struct zone_name *name, uint16_t type)
{
	const struct zone_rrset *set = zone_name_rrset(name, KNOT_RRTYPE_RRSIG);
	knot_rdata_t *rr = set ? set->rrs.rdata : NULL;
	uint16_t i;

	for (i = 0; set && i < set->rrs.count; i++, rr = knot_rdataset_next(rr))
		if (knot_rrsig_type_covered(rr) == type)
			return true;
	return false;
}

/* ---- what the apex says ---- */

static bool find_params(struct nsec3_params *ret_params, const struct zone_name *apex)
{
	const struct zone_rrset *set = zone_name_rrset(apex, KNOT_RRTYPE_NSEC3PARAM);
	knot_rdata_t *rr = set ? set->rrs.rdata : NULL;
	uint16_t i;

	for (i = 0; set && i < set->rrs.count; i++, rr = knot_rdataset_next(rr))
		if (nsec3_read_params(ret_params, rr))
			return true;
	return false;
}

static void read_params(struct view *view, const struct zone_name *apex)
{
	struct denial *denial = &view->denial;

	if (!find_params(&denial->params, apex)) {
		miss(view, apex, "has no NSEC3PARAM record of SHA-1 without flags");
		return;
	}
	if (denial->params.iterations > DNSBOLT_NSEC3_ITERATIONS_MAX)
		miss(view, apex,
		     "has NSEC3 with more iterations than are computed here (RFC 9276 section 3.1)");
	if (denial->params.salt_len > DNSBOLT_NSEC3_SALT_MAX)
		miss(view, apex, "has NSEC3 with a longer salt than is supported");
	if (knot_dname_size(apex->owner) + 1 + NSEC3_LABEL_LEN > KNOT_DNAME_MAXLEN)
		miss(view, apex, "has a name that leaves no room for owners of NSEC3");
}

bool denial_is_meant(const struct view *view)
{
	return view->zone && view->zone->is_signed;
}

void denial_begin(struct view *view)
{
	const struct zone_name *apex;

	if (!denial_is_meant(view))
		return;
	apex = zone_next(view->zone, NULL);
	view->denial.is_nsec3 = view->zone->is_nsec3;
	view->denial.is_complete = true;
	if (!is_signed(apex, KNOT_RRTYPE_SOA))
		miss(view, apex, "has an SOA record without a signature");
	if (view->denial.is_nsec3)
		read_params(view, apex);
}

void denial_done(struct view *view)
{
	free(view->denial.memo);
	view->denial.memo = NULL;
}

/* ---- links ---- */

static bool nsec_link(const struct view *view, const struct zone_name *name,
		      struct denial_link *ret_link)
{
	const struct zone_rrset *set;

	if (!(name->kinds & ZONE_KIND_NSEC) || view_cover(view, name))
		return false;
	/* where another zone is served, what delegates to it is this one's (RFC 4035 section 2.3) */
	if (view_is_other(view, name) && !view_is_cut(name))
		return false;
	set = zone_name_rrset(name, KNOT_RRTYPE_NSEC);
	*ret_link = (struct denial_link){
		.name = name,
		.proof = { name->owner,
			   view_is_cut(name) ? DNSBOLT_SIDE_PARENT : DNSBOLT_SIDE_CHILD },
		.rdata = set->rrs.rdata,
	};
	return true;
}

/* The record with the parameters of the chain; `ret_record` is of it. */
static const knot_rdata_t *find_nsec3(const struct view *view, const struct zone_name *name,
				      struct nsec3_record *ret_record)
{
	const struct zone_rrset *set = zone_name_rrset(name, KNOT_RRTYPE_NSEC3);
	knot_rdata_t *rr = set ? set->rrs.rdata : NULL;
	uint16_t i;

	for (i = 0; set && i < set->rrs.count; i++, rr = knot_rdataset_next(rr))
		if (nsec3_read_record(ret_record, rr) &&
		    nsec3_same_params(&ret_record->params, &view->denial.params))
			return rr;
	return NULL;
}

static bool nsec3_link(const struct view *view, const struct zone_name *name,
		       struct denial_link *ret_link)
{
	struct denial_link link = { .name = name, .proof = { name->owner, DNSBOLT_SIDE_CHILD } };
	struct nsec3_record record;

	if (!(name->kinds & ZONE_KIND_NSEC3) || !nsec3_owner_hash(name->owner, link.hash) ||
	    !knot_dname_is_equal(name->owner + 1 + NSEC3_LABEL_LEN, view->zone->apex))
		return false;
	link.rdata = find_nsec3(view, name, &record);
	if (!link.rdata)
		return false;
	link.is_opt_out = record.is_opt_out;
	*ret_link = link;
	return true;
}

bool denial_link_of(const struct view *view, const struct zone_name *name,
		    struct denial_link *ret_link)
{
	return view->denial.is_nsec3 ? nsec3_link(view, name, ret_link)
				     : nsec_link(view, name, ret_link);
}

static uint8_t link_kind(const struct view *view)
{
	return view->denial.is_nsec3 ? ZONE_KIND_NSEC3 : ZONE_KIND_NSEC;
}

/* What is below a cut or the like is of no chain, and passed over at once. */
static const struct zone_name *cover_of(const struct view *view, const struct zone_name *name)
{
	return view->denial.is_nsec3 ? NULL : view_cover(view, name);
}

/* The last link before the place. */
static bool step_back(const struct view *view, struct tree_cursor *at, struct denial_link *ret_link)
{
	const struct zone_name *name, *cover;

	while ((name = tree_prev_of(at, link_kind(view)))) {
		if (denial_link_of(view, name, ret_link))
			return true;
		cover = cover_of(view, name);
		if (!cover)
			continue;
		(void)zone_seek(view->zone, cover->owner, at);
		if (denial_link_of(view, cover, ret_link))
			return true;
	}
	return false;
}

/* The first link at or behind the place. */
static bool step_on(const struct view *view, struct tree_cursor *at, struct denial_link *ret_link)
{
	const struct zone_name *name, *cover;

	while ((name = tree_here_of(at, link_kind(view)))) {
		if (denial_link_of(view, name, ret_link))
			return true;
		cover = cover_of(view, name);
		if (cover)
			zone_seek_behind(view->zone, cover->owner, at);
		else
			at->level[0].at++;
	}
	return false;
}

/* What is before the first is in the span of the last (RFC 5155 section 1.3). */
static bool step_round(const struct view *view, struct tree_cursor *at,
		       struct denial_link *ret_link)
{
	if (step_back(view, at, ret_link))
		return true;
	tree_seek_end(view->zone->names, at);
	return step_back(view, at, ret_link);
}

bool denial_before(const struct view *view, const knot_dname_t *owner, struct denial_link *ret_link)
{
	struct tree_cursor at;

	(void)zone_seek(view->zone, owner, &at);
	return step_round(view, &at, ret_link);
}

bool denial_at(const struct view *view, const knot_dname_t *owner, struct denial_link *ret_link)
{
	struct tree_cursor at;

	if (zone_seek(view->zone, owner, &at) && denial_link_of(view, tree_here(&at), ret_link))
		return true;
	return step_round(view, &at, ret_link);
}

bool denial_behind(const struct view *view, const knot_dname_t *owner, struct denial_link *ret_link)
{
	struct tree_cursor at;

	if (zone_seek(view->zone, owner, &at))
		at.level[0].at++;
	if (step_on(view, &at, ret_link))
		return true;
	tree_seek_first(view->zone->names, &at);
	return step_on(view, &at, ret_link);
}

int denial_each(const struct view *view, int (*each)(const struct denial_link *link, void *arg),
		void *arg)
{
	struct denial_link link;
	struct tree_cursor at;
	int err = 0;

	tree_seek_first(view->zone->names, &at);
	for (; !err && step_on(view, &at, &link); at.level[0].at++)
		err = each(&link, arg);
	return err;
}

/* ---- names ---- */

static int find_link(struct view *view, const knot_dname_t *name, struct denial_memo *memo)
{
	uint8_t hash[NSEC3_HASH_LEN];
	knot_dname_storage_t hashed;
	int err;

	if (view->denial.is_nsec3) {
		err = nsec3_hash(&view->denial.params, name, hash);
		if (err)
			return err;
		nsec3_owner(hashed, hash, view->zone->apex);
		name = hashed;
	}
	if (!denial_at(view, name, &memo->link))
		return -ENOENT;
	memo->match = knot_dname_is_equal(memo->link.name->owner, name);
	return 0;
}

int denial_find(struct view *view, const knot_dname_t *name, struct denial_link *ret_link,
		bool *ret_match)
{
	struct denial *denial = &view->denial;
	size_t len = knot_dname_size(name), i;
	struct denial_memo *memo;
	uint32_t mix = 0;
	int err = 0;

	if (!denial->memo)
		denial->memo = calloc(DENIAL_MEMOS, sizeof(*denial->memo));
	if (!denial->memo)
		return -ENOMEM;
	for (i = 0; i < len; i++)
		mix = mix * 31 + name[i];
	memo = &denial->memo[mix % DENIAL_MEMOS];
	if (!memo->is_used || !knot_dname_is_equal(memo->name, name)) {
		err = find_link(view, name, memo);
		memo->is_used = !err;
		memcpy(memo->name, name, len);
	}
	if (!err) {
		*ret_link = memo->link;
		*ret_match = memo->match;
	}
	return err;
}

int denial_find_provable(struct view *view, const struct zone_name *encloser,
			 struct denial_provable *ret_provable,
			 void (*each)(const struct denial_link *link, void *arg), void *arg)
{
	const struct zone_name *name;
	bool match = false;
	int err;

	ret_provable->next = NULL;
	for (name = encloser; name && !match; name = zone_parent(view->zone, name)) {
		if (name != encloser)
			ret_provable->next = ret_provable->name->owner;
		ret_provable->name = name;
		err = denial_find(view, name->owner, &ret_provable->match, &match);
		if (err)
			return err;
		if (each && !(match && zone_name_is_apex(name)))
			each(&ret_provable->match, arg);
	}
	return match ? 0 : -ENOENT;
}

/* ---- checks ---- */

/* An empty non-terminal owns no NSEC (RFC 4035 section 2.3). */
static void check_nsec(struct view *view, const struct zone_name *name)
{
	const struct zone_rrset *set = zone_name_rrset(name, KNOT_RRTYPE_NSEC);

	if (!set && name->n_sets)
		miss(view, name, "has no NSEC record");
	else if (set && set->rrs.count > 1)
		miss(view, name, "has more than one NSEC record");
	else if (set && !is_signed(name, KNOT_RRTYPE_NSEC))
		miss(view, name, "has an NSEC record without a signature");
}

/* Only an insecure delegation, and an empty non-terminal above such, may be left out, where the
 * span says so (RFC 5155 section 7.1). */
static int check_nsec3(struct view *view, const struct zone_name *name, int state)
{
	bool may_miss = state == VIEW_CUT ? !zone_name_rrset(name, KNOT_RRTYPE_DS)
					  : view_is_bare(name) && !zone_name_is_apex(name);
	struct denial_link link;
	bool match;
	int err = denial_find(view, name->owner, &link, &match);

	if (err == -ENOENT) {
		miss(view, zone_next(view->zone, NULL), no_chain);
		return 0;
	}
	if (!err && !match && !(may_miss && link.is_opt_out))
		miss(view, name, "has no NSEC3 record");
	return err;
}

int denial_check_name(struct view *view, const struct zone_name *name, int state)
{
	struct denial_link link;

	if (!view->denial.is_complete)
		return 0;
	if (view->denial.is_nsec3 && name->kinds & ZONE_KIND_NSEC3 &&
	    denial_link_of(view, name, &link) && !is_signed(name, KNOT_RRTYPE_NSEC3))
		miss(view, name, "has an NSEC3 record without a signature");
	if (state != VIEW_DATA && state != VIEW_CUT)
		return 0;
	if (view->denial.is_nsec3)
		return check_nsec3(view, name, state);
	check_nsec(view, name);
	return 0;
}

static bool leads_to(const struct view *view, const struct denial_link *from,
		     const struct denial_link *to)
{
	knot_dname_storage_t next;
	struct nsec3_record record;

	if (view->denial.is_nsec3)
		return nsec3_read_record(&record, from->rdata) &&
		       !memcmp(record.next, to->hash, NSEC3_HASH_LEN);
	knot_dname_copy_lower(next, knot_nsec_next(from->rdata));
	return knot_dname_is_equal(next, to->name->owner);
}

void denial_check_pair(struct view *view, const struct denial_link *link,
		       const struct denial_link *next)
{
	if (!leads_to(view, link, next))
		miss(view, link->name, "does not lead to the next owner of the denial chain");
	if (view->denial.is_nsec3 && link->name != next->name &&
	    !memcmp(link->hash, next->hash, KEY_LEN))
		miss(view, next->name, "has a hash that is too much like another");
}

void denial_check_around(struct view *view, const knot_dname_t *owner)
{
	const struct zone_name *name = zone_find(view->zone, owner);
	struct denial_link before, link, behind;

	if (!denial_before(view, owner, &before)) {
		miss(view, zone_next(view->zone, NULL), no_chain);
		return;
	}
	if (!denial_behind(view, owner, &behind))
		behind = before;
	if (!name || !denial_link_of(view, name, &link)) {
		denial_check_pair(view, &before, &behind);
		return;
	}
	denial_check_pair(view, &before, &link);
	denial_check_pair(view, &link, &behind);
}

int denial_check_next(struct denial_check *check, struct view *view, const struct zone_name *name,
		      int state)
{
	struct denial_link link;

	if (view->denial.is_complete && denial_link_of(view, name, &link)) {
		if (!check->n++)
			check->first = link;
		else
			denial_check_pair(view, &check->last, &link);
		check->last = link;
	}
	return denial_check_name(view, name, state);
}

void denial_check_end(struct denial_check *check, struct view *view)
{
	if (!view->denial.is_complete)
		return;
	if (check->n)
		denial_check_pair(view, &check->last, &check->first);
	else
		miss(view, zone_next(view->zone, NULL), no_chain);
}
