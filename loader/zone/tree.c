/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "zone.h"

#define PAGE_MAX 64u
#define PAGE_MIN 8u   /* room of the smallest: most zones are small */
#define PAGE_THIN 16u /* with fewer entries it is joined with a neighbour ... */
#define PAGE_JOIN 48u /* ... if the two have no more */

/* What a search reads comes first. Behind the numbers stand the slots, then the kinds of what is in them:
 * for leaves names, else pages of the level below. */
struct tree_page {
	uint32_t refs; /* pages and trees that name it */
	uint16_t n, room;
	uint32_t level; /* 0: a leaf */
	uint32_t reserved;
	uint32_t number[];
};

/* ---- pages ---- */

/* Room is a multiple of 8, so they are aligned. */
static void **slots(const struct tree_page *page)
{
	return (void **)&page->number[page->room];
}

static uint8_t *kinds(const struct tree_page *page)
{
	return (uint8_t *)(slots(page) + page->room);
}

static uint8_t page_kinds(const struct tree_page *page)
{
	const uint8_t *of = kinds(page);
	uint8_t all = 0;

	for (unsigned int i = 0; i < page->n; i++)
		all |= of[i];
	return all;
}

static struct tree_page *page_new(uint32_t level, unsigned int room)
{
	struct tree_page *page = malloc(
		sizeof(*page) + room * (sizeof(*page->number) + sizeof(void *) + sizeof(uint8_t)));

	if (page)
		*page = (struct tree_page){ .refs = 1, .room = (uint16_t)room, .level = level };
	return page;
}

static void copy_slots(struct tree_page *to, unsigned int at, const struct tree_page *from,
		       unsigned int first, unsigned int n)
{
	memcpy(&slots(to)[at], &slots(from)[first], n * sizeof(void *));
	memcpy(to->number + at, from->number + first, n * sizeof(uint32_t));
	memcpy(kinds(to) + at, kinds(from) + first, n);
}

/* Moves what is from slot `at` on by one. */
static void shift_slots(struct tree_page *page, unsigned int at, int by)
{
	unsigned int from = by < 0 ? at + 1 : at, to = by < 0 ? at : at + 1, n = page->n - from;

	memmove(&slots(page)[to], &slots(page)[from], n * sizeof(void *));
	memmove(page->number + to, page->number + from, n * sizeof(uint32_t));
	memmove(kinds(page) + to, kinds(page) + from, n);
	page->n = (uint16_t)(page->n + by);
}

static void set_slot(struct tree_page *page, unsigned int at, void *slot, uint32_t number,
		     uint8_t of)
{
	slots(page)[at] = slot;
	page->number[at] = number;
	kinds(page)[at] = of;
}

static void ref_slots(struct tree_page *page, unsigned int first, unsigned int n)
{
	for (unsigned int i = first; i < first + n; i++) {
		if (page->level)
			((struct tree_page *)slots(page)[i])->refs++;
		else
			zone_name_ref(slots(page)[i]);
	}
}

/* As deep as the tree is high. */
static void page_unref(struct tree_page *page)
{
	if (--page->refs)
		return;
	for (unsigned int i = 0; i < page->n; i++) {
		if (page->level)
			page_unref(slots(page)[i]);
		else
			zone_name_unref(slots(page)[i]);
	}
	free(page);
}

struct tree tree_copy(struct tree tree)
{
	if (tree.root)
		tree.root->refs++;
	return tree;
}

void tree_free(struct tree *tree)
{
	if (tree->root)
		page_unref(tree->root);
	tree->root = NULL;
}

uint8_t tree_kinds(struct tree tree)
{
	return tree.root ? page_kinds(tree.root) : 0;
}

/* ---- places ---- */

static const struct zone_name *first_name(const struct tree_page *page, unsigned int at)
{
	for (; page->level; page = slots(page)[at], at = 0)
		;
	return slots(page)[at];
}

/* What is looked for: a name, or the place behind it and all that is below it. */
struct target {
	uint32_t number;
	const knot_dname_t *owner;
	bool behind;
};

