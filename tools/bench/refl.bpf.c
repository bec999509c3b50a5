/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reflector, what no DNS server in the driver can be faster than: it sends each DNS query back as a reply that is
 * `grow` octets longer (or shorter), with right lengths and checksums, and looks at nothing else.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define FILLING_MAX 1280
#define LEN_MASK 1023
#define BLOCK 64

volatile const int grow;
volatile const __u32 filling_sum; /* of `grow` octets of the filling, from an even offset */
__u64 filling[FILLING_MAX / 8];

static __always_inline __u32 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

static __always_inline void swap_macs(struct ethhdr *eth)
{
	__u16 *a = (__u16 *)eth->h_dest, *b = (__u16 *)eth->h_source;
	int i;

#pragma unroll
	for (i = 0; i < 3; i++) {
		__u16 x = a[i];

		a[i] = b[i];
		b[i] = x;
	}
}

/* Both return the sum of what changes of the pseudo-header: nothing of the addresses, the length once more. */
static __always_inline void turn_ipv4(struct iphdr *ip)
{
	__be32 addr = ip->saddr;
	__be16 len = ip->tot_len, new_len = bpf_htons(bpf_ntohs(len) + grow);

	ip->saddr = ip->daddr;
	ip->daddr = addr;
	ip->tot_len = new_len;
	ip->check = ~fold((__u16)~ip->check + (__u32)(__u16)~len + new_len);
}

static __always_inline void turn_ipv6(struct ipv6hdr *ip)
{
	struct in6_addr addr = ip->saddr;

	ip->saddr = ip->daddr;
	ip->daddr = addr;
	ip->payload_len = bpf_htons(bpf_ntohs(ip->payload_len) + grow);
}

/* The growth is known when the program is loaded: what does not belong to it is never verified nor translated. */
static __always_inline int fill(__u8 *to, __u8 *end)
{
	int i, k;

	if (grow <= 0)
		return 0;
	if (to + grow > end)
		return -1;
	for (i = 0; i + BLOCK <= grow && i + BLOCK <= FILLING_MAX; i += BLOCK) {
#pragma unroll
		for (k = 0; k < BLOCK; k += 8)
			*(__u64 *)(to + i + k) = *(volatile __u64 *)((__u8 *)filling + i + k);
	}
	for (; i + 8 <= grow && i + 8 <= FILLING_MAX; i += 8)
		*(__u64 *)(to + i) = *(volatile __u64 *)((__u8 *)filling + i);
	for (; i < grow && i < FILLING_MAX; i++)
		to[i] = *(volatile __u8 *)((__u8 *)filling + i);
	return 0;
}

/* RFC 1624, with the length's difference twice: it stands in the pseudo-header too. */
static __always_inline void turn_udp(struct udphdr *udp, __u16 *flags, __u32 old_len)
{
	__be16 port = udp->source, len = udp->len, new_len = bpf_htons(bpf_ntohs(len) + grow);
	__u16 old_flags = *flags, new_flags = old_flags | bpf_htons(0x8400); /* QR, AA */
	__u32 sum = filling_sum;

	udp->source = udp->dest;
	udp->dest = port;
	udp->len = new_len;
	*flags = new_flags;
	if (old_len & 1)
		sum = __builtin_bswap16(sum);
	sum += (__u16)~udp->check + (__u32)(__u16)~old_flags + new_flags;
	sum += 2 * ((__u16)~len + (__u32)new_len);
	if (udp->check)
		udp->check = ~fold(sum);
}

SEC("xdp.frags")
int reflect(struct xdp_md *ctx)
{
	long old_len = (long)ctx->data_end - (long)ctx->data;
	__u32 ip_len;
	__u8 *data, *end;
	struct udphdr *udp;

	if (bpf_xdp_adjust_tail(ctx, grow))
		return XDP_PASS;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + sizeof(struct ethhdr) + sizeof(struct ipv6hdr) + sizeof(*udp) + 4 > end)
		return XDP_PASS;
	if (((struct ethhdr *)data)->h_proto == bpf_htons(ETH_P_IP)) {
		if (((struct iphdr *)(data + sizeof(struct ethhdr)))->protocol != IPPROTO_UDP)
			return XDP_PASS;
		ip_len = sizeof(struct iphdr);
		turn_ipv4((struct iphdr *)(data + sizeof(struct ethhdr)));
	} else if (((struct ethhdr *)data)->h_proto == bpf_htons(ETH_P_IPV6)) {
		if (((struct ipv6hdr *)(data + sizeof(struct ethhdr)))->nexthdr != IPPROTO_UDP)
			return XDP_PASS;
		ip_len = sizeof(struct ipv6hdr);
		turn_ipv6((struct ipv6hdr *)(data + sizeof(struct ethhdr)));
	} else {
		return XDP_PASS;
	}
	swap_macs((struct ethhdr *)data);
	udp = (struct udphdr *)(data + sizeof(struct ethhdr) + ip_len);
	turn_udp(udp, (__u16 *)(udp + 1) + 1, old_len);
	return fill(data + (old_len & LEN_MASK), end) ? XDP_ABORTED : XDP_TX;
}

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
