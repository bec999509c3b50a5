/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RDATA as a row of blocks: names, and octets that are no name. What a type's RDATA is made of
 * is libknot's knowledge (knot_get_rdata_descriptor()); types unknown to it are one block. */
#ifndef RDATA_H
#define RDATA_H

#include <stdbool.h>
#include <stdint.h>
#include <libknot/libknot.h>

struct rdata_block {
	const uint8_t *data;
	uint16_t len;
	bool is_name;
	bool compressible; /* a name of a type of RFC 1035: no other may be (RFC 3597 section 4) */
};

struct rdata_cursor {
	const int *forms; /* rest of the type's description */
	const uint8_t *at, *end;
};

void rdata_begin(struct rdata_cursor *ret_cursor, uint16_t type, const uint8_t *data, uint16_t len);
/* 1: a block; 0: that was all; -EINVAL: the RDATA is not of its type's form. */
int rdata_next(struct rdata_cursor *cursor, struct rdata_block *ret_block);

/* Whether RDATA from outside has the form of its type, so that it can be walked without further
 * checks. */
bool rdata_is_valid(uint16_t type, const uint8_t *data, uint16_t len);
/* Equal but for the letter case of names. */
bool rdata_is_equal(uint16_t type, const knot_rdata_t *a, const knot_rdata_t *b);
bool rdata_has_names(uint16_t type);

#endif /* RDATA_H */
