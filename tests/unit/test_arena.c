/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The allocator of the arena, and the hash table of names: random use, compared with a plain
 * model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../loader/store/arena.h"
#include "../../loader/store/keys.h"

#define N_OBJECTS 3000u

struct object {
	dnsbolt_handle h;
	uint32_t octets;
	uint8_t fill;
};

struct bed {
	struct arena arena;
	struct backing *b;
	struct object object[N_OBJECTS];
};

static int grow(void *arg)
{
	struct bed *bed = arg;

	return bed->b->ops->add_segment(bed->b);
}

static int setup(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	assert_non_null(bed);
	assert_int_equal(backing_open_memory(&bed->b), 0);
	arena_init(&bed->arena, bed->b, grow, bed);
	srandom(7);
	*state = bed;
	return 0;
}

static int teardown(void **state)
{
	struct bed *bed = *state;

	bed->b->ops->close(bed->b);
	free(bed);
	return 0;
}

static uint32_t random_size(void)
{
	switch (random() % 8) {
	case 0:
		return (uint32_t)(1 + random() % 100000);
	case 1:
		return (uint32_t)(1 + random() % 5000);
	default:
		return (uint32_t)(1 + random() % 120);
	}
}

static bool is_filled(const struct bed *bed, dnsbolt_handle h, uint8_t with, size_t n)
{
	const uint8_t *p = arena_at(&bed->arena, h);

	return p[0] == with && !memcmp(p, p + 1, n - 1);
}

static void make(struct bed *bed, struct object *o)
{
	bool line = random() % 4 == 0;

	o->octets = random_size();
	o->fill = (uint8_t)(1 + random() % 255);
	assert_int_equal(arena_alloc(&bed->arena, o->octets, line, &o->h), 0);
	assert_true(arena_fits(&bed->arena, o->h, o->octets));
	assert_true(!line || o->h % ARENA_LINE == 0);
	assert_true(is_filled(bed, o->h, 0, arena_granules(o->octets) * (size_t)DNSBOLT_GRANULE));
	memset(arena_at(&bed->arena, o->h), o->fill, o->octets);
}

static void churn(struct bed *bed, unsigned rounds)
{
	while (rounds--) {
		struct object *o = &bed->object[(unsigned)random() % N_OBJECTS];

		if (o->h) {
			assert_true(is_filled(bed, o->h, o->fill, o->octets));
			arena_free(&bed->arena, o->h, o->octets);
			o->h = 0;
		} else {
			make(bed, o);
		}
	}
}

/* Nothing is lost: what is not used is in a list or in the region. */
static void check_sum(const struct bed *bed)
{
	const struct arena *a = &bed->arena;

	assert_int_equal(a->used + a->free + a->region_end - a->region,
			 (uint64_t)bed->b->n_segments * ARENA_USABLE - DNSBOLT_PART_SYMBOLS);
}

static uint64_t granules_of(const struct bed *bed)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < N_OBJECTS; i++)
		n += bed->object[i].h ? arena_granules(bed->object[i].octets) : 0;
	return n;
}

static void arena_hands_out_zeroed_octets_that_nobody_else_has(void **state)
{
	struct bed *bed = *state;

	churn(bed, 100000);
	check_sum(bed);
	assert_int_equal(bed->arena.used, granules_of(bed));
	for (unsigned i = 0; i < N_OBJECTS; i++)
		if (bed->object[i].h)
			assert_true(is_filled(bed, bed->object[i].h, bed->object[i].fill,
					      bed->object[i].octets));
}

static void arena_uses_freed_octets_again(void **state)
{
	struct bed *bed = *state;

	churn(bed, 200000);
	/* About 15 MiB live at a time; without reuse this would be over 600 MiB. */
	assert_true(bed->b->n_segments <= 2);
	check_sum(bed);
}

static void arena_joins_freed_neighbours(void **state)
{
	struct bed *bed = *state;
	dnsbolt_handle *h = calloc(ARENA_USABLE, sizeof(*h)), large;
	uint32_t n;

	assert_non_null(h);
	for (n = 0; bed->b->n_segments < 2; n++)
		assert_int_equal(arena_alloc(&bed->arena, 64, false, &h[n]), 0);
	for (uint32_t i = 0; i < n; i++)
		arena_free(&bed->arena, h[i], 64);
	for (unsigned i = 0; i < 3 * 200; i++)
		assert_int_equal(arena_alloc(&bed->arena, 200000, true, &large), 0);
	assert_int_equal(bed->b->n_segments, 2);
	check_sum(bed);
	free(h);
}

/* Every other object is freed: no neighbours to join, so smaller ones are cut out of the holes. */
static void arena_cuts_small_objects_out_of_large_holes(void **state)
{
	struct bed *bed = *state;
	dnsbolt_handle *h = calloc(ARENA_USABLE / 10, sizeof(*h)), small;
	uint32_t n;

	assert_non_null(h);
	for (n = 0; n < (ARENA_USABLE - DNSBOLT_PART_SYMBOLS) / 10; n++)
		assert_int_equal(arena_alloc(&bed->arena, 160, false, &h[n]), 0);
	for (uint32_t i = 0; i < n; i += 2)
		arena_free(&bed->arena, h[i], 160);
	for (uint32_t i = 0; i < n; i++) { /* two fit each hole, wherever the line is */
		assert_int_equal(arena_alloc(&bed->arena, 48, i % 2, &small), 0);
		assert_true(is_filled(bed, small, 0, 48));
		memset(arena_at(&bed->arena, small), 1, 48);
		assert_true(!(i % 2) || small % ARENA_LINE == 0);
	}
	assert_int_equal(bed->b->n_segments, 1);
	check_sum(bed);
	free(h);
}

