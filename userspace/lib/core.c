// SPDX-License-Identifier: GPL-3.0-or-later
/* The native target of bpf/core: see core.h. */
#include "core.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>

#include "../../bpf/core/stages.h"
#include "unfold.h"

struct core {
	struct env_ctx ctx;
	uint8_t folded[UINT16_MAX]; /* a long message before it is unfolded */
};

int core_new(struct core **ret_core, const struct env_store *view)
{
	struct core *core = calloc(1, sizeof(*core));

	if (!core)
		return -ENOMEM;
	core->ctx.view = view;
	*ret_core = core;
	return 0;
}

void core_free(struct core *core)
{
	free(core);
}

/* 0: the plan stands; else the reason to pass with. What the driver does by tail calls. */
static int core_lookup(struct env_ctx *ctx)
{
	const struct dnsbolt_config *c = ctx->view->config;
	struct scratch *s = &ctx->scratch;
	struct env_near near = { NULL, 0 };
	int r = stages_lookup(ctx, s, c, &near);

	if (r == STAGES_ENCLOSER)
		r = stages_encloser(ctx, s, c, &near);
	if (r == STAGES_DNAME)
		r = made_dname(ctx, s, c);
	if (r == STAGES_TARGET)
		r = made_target(ctx, s, c);
	if (r == STAGES_PROVE)
		r = stages_prove(ctx, s, c, &near);
	if (r == STAGES_CHAOS)
		r = made_chaos(ctx, s, c);
	return r == STAGES_PLANNED ? 0 : r;
}

static bool core_orphaned(struct env_ctx *ctx)
{
	const struct dnsbolt_config *c = ctx->view->config;

	return c->alive_until && env_now(ctx) >= c->alive_until;
}

enum dnsbolt_reason core_begin(struct core *core, const struct dnsbolt_addr *client)
{
	static const struct dnsbolt_addr nobody;
	struct scratch *s = &core->ctx.scratch;
	const struct dnsbolt_config *c = core->ctx.view->config;

	stages_begin(s);
	s->src = client ? *client : nobody;
	s->ipv6 = !packet_is_mapped(s->src.a);
	s->edns = 0;
	s->has_cookie = 0;
	if (!(c->limit.flags & DNSBOLT_LIMIT_ACCESS))
		return REASON_none;
	return (enum dnsbolt_reason)client_judge(&core->ctx, s, c);
}

enum dnsbolt_cookie core_cookie(struct core *core, const uint8_t *data, size_t len,
				uint8_t ret_data[CORE_COOKIE])
{
	const struct dnsbolt_config *c = core->ctx.view->config;
	struct scratch *s = &core->ctx.scratch;
	uint8_t room[CORE_COOKIE] = { 0 };

	if (!cookie_is_on(c))
		return DNSBOLT_COOKIES;
	s->cookie = DNSBOLT_COOKIE_MALFORMED;
	if (len > COOKIE_MAX || !cookie_is_length((__u32)len))
		return DNSBOLT_COOKIE_MALFORMED;
	memcpy(room, data, len < sizeof(room) ? len : sizeof(room));
	if (cookie_take(&core->ctx, s, c, room, (__u32)len))
		return DNSBOLT_COOKIE_MALFORMED;
	memcpy(ret_data, s->cookie_sent, CORE_COOKIE);
	return (enum dnsbolt_cookie)s->cookie;
}

bool core_may_refuse(struct core *core)
{
	const struct dnsbolt_config *c = core->ctx.view->config;
	struct scratch *s = &core->ctx.scratch;
	int r;

	s->tcp = 0;
	if (!limit_is_on(s, c))
		return true;
	s->limit_what = 0;
	r = limit_class(&core->ctx, s, c, DNSBOLT_CLASS_ERROR);
	s->slipped = 0; /* an error is not shorter for being slipped: it is left out */
	return !r;
}

void core_notes(const struct core *core, struct core_notes *ret_notes)
{
	const struct scratch *s = &core->ctx.scratch;

	ret_notes->limited = s->limited - 1;
	ret_notes->slipped = s->slipped;
	ret_notes->cookie = (enum dnsbolt_cookie)s->cookie;
}

void core_set_now(struct core *core, uint64_t now)
{
	core->ctx.now = now;
}

