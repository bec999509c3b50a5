/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Stage 2: the header and the question (RFC 1035 section 4.1). The name is walked once for its labels, then
 * lower-cased and hashed eight octets at a time. Its ancestors are hashed where they are looked for.
 */
#ifndef DNSBOLT_CORE_QUESTION_H
#define DNSBOLT_CORE_QUESTION_H

#include "../reasons.h"
#include "cookie.h"
#include "csum.h"
#include "env.h"
#include "hash.h"

/* Third octet of the header:  QR | OPCODE (4) | AA | TC | RD;  fourth:  RA | Z | AD | CD | RCODE (4) */
#define HEADER_QR 0x80u
#define HEADER_OPCODE 0x78u
#define HEADER_AA 0x04u
#define HEADER_TC 0x02u
#define HEADER_RD 0x01u
#define HEADER_RCODE 0x0fu

#define QTYPE_OPT 41u
#define QTYPE_META_FIRST 128u /* RFC 6895 section 3.1: 128 to 255 are Q and meta types */
#define QTYPE_IXFR 251u
#define QTYPE_AXFR 252u
#define QTYPE_MAILB 253u
#define QTYPE_MAILA 254u
#define QTYPE_ANY 255u
#define QTYPE_CNAME 5u
#define QTYPE_TXT 16u
#define QTYPE_DNAME 39u
#define QTYPE_DS 43u
#define QTYPE_RRSIG 46u
#define QCLASS_IN 1u
#define QCLASS_CH 3u

#define WALK_BAD 0xffffu

/* What a response must never be answered for: that comes first (a loop between two servers). */
static __always_inline int question_header(const __u8 *m)
{
	if (m[2] & HEADER_QR)
		return REASON_response;
	if (m[2] & HEADER_OPCODE)
		return REASON_opcode;
	if ((m[2] & HEADER_TC) || (m[3] & HEADER_RCODE))
		return REASON_query_rcode;
	/* QDCOUNT 1, ANCOUNT 0, NSCOUNT 0, ARCOUNT at most 1 */
	if (env_get32(m + 4) != __builtin_bswap32(0x00010000) || env_get16(m + 8) || m[10] ||
	    m[11] > 1)
		return REASON_counts;
	return 0;
}

/* Labels that are walked without a loop of calls, which costs more than they do. Most names have no more. */
#define QUESTION_FEW 6u

/* The i-th label of the name as it came, at p. Returns where the next one starts; 0: that was the root label, or, with labels left at
 * WALK_BAD, a compression pointer, an extended label type (RFC 6891 section 5), or past 255 octets. */
static __always_inline __u32 question_step(struct scratch *s, const __u8 *name, __u32 i, __u32 p)
{
	__u32 len = name[p & 255];

	s->at[i & 127] = (__u8)p;
	if (!len) {
		s->labels = (__u16)i;
		s->name_len = (__u16)(p + 1);
		return 0;
	}
	return len > 63 || p + 1 + len > DNSBOLT_NAME_MAX - 1 ? 0 : p + 1 + len;
}

struct question_walk {
	struct scratch *s;
	const __u8 *name;
};

static long question_label(__u32 i, void *arg)
{
	struct question_walk *w = arg;

	w->s->walk = question_step(w->s, w->name, QUESTION_FEW + i, w->s->walk);
	return !w->s->walk;
}

/* Finds the labels of a name of the scratch. What lies behind it there is an older query's: the caller compares the
 * length. */
static __always_inline int question_labels(struct scratch *s, const __u8 *name)
{
	struct question_walk w = { s, name };
	__u32 i, p = 0;

	s->labels = WALK_BAD;
	s->name_len = 0;
	for (i = 0; i < QUESTION_FEW; i++) {
		p = question_step(s, name, i, p);
		if (!p)
			break;
	}
	if (p) {
		s->walk = p;
		env_loop(DNSBOLT_LABELS_MAX + 1 - QUESTION_FEW, question_label, &w);
	}
	return s->labels > DNSBOLT_LABELS_MAX ? REASON_qname : 0;
}

static __always_inline int question_walk(struct scratch *s)
{
	if (question_labels(s, (__u8 *)s->frame + FRAME_NAME) ||
	    DNS_HEADER + s->name_len + DNS_QFIXED > (__u32)s->msg_len)
		return REASON_qname;
	return 0;
}

/* 'A' to 'Z' of eight octets to lower case. Length octets are at most 63 and thus below 'A'. */
static __always_inline __u64 question_lower(__u64 w)
{
	__u64 low7 = w & 0x7f7f7f7f7f7f7f7full;
	__u64 from_a = low7 + 0x3f3f3f3f3f3f3f3full, past_z = low7 + 0x2525252525252525ull;

	return w + ((from_a & ~past_z & ~w & 0x8080808080808080ull) >> 2);
}

