/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SipHash-2-4 (Aumasson and Bernstein) of whole words: no library runs in the driver. The caller puts the message's last octets and
 * its length into the last word. */
#ifndef DNSBOLT_CORE_SIPHASH_H
#define DNSBOLT_CORE_SIPHASH_H

#include "../abi.h"

#define SIPHASH_INLINE static inline __attribute__((always_inline))

struct siphash {
	__u64 v0, v1, v2, v3;
};

#define SIPHASH_ROTATE(x, by) ((x) << (by) | (x) >> (64 - (by)))

SIPHASH_INLINE void siphash_round(struct siphash *h)
{
	h->v0 += h->v1;
	h->v1 = SIPHASH_ROTATE(h->v1, 13) ^ h->v0;
	h->v0 = SIPHASH_ROTATE(h->v0, 32);
	h->v2 += h->v3;
	h->v3 = SIPHASH_ROTATE(h->v3, 16) ^ h->v2;
	h->v0 += h->v3;
	h->v3 = SIPHASH_ROTATE(h->v3, 21) ^ h->v0;
	h->v2 += h->v1;
	h->v1 = SIPHASH_ROTATE(h->v1, 17) ^ h->v2;
	h->v2 = SIPHASH_ROTATE(h->v2, 32);
}

SIPHASH_INLINE void siphash_start(struct siphash *h, const __u64 *key)
{
	h->v0 = key[0] ^ 0x736f6d6570736575ull;
	h->v1 = key[1] ^ 0x646f72616e646f6dull;
	h->v2 = key[0] ^ 0x6c7967656e657261ull;
	h->v3 = key[1] ^ 0x7465646279746573ull;
}

SIPHASH_INLINE void siphash_word(struct siphash *h, __u64 word)
{
	h->v3 ^= word;
	siphash_round(h);
	siphash_round(h);
	h->v0 ^= word;
}

SIPHASH_INLINE __u64 siphash_finish(struct siphash *h)
{
	h->v2 ^= 0xff;
	siphash_round(h);
	siphash_round(h);
	siphash_round(h);
	siphash_round(h);
	return h->v0 ^ h->v1 ^ h->v2 ^ h->v3;
}

#endif /* DNSBOLT_CORE_SIPHASH_H */
