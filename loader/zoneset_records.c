/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The records of the CLI on top of the zones. What the journal says of an (owner, type) replaces or
 * hides that RRset of the zone; the signatures which covered it go with it. Names in RDATA are
 * absolute, with or without a final dot.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../userspace/lib/name.h"
#include "zoneset_internal.h"

const knot_dname_t zoneset_origin[] = { 0 };

/* The journal as it will be with some records of a change in it. */
struct overlay {
	const struct journal *journal;
	const struct journal_record *const *change;
	size_t n;
};

/* What is said of the RRset; NULL: nothing. */
static const struct journal_record *overlay_find(const struct overlay *overlay,
						 const knot_dname_t *owner, uint16_t type)
{
	for (size_t i = 0; i < overlay->n; i++) {
		const struct journal_record *record = overlay->change[i];

		if (record->type == type && knot_dname_is_equal(record->owner, owner))
			return record->is_hidden || record->n_rdata ? record : NULL;
	}
	return journal_find(overlay->journal, owner, type);
}

/* The journal's first record at or after `record` that belongs to the item: not to a zone inside
 * it. */
static const struct journal_record *skip_to_own(const struct zoneset *set,
						const struct zoneset_item *item,
						const struct journal_record *record)
{
	while (record && knot_dname_in_bailiwick(record->owner, item->apex) >= 0 &&
	       zoneset_enclosing_item(set, record->owner) != item)
		record = journal_next(record);
	return record && knot_dname_in_bailiwick(record->owner, item->apex) >= 0 ? record : NULL;
}

static const struct journal_record *first_own(const struct zoneset *set,
					      const struct zoneset_item *item)
{
	return skip_to_own(set, item, journal_from(set->journal, item->apex));
}

static const struct journal_record *next_own(const struct zoneset *set,
					     const struct zoneset_item *item,
					     const struct journal_record *record)
{
	return skip_to_own(set, item, journal_next(record));
}

uint32_t zoneset_count_records(const struct zoneset *set, const struct zoneset_item *item)
{
	const struct journal_record *record;
	uint32_t n = 0;

	for (record = first_own(set, item); record; record = next_own(set, item, record))
		n += record->is_hidden ? 1 : record->n_rdata;
	return n;
}

/* ---- RDATA and text ---- */

static int parse_all(knot_rdataset_t *ret_rrs, const struct journal_record *record,
		     const char **ret_fault)
{
	knot_rdataset_t rrs = { 0 };
	int err = 0;

	for (uint16_t i = 0; i < record->n_rdata && !err; i++) {
		knot_rdataset_t one = { 0 };

		err = zone_parse_rdata(&one, zoneset_origin, record->type, record->rdata[i],
				       ret_fault);
		if (!err && knot_rdataset_merge(&rrs, &one, NULL) != KNOT_EOK) {
			*ret_fault = "too many records";
			err = -EINVAL;
		}
		knot_rdataset_clear(&one, NULL);
	}
	if (err) {
		knot_rdataset_clear(&rrs, NULL);
		return err;
	}
	*ret_rrs = rrs;
	return 0;
}

/* ---- on top of a zone ---- */

const struct zone_rrset *zoneset_find_rrset(const struct zone *zone, const knot_dname_t *owner,
					    uint16_t type)
{
	const struct zone_name *name = zone_find(zone, owner);

	return name ? zone_name_rrset(name, type) : NULL;
}

static int set_as_in(struct zone *zone, const struct zone *base, const knot_dname_t *owner,
		     uint16_t type)
{
	const struct zone_rrset *own = zoneset_find_rrset(base, owner, type);

	return zone_set(zone, owner, type, own ? own->ttl : 0, own ? &own->rrs : NULL);
}

/* Makes the RRset what the record says: its RDATA, nothing, or the zone's own. */
static int apply_record(struct zone *zone, const struct zone *base,
			const struct journal_record *record, const char **ret_fault)
{
	knot_rdataset_t rrs = { 0 };
	int err;

	*ret_fault = strerror(ENOMEM);
	if (record->is_hidden)
		return zone_set(zone, record->owner, record->type, 0, NULL);
	if (!record->n_rdata)
		return set_as_in(zone, base, record->owner, record->type);
	err = parse_all(&rrs, record, ret_fault);
	if (err)
		return err;
	*ret_fault = strerror(ENOMEM);
	err = zone_set(zone, record->owner, record->type, record->ttl, &rrs);
	knot_rdataset_clear(&rrs, NULL);
	return err;
}

