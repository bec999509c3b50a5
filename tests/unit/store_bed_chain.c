/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Denial chains for tests of the store: made, and read back, without the store's own ideas of keys
 * and of order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store_bed_chain.h"

#define HASH 20u /* octets of SHA-1 (RFC 5155 section 5) */

struct link {
	char text[64];
	uint8_t wire[64], hash[HASH];
	uint8_t side;
};

/* Names of all depths; some that escaping, or comparing from the left, would put elsewhere. */
void bed_link_name(char ret_text[64], unsigned i, const char *apex)
{
	static const char *const forms[] = { "l%u.%s",	      "\x01.l%u.%s",
					     "a.l%u.%s",      "l%u\x01.%s",
					     "\x02.b.l%u.%s", "longer-than-a-word-l%u.%s" };

	if (i)
		(void)snprintf(ret_text, 64, forms[i % 6], i / 6, apex);
	else
		(void)snprintf(ret_text, 64, "%s", apex);
}

/* The labels of a name in text, from the right. */
static unsigned split(const char *text, const char *label[8], size_t len[8])
{
	unsigned n = 0, i;

	for (; *text; text += len[n], text += *text == '.', n++) {
		assert_true(n < 8);
		label[n] = text;
		len[n] = strcspn(text, ".");
		if (!text[len[n]]) {
			n++;
			break;
		}
	}
	for (i = 0; i < n / 2; i++) {
		const char *l = label[i];
		size_t k = len[i];

		label[i] = label[n - 1 - i];
		len[i] = len[n - 1 - i];
		label[n - 1 - i] = l;
		len[n - 1 - i] = k;
	}
	return n;
}

/* RFC 4034 section 6.1. */
static int compare_names(const void *a, const void *b)
{
	const char *x[8], *y[8];
	size_t nx[8], ny[8];
	unsigned n = split(((const struct link *)a)->text, x, nx);
	unsigned m = split(((const struct link *)b)->text, y, ny);

	for (unsigned i = 0; i < n && i < m; i++) {
		int order = memcmp(x[i], y[i], nx[i] < ny[i] ? nx[i] : ny[i]);

		if (order || nx[i] != ny[i])
			return order ? order : nx[i] < ny[i] ? -1 : 1;
	}
	return n < m ? -1 : n > m;
}

static int compare_hashes(const void *a, const void *b)
{
	return memcmp(((const struct link *)a)->hash, ((const struct link *)b)->hash, HASH);
}

static void make_link(struct link *link, unsigned i, const char *apex)
{
	uint64_t hash = htobe64(i * 0x9e3779b97f4a7c15ull);

	memset(link, 0, sizeof(*link));
	bed_link_name(link->text, i, apex);
	memcpy(link->wire, wire(link->text), strlen(link->text) + 2);
	memcpy(link->hash, &hash, sizeof(hash));
	link->side = i % 7 == 0;
}

static unsigned list_links(const struct bed_chain *chain, const char *apex, struct link **ret_links)
{
	struct link *link = calloc(chain ? chain->n + 1 : 1, sizeof(*link));
	unsigned n = 0;

	assert_non_null(link);
	for (unsigned i = 0; chain && i < chain->n; i++)
		if (chain->has[i])
			make_link(&link[n++], i, apex);
	if (n)
		qsort(link, n, sizeof(*link), chain->nsec3 ? compare_hashes : compare_names);
	*ret_links = link;
	return n;
}

void *bed_make_links(struct store_snapshot *snap, const char *apex, const struct bed_chain *chain)
{
	struct store_link *stored;
	struct link *made, *link;
	unsigned n = list_links(chain, apex, &made);

	/* One block: what the links point to stands behind them. */
	stored = calloc(1, n * sizeof(*stored) + (n + 1) * sizeof(*link));
	assert_non_null(stored);
	link = (struct link *)(stored + n);
	memcpy(link, made, n * sizeof(*link));
	free(made);
	for (unsigned i = 0; i < n; i++)
		stored[i] = (struct store_link){ { link[i].wire, link[i].side },
						 chain->nsec3 ? link[i].hash : NULL };
	snap->apex = wire(apex); /* one of a few buffers: after the links */
	snap->links = stored;
	snap->n_links = n;
	if (chain && chain->nsec3)
		snap->flags |= DNSBOLT_ZONE_NSEC3;
	return stored;
}

/* What the first has and the second has not. */
static unsigned list_missing(const struct bed_chain *from, const struct bed_chain *to,
			     const char *apex, struct link **ret_links)
{
	struct link *link = calloc(from->n + 1, sizeof(*link));
	unsigned n = 0;

	assert_non_null(link);
	for (unsigned i = 0; i < from->n; i++)
		if (from->has[i] && !to->has[i])
			make_link(&link[n++], i, apex);
	*ret_links = link;
	return n;
}

