/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames for tests: built from a description, and replies taken apart again with every header checked. */
#ifndef TEST_FRAME_H
#define TEST_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../bpf/abi.h"

#define FRAME_MAX 8192

enum frame_sum { FRAME_SUM_RIGHT, FRAME_SUM_ZERO, FRAME_SUM_BAD, FRAME_SUM_PARTIAL };

struct frame_spec {
	bool ipv6;
	unsigned int n_vlan;
	uint16_t vlan[3];
	struct dnsbolt_addr src, dst; /* mapped where IPv4 */
	uint16_t sport, dport;
	uint8_t dmac[6], smac[6];
	uint8_t tos, ttl;
	enum frame_sum udp_sum;
	bool bad_ip_sum, fragment, ip_options;
	int ethertype;		     /* -1: by ipv6 */
	int protocol;		     /* -1: UDP; IPv6: the next header */
	int ip_len_add, udp_len_add; /* lies of the length fields */
	unsigned int filling;	     /* octets behind the IP packet, 0xee */
	unsigned int cut;	     /* octets cut off the end of the frame */
};

/* To the tests' server from the tests' client, all right. */
void frame_defaults(struct frame_spec *spec, bool ipv6);

/* Returns the frame's length. `frame` has room for FRAME_MAX octets. */
size_t frame_build(const struct frame_spec *spec, const uint8_t *msg, size_t len, uint8_t *frame);

/* Checks everything but the DNS message of a reply against the query it answers: addresses swapped, tags as they came, lengths,
 * checksums, TTL, DF, ECN. NULL, and *ret_msg, *ret_len; else what is wrong. */
const char *frame_check_reply(const struct frame_spec *query, const uint8_t *frame,
			      size_t frame_len, const uint8_t **ret_msg, size_t *ret_len);

#endif /* TEST_FRAME_H */
