/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "refl.skel.h"

struct refl {
	struct refl_bpf *skel;
};

static uint32_t filling_sum(const __u64 *filling, size_t len)
{
	const uint8_t *p = (const uint8_t *)filling;
	uint32_t sum = 0;
	uint16_t word;
	size_t i;

	for (i = 0; i < len; i += 2) {
		word = 0;
		memcpy(&word, p + i, len - i > 1 ? 2 : 1);
		sum += word;
	}
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

int refl_new(struct refl **ret_refl, int grow)
{
	struct refl *refl = calloc(1, sizeof(*refl));
	__u64 *filling;
	size_t room, i;
	int r = -ENOMEM;

	if (!refl)
		return r;
	refl->skel = refl_bpf__open();
	if (!refl->skel)
		goto out;
	filling = refl->skel->bss->filling;
	room = sizeof(refl->skel->bss->filling);
	for (i = 0; i < room / 8; i++)
		filling[i] = 0x9e3779b97f4a7c15u * (i + 1);
	r = grow > (int)room ? -E2BIG : 0;
	if (r)
		goto out;
	refl->skel->rodata->grow = grow;
	refl->skel->rodata->filling_sum = filling_sum(filling, grow > 0 ? (size_t)grow : 0);
	/* as a target of feed.bpf.c it has to be of the type of what it stands beside */
	bpf_program__set_expected_attach_type(refl->skel->progs.reflect, 0);
	r = refl_bpf__load(refl->skel);
out:
	if (r)
		refl_free(refl);
	else
		*ret_refl = refl;
	return r;
}

int refl_program(const struct refl *refl)
{
	return bpf_program__fd(refl->skel->progs.reflect);
}

void refl_free(struct refl *refl)
{
	if (!refl)
		return;
	refl_bpf__destroy(refl->skel);
	free(refl);
}
