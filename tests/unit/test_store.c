/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The writer of the store, each case over memory and over kernel maps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store_bed.h"

#define CHILD DNSBOLT_SIDE_CHILD
#define PARENT DNSBOLT_SIDE_PARENT

static void nodes_are_read_back(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_zone(bed, "example");
	char name[32];

	bed_begin(bed);
	for (unsigned id = 1; id <= 200; id++) {
		(void)snprintf(name, sizeof(name), "n%u.example", id);
		bed_put(bed, zone, name, id);
	}
	bed_flip(bed, zone, "example", 1);
	assert_int_equal(bed_anchor(bed, "n1.example"), 0);
	bed_commit(bed);
	for (unsigned id = 1; id <= 200; id++) {
		(void)snprintf(name, sizeof(name), "n%u.example", id);
		assert_true(bed_is_now(bed, name, zone, id));
	}
	assert_null(bed_node(bed, "nx.example", CHILD, NULL));
	assert_null(bed_node(bed, "n1.example", PARENT, NULL));
	assert_true(bed_anchor(bed, "") && bed_anchor(bed, "example"));
	bed_settle(bed);
}

/* A name of n characters; false: there is none whose labels but the first have 63 or 62. */
static bool long_name(char *name, unsigned n)
{
	memset(name, 'a' + (int)(n % 26), n);
	for (unsigned dot = 63; dot <= n; dot += 64)
		name[n - dot] = '.';
	name[n] = '\0';
	return name[0] != '.';
}

static void names_of_any_length_are_found(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_zone(bed, "");
	char name[256];

	bed_begin(bed);
	for (unsigned n = 1; n <= 250; n++) {
		if (long_name(name, n))
			bed_put(bed, zone, name, n);
	}
	bed_put(bed, zone, "", 300);
	bed_flip(bed, zone, "", 1);
	bed_commit(bed);
	for (unsigned n = 1; n <= 250; n++) {
		if (long_name(name, n))
			assert_true(bed_is_now(bed, name, zone, n));
	}
	assert_true(bed_is_now(bed, "", zone, 300));
	bed_settle(bed);
}

static void an_equal_node_is_not_written(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed), snapshot;
	struct store_stats before, after;

	bed_settle(bed);
	before = bed_stats(bed);
	snapshot = store_view(bed->s)->zones[zone].snapshot;
	bed_begin(bed);
	bed_put(bed, zone, "example", 10);
	bed_put(bed, zone, "www.example", 1);
	bed_flip(bed, zone, "example", 1);
	bed_commit(bed);
	after = bed_stats(bed);
	assert_int_equal(after.nodes_written, before.nodes_written);
	assert_int_equal(after.nodes_equal, before.nodes_equal + 2);
	assert_int_equal(after.octets_used, before.octets_used);
	assert_int_equal(store_view(bed->s)->zones[zone].snapshot, snapshot);
	bed_settle(bed);
	assert_int_equal(bed_stats(bed).grace_periods, before.grace_periods);
}

static void each_reader_sees_its_version(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed);
	struct bed_versions old = bed_versions(bed), now;

	bed_begin(bed);
	bed_put(bed, zone, "www.example", 5);
	bed_put(bed, zone, "new.example", 6);
	bed_delete(bed, zone, "mail.example");
	bed_flip(bed, zone, "example", 2);
	assert_true(bed_is_now(bed, "www.example", zone, 1));
	assert_true(bed_is_now(bed, "new.example", zone, 0));
	assert_true(bed_is_now(bed, "mail.example", zone, 2));
	bed_commit(bed);
	now = bed_versions(bed);
	assert_true(now.of[zone] > old.of[zone]);
	assert_true(bed_is(bed, "www.example", CHILD, &old, zone, 1));
	assert_true(bed_is(bed, "new.example", CHILD, &old, zone, 0));
	assert_true(bed_is(bed, "mail.example", CHILD, &old, zone, 2));
	assert_true(bed_is(bed, "www.example", CHILD, &now, zone, 5));
	assert_true(bed_is(bed, "new.example", CHILD, &now, zone, 6));
	assert_true(bed_is(bed, "mail.example", CHILD, &now, zone, 0));
	bed_settle(bed);
	assert_int_equal(bed_node(bed, "www.example", CHILD, NULL)->prev, 0);
	assert_int_equal(bed_anchor(bed, "mail.example"), 0);
}

