/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query.h"

#include <libknot/libknot.h>
#include <string.h>

#define HEADER_LEN 12u	     /* RFC 1035 section 4.1.1 */
#define QUESTION_FIXED 4u    /* QTYPE, QCLASS: section 4.1.2 */
#define RECORD_FIXED 10u     /* type, class, TTL, RDLENGTH: section 4.1.3 */
#define OPT_LEN 11u	     /* RFC 6891 section 6.1.2, without options */
#define OPTION_HEADER_LEN 4u /* same section */
#define OPTION_NSID 3	     /* RFC 5001 */
#define OPTION_ECS 8	     /* RFC 7871 */
#define OPTION_EXPIRE 9	     /* RFC 7314 */
#define OPTION_COOKIE 10     /* RFC 7873 */
/* Of TSIG's RDATA, behind the algorithm's name: time, fudge, MAC size, and, behind the MAC, original ID, error, other length
 * (RFC 8945 section 4.2) */
#define TSIG_BEFORE_MAC 10u
#define TSIG_BEHIND_MAC 6u

#define MASK_OPCODE 0x78 /* octet 2 */
#define FLAG_AA 0x04	 /* octet 2 */

enum section { SECTION_ANSWER = 1, SECTION_AUTHORITY, SECTION_ADDITIONAL, SECTIONS };

struct reader {
	struct query *query;
	const uint8_t *msg, *at, *end;
	enum dnsbolt_reason fault; /* the first that was found */
	bool no_question;
};

static void fault(struct reader *reader, enum dnsbolt_reason reason)
{
	if (!reader->fault)
		reader->fault = reason;
}

static size_t left(const struct reader *reader)
{
	return (size_t)(reader->end - reader->at);
}

/* One name, and `fixed` octets that must follow it. `pkt` NULL: it must not be compressed. */
static bool read_name(struct reader *reader, size_t fixed, const uint8_t *pkt)
{
	int len = knot_dname_wire_check(reader->at, reader->end, pkt);

	if (len <= 0 || left(reader) < (size_t)len + fixed)
		return false;
	reader->at += len;
	return true;
}

/* RFC 9619: a query has exactly one; RFC 7873 section 5.4: or none, where it has a cookie. */
static bool read_questions(struct reader *reader)
{
	uint16_t n = knot_wire_get_qdcount(reader->msg), i;

	reader->no_question = n == 0;
	if (n > 1)
		fault(reader, REASON_counts);
	for (i = 0; i < n; i++) {
		if (!read_name(reader, QUESTION_FIXED, i ? reader->msg : NULL)) {
			fault(reader, REASON_qname);
			return false;
		}
		reader->at += QUESTION_FIXED;
	}
	if (n == 1)
		reader->query->question_end = (size_t)(reader->at - reader->msg);
	return true;
}

/* Of the root (RFC 6891 section 6.1.2), in the additional section, and only one (section 6.1.1). One that is cut off
 * is answered all the same (section 7). */
static void read_opt(struct reader *reader, const uint8_t *owner, enum section section, bool whole)
{
	struct query *query = reader->query;

	if (*owner || section != SECTION_ADDITIONAL || query->opt || !whole)
		fault(reader, REASON_edns_malformed);
	if (!*owner && !query->opt)
		query->opt = owner;
}

/* RFC 8945 section 4.2 */
static bool is_tsig_rdata(const uint8_t *rdata, const uint8_t *end)
{
	int name = knot_dname_wire_check(rdata, end, NULL);
	size_t len = (size_t)(end - rdata), need;

	if (name <= 0)
		return false;
	need = (size_t)name + TSIG_BEFORE_MAC;
	if (len < need)
		return false;
	need += knot_wire_read_u16(rdata + need - 2) + TSIG_BEHIND_MAC;
	return len >= need && len == need + knot_wire_read_u16(rdata + need - 2);
}

