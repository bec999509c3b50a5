/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "../../bpf/core/hash.h"
#include "../../bpf/core/index.h"
#include "store_bed.h"
#include "store_bed_chain.h"

/* ---- opening ---- */

static void close_maps(struct bed *bed)
{
	const int fd[] = { bed->maps.config, bed->maps.names, bed->maps.arena, bed->maps.zones };

	for (unsigned i = 0; i < 4; i++)
		if (fd[i] > 0)
			(void)close(fd[i]);
	bed->maps = (struct store_maps){ 0 };
}

static int make_maps(struct bed *bed, uint32_t names)
{
	LIBBPF_OPTS(bpf_map_create_opts, mmapable, .map_flags = BPF_F_MMAPABLE);
	LIBBPF_OPTS(bpf_map_create_opts, no_prealloc, .map_flags = BPF_F_NO_PREALLOC);
	LIBBPF_OPTS(bpf_map_create_opts, outer);
	int segment =
		bpf_map_create(BPF_MAP_TYPE_ARRAY, "segment", 4, DNSBOLT_SEG_SIZE, 1, &mmapable);

	if (segment < 0)
		return -1;
	outer.inner_map_fd = (uint32_t)segment;
	bed->maps.arena = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "arena", 4, 4,
					 DNSBOLT_MAX_SEGMENTS, &outer);
	bed->maps.names = bpf_map_create(BPF_MAP_TYPE_HASH, "names", 8, 4, names, &no_prealloc);
	bed->maps.config = bpf_map_create(BPF_MAP_TYPE_ARRAY, "config", 4,
					  sizeof(struct dnsbolt_config), 1, &mmapable);
	bed->maps.zones = bpf_map_create(BPF_MAP_TYPE_ARRAY, "zones", 4,
					 sizeof(struct dnsbolt_zone), DNSBOLT_MAX_ZONES, &mmapable);
	(void)close(segment);
	return bed->maps.arena < 0 || bed->maps.names < 0 || bed->maps.config < 0 ||
			       bed->maps.zones < 0
		       ? -1
		       : 0;
}

static void forget(struct bed *bed)
{
	store_close(bed->s);
	bed->s = NULL;
	if (bed->backing)
		bed->backing->ops->close(bed->backing);
	bed->backing = NULL;
	close_maps(bed);
}

void bed_renew(struct bed *bed, uint32_t map_names, uint32_t max_names)
{
	forget(bed);
	bed->max_names = max_names;
	if (bed->kernel) {
		if (make_maps(bed, map_names) == 0)
			assert_int_equal(store_open(&bed->s, &bed->maps, max_names, false), 0);
	} else {
		assert_int_equal(backing_open_memory(&bed->backing), 0);
		assert_int_equal(store_open_backing(&bed->s, bed->backing, max_names, false), 0);
	}
}

static int setup(void **state, bool kernel)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	assert_non_null(bed);
	bed->kernel = kernel;
	bed_renew(bed, BED_MAX_NAMES, BED_MAX_NAMES);
	*state = bed;
	return 0;
}

int bed_setup_memory(void **state)
{
	return setup(state, false);
}

int bed_setup_kernel(void **state)
{
	return setup(state, true);
}

int bed_teardown(void **state)
{
	struct bed *bed = *state;

	forget(bed);
	free(bed);
	return 0;
}

struct bed *bed_need(void **state)
{
	struct bed *bed = *state;

	if (!bed->s) {
		print_message("kernel maps cannot be made here (root?)\n");
		skip();
	}
	return bed;
}

void bed_reopen(struct bed *bed)
{
	int err;

	store_close(bed->s);
	if (bed->kernel)
		err = store_open(&bed->s, &bed->maps, bed->max_names, true);
	else
		err = store_open_backing(&bed->s, bed->backing, bed->max_names, true);
	if (err)
		bed->s = NULL;
	if (err)
		print_error("%s\n", store_error(NULL));
	assert_int_equal(err, 0);
}

void bed_weaken(struct bed *bed)
{
	struct dnsbolt_config *config = store_config(bed->s);

	config->hash_seed = 0;
	config->hash_key[0] = 1ull << 52;
	config->hash_key[1] = 1ull << 9;
}

