/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "zone.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../userspace/lib/name.h"
#include "rdata.h"
#include "zone_name.h"

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

/* ---- where names are ---- */

#define NUMBER_OCTETS sizeof(uint32_t)

/* The octets of a label so that their order as numbers is that of names with it: 0 and 1 as two, a zero
 * at its end. */
static size_t put_label(uint8_t *number, size_t n, const uint8_t *label)
{
	for (uint8_t i = 1; i <= *label && n < NUMBER_OCTETS; i++) {
		if (label[i] < 2)
			number[n++] = 1;
		if (n < NUMBER_OCTETS)
			number[n++] = (uint8_t)(label[i] + (label[i] < 2));
	}
	return n < NUMBER_OCTETS ? n + 1 : n;
}

/* A number that follows the order of the names: the beginning of what is above it, from the apex on. Two
 * labels fill it. */
static uint32_t number_of(const struct zone *zone, const knot_dname_t *lower)
{
	const uint8_t *end = lower + knot_dname_size(lower) - knot_dname_size(zone->apex);
	const uint8_t *first = NULL, *second = NULL;
	uint8_t number[NUMBER_OCTETS] = { 0 };
	size_t n = 0;

	for (; lower < end; lower += 1 + *lower) {
		second = first;
		first = lower;
	}
	if (first)
		n = put_label(number, n, first);
	if (second && n < NUMBER_OCTETS)
		(void)put_label(number, n, second);
	return knot_wire_read_u32(number);
}

bool zone_seek(const struct zone *zone, const knot_dname_t *lower, struct tree_cursor *ret_at)
{
	return tree_seek(zone->names, number_of(zone, lower), lower, ret_at);
}

void zone_seek_behind(const struct zone *zone, const knot_dname_t *lower,
		      struct tree_cursor *ret_at)
{
	tree_seek_behind(zone->names, number_of(zone, lower), lower, ret_at);
}

static const struct zone_name *find_name(const struct zone *zone, const knot_dname_t *lower,
					 struct tree_cursor *ret_at)
{
	if (knot_dname_in_bailiwick(lower, zone->apex) < 0 || !zone_seek(zone, lower, ret_at))
		return NULL;
	return tree_here(ret_at);
}

static bool is_below(const struct zone_name *name, const knot_dname_t *above)
{
	return name && knot_dname_in_bailiwick(name->owner, above) > 0;
}

static bool has_below(const struct tree_cursor *at, const knot_dname_t *owner)
{
	struct tree_cursor next = *at;

	return is_below(tree_next(&next), owner);
}

/* ---- names come and go ---- */

/* Inserts a name at its place, which becomes that of the next. */
static int insert_name(struct zone *zone, struct tree_cursor *at, const knot_dname_t *owner)
{
	struct zone_name *name = zone_name_new(owner, false);
	int err;

	if (!name)
		return -ENOMEM;
	err = tree_insert(&zone->names, at, number_of(zone, owner), name);
	if (err) {
		zone_name_unref(name);
		return err;
	}
	zone->n_names++;
	at->level[0].at++;
	return 0;
}

/* Counts the name at the place and the empty non-terminals right before it that are above nothing but
 * it; `at` becomes the place of the first, all pages on the way to each of them the tree's own. */
static int own_pruned(struct zone *zone, struct tree_cursor *at, size_t *ret_n)
{
	struct tree_cursor place = *at, behind = *at;
	const struct zone_name *name = tree_here(at), *next = tree_next(&behind);
	const knot_dname_t *above = name->owner;
	int err;

	*ret_n = 0;
	do {
		err = tree_own(&zone->names, &place);
		*at = place;
		++*ret_n;
		above += 1 + *above;
		name = tree_prev(&place);
	} while (!err && name && !zone_name_is_apex(name) && !name->n_sets &&
		 knot_dname_is_equal(name->owner, above) && !is_below(next, above));
	return err;
}

