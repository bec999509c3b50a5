/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The seam. The core is written against these functions; here, and nowhere else, it is decided whether they
 * are map look-ups and helpers of the kernel or plain memory.
 *
 *   struct env_ctx        the packet: struct xdp_md, or a buffer
 *   ENV_STAGE             a function that verifiers look at alone (global in BPF)
 *   ENV_TAKES             first in a stage that has no use for an argument: else clang lets callers pass nothing, which verifiers refuse
 *   ENV_UNROLL            before a loop that must not be one in BPF
 *   ENV_UNFOLDS           names that no pointer reaches are spelled afterwards (userspace/lib/unfold.h)
 *   env_scratch/config/zone/name/listen/arena/client/limit_line    the maps; NULL or 0: not there
 *   env_arena_near, env_arena_span    the arena, in the segment that was looked up before
 *   env_data/data_end/ifindex/frame_len/load/store/adjust_tail/adjust_head    the packet
 *   env_span              where octets of the packet are: calls of helpers cost more than what they do
 *   env_copy              words from one place to another
 *   env_get/put           loads and stores at any address, in host order
 *   env_read64/swap64     of a word that other CPUs write, too
 *   env_now, env_coarse   the clock; one that costs less and stands still for up to 20 ms
 *   env_loop              bounded iteration with carried state
 *   env_looked            behind each name that was looked for: where tests have the store change under a reader
 *   env_fib               0: the route back is the way it came
 */
#ifndef DNSBOLT_CORE_ENV_H
#define DNSBOLT_CORE_ENV_H

#include "types.h"

/* The segment of the arena that was looked up last. A name, its nodes and its answers stand together, and a look-up takes longer than
 * what is done with what it finds. */
struct env_near {
	const __u8 *base;
	__u32 segment;
};

#ifdef __bpf__

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../maps.h"

#define env_ctx                                                                                    \
	xdp_md /* struct env_ctx is struct xdp_md: the verifier knows a context by that name */
#define ENV_STAGE __noinline
#define ENV_UNROLL _Pragma("unroll")
#define ENV_PTRS_MAX DNSBOLT_UDP_PTRS_MAX
#define ENV_UNFOLDS 0
#define ENV_OFFSET_MASK 8191u /* of any octet of a frame that is answered */

#define env_barrier_var(v) barrier_var(v)
#define ENV_TAKES(v) asm volatile("" : : "r"(v))

/* Set by the loader on machines that reorder loads (arm64). */
volatile const __u32 env_weak_order = 0;

static __always_inline struct scratch *env_scratch(struct env_ctx *ctx)
{
	__u32 k = 0;

	(void)ctx;
	return bpf_map_lookup_elem(&DNSBOLT_MAP_SCRATCH, &k);
}

static __always_inline struct dnsbolt_config *env_config(struct env_ctx *ctx)
{
	__u32 k = 0;

	return bpf_map_lookup_elem(&DNSBOLT_MAP_CONFIG, &k);
}

static __always_inline struct dnsbolt_zone *env_zone(struct env_ctx *ctx, __u32 zone)
{
	return bpf_map_lookup_elem(&DNSBOLT_MAP_ZONES, &zone);
}

static __always_inline dnsbolt_handle env_name(struct env_ctx *ctx, __u64 hash)
{
	dnsbolt_handle *h = bpf_map_lookup_elem(&DNSBOLT_MAP_NAMES, &hash);

	return h ? *(volatile dnsbolt_handle *)h : 0;
}

static __always_inline __u32 env_listen(struct env_ctx *ctx, const struct dnsbolt_addr *addr)
{
	/* 6.1 takes keys from the stack, but not from where an argument points. */
	__u64 key[2] = { *(const __u64 *)addr->a, *(const __u64 *)(addr->a + 8) };
	__u32 *flags = bpf_map_lookup_elem(&DNSBOLT_MAP_LISTEN, key);

	return flags ? *flags : 0;
}

