/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Change sets. A change set of version v writes its nodes as valid from v on and makes them the
 * heads of their names at once: readers' snapshots are older, so readers go on to `prev`. The
 * commit inserts the new names' keys and then gives each zone its snapshot of version v. What the
 * old version needed is put away by reclaim.c.
 *
 * The version in each node is all that is needed to take an unfinished change set back, here in
 * store_abort() or, after a crash, in adopt.c: a node that is newer than its zone's snapshot was
 * never visible.
 */
#include <string.h>

#include "internal.h"

static int check_zone(struct store *s, uint32_t zone, struct zone_entry **ret_zone)
{
	struct zone_entry *z;

	if (!s->open)
		return store_fail(s, -EINVAL, "no change set is open");
	z = zone < DNSBOLT_MAX_ZONES ? s->zone[zone] : NULL;
	if (!z || z->dropped)
		return store_fail(s, -EINVAL, "zone %u is not there", zone);
	*ret_zone = z;
	return 0;
}

static int touch_zone(struct store *s, struct zone_entry *z)
{
	if (z->touched)
		return 0;
	if (list_push(&s->touched, z->index))
		return store_fail(s, -ENOMEM, "no memory");
	z->touched = true;
	return 0;
}

static int read_owner(struct store *s, const uint8_t *wire, struct owner *ret_owner)
{
	if (owner_read(ret_owner, wire, s->backing->config))
		return store_fail(s, -EINVAL, "not a name in wire form and lower case");
	return 0;
}

int store_begin(struct store *s)
{
	int err;

	if (s->open)
		return store_fail(s, -EBUSY, "a change set is open");
	err = reclaim_run(s);
	if (err)
		return err;
	s->version++;
	s->open = true;
	return 0;
}

/* ---- heads ---- */

/* The head that is there, and the node that readers of the current snapshot see. */
struct heads {
	uint32_t anchor_side;
	dnsbolt_handle now, base;
};

static bool is_pending(const struct store *s, dnsbolt_handle h)
{
	return h && node_at(s, h)->version == s->version;
}

static struct heads read_heads(const struct store *s, dnsbolt_handle anchor, uint8_t side)
{
	struct heads heads = { .anchor_side = anchor | side };

	heads.now = *head_at(s, heads.anchor_side);
	heads.base = is_pending(s, heads.now) ? node_at(s, heads.now)->prev : heads.now;
	return heads;
}

/* Room for what move_head() and mark_seen() do, which must not fail half-way. */
static int reserve_change(struct store *s)
{
	int err = list_reserve(&s->log, 1);

	if (!err)
		err = list_reserve(&s->loose, s->new_anchors.n + 2);
	if (!err)
		err = list_reserve(&s->seen, 1);
	return err ? store_fail(s, err, "no memory") : 0;
}

/* `to`: a node of this change set, or the base to take a change back. */
static void move_head(struct store *s, const struct heads *heads, dnsbolt_handle to)
{
	if (to != heads->base)
		node_at(s, to)->prev = heads->base;
	handle_publish(head_at(s, heads->anchor_side), to);
	if (is_pending(s, heads->now))
		node_retire(s, heads->now);
	else
		(void)list_push(&s->log, heads->anchor_side);
	if (!to)
		anchor_loosen(s, ANCHOR_OF(heads->anchor_side));
}

static int mark_seen(struct store *s, uint32_t anchor_side)
{
	if (marks_test(&s->is_seen, anchor_side))
		return 0;
	if (marks_set(&s->is_seen, anchor_side))
		return store_fail(s, -ENOMEM, "no memory");
	(void)list_push(&s->seen, anchor_side);
	return 0;
}

static void forget_seen(struct store *s)
{
	for (size_t i = 0; i < s->seen.n; i++)
		marks_unset(&s->is_seen, s->seen.v[i]);
	list_clear(&s->seen);
}

static int put_node(struct store *s, struct zone_entry *z, const struct heads *heads,
		    const struct store_node *node, dnsbolt_handle wildcard)
{
	dnsbolt_handle h;
	int err;

	if (heads->now && node_equal(s, heads->now, z->index, node, wildcard)) {
		s->stats.nodes_equal++;
		return 0;
	}
	if (heads->base && node_equal(s, heads->base, z->index, node, wildcard)) {
		s->stats.nodes_equal++;
		move_head(s, heads, heads->base);
		return 0;
	}
	err = touch_zone(s, z);
	if (!err)
		err = node_write(s, z->index, node, wildcard, &h);
	if (err)
		return err;
	z->dirty = true;
	s->stats.nodes_written++;
	move_head(s, heads, h);
	return 0;
}

static int add_wildcard(struct store *s, const struct owner *owner, dnsbolt_handle *ret_anchor)
{
	uint8_t wire[DNSBOLT_NAME_MAX];
	struct owner wildcard;

	if (owner_wildcard(wire, owner))
		return store_fail(s, -EINVAL, "no wildcard fits below the name");
	return read_owner(s, wire, &wildcard) ?: anchor_add(s, &wildcard, ret_anchor);
}

