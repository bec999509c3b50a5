/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How much is answered, and how much passed. Responses are counted by client prefix and class (RRL, as BIND, NSD and Knot have
 * it), each in an account of dnsbolt_limits, for all CPUs together: an account moves by compare-and-swap. What a
 * response costs is one line of memory, whoever asks.
 *
 * A line is eight accounts. Where none has the tag, the one that is idle longest or owes least is taken: a flood of new
 * prefixes forgets those that are under their rates, whose accounts say nothing, and keeps those that flood. Two keys of the
 * same line and tag (one in 2^20) share an account.
 */
#ifndef DNSBOLT_CORE_LIMIT_H
#define DNSBOLT_CORE_LIMIT_H

#include "../reasons.h"
#include "client.h"
#include "env.h"
#include "find.h"
#include "hash.h"
#include "plan.h"

#define LIMIT_PLANNED (-6) /* beside FIND_*: the reply is planned, it says to ask again */

#define LIMIT_TRIES                                                                                \
	8 /* a word that moves under the writer: so many responses of one account in that time */
#define LIMIT_TAT_MASK ((1ull << DNSBOLT_ACCOUNT_TAT_BITS) - 1)
#define LIMIT_TAG_SHIFT (DNSBOLT_ACCOUNT_TAT_BITS + DNSBOLT_ACCOUNT_SLIP_BITS)
#define LIMIT_SLIP_MASK ((1u << DNSBOLT_ACCOUNT_SLIP_BITS) - 1)
#define LIMIT_SLACK_NS                                                                             \
	100000000ull /* clocks of two CPUs differ by two ticks of the kernel at most */

#define RCODE_BADCOOKIE 23u /* RFC 7873 section 8 */

enum limit_verdict { LIMIT_SEND = 0, LIMIT_DROP, LIMIT_SLIP };

/* The client's prefix as one word: IPv4 with the mapped form's ones before it, which no IPv6 prefix has. */
static __always_inline __u64 limit_prefix(const struct scratch *s, const struct dnsbolt_config *c)
{
	__u64 word = __builtin_bswap64(env_get64(s->src.a + (s->ipv6 ? 0 : 8)));
	__u32 bits = s->ipv6 ? c->limit.ipv6_prefix : 32u + c->limit.ipv4_prefix;

	return word & ~0ull << ((64 - bits) & 63);
}

/* How far the account is ahead of now, in ticks; not above window and slack: else it is of another time (the clock's 40 bits go round in
 * 104 days), or of nobody. */
static __always_inline __s64 limit_ahead(__u64 account, __u64 now, __u32 window)
{
	__s64 ahead = (__s64)((account - now) << (64 - DNSBOLT_ACCOUNT_TAT_BITS)) >>
		      (64 - DNSBOLT_ACCOUNT_TAT_BITS);

	return ahead > (__s64)(window + (LIMIT_SLACK_NS >> DNSBOLT_TICK_SHIFT)) ? -(1ll << 40)
										: ahead;
}

/* Place of the account with the tag, else of the one to take for it. */
static __always_inline __u32 limit_place(const struct dnsbolt_limit_line *line, __u64 tag,
					 __u64 now, __u32 window)
{
	__s64 least = 1ll << 41, less;
	__u32 i, place = 0;
	__u64 account;

	ENV_UNROLL
	for (i = 0; i < DNSBOLT_LINE_ACCOUNTS; i++) {
		account = env_read64(&line->account[i]);
		if (account >> LIMIT_TAG_SHIFT == tag)
			return i;
		/* Which of them is the least nobody can predict, a CPU neither: no branch. Both are below 2^42, so the sign is right. */
		less = limit_ahead(account, now, window) - least;
		least += less & less >> 63;
		place += (i - place) & (__u32)(less >> 63);
	}
	return place;
}