static bool is_before(const struct tree_page *page, unsigned int at, const struct target *target,
		      bool *ret_equal)
{
	uint32_t number = page->number[at];
	const struct zone_name *name;
	int order;

	if (number < target->number || (number > target->number && !target->behind))
		return number < target->number;
	name = first_name(page, at);
	order = zone_order(name->owner, target->owner);
	if (target->behind)
		return order <= 0 || knot_dname_in_bailiwick(name->owner, target->owner) > 0;
	*ret_equal = !order;
	return order < 0;
}

/* How many of the page's entries are before the target. */
static unsigned int count_before(const struct tree_page *page, const struct target *target,
				 bool *ret_equal)
{
	unsigned int from = 0, to = page->n;

	while (from < to && !*ret_equal) {
		unsigned int middle = (from + to) / 2;

		if (is_before(page, middle, target, ret_equal))
			from = middle + 1;
		else
			to = middle;
	}
	return to;
}

/* A search in a page looks at all of its numbers' cache lines, one after the other: they are asked for at
 * once. */
static void fetch_numbers(const struct tree_page *page)
{
	for (size_t line = 0; line < sizeof(*page) + PAGE_MAX * sizeof(uint32_t); line += 64)
		__builtin_prefetch((const uint8_t *)page + line);
}

static bool seek(struct tree tree, const struct target *target, struct tree_cursor *ret_at)
{
	struct tree_page *page = tree.root;
	bool found = false;

	ret_at->levels = page ? page->level + 1 : 0;
	while (page) {
		bool equal = false;
		unsigned int at;

		fetch_numbers(page);
		at = count_before(page, target, &equal);

		/* An entry of an inner page stands for all from its first name on. */
		if (page->level && !equal && at)
			at--;
		ret_at->level[page->level].page = page;
		ret_at->level[page->level].at = at;
		found = equal;
		page = page->level ? slots(page)[at] : NULL;
	}
	return found;
}

bool tree_seek(struct tree tree, uint32_t number, const knot_dname_t *owner,
	       struct tree_cursor *ret_at)
{
	return seek(tree, &(struct target){ .number = number, .owner = owner }, ret_at);
}

void tree_seek_behind(struct tree tree, uint32_t number, const knot_dname_t *owner,
		      struct tree_cursor *ret_at)
{
	(void)seek(tree, &(struct target){ .number = number, .owner = owner, .behind = true },
		   ret_at);
}

/* Goes down to the first or the last entry below the place's entry of `level`. */
static void descend(struct tree_cursor *at, unsigned int level, bool last)
{
	while (level) {
		struct tree_page *page = slots(at->level[level].page)[at->level[level].at];

		at->level[--level].page = page;
		at->level[level].at = last ? page->n - 1 : 0;
	}
}

static void seek_edge(struct tree tree, bool last, struct tree_cursor *ret_at)
{
	struct tree_page *root = tree.root;

	ret_at->levels = root ? root->level + 1 : 0;
	if (!root)
		return;
	ret_at->level[root->level].page = root;
	ret_at->level[root->level].at = last ? root->n - 1 : 0;
	descend(ret_at, root->level, last);
}

void tree_seek_first(struct tree tree, struct tree_cursor *ret_at)
{
	seek_edge(tree, false, ret_at);
}

void tree_seek_end(struct tree tree, struct tree_cursor *ret_at)
{
	seek_edge(tree, true, ret_at);
	if (ret_at->levels)
		ret_at->level[0].at++;
}

/* The first entry of the page, from the place's on, that is of these kinds; page->n: none. */
static unsigned int entry_of(const struct tree_page *page, unsigned int at, uint8_t of)
{
	while (at < page->n && !(kinds(page)[at] & of))
		at++;
	return at;
}

static const struct zone_name *name_at(const struct tree_cursor *at)
{
	return slots(at->level[0].page)[at->level[0].at];
}

/* From the place's entry of `level`, which counts, on. At the end the place is behind the last name. */
static const struct zone_name *find_of(struct tree_cursor *at, unsigned int level, uint8_t of)
{
	struct tree_cursor end = *at;

	while (level < at->levels) {
		struct tree_page *page = at->level[level].page;
		unsigned int i = entry_of(page, at->level[level].at, of);

		at->level[level].at = i;
		if (i == page->n) {
			if (++level < at->levels)
				at->level[level].at++;
		} else if (level) {
			at->level[--level].page = slots(page)[i];
			at->level[level].at = 0;
		} else {
			return name_at(at);
		}
	}
	*at = end;
	for (level = at->levels; level--;) {
		at->level[level].at = at->level[level].page->n - (level ? 1 : 0);
		if (level)
			at->level[level - 1].page =
				slots(at->level[level].page)[at->level[level].at];
	}
	return NULL;
}

