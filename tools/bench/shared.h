/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the benchmark's BPF programs and the process that drives them both read. */
#ifndef BENCH_SHARED_H
#define BENCH_SHARED_H

#include <linux/types.h>

/* ---- feed.bpf.c ---- */
#define FEED_FRAME_MAX 704u

/* The query that is fed again and again, with another label each time. */
struct feed_query {
	__u32 len;
	__u32 label_at; /* of the digits, an offset in the frame; 0: the frame stays as it is */
	__u32 digits;	/* 8 or 4, hexadecimal */
	__u32 check_at; /* of the UDP checksum */
	__u64 sum;	/* of all that it covers, digits and checksum taken for 0 */
	__u8 frame[FEED_FRAME_MAX];
};

#define PRIM_TIMES 8u /* of prim.bpf.c */

/* ---- gen.bpf.c ---- */
#define GEN_FRAME_MAX 160u
#define GEN_REPLY_MAX 1514u
#define GEN_SAMPLES 1024u
#define GEN_SAMPLE_OF 512u /* one reply of so many is kept */
#define GEN_BUCKETS 8192u
#define GEN_BUCKET_NS 250u /* of the first half of the buckets */
#define GEN_COARSE_NS 125000u
#define GEN_GOOD_PORT 32768u /* source ports from here on: traffic of class 1 */

struct gen_frame {
	__u16 len;
	__u16 good; /* class 1: what latency is measured of */
	__u32 reserved;
	__u8 data[GEN_FRAME_MAX];
};

struct gen_sample {
	__u32 len;
	__u8 data[GEN_REPLY_MAX + 2];
};

struct gen_stats {
	__u64 sent[2], replies[2], octets; /* by class */
	__u64 rcode[16], truncated, with_answer, other;
	__u64 latency[GEN_BUCKETS];
};

#endif /* BENCH_SHARED_H */
