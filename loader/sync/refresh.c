/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "refresh.h"

#include <stdlib.h>
#include <string.h>

#include "xfr.h"

#define MS 1000u
#define JITTER_PERCENT 10u
/* Of a zone that has never been here, in seconds; it doubles with each round. */
#define FIRST_RETRY 1u
#define FIRST_RETRY_MAX 300u
/* Of a primary that does not answer, likewise. */
#define REST 10u
#define REST_MAX 600u
/* Between rounds that NOTIFYs ask for and that find nothing. */
#define NOTIFY_GAP_MS 200u

static uint32_t clamp(uint32_t value, uint32_t min, uint32_t max)
{
	return value < min ? min : value > max ? max : value;
}

/* min << shift, at most max. */
static uint32_t doubled(uint32_t min, uint32_t max, uint32_t shift)
{
	return shift >= 16 || min << shift > max ? max : min << shift;
}

/* Up to a tenth earlier, so that zones which were loaded together do not ask together. */
static uint64_t jittered(const struct refresh *refresh, uint32_t seconds)
{
	uint64_t ms = (uint64_t)seconds * MS, most = ms * JITTER_PERCENT / 100;

	return ms - (most ? refresh->random() % most : 0);
}

static uint32_t any_random(void)
{
	return arc4random();
}

void refresh_init(struct refresh *refresh, const struct refresh_bounds *bounds,
		  struct refresh_primary *primary, uint32_t n_primaries, uint64_t now)
{
	*refresh = (struct refresh){
		.bounds = bounds,
		.primary = primary,
		.n_primaries = n_primaries,
		.random = any_random,
		.due = now,
		.expires = REFRESH_NEVER,
		.first = REFRESH_ANYONE,
	};
}

static void take_soa(struct refresh *refresh, const struct refresh_soa *soa)
{
	const struct refresh_bounds *bounds = refresh->bounds;

	refresh->has_zone = true;
	refresh->soa = (struct refresh_soa){
		.serial = soa->serial,
		.refresh = clamp(soa->refresh, bounds->refresh_min, bounds->refresh_max),
		.retry = clamp(soa->retry, bounds->retry_min, bounds->retry_max),
		.expire = clamp(soa->expire, bounds->expire_min, bounds->expire_max),
	};
}

void refresh_adopt(struct refresh *refresh, const struct refresh_soa *soa, uint64_t expires)
{
	take_soa(refresh, soa);
	refresh->expires = expires;
}

bool refresh_is_expired(const struct refresh *refresh, uint64_t now)
{
	return refresh->has_zone && now >= refresh->expires;
}

/* ---- a round ---- */

static void set_step(struct refresh *refresh, uint32_t primary, enum refresh_ask ask, uint64_t now)
{
	refresh->step = (struct refresh_step){ primary, ask };
	refresh->asked = now;
	refresh->primary[primary].round = refresh->round;
}

/* The first in order that was not tried in this round; those that rest come behind all others. */
static uint32_t choose_primary(const struct refresh *refresh, uint64_t now)
{
	uint32_t resting = REFRESH_ANYONE;

	for (uint32_t i = 0; i < refresh->n_primaries; i++) {
		const struct refresh_primary *primary = &refresh->primary[i];

		if (primary->round == refresh->round)
			continue;
		if (primary->rests_until <= now)
			return i;
		if (resting == REFRESH_ANYONE)
			resting = i;
	}
	return resting;
}

/* A zone that is not here yet, or that shall come whole, needs no SOA first. */
static enum refresh_ask first_ask(const struct refresh *refresh)
{
	if (refresh->wants_axfr)
		return REFRESH_AXFR;
	return refresh->has_zone ? REFRESH_SOA : REFRESH_ZONE;
}

void refresh_begin(struct refresh *refresh, uint64_t now)
{
	uint32_t primary = refresh->first;

	refresh->round++;
	refresh->runs = true;
	refresh->again = false;
	refresh->due = REFRESH_NEVER;
	refresh->first = REFRESH_ANYONE;
	if (primary == REFRESH_ANYONE)
		primary = choose_primary(refresh, now);
	set_step(refresh, primary, first_ask(refresh), now);
}

static void end_round(struct refresh *refresh, uint64_t wait, uint64_t now)
{
	if (refresh->again)
		wait = refresh->is_idle ? NOTIFY_GAP_MS : 0;
	refresh->runs = false;
	refresh->due = now + wait;
}