const struct zone_name *tree_here_of(struct tree_cursor *at, uint8_t of)
{
	return find_of(at, 0, of);
}

const struct zone_name *tree_prev_of(struct tree_cursor *at, uint8_t of)
{
	struct tree_cursor back = *at;
	unsigned int level = 0;

	while (level < back.levels) {
		struct tree_page *page = back.level[level].page;
		unsigned int i = back.level[level].at;

		while (i && !(kinds(page)[i - 1] & of))
			i--;
		if (!i) {
			level++;
			continue;
		}
		back.level[level].at = --i;
		if (!level) {
			*at = back;
			return name_at(at);
		}
		back.level[--level].page = slots(page)[i];
		back.level[level].at = back.level[level].page->n;
	}
	return NULL;
}

/* To the first name behind the page of `level`. */
static const struct zone_name *leave_page(struct tree_cursor *at, unsigned int level)
{
	while (++level < at->levels) {
		if (++at->level[level].at < at->level[level].page->n) {
			descend(at, level, false);
			return name_at(at);
		}
	}
	return NULL;
}

const struct zone_name *tree_here(struct tree_cursor *at)
{
	struct tree_cursor next = *at;
	const struct zone_name *name;

	if (!at->levels)
		return NULL;
	if (at->level[0].at < at->level[0].page->n)
		return name_at(at);
	name = leave_page(&next, 0);
	if (name)
		*at = next;
	return name;
}

const struct zone_name *tree_next(struct tree_cursor *at)
{
	at->level[0].at++;
	return tree_here(at);
}

const struct zone_name *tree_prev(struct tree_cursor *at)
{
	struct tree_cursor back = *at;

	for (unsigned int level = 0; level < back.levels; level++) {
		if (!back.level[level].at)
			continue;
		back.level[level].at--;
		descend(&back, level, true);
		*at = back;
		return name_at(at);
	}
	return NULL;
}

uint32_t tree_number(const struct tree_cursor *at)
{
	return at->level[0].page->number[at->level[0].at];
}

/* ---- changes ---- */

/* Writes the page's first number and kinds into the entries above it. */
static void refresh(struct tree_cursor *at, unsigned int level)
{
	for (; level + 1 < at->levels; level++) {
		const struct tree_page *page = at->level[level].page;
		struct tree_page *above = at->level[level + 1].page;
		unsigned int i = at->level[level + 1].at;
		uint8_t of = page_kinds(page);

		if (above->number[i] == page->number[0] && kinds(above)[i] == of)
			break;
		set_slot(above, i, slots(above)[i], page->number[0], of);
	}
}

/* Where the parent of the place's page of `level` names it. */
static void link_page(struct tree *tree, struct tree_cursor *at, unsigned int level,
		      struct tree_page *page)
{
	at->level[level].page = page;
	if (level + 1 == at->levels)
		tree->root = page;
	else
		slots(at->level[level + 1].page)[at->level[level + 1].at] = page;
}

/* The page with more room, in the place of the old one, whose entries it shares or takes. */
static int renew_page(struct tree *tree, struct tree_cursor *at, unsigned int level,
		      unsigned int room)
{
	struct tree_page *old = at->level[level].page, *page = page_new(old->level, room);

	if (!page)
		return -ENOMEM;
	page->n = old->n;
	copy_slots(page, 0, old, 0, old->n);
	if (old->refs == 1) {
		free(old);
	} else {
		ref_slots(page, 0, page->n);
		old->refs--;
	}
	link_page(tree, at, level, page);
	return 0;
}

int tree_own(struct tree *tree, struct tree_cursor *at)
{
	int err = 0;

	for (unsigned int level = at->levels; level-- && !err;) {
		struct tree_page *page = at->level[level].page;

		if (page->refs > 1)
			err = renew_page(tree, at, level, page->room);
	}
	return err;
}

void tree_replace(struct tree_cursor *at, struct zone_name *name)
{
	set_slot(at->level[0].page, at->level[0].at, name, tree_number(at), name->kinds);
	refresh(at, 0);
}

