/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For BPF_PROG_TEST_RUN with a repeat: the kernel runs a program again on the frame that the run before left, which is a
 * reply by then. feed_query() puts the query back, asks for the next name and goes on by a tail call, as the stub does;
 * feed_nothing() in the place of the program under test gives what that alone takes.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "shared.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} feed_target SEC(".maps");

/* Numbers of the names, in the order in which they are asked for: read on from where it is, so that this costs no cache
 * miss of its own. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} feed_order SEC(".maps");

struct feed_query query;
__u32 order_len = 1, order_next;

/* Eight hexadecimal digits, the first one in the lowest octet. */
static __always_inline __u64 hex_digits(__u32 n)
{
	__u64 v = __builtin_bswap32(n), letters;

	v = (v | v << 16) & 0x0000ffff0000ffffull;
	v = (v | v << 8) & 0x00ff00ff00ff00ffull;
	v = (v >> 4 & 0x000f000f000f000full) | (v & 0x000f000f000f000full) << 8;
	letters = (v + 0x0606060606060606ull) >> 4 & 0x0101010101010101ull;
	return v + 0x3030303030303030ull + letters * 0x27;
}

static __always_inline __u32 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static __always_inline __u64 next_label(void)
{
	__u32 i = order_next;
	__u64 *number = bpf_map_lookup_elem(&feed_order, &i);

	order_next = ++i >= order_len ? 0 : i;
	return number ? hex_digits(*number) : 0;
}

static __always_inline int put_label(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 at = query.label_at & 255, check_at = query.check_at & 127, sum;
	__u64 label = next_label();
	__u8 *to = data + at, *check = data + check_at;

	if (to + 8 > end || check + 2 > end)
		return -1;
	if (query.digits == 4) {
		label >>= 32;
		*(__u32 *)to = label;
	} else {
		*(__u64 *)to = label;
	}
	sum = fold((label & 0xffffffff) + (label >> 32));
	if (at & 1)
		sum = __builtin_bswap16(sum);
	sum = ~fold(query.sum + sum) & 0xffff;
	*(__u16 *)check = sum ? sum : 0xffff;
	return 0;
}

SEC("xdp.frags")
int feed_query(struct xdp_md *ctx)
{
	__u32 len = query.len;

	if (!len || len > FEED_FRAME_MAX)
		return XDP_ABORTED;
	if (bpf_xdp_adjust_tail(ctx, (int)len - (int)bpf_xdp_get_buff_len(ctx)) ||
	    bpf_xdp_store_bytes(ctx, 0, query.frame, len))
		return XDP_ABORTED;
	if (query.label_at && put_label(ctx))
		return XDP_ABORTED;
	bpf_tail_call(ctx, &feed_target, 0);
	return XDP_ABORTED;
}

SEC("xdp.frags")
int feed_nothing(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_TX;
}

char LICENSE[] SEC("license") = "GPL";
