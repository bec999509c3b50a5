/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What clients send through the veth, and whether what comes back is the answer to it. */
#include <arpa/inet.h>
#include <libknot/libknot.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define PORT_FIRST 2048u
#define PORTS 30000u
#define SOURCES 65000u /* of 198.18.0.0/16, of 2001:db8::/64 */
#define PARTS_MAX 2u

struct mix_part {
	double share; /* of the mix */
	const char *ask;
	uint16_t type, rcode;
	unsigned int flags;
	enum draw draw;
	bool good; /* class 1: what is left of it, and how late, is told apart */
};

struct mix_row {
	const char *name;
	struct mix_part part[PARTS_MAX];
};

#define A KNOT_RRTYPE_A
#define HIT(zone, flags) "########." zone ".example", A, KNOT_RCODE_NOERROR, flags, DRAW_UNIFORM
#define MISS(zone, flags) "########." zone ".example", A, KNOT_RCODE_NXDOMAIN, flags, DRAW_ABSENT
#define ATTACK "########.www.plain.example", A, KNOT_RCODE_NXDOMAIN, ASK_EDNS, DRAW_ABSENT

static const struct mix_row rows[] = {
	{ "hit", { { 1, HIT("plain", ASK_EDNS), true } } },
	{ "hit-ipv6", { { 1, HIT("plain", ASK_EDNS | ASK_IPV6), true } } },
	{ "signed", { { 1, HIT("nsec", ASK_DO), true } } },
	{ "nx", { { 1, MISS("plain", ASK_EDNS), true } } },
	{ "nx-nsec", { { 1, MISS("nsec", ASK_DO), true } } },
	{ "nx-nsec3", { { 1, MISS("nsec3", ASK_DO), true } } },
	{ "half-nx",
	  { { .5, HIT("plain", ASK_EDNS), true }, { .5, MISS("plain", ASK_EDNS), true } } },
	{ "root-like", { { .3, HIT("nsec", ASK_DO), true }, { .7, MISS("nsec", ASK_DO), true } } },
	{ "random", { { 1, ATTACK, true } } },
	{ "attack", { { .99, ATTACK, false }, { .01, HIT("plain", ASK_EDNS), true } } },
	{ "passed", { { 1, HIT("other", ASK_EDNS), true } } },
};

/* ---- queries ---- */

static void set_parties(struct query *query, uint32_t i, bool good, const uint8_t from[6],
			const uint8_t to[6])
{
	uint32_t source = i % SOURCES + 256;

	memcpy(query->spec.smac, from, 6);
	memcpy(query->spec.dmac, to, 6);
	query->spec.sport =
		(uint16_t)((good ? GEN_GOOD_PORT : PORT_FIRST) + i * 2654435761u % PORTS);
	if (query->spec.ipv6) {
		inet_pton(AF_INET6, "2001:db8::1:0", query->spec.src.a);
	} else {
		query->spec.src.a[12] = 198;
		query->spec.src.a[13] = 18;
	}
	query->spec.src.a[14] = (uint8_t)(source >> 8);
	query->spec.src.a[15] = (uint8_t)source;
}

static int put_query(struct mix *mix, uint32_t i, const struct mix_part *part,
		     struct choice *choice, const uint8_t from[6], const uint8_t to[6])
{
	static uint8_t frame[FRAME_MAX];
	static struct query query;
	size_t len;

	query_ask(&query, part->ask, part->type, part->flags);
	knot_wire_set_id(query.msg, (uint16_t)i);
	set_parties(&query, i, part->good, from, to);
	len = query_frame(&query, choice_next(choice), frame);
	if (len > GEN_FRAME_MAX)
		return -1;
	mix->frame[i].len = (uint16_t)len;
	mix->frame[i].good = part->good;
	memcpy(mix->frame[i].data, frame, len);
	mix->query[i] = (struct mix_query){ part->rcode, part->rcode == KNOT_RCODE_NOERROR };
	return 0;
}

/* Which part the i-th query is of: evenly mixed. */
static unsigned int part_of(const struct mix_row *row, uint32_t i)
{
	double share = row->part[0].share;

	return (uint32_t)((i + 1) * share) == (uint32_t)(i * share);
}

static const struct mix_row *find_row(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	return NULL;
}

