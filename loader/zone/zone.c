/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "zone.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../userspace/lib/name.h"
#include "rdata.h"

static int split_labels(const uint8_t *ret_labels[KNOT_DNAME_MAXLABELS], const knot_dname_t *name)
{
	int n = 0;

	for (; *name; name += 1 + *name)
		ret_labels[n++] = name;
	return n;
}

int zone_order(const knot_dname_t *a, const knot_dname_t *b)
{
	const uint8_t *labels_a[KNOT_DNAME_MAXLABELS], *labels_b[KNOT_DNAME_MAXLABELS];
	int left_a = split_labels(labels_a, a), left_b = split_labels(labels_b, b);

	while (left_a && left_b) {
		const uint8_t *x = labels_a[--left_a], *y = labels_b[--left_b];
		int order = memcmp(x + 1, y + 1, *x < *y ? *x : *y);

		if (!order)
			order = *x - *y;
		if (order)
			return order;
	}
	return left_a - left_b;
}

static int compare_names(const struct zone_name *a, const struct zone_name *b)
{
	return zone_order(a->owner, b->owner);
}

RB_PROTOTYPE(zone_tree, zone_name, link, compare_names)
RB_GENERATE(zone_tree, zone_name, link, compare_names)

/* ---- names ---- */

static struct zone_name *new_name(const knot_dname_t *owner)
{
	size_t len = knot_dname_size(owner);
	struct zone_name *name = calloc(1, sizeof(*name) + len);

	if (name)
		memcpy(name->owner, owner, len);
	return name;
}

static void free_name(struct zone_name *name)
{
	uint16_t i;

	for (i = 0; i < name->n_sets; i++)
		knot_rdataset_clear(&name->sets[i].rrs, NULL);
	free(name->sets);
	free(name);
}

static struct zone_name *find_name(const struct zone *zone, const knot_dname_t *lower)
{
	struct zone_name *name = RB_ROOT(&zone->names);

	while (name) {
		int order = zone_order(lower, name->owner);

		if (!order)
			break;
		name = order < 0 ? RB_LEFT(name, link) : RB_RIGHT(name, link);
	}
	return name;
}

/* Removes a name that holds nothing and is above nothing, and the empty non-terminals which that
 * leaves above it. */
static void prune(struct zone *zone, struct zone_name *name)
{
	while (name->parent && !name->n_sets && !name->n_children) {
		struct zone_name *parent = name->parent;

		RB_REMOVE(zone_tree, &zone->names, name);
		zone->n_names--;
		if (zone->last == name)
			zone->last = NULL;
		free_name(name);
		parent->n_children--;
		name = parent;
	}
}

static void link_below(struct zone *zone, struct zone_name *parent, struct zone_name *name)
{
	name->parent = parent;
	parent->n_children++;
	zone->n_names++;
}

/* Gives a name that is in the tree its parent; the empty non-terminals between it and its
 * closest encloser are made. In canonical order only names below that encloser stand between the
 * two, so it is above the predecessor, or is it. */
static int link_name(struct zone *zone, struct zone_name *name)
{
	struct zone_name *above = RB_PREV(zone_tree, &zone->names, name);
	int below;

	while ((below = knot_dname_in_bailiwick(name->owner, above->owner)) < 0)
		above = above->parent;
	for (; below > 1; below--) {
		size_t skip = knot_dname_prefixlen(name->owner, (unsigned int)below - 1, NULL);
		struct zone_name *empty = new_name(name->owner + skip);

		if (!empty) {
			RB_REMOVE(zone_tree, &zone->names, name);
			free_name(name);
			prune(zone, above);
			return -ENOMEM;
		}
		RB_INSERT(zone_tree, &zone->names, empty);
		link_below(zone, above, empty);
		above = empty;
	}
	link_below(zone, above, name);
	return 0;
}