/* The pages that an insertion needs, made before anything is changed: one for each full page, and a
 * new root. */
struct spare {
	struct tree_page *page[TREE_LEVELS + 1];
	unsigned int n;
};

static int make_spare(struct tree *tree, struct tree_cursor *at, struct spare *spare)
{
	unsigned int level = 0, room;

	for (; level < at->levels && at->level[level].page->n == PAGE_MAX; level++)
		;
	if (level == TREE_LEVELS)
		return -ENOMEM;
	for (; spare->n < level + (level == at->levels); spare->n++) {
		room = spare->n < level ? PAGE_MAX : PAGE_MIN;
		spare->page[spare->n] = page_new(spare->n, room);
		if (!spare->page[spare->n])
			return -ENOMEM;
	}
	if (level == at->levels || at->level[level].page->n < at->level[level].page->room)
		return 0;
	return renew_page(tree, at, level, 2u * at->level[level].page->room);
}

static void put_slot(struct tree_cursor *at, unsigned int level, void *slot, uint32_t number,
		     uint8_t of)
{
	shift_slots(at->level[level].page, at->level[level].at, 1);
	set_slot(at->level[level].page, at->level[level].at, slot, number, of);
}

/* Above the root that was, if there was one. */
static void add_root(struct tree *tree, struct tree_cursor *at, struct tree_page *root)
{
	struct tree_page *old = tree->root;

	if (old)
		set_slot(root, 0, old, old->number[0], page_kinds(old));
	root->n = old != NULL;
	tree->root = root;
	at->level[at->levels].page = root;
	at->level[at->levels++].at = 0;
}

/* Whether the place is behind all names of the tree. */
static bool is_end(const struct tree_cursor *at, unsigned int level)
{
	bool end = at->level[level].at == at->level[level].page->n;

	while (++level < at->levels && end)
		end = at->level[level].at + 1 == at->level[level].page->n;
	return end;
}

/* Half of the page goes to the right; in a tree that grows at its end it stays full. */
static void split_page(const struct tree_cursor *at, unsigned int level, struct tree_page *right)
{
	struct tree_page *page = at->level[level].page;
	unsigned int keep = is_end(at, level) ? page->n : page->n / 2;

	right->n = (uint16_t)(page->n - keep);
	copy_slots(right, 0, page, keep, right->n);
	page->n = (uint16_t)keep;
}

/* Into the page at the place of `level`, which is not shared. */
static void insert_slot(struct tree *tree, struct tree_cursor *at, unsigned int level,
			const struct spare *spare, void *slot, uint32_t number, uint8_t of)
{
	struct tree_page *page, *right;

	if (level == at->levels)
		add_root(tree, at, spare->page[level]);
	page = at->level[level].page;
	if (page->n < PAGE_MAX) {
		put_slot(at, level, slot, number, of);
		refresh(at, level);
		return;
	}
	right = spare->page[level];
	split_page(at, level, right);
	if (at->level[level].at >= page->n) {
		at->level[level].page = right;
		at->level[level].at -= page->n;
	}
	put_slot(at, level, slot, number, of);
	if (level + 1 == at->levels)
		add_root(tree, at, spare->page[level + 1]);
	set_slot(at->level[level + 1].page, at->level[level + 1].at, page, page->number[0],
		 page_kinds(page));
	at->level[level + 1].at++;
	insert_slot(tree, at, level + 1, spare, right, right->number[0], page_kinds(right));
}

int tree_insert(struct tree *tree, struct tree_cursor *at, uint32_t number, struct zone_name *name)
{
	struct spare spare = { .n = 0 };
	int err = tree_own(tree, at);

	if (!err)
		err = make_spare(tree, at, &spare);
	if (err) {
		while (spare.n)
			free(spare.page[--spare.n]);
		return err;
	}
	insert_slot(tree, at, 0, &spare, name, number, name->kinds);
	/* Where a page was split the place may lead to the wrong half. */
	if (spare.n)
		(void)tree_seek(*tree, number, name->owner, at);
	return 0;
}

/* ---- removal ---- */

static void remove_slot(struct tree *tree, struct tree_cursor *at, unsigned int level);

