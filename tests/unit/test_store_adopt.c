/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store outlives its process, wherever that ends, and what its maps refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store_bed.h"

#define CHILD DNSBOLT_SIDE_CHILD

static void an_interrupted_change_set_is_rolled_back(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed), other = bed_zone(bed, "other");
	uint64_t version;

	bed_begin(bed);
	bed_put(bed, zone, "www.example", 5);
	bed_put(bed, zone, "new.deep.example", 6);
	bed_delete(bed, zone, "mail.example");
	bed_put(bed, other, "www.other", 7);
	bed_flip(bed, zone, "example", 2);
	version = bed_stats(bed).version;
	bed_reopen(bed);
	assert_true(bed_stats(bed).version >= version); /* not used again */
	assert_int_equal(bed_stats(bed).rolled_back, 2);
	assert_int_equal(bed_stats(bed).anchors, BED_EXAMPLE_ANCHORS);
	assert_true(bed_is_now(bed, "www.example", zone, 1));
	assert_true(bed_is_now(bed, "mail.example", zone, 2));
	bed_settle(bed);
	assert_int_equal(bed_zone(bed, "example"), zone);
	bed_begin(bed);
	bed_put(bed, zone, "www.example", 8);
	bed_flip(bed, zone, "example", 2);
	bed_commit(bed);
	assert_true(bed_is_now(bed, "www.example", zone, 8));
	bed_settle(bed);
}

/* A name in a chain is reachable before the keys of its ancestors are inserted. */
static void an_interrupted_name_in_a_chain_is_removed(void **state)
{
	struct bed *bed = bed_need(state);
	static const char *const name =
		"a2.eeeeeeeeeeeeeee.example"; /* of the hash of a1.example */
	uint32_t zone = bed_zone(bed, "example");

	bed_weaken(bed);
	bed_begin(bed);
	bed_put(bed, zone, "a1.example", 1);
	bed_flip(bed, zone, "example", 1);
	bed_commit(bed);
	bed_begin(bed);
	bed_put(bed, zone, name, 2);
	assert_true(bed_anchor(bed, name) && !bed_anchor(bed, strchr(name, '.') + 1));
	bed_reopen(bed);
	assert_int_equal(bed_anchor(bed, name), 0);
	assert_int_equal(bed_stats(bed).rolled_back, 1);
	assert_true(bed_is_now(bed, "a1.example", zone, 1));
	bed_settle(bed);
}

/* The names map of the kernel takes fewer names than the store was told. */
static void a_commit_that_fails_half_way_can_be_aborted_or_adopted(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone;

	if (!bed->kernel)
		skip();
	for (unsigned round = 0; round < 2; round++) {
		bed_renew(bed, BED_EXAMPLE_ANCHORS + 2, 100);
		zone = bed_example(bed);
		bed_begin(bed);
		bed_put(bed, zone, "www.example", 5);
		bed_put(bed, zone, "1.2.3.4.5.example", 6);
		bed_flip(bed, zone, "example", 2);
		assert_int_equal(store_commit(bed->s), -ENOSPC);
		if (round)
			bed_reopen(bed);
		else
			store_abort(bed->s);
		assert_true(bed_is_now(bed, "www.example", zone, 1));
		bed_settle(bed);
		assert_int_equal(bed_stats(bed).anchors, BED_EXAMPLE_ANCHORS);
	}
}

static void a_crash_between_flips_rolls_back_the_zones_that_were_not(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed), other = bed_zone(bed, "other");
	dnsbolt_handle *snapshot, before;

	bed_begin(bed);
	bed_put(bed, other, "www.other", 7);
	bed_flip(bed, other, "other", 1);
	bed_commit(bed);
	snapshot = &bed->s->backing->zones[other].snapshot;
	before = *snapshot;
	bed_begin(bed);
	bed_put(bed, zone, "www.example", 5);
	bed_put(bed, other, "www.other", 8);
	bed_put(bed, other, "new.other", 9);
	bed_flip(bed, zone, "example", 2);
	bed_flip(bed, other, "other", 2);
	bed_commit(bed);
	*snapshot = before;
	bed_reopen(bed);
	assert_int_equal(bed_stats(bed).rolled_back, 2);
	assert_true(bed_is_now(bed, "www.example", zone, 5));
	assert_true(bed_is_now(bed, "www.other", other, 7));
	assert_true(bed_is_now(bed, "new.other", other, 0));
	bed_settle(bed);
	assert_int_equal(bed_stats(bed).anchors, BED_EXAMPLE_ANCHORS + 2);
}

