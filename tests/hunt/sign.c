// SPDX-License-Identifier: GPL-3.0-or-later
#include "hunt.h"

#include <errno.h>
#include <libdnssec/nsec.h>
#include <stdlib.h>
#include <string.h>

#include "../../loader/zone/nsec3.h"

#define TTL 300u
#define WHERE "hunt"
#define MAX_LINKS 512u
#define PRIVATE_TYPES 0xf000u /* a bit of them in a bitmap says the version */

int hunt_add(struct zone *zone, const knot_dname_t *owner, uint16_t type, const char *rdata)
{
	knot_rdataset_t rrs = { 0 };
	const char *fault;
	int err;

	err = zone_parse_rdata(&rrs, zone->apex, type, rdata, &fault);
	if (err) {
		fprintf(stderr, "hunt: \"%s\": %s\n", rdata, fault);
		return err;
	}
	err = zone_add(zone, owner, type, TTL, rrs.rdata->data, rrs.rdata->len, WHERE, NULL);
	knot_rdataset_clear(&rrs, NULL);
	return err;
}

/* ---- who is in the chain ---- */

struct link {
	const struct zone_name *name; /* of `names` */
	uint8_t hash[NSEC3_HASH_LEN];
};

struct chain {
	struct zone *zone;
	struct zone *names; /* as it is before what is added now: names move when they change */
	enum hunt_signing signing;
	unsigned int tag;
	struct nsec3_params params;
	uint8_t salt[1];
	struct link link[MAX_LINKS];
	size_t n;
};

static bool is_cut(const struct zone_name *name)
{
	return !zone_name_is_apex(name) && zone_name_rrset(name, KNOT_RRTYPE_NS);
}

/* Below a cut or a DNAME: not the zone's own, or not there (RFC 4035 section 2.3, RFC 6672 section 2.4). */
static bool is_hidden(const struct zone *zone, const struct zone_name *name)
{
	while ((name = zone_parent(zone, name)))
		if (is_cut(name) || zone_name_rrset(name, KNOT_RRTYPE_DNAME))
			return true;
	return false;
}

static bool is_insecure(const struct zone_name *name)
{
	return is_cut(name) && !zone_name_rrset(name, KNOT_RRTYPE_DS);
}

static int add_link(struct chain *chain, const struct zone_name *name)
{
	struct link *link = &chain->link[chain->n];

	if (chain->n == MAX_LINKS)
		return -ENOSPC;
	chain->n++;
	link->name = name;
	return chain->signing == HUNT_NSEC ? 0
					   : nsec3_hash(&chain->params, name->owner, link->hash);
}

static int keep_names(struct chain *chain)
{
	zone_free(chain->names);
	chain->names = NULL;
	return zone_copy(&chain->names, chain->zone);
}

/* Empty non-terminals here are never above insecure delegations alone, so opt-out leaves only those out. */
static int collect(struct chain *chain)
{
	const struct zone_name *name = NULL;
	int err = keep_names(chain);

	while (!err && (name = zone_next(chain->names, name))) {
		if (is_hidden(chain->names, name) ||
		    (chain->signing == HUNT_NSEC && !name->n_sets) ||
		    (chain->signing == HUNT_OPT_OUT && is_insecure(name)))
			continue;
		err = add_link(chain, name);
	}
	return err;
}

static int compare_hashes(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	return memcmp(x->hash, y->hash, NSEC3_HASH_LEN);
}

/* ---- records of the chain ---- */

static bool is_signed_type(const struct zone_name *name, uint16_t type)
{
	if (type == KNOT_RRTYPE_RRSIG)
		return false;
	return !is_cut(name) || type == KNOT_RRTYPE_DS || type == KNOT_RRTYPE_NSEC;
}

/* The name's types, RRSIG and the version's. Returns its length. */
static size_t make_bitmap(const struct chain *chain, const struct zone_name *name, uint8_t *to,
			  size_t room)
{
	dnssec_nsec_bitmap_t *bitmap = dnssec_nsec_bitmap_new();
	size_t len = 0;

	if (!bitmap)
		return 0;
	for (uint16_t i = 0; i < name->n_sets; i++)
		if (!is_cut(name) || name->sets[i].type == KNOT_RRTYPE_DS ||
		    name->sets[i].type == KNOT_RRTYPE_NS)
			dnssec_nsec_bitmap_add(bitmap, name->sets[i].type);
	dnssec_nsec_bitmap_add(bitmap, KNOT_RRTYPE_RRSIG);
	if (chain->signing == HUNT_NSEC)
		dnssec_nsec_bitmap_add(bitmap, KNOT_RRTYPE_NSEC);
	dnssec_nsec_bitmap_add(bitmap, (uint16_t)(PRIVATE_TYPES | chain->tag));
	if (dnssec_nsec_bitmap_size(bitmap) <= room) {
		len = dnssec_nsec_bitmap_size(bitmap);
		dnssec_nsec_bitmap_write(bitmap, to);
	}
	dnssec_nsec_bitmap_free(bitmap);
	return len;
}

static int add_nsec(struct chain *chain, size_t i)
{
	const struct zone_name *name = chain->link[i].name,
			       *next = chain->link[(i + 1) % chain->n].name;
	uint8_t rdata[512];
	size_t len = knot_dname_size(next->owner);

	memcpy(rdata, next->owner, len);
	len += make_bitmap(chain, name, rdata + len, sizeof(rdata) - len);
	return zone_add(chain->zone, name->owner, KNOT_RRTYPE_NSEC, TTL, rdata, (uint16_t)len,
			WHERE, NULL);
}

