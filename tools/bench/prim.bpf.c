/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the fast path is made of, each PRIM_TIMES times over, as targets of feed.bpf.c: what one of them takes on this machine
 * says which of them are worth saving. Kernels with mitigations pay for calls and returns above all.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../../bpf/abi.h"
#include "shared.h"

#define CHUNK 64
#define ALWAYS static __always_inline

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, __u32);
} prim_hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dnsbolt_counters);
} prim_counts SEC(".maps");

struct segment {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 4096);
} prim_segment SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct segment);
} prim_arena SEC(".maps") = { .values = { &prim_segment } };

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} prim_next SEC(".maps");

__u64 result;
static __u64 words[CHUNK / 8];

__attribute__((noinline)) int prim_function(__u32 n)
{
	return (int)(n ^ 0x5a);
}

SEC("xdp.frags")
int prim_call(struct xdp_md *ctx)
{
	__u32 i, n = (__u32)ctx->rx_queue_index;

	for (i = 0; i < PRIM_TIMES; i++)
		n = prim_function(n);
	result += n;
	return XDP_TX;
}

static long step(__u32 i, void *arg)
{
	*(__u64 *)arg += i;
	return 0;
}

SEC("xdp.frags")
int prim_iteration(struct xdp_md *ctx)
{
	__u64 sum = 0;

	(void)ctx;
	bpf_loop(PRIM_TIMES, step, &sum, 0);
	result += sum;
	return XDP_TX;
}

SEC("xdp.frags")
int prim_loop(struct xdp_md *ctx)
{
	__u64 sum = 0;
	__u32 i;

	(void)ctx;
	for (i = 0; i < PRIM_TIMES; i++)
		bpf_loop(1, step, &sum, 0);
	result += sum;
	return XDP_TX;
}

SEC("xdp.frags")
int prim_find(struct xdp_md *ctx)
{
	__u64 key = 0, sum = 0;
	__u32 i, *value;

	(void)ctx;
	for (i = 0; i < PRIM_TIMES; i++) {
		value = bpf_map_lookup_elem(&prim_hash, &key);
		sum += value ? *value : 1;
	}
	result += sum;
	return XDP_TX;
}

SEC("xdp.frags")
int prim_reach(struct xdp_md *ctx)
{
	__u32 i, zero = 0;
	__u64 sum = 0, *value;
	void *segment;

	(void)ctx;
	for (i = 0; i < PRIM_TIMES; i++) {
		segment = bpf_map_lookup_elem(&prim_arena, &zero);
		value = segment ? bpf_map_lookup_elem(segment, &zero) : NULL;
		sum += value ? *(volatile __u64 *)value : 1;
	}
	result += sum;
	return XDP_TX;
}

SEC("xdp.frags")
int prim_load(struct xdp_md *ctx)
{
	__u64 to[CHUNK / 8];
	__u32 i;

	for (i = 0; i < PRIM_TIMES; i++)
		if (bpf_xdp_load_bytes(ctx, 0, to, sizeof(to)))
			return XDP_ABORTED;
	result += to[0];
	return XDP_TX;
}

SEC("xdp.frags")
int prim_store(struct xdp_md *ctx)
{
	__u32 i;

	for (i = 0; i < PRIM_TIMES; i++)
		if (bpf_xdp_store_bytes(ctx, 0, words, sizeof(words)))
			return XDP_ABORTED;
	return XDP_TX;
}

SEC("xdp.frags")
int prim_room(struct xdp_md *ctx)
{
	__u32 i;

	for (i = 0; i < PRIM_TIMES; i++)
		if (bpf_xdp_adjust_tail(ctx, i & 1 ? -16 : 16))
			return XDP_ABORTED;
	return XDP_TX;
}

SEC("xdp.frags")
int prim_sum(struct xdp_md *ctx)
{
	__u64 sum = 0;
	__u32 i;

	(void)ctx;
	for (i = 0; i < PRIM_TIMES; i++)
		sum += (__u64)bpf_csum_diff(NULL, 0, (__be32 *)words, sizeof(words), i);
	result += sum;
	return XDP_TX;
}

SEC("xdp.frags")
int prim_clock(struct xdp_md *ctx)
{
	__u64 sum = 0;
	__u32 i;

	(void)ctx;
	for (i = 0; i < PRIM_TIMES; i++)
		sum += bpf_ktime_get_boot_ns();
	result += sum;
	return XDP_TX;
}

/* As finish() of bpf/dnsbolt.bpf.c counts an answer. */
SEC("xdp.frags")
int prim_count(struct xdp_md *ctx)
{
	struct dnsbolt_counters *n;
	__u32 i, zero = 0;

	(void)ctx;
	for (i = 0; i < PRIM_TIMES; i++) {
		n = bpf_map_lookup_elem(&prim_counts, &zero);
		if (!n)
			return XDP_ABORTED;
		n->reason[1 + (i & 7)]++;
		n->rcode[i & 7]++;
		n->answers_ipv4++;
		n->octets_in += 93;
		n->octets_out += 109;
	}
	return XDP_TX;
}

SEC("xdp.frags")
int prim_tail_call(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &prim_next, 0);
	return XDP_ABORTED;
}

SEC("xdp.frags")
int prim_end(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_TX;
}

char LICENSE[] SEC("license") = "GPL";
