/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store's names where the kernel has no memory for them, at once or at all. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_NEXT */
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "store_bed.h"

#include <bpf/bpf.h>

#define NAMES 10u
#define ALWAYS 1000000u

/* How often the next insertions find no memory, and how many keys each of them puts in before; -1: it does not even begin, and says
 * nothing of how many. */
static unsigned failures;
static int before;

/* In place of libbpf's. */
int bpf_map_update_batch(int fd, const void *keys, const void *values, __u32 *count,
			 const struct bpf_map_batch_opts *opts)
{
	int (*real)(int, const void *, const void *, __u32 *, const struct bpf_map_batch_opts *);
	void *found = dlsym(RTLD_NEXT, "bpf_map_update_batch");
	__u32 n = before < 0 ? 0 : (__u32)before;

	assert_non_null(found);
	memcpy(&real, &found, sizeof(real));
	if (!failures)
		return real(fd, keys, values, count, opts);
	failures--;
	assert_true(n < *count);
	if (n)
		assert_int_equal(real(fd, keys, values, &n, opts), 0);
	if (before >= 0)
		*count = n;
	errno = ENOMEM;
	return -ENOMEM;
}

static const char *name_of(unsigned i)
{
	static const char *const names[NAMES] = { "example",   "a.example", "b.example",
						  "c.example", "d.example", "e.example",
						  "f.example", "g.example", "h.example",
						  "i.example" };

	return names[i];
}

static uint32_t put_all(struct bed *bed)
{
	uint32_t zone = bed_zone(bed, "example");

	bed_begin(bed);
	for (unsigned i = 0; i < NAMES; i++)
		bed_put(bed, zone, name_of(i), i + 1);
	bed_flip(bed, zone, "example", 1);
	return zone;
}

static void check_insertion(void **state, unsigned times, int keys)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = put_all(bed);

	failures = times;
	before = keys;
	bed_commit(bed);
	assert_int_equal(failures, 0);
	for (unsigned i = 0; i < NAMES; i++)
		assert_true(bed_is_now(bed, name_of(i), zone, i + 1));
	bed_settle(bed);
}

static void what_goes_in_by_and_by_is_all_there(void **state)
{
	check_insertion(state, 4, 2);
}

static void what_does_not_go_in_at_first_is_tried_again(void **state)
{
	check_insertion(state, 3, 0);
}

static void what_did_not_begin_is_not_taken_for_done(void **state)
{
	check_insertion(state, 3, -1);
}

static void what_there_is_never_memory_for_is_refused(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = put_all(bed);

	failures = ALWAYS;
	before = 0;
	assert_int_equal(store_commit(bed->s), -ENOMEM);
	assert_true(failures < ALWAYS - 1);
	failures = 0;
	store_abort(bed->s);
	bed_settle(bed);
	assert_int_equal(store_view(bed->s)->zones[zone].snapshot, 0);
	assert_int_equal(bed_stats(bed).anchors, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BED_TEST(kernel, what_goes_in_by_and_by_is_all_there),
		BED_TEST(kernel, what_does_not_go_in_at_first_is_tried_again),
		BED_TEST(kernel, what_did_not_begin_is_not_taken_for_done),
		BED_TEST(kernel, what_there_is_never_memory_for_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