/* RFC 5155 section 3.3: base32 of the hash, without filling. */
static void hashed_owner(knot_dname_storage_t ret_owner, const uint8_t *hash,
			 const knot_dname_t *apex)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	uint32_t bits = 0;
	unsigned int n = 0, at = 1;

	ret_owner[0] = NSEC3_LABEL_LEN;
	for (size_t i = 0; i < NSEC3_HASH_LEN; i++) {
		bits = bits << 8 | hash[i];
		for (n += 8; n >= 5; n -= 5)
			ret_owner[at++] = (uint8_t)digits[bits >> (n - 5) & 31];
	}
	memcpy(ret_owner + at, apex, knot_dname_size(apex));
}

static int add_nsec3(struct chain *chain, size_t i)
{
	const struct link *link = &chain->link[i], *next = &chain->link[(i + 1) % chain->n];
	knot_dname_storage_t owner;
	uint8_t rdata[512], *p = rdata;

	*p++ = 1;
	*p++ = chain->signing == HUNT_OPT_OUT;
	*p++ = 0;
	*p++ = 0;
	*p++ = chain->params.salt_len;
	memcpy(p, chain->salt, chain->params.salt_len);
	p += chain->params.salt_len;
	*p++ = NSEC3_HASH_LEN;
	memcpy(p, next->hash, NSEC3_HASH_LEN);
	p += NSEC3_HASH_LEN;
	p += make_bitmap(chain, link->name, p, 64);
	hashed_owner(owner, link->hash, chain->zone->apex);
	return zone_add(chain->zone, owner, KNOT_RRTYPE_NSEC3, TTL, rdata, (uint16_t)(p - rdata),
			WHERE, NULL);
}

/* ---- signatures: RFC 4034 section 3.1, but for what they sign ---- */

static int add_signature(struct chain *chain, const struct zone_name *name, uint16_t type)
{
	static const uint8_t times[] = { 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1 };
	uint8_t rdata[512] = {
		(uint8_t)(type >> 8), (uint8_t)type, 8, 0, 0, 0, TTL >> 8, TTL & 255
	};
	size_t labels = knot_dname_labels(name->owner, NULL),
	       signer = knot_dname_size(chain->zone->apex), at = 8;

	rdata[3] = (uint8_t)(labels - knot_dname_is_wildcard(name->owner));
	memcpy(rdata + at, times, sizeof(times));
	at += sizeof(times);
	memcpy(rdata + at, chain->zone->apex, signer);
	at += signer;
	rdata[at++] = (uint8_t)(chain->tag >> 8);
	rdata[at++] = (uint8_t)chain->tag;
	return zone_add(chain->zone, name->owner, KNOT_RRTYPE_RRSIG, TTL, rdata, (uint16_t)at,
			WHERE, NULL);
}

static int sign_name(struct chain *chain, const struct zone_name *name)
{
	uint16_t types[16], n = 0;
	int err = 0;

	/* Listed first: the RRSIGs come among them. */
	for (uint16_t i = 0; i < name->n_sets && n < 16; i++)
		if (is_signed_type(name, name->sets[i].type))
			types[n++] = name->sets[i].type;
	while (n && !err)
		err = add_signature(chain, name, types[--n]);
	return err;
}

static int sign_all(struct chain *chain)
{
	const struct zone_name *name = NULL;
	int err = keep_names(chain);

	while (!err && (name = zone_next(chain->names, name)))
		if (!is_hidden(chain->names, name))
			err = sign_name(chain, name);
	return err;
}

static int add_parameters(struct chain *chain)
{
	char text[64];
	int err;

	err = hunt_add(chain->zone, chain->zone->apex, KNOT_RRTYPE_DNSKEY, "256 3 8 AAAA");
	if (err || chain->signing == HUNT_NSEC)
		return err;
	(void)snprintf(text, sizeof(text), chain->params.salt_len ? "1 0 0 %02x" : "1 0 0 -",
		       chain->salt[0]);
	return hunt_add(chain->zone, chain->zone->apex, KNOT_RRTYPE_NSEC3PARAM, text);
}

int hunt_sign(struct zone *zone, enum hunt_signing signing, unsigned int tag, bool salted)
{
	struct chain *chain;
	int err;

	if (signing == HUNT_PLAIN)
		return 0;
	chain = calloc(1, sizeof(*chain));
	if (!chain)
		return -ENOMEM;
	chain->zone = zone;
	chain->signing = signing;
	chain->tag = tag;
	/* A new salt at times: a whole chain beside the old one. */
	chain->salt[0] = (uint8_t)(tag >> 2);
	chain->params = (struct nsec3_params){ .salt_len = salted, .salt = chain->salt };
	err = add_parameters(chain);
	if (!err)
		err = collect(chain);
	if (signing != HUNT_NSEC)
		qsort(chain->link, chain->n, sizeof(chain->link[0]), compare_hashes);
	for (size_t i = 0; i < chain->n && !err; i++)
		err = signing == HUNT_NSEC ? add_nsec(chain, i) : add_nsec3(chain, i);
	if (!err)
		err = sign_all(chain);
	zone_free(chain->names);
	free(chain);
	return err;
}
