/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Taking over a store which another process wrote until it ended, wherever that was. Programs in
 * the driver read it all the while.
 *
 * No record of intent is needed: each node says from which version of its zone on it is valid, and
 * a zone's snapshot says which version was published last. A node that is newer was never visible;
 * its name gets the node before it back. Every other unfinished thing is unreachable, so the walk
 * that rebuilds the allocator frees it: old versions that were not put away yet, objects that were
 * not linked in yet. Keys of names are inserted parents first and deleted children first, so a name
 * that is served has all its ancestors at any time.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static int take_name(uint64_t key, dnsbolt_handle value, void *arg)
{
	struct store *s = arg;
	int err;

	if (!value || keys_find(&s->names, key))
		return store_fail(s, -EPROTO, "names map: key %#jx", (uintmax_t)key);
	err = keys_insert(&s->names, key, value);
	return err ? store_fail(s, err, "no memory") : 0;
}

/* Counts of what keeps an anchor are made anew: by count_parent() and by the scan. */
static int check_chain(struct store *s, uint64_t key, dnsbolt_handle h)
{
	struct owner owner;

	for (unsigned n = 0; h; n++, h = anchor_at(s, h)->next) {
		if (n == DNSBOLT_CHAIN_MAX || !scan_is_anchor(s, h, &owner) || owner.hash[0] != key)
			return store_fail(s, -EPROTO, "anchor %u is damaged", h);
		anchor_at(s, h)->children = 0;
	}
	return 0;
}

/* Calls `each` for all anchors, whose chains were checked. */
static int each_anchor(struct store *s, int (*each)(struct store *s, struct dnsbolt_anchor *a))
{
	int err = 0;

	for (uint64_t i = 0; i < s->names.n_slots && !err; i++) {
		dnsbolt_handle h = s->names.value[i];

		for (; h && !err; h = anchor_at(s, h)->next)
			err = each(s, anchor_at(s, h));
	}
	return err;
}

static bool is_linked(const struct store *s, dnsbolt_handle h)
{
	struct owner owner;

	return scan_is_anchor(s, h, &owner) && anchor_find(s, &owner, 0) == h;
}

static int take_zone(struct store *s, uint32_t index)
{
	dnsbolt_handle h = s->backing->zones[index].snapshot;
	const struct dnsbolt_snapshot *snap;
	struct zone_entry *zone;
	int err;

	if (!arena_fits(&s->arena, h, sizeof(*snap)))
		return store_fail(s, -EPROTO, "snapshot of zone %u is out of range", index);
	snap = snapshot_at(s, h);
	if (snap->zone != index || !snap->version || !is_linked(s, snap->apex))
		return store_fail(s, -EPROTO, "snapshot of zone %u is damaged", index);
	if (snap->version > s->version)
		s->version = snap->version;
	err = store_add_zone(s, index, anchor_at(s, snap->apex)->name, &zone);
	if (err)
		return store_fail(s, err == -EEXIST ? -EPROTO : err, "zone %u: %s", index,
				  strerror(-err));
	apexes_add(s, zone);
	s->stats.zones++;
	return 0;
}

static int take_zones(struct store *s)
{
	uint32_t free_from = 0;
	int err = 0;

	for (uint32_t i = 0; i < DNSBOLT_MAX_ZONES && !err; i++) {
		if (!s->backing->zones[i].snapshot)
			continue;
		for (; free_from < i && !err; free_from++)
			if (list_push(&s->free_zones, free_from))
				err = store_fail(s, -ENOMEM, "no memory");
		if (!err)
			err = take_zone(s, i);
		s->next_zone = free_from = i + 1;
	}
	return err;
}

/* Whether readers of the zone's snapshot see the node. */
static bool is_visible(const struct store *s, const struct dnsbolt_node *node)
{
	dnsbolt_handle h = s->backing->zones[node->zone].snapshot;

	return h && node->version <= snapshot_at(s, h)->version;
}

static dnsbolt_handle visible_node(const struct store *s, dnsbolt_handle h)
{
	const struct dnsbolt_node *node;

	if (!h || !scan_is_node(s, h))
		return 0;
	node = node_at(s, h);
	return is_visible(s, node) && !(node->flags & DNSBOLT_NODE_TOMBSTONE) ? h : 0;
}

static int take_head(struct store *s, dnsbolt_handle *head)
{
	struct dnsbolt_node *node;

	if (!*head)
		return 0;
	if (!scan_is_node(s, *head))
		return store_fail(s, -EPROTO, "node %u is damaged", *head);
	node = node_at(s, *head);
	if (node->version > s->version)
		s->version = node->version;
	if (!is_visible(s, node)) {
		s->stats.rolled_back++;
		handle_publish(head, visible_node(s, node->prev));
	} else if (node->flags & DNSBOLT_NODE_TOMBSTONE) {
		handle_publish(head, 0);
	}
	/* The node before is freed below, if it was not. */
	if (*head)
		handle_publish(&node_at(s, *head)->prev, 0);
	return 0;
}

static int take_heads(struct store *s, struct dnsbolt_anchor *a)
{
	return take_head(s, &a->head[0]) ?: take_head(s, &a->head[1]);
}