static __always_inline int env_client(struct env_ctx *ctx, const struct dnsbolt_client_key *key,
				      struct dnsbolt_client *ret_client)
{
	const struct dnsbolt_client *found = bpf_map_lookup_elem(&DNSBOLT_MAP_CLIENTS, key);

	if (found)
		*ret_client = *found;
	return !!found;
}

static __always_inline struct dnsbolt_limit_line *env_limit_line(struct env_ctx *ctx, __u32 i)
{
	return bpf_map_lookup_elem(&DNSBOLT_MAP_LIMITS, &i);
}

static __always_inline __u64 env_read64(const __u64 *p)
{
	return *(const volatile __u64 *)p;
}

static __always_inline int env_swap64(__u64 *p, __u64 from, __u64 to)
{
	return __sync_val_compare_and_swap(p, from, to) == from;
}

static __always_inline const __u8 *env_segment(__u32 segment)
{
	void *map = bpf_map_lookup_elem(&DNSBOLT_MAP_ARENA, &segment);
	__u32 zero = 0;

	return map ? bpf_map_lookup_elem(map, &zero) : 0;
}

/* At least DNSBOLT_SEG_GUARD octets may be read from what it returns. */
static __always_inline const void *env_arena_near(struct env_ctx *ctx, struct env_near *near,
						  dnsbolt_handle handle)
{
	__u32 segment = handle / DNSBOLT_SEG_GRANULES;
	__u32 offset = (handle & (DNSBOLT_SEG_GRANULES - 1)) * DNSBOLT_GRANULE;

	if (!near->base || near->segment != segment) {
		near->base = env_segment(segment);
		near->segment = segment;
	}
	env_barrier_var(offset); /* what is compared is what is added */
	if (!near->base || offset >= DNSBOLT_SEG_SIZE - DNSBOLT_SEG_GUARD)
		return 0;
	return near->base + offset;
}

/* The same for an object of more octets. The writer lets none leave its segment. */
static __always_inline const void *env_arena_span(struct env_ctx *ctx, struct env_near *near,
						  dnsbolt_handle handle, __u32 len)
{
	(void)len;
	return env_arena_near(ctx, near, handle);
}

static __always_inline __u32 env_read_once(const __u32 *p)
{
	return *(const volatile __u32 *)p;
}

/* No later load is done before this one. */
static __always_inline __u32 env_read_acquire(const __u32 *p, struct scratch *s)
{
	__u32 v = *(const volatile __u32 *)p, old;

	if (env_weak_order) {
		/* Only an atomic whose result is used orders anything (BPF_FETCH). */
		old = __sync_fetch_and_add(&s->barrier, 1);
		barrier_var(old);
	}
	return v;
}

/* Octets at any address: clang would take a memcpy() of unknown alignment apart into octets. */
static __always_inline __u64 env_get64(const void *p)
{
	return *(const __u64 *)p;
}

static __always_inline __u32 env_get32(const void *p)
{
	return *(const __u32 *)p;
}

static __always_inline __u16 env_get16(const void *p)
{
	return *(const __u16 *)p;
}

static __always_inline void env_put64(void *p, __u64 v)
{
	*(__u64 *)p = v;
}

static __always_inline void env_put32(void *p, __u32 v)
{
	*(__u32 *)p = v;
}

static __always_inline void env_put16(void *p, __u16 v)
{
	*(__u16 *)p = v;
}

static __always_inline __u8 *env_data(struct env_ctx *ctx)
{
	return (__u8 *)(long)ctx->data;
}

static __always_inline __u8 *env_data_end(struct env_ctx *ctx)
{
	return (__u8 *)(long)ctx->data_end;
}

static __always_inline __u32 env_ifindex(struct env_ctx *ctx)
{
	return ctx->ingress_ifindex;
}

/* Of all buffers of the frame. */
static __always_inline __u32 env_frame_len(struct env_ctx *ctx)
{
	return bpf_xdp_get_buff_len(ctx);
}

