/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "internal.h"

#define PTR_AT_MAX 0x3fffu /* RFC 1035 section 4.1.4: 14 bits */
#define NODE_FLAGS                                                                                 \
	(DNSBOLT_NODE_APEX | DNSBOLT_NODE_CUT | DNSBOLT_NODE_DNAME | DNSBOLT_NODE_ENT |            \
	 DNSBOLT_NODE_WILDCARD)

static struct dnsbolt_part *part_at(const struct store *s, dnsbolt_handle h)
{
	return arena_at(&s->arena, h);
}

static struct dnsbolt_answer *answer_at(const struct store *s, dnsbolt_handle h)
{
	return arena_at(&s->arena, h);
}

static size_t part_octets(const struct dnsbolt_part *part)
{
	return (size_t)dnsbolt_part_data(part->n_ptr) + part->len;
}

static size_t answer_octets(uint32_t n_slots)
{
	return sizeof(struct dnsbolt_answer) + n_slots * sizeof(struct dnsbolt_slot);
}

static size_t node_octets(uint32_t n_dir)
{
	return sizeof(struct dnsbolt_node) + n_dir * sizeof(struct dnsbolt_dirent);
}

/* ---- checks ---- */

static int part_check(struct store *s, const struct store_part *part)
{
	for (unsigned i = 0; i < part->n_ptr; i++) {
		uint32_t at = part->ptr[i].at & ~DNSBOLT_PTR_BODY;

		if (at > PTR_AT_MAX || at + 2 > part->len)
			return store_fail(s, -EINVAL, "part: a pointer at %u of %u octets", at,
					  part->len);
		if (part->data[at] || part->data[at + 1])
			return store_fail(s, -EINVAL, "part: the octets of a pointer are not zero");
	}
	return 0;
}

static int answer_check(struct store *s, const struct store_answer *answer)
{
	uint8_t section = 0;
	int err = 0;

	if (answer->n_slots > DNSBOLT_PARTS_MAX || answer->rcode > 15)
		return store_fail(s, -EINVAL, "answer: %u parts, RCODE %u", answer->n_slots,
				  answer->rcode);
	for (unsigned i = 0; i < answer->n_slots && !err; i++) {
		const struct store_slot *slot = &answer->slot[i];

		if (slot->section < section || slot->section > DNSBOLT_ADDITIONAL_SECTION)
			return store_fail(s, -EINVAL, "answer: sections are not in order");
		section = slot->section;
		if (slot->part)
			err = part_check(s, slot->part);
		else if (slot->symbol != DNSBOLT_PART_SOA && slot->symbol != DNSBOLT_PART_SOA_SIG)
			err = store_fail(s, -EINVAL, "answer: neither part nor symbol");
	}
	return err;
}

int node_check(struct store *s, const struct store_node *node)
{
	int err = 0;

	if (node->side > DNSBOLT_SIDE_PARENT || node->flags & ~NODE_FLAGS)
		return store_fail(s, -EINVAL, "node: side %u, flags %#x", node->side, node->flags);
	if (node->n_dir > DNSBOLT_DIR_MAX)
		return store_fail(s, -EINVAL, "node: %u types, at most %u fit", node->n_dir,
				  DNSBOLT_DIR_MAX);
	for (unsigned i = 0; i < node->n_dir && !err; i++) {
		const struct store_dirent *dir = &node->dir[i];

		if (i && dir->qtype <= dir[-1].qtype)
			return store_fail(s, -EINVAL, "node: types are not in order");
		if (dir->answer)
			err = answer_check(s, dir->answer);
		else if (!dir->pass[0] || !dir->pass[1])
			err = store_fail(s, -EINVAL, "node: type %u has no answer", dir->qtype);
	}
	return err;
}

int snapshot_check(struct store *s, const struct store_snapshot *snap)
{
	int err;

	if (!snap->soa)
		return store_fail(s, -EINVAL, "snapshot: no SOA");
	err = part_check(s, snap->soa);
	if (!err && snap->soa_sig)
		err = part_check(s, snap->soa_sig);
	return err;
}

/* ---- parts ---- */

