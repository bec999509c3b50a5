/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * VLAN tags on DNS alone, for the client's end of the test bed: a client in a VLAN, also on kernels that have no VLAN devices.
 *
 * bed_tag    tags queries with VLAN 10          (after bed_pad, which leaves the frame to the next filter)
 * bed_tag2   with 802.1ad VLAN 20 and, inside, VLAN 30
 * bed_strip  takes the tags of what comes back, and counts the frames by the tags that they had
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "udp.h"

struct tag {
	__be16 tci, proto;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} bed_tags SEC(".maps");

SEC("tc")
int bed_tag(struct __sk_buff *skb)
{
	if (udp_to_dns(skb))
		(void)bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 10);
	return TC_ACT_OK;
}

SEC("classifier")
int bed_tag2(struct __sk_buff *skb)
{
	if (udp_to_dns(skb) && !bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 30))
		(void)bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021AD), 20);
	return TC_ACT_OK;
}

/* Takes the outermost tag when it is that of VLAN `id`. */
static __always_inline int strip(struct xdp_md *ctx, __be16 proto, __u16 id)
{
	struct ethhdr *eth = (void *)(long)ctx->data, copy;
	struct tag *tag = (void *)(eth + 1);

	if ((void *)(tag + 1) > (void *)(long)ctx->data_end || eth->h_proto != proto ||
	    tag->tci != bpf_htons(id))
		return 0;
	copy = *eth;
	copy.h_proto = tag->proto;
	if (bpf_xdp_adjust_head(ctx, sizeof(*tag)))
		return 0;
	eth = (void *)(long)ctx->data;
	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return 0;
	*eth = copy;
	return 1;
}

SEC("xdp")
int bed_strip(struct xdp_md *ctx)
{
	__u32 tags = 0;
	__u64 *count;

	if (strip(ctx, bpf_htons(ETH_P_8021AD), 20))
		tags = 1 + strip(ctx, bpf_htons(ETH_P_8021Q), 30);
	else
		tags = strip(ctx, bpf_htons(ETH_P_8021Q), 10);
	count = bpf_map_lookup_elem(&bed_tags, &tags);
	if (count)
		__sync_fetch_and_add(count, 1);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
