/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For tests of the zone set: a directory of zone files, a store in memory, and questions to it,
 * which the code that the driver runs answers. Whatever goes wrong fails the test.
 */
#ifndef ZONEBED_H
#define ZONEBED_H

#include <stdbool.h>
#include <stdint.h>

#include "../../loader/zoneset.h"
#include "../../userspace/lib/core.h"

struct zonebed {
	char root[64], zones[96], state[96], said[16384];
	struct config config;
	struct report report;
	struct store *store;
	struct zoneset *set;
	struct core *core;
};

/* cmocka setup and teardown. There is one zone, "example", of serial 1; nothing is loaded. */
int zonebed_setup(void **state);
int zonebed_teardown(void **state);

/* Files of the directory, by the name of the zone. The path is valid until the next call. */
const char *zonebed_path(const struct zonebed *bed, const char *zone);
void zonebed_write(const struct zonebed *bed, const char *zone, const char *text);
void zonebed_remove(const struct zonebed *bed, const char *zone);
/* "example" with another serial and some more lines. */
void zonebed_write_example(const struct zonebed *bed, unsigned int serial, const char *more);
/* A zone that has NS and, at its apex, one address. */
void zonebed_write_small(const struct zonebed *bed, const char *zone, const char *address);

/* A new empty store; setup opens one. */
void zonebed_open_store(struct zonebed *bed, uint32_t max_names);
void zonebed_close_store(struct zonebed *bed);
/* A zone set as dnsboltd makes it at its start, over the store as it is. */
void zonebed_start(struct zonebed *bed);
void zonebed_stop(struct zonebed *bed);

/* Wire form, lower-cased, in one of a few static buffers. */
const knot_dname_t *zonebed_wire(const char *text);
/* The data of the answer's records, each with a blank behind it; if there are none: the reason. */
const char *zonebed_ask(struct zonebed *bed, const char *name, uint16_t type);
const char *zonebed_ask_do(struct zonebed *bed, const char *name, uint16_t type, bool dnssec_ok);
/* The zone of that apex. */
const struct zoneset_zone *zonebed_find(struct zonebed *bed, const char *apex);

/* zoneset_record_set(); with a TTL of 300, not for signed zones. */
int zonebed_set_ttl(struct zonebed *bed, const char *owner, uint16_t type, const char *rdata,
		    uint32_t ttl, bool add, bool unsigned_ok);
int zonebed_set(struct zonebed *bed, const char *owner, uint16_t type, const char *rdata);

/* The words are in zoneset_error(), in the messages since the last start. */
void zonebed_assert_error(const struct zonebed *bed, const char *words);
void zonebed_assert_said(const struct zonebed *bed, const char *words);

#endif /* ZONEBED_H */
