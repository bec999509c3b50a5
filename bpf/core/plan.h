/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Stage 6: which parts the reply has, how long it is, and whether it fits: whole, without its optional parts, or
 * truncated (RFC 2181 section 9, RFC 9715). Writes to the scratch only.
 */
#ifndef DNSBOLT_CORE_PLAN_H
#define DNSBOLT_CORE_PLAN_H

#include "../reasons.h"
#include "env.h"
#include "cookie.h"
#include "find.h"

#define RCODE_NXDOMAIN 3u
#define PLAN_PARTS_MAX 16u /* of one reply: an answer's, proofs, and a record made here */
#define PLAN_UDP_IPV4 28u  /* octets of IP and UDP header */
#define PLAN_UDP_IPV6 48u
#define PLAN_COOKIE (4u + COOKIE_BOTH) /* octets of OPT, as the option's header has 4 */
#define PLAN_OF_TARGET                                                                             \
	(1u << 7) /* of a part, beside DNSBOLT_SLOT_*: its records are said of the DNAME's target */

/* The part that a handle, a symbol or a proof stands for. 0: there is none (no signature). */
static __always_inline int plan_resolve(struct env_ctx *ctx, struct scratch *s, __u32 flags,
					dnsbolt_handle *handle)
{
	const struct dnsbolt_snapshot *snap;
	const struct dnsbolt_node *n;
	int r;

	if (flags & DNSBOLT_SLOT_PROOF) {
		r = find_proof(ctx, s, *handle);
		*handle = s->proof_part;
		return r;
	}
	if (*handle >= DNSBOLT_PART_SYMBOLS)
		return 0;
	snap = env_arena(ctx, s->snapshot);
	n = env_arena(ctx, s->node);
	if (!snap || !n)
		return REASON_store;
	if (*handle == DNSBOLT_PART_SOA)
		*handle = snap->soa;
	else if (*handle == DNSBOLT_PART_SOA_SIG)
		*handle = snap->soa_sig;
	else if (*handle == DNSBOLT_PART_OWN_PROOF)
		*handle = n->proof;
	else
		return REASON_store;
	return 0;
}

/* What of the counts of records is one record of that section. */
static __always_inline __u64 plan_count(__u32 section)
{
	return 1ull << (section & 3) * 16;
}

/* `head`: the first word of struct dnsbolt_part. */
static __always_inline void plan_append(struct scratch *s, dnsbolt_handle handle, __u64 head,
					__u32 section, __u32 flags)
{
	struct plan_part *to = &s->part[s->plan.n_parts & (PLAN_PARTS_MAX - 1)];
	__u32 len = (__u16)head, n_rr = (__u16)(head >> 16), n_ptr = (__u16)(head >> 32);

	env_put64(to, head);
	env_put64(&to->handle,
		  handle | (__u64)section << 32 | (__u64)(flags | s->plan.of_target) << 40);
	s->plan.n_parts++;
	s->plan.counts += n_rr * plan_count(section);
	s->plan.many_ptrs |= n_ptr > ENV_PTRS_MAX;
	s->plan.body_full += len;
	if (flags & DNSBOLT_SLOT_OPTIONAL)
		s->plan.body_optional += len;
}

/* The record in scratch.made. */
static __always_inline void plan_made(struct scratch *s)
{
	s->plan.resolved = 1;
	plan_append(s, DNSBOLT_PART_MADE, s->made_len | 1u << 16, DNSBOLT_ANSWER_SECTION, 0);
}

/* A part that is in the plan already: no record twice (RFC 2181 section 5). */
static __always_inline int plan_has(const struct scratch *s, dnsbolt_handle handle)
{
	__u32 i;

	for (i = 0; i < PLAN_PARTS_MAX; i++) {
		if (i >= s->plan.n_parts)
			break;
		if (s->part[i].handle == handle)
			return 1;
	}
	return 0;
}

/* Adds a part that is not there so far. */
static __always_inline int plan_part(struct env_ctx *ctx, struct scratch *s, struct env_near *near,
				     dnsbolt_handle handle, __u32 section, __u32 flags)
{
	const struct dnsbolt_part *p = env_arena_near(ctx, near, handle);
	__u64 head = p ? env_get64(p) : 0;

	if (!(__u16)head || s->plan.n_parts >= PLAN_PARTS_MAX)
		return REASON_store;
	plan_append(s, handle, head, section, flags);
	return 0;
}

/* Adds a part, by handle, symbol or proof. */
ENV_STAGE int plan_add(struct env_ctx *ctx, struct scratch *s, __u32 what, __u32 section,
		       __u32 flags)
{
	struct env_near near = { 0, 0 };
	dnsbolt_handle handle = what;
	int r;

	if (!s)
		return REASON_internal;
	s->plan.resolved = 1;
	r = plan_resolve(ctx, s, flags, &handle);
	if (r || !handle || plan_has(s, handle))
		return r;
	return plan_part(ctx, s, &near, handle, section, flags);
}