void *bed_make_change(struct store_snapshot *snap, const char *apex, const struct bed_chain *from,
		      const struct bed_chain *to)
{
	struct link *gone, *come, *link;
	unsigned n_gone = list_missing(from, to, apex, &gone),
		 n = n_gone + list_missing(to, from, apex, &come);
	struct store_link *stored = calloc(1, (n + 1) * (sizeof(*stored) + sizeof(*link)));

	assert_non_null(stored);
	link = (struct link *)(stored + n);
	memcpy(link, gone, n_gone * sizeof(*link));
	memcpy(link + n_gone, come, (n - n_gone) * sizeof(*link));
	free(gone);
	free(come);
	for (unsigned i = 0; i < n; i++)
		stored[i] = (struct store_link){ { link[i].wire, link[i].side },
						 to->nsec3 ? link[i].hash : NULL };
	snap->apex = wire(apex);
	snap->is_change = true;
	snap->gone = stored;
	snap->n_gone = n_gone;
	snap->links = stored + n_gone;
	snap->n_links = n - n_gone;
	if (to->nsec3)
		snap->flags |= DNSBOLT_ZONE_NSEC3;
	return stored;
}

/* ---- reading ---- */

struct walk {
	const struct bed *bed;
	const char *apex;
	const struct link *link;
	unsigned n, at, depth;
	bool nsec3;
};

static const void *object(const struct bed *bed, dnsbolt_handle h)
{
	return store_view(bed->s)->segment[h / DNSBOLT_SEG_GRANULES] +
	       (size_t)(h % DNSBOLT_SEG_GRANULES) * DNSBOLT_GRANULE;
}

/* The name's labels but the apex's, as struct dnsbolt_page_entry describes. */
static unsigned make_key(uint8_t key[DNSBOLT_SORT_WORDS * 8], const char *text, const char *apex)
{
	const char *label[8], *none[8];
	size_t len[8], none_len[8];
	unsigned n = split(text, label, len), skip = split(apex, none, none_len), out = 0;

	memset(key, 0, DNSBOLT_SORT_WORDS * 8);
	for (unsigned i = skip; i < n; i++, out++)
		for (unsigned k = 0; k < len[i]; k++) {
			if ((uint8_t)label[i][k] < 2)
				key[out++] = 1;
			key[out++] = (uint8_t)(label[i][k] + ((uint8_t)label[i][k] < 2));
		}
	return out;
}

static bool is_key(const struct walk *w, const struct dnsbolt_page_entry *entry, const char *text)
{
	const struct dnsbolt_sort_key *key = object(w->bed, entry->key);
	uint8_t octets[DNSBOLT_SORT_WORDS * 8];
	unsigned n = make_key(octets, text, w->apex);

	if (key->n != (n ? (n + 7) / 8 : 1) || key->word[0] != entry->prefix)
		return false;
	for (unsigned i = 0; i < key->n; i++) {
		uint64_t word;

		memcpy(&word, octets + 8 * i, 8);
		if (be64toh(word) != key->word[i])
			return false;
	}
	return true;
}

static bool is_link(struct walk *w, const struct dnsbolt_page_entry *entry)
{
	const struct link *link = &w->link[w->at++];
	uint64_t prefix;

	if (w->at > w->n || entry->child != (bed_anchor(w->bed, link->text) | link->side))
		return false;
	memcpy(&prefix, link->hash, sizeof(prefix));
	return w->nsec3 ? !entry->key && entry->prefix == be64toh(prefix)
			: is_key(w, entry, link->text);
}

static bool is_page(struct walk *w, dnsbolt_handle h, unsigned depth)
{
	const struct dnsbolt_page *page = object(w->bed, h), *child;
	bool ok = page->n && page->n <= DNSBOLT_PAGE_MAX && depth < DNSBOLT_PAGE_LEVELS;

	if (page->leaf && !w->depth)
		w->depth = depth + 1;
	ok = ok && (!page->leaf || w->depth == depth + 1);
	for (unsigned i = 0; i < page->n && ok; i++) {
		if (page->leaf) {
			ok = is_link(w, &page->entry[i]);
			continue;
		}
		child = object(w->bed, page->entry[i].child);
		ok = page->entry[i].prefix == child->entry[0].prefix &&
		     page->entry[i].key == child->entry[0].key &&
		     is_page(w, page->entry[i].child, depth + 1);
	}
	return ok;
}

bool bed_is_chain(const struct bed *bed, uint32_t zone, const char *apex, dnsbolt_handle root,
		  const struct bed_chain *chain)
{
	dnsbolt_handle h = store_view(bed->s)->zones[zone].snapshot;
	const struct dnsbolt_snapshot *snap = object(bed, h);
	struct walk w = { .bed = bed, .apex = apex, .nsec3 = chain && chain->nsec3 };
	struct link *link;
	bool ok;

	w.n = list_links(chain, apex, &link);
	w.link = link;
	root = root ? root : snap->denial;
	ok = root ? is_page(&w, root, 0) && w.at == w.n : !w.n;
	free(link);
	return ok;
}
