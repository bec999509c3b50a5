/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One DNS message in, at most one out, whatever it came by. Knows no sockets. */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../lib/core.h"
#include "ipc.h"

enum answer_transport { ANSWER_UDP = 0, ANSWER_TCP = 1 }; /* index of ipc_stats.reason */

#define ANSWER_UDP_ROOM DNSBOLT_UDP_MAX
#define ANSWER_TCP_ROOM UINT16_MAX /* RFC 1035 section 4.2.2: what the length in front can say */

struct answer {
	const struct env_store *view;
	struct core *core;
	struct ipc_stats *stats;
	/* Takes in what has been handed over and not been looked at yet, and returns whether
	 * there was anything: the store may name a segment before this process knows of it. */
	bool (*refresh)(void *arg);
	void *arg;
};

/* `client`: who asks, NULL: nobody in particular. `query` has len octets, at most the transport's room; `reply` has that room and overlaps nothing.
 * Returns the length of the reply, 0: none. Counts what happened. */
size_t answer_message(struct answer *answer, enum answer_transport transport,
		      const struct dnsbolt_addr *client, const uint8_t *query, size_t len,
		      uint8_t *reply);

/* Counts a message; answer_message() does so itself, so this is for those it never sees. */
void answer_count(struct answer *answer, enum answer_transport transport,
		  enum dnsbolt_reason reason);

#endif /* ANSWER_H */
