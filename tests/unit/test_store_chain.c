/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Denial chains and proofs in the store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store_bed.h"

#define CHILD DNSBOLT_SIDE_CHILD
#define MANY 20000u /* three levels */

static uint8_t has[MANY];

static struct bed_chain chain_of(bool nsec3, unsigned n)
{
	memset(has, 1, sizeof(has));
	return (struct bed_chain){ nsec3, n, has };
}

static void flip(struct bed *bed, uint32_t zone, uint32_t serial, const struct bed_chain *chain)
{
	bed_begin(bed);
	if (bed_flip_chain(bed, zone, "example", serial, chain))
		fail_msg("%s", store_error(bed->s));
	bed_commit(bed);
	assert_true(bed_is_chain(bed, zone, "example", 0, chain));
}

static void chains_of_any_length_are_read_back(void **state)
{
	static const unsigned lengths[] = { 1, 2, 127, 128, 129, 256, 257, 5000, MANY, 1, 0 };
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed), serial = 1;

	for (unsigned nsec3 = 0; nsec3 < 2; nsec3++)
		for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			struct bed_chain chain = chain_of(nsec3, lengths[i]);

			flip(bed, zone, ++serial, &chain);
			bed_settle(bed);
			if (lengths[i] > 256 && i % 2)
				bed_reopen(bed);
			bed_settle(bed);
			assert_true(bed_is_chain(bed, zone, "example", 0, &chain));
		}
	assert_int_equal(bed_stats(bed).pages, 0);
	assert_int_equal(bed_stats(bed).anchors, BED_EXAMPLE_ANCHORS);
	assert_int_equal(store_view(bed->s)->segment[1] != NULL, 0);
}

static void an_equal_chain_is_not_written(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed);
	struct bed_chain chain = chain_of(false, MANY);
	dnsbolt_handle snapshot, root;
	struct store_stats before;

	flip(bed, zone, 2, &chain);
	bed_settle(bed);
	before = bed_stats(bed);
	snapshot = store_view(bed->s)->zones[zone].snapshot;
	root = snapshot_at(bed->s, snapshot)->denial;
	flip(bed, zone, 2, &chain);
	assert_int_equal(store_view(bed->s)->zones[zone].snapshot, snapshot);
	flip(bed, zone, 3, &chain);
	snapshot = store_view(bed->s)->zones[zone].snapshot;
	assert_int_equal(snapshot_at(bed->s, snapshot)->denial, root);
	bed_settle(bed);
	assert_int_equal(bed_stats(bed).pages_written, before.pages_written);
	assert_int_equal(bed_stats(bed).pages, before.pages);
	assert_int_equal(bed_stats(bed).anchors, before.anchors);
}

static void a_changed_link_costs_one_page_of_each_level(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed);
	static uint8_t all[MANY];
	uint64_t before;

	memset(all, 1, sizeof(all));
	for (unsigned nsec3 = 0; nsec3 < 2; nsec3++) {
		struct bed_chain chain = chain_of(nsec3, MANY), old = chain;
		dnsbolt_handle root;

		old.has = all;
		flip(bed, zone, 2, &chain);
		bed_settle(bed);
		before = bed_stats(bed).pages_written;
		root = snapshot_at(bed->s, store_view(bed->s)->zones[zone].snapshot)->denial;
		has[777] = 0;
		flip(bed, zone, 3, &chain);
		assert_int_equal(bed_stats(bed).pages_written, before + 3);
		assert_true(bed_is_chain(bed, zone, "example", root, &old));
		bed_settle(bed);
		has[777] = 1;
		flip(bed, zone, 4, &chain);
		assert_int_equal(bed_stats(bed).pages_written, before + 6);
		bed_settle(bed);
	}
}

static unsigned remove_all_but_each(unsigned k)
{
	unsigned n = 0;

	for (unsigned i = 0; i < MANY; i++)
		n += has[i] = i % k == 0;
	return n;
}

