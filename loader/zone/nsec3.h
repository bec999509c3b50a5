/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hashed names (RFC 5155): what is read of NSEC3 and NSEC3PARAM, checked for its length first, and
 * the hash itself. */
#ifndef NSEC3_H
#define NSEC3_H

#include <stdbool.h>
#include <stdint.h>
#include <libknot/libknot.h>

#define NSEC3_HASH_LEN 20u  /* SHA-1, the only one that is defined (RFC 5155 section 11) */
#define NSEC3_LABEL_LEN 32u /* the same in base32hex without filling */

struct nsec3_params {
	uint16_t iterations;
	uint8_t salt_len;
	const uint8_t *salt; /* inside the record */
};

struct nsec3_record {
	struct nsec3_params params;
	bool is_opt_out;
	const uint8_t *next; /* NSEC3_HASH_LEN octets inside the record */
};

/* Parameters that a server may choose: SHA-1, no flags (RFC 5155 section 4.1.2). */
bool nsec3_read_params(struct nsec3_params *ret_params, const knot_rdata_t *nsec3param);
/* Of a hash other than SHA-1: false. */
bool nsec3_read_record(struct nsec3_record *ret_record, const knot_rdata_t *nsec3);
bool nsec3_same_params(const struct nsec3_params *a, const struct nsec3_params *b);

/* The hash of a lower-cased name. -ENOMEM. */
int nsec3_hash(const struct nsec3_params *params, const knot_dname_t *name,
	       uint8_t ret_hash[NSEC3_HASH_LEN]);
/* The hash that the first label of a lower-cased owner's name is; false: it is none. */
bool nsec3_owner_hash(const knot_dname_t *owner, uint8_t ret_hash[NSEC3_HASH_LEN]);
/* The owner that has the hash as its first label. */
void nsec3_owner(knot_dname_storage_t ret_owner, const uint8_t hash[NSEC3_HASH_LEN],
		 const knot_dname_t *apex);

#endif /* NSEC3_H */