/* Removes a name that holds nothing and is above nothing, and the empty non-terminals which that leaves
 * above it. Nothing of that fails once all pages are the tree's own. */
static int remove_name(struct zone *zone, struct tree_cursor *at)
{
	knot_dname_storage_t owner;
	size_t n;
	int err;

	zone->last.levels = 0;
	knot_dname_copy_lower(owner, tree_here(at)->owner);
	err = own_pruned(zone, at, &n);
	for (const knot_dname_t *name = owner; n && !err; n--, name += 1 + *name) {
		(void)zone_seek(zone, name, at);
		err = tree_remove(&zone->names, at);
		zone->n_names--;
	}
	return err;
}

/* Inserts the name with the empty non-terminals between it and its closest encloser: in canonical order
 * only names below that one stand between the two, so it is above the name before, or is it. */
static int insert_names(struct zone *zone, struct tree_cursor *at, const knot_dname_t *lower)
{
	struct tree_cursor before = *at;
	const struct zone_name *name = tree_prev(&before);
	size_t there = knot_dname_matched_labels(name->owner, lower);
	size_t labels = knot_dname_labels(lower, NULL), depth;
	int err = 0;

	for (depth = there + 1; depth <= labels && !err; depth++)
		err = insert_name(
			zone, at,
			lower + knot_dname_prefixlen(lower, (unsigned int)(labels - depth), NULL));
	if (err && depth > there + 2) { /* what was inserted is above nothing */
		(void)tree_prev(at);
		(void)remove_name(zone, at);
	} else if (!err) {
		(void)tree_prev(at);
	}
	return err;
}

/* Whether the name belongs right behind `last`: so it is where zone files are sorted. */
static bool follows_last(const struct zone *zone, const knot_dname_t *lower,
			 struct tree_cursor *ret_at)
{
	struct tree_cursor next = zone->last;
	const struct zone_name *name;

	if (!next.levels || zone_order(tree_here(&next)->owner, lower) > 0)
		return false;
	name = tree_next(&next);
	if (name && zone_order(lower, name->owner) >= 0)
		return false;
	*ret_at = zone->last;
	ret_at->level[0].at++;
	return true;
}

/* Finds the name or makes it; it becomes `last`. */
static int get_name(struct zone *zone, const knot_dname_t *lower)
{
	struct tree_cursor at;
	int err = 0;

	if (zone->last.levels && knot_dname_is_equal(tree_here(&zone->last)->owner, lower))
		return 0;
	if (follows_last(zone, lower, &at) || !zone_seek(zone, lower, &at))
		err = insert_names(zone, &at, lower);
	zone->last = at;
	if (err)
		zone->last.levels = 0;
	return err;
}

/* The name at the place, for changes: it is the tree's own, and so are the pages above it. */
static int own_name(struct zone *zone, struct tree_cursor *at, struct zone_name **ret_name)
{
	struct zone_name *name = (struct zone_name *)tree_here(at);
	int err = tree_own(&zone->names, at);

	if (!err && name->refs > 1) {
		struct zone_name *clone = zone_name_clone(name);

		if (!clone)
			return -ENOMEM;
		tree_replace(at, clone);
		zone_name_unref(name);
		name = clone;
	}
	*ret_name = name;
	return err;
}

/* After a change, whose memory may be another then. */
static void settle_name(struct tree_cursor *at, struct zone_name *name)
{
	zone_name_classify(name);
	tree_replace(at, name);
}

/* ---- RRsets ---- */

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

static int add_rdata(struct zone *zone, struct zone_name **name, uint16_t type, uint32_t ttl,
		     const knot_rdata_t *rdata, const char *where, const struct report *report)
{
	struct zone_rrset *set = (struct zone_rrset *)zone_name_rrset(*name, type);
	knot_dname_txt_storage_t text;
	char type_text[NAME_TYPE_LEN];
	int err;

	if (set)
		merge_ttl(set, ttl, (*name)->owner, where, report);
	if (set && zone_rrset_find(set, rdata))
		return 0;
	err = zone_name_add(name, type, ttl, rdata);
	if (!err)
		zone->n_records++;
	if (err != -ENOSPC)
		return err;
	report_say(report, LOG_LEVEL_ERROR, "%s: %s %s: more than %d records in one RRset", where,
		   name_text((*name)->owner, text), name_type_text(type, type_text), UINT16_MAX);
	return -EINVAL;
}