static void a_deleted_name_goes_with_its_ancestors(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed);

	assert_int_equal(bed_stats(bed).anchors, BED_EXAMPLE_ANCHORS);
	bed_begin(bed);
	bed_put(bed, zone, "b.c.example", 4);
	bed_delete(bed, zone, "a.b.c.example");
	bed_flip(bed, zone, "example", 2);
	bed_commit(bed);
	bed_settle(bed);
	assert_int_equal(bed_stats(bed).anchors, BED_EXAMPLE_ANCHORS - 1);
	bed_begin(bed);
	bed_delete(bed, zone, "b.c.example");
	assert_int_equal(store_delete(bed->s, zone, wire("b.c.example"), CHILD), -ENOENT);
	assert_int_equal(store_delete(bed->s, zone, wire("www.example"), PARENT), -ENOENT);
	assert_int_equal(store_delete(bed->s, zone, wire("nx.example"), CHILD), -ENOENT);
	assert_string_equal(store_error(bed->s), "nx.example. is not in the zone");
	bed_flip(bed, zone, "example", 3);
	bed_commit(bed);
	bed_settle(bed);
	assert_int_equal(bed_stats(bed).anchors, BED_EXAMPLE_ANCHORS - 3);
	assert_int_equal(bed_anchor(bed, "c.example"), 0);
	assert_true(bed_is_now(bed, "www.example", zone, 1));
}

static void the_last_change_of_a_name_counts(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed);
	struct bed_versions old = bed_versions(bed);

	bed_begin(bed);
	bed_put(bed, zone, "www.example", 5); /* twice */
	bed_put(bed, zone, "www.example", 6);
	bed_delete(bed, zone, "mail.example"); /* deleted and put */
	bed_put(bed, zone, "mail.example", 7);
	bed_put(bed, zone, "a.b.c.example", 8); /* put and deleted */
	bed_delete(bed, zone, "a.b.c.example");
	bed_put(bed, zone, "brief.x.example", 9); /* new, put and deleted */
	bed_delete(bed, zone, "brief.x.example");
	bed_put(bed, zone, "example", 11); /* put back */
	bed_put(bed, zone, "example", 10);
	bed_flip(bed, zone, "example", 2);
	bed_commit(bed);
	assert_true(bed_is(bed, "www.example", CHILD, &old, zone, 1));
	assert_true(bed_is(bed, "mail.example", CHILD, &old, zone, 2));
	assert_true(bed_is(bed, "a.b.c.example", CHILD, &old, zone, 3));
	assert_true(bed_is_now(bed, "www.example", zone, 6));
	assert_true(bed_is_now(bed, "mail.example", zone, 7));
	assert_true(bed_is_now(bed, "a.b.c.example", zone, 0));
	assert_true(bed_is_now(bed, "brief.x.example", zone, 0));
	assert_true(bed_is_now(bed, "example", zone, 10));
	bed_settle(bed);
	assert_int_equal(bed_stats(bed).anchors, BED_EXAMPLE_ANCHORS - 3);
	assert_int_equal(bed_stats(bed).nodes, 3);
}

static void a_wildcard_has_an_anchor_while_a_node_names_it(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed);

	bed_begin(bed);
	assert_int_equal(bed_put_side(bed, zone, "www.example", CHILD, DNSBOLT_NODE_WILDCARD, 1),
			 0);
	bed_put(bed, zone, "*.www.example", 20);
	bed_flip(bed, zone, "example", 2);
	bed_commit(bed);
	assert_int_equal(bed_node(bed, "www.example", CHILD, NULL)->wildcard,
			 bed_anchor(bed, "*.www.example"));
	bed_begin(bed);
	bed_delete(bed, zone, "*.www.example");
	bed_flip(bed, zone, "example", 3);
	bed_commit(bed);
	bed_settle(bed);
	assert_true(bed_anchor(bed, "*.www.example"));
	bed_begin(bed);
	bed_put(bed, zone, "www.example", 1);
	bed_flip(bed, zone, "example", 4);
	bed_commit(bed);
	bed_settle(bed);
	assert_int_equal(bed_anchor(bed, "*.www.example"), 0);
	assert_int_equal(bed_stats(bed).anchors, BED_EXAMPLE_ANCHORS);
}

