/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NOTIFY messages (RFC 1996): read, and answered. Whether the sender may send them is the
 * caller's to say: by its address, or because notify_verify() found the TSIG right.
 *
 *     notify_read() ─► notify->key_name ? find the key, notify_verify() : look at the address
 *                   ─► notify_answer() with NOERROR, REFUSED, NOTAUTH ...
 */
#ifndef NOTIFY_MSG_H
#define NOTIFY_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <libknot/libknot.h>

#include "message.h"

struct xfr_key;

struct notify {
	knot_dname_storage_t apex; /* of the question, lower-cased */
	bool has_serial;	   /* its SOA is a hint (RFC 1996 section 3.7) */
	uint32_t serial;
	const knot_dname_t *key_name; /* of its TSIG, lower-cased; NULL: it has none */

	/* what follows is this module's */
	struct message message; /* without a question where it is malformed */
	uint16_t id;
	knot_rrset_t *tsig;
	const struct xfr_key *key; /* that the TSIG is signed by */
	uint16_t tsig_error;
};

/* Octets that any answer has room in. */
#define NOTIFY_ANSWER_MAX 1024

/* `msg` must live as long as `ret_notify`, which notify_done() is called on after 0 and
 * -EBADMSG. -EINVAL: no NOTIFY query (another opcode, an answer, cut off): not to be answered.
 * -EBADMSG: one that is malformed: to be answered with FORMERR. -ENOMEM. */
int notify_read(struct notify *ret_notify, const uint8_t *msg, size_t len);
void notify_done(struct notify *notify);

/* Of one that has a key_name. `key`: the one of that name, which must live as long as the notify;
 * NULL: there is none. -EACCES: not signed by it, or not in time; ret_error, NAME_ERROR_LEN
 * octets, says why, and notify_answer() says it to the sender whatever its rcode is. -ENOMEM. */
int notify_verify(struct notify *notify, const struct xfr_key *key, time_t now, char *ret_error);

/* With the question, where there is one; signed when the NOTIFY was verified. -ENOMEM; -EMSGSIZE: NOTIFY_ANSWER_MAX would have done. */
int notify_answer(const struct notify *notify, uint8_t rcode, uint8_t *msg, size_t room,
		  size_t *ret_len);

#endif /* NOTIFY_MSG_H */
