// SPDX-License-Identifier: GPL-3.0-or-later
#include "compare.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define UDP_MAX 1232u
#define DNAME_TRIES 20
#define NO_SUCH_TYPE 65399u

/* Beside those that the name has. */
static const uint16_t types[] = {
	KNOT_RRTYPE_A,	 KNOT_RRTYPE_AAAA, KNOT_RRTYPE_NS,     KNOT_RRTYPE_DS,
	KNOT_RRTYPE_MX,	 KNOT_RRTYPE_TXT,  KNOT_RRTYPE_CNAME,  KNOT_RRTYPE_DNAME,
	KNOT_RRTYPE_SOA, KNOT_RRTYPE_NSEC, KNOT_RRTYPE_DNSKEY, KNOT_RRTYPE_RRSIG,
	KNOT_RRTYPE_ANY, NO_SUCH_TYPE,	   KNOT_RRTYPE_NSEC3,  KNOT_RRTYPE_A,
	KNOT_RRTYPE_A,	 KNOT_RRTYPE_DS,
};

size_t question_limit(const struct question *q)
{
	if (!q->edns || q->edns_size < 512)
		return 512;
	return q->edns_size < UDP_MAX ? q->edns_size : UDP_MAX;
}

/* An option of local use (RFC 6891 section 9), `octets` in all. */
static uint8_t *put_option(uint8_t *p, uint8_t octets)
{
	memset(p, 0xa5, octets);
	memcpy(p, (uint8_t[]){ 0xfd, 0xe9, 0, (uint8_t)(octets - 4) }, 4);
	return p + octets;
}

void question_build(struct question *q)
{
	size_t len = knot_dname_size(q->name);
	uint8_t *p = q->msg;

	memset(p, 0, 12);
	p[0] = (uint8_t)(q->id >> 8);
	p[1] = (uint8_t)q->id;
	p[2] = q->id & 1; /* RD */
	p[3] = q->bits;
	p[5] = 1;
	p[11] = q->edns;
	memcpy(p + 12, q->name, len);
	p += 12 + len;
	*p++ = (uint8_t)(q->type >> 8);
	*p++ = (uint8_t)q->type;
	*p++ = 0;
	*p++ = q->class_any ? KNOT_CLASS_ANY : KNOT_CLASS_IN;
	if (q->edns) {
		memcpy(p,
		       (uint8_t[]){ 0, 0, KNOT_RRTYPE_OPT, (uint8_t)(q->edns_size >> 8),
				    (uint8_t)q->edns_size, 0, 0, q->dnssec ? 0x80 : 0, 0, 0,
				    q->option_octets },
		       11);
		p += 11;
		if (q->option_octets)
			p = put_option(p, q->option_octets);
	}
	q->len = (size_t)(p - q->msg);
}

const char *question_text(const struct question *q)
{
	static char text[KNOT_DNAME_TXT_MAXLEN + 130];
	char name[KNOT_DNAME_TXT_MAXLEN + 1], type[32], edns[32] = "", odd[48] = "";

	knot_dname_to_str(name, q->name, sizeof(name));
	knot_rrtype_to_string(q->type, type, sizeof(type));
	if (q->edns)
		snprintf(edns, sizeof(edns), " +bufsize=%u", q->edns_size);
	if (q->bits || q->option_octets)
		snprintf(odd, sizeof(odd), " bits %02x, %u octets of option", q->bits,
			 q->option_octets);
	snprintf(text, sizeof(text), "%s%s %s%s%s%s", name, q->class_any ? " ANY" : "", type, edns,
		 q->dnssec ? " +dnssec" : "", odd);
	return text;
}

/* ---- names ---- */

/* label + name; the name alone when that would be too long. */
static void put_below(knot_dname_t *name, const uint8_t *label, size_t label_len)
{
	size_t len = knot_dname_size(name);

	if (!label_len || label_len > 63 || len + 1 + label_len > KNOT_DNAME_MAXLEN ||
	    knot_dname_labels(name, NULL) >= KNOT_DNAME_MAXLABELS)
		return;
	memmove(name + 1 + label_len, name, len);
	name[0] = (uint8_t)label_len;
	memcpy(name + 1, label, label_len);
}

