/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps, each with what decides its size. Definitions only. */
#ifndef DNSBOLT_MAPS_H
#define DNSBOLT_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "abi.h"
#include "core/types.h"

/* One page; mapped by the daemon, and by dnsboltctl when the daemon is dead. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct dnsbolt_config);
} DNSBOLT_MAP_CONFIG SEC(".maps");

/* Per CPU, so that counting needs no atomics: a program in the driver is never interrupted by itself. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dnsbolt_counters);
} DNSBOLT_MAP_COUNTERS SEC(".maps");

/* Served addresses and the host's own. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DNSBOLT_MAX_LISTEN);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct dnsbolt_addr);
	__type(value, __u32);
} DNSBOLT_MAP_LISTEN SEC(".maps");

/* Keyed hash of an owner name -> anchor. The loader sets max_entries (`max-names`); elements are allocated
 * as they come, the buckets (16 octets per entry) at once. A key is never updated in place. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, dnsbolt_handle);
} DNSBOLT_MAP_NAMES SEC(".maps");

/* The arena: segments of 64 MiB, made on demand. */
struct dnsbolt_segment {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, DNSBOLT_SEG_SIZE);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, DNSBOLT_MAX_SEGMENTS);
	__type(key, __u32);
	__array(values, struct dnsbolt_segment);
} DNSBOLT_MAP_ARENA SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DNSBOLT_MAX_ZONES);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct dnsbolt_zone);
} DNSBOLT_MAP_ZONES SEC(".maps");

/* Slot 0 is what the stub calls; it must be pinned, or it is emptied when the daemon dies. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, DNSBOLT_STAGE_SLOTS);
	__type(key, __u32);
	__type(value, __u32);
} DNSBOLT_MAP_STAGES SEC(".maps");

/* What one stage leaves for the next. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} DNSBOLT_MAP_SCRATCH SEC(".maps");

/* Accounts of responses, lines of 8. The loader sets max_entries (`accounts`): a power of two, and one line for what is passed. One
 * for all CPUs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct dnsbolt_limit_line);
} DNSBOLT_MAP_LIMITS SEC(".maps");

/* Prefixes of clients: configured ones, and those of the CLI. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, DNSBOLT_MAX_CLIENTS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct dnsbolt_client_key);
	__type(value, struct dnsbolt_client);
} DNSBOLT_MAP_CLIENTS SEC(".maps");

/* A ring of each CPU's own. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dnsbolt_recent);
} DNSBOLT_MAP_RECENT SEC(".maps");

#endif /* DNSBOLT_MAPS_H */
