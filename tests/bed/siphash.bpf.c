/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bpf/core/siphash.h by itself, of messages of any length. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../../bpf/core/siphash.h"
#include "siphash.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct bed_siphash);
} siphash_message SEC(".maps");

SEC("xdp")
int bed_siphash(struct xdp_md *ctx)
{
	__u32 k = 0, i;
	struct bed_siphash *m = bpf_map_lookup_elem(&siphash_message, &k);
	struct siphash h;

	(void)ctx;
	if (!m)
		return XDP_ABORTED;
	siphash_start(&h, m->key);
	for (i = 0; i < BED_SIPHASH_WORDS; i++) {
		if (i >= m->words)
			break;
		siphash_word(&h, m->word[i]);
	}
	m->hash = siphash_finish(&h);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
