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

#define CORE_COOKIE 24u /* octets of a client cookie and of ours */

/* The view stays the caller's and must outlive the core. */
int core_new(struct core **ret_core, const struct env_store *view);
void core_free(struct core *core); /* NULL is fine */

/* Begins a query from `client` (NULL: nobody in particular): the messages that follow, until the next query, are tries to answer it, and
 * are limited once. Returns the reason for which the client is denied, REASON_none: it may ask. */
enum dnsbolt_reason core_begin(struct core *core, const struct dnsbolt_addr *client);

/* Answers one DNS message in place, all that can be answered: nothing is left to a host, whatever the configuration says. `msg` has *len octets of `room`; tcp: no size limit but `room` (RFC 7766).
 * Returns a reason: where its resolver column is SEND, msg and *len are the reply, else msg is as it was. The store may
 * move meanwhile: readers outside of RCU compare config->reclaim_epoch before and after, and start again from a copy of
 * the query. */
enum dnsbolt_reason core_message(struct core *core, uint8_t *msg, size_t *len, size_t room,
				 bool tcp);

/* For a query that core_message() did not answer: the data of its COOKIE option, of `len` octets. Returns enum dnsbolt_cookie;
 * CLIENT, VALID and BAD: ret_data is what the reply's option has (RFC 7873 section 5.2). DNSBOLT_COOKIES: cookies are not our
 * business. */
enum dnsbolt_cookie core_cookie(struct core *core, const uint8_t *data, size_t len,
				uint8_t ret_data[CORE_COOKIE]);

/* The same query is answered by an error, by UDP: false: that is over its client's rate. */
bool core_may_refuse(struct core *core);

/* What is to be counted of the query that was begun. */
struct core_notes {
	int limited; /* enum dnsbolt_class that is over its rate, -1: none */
	bool slipped;
	enum dnsbolt_cookie cookie; /* DNSBOLT_COOKIES: not read */
};
void core_notes(const struct core *core, struct core_notes *ret_notes);

/* CLOCK_BOOTTIME ns that is taken for now from here on; 0: the clock's. */
void core_set_now(struct core *core, uint64_t now);

/* Octets of frames from here on that are in other buffers, behind what core_frame() is given. */
void core_set_more(struct core *core, uint32_t octets);

/* What the program in the driver does with a frame: `frame` points to *len octets with `headroom` octets before and `tailroom`
 * behind it that it may use. Returns the XDP action (XDP_TX: *ret_frame and *len are the reply; XDP_PASS, XDP_DROP: nothing
 * has changed), and the reason that is counted. */
int core_frame(struct core *core, uint8_t *frame, size_t *len, size_t headroom, size_t tailroom,
	       uint32_t ifindex, uint8_t **ret_frame, enum dnsbolt_reason *ret_reason);

#endif /* CORE_H */
