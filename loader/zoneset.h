/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All zones of this daemon: where each comes from, its newest version, the records that were set by the CLI
 * on top, and how it stands with the store. Every source ends in publish() of zoneset.c.
 */
#ifndef ZONESET_H
#define ZONESET_H

#include <time.h>

#include "config.h"
#include "store/store.h"
#include "zone/zone.h"

struct zoneset;

struct zoneset_zone {
	const knot_dname_t *apex;
	const char *file;
	const char *
		state; /* "serving", "failed" (never loaded), "stale" (the newest file is bad: the old version serves) */
	const char *error;	 /* why not "serving"; NULL */
	const struct zone *base; /* as loaded; NULL: never loaded */
	const struct zone *zone; /* with the CLI's records; what is served */
	uint32_t index;		 /* in the store */
	uint32_t records;	 /* of the CLI */
	time_t loaded;		 /* of the version that serves */
};

int zoneset_new(struct zoneset **ret_set, struct store *store, const struct report *report);
void zoneset_free(struct zoneset *set);

/* The zones of the configuration: `zone:` entries, then every NAME.zone of `zone-dir`. An unusable directory or a name given
 * twice is an error; a bad zone is not: it is reported and "failed". Loads the record journal from state-dir. */
int zoneset_configure(struct zoneset *set, const struct config *config);

/* Loads every zone's file and publishes all in one change set; zones of the store that are configured no more are
 * dropped. Says progress when it takes longer than seconds. Only errors of the store or of memory are errors. */
int zoneset_load(struct zoneset *set);

/* Reads the file again and publishes the difference. On an error the old version keeps serving, and
 * zoneset_error() says why. NULL: every zone, and zone-dir is read again (files that came and went). */
int zoneset_reload(struct zoneset *set, const knot_dname_t *apex);
const char *zoneset_error(const struct zoneset *set);

/* The same for some zones, in lower case, in one change set. Those that are not there any more are passed over. */
int zoneset_reload_some(struct zoneset *set, knot_dname_t *const *apex, size_t n);

/* The files that the zone was read from when that was last tried: its own, and those that it includes, as it names
 * them. */
void zoneset_each_file(const struct zoneset_zone *zone, void (*each)(const char *path, void *arg),
		       void *arg);
/* Whether one of them is another than it was then. */
bool zoneset_is_changed(const struct zoneset_zone *zone);

/* In canonical order; NULL at the end. zoneset_find(): the zone with that apex; zoneset_enclosing(): the deepest zone
 * that the name is in. */
const struct zoneset_zone *zoneset_next(const struct zoneset *set,
					const struct zoneset_zone *after);
const struct zoneset_zone *zoneset_find(const struct zoneset *set, const knot_dname_t *apex);
const struct zoneset_zone *zoneset_enclosing(const struct zoneset *set, const knot_dname_t *name);

/* Records of the CLI. They are written to the journal (fsync) before they are published. set: the RRset becomes
 * this one record (`add`: gains it). delete: takes back what the CLI set; where the CLI set nothing, hides the zone's own RRset
 * (type 0: of all types). -EPERM: the zone is signed and `unsigned_ok` is not set (the answer would be bogus); -ENOENT:
 * no such zone or record; -EINVAL: the record does not fit there (CNAME beside other data, SOA, DNSSEC types ...); see
 * zoneset_error(). */
struct zoneset_record {
	const knot_dname_t *owner;
	uint16_t type;
	uint32_t ttl;
	const char *rdata; /* presentation form; NULL: the zone's own RRset is hidden */
	const char *who;   /* "uid 0 (root)" */
	time_t when;
};
int zoneset_record_set(struct zoneset *set, const struct zoneset_record *record, bool add,
		       bool unsigned_ok);
int zoneset_record_delete(struct zoneset *set, const knot_dname_t *owner, uint16_t type,
			  const char *who, bool unsigned_ok);
/* Drops what the CLI set or hid, *ret_n RRsets: in the zone of that apex, else at that name; NULL: all, also what is
 * in no zone any more. -ENOENT: there is nothing of that kind. */
int zoneset_record_reset(struct zoneset *set, const knot_dname_t *name, const char *who,
			 size_t *ret_n);
void zoneset_record_each(const struct zoneset *set,
			 void (*each)(const struct zoneset_record *record, void *arg), void *arg);

#endif /* ZONESET_H */
