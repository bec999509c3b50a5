/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "denial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "render_internal.h"

/* So many octets of a hash are the key of the store's chain (struct dnsbolt_page_entry). */
#define KEY_LEN 8u

static void miss(struct denial *denial, const struct zone_name *name, const char *text)
{
	if (denial->gap)
		return;
	denial->gap = name->owner;
	denial->gap_text = text;
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

static struct denial_link *add_link(struct denial *denial, const struct zone_name *name,
				    const knot_rdata_t *rdata, uint8_t side)
{
	struct denial_link *link;

	if (denial->n == denial->room) {
		size_t room = denial->room ? 2 * denial->room : 64;

		link = reallocarray(denial->link, room, sizeof(*link));
		if (!link)
			return NULL;
		denial->link = link;
		denial->room = room;
	}
	link = &denial->link[denial->n++];
	*link = (struct denial_link){ .name = name,
				      .proof = { name->owner, side },
				      .rdata = rdata };
	return link;
}

/* ---- NSEC ---- */

static int add_nsec(struct denial *denial, const struct zone_name *name, enum render_state state)
{
	const struct zone_rrset *set = zone_name_rrset(name, KNOT_RRTYPE_NSEC);
	uint8_t side = state == RENDER_CUT ? DNSBOLT_SIDE_PARENT : DNSBOLT_SIDE_CHILD;

	if (!set) {
		/* An empty non-terminal owns none (RFC 4035 section 2.3). */
		if (name->n_sets)
			miss(denial, name, "has no NSEC record");
		return 0;
	}
	if (set->rrs.count > 1)
		miss(denial, name, "has more than one NSEC record");
	if (!is_signed(name, KNOT_RRTYPE_NSEC))
		miss(denial, name, "has an NSEC record without a signature");
	return add_link(denial, name, set->rrs.rdata, side) ? 0 : -ENOMEM;
}

static int read_nsec(struct denial *denial, const struct render *render, const struct zone *zone)
{
	struct render_walk walk;
	int err = 0;

	render_walk_begin(&walk, render, zone, zone->apex, true);
	while (walk.next && !err) {
		const struct zone_name *name = walk.next;
		enum render_state state = render_walk_take(&walk, render);

		if (state != RENDER_NONE)
			err = add_nsec(denial, name, state);
	}
	return err;
}

static bool nsec_leads_to(const struct denial_link *from, const struct denial_link *to)
{
	knot_dname_storage_t next;

	knot_dname_copy_lower(next, knot_nsec_next(from->rdata));
	return knot_dname_is_equal(next, to->name->owner);
}

/* ---- NSEC3 ---- */

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

static int add_nsec3(struct denial *denial, const struct zone_name *name)
{
	const struct zone_rrset *set = zone_name_rrset(name, KNOT_RRTYPE_NSEC3);
	knot_rdata_t *rr = set ? set->rrs.rdata : NULL;
	uint8_t hash[NSEC3_HASH_LEN];
	struct denial_link *link;
	uint16_t i;

	if (!set || !nsec3_owner_hash(name->owner, hash))
		return 0;
	for (i = 0; i < set->rrs.count; i++, rr = knot_rdataset_next(rr)) {
		struct nsec3_record record;

		if (!nsec3_read_record(&record, rr) ||
		    !nsec3_same_params(&record.params, &denial->params))
			continue;
		if (!is_signed(name, KNOT_RRTYPE_NSEC3))
			miss(denial, name, "has an NSEC3 record without a signature");
		link = add_link(denial, name, rr, DNSBOLT_SIDE_CHILD);
		if (!link)
			return -ENOMEM;
		memcpy(link->hash, hash, sizeof(hash));
		link->is_opt_out = record.is_opt_out;
		return 0;
	}
	return 0;
}

static bool nsec3_leads_to(const struct denial_link *from, const struct denial_link *to)
{
	struct nsec3_record record;

	return nsec3_read_record(&record, from->rdata) &&
	       !memcmp(record.next, to->hash, NSEC3_HASH_LEN);
}

/* Only an insecure delegation, and an empty non-terminal above such, may be left out, where the
 * span says so (RFC 5155 section 7.1). */
static int check_nsec3(struct denial *denial, const struct zone_name *name, enum render_state state)
{
	bool may_miss = state == RENDER_CUT ? !zone_name_rrset(name, KNOT_RRTYPE_DS)
					    : render_is_bare(name) && name->parent;
	const struct denial_link *link;
	bool match;
	int err = denial_find(denial, name->owner, &link, &match);

	if (!err && !match && !(may_miss && link->is_opt_out))
		miss(denial, name, "has no NSEC3 record");
	return err;
}

static int check_all_nsec3(struct denial *denial, const struct render *render,
			   const struct zone *zone)
{
	struct render_walk walk;
	int err = 0;

	render_walk_begin(&walk, render, zone, zone->apex, true);
	while (walk.next && !err && !denial->gap) {
		const struct zone_name *name = walk.next;
		enum render_state state = render_walk_take(&walk, render);

		if (state != RENDER_NONE)
			err = check_nsec3(denial, name, state);
	}
	return err;
}

/* Owners one label below the apex, all of one length: their canonical order is that of the
 * hashes. */
static int read_nsec3(struct denial *denial, const struct zone *zone)
{
	const struct zone_name *apex = zone_next(zone, NULL), *name = NULL;
	int err = 0;

	if (!find_params(&denial->params, apex)) {
		miss(denial, apex, "has no NSEC3PARAM record of SHA-1 without flags");
		return 0;
	}
	if (denial->params.iterations > DNSBOLT_NSEC3_ITERATIONS_MAX)
		miss(denial, apex,
		     "has NSEC3 with more iterations than are computed here (RFC 9276 section 3.1)");
	if (denial->params.salt_len > DNSBOLT_NSEC3_SALT_MAX)
		miss(denial, apex, "has NSEC3 with a longer salt than is supported");
	while (!err && !denial->gap && (name = zone_next(zone, name)))
		if (name->parent == apex)
			err = add_nsec3(denial, name);
	return err;
}

/* ---- both ---- */

static void check_links(struct denial *denial, const struct zone_name *apex)
{
	size_t i;

	if (!denial->n)
		miss(denial, apex, "has no denial chain");
	for (i = 0; i < denial->n; i++) {
		const struct denial_link *link = &denial->link[i],
					 *next = &denial->link[(i + 1) % denial->n];

		if (denial->is_nsec3 ? !nsec3_leads_to(link, next) : !nsec_leads_to(link, next))
			miss(denial, link->name,
			     "does not lead to the next owner of the denial chain");
		if (denial->is_nsec3 && i && !memcmp(link[-1].hash, link->hash, KEY_LEN))
			miss(denial, link->name, "has a hash that is too much like another");
	}
}

int denial_init(struct denial *ret_denial, const struct render *render, const struct zone *zone)
{
	const struct zone_name *apex = zone ? zone_next(zone, NULL) : NULL;
	int err;

	*ret_denial = (struct denial){ 0 };
	if (!zone || !zone->is_signed)
		return 0;
	ret_denial->is_nsec3 = zone->is_nsec3;
	if (!is_signed(apex, KNOT_RRTYPE_SOA))
		miss(ret_denial, apex, "has an SOA record without a signature");
	if (zone->is_nsec3)
		err = read_nsec3(ret_denial, zone);
	else
		err = read_nsec(ret_denial, render, zone);
	if (!err)
		check_links(ret_denial, apex);
	if (!err && zone->is_nsec3 && !ret_denial->gap)
		err = check_all_nsec3(ret_denial, render, zone);
	ret_denial->is_complete = !err && !ret_denial->gap;
	return err;
}

void denial_done(struct denial *denial)
{
	free(denial->link);
	*denial = (struct denial){ 0 };
}

int denial_find(const struct denial *denial, const knot_dname_t *name,
		const struct denial_link **ret_link, bool *ret_match)
{
	uint8_t hash[NSEC3_HASH_LEN];
	size_t from = 0, to = denial->n;
	int order = 0, err = denial->is_nsec3 ? nsec3_hash(&denial->params, name, hash) : 0;

	if (err)
		return err;
	*ret_match = false;
	while (from < to && !*ret_match) {
		size_t middle = from + (to - from) / 2;
		const struct denial_link *link = &denial->link[middle];

		order = denial->is_nsec3 ? memcmp(hash, link->hash, sizeof(hash))
					 : zone_order(name, link->name->owner);
		*ret_match = !order;
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	/* What is before the first is in the span of the last (RFC 5155 section 1.3). */
	*ret_link = &denial->link[(from ? from : denial->n) - 1];
	return 0;
}

const struct denial_link *denial_link_of(const struct denial *denial, const knot_dname_t *owner)
{
	size_t from = 0, to = denial->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order = zone_order(owner, denial->link[middle].name->owner);

		if (!order)
			return &denial->link[middle];
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

bool denial_same_owners(const struct denial *a, const struct denial *b)
{
	size_t i;

	if (a->is_nsec3 != b->is_nsec3 || a->is_complete != b->is_complete || a->n != b->n)
		return false;
	if (a->is_nsec3 && a->n && !nsec3_same_params(&a->params, &b->params))
		return false;
	for (i = 0; i < a->n; i++)
		if (a->link[i].proof.side != b->link[i].proof.side ||
		    !knot_dname_is_equal(a->link[i].name->owner, b->link[i].name->owner))
			return false;
	return true;
}