/* Whether the name belongs right behind `last`: so it is where zone files and copies are sorted. */
static bool follows_last(const struct zone *zone, const knot_dname_t *lower)
{
	const struct zone_name *next;

	if (!zone->last || zone_order(zone->last->owner, lower) > 0)
		return false;
	next = zone_next(zone, zone->last);
	return !next || zone_order(lower, next->owner) < 0;
}

/* Inserts without a search. One of two neighbours in a binary tree has no child towards the
 * other. */
static void insert_after(struct zone *zone, struct zone_name *before, struct zone_name *name)
{
	struct zone_name *next = RB_NEXT(zone_tree, &zone->names, before);

	if (!RB_RIGHT(before, link)) {
		RB_SET(name, before, link);
		RB_RIGHT(before, link) = name;
	} else {
		RB_SET(name, next, link);
		RB_LEFT(next, link) = name;
	}
	zone_tree_RB_INSERT_COLOR(&zone->names, name);
}

static int insert_name(struct zone_name **ret_name, struct zone *zone, const knot_dname_t *lower)
{
	struct zone_name *name = new_name(lower), *there = NULL;

	if (!name)
		return -ENOMEM;
	if (follows_last(zone, lower))
		insert_after(zone, zone->last, name);
	else
		there = RB_INSERT(zone_tree, &zone->names, name);
	if (there)
		free_name(name);
	*ret_name = there ? there : name;
	return there ? 0 : link_name(zone, name);
}

/* Finds the name or makes it. */
static int get_name(struct zone_name **ret_name, struct zone *zone, const knot_dname_t *lower)
{
	int err = 0;

	if (!zone->last || !knot_dname_is_equal(zone->last->owner, lower)) {
		struct zone_name *name;

		err = insert_name(&name, zone, lower);
		if (!err)
			zone->last = name;
	}
	if (!err)
		*ret_name = zone->last;
	return err;
}

/* ---- RRsets ---- */

/* Index of the type's RRset, or of where it would be. */
static uint16_t set_index(const struct zone_name *name, uint16_t type)
{
	uint16_t from = 0, to = name->n_sets;

	while (from < to) {
		uint16_t middle = (uint16_t)((from + to) / 2);

		if (name->sets[middle].type < type)
			from = (uint16_t)(middle + 1);
		else
			to = middle;
	}
	return from;
}

static struct zone_rrset *find_set(const struct zone_name *name, uint16_t type)
{
	uint16_t i = set_index(name, type);

	return i < name->n_sets && name->sets[i].type == type ? &name->sets[i] : NULL;
}

/* Makes an empty RRset of a type that the name does not have. */
static struct zone_rrset *add_set(struct zone_name *name, uint16_t type, uint32_t ttl)
{
	uint16_t i = set_index(name, type);
	struct zone_rrset *sets = reallocarray(name->sets, name->n_sets + 1u, sizeof(*sets));

	if (!sets)
		return NULL;
	name->sets = sets;
	memmove(&sets[i + 1], &sets[i], (size_t)(name->n_sets - i) * sizeof(*sets));
	sets[i] = (struct zone_rrset){ .type = type, .ttl = ttl };
	name->n_sets++;
	return &sets[i];
}

static void remove_set(struct zone_name *name, struct zone_rrset *set)
{
	size_t behind = (size_t)(name->sets + name->n_sets - (set + 1));

	knot_rdataset_clear(&set->rrs, NULL);
	memmove(set, set + 1, behind * sizeof(*set));
	name->n_sets--;
}

/* The record of the RRset that equals this one (itself where no letter can differ); NULL: none. */
static const knot_rdata_t *find_member(const struct zone_rrset *set, const knot_rdata_t *rdata)
{
	const knot_rdata_t *rr = set->rrs.rdata;
	uint16_t i;

	if (!rdata_has_names(set->type))
		return knot_rdataset_member(&set->rrs, rdata) ? rdata : NULL;
	for (i = 0; i < set->rrs.count; i++, rr = knot_rdataset_next((knot_rdata_t *)rr))
		if (rdata_is_equal(set->type, rr, rdata))
			return rr;
	return NULL;
}

