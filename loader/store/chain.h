/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keys and pages of denial chains (struct dnsbolt_page), for chain.c, which writes whole chains, and
 * chain_change.c, which changes them.
 *
 * A page and the sort keys of its entries are one block, keys behind the page in the order of the
 * entries, with a count of references before it. Keys of inner pages are those of the leaf below.
 */
#ifndef STORE_CHAIN_H
#define STORE_CHAIN_H

#include "internal.h"

/* What a page is sorted by; n 0: the prefix alone, as of NSEC3. */
struct place {
	uint64_t prefix;
	uint32_t n;
	const __u64 *word;
};

struct sort_key {
	uint32_t n, octets;
	__u64 word[DNSBOLT_SORT_WORDS];
};

int chain_compare(const struct place *a, const struct place *b);
struct place chain_place(const struct store *s, const struct dnsbolt_page_entry *entry);

/* The place of a link of the snapshot, whose apex is given; `key` holds what it points to. -EINVAL: it is
 * none of the zone's; fail_link() has said why. `i`: which it is, for that. */
int chain_place_link(struct store *s, const struct store_snapshot *snap, const struct owner *apex,
		     const struct store_link *link, size_t i, struct sort_key *key,
		     struct place *ret_place);
int chain_fail_link(struct store *s, const struct store_link *link, size_t i, int err,
		    const char *what);

/* What a leaf is written of: a link, or (NULL) what an old leaf has. */
struct chain_item {
	struct place place;
	const struct store_link *link;
	dnsbolt_proof proof;
};

int chain_write_leaf(struct store *s, const struct chain_item *item, uint32_t n,
		     dnsbolt_handle *ret_page);
/* Takes the references to the pages over. */
int chain_write_inner(struct store *s, const uint32_t *below, uint32_t n, dnsbolt_handle *ret_page);

/* Gives the references to the pages up, from that one on. */
void chain_drop(struct store *s, const struct list *pages, size_t from);

#endif /* STORE_CHAIN_H */
