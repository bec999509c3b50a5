/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pool.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

#define POOL_BLOCK_ROOM 65536u

struct pool_block {
	struct pool_block *next;
	size_t room, used;
	alignas(max_align_t) uint8_t data[];
};

/* A block of the usual size comes from the spare ones when there is any. */
static struct pool_block *get_block(struct pool *pool, size_t len)
{
	struct pool_block *block = pool->spare;

	if (block && len <= block->room) {
		pool->spare = block->next;
	} else {
		size_t room = len > POOL_BLOCK_ROOM ? len : POOL_BLOCK_ROOM;

		block = malloc(sizeof(*block) + room);
		if (!block)
			return NULL;
		block->room = room;
	}
	block->used = 0;
	block->next = pool->blocks;
	pool->blocks = block;
	return block;
}

void *pool_take(struct pool *pool, size_t len)
{
	struct pool_block *block = pool->blocks;
	void *data;

	len = (len + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
	if (!block || len > block->room - block->used)
		block = get_block(pool, len);
	if (!block)
		return NULL;
	data = block->data + block->used;
	block->used += len;
	return data;
}

static void free_blocks(struct pool_block *block)
{
	while (block) {
		struct pool_block *next = block->next;

		free(block);
		block = next;
	}
}

void pool_reset(struct pool *pool)
{
	while (pool->blocks) {
		struct pool_block *block = pool->blocks;

		pool->blocks = block->next;
		block->next = pool->spare;
		pool->spare = block;
	}
}

void pool_free(struct pool *pool)
{
	free_blocks(pool->blocks);
	free_blocks(pool->spare);
	*pool = (struct pool){ 0 };
}