/* An RRset has one TTL; where it was given several, the lowest is the safe one (RFC 2181 section
 * 5.2). RRSIGs of one name are no RRset in that sense (RFC 4034 section 3). */
static void merge_ttl(struct zone_rrset *set, uint32_t ttl, const knot_dname_t *owner,
		      const char *where, const struct report *report)
{
	knot_dname_txt_storage_t name;
	char type[NAME_TYPE_LEN];

	if (ttl == set->ttl)
		return;
	if (ttl < set->ttl)
		set->ttl = ttl;
	if (set->type == KNOT_RRTYPE_RRSIG || set->mixed_ttl)
		return;
	set->mixed_ttl = true;
	report_say(report, LOG_LEVEL_WARNING,
		   "%s: %s %s: the RRset's records have different TTLs: the lowest is taken", where,
		   name_text(owner, name), name_type_text(set->type, type));
}

static int add_rdata(struct zone *zone, struct zone_name *name, uint16_t type, uint32_t ttl,
		     const knot_rdata_t *rdata, const char *where, const struct report *report)
{
	struct zone_rrset *set = find_set(name, type);
	knot_dname_txt_storage_t text;
	char type_text[NAME_TYPE_LEN];
	int err;

	if (!set)
		set = add_set(name, type, ttl);
	if (!set)
		return -ENOMEM;
	merge_ttl(set, ttl, name->owner, where, report);
	if (find_member(set, rdata))
		return 0;
	err = knot_rdataset_add(&set->rrs, rdata, NULL);
	if (!err) {
		zone->n_records++;
		return 0;
	}
	if (!set->rrs.count)
		remove_set(name, set);
	if (err != KNOT_ESPACE)
		return -ENOMEM;
	report_say(report, LOG_LEVEL_ERROR, "%s: %s %s: more than %d records in one RRset", where,
		   name_text(name->owner, text), name_type_text(type, type_text), UINT16_MAX);
	return -EINVAL;
}

struct rdata_storage {
	uint16_t octets[KNOT_RDATA_MAXLEN / sizeof(uint16_t) + 2];
};

static knot_rdata_t *copy_rdata(struct rdata_storage *storage, const uint8_t *data, uint16_t len)
{
	knot_rdata_t *rdata = (knot_rdata_t *)storage->octets;

	knot_rdata_init(rdata, len, data);
	return rdata;
}

int zone_add(struct zone *zone, const knot_dname_t *owner, uint16_t type, uint32_t ttl,
	     const uint8_t *rdata, uint16_t rdata_len, const char *where,
	     const struct report *report)
{
	struct rdata_storage copy;
	knot_rdata_t *record = copy_rdata(&copy, rdata, rdata_len);
	knot_dname_txt_storage_t text, apex;
	char type_text[NAME_TYPE_LEN];
	knot_dname_storage_t lower;
	struct zone_name *name;
	int err;

	knot_dname_copy_lower(lower, owner);
	if (knot_dname_in_bailiwick(lower, zone->apex) < 0) {
		report_say(report, LOG_LEVEL_WARNING, "%s: %s %s: not in the zone %s: skipped",
			   where, name_text(lower, text), name_type_text(type, type_text),
			   name_text(zone->apex, apex));
		return 0;
	}
	if (!rdata_is_valid(type, rdata, rdata_len)) {
		report_say(report, LOG_LEVEL_ERROR,
			   "%s: %s %s: RDATA of %u octets that is not of this type's form", where,
			   name_text(lower, text), name_type_text(type, type_text), rdata_len);
		return -EINVAL;
	}
	err = get_name(&name, zone, lower);
	if (err)
		return err;
	err = add_rdata(zone, name, type, ttl, record, where, report);
	if (err)
		prune(zone, name);
	return err;
}

