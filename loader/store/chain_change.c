/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Denial chains, what changes given. Pages that hold no place of a change are taken over; the others are
 * written anew, from the leaves up, each as so many pages as hold what it becomes. One that becomes
 * thin is joined with a neighbour below the same page.
 */
#include <string.h>

#include "chain.h"

#define PAGE_THIN 32u

/* A link that comes or goes. */
struct edit {
	struct place place;
	const struct store_link *link;
	bool comes;
};

struct change {
	struct store *s;
	const struct store_snapshot *snap;
	struct owner apex;
	struct edit *edit; /* by place; one that goes before one that comes there */
	size_t n;
	__u64 *words; /* of all their keys */
	size_t n_words, max_words;
	struct chain_item *item; /* of the leaf in work */
	size_t max_items;
};

/* ---- the edits in order ---- */

/* Their keys are in `words`, which may move: until all are there, the place says where. */
static int read_edits(struct change *c, const struct store_link *links, size_t n, bool comes)
{
	struct sort_key key;

	for (size_t i = 0; i < n; i++) {
		struct edit *edit = &c->edit[c->n];
		int err =
			chain_place_link(c->s, c->snap, &c->apex, &links[i], i, &key, &edit->place);

		if (err)
			return err;
		if (c->max_words - c->n_words < edit->place.n) {
			size_t max = 2 * c->max_words + DNSBOLT_SORT_WORDS;
			__u64 *words = reallocarray(c->words, max, sizeof(*words));

			if (!words)
				return store_fail(c->s, -ENOMEM, "no memory");
			c->words = words;
			c->max_words = max;
		}
		if (edit->place.n)
			memcpy(c->words + c->n_words, key.word, edit->place.n * sizeof(*key.word));
		c->n_words += edit->place.n;
		edit->link = &links[i];
		edit->comes = comes;
		c->n++;
	}
	return 0;
}

static void set_words(struct change *c)
{
	const __u64 *word = c->words;

	for (size_t i = 0; i < c->n; i++) {
		c->edit[i].place.word = word;
		word += c->edit[i].place.n;
	}
}

static int compare_edits(const void *a, const void *b)
{
	const struct edit *x = a, *y = b;
	int order = chain_compare(&x->place, &y->place);

	return order ? order : (int)x->comes - (int)y->comes;
}

static int sort_edits(struct change *c)
{
	qsort(c->edit, c->n, sizeof(*c->edit), compare_edits);
	for (size_t i = 1; i < c->n; i++)
		if (!compare_edits(&c->edit[i - 1], &c->edit[i]))
			return chain_fail_link(c->s, c->edit[i].link, i, -EINVAL,
					       "twice in one change");
	return 0;
}

/* ---- leaves ---- */

static bool is_of(const struct store *s, dnsbolt_proof proof, const struct store_link *link)
{
	const struct dnsbolt_anchor *a = anchor_at(s, ANCHOR_OF(proof));

	return SIDE_OF(proof) == link->proof.side && owner_len(link->proof.owner) == a->name_len &&
	       !memcmp(a->name, link->proof.owner, a->name_len);
}

static struct chain_item old_item(const struct store *s, const struct dnsbolt_page_entry *entry)
{
	return (struct chain_item){ .place = chain_place(s, entry), .proof = entry->child };
}

/* The entries of the old leaf with the edits in [from, to) made, into c->item. */
static int merge_leaf(struct change *c, const struct dnsbolt_page *old, size_t from, size_t to,
		      size_t *ret_n)
{
	uint32_t at = 0;
	size_t n = 0;

	for (; from < to; from++) {
		const struct edit *edit = &c->edit[from];
		int order = -1;

		for (; at < old->n; c->item[n++] = old_item(c->s, &old->entry[at++])) {
			struct place place = chain_place(c->s, &old->entry[at]);

			order = chain_compare(&place, &edit->place);
			if (order >= 0)
				break;
		}
		if (at == old->n)
			order = 1;
		if (!edit->comes) {
			if (order || !is_of(c->s, old->entry[at].child, edit->link))
				return chain_fail_link(c->s, edit->link, from, -EINVAL,
						       "goes, but is not there");
			at++;
			continue;
		}
		if (!order)
			return chain_fail_link(c->s, edit->link, from, -EEXIST,
					       "comes, but one of its place is there");
		c->item[n++] = (struct chain_item){ .place = edit->place, .link = edit->link };
	}
	while (at < old->n)
		c->item[n++] = old_item(c->s, &old->entry[at++]);
	*ret_n = n;
	return 0;
}

