/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

/* A free block, in the arena. */
struct block {
	dnsbolt_handle next;
	uint32_t granules;
};
_Static_assert(sizeof(struct block) <= DNSBOLT_GRANULE, "fits the smallest block");

static struct block *block_at(const struct arena *a, dnsbolt_handle h)
{
	return arena_at(a, h);
}

static bool on_line(dnsbolt_handle h)
{
	return h % ARENA_LINE == 0;
}

static void push_block(struct arena *a, dnsbolt_handle h, uint32_t granules)
{
	unsigned set = on_line(h), i = granules - 1;
	dnsbolt_handle *list = &a->large;

	if (!granules)
		return;
	if (granules <= ARENA_BINS) {
		list = &a->bin[set][i];
		a->filled[set][i / 64] |= 1ull << (i % 64);
	}
	*block_at(a, h) = (struct block){ .next = *list, .granules = granules };
	*list = h;
	a->free += granules;
	a->blocks++;
}

static dnsbolt_handle pop_block(struct arena *a, dnsbolt_handle *list)
{
	dnsbolt_handle h = *list;
	struct block *block = block_at(a, h);

	*list = block->next;
	a->free -= block->granules;
	a->blocks--;
	return h;
}

static dnsbolt_handle pop_bin(struct arena *a, unsigned set, unsigned i)
{
	dnsbolt_handle h = pop_block(a, &a->bin[set][i]);

	if (!a->bin[set][i])
		a->filled[set][i / 64] &= ~(1ull << (i % 64));
	return h;
}

/* Takes n granules out of a block that is in no list, and puts what is left of it back. */
static dnsbolt_handle cut_block(struct arena *a, dnsbolt_handle h, uint32_t granules, uint32_t n,
				bool line)
{
	uint32_t skip = line ? -h % ARENA_LINE : 0;

	push_block(a, h, skip);
	push_block(a, h + skip + n, granules - skip - n);
	return h + skip;
}

static dnsbolt_handle take_exact(struct arena *a, uint32_t n, bool line)
{
	if (n > ARENA_BINS)
		return 0;
	if (!line && a->bin[0][n - 1])
		return pop_bin(a, 0, n - 1);
	return a->bin[1][n - 1] ? pop_bin(a, 1, n - 1) : 0;
}

static dnsbolt_handle take_region(struct arena *a, uint32_t n, bool line)
{
	uint32_t skip = line ? -a->region % ARENA_LINE : 0;
	dnsbolt_handle h = a->region + skip;

	if (a->region_end - a->region < skip + n)
		return 0;
	push_block(a, a->region, skip);
	a->region = h + n;
	return h;
}

/* From the smallest block that is large enough wherever it starts. */
static dnsbolt_handle take_split(struct arena *a, uint32_t n, bool line)
{
	for (unsigned set = 0; set < 2; set++) {
		uint32_t i = n + (line && !set ? ARENA_LINE - 1 : 0) - 1;

		for (; i < ARENA_BINS; i = (i | 63) + 1) {
			uint64_t filled = a->filled[set][i / 64] >> (i % 64);

			if (!filled)
				continue;
			i += (uint32_t)__builtin_ctzll(filled);
			return cut_block(a, pop_bin(a, set, i), i + 1, n, line);
		}
	}
	return 0;
}

static void set_region(struct arena *a, dnsbolt_handle from, dnsbolt_handle end)
{
	push_block(a, a->region, a->region_end - a->region);
	a->region = from;
	a->region_end = end;
}

/* Makes a large block the region. */
static bool region_from_large(struct arena *a, uint32_t n)
{
	dnsbolt_handle *list = &a->large, h;

	while (*list && block_at(a, *list)->granules < n + ARENA_LINE - 1)
		list = &block_at(a, *list)->next;
	if (!*list)
		return false;
	h = pop_block(a, list);
	set_region(a, h, h + block_at(a, h)->granules);
	return true;
}

struct run {
	dnsbolt_handle from;
	uint32_t granules;
};

