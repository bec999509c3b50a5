/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 *     version.CATALOG             TXT "2"
 *     ID.zones.CATALOG            PTR ZONE
 *     group.ID.zones.CATALOG      TXT VALUE
 *     coo.ID.zones.CATALOG        PTR CATALOG
 */
#include "catalog.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../zone/zone.h"

#define MEMBER_DEPTH 1 /* labels below `zones` */
#define PROPERTY_DEPTH 2

struct reader {
	const struct zone *zone;
	struct catalog *catalog;
	size_t room;
	char *error;
};

__attribute__((format(printf, 2, 3))) static int broken(struct reader *reader, const char *format,
							...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(reader->error, NAME_ERROR_LEN, format, args);
	va_end(args);
	return -EINVAL;
}

static const struct zone_name *find_below_apex(const struct zone *zone, const char *label)
{
	knot_dname_storage_t name;
	size_t len = strlen(label);

	if (1 + len + knot_dname_size(zone->apex) > sizeof(name))
		return NULL;
	name[0] = (uint8_t)len;
	memcpy(name + 1, label, len);
	memcpy(name + 1 + len, zone->apex, knot_dname_size(zone->apex));
	return zone_find(zone, name);
}

/* RFC 9432 section 4.2.1 */
static int check_version(struct reader *reader)
{
	static const uint8_t two[] = { 1, '2' };
	const struct zone_name *name = find_below_apex(reader->zone, "version");
	const struct zone_rrset *set = name ? zone_name_rrset(name, KNOT_RRTYPE_TXT) : NULL;

	if (!set)
		return broken(reader, "version TXT: missing, expected \"2\"");
	if (set->rrs.count != 1)
		return broken(reader, "version TXT: %u records, expected one", set->rrs.count);
	if (set->rrs.rdata->len != sizeof(two) || memcmp(set->rrs.rdata->data, two, sizeof(two)))
		return broken(reader, "version TXT: not \"2\", which alone is supported");
	return 0;
}

static knot_dname_t *copy_lower(const knot_dname_t *name)
{
	knot_dname_t *copy = knot_dname_copy(name, NULL);

	if (copy)
		knot_dname_to_lower(copy);
	return copy;
}

/* The name that the record at `name` points to. */
static int read_ptr(struct reader *reader, const struct zone_name *name,
		    const struct zone_rrset *set, knot_dname_t **ret_target)
{
	knot_dname_txt_storage_t text;

	if (set->rrs.count != 1)
		return broken(reader, "%s PTR: %u records, expected one",
			      name_text(name->owner, text), set->rrs.count);
	*ret_target = copy_lower(set->rrs.rdata->data);
	return *ret_target ? 0 : -ENOMEM;
}

/* ---- members ---- */

static struct catalog_member *new_member(struct reader *reader)
{
	struct catalog *catalog = reader->catalog;
	size_t room = reader->room ? 2 * reader->room : 16;
	struct catalog_member *member;

	if (catalog->n_members == reader->room) {
		member = reallocarray(catalog->member, room, sizeof(*member));
		if (!member)
			return NULL;
		catalog->member = member;
		reader->room = room;
	}
	member = &catalog->member[catalog->n_members++];
	memset(member, 0, sizeof(*member));
	return member;
}

static int read_member(struct reader *reader, const struct zone_name *name)
{
	const struct zone_rrset *set = zone_name_rrset(name, KNOT_RRTYPE_PTR);
	struct catalog_member *member;
	knot_dname_storage_t id;

	if (!set)
		return 0;
	member = new_member(reader);
	if (!member)
		return -ENOMEM;
	memcpy(id, name->owner, 1u + *name->owner);
	id[1 + *name->owner] = 0;
	member->id = knot_dname_copy(id, NULL);
	return member->id ? read_ptr(reader, name, set, &member->zone) : -ENOMEM;
}

/* The value of a TXT is its strings behind each other. -EINVAL: cut off, or a zero octet. */
static int txt_value(const knot_rdata_t *rdata, char *ret_text)
{
	size_t at = 0, len = 0;

	while (at < rdata->len) {
		size_t n = rdata->data[at++];

		if (n > rdata->len - at || memchr(rdata->data + at, 0, n))
			return -EINVAL;
		memcpy(ret_text + len, rdata->data + at, n);
		len += n;
		at += n;
	}
	ret_text[len] = '\0';
	return 0;
}

