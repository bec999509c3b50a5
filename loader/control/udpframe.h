/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ethernet frames with UDP over IPv4 or IPv6, as a client's kernel would send them: all checksums
 * are there. */
#ifndef UDPFRAME_H
#define UDPFRAME_H

#include <stddef.h>
#include <stdint.h>

#include "../../bpf/abi.h"

/* Headers of the longest form: Ethernet, IPv6, UDP. */
#define UDPFRAME_HEADERS_MAX (14 + 40 + 8)

struct udpframe_path {
	uint8_t mac_from[6], mac_to[6];
	struct dnsbolt_addr from, to; /* both IPv4 or both IPv6 */
	uint16_t port_from, port_to;  /* host order */
};

/* Returns the length of the frame; 0: it does not fit into `room`. */
size_t udpframe_build(uint8_t *ret_frame, size_t room, const struct udpframe_path *path,
		      const uint8_t *payload, size_t len);
/* Finds the UDP payload of an untagged frame without IP options; -EPROTO: it is none, or its
 * lengths do not agree. */
int udpframe_payload(const uint8_t *frame, size_t len, const uint8_t **ret_payload,
		     size_t *ret_len);

#endif /* UDPFRAME_H */