const struct backing_ops *bed_memory_ops(const struct backing *b)
{
	static const struct backing_ops *ops;

	if (!ops)
		ops = b->ops;
	return ops;
}

/* ---- what goes in ---- */

const uint8_t *wire(const char *text)
{
	static uint8_t buf[8][DNSBOLT_NAME_MAX + 1];
	static unsigned turn;
	uint8_t *to = buf[turn++ % 8], *p = to;

	while (*text) {
		size_t n = strcspn(text, ".");

		*p++ = (uint8_t)n;
		memcpy(p, text, n);
		p += n;
		text += n + (text[n] == '.');
	}
	*p = 0;
	return to;
}

uint32_t bed_zone(struct bed *bed, const char *apex)
{
	uint32_t zone = UINT32_MAX;

	assert_int_equal(store_zone(bed->s, wire(apex), &zone), 0);
	assert_true(zone < BED_ZONES);
	return zone;
}

#define TYPES_MAX 4u

/* Content of a node, all of it a function of its number: directory, own part of each type, one part
 * for all. */
struct content {
	uint8_t data[TYPES_MAX + 1][300];
	struct dnsbolt_ptr ptr[TYPES_MAX + 1][2];
	struct store_part part[TYPES_MAX + 1];
	struct store_answer answer[TYPES_MAX];
	struct store_dirent dir[TYPES_MAX];
	struct store_node node;
	uint8_t owner[BED_PROOFS][64];
};

static void make_part(struct content *c, unsigned i, unsigned id)
{
	struct store_part *part = &c->part[i];

	part->data = c->data[i];
	part->ptr = c->ptr[i];
	part->len = (uint16_t)(4 + (id * 31 + i * 57) % 290);
	part->n_rr = (uint16_t)(1 + id % 3);
	part->n_ptr = (uint16_t)((id + i) % 3);
	for (unsigned k = 0; k < part->len; k++)
		c->data[i][k] = (uint8_t)(id * 7 + i + k);
	for (unsigned k = 0; k < part->n_ptr; k++) {
		c->ptr[i][k].at = (uint16_t)(2 * k | (k ? DNSBOLT_PTR_BODY : 0));
		c->ptr[i][k].distance = (uint16_t)(id + k);
		memset(c->data[i] + 2 * k, 0, 2);
	}
}

static void add_slot(struct store_answer *answer, const struct store_part *part,
		     dnsbolt_handle symbol, uint8_t section, uint8_t flags)
{
	answer->slot[answer->n_slots++] = (struct store_slot){
		.part = part, .symbol = symbol, .section = section, .flags = flags
	};
}

bool bed_proof_name(char ret_text[64], unsigned id, unsigned k)
{
	if (id < BED_PROVEN || (k == 2 && id % 3) || (k == 3 && (id % 5 == 0 || id % 7 == 0)))
		return false;
	(void)snprintf(ret_text, 64, "h%u.%s", (id * 7 + k) % 11, id % 2 ? "proof" : "other");
	return true;
}

static struct store_proof make_proof(struct content *c, unsigned id, unsigned k)
{
	char text[64];

	if (!bed_proof_name(text, id, k))
		return (struct store_proof){ 0 };
	memcpy(c->owner[k], wire(text), sizeof(c->owner[k]));
	return (struct store_proof){ c->owner[k], id / 2 % 2 };
}

/* The node's own, those of its enclosed names, one in an answer; and an answer that is as others
 * are. */
static void add_proofs(struct content *c, unsigned id)
{
	struct store_answer *answer = &c->answer[0];

	c->node.proof = &c->part[TYPES_MAX];
	c->node.match = make_proof(c, id, 0);
	c->node.wild_cover = make_proof(c, id, 1);
	c->node.next_cover = make_proof(c, id, 2);
	if (id % 7 == 0)
		return;
	memset(answer, 0, sizeof(*answer));
	answer->flags = DNSBOLT_ANSWER_AA | DNSBOLT_ANSWER_NODATA;
	add_slot(answer, NULL, DNSBOLT_PART_SOA, DNSBOLT_AUTHORITY_SECTION, DNSBOLT_SLOT_PLAIN);
	add_slot(answer, NULL, DNSBOLT_PART_OWN_PROOF, DNSBOLT_AUTHORITY_SECTION, DNSBOLT_SLOT_DO);
	if (id % 5 == 0)
		return;
	answer->slot[1].flags |= DNSBOLT_SLOT_PROOF;
	answer->slot[1].proof = make_proof(c, id, 3);
}

