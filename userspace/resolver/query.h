/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A message read in full. The core passes what is of a rare form; here nobody is left to pass to, so all records are
 * looked at: what is wrong with the message, or the plain query that it amounts to.
 */
#ifndef QUERY_H
#define QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../bpf/reasons.h"

/* Options that the core looks at, each once, and no longer than it takes to see that it is too long (a COOKIE has
 * at most 40 octets: RFC 7873 section 4). */
#define QUERY_OPTIONS 4u
#define QUERY_OPTION_MAX (4u + 44u)
/* Header, question, OPT: RFC 1035 sections 3.1, 4.1.1 and 4.1.2; RFC 6891 section 6.1.2. */
#define QUERY_PLAIN_MAX (12u + 255u + 4u + 11u + QUERY_OPTIONS * QUERY_OPTION_MAX)

struct query {
	size_t question_end; /* offset behind the one question; 0: there is not exactly one that is whole */
	/* Where in the message they are, NULL: there is none */
	const uint8_t *opt;  /* the first OPT record of the root; without a fault it is whole */
	const uint8_t *tsig; /* the TSIG record's owner, */
	const uint8_t *tsig_rdata;
	/* Data of the first COOKIE option, where the OPT and all its options are whole */
	const uint8_t *cookie;
	size_t cookie_len;
	bool any_class; /* QCLASS ANY, which the plain query asks of IN */
	size_t plain_len;
	uint8_t plain[QUERY_PLAIN_MAX];
};

/* Reads a message of at least a header. Returns the reason of bpf/reasons.h for which it cannot be answered, or
 * REASON_none: then the core is to be asked `plain`; REASON_cookie_only: nothing but a cookie is asked (RFC 7873 section 5.4). The rest of ret_query is what a reply needs to know in either case; it
 * points into the message. */
enum dnsbolt_reason query_read(struct query *ret_query, const uint8_t *msg, size_t len);

/* Makes the answer to the plain query one to the query. */
void query_restore(const struct query *query, uint8_t *reply);

#endif /* QUERY_H */
