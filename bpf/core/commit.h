/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Stage 7: the reply. First commit_room(), the last step that can fail: until it has succeeded not one octet
 * of the packet was written, and where it fails the packet is the query again. Then parts, OPT, and, last, for
 * the checksum, headers and question.
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
#define COMMIT_COPY_MAX 128u /* octets copied here, not by a helper */
#define COMMIT_PTRS_FEW 4u   /* pointers written without a loop of calls */
#define COMMIT_OPT_MAX (DNS_OPT + PLAN_COOKIE + 4 + DNSBOLT_IDENTITY_MAX)
#define COMMIT_OPT_WORDS ((COMMIT_OPT_MAX + 7) / 8)

/* Makes the frame `target` octets long: at the tail, and what the tail does not give in front. What stands in front
 * needs no moving, it is all written anew. -1: the packet is as it was. */
static __always_inline int commit_resize(struct env_ctx *ctx, __u32 from, __u32 target)
{
	/* A headroom of 256 less struct xdp_frame gives 216; drivers with 192 give 152. */
	static const __u32 steps[] = { 216, 152, 88, 40 };
	__u32 i, need, head;

	if (!env_adjust_tail(ctx, (int)(target - from)))
		return 0;
	if (target <= from)
		return -1;
	need = target - from;
	ENV_UNROLL
	for (i = 0; i < 4; i++) {
		head = steps[i] < need ? steps[i] : need;
		if (env_adjust_head(ctx, -(int)head))
			continue;
		if (head == need || !env_adjust_tail(ctx, (int)(need - head)))
			return 0;
		env_adjust_head(ctx, (int)head);
	}
	return -1;
}

ENV_STAGE int commit_room(struct env_ctx *ctx)
{
	struct scratch *s = env_scratch(ctx);
	__u32 target;

	if (!s)
		return REASON_internal;
	target = s->dns + s->reply_len;
	if (target < COMMIT_FRAME_MIN && s->frame_len >= COMMIT_FRAME_MIN)
		target = COMMIT_FRAME_MIN;
	if (target == s->frame_len)
		return 0;
	return commit_resize(ctx, s->frame_len, target) ? REASON_no_room : 0;
}