static void make_content(struct content *c, unsigned id)
{
	static const uint16_t types[TYPES_MAX] = { 0, 1, 15, 65280 };

	memset(c, 0, sizeof(*c));
	make_part(c, TYPES_MAX, id + 1);
	c->node.n_dir = (uint16_t)(1 + id % TYPES_MAX);
	c->node.dir = c->dir;
	for (unsigned i = 0; i < c->node.n_dir; i++) {
		struct store_answer *answer = &c->answer[i];

		make_part(c, i, id);
		c->dir[i].qtype = types[i];
		c->dir[i].pass[1] = (uint8_t)(id % 5 * 20);
		c->dir[i].answer = answer;
		answer->flags = DNSBOLT_ANSWER_AA;
		answer->rcode = (uint8_t)(id % 16);
		answer->reason = (uint8_t)(1 + i);
		if (i)
			add_slot(answer, &c->part[i], 0, DNSBOLT_ANSWER_SECTION, 0);
		add_slot(answer, NULL, DNSBOLT_PART_SOA, DNSBOLT_AUTHORITY_SECTION, 0);
		add_slot(answer, NULL, DNSBOLT_PART_SOA_SIG, DNSBOLT_AUTHORITY_SECTION,
			 DNSBOLT_SLOT_DO);
		add_slot(answer, &c->part[TYPES_MAX], 0, DNSBOLT_ADDITIONAL_SECTION,
			 DNSBOLT_SLOT_OPTIONAL);
	}
	if (id % 7 == 0) {
		c->dir[0].answer = NULL;
		memset(c->dir[0].pass, 80, 2);
	}
	if (id >= BED_PROVEN)
		add_proofs(c, id);
}

int bed_put_side(struct bed *bed, uint32_t zone, const char *owner, uint8_t side, uint16_t flags,
		 unsigned id)
{
	struct content c;

	make_content(&c, id);
	c.node.owner = wire(owner);
	c.node.side = side;
	c.node.flags = flags;
	return store_put(bed->s, zone, &c.node);
}

void bed_put(struct bed *bed, uint32_t zone, const char *owner, unsigned id)
{
	int err = bed_put_side(bed, zone, owner, DNSBOLT_SIDE_CHILD, 0, id);

	if (err)
		print_error("%s: %s\n", owner, store_error(bed->s));
	assert_int_equal(err, 0);
}

void bed_delete(struct bed *bed, uint32_t zone, const char *owner)
{
	assert_int_equal(store_delete(bed->s, zone, wire(owner), DNSBOLT_SIDE_CHILD), 0);
}

static int flip(struct bed *bed, uint32_t zone, uint32_t serial, struct store_snapshot *snap)
{
	struct content c;

	make_content(&c, serial);
	snap->serial = serial;
	snap->soa = &c.part[0];
	snap->soa_sig = &c.part[TYPES_MAX];
	return store_flip(bed->s, zone, snap);
}

void bed_flip(struct bed *bed, uint32_t zone, const char *apex, uint32_t serial)
{
	struct store_snapshot snap = { .apex = wire(apex) };

	assert_int_equal(flip(bed, zone, serial, &snap), 0);
}

int bed_flip_chain(struct bed *bed, uint32_t zone, const char *apex, uint32_t serial,
		   const struct bed_chain *chain)
{
	struct store_snapshot snap = { .apex = wire(apex), .flags = DNSBOLT_ZONE_SIGNED };
	void *links = bed_make_links(&snap, apex, chain);
	int err = flip(bed, zone, serial, &snap);

	free(links);
	return err;
}

int bed_flip_change(struct bed *bed, uint32_t zone, const char *apex, uint32_t serial,
		    const struct bed_chain *from, const struct bed_chain *to)
{
	struct store_snapshot snap = { .apex = wire(apex), .flags = DNSBOLT_ZONE_SIGNED };
	void *links = bed_make_change(&snap, apex, from, to);
	int err = flip(bed, zone, serial, &snap);

	free(links);
	return err;
}