static void thin_pages_are_joined(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed), serial = 2;
	struct bed_chain chain = chain_of(true, MANY);

	flip(bed, zone, serial, &chain);
	for (unsigned k = 2; k <= 64; k *= 2) {
		unsigned n = remove_all_but_each(k);

		flip(bed, zone, ++serial, &chain);
		bed_settle(bed);
		assert_true(bed_stats(bed).pages <= 4 + n / 31);
	}
}

/* ---- what changes ---- */

static int flip_links(struct bed *bed, uint32_t zone, uint32_t flags,
		      const struct store_link *links, size_t n)
{
	const struct store_part soa = { .data = (const uint8_t *)"soa", .len = 3, .n_rr = 1 };
	const struct store_snapshot snap = { .apex = (const uint8_t *)"\7example",
					     .serial = 2,
					     .flags = flags,
					     .soa = &soa,
					     .links = links,
					     .n_links = n };

	return store_flip(bed->s, zone, &snap);
}

static void flip_change(struct bed *bed, uint32_t zone, uint32_t serial, bool nsec3,
			const uint8_t *from)
{
	const struct bed_chain old = { nsec3, MANY, from }, new = { nsec3, MANY, has };

	bed_begin(bed);
	if (bed_flip_change(bed, zone, "example", serial, &old, &new))
		fail_msg("%s", store_error(bed->s));
	bed_commit(bed);
	assert_true(bed_is_chain(bed, zone, "example", 0, &new));
}

static unsigned count_links(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < MANY; i++)
		n += has[i];
	return n;
}

/* Single links, rows of them, at times all but one. */
static void change_some(unsigned round)
{
	unsigned first = (unsigned)random() % MANY;
	unsigned many = round % 4 ? 1 + round % 3 : (unsigned)random() % MANY;

	for (unsigned i = 0; i < many; i++)
		has[(first + i * (1 + round % 5)) % MANY] ^= 1;
	if (round % 10 == 9)
		memset(has, 0, sizeof(has));
	has[7] = 1;
}

static void chains_follow_what_changes(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed), serial = 2;
	static uint8_t old[MANY];
	uint64_t before;

	for (unsigned nsec3 = 0; nsec3 < 2; nsec3++) {
		struct bed_chain chain = chain_of(nsec3, MANY);

		flip(bed, zone, ++serial, &chain);
		bed_settle(bed);
		for (unsigned round = 0; round < 40; round++) {
			memcpy(old, has, sizeof(old));
			change_some(round);
			before = bed_stats(bed).pages_written;
			flip_change(bed, zone, ++serial, nsec3, old);
			if (round % 4 && round % 10 != 9)
				assert_in_range(bed_stats(bed).pages_written - before, 1, 18);
			bed_settle(bed);
			assert_true(bed_stats(bed).pages <= 8 + count_links() / 24);
			if (round % 20 == 3)
				bed_reopen(bed);
		}
		memcpy(old, has, sizeof(old));
		before = bed_stats(bed).pages_written;
		flip_change(bed, zone, ++serial, nsec3, old); /* nothing */
		assert_int_equal(bed_stats(bed).pages_written, before);
	}
}

static void changes_that_do_not_fit_are_refused(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed);
	struct bed_chain chain = chain_of(false, MANY), other = chain;
	static uint8_t none[MANY];

	memset(none, 0, sizeof(none));
	other.has = none;
	bed_begin(bed);
	assert_int_equal(bed_flip_change(bed, zone, "example", 2, &other, &chain), -EINVAL);
	assert_string_equal(store_error(bed->s), "denial chain: there is none to change");
	store_abort(bed->s);
	has[77] = 0;
	flip(bed, zone, 2, &chain);
	bed_settle(bed);
	bed_begin(bed);
	assert_int_equal(bed_flip_change(bed, zone, "example", 3, &chain, &other), -EINVAL);
	assert_string_equal(store_error(bed->s), "denial chain: no link is left");
	assert_int_equal(bed_flip_change(bed, zone, "example", 3, &other, &chain), -EEXIST);
	assert_non_null(strstr(store_error(bed->s), "comes, but one of its place is there"));
	store_abort(bed->s);
	bed_begin(bed); /* what is not there goes */
	memcpy(none, has, sizeof(none));
	none[77] = 1;
	assert_int_equal(bed_flip_change(bed, zone, "example", 4, &other, &chain), -EINVAL);
	assert_non_null(strstr(store_error(bed->s), "goes, but is not there"));
	store_abort(bed->s);
	bed_settle(bed);
	assert_true(bed_is_chain(bed, zone, "example", 0, &chain));
}