/* Puts anchors without a parent into `found`, which has no other use yet. */
static int count_parent(struct store *s, struct dnsbolt_anchor *a)
{
	dnsbolt_handle parent;
	struct owner owner;

	if (!a->labels)
		return 0;
	(void)scan_is_anchor(s, a->self, &owner);
	parent = anchor_find(s, &owner, 1);
	if (parent)
		anchor_ref(s, parent);
	else if (list_push(&s->found, a->self))
		return store_fail(s, -ENOMEM, "no memory");
	return 0;
}

static int loosen(struct store *s, struct dnsbolt_anchor *a)
{
	if (!a->children && !a->head[0] && !a->head[1] && list_push(&s->loose, a->self))
		return store_fail(s, -ENOMEM, "no memory");
	return 0;
}

/* Only what an interrupted change set had begun may be without its parent. */
static int check_orphans(struct store *s)
{
	char text[OWNER_TEXT_MAX];

	for (size_t i = 0; i < s->found.n; i++) {
		const struct dnsbolt_anchor *a = anchor_at(s, s->found.v[i]);

		if (a->children != ANCHOR_GONE)
			return store_fail(s, -EPROTO, "%s has no parent",
					  owner_text(text, a->name));
	}
	list_done(&s->found);
	return 0;
}

/* ---- what was found in each zone, for store_sweep() ---- */

static int count_found(struct store *s, struct dnsbolt_anchor *a)
{
	for (unsigned side = 0; side < 2; side++)
		if (a->head[side])
			s->zone[node_at(s, a->head[side])->zone]->n_found++;
	return 0;
}

static int list_found(struct store *s, struct dnsbolt_anchor *a)
{
	for (unsigned side = 0; side < 2; side++) {
		struct zone_entry *z;

		if (!a->head[side])
			continue;
		z = s->zone[node_at(s, a->head[side])->zone];
		if (marks_set(&s->is_found, a->self | side))
			return store_fail(s, -ENOMEM, "no memory");
		s->found.v[z->first_found + z->n_found++] = a->self | side;
	}
	return 0;
}

static int remember_found(struct store *s)
{
	struct zone_entry *z;
	int err;

	(void)each_anchor(s, count_found);
	RB_FOREACH (z, store_zone_tree, &s->zones) {
		z->found_all = true;
		z->first_found = (uint32_t)s->found.n;
		s->found.n += z->n_found;
		z->n_found = 0;
		s->n_found_zones++;
	}
	s->found.v = calloc(s->found.n + 1, sizeof(*s->found.v));
	s->found.max = s->found.n + 1;
	err = s->found.v ? 0 : store_fail(s, -ENOMEM, "no memory");
	return err ?: each_anchor(s, list_found);
}

void adopt_forget(struct store *s, struct zone_entry *z)
{
	if (!z->found_all)
		return;
	z->found_all = false;
	z->n_found = 0;
	if (--s->n_found_zones)
		return;
	list_done(&s->found);
	marks_done(&s->is_found);
}

/* ---- */

/* What was taken out below is reached no more. */
static void unmark_old_anchors(const struct store *s, struct scan *scan)
{
	for (size_t i = 0; i < s->old_anchors.n; i++) {
		dnsbolt_handle h = s->old_anchors.v[i];
		uint32_t n = arena_granules(anchor_octets(anchor_at(s, h)->name_len));

		while (n--)
			marks_unset(&scan->used, h + n);
	}
}

static int prune_orphans(struct store *s)
{
	int err = each_anchor(s, loosen);

	if (!err)
		err = anchors_prune(s);
	return err ?: check_orphans(s);
}

/* From everything reachable: the counts, the allocator. */
static int rebuild(struct store *s)
{
	struct scan *scan = malloc(sizeof(*scan));
	int err;

	if (!scan)
		return store_fail(s, -ENOMEM, "no memory");
	err = scan_run(s, true, scan);
	if (!err)
		err = prune_orphans(s);
	/* From here on nobody reads what was taken out; it is free like all that is not reached. */
	if (!err)
		err = reclaim_wait(s);
	if (!err) {
		unmark_old_anchors(s, scan);
		list_clear(&s->old_anchors);
		arena_rebuild(&s->arena, &scan->used);
		s->stats.nodes = scan->nodes;
		s->stats.answers = scan->n_answers;
		s->stats.parts = scan->n_parts;
		s->stats.pages = scan->pages;
	}
	scan_done(scan);
	free(scan);
	return err;
}

int adopt_run(struct store *s)
{
	int err;

	/* It may lack names that the map has; its octets are free like all that is not reached. */
	index_drop(s);
	/* Programs which began before the last flip go to the nodes before the newest. */
	err = reclaim_wait(s);
	if (!err)
		err = s->backing->ops->each(s->backing, take_name, s);
	for (uint64_t i = 0; i < s->names.n_slots && !err; i++)
		if (s->names.value[i])
			err = check_chain(s, s->names.key[i], s->names.value[i]);
	if (!err)
		err = take_zones(s);
	if (!err)
		apexes_trim(s);
	if (!err)
		err = each_anchor(s, take_heads);
	if (!err)
		err = each_anchor(s, count_parent);
	if (!err)
		err = rebuild(s);
	if (!err)
		err = remember_found(s);
	if (!err)
		(void)index_make_fitting(s); /* without memory for it there is the map */
	return err;
}
