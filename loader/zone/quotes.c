/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "quotes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../../bpf/core/hash.h"
#include "follow.h"
#include "render_internal.h"

/* ---- keys ---- */

uint32_t quotes_key(enum quote what, const knot_dname_t *owner)
{
	static struct hash_key key;
	size_t left = knot_dname_size(owner);
	uint64_t hash, word;

	while (!key.k1)
		if (getrandom(&key, sizeof(key), 0) == sizeof(key))
			key.k1 |= 1;
	hash = key.seed + what;
	for (; left > sizeof(word); left -= sizeof(word), owner += sizeof(word)) {
		memcpy(&word, owner, sizeof(word));
		hash = hash_word(hash, word, key.k1, key.k2 | 1);
	}
	word = 0;
	memcpy(&word, owner, left);
	return (uint32_t)hash_word(hash, word, key.k1, key.k2 | 1);
}

/* ---- what a name quotes ---- */

struct note {
	struct quotes *quotes;
	struct view *view;
	int err;
};

static void note(struct note *note, enum quote what, const knot_dname_t *owner)
{
	struct quotes *quotes = note->quotes;

	if (quotes->n == quotes->room) {
		size_t room = quotes->room ? 2 * quotes->room : 16;
		uint32_t *key = reallocarray(quotes->key, room, sizeof(*key));

		if (!key) {
			note->err = -ENOMEM;
			return;
		}
		quotes->key = key;
		quotes->room = room;
	}
	quotes->key[quotes->n++] = quotes_key(what, owner);
}

static void note_link(const struct denial_link *link, void *arg)
{
	note(arg, QUOTE_LINK, link->name->owner);
}

/* The link that has or covers the name. */
static void note_cover(struct note *n, const knot_dname_t *name)
{
	struct denial_link link;
	bool match;
	int err = denial_find(n->view, name, &link, &match);

	if (!err)
		note_link(&link, n);
	else if (err != -ENOENT)
		n->err = err;
}

static void note_wildcard(struct note *n, const knot_dname_t *encloser)
{
	knot_dname_storage_t wildcard;

	if (view_wildcard_name(wildcard, encloser))
		note_cover(n, wildcard);
}

/* NSEC3: what proves that the name exists; what proves it of another, and of a wildcard below it. */
static void note_provable(struct note *n, const struct zone_name *name, bool with_wildcard)
{
	struct denial_provable provable;
	int err = denial_find_provable(n->view, name, &provable, note_link, n);

	if (!err && with_wildcard)
		note_wildcard(n, provable.name->owner);
	else if (err && err != -ENOENT)
		n->err = err;
}

/* ---- delegations ---- */

struct glue_note {
	struct note *note;
	const struct zone_name *cut; /* what is below it is not noted; NULL: everything is */
};

static void note_glue(const knot_dname_t *target, void *arg)
{
	struct glue_note *glue = arg;

	if (knot_dname_in_bailiwick(target, glue->note->view->zone->apex) >= 0 &&
	    !(glue->cut && knot_dname_in_bailiwick(target, glue->cut->owner) >= 0))
		note(glue->note, QUOTE_DATA, target);
}

static void note_referral(struct note *n, const struct zone_name *cut, bool own)
{
	struct glue_note glue = { .note = n, .cut = own ? cut : NULL };

	referral_each_glue(cut, note_glue, &glue);
}

/* ---- chains of CNAMEs ---- */

/* What decides where a name is: the names on the way up to the one that encloses it, the next that is not
 * there, and the wildcard. */
static void note_way(struct note *n, const struct chain_link *link)
{
	const struct location *at = &link->at;
	const struct zone_name *name;
	knot_dname_storage_t wildcard;

	if (knot_dname_in_bailiwick(link->lower, n->view->zone->apex) < 0)
		return;
	name = view_find_above(n->view, link->lower);
	if (knot_dname_is_equal(name->owner, link->lower))
		note(n, QUOTE_DATA, link->lower);
	else
		note(n, QUOTE_PLACE, view_next_closer(link->lower, name->owner));
	note(n, QUOTE_PLACE, name->owner);
	while (at->encloser && name != at->encloser) {
		name = zone_parent(n->view->zone, name);
		note(n, QUOTE_PLACE, name->owner);
	}
	if (at->encloser && view_wildcard_name(wildcard, at->encloser->owner))
		note(n, at->name ? QUOTE_DATA : QUOTE_PLACE, wildcard);
	if (at->name)
		note(n, QUOTE_DATA, at->name->owner);
}

/* What proves whatever may have to be proved of the place. */
static void note_way_proofs(struct note *n, const struct chain_link *link)
{
	const struct location *at = &link->at;

	if (at->place == PLACE_OUTSIDE || !n->view->denial.is_complete)
		return;
	if (n->view->denial.is_nsec3) {
		if (at->name)
			note_provable(n, at->name, false);
		if (!at->encloser)
			return;
		note_provable(n, at->encloser, true);
		note_cover(n, view_next_closer(link->lower, at->encloser->owner));
		return;
	}
	note_cover(n, link->lower);
	if (at->name)
		note_cover(n, at->name->owner);
	if (at->encloser)
		note_wildcard(n, at->encloser->owner);
}