/* The last record of all, of class ANY (RFC 8945 sections 4.2 and 5.2). */
static void read_tsig(struct reader *reader, const uint8_t *owner, const uint8_t *fixed, bool last)
{
	if (!last || knot_wire_read_u16(fixed + 2) != KNOT_CLASS_ANY ||
	    !is_tsig_rdata(fixed + RECORD_FIXED, reader->at)) {
		fault(reader, REASON_additional);
		return;
	}
	reader->query->tsig = owner;
	reader->query->tsig_rdata = fixed + RECORD_FIXED;
}

static bool read_record(struct reader *reader, enum section section, bool last)
{
	const uint8_t *owner = reader->at, *fixed;
	size_t rdlen;

	if (!read_name(reader, RECORD_FIXED, reader->msg))
		return false;
	fixed = reader->at;
	reader->at += RECORD_FIXED;
	rdlen = knot_wire_read_u16(fixed + 8);
	if (knot_wire_read_u16(fixed) == KNOT_RRTYPE_OPT)
		read_opt(reader, owner, section, rdlen <= left(reader));
	if (rdlen > left(reader))
		return false;
	reader->at += rdlen;
	if (knot_wire_read_u16(fixed) == KNOT_RRTYPE_TSIG)
		read_tsig(reader, owner, fixed, section == SECTION_ADDITIONAL && last);
	return true;
}

/* Records that a query has no use for are no fault: answers and authority (that of IXFR apart), SIG(0), whose
 * keys nobody here has, octets behind all of them. */
static void read_message(struct reader *reader)
{
	unsigned int section, i, n;

	if (!read_questions(reader))
		return;
	for (section = SECTION_ANSWER; section < SECTIONS; section++) {
		n = knot_wire_read_u16(reader->msg + 4 + 2 * section);
		for (i = 0; i < n; i++) {
			if (!read_record(reader, (enum section)section, i == n - 1)) {
				fault(reader, section == SECTION_ADDITIONAL ? REASON_additional
									    : REASON_counts);
				return;
			}
		}
	}
}

static size_t opt_len(const uint8_t *opt)
{
	return OPT_LEN + knot_wire_read_u16(opt + OPT_LEN - 2);
}

/* An option's length with its header; 0: it is cut off. */
static size_t option_len(const uint8_t *option, const uint8_t *end)
{
	size_t room = (size_t)(end - option), len;

	if (room < OPTION_HEADER_LEN)
		return 0;
	len = OPTION_HEADER_LEN + knot_wire_read_u16(option + 2);
	return len <= room ? len : 0;
}

/* One that is cut off is the last that was read. */
static bool opt_is_whole(const struct reader *reader)
{
	size_t room = (size_t)(reader->end - reader->query->opt);

	return room >= OPT_LEN && opt_len(reader->query->opt) <= room;
}

static bool options_are_whole(const uint8_t *opt)
{
	const uint8_t *at = opt + OPT_LEN, *end = opt + opt_len(opt);
	size_t len;

	for (; at < end; at += len) {
		len = option_len(at, end);
		if (!len)
			return false;
	}
	return true;
}

static void find_cookie(struct query *query)
{
	const uint8_t *at = query->opt + OPT_LEN, *end = query->opt + opt_len(query->opt);

	for (; at < end; at += option_len(at, end)) {
		if (knot_wire_read_u16(at) != OPTION_COOKIE)
			continue;
		query->cookie = at + OPTION_HEADER_LEN;
		query->cookie_len = option_len(at, end) - OPTION_HEADER_LEN;
		return;
	}
}

/* A message without a question asks for a cookie, or for nothing. */
static enum dnsbolt_reason judge_no_question(const struct reader *reader)
{
	const uint8_t *msg = reader->msg;

	if (knot_wire_get_ancount(msg) || knot_wire_get_nscount(msg) || reader->fault ||
	    reader->query->tsig || !reader->query->cookie)
		return REASON_counts;
	return REASON_cookie_only;
}

