/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Behind the owner stand the RRsets, sorted by type, and behind these their records in that order, RRset
 * by RRset, as knot_rdataset_t has them. */
#include "zone_name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rdata.h"

static uint8_t *records(const struct zone_name *name)
{
	return (uint8_t *)(name->sets + name->n_sets);
}

/* Where the RRset's records begin; of sets + n_sets: where all end. */
static uint8_t *records_of(const struct zone_name *name, const struct zone_rrset *set)
{
	uint8_t *at = records(name);
	const struct zone_rrset *before;

	for (before = name->sets; before < set; before++)
		at += before->rrs.size;
	return at;
}

static size_t sets_offset(const knot_dname_t *owner)
{
	size_t end = offsetof(struct zone_name, owner) + knot_dname_size(owner);

	return (end + _Alignof(struct zone_rrset) - 1) & ~(_Alignof(struct zone_rrset) - 1);
}

static size_t octets_of(const struct zone_name *name)
{
	return (size_t)(records_of(name, name->sets + name->n_sets) - (uint8_t *)name);
}

/* After its memory moved, or what is in it. */
static void set_pointers(struct zone_name *name)
{
	uint8_t *at;
	uint16_t i;

	name->sets = (struct zone_rrset *)((uint8_t *)name + sets_offset(name->owner));
	for (at = records(name), i = 0; i < name->n_sets; at += name->sets[i++].rrs.size)
		name->sets[i].rrs.rdata = (knot_rdata_t *)at;
}

struct zone_name *zone_name_new(const knot_dname_t *owner, bool is_apex)
{
	size_t octets = sets_offset(owner);
	struct zone_name *name = calloc(1, octets);

	if (!name)
		return NULL;
	name->refs = 1;
	name->kinds = is_apex ? ZONE_KIND_APEX : 0;
	memcpy(name->owner, owner, knot_dname_size(owner));
	set_pointers(name);
	return name;
}

struct zone_name *zone_name_clone(const struct zone_name *from)
{
	size_t octets = octets_of(from);
	struct zone_name *name = malloc(octets);

	if (!name)
		return NULL;
	memcpy(name, from, octets);
	name->refs = 1;
	set_pointers(name);
	return name;
}

