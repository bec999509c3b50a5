/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The store's inside, shared by the files of this folder.
 *
 *     store.c      opening, zones, what is known about the store
 *     apexes.c     the filter by which a reader knows that no zone can have a name
 *     change.c     change sets: begin, put, delete, sweep, flip, drop, commit, abort
 *     reclaim.c    what a change set leaves to do once no reader looks at the old version
 *     adopt.c      taking over what another process wrote, in whatever state it was killed
 *     scan.c       the walk over everything reachable
 *     anchors.c    names and their ancestors
 *     index.c      the index of names that readers look at first
 *     objects.c    nodes, answers, parts, snapshots: writing, comparing, freeing
 *     chain*.[ch]  denial chains: keys and pages, whole chains, what changes in them
 *     arena.[ch] keys.[ch] owner.[ch] list.h marks.h    allocator, hash table, names, containers
 *     backing*.[ch]    kernel maps, or memory in their place
 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <bsd/sys/tree.h>

#include "../../bpf/core/view.h"
#include "arena.h"
#include "keys.h"
#include "list.h"
#include "marks.h"
#include "owner.h"
#include "store.h"

struct zone_entry {
	RB_ENTRY(zone_entry)
	by_apex;
	uint32_t index;
	bool touched;	/* in store.touched */
	bool dirty;	/* the open change set has nodes of it */
	bool dropped;	/* the open change set drops it */
	bool swept;	/* by the open change set */
	bool found_all; /* not changed since adoption: store.found has its names */
	uint32_t first_found, n_found;
	dnsbolt_handle next; /* snapshot of the open change set */
	uint16_t apex_len;
	const uint8_t *apex; /* wire */
	uint8_t wire[];
};

RB_HEAD(store_zone_tree, zone_entry);
RB_PROTOTYPE(store_zone_tree, zone_entry, by_apex, compare_apex)

/* All zeros: there is none. */
struct index {
	uint64_t at;	/* dnsbolt_index_at() */
	uint32_t lines; /* a power of two */
	uint64_t names; /* which are in it */
	uint64_t taken; /* slots that are DNSBOLT_INDEX_TAKEN */
};

#define NODE_PARTS_MAX (DNSBOLT_DIR_MAX * DNSBOLT_PARTS_MAX + 1) /* and its proof */
#define COMMON_MAX 16u

struct store {
	struct backing *backing;
	bool owns_backing;
	struct env_store view;
	struct arena arena;
	struct keys names; /* as in the map, and what the open change set will insert */
	uint32_t max_names;
	struct index index, old_index; /* that of readers; the one that waits for a grace period */
	bool no_index;
	uint64_t index_failed; /* names when there was no memory for an index; 0: there was */

	struct zone_entry **zone; /* by index */
	struct store_zone_tree zones;
	struct list free_zones; /* indexes given back, below next_zone */
	uint32_t next_zone;

	uint32_t apexes[DNSBOLT_APEX_BITS]; /* zones with a version behind each bit of the config */
	uint32_t apexes_of_depth[DNSBOLT_APEX_DEPTHS];

	uint64_t version;
	bool open;	/* a change set is */
	bool unsettled; /* reclaim_run() has something to do */

	/* ---- the open change set, or the one to settle ---- */
	struct list log;	 /* anchor | side: heads which it moved; entries may be stale */
	struct list touched;	 /* indexes of zones with something to do at commit */
	struct list new_anchors; /* whose keys are to be inserted ... */
	uint64_t *new_key;	 /* ... which are these */
	size_t max_new_key;
	struct list seen; /* anchor | side: puts, for store_sweep() */
	struct marks is_seen;

	/* ---- what waits for the next grace period ---- */
	struct list old_nodes, old_snapshots, old_anchors;
	/* ---- what is looked at after it ---- */
	struct list loose;    /* anchors that may have nothing to stay for */
	struct list dropping; /* zones whose heads are to be removed */

	/* ---- since adoption: names by zone, until they are swept ---- */
	struct list found; /* anchor | side */
	struct marks is_found;
	uint32_t n_found_zones;

	/* Parts of the node that is being written, so that one part is stored once. */
	const struct store_part *part[NODE_PARTS_MAX];
	dnsbolt_handle part_handle[NODE_PARTS_MAX];
	unsigned n_parts;

	dnsbolt_handle common[COMMON_MAX]; /* answers that many nodes share; 0: free */
	unsigned turn_common;

	struct store_stats stats;
	void (*added)(uint32_t segment, int fd, void *arg);
	void *added_arg;
	char error[512];
};

