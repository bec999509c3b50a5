/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The keyed hash of an owner name, chained from the root label down, so that hashing a name gives the
 * hash of each of its ancestors. The reader in the driver and the writer of the store use the same
 * functions. Two multiplications a word: with one, a difference in the top bit would pass through
 * unkeyed, and names that collide under every key could be made.
 */
#ifndef DNSBOLT_CORE_HASH_H
#define DNSBOLT_CORE_HASH_H

#include "../abi.h"

/* The key as the config map holds it. */
struct hash_key {
	__u64 seed, k1, k2;
};

static inline __attribute__((always_inline)) __u64 hash_word(__u64 h, __u64 w, __u64 k1, __u64 k2)
{
	h = (h ^ w) * k1;
	h ^= h >> 32;
	h *= k2;
	return h ^ (h >> 29);
}

/* A label is hashed with its length octet, in words of 8 octets in memory order on little-endian
 * machines, the last one filled with zeros. */
static inline __attribute__((always_inline)) __u64 hash_last(__u64 h, __u64 w, __u32 octets,
							     __u64 k1, __u64 k2)
{
	return hash_word(h, w & (~0ull >> ((8 - octets) * 8 & 63)), k1, k2);
}

#endif /* DNSBOLT_CORE_HASH_H */