#define env_load(ctx, offset, to, len) bpf_xdp_load_bytes(ctx, offset, to, len)
#define env_store(ctx, offset, from, len) bpf_xdp_store_bytes(ctx, offset, (void *)(from), len)
#define env_adjust_tail(ctx, by) bpf_xdp_adjust_tail(ctx, by)
#define env_adjust_head(ctx, by) bpf_xdp_adjust_head(ctx, by)
#define env_loop(n, each, arg) bpf_loop(n, each, arg, 0)
#define env_now(ctx) bpf_ktime_get_boot_ns()
#define env_looked(ctx) ((void)(ctx))

/* The coarse clock moves with the tick, right after jiffies64, which verifiers make a load of: a helper's call costs more than
 * most of what it is asked for. Who asks between the two keeps the time before for one tick more. */
static __always_inline __u64 env_coarse(struct env_ctx *ctx, struct scratch *s)
{
	__u64 tick = bpf_jiffies64();

	(void)ctx;
	if (s->tick != tick) {
		s->coarse = bpf_ktime_get_coarse_ns();
		s->tick = tick;
	}
	return s->coarse;
}

/* One's complement sum, unfolded, of len octets (a multiple of 4, at most 512). */
static __always_inline __u32 env_csum(const void *p, __u32 len)
{
	return bpf_csum_diff(0, 0, (__be32 *)p, len, 0);
}

static __always_inline int env_fib(struct env_ctx *ctx, const struct scratch *s, __u32 ip_len,
				   const __u8 *client_mac)
{
	struct bpf_fib_lookup fib = {};
	__u32 i;

	fib.ifindex = ctx->ingress_ifindex;
	fib.l4_protocol = 17;
	fib.tot_len = ip_len;
	if (s->ipv6) {
		fib.family = 10; /* AF_INET6 */
		__builtin_memcpy(fib.ipv6_src, s->dst.a, 16);
		__builtin_memcpy(fib.ipv6_dst, s->src.a, 16);
	} else {
		fib.family = 2; /* AF_INET */
		__builtin_memcpy(&fib.ipv4_src, s->dst.a + 12, 4);
		__builtin_memcpy(&fib.ipv4_dst, s->src.a + 12, 4);
	}
	if (bpf_fib_lookup(ctx, &fib, sizeof(fib), 0) != BPF_FIB_LKUP_RET_SUCCESS)
		return -1;
	if (fib.ifindex != ctx->ingress_ifindex)
		return -1;
	for (i = 0; i < 6; i++) /* octet by octet: the stack wants its alignment */
		if (fib.dmac[i] != client_mac[i])
			return -1;
	return 0;
}

#else /* native */

#include <stdint.h>
#include <string.h>
#include <time.h>

#include "view.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#define ENV_STAGE static inline
#define ENV_UNROLL
#define ENV_PTRS_MAX 65535u
#define ENV_UNFOLDS 1
#define ENV_OFFSET_MASK ~0u

struct env_ctx {
	const struct env_store *view;
	struct scratch scratch;
	__u8 *data, *data_end;	     /* the frame or the message */
	__u8 *hard_start, *hard_end; /* how far it may grow */
	__u32 more;		     /* octets of the frame that are in other buffers */
	__u32 ifindex;
	__u64 now; /* CLOCK_BOOTTIME ns; 0: ask the clock */
};

#define env_barrier_var(v) asm volatile("" : "+r"(v))
#define ENV_TAKES(v) (void)(v)

static inline struct scratch *env_scratch(struct env_ctx *ctx)
{
	return &ctx->scratch;
}

static inline const struct dnsbolt_config *env_config(struct env_ctx *ctx)
{
	return ctx->view->config;
}

static inline const struct dnsbolt_zone *env_zone(struct env_ctx *ctx, __u32 zone)
{
	return zone < DNSBOLT_MAX_ZONES ? &ctx->view->zones[zone] : 0;
}

static inline dnsbolt_handle env_name(struct env_ctx *ctx, __u64 hash)
{
	return ctx->view->find_name(ctx->view, hash);
}

