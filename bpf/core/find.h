/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Stage 5: from the name to an answer (RFC 1034 section 4.3.2). find_exact() looks for the name itself; what it does not
 * find, find_encloser() answers by the closest ancestor that exists.
 *
 * Versions: a node counts when it is not newer than the snapshot of its zone; else the one before it does. The
 * snapshot is read between two reads of the head: heads are stored before the snapshot is flipped, so a head that
 * is unchanged after the snapshot was read is not older than it.
 */
#ifndef DNSBOLT_CORE_FIND_H
#define DNSBOLT_CORE_FIND_H

#include "../reasons.h"
#include "client.h"
#include "env.h"
#include "index.h"
#include "question.h"

/* Beside reasons, which are positive */
#define FIND_FOUND 0
#define FIND_ABSENT (-1)
#define FIND_PROVE (-2)	 /* the denial chain is to be searched */
#define FIND_DNAME (-3)	 /* a CNAME is to be made */
#define FIND_TARGET (-5) /* and its target is in the zone */

/* Is a node of this version in the snapshot of that one? */
#ifdef TEST_NO_VERSION_CHECK /* tests/hunt has to see what it would miss without it */
#define FIND_IS_IN(node, snapshot) ((void)(snapshot), 1)
#else
#define FIND_IS_IN(node, snapshot) ((node) <= (snapshot))
#endif

#define FIND_HEAD_TRIES                                                                            \
	3 /* a head that moves under the reader: two versions in the time of one look */

/*
 * Calls cost as much as what many of these functions do, so that what finds most names has none: the functions with _inline are the
 * bodies of those without.
 */

/* Is the anchor's name the question's from offset `from` on? */
static __always_inline int find_same_name_inline(const struct scratch *s,
						 const struct dnsbolt_anchor *a, __u32 handle,
						 __u32 from)
{
	__u32 i, len;

	if (from > s->name_len)
		return 0;
	len = s->name_len - from;
	if (a->self != handle || a->name_len != len)
		return 0;
	for (i = 0; i < DNSBOLT_NAME_MAX / 8 + 1; i++) {
		if (i * 8 >= len)
			break;
		if (env_get64(a->name + i * 8) !=
		    env_get64((__u8 *)s->name + ((from + i * 8) & 255)))
			return 0;
	}
	return 1;
}

ENV_STAGE int find_same_name(struct env_ctx *ctx, const struct scratch *s, __u32 handle, __u32 from)
{
	const struct dnsbolt_anchor *a = env_arena(ctx, handle);

	ENV_TAKES(ctx);
	return s && a && find_same_name_inline(s, a, handle, from);
}

/* The hash of the question's ancestor (or self) with `depth` labels. */
static __always_inline __u64 find_hash(const struct scratch *s, const struct dnsbolt_config *c,
				       __u32 depth)
{
	if (depth >= s->labels)
		return s->hash;
	return question_hash(s, c, s->at[(s->labels - depth) & 127]);
}

/* The first anchor of that hash; 0: there is none. */
ENV_STAGE __u32 find_first(struct env_ctx *ctx, struct scratch *s, __u32 depth)
{
	const struct dnsbolt_config *c = env_config(ctx);
	__u64 hash;

	ENV_TAKES(ctx);
	if (!s || !c)
		return 0;
	hash = find_hash(s, c, depth);
	return index_find(ctx, index_line(ctx, c, hash), hash);
}

/* The same by the map. */
ENV_STAGE __u32 find_mapped(struct env_ctx *ctx, struct scratch *s, __u32 depth)
{
	const struct dnsbolt_config *c = env_config(ctx);

	ENV_TAKES(ctx);
	return s && c ? env_name(ctx, find_hash(s, c, depth)) : 0;
}

/* The anchor of the question's ancestor (or self) with `depth` labels, into scratch.anchor: of the chain that the index names, else
 * of the map's. A hash that is there with another name proves nothing: REASON_unknown. */
ENV_STAGE int find_anchor(struct env_ctx *ctx, struct scratch *s, __u32 depth)
{
	const struct dnsbolt_anchor *a;
	dnsbolt_handle h;
	__u32 i, from, asked = 0;

	ENV_TAKES(ctx);
	if (!s || depth > s->labels)
		return REASON_internal;
	from = s->at[(s->labels - depth) & 127];
	h = find_first(ctx, s, depth);
	for (i = 0; i < 2 * DNSBOLT_CHAIN_MAX; i++) {
		if (!h && asked)
			break;
		if (!h) {
			h = i ? find_mapped(ctx, s, depth) : 0;
			if (!h)
				return FIND_ABSENT;
			asked = 1;
		}
		if (find_same_name(ctx, s, h, from)) {
			s->anchor = h;
			return FIND_FOUND;
		}
		a = env_arena(ctx, h);
		h = a ? env_read_once(&a->next) : 0;
	}
	return REASON_unknown;
}

