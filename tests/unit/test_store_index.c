/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The index of names: readers find by it what they find by the map, whatever becomes of names and lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store_bed.h"

#include "../../bpf/core/find.h"

#define STRANGERS 2000u
#define SEED 20261129u

static const struct env_store *real;
static unsigned asked; /* the map was */

static dnsbolt_handle ask_map(const struct env_store *view, uint64_t hash)
{
	(void)view;
	asked++;
	return real->find_name(real, hash);
}

static dnsbolt_handle find(const struct bed *bed, uint64_t hash)
{
	static struct env_store view;
	static struct env_ctx ctx;

	real = store_view(bed->s);
	view = *real;
	view.find_name = ask_map;
	ctx.view = &view;
	return index_find(&ctx, index_line(&ctx, view.config, hash), hash);
}

/* The line of a hash, as the writer sees it; NULL: there is none. */
static struct dnsbolt_index_line *line_of(const struct bed *bed, uint64_t hash)
{
	dnsbolt_handle h = dnsbolt_index_line(bed->s->index.at, hash);

	return bed->s->index.at && arena_fits(&bed->s->arena, h, sizeof(struct dnsbolt_index_line))
		       ? arena_at(&bed->s->arena, h)
		       : NULL;
}

static bool is_full(const struct dnsbolt_index_line *line)
{
	for (unsigned k = 0; k < DNSBOLT_INDEX_SLOTS; k++)
		if (!line->slot[k])
			return false;
	return true;
}

/* Slots of all lines that names are in, those that are taken, and lines without a free one. */
static uint64_t count_slots(const struct bed *bed, uint64_t *ret_taken, uint64_t *ret_full)
{
	const struct index *index = &bed->s->index;
	uint64_t used = 0;

	*ret_full = *ret_taken = 0;
	for (uint32_t i = 0; i < index->lines; i++) {
		const struct dnsbolt_index_line *line = line_of(bed, i);

		for (unsigned k = 0; line && k < DNSBOLT_INDEX_SLOTS; k++) {
			*ret_taken += line->slot[k] == DNSBOLT_INDEX_TAKEN;
			used += line->slot[k] && line->slot[k] != DNSBOLT_INDEX_TAKEN;
		}
		*ret_full += line && is_full(line);
	}
	return used;
}

/* The map is asked only where the line cannot tell. */
static void check_one(const struct bed *bed, uint64_t hash)
{
	const struct dnsbolt_index_line *line = line_of(bed, hash);
	dnsbolt_handle there = keys_find(&bed->s->names, hash);
	bool is_in = false;

	for (unsigned k = 0; line && k < DNSBOLT_INDEX_SLOTS; k++)
		is_in |= there && line->slot[k] == dnsbolt_index_slot(hash, there);
	asked = 0;
	assert_int_equal(find(bed, hash), there);
	assert_int_equal(asked, !line || (!is_in && is_full(line)));
}

static uint64_t any_hash(void)
{
	return ((uint64_t)random() << 42) ^ ((uint64_t)random() << 21) ^ (uint64_t)random();
}

/* All names of the store, and none that is not there. */
static void check_all(const struct bed *bed)
{
	const struct keys *names = &bed->s->names;
	uint64_t taken, full;

	for (uint64_t i = 0; i < names->n_slots; i++)
		if (names->value[i])
			check_one(bed, names->key[i]);
	for (unsigned i = 0; i < STRANGERS; i++)
		check_one(bed, any_hash());
	assert_int_equal(bed_stats(bed).index_names, count_slots(bed, &taken, &full));
	assert_int_equal(bed_stats(bed).index_taken, taken);
}

static const char *name_of(unsigned i)
{
	static char text[32];

	(void)snprintf(text, sizeof(text), "n%u.example", i);
	return text;
}

/* The zone's names from `from` up to `to` come or go, in one change set. */
static void change(struct bed *bed, uint32_t zone, unsigned from, unsigned to, bool come)
{
	static uint32_t serial = 1;

	bed_begin(bed);
	bed_put(bed, zone, "example", 1);
	for (unsigned i = from; i < to; i++) {
		if (come)
			bed_put(bed, zone, name_of(i), i + 2);
		else
			bed_delete(bed, zone, name_of(i));
	}
	bed_flip(bed, zone, "example", serial++);
	bed_commit(bed);
}