/* ---- order ---- */

#define NAME(text)                                                                                 \
	{                                                                                          \
		{ (const uint8_t *)text "\7example", CHILD }, NULL                                 \
	}

/* RFC 4034 section 6.1, with its example's shapes. */
static void names_are_in_canonical_order(void **state)
{
	static const struct store_link links[] = {
		NAME(""),	   NAME("\1\0"),   NAME("\1a\1\0"), NAME("\2\0\0"),
		NAME("\2\0\1"),	   NAME("\1\1"),   NAME("\2\1\0"),  NAME("\1\2"),
		NAME("\1*"),	   NAME("\1a"),	   NAME("\1\1\1a"), NAME("\1b\1a"),
		NAME("\1c\1b\1a"), NAME("\2ab"),   NAME("\1z"),	    NAME("\1\200\1z"),
		NAME("\1\200"),	   NAME("\1\377"),
	};
	const size_t n = sizeof(links) / sizeof(links[0]);
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed);

	bed_begin(bed);
	assert_int_equal(flip_links(bed, zone, DNSBOLT_ZONE_SIGNED, links, n), 0);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			const struct store_link pair[] = { links[i], links[k] };

			assert_int_equal(flip_links(bed, zone, DNSBOLT_ZONE_SIGNED, pair, 2),
					 i < k ? 0 : -EINVAL);
		}
	assert_string_equal(store_error(bed->s),
			    "denial chain, link 1 of \\255.example.: not in order");
	store_abort(bed->s);
	bed_settle(bed);
	assert_int_equal(bed_stats(bed).anchors, BED_EXAMPLE_ANCHORS);
}

static void what_is_no_chain_is_refused(void **state)
{
	static const uint8_t hash[][20] = { { 1 }, { 1, 0, 0, 0, 0, 0, 0, 0, 7 }, { 2 } };
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed), flags = DNSBOLT_ZONE_SIGNED | DNSBOLT_ZONE_NSEC3;
	struct store_link links[2] = { NAME("\1a"), NAME("\1b") };
	const struct store_link other[] = { { { (const uint8_t *)"\1a\5other", 0 }, NULL } };
	const struct store_link above[] = { { { (const uint8_t *)"", 0 }, NULL } };
	const struct store_link beside[] = { { { (const uint8_t *)"\1a\10xexample", 0 }, NULL } };

	links[0].hash = hash[0];
	links[1].hash = hash[2];
	bed_begin(bed);
	assert_int_equal(flip_links(bed, zone, flags, links, 2), 0);
	assert_int_equal(flip_links(bed, zone, DNSBOLT_ZONE_SIGNED, links, 2), -EINVAL);
	links[1].hash = hash[1];
	assert_int_equal(flip_links(bed, zone, flags, links, 2), -EEXIST);
	links[0].hash = hash[2];
	assert_int_equal(flip_links(bed, zone, flags, links, 2), -EINVAL);
	links[0].hash = NULL;
	assert_int_equal(flip_links(bed, zone, flags, links, 2), -EINVAL);
	links[0].hash = hash[0];
	links[1].hash = hash[2];
	links[0].proof.side = 2;
	assert_int_equal(flip_links(bed, zone, flags, links, 2), -EINVAL);
	links[0].proof = (struct store_proof){ 0 };
	assert_int_equal(flip_links(bed, zone, flags, links, 2), -EINVAL);
	assert_int_equal(flip_links(bed, zone, 0, other, 1), -EINVAL);
	assert_int_equal(flip_links(bed, zone, 0, above, 1), -EINVAL);
	assert_int_equal(flip_links(bed, zone, 0, beside, 1), -EINVAL);
	store_abort(bed->s);
	bed_settle(bed);
	assert_int_equal(bed_stats(bed).anchors, BED_EXAMPLE_ANCHORS);
}

