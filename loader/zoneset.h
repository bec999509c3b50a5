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

struct clients;
struct zoneset;

/* How far away the end of a zone's first signature is, as far as it was said. */
enum zoneset_signatures { ZONESET_FAR, ZONESET_NEAR, ZONESET_PAST };

struct zoneset_zone {
	const knot_dname_t *apex;
	const char *file; /* NULL: it is transferred */
	/* "serving"; "failed": never loaded; "stale": the newest data are bad or could not be had, and the old version serves;
	 * "waiting": its first transfer has not been made; "expired": it was not refreshed in time; "stopped": the host's server
	 * does not answer for it well. The last three are passed. */
	const char *state;
	const char *error;	 /* why not "serving"; NULL */
	const struct zone *base; /* as loaded; NULL: never loaded */
	const struct zone *zone; /* with the CLI's records; what is served */
	uint32_t index;		 /* in the store */
	uint32_t records;	 /* of the CLI */
	time_t loaded;		 /* of the version that serves */
	bool is_catalog;	 /* its members are served, it is not */
	uint64_t version;	 /* of `zone`: another one with each change */
	/* by sigwatch.h, of that version; 0: it has none */
	uint64_t signatures_of;
	int64_t signatures_expire; /* seconds since 1970 */
	enum zoneset_signatures signatures;
};

int zoneset_new(struct zoneset **ret_set, struct store *store, const struct report *report);
void zoneset_free(struct zoneset *set);

/* Who has which number of `serve-to`; before zoneset_configure(), kept. Without it everyone is served. */
void zoneset_set_clients(struct zoneset *set, const struct clients *clients);
/* Around the moment in which the clients' map becomes what `clients` says: the numbers of adopted zones are those of the
 * map before, others are served to nobody until then. Zones that get another number are served to nobody in between. */
void zoneset_begin_serve_to(struct zoneset *set);
void zoneset_end_serve_to(struct zoneset *set);
/* Of a zone whose options are others now. */
void zoneset_set_serve_to(struct zoneset *set, const knot_dname_t *apex,
			  const struct config_sync *options);

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

/* For sigwatch.h: what the row says. */
void zoneset_set_signatures(struct zoneset *set, const knot_dname_t *apex, uint64_t of,
			    int64_t expire, enum zoneset_signatures state);

/* ---- zones that are transferred (loader/sync/) ---- */

/* A member of a catalog: as a zone of the configuration that has no file. -EEXIST: there is a zone of that name already;
 * -ENOMEM. Removed ones are gone, and passed, with the next zoneset_publish_offers(). */
int zoneset_add_member(struct zoneset *set, const knot_dname_t *apex);
void zoneset_remove_member(struct zoneset *set, const knot_dname_t *apex);

/* A new version, which is taken over, to be published by the next zoneset_publish_offers(). -ENOENT, -ENOMEM; on an
 * error it is freed. */
int zoneset_offer(struct zoneset *set, const knot_dname_t *apex, struct zone *base);
/* All that was offered, in one change set. What the store refuses has a row that says so; other errors are of the store
 * itself. */
int zoneset_publish_offers(struct zoneset *set);
/* Why the newest data cannot be had or cannot serve; NULL: all is well again. */
void zoneset_set_fault(struct zoneset *set, const knot_dname_t *apex, const char *fault);
/* `state`, "expired" or "stopped", in place of what the row says otherwise; NULL: not any more. The caller tells the
 * store. */
void zoneset_withhold(struct zoneset *set, const knot_dname_t *apex, const char *state);

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