static const struct zone_name *random_name(const struct compare_zone *zone)
{
	return zone->names[random_below((uint32_t)zone->n_names)];
}

static void put_random_label(knot_dname_t *name, const struct compare_zone *zone)
{
	static const char *const words[] = { "nx",   "a", "*", "www",  "zz",
					     "\xff", "0", "-", "wild", "b" };
	const uint8_t *other;
	uint8_t label[63];
	size_t i, len;

	switch (random_below(4)) {
	case 0: /* one that is somewhere in the zone */
		other = random_name(zone)->owner;
		memcpy(label, other + 1, *other);
		put_below(name, label, *other);
		break;
	case 1:
		put_below(name, (const uint8_t *)"", 1); /* the octet 0: the first name below */
		break;
	case 2:
		other = (const uint8_t *)words[random_below(sizeof(words) / sizeof(*words))];
		put_below(name, other, strlen((const char *)other));
		break;
	default:
		len = 1 + random_below(8);
		for (i = 0; i < len; i++)
			label[i] = random_chance(90) ? (uint8_t)('a' + random_below(26))
						     : (uint8_t)random_below(256);
		put_below(name, label, len);
	}
}

/* A sibling close by in canonical order. */
static void step_aside(knot_dname_t *name)
{
	uint8_t label[64];
	size_t len = *name;

	if (!len)
		return;
	memcpy(label, name + 1, len);
	memmove(name, name + 1 + len, knot_dname_size(name + 1 + len));
	switch (random_below(6)) {
	case 0:
		label[len++] = 0;
		break;
	case 1:
		label[len - 1]++;
		break;
	case 2:
		label[len - 1]--;
		break;
	case 3:
		len = len > 1 ? len - 1 : 1;
		break;
	case 4:
		label[0] = 0;
		len = 1;
		break;
	default:
		memset(label, 0xff, sizeof(label));
		len = 63;
	}
	put_below(name, label, len);
}

static void fill_up(knot_dname_t *name, const struct compare_zone *zone)
{
	size_t to = KNOT_DNAME_MAXLEN - random_below(8), len;
	bool short_labels = random_chance(50);
	uint8_t label[63];

	memset(label, 'l', sizeof(label));
	put_random_label(name, zone);
	while ((len = knot_dname_size(name)) + 2 <= to && knot_dname_labels(name, NULL) < 127)
		put_below(name, label, short_labels ? 1 : to - len - 1 < 63 ? to - len - 1 : 63);
}

/* The labels of another name of the zone, below this one. */
static void graft(knot_dname_t *name, const struct compare_zone *zone)
{
	const uint8_t *other = random_name(zone)->owner;
	size_t apex = knot_dname_size(zone->zone->apex), len = knot_dname_size(other) - apex;
	size_t own = knot_dname_size(name);

	if (own + len > KNOT_DNAME_MAXLEN)
		return;
	memmove(name + len, name, own);
	memcpy(name, other, len);
}

/* Below a DNAME, one that leads to a name which is there, if one drawn is below the target. */
static bool put_below_dname(knot_dname_t *name, const struct compare_zone *zone,
			    const struct zone_name *from)
{
	const struct zone_rrset *set = zone_name_rrset(from, KNOT_RRTYPE_DNAME);
	const knot_dname_t *target, *there;
	size_t own = knot_dname_size(name), len;
	int tries;

	if (!set)
		return false;
	target = knot_dname_target(set->rrs.rdata);
	for (tries = 0; tries < DNAME_TRIES; tries++) {
		there = random_name(zone)->owner;
		if (knot_dname_in_bailiwick(there, target) <= 0)
			continue;
		len = knot_dname_size(there) - knot_dname_size(target);
		if (own + len > KNOT_DNAME_MAXLEN)
			continue;
		memmove(name + len, name, own);
		memcpy(name, there, len);
		return true;
	}
	return false;
}

