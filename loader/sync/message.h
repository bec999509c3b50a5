/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DNS messages as sync/ needs them: walked record by record, without taking them apart as a whole
 * (knot_pkt_parse() of a message of a transfer allocates for each record, and refuses records
 * with empty RDATA that a zone may hold); and queries, written by libknot.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <libknot/libknot.h>

#define MESSAGE_RCODE_LEN 16

struct message {
	const uint8_t *wire;
	size_t len;
	bool has_question;	    /* one; its name may not be compressed */
	knot_dname_storage_t qname; /* lower-cased */
	uint16_t qtype, qclass;
	uint16_t n_answer; /* records, in the answer section */
	size_t answer_at;  /* where they begin */
	size_t tsig_at;	   /* where the TSIG begins, which ends the message; 0: it has none */
	size_t opt_at;	   /* 0: it has none */
};

/* Finds the sections and looks at the outline of every record. -EINVAL: cut off, more than one
 * question, octets left over, TSIG not at the end, more than one OPT. */
int message_open(struct message *ret_message, const uint8_t *wire, size_t len);

/* Whether the question is this one, in class IN. */
bool message_asks(const struct message *message, const knot_dname_t *name, uint16_t type);

/* Reads the record at *at, one of a section, and moves *at behind it; names in its RDATA are
 * decompressed, letters stay as they came. To be freed by knot_rrset_clear(ret_record, NULL).
 * -EINVAL: the RDATA is not of its type's form; where it is empty that is not looked at. */
int message_record(const struct message *message, size_t *at, knot_rrset_t *ret_record);

/* EXPIRE (RFC 7314) of the OPT record, in s; -1: none. */
int64_t message_expire(const struct message *message);

/* "REFUSED", or "RCODE12"; buf has MESSAGE_RCODE_LEN octets. Returns buf. */
const char *message_rcode_text(uint8_t rcode, char *buf);

/* Writes a query in class IN with a random id, and an OPT record that asks for EXPIRE.
 * `authority`: a record for that section, or NULL. -ENOMEM, -EMSGSIZE. */
int message_write_query(uint8_t *msg, size_t room, size_t *ret_len, const knot_dname_t *name,
			uint16_t type, const knot_rrset_t *authority);

#endif /* MESSAGE_H */