static void end_well(struct refresh *refresh, uint64_t now)
{
	struct refresh_primary *primary = &refresh->primary[refresh->step.primary];
	uint64_t wait = jittered(refresh, refresh->soa.refresh);
	uint64_t left = refresh->expires > now ? refresh->expires - now : 0;

	primary->fails = 0;
	primary->rests_until = 0;
	refresh->rounds_failed = 0;
	/* The EXPIRE option can make what is left less than the time to the next refresh. */
	if (wait >= left)
		wait = left / 2 > MS ? left / 2 : MS;
	end_round(refresh, wait, now);
}

static uint64_t expires_at(const struct refresh *refresh, int64_t expire_option)
{
	uint64_t seconds = refresh->soa.expire;

	if (expire_option >= 0 && (uint64_t)expire_option < seconds)
		seconds = (uint64_t)expire_option;
	return refresh->asked + seconds * MS;
}

bool refresh_up_to_date(struct refresh *refresh, int64_t expire_option, uint64_t now)
{
	uint64_t expires = expires_at(refresh, expire_option);

	/* RFC 7314 section 4: the option never shortens what another primary granted. */
	if (expires > refresh->expires)
		refresh->expires = expires;
	refresh->is_idle = true;
	end_well(refresh, now);
	return false;
}

void refresh_loaded(struct refresh *refresh, const struct refresh_soa *soa, int64_t expire_option,
		    uint64_t now)
{
	take_soa(refresh, soa);
	refresh->expires = expires_at(refresh, expire_option);
	refresh->wants_axfr = false;
	refresh->is_idle = false;
	end_well(refresh, now);
}

static bool next_primary(struct refresh *refresh, uint64_t now)
{
	uint32_t next = choose_primary(refresh, now);

	if (next != REFRESH_ANYONE) {
		set_step(refresh, next, first_ask(refresh), now);
		return true;
	}
	refresh->is_idle = true;
	if (refresh->has_zone)
		end_round(refresh, jittered(refresh, refresh->soa.retry), now);
	else
		end_round(refresh,
			  jittered(refresh,
				   clamp(doubled(FIRST_RETRY, FIRST_RETRY_MAX,
						 refresh->rounds_failed),
					 refresh->bounds->retry_min, refresh->bounds->retry_max)),
			  now);
	refresh->rounds_failed++;
	return false;
}

bool refresh_failed(struct refresh *refresh, uint64_t now)
{
	struct refresh_primary *primary = &refresh->primary[refresh->step.primary];

	primary->rests_until = now + (uint64_t)doubled(REST, REST_MAX, primary->fails) * MS;
	primary->fails++;
	return next_primary(refresh, now);
}

bool refresh_answer(struct refresh *refresh, const struct refresh_soa *soa, int64_t expire_option,
		    uint64_t now)
{
	if (refresh->has_zone && soa->serial == refresh->soa.serial)
		return refresh_up_to_date(refresh, expire_option, now);
	if (refresh->has_zone && !refresh->follows &&
	    !xfr_serial_newer(soa->serial, refresh->soa.serial))
		return next_primary(refresh, now); /* it is behind us, and confirms nothing */
	refresh->step.ask = !refresh->has_zone || xfr_serial_newer(soa->serial, refresh->soa.serial)
				    ? REFRESH_ZONE
				    : REFRESH_AXFR;
	refresh->asked = now;
	return true;
}

bool refresh_fall_back(struct refresh *refresh, uint64_t now)
{
	if (refresh->step.ask == REFRESH_AXFR)
		return refresh_failed(refresh, now);
	refresh->step.ask = REFRESH_AXFR;
	refresh->asked = now;
	return true;
}

/* ---- from outside ---- */

static void hasten(struct refresh *refresh, uint64_t at)
{
	if (refresh->runs)
		refresh->again = true;
	else if (at < refresh->due)
		refresh->due = at;
}

void refresh_notify(struct refresh *refresh, uint32_t primary, const uint32_t *serial, uint64_t now)
{
	bool is_news = !serial || !refresh->has_zone || refresh->follows ||
		       xfr_serial_newer(*serial, refresh->soa.serial);

	if (!is_news && !refresh_is_expired(refresh, now))
		return;
	if (primary < refresh->n_primaries)
		refresh->first = primary;
	/* A round that found nothing a moment ago would find nothing again. */
	hasten(refresh, refresh->is_idle && now < refresh->asked + NOTIFY_GAP_MS
				? refresh->asked + NOTIFY_GAP_MS
				: now);
}

void refresh_force(struct refresh *refresh, bool axfr, uint64_t now)
{
	refresh->wants_axfr |= axfr;
	hasten(refresh, now);
}
