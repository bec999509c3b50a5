/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "udpframe.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <string.h>

#include "../../userspace/lib/addr.h"

#define UDPFRAME_TTL 64

/* RFC 1071: one's complement sum of 16-bit words, not yet folded; only the last piece may have an
 * odd length. */
static uint32_t sum_words(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (; len > 1; p += 2, len -= 2)
		sum += (uint32_t)p[0] << 8 | p[1];
	return len ? sum + ((uint32_t)p[0] << 8) : sum;
}

static uint16_t sum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put_ipv4(uint8_t *at, const struct udpframe_path *path, size_t udp_len)
{
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.tot_len = htons((uint16_t)(sizeof(ip) + udp_len)),
		.frag_off = htons(IP_DF),
		.ttl = UDPFRAME_TTL,
		.protocol = IPPROTO_UDP,
	};

	memcpy(&ip.saddr, path->from.a + 12, 4);
	memcpy(&ip.daddr, path->to.a + 12, 4);
	ip.check = htons(sum_fold(sum_words(0, &ip, sizeof(ip))));
	memcpy(at, &ip, sizeof(ip));
}

static void put_ipv6(uint8_t *at, const struct udpframe_path *path, size_t udp_len)
{
	struct ip6_hdr ip = { .ip6_flow = htonl(6u << 28),
			      .ip6_nxt = IPPROTO_UDP,
			      .ip6_hlim = UDPFRAME_TTL };

	ip.ip6_plen = htons((uint16_t)udp_len);
	memcpy(&ip.ip6_src, path->from.a, 16);
	memcpy(&ip.ip6_dst, path->to.a, 16);
	memcpy(at, &ip, sizeof(ip));
}

/* The payload is in its place already. Of a mapped address the last four octets are the IPv4
 * address. */
static void put_udp(uint8_t *at, const struct udpframe_path *path, size_t addr_len, size_t udp_len)
{
	struct udphdr udp = {
		.source = htons(path->port_from),
		.dest = htons(path->port_to),
		.len = htons((uint16_t)udp_len),
	};
	uint32_t sum = IPPROTO_UDP + (uint32_t)udp_len;
	uint16_t check;

	memcpy(at, &udp, sizeof(udp));
	sum = sum_words(sum, path->from.a + 16 - addr_len, addr_len);
	sum = sum_words(sum, path->to.a + 16 - addr_len, addr_len);
	check = sum_fold(sum_words(sum, at, udp_len));
	/* RFC 768: zero stands for no checksum. */
	udp.check = htons(check ? check : 0xffff);
	memcpy(at, &udp, sizeof(udp));
}

size_t udpframe_build(uint8_t *ret_frame, size_t room, const struct udpframe_path *path,
		      const uint8_t *payload, size_t len)
{
	bool ipv4 = addr_is_ipv4(&path->to);
	size_t ip_len = ipv4 ? sizeof(struct iphdr) : sizeof(struct ip6_hdr);
	size_t udp_len = sizeof(struct udphdr) + len;
	struct ethhdr eth = { .h_proto = htons(ipv4 ? ETH_P_IP : ETH_P_IPV6) };
	uint8_t *ip = ret_frame + sizeof(eth), *udp = ip + ip_len;

	if (ip_len + udp_len > UINT16_MAX || sizeof(eth) + ip_len + udp_len > room)
		return 0;
	memcpy(eth.h_dest, path->mac_to, sizeof(eth.h_dest));
	memcpy(eth.h_source, path->mac_from, sizeof(eth.h_source));
	memcpy(ret_frame, &eth, sizeof(eth));
	if (ipv4)
		put_ipv4(ip, path, udp_len);
	else
		put_ipv6(ip, path, udp_len);
	memcpy(udp + sizeof(struct udphdr), payload, len);
	put_udp(udp, path, ipv4 ? 4 : 16, udp_len);
	return sizeof(eth) + ip_len + udp_len;
}

/* Length of the IP header and, in *ret_total, of the whole packet; 0: not one of ours. */
static size_t ip_lengths(const uint8_t *packet, size_t len, uint16_t proto, size_t *ret_total)
{
	struct ip6_hdr ip6;
	struct iphdr ip;

	if (proto == ETH_P_IP && len >= sizeof(ip)) {
		memcpy(&ip, packet, sizeof(ip));
		*ret_total = ntohs(ip.tot_len);
		return ip.ihl == 5 && ip.protocol == IPPROTO_UDP ? sizeof(ip) : 0;
	}
	if (proto == ETH_P_IPV6 && len >= sizeof(ip6)) {
		memcpy(&ip6, packet, sizeof(ip6));
		*ret_total = sizeof(ip6) + ntohs(ip6.ip6_plen);
		return ip6.ip6_nxt == IPPROTO_UDP ? sizeof(ip6) : 0;
	}
	return 0;
}

int udpframe_payload(const uint8_t *frame, size_t len, const uint8_t **ret_payload, size_t *ret_len)
{
	size_t ip_len, total = 0;
	struct ethhdr eth;
	struct udphdr udp;

	if (len < sizeof(eth))
		return -EPROTO;
	memcpy(&eth, frame, sizeof(eth));
	frame += sizeof(eth);
	len -= sizeof(eth);
	ip_len = ip_lengths(frame, len, ntohs(eth.h_proto), &total);
	/* Ethernet padding may follow, so the frame may be longer than the packet. */
	if (!ip_len || total > len || total < ip_len + sizeof(udp))
		return -EPROTO;
	memcpy(&udp, frame + ip_len, sizeof(udp));
	if (ntohs(udp.len) != total - ip_len)
		return -EPROTO;
	*ret_payload = frame + ip_len + sizeof(udp);
	*ret_len = total - ip_len - sizeof(udp);
	return 0;
}