static int remove_rrset(struct zone *zone, struct zone_name *name, uint16_t type)
{
	struct zone_rrset *set = name ? find_set(name, type) : NULL;

	if (set) {
		zone->n_records -= set->rrs.count;
		remove_set(name, set);
		prune(zone, name);
	}
	return 0;
}

bool zone_has(const struct zone *zone, const knot_dname_t *owner, uint16_t type,
	      const uint8_t *rdata, uint16_t rdata_len)
{
	const struct zone_name *name = zone_find(zone, owner);
	const struct zone_rrset *set = name ? find_set(name, type) : NULL;
	struct rdata_storage copy;

	return set && rdata_is_valid(type, rdata, rdata_len) &&
	       find_member(set, copy_rdata(&copy, rdata, rdata_len));
}

int zone_remove(struct zone *zone, const knot_dname_t *owner, uint16_t type, const uint8_t *rdata,
		uint16_t rdata_len)
{
	struct zone_name *name = (struct zone_name *)zone_find(zone, owner);
	struct zone_rrset *set = name ? find_set(name, type) : NULL;
	struct rdata_storage given, stored;
	const knot_rdata_t *member = NULL;
	knot_rdataset_t one;

	if (set && rdata_is_valid(type, rdata, rdata_len))
		member = find_member(set, copy_rdata(&given, rdata, rdata_len));
	if (!member)
		return -ENOENT;
	if (set->rrs.count == 1)
		return remove_rrset(zone, name, type);
	/* a copy: libknot takes a subset that lies in the set itself for the whole of it */
	one = (knot_rdataset_t){ .count = 1,
				 .size = knot_rdata_size(member->len),
				 .rdata = copy_rdata(&stored, member->data, member->len) };
	if (knot_rdataset_subtract(&set->rrs, &one, NULL))
		return -ENOMEM;
	zone->n_records--;
	return 0;
}

int zone_set(struct zone *zone, const knot_dname_t *owner, uint16_t type, uint32_t ttl,
	     const knot_rdataset_t *rrs)
{
	knot_dname_storage_t lower;
	knot_rdataset_t copy;
	struct zone_rrset *set;
	struct zone_name *name;
	int err;

	knot_dname_copy_lower(lower, owner);
	if (knot_dname_in_bailiwick(lower, zone->apex) < 0)
		return -EINVAL;
	if (!rrs || !rrs->count)
		return remove_rrset(zone, find_name(zone, lower), type);
	if (knot_rdataset_copy(&copy, rrs, NULL))
		return -ENOMEM;
	err = get_name(&name, zone, lower);
	if (err)
		goto out_copy;
	set = find_set(name, type);
	if (!set)
		set = add_set(name, type, ttl);
	if (!set) {
		prune(zone, name);
		err = -ENOMEM;
		goto out_copy;
	}
	zone->n_records += (size_t)copy.count - set->rrs.count;
	knot_rdataset_clear(&set->rrs, NULL);
	*set = (struct zone_rrset){ .type = type, .ttl = ttl, .rrs = copy };
	return 0;
out_copy:
	knot_rdataset_clear(&copy, NULL);
	return err;
}

/* ---- look-ups ---- */

const struct zone_name *zone_find(const struct zone *zone, const knot_dname_t *owner)
{
	knot_dname_storage_t lower;

	knot_dname_copy_lower(lower, owner);
	return find_name(zone, lower);
}

const struct zone_rrset *zone_name_rrset(const struct zone_name *name, uint16_t type)
{
	return find_set(name, type);
}

const struct zone_name *zone_next(const struct zone *zone, const struct zone_name *after)
{
	if (!after)
		return RB_MIN(zone_tree, (struct zone_tree *)&zone->names);
	return RB_NEXT(zone_tree, &zone->names, (struct zone_name *)after);
}

