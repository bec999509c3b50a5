/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What makes a zone fit to serve; the contract is in zone.h. */
#include "zone.h"

#include <errno.h>

#include "../../userspace/lib/name.h"

#define TYPE_META_FIRST 128u /* RFC 6895 section 3.1: QTYPEs and meta types */
#define TYPE_META_LAST 255u

struct check {
	struct zone *zone;
	const char *source;
	const struct report *report;
	int err;
};

static void bad(struct check *check, const struct zone_name *name, uint16_t type, const char *what)
{
	knot_dname_txt_storage_t text;
	char type_text[NAME_TYPE_LEN];

	check->err = -EINVAL;
	report_say(check->report, LOG_LEVEL_ERROR, "%s: %s %s: %s", check->source,
		   name_text(name->owner, text), name_type_text(type, type_text), what);
}

static bool is_meta(uint16_t type)
{
	return !type || type == KNOT_RRTYPE_OPT ||
	       (type >= TYPE_META_FIRST && type <= TYPE_META_LAST);
}

static void check_set(struct check *check, const struct zone_name *name,
		      const struct zone_rrset *set)
{
	if (is_meta(set->type))
		bad(check, name, set->type, "a type that no zone can hold");
	switch (set->type) {
	case KNOT_RRTYPE_SOA:
		if (name->parent)
			bad(check, name, set->type, "below the apex of the zone");
		else if (set->rrs.count > 1)
			bad(check, name, set->type, "more than one record");
		break;
	case KNOT_RRTYPE_CNAME: /* RFC 2181 section 10.1 */
	case KNOT_RRTYPE_DNAME: /* RFC 6672 section 2.4 */
		if (set->rrs.count > 1)
			bad(check, name, set->type, "more than one record");
		break;
	}
}

/* RFC 1034 section 3.6.2, with what RFC 4035 section 2.5 puts beside a CNAME. */
static void check_cname(struct check *check, const struct zone_name *name)
{
	uint16_t i;

	if (!zone_name_rrset(name, KNOT_RRTYPE_CNAME))
		return;
	for (i = 0; i < name->n_sets; i++) {
		switch (name->sets[i].type) {
		case KNOT_RRTYPE_CNAME:
		case KNOT_RRTYPE_RRSIG:
		case KNOT_RRTYPE_NSEC:
			break;
		default:
			bad(check, name, name->sets[i].type, "beside a CNAME");
		}
	}
}

static void check_apex(struct check *check, const struct zone_name *apex)
{
	const struct zone_rrset *soa = zone_name_rrset(apex, KNOT_RRTYPE_SOA);

	if (soa)
		check->zone->serial = knot_soa_serial(soa->rrs.rdata);
	else
		bad(check, apex, KNOT_RRTYPE_SOA, "the zone has none");
	if (!zone_name_rrset(apex, KNOT_RRTYPE_NS))
		bad(check, apex, KNOT_RRTYPE_NS, "the zone has none at its apex");
}

static void check_name(struct check *check, const struct zone_name *name)
{
	uint16_t i;

	for (i = 0; i < name->n_sets; i++)
		check_set(check, name, &name->sets[i]);
	check_cname(check, name);
}

/* The apex, which comes first, has some in every zone that is signed as it should be. */
static bool has_rrsigs(const struct zone *zone)
{
	const struct zone_name *name = NULL;

	while ((name = zone_next(zone, name)))
		if (zone_name_rrset(name, KNOT_RRTYPE_RRSIG))
			return true;
	return false;
}

static void set_flags(struct zone *zone)
{
	const struct zone_name *apex = zone_next(zone, NULL);

	zone->is_signed = zone_name_rrset(apex, KNOT_RRTYPE_DNSKEY) && has_rrsigs(zone);
	zone->is_nsec3 = zone_name_rrset(apex, KNOT_RRTYPE_NSEC3PARAM);
}

int zone_check(struct zone *zone, const char *source, const struct report *report)
{
	struct check check = { .zone = zone, .source = source, .report = report };
	const struct zone_name *name = NULL;

	check_apex(&check, zone_next(zone, NULL));
	while ((name = zone_next(zone, name)))
		check_name(&check, name);
	set_flags(zone);
	return check.err;
}

static int check_changed(const knot_dname_t *owner, void *arg)
{
	struct check *check = arg;
	const struct zone_name *name = zone_find(check->zone, owner);

	if (name)
		check_name(check, name);
	return 0;
}

int zone_check_change(struct zone *zone, const struct zone *from, const char *source,
		      const struct report *report)
{
	struct check check = { .zone = zone, .source = source, .report = report };

	check_apex(&check, zone_next(zone, NULL));
	(void)zone_diff(from, zone, check_changed, &check);
	set_flags(zone);
	return check.err;
}
