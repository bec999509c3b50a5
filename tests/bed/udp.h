/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which frames of a client are DNS queries. */
#ifndef BED_UDP_H
#define BED_UDP_H

#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define BED_TAGS_MAX 2

/* The frame is UDP to port 53, below at most two tags; no IP options or extension headers. */
static __always_inline int udp_to_dns(struct __sk_buff *skb)
{
	__u32 at = ETH_HLEN, i;
	__be16 proto = 0, port = 0;
	__u8 next = 0;

	if (bpf_skb_load_bytes(skb, offsetof(struct ethhdr, h_proto), &proto, sizeof(proto)))
		return 0;
	for (i = 0; i < BED_TAGS_MAX; i++) {
		if (proto != bpf_htons(ETH_P_8021Q) && proto != bpf_htons(ETH_P_8021AD))
			break;
		if (bpf_skb_load_bytes(skb, at + 2, &proto, sizeof(proto)))
			return 0;
		at += 4;
	}
	if (proto == bpf_htons(ETH_P_IP)) {
		if (bpf_skb_load_bytes(skb, at + offsetof(struct iphdr, protocol), &next, 1))
			return 0;
		at += sizeof(struct iphdr);
	} else if (proto == bpf_htons(ETH_P_IPV6)) {
		if (bpf_skb_load_bytes(skb, at + offsetof(struct ipv6hdr, nexthdr), &next, 1))
			return 0;
		at += sizeof(struct ipv6hdr);
	}
	if (next != IPPROTO_UDP ||
	    bpf_skb_load_bytes(skb, at + offsetof(struct udphdr, dest), &port, sizeof(port)))
		return 0;
	return port == bpf_htons(53);
}

#endif /* BED_UDP_H */
