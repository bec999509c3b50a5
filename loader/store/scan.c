/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trusts nothing that it finds in the arena: another process wrote it, perhaps not to the end. */
#include <string.h>

#include "internal.h"

static int claim(struct scan *scan, dnsbolt_handle h, size_t octets, const char *what)
{
	uint32_t n = arena_granules(octets);

	if (!arena_fits(&scan->s->arena, h, octets))
		return store_fail(scan->s, -EPROTO, "%s %u is out of range", what, h);
	for (uint32_t i = 0; i < n; i++) {
		if (marks_test(&scan->used, h + i))
			return store_fail(scan->s, -EPROTO, "%s %u lies across another object",
					  what, h);
		if (marks_set(&scan->used, h + i))
			return store_fail(scan->s, -ENOMEM, "no memory");
	}
	scan->granules += n;
	return 0;
}

/* An anchor that something names, by itself or with a side. */
static int scan_ref(struct scan *scan, uint32_t anchor_side, const char *what)
{
	dnsbolt_handle h = ANCHOR_OF(anchor_side);

	if (h / DNSBOLT_SEG_GRANULES >= DNSBOLT_MAX_SEGMENTS || !marks_test(&scan->anchors, h))
		return store_fail(scan->s, -EPROTO, "%s %u is no name's", what, anchor_side);
	scan->refs++;
	if (scan->rebuild)
		anchor_ref(scan->s, h);
	return 0;
}

static int scan_part(struct scan *scan, dnsbolt_handle h)
{
	struct dnsbolt_part *part;
	int err;

	if (h < DNSBOLT_PART_SYMBOLS)
		return h ? 0 : store_fail(scan->s, -EPROTO, "an answer has an empty slot");
	scan->refs++;
	if (marks_test(&scan->parts, h)) {
		part = arena_at(&scan->s->arena, h);
		part->refs += scan->rebuild;
		return 0;
	}
	if (!arena_fits(&scan->s->arena, h, sizeof(*part)))
		return store_fail(scan->s, -EPROTO, "part %u is out of range", h);
	part = arena_at(&scan->s->arena, h);
	err = claim(scan, h, (size_t)dnsbolt_part_data(part->n_ptr) + part->len, "part");
	if (err)
		return err;
	if (marks_set(&scan->parts, h))
		return store_fail(scan->s, -ENOMEM, "no memory");
	scan->n_parts++;
	if (scan->rebuild)
		part->refs = 1;
	scan->counted += part->refs;
	return 0;
}

/* The first time that it is reached: claims it, with its parts. */
static int scan_new_answer(struct scan *scan, dnsbolt_handle h)
{
	struct dnsbolt_answer *answer;
	int err;

	if (!arena_fits(&scan->s->arena, h, sizeof(*answer)))
		return store_fail(scan->s, -EPROTO, "answer %u is out of range", h);
	answer = arena_at(&scan->s->arena, h);
	if (answer->n_slots > DNSBOLT_PARTS_MAX)
		return store_fail(scan->s, -EPROTO, "answer %u has %u parts", h, answer->n_slots);
	err = claim(scan, h, sizeof(*answer) + answer->n_slots * sizeof(answer->slot[0]), "answer");
	if (!err && marks_set(&scan->answers, h))
		err = store_fail(scan->s, -ENOMEM, "no memory");
	scan->n_answers++;
	if (scan->rebuild)
		*answer_refs(answer) = 0;
	scan->counted += *answer_refs(answer);
	for (unsigned i = 0; i < answer->n_slots && !err; i++)
		if (!(answer->slot[i].flags & DNSBOLT_SLOT_PROOF))
			err = scan_part(scan, answer->slot[i].part);
	return err;
}

/* Nodes share answers; each counts the proofs in it for itself. */
static int scan_answer(struct scan *scan, dnsbolt_handle h)
{
	struct dnsbolt_answer *answer;
	int err = 0;

	if (h / DNSBOLT_SEG_GRANULES >= DNSBOLT_MAX_SEGMENTS || !marks_test(&scan->answers, h))
		err = scan_new_answer(scan, h);
	if (err)
		return err;
	answer = arena_at(&scan->s->arena, h);
	scan->refs++;
	*answer_refs(answer) += scan->rebuild;
	for (unsigned i = 0; i < answer->n_slots && !err; i++)
		if (answer->slot[i].flags & DNSBOLT_SLOT_PROOF)
			err = scan_ref(scan, answer->slot[i].part, "proof");
	return err;
}

