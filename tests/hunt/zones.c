// SPDX-License-Identifier: GPL-3.0-or-later
#include "hunt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../userspace/lib/name.h"

const struct hunt_zone hunt_zone[] = {
	{ "plain.hunt", HUNT_PLAIN, false, 8, false },
	{ "nsec.hunt", HUNT_NSEC, false, 9, false },
	{ "nsec3.hunt", HUNT_NSEC3, false, 10, false },
	{ "optout.hunt", HUNT_OPT_OUT, false, 11, false },
	{ "plain.moving.hunt", HUNT_PLAIN, true, -1, false },
	{ "nsec.moving.hunt", HUNT_NSEC, true, -1, false },
	{ "nsec3.moving.hunt", HUNT_NSEC3, true, 12, false },
	{ "optout.moving.hunt", HUNT_OPT_OUT, true, -1, false },
	{ "inner.plain.hunt", HUNT_NSEC, true, -1, false },
	{ "inner.nsec.hunt", HUNT_NSEC3, false, -1, false },
	{ "inner.nsec3.hunt", HUNT_PLAIN, false, -1, false },
	{ "inner.optout.hunt", HUNT_NSEC, false, -1, false },
	{ "inner.nsec3.moving.hunt", HUNT_NSEC, true, -1, true },
};
const size_t hunt_zones = sizeof(hunt_zone) / sizeof(hunt_zone[0]);

bool hunt_has_zone(const struct hunt_zone *zone, unsigned int tag)
{
	return !zone->is_guest || tag % 4 < 2;
}

/* ---- records ---- */

enum when { ALWAYS, EVEN, ODD };
#define IN_FIXED (1u << 0) /* zones by is_moving */
#define IN_MOVING (1u << 1)
#define IN_ALL (IN_FIXED | IN_MOVING)
#define IN_INNER (1u << 2) /* zones with one inside */

/* In both texts: $V a label "v123" with the version, $A and $6 addresses, $S the serial, $X four digits. */
static const struct {
	enum when when;
	unsigned int in;
	uint16_t type;
	const char *owner, *rdata;
} records[] = {
	{ ALWAYS, IN_ALL, KNOT_RRTYPE_SOA, "@", "ns h $S 7200 3600 1209600 300" },
	{ ALWAYS, IN_ALL, KNOT_RRTYPE_NS, "@", "$V.elsewhere." },
	{ ALWAYS, IN_FIXED, KNOT_RRTYPE_NS, "@", "ns" },
	{ ALWAYS, IN_MOVING, KNOT_RRTYPE_NS, "@", "$V.ns" },
	{ ALWAYS, IN_MOVING, KNOT_RRTYPE_A, "$V.ns", "$A" },
	{ ALWAYS, IN_ALL, KNOT_RRTYPE_A, "ns", "$A" },
	{ ALWAYS, IN_ALL, KNOT_RRTYPE_A, "www", "$A" },
	{ ALWAYS, IN_ALL, KNOT_RRTYPE_AAAA, "www", "$6" },
	{ ALWAYS, IN_ALL, KNOT_RRTYPE_MX, "www", "10 $V.elsewhere." },
	{ ALWAYS, IN_ALL, KNOT_RRTYPE_A, "a.b.c", "$A" },
	{ ALWAYS, IN_ALL, KNOT_RRTYPE_A, "*.wild", "$A" },
	/* a chain that leads out of the zone, and one that ends at a name of this version */
	{ ALWAYS, IN_FIXED, KNOT_RRTYPE_CNAME, "alias", "$V.elsewhere." },
	{ ALWAYS, IN_MOVING, KNOT_RRTYPE_CNAME, "alias", "$V.chain" },
	{ ALWAYS, IN_MOVING, KNOT_RRTYPE_CNAME, "$V.chain", "$V.end" },
	{ ALWAYS, IN_MOVING, KNOT_RRTYPE_A, "$V.end", "$A" },
	/* delegations, with and without DS; glue of a fixed name and of this version's */
	{ ALWAYS, IN_ALL, KNOT_RRTYPE_NS, "secure", "$V.secure" },
	{ ALWAYS, IN_ALL, KNOT_RRTYPE_A, "$V.secure", "$A" },
	{ ALWAYS, IN_ALL, KNOT_RRTYPE_AAAA, "$V.secure", "$6" },
	{ ALWAYS, IN_ALL, KNOT_RRTYPE_DS, "secure", "1 8 1 $X" },
	{ ALWAYS, IN_ALL, KNOT_RRTYPE_NS, "insecure", "$V.elsewhere." },
	{ ALWAYS, IN_ALL, KNOT_RRTYPE_NS, "insecure", "www" },
	/* DNAMEs: out of the zone, and to a name of this version */
	{ ALWAYS, IN_FIXED, KNOT_RRTYPE_DNAME, "dname", "$V.elsewhere." },
	{ ALWAYS, IN_MOVING, KNOT_RRTYPE_DNAME, "dname", "$V.target" },
	{ ALWAYS, IN_MOVING, KNOT_RRTYPE_A, "a.$V.target", "$A" },
	/* what comes and goes: a name, one below an empty non-terminal, a cut, a wildcard, a DNAME */
	{ EVEN, IN_ALL, KNOT_RRTYPE_A, "even", "$A" },
	{ ODD, IN_ALL, KNOT_RRTYPE_A, "odd.below.empty", "$A" },
	{ EVEN, IN_ALL, KNOT_RRTYPE_NS, "cut", "$V.cut" },
	{ EVEN, IN_ALL, KNOT_RRTYPE_A, "$V.cut", "$A" },
	{ ODD, IN_ALL, KNOT_RRTYPE_A, "cut", "$A" },
	{ ODD, IN_ALL, KNOT_RRTYPE_A, "name.cut", "$A" },
	{ EVEN, IN_ALL, KNOT_RRTYPE_A, "*.card", "$A" },
	{ ODD, IN_ALL, KNOT_RRTYPE_A, "name.card", "$A" },
	{ EVEN, IN_ALL, KNOT_RRTYPE_DNAME, "shift", "$V.elsewhere." },
	{ ODD, IN_ALL, KNOT_RRTYPE_A, "name.shift", "$A" },
	{ ALWAYS, IN_INNER, KNOT_RRTYPE_NS, "inner", "$V.inner" },
	{ ALWAYS, IN_INNER, KNOT_RRTYPE_A, "$V.inner", "$A" },
	{ ALWAYS, IN_INNER, KNOT_RRTYPE_DS, "inner", "1 8 1 $X" },
};