static void readers_find_by_it_what_the_map_has(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_zone(bed, "example");
	uint64_t full, taken, most_full = 0, most_taken = 0;
	unsigned from = 0, to = 0;

	srandom(SEED);
	for (unsigned round = 0; round < 60; round++) {
		unsigned n = 1 + (unsigned)random() % 400;

		if (round % 3 < 2 || to - from < n) {
			change(bed, zone, to, to + n, true);
			to += n;
		} else {
			change(bed, zone, from, from + n, false);
			from += n;
		}
		check_all(bed);
		if (round % 2)
			bed_settle(bed);
		check_all(bed);
		(void)count_slots(bed, &taken, &full);
		most_full = full > most_full ? full : most_full;
		most_taken = taken > most_taken ? taken : most_taken;
	}
	/* Or nothing was seen of what does not fit, and of what it leaves. */
	assert_true(most_full > 0);
	assert_true(most_taken > 0);
	bed_settle(bed);
}

static void it_grows_and_shrinks_with_the_names(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_zone(bed, "example");
	uint32_t small, large;

	change(bed, zone, 0, 10, true);
	small = bed->s->index.lines;
	assert_true(small);
	change(bed, zone, 10, 5000, true);
	large = bed->s->index.lines;
	assert_true(large * 5 >= 5000 && large <= 5000);
	assert_int_equal(bed_stats(bed).octets_index, large * 64);
	change(bed, zone, 10, 5000, false);
	bed_settle(bed); /* the names go now; the next change set looks at how many are left */
	change(bed, zone, 10, 11, true);
	assert_int_equal(bed->s->index.lines, small);
	check_all(bed);
	bed_settle(bed);
}

static void a_line_that_was_full_does_not_say_no(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_zone(bed, "example");
	const struct keys *names = &bed->s->names;
	uint64_t taken, full;

	change(bed, zone, 0, 20, true);
	bed_settle(bed);
	assert_int_equal(index_make(bed->s, 1), 0);
	assert_int_equal(count_slots(bed, &taken, &full), DNSBOLT_INDEX_SLOTS);
	check_all(bed);
	/* All that are in it leave: the others are still found. */
	for (uint64_t i = 0; i < names->n_slots; i++) {
		if (!names->value[i])
			continue;
		index_remove(bed->s, names->key[i], names->value[i]);
		check_all(bed);
	}
	assert_int_equal(count_slots(bed, &taken, &full), 0);
	assert_int_equal(taken, DNSBOLT_INDEX_SLOTS);
	bed_settle(bed);
}

/* Names come and go, and always as many: lines that were full once are more and more. */
static void one_that_is_spoilt_is_made_anew(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_zone(bed, "example");
	unsigned anew = 0;
	uint64_t at;

	change(bed, zone, 0, 1000, true);
	for (unsigned from = 0; from < 20000; from += 100) {
		at = bed->s->index.at;
		change(bed, zone, from + 1000, from + 1100, true);
		change(bed, zone, from, from + 100, false);
		anew += at != bed->s->index.at;
		assert_true(bed->s->index.taken <= bed->s->index.lines / 4);
	}
	assert_true(anew > 0);
	check_all(bed);
	bed_settle(bed);
}

/* Fills the scratch as the question's stage does. */
static void ask(struct env_ctx *ctx, const struct bed *bed, const char *name)
{
	struct scratch *s = &ctx->scratch;
	struct owner owner;

	memset(ctx, 0, sizeof(*ctx));
	ctx->view = store_view(bed->s);
	assert_int_equal(owner_read(&owner, wire(name), ctx->view->config), 0);
	s->labels = owner.labels;
	s->name_len = owner.len;
	memcpy((uint8_t *)s->name, owner.wire, owner.len);
	s->hash = owner.hash[0];
	memcpy(s->at, owner.at, owner.labels + 1u);
}