static void what_was_not_reclaimed_is_reclaimed_by_adoption(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed), other = bed_zone(bed, "other");

	bed_begin(bed);
	bed_put(bed, other, "www.other", 7);
	bed_flip(bed, other, "other", 1);
	bed_commit(bed);
	bed_begin(bed);
	bed_put(bed, zone, "www.example", 5);
	bed_delete(bed, zone, "mail.example");
	bed_flip(bed, zone, "example", 2);
	assert_int_equal(store_drop(bed->s, other), 0);
	bed_commit(bed);
	bed_reopen(bed);
	assert_int_equal(bed_stats(bed).anchors, BED_EXAMPLE_ANCHORS - 1);
	assert_int_equal(bed_stats(bed).nodes, 3);
	assert_true(bed_is_now(bed, "www.example", zone, 5));
	assert_int_equal(bed_node(bed, "www.example", CHILD, NULL)->prev, 0);
	bed_settle(bed);
	assert_int_equal(bed_zone(bed, "another"), other);
}

static void count_zone(uint32_t zone, const uint8_t *apex, uint32_t serial, void *arg)
{
	uint32_t *found = arg;

	assert_int_equal(owner_len(apex), 9);
	*found += 1000 * (zone + 1) + serial;
}

static void served_zones_are_listed(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed), found = 0;

	(void)bed_zone(bed, "nothing");
	store_each_zone(bed->s, count_zone, &found);
	assert_int_equal(found, 1000 * (zone + 1) + 1);
	bed_reopen(bed);
	found = 0;
	store_each_zone(bed->s, count_zone, &found);
	assert_int_equal(found, 1000 * (zone + 1) + 1);
}

static int adopt(struct bed *bed, struct store **ret_store)
{
	return bed->kernel ? store_open(ret_store, &bed->maps, bed->max_names, true)
			   : store_open_backing(ret_store, bed->backing, bed->max_names, true);
}

static void damage_is_found(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t *handle, saved;
	struct store *again = NULL;

	(void)bed_example(bed);
	bed_settle(bed);
	for (unsigned i = 0; i < 6; i++) {
		struct dnsbolt_anchor *a = anchor_at(bed->s, bed_anchor(bed, "www.example"));
		struct dnsbolt_node *node = node_at(bed->s, a->head[0]);
		struct dnsbolt_answer *answer = arena_at(&bed->s->arena, node->dir[1].answer);

		handle = i == 0	  ? &a->self
			 : i == 1 ? &a->head[0]
			 : i == 2 ? &a->next
			 : i == 3 ? &node->dir[1].answer
			 : i == 4 ? &answer->slot[0].part
				  : &bed->s->backing->zones[0].snapshot;
		saved = *handle;
		*handle = i % 2 ? 0xfffffff0 : a->head[0];
		if (i == 4)
			*handle = node->dir[1].answer + 1;
		assert_int_equal(adopt(bed, &again), -EPROTO);
		assert_null(again);
		assert_true(strlen(store_error(NULL)) > 8);
		*handle = saved;
	}
	store_config(bed->s)->abi = DNSBOLT_ABI + 1;
	assert_int_equal(adopt(bed, &again), -EPROTO);
	store_config(bed->s)->abi = DNSBOLT_ABI;
	bed_reopen(bed);
	bed_settle(bed);
}

