/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starts, feeds and watches dnsbolt-resolver (`fallback: resolver`). */
#ifndef LOADER_RESOLVER_H
#define LOADER_RESOLVER_H

#include <sys/types.h>
#include <uv.h>

#include "../userspace/resolver/ipc.h"
#include "attach.h"
#include "config.h"
#include "store/store.h"

struct resolver;

/* Binds UDP and TCP of every served address (IP_FREEBIND, SO_REUSEPORT, so that the next one can take over), starts the
 * program as config->user without capabilities, hands everything over, waits until it is ready, and ends a
 * resolver that an earlier dnsboltd left (RUN_DIR/resolver.pid). Restarts it with back-off when it dies.
 * Segments added to the store later are handed over. Finds the program beside dnsboltd's own (/proc/self/exe), else
 * in sbin. */
int resolver_start(struct resolver **ret_resolver, uv_loop_t *loop, const struct config *config,
		   const struct attach *attach, struct store *store, const struct report *report);

/* Who answers the NOTIFYs that come to the resolver: returns the length of the answer, 0: none. `reply` has room for
 * IPC_NOTIFY_MAX octets. NULL: nobody. */
typedef size_t resolver_notify(const uint8_t *msg, size_t len, const struct dnsbolt_addr *from,
			       uint8_t *reply, void *arg);
void resolver_on_notify(struct resolver *resolver, resolver_notify *notify, void *arg);

pid_t resolver_pid(const struct resolver *resolver); /* 0: not running */
unsigned int resolver_restarts(const struct resolver *resolver);
const struct ipc_stats *resolver_stats(const struct resolver *resolver);

/* SIGTERM, waits a bounded time, then SIGKILL. NULL is fine. With `keep` the program goes on serving. */
void resolver_stop(struct resolver *resolver, bool keep);

#endif /* LOADER_RESOLVER_H */