static void a_snapshot_holds_the_parameters_of_nsec3(void **state)
{
	const struct store_part soa = { .data = (const uint8_t *)"soa", .len = 3, .n_rr = 1 };
	static const uint8_t salt[DNSBOLT_NSEC3_SALT_MAX] = "salt";
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed);
	struct store_snapshot from = { .apex = wire("example"),
				       .serial = 2,
				       .soa = &soa,
				       .nsec3_iterations = 10,
				       .nsec3_salt_len = 4,
				       .nsec3_salt = salt };
	const struct dnsbolt_snapshot *snap;

	bed_begin(bed);
	assert_int_equal(store_flip(bed->s, zone, &from), 0);
	bed_commit(bed);
	snap = snapshot_at(bed->s, store_view(bed->s)->zones[zone].snapshot);
	assert_int_equal(snap->iterations, 10);
	assert_int_equal(snap->apex_labels, 1);
	assert_int_equal(snap->salt_len, 4);
	assert_memory_equal(snap->salt, salt, sizeof(salt));
	from.nsec3_salt_len = 5;
	bed_begin(bed);
	assert_int_equal(store_flip(bed->s, zone, &from), 0);
	bed_commit(bed);
	snap = snapshot_at(bed->s, store_view(bed->s)->zones[zone].snapshot);
	assert_int_equal(snap->salt_len, 5);
	bed_begin(bed);
	from.nsec3_salt_len = DNSBOLT_NSEC3_SALT_MAX + 1;
	assert_int_equal(store_flip(bed->s, zone, &from), -EINVAL);
	from.nsec3_salt_len = DNSBOLT_NSEC3_SALT_MAX;
	from.nsec3_iterations = DNSBOLT_NSEC3_ITERATIONS_MAX + 1;
	assert_int_equal(store_flip(bed->s, zone, &from), -EINVAL);
	store_abort(bed->s);
	bed_settle(bed);
}

/* ---- nodes ---- */

static void proofs_of_a_node_are_read_back(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed);
	struct store_stats before;
	char name[32];

	bed_begin(bed);
	for (unsigned id = 0; id < 120; id++) {
		(void)snprintf(name, sizeof(name), "n%u.example", id);
		bed_put(bed, zone, name, BED_PROVEN + id);
	}
	bed_flip(bed, zone, "example", 2);
	bed_commit(bed);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned id = 0; id < 120; id++) {
			(void)snprintf(name, sizeof(name), "n%u.example", id);
			assert_true(bed_is_now(bed, name, zone, BED_PROVEN + id));
			assert_false(bed_is_now(bed, name, zone, BED_PROVEN + id + 60 * 77));
		}
		bed_settle(bed);
		bed_reopen(bed);
	}
	before = bed_stats(bed);
	bed_begin(bed);
	for (unsigned id = 0; id < 120; id++) {
		(void)snprintf(name, sizeof(name), "n%u.example", id);
		bed_put(bed, zone, name, BED_PROVEN + id);
	}
	assert_int_equal(bed_stats(bed).nodes_written, before.nodes_written);
	store_abort(bed->s);
}

