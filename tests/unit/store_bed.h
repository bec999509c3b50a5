/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For tests of the store: a store in memory or in kernel maps, nodes whose content follows from a
 * number, and a reader of its own that goes from the name to the node as bpf/core does.
 */
#ifndef STORE_BED_H
#define STORE_BED_H

#include <stdbool.h>
#include <stdint.h>

#include "../../loader/store/internal.h"

#define BED_MAX_NAMES 100000u
#define BED_ZONES 8u

struct bed {
	bool kernel;
	struct store_maps maps;
	struct backing *backing; /* memory */
	struct store *s;
	uint32_t max_names;
};

/* cmocka setup and teardown; bed_need() skips the test when kernel maps cannot be made. */
int bed_setup_memory(void **state);
int bed_setup_kernel(void **state);
int bed_teardown(void **state);
struct bed *bed_need(void **state);

#define BED_TEST(kind, f)                                                                          \
	{                                                                                          \
#kind ": " #f, f, bed_setup_##kind, bed_teardown, NULL                             \
	}

#define BED_BOTH(f) BED_TEST(memory, f), BED_TEST(kernel, f)

/* Starts again with an empty store; `map_names` is the size of the names map, `max_names` what the
 * store is told. */
void bed_renew(struct bed *bed, uint32_t map_names, uint32_t max_names);

/* Opens the store again, as if its process had been killed now. */
void bed_reopen(struct bed *bed);

/* The operations of a backing in memory: of the first one that it is asked for, so ask before you
 * change them. */
const struct backing_ops *bed_memory_ops(const struct backing *b);

/* Makes hashes weak, before the first name: of each word of 8 octets count the first octet and four bits of the second, and all
 * words alike. */
void bed_weaken(struct bed *bed);

/* "a.b" -> wire form, in one of a few static buffers. "" is the root. */
const uint8_t *wire(const char *text);

/* The zone's index. */
uint32_t bed_zone(struct bed *bed, const char *apex);

/* In the open change set. id > 0 decides what is in the node; from BED_PROVEN on it has proofs. */
#define BED_PROVEN 1000u
int bed_put_side(struct bed *bed, uint32_t zone, const char *owner, uint8_t side, uint16_t flags,
		 unsigned id);
void bed_put(struct bed *bed, uint32_t zone, const char *owner, unsigned id);
void bed_delete(struct bed *bed, uint32_t zone, const char *owner);
void bed_flip(struct bed *bed, uint32_t zone, const char *apex, uint32_t serial);

/* The name of the k-th proof that the node `id` names; false: none. */
#define BED_PROOFS 4u
bool bed_proof_name(char ret_text[64], unsigned id, unsigned k);

/* Which of n links are in a zone's denial chain. */
struct bed_chain {
	bool nsec3;
	unsigned n;
	const uint8_t *has;
};

void bed_link_name(char ret_text[64], unsigned i, const char *apex);

/* bed_flip() with a chain. Returns what store_flip() does. */
int bed_flip_chain(struct bed *bed, uint32_t zone, const char *apex, uint32_t serial,
		   const struct bed_chain *chain);

/* The same, by what is in the one and not in the other. */
int bed_flip_change(struct bed *bed, uint32_t zone, const char *apex, uint32_t serial,
		    const struct bed_chain *from, const struct bed_chain *to);

/* Whether the tree is that chain's, and a sound one; root 0: the current one. */
bool bed_is_chain(const struct bed *bed, uint32_t zone, const char *apex, dnsbolt_handle root,
		  const struct bed_chain *chain);

void bed_begin(struct bed *bed);
void bed_commit(struct bed *bed);

/* Reclaims and looks for leaks. */
void bed_settle(struct bed *bed);

struct store_stats bed_stats(const struct bed *bed);

/* Makes the zone "example", serial 1: example (10), www (1), mail (2), a.b.c (3). */
uint32_t bed_example(struct bed *bed);

#define BED_EXAMPLE_ANCHORS 7u /* with the root, b.c and c */

/* ---- the reader ---- */

/* The versions that a reader which starts now uses. */
struct bed_versions {
	uint64_t of[BED_ZONES];
};

struct bed_versions bed_versions(const struct bed *bed);

/* 0: none. */
dnsbolt_handle bed_anchor(const struct bed *bed, const char *owner);

/* NULL: none, or a tombstone. `versions` NULL: now. Fails the test when a second hop were
 * needed. */
const struct dnsbolt_node *bed_node(const struct bed *bed, const char *owner, uint8_t side,
				    const struct bed_versions *versions);

/* Whether the node is what bed_put_side() wrote with `id`; 0: whether there is none. */
bool bed_is(const struct bed *bed, const char *owner, uint8_t side,
	    const struct bed_versions *versions, uint32_t zone, unsigned id);

/* The same for a reader that starts now, at the child's side. */
bool bed_is_now(const struct bed *bed, const char *owner, uint32_t zone, unsigned id);

#endif /* STORE_BED_H */
