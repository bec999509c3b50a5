/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Stage 7: the reply. First commit_room(), the last step that can fail: until it has succeeded not one octet
 * of the packet was written, and where it fails the packet is the query again. Then parts, OPT, and, last, for
 * the checksum, the headers, over those of the query. The question stays where it is; only in a frame that has grown in front are headers
 * and question put back first.
 *
 * OPT and headers are made in registers, word by word in the order of memory: octets that are stored one by one and read again as a
 * word make the CPU wait for its stores.
 *
 * The compression pointers are written here, as their targets depend on the question's length and on where the part
 * stands (bpf/abi.h).
 */
#ifndef DNSBOLT_CORE_COMMIT_H
#define DNSBOLT_CORE_COMMIT_H

#include "../reasons.h"
#include "csum.h"
#include "env.h"
#include "packet.h"
#include "edns.h"
#include "plan.h"
#include "question.h"

#define COMMIT_FRAME_MIN 60u	  /* Ethernet, without the check sequence */
#define COMMIT_TARGET_MAX 0x3fffu /* RFC 1035 section 4.1.4 */
#define COMMIT_POINTER 0xc000u
#define COMMIT_FOLD 0x8000u
#define COMMIT_HALF 40u	     /* the headers are 42 to 70 octets */
#define COMMIT_COPY_MAX 256u /* octets copied here, not by a helper */
#define COMMIT_PTRS_FEW 4u   /* pointers written at once: a call costs more than they do */
#define COMMIT_NSID_WORDS ((4u + DNSBOLT_IDENTITY_MAX + 7) / 8)

_Static_assert(2 * COMMIT_HALF >= FRAME_HEADERS_MAX && FRAME_DNS >= FRAME_HEADERS_MAX,
	       "the halves meet, and there is a place for them");

/* Two spans of COMMIT_HALF octets that are all of what is in front of the message, the second one over the end of the first. Returns
 * where the headers begin in scratch.frame; 0: that cannot be. */
static __always_inline __u32 commit_front(struct env_ctx *ctx, const struct scratch *s,
					  __u8 **ret_first, __u8 **ret_last)
{
	__u32 at = FRAME_DNS - s->dns;

	*ret_first = env_span(ctx, 0, COMMIT_HALF);
	*ret_last = env_span(ctx, (__u32)s->dns - COMMIT_HALF, COMMIT_HALF);
	env_barrier_var(at);
	return *ret_first && *ret_last && at <= FRAME_DNS - COMMIT_HALF ? at : 0;
}

/* Keeps the headers in front of the message in the scratch. */
static __always_inline int commit_keep(struct env_ctx *ctx, struct scratch *s)
{
	__u8 *first = 0, *last = 0, *to = (__u8 *)s->frame;
	__u32 at = commit_front(ctx, s, &first, &last);

	if (!at || !first || !last)
		return -1;
	env_copy(to + at, first, COMMIT_HALF);
	env_copy(to + FRAME_DNS - COMMIT_HALF, last, COMMIT_HALF);
	return 0;
}

/* What the tail does not give is taken in front, `need` octets in all. Then what stands in front is in the scratch, to be put back
 * (scratch.moved). -1: the packet is as it was. */
ENV_STAGE int commit_grow(struct env_ctx *ctx, struct scratch *s, __u32 need)
{
	/* A headroom of 256 less struct xdp_frame gives 216; drivers with 192 give 152. */
	static const __u32 steps[] = { 216, 152, 88, 40 };
	__u32 i, head;

	if (!s || commit_keep(ctx, s))
		return -1;
	ENV_UNROLL
	for (i = 0; i < 4; i++) {
		head = steps[i] < need ? steps[i] : need;
		if (env_adjust_head(ctx, -(int)head))
			continue;
		if (head == need || !env_adjust_tail(ctx, (int)(need - head))) {
			s->moved = 1;
			return 0;
		}
		env_adjust_head(ctx, (int)head);
	}
	return -1;
}