static void both_sides_of_a_cut_live_apart(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t parent = bed_example(bed), child = bed_zone(bed, "sub.example");

	bed_begin(bed);
	assert_int_equal(bed_put_side(bed, parent, "sub.example", PARENT, DNSBOLT_NODE_CUT, 30), 0);
	bed_put(bed, child, "sub.example", 31);
	bed_put(bed, child, "www.sub.example", 32);
	bed_flip(bed, parent, "example", 2);
	bed_flip(bed, child, "sub.example", 1);
	bed_commit(bed);
	assert_true(bed_is(bed, "sub.example", PARENT, NULL, parent, 30));
	assert_true(bed_is(bed, "sub.example", CHILD, NULL, child, 31));
	bed_begin(bed);
	assert_int_equal(store_drop(bed->s, child), 0);
	bed_commit(bed);
	assert_null(bed_node(bed, "sub.example", CHILD, NULL));
	bed_settle(bed);
	assert_true(bed_is(bed, "sub.example", PARENT, NULL, parent, 30));
	assert_null(bed_node(bed, "sub.example", CHILD, NULL));
	assert_int_equal(bed_anchor(bed, "www.sub.example"), 0);
}

static void a_name_moves_from_zone_to_zone(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t parent = bed_example(bed), child;
	struct bed_versions old = bed_versions(bed);

	child = bed_zone(bed, "c.example");
	bed_begin(bed);
	bed_delete(bed, parent, "a.b.c.example");
	bed_put(bed, child, "a.b.c.example", 40);
	bed_put(bed, child, "c.example", 41);
	assert_int_equal(store_delete(bed->s, parent, wire("a.b.c.example"), CHILD), -ENOENT);
	bed_flip(bed, parent, "example", 2);
	bed_flip(bed, child, "c.example", 1);
	bed_commit(bed);
	assert_true(bed_is(bed, "a.b.c.example", CHILD, &old, parent, 3));
	assert_true(bed_is_now(bed, "a.b.c.example", child, 40));
	bed_settle(bed);
	bed_begin(bed);
	assert_int_equal(store_drop(bed->s, child), 0);
	bed_put(bed, parent, "a.b.c.example", 3);
	bed_flip(bed, parent, "example", 3);
	bed_commit(bed);
	bed_settle(bed);
	assert_true(bed_is_now(bed, "a.b.c.example", parent, 3));
	assert_int_equal(bed_stats(bed).anchors, BED_EXAMPLE_ANCHORS);
}

static void a_dropped_zone_leaves_nothing(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed), other, again;

	other = bed_zone(bed, "other");
	bed_begin(bed);
	bed_put(bed, other, "www.other", 50);
	bed_flip(bed, other, "other", 1);
	bed_commit(bed);
	store_set_expiry(bed->s, zone, 12345);
	bed_begin(bed);
	bed_put(bed, zone, "www.example", 51);
	bed_put(bed, zone, "new.example", 52);
	bed_flip(bed, zone, "example", 2);
	assert_int_equal(store_drop(bed->s, zone), 0);
	assert_int_equal(store_flip(bed->s, zone,
				    &(struct store_snapshot){ .apex = wire("example") }),
			 -EINVAL);
	bed_commit(bed);
	assert_int_equal(store_view(bed->s)->zones[zone].snapshot, 0);
	assert_int_equal(bed_zone(bed, "example"), other + 1);
	bed_settle(bed);
	assert_int_equal(store_view(bed->s)->zones[zone].expires, 0);
	assert_int_equal(bed_anchor(bed, "www.example"), 0);
	assert_true(bed_is_now(bed, "www.other", other, 50));
	assert_int_equal(bed_stats(bed).anchors, 3);
	assert_int_equal(bed_stats(bed).zones, 1);
	again = bed_zone(bed, "third");
	assert_int_equal(again, zone);
}

/* Bits of the filter that are set, and whether that of the apex is. */
static unsigned apex_bits(struct bed *bed, const char *apex, bool *ret_has)
{
	const struct dnsbolt_config *config = store_config(bed->s);
	const uint8_t *name = wire(apex);
	const size_t len = owner_len(name);
	uint8_t padded[16 + DNSBOLT_NAME_MAX] = { 0 };
	uint64_t word[2];
	unsigned n = 0;
	uint32_t bit;

	memcpy(padded + 16, name, len);
	memcpy(word, padded + len, sizeof(word));
	bit = dnsbolt_apex_bit((uint32_t)len, word[0], word[1]);
	*ret_has = config->apex_bits[bit / 64] >> bit % 64 & 1;
	for (unsigned i = 0; i < DNSBOLT_APEX_BITS / 64; i++)
		n += (unsigned)__builtin_popcountll(config->apex_bits[i]);
	return n;
}

