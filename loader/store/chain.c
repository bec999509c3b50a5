/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Denial chains, all links given. A chain is written level by level from its leaves up, along
 * the pages of the chain before it: what lies between the first keys of two neighbouring pages
 * there goes into pages of its own here, and when that is what the page holds already, the page is
 * taken over. So a link more or less costs one page of each level, and an equal chain costs none.
 */
#include <string.h>

#include "chain.h"

#define LEAF_MIN 32u /* links a leaf holds on average, or the chain is written afresh */

/* ---- one level ---- */

/* The items are links, or, above the leaves, the pages of the level below, each referenced once:
 * the pages here take these references over. */
struct level {
	struct store *s;
	const struct store_snapshot *snap;
	struct owner apex;
	const struct list *below; /* NULL: leaves */
	size_t n;		  /* items */
	size_t taken;		  /* items that are in `pages` */
	/* Of the item that is looked at and of the one before it, by the item's number, odd or
	 * even. */
	struct place place[2];
	struct sort_key key[2];
	struct list pages; /* what comes of it, each referenced once */
	/* Of the leaf that is written */
	struct chain_item item[DNSBOLT_PAGE_MAX];
	struct sort_key item_key[DNSBOLT_PAGE_MAX];
};

static int place_of_link(struct level *l, size_t i, struct sort_key *key, struct place *ret_place)
{
	return chain_place_link(l->s, l->snap, &l->apex, &l->snap->links[i], i, key, ret_place);
}

static int fail_link(struct level *l, size_t i, int err, const char *what)
{
	return chain_fail_link(l->s, &l->snap->links[i], i, err, what);
}

/* The links are in order, no two the same (RFC 4034 section 6.1, RFC 5155 section 1.3). */
static int check_order(struct level *l, size_t i)
{
	int order = chain_compare(&l->place[(i - 1) % 2], &l->place[i % 2]);

	if (!order && l->snap->flags & DNSBOLT_ZONE_NSEC3)
		return fail_link(l, i, -EEXIST, "two hashes begin with the same 8 octets");
	return order < 0 ? 0 : fail_link(l, i, -EINVAL, "not in order");
}

/* Items are looked at one after the other. */
static int place_of_item(struct level *l, size_t i, const struct place **ret_place)
{
	struct place *place = &l->place[i % 2];
	int err = 0;

	if (l->below)
		*place = chain_place(l->s, page_at(l->s, l->below->v[i])->entry);
	else
		err = place_of_link(l, i, &l->key[i % 2], place);
	if (!err && !l->below && i)
		err = check_order(l, i);
	*ret_place = place;
	return err;
}

/* Whether the old page has the item as its k-th entry. Equal keys are equal names; equal prefixes
 * of hashes need not be. */
static bool has_item(const struct level *l, const struct dnsbolt_page *old, uint32_t k, size_t i,
		     const struct place *place)
{
	const struct store_proof *proof;
	const struct dnsbolt_anchor *a;
	struct place other;

	if (k >= old->n)
		return false;
	if (l->below)
		return old->entry[k].child == l->below->v[i];
	proof = &l->snap->links[i].proof;
	other = chain_place(l->s, &old->entry[k]);
	if (chain_compare(&other, place) || SIDE_OF(old->entry[k].child) != proof->side)
		return false;
	a = anchor_at(l->s, ANCHOR_OF(old->entry[k].child));
	return place->n || (owner_len(proof->owner) == a->name_len &&
			    !memcmp(a->name, proof->owner, a->name_len));
}

static int write_leaf(struct level *l, size_t from, uint32_t n, dnsbolt_handle *ret_page)
{
	for (uint32_t i = 0; i < n; i++) {
		struct chain_item *item = &l->item[i];
		int err = place_of_link(l, from + i, &l->item_key[i], &item->place);

		if (err)
			return err;
		item->link = &l->snap->links[from + i];
	}
	return chain_write_leaf(l->s, l->item, n, ret_page);
}

static int write_inner(struct level *l, size_t from, uint32_t n, dnsbolt_handle *ret_page)
{
	return chain_write_inner(l->s, &l->below->v[from], n, ret_page);
}

/* The items up to `end`, in as few pages as hold them, filled alike. */
static int write_pages(struct level *l, size_t end)
{
	size_t n = end - l->taken, left = (n + DNSBOLT_PAGE_MAX - 1) / DNSBOLT_PAGE_MAX;
	dnsbolt_handle page;
	int err = 0;

	if (list_reserve(&l->pages, left))
		return store_fail(l->s, -ENOMEM, "no memory");
	for (; left && !err; left--) {
		n = (end - l->taken + left - 1) / left;
		err = l->below ? write_inner(l, l->taken, (uint32_t)n, &page)
			       : write_leaf(l, l->taken, (uint32_t)n, &page);
		if (err)
			break;
		(void)list_push(&l->pages, page);
		l->taken += n;
	}
	return err;
}

