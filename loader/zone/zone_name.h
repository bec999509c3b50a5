/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The names of a zone, each one piece of memory: owner, RRsets, records. A name that is in a tree may be
 * in others: what changes names here takes one that is the caller's alone (one reference), and may
 * move it.
 */
#ifndef ZONE_NAME_H
#define ZONE_NAME_H

#include "zone.h"

/* Without RRsets. NULL: no memory. */
struct zone_name *zone_name_new(const knot_dname_t *owner, bool is_apex);
struct zone_name *zone_name_clone(const struct zone_name *name);

/* The RRset of the type, which is made when it is not there, gets these records in the place of those that
 * it has. -ENOMEM: the name is as it was. */
int zone_name_put(struct zone_name **name, uint16_t type, uint32_t ttl, const knot_rdataset_t *rrs);
/* Adds a record that the RRset, which is made with that TTL when it is not there, does not have. -ENOMEM;
 * -ENOSPC: it has 65,535. */
int zone_name_add(struct zone_name **name, uint16_t type, uint32_t ttl, const knot_rdata_t *rdata);
/* Takes one record out, or all of the type. They are there. */
void zone_name_cut(struct zone_name *name, struct zone_rrset *set, const knot_rdata_t *rdata);
void zone_name_drop(struct zone_name *name, struct zone_rrset *set);

/* The record of the RRset that is equal but for the letters of names in it; NULL: none. */
knot_rdata_t *zone_rrset_find(const struct zone_rrset *set, const knot_rdata_t *rdata);

/* Makes `kinds` what the RRsets say; after every change. */
void zone_name_classify(struct zone_name *name);
bool zone_name_same(const struct zone_name *a, const struct zone_name *b);

/* Whether it passes what zone_check() asks of a single name. `bad` (may be NULL) is called for each
 * problem. */
bool zone_name_check(const struct zone_name *name,
		     void (*bad)(const struct zone_name *name, uint16_t type, const char *what,
				 void *arg),
		     void *arg);

#endif /* ZONE_NAME_H */
