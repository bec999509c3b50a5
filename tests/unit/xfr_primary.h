/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The other side of transfers and queries: a primary that says what a test writes down as text.
 * A record is a line "OWNER TTL TYPE RDATA"; names without a final dot are below example. ("@");
 * a line "--" ends a message.
 */
#ifndef XFR_PRIMARY_H
#define XFR_PRIMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <libknot/libknot.h>

#include "../../loader/sync/key.h"
#include "../../loader/sync/xfr.h"
#include "../../loader/zone/zone.h"

#define PRIMARY_APEX ((const knot_dname_t *)"\7example")
#define PRIMARY_MESSAGE_MAX 65535
#define PRIMARY_SECRET "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

struct primary {
	const struct xfr_key *key; /* that answers are signed by; NULL: not */
	/* of the query */
	uint16_t id, qtype;
	bool has_expire;     /* asks for it */
	int64_t have_serial; /* of the SOA in its authority section; -1: none */
	bool is_signed;	     /* and rightly so */
	uint8_t mac[64];     /* of the query, then of the last signed message */
	size_t mac_len;
	uint64_t query_time; /* of its signature */
	/* of the answer */
	size_t n_messages;
	bool no_question; /* in the first message too */
	uint8_t *pending; /* unsigned messages since the last signed one */
	size_t n_pending;
	uint8_t wire[PRIMARY_MESSAGE_MAX]; /* the message that is written */
	size_t len;
};

void primary_reset(struct primary *primary, const struct xfr_key *key);
void primary_done(struct primary *primary);

/* A transfer whose query the primary has read; reports go to primary_said. */
struct xfr *primary_begin(struct primary *primary, const struct zone *have, bool axfr,
			  const struct xfr_key *key, const struct xfr_limits *limits);
/* Feeds the message that is written, from memory of its own. */
enum xfr_result primary_feed(const struct primary *primary, struct xfr *xfr, time_t now);
/* Fails the test unless the text has these words. */
void primary_assert_words(const char *text, const char *words);

/* Reads a query and notes what it has; fails the test when it is malformed. */
void primary_read_query(struct primary *primary, const uint8_t *msg, size_t len);

/* Writes the message of the text's lines up to "--", and returns where the next begins; NULL: that
 * was the last. */
const char *primary_write(struct primary *primary, const char *text);
/* Appends a record to the answer section as it is; `count` is added to ANCOUNT. */
void primary_append(struct primary *primary, const void *octets, size_t len, uint16_t count);
/* Appends an OPT with EXPIRE. */
void primary_append_expire(struct primary *primary, uint32_t expire);
/* Signs the message, or leaves it unsigned, which the next signature then covers. */
void primary_sign(struct primary *primary);
void primary_leave_unsigned(struct primary *primary);
/* Appends a TSIG record that carries an error and no MAC. */
void primary_append_tsig_error(struct primary *primary, uint16_t rcode);

struct zone *primary_zone(const char *text); /* checked */
/* "" or the owners that differ. */
const char *primary_difference(const struct zone *a, const struct zone *b);
struct xfr_key *primary_key(const char *name, const char *algorithm, const char *secret);

/* What was reported, one line each. */
extern struct primary_said {
	char text[65536];
	unsigned int errors, warnings;
} primary_said;
extern const struct report primary_report;

#endif /* XFR_PRIMARY_H */