void bed_begin(struct bed *bed)
{
	assert_int_equal(store_begin(bed->s), 0);
}

void bed_commit(struct bed *bed)
{
	int err = store_commit(bed->s);

	if (err)
		print_error("%s\n", store_error(bed->s));
	assert_int_equal(err, 0);
}

void bed_settle(struct bed *bed)
{
	int64_t leaked;

	assert_int_equal(store_reclaim(bed->s), 0);
	leaked = store_leaked(bed->s);
	if (leaked < 0)
		print_error("%s\n", store_error(bed->s));
	assert_int_equal(leaked, 0);
}

struct store_stats bed_stats(const struct bed *bed)
{
	struct store_stats stats;

	store_get_stats(bed->s, &stats);
	return stats;
}

uint32_t bed_example(struct bed *bed)
{
	uint32_t zone = bed_zone(bed, "example");

	bed_begin(bed);
	bed_put(bed, zone, "example", 10);
	bed_put(bed, zone, "www.example", 1);
	bed_put(bed, zone, "mail.example", 2);
	bed_put(bed, zone, "a.b.c.example", 3);
	bed_flip(bed, zone, "example", 1);
	bed_commit(bed);
	return zone;
}

/* ---- the reader ---- */

static const void *at(const struct env_store *v, dnsbolt_handle h)
{
	assert_true(h >= DNSBOLT_PART_SYMBOLS);
	assert_non_null(v->segment[h / DNSBOLT_SEG_GRANULES]);
	return v->segment[h / DNSBOLT_SEG_GRANULES] + (size_t)(h % DNSBOLT_SEG_GRANULES) * 16;
}

static uint64_t hash_name(const struct dnsbolt_config *c, const uint8_t *name)
{
	const size_t left = owner_len(name);
	uint64_t h = c->hash_seed, w;

	for (size_t i = 0; i <= left; i += 8) {
		w = 0;
		memcpy(&w, name + i, left - i < 8 ? left - i : 8);
		h = hash_word(h, w, c->hash_key[0], c->hash_key[1]);
	}
	return h;
}

struct bed_versions bed_versions(const struct bed *bed)
{
	const struct env_store *v = store_view(bed->s);
	struct bed_versions versions = { { 0 } };

	for (unsigned i = 0; i < BED_ZONES; i++) {
		const struct dnsbolt_snapshot *snap;

		if (!v->zones[i].snapshot)
			continue;
		snap = at(v, v->zones[i].snapshot);
		assert_int_equal(snap->zone, i);
		versions.of[i] = snap->version;
	}
	return versions;
}

dnsbolt_handle bed_anchor(const struct bed *bed, const char *owner)
{
	const struct env_store *v = store_view(bed->s);
	const uint8_t *name = wire(owner);
	size_t len = owner_len(name);
	uint64_t hash = hash_name(v->config, name);
	dnsbolt_handle h = v->find_name(v, hash);
	static struct env_ctx ctx;

	/* The index may take one hash for another, but never miss one. */
	ctx.view = v;
	assert_true(!h || index_find(&ctx, index_line(&ctx, v->config, hash), hash));
	for (unsigned n = 0; h; n++) {
		const struct dnsbolt_anchor *a = at(v, h);

		assert_true(n < DNSBOLT_CHAIN_MAX);
		assert_int_equal(a->self, h);
		assert_int_equal(h % 4, 0);
		if (a->name_len == len && !memcmp(a->name, name, len))
			return h;
		h = a->next;
	}
	return 0;
}

const struct dnsbolt_node *bed_node(const struct bed *bed, const char *owner, uint8_t side,
				    const struct bed_versions *versions)
{
	const struct env_store *v = store_view(bed->s);
	struct bed_versions now = bed_versions(bed);
	dnsbolt_handle anchor = bed_anchor(bed, owner), h;
	const struct dnsbolt_node *node;

	if (!versions)
		versions = &now;
	h = anchor ? ((const struct dnsbolt_anchor *)at(v, anchor))->head[side] : 0;
	if (!h)
		return NULL;
	node = at(v, h);
	assert_true(node->zone < BED_ZONES);
	if (node->version > versions->of[node->zone]) {
		if (!node->prev)
			return NULL;
		node = at(v, node->prev);
		assert_true(node->zone < BED_ZONES);
		assert_true(node->version <= versions->of[node->zone]);
	}
	return node->flags & DNSBOLT_NODE_TOMBSTONE ? NULL : node;
}