/* One response: the account's next state, and what becomes of the response. */
static __always_inline __u64 limit_move(const struct dnsbolt_limit_config *l, __u64 account,
					__u64 tag, __u64 now, __u32 step, int *ret_verdict)
{
	__u32 slips = account >> DNSBOLT_ACCOUNT_TAT_BITS & LIMIT_SLIP_MASK;
	__s64 ahead = limit_ahead(account, now, l->window), next, most;

	if (account >> LIMIT_TAG_SHIFT != tag) {
		ahead = 0;
		slips = 0;
	} else if (ahead < 0) {
		ahead = 0;
	}
	next = ahead + step;
	*ret_verdict = LIMIT_SEND;
	if (next > (__s64)l->burst) {
		*ret_verdict = LIMIT_DROP;
		most = (__s64)l->window - step;
		next = next < most ? next : most;
		next = next > ahead ? next : ahead;
		slips++;
		if (l->slip && slips >= l->slip) {
			*ret_verdict = LIMIT_SLIP;
			slips = 0;
		}
	}
	return tag << LIMIT_TAG_SHIFT |
	       (__u64)(slips & LIMIT_SLIP_MASK) << DNSBOLT_ACCOUNT_TAT_BITS |
	       ((now + (__u64)next) & LIMIT_TAT_MASK);
}

/* Debits one response of the class to the client; scratch.limit_what is what is limited within the class. Returns enum
 * limit_verdict. */
ENV_STAGE int limit_debit(struct env_ctx *ctx, struct scratch *s, const struct dnsbolt_config *c,
			  __u32 class)
{
	struct dnsbolt_limit_line *line;
	__u64 hash, tag, now, old, *account;
	int verdict = LIMIT_DROP;
	__u32 i, step;

	ENV_TAKES(ctx);
	if (!s || !c || class >= DNSBOLT_CLASSES)
		return LIMIT_SEND;
	step = c->limit.step[class];
	hash = hash_word(c->limit.seed ^ class, limit_prefix(s, c), c->hash_key[0], c->hash_key[1]);
	hash = hash_word(hash, s->limit_what, c->hash_key[0], c->hash_key[1]);
	line = env_limit_line(ctx, (__u32)hash & c->limit.mask);
	if (!step || !line)
		return LIMIT_SEND;
	tag = hash >> LIMIT_TAG_SHIFT;
	now = env_coarse(ctx, s) >> DNSBOLT_TICK_SHIFT;
	i = limit_place(line, tag, now, c->limit.window);
	account = &line->account[i & (DNSBOLT_LINE_ACCOUNTS - 1)];
	ENV_UNROLL
	for (i = 0; i < LIMIT_TRIES; i++) {
		old = env_read64(account);
		if (env_swap64(account, old, limit_move(&c->limit, old, tag, now, step, &verdict)))
			return verdict;
	}
	return LIMIT_DROP;
}

/* Header, question and OPT, to ask again: by TCP, or with the cookie that the OPT has. */
static __always_inline int limit_short(struct scratch *s, const struct dnsbolt_config *c)
{
	if (s->has_cookie && s->cookie != DNSBOLT_COOKIE_VALID)
		plan_bare(s, c, REASON_badcookie, RCODE_BADCOOKIE, 0);
	else
		plan_bare(s, c, REASON_slipped, 0, 1);
	return LIMIT_PLANNED;
}

/* One response of the class. 0: it may be sent; LIMIT_PLANNED: another is to be sent in its place; else the reason to drop it for. */
static __always_inline int limit_class(struct env_ctx *ctx, struct scratch *s,
				       const struct dnsbolt_config *c, __u32 class)
{
	int verdict;

	if (s->debited >> class & 1)
		return 0;
	s->debited |= (__u8)(1u << class);
	verdict = limit_debit(ctx, s, c, class);
	if (verdict == LIMIT_SEND)
		return 0;
	if (!s->limited)
		s->limited = (__u8)(class + 1);
	if (c->limit.flags & DNSBOLT_LIMIT_LOG_ONLY)
		return 0;
	s->slipped = verdict == LIMIT_SLIP;
	return s->slipped ? limit_short(s, c) : REASON_rate_limited;
}

/* Is this client's answer limited at all? Who has a cookie of ours, or a connection, is who he says. */
static __always_inline int limit_is_on(const struct scratch *s, const struct dnsbolt_config *c)
{
	return c->limit.flags & DNSBOLT_LIMIT_ON && s->cookie != DNSBOLT_COOKIE_VALID &&
	       !(s->client_flags & DNSBOLT_CLIENT_EXEMPT) && !s->tcp;
}

