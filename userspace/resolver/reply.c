/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reply.h"

#include <libknot/libknot.h>
#include <string.h>

#include "../lib/core.h"
#include "../lib/reason.h"

#define HEADER_LEN 12u /* RFC 1035 section 4.1.1 */
#define OPT_LEN 11u    /* RFC 6891 section 6.1.2, without options */
#define OPTION_LEN 4u  /* RFC 6891 section 6.1.2, without data */
#define UDP_MIN 512u   /* RFC 1035 section 4.2.1 */

#define FLAG_QR 0x80	 /* octet 2 */
#define MASK_OPCODE 0x78 /* octet 2 */
#define FLAG_TC 0x02	 /* octet 2 */
#define FLAG_RD 0x01	 /* octet 2 */
#define FLAG_DO 0x80	 /* first octet of the flags in the OPT's TTL: RFC 3225 section 3 */

#define RCODE_NONE UINT16_MAX

/* TSIG's RDATA behind the algorithm's name (RFC 8945 section 4.2) */
#define TSIG_TIME_FUDGE 8u /* time signed, fudge */
#define TSIG_MAC_SIZE 2u
#define TSIG_ID_ERROR_OTHER 6u /* original ID, error, length of other data */

/* RFC 1035 section 4.1.1; NOTAUTH: RFC 8945 section 5.2.1; BADVERS: RFC 6891 section 9. */
static uint16_t rcode_of(enum reason_reply reply)
{
	switch (reply) {
	case REASON_REPLY_FORMERR:
		return KNOT_RCODE_FORMERR;
	case REASON_REPLY_SERVFAIL:
		return KNOT_RCODE_SERVFAIL;
	case REASON_REPLY_NOTIMP:
		return KNOT_RCODE_NOTIMPL;
	case REASON_REPLY_REFUSED:
		return KNOT_RCODE_REFUSED;
	case REASON_REPLY_NOTAUTH:
		return KNOT_RCODE_NOTAUTH;
	case REASON_REPLY_BADVERS:
		return KNOT_RCODE_BADVERS;
	case REASON_REPLY_SEND:
	case REASON_REPLY_NONE:
		break;
	}
	return RCODE_NONE;
}

/* An OPT is answered by one (RFC 6891 section 6.1.1), also when what is wrong is inside of it (section 7). */
static size_t put_opt(uint8_t *to, const uint8_t *opt, uint16_t rcode, uint16_t udp_size,
		      const uint8_t *cookie)
{
	memset(to, 0, OPT_LEN);
	knot_wire_write_u16(to + 1, KNOT_RRTYPE_OPT);
	knot_wire_write_u16(to + 3, udp_size);
	to[5] = (uint8_t)(rcode >> 4); /* EXTENDED-RCODE; the version in the next octet is 0 */
	to[7] = opt[7] & FLAG_DO;
	if (!cookie)
		return OPT_LEN;
	knot_wire_write_u16(to + 9, OPTION_LEN + CORE_COOKIE);
	knot_wire_write_u16(to + OPT_LEN, KNOT_EDNS_OPTION_COOKIE);
	knot_wire_write_u16(to + OPT_LEN + 2, CORE_COOKIE);
	memcpy(to + OPT_LEN + OPTION_LEN, cookie, CORE_COOKIE);
	return OPT_LEN + OPTION_LEN + CORE_COOKIE;
}

/* The TSIG record with the error, unsigned: its MAC is empty (RFC 8945 sections 5.2.1 and 5.3.2). Writes 281 + 255 octets at
 * most. */