/* Does the node count, for the snapshot of its zone as it is now? Leaves both in the scratch. 1: from the future. */
static __always_inline int find_judge(struct env_ctx *ctx, struct scratch *s, struct env_near *near,
				      dnsbolt_handle h, dnsbolt_handle *ret_prev,
				      const struct dnsbolt_node **ret_node)
{
	const struct dnsbolt_node *n = env_arena_near(ctx, near, h);
	const struct dnsbolt_snapshot *snap = 0;
	const struct dnsbolt_zone *z;
	__u64 version = 0;

	if (!n)
		return REASON_store;
	/* One snapshot for all names of the zone that this query meets. */
	if (n->zone != s->zone) {
		z = env_zone(ctx, n->zone);
		if (!z)
			return REASON_store;
		s->snapshot = env_read_acquire(&z->snapshot, s);
		s->zone = n->zone;
	}
	if (s->snapshot) {
		snap = env_arena(ctx, s->snapshot);
		if (!snap)
			return REASON_store;
		version = snap->version;
	}
	if (!FIND_IS_IN(n->version, version)) {
		*ret_prev = n->prev;
		return 1;
	}
	s->visible = h;
	*ret_node = n;
	return n->flags & DNSBOLT_NODE_TOMBSTONE ? FIND_ABSENT : FIND_FOUND;
}

/* The node on one side of an anchor, into scratch.visible, zone and snapshot. */
static __always_inline int find_visible(struct env_ctx *ctx, struct scratch *s,
					struct env_near *near, const struct dnsbolt_anchor *a,
					__u32 side, const struct dnsbolt_node **ret_node)
{
	dnsbolt_handle h, prev = 0;
	int i, r;

	for (i = 0; i < FIND_HEAD_TRIES; i++) {
		h = env_read_once(&a->head[side & 1]);
		if (!h)
			return FIND_ABSENT;
		r = find_judge(ctx, s, near, h, &prev, ret_node);
		if (env_read_once(&a->head[side & 1]) != h)
			continue;
		if (r != 1)
			return r;
		if (!prev)
			return FIND_ABSENT;
		r = find_judge(ctx, s, near, prev, &prev, ret_node);
		return r == 1 ? REASON_busy : r;
	}
	return REASON_busy;
}

/* That anchor's. NULL: there is none. */
static __always_inline const struct dnsbolt_anchor *find_open(struct env_ctx *ctx,
							      struct env_near *near, __u32 anchor)
{
	const struct dnsbolt_anchor *a = env_arena_near(ctx, near, anchor);

	return a && a->self == anchor ? a : 0;
}

/* The same for a name, into scratch.node. */
static __always_inline int find_node_inline(struct env_ctx *ctx, struct scratch *s,
					    struct env_near *near, const struct dnsbolt_anchor *a,
					    __u32 side, const struct dnsbolt_node **ret_node)
{
	int r = find_visible(ctx, s, near, a, side, ret_node);

	if (r)
		return r;
	if (!*ret_node)
		return REASON_store;
	if ((*ret_node)->flags & DNSBOLT_NODE_PROOF) /* RFC 5155 section 7.2.8 */
		return FIND_ABSENT;
	s->node = s->visible;
	return FIND_FOUND;
}

/* Of scratch.anchor. */
ENV_STAGE int find_node(struct env_ctx *ctx, struct scratch *s, __u32 side)
{
	const struct dnsbolt_node *n = 0;
	const struct dnsbolt_anchor *a;
	struct env_near near = { 0, 0 };

	ENV_TAKES(ctx);
	if (!s)
		return REASON_internal;
	a = find_open(ctx, &near, s->anchor);
	return a ? find_node_inline(ctx, s, &near, a, side, &n) : REASON_store;
}

