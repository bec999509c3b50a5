/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gives a zone a denial chain, by rules that look up each name on its own. The signatures are none. */
#ifndef ZONE_SIGN_H
#define ZONE_SIGN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../loader/zone/nsec3.h"
#include "../../loader/zone/render.h"

#define SIGN_NAMES_MAX 2048u

enum signing { SIGN_NOT, SIGN_NSEC, SIGN_NSEC3, SIGN_OPT_OUT, SIGN_KINDS };

/* What the rules say of a name, looked up one by one. */
static inline bool sign_is_bare(const struct zone_name *n)
{
	uint16_t i;

	for (i = 0; i < n->n_sets; i++)
		if (n->sets[i].type != 50 && !(n->sets[i].type == 46 && n->sets[i].rrs.count == 1 &&
					       knot_rrsig_type_covered(n->sets[i].rrs.rdata) == 50))
			return false;
	return true;
}

static inline bool sign_is_hidden(const struct zone *zone, const struct zone_name *n,
				  const struct render_zones *served)
{
	const knot_dname_t *above = n->owner;
	const struct zone_name *below = NULL;

	if (knot_dname_is_equal(above, zone->apex))
		return false;
	if (served->is_apex(above, served->arg) && !zone_name_rrset(n, 2))
		return true;
	while (!knot_dname_is_equal(above, zone->apex)) {
		const struct zone_name *a;

		above += 1 + *above;
		a = zone_find(zone, above);
		if (zone_name_rrset(a, 39) ||
		    (!knot_dname_is_equal(above, zone->apex) &&
		     (served->is_apex(above, served->arg) || zone_name_rrset(a, 2))))
			return true;
	}
	if (!sign_is_bare(n))
		return false;
	while ((below = zone_next(zone, below)))
		if (knot_dname_in_bailiwick(below->owner, n->owner) > 0 && !sign_is_bare(below))
			return false;
	return true;
}

static inline void add_text(struct zone *zone, const knot_dname_t *owner, uint16_t type,
			    const char *text)
{
	knot_rdataset_t rrs = { 0 };

	assert_int_equal(zone_parse_rdata(&rrs, zone->apex, type, text, NULL), 0);
	assert_int_equal(
		zone_add(zone, owner, type, 300, rrs.rdata->data, rrs.rdata->len, "test", NULL), 0);
	knot_rdataset_clear(&rrs, NULL);
}

static inline void add_proof_record(struct zone *zone, const knot_dname_t *owner, uint16_t type,
				    const uint8_t *rdata, size_t len)
{
	static const uint8_t bitmap[] = { 0, 1, 0x40 };
	uint8_t all[512];
	char sig[128];

	memcpy(all, rdata, len);
	memcpy(all + len, bitmap, sizeof(bitmap));
	assert_int_equal(zone_add(zone, owner, type, 300, all, (uint16_t)(len + sizeof(bitmap)),
				  "test", NULL),
			 0);
	(void)snprintf(sig, sizeof(sig),
		       "NSEC%s 8 2 600 20300101000000 20200101000000 1 example. AAAA",
		       type == KNOT_RRTYPE_NSEC3 ? "3" : "");
	add_text(zone, owner, KNOT_RRTYPE_RRSIG, sig);
}

static inline bool is_insecure(const struct zone_name *n)
{
	return !zone_name_is_apex(n) && zone_name_rrset(n, KNOT_RRTYPE_NS) &&
	       !zone_name_rrset(n, KNOT_RRTYPE_DS);
}

/* What opt-out leaves out (RFC 5155 section 7.1). */
static inline bool is_left_out(const struct zone *zone, const struct zone_name *n,
			       const struct render_zones *served)
{
	const struct zone_name *below = NULL;

	if (n->n_sets)
		return is_insecure(n);
	while ((below = zone_next(zone, below)))
		if (knot_dname_in_bailiwick(below->owner, n->owner) > 0 && below->n_sets &&
		    !sign_is_hidden(zone, below, served) && !is_insecure(below))
			return false;
	return true;
}