/* Adds to the name that is `last`; one that this leaves empty goes. */
static int add_to_last(struct zone *zone, uint16_t type, uint32_t ttl, const knot_rdata_t *rdata,
		       const char *where, const struct report *report)
{
	const struct zone_rrset *set = zone_name_rrset(tree_here(&zone->last), type);
	struct tree_cursor at;
	struct zone_name *name;
	int err;

	if (set && set->ttl == ttl && zone_rrset_find(set, rdata))
		return 0;
	err = own_name(zone, &zone->last, &name);
	if (!err) {
		err = add_rdata(zone, &name, type, ttl, rdata, where, report);
		settle_name(&zone->last, name);
	}
	at = zone->last;
	name = (struct zone_name *)tree_here(&at);
	if (err && !name->n_sets && !zone_name_is_apex(name) && !has_below(&at, name->owner))
		(void)remove_name(zone, &at);
	return err;
}

/* A record on the stack. */
struct record {
	_Alignas(knot_rdata_t) uint8_t rdata[sizeof(knot_rdata_t) + KNOT_RDATA_MAXLEN + 1];
};

static const knot_rdata_t *make_record(struct record *record, const uint8_t *rdata, uint16_t len)
{
	knot_rdata_init((knot_rdata_t *)record->rdata, len, rdata);
	return (const knot_rdata_t *)record->rdata;
}

int zone_add(struct zone *zone, const knot_dname_t *owner, uint16_t type, uint32_t ttl,
	     const uint8_t *rdata, uint16_t rdata_len, const char *where,
	     const struct report *report)
{
	knot_dname_txt_storage_t text, apex;
	char type_text[NAME_TYPE_LEN];
	knot_dname_storage_t lower;
	struct record record;
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
	err = get_name(zone, lower);
	if (err)
		return err;
	return add_to_last(zone, type, ttl, make_record(&record, rdata, rdata_len), where, report);
}

/* Takes a record out of the RRset, or (NULL) the RRset out of the name, and what is empty then out of the
 * zone. */
static int remove_from(struct zone *zone, struct tree_cursor *at, uint16_t type,
		       const knot_rdata_t *rdata)
{
	const struct zone_name *there = tree_here(at);
	const struct zone_rrset *set = zone_name_rrset(there, type);
	size_t n = rdata ? 1 : set->rrs.count;
	struct zone_name *name;
	int err;

	zone->last.levels = 0;
	if (there->n_sets == 1 && set->rrs.count == n && !zone_name_is_apex(there) &&
	    !has_below(at, there->owner)) {
		err = remove_name(zone, at);
	} else {
		err = own_name(zone, at, &name);
		if (!err) {
			struct zone_rrset *own = (struct zone_rrset *)zone_name_rrset(name, type);

			if (rdata)
				zone_name_cut(name, own, zone_rrset_find(own, rdata));
			else
				zone_name_drop(name, own);
			settle_name(at, name);
		}
	}
	if (!err)
		zone->n_records -= n;
	return err;
}

/* NULL: the zone does not have it. */
static const struct zone_rrset *find_record(const struct zone *zone, const knot_dname_t *owner,
					    uint16_t type, const knot_rdata_t *rdata,
					    struct tree_cursor *ret_at)
{
	const struct zone_rrset *set = NULL;
	const struct zone_name *name;
	knot_dname_storage_t lower;

	knot_dname_copy_lower(lower, owner);
	name = find_name(zone, lower, ret_at);
	if (name)
		set = zone_name_rrset(name, type);
	return set && (!rdata || zone_rrset_find(set, rdata)) ? set : NULL;
}