uint32_t zone_rrsig_ttl(const struct zone_name *name, const knot_rdata_t *rrsig)
{
	const struct zone_rrset *set = find_set(name, knot_rrsig_type_covered(rrsig));

	if (!set)
		set = find_set(name, KNOT_RRTYPE_RRSIG);
	return set ? set->ttl : 0;
}

/* ---- zones ---- */

int zone_new(struct zone **ret_zone, const knot_dname_t *apex)
{
	struct zone *zone = calloc(1, sizeof(*zone));
	struct zone_name *name;

	if (!zone)
		return -ENOMEM;
	RB_INIT(&zone->names);
	zone->apex = knot_dname_copy(apex, NULL);
	if (!zone->apex)
		goto out_free;
	knot_dname_to_lower(zone->apex);
	name = new_name(zone->apex);
	if (!name)
		goto out_free;
	RB_INSERT(zone_tree, &zone->names, name);
	zone->n_names = 1;
	*ret_zone = zone;
	return 0;
out_free:
	zone_free(zone);
	return -ENOMEM;
}

/* As deep as the tree is high: a few dozen at most. */
static void free_subtree(struct zone_name *name)
{
	if (!name)
		return;
	free_subtree(RB_LEFT(name, link));
	free_subtree(RB_RIGHT(name, link));
	free_name(name);
}

void zone_free(struct zone *zone)
{
	if (!zone)
		return;
	free_subtree(RB_ROOT(&zone->names));
	knot_dname_free(zone->apex, NULL);
	free(zone);
}

static int copy_name(struct zone *zone, const struct zone_name *from)
{
	struct zone_name *name;
	int err = get_name(&name, zone, from->owner);

	if (err || !from->n_sets)
		return err;
	name->sets = calloc(from->n_sets, sizeof(*name->sets));
	if (!name->sets)
		return -ENOMEM;
	for (; name->n_sets < from->n_sets; name->n_sets++) {
		struct zone_rrset *set = &name->sets[name->n_sets];

		*set = from->sets[name->n_sets];
		if (knot_rdataset_copy(&set->rrs, &from->sets[name->n_sets].rrs, NULL))
			return -ENOMEM;
	}
	return 0;
}

int zone_copy(struct zone **ret_zone, const struct zone *zone)
{
	const struct zone_name *name = NULL;
	struct zone *copy;
	int err = zone_new(&copy, zone->apex);

	if (err)
		return err;
	while ((name = zone_next(zone, name))) {
		err = copy_name(copy, name);
		if (err) {
			zone_free(copy);
			return err;
		}
	}
	copy->n_records = zone->n_records;
	copy->serial = zone->serial;
	copy->is_signed = zone->is_signed;
	copy->is_nsec3 = zone->is_nsec3;
	*ret_zone = copy;
	return 0;
}

static bool same_sets(const struct zone_name *a, const struct zone_name *b)
{
	uint16_t i;

	if (a->n_sets != b->n_sets)
		return false;
	for (i = 0; i < a->n_sets; i++) {
		const struct zone_rrset *x = &a->sets[i], *y = &b->sets[i];

		if (x->type != y->type || x->ttl != y->ttl || !knot_rdataset_eq(&x->rrs, &y->rrs))
			return false;
	}
	return true;
}

int zone_diff(const struct zone *from, const struct zone *to,
	      int (*each)(const knot_dname_t *owner, void *arg), void *arg)
{
	const struct zone_name *old = from ? zone_next(from, NULL) : NULL;
	const struct zone_name *new = to ? zone_next(to, NULL) : NULL;
	int err = 0;

	while (!err && (old || new)) {
		int order = !old ? 1 : !new ? -1 : zone_order(old->owner, new->owner);
		const struct zone_name *name = order < 0 ? old : new;

		if (order || !same_sets(old, new))
			err = each(name->owner, arg);
		if (order <= 0)
			old = zone_next(from, old);
		if (order >= 0)
			new = zone_next(to, new);
	}
	return err;
}