/* Adds a slot of the answer to the plan. The writer names no part twice in an answer, so they are not looked for up to one that stands for
 * another. */
static __always_inline int plan_slot(struct env_ctx *ctx, struct scratch *s, struct env_near *near,
				     const struct dnsbolt_slot *slot)
{
	dnsbolt_handle handle = slot->part;
	__u32 flags = slot->flags;

	if (flags & (s->dnssec_ok ? DNSBOLT_SLOT_PLAIN : DNSBOLT_SLOT_DO))
		return 0;
	if (s->plan.resolved || handle < DNSBOLT_PART_SYMBOLS || flags & DNSBOLT_SLOT_PROOF)
		return plan_add(ctx, s, handle, slot->section, flags);
	return plan_part(ctx, s, near, handle, slot->section, flags);
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

	for (i = 0; i < PLAN_PARTS_MAX; i++) {
		if (i >= s->plan.n_parts)
			break;
		if (s->part[i].flags & DNSBOLT_SLOT_OPTIONAL) {
			s->plan.counts -= s->part[i].n_rr * plan_count(s->part[i].section);
			continue;
		}
		s->part[n & (PLAN_PARTS_MAX - 1)] = s->part[i];
		n++;
	}
	s->plan.n_parts = n;
}

/* What is too long: without optional parts, or header, question and OPT with TC: rcode and AA stay. */
ENV_STAGE int plan_shrink(struct env_ctx *ctx, struct scratch *s, __u32 fixed, __u32 limit)
{
	ENV_TAKES(ctx);
	if (!s)
		return REASON_internal;
	s->reply_len = fixed + s->plan.body_full - s->plan.body_optional;
	plan_drop_optional(s);
	if (s->reply_len <= limit)
		return 0;
	s->reply_len = fixed;
	s->plan.truncated = 1;
	s->reason = REASON_truncated;
	s->plan.n_parts = 0;
	s->plan.counts = 0;
	return 0;
}

/* In full, or what of it fits. 512 octets always do: plan_limit() is never less. */
static __always_inline int plan_fit(struct env_ctx *ctx, struct scratch *s,
				    const struct dnsbolt_config *c)
{
	__u32 fixed = s->question_end + s->opt_len, limit;
	int r = 0;

	s->reply_len = fixed + s->plan.body_full;
	if (s->reply_len > DNS_UDP_MIN) {
		limit = plan_limit(s, c);
		if (s->reply_len > limit)
			r = plan_shrink(ctx, s, fixed, limit);
	}
	s->plan.counts += s->edns * plan_count(DNSBOLT_ADDITIONAL_SECTION);
	return r;
}

/* What the driver does not send, however well it fits. */
static __always_inline int plan_pointers(const struct scratch *s)
{
	__u32 i, n_ptr;

	for (i = 0; i < PLAN_PARTS_MAX; i++) {
		if (i >= s->plan.n_parts)
			break;
		n_ptr = s->part[i].n_ptr;
		if (n_ptr > ENV_PTRS_MAX)
			return REASON_too_large;
	}
	return 0;
}

/* Which parts of an answer: those of the additional section, or all others, since proofs go between. */
#define PLAN_ALL 0
#define PLAN_BEFORE 1
#define PLAN_ADDITIONAL 2

static __always_inline int plan_is_of(const struct dnsbolt_slot *slot, const int which)
{
	return which == PLAN_ALL ||
	       (slot->section == DNSBOLT_ADDITIONAL_SECTION) == (which == PLAN_ADDITIONAL);
}

static __always_inline int plan_slots(struct env_ctx *ctx, struct scratch *s, struct env_near *near,
				      const struct dnsbolt_answer *a, const int which)
{
	__u32 i, n;
	int r;

	if (!a)
		return REASON_store;
	n = a->n_slots;
	env_barrier_var(n); /* one load: natively it may change under us */
	if (n > DNSBOLT_PARTS_MAX)
		return REASON_store;
	s->aa = a->flags & DNSBOLT_ANSWER_AA;
	s->rcode = a->rcode & 15;
	s->reason = a->reason;
	for (i = 0; i < DNSBOLT_PARTS_MAX; i++) {
		if (i >= n)
			break;
		if (!plan_is_of(&a->slot[i], which))
			continue;
		r = plan_slot(ctx, s, near, &a->slot[i]);
		if (r)
			return r;
	}
	return 0;
}

/* The same for every name that does not exist (RFC 2308 section 2.1), but for the proofs. */
static __always_inline int plan_nxdomain(struct env_ctx *ctx, struct scratch *s,
					 struct env_near *near)
{
	const struct dnsbolt_snapshot *snap = env_arena(ctx, s->snapshot);
	int r;

	s->aa = 1;
	s->rcode = RCODE_NXDOMAIN;
	s->reason = REASON_nxdomain;
	s->plan.resolved = 1;
	if (!snap || !snap->soa)
		return REASON_store;
	r = plan_part(ctx, s, near, snap->soa, DNSBOLT_AUTHORITY_SECTION, 0);
	if (!r && s->dnssec_ok && snap->soa_sig)
		r = plan_part(ctx, s, near, snap->soa_sig, DNSBOLT_AUTHORITY_SECTION, 0);
	return r;
}