static inline void env_looked(struct env_ctx *ctx)
{
	if (ctx->view->looked)
		ctx->view->looked(ctx->view);
}

static inline __u32 env_listen(struct env_ctx *ctx, const struct dnsbolt_addr *addr)
{
	return ctx->view->find_listen ? ctx->view->find_listen(ctx->view, addr) : 0;
}

static inline int env_client(struct env_ctx *ctx, const struct dnsbolt_client_key *key,
			     struct dnsbolt_client *ret_client)
{
	return ctx->view->find_client && ctx->view->find_client(ctx->view, key, ret_client);
}

/* Fewer lines than the driver has are shared by more. */
static inline struct dnsbolt_limit_line *env_limit_line(struct env_ctx *ctx, __u32 i)
{
	return ctx->view->n_limits ? &ctx->view->limits[i % ctx->view->n_limits] : 0;
}

static inline __u64 env_read64(const __u64 *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static inline int env_swap64(__u64 *p, __u64 from, __u64 to)
{
	return __atomic_compare_exchange_n(p, &from, to, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

static inline const void *env_arena_near(struct env_ctx *ctx, struct env_near *near,
					 dnsbolt_handle handle)
{
	__u32 segment = handle / DNSBOLT_SEG_GRANULES;
	__u32 offset = (handle & (DNSBOLT_SEG_GRANULES - 1)) * DNSBOLT_GRANULE;
	const uint8_t *base;

	(void)near;
	if (segment >= DNSBOLT_MAX_SEGMENTS || offset >= DNSBOLT_SEG_SIZE - DNSBOLT_SEG_GUARD)
		return 0;
	base = __atomic_load_n(&ctx->view->segment[segment], __ATOMIC_ACQUIRE);
	return base ? base + offset : 0;
}

/* Here nobody holds the writer back: what is read may be garbage, which shows only afterwards, but it must
 * be read inside of the segment. */
static inline const void *env_arena_span(struct env_ctx *ctx, struct env_near *near,
					 dnsbolt_handle handle, __u32 len)
{
	__u32 offset = (handle & (DNSBOLT_SEG_GRANULES - 1)) * DNSBOLT_GRANULE;

	return len <= DNSBOLT_SEG_SIZE - offset ? env_arena_near(ctx, near, handle) : 0;
}

static inline __u32 env_read_once(const __u32 *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static inline __u32 env_read_acquire(const __u32 *p, struct scratch *s)
{
	(void)s;
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline __u64 env_get64(const void *p)
{
	__u64 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline __u32 env_get32(const void *p)
{
	__u32 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline __u16 env_get16(const void *p)
{
	__u16 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void env_put64(void *p, __u64 v)
{
	memcpy(p, &v, sizeof(v));
}

static inline void env_put32(void *p, __u32 v)
{
	memcpy(p, &v, sizeof(v));
}

static inline void env_put16(void *p, __u16 v)
{
	memcpy(p, &v, sizeof(v));
}

static inline __u8 *env_data(struct env_ctx *ctx)
{
	return ctx->data;
}

static inline __u8 *env_data_end(struct env_ctx *ctx)
{
	return ctx->data_end;
}

static inline __u32 env_ifindex(struct env_ctx *ctx)
{
	return ctx->ifindex;
}

static inline __u32 env_frame_len(struct env_ctx *ctx)
{
	return (__u32)(ctx->data_end - ctx->data) + ctx->more;
}

static inline int env_load(struct env_ctx *ctx, __u32 offset, void *to, __u32 len)
{
	if ((size_t)(ctx->data_end - ctx->data) < (size_t)offset + len)
		return -1;
	memcpy(to, ctx->data + offset, len);
	return 0;
}

static inline int env_store(struct env_ctx *ctx, __u32 offset, const void *from, __u32 len)
{
	if ((size_t)(ctx->data_end - ctx->data) < (size_t)offset + len)
		return -1;
	memcpy(ctx->data + offset, from, len);
	return 0;
}

static inline int env_adjust_tail(struct env_ctx *ctx, int by)
{
	if (ctx->more) { /* it is the last buffer that grows, if the driver says how large it is */
		if (ctx->hard_end == ctx->data_end)
			return -1;
		ctx->more += (__u32)by;
		return 0;
	}
	if (by > 0) {
		if (ctx->hard_end - ctx->data_end < by)
			return -1;
		memset(ctx->data_end, 0, (size_t)by); /* as the kernel does */
	} else if (ctx->data_end - ctx->data < 14 - by) {
		return -1;
	}
	ctx->data_end += by;
	return 0;
}

static inline int env_adjust_head(struct env_ctx *ctx, int by)
{
	if (by < 0 ? ctx->data - ctx->hard_start < -by : ctx->data_end - ctx->data < 14 + by)
		return -1;
	ctx->data += by;
	return 0;
}

static inline long env_loop(__u32 n, long (*each)(__u32 i, void *arg), void *arg)
{
	__u32 i;

	for (i = 0; i < n; i++)
		if (each(i, arg))
			break;
	return i;
}

static inline __u64 env_now(struct env_ctx *ctx)
{
	struct timespec t;

	if (ctx->now)
		return ctx->now;
	clock_gettime(CLOCK_BOOTTIME, &t);
	return (__u64)t.tv_sec * 1000000000u + (__u64)t.tv_nsec;
}

static inline __u64 env_coarse(struct env_ctx *ctx, struct scratch *s)
{
	struct timespec t;

	(void)s;
	if (ctx->now)
		return ctx->now;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (__u64)t.tv_sec * 1000000000u + (__u64)t.tv_nsec;
}

static inline __u32 env_csum(const void *p, __u32 len)
{
	__u64 sum = 0;
	__u32 w, i;

	for (i = 0; i + 4 <= len; i += 4) {
		memcpy(&w, (const __u8 *)p + i, 4);
		sum += w;
	}
	sum = (sum & 0xffffffff) + (sum >> 32);
	return (__u32)((sum & 0xffffffff) + (sum >> 32));
}

/* There is no routing table to ask. */
static inline int env_fib(struct env_ctx *ctx, const struct scratch *s, __u32 ip_len,
			  const __u8 *client_mac)
{
	(void)ctx, (void)s, (void)ip_len, (void)client_mac;
	return 0;
}

#endif /* __bpf__ */

/* What is alone in its segment, or nearly. */
static __always_inline const void *env_arena(struct env_ctx *ctx, dnsbolt_handle handle)
{
	struct env_near near = { 0, 0 };

	return env_arena_near(ctx, &near, handle);
}

/* `len` octets, a constant, at that offset of the packet; NULL: it ends before. */
static __always_inline __u8 *env_span(struct env_ctx *ctx, __u32 offset, __u32 len)
{
	__u8 *d = env_data(ctx), *end = env_data_end(ctx);

	offset &= ENV_OFFSET_MASK;
	env_barrier_var(offset);
	d += offset;
	env_barrier_var(d); /* else clang compares another sum, which proves nothing of this one */
	return d + len > end ? 0 : d;
}

/* `len` octets, a constant and a multiple of 8, without a call. */
static __always_inline void env_copy(__u8 *to, const __u8 *from, const __u32 len)
{
	__u32 i;

	ENV_UNROLL
	for (i = 0; i < len; i += 8)
		env_put64(to + i, env_get64(from + i));
}

/* Octets of the frame buffer of the scratch. */
static __always_inline __u8 *env_message(struct scratch *s)
{
	return (__u8 *)s->frame + FRAME_DNS;
}

static __always_inline __u16 env_get_be16(const __u8 *p)
{
	return (__u16)(p[0] << 8 | p[1]);
}

static __always_inline void env_put_be16(__u8 *p, __u32 v)
{
	p[0] = (__u8)(v >> 8);
	p[1] = (__u8)v;
}

#endif /* DNSBOLT_CORE_ENV_H */
