/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The members of a catalog zone (RFC 9432, version 2). */
#ifndef CATALOG_H
#define CATALOG_H

#include <stddef.h>
#include <libknot/dname.h>

#include "../../userspace/lib/name.h"

struct zone;

struct catalog_member {
	knot_dname_t *zone; /* lower-cased */
	/* The member's label below `zones` in the catalog, wire form. Another one for the same zone
	 * says that what is known of the zone is to be forgotten (RFC 9432 section 5.4). */
	knot_dname_t *id;
	/* Values of its `group` property (section 4.3.2), in no order of note. Those with a zero octet in them
	 * are left out. */
	char **group;
	size_t n_groups;
	knot_dname_t *coo; /* the catalog that may take it over (section 4.3.1), lower-cased; NULL */
};

struct catalog {
	struct catalog_member *member; /* in canonical order of their zones */
	size_t n_members;
};

/* Properties that are not known are ignored. -EINVAL: it is broken, and to be processed in no
 * part (section 5.1): ret_error, NAME_ERROR_LEN octets or NULL, says why. -ENOMEM. */
int catalog_read(struct catalog **ret_catalog, const struct zone *zone, char *ret_error);
void catalog_free(struct catalog *catalog); /* NULL is fine */

#endif /* CATALOG_H */