/* What was in the page is in another now. */
static void drop_copied(struct tree_page *page)
{
	if (page->refs == 1) {
		free(page);
	} else {
		ref_slots(page, 0, page->n);
		page->refs--;
	}
}

/* Joins the page at the place of `level` with a neighbour. false: it stays as it is. */
static bool join_pages(struct tree *tree, struct tree_cursor *at, unsigned int level)
{
	struct tree_page *above = at->level[level + 1].page, *a, *b, *joined;
	unsigned int i = at->level[level + 1].at, room = PAGE_MIN;

	i -= i ? 1 : 0;
	if (i + 1 >= above->n)
		return false;
	a = slots(above)[i];
	b = slots(above)[i + 1];
	if (a->n + b->n > PAGE_JOIN)
		return false;
	while (room < (unsigned int)(a->n + b->n))
		room *= 2;
	joined = page_new(level, room);
	if (!joined)
		return false;
	joined->n = (uint16_t)(a->n + b->n);
	copy_slots(joined, 0, a, 0, a->n);
	copy_slots(joined, a->n, b, 0, b->n);
	drop_copied(a);
	drop_copied(b);
	set_slot(above, i, joined, joined->number[0], page_kinds(joined));
	at->level[level + 1].at = i + 1;
	remove_slot(tree, at, level + 1);
	return true;
}

static void lower_root(struct tree *tree)
{
	struct tree_page *root = tree->root;

	while (root->level && root->n == 1) {
		tree->root = slots(root)[0];
		free(root);
		root = tree->root;
		if (root->refs > 1)
			break;
	}
}

static void remove_slot(struct tree *tree, struct tree_cursor *at, unsigned int level)
{
	struct tree_page *page = at->level[level].page;
	bool is_root = level + 1 == at->levels;

	shift_slots(page, at->level[level].at, -1);
	if (!page->n) {
		free(page);
		if (is_root)
			tree->root = NULL;
		else
			remove_slot(tree, at, level + 1);
	} else if (is_root) {
		lower_root(tree);
	} else if (page->n >= PAGE_THIN || !join_pages(tree, at, level)) {
		refresh(at, level);
	}
}

int tree_remove(struct tree *tree, struct tree_cursor *at)
{
	struct zone_name *name;
	int err = tree_own(tree, at);

	if (err)
		return err;
	name = slots(at->level[0].page)[at->level[0].at];
	remove_slot(tree, at, 0);
	zone_name_unref(name);
	return 0;
}

/* ---- comparing ---- */

/* Passes over the largest page that both places are in at the same entry: what follows there is one
 * and the same. */
static bool skip_shared(struct tree_cursor *a, struct tree_cursor *b)
{
	unsigned int level = 0;

	while (level < a->levels && level < b->levels &&
	       a->level[level].page == b->level[level].page &&
	       a->level[level].at == b->level[level].at)
		level++;
	if (!level)
		return false;
	if (!leave_page(a, level - 1))
		a->levels = 0;
	if (!leave_page(b, level - 1))
		b->levels = 0;
	return true;
}

/* Places are at names, or without levels at the end. */
static int compare_places(const struct tree_cursor *a, const struct tree_cursor *b)
{
	uint32_t x, y;

	if (!a->levels || !b->levels)
		return a->levels ? -1 : 1;
	x = tree_number(a);
	y = tree_number(b);
	if (x != y)
		return x < y ? -1 : 1;
	return zone_order(name_at(a)->owner, name_at(b)->owner);
}

static const struct zone_name *take_name(struct tree_cursor *at)
{
	const struct zone_name *name = name_at(at);

	if (!tree_next(at))
		at->levels = 0;
	return name;
}

int tree_diff(struct tree from, struct tree to,
	      int (*each)(const struct zone_name *old, const struct zone_name *new, void *arg),
	      void *arg)
{
	struct tree_cursor a, b;
	int err = 0;

	tree_seek_first(from, &a);
	tree_seek_first(to, &b);
	while (!err && (a.levels || b.levels)) {
		const struct zone_name *old = NULL, *new = NULL;
		int order;

		if (skip_shared(&a, &b))
			continue;
		order = compare_places(&a, &b);
		if (order <= 0)
			old = take_name(&a);
		if (order >= 0)
			new = take_name(&b);
		if (old != new)
			err = each(old, new, arg);
	}
	return err;
}