static void a_store_is_not_made_over_another(void **state)
{
	struct bed *bed = bed_need(state);
	struct store *again;

	(void)bed_example(bed);
	if (!bed->kernel)
		skip();
	assert_int_equal(store_open(&again, &bed->maps, bed->max_names, false), -EEXIST);
	assert_string_equal(store_error(NULL), "the store's maps: a store is in them already");
}

/* ---- what the maps may refuse; in memory, where they can be told to ---- */

static struct backing_ops refusing;
static unsigned refusals;

static int refuse_segment(struct backing *b)
{
	(void)b;
	return -ENOSPC;
}

static int refuse_remove(struct backing *b, uint64_t key)
{
	return refusals && refusals-- ? -EBUSY : bed_memory_ops(b)->remove(b, key);
}

static int refuse_grace(struct backing *b)
{
	return refusals && refusals-- ? -EINTR : bed_memory_ops(b)->grace(b);
}

static void a_full_arena_is_an_error_and_no_more(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed), failed = 0;
	static const uint8_t data[50000];
	struct store_part part = { .data = data, .len = sizeof(data) };
	struct store_answer answer = { .n_slots = 1, .slot = { { .part = &part } } };
	struct store_dirent dir = { .qtype = 1, .answer = &answer };
	struct store_node node = { .n_dir = 1, .dir = &dir };
	char name[32];

	refusing = *bed_memory_ops(bed->backing);
	refusing.add_segment = refuse_segment;
	bed->backing->ops = &refusing;
	bed_begin(bed);
	for (unsigned i = 0; i < 60000 && failed < 500; i++) {
		(void)snprintf(name, sizeof(name), "n%u.%u.example", i, i % 50);
		node.owner = wire(name);
		failed += failed ? bed_put_side(bed, zone, name, CHILD, 0, i % 60 + 1) != 0
				 : store_put(bed->s, zone, &node) != 0;
	}
	assert_int_equal(failed, 500);
	assert_non_null(strstr(store_error(bed->s), "no room for a"));
	store_abort(bed->s);
	bed_settle(bed);
	assert_int_equal(bed_stats(bed).anchors, BED_EXAMPLE_ANCHORS);
	assert_int_equal(bed_stats(bed).nodes, 4);
	assert_true(bed_is_now(bed, "www.example", zone, 1));
}

static void what_could_not_be_reclaimed_is_tried_again(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed);

	refusing = *bed_memory_ops(bed->backing);
	refusing.remove = refuse_remove;
	refusing.grace = refuse_grace;
	bed->backing->ops = &refusing;
	bed_settle(bed);
	bed_begin(bed);
	bed_delete(bed, zone, "a.b.c.example");
	bed_delete(bed, zone, "www.example");
	bed_flip(bed, zone, "example", 2);
	bed_commit(bed);
	refusals = 1;
	assert_int_equal(store_begin(bed->s), -EINTR);
	for (unsigned i = 0; i < 3; i++) {
		refusing.grace = bed_memory_ops(bed->backing)->grace;
		refusals = 1;
		assert_int_equal(store_begin(bed->s), -EBUSY);
		assert_string_equal(store_error(bed->s),
				    "names map: delete: Device or resource busy");
	}
	refusals = 0;
	bed_settle(bed);
	assert_int_equal(bed_stats(bed).anchors, BED_EXAMPLE_ANCHORS - 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BED_BOTH(an_interrupted_change_set_is_rolled_back),
		BED_BOTH(an_interrupted_name_in_a_chain_is_removed),
		BED_TEST(kernel, a_commit_that_fails_half_way_can_be_aborted_or_adopted),
		BED_BOTH(a_crash_between_flips_rolls_back_the_zones_that_were_not),
		BED_BOTH(what_was_not_reclaimed_is_reclaimed_by_adoption),
		BED_BOTH(served_zones_are_listed),
		BED_BOTH(damage_is_found),
		BED_TEST(kernel, a_store_is_not_made_over_another),
		BED_TEST(memory, a_full_arena_is_an_error_and_no_more),
		BED_TEST(memory, what_could_not_be_reclaimed_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