/* Makes the frame longer. packet_parse() has seen to it that there are no other buffers, unless behind a small first one: then it is the
 * last of them that has grown, which is taken back. */
static __always_inline int commit_longer(struct env_ctx *ctx, struct scratch *s, __u32 target)
{
	int by = (int)(target - s->frame_len);

	if (!env_adjust_tail(ctx, by)) {
		if ((__u32)(env_data_end(ctx) - env_data(ctx)) == target)
			return 0;
		env_adjust_tail(ctx, -by);
		return REASON_multi_buffer;
	}
	if (packet_has_more(ctx, s))
		return REASON_multi_buffer;
	return commit_grow(ctx, s, (__u32)by) ? REASON_no_room : 0;
}

static __always_inline int commit_room(struct env_ctx *ctx, struct scratch *s)
{
	__u32 target;

	s->moved = 0;
	target = s->dns + s->reply_len;
	if (target < COMMIT_FRAME_MIN && s->frame_len >= COMMIT_FRAME_MIN)
		target = COMMIT_FRAME_MIN;
	if (target > s->frame_len)
		return commit_longer(ctx, s, target);
	if (packet_has_more(ctx, s))
		return REASON_multi_buffer;
	if (target == s->frame_len)
		return 0;
	return env_adjust_tail(ctx, (int)(target - s->frame_len)) ? REASON_no_room : 0;
}

/* Two spans of `half` octets, a constant, the second one over the end of the first. */
static __always_inline int commit_halves(struct env_ctx *ctx, __u32 at, const __u8 *from, __u32 len,
					 const __u32 half)
{
	__u8 *to, *last;

	len = (len - half) & 255;
	env_barrier_var(len);
	to = env_span(ctx, at, half);
	last = env_span(ctx, at + len, half);
	if (!to || !last || len > half)
		return -1;
	env_copy(to, from, half);
	env_copy(last, from + len, half);
	return 0;
}

/* `len` octets to that offset of the packet. Of the usual sizes a helper's call would cost more than the copy. At least
 * COMMIT_COPY_MAX octets may be read from `from`. */
static __always_inline int commit_copy(struct env_ctx *ctx, __u32 at, const void *from, __u32 len)
{
	if (len < 8 || len > COMMIT_COPY_MAX)
		return -1;
	if (len <= 16)
		return commit_halves(ctx, at, from, len, 8);
	if (len <= 32)
		return commit_halves(ctx, at, from, len, 16);
	if (len <= 64)
		return commit_halves(ctx, at, from, len, 32);
	if (len <= 128)
		return commit_halves(ctx, at, from, len, 64);
	return commit_halves(ctx, at, from, len, 128);
}

/* Two octets, in network order. */
static __always_inline int commit_be16(struct env_ctx *ctx, __u32 at, __u32 value)
{
	__u8 *to = env_span(ctx, at, 2);

	if (!to)
		return -1;
	env_put16(to, __builtin_bswap16((__u16)value));
	return 0;
}

struct commit_ptr {
	struct env_ctx *ctx;
	struct scratch *s;
	const struct dnsbolt_part *part;
	const __u8 *data;     /* the part's records */
	__u32 base;	      /* offset of the part in the message */
	__u32 name, name_end; /* where in the message the name stands that they are said of */
	__u32 n_ptr;
	__u32 at, len; /* commit_owner(): offset in the part of the next record; octets of it */
	__u32 bad;
};

/* The octets of a pointer at `at`. Beyond its reach, in a message by TCP, stands how far back the name is, as a label
 * of the type 10 that nobody uses (RFC 6891 section 5), until the message is unfolded. */
static __always_inline __u32 commit_target(struct commit_ptr *c, __u32 target, __u32 at)
{
	if (target <= COMMIT_TARGET_MAX)
		return COMMIT_POINTER | target;
	if (ENV_UNFOLDS)
		c->s->folded++;
	else
		c->bad = 1;
	return COMMIT_FOLD | ((at - target) & COMMIT_TARGET_MAX);
}

