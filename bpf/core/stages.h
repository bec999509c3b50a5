/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The path of a query, in order. Targets are thin: the XDP programs run stages_packet() .. stages_commit() on frames,
 * the resolver runs the middle of it on messages.
 *
 * All return 0 to go on, the reason to pass with, or STAGES_*: what else must be done first. In the driver that is
 * another program, one tail call further.
 */
#ifndef DNSBOLT_CORE_STAGES_H
#define DNSBOLT_CORE_STAGES_H

#include "packet.h"
#include "client.h"
#include "question.h"
#include "edns.h"
#include "cookie.h"
#include "limit.h"
#include "find.h"
#include "deny.h"
#include "plan.h"
#include "made.h"
#include "commit.h"

#define STAGES_ENCLOSER FIND_ABSENT	 /* the name has no node: its closest encloser answers */
#define STAGES_PROVE FIND_PROVE		 /* proofs out of the denial chain */
#define STAGES_DNAME FIND_DNAME		 /* a CNAME is to be made */
#define STAGES_TARGET FIND_TARGET	 /* and its target to be found */
#define STAGES_CHAOS (-4)		 /* a question for our identity */
#define STAGES_PLANNED LIMIT_PLANNED	 /* nothing: the reply is planned */
#define STAGES_QUERY_FIRST 40		 /* reasons from it on are of what is a message to us */
#define STAGES_BROKEN (-REASON_internal) /* the packet was written to: it must not go on */

/* Is the program to look at packets at all? */
static __always_inline int stages_mode(const struct dnsbolt_config *c)
{
	if (c->abi != DNSBOLT_ABI || env_read_once(&c->mode) == DNSBOLT_MODE_OFF)
		return REASON_off;
	return 0;
}

/* What the last packet was said to be must not be this one's. */
static __always_inline void stages_begin(struct scratch *s)
{
	s->client_flags = 0;
	s->client_sets = 0;
	s->cookie = DNSBOLT_COOKIES;
	s->debited = 0;
	s->limited = 0;
	s->slipped = 0;
}

/* May this client ask? Where there are no prefixes, that costs nothing. */
static __always_inline int stages_client(struct env_ctx *ctx, struct scratch *s,
					 const struct dnsbolt_config *c)
{
	return c->limit.flags & DNSBOLT_LIMIT_ACCESS ? client_check(ctx, s, c) : 0;
}

/* The frame: is it a DNS query to us? */
static __always_inline int stages_packet(struct env_ctx *ctx, struct scratch *s,
					 const struct dnsbolt_config *c)
{
	int r;

	r = packet_parse(ctx, s, c);
	if (!r)
		r = stages_client(ctx, s, c);
	return r ? r : packet_load(ctx, s);
}

/* Cookies, and what is limited or refused before anything is looked for. */
static __always_inline int stages_early(struct env_ctx *ctx, struct scratch *s,
					const struct dnsbolt_config *c)
{
	int r;

	r = s->cookie_len ? cookie_read(ctx, s, c) : 0;
	if (!r && (c->limit.step[DNSBOLT_CLASS_ALL] || c->cookie.mode == DNSBOLT_COOKIES_REQUIRE))
		r = limit_early(ctx, s, c);
	return r;
}

/* An answer that was found: may it be sent? */
static __always_inline int stages_limit(struct env_ctx *ctx, struct scratch *s,
					const struct dnsbolt_config *c)
{
	return c->limit.flags & DNSBOLT_LIMIT_ON ? limit_answer(ctx, s, c) : 0;
}

/* The message in the scratch: what is asked? */
static __always_inline int stages_question(struct env_ctx *ctx, struct scratch *s,
					   const struct dnsbolt_config *c,
					   const struct dnsbolt_index_line **ret_line)
{
	int r;

	r = question_parse(s, c);
	if (r)
		return r;
	question_name(s, c);
	s->is_ours = find_may_be_ours(s, c);
	*ret_line = s->is_ours ? index_line(ctx, c, s->hash) : 0;
	index_touch(*ret_line);
	return edns_parse(s, c);
}

/* And what do we have? */
static __always_inline int stages_lookup(struct env_ctx *ctx, struct scratch *s,
					 const struct dnsbolt_config *c, struct env_near *near)
{
	const struct dnsbolt_index_line *line = 0;
	int r = stages_question(ctx, s, c, &line);

	if (!r)
		r = stages_early(ctx, s, c);
	if (!r)
		r = s->chaos ? STAGES_CHAOS : 0;
	if (!r)
		r = find_exact(ctx, s, c, line, near);
	if (!r)
		r = stages_limit(ctx, s, c);
	if (!r)
		r = plan_answer(ctx, s, c, near);
	return r;
}

/* By the closest encloser, without proofs. */
static __always_inline int stages_encloser(struct env_ctx *ctx, struct scratch *s,
					   const struct dnsbolt_config *c, struct env_near *near)
{
	int r = find_encloser(ctx, s, c), limited = 0;

	if (!r || r == STAGES_PROVE || r == STAGES_DNAME)
		limited = stages_limit(ctx, s, c);
	if (limited)
		r = limited;
	return r ? r : plan_answer(ctx, s, c, near);
}

/* With the proofs. */
static __always_inline int stages_prove(struct env_ctx *ctx, struct scratch *s,
					const struct dnsbolt_config *c, struct env_near *near)
{
	int r = deny_prove(ctx, s, c);

	return r ? r : plan_answer(ctx, s, c, near);
}

/* The reply, in place of the frame. Room is the last step that can fail. */
static __always_inline int stages_commit(struct env_ctx *ctx, struct scratch *s,
					 const struct dnsbolt_config *c, struct env_near *near)
{
	int r = c->return_path == DNSBOLT_RETURN_FIB ? plan_route(ctx, s, c) : 0;

	if (r)
		return r;
	if (env_read_once(&c->mode) == DNSBOLT_MODE_SHADOW)
		return REASON_shadow;
	r = commit_room(ctx, s);
	if (r)
		return r;
	r = commit_reply(ctx, s, c, near);
	if (!r)
		r = commit_filling(ctx, s);
	return r ? STAGES_BROKEN : 0;
}

/* What is done in the end with a packet that is as it came: `reason` is to pass or to drop it. What is passed has its limit; in
 * shadow mode the host gets everything. */
static __always_inline int stages_end(struct env_ctx *ctx, struct scratch *s,
				      const struct dnsbolt_config *c, int reason)
{
	int drop = reason_is_drop((__u32)reason);

	if (env_read_once(&c->mode) == DNSBOLT_MODE_SHADOW)
		return drop ? REASON_shadow : reason;
	if (drop || reason < STAGES_QUERY_FIRST || !c->limit.pass_step_ns)
		return reason;
	return limit_passed(ctx, s, c, (__u32)reason);
}

#endif /* DNSBOLT_CORE_STAGES_H */
