/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Internet checksum arithmetic (RFC 1071), on 16-bit words in host order. */
#ifndef DNSBOLT_CORE_CSUM_H
#define DNSBOLT_CORE_CSUM_H

#include "env.h"

/* To 16 bits; 0 only for 0. */
static __always_inline __u32 csum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u32)((sum & 0xffff) + (sum >> 16));
}

/* Adds eight octets, as four words. */
static __always_inline __u64 csum_add64(__u64 sum, __u64 w)
{
	return sum + (__u32)w + (w >> 32);
}

/* What the folded sum of some octets adds when they stand at an odd or even offset. */
static __always_inline __u32 csum_at(__u32 folded, __u32 offset)
{
	return offset & 1 ? ((folded << 8 | folded >> 8) & 0xffff) : folded;
}

/* A 16-bit value in network byte order at that offset. */
static __always_inline __u32 csum_be16_at(__u32 value, __u32 offset)
{
	return csum_at(__builtin_bswap16((__u16)value), offset);
}

#endif /* DNSBOLT_CORE_CSUM_H */
