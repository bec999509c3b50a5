/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <endian.h>
#include <string.h>

#include "chain.h"

#define LABEL_MAX 63u /* RFC 1035 section 2.3.4 */

/* ---- keys ---- */

int chain_compare(const struct place *a, const struct place *b)
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

struct place chain_place(const struct store *s, const struct dnsbolt_page_entry *entry)
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

int chain_fail_link(struct store *s, const struct store_link *link, size_t i, int err,
		    const char *what)
{
	const uint8_t *owner = link->proof.owner;
	char text[OWNER_TEXT_MAX];

	return store_fail(s, err, "denial chain, link %zu%s%s: %s", i, owner ? " of " : "",
			  owner ? owner_text(text, owner) : "", what);
}

int chain_place_link(struct store *s, const struct store_snapshot *snap, const struct owner *apex,
		     const struct store_link *link, size_t i, struct sort_key *key,
		     struct place *ret_place)
{
	bool nsec3 = snap->flags & DNSBOLT_ZONE_NSEC3;
	uint64_t prefix;

	if (!link->proof.owner || link->proof.side > DNSBOLT_SIDE_PARENT || nsec3 != !!link->hash)
		return chain_fail_link(s, link, i, -EINVAL,
				       "neither of NSEC nor of NSEC3 as the zone is");
	if (nsec3) {
		memcpy(&prefix, link->hash, sizeof(prefix));
		*ret_place = (struct place){ .prefix = be64toh(prefix) };
		return 0;
	}
	if (key_of_name(key, link->proof.owner, apex))
		return chain_fail_link(s, link, i, -EINVAL, "not a name of the zone");
	*ret_place = (struct place){ key->word[0], key->n, key->word };
	return 0;
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

void chain_drop(struct store *s, const struct list *pages, size_t from)
{
	for (size_t i = from; i < pages->n; i++)
		page_unref(s, pages->v[i]);
}

static void write_key(struct store *s, struct dnsbolt_page_entry *entry, const struct place *place,
		      dnsbolt_handle *at)
{
	struct dnsbolt_sort_key *key = arena_at(&s->arena, *at);

	entry->prefix = place->prefix;
	if (!place->n)
		return;
	entry->key = *at;
	key->n = place->n;
	memcpy(key->word, place->word, place->n * sizeof(*key->word));
	*at += arena_granules(sort_key_octets(place->n));
}

int chain_write_leaf(struct store *s, const struct chain_item *item, uint32_t n,
		     dnsbolt_handle *ret_page)
{
	struct dnsbolt_page_entry *entry;
	size_t octets = 0;
	dnsbolt_proof proof;
	dnsbolt_handle at;
	int err;

	for (uint32_t i = 0; i < n; i++)
		if (item[i].place.n)
			octets +=
				arena_granules(sort_key_octets(item[i].place.n)) * DNSBOLT_GRANULE;
	err = page_alloc(s, n, octets, true, ret_page);
	if (err)
		return err;
	at = *ret_page + arena_granules(page_octets(n));
	entry = page_at(s, *ret_page)->entry;
	for (uint32_t i = 0; i < n; i++)
		write_key(s, &entry[i], &item[i].place, &at);
	for (uint32_t i = 0; i < n && !err; i++) {
		proof = item[i].proof;
		if (item[i].link)
			err = anchor_proof(s, &item[i].link->proof, true, &proof);
		if (err)
			break;
		anchor_ref(s, ANCHOR_OF(proof));
		entry[i].child = proof;
	}
	if (err)
		page_unref(s, *ret_page);
	return err;
}

int chain_write_inner(struct store *s, const uint32_t *below, uint32_t n, dnsbolt_handle *ret_page)
{
	struct dnsbolt_page_entry *entry;
	int err = page_alloc(s, n, 0, false, ret_page);

	if (err)
		return err;
	entry = page_at(s, *ret_page)->entry;
	for (uint32_t i = 0; i < n; i++) {
		entry[i] = page_at(s, below[i])->entry[0];
		entry[i].child = below[i];
	}
	return 0;
}