/* Lower-cases the name into the scratch, with zeros up to a multiple of 8 and a word of them behind, and hashes it. Returns the sum of
 * the octets as they came. */
static __always_inline __u64 question_copy(struct scratch *s, const struct dnsbolt_config *c,
					   const __u8 *name)
{
	__u64 k1 = c->hash_key[0], k2 = c->hash_key[1], h = c->hash_seed, sum = 0, w;
	__u32 i, len = s->name_len, words = len / 8;

	/* That there are few of them, verifiers know by the loop's own bound alone: clang would leave it out. */
	env_barrier_var(words);
	for (i = 0; i < DNSBOLT_NAME_MAX / 8; i++) {
		if (i >= words)
			break;
		w = env_get64(name + i * 8);
		sum = csum_add64(sum, w);
		w = question_lower(w);
		s->name[i] = w;
		h = hash_word(h, w, k1, k2);
	}
	w = len & 7 ? env_get64(name + i * 8) << (64 - len % 8 * 8) >> (64 - len % 8 * 8) : 0;
	sum = csum_add64(sum, w);
	w = question_lower(w);
	s->name[i] = w;
	s->name[i + 1] = 0;
	s->hash = hash_word(h, w, k1, k2);
	return sum;
}

/* The hash of the ancestor whose name starts at `from`. */
static __always_inline __u64 question_hash(const struct scratch *s, const struct dnsbolt_config *c,
					   __u32 from)
{
	__u64 k1 = c->hash_key[0], k2 = c->hash_key[1], h = c->hash_seed;
	__u32 i, words = (s->name_len - from) / 8;

	/* That there are few of them, verifiers know by the loop's own bound alone: clang would leave it out. */
	env_barrier_var(words);
	for (i = 0; i < DNSBOLT_NAME_MAX / 8 + 1; i++) {
		if (i > words)
			break;
		h = hash_word(h, env_get64((const __u8 *)s->name + ((from + i * 8) & 255)), k1, k2);
	}
	return h;
}

/* No record can have a type of these: 0 and OPT (RFC 6895 section 3.1), and those of 128 and above that stand for something
 * else: NXNAME, TKEY, TSIG (RFC 9824 section 3.5 calls for FORMERR), transfers, mail. */
static __always_inline int question_meta(__u32 type)
{
	if (type < QTYPE_META_FIRST && type && type != QTYPE_OPT) /* most of them */
		return 0;
	if (type == QTYPE_AXFR || type == QTYPE_IXFR)
		return REASON_transfer;
	if (type == QTYPE_MAILA || type == QTYPE_MAILB)
		return REASON_mailbox;
	return type < QTYPE_ANY ? REASON_qtype : 0;
}

/* QTYPE and QCLASS. ANY, and RRSIG, which is its like, are another's business by configuration (RFC 8482), if there is
 * another. */
static __always_inline int question_type(struct scratch *s, const struct dnsbolt_config *c)
{
	const __u8 *p = (__u8 *)s->frame + FRAME_NAME + (s->name_len & 255);
	int r;

	s->qtype = env_get_be16(p);
	s->qclass = env_get_be16(p + 2);
	s->question_end = (__u16)(DNS_HEADER + s->name_len + DNS_QFIXED);
	s->chaos = s->qclass == QCLASS_CH && s->qtype == QTYPE_TXT;
	if (s->qclass != QCLASS_IN)
		return s->chaos ? 0 : REASON_qclass;
	r = question_meta(s->qtype);
	if (!r && c->any == DNSBOLT_ANY_PASS && !s->alone &&
	    (s->qtype == QTYPE_ANY || s->qtype == QTYPE_RRSIG))
		r = REASON_any;
	return r;
}

static __always_inline int question_parse(struct scratch *s, const struct dnsbolt_config *c)
{
	int r;

	s->question_end = 0;
	s->edns = 0;
	s->dnssec_ok = 0;
	s->nsid = 0;
	s->chaos = 0;
	s->cookie_len = 0;
	s->has_cookie = 0;
	s->udp_size = DNS_UDP_MIN;
	s->zone = ~0u;
	s->flips = env_read_acquire(&c->flips, s);
	r = question_header(env_message(s));
	if (r)
		return r;
	if (cookie_is_on(c))
		s->cookie = DNSBOLT_COOKIE_NONE;
	r = question_walk(s);
	if (r)
		return r;
	return question_type(s, c);
}

static __always_inline void question_name(struct scratch *s, const struct dnsbolt_config *c)
{
	const __u8 *p;
	__u64 sum;

	sum = question_copy(s, c, (__u8 *)s->frame + FRAME_NAME);
	p = (__u8 *)s->frame + FRAME_NAME + (s->name_len & 255);
	s->question_sum = sum + csum_at(env_get16(p) + env_get16(p + 2), s->name_len);
}

#endif /* DNSBOLT_CORE_QUESTION_H */
