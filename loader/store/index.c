/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The index of `names` in the arena (bpf/abi.h): what spares readers the map's bucket and element. It follows the map: a name comes
 * in with its key, before a snapshot shows it, and goes with it. It is made anew, beside the old one, when the names have
 * become too many or too few for its lines; one store has readers use it. Without memory for it there is the map.
 *
 * It is this process's own: adoption makes a new one.
 */
#include <assert.h>

#include "internal.h"

#define FULL 5u	  /* names to a line from which on it is made anew */
#define WANTED 4u /* the most of a new one, of which then a line in 20 has no free slot */
#define SPOILT 8u /* one line of so many, from which on it is made anew, too */
#define LATER                                                                                      \
	8u /* when there was no memory: tried again when the names are an eighth more or less */
#define LINES_MIN 64u
#define LINE sizeof(struct dnsbolt_index_line)
#define SEGMENT_LINES (uint32_t)(DNSBOLT_SEG_SIZE / LINE)

static uint32_t lines_for(uint64_t names)
{
	uint32_t lines = LINES_MIN;

	while ((uint64_t)lines * WANTED < names)
		lines *= 2;
	return lines;
}

static bool suits(const struct index *index, uint64_t names)
{
	return index->lines && names <= (uint64_t)index->lines * FULL &&
	       index->lines <= 4 * lines_for(names) && index->taken <= index->lines / SPOILT;
}

static bool is_later(uint64_t then, uint64_t names)
{
	return names > then + then / LATER || names + then / LATER < then;
}

/* NULL: readers do not get there either. */
static struct dnsbolt_index_line *line_of(const struct store *s, uint64_t at, uint64_t hash)
{
	dnsbolt_handle h = dnsbolt_index_line(at, hash);

	return arena_fits(&s->arena, h, LINE) ? arena_at(&s->arena, h) : NULL;
}

static void set_slot(__u64 *slot, uint64_t value)
{
	__atomic_store_n(slot, value, __ATOMIC_RELEASE);
}

/* Where a new name of the line goes; NULL: it is left out. */
static __u64 *find_open(struct dnsbolt_index_line *line, uint64_t hash)
{
	uint32_t home = dnsbolt_index_home(hash);

	for (uint32_t i = 0; i < DNSBOLT_INDEX_SLOTS; i++) {
		__u64 *slot = &line->slot[(home + i) % DNSBOLT_INDEX_SLOTS];

		if (!*slot || *slot == DNSBOLT_INDEX_TAKEN)
			return slot;
	}
	return NULL;
}

static void insert(const struct store *s, struct index *index, uint64_t hash, dnsbolt_handle anchor)
{
	struct dnsbolt_index_line *line = line_of(s, index->at, hash);
	__u64 *slot = line ? find_open(line, hash) : NULL;

	if (!slot)
		return;
	index->names++;
	index->taken -= *slot != 0;
	set_slot(slot, dnsbolt_index_slot(hash, anchor));
}

void index_remove(struct store *s, uint64_t hash, dnsbolt_handle anchor)
{
	struct dnsbolt_index_line *line = s->index.at ? line_of(s, s->index.at, hash) : NULL;
	__u64 *slot = NULL;
	bool is_full = true;

	for (uint32_t i = 0; line && i < DNSBOLT_INDEX_SLOTS; i++) {
		if (line->slot[i] == dnsbolt_index_slot(hash, anchor))
			slot = &line->slot[i];
		is_full = is_full && line->slot[i];
	}
	if (!slot)
		return;
	/* What was left out of a line must not seem to be absent. */
	set_slot(slot, is_full ? DNSBOLT_INDEX_TAKEN : 0);
	s->index.names--;
	s->index.taken += is_full;
}

/* ---- its place ---- */

static size_t octets(uint32_t lines)
{
	return (size_t)lines * LINE;
}

static int alloc(struct store *s, uint32_t lines, dnsbolt_handle *ret_first)
{
	if (lines < SEGMENT_LINES)
		return arena_alloc(&s->arena, octets(lines), true, ret_first);
	return arena_alloc_segments(&s->arena, lines / SEGMENT_LINES, ret_first);
}

static void release(struct store *s, uint64_t at, uint32_t lines)
{
	if (lines < SEGMENT_LINES)
		arena_free(&s->arena, (dnsbolt_handle)at, octets(lines));
	else
		arena_free_segments(&s->arena, (dnsbolt_handle)at, lines / SEGMENT_LINES);
}

uint64_t index_granules(const struct index *index)
{
	if (index->lines < SEGMENT_LINES)
		return arena_granules(octets(index->lines));
	return (uint64_t)(index->lines / SEGMENT_LINES) * ARENA_USABLE;
}

/* Readers may still look at it. */
static void retire(struct store *s)
{
	if (!s->index.at)
		return;
	assert(!s->old_index.at);
	s->old_index = s->index;
	s->index = (struct index){ 0 };
	s->unsettled = true;
}

void index_free_old(struct store *s)
{
	if (s->old_index.at)
		release(s, s->old_index.at, s->old_index.lines);
	s->old_index = (struct index){ 0 };
}

/* ---- making it ---- */

int index_make(struct store *s, uint32_t lines)
{
	struct index index = { .lines = lines };
	dnsbolt_handle first;
	int err = alloc(s, lines, &first);

	if (err)
		return err;
	index.at = dnsbolt_index_at(first, lines);
	for (uint64_t i = 0; i < s->names.n_slots; i++)
		if (s->names.value[i])
			insert(s, &index, s->names.key[i], s->names.value[i]);
	__atomic_store_n(&s->backing->config->index, index.at, __ATOMIC_RELEASE);
	retire(s);
	s->index = index;
	return 0;
}

int index_make_fitting(struct store *s)
{
	int err = s->no_index ? 0 : index_make(s, lines_for(s->names.n));

	s->index_failed = err ? s->names.n : 0;
	return err;
}

void index_drop(struct store *s)
{
	__atomic_store_n(&s->backing->config->index, 0, __ATOMIC_RELEASE);
	retire(s);
}

void index_follow(struct store *s)
{
	bool anew = !suits(&s->index, s->names.n) && !s->old_index.at;

	if (anew && s->index_failed)
		anew = is_later(s->index_failed, s->names.n);
	if (anew && !index_make_fitting(s))
		return;
	for (size_t i = 0; i < s->new_anchors.n && s->index.at; i++)
		insert(s, &s->index, s->new_key[i], s->new_anchors.v[i]);
}

int store_without_index(struct store *s)
{
	int err = store_reclaim(s);

	if (err)
		return err;
	index_drop(s);
	s->no_index = true;
	return store_reclaim(s);
}

int store_renew_index(struct store *s)
{
	int err = store_reclaim(s);

	return err ?: index_make_fitting(s);
}
