/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the CLI may ask for: records are set, added, hidden, taken back, and listed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../userspace/lib/name.h"
#include "zoneset_internal.h"

#define TYPE_META_FIRST 128u /* RFC 6895 section 3.1 */
#define TYPE_META_LAST 255u
/* "\DDD" for each octet, and what stands between them. */
#define RDATA_TEXT_MAX (5u * KNOT_RDATA_MAXLEN)

/* ---- text of RDATA ---- */

static bool reads_back(const knot_rdata_t *rdata, uint16_t type, const char *text)
{
	knot_rdataset_t back = { 0 };
	bool same;

	if (zone_parse_rdata(&back, zoneset_origin, type, text, NULL))
		return false;
	same = back.count == 1 && knot_rdata_cmp(back.rdata, rdata) == 0;
	knot_rdataset_clear(&back, NULL);
	return same;
}

/* The type's own form where that reads back as the same RDATA, else the generic one (RFC 3597
 * section 5). */
static int rdata_text(char **ret_text, const knot_dname_t *owner, uint16_t type,
		      const knot_rdataset_t *rrs, uint16_t i)
{
	knot_dump_style_t style = KNOT_DUMP_STYLE_DEFAULT;
	char *text = malloc(RDATA_TEXT_MAX);
	knot_rrset_t rrset;
	int len;

	if (!text)
		return -ENOMEM;
	knot_rrset_init(&rrset, (knot_dname_t *)owner, type, KNOT_CLASS_IN, 0);
	rrset.rrs = *rrs;
	len = knot_rrset_txt_dump_data(&rrset, i, text, RDATA_TEXT_MAX, &style);
	if (len < 0 || !reads_back(knot_rdataset_at(rrs, i), type, text)) {
		style.generic = true;
		len = knot_rrset_txt_dump_data(&rrset, i, text, RDATA_TEXT_MAX, &style);
	}
	*ret_text = len < 0 ? NULL : strdup(text);
	free(text);
	return *ret_text ? 0 : -ENOMEM;
}

/* ---- what may be set, and where ---- */

static bool is_dnssec(uint16_t type)
{
	return type == KNOT_RRTYPE_RRSIG || type == KNOT_RRTYPE_NSEC || type == KNOT_RRTYPE_NSEC3 ||
	       type == KNOT_RRTYPE_NSEC3PARAM || type == KNOT_RRTYPE_DNSKEY;
}

static int check_type(struct zoneset *set, uint16_t type)
{
	char text[NAME_TYPE_LEN];

	name_type_text(type, text);
	if (type == KNOT_RRTYPE_SOA)
		return zoneset_fail(set, -EINVAL,
				    "SOA: it is the zone's own and comes with its file");
	if (is_dnssec(type))
		return zoneset_fail(set, -EINVAL, "%s: records of DNSSEC come with the zone's file",
				    text);
	if (type == 0 || type == KNOT_RRTYPE_OPT ||
	    (type >= TYPE_META_FIRST && type <= TYPE_META_LAST))
		return zoneset_fail(set, -EINVAL, "%s: a type that no zone can hold", text);
	return 0;
}

/* The zone that the name is in, as it is loaded. */
static int find_zone(struct zoneset *set, const knot_dname_t *owner, struct zoneset_item **ret_item)
{
	struct zoneset_item *item = zoneset_enclosing_item(set, owner);
	knot_dname_txt_storage_t text;

	if (!item)
		return zoneset_fail(set, -ENOENT, "%s is in no zone of this server",
				    name_text(owner, text));
	if (!item->now.zone)
		return zoneset_fail(set, -ENOENT, "zone %s is not loaded: %s",
				    name_text(item->apex, text),
				    item->error ? item->error : "unknown reason");
	*ret_item = item;
	return 0;
}

static int check_signed(struct zoneset *set, const struct zoneset_item *item, bool unsigned_ok)
{
	knot_dname_txt_storage_t text;

	if (!item->now.base->is_signed || unsigned_ok)
		return 0;
	return zoneset_fail(
		set, -EPERM,
		"zone %s is signed: the answer would be bogus; --unsigned sets it all the same",
		name_text(item->apex, text));
}

