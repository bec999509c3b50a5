/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Stage 1: from the frame to the DNS message. Ethernet, up to two VLAN tags, IPv4 without options or
 * IPv6 without extension headers, UDP to a served address and port, lengths and checksums that agree. Cheap
 * tests come first, so that what is not DNS costs little. Leaves offsets, addresses and a copy of the message
 * in the scratch. Writes nothing to the packet.
 *
 * Functions return 0 or the reason to pass with.
 */
#ifndef DNSBOLT_CORE_PACKET_H
#define DNSBOLT_CORE_PACKET_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include "../reasons.h"
#include "csum.h"
#include "env.h"

#define PACKET_ETH 14u
#define PACKET_TAG 4u
#define PACKET_UDP 8u
#define PACKET_BLOCK 32u /* octets that are copied without asking whether that is too many */

#define BE16(x) ((__be16)__builtin_bswap16(x))
#define BE32(x) ((__be32)__builtin_bswap32(x))

static __always_inline int packet_is_tag(__be16 proto)
{
	return proto == BE16(ETH_P_8021Q) || proto == BE16(ETH_P_8021AD);
}

/* Finds the IP header: *ret_l3, *ret_proto. */
static __always_inline int packet_ethernet(struct env_ctx *ctx, __u32 *ret_l3, __be16 *ret_proto)
{
	__u8 *d = env_data(ctx), *end = env_data_end(ctx);
	__u32 l3 = PACKET_ETH;
	__be16 proto;
	int i;

	if (d + PACKET_ETH > end)
		return REASON_short_frame;
	proto = ((struct ethhdr *)d)->h_proto;
	ENV_UNROLL
	for (i = 0; i < 2; i++) {
		if (!packet_is_tag(proto))
			break;
		if (d + l3 + PACKET_TAG > end)
			return REASON_short_frame;
		proto = env_get16(d + l3 + 2);
		l3 += PACKET_TAG;
	}
	if (packet_is_tag(proto))
		return REASON_vlan_depth;
	*ret_l3 = l3;
	*ret_proto = proto;
	return 0;
}

/* RFC 1122 section 3.2.1.3: not as the source of something that is to be answered. */
static __always_inline int packet_ipv4_source_bad(__be32 addr)
{
	__u8 first = (__u8)(__builtin_bswap32(addr) >> 24);

	return first == 0 || first == 127 || first >= 224;
}

static __always_inline void packet_map_ipv4(struct dnsbolt_addr *to, __be32 addr)
{
	env_put64(to->a, 0);
	env_put64(to->a + 8, BE32(0xffff) | (__u64)addr << 32);
}

static __always_inline int packet_udp(const struct udphdr *udp, __u32 ip_payload, __be16 port)
{
	if (udp->dest != port)
		return REASON_not_port;
	if (!udp->source)
		return REASON_bad_source;
	/* Octets behind the UDP payload inside of IP are nobody's. */
	if (env_get_be16((const __u8 *)&udp->len) != ip_payload || ip_payload < PACKET_UDP)
		return REASON_length;
	return 0;
}

/* Has the frame other buffers? To ask costs a call, and next to no frame has: the first one would be full, or end within the packet. */
static __always_inline int packet_has_more(struct env_ctx *ctx, const struct scratch *s)
{
	return env_frame_len(ctx) != s->frame_len;
}

/* Why a length of the packet is wrong: it is too small, or the first buffer has not so many octets. */
static __always_inline int packet_beyond(struct env_ctx *ctx, const struct scratch *s)
{
	return packet_has_more(ctx, s) ? REASON_multi_buffer : REASON_length;
}

