// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The programs behind the stub (dnsbolt_stub.bpf.c), called through the program array. Slot 0 is dnsbolt_entry,
 * the whole hot path: frame, question, EDNS, exact name, plan, reply. What it does not find goes on in
 * dnsbolt_encloser, one tail call further. A packet that is not answered is passed with no octet changed; every
 * packet is counted under one reason.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "core/stages.h"

/* First slot of this generation; an upgrade loads into slots of its own. */
volatile const __u32 stage_base = 1;

enum stage {
	STAGE_ENTRY = 0,
	STAGE_ENCLOSER = 1,
};

static __always_inline struct dnsbolt_counters *counters(void)
{
	__u32 k = 0;

	return bpf_map_lookup_elem(&DNSBOLT_MAP_COUNTERS, &k);
}

static __always_inline void count_answer(struct dnsbolt_counters *n, const struct scratch *s)
{
	n->rcode[s->rcode & 15]++;
	if (s->ipv6)
		n->answers_ipv6++;
	else
		n->answers_ipv4++;
	n->octets_in += s->frame_len;
	n->octets_out += s->dns + s->reply_len;
}

/* Ends the packet: 0: the reply is in its place; positive: passed for that reason; negative: it broke after the
 * packet had been written to, which cannot happen. */
static __always_inline int finish(const struct scratch *s, int result)
{
	struct dnsbolt_counters *n = counters();
	__u32 reason = result > 0 ? result : result < 0 ? -result : s->reason;

	if (n) {
		n->reason[reason & (DNSBOLT_REASONS_MAX - 1)]++;
		if (!result)
			count_answer(n, s);
	}
	return result > 0 ? XDP_PASS : result < 0 ? XDP_ABORTED : XDP_TX;
}

static __always_inline int orphaned(struct xdp_md *ctx, const struct dnsbolt_config *c)
{
	return c->alive_until && env_now(ctx) >= c->alive_until;
}

static __always_inline int answer(struct xdp_md *ctx, struct scratch *s)
{
	const struct dnsbolt_config *c = env_config(ctx);
	int r;

	if (!c)
		return REASON_internal;
	r = stages_mode(c);
	if (!r)
		r = stages_packet(ctx);
	if (!r && orphaned(ctx, c))
		r = REASON_orphaned;
	if (!r)
		r = stages_lookup(ctx);
	if (!r)
		r = stages_commit(ctx, c, s);
	return r;
}

SEC("xdp.frags")
int dnsbolt_entry(struct xdp_md *ctx)
{
	struct scratch *s = env_scratch(ctx);
	int r;

	if (!s)
		return XDP_PASS;
	r = answer(ctx, s);
	if (r == STAGES_ENCLOSER) {
		bpf_tail_call(ctx, &DNSBOLT_MAP_STAGES, stage_base + STAGE_ENCLOSER);
		r = REASON_no_stage;
	}
	return finish(s, r);
}

SEC("xdp.frags")
int dnsbolt_encloser(struct xdp_md *ctx)
{
	struct scratch *s = env_scratch(ctx);

	if (!s)
		return XDP_PASS;
	return finish(s, find_encloser(ctx));
}

char _license[] SEC("license") = "Dual BSD/GPL";