static int push_page(struct change *c, struct list *pages, dnsbolt_handle page)
{
	if (!list_push(pages, page))
		return 0;
	page_unref(c->s, page);
	return store_fail(c->s, -ENOMEM, "no memory");
}

/* So many things in as few pages as hold them, filled alike: how many the first gets. */
static uint32_t share_of(size_t n)
{
	size_t pages = (n + DNSBOLT_PAGE_MAX - 1) / DNSBOLT_PAGE_MAX;

	return (uint32_t)((n + pages - 1) / pages);
}

static int write_leaves(struct change *c, size_t n, struct list *pages)
{
	size_t at = 0;
	int err = 0;

	while (at < n && !err) {
		uint32_t share = share_of(n - at);
		dnsbolt_handle page;

		err = chain_write_leaf(c->s, c->item + at, share, &page);
		if (!err)
			err = push_page(c, pages, page);
		at += share;
	}
	return err;
}

static int reserve_items(struct change *c, size_t n)
{
	struct chain_item *item;

	if (c->max_items >= n)
		return 0;
	item = reallocarray(c->item, n, sizeof(*item));
	if (!item)
		return store_fail(c->s, -ENOMEM, "no memory");
	c->item = item;
	c->max_items = n;
	return 0;
}

static int change_leaf(struct change *c, dnsbolt_handle h, size_t from, size_t to,
		       struct list *pages)
{
	const struct dnsbolt_page *old = page_at(c->s, h);
	size_t n = 0;
	int err = reserve_items(c, old->n + to - from);

	if (!err)
		err = merge_leaf(c, old, from, to, &n);
	return err ? err : write_leaves(c, n, pages);
}

/* ---- joining ---- */

static int join_leaves(struct change *c, const struct dnsbolt_page *a, const struct dnsbolt_page *b,
		       dnsbolt_handle *ret_page)
{
	size_t n = 0;
	int err = reserve_items(c, a->n + b->n);

	for (uint32_t i = 0; i < a->n && !err; i++)
		c->item[n++] = old_item(c->s, &a->entry[i]);
	for (uint32_t i = 0; i < b->n && !err; i++)
		c->item[n++] = old_item(c->s, &b->entry[i]);
	return err ? err : chain_write_leaf(c->s, c->item, (uint32_t)n, ret_page);
}

static int join_inner(struct change *c, const struct dnsbolt_page *a, const struct dnsbolt_page *b,
		      dnsbolt_handle *ret_page)
{
	uint32_t below[DNSBOLT_PAGE_MAX] = { 0 }, n = 0;
	int err;

	for (uint32_t i = 0; i < a->n; i++)
		below[n++] = a->entry[i].child;
	for (uint32_t i = 0; i < b->n; i++)
		below[n++] = b->entry[i].child;
	err = chain_write_inner(c->s, below, n, ret_page);
	for (uint32_t i = 0; i < n && !err; i++)
		page_head_at(c->s, below[i])->refs++;
	return err;
}

/* The pages of one level below one page, thin ones joined with the one behind or before. */
static int join_thin(struct change *c, struct list *pages)
{
	size_t n = 0;

	for (size_t i = 0; i < pages->n; i++) {
		const struct dnsbolt_page *a = n ? page_at(c->s, pages->v[n - 1]) : NULL,
					  *b = page_at(c->s, pages->v[i]);
		dnsbolt_handle joined;
		int err;

		if (!a || (a->n >= PAGE_THIN && b->n >= PAGE_THIN) ||
		    a->n + b->n > DNSBOLT_PAGE_MAX) {
			pages->v[n++] = pages->v[i];
			continue;
		}
		err = a->leaf ? join_leaves(c, a, b, &joined) : join_inner(c, a, b, &joined);
		if (err) {
			memmove(&pages->v[n], &pages->v[i], (pages->n - i) * sizeof(*pages->v));
			pages->n -= i - n;
			return err;
		}
		page_unref(c->s, pages->v[n - 1]);
		page_unref(c->s, pages->v[i]);
		pages->v[n - 1] = joined;
	}
	pages->n = n;
	return 0;
}

/* ---- pages of all levels ---- */

static int change_page(struct change *c, dnsbolt_handle h, size_t from, size_t to,
		       struct list *pages);

/* The first edit that is not before the entry. */
static size_t edits_before(const struct change *c, const struct dnsbolt_page_entry *entry,
			   size_t from, size_t to)
{
	struct place limit = chain_place(c->s, entry);

	while (from < to && chain_compare(&c->edit[from].place, &limit) < 0)
		from++;
	return from;
}

