/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Denial chains (struct dnsbolt_page). A chain is written level by level from its leaves up, along
 * the pages of the chain before it: what lies between the first keys of two neighbouring pages
 * there goes into pages of its own here, and when that is what the page holds already, the page is
 * taken over. So a link more or less costs one page of each level, and an equal chain costs none.
 *
 * A page and the sort keys of its entries are one block, keys behind the page in the order of the
 * entries, with a count of references before it. Keys of inner pages are those of the leaf below.
 */
#include <endian.h>
#include <string.h>

#include "internal.h"

#define LABEL_MAX 63u /* RFC 1035 section 2.3.4 */
#define LEAF_MIN 32u  /* links a leaf holds on average, or the chain is written afresh */

/* ---- keys ---- */

/* What a page is sorted by; n 0: the prefix alone, as of NSEC3. */
struct place {
	uint64_t prefix;
	uint32_t n;
	const __u64 *word;
};

struct sort_key {
	uint32_t n, octets;
	__u64 word[DNSBOLT_SORT_WORDS];
};

static int compare_places(const struct place *a, const struct place *b)
{
	uint32_t n = a->n > b->n ? a->n : b->n;

	if (a->prefix != b->prefix)
		return a->prefix < b->prefix ? -1 : 1;
	for (uint32_t i = 1; i < n; i++) {
		uint64_t x = i < a->n ? a->word[i] : 0, y = i < b->n ? b->word[i] : 0;

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

static void key_push(struct sort_key *key, uint8_t octet)
{
	uint32_t at = key->octets++ % sizeof(uint64_t);

	if (!at)
		key->word[key->n++] = 0;
	key->word[key->n - 1] |= (uint64_t)octet << (56 - 8 * at);
}

static void key_push_label(struct sort_key *key, const uint8_t *label)
{
	for (uint8_t i = 1; i <= label[0]; i++) {
		if (label[i] < 2)
			key_push(key, 1);
		key_push(key, (uint8_t)(label[i] + (label[i] < 2)));
	}
	key_push(key, 0);
}

/* The name's key relative to the apex. -EINVAL: not a name at or below it. */
static int key_of_name(struct sort_key *key, const uint8_t *wire, const struct owner *apex)
{
	uint8_t label[DNSBOLT_LABELS_MAX];
	uint32_t end = 0, n = 0, from;

	for (; wire[end]; end += wire[end] + 1u) {
		if (wire[end] > LABEL_MAX || end + wire[end] + 2u > DNSBOLT_NAME_MAX)
			return -EINVAL;
		label[n++] = (uint8_t)end;
	}
	if (n < apex->labels)
		return -EINVAL;
	n -= apex->labels;
	from = apex->labels ? label[n] : end;
	if (end + 1 - from != apex->len || memcmp(wire + from, apex->wire, apex->len))
		return -EINVAL;
	key->n = key->octets = 0;
	if (!n) /* the apex comes before all else */
		key_push(key, 0);
	while (n--)
		key_push_label(key, wire + label[n]);
	return 0;
}

static struct place place_of_entry(const struct store *s, const struct dnsbolt_page_entry *entry)
{
	struct place place = { .prefix = entry->prefix };
	const struct dnsbolt_sort_key *key;

	if (entry->key) {
		key = arena_at(&s->arena, entry->key);
		place.n = key->n;
		place.word = key->word;
	}
	return place;
}

/* ---- pages ---- */

static size_t block_octets(const struct store *s, dnsbolt_handle h)
{
	const struct dnsbolt_page *page = page_at(s, h);
	dnsbolt_handle last = page->leaf ? page->entry[page->n - 1].key : 0;
	const struct dnsbolt_sort_key *key;

	if (!last)
		return sizeof(struct page_head) + page_octets(page->n);
	key = arena_at(&s->arena, last);
	return sizeof(struct page_head) + (size_t)(last - h) * DNSBOLT_GRANULE +
	       sort_key_octets(key->n);
}

void page_unref(struct store *s, dnsbolt_handle h)
{
	const struct dnsbolt_page *page = page_at(s, h);

	if (--page_head_at(s, h)->refs)
		return;
	for (uint32_t i = 0; i < page->n; i++) {
		if (!page->entry[i].child) /* it was not finished */
			continue;
		if (page->leaf)
			anchor_unref(s, ANCHOR_OF(page->entry[i].child));
		else
			page_unref(s, page->entry[i].child);
	}
	arena_free(&s->arena, h - 1, block_octets(s, h));
	s->stats.pages--;
}

static int page_alloc(struct store *s, uint32_t n, size_t key_octets, bool leaf,
		      dnsbolt_handle *ret_page)
{
	size_t octets = arena_granules(page_octets(n)) * DNSBOLT_GRANULE + key_octets;
	dnsbolt_handle head;
	int err = arena_alloc(&s->arena, sizeof(struct page_head) + octets, false, &head);

	if (err)
		return store_fail(s, err, "no room for a denial chain: %s", strerror(-err));
	*ret_page = head + 1;
	page_head_at(s, *ret_page)->refs = 1;
	page_at(s, *ret_page)->n = n;
	page_at(s, *ret_page)->leaf = leaf;
	s->stats.pages++;
	s->stats.pages_written++;
	return 0;
}

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
	struct sort_key write_key;
	struct list pages; /* what comes of it, each referenced once */
};

static int fail_link(struct level *l, size_t i, int err, const char *what)
{
	const uint8_t *owner = l->snap->links[i].proof.owner;
	char text[OWNER_TEXT_MAX];

	return store_fail(l->s, err, "denial chain, link %zu%s%s: %s", i, owner ? " of " : "",
			  owner ? owner_text(text, owner) : "", what);
}

static int place_of_link(struct level *l, size_t i, struct sort_key *key, struct place *ret_place)
{
	const struct store_link *link = &l->snap->links[i];
	bool nsec3 = l->snap->flags & DNSBOLT_ZONE_NSEC3;
	uint64_t prefix;

	if (!link->proof.owner || link->proof.side > DNSBOLT_SIDE_PARENT || nsec3 != !!link->hash)
		return fail_link(l, i, -EINVAL, "neither of NSEC nor of NSEC3 as the zone is");
	if (nsec3) {
		memcpy(&prefix, link->hash, sizeof(prefix));
		*ret_place = (struct place){ .prefix = be64toh(prefix) };
		return 0;
	}
	if (key_of_name(key, link->proof.owner, &l->apex))
		return fail_link(l, i, -EINVAL, "not a name of the zone");
	*ret_place = (struct place){ key->word[0], key->n, key->word };
	return 0;
}

/* The links are in order, no two the same (RFC 4034 section 6.1, RFC 5155 section 1.3). */
static int check_order(struct level *l, size_t i)
{
	int order = compare_places(&l->place[(i - 1) % 2], &l->place[i % 2]);

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
		*place = place_of_entry(l->s, page_at(l->s, l->below->v[i])->entry);
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
	other = place_of_entry(l->s, &old->entry[k]);
	if (compare_places(&other, place) || SIDE_OF(old->entry[k].child) != proof->side)
		return false;
	a = anchor_at(l->s, ANCHOR_OF(old->entry[k].child));
	return place->n || (owner_len(proof->owner) == a->name_len &&
			    !memcmp(a->name, proof->owner, a->name_len));
}

static int write_keys(struct level *l, size_t from, uint32_t n, dnsbolt_handle *ret_page)
{
	struct dnsbolt_page_entry *entry;
	size_t octets = 0;
	struct place place;
	dnsbolt_handle at;
	int err = 0;

	for (uint32_t i = 0; i < n && !err; i++) {
		err = place_of_link(l, from + i, &l->write_key, &place);
		if (!err && place.n)
			octets += arena_granules(sort_key_octets(place.n)) * DNSBOLT_GRANULE;
	}
	if (!err)
		err = page_alloc(l->s, n, octets, true, ret_page);
	if (err)
		return err;
	at = *ret_page + arena_granules(page_octets(n));
	entry = page_at(l->s, *ret_page)->entry;
	for (uint32_t i = 0; i < n; i++) {
		struct dnsbolt_sort_key *key = arena_at(&l->s->arena, at);

		(void)place_of_link(l, from + i, &l->write_key, &place);
		entry[i].prefix = place.prefix;
		if (!place.n)
			continue;
		entry[i].key = at;
		key->n = place.n;
		memcpy(key->word, place.word, place.n * sizeof(*key->word));
		at += arena_granules(sort_key_octets(place.n));
	}
	return 0;
}

static int write_leaf(struct level *l, size_t from, uint32_t n, dnsbolt_handle *ret_page)
{
	struct dnsbolt_page_entry *entry;
	dnsbolt_proof proof;
	int err = write_keys(l, from, n, ret_page);

	if (err)
		return err;
	entry = page_at(l->s, *ret_page)->entry;
	for (uint32_t i = 0; i < n && !err; i++) {
		err = anchor_proof(l->s, &l->snap->links[from + i].proof, true, &proof);
		if (err)
			break;
		anchor_ref(l->s, ANCHOR_OF(proof));
		entry[i].child = proof;
	}
	if (err)
		page_unref(l->s, *ret_page);
	return err;
}

static int write_inner(struct level *l, size_t from, uint32_t n, dnsbolt_handle *ret_page)
{
	struct dnsbolt_page_entry *entry;
	int err = page_alloc(l->s, n, 0, false, ret_page);

	if (err)
		return err;
	entry = page_at(l->s, *ret_page)->entry;
	for (uint32_t i = 0; i < n; i++) {
		entry[i] = page_at(l->s, l->below->v[from + i])->entry[0];
		entry[i].child = l->below->v[from + i];
	}
	return 0;
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
		limit = place_of_entry(l->s, page_at(l->s, next)->entry);
	for (; at < l->n; at++) {
		err = place_of_item(l, at, &place);
		if (err)
			return err;
		if (next && compare_places(place, &limit) >= 0)
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

static void drop_pages(struct store *s, const struct list *pages, size_t from)
{
	for (size_t i = from; i < pages->n; i++)
		page_unref(s, pages->v[i]);
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
		drop_pages(l->s, &below, l->taken);
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
		drop_pages(l->s, &below, 0);
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
