// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The programs behind the stub (dnsbolt_stub.bpf.c), called through the program array. Slot 0 is dnsbolt_entry,
 * the whole hot path: frame, question, EDNS, exact name, plan, reply. What it does not find goes on one tail call
 * further: dnsbolt_encloser, and from there dnsbolt_prove or dnsbolt_dname and dnsbolt_target. A packet that is not answered is passed with
 * no octet changed; every packet is counted under one reason.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "core/stages.h"

/* First slot of this generation; an upgrade loads into slots of its own. */
volatile const __u32 stage_base = 1;

enum stage {
	STAGE_ENTRY = 0,
	STAGE_ENCLOSER = 1,
	STAGE_PROVE = 2,
	STAGE_DNAME = 3,
	STAGE_CHAOS = 4,
	STAGE_TARGET = 5,
};

static __always_inline struct dnsbolt_counters *counters(void)
{
	__u32 k = 0;

	return bpf_map_lookup_elem(&DNSBOLT_MAP_COUNTERS, &k);
}

static __always_inline void count_answer(struct dnsbolt_counters *n, const struct scratch *s)
{
	if (s->rcode < 16) /* BADCOOKIE is counted as a reason */
		n->rcode[s->rcode & 15]++;
	if (s->ipv6)
		n->answers_ipv6++;
	else
		n->answers_ipv4++;
	n->octets_in += s->frame_len;
	n->octets_out += s->dns + s->reply_len;
}

/* Notes a response that was over its limit. */
ENV_STAGE int note_limited(struct xdp_md *ctx, struct scratch *s, const struct dnsbolt_config *c,
			   __u32 reason)
{
	__u32 k = 0;
	struct dnsbolt_recent *recent = bpf_map_lookup_elem(&DNSBOLT_MAP_RECENT, &k);
	struct dnsbolt_limited *to;
	__u64 prefix;

	ENV_TAKES(ctx);
	if (!recent || !c || !s)
		return 0;
	to = &recent->limited[recent->n++ & (DNSBOLT_RECENT_MAX - 1)];
	prefix = __builtin_bswap64(limit_prefix(s, c));
	env_put64(to->prefix, s->ipv6 ? prefix : 0);
	env_put64(to->prefix + 8, s->ipv6 ? 0 : prefix);
	to->prefix_len = s->ipv6 ? c->limit.ipv6_prefix : 96 + c->limit.ipv4_prefix;
	to->class = s->limited - 1;
	to->reason = (__u16)reason;
	to->zone = s->zone;
	to->when = env_now(ctx);
	return 0;
}

static __always_inline void count(struct xdp_md *ctx, struct scratch *s,
				  const struct dnsbolt_config *c, int result)
{
	__u32 reason = result > 0 ? result : result < 0 ? -result : s->reason;
	struct dnsbolt_counters *n = counters();
	__u32 class = s->limited - 1u;

	if (!n)
		return;
	n->reason[reason & (DNSBOLT_REASONS_MAX - 1)]++;
	if (s->cookie < DNSBOLT_COOKIES)
		n->cookies[s->cookie]++;
	if (class < DNSBOLT_CLASSES) {
		n->limited[class]++;
		n->slipped += s->slipped;
		note_limited(ctx, s, c, reason);
	}
	if (!result)
		count_answer(n, s);
}

/* Ends the packet: 0: the reply is in its place; positive: passed or dropped for that reason; negative: it broke after the
 * packet had been written to, which cannot happen. */
static __always_inline int finish(struct xdp_md *ctx, struct scratch *s,
				  const struct dnsbolt_config *c, int result)
{
	if (result > 0)
		result = stages_end(ctx, s, c, result);
	count(ctx, s, c, result);
	if (result > 0)
		return reason_is_drop(result) ? XDP_DROP : XDP_PASS;
	return result < 0 ? XDP_ABORTED : XDP_TX;
}

static __always_inline int orphaned(struct xdp_md *ctx, const struct dnsbolt_config *c)
{
	return c->alive_until && env_now(ctx) >= c->alive_until;
}