/* Remembers the words for store_error() and returns err. */
int store_fail(struct store *s, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A store over a backing that stays the caller's. */
int store_open_backing(struct store **ret_store, struct backing *b, uint32_t max_names, bool adopt);

/* Makes the zone's entry. -ENOMEM. */
int store_add_zone(struct store *s, uint32_t index, const uint8_t *apex,
		   struct zone_entry **ret_zone);

/* Takes the zone's apex out of the table; its index stays taken until store_free_zone(). */
void store_hide_zone(struct store *s, struct zone_entry *zone);
void store_free_zone(struct store *s, struct zone_entry *zone);

/* The zone gets its first version: before readers can see it. */
void apexes_add(struct store *s, const struct zone_entry *zone);
/* It has none any more: after they can. */
void apexes_remove(struct store *s, const struct zone_entry *zone);
/* Takes away what is there for zones that nobody added: after adoption. */
void apexes_trim(struct store *s);

/* ---- index.c ---- */

/* The new names' keys are in the map: puts them into the index, or makes a larger or smaller one. What memory is too short
 * for, the map has. */
void index_follow(struct store *s);
/* The key is in the map no more. `anchor`: the first that it had. */
void index_remove(struct store *s, uint64_t hash, dnsbolt_handle anchor);
/* Makes one of so many lines, a power of two, of all names, in place of the one that is there: no other may wait. -ENOSPC,
 * -ENOMEM: all is as it was. */
int index_make(struct store *s, uint32_t lines);
/* As many as suit the names. */
int index_make_fitting(struct store *s);
/* Readers take the map. No other may wait, as above. */
void index_drop(struct store *s);
/* After a grace period. */
void index_free_old(struct store *s);
uint64_t index_granules(const struct index *index);

/* ---- handles ---- */

/* Whatever was written before is there for who reads the new handle. */
static inline void handle_publish(dnsbolt_handle *p, dnsbolt_handle h)
{
	__atomic_store_n(p, h, __ATOMIC_RELEASE);
}

static inline struct dnsbolt_anchor *anchor_at(const struct store *s, dnsbolt_handle h)
{
	return arena_at(&s->arena, h);
}

static inline struct dnsbolt_node *node_at(const struct store *s, dnsbolt_handle h)
{
	return arena_at(&s->arena, h);
}

static inline struct dnsbolt_snapshot *snapshot_at(const struct store *s, dnsbolt_handle h)
{
	return arena_at(&s->arena, h);
}

/* Anchors start at cache lines, so the side fits below. */
#define ANCHOR_OF(anchor_side) ((anchor_side) & ~1u)
#define SIDE_OF(anchor_side) ((anchor_side)&1u)

static inline dnsbolt_handle *head_at(const struct store *s, uint32_t anchor_side)
{
	return &anchor_at(s, ANCHOR_OF(anchor_side))->head[SIDE_OF(anchor_side)];
}

/* ---- anchors.c ---- */

/* `children` of an anchor which left the table and waits for its octets to be freed. */
#define ANCHOR_GONE UINT32_MAX

static inline size_t anchor_octets(uint32_t name_len)
{
	return sizeof(struct dnsbolt_anchor) + ((name_len + 7u) & ~7u);
}

/* Anchor of the suffix from label i on; 0: none. */
dnsbolt_handle anchor_find(const struct store *s, const struct owner *owner, unsigned i);

/* Finds or makes it, and all its ancestors. */
int anchor_add(struct store *s, const struct owner *owner, dnsbolt_handle *ret_anchor);

/* The proof that a caller names; 0: none, or, unless it is to be added, no anchor of that name. */
int anchor_proof(struct store *s, const struct store_proof *proof, bool add,
		 dnsbolt_proof *ret_proof);

/* Besides the names below it, an anchor is kept by nodes that name it as wildcard or, in themselves
 * or in an answer, as proof, by leaves of denial chains, and by snapshots whose apex it is; all of
 * these are counted in `children`. */
void anchor_ref(struct store *s, dnsbolt_handle h);
void anchor_unref(struct store *s, dnsbolt_handle h);

/* The anchor may have lost what kept it: anchors_prune() will see. */
void anchor_loosen(struct store *s, dnsbolt_handle h);

/* Takes every anchor that nothing keeps out of the table, with the ancestors that only it kept.
 * Readers may still look at them: they are put into old_anchors. */
int anchors_prune(struct store *s);

/* ---- objects.c ---- */

/* Reads what a caller gave; -EINVAL: over a limit, with words. */
int node_check(struct store *s, const struct store_node *node);
int snapshot_check(struct store *s, const struct store_snapshot *snap);

/* The answer's count of the nodes that use it: the writer's own. */
static inline uint32_t *answer_refs(struct dnsbolt_answer *answer)
{
	return &answer->reserved;
}

/* Writes a node with its answers and parts; version is the change set's, prev is 0. The anchors
 * that it names are counted, and made where they are not there. */
int node_write(struct store *s, uint32_t zone, const struct store_node *node,
	       dnsbolt_handle wildcard, dnsbolt_handle *ret_node);
int node_write_tombstone(struct store *s, uint32_t zone, dnsbolt_handle *ret_node);
bool node_equal(struct store *s, dnsbolt_handle h, uint32_t zone, const struct store_node *node,
		dnsbolt_handle wildcard);

/* Frees it with its answers and parts, at once. */
void node_free(struct store *s, dnsbolt_handle h);

/* No reader finds it any more: gives the anchors up that it names. */
void node_forget(struct store *s, dnsbolt_handle h);

/* node_forget(), and node_free() after the next grace period. */
void node_retire(struct store *s, dnsbolt_handle h);

int snapshot_write(struct store *s, uint32_t zone, dnsbolt_handle apex,
		   const struct store_snapshot *snap, dnsbolt_handle *ret_snapshot);
bool snapshot_equal(const struct store *s, dnsbolt_handle a, dnsbolt_handle b);

/* Frees it with its parts, at once. */
void snapshot_free(struct store *s, dnsbolt_handle h);

/* The same for one that was never published: gives its apex up, too. */
void snapshot_discard(struct store *s, dnsbolt_handle h);

/* No reader finds it any more: gives its apex up, snapshot_free() after the next grace period. */
void snapshot_retire(struct store *s, dnsbolt_handle h);

/* ---- chain.c, chain_change.c, chain_page.c ---- */

/* Stands before each page; the writer's own. */
struct page_head {
	uint32_t refs; /* pages and snapshots that name it */
	uint32_t reserved[3];
};
_Static_assert(sizeof(struct page_head) == DNSBOLT_GRANULE, "one granule before the page");

static inline struct dnsbolt_page *page_at(const struct store *s, dnsbolt_handle h)
{
	return arena_at(&s->arena, h);
}

static inline struct page_head *page_head_at(const struct store *s, dnsbolt_handle h)
{
	return arena_at(&s->arena, h - 1);
}

static inline size_t page_octets(uint32_t n)
{
	return sizeof(struct dnsbolt_page) + n * sizeof(struct dnsbolt_page_entry);
}

static inline size_t sort_key_octets(uint32_t n)
{
	return sizeof(struct dnsbolt_sort_key) + n * sizeof(uint64_t);
}

/* Writes the chain of the snapshot, which has links, and returns its root page, referenced once.
 * Pages of `before`, the root of the chain it follows or 0, that are as they were are shared. */
int chain_write(struct store *s, const struct store_snapshot *snap, dnsbolt_handle before,
		dnsbolt_handle *ret_root);

/* The same for a snapshot that says what changes in `before`. */
int chain_change(struct store *s, const struct store_snapshot *snap, dnsbolt_handle before,
		 dnsbolt_handle *ret_root);

/* Frees it at once when that was the last reference. */
void page_unref(struct store *s, dnsbolt_handle h);

/* ---- reclaim.c ---- */

/* Waits for a grace period and says so to readers that are not part of it. */
int reclaim_wait(struct store *s);

/* Does all that waits for a grace period; nothing if nothing does. */
int reclaim_run(struct store *s);

/* ---- scan.c ---- */

/* What is reachable. */
struct scan {
	struct store *s;
	bool rebuild;
	struct marks used; /* granules */
	/* First granules of anchors, and of what is reached more than once. */
	struct marks anchors, parts, answers;
	uint64_t granules, nodes, n_answers, n_parts, pages;
	/* References to parts, answers, pages and anchors as they were found, and as they are
	 * counted in them. */
	uint64_t refs, counted;
};

/* Walks over all that is reachable from `names` and `zones`. With `rebuild` it makes the parts'
 * reference counts; without, it compares them and the anchors' counts. -EPROTO: damaged, with
 * words. */
int scan_run(struct store *s, bool rebuild, struct scan *ret_scan);
void scan_done(struct scan *scan);

/* Whether a node, with its directory, stands there as far as its header says. */
bool scan_is_node(const struct store *s, dnsbolt_handle h);

/* Whether an anchor stands there; reads its name. */
bool scan_is_anchor(const struct store *s, dnsbolt_handle h, struct owner *ret_owner);

/* ---- adopt.c ---- */

int adopt_run(struct store *s);

/* Forgets which names adoption found in the zone: they are its names no more. */
void adopt_forget(struct store *s, struct zone_entry *zone);

#endif /* STORE_INTERNAL_H */