/* In the order of the table in dnsbolt-resolver(8): version first (RFC 6891 section 6.1.3), whatever is asked; what
 * another opcode's sections mean is not known. */
static enum dnsbolt_reason judge(const struct reader *reader)
{
	const struct query *query = reader->query;

	if (query->opt && query->opt[6])
		return REASON_edns_version;
	if (reader->msg[2] & MASK_OPCODE)
		return REASON_opcode;
	if (reader->no_question)
		return judge_no_question(reader);
	if (reader->fault)
		return reader->fault;
	if (query->opt && !options_are_whole(query->opt))
		return REASON_edns_malformed;
	return query->tsig ? REASON_tsig : REASON_none;
}

/* ---- the plain query ---- */

static bool is_looked_at(uint16_t code)
{
	return code == OPTION_NSID || code == OPTION_ECS || code == OPTION_EXPIRE ||
	       code == OPTION_COOKIE;
}

/* Appends the first option of each code that the core looks at to the OPT record at `to`. Returns the octets of options. */
static size_t plain_options(uint8_t *to, const uint8_t *opt)
{
	const uint8_t *at = opt + OPT_LEN, *end = opt + opt_len(opt);
	bool seen[OPTION_COOKIE + 1] = { false };
	size_t len, keep, n = 0;

	for (; at < end; at += len) {
		uint16_t code = knot_wire_read_u16(at);

		len = option_len(at, end);
		if (!is_looked_at(code) || seen[code])
			continue;
		seen[code] = true;
		keep = len < QUERY_OPTION_MAX ? len : QUERY_OPTION_MAX;
		memcpy(to + OPT_LEN + n, at, keep);
		knot_wire_write_u16(to + OPT_LEN + n + 2, (uint16_t)(keep - OPTION_HEADER_LEN));
		n += keep;
	}
	return n;
}

/* Extended RCODE and unknown flags of a query say nothing. */
static size_t plain_opt(uint8_t *to, const uint8_t *opt)
{
	size_t options = plain_options(to, opt);

	memcpy(to, opt, OPT_LEN);
	to[5] = 0;
	knot_wire_write_u16(to + 9, (uint16_t)options);
	return OPT_LEN + options;
}

/* TC, RCODE and their like of a query say nothing either (RFC 1035 section 4.1.1). */
static void make_plain(struct query *query, const uint8_t *msg)
{
	uint8_t *to = query->plain, *class = to + query->question_end - 2;

	memcpy(to, msg, query->question_end);
	to[2] &= 0x01; /* RD */
	to[3] = 0;
	memset(to + 6, 0, HEADER_LEN - 6);
	query->any_class = knot_wire_read_u16(class) == KNOT_CLASS_ANY;
	if (query->any_class)
		knot_wire_write_u16(class, KNOT_CLASS_IN);
	query->plain_len = query->question_end;
	if (!query->opt)
		return;
	to[11] = 1;
	query->plain_len += plain_opt(to + query->question_end, query->opt);
}

enum dnsbolt_reason query_read(struct query *ret_query, const uint8_t *msg, size_t len)
{
	struct reader reader = {
		.query = ret_query, .msg = msg, .at = msg + HEADER_LEN, .end = msg + len
	};
	enum dnsbolt_reason reason;

	memset(ret_query, 0, offsetof(struct query, plain));
	if (knot_wire_get_qr(msg))
		return REASON_response;
	read_message(&reader);
	if (ret_query->opt && opt_is_whole(&reader) && options_are_whole(ret_query->opt))
		find_cookie(ret_query);
	reason = judge(&reader);
	if (!reason)
		make_plain(ret_query, msg);
	return reason;
}

/* An answer that may not cover all classes is not authoritative (RFC 1035 section 6.2). */
void query_restore(const struct query *query, uint8_t *reply)
{
	if (!query->any_class)
		return;
	reply[2] &= (uint8_t)~FLAG_AA;
	knot_wire_write_u16(reply + query->question_end - 2, KNOT_CLASS_ANY);
}
