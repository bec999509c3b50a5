/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Stage 6: which parts the reply has, how long it is, and whether it fits: whole, without its optional parts, or
 * truncated (RFC 2181 section 9, RFC 9715). Writes to the scratch only.
 */
#ifndef DNSBOLT_CORE_PLAN_H
#define DNSBOLT_CORE_PLAN_H

#include "../reasons.h"
#include "env.h"

#define PLAN_UDP_IPV4 28u /* octets of IP and UDP header */
#define PLAN_UDP_IPV6 48u

/* A symbol's part, out of the snapshot that the query uses. 0: that snapshot has none (no signature). */
static __always_inline int plan_resolve(struct env_ctx *ctx, struct scratch *s,
					dnsbolt_handle *handle)
{
	const struct dnsbolt_snapshot *snap;

	if (*handle >= DNSBOLT_PART_SYMBOLS)
		return 0;
	snap = env_arena(ctx, s->snapshot);
	if (!snap)
		return REASON_store;
	if (*handle == DNSBOLT_PART_SOA)
		*handle = snap->soa;
	else if (*handle == DNSBOLT_PART_SOA_SIG)
		*handle = snap->soa_sig;
	else
		return REASON_store;
	return 0;
}

/* Adds the answer's i-th slot to the plan. */
ENV_STAGE int plan_slot(struct env_ctx *ctx, __u32 i)
{
	struct scratch *s = env_scratch(ctx);
	const struct dnsbolt_answer *a;
	const struct dnsbolt_part *p;
	struct plan_part *to;
	dnsbolt_handle handle;
	int r;

	if (!s || i >= DNSBOLT_PARTS_MAX)
		return REASON_internal;
	a = env_arena(ctx, s->answer);
	if (!a)
		return REASON_store;
	if ((a->slot[i].flags & DNSBOLT_SLOT_DO) && !s->dnssec_ok)
		return 0;
	handle = a->slot[i].part;
	r = plan_resolve(ctx, s, &handle);
	if (r || !handle)
		return r;
	p = env_arena(ctx, handle);
	if (!p || !p->len)
		return REASON_store;
	to = &s->part[s->n_parts & (DNSBOLT_PARTS_MAX - 1)];
	to->handle = handle;
	to->len = p->len;
	to->n_ptr = p->n_ptr;
	to->n_rr = p->n_rr;
	to->section = a->slot[i].section;
	to->flags = a->slot[i].flags;
	s->n_parts++;
	s->body_full += p->len;
	if (!(to->flags & DNSBOLT_SLOT_OPTIONAL))
		s->body_required += p->len;
	return 0;
}

/* Octets of DNS message that may be sent: what the client takes (RFC 6891 section 6.2.3: at least 512), what we send at
 * most, what the interface takes in one piece. */
static __always_inline __u32 plan_limit(const struct scratch *s, const struct dnsbolt_config *c)
{
	__u32 limit = s->udp_size, mtu = s->mtu, over = s->ipv6 ? PLAN_UDP_IPV6 : PLAN_UDP_IPV4;

	if (s->tcp)
		return 65535;
	if (limit > c->max_udp)
		limit = c->max_udp;
	if (limit > DNSBOLT_UDP_MAX)
		limit = DNSBOLT_UDP_MAX;
	if (mtu && mtu < limit + over)
		limit = mtu > over + DNS_UDP_MIN ? mtu - over : DNS_UDP_MIN;
	return limit;
}

/* Drops the optional parts: they come last in their sections, but sections may follow. */
static __always_inline void plan_drop_optional(struct scratch *s)
{
	__u32 i, n = 0;

	for (i = 0; i < DNSBOLT_PARTS_MAX; i++) {
		if (i >= s->n_parts)
			break;
		if (s->part[i].flags & DNSBOLT_SLOT_OPTIONAL)
			continue;
		s->part[n & (DNSBOLT_PARTS_MAX - 1)] = s->part[i];
		n++;
	}
	s->n_parts = n;
}

/* Full, without optional parts, or header, question and OPT with TC: rcode and AA stay. */
static __always_inline void plan_fit(struct scratch *s, __u32 limit)
{
	__u32 fixed = s->question_end + (s->edns ? DNS_OPT : 0), i;

	s->truncated = 0;
	s->reply_len = fixed + s->body_full;
	if (s->reply_len > limit) {
		s->reply_len = fixed + s->body_required;
		plan_drop_optional(s);
	}
	if (s->reply_len > limit) {
		s->reply_len = fixed;
		s->truncated = 1;
		s->reason = REASON_truncated;
		s->n_parts = 0;
	}
	s->count[0] = s->count[1] = s->count[2] = 0;
	for (i = 0; i < DNSBOLT_PARTS_MAX; i++) {
		if (i >= s->n_parts)
			break;
		if (s->part[i].section <= DNSBOLT_ADDITIONAL_SECTION)
			s->count[s->part[i].section & 3] += s->part[i].n_rr;
	}
	s->count[DNSBOLT_ADDITIONAL_SECTION] += s->edns;
}

/* What the driver does not send, however well it fits. */
static __always_inline int plan_pointers(const struct scratch *s)
{
	__u32 i, n_ptr;

	for (i = 0; i < DNSBOLT_PARTS_MAX; i++) {
		if (i >= s->n_parts)
			break;
		n_ptr = s->part[i].n_ptr;
		if (n_ptr > ENV_PTRS_MAX)
			return REASON_too_large;
	}
	return 0;
}

ENV_STAGE int plan_answer(struct env_ctx *ctx)
{
	struct scratch *s = env_scratch(ctx);
	const struct dnsbolt_config *c = env_config(ctx);
	const struct dnsbolt_answer *a;
	__u32 i;
	int r;

	if (!s || !c)
		return REASON_internal;
	a = env_arena(ctx, s->answer);
	if (!a || a->n_slots > DNSBOLT_PARTS_MAX)
		return REASON_store;
	s->n_parts = 0;
	s->body_full = 0;
	s->body_required = 0;
	s->aa = a->flags & DNSBOLT_ANSWER_AA;
	s->rcode = a->rcode & 15;
	s->reason = a->reason;
	for (i = 0; i < DNSBOLT_PARTS_MAX; i++) {
		if (i >= a->n_slots)
			break;
		r = plan_slot(ctx, i);
		if (r)
			return r;
	}
	plan_fit(s, plan_limit(s, c));
	return plan_pointers(s);
}

/* `return: fib`: the reply goes back to where the query came from, or not from here. */
ENV_STAGE int plan_route(struct env_ctx *ctx)
{
	struct scratch *s = env_scratch(ctx);
	const struct dnsbolt_config *c = env_config(ctx);
	const __u8 *mac;

	if (!s || !c)
		return REASON_internal;
	if (c->return_path != DNSBOLT_RETURN_FIB)
		return 0;
	if (s->l3 != 14) /* the route's device would be the VLAN's */
		return REASON_fib;
	mac = (__u8 *)s->frame + FRAME_DNS - (s->ipv6 ? 62 : 42) + 6;
	return env_fib(ctx, s, s->reply_len + (s->ipv6 ? PLAN_UDP_IPV6 : PLAN_UDP_IPV4), mac)
		       ? REASON_fib
		       : 0;
}

#endif /* DNSBOLT_CORE_PLAN_H */