/* Signatures of an RRset that is replaced or hidden would make it bogus, even where the client does
 * not expect any. */
static int apply_signatures(struct zone *zone, const struct zone *base, const knot_dname_t *owner,
			    const struct overlay *overlay)
{
	const struct zone_rrset *own = zoneset_find_rrset(base, owner, KNOT_RRTYPE_RRSIG);
	const knot_rdata_t *rrsig = own ? own->rrs.rdata : NULL;
	knot_rdataset_t kept = { 0 };
	int err = 0;

	if (!own)
		return 0;
	for (uint16_t i = 0; i < own->rrs.count && !err; i++) {
		if (!overlay_find(overlay, owner, knot_rrsig_type_covered(rrsig)) &&
		    knot_rdataset_add(&kept, rrsig, NULL) != KNOT_EOK)
			err = -ENOMEM;
		rrsig = knot_rdataset_next((knot_rdata_t *)rrsig);
	}
	if (!err)
		err = zone_set(zone, owner, KNOT_RRTYPE_RRSIG, own->ttl, &kept);
	knot_rdataset_clear(&kept, NULL);
	return err;
}

/* What zone_check() would refuse, of one name; NULL: nothing. */
static const char *name_fault(const struct zone *zone, const knot_dname_t *owner)
{
	const struct zone_name *name = zone_find(zone, owner);
	bool has_cname = name && zone_name_rrset(name, KNOT_RRTYPE_CNAME);

	for (uint16_t i = 0; name && i < name->n_sets; i++) {
		uint16_t type = name->sets[i].type;

		/* RFC 2181 section 10.1, RFC 6672 section 2.4 */
		if ((type == KNOT_RRTYPE_CNAME || type == KNOT_RRTYPE_DNAME) &&
		    name->sets[i].rrs.count > 1)
			return "there can be only one CNAME and one DNAME at a name";
		/* RFC 1034 section 3.6.2, RFC 4035 section 2.5 */
		if (has_cname && type != KNOT_RRTYPE_CNAME && type != KNOT_RRTYPE_RRSIG &&
		    type != KNOT_RRTYPE_NSEC)
			return "there can be no other data beside a CNAME";
	}
	return NULL;
}

/* At the start and after a reload: a record that does not fit the new data any more stays in the
 * journal, unused. */
static int build_record(struct zoneset *set, struct zone *zone, const struct zone *base,
			const struct journal_record *record)
{
	knot_dname_txt_storage_t name;
	char type[NAME_TYPE_LEN];
	const char *fault;
	int err = apply_record(zone, base, record, &fault);

	if (!err) {
		fault = name_fault(zone, record->owner);
		if (!fault)
			return 0;
		err = set_as_in(zone, base, record->owner, record->type);
	} else if (err == -EINVAL) {
		err = 0;
	}
	if (!err)
		report_say(set->report, LOG_LEVEL_WARNING,
			   "records: %s %s, set by %s, is not served: %s",
			   name_text(record->owner, name), name_type_text(record->type, type),
			   record->who, fault);
	return err;
}

int zoneset_build(struct zoneset *set, const struct zoneset_item *item, struct zone *base,
		  struct zone **ret_zone)
{
	const struct overlay overlay = { .journal = set->journal };
	const struct journal_record *record, *first = first_own(set, item);
	struct zone *zone;
	int err;

	if (!first) {
		*ret_zone = base;
		return 0;
	}
	err = zone_copy(&zone, base);
	if (err)
		return err;
	/* What is hidden goes first: it makes room for what is set. */
	for (int hidden = 1; hidden >= 0; hidden--) {
		for (record = first; record && !err; record = next_own(set, item, record)) {
			if (record->is_hidden == hidden)
				err = build_record(set, zone, base, record);
		}
	}
	for (record = first; record && !err; record = next_own(set, item, record))
		err = apply_signatures(zone, base, record->owner, &overlay);
	if (err) {
		zone_free(zone);
		return err;
	}
	*ret_zone = zone;
	return 0;
}