static int read_groups(struct catalog_member *member, const struct zone_rrset *set)
{
	const knot_rdata_t *rdata = set->rrs.rdata;
	char text[KNOT_RDATA_MAXLEN + 1];
	uint16_t i;

	member->group = calloc(set->rrs.count, sizeof(*member->group));
	if (!member->group)
		return -ENOMEM;
	for (i = 0; i < set->rrs.count; i++) {
		if (!txt_value(rdata, text)) {
			member->group[member->n_groups] = strdup(text);
			if (!member->group[member->n_groups])
				return -ENOMEM;
			member->n_groups++;
		}
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
	return 0;
}

static bool is_label(const knot_dname_t *name, const char *label)
{
	return *name == strlen(label) && !memcmp(name + 1, label, *name);
}

static int read_property(struct reader *reader, const struct zone_name *name)
{
	const struct zone_rrset *set;
	struct catalog_member *member;

	/* its names are lower-cased, and follow their member */
	if (!zone_name_rrset(zone_parent(reader->zone, name), KNOT_RRTYPE_PTR))
		return 0;
	member = &reader->catalog->member[reader->catalog->n_members - 1];
	if (is_label(name->owner, "group")) {
		set = zone_name_rrset(name, KNOT_RRTYPE_TXT);
		return set ? read_groups(member, set) : 0;
	}
	if (is_label(name->owner, "coo")) {
		set = zone_name_rrset(name, KNOT_RRTYPE_PTR);
		return set ? read_ptr(reader, name, set, &member->coo) : 0;
	}
	return 0;
}

static int read_members(struct reader *reader)
{
	const struct zone_name *zones = find_below_apex(reader->zone, "zones"), *name = zones;
	int err = 0, depth;

	while (!err && name && (name = zone_next(reader->zone, name))) {
		depth = knot_dname_in_bailiwick(name->owner, zones->owner);
		if (depth < 0)
			break;
		if (depth == MEMBER_DEPTH)
			err = read_member(reader, name);
		if (depth == PROPERTY_DEPTH)
			err = read_property(reader, name);
	}
	return err;
}

static int compare(const void *a, const void *b)
{
	const struct catalog_member *x = a, *y = b;

	return zone_order(x->zone, y->zone);
}

/* RFC 9432 section 4.1: a zone is a member once. */
static int sort_members(struct reader *reader)
{
	const struct catalog *catalog = reader->catalog;
	knot_dname_txt_storage_t zone, a, b;
	size_t i;

	if (!catalog->n_members)
		return 0;
	qsort(catalog->member, catalog->n_members, sizeof(*catalog->member), compare);
	for (i = 1; i < catalog->n_members; i++)
		if (!compare(&catalog->member[i - 1], &catalog->member[i]))
			return broken(reader, "the zone %s is a member twice: %s and %s",
				      name_text(catalog->member[i].zone, zone),
				      name_text(catalog->member[i - 1].id, a),
				      name_text(catalog->member[i].id, b));
	return 0;
}

int catalog_read(struct catalog **ret_catalog, const struct zone *zone, char *ret_error)
{
	char unused[NAME_ERROR_LEN];
	struct reader reader = { .zone = zone, .error = ret_error ? ret_error : unused };
	int err;

	reader.catalog = calloc(1, sizeof(*reader.catalog));
	if (!reader.catalog)
		return -ENOMEM;
	err = check_version(&reader);
	if (!err)
		err = read_members(&reader);
	if (!err)
		err = sort_members(&reader);
	if (err)
		catalog_free(reader.catalog);
	else
		*ret_catalog = reader.catalog;
	return err;
}

void catalog_free(struct catalog *catalog)
{
	size_t i, k;

	if (!catalog)
		return;
	for (i = 0; i < catalog->n_members; i++) {
		struct catalog_member *member = &catalog->member[i];

		for (k = 0; k < member->n_groups; k++)
			free(member->group[k]);
		free(member->group);
		knot_dname_free(member->zone, NULL);
		knot_dname_free(member->id, NULL);
		knot_dname_free(member->coo, NULL);
	}
	free(catalog->member);
	free(catalog);
}