bool zone_has(const struct zone *zone, const knot_dname_t *owner, uint16_t type,
	      const uint8_t *rdata, uint16_t rdata_len)
{
	struct tree_cursor at;
	struct record record;

	return rdata_is_valid(type, rdata, rdata_len) &&
	       find_record(zone, owner, type, make_record(&record, rdata, rdata_len), &at);
}

int zone_remove(struct zone *zone, const knot_dname_t *owner, uint16_t type, const uint8_t *rdata,
		uint16_t rdata_len)
{
	const knot_rdata_t *wanted;
	struct tree_cursor at;
	struct record record;

	if (!rdata_is_valid(type, rdata, rdata_len))
		return -ENOENT;
	wanted = make_record(&record, rdata, rdata_len);
	if (!find_record(zone, owner, type, wanted, &at))
		return -ENOENT;
	return remove_from(zone, &at, type, wanted);
}

static bool is_as_given(const struct zone_rrset *set, uint32_t ttl, const knot_rdataset_t *rrs)
{
	return set && set->ttl == ttl && !set->mixed_ttl && knot_rdataset_eq(&set->rrs, rrs);
}

int zone_set(struct zone *zone, const knot_dname_t *owner, uint16_t type, uint32_t ttl,
	     const knot_rdataset_t *rrs)
{
	const struct zone_rrset *set;
	knot_dname_storage_t lower;
	struct tree_cursor at;
	struct zone_name *name;
	uint16_t had;
	int err;

	knot_dname_copy_lower(lower, owner);
	if (knot_dname_in_bailiwick(lower, zone->apex) < 0)
		return -EINVAL;
	set = find_record(zone, lower, type, NULL, &at);
	if (!rrs || !rrs->count)
		return set ? remove_from(zone, &at, type, NULL) : 0;
	if (is_as_given(set, ttl, rrs))
		return 0;
	had = set ? set->rrs.count : 0;
	err = get_name(zone, lower);
	if (!err)
		err = own_name(zone, &zone->last, &name);
	if (!err) {
		err = zone_name_put(&name, type, ttl, rrs);
		settle_name(&zone->last, name);
	}
	if (!err)
		zone->n_records += (size_t)rrs->count - had;
	at = zone->last;
	if (err && at.levels && !tree_here(&at)->n_sets && !zone_name_is_apex(tree_here(&at)) &&
	    !has_below(&at, lower))
		(void)remove_name(zone, &at);
	return err;
}

/* ---- look-ups ---- */

const struct zone_name *zone_find(const struct zone *zone, const knot_dname_t *owner)
{
	knot_dname_storage_t lower;
	struct tree_cursor at;

	knot_dname_copy_lower(lower, owner);
	return find_name(zone, lower, &at);
}

const struct zone_name *zone_next(const struct zone *zone, const struct zone_name *after)
{
	struct tree_cursor at;

	if (after && zone_seek(zone, after->owner, &at))
		return tree_next(&at);
	tree_seek_first(zone->names, &at);
	return tree_here(&at);
}

const struct zone_name *zone_parent(const struct zone *zone, const struct zone_name *name)
{
	struct tree_cursor at;

	if (zone_name_is_apex(name) || !zone_seek(zone, name->owner + 1 + *name->owner, &at))
		return NULL;
	return tree_here(&at);
}

bool zone_has_below(const struct zone *zone, const struct zone_name *name)
{
	return is_below(zone_next(zone, name), name->owner);
}

uint32_t zone_rrsig_ttl(const struct zone_name *name, const knot_rdata_t *rrsig)
{
	const struct zone_rrset *set = zone_name_rrset(name, knot_rrsig_type_covered(rrsig));

	if (!set)
		set = zone_name_rrset(name, KNOT_RRTYPE_RRSIG);
	return set ? set->ttl : 0;
}

/* ---- zones ---- */

static struct zone *new_zone(const knot_dname_t *apex)
{
	struct zone *zone = calloc(1, sizeof(*zone));