static uint16_t sum_of(const uint8_t *data, uint32_t len)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < len; i += 2) {
		uint8_t pair[2] = { data[i], i + 1 < len ? data[i + 1] : 0 };
		uint16_t w;

		memcpy(&w, pair, 2);
		sum += w;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)sum;
}

static bool is_part(const struct env_store *v, dnsbolt_handle h, const struct store_part *b)
{
	const struct dnsbolt_part *a = at(v, h);

	return a->len == b->len && a->n_rr == b->n_rr && a->n_ptr == b->n_ptr &&
	       !memcmp(a->ptr, b->ptr, b->n_ptr * sizeof(*b->ptr)) &&
	       !memcmp((const uint8_t *)a + dnsbolt_part_data(a->n_ptr), b->data, b->len) &&
	       a->csum == sum_of(b->data, b->len);
}

static bool is_proof(const struct bed *bed, dnsbolt_proof proof, const struct store_proof *b)
{
	const struct dnsbolt_anchor *a;

	if (!b->owner)
		return !proof;
	a = at(store_view(bed->s), proof & ~3u);
	return a->self == (proof & ~3u) && (proof & 3) == b->side &&
	       a->name_len == owner_len(b->owner) && !memcmp(a->name, b->owner, a->name_len);
}

static bool is_slot(const struct bed *bed, const struct dnsbolt_slot *a, const struct store_slot *b)
{
	if (a->section != b->section || a->flags != b->flags)
		return false;
	if (b->flags & DNSBOLT_SLOT_PROOF)
		return is_proof(bed, a->part, &b->proof);
	return b->part ? is_part(store_view(bed->s), a->part, b->part) : a->part == b->symbol;
}

static bool is_answer(const struct bed *bed, const struct env_store *v, dnsbolt_handle h,
		      const struct store_answer *b)
{
	const struct dnsbolt_answer *a;

	if (!b)
		return !h;
	a = at(v, h);
	if (a->n_slots != b->n_slots || a->flags != b->flags || a->rcode != b->rcode ||
	    a->reason != b->reason)
		return false;
	for (unsigned i = 0; i < b->n_slots; i++)
		if (!is_slot(bed, &a->slot[i], &b->slot[i]))
			return false;
	return true;
}

static bool is_proven(const struct bed *bed, const struct dnsbolt_node *node,
		      const struct store_node *b)
{
	return (b->proof ? is_part(store_view(bed->s), node->proof, b->proof) : !node->proof) &&
	       is_proof(bed, node->match, &b->match) &&
	       is_proof(bed, node->wild_cover, &b->wild_cover) &&
	       is_proof(bed, node->next_cover, &b->next_cover);
}

bool bed_is(const struct bed *bed, const char *owner, uint8_t side,
	    const struct bed_versions *versions, uint32_t zone, unsigned id)
{
	const struct dnsbolt_node *node = bed_node(bed, owner, side, versions);
	const struct env_store *v = store_view(bed->s);
	struct content c;

	if (!node || node->zone != zone || !id)
		return (!node || node->zone != zone) && !id;
	make_content(&c, id);
	if (node->n_dir != c.node.n_dir || !is_proven(bed, node, &c.node))
		return false;
	for (unsigned i = 0; i < c.node.n_dir; i++)
		if (node->dir[i].qtype != c.dir[i].qtype ||
		    memcmp(node->dir[i].pass, c.dir[i].pass, 2) ||
		    !is_answer(bed, v, node->dir[i].answer, c.dir[i].answer))
			return false;
	return true;
}

bool bed_is_now(const struct bed *bed, const char *owner, uint32_t zone, unsigned id)
{
	return bed_is(bed, owner, DNSBOLT_SIDE_CHILD, NULL, zone, id);
}