static size_t put_tsig(uint8_t *to, const struct query *query, const uint8_t *msg)
{
	const uint8_t *rdata = query->tsig_rdata, *behind_mac;
	size_t algorithm = knot_dname_size(rdata), len;

	behind_mac = rdata + algorithm + TSIG_TIME_FUDGE + TSIG_MAC_SIZE;
	behind_mac += knot_wire_read_u16(behind_mac - TSIG_MAC_SIZE);
	len = (size_t)knot_dname_unpack(to, query->tsig, KNOT_DNAME_MAXLEN, msg);
	knot_wire_write_u16(to + len, KNOT_RRTYPE_TSIG);
	knot_wire_write_u16(to + len + 2, KNOT_CLASS_ANY);
	knot_wire_write_u32(to + len + 4, 0);
	knot_wire_write_u16(to + len + 8, (uint16_t)(algorithm + TSIG_TIME_FUDGE + TSIG_MAC_SIZE +
						     TSIG_ID_ERROR_OTHER));
	len += 10;
	memcpy(to + len, rdata, algorithm + TSIG_TIME_FUDGE);
	len += algorithm + TSIG_TIME_FUDGE;
	knot_wire_write_u16(to + len, 0); /* MAC size */
	len += TSIG_MAC_SIZE;
	memcpy(to + len, behind_mac, 2); /* original ID */
	knot_wire_write_u16(to + len + 2, KNOT_RCODE_BADKEY);
	knot_wire_write_u16(to + len + 4, 0);
	return len + TSIG_ID_ERROR_OTHER;
}

/* RFC 6891 section 6.2.3 */
static size_t room_of(const struct query *query, uint16_t udp_size, bool tcp)
{
	size_t size = query->opt ? knot_wire_read_u16(query->opt + 3) : 0;

	if (tcp)
		return REPLY_ERROR_MAX;
	if (size > udp_size)
		size = udp_size;
	return size < UDP_MIN ? UDP_MIN : size;
}

/* AA, TC, RA, Z, AD and CD are clear (CD: RFC 4035 section 3.1.6). */
static size_t put_header(uint8_t *to, const uint8_t *msg, size_t question_end, uint16_t rcode)
{
	size_t end = question_end ? question_end : HEADER_LEN;

	memcpy(to, msg, end);
	to[2] = FLAG_QR | (msg[2] & (MASK_OPCODE | FLAG_RD));
	to[3] = rcode & 0x0f;
	memset(to + 4, 0, HEADER_LEN - 4);
	knot_wire_set_qdcount(to, question_end != 0);
	return end;
}

size_t reply_error(uint8_t *ret_reply, const uint8_t *msg, const struct query *query,
		   enum dnsbolt_reason reason, uint16_t udp_size, const uint8_t *cookie, bool tcp)
{
	uint16_t rcode = rcode_of(reason_info(reason)->reply);
	size_t end, tsig;

	/* A reply to a reply could be the start of a loop, whatever else is wrong with it. */
	if (rcode == RCODE_NONE || knot_wire_get_qr(msg))
		return 0;
	end = put_header(ret_reply, msg, query->question_end, rcode);
	if (query->opt) {
		knot_wire_set_arcount(ret_reply, 1);
		end += put_opt(ret_reply + end, query->opt, rcode, udp_size, cookie);
	}
	if (reason != REASON_tsig)
		return end;
	tsig = put_tsig(ret_reply + end, query, msg);
	if (end + tsig > room_of(query, udp_size, tcp)) {
		ret_reply[2] |= FLAG_TC;
		return end;
	}
	knot_wire_set_arcount(ret_reply, query->opt ? 2 : 1);
	return end + tsig;
}

size_t reply_cookie(uint8_t *ret_reply, const uint8_t *msg, const struct query *query,
		    enum dnsbolt_reason reason, uint16_t udp_size, const uint8_t *cookie)
{
	uint16_t rcode = reason == REASON_badcookie ? KNOT_RCODE_BADCOOKIE : KNOT_RCODE_NOERROR;
	size_t end = put_header(ret_reply, msg, 0, rcode);

	knot_wire_set_arcount(ret_reply, 1);
	return end + put_opt(ret_reply + end, query->opt, rcode, udp_size, cookie);
}