static __always_inline int packet_ipv4(struct env_ctx *ctx, struct scratch *s, __u32 l3,
				       __be16 port)
{
	__u8 *d = env_data(ctx) + l3, *end = env_data_end(ctx);
	struct iphdr *ip = (struct iphdr *)d;
	struct udphdr *udp = (struct udphdr *)(ip + 1);
	__u32 total;
	int r;

	if ((__u8 *)(ip + 1) > end)
		return REASON_short_frame;
	if (ip->version != 4)
		return REASON_not_ip;
	if (ip->protocol != IPPROTO_UDP)
		return REASON_not_udp;
	if (ip->ihl != 5)
		return REASON_ip_options;
	if (ip->frag_off & BE16(0x3fff)) /* MF or an offset */
		return REASON_fragment;
	if ((__u8 *)(udp + 1) > end)
		return REASON_short_frame;
	total = env_get_be16((__u8 *)&ip->tot_len);
	if (total < sizeof(*ip) + PACKET_UDP || l3 + total > s->frame_len)
		return udp->dest == port ? packet_beyond(ctx, s) : REASON_not_port;
	r = packet_udp(udp, total - sizeof(*ip), port);
	if (r)
		return r;
	if (packet_ipv4_source_bad(ip->saddr))
		return REASON_bad_source;
	packet_map_ipv4(&s->src, ip->saddr);
	packet_map_ipv4(&s->dst, ip->daddr);
	s->pseudo_sum = (__u64)ip->saddr + ip->daddr + BE16(IPPROTO_UDP);
	s->l4 = l3 + sizeof(*ip);
	s->msg_len = total - sizeof(*ip) - PACKET_UDP;
	s->ipv6 = 0;
	return 0;
}

/* Next headers behind which there may be UDP (RFC 8200 section 4). */
static __always_inline int packet_is_extension(__u8 nexthdr)
{
	return nexthdr == IPPROTO_HOPOPTS || nexthdr == IPPROTO_ROUTING ||
	       nexthdr == IPPROTO_DSTOPTS || nexthdr == IPPROTO_AH || nexthdr == IPPROTO_MH ||
	       nexthdr == 139 /* HIP */ || nexthdr == 140 /* Shim6 */;
}

static __always_inline int packet_is_mapped(const __u8 *a)
{
	return env_get64(a) == 0 && env_get32(a + 8) == BE32(0xffff);
}

static __always_inline int packet_ipv6_source_bad(const __u8 *a)
{
	__u64 high = env_get64(a), low = env_get64(a + 8);

	if (a[0] == 0xff)
		return 1;
	/* ::, ::1, IPv4-mapped and IPv4-compatible addresses do not stand on a wire */
	return high == 0 && (env_get32(a + 8) == 0 || env_get32(a + 8) == BE32(0xffff) || low == 0);
}

static __always_inline __u64 packet_sum_16(__u64 sum, const __u8 *p)
{
	return csum_add64(csum_add64(sum, env_get64(p)), env_get64(p + 8));
}

static __always_inline int packet_ipv6(struct env_ctx *ctx, struct scratch *s, __u32 l3,
				       __be16 port)
{
	__u8 *d = env_data(ctx) + l3, *end = env_data_end(ctx);
	struct ipv6hdr *ip = (struct ipv6hdr *)d;
	struct udphdr *udp = (struct udphdr *)(ip + 1);
	__u32 payload;
	int r;

	if ((__u8 *)(ip + 1) > end)
		return REASON_short_frame;
	if (ip->version != 6)
		return REASON_not_ip;
	if (ip->nexthdr == IPPROTO_FRAGMENT)
		return REASON_fragment;
	if (packet_is_extension(ip->nexthdr))
		return REASON_extension;
	if (ip->nexthdr != IPPROTO_UDP)
		return REASON_not_udp;
	if ((__u8 *)(udp + 1) > end)
		return REASON_short_frame;
	payload = env_get_be16((__u8 *)&ip->payload_len);
	if (payload < PACKET_UDP || l3 + sizeof(*ip) + payload > s->frame_len)
		return udp->dest == port ? packet_beyond(ctx, s) : REASON_not_port;
	r = packet_udp(udp, payload, port);
	if (r)
		return r;
	if (!udp->check) /* RFC 8200 section 8.1 */
		return REASON_udp_checksum;
	env_copy(s->src.a, (__u8 *)&ip->saddr, 16);
	env_copy(s->dst.a, (__u8 *)&ip->daddr, 16);
	if (packet_ipv6_source_bad(s->src.a))
		return REASON_bad_source;
	if (packet_is_mapped(s->dst.a)) /* else it would find IPv4's row of `listen` */
		return REASON_not_address;
	s->pseudo_sum = packet_sum_16(packet_sum_16(BE16(IPPROTO_UDP), s->src.a), s->dst.a);
	s->l4 = l3 + sizeof(*ip);
	s->msg_len = payload - PACKET_UDP;
	s->ipv6 = 1;
	return 0;
}