/* What the children of an inner page become, each referenced once. */
static int change_children(struct change *c, const struct dnsbolt_page *old, size_t from, size_t to,
			   struct list *below)
{
	int err = 0;

	for (uint32_t i = 0; i < old->n && !err; i++) {
		size_t end = i + 1 < old->n ? edits_before(c, &old->entry[i + 1], from, to) : to;

		if (end > from) {
			err = change_page(c, old->entry[i].child, from, end, below);
		} else {
			page_head_at(c->s, old->entry[i].child)->refs++;
			err = push_page(c, below, old->entry[i].child);
		}
		from = end;
	}
	return err ? err : join_thin(c, below);
}

/* Takes the references over, but for those that are left on an error. */
static int write_above(struct change *c, const struct list *below, struct list *pages)
{
	size_t at = 0;
	int err = 0;

	while (at < below->n && !err) {
		uint32_t share = share_of(below->n - at);
		dnsbolt_handle page;

		err = chain_write_inner(c->s, below->v + at, share, &page);
		if (err)
			break;
		at += share;
		err = push_page(c, pages, page);
	}
	if (err)
		chain_drop(c->s, below, at);
	return err;
}

/* Adds what the page becomes. As deep as the chain. */
static int change_page(struct change *c, dnsbolt_handle h, size_t from, size_t to,
		       struct list *pages)
{
	const struct dnsbolt_page *old = page_at(c->s, h);
	struct list below = { 0 };
	int err;

	if (old->leaf)
		return change_leaf(c, h, from, to, pages);
	err = change_children(c, old, from, to, &below);
	if (err)
		chain_drop(c->s, &below, 0);
	else
		err = write_above(c, &below, pages);
	list_done(&below);
	return err;
}

/* A root with one page below it is none. */
static dnsbolt_handle lower_root(struct store *s, dnsbolt_handle root)
{
	while (!page_at(s, root)->leaf && page_at(s, root)->n == 1) {
		dnsbolt_handle below = page_at(s, root)->entry[0].child;

		page_head_at(s, below)->refs++;
		page_unref(s, root);
		root = below;
	}
	return root;
}

static unsigned levels_of(const struct store *s, dnsbolt_handle root)
{
	unsigned n = 1;

	for (; !page_at(s, root)->leaf; n++)
		root = page_at(s, root)->entry[0].child;
	return n;
}

static int change_root(struct change *c, dnsbolt_handle before, dnsbolt_handle *ret_root)
{
	struct list pages = { 0 }, above = { 0 };
	int err = change_page(c, before, 0, c->n, &pages);

	while (!err && pages.n > 1) {
		err = write_above(c, &pages, &above);
		pages.n = 0;
		list_done(&pages);
		pages = above;
		above = (struct list){ 0 };
	}
	if (!err && !pages.n)
		err = store_fail(c->s, -EINVAL, "denial chain: no link is left");
	if (!err)
		pages.v[0] = lower_root(c->s, pages.v[0]);
	if (!err && levels_of(c->s, pages.v[0]) > DNSBOLT_PAGE_LEVELS)
		err = store_fail(c->s, -ENOSPC, "denial chain: too long");
	if (err)
		chain_drop(c->s, &pages, 0);
	else
		*ret_root = pages.v[0];
	list_done(&pages);
	return err;
}

int chain_change(struct store *s, const struct store_snapshot *snap, dnsbolt_handle before,
		 dnsbolt_handle *ret_root)
{
	struct change c = { .s = s, .snap = snap };
	int err;

	if (!before)
		return store_fail(s, -EINVAL, "denial chain: there is none to change");
	if (!snap->n_links && !snap->n_gone) {
		page_head_at(s, before)->refs++;
		*ret_root = before;
		return 0;
	}
	c.edit = calloc(snap->n_links + snap->n_gone, sizeof(*c.edit));
	if (!c.edit)
		return store_fail(s, -ENOMEM, "no memory");
	err = owner_read(&c.apex, snap->apex, s->backing->config);
	if (!err)
		err = read_edits(&c, snap->gone, snap->n_gone, false);
	if (!err)
		err = read_edits(&c, snap->links, snap->n_links, true);
	if (!err) {
		set_words(&c);
		err = sort_edits(&c);
	}
	if (!err)
		err = change_root(&c, before, ret_root);
	free(c.edit);
	free(c.words);
	free(c.item);
	return err;
}
