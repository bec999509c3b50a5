/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When a secondary zone asks whom for what (RFC 1034 section 4.3.5, 1996, 7314): a state machine
 * without clock, sockets or zone. A round goes through the primaries in order until one answers:
 *
 *     refresh_begin() ─► step ─┬─ SOA ─► refresh_answer() ─┬─► over: up to date
 *                        ▲     │                           └─► step: the zone, from the same one
 *                        │     └─ zone ─► refresh_loaded() ──► over
 *                        └──── refresh_failed(), refresh_fall_back()
 *
 * Times are in ms of a clock that goes on while the machine sleeps (CLOCK_BOOTTIME).
 */
#ifndef REFRESH_H
#define REFRESH_H

#include <stdbool.h>
#include <stdint.h>

#define REFRESH_NEVER UINT64_MAX
#define REFRESH_ANYONE UINT32_MAX /* in place of a primary's number */

/* In seconds. */
struct refresh_bounds {
	uint32_t refresh_min, refresh_max, retry_min, retry_max, expire_min, expire_max;
};

struct refresh_soa {
	uint32_t serial, refresh, retry, expire;
};

enum refresh_ask {
	REFRESH_SOA,
	REFRESH_ZONE, /* what is new since our serial, if there is one */
	REFRESH_AXFR,
};

/* What is to be done next. */
struct refresh_step {
	uint32_t primary;
	enum refresh_ask ask;
};

struct refresh_primary {
	uint64_t rests_until; /* asked only when no other answers */
	uint32_t fails;	      /* in a row */
	uint32_t round;	      /* in which it was tried last */
};

struct refresh {
	const struct refresh_bounds *bounds;
	struct refresh_primary *primary; /* the caller's, zeroed */
	uint32_t n_primaries;
	/* Every serial that differs is a new version, lower ones too: what is followed is one
	 * server, and not a fleet. */
	bool follows;
	uint32_t (*random)(void);

	bool has_zone;
	struct refresh_soa soa; /* of our version, within the bounds */
	uint64_t due;		/* the next round; REFRESH_NEVER while one runs */
	uint64_t expires;	/* REFRESH_NEVER: there is no zone */
	struct refresh_step step;

	uint64_t asked; /* when the step began */
	uint32_t round, rounds_failed;
	uint32_t first; /* REFRESH_ANYONE, or who sent a NOTIFY */
	bool runs, again, wants_axfr, is_idle;
};

/* The first round is due at once. */
void refresh_init(struct refresh *refresh, const struct refresh_bounds *bounds,
		  struct refresh_primary *primary, uint32_t n_primaries, uint64_t now);

/* A version from elsewhere (the state on disk), that expires then. A round is due at once all the
 * same. */
void refresh_adopt(struct refresh *refresh, const struct refresh_soa *soa, uint64_t expires);

/* Begins the round that is due; the step is set. */
void refresh_begin(struct refresh *refresh, uint64_t now);

/* What became of the step. True: there is another step; false: the round is over, and the next one
 * is due at refresh->due. `expire_option`: EXPIRE in s, -1: none. */
bool refresh_answer(struct refresh *refresh, const struct refresh_soa *soa, int64_t expire_option,
		    uint64_t now);
bool refresh_fall_back(struct refresh *refresh, uint64_t now);
bool refresh_failed(struct refresh *refresh, uint64_t now);
/* An IXFR was answered by our own serial, or by one before it. */
bool refresh_up_to_date(struct refresh *refresh, int64_t expire_option, uint64_t now);
void refresh_loaded(struct refresh *refresh, const struct refresh_soa *soa, int64_t expire_option,
		    uint64_t now);

/* A NOTIFY of that primary (or REFRESH_ANYONE); `serial` is its hint, NULL: it has none. */
void refresh_notify(struct refresh *refresh, uint32_t primary, const uint32_t *serial,
		    uint64_t now);
/* By an operator: now, `axfr`: all of the zone whatever its serial is. */
void refresh_force(struct refresh *refresh, bool axfr, uint64_t now);

bool refresh_is_expired(const struct refresh *refresh, uint64_t now);

#endif /* REFRESH_H */