static __always_inline void plan_start(struct scratch *s)
{
	s->plan = (struct plan){ 0 };
}

/* A DNAME with its signatures, and the CNAME that was made of it. What follows is said of its target. */
ENV_STAGE int plan_dname(struct env_ctx *ctx, struct scratch *s)
{
	struct env_near near = { 0, 0 };
	int r;

	if (!s)
		return REASON_internal;
	r = plan_slots(ctx, s, &near, env_arena_near(ctx, &near, s->dname), PLAN_BEFORE);
	s->plan.resolved = 1;
	if (s->made_len)
		plan_made(s);
	s->plan.of_target = PLAN_OF_TARGET;
	s->reason = REASON_dname;
	return r;
}

/* Our OPT, where the query has one: with a cookie, and with an NSID. */
static __always_inline __u16 plan_opt(const struct scratch *s, const struct dnsbolt_config *c)
{
	__u32 nsid;

	if (!s->edns)
		return 0;
	nsid = s->nsid ? c->nsid.len : 0;
	if (nsid > DNSBOLT_IDENTITY_MAX)
		nsid = 0;
	return (__u16)(DNS_OPT + (s->has_cookie ? PLAN_COOKIE : 0) + (nsid ? 4 + nsid : 0));
}

/* A reply without records. */
static __always_inline void plan_bare(struct scratch *s, const struct dnsbolt_config *c,
				      __u32 reason, __u32 rcode, __u32 truncated)
{
	plan_start(s);
	s->aa = 0;
	s->rcode = (__u8)rcode;
	s->plan.truncated = (__u8)truncated;
	s->reason = (__u8)reason;
	s->opt_len = plan_opt(s, c);
	s->reply_len = s->question_end + s->opt_len;
	s->plan.counts = s->edns * plan_count(DNSBOLT_ADDITIONAL_SECTION);
}

/* Decides what is sent of what was planned, when the store was not flipped meanwhile. */
static __always_inline int plan_finish(struct env_ctx *ctx, struct scratch *s,
				       const struct dnsbolt_config *c)
{
	int r;

	s->opt_len = plan_opt(s, c);
	r = plan_fit(ctx, s, c);
	if (env_read_once(&c->flips) != s->flips)
		return REASON_busy;
	return r || !s->plan.many_ptrs ? r : plan_pointers(s);
}

/* The answer, with the proofs that were found between what it has for the sections. */
ENV_STAGE int plan_proved(struct env_ctx *ctx, struct scratch *s)
{
	struct env_near near = { 0, 0 };
	const struct dnsbolt_answer *a;
	__u32 i;
	int r;

	if (!s)
		return REASON_internal;
	a = s->answer ? env_arena_near(ctx, &near, s->answer) : 0;
	r = s->answer ? plan_slots(ctx, s, &near, a, PLAN_BEFORE) : plan_nxdomain(ctx, s, &near);
	for (i = 0; !r && i < DNSBOLT_PROOFS_MAX; i++) {
		if (i >= s->n_proofs)
			break;
		if (!plan_has(s, s->proof[i]))
			r = plan_part(ctx, s, &near, s->proof[i], DNSBOLT_AUTHORITY_SECTION, 0);
	}
	s->plan.resolved = 1;
	return r || !s->answer ? r : plan_slots(ctx, s, &near, a, PLAN_ADDITIONAL);
}

static __always_inline int plan_answer(struct env_ctx *ctx, struct scratch *s,
				       const struct dnsbolt_config *c, struct env_near *near)
{
	int r;

	plan_start(s);
	r = s->renamed ? plan_dname(ctx, s) : 0;
	if (r)
		return r;
	if (s->n_proofs)
		r = plan_proved(ctx, s);
	else if (s->answer)
		r = plan_slots(ctx, s, near, env_arena_near(ctx, near, s->answer), PLAN_ALL);
	else
		r = plan_nxdomain(ctx, s, near);
	if (s->renamed) {
		s->aa = 1; /* of the first owner: RFC 1035 section 4.1.1 */
		s->reason = REASON_dname;
	}
	return r ? r : plan_finish(ctx, s, c);
}

/* `return: fib`: the reply goes back to where the query came from, or not from here. */
ENV_STAGE int plan_route(struct env_ctx *ctx, struct scratch *s, const struct dnsbolt_config *c)
{
	const __u8 *mac;

	if (!s || !c)
		return REASON_internal;
	if (s->l3 != 14) /* the route's device would be the VLAN's */
		return REASON_fib;
	mac = env_span(ctx, 6, 6);
	if (!mac)
		return REASON_internal;
	return env_fib(ctx, s, s->reply_len + (s->ipv6 ? PLAN_UDP_IPV6 : PLAN_UDP_IPV4), mac)
		       ? REASON_fib
		       : 0;
}

#endif /* DNSBOLT_CORE_PLAN_H */
