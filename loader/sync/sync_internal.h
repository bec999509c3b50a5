/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between the parts of the engine: sync.c has the zones and their times, sync_profile.c what the configuration says of
 * them, sync_round.c asks the primaries and publishes, sync_state.c has what is on disk, sync_members.c catalogs,
 * sync_notify.c NOTIFYs.
 */
#ifndef SYNC_INTERNAL_H
#define SYNC_INTERNAL_H

#include <sys/queue.h>
#include <bsd/sys/tree.h>

#include "keyring.h"
#include "refresh.h"
#include "state.h"
#include "sync.h"
#include "transport.h"

/* What zones have in common that come from one template, or one row of the configuration. */
struct sync_profile {
	struct config_sync options; /* points into the configuration */
	struct refresh_bounds bounds;
	struct transport_server *server;
	uint32_t n_server;
	struct dnsbolt_addr *notify_from; /* `notify-from`; none: the servers */
	uint32_t n_notify_from;
	struct xfr_limits limits;
	bool host;
};

struct secondary {
	RB_ENTRY(secondary)
	by_apex, by_time;
	TAILQ_ENTRY(secondary) queue, offer, saving;
	struct sync *sync;
	knot_dname_t *apex; /* lower-cased */
	const struct sync_profile *profile;
	const struct config_zone *row; /* of a catalog: its row; NULL */
	struct secondary *catalog;     /* of a member */
	uint8_t id[STATE_ID_MAX];      /* of a member */
	knot_dname_t *coo;	       /* of a member: the catalog that may take it over; NULL */
	uint32_t seen;		       /* the generation of its catalog that had it last */

	struct refresh refresh;
	uint64_t time; /* in the tree of times; REFRESH_NEVER: not in it */
	bool is_withheld, is_expired;
	/* the step that runs */
	struct transport *transport;
	struct xfr *xfr;
	bool is_queued, has_slot;
	/* a version that is to be published */
	const struct zone *offered;
	struct refresh_soa offered_soa;
	int64_t offered_expire;

	char *fault; /* of this round; NULL */
	char primary[TRANSPORT_TEXT];
	int64_t refreshed; /* wall clock; 0: never */
	/* on disk */
	char *path;
	struct state_save *save;
	bool is_dirty, waits_to_save;
	uint64_t save_at, save_started, touched;
};

RB_HEAD(secondary_names, secondary);
RB_PROTOTYPE(secondary_names, secondary, by_apex, secondary_compare_names)
RB_HEAD(secondary_times, secondary);
RB_PROTOTYPE(secondary_times, secondary, by_time, secondary_compare_times)
TAILQ_HEAD(secondary_queue, secondary);

struct sync {
	uv_loop_t *loop;
	const struct config *config;
	struct store *store;
	struct zoneset *zones;
	const struct report *report;
	struct keyring *keyring;
	struct sync_profile
		*profile; /* of zones, then of templates, in the order of the configuration */
	struct transport_limits limits;

	struct secondary_names names;
	struct secondary_times times;
	struct secondary_queue soa_queue, zone_queue, offers, save_queue;
	uint32_t n_soa, n_zone, n_saving;
	uv_timer_t timer;
	uv_check_t check;
	unsigned int handles; /* not closed */
	bool has_started;
	uint32_t generation;
	struct sync_listen *listen;
	struct sync_stats stats;
	char text[KNOT_DNAME_TXT_MAXLEN + 1]; /* of sync_status() */
};

/* ---- sync.c ---- */

uint64_t sync_now(void); /* ms, CLOCK_BOOTTIME */
int64_t sync_wall(void); /* s */
void sync_warn(const struct secondary *zone, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

struct secondary *sync_find(const struct sync *sync, const knot_dname_t *apex);
/* A zone that waits for sync_start(), or is asked for now. -EEXIST: the zone set has it otherwise. */
int sync_add_zone(struct sync *sync, const knot_dname_t *apex, const struct sync_profile *profile,
		  struct secondary *catalog, const uint8_t *id, struct secondary **ret_zone);
void sync_free_zone(struct secondary *zone);
/* The profile's servers have become these, or it is another one. */
int sync_set_profile(struct secondary *zone, const struct sync_profile *profile);
/* Puts the zone where its next time is. After any change of it. */
void sync_schedule(struct secondary *zone);
/* Tells the store, and the zone set when it has expired. After a change of refresh.expires. */
void sync_put_expiry(struct secondary *zone);
void sync_withhold(struct secondary *zone, bool is_withheld);

/* ---- sync_profile.c ---- */

int sync_make_profiles(struct sync *sync); /* what fails was said */
void sync_free_profiles(struct sync *sync);
const struct sync_profile *sync_zone_profile(const struct sync *sync, unsigned int zone);
/* NULL: there is no such template. */
const struct sync_profile *sync_template_profile(const struct sync *sync, const char *name);
int sync_set_host(struct sync *sync, const struct dnsbolt_addr *host, size_t n_host);

/* ---- sync_round.c ---- */

void sync_begin_round(struct secondary *zone);
void sync_end_rounds(struct secondary *zone); /* what runs is cancelled */
void sync_publish(struct sync *sync);	      /* what was offered */
struct refresh_soa sync_soa(const struct zone *zone);

/* ---- sync_state.c ---- */

/* Offers what is on disk. 0 also when there is nothing; -ENOMEM. */
int sync_load_state(struct secondary *zone);
/* After zoneset_load() has published it. */
void sync_note_refresh(struct secondary *zone, bool is_new);
void sync_save_due(struct secondary *zone);
void sync_save_last(struct secondary *zone); /* at the end */
void sync_forget_state(struct secondary *zone);

/* ---- sync_members.c ---- */

/* NULL: the zone is a catalog that can be taken; else why not. */
const char *sync_catalog_fault(const struct zone *zone, char *buf);
/* Makes the members what the catalog's version says, without the state of new ones. */
int sync_take_members(struct secondary *catalog, const struct zone *zone);

/* ---- sync_listen.c ---- */

int sync_listen_start(struct sync *sync);
void sync_listen_stop(struct sync *sync);

#endif /* SYNC_INTERNAL_H */
