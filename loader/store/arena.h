/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The allocator of the arena. Objects are cut in sequence from a region of free octets, so that
 * what is written together lies together; what is given back goes to a list of its size and is
 * taken from there by the next object of that size. The lists' links stand in the free octets
 * themselves. When the region is used up, the next is the largest piece of what was given back,
 * neighbours joined, or a new segment.
 *
 * All octets handed out are zero. No object lies in the last DNSBOLT_SEG_GUARD octets of a segment, but for what was given whole
 * segments, whose last octets nobody uses.
 * The allocator's state is this process's own: after a restart arena_rebuild() makes it from what
 * is reached.
 */
#ifndef STORE_ARENA_H
#define STORE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backing.h"
#include "marks.h"

#define ARENA_USABLE                                                                               \
	((DNSBOLT_SEG_SIZE - DNSBOLT_SEG_GUARD) / DNSBOLT_GRANULE) /* granules of a segment */
#define ARENA_LINE 4u						   /* granules of a cache line */
#define ARENA_BINS 256u

struct arena {
	struct backing *b;
	dnsbolt_handle region, region_end;
	/* Free blocks by [starts at a cache line][granules - 1], and those of more than
	 * ARENA_BINS. */
	dnsbolt_handle bin[2][ARENA_BINS];
	uint64_t filled[2][ARENA_BINS / 64];
	dnsbolt_handle large;
	uint64_t used, free;	/* granules: handed out; in lists */
	uint64_t blocks;	/* in lists */
	uint64_t freed;		/* granules given back since neighbours were joined last */
	int (*grow)(void *arg); /* adds a segment to the backing */
	void *arg;
};

static inline uint32_t arena_granules(size_t octets)
{
	return (uint32_t)((octets + DNSBOLT_GRANULE - 1) / DNSBOLT_GRANULE);
}

static inline void *arena_at(const struct arena *a, dnsbolt_handle h)
{
	return a->b->segment[h / DNSBOLT_SEG_GRANULES] +
	       (size_t)(h % DNSBOLT_SEG_GRANULES) * DNSBOLT_GRANULE;
}

/* Whether an object of that many octets can stand there at all: for handles that are not
 * trusted. */
static inline bool arena_fits(const struct arena *a, dnsbolt_handle h, size_t octets)
{
	return h >= DNSBOLT_PART_SYMBOLS && h / DNSBOLT_SEG_GRANULES < a->b->n_segments &&
	       (uint64_t)(h % DNSBOLT_SEG_GRANULES) + arena_granules(octets) <= ARENA_USABLE;
}

void arena_init(struct arena *a, struct backing *b, int (*grow)(void *arg), void *arg);

/* `line`: starts at a multiple of a cache line. -ENOSPC: no more segments; or what `grow`
 * returned. */
int arena_alloc(struct arena *a, size_t octets, bool line, dnsbolt_handle *ret_handle);

void arena_free(struct arena *a, dnsbolt_handle h, size_t octets);

/* For what no segment holds: n of them, one behind the other, given back ones if there are. Errors: as arena_alloc(). */
int arena_alloc_segments(struct arena *a, uint32_t n, dnsbolt_handle *ret_handle);
void arena_free_segments(struct arena *a, dnsbolt_handle h, uint32_t n);

/* Everything that is not marked is free; overwrites it. */
void arena_rebuild(struct arena *a, const struct marks *used);

#endif /* STORE_ARENA_H */
