/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is timed by test runs: each outcome, and each reason to pass that a frame alone can be made to end in. */
#include <libknot/libknot.h>
#include <string.h>

#include "../../userspace/lib/core.h"
#include "bench.h"

#define ETHERTYPE_ARP 0x0806
#define PROTOCOL_TCP 6
#define NAME "########.plain.example"
#define NAME_NSEC "########.nsec.example"
#define NAME_NSEC3 "########.nsec3.example"
#define NAME_MANY "########.names.example"
#define NAME_10 "####.len"
#define NAME_30 "########abcdefghijklmnop.len"
#define FILL63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"
#define NAME_250                                                                                   \
	"########00000000000000000000000000000000000000000000." FILL63 "." FILL63 "." FILL63 ".len"
#define WWW "www.plain.example"

/* ---- frames that are not for us ---- */

static void bend_arp(struct query *q)
{
	q->spec.ethertype = ETHERTYPE_ARP;
}

static void bend_tcp(struct query *q)
{
	q->spec.protocol = PROTOCOL_TCP;
}

static void bend_short(struct query *q)
{
	q->spec.cut = (unsigned int)(q->len + 10);
}

static void bend_port(struct query *q)
{
	q->spec.dport = 123;
}

static void bend_address(struct query *q)
{
	q->spec.dst.a[15] ^= 1;
}

static void bend_mac(struct query *q)
{
	q->spec.dmac[5] ^= 1;
}

static void bend_source(struct query *q)
{
	q->spec.src.a[12] = 224;
}

static void bend_tags(struct query *q, unsigned int n)
{
	unsigned int i;

	q->spec.n_vlan = n;
	for (i = 0; i < n; i++)
		q->spec.vlan[i] = (uint16_t)(10 + i);
}

static void bend_3_tags(struct query *q)
{
	bend_tags(q, 3);
}

static void bend_options(struct query *q)
{
	q->spec.ip_options = true;
}

static void bend_fragment(struct query *q)
{
	q->spec.fragment = true;
}

static void bend_length(struct query *q)
{
	q->spec.udp_len_add = 1;
}

static void bend_ip_sum(struct query *q)
{
	q->spec.bad_ip_sum = true;
}

static void bend_udp_sum(struct query *q)
{
	q->spec.udp_sum = FRAME_SUM_BAD;
}

/* ---- messages ---- */

static void bend_message_short(struct query *q)
{
	q->len = 8;
}

/* One option of EDNS as the last octets of the message (RFC 6891 section 6.1.2). */
static void add_option(struct query *q, uint16_t code, uint16_t len)
{
	uint8_t *opt_len = q->msg + q->len - 2, *p = q->msg + q->len;
	uint16_t old = knot_wire_read_u16(opt_len);

	if (q->msg[11] == 0)
		return;
	knot_wire_write_u16(opt_len, (uint16_t)(old + 4 + len));
	knot_wire_write_u16(p, code);
	knot_wire_write_u16(p + 2, len);
	memset(p + 4, 0, len);
	q->len += 4u + len;
}

static void bend_message_long(struct query *q)
{
	add_option(q, KNOT_EDNS_OPTION_PADDING, 500);
}

static void bend_response(struct query *q)
{
	knot_wire_set_qr(q->msg);
}

static void bend_opcode(struct query *q)
{
	knot_wire_set_opcode(q->msg, KNOT_OPCODE_UPDATE);
}

static void bend_rcode(struct query *q)
{
	knot_wire_set_rcode(q->msg, KNOT_RCODE_SERVFAIL);
}

static void bend_counts(struct query *q)
{
	knot_wire_set_qdcount(q->msg, 2);
}

static void bend_name(struct query *q)
{
	q->msg[KNOT_WIRE_HEADER_SIZE] = 0xc0;
}

static void bend_class(struct query *q)
{
	q->msg[q->len - 11 - 1] = KNOT_CLASS_ANY;
}

static void bend_trailing(struct query *q)
{
	q->msg[q->len++] = 0;
}

static void bend_additional(struct query *q)
{
	q->msg[q->len - 11 + 2] = KNOT_RRTYPE_A;
}

static void bend_edns_version(struct query *q)
{
	q->msg[q->len - 11 + 6] = 1;
}

static void bend_edns_malformed(struct query *q)
{
	q->msg[q->len - 1] = 1;
	q->msg[q->len++] = 0;
}

