/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writes the data of a part (struct dnsbolt_part of bpf/abi.h): records in wire format, names
 * compressed against the question's name and against names before them in the part. The
 * question's name is not known yet; what is known is that it is a name, or ends with it. Its
 * letters may differ in case: they are what a client then sees.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <libknot/libknot.h>

#include "../store/store.h"

/* Octets of records that a message of 65,535 has room for, beside its header, the longest
 * question and OPT. */
#define WIRE_RECORDS_MAX (65535u - 12u - (255u + 4u) - 11u)
/* Octets of a record without names: type, class, TTL, length of RDATA (RFC 1035 section 4.1.3). */
#define WIRE_RECORD_FIXED 10u
#define WIRE_POINTER_LEN 2u
#define WIRE_TARGETS 256u

struct wire_target {
	const uint8_t *name; /* what was written at `at`, uncompressed */
	uint16_t at;
	uint8_t len;
};

struct wire {
	uint8_t *data;
	struct dnsbolt_ptr *ptr;
	size_t room, ptr_room;
	size_t len, n_ptr, n_rr, n_own;
	const knot_dname_t *suffix;
	bool exact;
	unsigned int n_targets;
	struct wire_target target[WIRE_TARGETS];
};

/* Begins a part in caller's memory: `room` octets at `data`, `ptr_room` pointers at `ptr`. The
 * question's name ends with `suffix`, which is lower-cased; `exact`: is no longer than that. The
 * names that are written must outlive the part. */
void wire_begin(struct wire *wire, uint8_t *data, size_t room, struct dnsbolt_ptr *ptr,
		size_t ptr_room, const knot_dname_t *suffix, bool exact);

/* Appends a record of class IN. `owner` NULL: the question's name. -EMSGSIZE: no room, or more
 * than WIRE_RECORDS_MAX; -EINVAL: the question's name behind another owner. The part is of no use then. */
int wire_put(struct wire *wire, const knot_dname_t *owner, uint16_t type, uint32_t ttl,
	     const knot_rdata_t *rdata);

/* The part as the store takes it; its memory stays the caller's. */
void wire_end(const struct wire *wire, struct store_part *ret_part);

#endif /* WIRE_H */
