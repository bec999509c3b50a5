/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <libknot/descriptor.h>

#include "internal.h"

#define PTR_AT_MAX 0x3fffu /* RFC 1035 section 4.1.4: 14 bits */
#define NODE_FLAGS                                                                                 \
	(DNSBOLT_NODE_APEX | DNSBOLT_NODE_CUT | DNSBOLT_NODE_DNAME | DNSBOLT_NODE_ENT |            \
	 DNSBOLT_NODE_WILDCARD | DNSBOLT_NODE_INSIDE | DNSBOLT_NODE_PROOF)
#define SLOT_FLAGS                                                                                 \
	(DNSBOLT_SLOT_DO | DNSBOLT_SLOT_OPTIONAL | DNSBOLT_SLOT_PLAIN | DNSBOLT_SLOT_PROOF)

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
	if (part->n_own > part->n_rr)
		return store_fail(s, -EINVAL, "part: %u owners of %u records", part->n_own,
				  part->n_rr);
	return 0;
}

static int proof_check(struct store *s, const struct store_proof *proof)
{
	if (proof->owner && proof->side > DNSBOLT_SIDE_PARENT)
		return store_fail(s, -EINVAL, "proof: side %u", proof->side);
	return 0;
}

static bool is_symbol(dnsbolt_handle h)
{
	return h == DNSBOLT_PART_SOA || h == DNSBOLT_PART_SOA_SIG || h == DNSBOLT_PART_OWN_PROOF;
}

static int slot_check(struct store *s, const struct store_slot *slot)
{
	bool is_proof = slot->flags & DNSBOLT_SLOT_PROOF;

	if (slot->flags & ~SLOT_FLAGS)
		return store_fail(s, -EINVAL, "answer: flags %#x of a part", slot->flags);
	if (is_proof && (slot->part || !slot->proof.owner))
		return store_fail(s, -EINVAL, "answer: a proof without owner, or with a part");
	if (is_proof)
		return proof_check(s, &slot->proof);
	if (slot->part)
		return part_check(s, slot->part);
	return is_symbol(slot->symbol)
		       ? 0
		       : store_fail(s, -EINVAL, "answer: neither part, nor symbol, nor proof");
}

/* RFC 2181 section 5: no record twice. One part for both values of DO is none. */
static bool is_twice(const struct store_answer *answer, unsigned n)
{
	const uint8_t either = DNSBOLT_SLOT_DO | DNSBOLT_SLOT_PLAIN;
	const struct store_slot *slot = &answer->slot[n];

	for (unsigned i = 0; i < n && slot->part; i++)
		if (answer->slot[i].part == slot->part &&
		    ((answer->slot[i].flags ^ slot->flags) & either) != either)
			return true;
	return false;
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
		err = slot_check(s, slot);
		if (!err && is_twice(answer, i))
			err = store_fail(s, -EINVAL, "answer: a part twice");
	}
	return err;
}

static int node_check_proofs(struct store *s, const struct store_node *node)
{
	bool is_proof = node->flags & DNSBOLT_NODE_PROOF;
	int err = 0;

	if (is_proof ? !node->proof : !node->n_dir)
		return store_fail(s, -EINVAL, "node: neither types nor proof");
	if (node->proof)
		err = part_check(s, node->proof);
	if (!err)
		err = proof_check(s, &node->match);
	if (!err)
		err = proof_check(s, &node->wild_cover);
	return err ?: proof_check(s, &node->next_cover);
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
	return err ?: node_check_proofs(s, node);
}