static void arena_fills_a_segment_without_its_guard(void **state)
{
	struct bed *bed = *state;
	dnsbolt_handle h, last = 0;

	while (bed->b->n_segments < 2) {
		assert_int_equal(arena_alloc(&bed->arena, 4096, false, &h), 0);
		assert_true(h >= DNSBOLT_PART_SYMBOLS);
		if (h < DNSBOLT_SEG_GRANULES)
			last = h;
	}
	assert_true(last + 256 <= ARENA_USABLE);
	assert_true(last + 2 * 256 > ARENA_USABLE);
	assert_int_equal(h, DNSBOLT_SEG_GRANULES);
}

static void arena_is_rebuilt_from_what_is_reached(void **state)
{
	struct bed *bed = *state;
	struct marks *used = calloc(1, sizeof(*used));
	uint64_t before;

	assert_non_null(used);
	churn(bed, 100000);
	for (unsigned i = 0; i < N_OBJECTS; i++) {
		struct object *o = &bed->object[i];

		for (uint32_t g = 0; o->h && g < arena_granules(o->octets); g++)
			assert_int_equal(marks_set(used, o->h + g), 0);
	}
	before = bed->arena.used;
	arena_rebuild(&bed->arena, used);
	assert_int_equal(bed->arena.used, before);
	churn(bed, 100000);
	check_sum(bed);
	assert_int_equal(bed->arena.used, granules_of(bed));
	marks_done(used);
	free(used);
}

static bool is_zero(const struct arena *a, dnsbolt_handle h)
{
	const uint8_t *octets = arena_at(a, h);

	return !octets[0] &&
	       !memcmp(octets, octets + 1, (size_t)ARENA_USABLE * DNSBOLT_GRANULE - 1);
}

static void arena_gives_whole_segments_out_again(void **state)
{
	struct bed *bed = *state;
	struct arena *a = &bed->arena;
	struct marks *used = calloc(1, sizeof(*used));
	dnsbolt_handle first, again, object;

	assert_non_null(used);
	assert_int_equal(arena_alloc_segments(a, 3, &first), 0);
	assert_int_equal(first % DNSBOLT_SEG_GRANULES, 0);
	assert_true(first > 0);
	assert_int_equal(a->used, 3 * ARENA_USABLE);
	memset(arena_at(a, first), 0xa5, (size_t)ARENA_USABLE * DNSBOLT_GRANULE);
	arena_free_segments(a, first, 3);
	assert_int_equal(a->used, 0);
	assert_int_equal(arena_alloc_segments(a, 3, &again), 0);
	assert_int_equal(again, first);
	for (uint32_t i = 0; i < 3; i++)
		assert_true(is_zero(a, again + i * DNSBOLT_SEG_GRANULES));
	/* After a restart, when nobody reaches them; the last one is the region then. */
	arena_rebuild(a, used);
	assert_int_equal(arena_alloc_segments(a, 2, &again), 0);
	assert_int_equal(bed->b->n_segments, 4);
	/* Objects go elsewhere while there is room; of what they are cut from there is no more a whole. */
	assert_int_equal(arena_alloc(a, 100, true, &object), 0);
	assert_true(object / DNSBOLT_SEG_GRANULES != again / DNSBOLT_SEG_GRANULES);
	arena_free_segments(a, again, 2);
	assert_int_equal(arena_alloc_segments(a, 4, &again), 0);
	assert_int_equal(again, 4 * DNSBOLT_SEG_GRANULES);
	assert_int_equal(bed->b->n_segments, 8);
	assert_int_equal(arena_alloc_segments(a, DNSBOLT_MAX_SEGMENTS, &again), -ENOSPC);
	assert_int_equal(bed->b->n_segments, 8);
	free(used);
}

static void keys_are_found_until_they_are_removed(void **state)
{
	enum { N = 4096 };
	struct keys t = { 0 };
	dnsbolt_handle model[N] = { 0 };
	uint64_t n = 0;

	(void)state;
	srandom(8);
	for (unsigned round = 0; round < 200000; round++) {
		uint64_t i = (uint64_t)random() % N, key = i % 64 << 32 | i / 64; /* crowded */

		assert_int_equal(keys_find(&t, key), model[i]);
		if (model[i]) {
			keys_remove(&t, key);
			model[i] = 0;
			n--;
		} else if (random() % 4) {
			model[i] = (dnsbolt_handle)(1 + random() % 1000);
			assert_int_equal(keys_insert(&t, key, model[i]), 0);
			n++;
		}
		assert_int_equal(t.n, n);
	}
	for (uint64_t i = 0; i < N; i++)
		assert_int_equal(keys_find(&t, i % 64 << 32 | i / 64), model[i]);
	keys_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(arena_hands_out_zeroed_octets_that_nobody_else_has,
						setup, teardown),
		cmocka_unit_test_setup_teardown(arena_uses_freed_octets_again, setup, teardown),
		cmocka_unit_test_setup_teardown(arena_joins_freed_neighbours, setup, teardown),
		cmocka_unit_test_setup_teardown(arena_cuts_small_objects_out_of_large_holes, setup,
						teardown),
		cmocka_unit_test_setup_teardown(arena_fills_a_segment_without_its_guard, setup,
						teardown),
		cmocka_unit_test_setup_teardown(arena_is_rebuilt_from_what_is_reached, setup,
						teardown),
		cmocka_unit_test_setup_teardown(arena_gives_whole_segments_out_again, setup,
						teardown),
		cmocka_unit_test(keys_are_found_until_they_are_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
