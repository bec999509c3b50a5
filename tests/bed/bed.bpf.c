/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For the client's end of the test bed's veth pair, which stands for the wire and a real NIC:
 *
 * bed_pass  A veth delivers what its peer sends by XDP_TX only when it has an XDP program itself.
 * bed_pad   A veth gives a frame that comes from a socket 32 to 40 octets of room at its tail, a real NIC some hundreds
 *           or thousands. Zeros behind the query, as Ethernet's own padding, make that room: the lengths in the IP
 *           and UDP headers stay as they are, and receivers ignore what is behind them.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "udp.h"

#define PAD_TO                                                                                     \
	1400 /* 1,232 octets of DNS, UDP, IPv6, two tags, Ethernet, and some; within an MTU of 1,500 */

SEC("xdp")
int bed_pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

SEC("tc")
int bed_pad(struct __sk_buff *skb)
{
	if (skb->len < PAD_TO && udp_to_dns(skb))
		(void)bpf_skb_change_tail(skb, PAD_TO, 0);
	return TC_ACT_UNSPEC; /* the next filter, if there is one */
}

char LICENSE[] SEC("license") = "GPL";