void zone_name_unref(struct zone_name *name)
{
	if (--name->refs == 0)
		free(name);
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

const struct zone_rrset *zone_name_rrset(const struct zone_name *name, uint16_t type)
{
	uint16_t i = set_index(name, type);

	return i < name->n_sets && name->sets[i].type == type ? &name->sets[i] : NULL;
}

/* Makes room behind so many octets of the name. It is not in order before what is in the room is written,
 * and set_pointers() is called. */
static int open_gap(struct zone_name **name, size_t at, size_t len)
{
	size_t octets = octets_of(*name);
	struct zone_name *grown = realloc(*name, octets + len);

	if (!grown)
		return -ENOMEM;
	memmove((uint8_t *)grown + at + len, (uint8_t *)grown + at, octets - at);
	grown->sets = (struct zone_rrset *)((uint8_t *)grown + sets_offset(grown->owner));
	*name = grown;
	return 0;
}

/* The memory behind the end is given back with the name's next growth, or with the name. */
static void close_gap(struct zone_name *name, size_t octets, size_t at, size_t len)
{
	memmove((uint8_t *)name + at, (uint8_t *)name + at + len, octets - at - len);
}

static size_t offset_in(const struct zone_name *name, const void *at)
{
	return (size_t)((const uint8_t *)at - (const uint8_t *)name);
}

/* Makes an RRset without records of a type that the name does not have. */
static int add_set(struct zone_name **name, uint16_t type, uint32_t ttl)
{
	uint16_t i = set_index(*name, type);
	int err = open_gap(name, offset_in(*name, &(*name)->sets[i]), sizeof(struct zone_rrset));

	if (err)
		return err;
	(*name)->sets[i] = (struct zone_rrset){ .type = type, .ttl = ttl };
	(*name)->n_sets++;
	set_pointers(*name);
	return 0;
}

void zone_name_drop(struct zone_name *name, struct zone_rrset *set)
{
	size_t octets = octets_of(name), len = set->rrs.size;

	close_gap(name, octets, offset_in(name, records_of(name, set)), len);
	close_gap(name, octets - len, offset_in(name, set), sizeof(*set));
	name->n_sets--;
	set_pointers(name);
}

static struct zone_rrset *find_set(const struct zone_name *name, uint16_t type)
{
	return (struct zone_rrset *)zone_name_rrset(name, type);
}

int zone_name_put(struct zone_name **name, uint16_t type, uint32_t ttl, const knot_rdataset_t *rrs)
{
	struct zone_rrset *set = find_set(*name, type);
	bool is_new = !set;
	uint32_t had;
	size_t at;
	int err = is_new ? add_set(name, type, ttl) : 0;

	if (err)
		return err;
	set = find_set(*name, type);
	had = set->rrs.size;
	at = offset_in(*name, records_of(*name, set));
	if (rrs->size > had)
		err = open_gap(name, at + had, rrs->size - had);
	else
		close_gap(*name, octets_of(*name), at, had - rrs->size);
	set = &(*name)->sets[set_index(*name, type)];
	if (err) {
		if (is_new)
			zone_name_drop(*name, set);
		return err;
	}
	memcpy((uint8_t *)*name + at, rrs->rdata, rrs->size);
	*set = (struct zone_rrset){ .type = type, .ttl = ttl };
	set->rrs.count = rrs->count;
	set->rrs.size = rrs->size;
	set_pointers(*name);
	return 0;
}

/* ---- records ---- */

knot_rdata_t *zone_rrset_find(const struct zone_rrset *set, const knot_rdata_t *rdata)
{
	knot_rdata_t *rr = set->rrs.rdata;
	uint16_t i;

	for (i = 0; i < set->rrs.count; i++, rr = knot_rdataset_next(rr))
		if (rdata_is_equal(set->type, rr, rdata))
			return rr;
	return NULL;
}

/* Before which record it goes in: they are sorted (RFC 4034 section 6.3). */
static const uint8_t *place_of(const struct zone_rrset *set, const knot_rdata_t *rdata)
{
	knot_rdata_t *rr = set->rrs.rdata;
	uint16_t i;

	for (i = 0; i < set->rrs.count && knot_rdata_cmp(rr, rdata) < 0; i++)
		rr = knot_rdataset_next(rr);
	return (const uint8_t *)rr;
}

int zone_name_add(struct zone_name **name, uint16_t type, uint32_t ttl, const knot_rdata_t *rdata)
{
	struct zone_rrset *set = find_set(*name, type);
	size_t len = knot_rdata_size(rdata->len), at;
	bool is_new = !set;
	int err = is_new ? add_set(name, type, ttl) : 0;

	if (err)
		return err;
	set = find_set(*name, type);
	if (set->rrs.count == UINT16_MAX)
		return -ENOSPC;
	at = offset_in(*name, place_of(set, rdata));
	err = open_gap(name, at, len);
	set = &(*name)->sets[set_index(*name, type)];
	if (err) {
		if (is_new)
			zone_name_drop(*name, set);
		return err;
	}
	((uint8_t *)*name)[at + len - 1] = 0; /* what fills an odd length */
	memcpy((uint8_t *)*name + at, rdata, sizeof(*rdata) + rdata->len);
	set->rrs.count++;
	set->rrs.size += (uint32_t)len;
	set_pointers(*name);
	return 0;
}

void zone_name_cut(struct zone_name *name, struct zone_rrset *set, const knot_rdata_t *rdata)
{
	size_t len = knot_rdata_size(rdata->len);

	if (set->rrs.count == 1) {
		zone_name_drop(name, set);
		return;
	}
	close_gap(name, octets_of(name), offset_in(name, rdata), len);
	set->rrs.count--;
	set->rrs.size -= (uint32_t)len;
	set_pointers(name);
}

/* ---- what it is ---- */

/* Nothing but NSEC3 with its signatures, or nothing at all. */
static bool is_bare(const struct zone_name *name)
{
	const struct zone_rrset *rrsigs = zone_name_rrset(name, KNOT_RRTYPE_RRSIG);
	uint16_t i,
		expected = (rrsigs != NULL) + (zone_name_rrset(name, KNOT_RRTYPE_NSEC3) != NULL);
	knot_rdata_t *rr;

	if (name->n_sets != expected)
		return false;
	if (!rrsigs)
		return true;
	for (i = 0, rr = rrsigs->rrs.rdata; i < rrsigs->rrs.count; i++, rr = knot_rdataset_next(rr))
		if (knot_rrsig_type_covered(rr) != KNOT_RRTYPE_NSEC3)
			return false;
	return true;
}

void zone_name_classify(struct zone_name *name)
{
	uint8_t kinds = name->kinds & ZONE_KIND_APEX;
	uint16_t i;

	for (i = 0; i < name->n_sets; i++) {
		switch (name->sets[i].type) {
		case KNOT_RRTYPE_RRSIG:
			kinds |= ZONE_KIND_RRSIG;
			break;
		case KNOT_RRTYPE_NSEC:
			kinds |= ZONE_KIND_NSEC;
			break;
		case KNOT_RRTYPE_NSEC3:
			kinds |= ZONE_KIND_NSEC3;
			break;
		}
	}
	if (!is_bare(name))
		kinds |= ZONE_KIND_DATA;
	if (!zone_name_check(name, NULL, NULL))
		kinds |= ZONE_KIND_UNFIT;
	name->kinds = kinds;
}

bool zone_name_same(const struct zone_name *a, const struct zone_name *b)
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
