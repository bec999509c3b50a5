/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asks one server one thing, in the daemon's loop: its SOA, by UDP with TCP behind it, or a zone, by TCP. A request
 * ends in one call of its `done`, from the loop, or silently by transport_cancel(); either way it is freed by itself.
 */
#ifndef TRANSPORT_H
#define TRANSPORT_H

#include <stdint.h>
#include <uv.h>

#include "../../userspace/lib/addr.h"
#include "soaq.h"
#include "xfr.h"

struct transport;

struct transport_server {
	struct dnsbolt_addr addr;
	uint16_t port;
	const struct xfr_key *key; /* NULL: no TSIG */
};

#define TRANSPORT_TEXT 80 /* "2001:db8::1@5353" */
/* buf has TRANSPORT_TEXT octets. Returns buf. */
const char *transport_server_text(const struct transport_server *server, char *buf);

/* In seconds; of a transfer: between two messages, and in all. */
struct transport_limits {
	uint32_t idle, total;
};

/* `error` says why in words unless the result is SOAQ_OK; SOAQ_IGNORED: nobody answered as one should. */
typedef void transport_soa_done(enum soaq_result result, const struct soaq_answer *answer,
				const char *error, void *arg);
int transport_ask_soa(struct transport **ret_transport, uv_loop_t *loop,
		      const struct transport_server *server, const knot_dname_t *apex,
		      const struct transport_limits *limits, transport_soa_done *done, void *arg);

/* `xfr`: as xfr_new() left it, and the caller's to free, also before `done`, when it cancels first. `result` is never
 * XFR_MORE. */
typedef void transport_zone_done(enum xfr_result result, const char *error, void *arg);
int transport_ask_zone(struct transport **ret_transport, uv_loop_t *loop,
		       const struct transport_server *server, struct xfr *xfr,
		       const struct transport_limits *limits, transport_zone_done *done, void *arg);

void transport_cancel(struct transport *transport); /* NULL is fine */

#endif /* TRANSPORT_H */
