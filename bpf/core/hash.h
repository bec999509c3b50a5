/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The keyed hash of an owner name: of its wire form in lower case, in words of 8 octets in memory order on little-endian
 * machines; of what is left, 7 octets or less or none, one more word, filled with zeros, which no other name has there. The reader in the driver and the writer of the store use the
 * same function. Two multiplications a word: with one, a difference in the top bit would pass through unkeyed, and
 * names that collide under every key could be made.
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

#endif /* DNSBOLT_CORE_HASH_H */
