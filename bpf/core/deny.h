/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Denial of existence: which record of the zone's chain covers a name that is not there, and which proofs an answer takes with
 * it (RFC 4035 section 3.1.3, RFC 5155 section 7.2). The chain is an immutable tree of pages that the snapshot names, so it is
 * of one version with all else. One search a query: whatever a closest encloser proves by itself was found when the zone was
 * compiled, and stands in its node.
 */
#ifndef DNSBOLT_CORE_DENY_H
#define DNSBOLT_CORE_DENY_H

#include "../reasons.h"
#include "find.h"
#include "nsec3.h"

/* One label into the sort key; the `key_skip` labels of the apex are left out. `^ 7`: octet 0 of a word is its
 * highest, so that words compare as numbers. */
static long deny_key_label(__u32 i, void *arg)
{
	struct scratch *s = *(struct scratch **)arg;
	__u32 p = s->at[(s->labels - s->key_skip - 1 - i) & 127], out = s->key_out, len, k, low;
	__u8 *key = (__u8 *)s->key, c;

	len = ((__u8 *)s->name)[p & 255];
	for (k = 0; k < 63; k++) {
		if (k >= len)
			break;
		p++;
		c = ((__u8 *)s->name)[p & 255];
		low = c < 2; /* 0 and 1 are written as 1 1 and 1 2, for 0 ends a label */
		key[(out & 1023) ^ 7] = 1;
		out += low;
		key[(out & 1023) ^ 7] = (__u8)(c + low);
		out++;
	}
	key[(out & 1023) ^ 7] = 0;
	s->key_out = out + 1;
	return 0;
}

/* The question's name, less the labels of the apex, as a sort key. */
ENV_STAGE int deny_sort_key(struct scratch *s, __u32 apex_labels)
{
	__u32 i;

	if (!s || apex_labels > s->labels)
		return REASON_internal;
	for (i = 0; i < DNSBOLT_SORT_WORDS; i++)
		s->key[i] = 0;
	s->key_out = 0;
	s->key_skip = apex_labels;
	env_loop((s->labels - apex_labels) & 127, deny_key_label, &s);
	return 0;
}

/* Is the stored key not greater than ours? */
ENV_STAGE int deny_key_le(struct env_ctx *ctx, struct scratch *s, __u32 handle)
{
	const struct dnsbolt_sort_key *k;
	__u64 theirs, ours;
	__u32 i;

	ENV_TAKES(ctx);
	if (!s)
		return 0;
	if (!handle) /* NSEC3: no two prefixes are the same */
		return 1;
	k = env_arena(ctx, handle);
	if (!k)
		return 0;
	for (i = 0; i < DNSBOLT_SORT_WORDS; i++) {
		theirs = i < k->n ? k->word[i] : 0;
		ours = s->key[i];
		if (theirs != ours)
			return theirs < ours;
	}
	return 1;
}

/* One entry of each line that halving may come to: loaded together they take the time of one; one after another, as it goes on,
 * that of each. There may be fewer entries, but that many octets may always be read. */
static __always_inline void deny_touch(const struct dnsbolt_page *page, __u32 from, __u32 step,
				       const __u32 n)
{
	__u32 i;

	ENV_UNROLL
	for (i = 1; i <= n; i++)
		(void)env_read64(&page->entry[(from + i * step) & (DNSBOLT_PAGE_MAX - 1)].prefix);
}

/* Place of the last entry of the page whose key is not greater than ours; where even the first is, the last: a chain is
 * a ring. Halved without branches. -1: no page. */
ENV_STAGE int deny_place(struct env_ctx *ctx, struct scratch *s, __u32 handle)
{
	const struct dnsbolt_page *page = env_arena(ctx, handle);
	__u32 lo = 0, n, half, m, le, i;
	__u64 prefix, key;

	ENV_TAKES(ctx);
	if (!s || !page)
		return -1;
	n = page->n;
	if (!n || n > DNSBOLT_PAGE_MAX)
		return -1;
	key = s->key[0];
	deny_touch(page, 0, n / 8, 7);
	for (i = 0; i < 7; i++) {
		if (i == 3)
			deny_touch(page, lo, n / 4, 3);
		half = n >> 1;
		m = (lo + half) & (DNSBOLT_PAGE_MAX - 1);
		prefix = page->entry[m].prefix;
		if (prefix == key)
			le = (__u32)deny_key_le(ctx, s, page->entry[m].key);
		else
			le = prefix < key;
		le = -(le & 1);
		env_barrier_var(le);
		lo += half & le;
		n -= half;
	}
	lo &= DNSBOLT_PAGE_MAX - 1;
	prefix = page->entry[lo].prefix;
	if (prefix > key || (prefix == key && !deny_key_le(ctx, s, page->entry[lo].key)))
		lo = (page->n - 1) & (DNSBOLT_PAGE_MAX - 1);
	return (int)lo;
}