static void bend_many_options(struct query *q)
{
	unsigned int i;
	uint8_t *opt_len = q->msg + q->len - 2;

	for (i = 0; i < 40; i++) {
		knot_wire_write_u16(q->msg + q->len, 65001);
		knot_wire_write_u16(q->msg + q->len + 2, 0);
		q->len += 4;
	}
	knot_wire_write_u16(opt_len, 160);
}

/* ---- features ---- */

static void bend_tag(struct query *q)
{
	bend_tags(q, 1);
}

static void bend_2_tags(struct query *q)
{
	bend_tags(q, 2);
}

static void bend_unknown_option(struct query *q)
{
	add_option(q, 65001, 12);
}

static void bend_cookie(struct query *q)
{
	add_option(q, KNOT_EDNS_OPTION_COOKIE, 8);
}

static void bend_nsid(struct query *q)
{
	add_option(q, KNOT_EDNS_OPTION_NSID, 0);
}

static void bend_padding(struct query *q)
{
	add_option(q, KNOT_EDNS_OPTION_PADDING, 128 - 4);
}

static void bend_sum_zero(struct query *q)
{
	q->spec.udp_sum = FRAME_SUM_ZERO;
}

static void configure_off(struct dnsbolt_config *c)
{
	c->mode = DNSBOLT_MODE_OFF;
}

static void configure_shadow(struct dnsbolt_config *c)
{
	c->mode = DNSBOLT_MODE_SHADOW;
}

static void configure_orphaned(struct dnsbolt_config *c)
{
	c->alive_until = 1;
}

static void configure_alive(struct dnsbolt_config *c)
{
	c->alive_until = ~0ull;
}

static void configure_any(struct dnsbolt_config *c)
{
	c->any = DNSBOLT_ANY_PASS;
}

static void configure_options(struct dnsbolt_config *c)
{
	c->pass_options = DNSBOLT_OPT_NSID;
	c->cookie.mode = DNSBOLT_COOKIES_PASS;
}

/* So that nothing is over the limit. */
static void configure_limits(struct dnsbolt_config *c)
{
	unsigned int i;

	c->limit.flags = DNSBOLT_LIMIT_ON;
	for (i = 0; i < DNSBOLT_CLASSES; i++)
		c->limit.step[i] = i == DNSBOLT_CLASS_ALL ? 0 : 1;
	c->limit.burst = c->limit.window = 1u << 30;
	c->limit.ipv4_prefix = 24;
	c->limit.ipv6_prefix = 56;
}

static void configure_cookies(struct dnsbolt_config *c)
{
	configure_limits(c);
	c->cookie.mode = DNSBOLT_COOKIES_ANSWER;
	c->cookie.n_secrets = 1;
}

/* As the program gave it to that client just now. */
static void bend_own_cookie(struct query *q)
{
	static struct dnsbolt_config config;
	static const struct env_store view = { .config = &config };
	static const uint8_t client[8];
	uint8_t cookie[CORE_COOKIE];
	struct core *core;

	configure_cookies(&config);
	if (core_new(&core, &view))
		return;
	add_option(q, KNOT_EDNS_OPTION_COOKIE, CORE_COOKIE);
	if (core_begin(core, &q->spec.src) == REASON_none &&
	    core_cookie(core, client, sizeof(client), cookie) == DNSBOLT_COOKIE_CLIENT)
		memcpy(q->msg + q->len - CORE_COOKIE, cookie, CORE_COOKIE);
	core_free(core);
}

static void configure_nsid(struct dnsbolt_config *c)
{
	c->nsid.len = 8;
	memcpy(c->nsid.text, "bench123", 8);
}

static void configure_identity(struct dnsbolt_config *c)
{
	c->server.len = 8;
	memcpy(c->server.text, "bench123", 8);
}

static void bend_chaos(struct query *q)
{
	q->msg[q->len - 11 - 1] = KNOT_CLASS_CH;
}

/* ---- the table ---- */

#define A KNOT_RRTYPE_A
#define UNIFORM DRAW_UNIFORM
#define TX(group, name, ask, type, flags, draw, reason)                                            \
	{                                                                                          \
		group, name, ask, type, REASON_##reason, flags, draw, NULL, NULL                   \
	}
#define BENT(group, name, flags, draw, reason, bend, configure)                                    \
	{                                                                                          \
		group, name, NAME, A, REASON_##reason, flags, draw, bend, configure                \
	}
/* Passed, and in group "pass early" or "pass late" by how much was looked at. */
#define EARLY(reason, flags, bend, configure)                                                      \
	{                                                                                          \
		"pass early", #reason, WWW, A, REASON_##reason, flags, DRAW_NONE, bend, configure  \
	}