/* `depths`: of all apexes. */
static void check_apex(struct bed *bed, const char *apex, bool has, unsigned n, uint32_t depths)
{
	bool found;

	assert_int_equal(store_config(bed->s)->apex_depths, depths);
	assert_int_equal(apex_bits(bed, apex, &found), n);
	assert_int_equal(found, has);
}

static void add_apex(struct bed *bed, uint32_t zone, const char *apex)
{
	bed_begin(bed);
	bed_put(bed, zone, apex, 1);
	bed_flip(bed, zone, apex, 1);
	bed_commit(bed);
}

static void drop_apex(struct bed *bed, uint32_t zone)
{
	bed_begin(bed);
	assert_int_equal(store_drop(bed->s, zone), 0);
	bed_commit(bed);
	bed_settle(bed);
}

static void the_filter_has_the_apexes_of_zones_with_a_version(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t one, like_one, other;

	one = bed_zone(bed, "ab");
	like_one = bed_zone(bed, "xk"); /* the same bit */
	other = bed_zone(bed, "1.2.3.4.5.6.7.8");
	check_apex(bed, "ab", false, 0, 0);
	bed_begin(bed);
	bed_put(bed, one, "ab", 1);
	bed_flip(bed, one, "ab", 1);
	check_apex(bed, "ab", false, 0, 0);
	store_abort(bed->s);
	check_apex(bed, "ab", false, 0, 0);
	add_apex(bed, one, "ab");
	check_apex(bed, "ab", true, 1, 1u << 1);
	add_apex(bed, like_one, "xk");
	add_apex(bed, other, "1.2.3.4.5.6.7.8");
	check_apex(bed, "1.2.3.4.5.6.7.8", true, 2, 1u << 1 | 1u << 7);
	drop_apex(bed, one);
	check_apex(bed, "xk", true, 2, 1u << 1 | 1u << 7);
	bed_reopen(bed);
	check_apex(bed, "xk", true, 2, 1u << 1 | 1u << 7);
	/* What a killed process set for a zone that never came */
	store_config(bed->s)->apex_bits[0] |= 1;
	store_config(bed->s)->apex_depths |= 1;
	bed_reopen(bed);
	check_apex(bed, "xk", true, 2, 1u << 1 | 1u << 7);
	drop_apex(bed, like_one);
	check_apex(bed, "xk", false, 1, 1u << 7);
	drop_apex(bed, other);
	check_apex(bed, "1.2.3.4.5.6.7.8", false, 0, 0);
}

static void an_aborted_change_set_leaves_nothing(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed);
	struct store_stats before, after;

	bed_settle(bed);
	before = bed_stats(bed);
	bed_begin(bed);
	assert_int_equal(bed_put_side(bed, zone, "www.example", CHILD, DNSBOLT_NODE_WILDCARD, 5),
			 0);
	bed_put(bed, zone, "new.deep.example", 6);
	bed_delete(bed, zone, "mail.example");
	bed_delete(bed, zone, "a.b.c.example");
	bed_put(bed, zone, "a.b.c.example", 7);
	bed_flip(bed, zone, "example", 2);
	assert_int_equal(store_begin(bed->s), -EBUSY);
	assert_int_equal(store_reclaim(bed->s), -EBUSY);
	store_abort(bed->s);
	assert_true(bed_is_now(bed, "www.example", zone, 1));
	assert_true(bed_is_now(bed, "mail.example", zone, 2));
	assert_true(bed_is_now(bed, "a.b.c.example", zone, 3));
	bed_settle(bed);
	after = bed_stats(bed);
	assert_int_equal(after.octets_used, before.octets_used);
	assert_int_equal(after.anchors, before.anchors);
	assert_int_equal(after.nodes, before.nodes);
	assert_int_equal(after.parts, before.parts);
}

