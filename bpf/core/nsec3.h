/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The hash of the next closer name (RFC 5155 section 5): SHA-1 over the name and the salt, then over each result and the
 * salt. All state is in the scratch: the loops carry nothing that a verifier would follow, and a block is one function
 * without a branch.
 */
#ifndef DNSBOLT_CORE_NSEC3_H
#define DNSBOLT_CORE_NSEC3_H

#include "../reasons.h"
#include "env.h"

#define NSEC3_FILLING_MIN 9u /* 0x80 and the length in 64 bits */

static __always_inline __u32 sha1_rol(__u32 x, int n)
{
	return x << n | x >> (32 - n);
}

/* FIPS 180-4 section 4.1.1, each in the form with the fewest operations. */
static __always_inline __u32 sha1_f(int quarter, __u32 b, __u32 c, __u32 d)
{
	if (quarter == 0)
		return d ^ (b & (c ^ d));
	if (quarter == 2)
		return (b & c) | (d & (b | c));
	return b ^ c ^ d;
}

/* Word of the schedule; it lives in memory, as a ring of 16: volatile, else clang keeps more of it in registers than there are, and
 * spills more than a BPF stack holds. */
static __always_inline __u32 sha1_word(volatile __u32 *w, __u32 round)
{
	__u32 word = w[round & 15];

	if (round < 16)
		return word;
	word = sha1_rol(w[(round - 3) & 15] ^ w[(round - 8) & 15] ^ w[(round - 14) & 15] ^ word, 1);
	w[round & 15] = word;
	return word;
}

/* Twenty rounds of one function and one constant. */
static __always_inline void sha1_rounds(__u32 *w, __u32 *v, int quarter, __u32 k)
{
	__u32 a = v[0], b = v[1], c = v[2], d = v[3], e = v[4], i, t;

	ENV_UNROLL
	for (i = 0; i < 20; i++) {
		t = sha1_rol(a, 5) + sha1_f(quarter, b, c, d) + e + k +
		    sha1_word(w, (__u32)quarter * 20 + i);
		e = d;
		d = c;
		c = sha1_rol(b, 30);
		b = a;
		a = t;
	}
	v[0] = a;
	v[1] = b;
	v[2] = c;
	v[3] = d;
	v[4] = e;
}

/* FIPS 180-4 section 6.1.2. */
ENV_STAGE int nsec3_block(struct scratch *s, __u32 block)
{
	const __u8 *m;
	__u32 v[5], i;

	if (!s || (block & 7) >= SHA1_BLOCKS_MAX)
		return REASON_internal;
	m = (__u8 *)s->sha1.message + (block & 7) * SHA1_BLOCK;
	for (i = 0; i < 16; i++)
		s->sha1.schedule[i] = __builtin_bswap32(env_get32(m + i * 4));
	for (i = 0; i < 5; i++)
		v[i] = s->sha1.h[i];
	sha1_rounds(s->sha1.schedule, v, 0, 0x5a827999);
	sha1_rounds(s->sha1.schedule, v, 1, 0x6ed9eba1);
	sha1_rounds(s->sha1.schedule, v, 2, 0x8f1bbcdc);
	sha1_rounds(s->sha1.schedule, v, 3, 0xca62c1d6);
	for (i = 0; i < 5; i++)
		s->sha1.h[i] += v[i];
	return 0;
}

static __always_inline void nsec3_start(struct sha1 *h)
{
	h->h[0] = 0x67452301;
	h->h[1] = 0xefcdab89;
	h->h[2] = 0x98badcfe;
	h->h[3] = 0x10325476;
	h->h[4] = 0xc3d2e1f0;
}