#define LATE(reason, ask, type, flags, bend, configure)                                            \
	{                                                                                          \
		"pass late", #reason, ask, type, REASON_##reason, flags, DRAW_NONE, bend,          \
			configure                                                                  \
	}

const struct ns_row bench_rows[] = {
	TX("outcome", "hit A", NAME, A, ASK_EDNS, UNIFORM, answer),
	TX("outcome", "hit A, one name", WWW, A, ASK_EDNS, DRAW_NONE, answer),
	TX("outcome", "hit A, Zipf", NAME, A, ASK_EDNS, DRAW_ZIPF, answer),
	TX("outcome", "hit AAAA, IPv6", NAME, KNOT_RRTYPE_AAAA, ASK_EDNS | ASK_IPV6, UNIFORM,
	   answer),
	TX("outcome", "signed hit", NAME_NSEC, A, ASK_DO, UNIFORM, answer),
	TX("outcome", "referral", "########.sub.plain.example", A, ASK_EDNS, DRAW_ABSENT, referral),
	TX("outcome", "CNAME chain of 3", "alias.plain.example", A, ASK_EDNS, DRAW_NONE, cname),
	TX("outcome", "NODATA", NAME, KNOT_RRTYPE_MX, ASK_EDNS, UNIFORM, nodata),
	TX("outcome", "NODATA, NSEC", NAME_NSEC, KNOT_RRTYPE_MX, ASK_DO, UNIFORM, nodata),
	TX("outcome", "NODATA, NSEC3", NAME_NSEC3, KNOT_RRTYPE_MX, ASK_DO, UNIFORM, nodata),
	TX("outcome", "NXDOMAIN", NAME, A, ASK_EDNS, DRAW_ABSENT, nxdomain),
	TX("outcome", "NXDOMAIN, NSEC", NAME_NSEC, A, ASK_DO, DRAW_ABSENT, nxdomain),
	TX("outcome", "NXDOMAIN, NSEC3", NAME_NSEC3, A, ASK_DO, DRAW_ABSENT, nxdomain),
	TX("outcome", "wildcard", "########.w.plain.example", A, ASK_EDNS, DRAW_ABSENT, answer),
	TX("outcome", "wildcard, NSEC", "########.w.nsec.example", A, ASK_DO, DRAW_ABSENT, answer),
	TX("outcome", "wildcard, NSEC3", "########.w.nsec3.example", A, ASK_DO, DRAW_ABSENT,
	   answer),
	TX("outcome", "DNAME", "www.dname.odd.example", A, ASK_EDNS, DRAW_NONE, dname),
	TX("outcome", "TC", "large.plain.example", KNOT_RRTYPE_TXT, 0, DRAW_NONE, truncated),
	{ "outcome", "identity", "id.server", KNOT_RRTYPE_TXT, REASON_identity, ASK_EDNS, DRAW_NONE,
	  bend_chaos, configure_identity },

	TX("name length", "10 octets", NAME_10, A, ASK_EDNS, UNIFORM, answer),
	TX("name length", "30 octets", NAME_30, A, ASK_EDNS, UNIFORM, answer),
	TX("name length", "250 octets", NAME_250, A, ASK_EDNS, UNIFORM, answer),

	TX("many names", "uniform", NAME_MANY, A, ASK_EDNS, UNIFORM, answer),
	TX("many names", "Zipf", NAME_MANY, A, ASK_EDNS, DRAW_ZIPF, answer),
	TX("many names", "NXDOMAIN", NAME_MANY, A, ASK_EDNS, DRAW_ABSENT, nxdomain),

	BENT("feature", "no EDNS", 0, UNIFORM, answer, NULL, NULL),
	BENT("feature", "unknown option", ASK_EDNS, UNIFORM, answer, bend_unknown_option, NULL),
	BENT("feature", "padding to 128", ASK_EDNS, UNIFORM, answer, bend_padding, NULL),
	BENT("feature", "COOKIE ignored", ASK_EDNS, UNIFORM, answer, bend_cookie, NULL),
	BENT("feature", "NSID answered", ASK_EDNS, UNIFORM, answer, bend_nsid, configure_nsid),
	BENT("feature", "one VLAN tag", ASK_EDNS, UNIFORM, answer, bend_tag, NULL),
	BENT("feature", "two VLAN tags", ASK_EDNS, UNIFORM, answer, bend_2_tags, NULL),
	BENT("feature", "A over IPv6", ASK_EDNS | ASK_IPV6, UNIFORM, answer, NULL, NULL),
	{ "feature", "no UDP checksum", WWW, A, REASON_answer, ASK_EDNS, DRAW_NONE, bend_sum_zero,
	  NULL },
	BENT("feature", "limited", ASK_EDNS, UNIFORM, answer, NULL, configure_limits),
	BENT("feature", "limited, and a cookie made", ASK_EDNS, UNIFORM, answer, bend_cookie,
	     configure_cookies),
	BENT("feature", "limits, and a valid cookie", ASK_EDNS, UNIFORM, answer, bend_own_cookie,
	     configure_cookies),
	BENT("feature", "the same by IPv6", ASK_EDNS | ASK_IPV6, UNIFORM, answer, bend_own_cookie,
	     configure_cookies),
	BENT("feature", "orphan-timeout", ASK_EDNS, UNIFORM, answer, NULL, configure_alive),
	BENT("feature", "shadow", ASK_EDNS, UNIFORM, shadow, NULL, configure_shadow),

	EARLY(off, ASK_EDNS, NULL, configure_off),
	EARLY(not_ip, ASK_EDNS, bend_arp, NULL),
	EARLY(not_udp, ASK_EDNS, bend_tcp, NULL),
	EARLY(short_frame, ASK_EDNS, bend_short, NULL),
	EARLY(vlan_depth, ASK_EDNS, bend_3_tags, NULL),
	EARLY(not_port, ASK_EDNS, bend_port, NULL),
	EARLY(ip_options, ASK_EDNS, bend_options, NULL),
	EARLY(fragment, ASK_EDNS, bend_fragment, NULL),
	EARLY(extension, ASK_EDNS | ASK_IPV6, bend_options, NULL),
	EARLY(length, ASK_EDNS, bend_length, NULL),
	EARLY(not_mac, ASK_EDNS, bend_mac, NULL),
	EARLY(not_address, ASK_EDNS, bend_address, NULL),
	EARLY(bad_source, ASK_EDNS, bend_source, NULL),
	EARLY(message_short, 0, bend_message_short, NULL),
	EARLY(message_long, ASK_EDNS, bend_message_long, NULL),
	EARLY(ip_checksum, ASK_EDNS, bend_ip_sum, NULL),
	EARLY(udp_checksum, ASK_EDNS, bend_udp_sum, NULL),
	EARLY(orphaned, ASK_EDNS, NULL, configure_orphaned),

	LATE(response, WWW, A, ASK_EDNS, bend_response, NULL),
	LATE(opcode, WWW, A, ASK_EDNS, bend_opcode, NULL),
	LATE(query_rcode, WWW, A, ASK_EDNS, bend_rcode, NULL),
	LATE(counts, WWW, A, ASK_EDNS, bend_counts, NULL),
	LATE(qname, WWW, A, ASK_EDNS, bend_name, NULL),
	LATE(qclass, WWW, A, ASK_EDNS, bend_class, NULL),
	LATE(qtype, WWW, KNOT_RRTYPE_OPT, ASK_EDNS, NULL, NULL),
	LATE(transfer, WWW, KNOT_RRTYPE_AXFR, ASK_EDNS, NULL, NULL),
	LATE(mailbox, WWW, 253, ASK_EDNS, NULL, NULL),
	LATE(any, WWW, KNOT_RRTYPE_ANY, ASK_EDNS, NULL, configure_any),
	LATE(trailing, WWW, A, ASK_EDNS, bend_trailing, NULL),
	LATE(additional, WWW, A, ASK_EDNS, bend_additional, NULL),
	LATE(edns_version, WWW, A, ASK_EDNS, bend_edns_version, NULL),
	LATE(edns_malformed, WWW, A, ASK_EDNS, bend_edns_malformed, NULL),
	LATE(edns_options, WWW, A, ASK_EDNS, bend_many_options, NULL),
	LATE(cookie, WWW, A, ASK_EDNS, bend_cookie, configure_options),
	LATE(host_option, WWW, A, ASK_EDNS, bend_nsid, configure_options),
	{ "pass late", "not_ours", "########.example.org", A, REASON_not_ours, ASK_EDNS,
	  DRAW_ABSENT, NULL, NULL },
	LATE(cname_odd, "loop1.odd.example", A, ASK_EDNS, NULL, NULL),
	LATE(dname_twice, "x.twice.odd.example", A, ASK_EDNS, NULL, NULL),
	LATE(wildcard_odd, "x.cut.odd.example", A, ASK_EDNS, NULL, NULL),
};

const size_t bench_n_rows = sizeof(bench_rows) / sizeof(bench_rows[0]);