static __always_inline int packet_is_served(struct env_ctx *ctx, const struct dnsbolt_config *c,
					    const struct dnsbolt_addr *addr)
{
	__u64 high = env_get64(addr->a), low = env_get64(addr->a + 8);
	__u32 i;

	ENV_UNROLL
	for (i = 0; i < DNSBOLT_LISTEN_QUICK; i++) /* free places are zeros, as :: is */
		if (low && env_get64(c->served[i].a + 8) == low &&
		    env_get64(c->served[i].a) == high)
			return 1;
	return env_listen(ctx, addr) & DNSBOLT_ADDR_SERVED;
}

/* An address of this host. */
static __always_inline int packet_is_own(struct env_ctx *ctx, const struct dnsbolt_config *c,
					 const struct dnsbolt_addr *addr)
{
	__u32 bit = dnsbolt_listen_bit(env_get64(addr->a), env_get64(addr->a + 8));

	return c->listen_bits[bit / 64] >> bit % 64 & 1 && env_listen(ctx, addr);
}

/* The frame came for us, from somebody who may be answered. */
static __always_inline int packet_parties(struct env_ctx *ctx, struct scratch *s,
					  const struct dnsbolt_config *c)
{
	__u8 *d = env_data(ctx), *end = env_data_end(ctx);
	__u32 i, ifindex = env_ifindex(ctx), high;
	__u16 low;

	if (d + PACKET_ETH > end)
		return REASON_short_frame;
	high = env_get32(d);
	low = env_get16(d + 4);
	for (i = 0; i < DNSBOLT_MAX_IFACES; i++) {
		const struct dnsbolt_iface *f = &c->iface[i];

		if (f->ifindex != ifindex)
			continue;
		if (env_get32(f->mac) != high || env_get16(f->mac + 4) != low)
			return REASON_not_mac;
		s->mtu = f->mtu > 65535 ? 65535 : (__u16)f->mtu;
		break;
	}
	if (i == DNSBOLT_MAX_IFACES)
		return REASON_not_mac;
	if (d[6] & 1 || (env_get32(d + 6) == high && env_get16(d + 10) == low))
		return REASON_bad_source;
	if (!packet_is_served(ctx, c, &s->dst))
		return REASON_not_address;
	if (packet_is_own(ctx, c, &s->src))
		return REASON_bad_source;
	return 0;
}

/* Up to the addresses. */
static __always_inline int packet_parse(struct env_ctx *ctx, struct scratch *s,
					const struct dnsbolt_config *c)
{
	__be16 proto = 0;
	__u32 l3 = 0;
	int r;

	r = packet_ethernet(ctx, &l3, &proto);
	if (r)
		return r;
	s->frame_len = (__u32)(env_data_end(ctx) - env_data(ctx));
	s->l3 = l3;
	if (proto == BE16(ETH_P_IP))
		r = packet_ipv4(ctx, s, l3, c->port);
	else if (proto == BE16(ETH_P_IPV6))
		r = packet_ipv6(ctx, s, l3, c->port);
	else
		return REASON_not_ip;
	if (!r && s->frame_len > FRAME_HEADERS_MAX + DNS_QUERY_MAX && packet_has_more(ctx, s))
		r = REASON_multi_buffer;
	return r ? r : packet_parties(ctx, s, c);
}

/* An IPv4 header, with its checksum. */
static __always_inline __u64 packet_ipv4_sum(const __u8 *ip)
{
	return csum_add64(csum_add64(env_get32(ip + 16), env_get64(ip)), env_get64(ip + 8));
}

/* `words` words, a constant, from the packet. Returns the sum and theirs: they are in registers here, and a sum over what was just
 * stored would wait for it. */
