/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What makes a zone fit to serve; the contract is in zone.h. */
#include "zone_name.h"

#include <errno.h>

#include "../../userspace/lib/name.h"

#define TYPE_META_FIRST 128u /* RFC 6895 section 3.1: QTYPEs and meta types */
#define TYPE_META_LAST 255u

/* What a check of one name finds. */
struct finding {
	const struct zone_name *name;
	void (*bad)(const struct zone_name *name, uint16_t type, const char *what, void *arg);
	void *arg;
	bool is_fit;
};

static void bad(struct finding *finding, uint16_t type, const char *what)
{
	finding->is_fit = false;
	if (finding->bad)
		finding->bad(finding->name, type, what, finding->arg);
}

static bool is_meta(uint16_t type)
{
	return !type || type == KNOT_RRTYPE_OPT ||
	       (type >= TYPE_META_FIRST && type <= TYPE_META_LAST);
}

static void check_set(struct finding *finding, const struct zone_rrset *set)
{
	if (is_meta(set->type))
		bad(finding, set->type, "a type that no zone can hold");
	switch (set->type) {
	case KNOT_RRTYPE_SOA:
		if (!zone_name_is_apex(finding->name))
			bad(finding, set->type, "below the apex of the zone");
		else if (set->rrs.count > 1)
			bad(finding, set->type, "more than one record");
		break;
	case KNOT_RRTYPE_CNAME: /* RFC 2181 section 10.1 */
	case KNOT_RRTYPE_DNAME: /* RFC 6672 section 2.4 */
		if (set->rrs.count > 1)
			bad(finding, set->type, "more than one record");
	}
}

/* RFC 1034 section 3.6.2, with what RFC 4035 section 2.5 puts beside a CNAME. */
static void check_cname(struct finding *finding)
{
	const struct zone_name *name = finding->name;
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
			bad(finding, name->sets[i].type, "beside a CNAME");
		}
	}
}

bool zone_name_check(const struct zone_name *name,
		     void (*report_bad)(const struct zone_name *name, uint16_t type,
					const char *what, void *arg),
		     void *arg)
{
	struct finding finding = { .name = name, .bad = report_bad, .arg = arg, .is_fit = true };
	uint16_t i;

	for (i = 0; i < name->n_sets; i++)
		check_set(&finding, &name->sets[i]);
	check_cname(&finding);
	return finding.is_fit;
}

struct check {
	const char *source;
	const struct report *report;
	int err;
};

static void say(const struct zone_name *name, uint16_t type, const char *what, void *arg)
{
	struct check *check = arg;
	knot_dname_txt_storage_t text;
	char type_text[NAME_TYPE_LEN];

	check->err = -EINVAL;
	report_say(check->report, LOG_LEVEL_ERROR, "%s: %s %s: %s", check->source,
		   name_text(name->owner, text), name_type_text(type, type_text), what);
}

static void check_apex(struct check *check, struct zone *zone, const struct zone_name *apex)
{
	const struct zone_rrset *soa = zone_name_rrset(apex, KNOT_RRTYPE_SOA);

	if (soa)
		zone->serial = knot_soa_serial(soa->rrs.rdata);
	else
		say(apex, KNOT_RRTYPE_SOA, "the zone has none", check);
	if (!zone_name_rrset(apex, KNOT_RRTYPE_NS))
		say(apex, KNOT_RRTYPE_NS, "the zone has none at its apex", check);
}

/* Each name knows whether it is fit, and each page of the tree whether all names in it are. */
int zone_check(struct zone *zone, const char *source, const struct report *report)
{
	struct check check = { .source = source, .report = report };
	const struct zone_name *apex = zone_next(zone, NULL), *name;
	struct tree_cursor at;

	check_apex(&check, zone, apex);
	tree_seek_first(zone->names, &at);
	while ((name = tree_here_of(&at, ZONE_KIND_UNFIT))) {
		(void)zone_name_check(name, say, &check);
		at.level[0].at++;
	}
	zone->is_signed = tree_kinds(zone->names) & ZONE_KIND_RRSIG &&
			  zone_name_rrset(apex, KNOT_RRTYPE_DNSKEY);
	zone->is_nsec3 = zone_name_rrset(apex, KNOT_RRTYPE_NSEC3PARAM);
	return check.err;
}
