/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The generator, at the client's end of a veth pair: gen_send() is run by BPF_PROG_TEST_RUN with live frames, each run one
 * query; gen_count(), attached to the device, counts the replies, keeps a sample of them to be checked, and drops them.
 *
 * A query's ID is the number of its frame, so that a sampled reply can be held against its query. Where latency is taken it is a
 * running number instead, of the good class alone.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "shared.h"

#define LATE_NS 100000u /* later than that it does not catch up: a burst would be no pace */
#define IDS 65536u
#define SPINS (1u << 20)

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct gen_frame);
} gen_frames SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, GEN_SAMPLES);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct gen_sample);
} gen_samples SEC(".maps");

__u32 n_frames = 1, burst = 1, timed;
__u64 gap; /* ns from burst to burst; 0: as fast as it goes */
struct gen_stats stats;

static __u32 next_frame, burst_left, sampled;
static __u16 next_id;
static __u64 next_time;
static __u64 sent_at[IDS];

static long spin(__u32 i, void *until)
{
	(void)i;
	return bpf_ktime_get_ns() >= *(__u64 *)until;
}

static __always_inline void keep_pace(void)
{
	__u64 now, until = next_time;

	if (!burst_left) {
		now = bpf_ktime_get_ns();
		if (now < until)
			bpf_loop(SPINS, spin, &until, 0);
		else if (now - until > LATE_NS)
			until = now;
		next_time = until + gap;
		burst_left = burst;
	}
	burst_left--;
}

static __always_inline __u32 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* Stamps the query with an ID of its own (RFC 1624 for the checksum). */
static __always_inline void stamp(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 l4 = sizeof(struct ethhdr) + sizeof(struct iphdr);
	struct udphdr *udp;
	__u16 *id, number = next_id++;

	if (data + sizeof(struct ethhdr) + sizeof(struct ipv6hdr) + sizeof(*udp) + 2 > end)
		return;
	if (((struct ethhdr *)data)->h_proto == bpf_htons(ETH_P_IPV6))
		l4 = sizeof(struct ethhdr) + sizeof(struct ipv6hdr);
	udp = (struct udphdr *)(data + l4);
	id = (__u16 *)(udp + 1);
	udp->check = ~fold((__u16)~udp->check + (__u32)(__u16) ~*id + number);
	*id = number;
	sent_at[number] = bpf_ktime_get_ns();
}

SEC("xdp")
int gen_send(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 i = next_frame, k;
	struct gen_frame *frame;

	if (gap)
		keep_pace();
	frame = bpf_map_lookup_elem(&gen_frames, &i);
	if (!frame || data + GEN_FRAME_MAX > end)
		return XDP_ABORTED;
	next_frame = ++i >= n_frames ? 0 : i;
#pragma unroll
	for (k = 0; k < GEN_FRAME_MAX; k += 8)
		*(__u64 *)(data + k) = *(__u64 *)(frame->data + k);
	if (bpf_xdp_adjust_tail(ctx, (int)(frame->len & 255) - (int)GEN_FRAME_MAX))
		return XDP_ABORTED;
	if (timed && frame->good)
		stamp(ctx);
	stats.sent[frame->good & 1]++;
	return XDP_TX; /* a live frame: out of ctx->ingress_ifindex */
}

/* ---- replies ---- */

static __always_inline void keep_sample(struct xdp_md *ctx)
{
	__u64 len = bpf_xdp_get_buff_len(ctx);
	__u32 slot = sampled & (GEN_SAMPLES - 1);
	struct gen_sample *sample = bpf_map_lookup_elem(&gen_samples, &slot);

	if (!sample || !len || len > GEN_REPLY_MAX || bpf_xdp_load_bytes(ctx, 0, sample->data, len))
		return;
	sample->len = len;
	sampled++;
}

static __always_inline void count_latency(__u16 id)
{
	__u64 ns = bpf_ktime_get_ns() - sent_at[id];
	__u64 bucket = ns / GEN_BUCKET_NS;

	if (bucket >= GEN_BUCKETS / 2)
		bucket = GEN_BUCKETS / 2 + ns / GEN_COARSE_NS;
	if (bucket >= GEN_BUCKETS)
		bucket = GEN_BUCKETS - 1;
	stats.latency[bucket & (GEN_BUCKETS - 1)]++;
}

static __always_inline void count(struct xdp_md *ctx, const struct udphdr *udp, const __u8 *dns,
				  __u32 len)
{
	__u32 good = bpf_ntohs(udp->dest) >= GEN_GOOD_PORT;

	if (!((stats.replies[0] + stats.replies[1]) & (GEN_SAMPLE_OF - 1)))
		keep_sample(ctx);
	stats.replies[good]++;
	stats.octets += len;
	stats.rcode[dns[3] & 15]++;
	stats.truncated += dns[2] >> 1 & 1;
	stats.with_answer += (dns[6] | dns[7]) != 0;
	if (timed && good)
		count_latency(*(__u16 *)dns);
}

SEC("xdp")
int gen_count(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end, next;
	__u32 l4 = sizeof(struct ethhdr) + sizeof(struct iphdr);
	struct ethhdr *eth = (struct ethhdr *)data;
	struct udphdr *udp;
	__u8 *dns;

	if (data + sizeof(*eth) + sizeof(struct ipv6hdr) + sizeof(*udp) + 8 > end)
		return XDP_PASS;
	next = ((struct iphdr *)(eth + 1))->protocol;
	if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
		l4 = sizeof(*eth) + sizeof(struct ipv6hdr);
		next = ((struct ipv6hdr *)(eth + 1))->nexthdr;
	} else if (eth->h_proto != bpf_htons(ETH_P_IP)) {
		return XDP_PASS;
	}
	udp = (struct udphdr *)(data + l4);
	dns = (__u8 *)(udp + 1);
	if (next != IPPROTO_UDP || udp->source != bpf_htons(53))
		return XDP_PASS;
	if (!(dns[2] & 0x80)) {
		stats.other++;
		return XDP_DROP;
	}
	count(ctx, udp, dns, end - data);
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