static __always_inline void commit_point(struct commit_ptr *c, __u32 i)
{
	struct scratch *s = c->s;
	const struct dnsbolt_ptr *ptr =
		&c->part->ptr[i & (ENV_PTRS_MAX == 65535 ? 65535 : ENV_PTRS_MAX - 1)];
	__u32 at = c->base + (ptr->at & ~DNSBOLT_PTR_BODY), target;

	if (ptr->at & DNSBOLT_PTR_BODY)
		target = c->base + ptr->distance;
	else
		target = c->name_end - ptr->distance;
	target = commit_target(c, target, at);
	s->sum += csum_be16_at(target, at);
	if (commit_be16(c->ctx, s->dns + at, target))
		c->bad = 1;
}

/* The i-th and the following ones, up to COMMIT_PTRS_FEW. In no loop, which 6.1 refuses as clang lays it out. */
static __always_inline void commit_points(struct commit_ptr *c, __u32 i)
{
	commit_point(c, i);
	if (i + 1 < c->n_ptr)
		commit_point(c, i + 1);
	if (i + 2 < c->n_ptr)
		commit_point(c, i + 2);
	if (i + 3 < c->n_ptr)
		commit_point(c, i + 3);
}

static long commit_pointers(__u32 i, void *arg)
{
	commit_points(arg, i * COMMIT_PTRS_FEW);
	return 0;
}

/* The owner of the next record, where it is the DNAME's target: in the data it points at the question's name. */
static long commit_owner(__u32 i, void *arg)
{
	struct commit_ptr *c = arg;
	const __u8 *rr;
	__u32 at = c->at;

	(void)i;
	if (at + MADE_FIXED > c->len || c->name > 0x3fff) {
		c->bad = 1;
		return 1;
	}
	rr = c->data + (ENV_PTRS_MAX < 65535 ? at & 4095 : at);
	c->s->sum += csum_be16_at(0xc000 | c->name, c->base + at) +
		     csum_be16_at(0xffff - (0xc000 | DNS_HEADER), c->base + at);
	if (commit_be16(c->ctx, c->s->dns + c->base + at, 0xc000 | c->name))
		c->bad = 1;
	c->at = at + MADE_FIXED + env_get_be16(rr + 10);
	return 0;
}

/* The record in scratch.made (made.h). */
ENV_STAGE int commit_made(struct env_ctx *ctx, struct scratch *s)
{
	__u32 len, even;

	if (!s)
		return REASON_internal;
	len = s->made_len;
	len = ((len - 1) & 511) + 1;
	env_barrier_var(len);
	if (len > MADE_MAX)
		return REASON_internal;
	if (env_store(ctx, s->dns + s->where, s->made, len))
		return REASON_internal;
	even = (len + 3) & 508;
	env_barrier_var(even);
	if (even > MADE_MAX + 3)
		return REASON_internal;
	s->sum += csum_at(env_csum(s->made, even), s->where);
	s->target_at = s->where + MADE_FIXED;
	s->where += len;
	return 0;
}

/* Where the name stands that a part's records are said of: in the question, or in the CNAME that was made. */
static __always_inline void commit_name(const struct scratch *s, struct commit_ptr *c,
					__u32 of_target)
{
	if (of_target) {
		c->name = s->target_at;
		c->name_end = s->target_at + s->name_len;
	} else {
		c->name = DNS_HEADER;
		c->name_end = s->question_end - DNS_QFIXED;
	}
}

/* Where the records of a part of so many pointers start. */
static __always_inline __u32 commit_data(__u32 n_ptr)
{
	__u32 data = dnsbolt_part_data(n_ptr);

	if (ENV_PTRS_MAX < 65535) {
		env_barrier_var(data); /* clang knows that the mask does nothing; 6.1 does not */
		data &= 4095;
		env_barrier_var(data);
	}
	return data;
}

