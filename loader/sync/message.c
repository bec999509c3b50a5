/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define RECORD_FIXED 10u /* type, class, TTL, length of RDATA (RFC 1035 section 4.1.3) */
#define RDLENGTH_AT 8u	 /* in these */
#define QUESTION_FIXED 4u
#define EXPIRE_LEN 4u /* RFC 7314 section 2 */
#define UDP_ROOM 1232

/* What stands before the RDATA of the record at `at`: the name as it is in the message, and the
 * fixed part; 0: it is cut off, as it is when the RDATA is. */
static size_t record_head(const uint8_t *wire, size_t len, size_t at, uint16_t *ret_rdlength)
{
	int owner = at < len ? knot_dname_wire_check(wire + at, wire + len, wire) : 0;
	size_t left;

	if (owner <= 0 || len - at - (size_t)owner < RECORD_FIXED)
		return 0;
	*ret_rdlength = knot_wire_read_u16(wire + at + owner + RDLENGTH_AT);
	left = len - at - (size_t)owner - RECORD_FIXED;
	return *ret_rdlength <= left ? (size_t)owner + RECORD_FIXED : 0;
}

static int skip_record(const struct message *message, size_t *at, uint16_t *ret_type)
{
	uint16_t rdlength;
	size_t head = record_head(message->wire, message->len, *at, &rdlength);

	if (!head)
		return -EINVAL;
	*ret_type = knot_wire_read_u16(message->wire + *at + head - RECORD_FIXED);
	*at += head + rdlength;
	return 0;
}

static int open_question(struct message *message, size_t *at)
{
	const uint8_t *wire = message->wire, *end = wire + message->len;
	uint16_t count = knot_wire_get_qdcount(wire);
	int len;

	if (!count)
		return 0;
	if (count > 1 || *at >= message->len)
		return -EINVAL;
	len = knot_dname_wire_check(wire + *at, end, NULL);
	if (len <= 0 || message->len - *at - (size_t)len < QUESTION_FIXED)
		return -EINVAL;
	message->has_question = true;
	knot_dname_copy_lower(message->qname, wire + *at);
	*at += (size_t)len;
	message->qtype = knot_wire_read_u16(wire + *at);
	message->qclass = knot_wire_read_u16(wire + *at + 2);
	*at += QUESTION_FIXED;
	return 0;
}

static int open_additional(struct message *message, size_t *at)
{
	uint16_t i, type, count = knot_wire_get_arcount(message->wire);

	for (i = 0; i < count; i++) {
		size_t begin = *at;

		if (skip_record(message, at, &type))
			return -EINVAL;
		if (type == KNOT_RRTYPE_OPT) { /* RFC 6891 section 6.1.1 */
			if (message->opt_at)
				return -EINVAL;
			message->opt_at = begin;
		}
		if (type == KNOT_RRTYPE_TSIG) { /* RFC 8945 section 5.1 */
			if (i + 1 != count)
				return -EINVAL;
			message->tsig_at = begin;
		}
	}
	return 0;
}

int message_open(struct message *ret_message, const uint8_t *wire, size_t len)
{
	struct message message = { .wire = wire, .len = len };
	size_t at = KNOT_WIRE_HEADER_SIZE;
	uint32_t i, count;
	uint16_t type;

	if (len < KNOT_WIRE_HEADER_SIZE || open_question(&message, &at))
		return -EINVAL;
	message.n_answer = knot_wire_get_ancount(wire);
	message.answer_at = at;
	count = (uint32_t)message.n_answer + knot_wire_get_nscount(wire);
	for (i = 0; i < count; i++)
		if (skip_record(&message, &at, &type))
			return -EINVAL;
	if (open_additional(&message, &at) || at != len)
		return -EINVAL;
	*ret_message = message;
	return 0;
}

bool message_asks(const struct message *message, const knot_dname_t *name, uint16_t type)
{
	return message->has_question && message->qtype == type &&
	       message->qclass == KNOT_CLASS_IN && knot_dname_is_case_equal(message->qname, name);
}