#define FILLING 64u /* names besides, so that a change set takes its time */

static void expand(char *to, size_t room, const char *from, unsigned int tag)
{
	size_t n = 0;

	for (; *from && n < room; from++) {
		int len = 1;

		if (*from != '$') {
			to[n++] = *from;
			continue;
		}
		switch (*++from) {
		case 'V':
			len = snprintf(to + n, room - n, "v%03x", tag);
			break;
		case 'A':
			len = snprintf(to + n, room - n, "10.0.%u.%u", tag >> 8, tag & 255);
			break;
		case '6':
			len = snprintf(to + n, room - n, "2001:db8::%x", tag);
			break;
		case 'S': /* serials pass 0 (RFC 1982) */
			len = snprintf(to + n, room - n, "%u", UINT32_MAX - 31 + tag);
			break;
		case 'X':
			len = snprintf(to + n, room - n, "%04x", tag);
			break;
		}
		n += (size_t)len;
	}
	to[n < room ? n : room - 1] = '\0';
}

/* Wire form of a name below the apex. */
static void make_owner(knot_dname_storage_t ret_owner, const char *relative, const char *apex)
{
	char text[256];

	if (strcmp(relative, "@") == 0)
		(void)snprintf(text, sizeof(text), "%s", apex);
	else
		(void)snprintf(text, sizeof(text), "%s.%s", relative, apex);
	if (name_parse_lower(ret_owner, text, NULL))
		abort();
}

static int add_record(struct zone *zone, const char *apex, const char *owner, uint16_t type,
		      const char *rdata, unsigned int tag)
{
	char owner_text[128], rdata_text[256];
	knot_dname_storage_t name;

	expand(owner_text, sizeof(owner_text), owner, tag);
	expand(rdata_text, sizeof(rdata_text), rdata, tag);
	make_owner(name, owner_text, apex);
	return hunt_add(zone, name, type, rdata_text);
}

static unsigned int kind_of(const struct hunt_zone *zone)
{
	return (zone->is_moving ? IN_MOVING : IN_FIXED) | (zone->inner >= 0 ? IN_INNER : 0);
}

static int add_all(struct zone *zone, const struct hunt_zone *of, unsigned int tag)
{
	char owner[32];
	int err = 0;

	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]) && !err; i++) {
		if (records[i].when != ALWAYS && (records[i].when == ODD) != (tag & 1))
			continue;
		if (records[i].in & kind_of(of))
			err = add_record(zone, of->apex, records[i].owner, records[i].type,
					 records[i].rdata, tag);
	}
	for (unsigned int i = 0; i < FILLING && !err; i++) {
		(void)snprintf(owner, sizeof(owner), "n%u", i);
		err = add_record(zone, of->apex, owner, KNOT_RRTYPE_A, "$A", tag);
	}
	return err;
}

struct zone *hunt_make(const struct hunt_zone *of, unsigned int tag)
{
	knot_dname_storage_t apex;
	struct zone *zone = NULL;
	int err;