static __always_inline void commit_start(struct env_ctx *ctx, struct scratch *s,
					 const struct dnsbolt_part *p, __u32 i, __u32 n_ptr,
					 struct commit_ptr *ret)
{
	ret->ctx = ctx;
	ret->s = s;
	ret->part = p;
	ret->n_ptr = n_ptr;
	ret->base = s->where;
	ret->bad = 0;
	commit_name(s, ret, s->part[i].flags & PLAN_OF_TARGET);
}

/* All names of the i-th part that point elsewhere. */
ENV_STAGE int commit_names(struct env_ctx *ctx, struct scratch *s, __u32 i)
{
	const struct dnsbolt_part *p;
	struct commit_ptr c = {};
	__u32 n_ptr;

	if (!s || i >= PLAN_PARTS_MAX)
		return REASON_internal;
	n_ptr = s->part[i].n_ptr;
	p = env_arena(ctx, s->part[i].handle);
	if (!p || n_ptr > ENV_PTRS_MAX)
		return REASON_internal;
	commit_start(ctx, s, p, i, n_ptr, &c);
	c.len = s->part[i].len;
	c.data = (const __u8 *)p + commit_data(n_ptr);
	env_loop((n_ptr + COMMIT_PTRS_FEW - 1) / COMMIT_PTRS_FEW, commit_pointers, &c);
	if (s->part[i].flags & PLAN_OF_TARGET)
		env_loop(p->n_own, commit_owner, &c);
	return c.bad ? REASON_internal : 0;
}

/* The few that most parts have, an SOA three, and not said of a target: without a call. */
static __always_inline int commit_few(struct env_ctx *ctx, struct scratch *s,
				      const struct dnsbolt_part *p, __u32 i, __u32 n_ptr)
{
	struct commit_ptr c;

	commit_start(ctx, s, p, i, n_ptr, &c);
	commit_points(&c, 0);
	return c.bad ? REASON_internal : 0;
}

/* Copies the i-th part of the plan to scratch.where and moves that on. */
static __always_inline int commit_one(struct env_ctx *ctx, struct scratch *s, struct env_near *near,
				      __u32 i)
{
	const struct dnsbolt_part *p;
	__u32 len, n_ptr, data;
	int r = 0;

	if (s->part[i].handle == DNSBOLT_PART_MADE)
		return commit_made(ctx, s);
	n_ptr = s->part[i].n_ptr;
	env_barrier_var(n_ptr);
	if (n_ptr > ENV_PTRS_MAX)
		return REASON_internal;
	data = commit_data(n_ptr);
	len = s->part[i].len;
	p = env_arena_span(ctx, near, s->part[i].handle, data + len);
	if (!p)
		return REASON_internal;
	if (ENV_PTRS_MAX < 65535) {
		len = ((len - 1) & 4095) + 1;
		env_barrier_var(len);
		if (len > DNSBOLT_UDP_MAX)
			return REASON_internal;
	}
	if (len >= 8 && len <= COMMIT_COPY_MAX) {
		if (commit_copy(ctx, s->dns + s->where, (const __u8 *)p + data, len))
			return REASON_internal;
	} else if (env_store(ctx, s->dns + s->where, (const __u8 *)p + data, len)) {
		return REASON_internal;
	}
	s->sum += csum_at(s->part[i].csum, s->where);
	if (n_ptr > COMMIT_PTRS_FEW || s->part[i].flags & PLAN_OF_TARGET)
		r = commit_names(ctx, s, i);
	else if (n_ptr)
		r = commit_few(ctx, s, p, i, n_ptr);
	s->where += len;
	return r;
}

ENV_STAGE int commit_part(struct env_ctx *ctx, struct scratch *s, __u32 i)
{
	struct env_near near = { 0, 0 };

	return !s || i >= PLAN_PARTS_MAX ? REASON_internal : commit_one(ctx, s, &near, i);
}

