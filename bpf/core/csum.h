/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Internet checksum arithmetic (RFC 1071), on 16-bit words in host order. */
#ifndef DNSBOLT_CORE_CSUM_H
#define DNSBOLT_CORE_CSUM_H

#include "env.h"

/* To 16 bits; 0 only for 0. Each step adds the halves to each other, both ways round: the upper half is their sum, and has its carry. */
static __always_inline __u32 csum_fold(__u64 sum)
{
	__u32 half = (__u32)((sum + (sum << 32 | sum >> 32)) >> 32);

	return (half + (half << 16 | half >> 16)) >> 16;
}

/* Adds eight octets, as four words. */
static __always_inline __u64 csum_add64(__u64 sum, __u64 w)
{
	return sum + (__u32)w + (w >> 32);
}

/* What the sum of some octets, below 2^48, adds when they stand at an odd or even offset: 256 times a sum is, folded, the sum with
 * its octets exchanged. */
static __always_inline __u64 csum_at(__u64 sum, __u32 offset)
{
	return sum << (offset & 1) * 8;
}

/* A 16-bit value in network byte order at that offset. */
static __always_inline __u64 csum_be16_at(__u32 value, __u32 offset)
{
	return csum_at(__builtin_bswap16((__u16)value), offset);
}

#endif /* DNSBOLT_CORE_CSUM_H */