struct mix *mix_new(const char *name, uint32_t names, uint32_t n, const uint8_t from[6],
		    const uint8_t to[6])
{
	const struct mix_row *row = find_row(name);
	struct mix *mix = row ? calloc(1, sizeof(*mix)) : NULL;
	struct choice *choice[PARTS_MAX];
	uint32_t i;
	int r = 0;

	if (!mix)
		return NULL;
	mix->frame = calloc(n, sizeof(*mix->frame));
	mix->query = calloc(n, sizeof(*mix->query));
	choice[0] = choice_new(row->part[0].draw, names);
	choice[1] = choice_new(row->part[1].draw, names);
	mix->n = n;
	if (!mix->frame || !mix->query || !choice[0] || !choice[1])
		r = -1;
	for (i = 0; i < n && !r; i++) {
		unsigned int part = part_of(row, i);

		r = put_query(mix, i, &row->part[part], choice[part], from, to);
	}
	choice_free(choice[0]);
	choice_free(choice[1]);
	if (!r)
		return mix;
	mix_free(mix);
	return NULL;
}

void mix_free(struct mix *mix)
{
	if (!mix)
		return;
	free(mix->frame);
	free(mix->query);
	free(mix);
}

/* ---- replies ---- */

static uint32_t sum_octets(const uint8_t *p, size_t len, uint32_t sum)
{
	size_t i;

	for (i = 0; i < len; i++)
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

struct headers {
	size_t l4, addr, addr_len;
};

static struct headers headers_of(const uint8_t *frame)
{
	return frame[12] == 0x86 ? (struct headers){ 54, 22, 16 } : (struct headers){ 34, 26, 4 };
}

/* Lengths and checksums, whoever made them. */
static const char *check_headers(const uint8_t *f, size_t len, const struct headers *h)
{
	uint16_t udp_len = knot_wire_read_u16(f + h->l4 + 4);
	uint32_t sum;

	if (h->l4 + udp_len > len || udp_len < 8 + KNOT_WIRE_HEADER_SIZE)
		return "UDP length";
	if (h->addr_len == 4 && knot_wire_read_u16(f + 16) != udp_len + 20)
		return "IPv4 length";
	if (h->addr_len == 4 && sum_octets(f + 14, 20, 0) != 0xffff)
		return "IPv4 checksum";
	if (h->addr_len == 16 && knot_wire_read_u16(f + 18) != udp_len)
		return "IPv6 length";
	if (h->addr_len == 4 && !knot_wire_read_u16(f + h->l4 + 6))
		return NULL; /* RFC 768: there is none */
	sum = sum_octets(f + h->addr, 2 * h->addr_len, udp_len + 17u);
	return sum_octets(f + h->l4, udp_len, sum) == 0xffff ? NULL : "UDP checksum";
}

static const char *check_parties(const uint8_t *query, const uint8_t *f, const struct headers *h)
{
	if (memcmp(query, f + 6, 6) || memcmp(query + 6, f, 6))
		return "MAC addresses";
	if (memcmp(query + h->addr, f + h->addr + h->addr_len, h->addr_len) ||
	    memcmp(query + h->addr + h->addr_len, f + h->addr, h->addr_len))
		return "addresses";
	if (memcmp(query + h->l4, f + h->l4 + 2, 2) || memcmp(query + h->l4 + 2, f + h->l4, 2))
		return "ports";
	return NULL;
}

const char *mix_check(const struct mix *mix, const uint8_t *reply, size_t len, bool mirrored)
{
	struct headers h;
	const uint8_t *query, *q, *a;
	size_t question;
	const char *wrong;
	uint16_t id;

	if (len < 60)
		return "too short";
	h = headers_of(reply);
	a = reply + h.l4 + 8;
	id = knot_wire_get_id(a);
	if (id >= mix->n)
		return "ID";
	query = mix->frame[id].data;
	q = query + h.l4 + 8;
	wrong = check_headers(reply, len, &h);
	if (!wrong)
		wrong = check_parties(query, reply, &h);
	if (wrong)
		return wrong;
	question = KNOT_WIRE_HEADER_SIZE + knot_dname_size(q + KNOT_WIRE_HEADER_SIZE) + 4;
	if (knot_wire_get_qdcount(a) != 1 || knot_wire_get_id(q) != id ||
	    memcmp(q + KNOT_WIRE_HEADER_SIZE, a + KNOT_WIRE_HEADER_SIZE,
		   question - KNOT_WIRE_HEADER_SIZE))
		return "question";
	if (mirrored)
		return NULL;
	if (knot_wire_get_rcode(a) != mix->query[id].rcode)
		return "RCODE";
	if (!knot_wire_get_aa(a) || knot_wire_get_tc(a))
		return "AA or TC";
	return (knot_wire_get_ancount(a) > 0) == mix->query[id].answers ? NULL : "ANCOUNT";
}
