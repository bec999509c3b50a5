/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The writer of the store (bpf/abi.h): the arena, the names, the versions. Nothing else writes
 * those maps. All changes go through a change set:
 *
 *     store_begin(s);
 *     store_put(s, zone, node) ... store_delete(s, zone, owner, side) ... store_flip(s, zone, snap);
 *     store_commit(s);           or store_abort(s);
 *
 * Until store_commit() no reader sees any of it; store_commit() makes it visible zone by zone, each
 * by one store of the zone's snapshot handle. A change set may span many zones. Octets that readers
 * may still look at are used again only after a grace period; the wait, if one is due, is in
 * store_begin(), so that a commit is visible at once.
 *
 * Functions return 0 or a negative errno, and store_error() then says what happened in words. After
 * an error from anything between begin and commit, store_abort() leaves the store as it was. Names
 * are in wire form, lower-cased, uncompressed (RFC 1035 section 3.1). Not thread-safe.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../bpf/abi.h"

struct store;
struct env_store;

/* Map file descriptors; they stay the caller's. */
struct store_maps {
	int config, names, arena, zones;
};

/* Over kernel maps. With `adopt` the maps hold a store already (dnsboltd was restarted): what an
 * interrupted change set left is rolled back, the allocator is rebuilt by a scan, and the names of
 * each zone are remembered until store_sweep(). Without it the maps are empty and the hash key is
 * made and written to the config map. `max_names` is the size of the names map. -EPROTO:
 * damaged. */
int store_open(struct store **ret_store, const struct store_maps *maps, uint32_t max_names,
	       bool adopt);

/* In the memory of this process, for tests and for checking zones; the same code but for the
 * maps. */
int store_open_memory(struct store **ret_store, uint32_t max_names);

/* Forgets the store; the maps stay as they are. NULL is fine. */
void store_close(struct store *s);

/* Why the last call failed; valid until the next call. Never NULL. Without a store (NULL): why the
 * last one could not be opened. */
const char *store_error(const struct store *s);

/* What native readers (bpf/core on the user side) take. Valid until store_close(); segments that
 * are added later appear in it. */
const struct env_store *store_view(struct store *s);

/* The config page, writable (both kinds of store). */
struct dnsbolt_config *store_config(struct store *s);

/* Index of the zone whose apex is given: the one it has (also after adoption), else a free one.
 * -ENOSPC: DNSBOLT_MAX_ZONES are in use. The index is given back by store_drop(). */
int store_zone(struct store *s, const uint8_t *apex, uint32_t *ret_zone);

/* Calls `each` for every zone with a snapshot (after adoption: what was served). */
void store_each_zone(struct store *s,
		     void (*each)(uint32_t zone, const uint8_t *apex, uint32_t serial, void *arg),
		     void *arg);

/* ---- what goes in; everything is copied, nothing is kept of the caller's ---- */

/* Rendered records; see struct dnsbolt_part. The checksum is made by the store. */
struct store_part {
	const uint8_t *data;
	const struct dnsbolt_ptr *ptr;
	uint16_t len, n_rr, n_ptr, n_own;
};

/* The node whose proof is meant. owner NULL: none. The anchor is made when it is not there yet. */
struct store_proof {
	const uint8_t *owner;
	uint8_t side; /* DNSBOLT_SIDE_* */
};

struct store_slot {
	const struct store_part *part; /* NULL: `symbol`, or with DNSBOLT_SLOT_PROOF `proof` */
	dnsbolt_handle symbol; /* DNSBOLT_PART_SOA, DNSBOLT_PART_SOA_SIG, DNSBOLT_PART_OWN_PROOF */
	struct store_proof proof;
	uint8_t section, flags; /* enum dnsbolt_section, DNSBOLT_SLOT_* */
};

/* Slots are sorted by section. No part stands there twice, unless once for DO and once for PLAIN. */
struct store_answer {
	uint8_t flags, rcode, reason, n_slots;
	struct store_slot slot[DNSBOLT_PARTS_MAX];
};

/* Sorted by qtype, each once. `answer` may be NULL only when both `pass` are set. */
struct store_dirent {
	uint16_t qtype;
	uint8_t pass[2];
	const struct store_answer *answer;
};

struct store_node {
	const uint8_t *owner;
	uint8_t side; /* DNSBOLT_SIDE_* */
	uint16_t flags; /* DNSBOLT_NODE_* but TOMBSTONE; WILDCARD: "*" below owner gets or has an anchor */
	uint16_t n_dir; /* may be 0 with DNSBOLT_NODE_PROOF */
	const struct store_dirent *dir;
	const struct store_part *proof; /* NSEC or NSEC3 with its RRSIGs; NULL: none */
	struct store_proof match, wild_cover, next_cover; /* see struct dnsbolt_node */
};

