/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One bit for each granule of the arena, in the memory of this process; a segment's bits are made
 * when the first of them is set. A zeroed one has no bit set. */
#ifndef STORE_MARKS_H
#define STORE_MARKS_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "../../bpf/abi.h"

struct marks {
	uint64_t *segment[DNSBOLT_MAX_SEGMENTS];
};

static inline bool marks_test(const struct marks *m, dnsbolt_handle granule)
{
	const uint64_t *bits = m->segment[granule / DNSBOLT_SEG_GRANULES];
	uint32_t at = granule % DNSBOLT_SEG_GRANULES;

	return bits && (bits[at / 64] >> (at % 64) & 1);
}

static inline int marks_set(struct marks *m, dnsbolt_handle granule)
{
	uint64_t **bits = &m->segment[granule / DNSBOLT_SEG_GRANULES];
	uint32_t at = granule % DNSBOLT_SEG_GRANULES;

	if (!*bits)
		*bits = calloc(DNSBOLT_SEG_GRANULES / 64, sizeof(**bits));
	if (!*bits)
		return -ENOMEM;
	(*bits)[at / 64] |= 1ull << (at % 64);
	return 0;
}

static inline void marks_unset(struct marks *m, dnsbolt_handle granule)
{
	uint64_t *bits = m->segment[granule / DNSBOLT_SEG_GRANULES];
	uint32_t at = granule % DNSBOLT_SEG_GRANULES;

	if (bits)
		bits[at / 64] &= ~(1ull << (at % 64));
}

static inline void marks_done(struct marks *m)
{
	for (unsigned i = 0; i < DNSBOLT_MAX_SEGMENTS; i++) {
		free(m->segment[i]);
		m->segment[i] = NULL;
	}
}

#endif /* STORE_MARKS_H */