	if (!zone)
		return NULL;
	zone->rendered = calloc(1, sizeof(*zone->rendered));
	zone->apex = knot_dname_copy(apex, NULL);
	if (!zone->apex || !zone->rendered) {
		zone_free(zone);
		return NULL;
	}
	knot_dname_to_lower(zone->apex);
	return zone;
}

int zone_new(struct zone **ret_zone, const knot_dname_t *apex)
{
	struct zone *zone = new_zone(apex);
	struct tree_cursor at = { .levels = 0 };
	struct zone_name *name;

	if (!zone)
		return -ENOMEM;
	name = zone_name_new(zone->apex, true);
	if (!name)
		goto out_zone;
	if (tree_insert(&zone->names, &at, number_of(zone, name->owner), name))
		goto out_name;
	zone->n_names = 1;
	*ret_zone = zone;
	return 0;
out_name:
	zone_name_unref(name);
out_zone:
	zone_free(zone);
	return -ENOMEM;
}

void zone_free(struct zone *zone)
{
	if (!zone)
		return;
	tree_free(&zone->names);
	if (zone->rendered)
		tree_free(&zone->rendered->quotes);
	free(zone->rendered);
	knot_dname_free(zone->apex, NULL);
	free(zone);
}

int zone_copy(struct zone **ret_zone, const struct zone *zone)
{
	struct zone *copy = new_zone(zone->apex);

	if (!copy)
		return -ENOMEM;
	copy->names = tree_copy(zone->names);
	copy->n_names = zone->n_names;
	copy->n_records = zone->n_records;
	copy->serial = zone->serial;
	copy->is_signed = zone->is_signed;
	copy->is_nsec3 = zone->is_nsec3;
	*ret_zone = copy;
	return 0;
}

int zone_share(struct zone *zone, const struct zone *with)
{
	struct tree_cursor at, other;
	const struct zone_name *name, *same;
	int err = 0;

	if (!knot_dname_is_equal(zone->apex, with->apex))
		return 0;
	zone->last.levels = 0;
	tree_seek_first(zone->names, &at);
	tree_seek_first(with->names, &other);
	name = tree_here(&at);
	same = tree_here(&other);
	while (name && same && !err) {
		int order = zone_order(name->owner, same->owner);

		if (!order && name != same && zone_name_same(name, same)) {
			err = tree_own(&zone->names, &at);
			if (err)
				break;
			tree_replace(&at, zone_name_ref(same));
			zone_name_unref((struct zone_name *)name);
		}
		if (order <= 0)
			name = tree_next(&at);
		if (order >= 0)
			same = tree_next(&other);
	}
	return err;
}

/* ---- differences ---- */

struct diff {
	int (*each)(const struct zone_name *old, const struct zone_name *new, void *arg);
	void *arg;
};

static int compare_pair(const struct zone_name *old, const struct zone_name *new, void *arg)
{
	const struct diff *diff = arg;

	return old && new &&zone_name_same(old, new) ? 0 : diff->each(old, new, diff->arg);
}

int zone_diff_names(const struct zone *from, const struct zone *to,
		    int (*each)(const struct zone_name *old, const struct zone_name *new,
				void *arg),
		    void *arg)
{
	const struct tree none = { NULL };
	struct diff diff = { each, arg };

	return tree_diff(from ? from->names : none, to ? to->names : none, compare_pair, &diff);
}

struct owners {
	int (*each)(const knot_dname_t *owner, void *arg);
	void *arg;
};

static int take_owner(const struct zone_name *old, const struct zone_name *new, void *arg)
{
	const struct owners *owners = arg;

	return owners->each((old ? old : new)->owner, owners->arg);
}

int zone_diff(const struct zone *from, const struct zone *to,
	      int (*each)(const knot_dname_t *owner, void *arg), void *arg)
{
	struct owners owners = { each, arg };

	return zone_diff_names(from, to, take_owner, &owners);
}