/* RFC 1071, words in host order; the octets behind the data are zero. */
static uint16_t sum_data(const uint8_t *data, uint32_t len)
{
	uint32_t sum = 0;
	uint16_t w;

	for (uint32_t i = 0; i < len; i += sizeof(w)) {
		w = 0;
		memcpy(&w, data + i, len - i < sizeof(w) ? len - i : sizeof(w));
		sum += w;
	}
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* With no references yet. */
static int part_write(struct store *s, const struct store_part *from, dnsbolt_handle *ret_part)
{
	struct dnsbolt_part *part;
	int err = arena_alloc(&s->arena, (size_t)dnsbolt_part_data(from->n_ptr) + from->len, false,
			      ret_part);

	if (err)
		return store_fail(s, err, "no room for a part: %s", strerror(-err));
	part = part_at(s, *ret_part);
	part->len = from->len;
	part->n_rr = from->n_rr;
	part->n_ptr = from->n_ptr;
	part->csum = sum_data(from->data, from->len);
	if (from->n_ptr)
		memcpy(part->ptr, from->ptr, from->n_ptr * sizeof(*from->ptr));
	if (from->len)
		memcpy((uint8_t *)part + dnsbolt_part_data(from->n_ptr), from->data, from->len);
	s->stats.parts++;
	return 0;
}

/* The same part of one node is stored once. Parts of two nodes are not compared: callers reuse
 * their memory. */
static int part_share(struct store *s, const struct store_part *from, dnsbolt_handle *ret_part)
{
	unsigned i;
	int err;

	for (i = 0; i < s->n_parts && s->part[i] != from; i++)
		;
	if (i == s->n_parts) {
		err = part_write(s, from, &s->part_handle[i]);
		if (err)
			return err;
		s->part[s->n_parts++] = from;
	}
	*ret_part = s->part_handle[i];
	part_at(s, *ret_part)->refs++;
	return 0;
}

static void part_unref(struct store *s, dnsbolt_handle h)
{
	if (h < DNSBOLT_PART_SYMBOLS || --part_at(s, h)->refs)
		return;
	arena_free(&s->arena, h, part_octets(part_at(s, h)));
	s->stats.parts--;
}

static bool part_equal(const struct store *s, dnsbolt_handle h, const struct store_part *from)
{
	const struct dnsbolt_part *part;

	if (h < DNSBOLT_PART_SYMBOLS)
		return !h && !from;
	part = part_at(s, h);
	return from && part->len == from->len && part->n_rr == from->n_rr &&
	       part->n_ptr == from->n_ptr &&
	       (!from->n_ptr || !memcmp(part->ptr, from->ptr, from->n_ptr * sizeof(*from->ptr))) &&
	       (!from->len || !memcmp((const uint8_t *)part + dnsbolt_part_data(from->n_ptr),
				      from->data, from->len));
}

/* ---- answers ---- */

static void answer_free(struct store *s, dnsbolt_handle h)
{
	struct dnsbolt_answer *answer = answer_at(s, h);
	unsigned n = answer->n_slots;

	for (unsigned i = 0; i < n; i++)
		part_unref(s, answer->slot[i].part);
	arena_free(&s->arena, h, answer_octets(n));
	s->stats.answers--;
}

/* What it wrote before an error is in *ret_answer. */
static int answer_write(struct store *s, const struct store_answer *from,
			dnsbolt_handle *ret_answer)
{
	struct dnsbolt_answer *answer;
	int err = arena_alloc(&s->arena, answer_octets(from->n_slots), false, ret_answer);

	if (err)
		return store_fail(s, err, "no room for an answer: %s", strerror(-err));
	s->stats.answers++;
	answer = answer_at(s, *ret_answer);
	answer->n_slots = from->n_slots;
	answer->flags = from->flags;
	answer->rcode = from->rcode;
	answer->reason = from->reason;
	for (unsigned i = 0; i < from->n_slots && !err; i++) {
		answer->slot[i].section = from->slot[i].section;
		answer->slot[i].flags = from->slot[i].flags;
		if (from->slot[i].part)
			err = part_share(s, from->slot[i].part, &answer->slot[i].part);
		else
			answer->slot[i].part = from->slot[i].symbol;
	}
	return err;
}

static bool answer_equal(const struct store *s, dnsbolt_handle h, const struct store_answer *from)
{
	const struct dnsbolt_answer *answer;

	if (!h || !from)
		return !h && !from;
	answer = answer_at(s, h);
	if (answer->n_slots != from->n_slots || answer->flags != from->flags ||
	    answer->rcode != from->rcode || answer->reason != from->reason)
		return false;
	for (unsigned i = 0; i < from->n_slots; i++) {
		const struct dnsbolt_slot *a = &answer->slot[i];
		const struct store_slot *b = &from->slot[i];

		if (a->section != b->section || a->flags != b->flags)
			return false;
		if (b->part ? !part_equal(s, a->part, b->part) : a->part != b->symbol)
			return false;
	}
	return true;
}

/* ---- nodes ---- */

static int node_alloc(struct store *s, uint32_t zone, uint16_t n_dir, dnsbolt_handle *ret_node)
{
	struct dnsbolt_node *node;
	int err = list_reserve(&s->old_nodes, 1);

	if (!err)
		err = arena_alloc(&s->arena, node_octets(n_dir), false, ret_node);
	if (err)
		return store_fail(s, err, "no room for a node: %s", strerror(-err));
	node = node_at(s, *ret_node);
	node->version = s->version;
	node->zone = zone;
	node->n_dir = n_dir;
	s->stats.nodes++;
	return 0;
}

int node_write(struct store *s, uint32_t zone, const struct store_node *from,
	       dnsbolt_handle wildcard, dnsbolt_handle *ret_node)
{
	struct dnsbolt_node *node;
	dnsbolt_handle h;
	int err = node_alloc(s, zone, from->n_dir, &h);

	if (err)
		return err;
	s->n_parts = 0;
	node = node_at(s, h);
	node->flags = from->flags;
	for (unsigned i = 0; i < from->n_dir && !err; i++) {
		node->dir[i].qtype = from->dir[i].qtype;
		memcpy(node->dir[i].pass, from->dir[i].pass, sizeof(node->dir[i].pass));
		if (from->dir[i].answer)
			err = answer_write(s, from->dir[i].answer, &node->dir[i].answer);
	}
	if (err) {
		node_free(s, h); /* no reader has seen it */
		return err;
	}
	if (wildcard)
		anchor_ref(s, wildcard);
	node->wildcard = wildcard;
	*ret_node = h;
	return 0;
}

int node_write_tombstone(struct store *s, uint32_t zone, dnsbolt_handle *ret_node)
{
	int err = node_alloc(s, zone, 0, ret_node);

	if (!err)
		node_at(s, *ret_node)->flags = DNSBOLT_NODE_TOMBSTONE;
	return err;
}

bool node_equal(const struct store *s, dnsbolt_handle h, uint32_t zone,
		const struct store_node *from, dnsbolt_handle wildcard)
{
	const struct dnsbolt_node *node = node_at(s, h);

	if (node->zone != zone || node->flags != from->flags || node->n_dir != from->n_dir ||
	    node->wildcard != wildcard)
		return false;
	for (unsigned i = 0; i < from->n_dir; i++) {
		const struct dnsbolt_dirent *a = &node->dir[i];
		const struct store_dirent *b = &from->dir[i];

		if (a->qtype != b->qtype || memcmp(a->pass, b->pass, sizeof(a->pass)) ||
		    !answer_equal(s, a->answer, b->answer))
			return false;
	}
	return true;
}

void node_free(struct store *s, dnsbolt_handle h)
{
	struct dnsbolt_node *node = node_at(s, h);
	unsigned n = node->n_dir;

	for (unsigned i = 0; i < n; i++)
		if (node->dir[i].answer)
			answer_free(s, node->dir[i].answer);
	arena_free(&s->arena, h, node_octets(n));
	s->stats.nodes--;
}

void node_forget(struct store *s, dnsbolt_handle h)
{
	if (node_at(s, h)->wildcard)
		anchor_unref(s, node_at(s, h)->wildcard);
}

/* A node that memory is too short to remember is lost until the next adoption, which does no
 * harm. */
void node_retire(struct store *s, dnsbolt_handle h)
{
	node_forget(s, h);
	(void)list_push(&s->old_nodes, h);
}

/* ---- snapshots ---- */

void snapshot_free(struct store *s, dnsbolt_handle h)
{
	struct dnsbolt_snapshot *snap = snapshot_at(s, h);

	part_unref(s, snap->soa);
	part_unref(s, snap->soa_sig);
	arena_free(&s->arena, h, sizeof(*snap));
}

void snapshot_discard(struct store *s, dnsbolt_handle h)
{
	anchor_unref(s, snapshot_at(s, h)->apex);
	snapshot_free(s, h);
}

int snapshot_write(struct store *s, uint32_t zone, dnsbolt_handle apex,
		   const struct store_snapshot *from, dnsbolt_handle *ret_snapshot)
{
	struct dnsbolt_snapshot *snap;
	dnsbolt_handle h;
	int err = list_reserve(&s->old_snapshots, 1);

	if (!err)
		err = arena_alloc(&s->arena, sizeof(*snap), true, &h);
	if (err)
		return store_fail(s, err, "no room for a snapshot: %s", strerror(-err));
	snap = snapshot_at(s, h);
	snap->version = s->version;
	snap->zone = zone;
	snap->serial = from->serial;
	snap->flags = from->flags;
	snap->apex = apex;
	anchor_ref(s, apex);
	s->n_parts = 0;
	err = part_share(s, from->soa, &snap->soa);
	if (!err && from->soa_sig)
		err = part_share(s, from->soa_sig, &snap->soa_sig);
	if (err)
		snapshot_discard(s, h);
	else
		*ret_snapshot = h;
	return err;
}

static bool stored_parts_equal(const struct store *s, dnsbolt_handle a, dnsbolt_handle b)
{
	const struct dnsbolt_part *x, *y;

	if (!a || !b)
		return a == b;
	x = part_at(s, a);
	y = part_at(s, b);
	return x->len == y->len && x->n_rr == y->n_rr && x->n_ptr == y->n_ptr &&
	       !memcmp(x->ptr, y->ptr, part_octets(x) - sizeof(*x));
}

bool snapshot_equal(const struct store *s, dnsbolt_handle a, dnsbolt_handle b)
{
	const struct dnsbolt_snapshot *x, *y;

	if (!a || !b)
		return false;
	x = snapshot_at(s, a);
	y = snapshot_at(s, b);
	return x->zone == y->zone && x->serial == y->serial && x->flags == y->flags &&
	       x->apex == y->apex && x->denial == y->denial &&
	       stored_parts_equal(s, x->soa, y->soa) &&
	       stored_parts_equal(s, x->soa_sig, y->soa_sig);
}

void snapshot_retire(struct store *s, dnsbolt_handle h)
{
	anchor_unref(s, snapshot_at(s, h)->apex);
	(void)list_push(&s->old_snapshots, h);
}
