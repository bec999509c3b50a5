/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The digest of a whole zone, ZONEMD (RFC 8976): scheme SIMPLE, SHA-384 and SHA-512. Whether the
 * ZONEMD records are signed is not looked at. */
#ifndef ZONEMD_H
#define ZONEMD_H

#include "../../userspace/lib/name.h"
#include "zone.h"

enum zonemd_result {
	ZONEMD_NONE,	    /* the zone has no ZONEMD at its apex */
	ZONEMD_OK,	    /* one of the digests is the zone's */
	ZONEMD_MISMATCH,    /* none is */
	ZONEMD_UNSUPPORTED, /* none is of a scheme and hash that are known here */
};

/* ret_words, NAME_ERROR_LEN octets or NULL: what was found, also with ZONEMD_OK. -ENOMEM. */
int zonemd_check(enum zonemd_result *ret_result, const struct zone *zone, char *ret_words);

#endif /* ZONEMD_H */