static void note_chain(struct note *n, const struct zone_name *name)
{
	struct chain chain;
	unsigned int i;

	(void)chain_follow(&chain, n->view, name);
	for (i = 1; i <= chain.n; i++) {
		note_way(n, &chain.link[i]);
		note_way_proofs(n, &chain.link[i]);
		if (chain.link[i].at.place == PLACE_CUT)
			note_referral(n, chain.link[i].at.name, false);
	}
}

/* ---- */

static int compare_keys(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void sort_keys(struct quotes *quotes)
{
	size_t i, n = 0;

	if (quotes->n)
		qsort(quotes->key, quotes->n, sizeof(*quotes->key), compare_keys);
	for (i = 0; i < quotes->n; i++)
		if (!n || quotes->key[i] != quotes->key[n - 1])
			quotes->key[n++] = quotes->key[i];
	quotes->n = n;
}

int quotes_of(struct quotes *quotes, struct view *view, const struct zone_name *name,
	      enum view_state state)
{
	struct note n = { .quotes = quotes, .view = view };

	quotes->n = 0;
	if (state != VIEW_DATA && state != VIEW_CUT)
		return 0;
	if (state == VIEW_CUT)
		note_referral(&n, name, true);
	else if (zone_name_rrset(name, KNOT_RRTYPE_CNAME))
		note_chain(&n, name);
	if (view->denial.is_complete && view->denial.is_nsec3)
		note_provable(&n, name, state == VIEW_DATA);
	sort_keys(quotes);
	return n.err;
}

void quotes_done(struct quotes *quotes)
{
	free(quotes->key);
	*quotes = (struct quotes){ .n = 0 };
}

/* ---- the index ---- */

int quotes_enter(struct tree *index, const struct quotes *quotes, const struct zone_name *name)
{
	struct tree_cursor at;
	size_t i;
	int err = 0;

	for (i = 0; i < quotes->n && !err; i++) {
		if (tree_seek(*index, quotes->key[i], name->owner, &at))
			continue;
		err = tree_insert(index, &at, quotes->key[i], zone_name_ref(name));
		if (err)
			zone_name_unref((struct zone_name *)name);
	}
	return err;
}

int quotes_strike(struct tree *index, const struct quotes *quotes, const struct zone_name *name)
{
	struct tree_cursor at;
	size_t i;
	int err = 0;

	for (i = 0; i < quotes->n && !err; i++)
		if (tree_seek(*index, quotes->key[i], name->owner, &at))
			err = tree_remove(index, &at);
	return err;
}

int quotes_each(struct tree index, uint32_t key, int (*each)(const knot_dname_t *owner, void *arg),
		void *arg)
{
	static const knot_dname_t root[] = { 0 }; /* comes before all others */
	const struct zone_name *name;
	struct tree_cursor at;
	int err = 0;

	(void)tree_seek(index, key, root, &at);
	for (name = tree_here(&at); name && tree_number(&at) == key && !err; name = tree_next(&at))
		err = each(name->owner, arg);
	return err;
}

/* ---- of a whole zone ---- */

int quotes_collect(struct quotes_list *list, const struct quotes *quotes,
		   const struct zone_name *name)
{
	size_t i;

	if (list->room - list->n < quotes->n) {
		size_t room = list->room ? list->room + list->room / 2 : 1024;
		struct quotes_entry *v;

		room += quotes->n;
		v = reallocarray(list->v, room, sizeof(*v));
		if (!v)
			return -ENOMEM;
		list->v = v;
		list->room = room;
	}
	for (i = 0; i < quotes->n; i++)
		list->v[list->n++] = (struct quotes_entry){ quotes->key[i], name };
	return 0;
}

#define RADIX_BITS 11u
#define RADIX (1u << RADIX_BITS)

/* By so many bits of the keys; what is equal stays in its order. */
static void sort_pass(struct quotes_entry *to, const struct quotes_entry *from, size_t n,
		      unsigned int shift)
{
	size_t at[RADIX] = { 0 }, i, sum = 0;

	for (i = 0; i < n; i++)
		at[from[i].key >> shift & (RADIX - 1)]++;
	for (i = 0; i < RADIX; i++) {
		size_t count = at[i];

		at[i] = sum;
		sum += count;
	}
	for (i = 0; i < n; i++)
		to[at[from[i].key >> shift & (RADIX - 1)]++] = from[i];
}

int quotes_build(struct tree *ret_index, struct quotes_list *list)
{
	struct quotes_entry *other = NULL, *swap;
	struct tree index = { NULL };
	struct tree_cursor at;
	unsigned int shift;
	int err = 0;
	size_t i;

	if (list->n) {
		other = reallocarray(NULL, list->n, sizeof(*other));
		if (!other)
			return -ENOMEM;
	}
	for (shift = 0; shift < 32 && list->n; shift += RADIX_BITS) {
		sort_pass(other, list->v, list->n, shift);
		swap = list->v;
		list->v = other;
		other = swap;
	}
	free(other);
	for (i = 0; i < list->n && !err; i++) {
		tree_seek_end(index, &at);
		err = tree_insert(&index, &at, list->v[i].key, zone_name_ref(list->v[i].name));
		if (err)
			zone_name_unref((struct zone_name *)list->v[i].name);
	}
	quotes_list_done(list);
	if (err)
		tree_free(&index);
	else
		*ret_index = index;
	return err;
}

void quotes_list_done(struct quotes_list *list)
{
	free(list->v);
	*list = (struct quotes_list){ .n = 0 };
}