void core_set_more(struct core *core, uint32_t octets)
{
	core->ctx.more = octets;
}

/* What packet_load() does for frames. */
static int core_load_message(struct env_ctx *ctx, const uint8_t *msg, size_t len, bool tcp)
{
	struct scratch *s = &ctx->scratch;

	s->question_end = 0;
	s->edns = 0;
	s->zone = ~0u;
	s->frame_len = 0;
	s->l3 = s->l4 = s->dns = s->mtu = 0;
	s->tcp = tcp;
	s->alone = 1;
	if (len < DNS_HEADER)
		return REASON_message_short;
	if (len > DNS_QUERY_MAX)
		return REASON_message_long;
	s->msg_len = (__u16)len;
	memcpy(env_message(s), msg, len);
	memset(env_message(s) + len, 0, 8);
	return 0;
}

static int core_unfold(struct core *core, uint8_t *msg, size_t *len, size_t room)
{
	const struct scratch *s = &core->ctx.scratch;
	int err;

	memcpy(core->folded, msg, *len);
	err = unfold(core->folded, *len, s->question_end, s->folded, msg, room, len);
	return !err ? 0 : err == -EMSGSIZE ? REASON_too_large : REASON_internal;
}

static int core_compose(struct core *core, uint8_t *msg, size_t *len, size_t room)
{
	struct env_ctx *ctx = &core->ctx;
	struct scratch *s = &ctx->scratch;
	struct env_near near = { NULL, 0 };
	struct commit_header header;

	ctx->data = msg;
	ctx->data_end = msg + s->reply_len;
	if (commit_body(ctx, s, ctx->view->config, &near))
		return REASON_internal;
	if (env_store(ctx, 0, env_message(s), s->question_end))
		return REASON_internal;
	header = commit_dns_header(s);
	env_put64(msg, header.first);
	env_put32(msg + 8, header.rest);
	*len = s->reply_len;
	return s->folded ? core_unfold(core, msg, len, room) : 0;
}

enum dnsbolt_reason core_message(struct core *core, uint8_t *msg, size_t *len, size_t room,
				 bool tcp)
{
	struct env_ctx *ctx = &core->ctx;
	struct scratch *s = &ctx->scratch;
	int r;

	r = core_load_message(ctx, msg, *len, tcp);
	if (!r)
		r = core_lookup(ctx);
	if (!r && core_orphaned(ctx))
		r = REASON_orphaned;
	if (!r && (s->reply_len > room || (tcp && s->plan.truncated)))
		r = REASON_too_large;
	if (!r)
		r = core_compose(core, msg, len, room);
	return (enum dnsbolt_reason)(r ? r : s->reason);
}

/* As the program in the driver does. */
static int core_packet(struct env_ctx *ctx)
{
	struct scratch *s = &ctx->scratch;
	const struct dnsbolt_config *c = ctx->view->config;
	struct env_near near = { NULL, 0 };
	int r;

	s->tcp = 0;
	s->alone = 0;
	stages_begin(s);
	r = stages_mode(c);
	if (!r)
		r = stages_packet(ctx, s, c);
	if (!r && core_orphaned(ctx))
		r = REASON_orphaned;
	if (!r)
		r = core_lookup(ctx);
	if (!r)
		r = stages_commit(ctx, s, c, &near);
	return r > 0 ? stages_end(ctx, s, c, r) : r;
}

int core_frame(struct core *core, uint8_t *frame, size_t *len, size_t headroom, size_t tailroom,
	       uint32_t ifindex, uint8_t **ret_frame, enum dnsbolt_reason *ret_reason)
{
	struct env_ctx *ctx = &core->ctx;
	int r;

	ctx->hard_start = frame - headroom;
	ctx->data = frame;
	ctx->data_end = frame + *len;
	ctx->hard_end = ctx->data_end + tailroom;
	ctx->ifindex = ifindex;
	r = core_packet(ctx);
	*ret_reason = (enum dnsbolt_reason)(r > 0 ? r : r < 0 ? -r : ctx->scratch.reason);
	if (r > 0)
		return reason_is_drop((unsigned int)r) ? XDP_DROP : XDP_PASS;
	if (r < 0)
		return XDP_ABORTED;
	*ret_frame = ctx->data;
	*len = (size_t)(ctx->data_end - ctx->data);
	return XDP_TX;
}
