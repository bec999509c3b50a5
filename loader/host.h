/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fallback: host: what the host's DNS server does with EDNS options is asked at the start, and again and again in a
 * thread of its own, since it may be restarted with another configuration at any time.
 */
#ifndef HOST_H
#define HOST_H

#include <uv.h>

#include "attach.h"
#include "probe.h"
#include "zoneset.h"

#define HOST_ADDRESSES 3

struct host;

/* What to ask: the SOA of a zone, at the served addresses. */
struct host_query {
	struct dnsbolt_addr address[HOST_ADDRESSES];
	size_t n;
	uint16_t port;
	uint8_t name[DNSBOLT_NAME_MAX];
};

/* err 0: `reply` is the host's. */
typedef void host_tell(int err, const struct probe_reply *reply, void *arg);

void host_query_init(struct host_query *ret_query, const struct attach *attach,
		     const struct config *config, const struct zoneset *zones);
/* Asks one address after the other until one replies; waits. -EADDRNOTAVAIL: there is none that can be asked. */
int host_ask(const struct host_query *query, struct probe_reply *ret_reply);

/* `tell` is called, in the loop, after each time that it was asked. */
int host_start(struct host **ret_host, uv_loop_t *loop, const struct host_query *query,
	       host_tell *tell, void *arg);
void host_ask_soon(struct host *host);
/* It is freed when the loop has closed its handles. NULL is fine. */
void host_stop(struct host *host);

#endif /* HOST_H */
