/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "bench.h"
#include "prim.skel.h"

static const struct {
	const char *program, *name;
	unsigned int times;
} rows[] = {
	{ "prim_call", "call of a function", PRIM_TIMES },
	{ "prim_loop", "bpf_loop of one iteration", PRIM_TIMES },
	{ "prim_iteration", "iteration of a bpf_loop", PRIM_TIMES },
	{ "prim_find", "look-up in a hash map", PRIM_TIMES },
	{ "prim_reach", "address in the arena", PRIM_TIMES },
	{ "prim_load", "bpf_xdp_load_bytes, 64", PRIM_TIMES },
	{ "prim_store", "bpf_xdp_store_bytes, 64", PRIM_TIMES },
	{ "prim_room", "bpf_xdp_adjust_tail", PRIM_TIMES },
	{ "prim_sum", "bpf_csum_diff, 64", PRIM_TIMES },
	{ "prim_clock", "bpf_ktime_get_boot_ns", PRIM_TIMES },
	{ "prim_count", "counters of an answer", PRIM_TIMES },
	{ "prim_tail_call", "tail call", 1 },
};

struct prim {
	struct prim_bpf *skel;
};

static int fill_maps(const struct prim *prim)
{
	int end = bpf_program__fd(prim->skel->progs.prim_end), r;
	uint32_t zero = 0, value = 1;
	uint64_t key = 0;

	r = bpf_map_update_elem(bpf_map__fd(prim->skel->maps.prim_hash), &key, &value, BPF_ANY);
	return r ? r
		 : bpf_map_update_elem(bpf_map__fd(prim->skel->maps.prim_next), &zero, &end,
				       BPF_ANY);
}

int prim_new(struct prim **ret_prim)
{
	struct prim *prim = calloc(1, sizeof(*prim));
	struct bpf_program *program;
	int r = -ENOMEM;

	if (!prim)
		return r;
	prim->skel = prim_bpf__open();
	if (!prim->skel)
		goto out;
	bpf_object__for_each_program (program, prim->skel->obj)
		bpf_program__set_expected_attach_type(program, 0);
	r = prim_bpf__load(prim->skel);
	if (!r)
		r = fill_maps(prim);
out:
	if (r)
		prim_free(prim);
	else
		*ret_prim = prim;
	return r;
}

int prim_get(const struct prim *prim, size_t i, const char **ret_name, unsigned int *ret_times)
{
	if (i >= sizeof(rows) / sizeof(rows[0]))
		return -ENOENT;
	*ret_name = rows[i].name;
	*ret_times = rows[i].times;
	return bpf_program__fd(bpf_object__find_program_by_name(prim->skel->obj, rows[i].program));
}

void prim_free(struct prim *prim)
{
	if (!prim)
		return;
	prim_bpf__destroy(prim->skel);
	free(prim);
}