/* The part of a proof, into scratch.proof_part. It is of the zone, and so of the snapshot, of the answer. */
static __always_inline int find_proof_inline(struct env_ctx *ctx, struct scratch *s, __u32 proof)
{
	struct env_near near = { 0, 0 };
	const struct dnsbolt_anchor *a = find_open(ctx, &near, proof & ~3u);
	const struct dnsbolt_node *n = 0;
	dnsbolt_handle snapshot = s->snapshot;
	__u32 zone = s->zone;
	int r;

	if (!a)
		return REASON_store;
	r = find_visible(ctx, s, &near, a, proof & 1, &n);
	if (r)
		return r == FIND_ABSENT ? REASON_busy : r;
	if (!n || s->zone != zone || s->snapshot != snapshot || !n->proof)
		return REASON_busy;
	s->proof_part = n->proof;
	return 0;
}

ENV_STAGE int find_proof(struct env_ctx *ctx, struct scratch *s, __u32 proof)
{
	ENV_TAKES(ctx);
	return s ? find_proof_inline(ctx, s, proof) : REASON_internal;
}

/* The name as its own zone holds it, else as the delegation that its parent sees. */
static __always_inline int find_any_side(struct env_ctx *ctx, struct scratch *s)
{
	int r = find_node(ctx, s, DNSBOLT_SIDE_CHILD);

	return r == FIND_ABSENT ? find_node(ctx, s, DNSBOLT_SIDE_PARENT) : r;
}

/* Why the zone in hand is not for this client, or now for nobody. The program looks at the clock itself: it must stop also when
 * nobody is left to tell it. */
static __always_inline int find_shut(struct env_ctx *ctx, const struct scratch *s,
				     const struct dnsbolt_config *c)
{
	const struct dnsbolt_zone *z = env_zone(ctx, s->zone);

	if (!z || (z->expires && env_now(ctx) >= z->expires))
		return REASON_expired;
	return client_may(s, z) ? 0
				: client_refusal(c, REASON_not_served, REASON_not_served_passed);
}

/* Has a change set become visible since the first look-up? What was absent then may be there. */
static __always_inline int find_flipped(const struct scratch *s, const struct dnsbolt_config *c)
{
	return env_read_once(&c->flips) != s->flips;
}

/* The directory's entry for the type, else the one for all others: sorted, so found by halving, without branches. */
static __always_inline int find_entry_inline(struct scratch *s, const struct dnsbolt_node *n,
					     __u32 type)
{
	__u32 lo = 0, count, half, m, le, i;

	if (!n->n_dir || n->n_dir > DNSBOLT_DIR_MAX)
		return REASON_store;
	count = n->n_dir;
	for (i = 0; i < 8; i++) {
		if (count <= 1)
			break;
		half = count >> 1;
		m = (lo + half) & (DNSBOLT_DIR_MAX - 1);
		le = -(__u32)(n->dir[m].qtype <= type);
		env_barrier_var(le);
		lo += half & le;
		count -= half;
	}
	lo &= DNSBOLT_DIR_MAX - 1;
	if (n->dir[lo].qtype != type) {
		lo = 0;
		if (n->dir[0].qtype)
			return REASON_store;
	}
	s->answer = n->dir[lo].answer;
	if (n->dir[lo].pass[s->dnssec_ok & 1])
		return n->dir[lo].pass[s->dnssec_ok & 1];
	return s->answer ? 0 : REASON_store; /* no answer would be NXDOMAIN */
}

ENV_STAGE int find_entry(struct env_ctx *ctx, struct scratch *s, __u32 type)
{
	const struct dnsbolt_node *n;

	ENV_TAKES(ctx);
	if (!s)
		return REASON_internal;
	n = env_arena(ctx, s->node);
	return n ? find_entry_inline(s, n, type) : REASON_store;
}

/* DS is the parent's, also where we serve the child (RFC 4035 section 3.1.4.1). The parent's side of the name; else, by
 * FIND_ABSENT, whatever zone is above. */
static __always_inline int find_ds(struct env_ctx *ctx, struct scratch *s)
{
	const struct dnsbolt_node *n = env_arena(ctx, s->node);
	int r;

	if (!n)
		return REASON_store;
	if (!(n->flags & DNSBOLT_NODE_APEX) || !s->labels)
		return FIND_FOUND;
	r = find_node(ctx, s, DNSBOLT_SIDE_PARENT);
	s->ds_up = r == FIND_ABSENT;
	return r;
}

