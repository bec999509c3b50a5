// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The one program that is attached to an interface. Behind it are the stages, which are replaced
 * slot by slot in the program array, so that an upgrade needs no work on the NIC and the attached
 * program's id stays. It is an object of its own because libxdp loads it: as a program of type EXT
 * below a dispatcher where that is to be had, else as it is.
 */
#include "maps.h"
#include "reasons.h"

SEC("xdp.frags")
int dnsbolt_stub(struct xdp_md *ctx)
{
	struct dnsbolt_counters *counters;
	__u32 zero = 0;

	bpf_tail_call(ctx, &DNSBOLT_MAP_STAGES, 0);
	/* Here only when slot 0 is empty: nothing is answered, nothing is lost. */
	counters = bpf_map_lookup_elem(&DNSBOLT_MAP_COUNTERS, &zero);
	if (counters)
		counters->reason[REASON_no_stage]++;
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