/* An NSID option (RFC 5001) of `len` octets, 5 at least, to scratch.where. */
static __always_inline int commit_nsid(struct env_ctx *ctx, struct scratch *s,
				       const struct dnsbolt_config *c, __u32 len)
{
	__u8 *option = (__u8 *)s->made;
	__u64 sum = 0;
	__u32 i;

	ENV_UNROLL
	for (i = 0; i < COMMIT_NSID_WORDS; i++)
		s->made[i] = 0;
	option[1] = EDNS_NSID;
	option[3] = (__u8)(len - 4);
	for (i = 0; i < DNSBOLT_IDENTITY_MAX; i++) {
		if (i >= len - 4)
			break;
		option[4 + i] = c->nsid.text[i];
	}
	len = ((len - 1) & 127) + 1;
	env_barrier_var(len);
	if (len > 4 + DNSBOLT_IDENTITY_MAX)
		return REASON_internal;
	ENV_UNROLL
	for (i = 0; i < COMMIT_NSID_WORDS; i++)
		sum = csum_add64(sum, s->made[i]);
	s->sum += csum_at(sum, s->where);
	if (env_store(ctx, s->dns + s->where, option, len))
		return REASON_internal;
	s->where += len;
	return 0;
}

/* The rest of an OPT whose RDATA starts with a COOKIE option, behind its first word. Returns the sum. */
static __always_inline __u64 commit_cookie(const struct scratch *s, __u8 *opt, __u64 second)
{
	const __u64 *c = s->cookie_sent;
	__u64 sum, w;

	w = second | (__u64)EDNS_COOKIE << 32 | (__u64)COOKIE_BOTH << 48 | c[0] << 56;
	env_put64(opt + 8, w);
	sum = csum_add64(0, w);
	w = c[0] >> 8 | c[1] << 56;
	env_put64(opt + 16, w);
	sum = csum_add64(sum, w);
	w = c[1] >> 8 | c[2] << 56;
	env_put64(opt + 24, w);
	sum = csum_add64(sum, w);
	w = c[2] >> 8;
	env_put32(opt + 32, (__u32)w);
	env_put16(opt + 36, (__u16)(w >> 32));
	opt[38] = (__u8)(w >> 48);
	return csum_add64(sum, w);
}

/* RFC 6891 sections 6.1.1 and 6.1.3; DO is copied (RFC 3225 section 3); a cookie for a cookie (RFC 7873 section 5.2); NSID where
 * it was asked for (RFC 5001). */
static __always_inline int commit_opt(struct env_ctx *ctx, struct scratch *s,
				      const struct dnsbolt_config *c)
{
	/* {root, type, UDP size, extended RCODE, version, DO ...}, {... RDLENGTH} */
	__u64 first = (__u64)QTYPE_OPT << 16 | (__u64)__builtin_bswap16(c->max_udp) << 24 |
		      (__u64)(s->rcode >> 4) << 40 | (__u64)(s->dnssec_ok ? EDNS_DO : 0) << 56;
	__u64 second = (__u64)((s->opt_len - DNS_OPT) & 255) << 16, sum;
	__u32 at = s->dns + s->where, len = DNS_OPT, nsid;
	__u8 *opt;

	if (s->has_cookie) {
		len += PLAN_COOKIE;
		opt = env_span(ctx, at, DNS_OPT + PLAN_COOKIE);
		if (!opt)
			return REASON_internal;
		sum = commit_cookie(s, opt, second);
	} else {
		opt = env_span(ctx, at, DNS_OPT);
		if (!opt)
			return REASON_internal;
		env_put16(opt + 8, 0);
		opt[10] = (__u8)(second >> 16);
		sum = second;
	}
	env_put64(opt, first);
	s->sum += csum_at(csum_add64(sum, first), s->where);
	s->where += len;
	nsid = s->opt_len - len;
	return nsid ? commit_nsid(ctx, s, c, nsid) : 0;
}

/* The header of the message in the order of memory. */
struct commit_header {
	__u64 first; /* ID, flags, QDCOUNT, ANCOUNT */
	__u32 rest;  /* NSCOUNT, ARCOUNT */
};

