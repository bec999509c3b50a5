/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Records that no zone holds: the CNAME below a DNAME (RFC 6672 section 3.1), and who we are (class CH, RFC 4892). Each is
 * the one record in scratch.made, and a part of the plan under the symbol DNSBOLT_PART_MADE.
 *
 * Where the CNAME leads back into the zone, its target takes the place of the question's name, and the search goes on from
 * there; once (find_target()).
 */
#ifndef DNSBOLT_CORE_MADE_H
#define DNSBOLT_CORE_MADE_H

#include "../reasons.h"
#include "env.h"
#include "find.h"
#include "limit.h"
#include "plan.h"

#define RCODE_YXDOMAIN 6u

static __always_inline void made_header(struct scratch *s, __u32 type, __u32 class, __u32 ttl_be)
{
	__u8 *m = (__u8 *)s->made;

	env_put_be16(m, 0xc000 | DNS_HEADER);
	env_put_be16(m + 2, type);
	env_put_be16(m + 4, class);
	env_put32(m + 6, ttl_be);
}

static __always_inline void made_finish(struct scratch *s, __u32 rdlen)
{
	__u8 *m = (__u8 *)s->made;
	__u32 end = MADE_FIXED + rdlen;

	env_put_be16(m + 10, rdlen);
	s->made_len = end;
	/* The filling up to a multiple of 4 is in the checksum. Clang knows that the mask does nothing; 6.1 does not. */
	env_barrier_var(end);
	env_put32(m + (end & 511), 0);
}

/* `len` octets of a name, and up to seven that follow them, to that offset of scratch.made. */
static __always_inline void made_copy(struct scratch *s, __u32 at, const __u8 *from, __u32 len)
{
	__u32 i, words = (len + 7) / 8;

	env_barrier_var(words); /* the loop's own bound is what verifiers see */
	for (i = 0; i < DNSBOLT_NAME_MAX / 8 + 1; i++) {
		if (i >= words)
			break;
		env_put64((__u8 *)s->made + ((at + i * 8) & 511), env_get64(from + i * 8));
	}
}

/* The DNAME's record in its part: an owner that is a pointer (or the root), then type, class, TTL, RDLENGTH, and the
 * target, which is not compressed. */
struct made_dname {
	const __u8 *ttl, *target;
	__u32 target_len;
};

static __always_inline int made_read_dname(struct env_ctx *ctx, struct scratch *s,
					   struct made_dname *ret_dname)
{
	const struct dnsbolt_answer *a = env_arena(ctx, s->answer);
	const struct dnsbolt_part *p;
	const __u8 *data;
	__u32 n_ptr;

	if (!a || !a->n_slots)
		return REASON_store;
	p = env_arena(ctx, a->slot[0].part);
	if (!p)
		return REASON_store;
	n_ptr = p->n_ptr;
	env_barrier_var(n_ptr); /* one load: natively it may change under us */
	if (n_ptr > 1)
		return REASON_store;
	data = (const __u8 *)p + dnsbolt_part_data(n_ptr) + (n_ptr ? 2 : 1);
	ret_dname->ttl = data + 4;
	ret_dname->target_len = env_get_be16(data + 8);
	ret_dname->target = data + 10;
	return ret_dname->target_len && ret_dname->target_len <= DNSBOLT_NAME_MAX ? 0
										  : REASON_store;
}

/* What is left of the question's name when the DNAME's owner is cut off, and the target behind it. */
static __always_inline int made_cname(struct env_ctx *ctx, struct scratch *s)
{
	struct made_dname dname = {};
	__u32 prefix;
	int r;

	r = made_read_dname(ctx, s, &dname);
	if (r)
		return r;
	prefix = s->at[(s->labels - s->depth) & 127];
	s->made_len = 0;
	if (prefix + dname.target_len > DNSBOLT_NAME_MAX)
		return 0;
	made_header(s, QTYPE_CNAME, QCLASS_IN, env_get32(dname.ttl));
	made_copy(s, MADE_FIXED, (const __u8 *)s->frame + FRAME_NAME, prefix);
	made_copy(s, MADE_FIXED + prefix, dname.target, dname.target_len);
	made_finish(s, prefix + dname.target_len);
	return 0;
}

/* Only the DNAME and its CNAME. */
static __always_inline int made_plan(struct env_ctx *ctx, struct scratch *s,
				     const struct dnsbolt_config *c)
{
	int r;

	plan_start(s);
	r = plan_dname(ctx, s);
	s->rcode = s->made_len ? 0 : RCODE_YXDOMAIN; /* RFC 6672 section 2.2 */
	return r ? r : plan_finish(ctx, s, c);
}

/* Below a DNAME: the DNAME, and the CNAME that follows from it. FIND_TARGET: its target may be in the zone. */
ENV_STAGE int made_dname(struct env_ctx *ctx, struct scratch *s, const struct dnsbolt_config *c)
{
	const struct dnsbolt_node *n;
	int r;

	if (!s || !c)
		return REASON_internal;
	n = env_arena(ctx, s->encloser);
	if (!n)
		return REASON_store;
	s->dname = s->answer;
	r = made_cname(ctx, s);
	/* A CNAME asked for is the answer itself. */
	if (!r && s->made_len && n->flags & DNSBOLT_NODE_INSIDE && s->qtype != QTYPE_CNAME)
		r = FIND_TARGET;
	return r ? r : made_plan(ctx, s, c);
}

