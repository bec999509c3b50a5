/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "internal.h"

static bool is_name(const struct dnsbolt_anchor *a, const struct owner *o, unsigned i)
{
	uint32_t len = o->len - o->at[i];

	return a->name_len == len && memcmp(a->name, o->wire + o->at[i], len) == 0;
}

dnsbolt_handle anchor_find(const struct store *s, const struct owner *owner, unsigned i)
{
	dnsbolt_handle h = keys_find(&s->names, owner->hash[i]);

	while (h && !is_name(anchor_at(s, h), owner, i))
		h = anchor_at(s, h)->next;
	return h;
}

static int reserve_key(struct store *s)
{
	uint64_t *key;
	int err;

	err = list_reserve(&s->new_anchors, 1);
	if (err || s->max_new_key >= s->new_anchors.max)
		return err;
	key = realloc(s->new_key, s->new_anchors.max * sizeof(*key));
	if (!key)
		return -ENOMEM;
	s->new_key = key;
	s->max_new_key = s->new_anchors.max;
	return 0;
}

/* Last anchor of the chain; 0: it is full. */
static dnsbolt_handle chain_end(const struct store *s, dnsbolt_handle h)
{
	for (unsigned n = 1; anchor_at(s, h)->next; n++, h = anchor_at(s, h)->next)
		if (n + 1 == DNSBOLT_CHAIN_MAX)
			return 0;
	return h;
}

static int make_anchor(struct store *s, const struct owner *owner, unsigned i,
		       dnsbolt_handle *ret_anchor)
{
	dnsbolt_handle first = keys_find(&s->names, owner->hash[i]), last = 0, h;
	uint32_t len = owner->len - owner->at[i];
	struct dnsbolt_anchor *a;
	int err;

	if (first)
		last = chain_end(s, first);
	if (first && !last)
		return store_fail(s, -ENOSPC,
				  "more than %u names have one hash: a new key is needed",
				  DNSBOLT_CHAIN_MAX);
	if (!first && s->names.n >= s->max_names)
		return store_fail(s, -ENOSPC, "the names map is full (%u names)", s->max_names);
	err = reserve_key(s);
	if (!err)
		err = keys_reserve(&s->names);
	if (!err)
		err = list_reserve(&s->loose, s->new_anchors.n + 1); /* for store_abort() */
	if (!err)
		err = arena_alloc(&s->arena, anchor_octets(len), true, &h);
	if (err)
		return store_fail(s, err, "no room for a name: %s", strerror(-err));
	a = anchor_at(s, h);
	a->self = h;
	a->name_len = (uint16_t)len;
	a->labels = (uint8_t)(owner->labels - i);
	memcpy(a->name, owner->wire + owner->at[i], len);
	if (first) {
		handle_publish(&anchor_at(s, last)->next, h);
		anchor_loosen(s, h); /* no key of its own by which abort would find it */
	} else {
		(void)keys_insert(&s->names, owner->hash[i], h);
		s->new_key[s->new_anchors.n] = owner->hash[i];
		(void)list_push(&s->new_anchors, h);
	}
	*ret_anchor = h;
	return 0;
}

int anchor_add(struct store *s, const struct owner *owner, dnsbolt_handle *ret_anchor)
{
	dnsbolt_handle parent = 0, h = 0;
	unsigned i;
	int err;

	for (i = 0; i <= owner->labels && !h; i++)
		h = anchor_find(s, owner, i);
	if (h)
		i--;
	while (i--) {
		parent = h;
		err = make_anchor(s, owner, i, &h);
		if (err) {
			if (parent)
				anchor_loosen(s, parent);
			return err;
		}
		if (parent)
			anchor_ref(s, parent);
	}
	*ret_anchor = h;
	return 0;
}

int anchor_proof(struct store *s, const struct store_proof *proof, bool add,
		 dnsbolt_proof *ret_proof)
{
	dnsbolt_handle h = 0;
	struct owner owner;
	int err = 0;

	if (proof->owner && owner_read(&owner, proof->owner, s->backing->config))
		return store_fail(s, -EINVAL, "proof: not a name in wire form and lower case");
	if (proof->owner && add)
		err = anchor_add(s, &owner, &h);
	else if (proof->owner)
		h = anchor_find(s, &owner, 0);
	if (!err)
		*ret_proof = h ? h | proof->side : 0;
	return err;
}

void anchor_ref(struct store *s, dnsbolt_handle h)
{
	anchor_at(s, h)->children++;
}

void anchor_unref(struct store *s, dnsbolt_handle h)
{
	if (--anchor_at(s, h)->children == 0)
		anchor_loosen(s, h);
}

/* An anchor that memory is too short to remember stays, which does no harm. */
void anchor_loosen(struct store *s, dnsbolt_handle h)
{
	(void)list_push(&s->loose, h);
}

/* The first anchor of a chain stays while there is a chain: a key is not updated in place. */
static bool is_kept(const struct dnsbolt_anchor *a, dnsbolt_handle first)
{
	return a->head[0] || a->head[1] || a->children || (a->self == first && a->next);
}

static int unlink_anchor(struct store *s, dnsbolt_handle h, const struct owner *owner,
			 dnsbolt_handle first)
{
	struct dnsbolt_anchor *a = anchor_at(s, h), *before;
	int err;

	if (h == first) {
		err = s->backing->ops->remove(s->backing, owner->hash[0]);
		if (err)
			return store_fail(s, err, "names map: delete: %s", strerror(-err));
		keys_remove(&s->names, owner->hash[0]);
		index_remove(s, owner->hash[0], h);
	} else {
		for (before = anchor_at(s, first); before->next != h;)
			before = anchor_at(s, before->next);
		handle_publish(&before->next, a->next);
		anchor_loosen(s, first);
	}
	a->children = ANCHOR_GONE;
	marks_unset(&s->is_found, h);
	marks_unset(&s->is_found, h | 1);
	(void)list_push(&s->old_anchors, h);
	return 0;
}

/* The anchor, and its ancestors while nothing keeps them. */
static int prune(struct store *s, dnsbolt_handle h)
{
	struct dnsbolt_anchor *a = anchor_at(s, h);
	dnsbolt_handle first, parent;
	struct owner owner;
	int err;

	while (a->children != ANCHOR_GONE) {
		err = owner_read(&owner, a->name, s->backing->config);
		if (err)
			return store_fail(s, -EPROTO, "anchor %u: not a name", a->self);
		first = keys_find(&s->names, owner.hash[0]);
		if (is_kept(a, first))
			break;
		err = unlink_anchor(s, a->self, &owner, first);
		if (err)
			return err;
		/* What an interrupted change set left may have no parent yet. */
		parent = owner.labels ? anchor_find(s, &owner, 1) : 0;
		if (!parent)
			break;
		a = anchor_at(s, parent);
		a->children--;
	}
	return 0;
}

/* What is gone already must not be looked at again: its octets will be freed. */
static void forget_gone(struct store *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->loose.n; i++)
		if (anchor_at(s, s->loose.v[i])->children != ANCHOR_GONE)
			s->loose.v[n++] = s->loose.v[i];
	s->loose.n = n;
}

int anchors_prune(struct store *s)
{
	dnsbolt_handle h;
	int err;

	while (s->loose.n) {
		h = s->loose.v[--s->loose.n];
		err = prune(s, h);
		if (err) {
			anchor_loosen(s, h);
			forget_gone(s);
			return err;
		}
	}
	list_clear(&s->loose);
	return 0;
}