/* AA, TC, RD as in the query, RCODE; RA, Z, AD and CD are 0 (RFC 1035 section 4.1.1, RFC 4035 section 3.1.6). */
static __always_inline struct commit_header commit_dns_header(struct scratch *s)
{
	const __u64 kept = 0x0000ffff0000ffffull | HEADER_RD << 16; /* ID, QDCOUNT */
	struct commit_header h;
	__u32 flags;

	flags = HEADER_QR | (s->aa ? HEADER_AA : 0) | (s->plan.truncated ? HEADER_TC : 0) |
		(s->rcode & HEADER_RCODE) << 8;
	h.first = (env_get64(env_message(s)) & kept) | flags << 16 |
		  (__u64)__builtin_bswap16((__u16)s->plan.counts) << 48;
	h.rest = __builtin_bswap16((__u16)(s->plan.counts >> 16)) |
		 (__u32)__builtin_bswap16((__u16)(s->plan.counts >> 32)) << 16;
	return h;
}

/* Ports, length and checksum (RFC 768: 0 is no checksum). */
static __always_inline __u64 commit_udp(const struct scratch *s, const struct commit_header *h,
					__u64 udp)
{
	__u32 len = s->reply_len + PACKET_UDP, check;

	udp = (udp >> 16 & 0xffff) | (udp & 0xffff) << 16 |
	      (__u64)__builtin_bswap16((__u16)len) << 32;
	check = csum_fold(
		csum_add64(s->pseudo_sum + __builtin_bswap16((__u16)len) + h->rest + s->sum, udp) +
		csum_add64(0, h->first));
	check = ~check & 0xffff;
	return udp | (__u64)(check ? check : 0xffff) << 48;
}

/* ECN cleared, ID 0 and DF (RFC 6864 section 4.1), TTL 64. */
static __always_inline void commit_ipv4(const struct scratch *s, __u8 *ip)
{
	__u32 len = s->reply_len + PACKET_UDP + sizeof(struct iphdr), dst = env_get32(ip + 12);
	__u64 first, second;

	first = (env_get64(ip) & 0xfcff) | (__u64)__builtin_bswap16((__u16)len) << 16 |
		0x40ull << 48;
	second = 64 | IPPROTO_UDP << 8 | (__u64)env_get32(ip + 16) << 32;
	second |= (__u64)(~csum_fold(csum_add64(csum_add64(dst, first), second)) & 0xffff) << 16;
	env_put64(ip, first);
	env_put64(ip + 8, second);
	env_put32(ip + 16, dst);
}

/* ECN and flow label cleared, hop limit 64. Of the traffic class the first octet has four bits, the second two of DSCP, then ECN. */
static __always_inline void commit_ipv6(const struct scratch *s, __u8 *ip)
{
	__u32 len = s->reply_len + PACKET_UDP;

	env_put64(ip, (env_get64(ip) & 0xc0ff) | (__u64)__builtin_bswap16((__u16)len) << 32 |
			      (__u64)IPPROTO_UDP << 48 | 64ull << 56);
	env_copy(ip + 8, s->dst.a, 16);
	env_copy(ip + 24, s->src.a, 16);
}

/* The addresses change places; tags and type stay. */
static __always_inline int commit_ethernet(struct env_ctx *ctx)
{
	__u8 *to = env_span(ctx, 0, PACKET_ETH);
	__u64 first;
	__u32 rest;

	if (!to)
		return REASON_internal;
	first = env_get64(to);
	rest = env_get32(to + 8);
	env_put64(to, first >> 48 | (__u64)rest << 16 | first << 48);
	env_put32(to + 8, (__u32)(first >> 16));
	return 0;
}

/* The question's letters as they came. From the 9th octet of the message on: the header is still to come. */
static __always_inline int commit_question(struct env_ctx *ctx, struct scratch *s)
{
	const __u8 *from = env_message(s) + 8;
	__u32 len = s->question_end - 8;

	len = ((len - 1) & 511) + 1;
	env_barrier_var(len);
	if (len > DNS_QUERY_MAX - 8)
		return REASON_internal;
	return env_store(ctx, s->dns + 8, from, len) ? REASON_internal : 0;
}

