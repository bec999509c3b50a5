/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "zonemd.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libdnssec/digest.h>

#include "rdata.h"

/* RFC 8976 section 2.2: serial, scheme, hash, digest */
#define SCHEME_AT 4u
#define HASH_AT 5u
#define DIGEST_AT 6u
#define SCHEME_SIMPLE 1
#define BUFFER_LEN 65536u
#define RECORD_FIXED 10u

struct hash {
	uint8_t number; /* RFC 8976 section 5.3 */
	dnssec_digest_t digest;
	size_t len;
	const char *name;
};

static const struct hash hashes[] = {
	{ 1, DNSSEC_DIGEST_SHA384, 48, "SHA-384" },
	{ 2, DNSSEC_DIGEST_SHA512, 64, "SHA-512" },
};

static const struct hash *find_hash(uint8_t number)
{
	size_t i;

	for (i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
		if (hashes[i].number == number)
			return &hashes[i];
	return NULL;
}

/* ---- octets into the digest; the first error counts ---- */

struct writer {
	dnssec_digest_ctx_t *ctx; /* NULL: libdnssec freed it, as it does when it fails */
	uint8_t *buffer;
	size_t len;
	int err;
};

static void flush(struct writer *writer)
{
	dnssec_binary_t data = { .data = writer->buffer, .size = writer->len };

	if (writer->ctx && dnssec_digest(writer->ctx, &data)) {
		writer->ctx = NULL;
		writer->err = -ENOMEM;
	}
	writer->len = 0;
}

static void write_octets(struct writer *writer, const uint8_t *octets, size_t len)
{
	while (len) {
		size_t room = BUFFER_LEN - writer->len, n = len < room ? len : room;

		memcpy(writer->buffer + writer->len, octets, n);
		writer->len += n;
		octets += n;
		len -= n;
		if (writer->len == BUFFER_LEN)
			flush(writer);
	}
}

static void write_record(struct writer *writer, const struct zone_name *name, uint16_t type,
			 uint32_t ttl, const knot_rdata_t *rdata)
{
	uint8_t fixed[RECORD_FIXED];

	knot_wire_write_u16(fixed, type);
	knot_wire_write_u16(fixed + 2, KNOT_CLASS_IN);
	knot_wire_write_u32(fixed + 4, ttl);
	knot_wire_write_u16(fixed + 8, rdata->len);
	write_octets(writer, name->owner, knot_dname_size(name->owner));
	write_octets(writer, fixed, sizeof(fixed));
	write_octets(writer, rdata->data, rdata->len);
}

/* ---- the canonical form of RRsets (RFC 4034 section 6.2, RFC 6840 section 5.1) ---- */

struct rdata_storage {
	uint16_t octets[KNOT_RDATA_MAXLEN / sizeof(uint16_t) + 2];
};

/* A copy with the names in it lower-cased. */
static const knot_rdata_t *lower_rdata(struct rdata_storage *storage, uint16_t type,
				       const knot_rdata_t *rdata)
{
	knot_rdata_t *copy = (knot_rdata_t *)storage->octets;
	struct rdata_cursor cursor;
	struct rdata_block block;

	knot_rdata_init(copy, rdata->len, rdata->data);
	rdata_begin(&cursor, type, copy->data, copy->len);
	while (rdata_next(&cursor, &block) > 0)
		if (block.is_name)
			knot_dname_to_lower((knot_dname_t *)block.data);
	return copy;
}

static bool is_lower(const struct zone_rrset *set)
{
	const knot_rdata_t *rdata = set->rrs.rdata;
	struct rdata_storage storage;
	uint16_t i;

	if (!knot_rrtype_should_be_lowercased(set->type))
		return true;
	for (i = 0; i < set->rrs.count; i++) {
		if (memcmp(lower_rdata(&storage, set->type, rdata)->data, rdata->data, rdata->len))
			return false;
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
	return true;
}

/* The RRset with names lower-cased, which may change the order of its records. */
static int lower_set(knot_rdataset_t *ret_rrs, const struct zone_rrset *set)
{
	const knot_rdata_t *rdata = set->rrs.rdata;
	struct rdata_storage storage;
	uint16_t i;

	*ret_rrs = (knot_rdataset_t){ 0 };
	for (i = 0; i < set->rrs.count; i++) {
		if (knot_rdataset_add(ret_rrs, lower_rdata(&storage, set->type, rdata), NULL)) {
			knot_rdataset_clear(ret_rrs, NULL);
			return -ENOMEM;
		}
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
	return 0;
}

/* RFC 8976 section 3.3.1: the digest does not cover itself, nor its signature. */
static bool is_excluded(const struct zone_name *name, uint16_t type, const knot_rdata_t *rdata)
{
	if (!zone_name_is_apex(name))
		return false;
	return type == KNOT_RRTYPE_ZONEMD ||
	       (type == KNOT_RRTYPE_RRSIG && knot_rrsig_type_covered(rdata) == KNOT_RRTYPE_ZONEMD);
}

static void write_records(struct writer *writer, const struct zone_name *name,
			  const struct zone_rrset *set, const knot_rdataset_t *rrs)
{
	const knot_rdata_t *rdata = rrs->rdata;
	uint32_t ttl;
	uint16_t i;

	for (i = 0; i < rrs->count; i++) {
		ttl = set->type == KNOT_RRTYPE_RRSIG ? zone_rrsig_ttl(name, rdata) : set->ttl;
		if (!is_excluded(name, set->type, rdata))
			write_record(writer, name, set->type, ttl, rdata);
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
}

static void write_set(struct writer *writer, const struct zone_name *name,
		      const struct zone_rrset *set)
{
	knot_rdataset_t lower;

	if (is_lower(set)) {
		write_records(writer, name, set, &set->rrs);
		return;
	}
	if (lower_set(&lower, set)) {
		writer->err = -ENOMEM;
		return;
	}
	write_records(writer, name, set, &lower);
	knot_rdataset_clear(&lower, NULL);
}

static int digest_zone(dnssec_binary_t *ret_digest, const struct zone *zone,
		       const struct hash *hash)
{
	struct writer writer = { .buffer = malloc(BUFFER_LEN) };
	const struct zone_name *name = NULL;
	uint16_t i;

	if (!writer.buffer || dnssec_digest_init(hash->digest, &writer.ctx)) {
		free(writer.buffer);
		return -ENOMEM;
	}
	while ((name = zone_next(zone, name)))
		for (i = 0; i < name->n_sets; i++)
			write_set(&writer, name, &name->sets[i]);
	flush(&writer);
	free(writer.buffer);
	if (writer.ctx && dnssec_digest_finish(writer.ctx, ret_digest))
		writer.err = -ENOMEM;
	if (writer.err)
		dnssec_binary_free(ret_digest);
	return writer.err;
}

/* ---- ZONEMD records ---- */

struct check {
	const struct zone *zone;
	const struct zone_rrset *set;
	char *words;
};

__attribute__((format(printf, 2, 3))) static void say(struct check *check, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(check->words, NAME_ERROR_LEN, format, args);
	va_end(args);
}

static bool is_same_kind(const knot_rdata_t *a, const knot_rdata_t *b)
{
	return a->len >= DIGEST_AT && b->len >= DIGEST_AT &&
	       !memcmp(a->data + SCHEME_AT, b->data + SCHEME_AT, DIGEST_AT - SCHEME_AT);
}

static uint16_t count_kind(const struct zone_rrset *set, const knot_rdata_t *kind)
{
	const knot_rdata_t *rdata = set->rrs.rdata;
	uint16_t i, n = 0;

	for (i = 0; i < set->rrs.count; i++) {
		n += is_same_kind(rdata, kind);
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
	return n;
}

static int compare_digest(struct check *check, const knot_rdata_t *rdata, const struct hash *hash,
			  enum zonemd_result *ret_result)
{
	dnssec_binary_t digest = { 0 };
	int err = digest_zone(&digest, check->zone, hash);

	if (err)
		return err;
	if (memcmp(digest.data, rdata->data + DIGEST_AT, hash->len)) {
		say(check, "the %s digest of serial %u is another one", hash->name,
		    check->zone->serial);
		*ret_result = ZONEMD_MISMATCH;
	} else {
		say(check, "the %s digest of serial %u is right", hash->name, check->zone->serial);
		*ret_result = ZONEMD_OK;
	}
	dnssec_binary_free(&digest);
	return 0;
}

/* One record, by the steps of RFC 8976 section 4. */
static int check_record(struct check *check, const knot_rdata_t *rdata,
			enum zonemd_result *ret_result)
{
	const struct hash *hash;

	*ret_result = ZONEMD_MISMATCH;
	if (rdata->len < DIGEST_AT) {
		say(check, "a ZONEMD of %u octets", rdata->len);
		return 0;
	}
	hash = find_hash(rdata->data[HASH_AT]);
	if (rdata->data[SCHEME_AT] != SCHEME_SIMPLE || !hash) {
		*ret_result = ZONEMD_UNSUPPORTED;
		return 0;
	}
	if (knot_wire_read_u32(rdata->data) != check->zone->serial)
		say(check, "the digest is of serial %u, the zone has %u",
		    knot_wire_read_u32(rdata->data), check->zone->serial);
	else if (count_kind(check->set, rdata) > 1)
		say(check, "more than one digest by %s", hash->name);
	else if (rdata->len - DIGEST_AT != hash->len)
		say(check, "a %s digest of %zu octets, expected %zu", hash->name,
		    (size_t)rdata->len - DIGEST_AT, hash->len);
	else
		return compare_digest(check, rdata, hash, ret_result);
	return 0;
}

int zonemd_check(enum zonemd_result *ret_result, const struct zone *zone, char *ret_words)
{
	char unused[NAME_ERROR_LEN];
	struct check check = { .zone = zone, .words = ret_words ? ret_words : unused };
	enum zonemd_result result, all = ZONEMD_UNSUPPORTED;
	const knot_rdata_t *rdata;
	uint16_t i;
	int err;

	check.set = zone_name_rrset(zone_next(zone, NULL), KNOT_RRTYPE_ZONEMD);
	if (!check.set) {
		say(&check, "the zone has no ZONEMD");
		*ret_result = ZONEMD_NONE;
		return 0;
	}
	say(&check, "no digest of a scheme and hash that are supported");
	rdata = check.set->rrs.rdata;
	for (i = 0; i < check.set->rrs.count && all != ZONEMD_OK; i++) {
		err = check_record(&check, rdata, &result);
		if (err)
			return err;
		if (result != ZONEMD_UNSUPPORTED)
			all = result;
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
	*ret_result = all;
	return 0;
}