struct signer {
	struct {
		knot_dname_storage_t owner;
		uint8_t hash[NSEC3_HASH_LEN];
	} v[SIGN_NAMES_MAX];
	size_t n;
};

static inline int compare_hashes(const void *a, const void *b)
{
	return memcmp((const uint8_t *)a + KNOT_DNAME_MAXLEN,
		      (const uint8_t *)b + KNOT_DNAME_MAXLEN, NSEC3_HASH_LEN);
}

static inline void hash_owner(knot_dname_storage_t ret_owner, const uint8_t *hash,
			      const knot_dname_t *apex)
{
	size_t i;

	ret_owner[0] = NSEC3_LABEL_LEN;
	for (i = 0; i < NSEC3_LABEL_LEN; i++) {
		size_t bit = 5 * i;
		unsigned int two = (unsigned int)hash[bit / 8] << 8 |
				   (bit / 8 + 1 < NSEC3_HASH_LEN ? hash[bit / 8 + 1] : 0);

		ret_owner[1 + i] =
			(uint8_t) "0123456789abcdefghijklmnopqrstuv"[two >> (11 - bit % 8) & 31];
	}
	memcpy(ret_owner + 1 + NSEC3_LABEL_LEN, apex, knot_dname_size(apex));
}

static const struct nsec3_params sign_params = { 2, 2, (const uint8_t *)"\xab\xcd" };

/* RFC 4035 section 2.3, RFC 5155 section 7.1. */
static inline void sign_zone_among(struct zone *zone, enum signing kind,
				   const struct render_zones *served)
{
	static struct signer s;
	const struct zone_name *n = NULL;
	size_t i;

	if (kind == SIGN_NOT)
		return;
	s.n = 0;
	add_text(zone, zone->apex, KNOT_RRTYPE_DNSKEY, "256 3 8 AAAA");
	add_text(zone, zone->apex, KNOT_RRTYPE_RRSIG,
		 "SOA 8 1 600 20300101000000 20200101000000 1 example. AAAA");
	if (kind != SIGN_NSEC)
		add_text(zone, zone->apex, KNOT_RRTYPE_NSEC3PARAM, "1 0 2 abcd");
	while ((n = zone_next(zone, n))) {
		if (sign_is_hidden(zone, n, served) || (kind == SIGN_NSEC && !n->n_sets) ||
		    (kind == SIGN_OPT_OUT && is_left_out(zone, n, served)))
			continue;
		assert_true(s.n < SIGN_NAMES_MAX);
		memcpy(s.v[s.n].owner, n->owner, knot_dname_size(n->owner));
		if (kind != SIGN_NSEC)
			assert_int_equal(nsec3_hash(&sign_params, n->owner, s.v[s.n].hash), 0);
		s.n++;
	}
	if (kind != SIGN_NSEC)
		qsort(s.v, s.n, sizeof(s.v[0]), compare_hashes);
	for (i = 0; i < s.n; i++) {
		uint8_t rdata[64] = { 1, kind == SIGN_OPT_OUT, 0, 2, 2, 0xab, 0xcd, 20 };
		const uint8_t *owner = s.v[i].owner, *next = s.v[(i + 1) % s.n].owner;
		knot_dname_storage_t hashed;

		if (kind == SIGN_NSEC) {
			add_proof_record(zone, owner, KNOT_RRTYPE_NSEC, next,
					 knot_dname_size(next));
			continue;
		}
		memcpy(rdata + 8, s.v[(i + 1) % s.n].hash, NSEC3_HASH_LEN);
		hash_owner(hashed, s.v[i].hash, zone->apex);
		add_proof_record(zone, hashed, KNOT_RRTYPE_NSEC3, rdata, 8 + NSEC3_HASH_LEN);
	}
}

#endif /* ZONE_SIGN_H */