	make_owner(apex, "@", of->apex);
	err = zone_new(&zone, apex);
	if (!err)
		err = add_all(zone, of, tag);
	if (!err)
		err = hunt_sign(zone, of->signing, tag, of->is_moving);
	if (!err)
		err = zone_check(zone, of->apex, NULL);
	if (!err)
		return zone;
	zone_free(zone);
	return NULL;
}

int hunt_dump(const struct zone *zone, FILE *out)
{
	knot_dump_style_t style = KNOT_DUMP_STYLE_DEFAULT;
	const struct zone_name *name = NULL;
	size_t size = 65536;
	char *text = malloc(size);
	int err = text ? 0 : -ENOMEM;

	style.show_class = true;
	while (!err && (name = zone_next(zone, name))) {
		for (uint16_t i = 0; i < name->n_sets && !err; i++) {
			const struct zone_rrset *set = &name->sets[i];
			knot_rrset_t rrset;

			knot_rrset_init(&rrset, (knot_dname_t *)name->owner, set->type,
					KNOT_CLASS_IN, set->ttl);
			rrset.rrs = set->rrs;
			if (knot_rrset_txt_dump(&rrset, &text, &size, &style) < 0 ||
			    fputs(text, out) < 0)
				err = -EIO;
		}
	}
	free(text);
	return err;
}

/* ---- questions ---- */

#define VARIANTS 3u /* of names with $N in them */

static const struct {
	unsigned int in;
	uint16_t type;
	uint8_t even, odd;
	const char *name;
} asked[] = {
	{ IN_ALL, KNOT_RRTYPE_A, HUNT_ANSWER, HUNT_ANSWER, "www" },
	{ IN_ALL, KNOT_RRTYPE_AAAA, HUNT_ANSWER, HUNT_ANSWER, "www" },
	{ IN_ALL, KNOT_RRTYPE_MX, HUNT_ANSWER, HUNT_ANSWER, "www" },
	{ IN_ALL, KNOT_RRTYPE_TXT, HUNT_NODATA, HUNT_NODATA, "www" },
	{ IN_ALL, KNOT_RRTYPE_ANY, HUNT_ANSWER, HUNT_ANSWER, "www" },
	{ IN_ALL, KNOT_RRTYPE_SOA, HUNT_ANSWER, HUNT_ANSWER, "@" },
	{ IN_ALL, KNOT_RRTYPE_NS, HUNT_ANSWER, HUNT_ANSWER, "@" },
	{ IN_ALL, KNOT_RRTYPE_TXT, HUNT_NODATA, HUNT_NODATA, "@" },
	{ IN_ALL, KNOT_RRTYPE_A, HUNT_ANSWER, HUNT_ANSWER, "a.b.c" },
	{ IN_ALL, KNOT_RRTYPE_A, HUNT_NODATA, HUNT_NODATA, "b.c" },
	{ IN_ALL, KNOT_RRTYPE_A, HUNT_NXDOMAIN, HUNT_NXDOMAIN, "$N.b.c" },
	{ IN_ALL, KNOT_RRTYPE_A, HUNT_ANSWER, HUNT_ANSWER, "$N.wild" },
	{ IN_ALL, KNOT_RRTYPE_TXT, HUNT_NODATA, HUNT_NODATA, "$N.wild" },
	{ IN_ALL, KNOT_RRTYPE_A, HUNT_NXDOMAIN, HUNT_NXDOMAIN, "$N" },
	{ IN_ALL, KNOT_RRTYPE_A, HUNT_ANSWER, HUNT_ANSWER, "alias" },
	{ IN_ALL, KNOT_RRTYPE_A, HUNT_REFERRAL, HUNT_REFERRAL, "$N.secure" },
	{ IN_ALL, KNOT_RRTYPE_NS, HUNT_REFERRAL, HUNT_REFERRAL, "secure" },
	{ IN_ALL, KNOT_RRTYPE_DS, HUNT_ANSWER, HUNT_ANSWER, "secure" },
	{ IN_ALL, KNOT_RRTYPE_A, HUNT_REFERRAL, HUNT_REFERRAL, "$N.insecure" },
	{ IN_ALL, KNOT_RRTYPE_DS, HUNT_NODATA, HUNT_NODATA, "insecure" },
	{ IN_FIXED, KNOT_RRTYPE_A, HUNT_ANSWER, HUNT_ANSWER, "$N.dname" },
	{ IN_MOVING, KNOT_RRTYPE_A, HUNT_ANSWER, HUNT_ANSWER, "a.dname" },
	{ IN_MOVING, KNOT_RRTYPE_A, HUNT_NXDOMAIN, HUNT_NXDOMAIN, "$N.dname" },
	{ IN_ALL, KNOT_RRTYPE_A, HUNT_ANSWER, HUNT_NXDOMAIN, "even" },
	{ IN_ALL, KNOT_RRTYPE_A, HUNT_NXDOMAIN, HUNT_ANSWER, "odd.below.empty" },
	{ IN_ALL, KNOT_RRTYPE_A, HUNT_NXDOMAIN, HUNT_NODATA, "below.empty" },
	{ IN_ALL, KNOT_RRTYPE_A, HUNT_REFERRAL, HUNT_ANSWER, "cut" },
	{ IN_ALL, KNOT_RRTYPE_A, HUNT_REFERRAL, HUNT_ANSWER, "name.cut" },
	{ IN_ALL, KNOT_RRTYPE_A, HUNT_REFERRAL, HUNT_NXDOMAIN, "$N.cut" },
	{ IN_ALL, KNOT_RRTYPE_A, HUNT_ANSWER, HUNT_NXDOMAIN, "$N.card" },
	{ IN_ALL, KNOT_RRTYPE_A, HUNT_ANSWER, HUNT_ANSWER, "name.card" },
	{ IN_ALL, KNOT_RRTYPE_A, HUNT_ANSWER, HUNT_ANSWER, "name.shift" },
	{ IN_ALL, KNOT_RRTYPE_A, HUNT_ANSWER, HUNT_NXDOMAIN, "$N.shift" },
	{ IN_ALL, KNOT_RRTYPE_A, HUNT_ANSWER, HUNT_ANSWER, "n7" },
	{ IN_INNER, KNOT_RRTYPE_DS, HUNT_ANSWER, HUNT_ANSWER, "inner" },
};
#define ASKED (sizeof(asked) / sizeof(asked[0]))