int snapshot_check(struct store *s, const struct store_snapshot *snap)
{
	int err;

	if (!snap->soa)
		return store_fail(s, -EINVAL, "snapshot: no SOA");
	if (snap->nsec3_iterations > DNSBOLT_NSEC3_ITERATIONS_MAX ||
	    snap->nsec3_salt_len > DNSBOLT_NSEC3_SALT_MAX)
		return store_fail(
			s, -EINVAL,
			"snapshot: NSEC3 with %u iterations, %u octets of salt: at most %u, %u",
			snap->nsec3_iterations, snap->nsec3_salt_len, DNSBOLT_NSEC3_ITERATIONS_MAX,
			DNSBOLT_NSEC3_SALT_MAX);
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
	part->n_own = from->n_own;
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
	       part->n_ptr == from->n_ptr && part->n_own == from->n_own &&
	       (!from->n_ptr || !memcmp(part->ptr, from->ptr, from->n_ptr * sizeof(*from->ptr))) &&
	       (!from->len || !memcmp((const uint8_t *)part + dnsbolt_part_data(from->n_ptr),
				      from->data, from->len));
}

/* ---- proofs: handles of anchors, which stay while a node or a page names them ---- */

static int proof_write(struct store *s, const struct store_proof *from, dnsbolt_proof *ret_proof)
{
	int err = anchor_proof(s, from, true, ret_proof);

	if (!err && *ret_proof)
		anchor_ref(s, ANCHOR_OF(*ret_proof));
	return err;
}

static void proof_unref(struct store *s, dnsbolt_proof proof)
{
	if (proof)
		anchor_unref(s, ANCHOR_OF(proof));
}

static bool proof_equal(struct store *s, dnsbolt_proof proof, const struct store_proof *from)
{
	dnsbolt_proof other;

	if (!proof || !from->owner)
		return !proof && !from->owner;
	return !anchor_proof(s, from, false, &other) && proof == other;
}

/* ---- equality of what is stored with what is to be stored ---- */

static bool slot_equal(struct store *s, const struct dnsbolt_slot *a, const struct store_slot *b)
{
	if (a->section != b->section || a->flags != b->flags)
		return false;
	if (b->flags & DNSBOLT_SLOT_PROOF)
		return proof_equal(s, a->part, &b->proof);
	return b->part ? part_equal(s, a->part, b->part) : a->part == b->symbol;
}

static bool answer_equal(struct store *s, dnsbolt_handle h, const struct store_answer *from)
{
	const struct dnsbolt_answer *answer;

	if (!h || !from)
		return !h && !from;
	answer = answer_at(s, h);
	if (answer->n_slots != from->n_slots || answer->flags != from->flags ||
	    answer->rcode != from->rcode || answer->reason != from->reason)
		return false;
	for (unsigned i = 0; i < from->n_slots; i++)
		if (!slot_equal(s, &answer->slot[i], &from->slot[i]))
			return false;
	return true;
}

/* ---- answers ---- */

/*
 * Answers that are symbols throughout are the same for every name that has nothing of the type, in
 * every zone: there is one of each. The last few that were written are enough to find it again.
 */
static bool is_common(const struct store_answer *from)
{
	for (unsigned i = 0; i < from->n_slots; i++)
		if (from->slot[i].part || from->slot[i].flags & DNSBOLT_SLOT_PROOF)
			return false;
	return true;
}

static dnsbolt_handle common_find(struct store *s, const struct store_answer *from)
{
	for (unsigned i = 0; i < COMMON_MAX; i++)
		if (s->common[i] && answer_equal(s, s->common[i], from))
			return s->common[i];
	return 0;
}

static void common_forget(struct store *s, dnsbolt_handle h)
{
	for (unsigned i = 0; i < COMMON_MAX; i++)
		if (s->common[i] == h)
			s->common[i] = 0;
}

static void answer_unref(struct store *s, dnsbolt_handle h)
{
	struct dnsbolt_answer *answer = answer_at(s, h);
	unsigned n = answer->n_slots;

	if (--*answer_refs(answer))
		return;
	common_forget(s, h);
	for (unsigned i = 0; i < n; i++)
		if (!(answer->slot[i].flags & DNSBOLT_SLOT_PROOF))
			part_unref(s, answer->slot[i].part);
	arena_free(&s->arena, h, answer_octets(n));
	s->stats.answers--;
}