/* One link of a denial chain. */
struct store_link {
	struct store_proof proof; /* whose node has the record */
	const uint8_t *hash;	  /* NSEC3: 20 octets; NULL: NSEC, ordered by the owner's name */
};

struct store_snapshot {
	const uint8_t *apex;
	uint32_t serial;
	uint32_t flags;				/* DNSBOLT_ZONE_* */
	const struct store_part *soa, *soa_sig; /* soa_sig may be NULL */
	/* The denial chain in order (RFC 4034 section 6.1, RFC 5155 section 1.3); n_links 0: there
	 * is none that is complete. Two NSEC3 hashes whose first 8 octets are equal are refused:
	 * -EEXIST. */
	const struct store_link *links;
	size_t n_links;
	/* Or only what changes in the chain of the version that is served, which is one of the same kind: `links`
	 * are those that come, `gone` those that go, in any order. */
	bool is_change;
	const struct store_link *gone;
	size_t n_gone;
	uint16_t nsec3_iterations;
	uint8_t nsec3_salt_len;
	const uint8_t *nsec3_salt;
};

/* ---- change sets ---- */

/* Waits for a grace period when one is due. -EBUSY: a change set is open. */
int store_begin(struct store *s);

/* The node takes the place of the one that is there. Nothing is written when that one is equal in
 * all that a reader can see. Anchors of all ancestors are made. -ENOSPC: names or arena are full;
 * -EINVAL: over a limit of abi.h. */
int store_put(struct store *s, uint32_t zone, const struct store_node *node);

/* The name is gone from the zone's next version on. -ENOENT: it is not there. */
int store_delete(struct store *s, uint32_t zone, const uint8_t *owner, uint8_t side);

/* Deletes all names of the zone that this change set, up to its commit, does not put. May be called
 * at any time; it is done at the commit, and costs one walk over the names for all swept zones
 * which are not as adoption found them. */
int store_sweep(struct store *s, uint32_t zone);

/* Names the zone's next version. Without it the zone's puts and deletes are an error at commit. The
 * zone's new snapshot is made also when nothing else changed; an equal one changes nothing. */
int store_flip(struct store *s, uint32_t zone, const struct store_snapshot *snap);

/* The zone is no longer served from the commit on; its names (which the caller need not delete) are
 * removed after a grace period and its index is free again. */
int store_drop(struct store *s, uint32_t zone);

/* On an error (names map full, a zone changed but not flipped) nothing has become visible; the
 * change set is still open: abort it. */
int store_commit(struct store *s);

void store_abort(struct store *s);

/* Finishes what waits for a grace period, now. For tests, leak checks and idle times. */
int store_reclaim(struct store *s);

/* Time limit of a zone, CLOCK_BOOTTIME ns, 0: none. Takes effect at once. */
void store_set_expiry(struct store *s, uint32_t zone, uint64_t expires);

/* Whom the zone is served to (struct dnsbolt_zone). Takes effect at once. */
void store_set_serve_to(struct store *s, uint32_t zone, uint32_t serve_to);
uint32_t store_serve_to(const struct store *s, uint32_t zone);

struct store_stats {
	uint64_t version; /* of the newest change set */
	uint32_t zones;	  /* with a snapshot */
	uint64_t anchors; /* elements of the names map */
	uint64_t max_names;
	uint64_t nodes, answers, parts;
	uint64_t pages, pages_written; /* of denial chains */
	uint64_t segments;
	uint64_t octets;       /* of all segments */
	uint64_t octets_used;  /* by live objects, and by those that wait for a grace period */
	uint64_t octets_free;  /* in free lists: fragmentation */
	uint64_t octets_index; /* of octets_used: the index of names */
	uint64_t index_names; /* of anchors: in the index, too; the others' lines are full or out of reach */
	uint64_t index_taken; /* places in it that names left, and that are kept from being free */
	uint64_t change_sets, grace_periods, nodes_written, nodes_equal;
	uint64_t rolled_back; /* nodes of an interrupted change set, at adoption */
};

void store_get_stats(const struct store *s, struct store_stats *ret_stats);

/* The segment's file descriptor (kernel maps), for readers that are handed it; still the store's.
 * Negative: none of that number. */
int store_segment_fd(const struct store *s, uint32_t segment);

/* Called whenever a segment was added (kernel maps), before any object in it can be reached. */
void store_on_segment(struct store *s, void (*added)(uint32_t segment, int fd, void *arg),
		      void *arg);

/* For tests, while no change set is open: from now on readers find names by the map alone; a new index takes the place of the one
 * that is there. */
int store_without_index(struct store *s);
int store_renew_index(struct store *s);

/* Sums up reachable objects by a scan and compares with the allocator: octets that are in use and
 * reached by nothing. 0 when all is well. For tests. */
int64_t store_leaked(struct store *s);

#endif /* STORE_H */