/* Is the bit of the ancestor set whose name starts at `from`? */
static __always_inline int find_apex_bit(const struct scratch *s, const struct dnsbolt_config *c,
					 __u32 from)
{
	const __u8 *end = (const __u8 *)s->no_name + (s->name_len & 255);
	__u32 bit = dnsbolt_apex_bit(s->name_len - from, env_get64(end), env_get64(end + 8));

	return c->apex_bits[bit / 64] >> bit % 64 & 1;
}

_Static_assert(DNSBOLT_APEX_DEPTHS >= QUESTION_FEW + 2,
	       "the last depth is of names that are searched for");

/* Can any zone have the name? A bit of one of its ancestors says that one may. */
static __always_inline int find_may_be_ours(const struct scratch *s, const struct dnsbolt_config *c)
{
	__u32 i, labels = s->labels, depths = c->apex_depths;

	for (i = 0; i <= QUESTION_FEW; i++) {
		if (i > labels)
			return 0;
		if (depths >> i & 1 && find_apex_bit(s, c, s->at[(labels - i) & 127]))
			return 1;
	}
	return labels > QUESTION_FEW && depths >> i; /* it is searched for */
}

/* The name's own anchor: nearly always the only one of its hash. */
static __always_inline int find_own_anchor(struct env_ctx *ctx, struct scratch *s,
					   const struct dnsbolt_index_line *line,
					   struct env_near *near,
					   const struct dnsbolt_anchor **ret_anchor)
{
	dnsbolt_handle h = index_find(ctx, line, s->hash);
	int r;

	if (!h)
		return FIND_ABSENT;
	*ret_anchor = env_arena_near(ctx, near, h);
	if (*ret_anchor && find_same_name_inline(s, *ret_anchor, h, 0)) {
		s->anchor = h;
		return FIND_FOUND;
	}
	r = find_anchor(ctx, s, s->labels);
	if (!r)
		*ret_anchor = env_arena_near(ctx, near, s->anchor);
	return r || *ret_anchor ? r : REASON_store;
}

/* What is not simply there: DS, or what only the zone above has. */
static __always_inline int find_rare_side(struct env_ctx *ctx, struct scratch *s, int r)
{
	if (r == FIND_ABSENT)
		r = find_node(ctx, s, DNSBOLT_SIDE_PARENT);
	return !r && s->qtype == QTYPE_DS ? find_ds(ctx, s) : r;
}

/* `line`: of the index, for the name. 0: scratch.answer; FIND_ABSENT: go on with find_encloser(); else the reason to pass with. */
static __always_inline int find_exact(struct env_ctx *ctx, struct scratch *s,
				      const struct dnsbolt_config *c,
				      const struct dnsbolt_index_line *line, struct env_near *near)
{
	const struct dnsbolt_anchor *a = 0;
	const struct dnsbolt_node *n = 0;
	int r;

	s->depth = s->labels;
	s->encloser = 0;
	s->n_proofs = 0;
	s->ds_up = 0;
	s->renamed = 0;
	if (!s->is_ours)
		return REASON_not_ours;
	r = find_own_anchor(ctx, s, line, near, &a);
	if (r)
		return r;
	r = find_node_inline(ctx, s, near, a, DNSBOLT_SIDE_CHILD, &n);
	if (r == FIND_ABSENT || s->qtype == QTYPE_DS) {
		r = find_rare_side(ctx, s, r);
		n = env_arena_near(ctx, near, s->node);
	}
	if (r)
		return r;
	r = find_shut(ctx, s, c);
	if (r)
		return r;
	return n ? find_entry_inline(s, n, s->qtype) : REASON_store;
}

/* How many labels of the name are stored. Every ancestor of a stored name is stored, so that is monotonic along the
 * name, and a name of 127 labels costs 8 look-ups. */
ENV_STAGE int find_depth(struct env_ctx *ctx, struct scratch *s)
{
	__u32 lo = 0, hi, mid, i;

	if (!s)
		return 0;
	hi = s->labels & 127;
	for (i = 0; i < 8; i++) {
		if (lo >= hi)
			break;
		mid = (lo + hi + 1) >> 1;
		if (find_first(ctx, s, mid))
			lo = mid;
		else
			hi = mid - 1;
	}
	return lo;
}

/* The closest ancestor with a node that counts, into scratch.node and depth: up from the deepest that is stored, past
 * those that are there only for other names' sake. FIND_ABSENT: none up to the root. */
