/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that is all given back at once: what it gave stays where it is until then. */
#ifndef POOL_H
#define POOL_H

#include <stddef.h>

struct pool_block;

struct pool {
	struct pool_block *blocks; /* the one in use first */
	struct pool_block *spare;  /* of earlier use */
};

/* Aligned for any object, not cleared. NULL: no memory. */
void *pool_take(struct pool *pool, size_t len);
/* All that was taken is void; the memory is kept for what comes next. */
void pool_reset(struct pool *pool);
void pool_free(struct pool *pool);

#endif /* POOL_H */