static int compare_runs(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

static size_t drain_list(struct arena *a, dnsbolt_handle *list, struct run *to, size_t n)
{
	while (*list) {
		dnsbolt_handle h = pop_block(a, list);

		to[n++] = (struct run){ h, block_at(a, h)->granules };
	}
	return n;
}

/* Joins free neighbours. Costs a sort of all free blocks, so it is done only when much was given
 * back. Blocks of two segments are never neighbours: the guard is between them. */
static bool join_blocks(struct arena *a)
{
	struct run *run;
	size_t n = 0;

	if (a->freed < (a->used + a->free) / 8 + ARENA_BINS)
		return false;
	run = malloc((a->blocks + 1) * sizeof(*run));
	if (!run)
		return false;
	a->freed = 0;
	for (unsigned set = 0; set < 2; set++)
		for (unsigned i = 0; i < ARENA_BINS; i++)
			n = drain_list(a, &a->bin[set][i], run, n);
	n = drain_list(a, &a->large, run, n);
	memset(a->filled, 0, sizeof(a->filled));
	qsort(run, n, sizeof(*run), compare_runs);
	for (size_t i = 0, next; i < n; i = next) {
		for (next = i + 1; next < n && run[next].from == run[i].from + run[i].granules;
		     next++)
			run[i].granules += run[next].granules;
		push_block(a, run[i].from, run[i].granules);
	}
	free(run);
	return true;
}

static int add_segment(struct arena *a, dnsbolt_handle *ret_from)
{
	*ret_from = a->b->n_segments * DNSBOLT_SEG_GRANULES;
	return a->b->n_segments == DNSBOLT_MAX_SEGMENTS ? -ENOSPC : a->grow(a->arg);
}

static int region_from_segment(struct arena *a)
{
	dnsbolt_handle from;
	int err = add_segment(a, &from);

	if (!err)
		set_region(a, from ? from : DNSBOLT_PART_SYMBOLS, from + ARENA_USABLE);
	return err;
}

void arena_init(struct arena *a, struct backing *b, int (*grow)(void *arg), void *arg)
{
	*a = (struct arena){ .b = b, .grow = grow, .arg = arg };
}

int arena_alloc(struct arena *a, size_t octets, bool line, dnsbolt_handle *ret_handle)
{
	uint32_t n = arena_granules(octets);
	dnsbolt_handle h = take_exact(a, n, line);
	int err = 0;

	if (!h)
		h = take_region(a, n, line);
	if (!h && (region_from_large(a, n) || (join_blocks(a) && region_from_large(a, n))))
		h = take_region(a, n, line);
	if (!h)
		h = take_split(a, n, line);
	if (!h) {
		err = region_from_segment(a);
		if (err)
			return err;
		h = take_region(a, n, line);
	}
	a->used += n;
	memset(arena_at(a, h), 0, (size_t)n * DNSBOLT_GRANULE);
	*ret_handle = h;
	return 0;
}

void arena_free(struct arena *a, dnsbolt_handle h, size_t octets)
{
	uint32_t n = arena_granules(octets);

	a->used -= n;
	a->freed += n;
	push_block(a, h, n);
}

/* Which segments are one free block. */
static void find_whole(const struct arena *a, bool whole[DNSBOLT_MAX_SEGMENTS])
{
	for (dnsbolt_handle h = a->large; h; h = block_at(a, h)->next)
		if (h % DNSBOLT_SEG_GRANULES == 0 && block_at(a, h)->granules == ARENA_USABLE)
			whole[h / DNSBOLT_SEG_GRANULES] = true;
}

static void take_large(struct arena *a, dnsbolt_handle h)
{
	dnsbolt_handle *list = &a->large;

	while (*list != h)
		list = &block_at(a, *list)->next;
	(void)pop_block(a, list);
}

/* n segments one behind the other, out of those that were given back. 0: there are none. */
static dnsbolt_handle take_whole(struct arena *a, uint32_t n)
{
	bool whole[DNSBOLT_MAX_SEGMENTS] = { false };
	dnsbolt_handle first = 0;
	uint32_t run = 0;

	set_region(a, 0, 0); /* which may be one of them */
	(void)join_blocks(a);
	find_whole(a, whole);
	for (uint32_t i = 0; i < a->b->n_segments && !first; i++) {
		run = whole[i] ? run + 1 : 0;
		if (run == n)
			first = (i + 1 - n) * DNSBOLT_SEG_GRANULES;
	}
	for (uint32_t i = 0; i < n && first; i++) {
		dnsbolt_handle h = first + i * DNSBOLT_SEG_GRANULES;

		take_large(a, h);
		memset(arena_at(a, h), 0, (size_t)ARENA_USABLE * DNSBOLT_GRANULE);
	}
	return first;
}

/* What was had when there is no more goes to the free ones, where the next try finds it. */
static int add_whole(struct arena *a, uint32_t n, dnsbolt_handle *ret_first)
{
	dnsbolt_handle from;
	int err = 0;

	if (a->b->n_segments + n > DNSBOLT_MAX_SEGMENTS)
		return -ENOSPC;
	for (uint32_t i = 0; i < n && !err; i++) {
		err = add_segment(a, &from);
		if (err && i)
			for (uint32_t k = 0; k < i; k++)
				push_block(a, *ret_first + k * DNSBOLT_SEG_GRANULES, ARENA_USABLE);
		else if (!i)
			*ret_first = from;
	}
	return err;
}

/* The first segment begins with handles that stand for no object: it is never one of these. */
int arena_alloc_segments(struct arena *a, uint32_t n, dnsbolt_handle *ret_handle)
{
	int err = a->b->n_segments ? 0 : region_from_segment(a);

	if (err)
		return err;
	*ret_handle = take_whole(a, n);
	if (!*ret_handle)
		err = add_whole(a, n, ret_handle);
	if (!err)
		a->used += (uint64_t)n * ARENA_USABLE;
	return err;
}

void arena_free_segments(struct arena *a, dnsbolt_handle h, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		arena_free(a, h + i * DNSBOLT_SEG_GRANULES, (size_t)ARENA_USABLE * DNSBOLT_GRANULE);
}

/* Only the end of the last segment is the region: nothing lies behind it. */
static void rebuild_segment(struct arena *a, uint32_t segment, const struct marks *used)
{
	dnsbolt_handle h = segment * DNSBOLT_SEG_GRANULES, end = h + ARENA_USABLE, from;

	if (!h)
		h = DNSBOLT_PART_SYMBOLS;
	while (h < end) {
		for (; h < end && marks_test(used, h); h++)
			a->used++;
		for (from = h; h < end && !marks_test(used, h); h++)
			;
		if (h == end && segment == a->b->n_segments - 1)
			set_region(a, from, end);
		else
			push_block(a, from, h - from);
	}
}

void arena_rebuild(struct arena *a, const struct marks *used)
{
	arena_init(a, a->b, a->grow, a->arg);
	for (uint32_t i = 0; i < a->b->n_segments; i++)
		rebuild_segment(a, i, used);
}
