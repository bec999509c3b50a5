// SPDX-License-Identifier: GPL-3.0-or-later
#include "frame.h"

#include <arpa/inet.h>
#include <string.h>

/* A plain implementation of RFC 1071, on octets, that shares nothing with the code under test. */
static uint32_t sum_octets(const uint8_t *p, size_t len, uint32_t sum)
{
	size_t i;

	for (i = 0; i < len; i++)
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static uint32_t pseudo_sum(const struct dnsbolt_addr *src, const struct dnsbolt_addr *dst,
			   bool ipv6, uint32_t udp_len)
{
	size_t from = ipv6 ? 0 : 12;
	uint32_t sum = sum_octets(src->a + from, 16 - from, 0);

	sum = sum_octets(dst->a + from, 16 - from, sum);
	return sum_octets((uint8_t[]){ 0, 17, (uint8_t)(udp_len >> 8), (uint8_t)udp_len }, 4, sum);
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

void frame_defaults(struct frame_spec *spec, bool ipv6)
{
	memset(spec, 0, sizeof(*spec));
	spec->ipv6 = ipv6;
	if (ipv6) {
		inet_pton(AF_INET6, "2001:db8:1::99", spec->src.a);
		inet_pton(AF_INET6, "2001:db8::53", spec->dst.a);
	} else {
		inet_pton(AF_INET6, "::ffff:198.51.100.99", spec->src.a);
		inet_pton(AF_INET6, "::ffff:192.0.2.53", spec->dst.a);
	}
	spec->sport = 40000;
	spec->dport = 53;
	memcpy(spec->dmac, "\x02\x00\x00\x00\x00\x53", 6);
	memcpy(spec->smac, "\x02\x00\x00\x00\x00\x99", 6);
	spec->ttl = 57;
	spec->ethertype = -1;
	spec->protocol = -1;
}

static size_t build_ethernet(const struct frame_spec *spec, uint8_t *p)
{
	uint8_t *at = p;
	unsigned int i;

	memcpy(at, spec->dmac, 6);
	memcpy(at + 6, spec->smac, 6);
	at += 12;
	for (i = 0; i < spec->n_vlan; i++) {
		put16(at, i + 1 < spec->n_vlan ? 0x88a8 : 0x8100);
		put16(at + 2, spec->vlan[i]);
		at += 4;
	}
	put16(at, spec->ethertype >= 0 ? (uint32_t)spec->ethertype : spec->ipv6 ? 0x86dd : 0x0800);
	return (size_t)(at + 2 - p);
}

static size_t build_ipv4(const struct frame_spec *spec, size_t udp_len, uint8_t *p)
{
	size_t header = spec->ip_options ? 24 : 20;

	memset(p, 0, header);
	p[0] = (uint8_t)(0x40 | header / 4);
	p[1] = spec->tos;
	put16(p + 2, (uint32_t)(header + udp_len + (size_t)spec->ip_len_add));
	put16(p + 4, 0x1234);
	put16(p + 6, spec->fragment ? 0x2000 : 0);
	p[8] = spec->ttl;
	p[9] = spec->protocol >= 0 ? (uint8_t)spec->protocol : 17;
	memcpy(p + 12, spec->src.a + 12, 4);
	memcpy(p + 16, spec->dst.a + 12, 4);
	if (spec->ip_options)
		memset(p + 20, 1, 4); /* no operation */
	put16(p + 10, ~sum_octets(p, header, 0) & 0xffff);
	if (spec->bad_ip_sum)
		p[10] ^= 0x11;
	return header;
}

static size_t build_ipv6(const struct frame_spec *spec, size_t udp_len, uint8_t *p)
{
	size_t header = spec->fragment || spec->ip_options ? 48 : 40;

	memset(p, 0, header);
	p[0] = (uint8_t)(0x60 | spec->tos >> 4);
	p[1] = (uint8_t)(spec->tos << 4 | 0xa);
	put16(p + 2, 0xbcde);
	put16(p + 4, (uint32_t)(header - 40 + udp_len + (size_t)spec->ip_len_add));
	p[6] = spec->fragment	     ? 44
	       : spec->ip_options    ? 60
	       : spec->protocol >= 0 ? (uint8_t)spec->protocol
				     : 17;
	p[7] = spec->ttl;
	memcpy(p + 8, spec->src.a, 16);
	memcpy(p + 24, spec->dst.a, 16);
	if (header > 40)
		p[40] = 17;
	if (spec->fragment)
		p[43] = 1; /* more fragments */
	else if (header > 40)
		p[42] = 1, p[43] = 4; /* PadN */
	return header;
}

static void build_udp(const struct frame_spec *spec, const uint8_t *msg, size_t len, uint8_t *p)
{
	uint32_t udp_len = (uint32_t)(len + 8),
		 pseudo = pseudo_sum(&spec->src, &spec->dst, spec->ipv6, udp_len);
	uint32_t sum;

	put16(p, spec->sport);
	put16(p + 2, spec->dport);
	put16(p + 4, (uint32_t)((int)udp_len + spec->udp_len_add));
	put16(p + 6, 0);
	memcpy(p + 8, msg, len);
	sum = ~sum_octets(p, udp_len, pseudo) & 0xffff;
	if (!sum)
		sum = 0xffff;
	if (spec->udp_sum == FRAME_SUM_RIGHT)
		put16(p + 6, sum);
	else if (spec->udp_sum == FRAME_SUM_BAD)
		put16(p + 6, sum ^ 0x0101);
	else if (spec->udp_sum == FRAME_SUM_PARTIAL)
		put16(p + 6, pseudo);
}

size_t frame_build(const struct frame_spec *spec, const uint8_t *msg, size_t len, uint8_t *frame)
{
	uint8_t *p = frame + build_ethernet(spec, frame);

	p += spec->ipv6 ? build_ipv6(spec, len + 8, p) : build_ipv4(spec, len + 8, p);
	build_udp(spec, msg, len, p);
	p += len + 8;
	memset(p, 0xee, spec->filling);
	p += spec->filling;
	return (size_t)(p - frame) - spec->cut;
}

static const char *check_ethernet(const struct frame_spec *q, const uint8_t *f, size_t len,
				  size_t *ret_l3)
{
	uint8_t want[32];
	struct frame_spec back = *q;
	size_t l3;

	memcpy(back.dmac, q->smac, 6);
	memcpy(back.smac, q->dmac, 6);
	l3 = build_ethernet(&back, want);
	if (len < l3 || memcmp(f, want, l3))
		return "Ethernet header or VLAN tags";
	*ret_l3 = l3;
	return NULL;
}

static const char *check_ipv4(const struct frame_spec *q, const uint8_t *ip, size_t len,
			      size_t *ret_udp)
{
	if (len < 28 || ip[0] != 0x45)
		return "IPv4 header length";
	if (ip[1] != (q->tos & 0xfc))
		return "IPv4 TOS (DSCP kept, ECN cleared)";
	if (get16(ip + 2) > len || get16(ip + 2) < 40)
		return "IPv4 total length";
	if (get16(ip + 4) || get16(ip + 6) != 0x4000)
		return "IPv4 ID 0 and DF";
	if (ip[8] != 64 || ip[9] != 17)
		return "IPv4 TTL or protocol";
	if (sum_octets(ip, 20, 0) != 0xffff)
		return "IPv4 header checksum";
	if (memcmp(ip + 12, q->dst.a + 12, 4) || memcmp(ip + 16, q->src.a + 12, 4))
		return "IPv4 addresses";
	*ret_udp = get16(ip + 2) - 20;
	return NULL;
}

static const char *check_ipv6(const struct frame_spec *q, const uint8_t *ip, size_t len,
			      size_t *ret_udp)
{
	if (len < 48)
		return "IPv6 header length";
	if (ip[0] != (0x60 | q->tos >> 4) || ip[1] != (q->tos << 4 & 0xc0) || get16(ip + 2))
		return "IPv6 traffic class (DSCP kept, ECN cleared) or flow label";
	if (get16(ip + 4) > len - 40 || get16(ip + 4) < 20)
		return "IPv6 payload length";
	if (ip[6] != 17 || ip[7] != 64)
		return "IPv6 next header or hop limit";
	if (memcmp(ip + 8, q->dst.a, 16) || memcmp(ip + 24, q->src.a, 16))
		return "IPv6 addresses";
	*ret_udp = get16(ip + 4);
	return NULL;
}

const char *frame_check_reply(const struct frame_spec *query, const uint8_t *frame,
			      size_t frame_len, const uint8_t **ret_msg, size_t *ret_len)
{
	size_t l3 = 0, udp_len = 0, end, i;
	const uint8_t *udp;
	const char *wrong;

	wrong = check_ethernet(query, frame, frame_len, &l3);
	if (wrong)
		return wrong;
	wrong = query->ipv6 ? check_ipv6(query, frame + l3, frame_len - l3, &udp_len)
			    : check_ipv4(query, frame + l3, frame_len - l3, &udp_len);
	if (wrong)
		return wrong;
	udp = frame + l3 + (query->ipv6 ? 40 : 20);
	if (get16(udp) != query->dport || get16(udp + 2) != query->sport)
		return "UDP ports";
	if (get16(udp + 4) != udp_len)
		return "UDP length";
	if (!get16(udp + 6) || sum_octets(udp, udp_len,
					  pseudo_sum(&query->dst, &query->src, query->ipv6,
						     (uint32_t)udp_len)) != 0xffff)
		return "UDP checksum";
	end = (size_t)(udp - frame) + udp_len;
	if (frame_len != end && frame_len != 60)
		return "octets behind the reply";
	for (i = end; i < frame_len; i++)
		if (frame[i])
			return "filling that is not zero";
	*ret_msg = udp + 8;
	*ret_len = udp_len - 8;
	return NULL;
}
