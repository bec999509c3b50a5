/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For BPF_PROG_TEST_RUN with `repeat`, which gives the programs their own replies back: puts the query into the frame again, maybe from
 * another source, and goes on to a stage. Without a stage it shows what that alone costs.
 */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "../../bpf/abi.h"
#include "again.h"

#define SOURCE 22u /* offset of an IPv6 source behind Ethernet */
#define CHECK 60u  /* and of UDP's checksum, which is to be that of the pseudo-header alone */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct again);
} again_query SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, DNSBOLT_STAGE_SLOTS);
	__type(key, __u32);
	__type(value, __u32);
} DNSBOLT_MAP_STAGES SEC(".maps");

/* One of 2^24 prefixes of 56 bits. */
static void spoof(struct again *a)
{
	__u32 r = bpf_get_prandom_u32(), sum;

	a->frame[SOURCE + 4] = (__u8)(r >> 16);
	a->frame[SOURCE + 5] = (__u8)(r >> 8);
	a->frame[SOURCE + 6] = (__u8)r;
	sum = a->check + (r >> 8 & 0xffff) + (r & 0xff) * 256;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	a->frame[CHECK] = (__u8)(sum >> 8);
	a->frame[CHECK + 1] = (__u8)sum;
}

SEC("xdp.frags")
int bed_again(struct xdp_md *ctx)
{
	__u32 k = 0, len, now = bpf_xdp_get_buff_len(ctx);
	struct again *a = bpf_map_lookup_elem(&again_query, &k);

	if (!a)
		return XDP_ABORTED;
	len = a->len & (AGAIN_MAX - 1);
	if (len < CHECK + 2)
		return XDP_ABORTED;
	if (now != len && bpf_xdp_adjust_tail(ctx, (int)len - (int)now))
		return XDP_ABORTED;
	if (a->spoof)
		spoof(a);
	if (bpf_xdp_store_bytes(ctx, 0, a->frame, len))
		return XDP_ABORTED;
	if (a->slot)
		bpf_tail_call(ctx, &DNSBOLT_MAP_STAGES, a->slot);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
