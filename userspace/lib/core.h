/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bpf/core as native functions: the same answer logic over the same store, for the resolver, the tests and the
 * fuzzers. A struct core is the scratch of one thread.
 */
#ifndef CORE_H
#define CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../bpf/core/view.h"
#include "../../bpf/reasons.h"

struct core;

/* The view stays the caller's and must outlive the core. */
int core_new(struct core **ret_core, const struct env_store *view);
void core_free(struct core *core); /* NULL is fine */

/* Answers one DNS message in place, all that can be answered: nothing is left to a host, whatever the configuration says. `msg` has *len octets of `room`; tcp: no size limit but `room` (RFC 7766).
 * Returns a reason: where its resolver column is SEND, msg and *len are the reply, else msg is as it was. The store may
 * move meanwhile: readers outside of RCU compare config->reclaim_epoch before and after, and start again from a copy of
 * the query. */
enum dnsbolt_reason core_message(struct core *core, uint8_t *msg, size_t *len, size_t room,
				 bool tcp);

/* What the program in the driver does with a frame: `frame` points to *len octets with `headroom` octets before and `tailroom`
 * behind it that it may use. Returns the XDP action (XDP_TX: *ret_frame and *len are the reply; XDP_PASS: nothing has
 * changed), and the reason that is counted. */
int core_frame(struct core *core, uint8_t *frame, size_t *len, size_t headroom, size_t tailroom,
	       uint32_t ifindex, uint8_t **ret_frame, enum dnsbolt_reason *ret_reason);

#endif /* CORE_H */