/* Headers and question are in their place, but in a frame that has grown in front. */
ENV_STAGE int commit_moved(struct env_ctx *ctx, struct scratch *s)
{
	__u8 *first = 0, *last = 0, *from;
	__u32 at;

	if (!s)
		return REASON_internal;
	from = (__u8 *)s->frame;
	at = commit_front(ctx, s, &first, &last);
	if (!at || !first || !last)
		return REASON_internal;
	env_copy(first, from + at, COMMIT_HALF);
	env_copy(last, from + FRAME_DNS - COMMIT_HALF, COMMIT_HALF);
	return commit_question(ctx, s);
}

/* The IP header, in front of the UDP header at `udp`. */
static __always_inline int commit_ip(struct env_ctx *ctx, const struct scratch *s, __u32 udp)
{
	__u8 *to;

	if (s->ipv6) {
		to = env_span(ctx, udp - sizeof(struct ipv6hdr), sizeof(struct ipv6hdr));
		if (to)
			commit_ipv6(s, to);
	} else {
		to = env_span(ctx, udp - sizeof(struct iphdr), sizeof(struct iphdr));
		if (to)
			commit_ipv4(s, to);
	}
	return to ? 0 : REASON_internal;
}

static __always_inline int commit_headers(struct env_ctx *ctx, struct scratch *s)
{
	struct commit_header h;
	__u32 udp;
	__u8 *to;
	int r;

	r = s->moved ? commit_moved(ctx, s) : 0;
	if (!r)
		r = commit_ethernet(ctx);
	if (r)
		return r;
	udp = s->dns - PACKET_UDP;
	to = env_span(ctx, udp, PACKET_UDP + DNS_HEADER);
	if (!to)
		return REASON_internal;
	h = commit_dns_header(s);
	env_put64(to, commit_udp(s, &h, env_get64(to)));
	env_put64(to + PACKET_UDP, h.first);
	env_put32(to + PACKET_UDP + 8, h.rest);
	return commit_ip(ctx, s, udp);
}

/* A reply shorter than the smallest Ethernet frame: the filling must not be what was in the query. */
static __always_inline int commit_filling(struct env_ctx *ctx, struct scratch *s)
{
	static const __u8 zeros[COMMIT_FRAME_MIN] = { 0 };
	__u32 end = s->dns + s->reply_len, len;

	if (end >= COMMIT_FRAME_MIN || s->frame_len < COMMIT_FRAME_MIN)
		return 0;
	len = ((COMMIT_FRAME_MIN - end - 1) & 31) + 1;
	env_barrier_var(len);
	return env_store(ctx, end, zeros, len) ? REASON_internal : 0;
}

/* All of the message that follows the question. The first part is put without a call: of most replies it is the only one. */
static __always_inline int commit_body(struct env_ctx *ctx, struct scratch *s,
				       const struct dnsbolt_config *c, struct env_near *near)
{
	__u32 i;
	int r;

	s->where = s->question_end;
	s->sum = s->question_sum;
	s->folded = 0;
	r = s->plan.n_parts ? commit_one(ctx, s, near, 0) : 0;
	if (r)
		return r;
	for (i = 1; i < PLAN_PARTS_MAX; i++) {
		if (i >= s->plan.n_parts)
			break;
		r = commit_part(ctx, s, i);
		if (r)
			return r;
	}
	if (!s->edns)
		return 0;
	return commit_opt(ctx, s, c);
}

static __always_inline int commit_reply(struct env_ctx *ctx, struct scratch *s,
					const struct dnsbolt_config *c, struct env_near *near)
{
	int r;

	r = commit_body(ctx, s, c, near);
	return r ? r : commit_headers(ctx, s);
}

#endif /* DNSBOLT_CORE_COMMIT_H */
