/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies without data: what a client gets when there is no answer for its message. */
#ifndef REPLY_H
#define REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../bpf/reasons.h"
#include "query.h"

/* Header, question, OPT: RFC 1035 section 4.1.1, 3.1, 4.1.2; RFC 6891 section 6.1.2. COOKIE: RFC 9018 section 4. TSIG: two names and 26 octets (RFC 8945
 * section 4.2). */
#define REPLY_ERROR_MAX (12 + 255 + 4 + 11 + 28 + 2 * 255 + 26)

/* Writes the reply to the message `msg`, of which `query` says what query_read() found, that `reason` calls for. `udp_size`
 * is what our OPT offers; `cookie`: CORE_COOKIE octets of the OPT's COOKIE option, NULL: it has none; tcp: any length will do. `ret_reply` has REPLY_ERROR_MAX octets and is not the message. Returns
 * the reply's length; 0: none, which is always so for what is not a query (QR=1) and where the
 * reason's resolver column says NONE or SEND. */
size_t reply_error(uint8_t *ret_reply, const uint8_t *msg, const struct query *query,
		   enum dnsbolt_reason reason, uint16_t udp_size, const uint8_t *cookie, bool tcp);

/* The reply to a query for a cookie alone (RFC 7873 section 5.4): BADCOOKIE when `reason` is that, else NOERROR. */
size_t reply_cookie(uint8_t *ret_reply, const uint8_t *msg, const struct query *query,
		    enum dnsbolt_reason reason, uint16_t udp_size, const uint8_t *cookie);

#endif /* REPLY_H */
