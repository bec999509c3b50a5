// SPDX-License-Identifier: GPL-3.0-or-later
#include "compare.h"

#include <libknot/libknot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTION_MAX 4096

/* One record, canonical: everything that must be equal. */
struct record {
	uint8_t octets[1024];
	uint8_t *more; /* where 1024 do not suffice */
	size_t len;
};

struct section {
	struct record *records;
	size_t n;
};

static int compare_records(const void *a, const void *b)
{
	const struct record *x = a, *y = b;
	size_t len = x->len < y->len ? x->len : y->len;
	int r = memcmp(x->more ? x->more : x->octets, y->more ? y->more : y->octets, len);

	return r ? r : x->len < y->len ? -1 : x->len > y->len;
}

/* Owner, type, class, TTL, RDATA; names lower-cased (RFC 4034 section 6.2). */
static int put_record(struct record *to, const knot_rrset_t *rr)
{
	knot_rrset_t *copy = knot_rrset_copy(rr, NULL);
	size_t owner, rdata;
	uint8_t *p = to->octets;

	if (!copy)
		return -1;
	knot_rrset_rr_to_canonical(copy);
	owner = knot_dname_size(copy->owner);
	rdata = copy->rrs.rdata->len;
	to->len = owner + 10 + rdata;
	to->more = NULL;
	if (to->len > sizeof(to->octets))
		p = to->more = malloc(to->len);
	if (p) {
		memcpy(p, copy->owner, owner);
		memcpy(p + owner, &copy->type, 2);
		memcpy(p + owner + 2, &copy->rclass, 2);
		memcpy(p + owner + 4, &copy->ttl, 4);
		memcpy(p + owner + 8, &copy->rrs.rdata->len, 2);
		memcpy(p + owner + 10, copy->rrs.rdata->data, rdata);
	}
	knot_rrset_free(copy, NULL);
	return p ? 0 : -1;
}

static int read_section(struct section *to, const knot_pkt_t *pkt, knot_section_t id)
{
	const knot_pktsection_t *sec = knot_pkt_section(pkt, id);
	uint16_t i;

	to->records = calloc(sec->count + 1u, sizeof(*to->records));
	to->n = 0;
	for (i = 0; to->records && i < sec->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(sec, i);

		if (rr->type == KNOT_RRTYPE_OPT)
			continue;
		if (put_record(&to->records[to->n], rr))
			return -1;
		to->n++;
	}
	qsort(to->records, to->n, sizeof(*to->records), compare_records);
	return to->records ? 0 : -1;
}

static void free_section(struct section *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		free(s->records[i].more);
	free(s->records);
}

static bool same_set(const struct section *a, const struct section *b)
{
	size_t i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (compare_records(&a->records[i], &b->records[i]))
			return false;
	return true;
}

static bool subset(const struct section *of, const struct section *all)
{
	size_t i;

	for (i = 0; i < of->n; i++)
		if (!bsearch(&of->records[i], all->records, all->n, sizeof(*all->records),
			     compare_records))
			return false;
	return true;
}

static const char *compare_sections(const knot_pkt_t *a, const knot_pkt_t *b)
{
	static const struct {
		knot_section_t id;
		const char *name;
	} sections[] = { { KNOT_ANSWER, "answer section" },
			 { KNOT_AUTHORITY, "authority section" },
			 { KNOT_ADDITIONAL, "additional section" } };
	const char *differs = NULL;
	struct section x, y;
	size_t i;

	for (i = 0; !differs && i < 3; i++) {
		if (read_section(&x, a, sections[i].id) || read_section(&y, b, sections[i].id))
			return "out of memory";
		if (i < 2 ? !same_set(&x, &y) : !subset(&x, &y))
			differs = sections[i].name;
		free_section(&x);
		free_section(&y);
	}
	return differs;
}

static const char *compare_headers(const uint8_t *a, const uint8_t *b)
{
	if (memcmp(a, b, 2))
		return "id";
	if ((a[2] ^ b[2]) & 0xf8)
		return "QR or opcode";
	if ((a[2] ^ b[2]) & 0x04)
		return "AA";
	if ((a[2] ^ b[2]) & 0x02)
		return "TC";
	if ((a[2] ^ b[2]) & 0x01)
		return "RD";
	if ((a[3] ^ b[3]) & 0x0f)
		return "RCODE";
	if (a[3] & 0xf0)
		return "RA, Z, AD or CD is set in ours";
	return NULL;
}

const char *answer_differs(const uint8_t *ours, size_t our_len, const uint8_t *theirs,
			   size_t their_len)
{
	knot_pkt_t *a = knot_pkt_new((void *)ours, (uint16_t)our_len, NULL);
	knot_pkt_t *b = knot_pkt_new((void *)theirs, (uint16_t)their_len, NULL);
	const char *differs = NULL;

	if (!a || !b)
		differs = "out of memory";
	else if (knot_pkt_parse(a, 0) != KNOT_EOK)
		differs = "ours does not parse";
	else if (knot_pkt_parse(b, 0) != KNOT_EOK)
		differs = "theirs does not parse";
	else if (!knot_dname_is_equal(knot_pkt_qname(a), knot_pkt_qname(b)) ||
		 knot_pkt_qtype(a) != knot_pkt_qtype(b))
		differs = "question";
	else if (knot_pkt_has_edns(a) != knot_pkt_has_edns(b))
		differs = "OPT";
	else
		differs = compare_headers(ours, theirs);
	if (!differs && !(ours[2] & 0x02))
		differs = compare_sections(a, b);
	knot_pkt_free(a);
	knot_pkt_free(b);
	return differs;
}