/* The link of the chain that scratch.key falls in, into scratch.cover. */
static __always_inline int deny_search(struct env_ctx *ctx, struct scratch *s,
				       const struct dnsbolt_config *c)
{
	const struct dnsbolt_snapshot *snap;
	const struct dnsbolt_page *page;
	dnsbolt_handle h;
	__u32 i, child;
	int place;

	snap = env_arena(ctx, s->snapshot);
	if (!snap)
		return REASON_store;
	h = snap->denial;
	for (i = 0; i < DNSBOLT_PAGE_LEVELS; i++) {
		place = deny_place(ctx, s, h);
		page = env_arena(ctx, h);
		if (place < 0 || !page)
			return REASON_store;
		child = page->entry[place & (DNSBOLT_PAGE_MAX - 1)].child;
		if (page->leaf) {
			/* An NSEC3 of that very hash: the name is not what it seems. */
			if ((snap->flags & DNSBOLT_ZONE_NSEC3) &&
			    page->entry[place & (DNSBOLT_PAGE_MAX - 1)].prefix == s->key[0])
				return find_flipped(s, c) ? REASON_busy : REASON_unknown;
			s->cover = child;
			return 0;
		}
		h = child;
	}
	return REASON_store;
}

/* Adds the part behind a proof, 0: none, to scratch.proof. */
static __always_inline int deny_add(struct env_ctx *ctx, struct scratch *s, __u32 proof)
{
	int r;

	if (!proof)
		return 0;
	r = find_proof_inline(ctx, s, proof);
	if (r)
		return r;
	s->proof[s->n_proofs & (DNSBOLT_PROOFS_ROOM - 1)] = s->proof_part;
	s->n_proofs++;
	return s->n_proofs > DNSBOLT_PROOFS_MAX ? REASON_internal : 0;
}

/* Beside the cover: that "*" is not there either (NXDOMAIN); which encloser is (NSEC3: NXDOMAIN and wildcard NODATA). A wildcard's
 * answer takes the cover alone (RFC 5155 section 7.2.6). */
static __always_inline int deny_others(struct env_ctx *ctx, struct scratch *s,
				       const struct dnsbolt_node *n)
{
	const struct dnsbolt_answer *a;
	int r = 0;

	if (s->answer) {
		a = env_arena(ctx, s->answer);
		if (!a)
			return REASON_store;
		return a->flags & DNSBOLT_ANSWER_NODATA ? deny_add(ctx, s, n->match) : 0;
	}
	r = deny_add(ctx, s, n->wild_cover);
	return r ? r : deny_add(ctx, s, n->match);
}

static __always_inline int deny_cover(struct env_ctx *ctx, struct scratch *s,
				      const struct dnsbolt_config *c,
				      const struct dnsbolt_snapshot *snap)
{
	int r;

	if (snap->flags & DNSBOLT_ZONE_NSEC3)
		r = nsec3_key(ctx, s);
	else
		r = deny_sort_key(s, snap->apex_labels);
	return r ? r : deny_search(ctx, s, c);
}

/* All proofs that the name's encloser does not put into the answer itself. */
static __always_inline int deny_prove(struct env_ctx *ctx, struct scratch *s,
				      const struct dnsbolt_config *c)
{
	const struct dnsbolt_snapshot *snap;
	const struct dnsbolt_node *n;
	int r = 0;

	n = env_arena(ctx, s->encloser);
	snap = env_arena(ctx, s->snapshot);
	if (!n || !snap)
		return REASON_store;
	s->cover = n->next_cover;
	if (!s->cover)
		r = deny_cover(ctx, s, c, snap);
	if (!r)
		r = deny_add(ctx, s, s->cover);
	return r ? r : deny_others(ctx, s, n);
}

#endif /* DNSBOLT_CORE_DENY_H */
