/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_bed's own: the links of a snapshot. */
#ifndef STORE_BED_CHAIN_H
#define STORE_BED_CHAIN_H

#include "store_bed.h"

/* Puts the chain, NULL: none, into the snapshot; the caller frees what is returned when that was
 * used. */
void *bed_make_links(struct store_snapshot *snap, const char *apex, const struct bed_chain *chain);

/* The same of what changes between two. */
void *bed_make_change(struct store_snapshot *snap, const char *apex, const struct bed_chain *from,
		      const struct bed_chain *to);

#endif /* STORE_BED_CHAIN_H */
