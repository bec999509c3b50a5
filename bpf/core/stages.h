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
#include "question.h"
#include "edns.h"
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
#define STAGES_BROKEN (-REASON_internal) /* the packet was written to: it must not go on */

/* Is the program to look at packets at all? */
static __always_inline int stages_mode(const struct dnsbolt_config *c)
{
	if (c->abi != DNSBOLT_ABI || env_read_once(&c->mode) == DNSBOLT_MODE_OFF)
		return REASON_off;
	return 0;
}

/* The frame: is it a DNS query to us? */
static __always_inline int stages_packet(struct env_ctx *ctx)
{
	int r = packet_parse(ctx);

	if (!r)
		r = packet_load(ctx);
	if (!r)
		r = packet_checksums(ctx);
	return r;
}

static __always_inline int stages_class(struct env_ctx *ctx)
{
	const struct scratch *s = env_scratch(ctx);

	return !s ? REASON_internal : s->chaos ? STAGES_CHAOS : 0;
}

/* The message in the scratch: what is asked, and what do we have? */
static __always_inline int stages_lookup(struct env_ctx *ctx)
{
	int r = question_parse(ctx);

	if (!r)
		r = edns_parse(ctx);
	if (!r)
		r = question_name(ctx);
	if (!r)
		r = stages_class(ctx);
	if (!r)
		r = find_exact(ctx);
	if (!r)
		r = plan_answer(ctx);
	return r;
}

/* By the closest encloser, without proofs. */
static __always_inline int stages_encloser(struct env_ctx *ctx)
{
	int r = find_encloser(ctx);

	return r ? r : plan_answer(ctx);
}

/* With the proofs. */
static __always_inline int stages_prove(struct env_ctx *ctx)
{
	int r = deny_prove(ctx);

	return r ? r : plan_answer(ctx);
}

/* The reply, in place of the frame. Room is the last step that can fail. */
static __always_inline int stages_commit(struct env_ctx *ctx, const struct dnsbolt_config *c,
					 struct scratch *s)
{
	int r = plan_route(ctx);

	if (r)
		return r;
	if (env_read_once(&c->mode) == DNSBOLT_MODE_SHADOW)
		return REASON_shadow;
	r = commit_room(ctx);
	if (r)
		return r;
	r = commit_body(ctx);
	if (!r)
		r = commit_headers(ctx);
	if (!r)
		r = commit_filling(ctx, s);
	return r ? STAGES_BROKEN : 0;
}

#endif /* DNSBOLT_CORE_STAGES_H */