ENV_STAGE int find_closest(struct env_ctx *ctx, struct scratch *s, __u32 depth)
{
	__u32 i;
	int r;

	if (!s)
		return REASON_internal;
	for (i = 0; i < DNSBOLT_LABELS_MAX + 1; i++) {
		if (i > depth)
			break;
		r = find_anchor(ctx, s, depth - i);
		if (r == FIND_ABSENT)
			continue;
		if (r)
			return r;
		r = find_any_side(ctx, s);
		if (r == FIND_ABSENT)
			continue;
		s->depth = depth - i;
		return r;
	}
	return FIND_ABSENT;
}

/* DS asked at an apex above which no zone is served: our own NODATA. */
static __always_inline int find_own_ds(struct env_ctx *ctx, struct scratch *s,
				       const struct dnsbolt_config *c)
{
	int r = find_anchor(ctx, s, s->labels);

	if (!r)
		r = find_node(ctx, s, DNSBOLT_SIDE_CHILD);
	if (r)
		return r == FIND_ABSENT ? REASON_busy : r;
	r = find_shut(ctx, s, c);
	return r ? r : find_entry(ctx, s, s->qtype);
}

/* What a wildcard has for the type (RFC 4592 section 3.3), by its own node. */
static __always_inline int find_wildcard(struct env_ctx *ctx, struct scratch *s,
					 dnsbolt_handle anchor)
{
	dnsbolt_handle snapshot = s->snapshot;
	__u32 zone = s->zone;
	int r;

	s->anchor = anchor;
	r = find_node(ctx, s, DNSBOLT_SIDE_CHILD);
	if (r)
		return r == FIND_ABSENT ? REASON_wildcard_odd : r;
	if (s->zone != zone) /* a cut, whose child is served */
		return REASON_wildcard_odd;
	return s->snapshot == snapshot ? find_entry(ctx, s, s->qtype) : REASON_busy;
}

/* Must the denial chain be asked about a name whose encloser that is? 0: no, FIND_PROVE: yes. */
static __always_inline int find_must_prove(struct env_ctx *ctx, const struct scratch *s)
{
	const struct dnsbolt_snapshot *snap = env_arena(ctx, s->snapshot);

	if (!snap)
		return REASON_store;
	if (!s->dnssec_ok || !(snap->flags & DNSBOLT_ZONE_SIGNED))
		return 0;
	return snap->denial ? FIND_PROVE : REASON_no_proof;
}

/* By the closest encloser: referral, what is below a DNAME, a wildcard's answer, or that the name does not exist (RFC 1034
 * section 4.3.2, RFC 4592, RFC 6672, RFC 8020). */
static __always_inline int find_below(struct env_ctx *ctx, struct scratch *s,
				      const struct dnsbolt_node *n)
{
	dnsbolt_handle wildcard = n->wildcard;
	int r = 0;

	if (n->flags & DNSBOLT_NODE_CUT)
		return find_entry(ctx, s, 0);
	if (n->flags & DNSBOLT_NODE_DNAME) {
		r = find_entry(ctx, s, QTYPE_DNAME);
		return r ? r : FIND_DNAME;
	}
	if (n->flags & DNSBOLT_NODE_WILDCARD)
		r = find_wildcard(ctx, s, wildcard);
	else
		s->answer = 0;
	return r ? r : find_must_prove(ctx, s);
}

/* One name of the zone, on either side of a cut. Another zone's is noted in scratch.beside. */
static __always_inline int find_inside_one(struct env_ctx *ctx, struct scratch *s, __u32 zone)
{
	int r = find_node(ctx, s, DNSBOLT_SIDE_CHILD);

	if (!r && s->zone == zone)
		return 0;
	if (!r)
		s->beside = 1;
	else if (r != FIND_ABSENT)
		return r;
	r = find_node(ctx, s, DNSBOLT_SIDE_PARENT);
	return r || s->zone == zone ? r : FIND_ABSENT;
}

/* As find_closest(), from the name itself up to the apex of the zone in hand. */
ENV_STAGE int find_inside(struct env_ctx *ctx, struct scratch *s, __u32 depth)
{
	dnsbolt_handle snapshot;
	__u32 zone, i;
	int r;

	if (!s)
		return REASON_internal;
	zone = s->zone;
	snapshot = s->snapshot;
	s->beside = 0;
	for (i = 0; i < DNSBOLT_LABELS_MAX + 1; i++) {
		if (i > depth)
			break;
		r = find_anchor(ctx, s, depth - i);
		if (!r)
			r = find_inside_one(ctx, s, zone);
		if (r == FIND_ABSENT)
			continue;
		s->depth = depth - i;
		/* Its snapshot was read again when another zone's was between. */
		return r ? r : s->snapshot != snapshot ? REASON_busy : 0;
	}
	return REASON_busy; /* an apex cannot go from its own snapshot */
}

