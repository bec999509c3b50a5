/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What siphash.bpf.c hashes. */
#ifndef BED_SIPHASH_H
#define BED_SIPHASH_H

#include <linux/types.h>

#define BED_SIPHASH_WORDS                                                                          \
	8u /* messages of up to 63 octets, their length in the last octet of the last word */

struct bed_siphash {
	__u32 words;
	__u32 reserved;
	__u64 key[2], word[BED_SIPHASH_WORDS], hash;
};

#endif /* BED_SIPHASH_H */