bool scan_is_node(const struct store *s, dnsbolt_handle h)
{
	const struct dnsbolt_node *node;

	if (!arena_fits(&s->arena, h, sizeof(*node)))
		return false;
	node = node_at(s, h);
	return node->version && node->zone < DNSBOLT_MAX_ZONES && node->n_dir <= DNSBOLT_DIR_MAX &&
	       arena_fits(&s->arena, h, sizeof(*node) + node->n_dir * sizeof(node->dir[0]));
}

bool scan_is_anchor(const struct store *s, dnsbolt_handle h, struct owner *ret_owner)
{
	const struct dnsbolt_anchor *a;

	/* A name's 255 octets lie in the segment wherever it begins: the guard is behind it. */
	if (h % ARENA_LINE || !arena_fits(&s->arena, h, sizeof(*a)))
		return false;
	a = anchor_at(s, h);
	return a->self == h && !owner_read(ret_owner, a->name, s->backing->config) &&
	       ret_owner->len == a->name_len && ret_owner->labels == a->labels &&
	       arena_fits(&s->arena, h, anchor_octets(a->name_len));
}

static int scan_node_refs(struct scan *scan, const struct dnsbolt_node *node)
{
	int err = node->wildcard ? scan_ref(scan, node->wildcard, "wildcard") : 0;

	if (!err && node->match)
		err = scan_ref(scan, node->match, "proof");
	if (!err && node->wild_cover)
		err = scan_ref(scan, node->wild_cover, "proof");
	if (!err && node->next_cover)
		err = scan_ref(scan, node->next_cover, "proof");
	return err;
}

static int scan_node(struct scan *scan, dnsbolt_handle h)
{
	const struct dnsbolt_node *node;
	int err;

	if (!scan_is_node(scan->s, h))
		return store_fail(scan->s, -EPROTO, "node %u is damaged", h);
	node = node_at(scan->s, h);
	scan->nodes++;
	err = claim(scan, h, sizeof(*node) + node->n_dir * sizeof(node->dir[0]), "node");
	if (!err)
		err = scan_node_refs(scan, node);
	if (!err && node->proof)
		err = scan_part(scan, node->proof);
	for (unsigned i = 0; i < node->n_dir && !err; i++)
		if (node->dir[i].answer)
			err = scan_answer(scan, node->dir[i].answer);
	return err;
}

static int scan_anchor(struct scan *scan, dnsbolt_handle h)
{
	const struct dnsbolt_anchor *a;
	struct owner owner;
	int err;

	if (!scan_is_anchor(scan->s, h, &owner))
		return store_fail(scan->s, -EPROTO, "anchor %u is damaged", h);
	a = anchor_at(scan->s, h);
	scan->refs += owner.labels != 0;
	err = claim(scan, h, anchor_octets(a->name_len), "anchor");
	if (!err && marks_set(&scan->anchors, h))
		err = store_fail(scan->s, -ENOMEM, "no memory");
	return err;
}

static int scan_heads(struct scan *scan, dnsbolt_handle h)
{
	const struct dnsbolt_anchor *a = anchor_at(scan->s, h);
	int err = 0;

	scan->counted += a->children;
	for (unsigned side = 0; side < 2 && !err; side++)
		if (a->head[side])
			err = scan_node(scan, a->head[side]);
	return err;
}

static int each_anchor(struct scan *scan, int (*each)(struct scan *scan, dnsbolt_handle h))
{
	const struct keys *names = &scan->s->names;
	int err = 0;

	for (uint64_t i = 0; i < names->n_slots && !err; i++) {
		dnsbolt_handle h = names->value[i];

		for (; h && !err; h = anchor_at(scan->s, h)->next)
			err = each(scan, h);
	}
	return err;
}

/* ---- denial chains ---- */

/* Keys stand behind the page in the order of its entries, which have all one, or none. Octets of
 * all of them. */
static int scan_keys(struct scan *scan, dnsbolt_handle h, size_t *ret_octets)
{
	const struct dnsbolt_page *page = page_at(scan->s, h);
	dnsbolt_handle at = h + arena_granules(page_octets(page->n)), first = at;
	const struct dnsbolt_sort_key *key;
	uint32_t n;

	for (uint32_t i = 0; i < page->n && page->entry[0].key; i++) {
		n = 0;
		if (page->entry[i].key == at && arena_fits(&scan->s->arena, at, sizeof(*key))) {
			key = arena_at(&scan->s->arena, at);
			n = key->n;
		}
		if (!n || n > DNSBOLT_SORT_WORDS)
			return store_fail(scan->s, -EPROTO, "page %u: its keys are damaged", h);
		at += arena_granules(sort_key_octets(n));
	}
	*ret_octets = (size_t)(at - first) * DNSBOLT_GRANULE;
	return 0;
}

