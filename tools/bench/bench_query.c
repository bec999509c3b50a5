/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libknot/libknot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define OPT_LEN 11u
#define UDP_SIZE 1232u
#define MARK '#'

static void put16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* The marks are at the beginning of the name: behind the header and the length of the label. */
static size_t put_name(struct query *query, const char *name)
{
	char text[512];
	size_t len = strlen(name);

	query->digits = (uint32_t)strspn(name, (char[]){ MARK, '\0' });
	query->label_at = query->digits ? KNOT_WIRE_HEADER_SIZE + 1 : 0;
	memcpy(text, name, len + 1);
	memset(text, '0', query->digits);
	knot_dname_from_str(query->msg + KNOT_WIRE_HEADER_SIZE, text, KNOT_DNAME_MAXLEN);
	return knot_dname_size(query->msg + KNOT_WIRE_HEADER_SIZE);
}

static size_t put_opt(uint8_t *p, bool dnssec_ok)
{
	memset(p, 0, OPT_LEN);
	put16(p + 1, KNOT_RRTYPE_OPT);
	put16(p + 3, UDP_SIZE);
	p[7] = dnssec_ok ? 0x80 : 0;
	return OPT_LEN;
}

void query_ask(struct query *query, const char *name, uint16_t type, unsigned int flags)
{
	uint8_t *p;

	memset(query->msg, 0, sizeof(query->msg));
	frame_defaults(&query->spec, flags & ASK_IPV6);
	knot_wire_set_id(query->msg, 0x4b1d);
	knot_wire_set_qdcount(query->msg, 1);
	p = query->msg + KNOT_WIRE_HEADER_SIZE + put_name(query, name);
	put16(p, type);
	put16(p + 2, KNOT_CLASS_IN);
	p += 4;
	if (flags & (ASK_EDNS | ASK_DO)) {
		knot_wire_set_arcount(query->msg, 1);
		p += put_opt(p, flags & ASK_DO);
	}
	query->len = (size_t)(p - query->msg);
}

static void put_digits(struct query *query, uint32_t number)
{
	char text[9];

	(void)snprintf(text, sizeof(text), "%08x", number);
	if (query->label_at)
		memcpy(query->msg + query->label_at, text + 8 - query->digits, query->digits);
}

size_t query_frame(struct query *query, uint32_t number, uint8_t *frame)
{
	put_digits(query, number);
	return frame_build(&query->spec, query->msg, query->len, frame);
}

static uint64_t sum_words(const uint8_t *p, size_t len)
{
	uint64_t sum = 0;
	uint16_t word;
	size_t i;

	for (i = 0; i < len; i += 2) {
		word = 0;
		memcpy(&word, p + i, len - i > 1 ? 2 : 1);
		sum += word;
	}
	return sum;
}

/* The sum over pseudo-header, UDP and message is the complement of the checksum that stands in the frame, less what the
 * digits add. */
bool query_feed(struct query *query, struct feed_query *ret_feed)
{
	uint8_t frame[FRAME_MAX], label[10] = { 0 };
	size_t len = query_frame(query, 0, frame), headers;
	uint16_t check;

	if (len > FEED_FRAME_MAX)
		return false;
	memset(ret_feed, 0, sizeof(*ret_feed));
	memcpy(ret_feed->frame, frame, len);
	ret_feed->len = (uint32_t)len;
	if (!query->label_at)
		return true;
	headers = 14 + 4 * query->spec.n_vlan + (query->spec.ipv6 ? 40 : 20) + 8;
	ret_feed->label_at = (uint32_t)headers + query->label_at;
	ret_feed->digits = query->digits;
	ret_feed->check_at = (uint32_t)headers - 2;
	memcpy(label + (query->label_at & 1), query->msg + query->label_at, query->digits);
	memcpy(&check, frame + ret_feed->check_at, 2);
	/* one's complement: less x is more ~x, word by word */
	ret_feed->sum = (uint16_t)~check + 0xffff * (uint64_t)sizeof(label) / 2 -
			sum_words(label, sizeof(label));
	return true;
}

/* ---- choice ---- */

struct choice {
	enum draw draw;
	uint32_t n;
	uint64_t state;
	double *until; /* Zipf: the sum of the weights up to each rank */
};

/* splitmix64 */
static uint64_t random64(struct choice *choice)
{
	uint64_t x = choice->state += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static bool weigh(struct choice *choice)
{
	double sum = 0;
	uint32_t i;

	choice->until = calloc(choice->n, sizeof(*choice->until));
	for (i = 0; choice->until && i < choice->n; i++)
		choice->until[i] = sum += 1.0 / (i + 1.0);
	return choice->until;
}

struct choice *choice_new(enum draw draw, uint32_t n)
{
	struct choice *choice = calloc(1, sizeof(*choice));

	if (!choice)
		return NULL;
	*choice = (struct choice){ .draw = draw, .n = n ? n : 1, .state = 1 };
	if (draw == DRAW_ZIPF && !weigh(choice)) {
		free(choice);
		return NULL;
	}
	return choice;
}

/* The rank at which the weights pass a random sum; then a name for that rank which is not beside those of its neighbours. */
static uint32_t zipf(struct choice *choice)
{
	double at = (double)(random64(choice) >> 11) / 9007199254740992.0 *
		    choice->until[choice->n - 1];
	uint32_t low = 0, high = choice->n - 1, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (choice->until[mid] < at)
			low = mid + 1;
		else
			high = mid;
	}
	return (uint32_t)(low * 2654435761ull % choice->n);
}

uint32_t choice_next(struct choice *choice)
{
	switch (choice->draw) {
	case DRAW_NONE:
		return 0;
	case DRAW_UNIFORM:
		return (uint32_t)(random64(choice) % choice->n);
	case DRAW_ZIPF:
		return zipf(choice);
	case DRAW_ABSENT:
		return (uint32_t)random64(choice) | 0x80000000u;
	}
	return 0;
}

void choice_free(struct choice *choice)
{
	if (!choice)
		return;
	free(choice->until);
	free(choice);
}