static int slot_write(struct store *s, const struct store_slot *from, struct dnsbolt_slot *to)
{
	to->section = from->section;
	to->flags = from->flags;
	if (from->flags & DNSBOLT_SLOT_PROOF)
		return proof_write(s, &from->proof, &to->part);
	if (from->part)
		return part_share(s, from->part, &to->part);
	to->part = from->symbol;
	return 0;
}

/* What it wrote before an error is in *ret_answer. */
static int answer_write(struct store *s, const struct store_answer *from,
			dnsbolt_handle *ret_answer)
{
	bool common = is_common(from);
	struct dnsbolt_answer *answer;
	int err;

	*ret_answer = common ? common_find(s, from) : 0;
	if (*ret_answer) {
		++*answer_refs(answer_at(s, *ret_answer));
		return 0;
	}
	err = arena_alloc(&s->arena, answer_octets(from->n_slots), false, ret_answer);
	if (err)
		return store_fail(s, err, "no room for an answer: %s", strerror(-err));
	s->stats.answers++;
	answer = answer_at(s, *ret_answer);
	*answer_refs(answer) = 1;
	answer->n_slots = from->n_slots;
	answer->flags = from->flags;
	answer->rcode = from->rcode;
	answer->reason = from->reason;
	for (unsigned i = 0; i < from->n_slots && !err; i++)
		err = slot_write(s, &from->slot[i], &answer->slot[i]);
	if (common)
		s->common[s->turn_common++ % COMMON_MAX] = *ret_answer;
	return err;
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

static int node_write_proofs(struct store *s, const struct store_node *from,
			     struct dnsbolt_node *node)
{
	int err = from->proof ? part_share(s, from->proof, &node->proof) : 0;

	if (!err)
		err = proof_write(s, &from->match, &node->match);
	if (!err)
		err = proof_write(s, &from->wild_cover, &node->wild_cover);
	return err ?: proof_write(s, &from->next_cover, &node->next_cover);
}

/* Types that hardly any resolver asks for. */
static bool is_rare(uint16_t qtype)
{
	return qtype == KNOT_RRTYPE_RRSIG || qtype == KNOT_RRTYPE_NSEC || qtype == KNOT_RRTYPE_ANY;
}

/* The answers of the types that are rare, or of the others. */
static int node_write_dir(struct store *s, const struct store_node *from, struct dnsbolt_node *node,
			  bool rare)
{
	int err = 0;

	for (unsigned i = 0; i < from->n_dir && !err; i++) {
		if (is_rare(from->dir[i].qtype) != rare)
			continue;
		node->dir[i].qtype = from->dir[i].qtype;
		memcpy(node->dir[i].pass, from->dir[i].pass, sizeof(node->dir[i].pass));
		if (from->dir[i].answer)
			err = answer_write(s, from->dir[i].answer, &node->dir[i].answer);
	}
	return err;
}

/* What is asked for most is written first: where the arena has a region left it stands next to the node, and comes with it into the
 * cache. */
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
	node->wildcard = wildcard;
	if (wildcard)
		anchor_ref(s, wildcard);
	err = node_write_dir(s, from, node, false);
	err = err ?: node_write_proofs(s, from, node);
	err = err ?: node_write_dir(s, from, node, true);
	if (err) {
		node_forget(s, h);
		node_free(s, h); /* no reader has seen it */
	} else {
		*ret_node = h;
	}
	return err;
}

int node_write_tombstone(struct store *s, uint32_t zone, dnsbolt_handle *ret_node)
{
	int err = node_alloc(s, zone, 0, ret_node);

	if (!err)
		node_at(s, *ret_node)->flags = DNSBOLT_NODE_TOMBSTONE;
	return err;
}