static void change_name(knot_dname_t *name, const struct compare_zone *zone)
{
	size_t apex = knot_dname_size(zone->zone->apex);

	switch (random_below(20)) {
	case 0:
	case 1:
	case 2:
	case 3:
	case 4:
	case 5:
		break;
	case 6:
	case 7:
	case 8:
	case 9:
		put_random_label(name, zone);
		break;
	case 10:
	case 11:
		put_random_label(name, zone);
		put_random_label(name, zone);
		break;
	case 12:
	case 13:
	case 14:
		if (knot_dname_size(name) > apex)
			step_aside(name);
		break;
	case 15:
		if (knot_dname_size(name) > apex)
			memmove(name, name + 1 + *name, knot_dname_size(name + 1 + *name));
		break;
	case 16:
		if (knot_dname_size(name) > apex)
			memmove(name, name + 1 + *name, knot_dname_size(name + 1 + *name));
		put_below(name, (const uint8_t *)"*", 1);
		break;
	case 17:
		put_below(name, (const uint8_t *)"*", 1);
		break;
	case 18:
		graft(name, zone);
		break;
	default:
		if (random_chance(30))
			fill_up(name, zone);
		else
			put_random_label(name, zone);
	}
}

static void mix_case(knot_dname_t *name)
{
	size_t i, label;

	for (; *name; name += 1 + label)
		for (label = *name, i = 1; i <= label; i++)
			if (name[i] >= 'a' && name[i] <= 'z' && random_chance(50))
				name[i] = (uint8_t)toupper(name[i]);
}

/* ---- questions ---- */

static void choose_edns(struct question *q)
{
	uint32_t way = random_below(20);

	q->edns = way >= 4;
	q->dnssec = way >= 8;
	q->edns_size = UDP_MAX;
	if (way >= 18)
		q->edns_size = random_chance(20) ? (uint16_t)random_below(65536)
						 : (uint16_t)(512 + random_below(900));
	if (way == 17)
		q->edns_size = 512;
	if (random_chance(15))
		mix_case(q->name);
	q->bits = random_chance(80) ? 0 : (uint8_t)(random_below(8) << 4);
	if (q->edns && random_chance(10))
		q->option_octets = (uint8_t)(4 + random_below(20));
}

static const struct compare_zone *random_zone(const struct zones *zones)
{
	uint32_t at;
	size_t i;

	if (random_chance(50))
		return &zones->all[random_below((uint32_t)zones->n)];
	at = random_below((uint32_t)zones->n_names); /* the larger ones more often */
	for (i = 0; at >= zones->all[i].n_names; i++)
		at -= (uint32_t)zones->all[i].n_names;
	return &zones->all[i];
}

void question_random(const struct zones *zones, struct question *ret_question)
{
	const struct compare_zone *zone = random_zone(zones);
	const struct zone_name *from = random_name(zone);
	struct question *q = ret_question;

	memset(q, 0, sizeof(*q));
	memcpy(q->name, from->owner, knot_dname_size(from->owner));
	if (!random_chance(60) || !put_below_dname(q->name, zone, from))
		change_name(q->name, zone);
	if (from->n_sets && random_chance(40))
		q->type = from->sets[random_below(from->n_sets)].type;
	else
		q->type = types[random_below(sizeof(types) / sizeof(*types))];
	choose_edns(q);
	q->class_any = random_below(1000) < 2;
}

size_t question_count(const struct zones *zones)
{
	size_t zone, name, n = 0;

	for (zone = 0; zone < zones->n; zone++)
		for (name = 0; name < zones->all[zone].n_names; name++)
			n += zones->all[zone].names[name]->n_sets + 1u;
	return n;
}

bool question_next(const struct zones *zones, struct question_walk *walk,
		   struct question *ret_question)
{
	const struct zone_name *name;

	for (; walk->zone < zones->n; walk->zone++, walk->name = 0) {
		for (; walk->name < zones->all[walk->zone].n_names; walk->name++, walk->set = 0) {
			name = zones->all[walk->zone].names[walk->name];
			if (walk->set > name->n_sets)
				continue;
			memset(ret_question, 0, sizeof(*ret_question));
			memcpy(ret_question->name, name->owner, knot_dname_size(name->owner));
			ret_question->type =
				walk->set < name->n_sets
					? name->sets[walk->set].type
					: types[random_below(sizeof(types) / sizeof(*types))];
			walk->set++;
			choose_edns(ret_question);
			return true;
		}
	}
	return false;
}