/* ---- set ---- */

/* The RRset that shall be: this record, with `add` besides what is there. */
static int wanted_rrset(struct zoneset *set, const struct zoneset_item *item,
			const knot_dname_t *owner, const struct zoneset_record *record, bool add,
			knot_rdataset_t *ret_rrs)
{
	const struct zone_rrset *there =
		add ? zoneset_find_rrset(item->now.zone, owner, record->type) : NULL;
	const char *fault = "the record's data is missing";
	knot_rdataset_t rrs = { 0 };
	int err = -EINVAL;

	if (record->rdata)
		err = zone_parse_rdata(&rrs, zoneset_origin, record->type, record->rdata, &fault);
	if (err)
		return zoneset_fail(set, err, "%s", fault);
	if (there && knot_rdataset_merge(&rrs, &there->rrs, NULL) != KNOT_EOK) {
		knot_rdataset_clear(&rrs, NULL);
		return zoneset_fail(set, -ENOMEM,
				    "zones: out of memory, or too many records in one RRset");
	}
	*ret_rrs = rrs;
	return 0;
}

static int set_rrset(struct zoneset *set, struct zoneset_item *item, const knot_dname_t *owner,
		     const struct zoneset_record *record, const knot_rdataset_t *rrs)
{
	struct journal_record change = {
		.owner = (knot_dname_t *)owner,
		.type = record->type,
		.ttl = record->ttl,
		.who = (char *)record->who,
		.when = record->when,
	};
	const struct journal_record *one = &change;
	int err = 0;

	change.rdata = calloc(rrs->count, sizeof(*change.rdata));
	if (!change.rdata)
		err = -ENOMEM;
	for (uint16_t i = 0; i < rrs->count && !err; i++) {
		err = rdata_text(&change.rdata[i], owner, record->type, rrs, i);
		change.n_rdata++;
	}
	if (err)
		(void)zoneset_fail(set, err, "zones: out of memory");
	else
		err = zoneset_change(set, item, &one, 1);
	for (uint16_t i = 0; i < change.n_rdata; i++)
		free(change.rdata[i]);
	free(change.rdata);
	return err;
}

int zoneset_record_set(struct zoneset *set, const struct zoneset_record *record, bool add,
		       bool unsigned_ok)
{
	struct zoneset_item *item;
	knot_dname_storage_t owner;
	knot_rdataset_t rrs;
	int err;

	set->error[0] = '\0';
	knot_dname_copy_lower(owner, record->owner);
	err = check_type(set, record->type);
	if (!err && record->ttl > JOURNAL_TTL_MAX)
		err = zoneset_fail(set, -EINVAL, "TTL %u: expected at most %u", record->ttl,
				   JOURNAL_TTL_MAX);
	if (!err)
		err = find_zone(set, owner, &item);
	if (!err)
		err = check_signed(set, item, unsigned_ok);
	if (!err)
		err = wanted_rrset(set, item, owner, record, add, &rrs);
	if (err)
		return err;
	err = set_rrset(set, item, owner, record, &rrs);
	knot_rdataset_clear(&rrs, NULL);
	return err;
}

/* ---- delete ---- */

struct removal {
	struct zoneset *set;
	struct zoneset_item *item;
	const knot_dname_t *owner;
	uint16_t type; /* 0: all */
	struct journal_record *change;
	const struct journal_record **list;
	size_t n;
};

static void add_removal(struct removal *removal, uint16_t type, const char *who, bool hide)
{
	struct journal_record *record = &removal->change[removal->n];

	*record = (struct journal_record){
		.owner = (knot_dname_t *)removal->owner,
		.type = type,
		.is_hidden = hide,
		.who = (char *)who,
		.when = time(NULL),
	};
	removal->list[removal->n++] = record;
}