static __always_inline __u64 packet_words(__u8 *to, const __u8 *from, const __u32 words, __u64 sum)
{
	__u64 w;
	__u32 i;

	ENV_UNROLL
	for (i = 0; i < words; i++) {
		w = env_get64(from + i * 8);
		env_put64(to + i * 8, w);
		sum = csum_add64(sum, w);
	}
	return sum;
}

/* The message into the scratch, with zeros up to the next multiple of 8 from the question's name on, so that it is stored in the words
 * that are read again. *ret_sum: of all its words. */
static __always_inline int packet_message(struct env_ctx *ctx, struct scratch *s, __u32 at,
					  __u32 len, __u64 *ret_sum)
{
	const __u8 *from = env_span(ctx, at, DNS_HEADER), *end = env_data_end(ctx);
	__u8 *to = env_message(s);
	__u32 i, rest = len - DNS_HEADER;
	__u64 sum, w;

	if (!from)
		return REASON_length;
	sum = packet_words(to, from, 1, env_get32(from + 8));
	env_put32(to + 8, env_get32(from + 8));
	from += DNS_HEADER;
	to += DNS_HEADER;
	for (i = 0; i < DNS_QUERY_MAX / PACKET_BLOCK; i++) {
		if (rest < PACKET_BLOCK)
			break;
		if (from + PACKET_BLOCK > end)
			return REASON_length;
		sum = packet_words(to, from, PACKET_BLOCK / 8, sum);
		from += PACKET_BLOCK;
		to += PACKET_BLOCK;
		rest -= PACKET_BLOCK;
	}
	for (i = 0; i < PACKET_BLOCK / 8 - 1; i++) {
		if (rest < 8)
			break;
		if (from + 8 > end)
			return REASON_length;
		sum = packet_words(to, from, 1, sum);
		from += 8;
		to += 8;
		rest -= 8;
	}
	from = env_span(ctx, at + len - 8, 8);
	if (!from)
		return REASON_length;
	w = rest & 7 ? env_get64(from) >> (64 - 8 * (rest & 7)) : 0;
	env_put64(to, w);
	*ret_sum = csum_add64(sum, w);
	return 0;
}

/* Right, zero where IPv4 allows that, or the bare pseudo-header sum that a local stack leaves to its NIC (RFC 768, RFC 8200
 * section 8.1). */
static __always_inline int packet_checksums(struct env_ctx *ctx, const struct scratch *s, __u32 len,
					    __u64 sum)
{
	const __u8 *ip = env_span(ctx, s->l4 - sizeof(struct iphdr), sizeof(struct iphdr)), *udp;
	__u64 pseudo = s->pseudo_sum + __builtin_bswap16((__u16)(len + PACKET_UDP)), word;
	__u32 check;

	if (!ip)
		return REASON_length;
	if (!s->ipv6 && csum_fold(packet_ipv4_sum(ip)) != 0xffff)
		return REASON_ip_checksum;
	udp = env_span(ctx, s->l4, PACKET_UDP);
	if (!udp)
		return REASON_length;
	word = env_get64(udp);
	check = word >> 48;
	if (!check || csum_fold(csum_add64(pseudo, word) + sum) == 0xffff)
		return 0;
	return check == csum_fold(pseudo) ? 0 : REASON_udp_checksum;
}

/* The message into the scratch, when the checksums agree. */
static __always_inline int packet_load(struct env_ctx *ctx, struct scratch *s)
{
	__u32 headers, len;
	__u64 sum = 0;
	int r;

	if (s->msg_len < DNS_HEADER)
		return REASON_message_short;
	if (s->msg_len > DNS_QUERY_MAX)
		return REASON_message_long;
	headers = s->l4 + PACKET_UDP;
	s->dns = headers;
	len = s->msg_len & 1023;
	env_barrier_var(len);
	if (len > DNS_QUERY_MAX)
		return REASON_internal;
	r = packet_message(ctx, s, headers, len, &sum);
	return r ? r : packet_checksums(ctx, s, len, sum);
}

#endif /* DNSBOLT_CORE_PACKET_H */