/* When the store is at rest, each page is named once. */
static int claim_page(struct scan *scan, dnsbolt_handle h)
{
	struct page_head *head;
	size_t octets = 0;
	uint32_t n;
	int err = 0;

	if (!arena_fits(&scan->s->arena, h - 1, sizeof(*head) + page_octets(0)))
		return store_fail(scan->s, -EPROTO, "page %u is out of range", h);
	n = page_at(scan->s, h)->n;
	if (!n || n > DNSBOLT_PAGE_MAX ||
	    !arena_fits(&scan->s->arena, h - 1, sizeof(*head) + page_octets(n)))
		return store_fail(scan->s, -EPROTO, "page %u has %u entries", h, n);
	if (page_at(scan->s, h)->leaf)
		err = scan_keys(scan, h, &octets);
	if (octets)
		octets += arena_granules(page_octets(n)) * DNSBOLT_GRANULE - page_octets(n);
	if (!err)
		err = claim(scan, h - 1, sizeof(*head) + page_octets(n) + octets, "page");
	if (err)
		return err;
	head = page_head_at(scan->s, h);
	if (scan->rebuild)
		head->refs = 1;
	scan->refs++;
	scan->counted += head->refs;
	scan->pages++;
	return 0;
}

/* `levels`: how many there may be from this page down. */
static int scan_page(struct scan *scan, dnsbolt_handle h, unsigned levels)
{
	const struct dnsbolt_page *page;
	int err = claim_page(scan, h);

	if (err)
		return err;
	page = page_at(scan->s, h);
	if (!page->leaf && levels == 1)
		return store_fail(scan->s, -EPROTO, "page %u is too deep in its chain", h);
	for (uint32_t i = 0; i < page->n && !err; i++)
		err = page->leaf ? scan_ref(scan, page->entry[i].child, "proof")
				 : scan_page(scan, page->entry[i].child, levels - 1);
	return err;
}

static int scan_snapshot(struct scan *scan, dnsbolt_handle h)
{
	const struct dnsbolt_snapshot *snap;
	int err = claim(scan, h, sizeof(*snap), "snapshot");

	if (err)
		return err;
	snap = snapshot_at(scan->s, h);
	err = scan_ref(scan, snap->apex, "apex");
	if (!err)
		err = scan_part(scan, snap->soa);
	if (!err && snap->soa_sig)
		err = scan_part(scan, snap->soa_sig);
	if (!err && snap->denial)
		err = scan_page(scan, snap->denial, DNSBOLT_PAGE_LEVELS);
	return err;
}

int scan_run(struct store *s, bool rebuild, struct scan *ret_scan)
{
	int err;

	*ret_scan = (struct scan){ .s = s, .rebuild = rebuild };
	err = each_anchor(ret_scan, scan_anchor);
	for (uint32_t i = 0; i < s->next_zone && !err; i++)
		if (s->backing->zones[i].snapshot)
			err = scan_snapshot(ret_scan, s->backing->zones[i].snapshot);
	if (!err)
		err = each_anchor(ret_scan, scan_heads);
	if (!err && !rebuild && ret_scan->refs != ret_scan->counted)
		err = store_fail(s, -EPROTO, "%ju references are counted, %ju are there",
				 (uintmax_t)ret_scan->counted, (uintmax_t)ret_scan->refs);
	return err;
}

void scan_done(struct scan *scan)
{
	marks_done(&scan->used);
	marks_done(&scan->anchors);
	marks_done(&scan->parts);
	marks_done(&scan->answers);
}

int64_t store_leaked(struct store *s)
{
	struct scan *scan = malloc(sizeof(*scan));
	int64_t leaked;
	int err;

	if (!scan)
		return store_fail(s, -ENOMEM, "no memory");
	err = scan_run(s, false, scan);
	scan->granules += index_granules(&s->index) + index_granules(&s->old_index);
	leaked = (int64_t)(s->arena.used - scan->granules) * DNSBOLT_GRANULE;
	scan_done(scan);
	free(scan);
	return err ? err : leaked;
}
