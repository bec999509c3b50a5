/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Owner names in wire form, with the hash of each of their suffixes (bpf/core/hash.h). */
#ifndef STORE_OWNER_H
#define STORE_OWNER_H

#include <stddef.h>
#include <stdint.h>

#include "../../bpf/abi.h"

struct owner {
	const uint8_t *wire;
	uint16_t len;
	uint8_t labels;			    /* without the root label */
	uint8_t at[DNSBOLT_LABELS_MAX + 1]; /* where label i begins; at[labels] is the root label */
	uint64_t hash[DNSBOLT_LABELS_MAX + 1]; /* of the suffix from label i on */
};

/* Reads a name and hashes it with the key in the config page. `wire` stays the caller's and has to
 * outlive `ret_owner`. -EINVAL: not a name of at most 255 octets in lower case. Reads no octet
 * behind the name's end, and at most DNSBOLT_NAME_MAX. */
int owner_read(struct owner *ret_owner, const uint8_t *wire, const struct dnsbolt_config *config);

/* Length of a name that owner_read() takes. */
size_t owner_len(const uint8_t *wire);

/* "*" below it. -EINVAL: too long. */
int owner_wildcard(uint8_t ret_wire[DNSBOLT_NAME_MAX], const struct owner *owner);

#define OWNER_TEXT_MAX (4 * DNSBOLT_NAME_MAX + 2)

/* For messages: RFC 1035 section 5.1, with a final dot. */
const char *owner_text(char buf[OWNER_TEXT_MAX], const uint8_t *wire);

#endif /* STORE_OWNER_H */
