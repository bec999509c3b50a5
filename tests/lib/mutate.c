// SPDX-License-Identifier: GPL-3.0-or-later
#include "mutate.h"

#include <ctype.h>
#include <string.h>

#define HEADER 12    /* RFC 1035 section 4.1.1 */
#define NAME_MAX 255 /* RFC 1035 section 3.1 */

#define PICK(m, list) ((list)[mutate_below(m, sizeof(list) / sizeof(*(list)))])

/* splitmix64 (Steele, Lea, Flood 2014) */
uint32_t mutate_below(struct mutate *m, uint32_t n)
{
	uint64_t z = m->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)(((z ^ z >> 31) >> 32) * n >> 32);
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* ---- octets ---- */

/* Flips a bit, sets an octet, cuts the end off, or doubles a piece; some of that once or more. */
size_t mutate_octets(struct mutate *m, uint8_t *data, size_t len, size_t room)
{
	static const uint8_t odd[] = { 0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xff };
	uint32_t n = 1 + mutate_below(m, 4);

	while (n-- && len) {
		size_t at = mutate_below(m, (uint32_t)len);

		switch (mutate_below(m, 4)) {
		case 0:
			data[at] ^= (uint8_t)(1u << mutate_below(m, 8));
			break;
		case 1:
			data[at] = PICK(m, odd);
			break;
		case 2:
			if (!mutate_below(m, 4))
				len = at;
			break;
		default:
			if (len + len - at <= room) {
				memmove(data + len, data + at, len - at);
				len += len - at;
			}
		}
	}
	return len;
}

/* ---- messages ---- */

size_t mutate_question_end(const uint8_t *msg, size_t len)
{
	size_t at = HEADER;

	while (at < len && msg[at] && msg[at] < 64)
		at += 1u + msg[at];
	return at < len && !msg[at] && at + 5 <= len ? at + 5 : 0;
}

/* QR, opcode, RD and their like; and a count that is not what follows. */
static size_t mutate_header(struct mutate *m, uint8_t *msg, size_t len, size_t room)
{
	static const uint8_t flags[] = { 0x00, 0x01, 0x02, 0x04, 0x10, 0x20, 0x28, 0x80 };
	static const uint16_t counts[] = { 0, 1, 2, 3, 255, 256, 65535 };

	(void)room;
	if (len < HEADER)
		return len;
	switch (mutate_below(m, 3)) {
	case 0:
		msg[2] = PICK(m, flags);
		break;
	case 1:
		msg[3] ^= (uint8_t)(1u << mutate_below(m, 8));
		break;
	default:
		put16(msg + 4 + 2 * mutate_below(m, 4), PICK(m, counts));
	}
	return len;
}

/* A query with that question and nothing behind it. */
static size_t mutate_to_query(struct mutate *m, uint8_t *msg, size_t len, size_t room)
{
	size_t end = mutate_question_end(msg, len);

	(void)m;
	(void)room;
	if (!end)
		return len;
	msg[2] &= 0x01;
	memcpy(msg + 3, "\0\0\1\0\0\0\0\0\0", 9);
	return end;
}

/* One of the names, below it up to two labels more. */
static size_t make_name(struct mutate *m, uint8_t *name)
{
	static const char *const labels[] = { "\1*", "\3www", "\1a", "\4some", "\6nosuch" };
	const uint8_t *base = m->names[mutate_below(m, (uint32_t)m->n_names)];
	size_t len = 0, base_len = 1;
	uint32_t n = mutate_below(m, 3);

	while (base[base_len - 1])
		base_len += 1u + base[base_len - 1];
	while (n--) {
		const char *label = PICK(m, labels);

		if (len + strlen(label) + base_len > NAME_MAX)
			break;
		memcpy(name + len, label, strlen(label));
		len += strlen(label);
	}
	memcpy(name + len, base, base_len);
	return len + base_len;
}