static int share_page(struct level *l, dnsbolt_handle old, size_t end)
{
	if (list_push(&l->pages, old))
		return store_fail(l->s, -ENOMEM, "no memory");
	page_head_at(l->s, old)->refs++;
	for (; l->taken < end; l->taken++)
		if (l->below)
			page_unref(l->s, l->below->v[l->taken]); /* the old page has its own */
	return 0;
}

/* Takes the items that lie before the page `next` (0: all), where the old chain has the page `old`
 * (0: none). */
static int take_range(struct level *l, dnsbolt_handle old, dnsbolt_handle next)
{
	struct place limit = { 0 };
	const struct place *place;
	size_t at = l->taken;
	bool same = old;
	int err = 0;

	if (next)
		limit = chain_place(l->s, page_at(l->s, next)->entry);
	for (; at < l->n; at++) {
		err = place_of_item(l, at, &place);
		if (err)
			return err;
		if (next && chain_compare(place, &limit) >= 0)
			break;
		same = same &&
		       has_item(l, page_at(l->s, old), (uint32_t)(at - l->taken), at, place);
	}
	if (same && at - l->taken == page_at(l->s, old)->n)
		return share_page(l, old, at);
	return write_pages(l, at);
}

static int take_level(struct level *l, const struct list *old)
{
	int err = old->n ? 0 : take_range(l, 0, 0);

	for (size_t i = 0; i < old->n && !err; i++)
		err = take_range(l, old->v[i], i + 1 < old->n ? old->v[i + 1] : 0);
	return err;
}

/* ---- the tree ---- */

/* The pages of each level of a chain, leaves first. */
static int list_levels(struct store *s, dnsbolt_handle root,
		       struct list levels[DNSBOLT_PAGE_LEVELS])
{
	unsigned top = 0;
	int err = 0;

	if (!root)
		return 0;
	for (dnsbolt_handle h = root; !page_at(s, h)->leaf; h = page_at(s, h)->entry[0].child)
		top++;
	err = list_push(&levels[top], root);
	for (; top && !err; top--) {
		const struct list *upper = &levels[top];

		for (size_t i = 0; i < upper->n && !err; i++) {
			const struct dnsbolt_page *page = page_at(s, upper->v[i]);

			for (uint32_t k = 0; k < page->n && !err; k++)
				err = list_push(&levels[top - 1], page->entry[k].child);
		}
	}
	return err ? store_fail(s, err, "no memory") : 0;
}

/* -EAGAIN: the old chain's pages are too thin to be followed. */
static int write_levels(struct level *l, const struct list *old, dnsbolt_handle *ret_root)
{
	struct list below = { 0 };
	int err = 0;

	for (unsigned i = 0; i < DNSBOLT_PAGE_LEVELS && !err; i++) {
		l->below = i ? &below : NULL;
		l->n = i ? below.n : l->snap->n_links;
		l->taken = 0;
		l->pages = (struct list){ 0 };
		err = take_level(l, &old[i]);
		chain_drop(l->s, &below, l->taken);
		list_done(&below);
		below = l->pages;
		if (!err && !i && old[0].n && below.n > 2 + l->n / LEAF_MIN)
			err = -EAGAIN;
		if (!err && below.n == 1)
			break;
	}
	if (!err && below.n != 1)
		err = old[0].n ? -EAGAIN : store_fail(l->s, -ENOSPC, "denial chain: too long");
	if (err)
		chain_drop(l->s, &below, 0);
	else
		*ret_root = below.v[0];
	list_done(&below);
	return err;
}

static int write_tree(struct level *l, dnsbolt_handle before, dnsbolt_handle *ret_root)
{
	struct list old[DNSBOLT_PAGE_LEVELS] = { { 0 } };
	int err = list_levels(l->s, before, old);

	if (!err)
		err = write_levels(l, old, ret_root);
	for (unsigned i = 0; i < DNSBOLT_PAGE_LEVELS; i++)
		list_done(&old[i]);
	return err;
}

int chain_write(struct store *s, const struct store_snapshot *snap, dnsbolt_handle before,
		dnsbolt_handle *ret_root)
{
	struct level *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return store_fail(s, -ENOMEM, "no memory");
	l->s = s;
	l->snap = snap;
	err = owner_read(&l->apex, snap->apex, s->backing->config);
	if (!err)
		err = write_tree(l, before, ret_root);
	if (err == -EAGAIN)
		err = write_tree(l, 0, ret_root);
	free(l);
	return err;
}
