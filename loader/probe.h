/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the DNS server of this host (`fallback: host`) does with EDNS options: the driver must
 * not answer otherwise. */
#ifndef PROBE_H
#define PROBE_H

#include <stddef.h>
#include <stdint.h>

#include "../bpf/abi.h"
#include "../userspace/lib/report.h"

#define PROBE_CLIENT_COOKIE 8u /* octets: RFC 7873 section 4 */
#define PROBE_COOKIE_MAX 40u

struct probe_reply {
	uint32_t options;		  /* DNSBOLT_OPT_* that it carries */
	size_t cookie_len;		  /* of its COOKIE option; 0: it has none */
	uint8_t cookie[PROBE_COOKIE_MAX]; /* our client cookie, then the server's */
	struct dnsbolt_addr client;	  /* the address that we asked from */
};

/* Asks the server at address:port (UDP, SOA of `name`, wire form) with NSID, ECS, EXPIRE and
 * COOKIE options. -ETIMEDOUT: no reply within timeout_ms. */
int probe_host(const struct dnsbolt_addr *address, uint16_t port, const uint8_t *name,
	       unsigned int timeout_ms, struct probe_reply *ret_reply);

#endif /* PROBE_H */
