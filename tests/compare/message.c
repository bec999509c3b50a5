// SPDX-License-Identifier: GPL-3.0-or-later
#include "compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int order_octets(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	int r = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return r ? r : a_len < b_len ? -1 : a_len > b_len;
}

/* Owner, type, class, TTL, RDATA. */
int section_order(const knot_rrset_t *a, const knot_rrset_t *b)
{
	int r = order_octets(a->owner, knot_dname_size(a->owner), b->owner,
			     knot_dname_size(b->owner));

	if (!r)
		r = a->type - b->type;
	if (!r)
		r = a->rclass - b->rclass;
	if (!r)
		r = a->ttl < b->ttl ? -1 : a->ttl > b->ttl;
	return r ? r
		 : order_octets(a->rrs.rdata->data, a->rrs.rdata->len, b->rrs.rdata->data,
				b->rrs.rdata->len);
}

static int compare_records(const void *a, const void *b)
{
	return section_order(*(knot_rrset_t *const *)a, *(knot_rrset_t *const *)b);
}

/* Steps over one record and gives its TTL as it stands there: libknot gives an RRSIG the original TTL that it holds. */
static bool next_ttl(const uint8_t **at, const uint8_t *octets, size_t len, uint16_t type,
		     uint32_t *ret_ttl)
{
	int name = knot_dname_wire_check(*at, octets + len, octets);
	const uint8_t *p = *at + name;

	if (name <= 0 || octets + len - p < 10 || knot_wire_read_u16(p) != type)
		return false;
	*ret_ttl = knot_wire_read_u32(p + 4);
	*at = p + 10 + knot_wire_read_u16(p + 8);
	return true;
}

/* Names in lower case (RFC 4034 section 6.2). */
static bool read_section(struct section *to, const knot_pkt_t *pkt, knot_section_t id,
			 const uint8_t **at)
{
	const knot_pktsection_t *from = knot_pkt_section(pkt, id);
	uint32_t ttl;
	uint16_t i;

	to->n = 0;
	to->rr = calloc(from->count + 1u, sizeof(*to->rr));
	for (i = 0; to->rr && i < from->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(from, i);

		if (!next_ttl(at, pkt->wire, pkt->size, rr->type, &ttl))
			return false;
		if (rr->type == KNOT_RRTYPE_OPT)
			continue;
		to->rr[to->n] = knot_rrset_copy(rr, NULL);
		if (!to->rr[to->n] || knot_rrset_rr_to_canonical(to->rr[to->n]) != KNOT_EOK)
			return false;
		to->rr[to->n++]->ttl = ttl;
	}
	if (to->rr)
		qsort(to->rr, to->n, sizeof(*to->rr), compare_records);
	return to->rr;
}

void message_read(struct message *msg, const uint8_t *octets, size_t len)
{
	knot_pkt_t *pkt = knot_pkt_new((void *)octets, (uint16_t)len, NULL);
	const uint8_t *at;
	int i;

	memset(msg, 0, sizeof(*msg));
	msg->octets = octets;
	msg->len = len;
	msg->parsed = len >= 12 && pkt && knot_pkt_parse(pkt, 0) == KNOT_EOK;
	if (msg->parsed) {
		msg->edns = knot_pkt_has_edns(pkt);
		if (msg->edns)
			msg->edns_size = knot_edns_get_payload(pkt->opt_rr);
		at = octets + KNOT_WIRE_HEADER_SIZE + knot_pkt_question_size(pkt);
		for (i = 0; i < SECTION_COUNT; i++)
			msg->parsed = msg->parsed &&
				      read_section(&msg->section[i], pkt, (knot_section_t)i, &at);
	}
	knot_pkt_free(pkt);
}

void message_done(struct message *msg)
{
	size_t i, k;

	for (i = 0; i < SECTION_COUNT; i++) {
		for (k = 0; k < msg->section[i].n; k++)
			knot_rrset_free(msg->section[i].rr[k], NULL);
		free(msg->section[i].rr);
	}
	memset(msg, 0, sizeof(*msg));
}

bool section_has(const struct section *s, const knot_rrset_t *rr)
{
	return s->n && bsearch(&rr, s->rr, s->n, sizeof(*s->rr), compare_records);
}

bool section_within(const struct section *part, const struct section *whole)
{
	size_t i;

	for (i = 0; i < part->n; i++)
		if (!section_has(whole, part->rr[i]))
			return false;
	return true;
}

bool section_same(const struct section *a, const struct section *b)
{
	return section_within(a, b) && section_within(b, a);
}

const knot_rrset_t *section_find(const struct section *s, const knot_dname_t *owner, uint16_t type)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->rr[i]->type == type &&
		    (!owner || knot_dname_is_case_equal(s->rr[i]->owner, owner)))
			return s->rr[i];
	return NULL;
}

static void print_record(FILE *to, const knot_rrset_t *rr)
{
	static char text[70000];
	char owner[KNOT_DNAME_TXT_MAXLEN + 1], type[32];

	knot_dname_to_str(owner, rr->owner, sizeof(owner));
	knot_rrtype_to_string(rr->type, type, sizeof(type));
	if (knot_rrset_txt_dump_data(rr, 0, text, sizeof(text), &KNOT_DUMP_STYLE_DEFAULT) < 0)
		snprintf(text, sizeof(text), "?");
	if (rr->type == KNOT_RRTYPE_RRSIG && strlen(text) > 60) /* not the signature's octets */
		snprintf(text + 60, 4, "...");
	fprintf(to, "        %s %u %s %s\n", owner, rr->ttl, type, text);
}

void message_print(FILE *to, const char *who, const struct message *msg)
{
	static const char *const names[] = { "answer", "authority", "additional" };
	size_t i, k;

	if (msg->len < 12 || !msg->parsed) {
		fprintf(to, "    %s: %zu octets that are no message\n", who, msg->len);
		return;
	}
	fprintf(to, "    %s: %zu octets, rcode %d,%s%s%s %s\n", who, msg->len, MESSAGE_RCODE(msg),
		MESSAGE_AA(msg) ? " aa" : "", MESSAGE_TC(msg) ? " tc" : "",
		msg->octets[2] & 1 ? " rd" : "", msg->edns ? "OPT" : "no OPT");
	for (i = 0; i < SECTION_COUNT; i++) {
		if (msg->section[i].n)
			fprintf(to, "      %s:\n", names[i]);
		for (k = 0; k < msg->section[i].n; k++)
			print_record(to, msg->section[i].rr[k]);
	}
}
