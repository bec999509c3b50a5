/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a hash to its first anchor: by the index, or by the map where the index does not know. What it says may be of another
 * hash, which the anchor's name shows: then the map has to be asked.
 */
#ifndef DNSBOLT_CORE_INDEX_H
#define DNSBOLT_CORE_INDEX_H

#include "env.h"

/* All ones when the slot has the tag, else zero: which of the slots it will be cannot be foretold, so there is no branch. */
static __always_inline __u64 index_mask(__u64 slot, __u64 tag)
{
	return (__u64)((__s64)((slot >> 32 ^ tag) - 1) >> 63);
}

/* Bit 63 when the slot is free. */
static __always_inline __u64 index_is_free(__u64 slot)
{
	return ~slot & (slot - 1);
}

/* It does not stand at home: in another slot, or nowhere. */
static __always_inline dnsbolt_handle index_search(struct env_ctx *ctx,
						   const struct dnsbolt_index_line *line,
						   __u64 hash)
{
	__u64 slot, found = 0, is_free = 0;
	__u32 i;

	ENV_UNROLL
	for (i = 0; i < DNSBOLT_INDEX_SLOTS; i++) {
		slot = env_read64(&line->slot[i]);
		found |= slot & index_mask(slot, hash >> 32);
		is_free |= index_is_free(slot);
		/* Else clang has all slots in hand at once, and no registers for them. */
		env_barrier_var(found);
		env_barrier_var(is_free);
	}
	if ((dnsbolt_handle)found)
		return (dnsbolt_handle)found;
	return is_free >> 63 ? 0 : env_name(ctx, hash);
}

/* The line of the hash; NULL: the map is to be asked. */
static __always_inline const struct dnsbolt_index_line *
index_line(struct env_ctx *ctx, const struct dnsbolt_config *c, __u64 hash)
{
	__u64 index = env_read64(&c->index);

	return index ? env_arena(ctx, dnsbolt_index_line(index, hash)) : 0;
}

/* Has the line on its way while other things are done. */
static __always_inline void index_touch(const struct dnsbolt_index_line *line)
{
	if (line)
		(void)env_read64(&line->slot[0]);
}

static __always_inline dnsbolt_handle index_read(struct env_ctx *ctx,
						 const struct dnsbolt_index_line *line, __u64 hash)
{
	__u64 slot;

	if (!line)
		return env_name(ctx, hash);
	slot = env_read64(&line->slot[dnsbolt_index_home(hash)]);
	if (slot && slot >> 32 == hash >> 32)
		return (dnsbolt_handle)slot;
	return index_search(ctx, line, hash);
}

/* The first anchor of the hash; 0: there is none. */
static __always_inline dnsbolt_handle index_find(struct env_ctx *ctx,
						 const struct dnsbolt_index_line *line, __u64 hash)
{
	dnsbolt_handle h = index_read(ctx, line, hash);

	env_looked(ctx);
	return h;
}

#endif /* DNSBOLT_CORE_INDEX_H */
