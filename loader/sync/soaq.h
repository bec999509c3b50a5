/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One SOA query by UDP, and its answer: does the server have the zone, and which serial? No
 * sockets: the caller sends, receives, and waits no longer than it wants. */
#ifndef SOAQ_H
#define SOAQ_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <libknot/dname.h>

struct soaq;
struct xfr_key;

enum soaq_result {
	SOAQ_OK,
	/* Not an answer to this query, or not one that can be trusted (TSIG): wait on for another
	 * (RFC 8945 section 5.3). soaq_error() says why, for the time when none came. */
	SOAQ_IGNORED,
	/* The server does not serve the zone: an error code, no AA, no SOA. */
	SOAQ_NOT_SERVED,
};

struct soaq_answer {
	uint32_t serial, refresh, retry, expire, minimum;
	int64_t expire_option; /* EXPIRE (RFC 7314) in s; -1: none */
	uint8_t rcode;	       /* valid with SOAQ_NOT_SERVED too */
};

/* `key`: NULL: not signed; must live as long as the query. -ENOMEM. */
int soaq_new(struct soaq **ret_soaq, const knot_dname_t *apex, const struct xfr_key *key);
void soaq_free(struct soaq *soaq); /* NULL is fine */

/* Writes the query; its id is new and random each time, and answers to earlier ones are not
 * taken any more. -ENOMEM; -EMSGSIZE: XFR_QUERY_MAX octets would have done. */
int soaq_query(struct soaq *soaq, uint8_t *msg, size_t room, size_t *ret_len);
enum soaq_result soaq_read(struct soaq *soaq, const uint8_t *msg, size_t len, time_t now,
			   struct soaq_answer *ret_answer);
const char *soaq_error(const struct soaq *soaq);

#endif /* SOAQ_H */