/* Puts salt and filling behind `len` octets of message; what is behind them is zero. */
static __always_inline int nsec3_finish(struct scratch *s, const struct dnsbolt_snapshot *snap,
					__u32 len)
{
	__u8 *m = (__u8 *)s->sha1.message;
	__u32 salt = snap->salt_len, i, end;

	if (len > 255 || salt > DNSBOLT_NSEC3_SALT_MAX)
		return REASON_store;
	for (i = 0; i < DNSBOLT_NSEC3_SALT_MAX; i++) {
		if (i >= salt)
			break;
		m[(len + i) & 511] = snap->salt[i];
	}
	m[(len + salt) & 511] = 0x80;
	s->sha1.blocks = (len + salt + NSEC3_FILLING_MIN + SHA1_BLOCK - 1) / SHA1_BLOCK;
	end = s->sha1.blocks * SHA1_BLOCK;
	m[(end - 1) & 511] = (__u8)((len + salt) << 3);
	m[(end - 2) & 511] = (__u8)((len + salt) >> 5);
	return 0;
}

/* The name from offset `from` on, in the message, zeros behind it: as far as the salt and the filling may reach. */
static __always_inline void nsec3_message(struct scratch *s, __u32 from, __u32 len, __u32 salt)
{
	__u32 i;

	for (i = 0; i < SHA1_BLOCKS_MAX * SHA1_BLOCK / 8; i++) {
		if (i * 8 >= len + salt + NSEC3_FILLING_MIN + SHA1_BLOCK)
			break;
		s->sha1.message[i] = 0;
	}
	for (i = 0; i < DNSBOLT_NAME_MAX / 8 + 1; i++) {
		if (i * 8 >= len)
			break;
		s->sha1.message[i] = env_get64((__u8 *)s->name + ((from + i * 8) & 255));
	}
}

struct nsec3_loop {
	struct env_ctx *ctx;
	struct scratch *s;
	const struct dnsbolt_snapshot *snap;
	__u32 bad;
};

static long nsec3_each_block(__u32 i, void *arg)
{
	struct nsec3_loop *l = arg;

	return nsec3_block(l->s, i) != 0;
}

/* RFC 5155 section 5: IH(salt, x, k) = H(IH(salt, x, k-1) || salt). */
static long nsec3_iterate(__u32 i, void *arg)
{
	struct nsec3_loop *l = arg;
	struct sha1 *h = &l->s->sha1;
	__u32 k;

	(void)i;
	for (k = 0; k < SHA1_BLOCK / 8; k++)
		h->message[k] = 0;
	ENV_UNROLL
	for (k = 0; k < 5; k++)
		env_put32((__u8 *)h->message + 4 * k, __builtin_bswap32(h->h[k]));
	l->bad |= (__u32)nsec3_finish(l->s, l->snap, 20);
	nsec3_start(h);
	l->bad |= (__u32)nsec3_block(l->s, 0);
	return l->bad != 0;
}

/* Hashes the next closer name: scratch.depth labels exist, one more is it. Its first 8 octets are the key to search
 * for. */
ENV_STAGE int nsec3_key(struct env_ctx *ctx, struct scratch *s)
{
	struct nsec3_loop l = {};
	__u32 from, len;
	int r;

	if (!s || s->depth >= s->labels)
		return REASON_internal;
	l.ctx = ctx;
	l.s = s;
	l.snap = env_arena(ctx, s->snapshot);
	if (!l.snap || l.snap->iterations > DNSBOLT_NSEC3_ITERATIONS_MAX)
		return REASON_store;
	from = s->at[(s->labels - s->depth - 1) & 127];
	if (from >= s->name_len)
		return REASON_internal;
	len = s->name_len - from;
	nsec3_message(s, from, len, l.snap->salt_len);
	r = nsec3_finish(s, l.snap, len);
	if (r)
		return r;
	nsec3_start(&s->sha1);
	env_loop(s->sha1.blocks & 7, nsec3_each_block, &l);
	env_loop(l.snap->iterations, nsec3_iterate, &l);
	s->key[0] = (__u64)s->sha1.h[0] << 32 | s->sha1.h[1];
	return l.bad ? REASON_store : 0;
}

#endif /* DNSBOLT_CORE_NSEC3_H */
