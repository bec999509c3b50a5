/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * attach_test_run(): a second set of the programs over the same store, which no interface knows,
 * with config, counters, program array, limits and scratch of its own. So neither the counters of the live
 * ones nor their scratch see it.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "attach_internal.h"

#define LOOPBACK 1 /* ifindex, and ingress_ifindex of a test run */

struct testrun {
	struct stages *stages;
	struct attach_maps maps;
	struct dnsbolt_config *page;
};

void testrun_free(struct testrun *test)
{
	if (!test)
		return;
	if (test->page)
		munmap(test->page, sizeof(*test->page));
	stages_free(test->stages);
	free(test);
}

/* The made query is in every list of serve-to. */
static int allow_everyone(int clients)
{
	const struct dnsbolt_client client = { .flags = DNSBOLT_CLIENT_EXEMPT, .sets = ~0u };
	const struct dnsbolt_client_key everyone = {};

	return bpf_map_update_elem(clients, &everyone, &client, BPF_ANY) < 0 ? -errno : 0;
}

static int testrun_new(struct testrun **ret_test, const struct attach *attach)
{
	const struct stages_room room = { .names = 1, .accounts = DNSBOLT_LINE_ACCOUNTS };
	struct testrun *test;
	int err;

	test = calloc(1, sizeof(*test));
	if (!test)
		return -ENOMEM;
	test->maps = attach->maps;
	test->maps.config = test->maps.counters = test->maps.stages = -1;
	test->maps.limits = test->maps.clients = test->maps.recent = -1;
	/* The names map is there already, whatever its size. */
	err = stages_load(&test->stages, &test->maps, &room, 0);
	if (!err)
		err = allow_everyone(test->maps.clients);
	if (!err)
		err = stages_fill(test->stages, test->maps.stages);
	if (!err) {
		test->page = attach_map_page(test->maps.config);
		err = test->page ? 0 : -errno;
	}
	if (err) {
		testrun_free(test);
		return err;
	}
	*ret_test = test;
	return 0;
}

/* As the live one, but that it answers whatever the mode, to the first interface's MAC. */
static void copy_config(struct testrun *test, const struct attach *attach)
{
	struct dnsbolt_config *page = test->page;

	*page = *attach->page;
	page->mode = DNSBOLT_MODE_ANSWER;
	page->return_path = DNSBOLT_RETURN_SWAP;
	page->alive_until = 0;
	page->limit = (struct dnsbolt_limit_config){ .flags = DNSBOLT_LIMIT_ACCESS };
	page->iface[0].ifindex = LOOPBACK;
	page->n_iface = 1;
}

/* The reason that was counted once more. */
static unsigned int counted(const struct dnsbolt_counters *before,
			    const struct dnsbolt_counters *after)
{
	for (unsigned int i = 0; i < DNSBOLT_REASONS_MAX; i++) {
		if (before->reason[i] != after->reason[i])
			return i;
	}
	return 0;
}

int attach_test_run(struct attach *attach, const uint8_t *frame, size_t len, uint8_t *ret_frame,
		    size_t *ret_len, unsigned int *ret_reason)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = (uint32_t)len,
		    .data_out = ret_frame, .data_size_out = (uint32_t)*ret_len, .repeat = 1);
	struct dnsbolt_counters before, after;
	int err = 0;

	if (!attach->test) {
		err = testrun_new(&attach->test, attach);
		if (err)
			return attach_fail(attach, err,
					   "bpf: the programs cannot be loaded a second time: %s",
					   strerror(-err));
	}
	copy_config(attach->test, attach);
	err = attach_sum_counters(attach->test->maps.counters, &before);
	if (!err && bpf_prog_test_run_opts(stages_entry(attach->test->stages), &opts) < 0)
		err = -errno;
	if (!err)
		err = attach_sum_counters(attach->test->maps.counters, &after);
	if (err)
		return attach_fail(attach, err, "bpf: test run: %s", strerror(-err));
	*ret_len = opts.data_size_out;
	*ret_reason = counted(&before, &after);
	return (int)opts.retval;
}