static void put16(uint8_t **p, unsigned int v)
{
	*(*p)++ = (uint8_t)(v >> 8);
	*(*p)++ = (uint8_t)v;
}

static void build_query(struct hunt_question *q, const knot_dname_t *name, uint16_t type,
			bool dnssec_ok)
{
	size_t len = knot_dname_size(name);
	uint8_t *p = q->msg + KNOT_WIRE_HEADER_SIZE + len;

	q->msg[5] = 1;
	q->msg[11] = dnssec_ok;
	memcpy(q->msg + KNOT_WIRE_HEADER_SIZE, name, len);
	put16(&p, type);
	put16(&p, KNOT_CLASS_IN);
	if (dnssec_ok) {
		*p++ = 0;
		put16(&p, KNOT_RRTYPE_OPT);
		put16(&p, 1232);
		put16(&p, 0);
		put16(&p, 0x8000);
		put16(&p, 0);
	}
	q->len = (size_t)(p - q->msg);
}

/* What a variant's $N stands for: first, in the middle and last among its siblings. */
static void expand_variant(char *to, size_t room, const char *from, unsigned int variant)
{
	static const char *const words[VARIANTS] = { "0", "k9", "zz" };

	if (strncmp(from, "$N", 2) == 0)
		(void)snprintf(to, room, "%s%s", words[variant], from + 2);
	else
		(void)snprintf(to, room, "%s", from);
}

static void make_question(struct hunt_question *q, size_t zone, size_t row, unsigned int variant,
			  bool dnssec_ok)
{
	const struct hunt_zone *of = &hunt_zone[zone];
	knot_dname_storage_t name;
	char relative[64], type[NAME_TYPE_LEN];

	expand_variant(relative, sizeof(relative), asked[row].name, variant);
	make_owner(name, relative, of->apex);
	build_query(q, name, asked[row].type, dnssec_ok);
	q->zone = zone;
	q->is_signed = dnssec_ok && of->signing != HUNT_PLAIN;
	q->is_of_two = of->is_guest;
	q->want[0] = asked[row].even;
	q->want[1] = asked[row].odd;
	/* When the guest is away the zone around it delegates. */
	if (of->is_guest) {
		q->want[0] |= HUNT_REFERRAL;
		q->want[1] |= HUNT_REFERRAL;
		q->is_signed = dnssec_ok;
	}
	(void)snprintf(q->text, sizeof(q->text), "%s.%s %s%s", relative, of->apex,
		       name_type_text(asked[row].type, type), dnssec_ok ? " +dnssec" : "");
}

struct hunt_question *hunt_questions(size_t *ret_n)
{
	struct hunt_question *q = calloc(hunt_zones * ASKED * VARIANTS * 2, sizeof(*q));
	size_t n = 0;

	for (size_t zone = 0; q && zone < hunt_zones; zone++) {
		for (size_t row = 0; row < ASKED; row++) {
			unsigned int variants = asked[row].name[0] == '$' ? VARIANTS : 1;

			if (!(asked[row].in & kind_of(&hunt_zone[zone])))
				continue;
			for (unsigned int i = 0; i < 2 * variants; i++)
				make_question(&q[n++], zone, row, i / 2, i & 1);
		}
	}
	*ret_n = n;
	return q;
}