/* ---- changes ---- */

/* Whether the CLI has something in the zone once the change is made. */
static bool has_records_after(const struct zoneset *set, const struct zoneset_item *item,
			      const struct overlay *overlay)
{
	const struct journal_record *record;

	for (size_t i = 0; i < overlay->n; i++) {
		if (overlay->change[i]->is_hidden || overlay->change[i]->n_rdata)
			return true;
	}
	for (record = first_own(set, item); record; record = next_own(set, item, record)) {
		if (overlay_find(overlay, record->owner, record->type))
			return true;
	}
	return false;
}

/* The item's zone with the change in it. All records of a change are of one owner. */
static int build_change(struct zoneset *set, const struct zoneset_item *item,
			const struct overlay *overlay, struct zone **ret_zone)
{
	const knot_dname_t *owner = overlay->change[0]->owner;
	knot_dname_txt_storage_t text;
	const char *fault = NULL;
	struct zone *zone;
	int err;

	if (!has_records_after(set, item, overlay)) {
		*ret_zone = item->now.base;
		return 0;
	}
	err = zone_copy(&zone, item->now.zone);
	if (err)
		return zoneset_fail(set, err, "zones: out of memory");
	for (size_t i = 0; i < overlay->n && !err; i++)
		err = apply_record(zone, item->now.base, overlay->change[i], &fault);
	if (!err) {
		fault = strerror(ENOMEM);
		err = apply_signatures(zone, item->now.base, owner, overlay);
	}
	if (!err) {
		fault = name_fault(zone, owner);
		err = fault ? -EINVAL : 0;
	}
	if (err) {
		zone_free(zone);
		return zoneset_fail(set, err, "%s: %s", name_text(owner, text), fault);
	}
	*ret_zone = zone;
	return 0;
}

static void free_records(struct journal_record **records, size_t n)
{
	for (size_t i = 0; records && i < n; i++)
		journal_record_free(records[i]);
	free(records);
}

/* What the journal says now of what the change speaks of. */
static int keep_old(const struct zoneset *set, const struct journal_record *const *change, size_t n,
		    struct journal_record ***ret_old)
{
	struct journal_record **old = calloc(n, sizeof(*old));
	int err = old ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && !err; i++) {
		const struct journal_record *record =
			journal_find(set->journal, change[i]->owner, change[i]->type);
		struct journal_record none = *change[i];

		none.is_hidden = false;
		none.n_rdata = 0;
		err = journal_record_copy(&old[i], record ? record : &none);
	}
	if (err) {
		free_records(old, n);
		return err;
	}
	*ret_old = old;
	return 0;
}

/* To the journal, then to the store; back out of the journal when the store does not take it. */
int zoneset_commit(struct zoneset *set, const struct journal_record *const *change, size_t n)
{
	struct journal_record **old;
	int err;

	err = keep_old(set, change, n, &old);
	if (err)
		return zoneset_fail(set, err, "zones: out of memory");
	err = journal_put(set->journal, change, n);
	if (err) {
		(void)zoneset_fail(set, err, "%s", journal_error(set->journal));
		goto out;
	}
	err = zoneset_publish(set);
	if (!err && set->n_refused)
		err = -ENOSPC;
	if (err && journal_put(set->journal, (const struct journal_record *const *)old, n)) {
		char why[sizeof(set->error)];

		memcpy(why, set->error, sizeof(why));
		(void)zoneset_fail(set, err, "%.600s; and the journal still has the change: %.300s",
				   why, journal_error(set->journal));
	}
out:
	free_records(old, n);
	return err;
}

int zoneset_change(struct zoneset *set, struct zoneset_item *item,
		   const struct journal_record *const *change, size_t n)
{
	const struct overlay overlay = { .journal = set->journal, .change = change, .n = n };
	struct zone *zone;
	int err;

	zoneset_discard_next(item);
	err = build_change(set, item, &overlay, &zone);
	if (err)
		return err;
	item->next = (struct zoneset_version){ .base = item->now.base, .zone = zone };
	err = zoneset_commit(set, change, n);
	zoneset_discard_next(item); /* where it was not published */
	item->row.records = zoneset_count_records(set, item);
	return err;
}