static void names_of_one_hash_are_chained(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_zone(bed, "example");

	bed_weaken(bed);
	bed_begin(bed);
	bed_put(bed, zone, "a1.example", 1);
	bed_put(bed, zone, "a2.example", 2);
	bed_put(bed, zone, "a3.example", 3);
	bed_flip(bed, zone, "example", 1);
	bed_commit(bed);
	assert_true(bed_is_now(bed, "a1.example", zone, 1) &&
		    bed_is_now(bed, "a3.example", zone, 3));
	assert_int_equal(bed_stats(bed).anchors, 3);
	bed_begin(bed); /* the first of the chain, and its middle */
	bed_delete(bed, zone, "a1.example");
	bed_delete(bed, zone, "a2.example");
	bed_put(bed, zone, "a4.example", 4);
	bed_flip(bed, zone, "example", 2);
	bed_commit(bed);
	bed_settle(bed);
	assert_true(bed_anchor(bed, "a1.example")); /* holds the chain */
	assert_int_equal(bed_anchor(bed, "a2.example"), 0);
	assert_true(bed_is_now(bed, "a1.example", zone, 0));
	assert_true(bed_is_now(bed, "a3.example", zone, 3) &&
		    bed_is_now(bed, "a4.example", zone, 4));
	bed_reopen(bed);
	bed_begin(bed);
	bed_put(bed, zone, "a5.example", 5);
	assert_int_equal(bed_put_side(bed, zone, "a6.example", CHILD, 0, 6), -ENOSPC);
	store_abort(bed->s);
	bed_begin(bed);
	bed_delete(bed, zone, "a3.example");
	bed_delete(bed, zone, "a4.example");
	bed_flip(bed, zone, "example", 3);
	bed_commit(bed);
	bed_settle(bed);
	assert_int_equal(bed_anchor(bed, "a1.example"), 0);
	assert_int_equal(bed_stats(bed).anchors, 2);
}

static void refuse(struct bed *bed, uint32_t zone, const struct store_node *node)
{
	assert_int_equal(store_put(bed->s, zone, node), -EINVAL);
	assert_true(strcmp(store_error(bed->s), "no error") != 0);
}

static void what_is_over_a_limit_is_refused(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed);
	const uint8_t data[4] = { 0, 0, 1, 1 };
	struct dnsbolt_ptr ptr = { .at = 0 };
	struct store_part part = { .data = data, .ptr = &ptr, .len = 4, .n_ptr = 1 };
	struct store_answer answer = { .n_slots = 1, .slot = { { .part = &part } } };
	struct store_dirent dir[2] = { { .qtype = 1, .answer = &answer },
				       { .qtype = 2, .answer = &answer } };
	struct store_node node = { .owner = wire("www.example"), .n_dir = 2, .dir = dir };

	refuse(bed, zone, &node);
	bed_begin(bed);
	assert_int_equal(store_put(bed->s, zone, &node), 0);
	refuse(bed, 7, &node);
	refuse(bed, UINT32_MAX, &node);
	node.owner = wire("WWW.example");
	refuse(bed, zone, &node);
	node.owner =
		(const uint8_t *)"\x40"
				 "0123456789012345678901234567890123456789012345678901234567890123";
	refuse(bed, zone, &node);
	node.owner = wire("www.example");
	node.side = 2;
	refuse(bed, zone, &node);
	node.side = 0;
	node.flags = DNSBOLT_NODE_TOMBSTONE;
	refuse(bed, zone, &node);
	node.flags = 0;
	dir[1].qtype = 1;
	refuse(bed, zone, &node);
	dir[1].qtype = 2;
	dir[1].answer = NULL;
	refuse(bed, zone, &node);
	dir[1].answer = &answer;
	answer.n_slots = 9;
	refuse(bed, zone, &node);
	answer.n_slots = 1;
	answer.slot[0].section = 3;
	refuse(bed, zone, &node);
	answer.slot[0].section = 0;
	answer.slot[1] = answer.slot[0]; /* a part twice, also for one value of DO */
	answer.n_slots = 2;
	refuse(bed, zone, &node);
	answer.slot[1].flags = DNSBOLT_SLOT_DO;
	refuse(bed, zone, &node);
	answer.n_slots = 1;
	ptr.at = 3;
	refuse(bed, zone, &node);
	ptr.at = 2;
	refuse(bed, zone, &node);
	answer.slot[0].part = NULL;
	refuse(bed, zone, &node);
	store_abort(bed->s);
	bed_settle(bed);
	assert_true(bed_is_now(bed, "www.example", zone, 1));
}

