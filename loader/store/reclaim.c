/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a change set leaves to do. The first grace period after it ends when no reader uses the old
 * version any more: then the nodes before the new ones are freed, tombstones lose their heads,
 * names that nothing keeps lose their keys. Readers may have these still in hand, so their octets
 * are freed after a second grace period; that one also stands between the deletes of keys here and
 * the inserts of the next commit.
 */
#include <string.h>

#include "internal.h"

int reclaim_wait(struct store *s)
{
	__u64 *epoch = &s->backing->config->reclaim_epoch;
	int err = s->backing->ops->grace(s->backing);

	if (err)
		return store_fail(s, err, "grace period: %s", strerror(-err));
	s->stats.grace_periods++;
	/* Seen by a reader no later than anything that is written from now on. */
	__atomic_store_n(epoch, *epoch + 1, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return 0;
}

static void free_old(struct store *s)
{
	for (size_t i = 0; i < s->old_nodes.n; i++)
		node_free(s, s->old_nodes.v[i]);
	for (size_t i = 0; i < s->old_snapshots.n; i++)
		snapshot_free(s, s->old_snapshots.v[i]);
	for (size_t i = 0; i < s->old_anchors.n; i++)
		arena_free(&s->arena, s->old_anchors.v[i],
			   anchor_octets(anchor_at(s, s->old_anchors.v[i])->name_len));
	list_clear(&s->old_nodes);
	list_clear(&s->old_snapshots);
	list_clear(&s->old_anchors);
	index_free_old(s);
}

/* Readers of a zone without a snapshot go to `prev` at any time, so it must not outlive what it
 * names. */
static void settle_head(struct store *s, uint32_t anchor_side)
{
	dnsbolt_handle *head = head_at(s, anchor_side), now = *head, old;
	struct dnsbolt_node *node;

	if (!now)
		return;
	node = node_at(s, now);
	old = node->prev;
	if (old) {
		handle_publish(&node->prev, 0);
		node_forget(s, old);
		node_free(s, old);
	}
	if (node->flags & DNSBOLT_NODE_TOMBSTONE) {
		handle_publish(head, 0);
		node_retire(s, now);
		anchor_loosen(s, ANCHOR_OF(anchor_side));
	}
}

static void drop_head(struct store *s, uint32_t anchor_side, const struct marks *zones)
{
	dnsbolt_handle *head = head_at(s, anchor_side), now = *head;

	if (!now || !marks_test(zones, node_at(s, now)->zone))
		return;
	handle_publish(head, 0);
	node_retire(s, now);
	anchor_loosen(s, ANCHOR_OF(anchor_side));
}

/* One walk over all names, however many zones were dropped. */
static int drop_zones(struct store *s)
{
	struct marks zones = { 0 };
	int err = 0;

	for (size_t i = 0; i < s->dropping.n && !err; i++)
		err = marks_set(&zones, s->dropping.v[i]);
	for (uint64_t i = 0; i < s->names.n_slots && s->dropping.n && !err; i++) {
		dnsbolt_handle h = s->names.value[i];

		for (; h; h = anchor_at(s, h)->next) {
			drop_head(s, h, &zones);
			drop_head(s, h | DNSBOLT_SIDE_PARENT, &zones);
		}
	}
	marks_done(&zones);
	if (err)
		return store_fail(s, err, "no memory");
	for (size_t i = 0; i < s->dropping.n; i++)
		store_free_zone(s, s->zone[s->dropping.v[i]]);
	list_clear(&s->dropping);
	return 0;
}

int reclaim_run(struct store *s)
{
	int err;

	if (!s->unsettled)
		return 0;
	err = reclaim_wait(s);
	if (err)
		return err;
	free_old(s);
	for (size_t i = 0; i < s->log.n; i++)
		settle_head(s, s->log.v[i]);
	list_clear(&s->log);
	err = drop_zones(s);
	if (!err)
		err = anchors_prune(s);
	if (!err && (s->old_nodes.n || s->old_anchors.n))
		err = reclaim_wait(s);
	if (err)
		return err;
	free_old(s);
	s->unsettled = false;
	return 0;
}

int store_reclaim(struct store *s)
{
	if (s->open)
		return store_fail(s, -EBUSY, "a change set is open");
	return reclaim_run(s);
}
