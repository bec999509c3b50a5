/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages composed of rendered parts, as readers do it, and read by libknot. */
#ifndef RENDER_MESSAGE_H
#define RENDER_MESSAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../../loader/store/store.h"
#include "../../loader/zone/rdata.h"

#define HEADER_LEN 12

struct message {
	uint8_t data[65535];
	size_t len;
	uint16_t qname_len;
};

static inline void begin_message(struct message *m, const uint8_t *qname, uint16_t qtype)
{
	m->qname_len = (uint16_t)knot_dname_size(qname);
	memset(m->data, 0, HEADER_LEN);
	knot_wire_set_qr(m->data);
	knot_wire_set_qdcount(m->data, 1);
	memcpy(m->data + HEADER_LEN, qname, m->qname_len);
	m->len = HEADER_LEN + m->qname_len;
	knot_wire_write_u16(m->data + m->len, qtype);
	knot_wire_write_u16(m->data + m->len + 2, KNOT_CLASS_IN);
	m->len += 4;
}

static inline void add_part(struct message *m, const struct store_part *part, uint8_t section)
{
	uint8_t *count = m->data + 6 + 2 * section;
	size_t start = m->len, i;

	assert_true(part->len <= sizeof(m->data) - m->len);
	memcpy(m->data + start, part->data, part->len);
	for (i = 0; i < part->n_ptr; i++) {
		size_t at = part->ptr[i].at & ~DNSBOLT_PTR_BODY, distance = part->ptr[i].distance,
		       target;

		assert_true(at <= 0x3fff && at + 2 <= part->len);
		assert_int_equal(knot_wire_read_u16(part->data + at), 0);
		target = part->ptr[i].at & DNSBOLT_PTR_BODY
				 ? start + distance
				 : HEADER_LEN + (size_t)m->qname_len - distance;
		assert_true(distance < 8192 && target <= 0x3fff && target < start + at);
		knot_wire_write_u16(m->data + start + at, (uint16_t)(0xc000 | target));
	}
	m->len += part->len;
	knot_wire_write_u16(count, (uint16_t)(knot_wire_read_u16(count) + part->n_rr));
}

static inline knot_pkt_t *parse_message(struct message *m)
{
	knot_pkt_t *pkt = knot_pkt_new(m->data, (uint16_t)m->len, NULL);

	assert_non_null(pkt);
	pkt->size = m->len;
	assert_int_equal(knot_pkt_parse(pkt, KNOT_PF_NOCANON), KNOT_EOK);
	return pkt;
}

/* The names' letters as some clients send them. */
static inline void mix_case(uint8_t *ret_name, const uint8_t *owner)
{
	size_t i, len = knot_dname_size(owner);

	for (i = 0; i < len; i++)
		ret_name[i] = i % 2 && owner[i] >= 'a' && owner[i] <= 'z' ? owner[i] & ~0x20u
									  : owner[i];
}

static inline void assert_record(const knot_rrset_t *rr, const uint8_t *owner, uint16_t type,
				 uint32_t ttl, const knot_rdata_t *rdata)
{
	assert_true(knot_dname_is_equal(rr->owner, owner));
	assert_int_equal(rr->type, type);
	assert_int_equal(rr->rclass, KNOT_CLASS_IN);
	assert_int_equal(rr->ttl, ttl);
	assert_int_equal(rr->rrs.count, 1);
	assert_true(rdata_is_equal(type, rr->rrs.rdata, rdata));
}

#endif /* RENDER_MESSAGE_H */