bool node_equal(struct store *s, dnsbolt_handle h, uint32_t zone, const struct store_node *from,
		dnsbolt_handle wildcard)
{
	const struct dnsbolt_node *node = node_at(s, h);

	if (node->zone != zone || node->flags != from->flags || node->n_dir != from->n_dir ||
	    node->wildcard != wildcard || !part_equal(s, node->proof, from->proof) ||
	    !proof_equal(s, node->match, &from->match) ||
	    !proof_equal(s, node->wild_cover, &from->wild_cover) ||
	    !proof_equal(s, node->next_cover, &from->next_cover))
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
			answer_unref(s, node->dir[i].answer);
	part_unref(s, node->proof);
	arena_free(&s->arena, h, node_octets(n));
	s->stats.nodes--;
}

static void answer_forget(struct store *s, dnsbolt_handle h)
{
	const struct dnsbolt_answer *answer = answer_at(s, h);

	for (unsigned i = 0; i < answer->n_slots; i++)
		if (answer->slot[i].flags & DNSBOLT_SLOT_PROOF)
			proof_unref(s, answer->slot[i].part);
}

void node_forget(struct store *s, dnsbolt_handle h)
{
	const struct dnsbolt_node *node = node_at(s, h);

	if (node->wildcard)
		anchor_unref(s, node->wildcard);
	proof_unref(s, node->match);
	proof_unref(s, node->wild_cover);
	proof_unref(s, node->next_cover);
	for (unsigned i = 0; i < node->n_dir; i++)
		if (node->dir[i].answer)
			answer_forget(s, node->dir[i].answer);
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
	if (snap->denial)
		page_unref(s, snap->denial);
	arena_free(&s->arena, h, sizeof(*snap));
}

void snapshot_discard(struct store *s, dnsbolt_handle h)
{
	anchor_unref(s, snapshot_at(s, h)->apex);
	snapshot_free(s, h);
}

/* The chain of the version that is served, when it is one of the same kind. */
static dnsbolt_handle chain_before(const struct store *s, uint32_t zone, uint32_t flags)
{
	dnsbolt_handle h = s->backing->zones[zone].snapshot;
	const struct dnsbolt_snapshot *snap;

	if (!h)
		return 0;
	snap = snapshot_at(s, h);
	return (snap->flags ^ flags) & DNSBOLT_ZONE_NSEC3 ? 0 : snap->denial;
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
	snap->iterations = from->nsec3_iterations;
	snap->salt_len = from->nsec3_salt_len;
	if (from->nsec3_salt_len)
		memcpy(snap->salt, from->nsec3_salt, from->nsec3_salt_len);
	snap->apex_labels = anchor_at(s, apex)->labels;
	snap->apex = apex;
	anchor_ref(s, apex);
	s->n_parts = 0;
	err = part_share(s, from->soa, &snap->soa);
	if (!err && from->soa_sig)
		err = part_share(s, from->soa_sig, &snap->soa_sig);
	if (!err && from->is_change)
		err = chain_change(s, from, chain_before(s, zone, from->flags), &snap->denial);
	else if (!err && from->n_links)
		err = chain_write(s, from, chain_before(s, zone, from->flags), &snap->denial);
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
	       x->n_own == y->n_own && !memcmp(x->ptr, y->ptr, part_octets(x) - sizeof(*x));
}

bool snapshot_equal(const struct store *s, dnsbolt_handle a, dnsbolt_handle b)
{
	const struct dnsbolt_snapshot *x, *y;

	if (!a || !b)
		return false;
	x = snapshot_at(s, a);
	y = snapshot_at(s, b);
	return x->zone == y->zone && x->serial == y->serial && x->flags == y->flags &&
	       x->apex == y->apex && x->denial == y->denial && x->iterations == y->iterations &&
	       x->salt_len == y->salt_len && !memcmp(x->salt, y->salt, sizeof(x->salt)) &&
	       stored_parts_equal(s, x->soa, y->soa) &&
	       stored_parts_equal(s, x->soa_sig, y->soa_sig);
}

void snapshot_retire(struct store *s, dnsbolt_handle h)
{
	anchor_unref(s, snapshot_at(s, h)->apex);
	(void)list_push(&s->old_snapshots, h);
}