static void what_does_not_fit_the_zone_is_refused(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed);
	struct store_node node = { .owner = wire("www.example"), .n_dir = DNSBOLT_DIR_MAX + 1 };

	bed_begin(bed);
	refuse(bed, zone, &node);
	assert_int_equal(store_flip(bed->s, zone,
				    &(struct store_snapshot){ .apex = wire("other") }),
			 -EINVAL);
	assert_int_equal(store_flip(bed->s, zone,
				    &(struct store_snapshot){ .apex = wire("example") }),
			 -EINVAL);
	assert_int_equal(store_delete(bed->s, zone, wire("www.example"), 2), -EINVAL);
	assert_int_equal(store_delete(bed->s, zone, wire("WWW.example"), 0), -EINVAL);
	assert_int_equal(store_zone(bed->s, wire("EXAMPLE"), &zone), -EINVAL);
	store_abort(bed->s);
	bed_settle(bed);
	assert_true(bed_is_now(bed, "www.example", zone, 1));
}

static void a_store_of_its_own_memory_works(void **state)
{
	struct bed *bed = bed_need(state);

	store_close(bed->s);
	assert_int_equal(store_open_memory(&bed->s, 100), 0);
	assert_true(bed_is_now(bed, "www.example", bed_example(bed), 1));
	bed_settle(bed);
	store_close(bed->s);
	bed->s = NULL;
}

static void a_put_that_fails_leaves_no_names(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone;

	bed_renew(bed, 1000, BED_EXAMPLE_ANCHORS + 1);
	zone = bed_example(bed);
	bed_begin(bed);
	assert_int_equal(bed_put_side(bed, zone, "x.y.example", CHILD, 0, 1), -ENOSPC);
	assert_string_equal(store_error(bed->s), "the names map is full (8 names)");
	bed_flip(bed, zone, "example", 2);
	bed_commit(bed);
	bed_begin(bed);
	assert_int_equal(bed_put_side(bed, zone, "x.example", CHILD, DNSBOLT_NODE_WILDCARD, 1),
			 -ENOSPC);
	bed_flip(bed, zone, "example", 3);
	bed_commit(bed);
	bed_settle(bed);
	assert_int_equal(bed_stats(bed).anchors, BED_EXAMPLE_ANCHORS);
}

static void a_commit_needs_a_flip_for_each_changed_zone(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed);

	bed_begin(bed);
	bed_put(bed, zone, "www.example", 5);
	assert_int_equal(store_commit(bed->s), -EINVAL);
	assert_string_equal(store_error(bed->s),
			    "zone example.: changed, but without a new version");
	bed_flip(bed, zone, "example", 2);
	bed_flip(bed, zone, "example", 3);
	bed_commit(bed);
	assert_true(bed_is_now(bed, "www.example", zone, 5));
	assert_int_equal(store_commit(bed->s), -EINVAL);
	bed_settle(bed);
}

static void a_sweep_deletes_what_was_not_put(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed);

	bed_settle(bed);
	for (uint32_t round = 0; round < 2; round++) {
		if (round)
			bed_reopen(bed);
		bed_begin(bed);
		bed_put(bed, zone, "example", 10);
		bed_put(bed, zone, "www.example", 60 + round);
		bed_put(bed, zone, round ? "two.example" : "one.example", 3);
		assert_int_equal(store_sweep(bed->s, zone), 0);
		bed_flip(bed, zone, "example", 2 + round);
		bed_commit(bed);
		bed_settle(bed);
		assert_true(bed_is_now(bed, "www.example", zone, 60 + round));
		assert_true(bed_is_now(bed, round ? "two.example" : "one.example", zone, 3));
		assert_int_equal(bed_stats(bed).anchors, 4);
	}
	bed_reopen(bed); /* a change without a sweep comes in between */
	bed_begin(bed);
	bed_put(bed, zone, "three.example", 3);
	bed_delete(bed, zone, "two.example");
	bed_flip(bed, zone, "example", 5);
	bed_commit(bed);
	bed_begin(bed);
	bed_put(bed, zone, "four.example", 3);
	assert_int_equal(store_sweep(bed->s, zone), 0);
	bed_flip(bed, zone, "example", 6);
	bed_commit(bed);
	bed_settle(bed);
	assert_int_equal(bed_stats(bed).anchors, 3);
	assert_true(bed_is_now(bed, "four.example", zone, 3));
}

