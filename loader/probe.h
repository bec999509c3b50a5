/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the DNS server of this host (`fallback: host`) does with EDNS options: the driver must
 * not answer otherwise. */
#ifndef PROBE_H
#define PROBE_H

#include <stdint.h>

#include "../bpf/abi.h"
#include "../userspace/lib/report.h"

/* Beside DNSBOLT_OPT_*: what becomes of cookies is dnsbolt_config.cookie's. */
#define PROBE_COOKIE (1u << 31)

/* Asks the server at address:port (UDP, SOA of `name`, wire form) with NSID, ECS, EXPIRE and
 * COOKIE options. *ret_options: the DNSBOLT_OPT_* and PROBE_COOKIE that its reply carries. -ETIMEDOUT: no reply
 * within timeout_ms. */
int probe_host(const struct dnsbolt_addr *address, uint16_t port, const uint8_t *name,
	       unsigned int timeout_ms, uint32_t *ret_options);

#endif /* PROBE_H */
