// SPDX-License-Identifier: GPL-3.0-or-later
/* Reads replies on its own: nothing of the code under test, nor a library that would repair what is wrong. */
#include "hunt.h"

#include <string.h>
#include <libknot/libknot.h>

#define NO_TAG HUNT_TAGS
#define FLAG_TC 0x02
#define FLAG_AA 0x04

struct cursor {
	const uint8_t *msg;
	size_t len, at;
	bool is_bad;
};

struct record {
	uint16_t type;
	size_t rdata, end;
};

/* What was seen of an answer. */
struct sight {
	unsigned int tag; /* NO_TAG: none yet */
	bool is_torn;
	size_t count[3]; /* records by section, without OPT */
	size_t signatures;
};

static unsigned int get16(struct cursor *c)
{
	if (c->len - c->at < 2 || c->at > c->len) {
		c->is_bad = true;
		return 0;
	}
	c->at += 2;
	return (unsigned int)c->msg[c->at - 2] << 8 | c->msg[c->at - 1];
}

static void skip(struct cursor *c, size_t n)
{
	if (n > c->len - c->at)
		c->is_bad = true;
	else
		c->at += n;
}

/* The version that a label says: "v" and three digits. */
static unsigned int label_tag(const uint8_t *label, unsigned int len)
{
	unsigned int tag = 0;

	if (len != 4 || (label[0] | 0x20) != 'v')
		return NO_TAG;
	for (unsigned int i = 1; i < 4; i++) {
		unsigned int c = label[i];

		if (c >= '0' && c <= '9')
			tag = tag << 4 | (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			tag = tag << 4 | ((c | 0x20) - 'a' + 10);
		else
			return NO_TAG;
	}
	return tag;
}

/* Walks over a name; *tag becomes what its first label with a version says. */
static void read_name(struct cursor *c, unsigned int *tag)
{
	size_t at = c->at;
	bool jumped = false;

	for (unsigned int steps = 0; steps < 256; steps++) {
		unsigned int len = at < c->len ? c->msg[at] : 0x40;

		if (len >= 0xc0 && at + 1 < c->len) {
			if (!jumped)
				c->at = at + 2;
			jumped = true;
			at = (len & 0x3f) << 8 | c->msg[at + 1];
			continue;
		}
		if (len > 63 || at + 1 + len > c->len)
			break;
		at += 1 + len;
		if (!len) {
			if (!jumped)
				c->at = at;
			return;
		}
		if (*tag == NO_TAG)
			*tag = label_tag(c->msg + at - len, len);
	}
	c->is_bad = true;
}

/* ---- versions of records ---- */

/* The highest window of a type bitmap has one bit. */
static unsigned int bitmap_tag(const uint8_t *p, const uint8_t *end)
{
	while (end - p > 2 && end - p >= 2 + p[1]) {
		if (p[0] >= 0xf0) {
			for (unsigned int i = 0; i < 8u * p[1]; i++)
				if (p[2 + i / 8] & 0x80 >> i % 8)
					return (p[0] & 15u) << 8 | i;
		}
		p += 2 + p[1];
	}
	return NO_TAG;
}

static unsigned int last_two(const uint8_t *end)
{
	return ((unsigned int)end[-2] << 8 | end[-1]) & (HUNT_TAGS - 1);
}

static unsigned int serial_tag(struct cursor c)
{
	unsigned int none = 0, serial;

	read_name(&c, &none);
	read_name(&c, &none);
	serial = get16(&c) << 16;
	serial |= get16(&c);
	return (serial - (UINT32_MAX - 31)) & (HUNT_TAGS - 1);
}

static unsigned int name_tag(struct cursor c, size_t fixed)
{
	unsigned int tag = NO_TAG;

	c.at += fixed;
	read_name(&c, &tag);
	return tag;
}

static unsigned int nsec_tag(struct cursor c, size_t end)
{
	unsigned int none = 0;

	read_name(&c, &none);
	return c.at > end ? NO_TAG : bitmap_tag(c.msg + c.at, c.msg + end);
}

static unsigned int nsec3_tag(const uint8_t *p, const uint8_t *end)
{
	size_t skipped = 5u + (end - p > 5 ? p[4] : 0);

	if (end - p < (long)skipped + 1)
		return NO_TAG;
	skipped += 1u + p[skipped];
	return end - p < (long)skipped ? NO_TAG : bitmap_tag(p + skipped, end);
}

/* NO_TAG: the record is the same in all versions. */
static unsigned int record_tag(const struct cursor *c, const struct record *rr)
{
	struct cursor at = { .msg = c->msg, .len = c->len, .at = rr->rdata };

	switch (rr->type) {
	case KNOT_RRTYPE_A:
	case KNOT_RRTYPE_AAAA:
	case KNOT_RRTYPE_DS:
	case KNOT_RRTYPE_RRSIG:
		return rr->end - rr->rdata < 2 ? NO_TAG : last_two(c->msg + rr->end);
	case KNOT_RRTYPE_SOA:
		return serial_tag(at);
	case KNOT_RRTYPE_NS:
	case KNOT_RRTYPE_CNAME:
	case KNOT_RRTYPE_DNAME:
		return name_tag(at, 0);
	case KNOT_RRTYPE_MX:
		return name_tag(at, 2);
	case KNOT_RRTYPE_NSEC:
		return nsec_tag(at, rr->end);
	case KNOT_RRTYPE_NSEC3:
		return nsec3_tag(c->msg + rr->rdata, c->msg + rr->end);
	}
	return NO_TAG;
}

/* ---- the answer ---- */

static void look(const struct cursor *c, const struct record *rr, unsigned int section,
		 struct sight *sight)
{
	unsigned int tag;

	if (rr->type == KNOT_RRTYPE_OPT)
		return;
	sight->count[section]++;
	sight->signatures += rr->type == KNOT_RRTYPE_RRSIG;
	tag = record_tag(c, rr);
	if (tag == NO_TAG)
		return;
	sight->is_torn = sight->is_torn || (sight->tag != NO_TAG && sight->tag != tag);
	sight->tag = tag;
}

static void read_record(struct cursor *c, struct record *rr)
{
	unsigned int none = 0;
	size_t len;

	read_name(c, &none);
	rr->type = (uint16_t)get16(c);
	skip(c, 6);
	len = get16(c);
	rr->rdata = c->at;
	skip(c, len);
	rr->end = c->at;
}

static void read_records(struct cursor *c, struct sight *sight)
{
	struct record rr;

	for (unsigned int section = 0; section < 3; section++) {
		unsigned int n = (unsigned int)c->msg[6 + 2 * section] << 8 |
				 c->msg[7 + 2 * section];

		for (; n && !c->is_bad; n--) {
			read_record(c, &rr);
			if (!c->is_bad)
				look(c, &rr, section, sight);
		}
	}
}

/* HUNT_* that the answer is; 0: none. */
static unsigned int kind_of(const uint8_t *msg, const struct sight *sight)
{
	unsigned int rcode = msg[3] & 15;

	if (rcode == KNOT_RCODE_NXDOMAIN)
		return HUNT_NXDOMAIN;
	if (rcode != KNOT_RCODE_NOERROR)
		return 0;
	if (sight->count[0])
		return HUNT_ANSWER;
	return msg[2] & FLAG_AA ? HUNT_NODATA : HUNT_REFERRAL;
}

enum hunt_fault hunt_judge(const struct hunt_question *q, const uint8_t *msg, size_t len,
			   unsigned int *ret_tag)
{
	struct cursor c = { .msg = msg, .len = len, .at = KNOT_WIRE_HEADER_SIZE };
	struct sight sight = { .tag = NO_TAG };
	unsigned int none = 0;

	if (len < KNOT_WIRE_HEADER_SIZE || msg[2] & FLAG_TC || !(msg[2] & 0x80))
		return HUNT_BROKEN;
	read_name(&c, &none);
	skip(&c, 4);
	read_records(&c, &sight);
	if (c.is_bad || c.at != len)
		return HUNT_BROKEN;
	if (sight.is_torn)
		return HUNT_TORN;
	if (!kind_of(msg, &sight))
		return HUNT_BROKEN;
	if (sight.tag == NO_TAG || !(kind_of(msg, &sight) & q->want[sight.tag & 1]) ||
	    (q->is_signed && !sight.signatures))
		return HUNT_MISSED;
	*ret_tag = sight.tag;
	return HUNT_RIGHT;
}

const char *hunt_fault_text(enum hunt_fault fault)
{
	static const char *const text[HUNT_FAULTS] = {
		[HUNT_RIGHT] = "right",
		[HUNT_TORN] = "of two versions",
		[HUNT_MISSED] = "without what their version has",
		[HUNT_BROKEN] = "no answers at all",
		[HUNT_STALE] = "of a version that was not the one in force",
	};

	return text[fault];
}

void hunt_print(FILE *out, const uint8_t *msg, size_t len)
{
	knot_pkt_t *pkt = knot_pkt_new((uint8_t *)msg, (uint16_t)len, NULL);
	knot_dump_style_t style = KNOT_DUMP_STYLE_DEFAULT;
	size_t size = 65536;
	char *text = malloc(size);

	if (pkt && text && knot_pkt_parse(pkt, 0) == KNOT_EOK) {
		fprintf(out, "#   rcode %u, flags %02x%02x\n", msg[3] & 15u, msg[2], msg[3]);
		for (uint16_t i = 0; i < pkt->rrset_count; i++)
			if (knot_rrset_txt_dump(&pkt->rr[i], &text, &size, &style) > 0)
				fprintf(out, "#   %s", text);
	} else {
		fprintf(out, "#   %zu octets that cannot be read\n", len);
	}
	free(text);
	knot_pkt_free(pkt);
}