static void answers_without_parts_are_shared(void **state)
{
	struct bed *bed = bed_need(state);
	const struct store_answer answer = { .n_slots = 2,
					     .slot = { { .symbol = DNSBOLT_PART_SOA,
							 .section = DNSBOLT_AUTHORITY_SECTION },
						       { .symbol = DNSBOLT_PART_OWN_PROOF,
							 .section = DNSBOLT_AUTHORITY_SECTION,
							 .flags = DNSBOLT_SLOT_DO } } };
	const struct store_dirent dir = { .answer = &answer };
	struct store_node node = { .n_dir = 1, .dir = &dir };
	uint32_t zone = bed_example(bed);
	uint64_t before = bed_stats(bed).answers;
	char name[32];

	for (unsigned round = 0; round < 3; round++) {
		bed_begin(bed);
		for (unsigned i = 0; i < 100; i++) {
			(void)snprintf(name, sizeof(name), "n%u.example", i);
			node.owner = wire(name);
			assert_int_equal(store_put(bed->s, zone, &node), 0);
		}
		bed_flip(bed, zone, "example", 2);
		assert_int_equal(bed_stats(bed).answers, before + 1);
		if (round)
			bed_commit(bed);
		else
			store_abort(bed->s);
		bed_reopen(bed);
		bed_settle(bed);
		assert_int_equal(bed_stats(bed).answers, before + !!round);
	}
	bed_begin(bed);
	assert_int_equal(store_drop(bed->s, zone), 0);
	bed_commit(bed);
	bed_settle(bed);
	assert_int_equal(bed_stats(bed).answers, 0);
}

static void a_proof_has_an_anchor_while_something_names_it(void **state)
{
	const struct store_part part = { .data = (const uint8_t *)"nsec3", .len = 5, .n_rr = 1 };
	const uint8_t *hash_owner = (const uint8_t *)"\4hash\7example";
	struct store_node node = { .owner = hash_owner,
				   .flags = DNSBOLT_NODE_PROOF,
				   .proof = &part };
	const struct store_link link = { { hash_owner, CHILD }, (const uint8_t[20]){ 1 } };
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed), flags = DNSBOLT_ZONE_SIGNED | DNSBOLT_ZONE_NSEC3;

	bed_begin(bed);
	assert_int_equal(store_put(bed->s, zone, &node), 0);
	assert_int_equal(flip_links(bed, zone, flags, &link, 1), 0);
	bed_commit(bed);
	assert_int_equal(bed_node(bed, "hash.example", CHILD, NULL)->flags, DNSBOLT_NODE_PROOF);
	bed_begin(bed);
	bed_delete(bed, zone, "hash.example");
	assert_int_equal(flip_links(bed, zone, flags, &link, 1), 0);
	bed_commit(bed);
	bed_settle(bed);
	assert_true(bed_anchor(bed, "hash.example"));
	bed_begin(bed);
	bed_flip(bed, zone, "example", 3);
	bed_commit(bed);
	bed_settle(bed);
	assert_int_equal(bed_anchor(bed, "hash.example"), 0);
	bed_begin(bed);
	node.proof = NULL;
	assert_int_equal(store_put(bed->s, zone, &node), -EINVAL);
	node.flags = 0;
	node.proof = &part;
	assert_int_equal(store_put(bed->s, zone, &node), -EINVAL);
	store_abort(bed->s);
}

/* ---- adoption ---- */

static void an_unfinished_chain_is_rolled_back(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed);
	struct bed_chain chain = chain_of(false, 1000);
	struct store_stats before;

	flip(bed, zone, 2, &chain);
	bed_settle(bed);
	before = bed_stats(bed);
	for (unsigned round = 0; round < 2; round++) {
		memset(has, 1, sizeof(has));
		has[500] = 0;
		chain.n = 1200;
		bed_begin(bed);
		assert_int_equal(bed_flip_chain(bed, zone, "example", 3, &chain), 0);
		if (round)
			bed_reopen(bed);
		else
			store_abort(bed->s);
		has[500] = 1;
		chain.n = 1000;
		assert_true(bed_is_chain(bed, zone, "example", 0, &chain));
		bed_settle(bed);
		assert_int_equal(bed_stats(bed).pages, before.pages);
		assert_int_equal(bed_stats(bed).anchors, before.anchors);
		assert_int_equal(bed_stats(bed).octets_used, before.octets_used);
	}
}