int store_put(struct store *s, uint32_t zone, const struct store_node *node)
{
	dnsbolt_handle anchor = 0, wildcard = 0;
	struct zone_entry *z;
	struct heads heads;
	struct owner owner;
	int err;

	err = check_zone(s, zone, &z);
	if (!err)
		err = node_check(s, node);
	if (!err)
		err = read_owner(s, node->owner, &owner);
	if (!err)
		err = anchor_add(s, &owner, &anchor);
	if (!err && node->flags & DNSBOLT_NODE_WILDCARD)
		err = add_wildcard(s, &owner, &wildcard);
	if (!err)
		err = reserve_change(s);
	if (!err)
		err = mark_seen(s, anchor | node->side);
	if (!err) {
		heads = read_heads(s, anchor, node->side);
		err = put_node(s, z, &heads, node, wildcard);
	}
	if (err && anchor)
		anchor_loosen(s, anchor);
	if (err && wildcard)
		anchor_loosen(s, wildcard);
	return err;
}

/* -ENOENT: the zone has no node there. */
static int delete_head(struct store *s, struct zone_entry *z, dnsbolt_handle anchor, uint8_t side)
{
	struct heads heads = read_heads(s, anchor, side);
	const struct dnsbolt_node *node;
	dnsbolt_handle h = 0;
	int err;

	if (!heads.now)
		return -ENOENT;
	node = node_at(s, heads.now);
	if (node->zone != z->index || node->flags & DNSBOLT_NODE_TOMBSTONE)
		return -ENOENT;
	err = reserve_change(s);
	if (!err)
		err = touch_zone(s, z);
	/* Nobody has seen a name that this change set brought. */
	if (!err && heads.base)
		err = node_write_tombstone(s, z->index, &h);
	if (err)
		return err;
	z->dirty = true;
	move_head(s, &heads, h);
	return 0;
}

int store_delete(struct store *s, uint32_t zone, const uint8_t *owner, uint8_t side)
{
	char text[OWNER_TEXT_MAX];
	dnsbolt_handle anchor;
	struct zone_entry *z;
	struct owner o;
	int err;

	err = check_zone(s, zone, &z);
	if (!err)
		err = read_owner(s, owner, &o);
	if (!err && side > DNSBOLT_SIDE_PARENT)
		err = store_fail(s, -EINVAL, "side %u", side);
	if (err)
		return err;
	anchor = anchor_find(s, &o, 0);
	err = anchor ? delete_head(s, z, anchor, side) : -ENOENT;
	if (err == -ENOENT)
		err = store_fail(s, err, "%s is not in the zone", owner_text(text, owner));
	return err;
}

/* ---- sweep: done at the commit, when all puts are known, in one walk for all zones ---- */

int store_sweep(struct store *s, uint32_t zone)
{
	struct zone_entry *z = NULL;
	int err = check_zone(s, zone, &z);

	if (!err)
		err = touch_zone(s, z);
	if (!err)
		z->swept = true;
	return err;
}

static int sweep_head(struct store *s, uint32_t anchor_side)
{
	dnsbolt_handle head = *head_at(s, anchor_side);
	struct zone_entry *z = head ? s->zone[node_at(s, head)->zone] : NULL;
	int err;

	if (!z || !z->swept || z->dropped || marks_test(&s->is_seen, anchor_side))
		return 0;
	err = delete_head(s, z, ANCHOR_OF(anchor_side), SIDE_OF(anchor_side));
	return err == -ENOENT ? 0 : err;
}

static int sweep_all(struct store *s)
{
	int err = 0;

	for (uint64_t i = 0; i < s->names.n_slots && !err; i++) {
		dnsbolt_handle h = s->names.value[i];

		for (; h && !err; h = anchor_at(s, h)->next)
			err = sweep_head(s, h) ?: sweep_head(s, h | DNSBOLT_SIDE_PARENT);
	}
	return err;
}

static int sweep_found(struct store *s, const struct zone_entry *z)
{
	int err = 0;

	for (uint32_t i = 0; i < z->n_found && !err; i++) {
		uint32_t anchor_side = s->found.v[z->first_found + i];

		if (marks_test(&s->is_found, anchor_side))
			err = sweep_head(s, anchor_side);
	}
	return err;
}

static int sweep_zones(struct store *s)
{
	bool all = false;
	int err = 0;

	for (size_t i = 0; i < s->touched.n && !err; i++) {
		const struct zone_entry *z = s->zone[s->touched.v[i]];

		if (!z->swept || z->dropped)
			continue;
		if (z->found_all)
			err = sweep_found(s, z);
		else /* a zone without a version has no names but those that were put */
			all |= s->backing->zones[z->index].snapshot != 0;
	}
	return err || !all ? err : sweep_all(s);
}

/* ---- flip, drop ---- */