static void large_objects_fit(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_zone(bed, "example");
	static uint8_t data[65535];
	static struct dnsbolt_ptr ptr[8000];
	static struct store_dirent dir[DNSBOLT_DIR_MAX];
	struct store_part part = {
		.data = data, .ptr = ptr, .len = 65535, .n_rr = 1, .n_ptr = 8000
	};
	struct store_answer answer = { .n_slots = 2,
				       .slot = { { .part = &part, .flags = DNSBOLT_SLOT_PLAIN },
						 { .part = &part, .flags = DNSBOLT_SLOT_DO } } };
	struct store_node node = { .owner = wire("big.example"),
				   .n_dir = DNSBOLT_DIR_MAX,
				   .dir = dir };

	for (unsigned i = 0; i < 8000; i++)
		ptr[i] = (struct dnsbolt_ptr){ .at = (uint16_t)(2 * i), .distance = 1 };
	memset(data + 16000, 0xff, sizeof(data) - 16000);
	for (unsigned i = 0; i < DNSBOLT_DIR_MAX; i++)
		dir[i] = (struct store_dirent){ .qtype = (uint16_t)(i + 1), .answer = &answer };
	bed_begin(bed);
	assert_int_equal(store_put(bed->s, zone, &node), 0);
	assert_int_equal(bed_stats(bed).parts, 1); /* 512 times the same */
	bed_flip(bed, zone, "example", 1);
	bed_commit(bed);
	bed_settle(bed);
	bed_begin(bed);
	bed_delete(bed, zone, "big.example");
	bed_flip(bed, zone, "example", 2);
	bed_commit(bed);
	bed_settle(bed);
	assert_int_equal(bed_stats(bed).parts, 2); /* of the snapshot */
}

static void grace_periods_raise_the_epoch(void **state)
{
	struct bed *bed = bed_need(state);
	uint64_t epoch = store_config(bed->s)->reclaim_epoch;
	uint32_t zone = bed_example(bed);

	assert_int_equal(bed_stats(bed).grace_periods, 0);
	bed_settle(bed); /* nothing was taken out: one is enough */
	assert_int_equal(bed_stats(bed).grace_periods, 1);
	assert_int_equal(store_config(bed->s)->reclaim_epoch, epoch + 1);
	bed_begin(bed);
	bed_delete(bed, zone, "www.example");
	bed_flip(bed, zone, "example", 2);
	bed_commit(bed);
	bed_begin(bed); /* the key is removed, then its octets are free */
	assert_int_equal(bed_stats(bed).grace_periods, 3);
	assert_int_equal(store_config(bed->s)->reclaim_epoch, epoch + 3);
	store_abort(bed->s);
	bed_settle(bed);
	assert_int_equal(bed_stats(bed).grace_periods, 3);
}

static void added_segment(uint32_t segment, int fd, void *arg)
{
	assert_true(fd >= 0);
	*(uint32_t *)arg += segment + 1;
}

static void segments_are_announced(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t seen = 0;

	store_on_segment(bed->s, added_segment, &seen);
	assert_true(store_segment_fd(bed->s, 0) < 0);
	(void)bed_example(bed);
	assert_int_equal(seen, bed->kernel);
	assert_int_equal(store_segment_fd(bed->s, 0) >= 0, bed->kernel);
	assert_int_equal(bed_stats(bed).segments, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BED_BOTH(nodes_are_read_back),
		BED_BOTH(names_of_any_length_are_found),
		BED_BOTH(an_equal_node_is_not_written),
		BED_BOTH(each_reader_sees_its_version),
		BED_BOTH(a_deleted_name_goes_with_its_ancestors),
		BED_BOTH(the_last_change_of_a_name_counts),
		BED_BOTH(a_wildcard_has_an_anchor_while_a_node_names_it),
		BED_BOTH(both_sides_of_a_cut_live_apart),
		BED_BOTH(a_name_moves_from_zone_to_zone),
		BED_BOTH(a_dropped_zone_leaves_nothing),
		BED_BOTH(the_filter_has_the_apexes_of_zones_with_a_version),
		BED_BOTH(an_aborted_change_set_leaves_nothing),
		BED_BOTH(names_of_one_hash_are_chained),
		BED_BOTH(what_is_over_a_limit_is_refused),
		BED_BOTH(what_does_not_fit_the_zone_is_refused),
		BED_TEST(memory, a_store_of_its_own_memory_works),
		BED_BOTH(a_put_that_fails_leaves_no_names),
		BED_BOTH(a_commit_needs_a_flip_for_each_changed_zone),
		BED_BOTH(a_sweep_deletes_what_was_not_put),
		BED_BOTH(large_objects_fit),
		BED_BOTH(grace_periods_raise_the_epoch),
		BED_BOTH(segments_are_announced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
