/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who asks: what the longest prefix of its address says (dnsbolt_clients). Denied clients get nothing from us; what is no query
 * of theirs (a response, a NOTIFY, what has no header) is not touched.
 */
#ifndef DNSBOLT_CORE_CLIENT_H
#define DNSBOLT_CORE_CLIENT_H

#include "../reasons.h"
#include "env.h"
#include "packet.h"
#include "question.h"

#define CLIENT_OPCODE_NOTIFY (4u << 3)

/* Of a frame that is still as it came: is it a query, or another request that is answered by whoever serves DNS? */
static __always_inline int client_is_query(struct env_ctx *ctx, const struct scratch *s)
{
	__u8 flags = HEADER_QR;

	if (s->msg_len < DNS_HEADER || env_load(ctx, s->l4 + PACKET_UDP + 2, &flags, 1))
		return 0;
	return !(flags & HEADER_QR) && (flags & HEADER_OPCODE) != CLIENT_OPCODE_NOTIFY;
}

static __always_inline int client_refusal(const struct dnsbolt_config *c, int drop, int pass)
{
	return c->limit.flags & DNSBOLT_LIMIT_DENY_PASS ? pass : drop;
}

/* Into scratch.client_flags and client_sets; what it is denied for. */
static __always_inline int client_judge(struct env_ctx *ctx, struct scratch *s,
					const struct dnsbolt_config *c)
{
	struct dnsbolt_client_key key;
	struct dnsbolt_client client;

	key.prefixlen = 128;
	__builtin_memcpy(key.a, s->src.a, 16);
	if (!env_client(ctx, &key, &client))
		return 0;
	s->client_flags = client.flags;
	s->client_sets = client.sets;
	if (!(client.flags & DNSBOLT_CLIENT_DENY))
		return 0;
	if (client.until && env_now(ctx) >= client.until)
		return 0;
	return client_refusal(c, REASON_denied, REASON_denied_passed);
}

ENV_STAGE int client_check(struct env_ctx *ctx, struct scratch *s, const struct dnsbolt_config *c)
{
	int r;

	if (!s || !c)
		return REASON_internal;
	r = client_judge(ctx, s, c);
	return r && client_is_query(ctx, s) ? r : 0;
}

/* Is the zone served to this client? */
static __always_inline int client_may(const struct scratch *s, const struct dnsbolt_zone *z)
{
	__u32 set = z->serve_to;

	return !set || s->client_sets >> ((set - 1) & 31) & 1;
}

#endif /* DNSBOLT_CORE_CLIENT_H */
