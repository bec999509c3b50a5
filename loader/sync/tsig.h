/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signatures of queries and their answers (RFC 8945), by libknot, which takes the time of the
 * system. What it leaves to its caller is here: the key and algorithm that are expected, messages
 * without a signature between signed ones, and what to say of errors.
 */
#ifndef TSIG_H
#define TSIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "key.h"
#include "message.h"

#define TSIG_MAC_MAX 64	     /* of hmac-sha512 */
#define TSIG_UNSIGNED_MAX 99 /* between two signed messages (RFC 8945 section 5.3.1) */

struct tsig {
	const struct xfr_key *key; /* NULL: nothing is signed */
	uint8_t mac[TSIG_MAC_MAX]; /* of the query, then of the last signed message */
	size_t mac_len;
	uint64_t signed_at; /* time of that message; 0: none was verified yet */
	unsigned int n_unsigned;
	uint8_t *pending; /* the unsigned messages that the next signature covers too */
	size_t n_pending, room;
};

void tsig_init(struct tsig *ret_tsig, const struct xfr_key *key);
void tsig_done(struct tsig *tsig);

/* Signs a query, whose answer is expected from now on; without a key there is nothing to do.
 * -EMSGSIZE, -ENOMEM. */
int tsig_sign(struct tsig *tsig, uint8_t *msg, size_t *len, size_t room);

/* The next message of the answer. 0: it is signed, or may be unsigned (tsig_is_settled() says).
 * -EACCES: neither; ret_error, NAME_ERROR_LEN octets, says why. -ENOMEM. */
int tsig_verify(struct tsig *tsig, const struct message *message, time_t now, char *ret_error);

/* Whether a signature covers all that was read. */
bool tsig_is_settled(const struct tsig *tsig);

/* The other side: the TSIG of a query from outside, to be freed by knot_rrset_free(rr, NULL).
 * -EINVAL: malformed; -ENOMEM. */
int tsig_read(knot_rrset_t **ret_rr, const struct message *message);
/* Whether it is signed by `key` (NULL: there is none of that name). -EACCES: no: *ret_rcode is the
 * TSIG error that the sender is to be told, ret_error as above. -ENOMEM. */
int tsig_verify_query(const struct message *message, const knot_rrset_t *rr,
		      const struct xfr_key *key, time_t now, uint16_t *ret_rcode, char *ret_error);
/* Signs the answer to that query, or puts the TSIG error into it, unsigned where it has to be
 * (RFC 8945 section 5.3.2). -EMSGSIZE, -ENOMEM. */
int tsig_sign_answer(uint8_t *msg, size_t *len, size_t room, const knot_rrset_t *rr,
		     const struct xfr_key *key, uint16_t rcode);

#endif /* TSIG_H */