/* Records of the owner in the journal: they are taken back. */
static void take_back(struct removal *removal, const char *who)
{
	const struct journal_record *record = journal_from(removal->set->journal, removal->owner);

	for (; record && knot_dname_is_equal(record->owner, removal->owner);
	     record = journal_next(record)) {
		if (!removal->type || record->type == removal->type)
			add_removal(removal, record->type, who, false);
	}
}

/* RRsets of the zone that may be hidden. */
static void hide(struct removal *removal, const char *who)
{
	const struct zone_name *name = zone_find(removal->item->now.zone, removal->owner);
	bool is_apex = knot_dname_is_equal(removal->owner, removal->item->apex);

	for (uint16_t i = 0; name && i < name->n_sets; i++) {
		uint16_t type = name->sets[i].type;

		if (removal->type ? type != removal->type
				  : type == KNOT_RRTYPE_SOA || is_dnssec(type))
			continue;
		if (is_apex && type == KNOT_RRTYPE_NS)
			continue;
		add_removal(removal, type, who, true);
	}
}

/* At least as many records as the removal can come to. */
static size_t count_candidates(const struct removal *removal)
{
	const struct journal_record *record = journal_from(removal->set->journal, removal->owner);
	const struct zone_name *name = zone_find(removal->item->now.zone, removal->owner);
	size_t n = name ? name->n_sets : 0;

	for (; record && knot_dname_is_equal(record->owner, removal->owner);
	     record = journal_next(record))
		n++;
	return n;
}

static int fail_nothing(struct removal *removal)
{
	knot_dname_txt_storage_t name;
	char type[NAME_TYPE_LEN];

	name_text(removal->owner, name);
	if (removal->type == KNOT_RRTYPE_NS &&
	    knot_dname_is_equal(removal->owner, removal->item->apex))
		return zoneset_fail(removal->set, -EINVAL,
				    "%s NS: a zone cannot be without NS at its apex", name);
	if (removal->type)
		return zoneset_fail(removal->set, -ENOENT, "%s has no %s record", name,
				    name_type_text(removal->type, type));
	return zoneset_fail(removal->set, -ENOENT, "%s has no records that can be hidden", name);
}

static int remove_records(struct removal *removal, const char *who, bool unsigned_ok)
{
	int err;

	take_back(removal, who);
	if (!removal->n) {
		err = check_signed(removal->set, removal->item, unsigned_ok);
		if (err)
			return err;
		hide(removal, who);
	}
	if (!removal->n)
		return fail_nothing(removal);
	return zoneset_change(removal->set, removal->item, removal->list, removal->n);
}

int zoneset_record_delete(struct zoneset *set, const knot_dname_t *owner, uint16_t type,
			  const char *who, bool unsigned_ok)
{
	struct removal removal = { .set = set, .type = type };
	knot_dname_storage_t lower;
	size_t room;
	int err;

	set->error[0] = '\0';
	knot_dname_copy_lower(lower, owner);
	removal.owner = lower;
	err = type ? check_type(set, type) : 0;
	if (!err)
		err = find_zone(set, lower, &removal.item);
	if (err)
		return err;
	room = count_candidates(&removal) + 1;
	removal.change = calloc(room, sizeof(*removal.change));
	removal.list = calloc(room, sizeof(struct journal_record *));
	if (removal.change && removal.list)
		err = remove_records(&removal, who, unsigned_ok);
	else
		err = zoneset_fail(set, -ENOMEM, "zones: out of memory");
	free(removal.change);
	free(removal.list);
	return err;
}

void zoneset_record_each(const struct zoneset *set,
			 void (*each)(const struct zoneset_record *record, void *arg), void *arg)
{
	const struct journal_record *record;

	for (record = journal_from(set->journal, NULL); record; record = journal_next(record)) {
		struct zoneset_record row = {
			.owner = record->owner,
			.type = record->type,
			.ttl = record->ttl,
			.who = record->who,
			.when = record->when,
		};

		if (record->is_hidden)
			each(&row, arg);
		for (uint16_t i = 0; i < record->n_rdata; i++) {
			row.rdata = record->rdata[i];
			each(&row, arg);
		}
	}
}
