/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What holds a store: kernel maps, or memory of this process. The store above knows only this; what
 * is in the backing outlives the store.
 */
#ifndef STORE_BACKING_H
#define STORE_BACKING_H

#include <stdbool.h>
#include <stdint.h>

#include "store.h"

struct backing;

/* All return 0 or a negative errno. */
struct backing_ops {
	/* Adds segment n_segments of the arena, all zeros. -ENOSPC: there are
	 * DNSBOLT_MAX_SEGMENTS. */
	int (*add_segment)(struct backing *b);
	/* Inserts new keys into `names`, in order. -ENOSPC: full; some may be in. */
	int (*insert)(struct backing *b, const uint64_t *key, const dnsbolt_handle *value,
		      uint32_t n);
	/* Removes a key from `names`; one that is not there is fine. */
	int (*remove)(struct backing *b, uint64_t key);
	dnsbolt_handle (*find)(const struct backing *b, uint64_t key);
	/* Calls `take` for each key until one call fails, and returns that. */
	int (*each)(struct backing *b, int (*take)(uint64_t key, dnsbolt_handle value, void *arg),
		    void *arg);
	/* Waits until no program runs that ran when it was called. */
	int (*grace)(struct backing *b);
	void (*close)(struct backing *b);
};

struct backing {
	const struct backing_ops *ops;
	struct dnsbolt_config *config;
	struct dnsbolt_zone *zones; /* DNSBOLT_MAX_ZONES */
	uint32_t n_segments;
	uint8_t *segment[DNSBOLT_MAX_SEGMENTS];
	int segment_fd[DNSBOLT_MAX_SEGMENTS]; /* -1: memory */
};

/* Maps the maps. With `adopt` the segments that are there, too; without, -EEXIST if there are
 * any. */
int backing_open_kernel(struct backing **ret_backing, const struct store_maps *maps, bool adopt);

int backing_open_memory(struct backing **ret_backing);

#endif /* STORE_BACKING_H */