static void discard_next(struct store *s, struct zone_entry *z)
{
	if (z->next)
		snapshot_discard(s, z->next);
	z->next = 0;
}

int store_flip(struct store *s, uint32_t zone, const struct store_snapshot *snap)
{
	dnsbolt_handle anchor, next;
	struct zone_entry *z;
	struct owner owner;
	int err;

	err = check_zone(s, zone, &z);
	if (!err)
		err = read_owner(s, snap->apex, &owner);
	if (!err && (owner.len != z->apex_len || memcmp(owner.wire, z->apex, owner.len)))
		err = store_fail(s, -EINVAL, "zone %u has another apex", zone);
	if (!err)
		err = snapshot_check(s, snap);
	if (!err)
		err = touch_zone(s, z);
	if (!err)
		err = anchor_add(s, &owner, &anchor);
	if (err)
		return err;
	err = snapshot_write(s, zone, anchor, snap, &next);
	if (err) {
		anchor_loosen(s, anchor);
		return err;
	}
	discard_next(s, z);
	z->next = next;
	return 0;
}

int store_drop(struct store *s, uint32_t zone)
{
	struct zone_entry *z;
	int err = check_zone(s, zone, &z);

	if (!err && list_reserve(&s->dropping, s->touched.n + 1))
		err = store_fail(s, -ENOMEM, "no memory");
	if (!err)
		err = touch_zone(s, z);
	if (err)
		return err;
	discard_next(s, z);
	z->dropped = true;
	return 0;
}

/* ---- commit, abort ---- */

static int check_flips(struct store *s)
{
	char text[OWNER_TEXT_MAX];

	for (size_t i = 0; i < s->touched.n; i++) {
		const struct zone_entry *z = s->zone[s->touched.v[i]];

		if (z->dirty && !z->next && !z->dropped)
			return store_fail(s, -EINVAL, "zone %s: changed, but without a new version",
					  owner_text(text, z->apex));
	}
	return 0;
}

static void commit_zone(struct store *s, struct zone_entry *z)
{
	dnsbolt_handle *snapshot = &s->backing->zones[z->index].snapshot, old = *snapshot;

	if (z->dirty || z->swept || z->dropped)
		adopt_forget(s, z);
	if (!z->dirty && snapshot_equal(s, z->next, old))
		discard_next(s, z);
	if (z->next || z->dropped) {
		if (z->next && !old)
			apexes_add(s, z);
		handle_publish(snapshot, z->next);
		if (old && !z->next)
			apexes_remove(s, z);
		if (old)
			snapshot_retire(s, old);
		s->stats.zones += (z->next != 0) - (old != 0);
		s->unsettled = true;
	}
	if (z->dropped) {
		store_hide_zone(s, z);
		(void)list_push(&s->dropping, z->index);
	}
	z->next = 0;
}

static void close_set(struct store *s)
{
	for (size_t i = 0; i < s->touched.n; i++) {
		struct zone_entry *z = s->zone[s->touched.v[i]];

		z->touched = z->dirty = z->swept = z->dropped = false;
	}
	list_clear(&s->touched);
	list_clear(&s->new_anchors);
	if (!s->new_anchors.max) {
		free(s->new_key);
		s->new_key = NULL;
		s->max_new_key = 0;
	}
	forget_seen(s);
	s->open = false;
	if (s->log.n || s->loose.n || s->old_nodes.n)
		s->unsettled = true;
}

int store_commit(struct store *s)
{
	int err;

	if (!s->open)
		return store_fail(s, -EINVAL, "no change set is open");
	err = sweep_zones(s);
	if (!err)
		err = check_flips(s);
	if (err)
		return err;
	err = s->backing->ops->insert(s->backing, s->new_key, s->new_anchors.v,
				      (uint32_t)s->new_anchors.n);
	if (err)
		return store_fail(s, err, "names map: %zu new names: %s", s->new_anchors.n,
				  strerror(-err));
	index_follow(s);
	/* Who found a name absent until now must not take a snapshot that has it. */
	__atomic_store_n(&s->backing->config->flips, s->backing->config->flips + 1,
			 __ATOMIC_RELEASE);
	for (size_t i = 0; i < s->touched.n; i++)
		commit_zone(s, s->zone[s->touched.v[i]]);
	s->stats.change_sets++;
	close_set(s);
	return 0;
}

void store_abort(struct store *s)
{
	if (!s->open)
		return;
	for (size_t i = 0; i < s->new_anchors.n; i++)
		anchor_loosen(s, s->new_anchors.v[i]);
	for (size_t i = 0; i < s->log.n; i++) {
		dnsbolt_handle *head = head_at(s, s->log.v[i]), now = *head;

		if (!is_pending(s, now))
			continue;
		handle_publish(head, node_at(s, now)->prev);
		node_retire(s, now);
	}
	list_clear(&s->log);
	for (size_t i = 0; i < s->touched.n; i++)
		discard_next(s, s->zone[s->touched.v[i]]);
	close_set(s);
}