/* The CNAME's target in place of the question's name. */
static __always_inline int made_rename(struct scratch *s, const struct dnsbolt_config *c)
{
	const __u8 *target = (__u8 *)s->made + MADE_FIXED;

	if (question_labels(s, target) || s->name_len != s->made_len - MADE_FIXED)
		return REASON_store;
	question_copy(s, c, target);
	s->renamed = 1;
	return 0;
}

/* Is the name at or below the apex of the zone in hand? */
static __always_inline int made_is_inside(struct env_ctx *ctx, const struct scratch *s)
{
	const struct dnsbolt_snapshot *snap = env_arena(ctx, s->snapshot);
	__u32 labels;

	if (!snap)
		return 0;
	labels = snap->apex_labels;
	return labels <= s->labels &&
	       find_same_name(ctx, s, snap->apex, s->at[(s->labels - labels) & 127]);
}

/* On from the DNAME's target. 0: planned; FIND_PROVE, or the reason to pass with. */
ENV_STAGE int made_target(struct env_ctx *ctx, struct scratch *s, const struct dnsbolt_config *c)
{
	struct env_near near = { 0, 0 };
	int r;

	if (!s || !c)
		return REASON_internal;
	r = made_rename(s, c);
	if (r)
		return r;
	r = made_is_inside(ctx, s) ? find_target(ctx, s) : FIND_TARGET;
	if (r == FIND_TARGET)
		return made_plan(ctx, s, c);
	return r ? r : plan_answer(ctx, s, c, &near);
}

/* Eight octets of a name as scratch.name has them (RFC 4892, and BIND's names for the same). */
#define MADE_WORD(a, b, c, d, e, f, g, h)                                                          \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 |   \
	 (__u64)(f) << 40 | (__u64)(g) << 48 | (__u64)(h) << 56)
#define MADE_ID_ MADE_WORD(2, 'i', 'd', 6, 's', 'e', 'r', 'v')
#define MADE_SERVER MADE_WORD('e', 'r', 0, 0, 0, 0, 0, 0)
#define MADE_HOSTNAM MADE_WORD(8, 'h', 'o', 's', 't', 'n', 'a', 'm')
#define MADE_E_BIND MADE_WORD('e', 4, 'b', 'i', 'n', 'd', 0, 0)
#define MADE_VERSION MADE_WORD(7, 'v', 'e', 'r', 's', 'i', 'o', 'n')
#define MADE_BIND MADE_WORD(4, 'b', 'i', 'n', 'd', 0, 0, 0)
#define MADE_6SERVER MADE_WORD(6, 's', 'e', 'r', 'v', 'e', 'r', 0)

static __always_inline const struct dnsbolt_identity *made_identity(const struct scratch *s,
								    const struct dnsbolt_config *c)
{
	__u64 a = s->name[0], b = s->name[1];

	if (s->name_len == 11 && a == MADE_ID_ && b == MADE_SERVER)
		return &c->server;
	if (s->name_len == 15 && a == MADE_HOSTNAM && b == MADE_E_BIND)
		return &c->server;
	if (s->name_len == 14 && a == MADE_VERSION && b == MADE_BIND)
		return &c->version;
	if (s->name_len == 16 && a == MADE_VERSION && b == MADE_6SERVER)
		return &c->version;
	return 0;
}

/* One TXT record of one string, TTL 0. */
static __always_inline void made_text(struct scratch *s, const struct dnsbolt_identity *id)
{
	__u8 *m = (__u8 *)s->made;
	__u32 i, len = id->len;

	if (len > DNSBOLT_IDENTITY_MAX)
		len = DNSBOLT_IDENTITY_MAX;
	made_header(s, QTYPE_TXT, QCLASS_CH, 0);
	m[MADE_FIXED] = (__u8)len;
	for (i = 0; i < DNSBOLT_IDENTITY_MAX; i++) {
		if (i >= len)
			break;
		m[MADE_FIXED + 1 + i] = id->text[i];
	}
	made_finish(s, 1 + len);
}

/* Class CH: id.server, hostname.bind, version.bind, version.server. */
ENV_STAGE int made_chaos(struct env_ctx *ctx, struct scratch *s, const struct dnsbolt_config *c)
{
	const struct dnsbolt_identity *id;
	int r;

	if (!s || !c)
		return REASON_internal;
	id = made_identity(s, c);
	if (!id || !id->len)
		return REASON_qclass;
	r = limit_identity(ctx, s, c);
	if (r)
		return r;
	plan_start(s);
	s->aa = 1;
	s->rcode = 0;
	s->reason = REASON_identity;
	made_text(s, id);
	plan_made(s);
	return plan_finish(ctx, s, c);
}

#endif /* DNSBOLT_CORE_MADE_H */