/* Before the name is looked for: all that the client's prefix gets; and what a client has to be told whose cookie is not of ours,
 * where one is required (RFC 7873 section 5.2.3). */
ENV_STAGE int limit_early(struct env_ctx *ctx, struct scratch *s, const struct dnsbolt_config *c)
{
	int on, required, r = 0;

	if (!s || !c)
		return REASON_internal;
	on = limit_is_on(s, c);
	required = c->cookie.mode == DNSBOLT_COOKIES_REQUIRE && s->has_cookie &&
		   s->cookie != DNSBOLT_COOKIE_VALID && !s->tcp;
	s->limit_what = 0;
	if (on && c->limit.step[DNSBOLT_CLASS_ALL])
		r = limit_class(ctx, s, c, DNSBOLT_CLASS_ALL);
	if (r || !required)
		return r;
	if (on)
		r = limit_class(ctx, s, c, DNSBOLT_CLASS_ERROR);
	return r ? r : limit_short(s, c);
}

/* Class of the answer that was found, and within it, into limit_what, the name or the zone: of what stands for many names (a
 * wildcard, a cut, a DNAME), its own. */
static __always_inline __u32 limit_classify(struct env_ctx *ctx, struct scratch *s,
					    const struct dnsbolt_config *c)
{
	const struct dnsbolt_answer *a = env_arena(ctx, s->answer);
	__u32 class = DNSBOLT_CLASS_ANSWER;

	if (!s->answer)
		class = DNSBOLT_CLASS_NXDOMAIN;
	else if (a && a->flags & DNSBOLT_ANSWER_NODATA)
		class = DNSBOLT_CLASS_NODATA;
	else if (a && a->reason == REASON_referral)
		class = DNSBOLT_CLASS_REFERRAL;
	if (class == DNSBOLT_CLASS_NXDOMAIN || class == DNSBOLT_CLASS_NODATA)
		s->limit_what = s->zone;
	else
		s->limit_what = find_hash(s, c, s->depth) + !!s->encloser;
	return class;
}

/* An answer that was found, before proofs are looked for and anything is planned. As limit_class(). */
ENV_STAGE int limit_answer(struct env_ctx *ctx, struct scratch *s, const struct dnsbolt_config *c)
{
	if (!s || !c)
		return REASON_internal;
	return limit_is_on(s, c) ? limit_class(ctx, s, c, limit_classify(ctx, s, c)) : 0;
}

/* The same for an answer that is in no zone: by the question's name. */
static __always_inline int limit_identity(struct env_ctx *ctx, struct scratch *s,
					  const struct dnsbolt_config *c)
{
	s->limit_what = s->hash;
	return limit_is_on(s, c) ? limit_class(ctx, s, c, DNSBOLT_CLASS_ANSWER) : 0;
}

/* What is to be passed for `reason`: is there room for it? A bucket for all clients; the last quarter of it is for good ones. Over
 * the rate nothing is written. */
ENV_STAGE int limit_passed(struct env_ctx *ctx, struct scratch *s, const struct dnsbolt_config *c,
			   __u32 reason)
{
	struct dnsbolt_limit_line *line;
	__u64 now, tat, next, room;
	__u32 i;

	if (!s || !c)
		return REASON_internal;
	line = env_limit_line(ctx, c->limit.mask + 1);
	if (!line || !client_is_query(ctx, s))
		return reason;
	room = c->limit.pass_burst_ns;
	if (s->cookie != DNSBOLT_COOKIE_VALID && !(s->client_flags & DNSBOLT_CLIENT_EXEMPT))
		room -= room / 4;
	now = env_coarse(ctx, s);
	ENV_UNROLL
	for (i = 0; i < LIMIT_TRIES; i++) {
		tat = env_read64(&line->account[0]);
		next = tat > now && tat - now <= c->limit.pass_burst_ns + LIMIT_SLACK_NS ? tat
											 : now;
		next += c->limit.pass_step_ns;
		if (next - now > room)
			break;
		if (env_swap64(&line->account[0], tat, next))
			return reason;
	}
	return REASON_pass_limited;
}

#endif /* DNSBOLT_CORE_LIMIT_H */