static __always_inline int answer(struct xdp_md *ctx, struct scratch *s,
				  const struct dnsbolt_config *c, struct env_near *near)
{
	int r;

	stages_begin(s);
	r = stages_mode(c);
	if (!r)
		r = stages_packet(ctx, s, c);
	if (!r && orphaned(ctx, c))
		r = REASON_orphaned;
	if (!r)
		r = stages_lookup(ctx, s, c, near);
	return r;
}

/* A plan is carried out; what needs another program goes there, and comes back only when that is missing. */
static __always_inline int go_on(struct xdp_md *ctx, struct scratch *s,
				 const struct dnsbolt_config *c, struct env_near *near, int r)
{
	if (!r || r == STAGES_PLANNED)
		return stages_commit(ctx, s, c, near);
	if (r == STAGES_ENCLOSER)
		bpf_tail_call(ctx, &DNSBOLT_MAP_STAGES, stage_base + STAGE_ENCLOSER);
	else if (r == STAGES_PROVE)
		bpf_tail_call(ctx, &DNSBOLT_MAP_STAGES, stage_base + STAGE_PROVE);
	else if (r == STAGES_DNAME)
		bpf_tail_call(ctx, &DNSBOLT_MAP_STAGES, stage_base + STAGE_DNAME);
	else if (r == STAGES_TARGET)
		bpf_tail_call(ctx, &DNSBOLT_MAP_STAGES, stage_base + STAGE_TARGET);
	else if (r == STAGES_CHAOS)
		bpf_tail_call(ctx, &DNSBOLT_MAP_STAGES, stage_base + STAGE_CHAOS);
	return r > 0 ? r : REASON_no_stage;
}

SEC("xdp.frags")
int dnsbolt_entry(struct xdp_md *ctx)
{
	const struct dnsbolt_config *c = env_config(ctx);
	struct scratch *s = env_scratch(ctx);
	struct env_near near = { 0, 0 };

	if (!s || !c)
		return XDP_PASS;
	return finish(ctx, s, c, go_on(ctx, s, c, &near, answer(ctx, s, c, &near)));
}

SEC("xdp.frags")
int dnsbolt_encloser(struct xdp_md *ctx)
{
	const struct dnsbolt_config *c = env_config(ctx);
	struct scratch *s = env_scratch(ctx);
	struct env_near near = { 0, 0 };

	if (!s || !c)
		return XDP_PASS;
	return finish(ctx, s, c, go_on(ctx, s, c, &near, stages_encloser(ctx, s, c, &near)));
}

SEC("xdp.frags")
int dnsbolt_prove(struct xdp_md *ctx)
{
	const struct dnsbolt_config *c = env_config(ctx);
	struct scratch *s = env_scratch(ctx);
	struct env_near near = { 0, 0 };

	if (!s || !c)
		return XDP_PASS;
	return finish(ctx, s, c, go_on(ctx, s, c, &near, stages_prove(ctx, s, c, &near)));
}

SEC("xdp.frags")
int dnsbolt_dname(struct xdp_md *ctx)
{
	const struct dnsbolt_config *c = env_config(ctx);
	struct scratch *s = env_scratch(ctx);
	struct env_near near = { 0, 0 };

	if (!s || !c)
		return XDP_PASS;
	return finish(ctx, s, c, go_on(ctx, s, c, &near, made_dname(ctx, s, c)));
}

SEC("xdp.frags")
int dnsbolt_target(struct xdp_md *ctx)
{
	const struct dnsbolt_config *c = env_config(ctx);
	struct scratch *s = env_scratch(ctx);
	struct env_near near = { 0, 0 };

	if (!s || !c)
		return XDP_PASS;
	return finish(ctx, s, c, go_on(ctx, s, c, &near, made_target(ctx, s, c)));
}

SEC("xdp.frags")
int dnsbolt_chaos(struct xdp_md *ctx)
{
	const struct dnsbolt_config *c = env_config(ctx);
	struct scratch *s = env_scratch(ctx);
	struct env_near near = { 0, 0 };

	if (!s || !c)
		return XDP_PASS;
	return finish(ctx, s, c, go_on(ctx, s, c, &near, made_chaos(ctx, s, c)));
}

char _license[] SEC("license") = "Dual BSD/GPL";
