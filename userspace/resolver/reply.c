/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reply.h"

#include <stdbool.h>
#include <string.h>

#include "../lib/reason.h"

#define HEADER_LEN 12 /* RFC 1035 section 4.1.1 */
#define OPT_LEN 11    /* RFC 6891 section 6.1.2, without options */
#define TYPE_OPT 41

#define FLAG_QR 0x80	 /* octet 2 */
#define MASK_OPCODE 0x78 /* octet 2 */
#define FLAG_RD 0x01	 /* octet 2 */
#define FLAG_DO 0x80	 /* first octet of the flags in the OPT's TTL: RFC 3225 section 3 */

#define RCODE_NONE UINT16_MAX

/* RFC 1035 section 4.1.1; BADVERS: RFC 6891 section 9. */
static uint16_t rcode_of(enum reason_reply reply)
{
	switch (reply) {
	case REASON_REPLY_FORMERR:
		return 1;
	case REASON_REPLY_SERVFAIL:
		return 2;
	case REASON_REPLY_NOTIMP:
		return 4;
	case REASON_REPLY_REFUSED:
		return 5;
	case REASON_REPLY_BADVERS:
		return 16;
	case REASON_REPLY_SEND:
	case REASON_REPLY_NONE:
		break;
	}
	return RCODE_NONE;
}

/* The core may have had enough of the query before it came to the OPT; one that is malformed
 * inside is one all the same. */
static const uint8_t *find_opt(const uint8_t *query, size_t len, size_t question_end)
{
	const uint8_t *opt = query + question_end;

	if (!question_end || question_end + OPT_LEN > len || !(query[10] | query[11]))
		return NULL;
	return opt[0] == 0 && opt[1] == 0 && opt[2] == TYPE_OPT ? opt : NULL;
}

static void put_opt(uint8_t *opt, uint16_t rcode, uint16_t udp_size, bool dnssec_ok)
{
	memset(opt, 0, OPT_LEN);
	opt[2] = TYPE_OPT;
	opt[3] = (uint8_t)(udp_size >> 8);
	opt[4] = (uint8_t)udp_size;
	opt[5] = (uint8_t)(rcode >> 4); /* EXTENDED-RCODE; the version in the next octet is 0 */
	opt[7] = dnssec_ok ? FLAG_DO : 0;
}

size_t reply_error(uint8_t *ret_reply, const uint8_t *query, size_t len, size_t question_end,
		   enum dnsbolt_reason reason, uint16_t udp_size)
{
	uint16_t rcode = rcode_of(reason_info(reason)->reply);
	const uint8_t *opt;
	size_t end;

	/* A reply to a reply could be the start of a loop, whatever else is wrong with it. */
	if (rcode == RCODE_NONE || len < HEADER_LEN || query[2] & FLAG_QR)
		return 0;
	if (question_end <= HEADER_LEN || question_end > len ||
	    question_end > REPLY_ERROR_MAX - OPT_LEN)
		question_end = 0;
	end = question_end ? question_end : HEADER_LEN;
	memcpy(ret_reply, query, end);
	/* AA, TC, RA, Z, AD and CD are clear (CD: RFC 4035 section 3.1.6). */
	ret_reply[2] = FLAG_QR | (query[2] & (MASK_OPCODE | FLAG_RD));
	ret_reply[3] = rcode & 0x0f;
	memset(ret_reply + 4, 0, HEADER_LEN - 4);
	ret_reply[5] = question_end != 0; /* QDCOUNT */
	/* RFC 6891 section 6.1.1: an OPT is answered by one; section 7: also when what is wrong
	 * is inside of it. */
	opt = find_opt(query, len, question_end);
	if (opt) {
		ret_reply[11] = 1; /* ARCOUNT */
		put_opt(ret_reply + end, rcode, udp_size, opt[7] & FLAG_DO);
		end += OPT_LEN;
	}
	return end;
}