static void damage_of_a_chain_is_found(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed), saved;
	struct bed_chain chain = chain_of(false, 1000);
	struct dnsbolt_page *root, *leaf;
	struct dnsbolt_snapshot *snap;
	struct store *again = NULL;

	flip(bed, zone, 2, &chain);
	bed_settle(bed);
	snap = snapshot_at(bed->s, store_view(bed->s)->zones[zone].snapshot);
	root = page_at(bed->s, snap->denial);
	leaf = page_at(bed->s, root->entry[0].child);
	for (unsigned i = 0; i < 7; i++) {
		struct dnsbolt_sort_key *key = arena_at(&bed->s->arena, leaf->entry[3].key);
		uint32_t *const field[] = { &snap->denial,	   &root->n,
					    &root->entry[1].child, &leaf->entry[2].child,
					    &leaf->entry[2].key,   &key->n,
					    &root->entry[2].child };

		saved = *field[i];
		*field[i] = i == 6 ? snap->denial : i == 4 ? leaf->entry[1].key : 0xfffffff0;
		if (bed->kernel)
			assert_int_equal(store_open(&again, &bed->maps, bed->max_names, true),
					 -EPROTO);
		else
			assert_int_equal(store_open_backing(&again, bed->backing, bed->max_names,
							    true),
					 -EPROTO);
		*field[i] = saved;
	}
	bed_reopen(bed);
	bed_settle(bed);
	assert_true(bed_is_chain(bed, zone, "example", 0, &chain));
}

static struct backing_ops refusing;

static int refuse_segment(struct backing *b)
{
	(void)b;
	return -ENOSPC;
}

/* Takes all that is free; returns the octets. */
static size_t fill_arena(struct arena *arena, struct list *blocks)
{
	size_t octets = 0;
	dnsbolt_handle h;

	for (size_t size = 4096; size >= DNSBOLT_GRANULE; size /= 2)
		for (; !arena_alloc(arena, size, false, &h); octets += size)
			if (size == 4096)
				assert_int_equal(list_push(blocks, h), 0);
	return octets;
}

/* Wherever the arena ends. */
static void a_chain_that_does_not_fit_leaves_nothing(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_example(bed);
	struct bed_chain chain = chain_of(false, 3000), other = { true, 2500, has };
	struct store_stats before;
	struct list blocks = { 0 };
	unsigned failed = 0;
	size_t filled;
	int err;

	flip(bed, zone, 2, &chain);
	bed_settle(bed);
	refusing = *bed_memory_ops(bed->backing);
	refusing.add_segment = refuse_segment;
	bed->backing->ops = &refusing;
	filled = fill_arena(&bed->s->arena, &blocks);
	do {
		arena_free(&bed->s->arena, blocks.v[--blocks.n], 4096);
		filled -= 4096;
		before = bed_stats(bed);
		bed_begin(bed);
		err = bed_flip_chain(bed, zone, "example", 3, &other);
		store_abort(bed->s);
		assert_int_equal(store_reclaim(bed->s), 0);
		assert_int_equal(store_leaked(bed->s), filled);
		assert_int_equal(bed_stats(bed).octets_used, before.octets_used);
		assert_int_equal(bed_stats(bed).pages, before.pages);
		assert_int_equal(bed_stats(bed).anchors, before.anchors);
		failed += err != 0;
	} while (err);
	assert_true(failed > 5);
	assert_true(bed_is_chain(bed, zone, "example", 0, &chain));
	list_done(&blocks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BED_BOTH(chains_of_any_length_are_read_back),
		BED_BOTH(an_equal_chain_is_not_written),
		BED_BOTH(a_changed_link_costs_one_page_of_each_level),
		BED_TEST(memory, thin_pages_are_joined),
		BED_BOTH(chains_follow_what_changes),
		BED_BOTH(changes_that_do_not_fit_are_refused),
		BED_TEST(memory, names_are_in_canonical_order),
		BED_TEST(memory, what_is_no_chain_is_refused),
		BED_BOTH(a_snapshot_holds_the_parameters_of_nsec3),
		BED_BOTH(proofs_of_a_node_are_read_back),
		BED_TEST(memory, answers_without_parts_are_shared),
		BED_BOTH(a_proof_has_an_anchor_while_something_names_it),
		BED_BOTH(an_unfinished_chain_is_rolled_back),
		BED_BOTH(damage_of_a_chain_is_found),
		BED_TEST(memory, a_chain_that_does_not_fit_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