/* Two spans of `half` octets, a constant, the second one over the end of the first. */
static __always_inline int commit_halves(struct env_ctx *ctx, __u32 at, const __u8 *from, __u32 len,
					 const __u32 half)
{
	__u8 *to, *last;

	len = (len - half) & 127;
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
	return commit_halves(ctx, at, from, len, 64);
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

static long commit_pointer(__u32 i, void *arg)
{
	struct commit_ptr *c = arg;
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
	return 0;
}

/* A loop with a call each costs more than the few pointers that most parts have. */
static __always_inline void commit_pointers(struct commit_ptr *c, __u32 n)
{
	__u32 i;

	if (n > COMMIT_PTRS_FEW) {
		env_loop(n, commit_pointer, c);
		return;
	}
	for (i = 0; i < COMMIT_PTRS_FEW; i++) {
		if (i >= n)
			break;
		commit_pointer(i, c);
	}
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
ENV_STAGE int commit_made(struct env_ctx *ctx)
{
	struct scratch *s = env_scratch(ctx);
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
	s->sum += csum_at(csum_fold(env_csum(s->made, even)), s->where);
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

/* Copies the i-th part of the plan to scratch.where and moves that on. */
static __always_inline int commit_one(struct env_ctx *ctx, struct scratch *s, __u32 i)
{
	const struct dnsbolt_part *p;
	struct commit_ptr c = {};
	__u32 len, n_ptr, data;

	if (s->part[i].handle == DNSBOLT_PART_MADE)
		return commit_made(ctx);
	n_ptr = s->part[i].n_ptr;
	env_barrier_var(n_ptr);
	if (n_ptr > ENV_PTRS_MAX)
		return REASON_internal;
	data = dnsbolt_part_data(n_ptr);
	if (ENV_PTRS_MAX < 65535) {
		data &= 4095;
		env_barrier_var(data);
	}
	len = s->part[i].len;
	p = env_arena_span(ctx, s->part[i].handle, data + len);
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
	s->sum += csum_at(p->csum, s->where);
	if (n_ptr || s->part[i].flags & PLAN_OF_TARGET) {
		c.ctx = ctx;
		c.s = s;
		c.part = p;
		c.data = (const __u8 *)p + data;
		c.len = len;
		c.base = s->where;
		commit_name(s, &c, s->part[i].flags & PLAN_OF_TARGET);
		commit_pointers(&c, n_ptr);
		if (s->part[i].flags & PLAN_OF_TARGET)
			env_loop(s->part[i].n_own, commit_owner, &c);
		if (c.bad)
			return REASON_internal;
	}
	s->where += len;
	return 0;
}

ENV_STAGE int commit_part(struct env_ctx *ctx, __u32 i)
{
	struct scratch *s = env_scratch(ctx);

	return !s || i >= PLAN_PARTS_MAX ? REASON_internal : commit_one(ctx, s, i);
}

/* The COOKIE option, behind the fixed part of the OPT. */
static __always_inline __u32 commit_cookie(const struct scratch *s, __u8 *opt)
{
	__u32 i;

	if (!s->has_cookie)
		return 0;
	opt[DNS_OPT + 1] = EDNS_COOKIE;
	opt[DNS_OPT + 3] = COOKIE_BOTH;
	for (i = 0; i < COOKIE_BOTH / 4; i++)
		env_put32(opt + DNS_OPT + 4 + i * 4, env_get32((__u8 *)s->cookie_sent + i * 4));
	return PLAN_COOKIE;
}

/* `len` octets, 5 at least, with the header. */
static __always_inline void commit_nsid(const struct dnsbolt_config *c, __u8 *option, __u32 len)
{
	__u32 i;

	option[1] = EDNS_NSID;
	option[3] = (__u8)(len - 4);
	for (i = 0; i < DNSBOLT_IDENTITY_MAX; i++) {
		if (i >= len - 4)
			break;
		option[4 + i] = c->nsid.text[i];
	}
}

/* RFC 6891 sections 6.1.1 and 6.1.3; DO is copied (RFC 3225 section 3); a cookie for a cookie (RFC 7873 section 5.2); NSID where
 * it was asked for (RFC 5001). */
static __always_inline int commit_opt(struct env_ctx *ctx, struct scratch *s,
				      const struct dnsbolt_config *c)
{
	__u32 rdlen = s->opt_len - DNS_OPT, len, i;
	__u8 *opt = (__u8 *)s->made;
	__u64 sum;

	s->made[0] = 0;
	s->made[1] = 0;
	if (s->opt_len > 16) {
		ENV_UNROLL
		for (i = 2; i < COMMIT_OPT_WORDS; i++)
			s->made[i] = 0;
	}
	opt[2] = QTYPE_OPT;
	env_put_be16(opt + 3, c->max_udp);
	opt[5] = s->rcode >> 4;
	opt[7] = s->dnssec_ok ? EDNS_DO : 0;
	opt[10] = (__u8)rdlen;
	len = commit_cookie(s, opt);
	if (rdlen > len)
		commit_nsid(c, opt + DNS_OPT + len, rdlen - len);
	len = s->opt_len;
	len = ((len - 1) & 255) + 1;
	env_barrier_var(len);
	if (len > COMMIT_OPT_MAX)
		return REASON_internal;
	sum = 0;
	for (i = 0; i < COMMIT_OPT_WORDS; i++) {
		if (i * 8 >= len)
			break;
		sum = csum_add64(sum, s->made[i]);
	}
	s->sum += csum_at(csum_fold(sum), s->where);
	if (len <= COMMIT_COPY_MAX ? commit_copy(ctx, s->dns + s->where, opt, len)
				   : env_store(ctx, s->dns + s->where, opt, len))
		return REASON_internal;
	s->where += len;
	return 0;
}

/* AA, TC, RD as in the query, RCODE; RA, Z, AD and CD are 0 (RFC 1035 section 4.1.1, RFC 4035 section 3.1.6). */
static __always_inline void commit_dns_header(struct scratch *s)
{
	__u8 *m = env_message(s);

	m[2] = (__u8)(HEADER_QR | (s->aa ? HEADER_AA : 0) | (s->truncated ? HEADER_TC : 0) |
		      (m[2] & HEADER_RD));
	m[3] = s->rcode & HEADER_RCODE;
	env_put_be16(m + 6, s->count[0]);
	env_put_be16(m + 8, s->count[1]);
	env_put_be16(m + 10, s->count[2]);
	s->sum += csum_fold(csum_add64(env_get32(m + 8), env_get64(m)));
}

static __always_inline void commit_udp(struct scratch *s)
{
	__u8 *udp = (__u8 *)s->frame + FRAME_DNS - PACKET_UDP;
	__u32 len = s->reply_len + PACKET_UDP, check;
	__u16 port = env_get16(udp);

	env_put16(udp, env_get16(udp + 2));
	env_put16(udp + 2, port);
	env_put_be16(udp + 4, len);
	env_put16(udp + 6, 0);
	check = csum_fold(packet_pseudo_sum(s, len) + env_get32(udp) + env_get32(udp + 4) + s->sum);
	check = ~check & 0xffff;
	env_put16(udp + 6, (__u16)(check ? check : 0xffff)); /* RFC 768: 0 is no checksum */
}

/* ECN cleared, ID 0 and DF (RFC 6864 section 4.1), TTL 64. */
static __always_inline void commit_ipv4(struct scratch *s)
{
	__u8 *ip = (__u8 *)s->frame + FRAME_DNS - PACKET_UDP - sizeof(struct iphdr);
	__u32 addr = env_get32(ip + 12);

	ip[1] &= 0xfc;
	env_put_be16(ip + 2, s->reply_len + PACKET_UDP + sizeof(struct iphdr));
	env_put16(ip + 4, 0);
	env_put_be16(ip + 6, 0x4000);
	ip[8] = 64;
	env_put16(ip + 10, 0);
	env_put32(ip + 12, env_get32(ip + 16));
	env_put32(ip + 16, addr);
	env_put16(ip + 10, (__u16)~csum_fold(packet_ipv4_sum(ip)));
}

/* ECN and flow label cleared, hop limit 64. */
static __always_inline void commit_ipv6(struct scratch *s)
{
	__u8 *ip = (__u8 *)s->frame + FRAME_DNS - PACKET_UDP - sizeof(struct ipv6hdr);

	ip[1] &= 0xc0; /* the low half of the traffic class: two bits of DSCP, then ECN */
	env_put16(ip + 2, 0);
	env_put_be16(ip + 4, s->reply_len + PACKET_UDP);
	ip[7] = 64;
	__builtin_memcpy(ip + 8, s->dst.a, 16);
	__builtin_memcpy(ip + 24, s->src.a, 16);
}

static __always_inline void commit_ethernet(__u8 *eth)
{
	__u32 high = env_get32(eth);
	__u16 low = env_get16(eth + 4);

	env_put32(eth, env_get32(eth + 6));
	env_put16(eth + 4, env_get16(eth + 10));
	env_put32(eth + 6, high);
	env_put16(eth + 10, low);
}

/* Headers and question, the question's letters as they came. */
static __always_inline int commit_headers(struct env_ctx *ctx)
{
	struct scratch *s = env_scratch(ctx);
	__u32 headers, len;
	__u8 *from;

	if (!s)
		return REASON_internal;
	headers = s->dns & 127;
	env_barrier_var(headers);
	if (headers > FRAME_HEADERS_MAX)
		return REASON_internal;
	from = (__u8 *)s->frame + (FRAME_DNS - headers);
	commit_dns_header(s);
	commit_udp(s);
	if (s->ipv6)
		commit_ipv6(s);
	else
		commit_ipv4(s);
	commit_ethernet(from);
	len = headers + s->question_end;
	len = ((len - 1) & 1023) + 1;
	env_barrier_var(len);
	if (len <= COMMIT_COPY_MAX)
		return commit_copy(ctx, 0, from, len) ? REASON_internal : 0;
	if (len > FRAME_HEADERS_MAX + DNS_QUERY_MAX)
		return REASON_internal;
	return env_store(ctx, 0, from, len) ? REASON_internal : 0;
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
static __always_inline int commit_body(struct env_ctx *ctx)
{
	struct scratch *s = env_scratch(ctx);
	const struct dnsbolt_config *c = env_config(ctx);
	__u32 i;
	int r;

	if (!s || !c)
		return REASON_internal;
	s->where = s->question_end;
	s->sum = s->question_sum;
	s->folded = 0;
	r = s->n_parts ? commit_one(ctx, s, 0) : 0;
	if (r)
		return r;
	for (i = 1; i < PLAN_PARTS_MAX; i++) {
		if (i >= s->n_parts)
			break;
		r = commit_part(ctx, i);
		if (r)
			return r;
	}
	if (!s->edns)
		return 0;
	return commit_opt(ctx, s, c);
}

ENV_STAGE int commit_reply(struct env_ctx *ctx)
{
	int r = commit_body(ctx);

	return r ? r : commit_headers(ctx);
}

#endif /* DNSBOLT_CORE_COMMIT_H */