/* libknot takes an empty RDATA only of types that are unknown to it. */
static int empty_record(const struct message *message, size_t at, size_t head,
			knot_rrset_t *ret_record)
{
	const uint8_t *fixed = message->wire + at + head - RECORD_FIXED;
	knot_dname_storage_t owner;
	knot_dname_t *copy;

	(void)knot_dname_unpack(owner, message->wire + at, sizeof(owner), message->wire);
	copy = knot_dname_copy(owner, NULL);
	if (!copy)
		return -ENOMEM;
	knot_rrset_init(ret_record, copy, knot_wire_read_u16(fixed), knot_wire_read_u16(fixed + 2),
			knot_wire_read_u32(fixed + 4));
	if (!knot_rrset_add_rdata(ret_record, NULL, 0, NULL))
		return 0;
	knot_rrset_clear(ret_record, NULL);
	return -ENOMEM;
}

int message_record(const struct message *message, size_t *at, knot_rrset_t *ret_record)
{
	uint16_t rdlength;
	size_t head = record_head(message->wire, message->len, *at, &rdlength);
	int err;

	if (!head)
		return -EINVAL;
	if (!rdlength) {
		err = empty_record(message, *at, head, ret_record);
		*at += head;
		return err;
	}
	err = knot_rrset_rr_from_wire(message->wire, at, message->len, ret_record, NULL, false);
	return !err ? 0 : err == KNOT_ENOMEM ? -ENOMEM : -EINVAL;
}

int64_t message_expire(const struct message *message)
{
	knot_edns_options_t *options = NULL;
	size_t at = message->opt_at;
	int64_t expire = -1;
	knot_rrset_t opt;
	uint8_t *option;

	if (!at || message_record(message, &at, &opt))
		return -1;
	if (!knot_edns_get_options(&opt, &options, NULL) && options) {
		option = options->ptr[KNOT_EDNS_OPTION_EXPIRE];
		if (option && knot_edns_opt_get_length(option) == EXPIRE_LEN)
			expire = knot_wire_read_u32(knot_edns_opt_get_data(option));
	}
	free(options);
	knot_rrset_clear(&opt, NULL);
	return expire;
}

const char *message_rcode_text(uint8_t rcode, char *buf)
{
	const knot_lookup_t *item = knot_lookup_by_id(knot_rcode_names, rcode);

	if (item)
		(void)snprintf(buf, MESSAGE_RCODE_LEN, "%s", item->name);
	else
		(void)snprintf(buf, MESSAGE_RCODE_LEN, "RCODE%u", rcode);
	return buf;
}

static int put_opt(knot_pkt_t *pkt)
{
	knot_rrset_t opt;
	int err = knot_edns_init(&opt, UDP_ROOM, 0, 0, &pkt->mm);

	if (err)
		return err;
	err = knot_edns_add_option(&opt, KNOT_EDNS_OPTION_EXPIRE, 0, NULL, &pkt->mm);
	if (!err)
		err = knot_pkt_put(pkt, KNOT_COMPR_HINT_NONE, &opt, KNOT_PF_FREE);
	if (err)
		knot_rrset_clear(&opt, &pkt->mm);
	return err;
}

static int put_query(knot_pkt_t *pkt, const knot_dname_t *name, uint16_t type,
		     const knot_rrset_t *authority)
{
	int err = knot_pkt_put_question(pkt, name, KNOT_CLASS_IN, type);

	if (!err && authority) {
		err = knot_pkt_begin(pkt, KNOT_AUTHORITY);
		if (!err)
			err = knot_pkt_put(pkt, KNOT_COMPR_HINT_QNAME, authority, 0);
	}
	if (!err)
		err = knot_pkt_begin(pkt, KNOT_ADDITIONAL);
	return err ? err : put_opt(pkt);
}

int message_write_query(uint8_t *msg, size_t room, size_t *ret_len, const knot_dname_t *name,
			uint16_t type, const knot_rrset_t *authority)
{
	knot_pkt_t *pkt;
	uint16_t id;
	int err;

	if (room < KNOT_WIRE_HEADER_SIZE)
		return -EMSGSIZE;
	if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
		return -errno;
	pkt = knot_pkt_new(msg, room < UINT16_MAX ? (uint16_t)room : UINT16_MAX, NULL);
	if (!pkt)
		return -ENOMEM;
	knot_pkt_clear(pkt);
	knot_wire_set_id(msg, id);
	err = put_query(pkt, name, type, authority);
	if (!err)
		*ret_len = pkt->size;
	knot_pkt_free(pkt);
	return !err ? 0 : err == KNOT_ENOMEM ? -ENOMEM : -EMSGSIZE;
}
