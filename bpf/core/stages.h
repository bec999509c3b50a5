/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The path of a query, in order. Targets are thin: the XDP program runs stages_packet() .. stages_commit() on
 * frames, the resolver runs the middle of it on messages.
 *
 * All return 0 to go on, STAGES_ENCLOSER, or the reason to pass with.
 */
#ifndef DNSBOLT_CORE_STAGES_H
#define DNSBOLT_CORE_STAGES_H

#include "packet.h"
#include "question.h"
#include "edns.h"
#include "find.h"
#include "plan.h"
#include "commit.h"

#define STAGES_ENCLOSER (-1) /* the name has no node: the encloser stage says why */

_Static_assert(STAGES_ENCLOSER == FIND_ABSENT, "find_exact() ends so");

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

/* The message in the scratch: what is asked, and what do we have? */
static __always_inline int stages_lookup(struct env_ctx *ctx)
{
	int r = question_parse(ctx);

	if (!r)
		r = edns_parse(ctx);
	if (!r)
		r = question_name(ctx);
	if (!r)
		r = find_exact(ctx);
	if (!r)
		r = plan_answer(ctx);
	return r;
}

/* The reply, in place of the frame. Room is the last step that can fail. *ret_reason is counted with XDP_TX. */
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
	/* Past the last step that can fail: the packet is no longer the query and must not go on. */
	return r ? -REASON_internal : 0;
}

#endif /* DNSBOLT_CORE_STAGES_H */
