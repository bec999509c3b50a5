/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the running program is told of limits, cookies and clients, and what it noted of who was limited. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "access/secrets.h"
#include "attach_internal.h"

#define SECOND_NS 1000000000u
#define SECOND_TICKS (SECOND_NS / DNSBOLT_TICK_NS)

_Static_assert(SECRETS_MAX == DNSBOLT_SECRETS_MAX && SECRET_OCTETS == 2 * sizeof(uint64_t), "ABI");

/* Ticks from one response to the next. */
static uint32_t step(uint32_t rate)
{
	uint64_t per_tick = (uint64_t)rate * DNSBOLT_TICK_NS;

	return rate ? (uint32_t)((SECOND_NS + per_tick / 2) / per_tick) : 0;
}

static uint32_t limit_flags(const struct attach *attach, const struct config *config)
{
	const struct config_limit *limit = config->limit;
	uint32_t flags = 0;

	if (limit->responses || limit->nodata || limit->nxdomains || limit->referrals ||
	    limit->errors || limit->all)
		flags |= DNSBOLT_LIMIT_ON;
	if (limit->log_only)
		flags |= DNSBOLT_LIMIT_LOG_ONLY;
	if (config->clients->denied == CONFIG_DENIED_PASS)
		flags |= DNSBOLT_LIMIT_DENY_PASS;
	if (attach->has_clients)
		flags |= DNSBOLT_LIMIT_ACCESS;
	return flags;
}

/* Whoever knew the seed could find names and prefixes that share a line. Adopted accounts keep theirs. */
static int choose_seed(struct dnsbolt_limit_config *to)
{
	uint64_t seed;

	if (to->seed)
		return 0;
	if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		return -EIO;
	to->seed = seed | 1;
	return 0;
}

int attach_write_limits(struct attach *attach, const struct config *config)
{
	struct dnsbolt_limit_config *to = &attach->page->limit;
	const struct config_limit *limit = config->limit;
	int err = choose_seed(to);

	if (err)
		return attach_fail(attach, err, "limit: no random octets: %s", strerror(-err));
	to->mask = limit->accounts / DNSBOLT_LINE_ACCOUNTS - 1;
	to->step[DNSBOLT_CLASS_ANSWER] = step(limit->responses);
	to->step[DNSBOLT_CLASS_NODATA] = step(limit->nodata);
	to->step[DNSBOLT_CLASS_NXDOMAIN] = step(limit->nxdomains);
	to->step[DNSBOLT_CLASS_REFERRAL] = step(limit->referrals);
	to->step[DNSBOLT_CLASS_ERROR] = step(limit->errors);
	to->step[DNSBOLT_CLASS_ALL] = step(limit->all);
	to->burst = SECOND_TICKS;
	to->window = limit->window * SECOND_TICKS;
	to->ipv4_prefix = (uint8_t)limit->ipv4_prefix;
	to->ipv6_prefix = (uint8_t)limit->ipv6_prefix;
	to->slip = (uint8_t)limit->slip;
	to->pass_step_ns = config->pass_limit ? SECOND_NS / config->pass_limit : 0;
	/* The part of it that is for everyone holds one query, whatever the rate. */
	to->pass_burst_ns = SECOND_NS > 2 * to->pass_step_ns ? SECOND_NS : 2 * to->pass_step_ns;
	__atomic_store_n(&to->flags, limit_flags(attach, config), __ATOMIC_RELEASE);
	return 0;
}

void attach_set_access(struct attach *attach, bool has_clients)
{
	uint32_t *flags = &attach->page->limit.flags;

	attach->has_clients = has_clients;
	if (has_clients)
		(void)__atomic_fetch_or(flags, DNSBOLT_LIMIT_ACCESS, __ATOMIC_RELEASE);
	else
		(void)__atomic_fetch_and(flags, ~DNSBOLT_LIMIT_ACCESS, __ATOMIC_RELEASE);
}

/* ---- cookies ---- */

static int64_t clock_ns(clockid_t id)
{
	struct timespec now;

	(void)clock_gettime(id, &now);
	return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

/* The kernel has no time of day for programs; whoever sets the clock, or sleeps, is followed in seconds. */
void attach_write_clock(struct attach *attach)
{
	int64_t offset = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);

	__atomic_store_n(&attach->page->cookie.wall_offset, (offset + SECOND_NS / 2) / SECOND_NS,
			 __ATOMIC_RELEASE);
}

bool attach_secrets(const struct attach *attach, struct secrets *ret_secrets)
{
	const struct dnsbolt_cookie_config *from = &attach->page->cookie;

	if (from->n_secrets == 0 || from->n_secrets > SECRETS_MAX)
		return false;
	*ret_secrets = (struct secrets){ .n = from->n_secrets };
	for (uint32_t i = 0; i < from->n_secrets; i++) {
		uint64_t word[2] = { htole64(from->secret[i][0]), htole64(from->secret[i][1]) };

		memcpy(ret_secrets->octets[i], word, SECRET_OCTETS);
	}
	return true;
}

/* A program that reads meanwhile may see half of a secret: then one cookie is refused, or one is made that will be,
 * and its client gets another. */
void attach_set_secrets(struct attach *attach, const struct secrets *secrets)
{
	struct dnsbolt_cookie_config *to = &attach->page->cookie;

	for (uint32_t i = 0; i < SECRETS_MAX; i++) {
		uint64_t word[2] = {};

		if (i < secrets->n)
			memcpy(word, secrets->octets[i], SECRET_OCTETS);
		__atomic_store_n(&to->secret[i][0], le64toh(word[0]), __ATOMIC_RELEASE);
		__atomic_store_n(&to->secret[i][1], le64toh(word[1]), __ATOMIC_RELEASE);
		explicit_bzero(word, sizeof(word));
	}
	__atomic_store_n(&to->n_secrets, secrets->n, __ATOMIC_RELEASE);
}

void attach_set_cookies(struct attach *attach, enum dnsbolt_cookies mode)
{
	__atomic_store_n(&attach->page->cookie.mode, mode, __ATOMIC_RELEASE);
}

/* ---- who was limited ---- */

int attach_recent(const struct attach *attach, struct dnsbolt_limited **ret_rows, size_t *ret_n)
{
	int cpus = libbpf_num_possible_cpus();
	struct dnsbolt_recent *rings;
	struct dnsbolt_limited *rows;
	uint32_t zero = 0;
	size_t n = 0;
	int err = 0;

	if (cpus < 0)
		return cpus;
	rings = calloc((size_t)cpus, sizeof(*rings));
	rows = calloc((size_t)cpus * DNSBOLT_RECENT_MAX, sizeof(*rows));
	if (!rings || !rows)
		err = -ENOMEM;
	else if (bpf_map_lookup_elem(attach->maps.recent, &zero, rings) < 0)
		err = -errno;
	for (size_t i = 0; !err && i < (size_t)cpus * DNSBOLT_RECENT_MAX; i++) {
		const struct dnsbolt_limited *row =
			&rings[i / DNSBOLT_RECENT_MAX].limited[i % DNSBOLT_RECENT_MAX];

		if (row->when)
			rows[n++] = *row;
	}
	free(rings);
	if (err) {
		free(rows);
		return err;
	}
	*ret_rows = rows;
	*ret_n = n;
	return 0;
}