/* Another name in the question; what stands behind it stays. */
static size_t mutate_name(struct mutate *m, uint8_t *msg, size_t len, size_t room)
{
	size_t end = mutate_question_end(msg, len), name_len, rest;
	uint8_t name[NAME_MAX + 1];

	if (!end || !m->n_names)
		return len;
	name_len = make_name(m, name);
	rest = len - (end - 4);
	if (HEADER + name_len + rest > room)
		return len;
	memmove(msg + HEADER + name_len, msg + end - 4, rest);
	memcpy(msg + HEADER, name, name_len);
	return HEADER + name_len + rest;
}

static size_t mutate_type(struct mutate *m, uint8_t *msg, size_t len, size_t room)
{
	static const uint16_t types[] = {
		0,  1,	2,  5,	6,  12, 15, 16,	 28,  33,  35,	39,  41,
		43, 46, 47, 48, 50, 51, 65, 128, 251, 252, 255, 256, 65535
	};
	static const uint16_t classes[] = { 1, 1, 1, 1, 1, 1, 1, 1, 3, 3, 4, 254, 255, 0 };
	size_t end = mutate_question_end(msg, len);

	(void)room;
	if (end) {
		put16(msg + end - 4, PICK(m, types));
		put16(msg + end - 2, PICK(m, classes));
	}
	return len;
}

/* 0x20: letters of the question in the other case */
static size_t mutate_case(struct mutate *m, uint8_t *msg, size_t len, size_t room)
{
	size_t end = mutate_question_end(msg, len), i;

	(void)room;
	for (i = HEADER; i + 4 < end; i++)
		if (isalpha(msg[i]) && mutate_below(m, 2))
			msg[i] ^= 0x20;
	return len;
}

/* Options of an OPT record; now and then one whose length is a lie. Returns their octets. */
static size_t make_options(struct mutate *m, uint8_t *to, size_t room)
{
	static const uint8_t codes[] = { 3, 8, 9, 10, 10, 11, 12, 15, 255 };
	uint32_t n = mutate_below(m, 8) ? mutate_below(m, 4) : mutate_below(m, 40);
	size_t len = 0;

	while (n--) {
		uint32_t octets = mutate_below(m, 3) ? 8 : mutate_below(m, 24), i;

		if (len + 4 + octets > room)
			break;
		put16(to + len, PICK(m, codes));
		put16(to + len + 2, mutate_below(m, 16) ? octets : mutate_below(m, 64));
		for (i = 0; i < octets; i++)
			to[len + 4 + i] = (uint8_t)mutate_below(m, 256);
		len += 4 + octets;
	}
	return len;
}

/* An OPT record (RFC 6891 section 6.1.2) right behind the question. */
static size_t mutate_opt(struct mutate *m, uint8_t *msg, size_t len, size_t room)
{
	static const uint16_t sizes[] = { 0, 511, 512, 1231, 1232, 1233, 1410, 4096, 65535 };
	size_t end = mutate_question_end(msg, len), options;
	uint8_t *opt = msg + end;

	if (!end || end + 11 > room)
		return len;
	len = mutate_to_query(m, msg, len, room);
	msg[11] = 1;
	memset(opt, 0, 11);
	opt[2] = 41;
	put16(opt + 3, PICK(m, sizes));
	opt[5] = !mutate_below(m, 32);
	opt[6] = !mutate_below(m, 16);
	opt[7] = mutate_below(m, 2) ? 0x80 : 0;
	options = mutate_below(m, 2) ? make_options(m, opt + 11, room - end - 11) : 0;
	put16(opt + 9, (uint32_t)options + !mutate_below(m, 16));
	return end + 11 + options;
}

size_t mutate_message(struct mutate *m, uint8_t *msg, size_t len, size_t room)
{
	typedef size_t (*way)(struct mutate *, uint8_t *, size_t, size_t);
	static const way ways[] = { mutate_octets, mutate_header, mutate_name, mutate_name,
				    mutate_type,   mutate_case,	  mutate_opt,  mutate_opt };
	uint32_t n = 1 + mutate_below(m, 4);

	if (mutate_below(m, 3))
		len = mutate_to_query(m, msg, len, room);
	while (n--)
		len = PICK(m, ways)(m, msg, len, room);
	return len;
}
