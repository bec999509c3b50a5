/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A NOTIFY (RFC 1996): may its sender send it, and what comes of it. */
#include <errno.h>
#include <string.h>

#include "../../userspace/lib/name.h"
#include "notify_msg.h"
#include "sync_internal.h"

static bool is_addr(const struct dnsbolt_addr *a, const struct dnsbolt_addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* The zone's primary of that address; REFRESH_ANYONE: it is none. */
static uint32_t find_primary(const struct secondary *zone, const struct dnsbolt_addr *from)
{
	for (uint32_t i = 0; i < zone->profile->n_server; i++) {
		if (is_addr(&zone->profile->server[i].addr, from))
			return i;
	}
	return REFRESH_ANYONE;
}

/* The host's server may send from any address of the host, of which those below are always there. */
static bool is_loopback(const struct dnsbolt_addr *addr)
{
	static const struct dnsbolt_addr ipv6 = { .a = { [15] = 1 } };

	return addr_is_ipv4(addr) ? addr->a[12] == 127 : is_addr(addr, &ipv6);
}

static bool may_address(const struct secondary *zone, const struct dnsbolt_addr *from)
{
	const struct sync_profile *profile = zone->profile;

	if (!profile->n_notify_from)
		return find_primary(zone, from) != REFRESH_ANYONE ||
		       (profile->host && is_loopback(from));
	for (uint32_t i = 0; i < profile->n_notify_from; i++) {
		if (is_addr(&profile->notify_from[i], from))
			return true;
	}
	return false;
}

/* One of the keys that the zone is transferred by. */
static bool may_key(const struct secondary *zone, const struct xfr_key *key)
{
	for (uint32_t i = 0; i < zone->profile->n_server; i++) {
		if (key && zone->profile->server[i].key == key)
			return true;
	}
	return false;
}

static void say_refusal(const struct secondary *zone, const struct dnsbolt_addr *from,
			const char *why)
{
	char addr[ADDR_STRLEN];

	sync_warn(zone, LOG_LEVEL_DEBUG, "NOTIFY from %s is refused: %s", addr_text(from, addr),
		  why);
}

/* Returns the RCODE of the answer. */
static uint8_t judge(struct sync *sync, struct notify *notify, const struct dnsbolt_addr *from)
{
	struct secondary *zone = sync_find(sync, notify->apex);
	char fault[NAME_ERROR_LEN];
	const struct xfr_key *key;

	if (!zone) {
		sync->stats.notify_not_ours++;
		return KNOT_RCODE_NOTAUTH;
	}
	if (notify->key_name) {
		key = keyring_find(sync->keyring, notify->key_name);
		if (notify_verify(notify, key, sync_wall(), fault) || !may_key(zone, key)) {
			sync->stats.notify_bad_tsig++;
			say_refusal(zone, from, key ? fault : "its key is not known");
			return KNOT_RCODE_NOTAUTH;
		}
	} else if (!may_address(zone, from)) {
		sync->stats.notify_bad_source++;
		say_refusal(zone, from, "it is no address that may");
		return KNOT_RCODE_REFUSED;
	}
	sync->stats.notify_accepted++;
	refresh_notify(&zone->refresh, find_primary(zone, from),
		       notify->has_serial ? &notify->serial : NULL, sync_now());
	sync_schedule(zone);
	return KNOT_RCODE_NOERROR;
}

size_t sync_notify(struct sync *sync, const uint8_t *msg, size_t len,
		   const struct dnsbolt_addr *from, uint8_t *reply)
{
	uint8_t rcode = KNOT_RCODE_FORMERR;
	struct notify notify;
	size_t reply_len = 0;
	int err;

	_Static_assert(SYNC_REPLY_MAX >= NOTIFY_ANSWER_MAX, "any answer has room");
	err = notify_read(&notify, msg, len);
	if (err && err != -EBADMSG)
		return 0;
	if (err)
		sync->stats.notify_malformed++;
	else
		rcode = judge(sync, &notify, from);
	if (notify_answer(&notify, rcode, reply, SYNC_REPLY_MAX, &reply_len))
		reply_len = 0;
	notify_done(&notify);
	return reply_len;
}
