/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies without data: what a client gets when bpf/core has no answer for its message. */
#ifndef REPLY_H
#define REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "../../bpf/reasons.h"

/* Header, question, OPT: RFC 1035 section 4.1.1, 3.1, 4.1.2; RFC 6891 section 6.1.2. */
#define REPLY_ERROR_MAX (12 + 255 + 4 + 11)

/* Writes the reply to `query` that `reason` calls for. `question_end` is what core_query() says
 * of it (0: no question was read); `udp_size` is what our OPT offers. `ret_reply` has
 * REPLY_ERROR_MAX octets and is not the query. Returns the reply's length; 0: none, which is
 * always so for what is not a query (QR=1) and where the reason's resolver column says NONE or
 * SEND. */
size_t reply_error(uint8_t *ret_reply, const uint8_t *query, size_t len, size_t question_end,
		   enum dnsbolt_reason reason, uint16_t udp_size);

#endif /* REPLY_H */
