/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * DNS cookies (RFC 7873) of the interoperable kind (RFC 9018): the server cookie is
 *
 *     version 1 | reserved (3) | timestamp (4) | SipHash-2-4(secret, client cookie | the 8 octets before | client's address)
 *
 * so that every server that has the secret makes and takes the same. What is sent back is in scratch.cookie_sent: the client
 * cookie, and the server cookie as it came while it is fresh, else a new one.
 */
#ifndef DNSBOLT_CORE_COOKIE_H
#define DNSBOLT_CORE_COOKIE_H

#include "../reasons.h"
#include "env.h"
#include "siphash.h"

#define COOKIE_VERSION 1u
/* Octets of option data: RFC 7873 section 4; both cookies of RFC 9018 */
#define COOKIE_CLIENT 8u
#define COOKIE_MIN 16u
#define COOKIE_MAX 40u
#define COOKIE_BOTH 24u
#define COOKIE_AT_MAX (DNS_QUERY_MAX - COOKIE_CLIENT)
/* Seconds: RFC 9018 section 4.3 */
#define COOKIE_AGE_MAX 3600
#define COOKIE_AGE_RENEW 1800
#define COOKIE_FUTURE_MAX 300

/* RFC 7873 section 5.2.2: others are FORMERR. */
static __always_inline int cookie_is_length(__u32 len)
{
	return len == COOKIE_CLIENT || (len >= COOKIE_MIN && len <= COOKIE_MAX);
}

/* Are cookies our business? */
static __always_inline int cookie_is_on(const struct dnsbolt_config *c)
{
	return c->cookie.mode >= DNSBOLT_COOKIES_ANSWER && c->cookie.n_secrets;
}

/* The third word of scratch.cookie_sent, by the first two, under the i-th secret. */
ENV_STAGE int cookie_hash(struct scratch *s, const struct dnsbolt_config *c, __u32 i)
{
	struct siphash h;

	if (!s || !c || i >= DNSBOLT_SECRETS_MAX)
		return REASON_internal;
	siphash_start(&h, c->cookie.secret[i]);
	siphash_word(&h, s->cookie_sent[0]);
	siphash_word(&h, s->cookie_sent[1]);
	if (s->ipv6) {
		siphash_word(&h, env_get64(s->src.a));
		siphash_word(&h, env_get64(s->src.a + 8));
		siphash_word(&h, 32ull << 56);
	} else {
		siphash_word(&h, env_get32(s->src.a + 12) | 20ull << 56);
	}
	s->cookie_sent[2] = siphash_finish(&h);
	return 0;
}

/* Where what is known of a server cookie stands, by its hash. */
static __always_inline struct cookie_memo *cookie_memo(struct scratch *s, __u64 hash)
{
	__u32 i = (__u32)hash & (COOKIE_MEMOS - 1);

	env_barrier_var(i);
	return i < COOKIE_MEMOS ? &s->memo[i] : 0;
}

/* A resolver sends the cookie that it was given with each query: what the active secret made of the same words before is not made
 * again. What is compared is all that the hash is of. */
static __always_inline int cookie_is_known(const struct scratch *s, const struct cookie_memo *m,
					   const __u64 *secret, __u64 hash)
{
	return m && m->hash == hash && m->cookie[0] == s->cookie_sent[0] &&
	       m->cookie[1] == s->cookie_sent[1] && m->src[0] == env_get64(s->src.a) &&
	       m->src[1] == env_get64(s->src.a + 8) && m->ipv6 == s->ipv6 &&
	       m->secret[0] == secret[0] && m->secret[1] == secret[1];
}

/* Only cookies of ours, so that nobody who has none can make the others forgotten. */
static __always_inline void cookie_remember(const struct scratch *s, struct cookie_memo *m,
					    const __u64 *secret)
{
	if (!m)
		return;
	m->secret[0] = secret[0];
	m->secret[1] = secret[1];
	m->cookie[0] = s->cookie_sent[0];
	m->cookie[1] = s->cookie_sent[1];
	m->src[0] = env_get64(s->src.a);
	m->src[1] = env_get64(s->src.a + 8);
	m->ipv6 = s->ipv6;
	m->hash = s->cookie_sent[2];
}

static __always_inline __u32 cookie_now(struct env_ctx *ctx, struct scratch *s,
					const struct dnsbolt_config *c)
{
	return (__u32)(env_coarse(ctx, s) / 1000000000u + (__u64)c->cookie.wall_offset);
}

/* Judges the server cookie at p. *ret_fresh: it is made by the active secret and young enough to be sent back. */
static __always_inline __u32 cookie_judge(struct scratch *s, const struct dnsbolt_config *c,
					  const __u8 *p, __u32 now, int *ret_fresh)
{
	__u32 stamp = __builtin_bswap32(env_get32(p + 4)), i;
	__s32 age = (__s32)(now - stamp); /* RFC 1982 */
	/* Read before it is used: what is remembered was not made by a secret that came meanwhile. */
	const __u64 secret[2] = { env_read64(&c->cookie.secret[0][0]),
				  env_read64(&c->cookie.secret[0][1]) };
	__u64 hash = env_get64(p + 8);
	struct cookie_memo *memo = cookie_memo(s, hash);

	if (p[0] != COOKIE_VERSION || age > COOKIE_AGE_MAX || age < -COOKIE_FUTURE_MAX)
		return DNSBOLT_COOKIE_BAD;
	s->cookie_sent[1] = env_get64(p);
	s->cookie_sent[2] = hash;
	*ret_fresh = age <= COOKIE_AGE_RENEW;
	if (c->cookie.n_secrets && cookie_is_known(s, memo, secret, hash))
		return DNSBOLT_COOKIE_VALID;
	for (i = 0; i < DNSBOLT_SECRETS_MAX; i++) {
		if (i >= c->cookie.n_secrets || cookie_hash(s, c, i))
			break;
		if (s->cookie_sent[2] != hash)
			continue;
		if (i)
			*ret_fresh = 0;
		else
			cookie_remember(s, memo, secret);
		return DNSBOLT_COOKIE_VALID;
	}
	*ret_fresh = 0;
	return DNSBOLT_COOKIE_BAD;
}

/* Option data of `len` octets, of a legal length; from p on COOKIE_BOTH octets may be read in any case. */
static __always_inline int cookie_take(struct env_ctx *ctx, struct scratch *s,
				       const struct dnsbolt_config *c, const __u8 *p, __u32 len)
{
	__u32 now = cookie_now(ctx, s, c);
	int fresh = 0;

	s->cookie_sent[0] = env_get64(p);
	s->cookie = len == COOKIE_CLIENT ? DNSBOLT_COOKIE_CLIENT : DNSBOLT_COOKIE_BAD;
	if (len == COOKIE_BOTH)
		s->cookie = (__u8)cookie_judge(s, c, p + COOKIE_CLIENT, now, &fresh);
	s->has_cookie = 1;
	if (fresh)
		return 0;
	s->cookie_sent[1] = COOKIE_VERSION | (__u64)__builtin_bswap32(now) << 32;
	return cookie_hash(s, c, 0);
}

/* The option that edns_parse() found, at scratch.cookie_at. */
ENV_STAGE int cookie_read(struct env_ctx *ctx, struct scratch *s, const struct dnsbolt_config *c)
{
	__u32 at;

	ENV_TAKES(ctx);
	if (!s || !c)
		return REASON_internal;
	at = s->cookie_at;
	if (at > COOKIE_AT_MAX)
		return REASON_internal;
	return cookie_take(ctx, s, c, env_message(s) + at, s->cookie_len);
}

#endif /* DNSBOLT_CORE_COOKIE_H */