/* What the slots of the name's line may say that is not so. */
static void lie(struct dnsbolt_index_line *line, uint64_t hash, dnsbolt_handle other, unsigned how)
{
	uint32_t home = dnsbolt_index_home(hash);

	memset(line, 0, sizeof(*line));
	switch (how) {
	case 0: /* at home, another's name */
		line->slot[home] = dnsbolt_index_slot(hash, other);
		break;
	case 1: /* two of the tag, not at home */
		line->slot[(home + 1) % DNSBOLT_INDEX_SLOTS] = dnsbolt_index_slot(hash, other);
		line->slot[(home + 5) % DNSBOLT_INDEX_SLOTS] =
			dnsbolt_index_slot(hash, other ^ 0x5550);
		break;
	case 2: /* inside of an object */
		line->slot[(home + 2) % DNSBOLT_INDEX_SLOTS] = dnsbolt_index_slot(hash, other | 1);
		break;
	case 3: /* out of the arena */
		line->slot[home] = dnsbolt_index_slot(hash, 0xffffffff);
		break;
	case 4: /* a segment that is not there */
		line->slot[home] = dnsbolt_index_slot(hash, DNSBOLT_SEG_GRANULES * 7);
		break;
	default: /* taken, all of them */
		for (unsigned k = 0; k < DNSBOLT_INDEX_SLOTS; k++)
			line->slot[k] = DNSBOLT_INDEX_TAKEN;
	}
}

static void what_it_takes_for_another_is_asked_of_the_map(void **state)
{
	struct env_ctx *ctx = malloc(sizeof(*ctx));
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_zone(bed, "example");
	struct env_near near = { NULL, 0 };
	const struct dnsbolt_anchor *a;
	dnsbolt_handle other;
	struct scratch *s;
	uint64_t hash;

	assert_non_null(ctx);
	s = &ctx->scratch;
	change(bed, zone, 0, 3, true);
	other = bed_anchor(bed, name_of(1));
	for (unsigned how = 0; how <= 5; how++) {
		ask(ctx, bed, name_of(0));
		hash = s->hash;
		lie(line_of(bed, hash), hash, other, how);
		assert_int_equal(find_anchor(ctx, s, s->labels), FIND_FOUND);
		assert_int_equal(s->anchor, bed_anchor(bed, name_of(0)));
		s->anchor = 0;
		a = NULL;
		assert_int_equal(find_own_anchor(ctx, s, line_of(bed, hash), &near, &a),
				 FIND_FOUND);
		assert_int_equal(a->self, bed_anchor(bed, name_of(0)));
		/* A name that is not there, of the same tag and line */
		s->hash = hash ^ 1ull << 28;
		assert_int_equal(find_anchor(ctx, s, s->labels), FIND_ABSENT);
	}
	free(ctx);
}

/* 128 MiB: two segments, whose last lines nobody reaches. */
static void one_of_many_segments(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_zone(bed, "example"), in_segment = DNSBOLT_SEG_SIZE / 64;
	uint32_t guard = (DNSBOLT_SEG_SIZE - DNSBOLT_SEG_GUARD) / 64;
	uint64_t segments;

	change(bed, zone, 0, 2000, true);
	bed_settle(bed);
	segments = bed_stats(bed).segments;
	assert_int_equal(index_make(bed->s, 2 * in_segment), 0);
	assert_int_equal(bed_stats(bed).segments, segments + 2);
	check_all(bed);
	for (uint32_t line = guard - 2; line < guard + 2; line++) {
		assert_int_equal(line_of(bed, line) != NULL, line < guard);
		check_one(bed, 1ull << 40 | line);
		check_one(bed, 1ull << 40 | (line + in_segment));
	}
	check_one(bed, in_segment - 1);
	check_one(bed, in_segment);
	check_one(bed, 2 * in_segment - 1);
	/* A small one; what the large one had is used again. */
	bed_settle(bed);
	change(bed, zone, 2000, 2001, true);
	assert_true(bed->s->index.lines < 2000);
	bed_settle(bed);
	assert_int_equal(index_make(bed->s, 2 * in_segment), 0);
	assert_int_equal(bed_stats(bed).segments, segments + 2);
	check_all(bed);
	bed_settle(bed);
	/* Also by objects. */
	change(bed, zone, 2001, 20000, true);
	assert_int_equal(bed_stats(bed).segments, segments + 2);
	check_all(bed);
	bed_settle(bed);
}