/* What the zone has for the name that a DNAME led to, the zone's cuts included, other zones not. FIND_TARGET: it is in another
 * zone, so nothing. */
ENV_STAGE int find_target(struct env_ctx *ctx, struct scratch *s)
{
	const struct dnsbolt_node *n;
	const struct dnsbolt_answer *a;
	int r;

	if (!s)
		return REASON_internal;
	r = find_inside(ctx, s, (__u32)find_depth(ctx, s));
	if (r)
		return r;
	n = env_arena(ctx, s->node);
	if (!n)
		return REASON_store;
	if (s->beside && !(n->flags & DNSBOLT_NODE_CUT))
		return FIND_TARGET;
	s->encloser = s->depth == s->labels ? 0 : s->node;
	if (s->qtype == QTYPE_RRSIG && n->flags & DNSBOLT_NODE_DNAME)
		return REASON_dname_twice; /* its signature could stand in the answer twice */
	r = s->encloser ? find_below(ctx, s, n) : find_entry(ctx, s, s->qtype);
	if (r == FIND_DNAME)
		return REASON_dname_twice;
	if (r > 0)
		return r;
	if (!s->answer)
		return r;
	/* A DNAME that stands in the answer already must not be in what follows, nor be where a chain ends. */
	a = env_arena(ctx, s->answer);
	if (!a || a->flags & DNSBOLT_ANSWER_DNAME)
		return REASON_dname_twice;
	return s->qtype == QTYPE_DNAME && a->reason == REASON_cname ? REASON_dname_twice : r;
}

/* The name's parent: most names that do not exist are asked for right below one that does.
 * FIND_ABSENT: it is to be searched for. */
static __always_inline int find_parent(struct env_ctx *ctx, struct scratch *s,
				       const struct dnsbolt_config *c,
				       const struct dnsbolt_node **ret_node)
{
	__u32 depth = (s->labels - 1u) & 127;
	struct env_near near = { 0, 0 };
	const struct dnsbolt_anchor *a;
	dnsbolt_handle h;
	__u64 hash;
	int r;

	if (!s->labels)
		return FIND_ABSENT;
	hash = question_hash(s, c, s->at[1]);
	h = index_find(ctx, index_line(ctx, c, hash), hash);
	a = h ? env_arena_near(ctx, &near, h) : 0;
	if (!a || !find_same_name_inline(s, a, h, s->at[1]))
		return FIND_ABSENT;
	s->anchor = h;
	r = find_node_inline(ctx, s, &near, a, DNSBOLT_SIDE_CHILD, ret_node);
	if (!r)
		s->depth = depth;
	return r;
}

/* Any other ancestor. */
static __always_inline int find_ancestor(struct env_ctx *ctx, struct scratch *s,
					 const struct dnsbolt_node **ret_node)
{
	__u32 from = s->ds_up ? (s->labels - 1u) & 127 : (__u32)find_depth(ctx, s);
	int r = find_closest(ctx, s, from);

	if (!r)
		*ret_node = env_arena(ctx, s->node);
	return r;
}

/* The name itself has no node. 0: scratch.answer (0: NXDOMAIN), FIND_PROVE, FIND_DNAME, or the reason to pass with. */
static __always_inline int find_encloser(struct env_ctx *ctx, struct scratch *s,
					 const struct dnsbolt_config *c)
{
	const struct dnsbolt_node *n = 0;
	int r;

	r = s->ds_up ? FIND_ABSENT : find_parent(ctx, s, c, &n);
	if (r == FIND_ABSENT)
		r = find_ancestor(ctx, s, &n);
	if (r == FIND_ABSENT)
		return s->ds_up ? find_own_ds(ctx, s, c) : REASON_not_ours;
	if (r)
		return r;
	if (s->depth >= s->labels) /* not there when find_exact() looked: it came meanwhile */
		return REASON_busy;
	r = find_shut(ctx, s, c);
	if (r)
		return r;
	s->encloser = s->node;
	return n ? find_below(ctx, s, n) : REASON_store;
}

#endif /* DNSBOLT_CORE_FIND_H */