static void adoption_makes_a_new_one(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_zone(bed, "example");

	change(bed, zone, 0, 500, true);
	/* What its writer was killed in the midst of */
	store_config(bed->s)->index = dnsbolt_index_at(0x12345670, 1u << 30);
	bed_reopen(bed);
	assert_int_equal(store_config(bed->s)->index, bed->s->index.at);
	assert_true(bed->s->index.lines);
	check_all(bed);
	bed_settle(bed);
}

static const struct backing_ops *full_ops;
static unsigned room; /* segments that there is still memory for */

static int some_segments(struct backing *b)
{
	return room-- ? full_ops->add_segment(b) : -ENOMEM;
}

/* "l2.l1", of that many labels. */
static const char *name_of_depth(unsigned depth)
{
	static char text[DNSBOLT_NAME_MAX];
	char *p = text;

	*p = '\0';
	for (; depth; depth--)
		p += sprintf(p, "l%u%s", depth, depth > 1 ? "." : "");
	return *text ? text : ".";
}

/* The reader's side of the filter: no name of a zone is said to be in none, at whatever depth both are. */
static void the_filter_lets_all_names_of_a_zone_pass(void **state)
{
	struct env_ctx *ctx = malloc(sizeof(*ctx));
	struct bed *bed = bed_need(state);
	unsigned kept_out = 0;
	uint32_t zone;

	assert_non_null(ctx);
	for (unsigned apex = 0; apex <= 20; apex++) {
		zone = bed_zone(bed, name_of_depth(apex));
		bed_begin(bed);
		bed_put(bed, zone, name_of_depth(apex), 1);
		bed_flip(bed, zone, name_of_depth(apex), 1);
		bed_commit(bed);
		for (unsigned depth = 0; depth <= 24; depth++) {
			ask(ctx, bed, name_of_depth(depth));
			if (depth >= apex)
				assert_true(find_may_be_ours(&ctx->scratch, ctx->view->config));
			else
				kept_out += !find_may_be_ours(&ctx->scratch, ctx->view->config);
		}
		bed_begin(bed);
		assert_int_equal(store_drop(bed->s, zone), 0);
		bed_commit(bed);
		bed_settle(bed);
		ask(ctx, bed, name_of_depth(apex));
		assert_false(find_may_be_ours(&ctx->scratch, ctx->view->config));
	}
	assert_true(kept_out > 50);
	free(ctx);
}

static void without_memory_there_is_the_map(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_zone(bed, "example");
	struct backing_ops ops = *bed_memory_ops(bed->backing);
	struct index before;
	uint64_t used;

	full_ops = bed->backing->ops;
	change(bed, zone, 0, 100, true);
	bed_settle(bed);
	ops.add_segment = some_segments;
	bed->backing->ops = &ops;
	for (unsigned n = 0; n < 3; n++) {
		before = bed->s->index;
		used = bed_stats(bed).octets_used;
		room = n;
		assert_int_equal(index_make(bed->s, 1u << 23), -ENOMEM); /* of eight segments */
		assert_memory_equal(&bed->s->index, &before, sizeof(before));
		assert_int_equal(bed_stats(bed).octets_used, used);
		check_all(bed);
		bed_settle(bed);
	}
	index_drop(bed->s);
	check_all(bed);
	bed->backing->ops = full_ops;
	bed_settle(bed);
}

static void it_can_be_left_out(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t zone = bed_zone(bed, "example");

	assert_int_equal(store_without_index(bed->s), 0);
	change(bed, zone, 0, 1000, true);
	assert_int_equal(store_config(bed->s)->index, 0);
	check_all(bed);
	bed_settle(bed);
	assert_int_equal(bed_stats(bed).index_names, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BED_TEST(memory, the_filter_lets_all_names_of_a_zone_pass),
		BED_BOTH(readers_find_by_it_what_the_map_has),
		BED_BOTH(it_grows_and_shrinks_with_the_names),
		BED_TEST(memory, one_that_is_spoilt_is_made_anew),
		BED_TEST(memory, a_line_that_was_full_does_not_say_no),
		BED_TEST(memory, what_it_takes_for_another_is_asked_of_the_map),
		BED_TEST(memory, one_of_many_segments),
		BED_BOTH(adoption_makes_a_new_one),
		BED_TEST(memory, without_memory_there_is_the_map),
		BED_TEST(memory, it_can_be_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
