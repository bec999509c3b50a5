/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "access.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "clients_map.h"

#define SECOND_NS 1000000000u

struct access {
	struct clients *clients;
	struct attach *attach;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

int access_start(struct access **ret_access, const struct config *config, struct attach *attach)
{
	struct access *access = calloc(1, sizeof(*access));
	int err, former = attach_former_clients(attach);

	if (!access)
		return -ENOMEM;
	access->attach = attach;
	err = clients_new(&access->clients, config);
	if (!err && former >= 0)
		err = clients_map_adopt(access->clients, former, now_ns());
	if (err)
		access_stop(access);
	else
		*ret_access = access;
	return err;
}

void access_stop(struct access *access)
{
	if (!access)
		return;
	clients_free(access->clients);
	free(access);
}

const struct clients *access_clients(const struct access *access)
{
	return access->clients;
}

static int write_map(struct access *access)
{
	size_t n = 0;
	int err = clients_map_write(access->clients, attach_maps(access->attach)->clients, &n);

	if (!err)
		attach_set_access(access->attach, n > 0);
	return err;
}

int access_apply(struct access *access, struct zoneset *zones)
{
	int err;

	zoneset_begin_serve_to(zones);
	err = write_map(access);
	if (!err)
		zoneset_end_serve_to(zones);
	return err;
}

int access_deny(struct access *access, const struct dnsbolt_client_key *prefix, uint32_t seconds)
{
	uint64_t until = seconds ? now_ns() + (uint64_t)seconds * SECOND_NS : CLIENTS_FOREVER;
	int err;

	err = clients_deny(access->clients, prefix, until);
	if (err)
		return err;
	err = write_map(access);
	if (err) {
		(void)clients_allow(access->clients, prefix);
		(void)write_map(access);
	}
	return err;
}

int access_allow(struct access *access, const struct dnsbolt_client_key *prefix)
{
	int err = clients_allow(access->clients, prefix);

	return err ? err : write_map(access);
}

void access_renew(struct access *access)
{
	/* The program does not heed what has ended: this is but for the room. */
	if (clients_expire(access->clients, now_ns()))
		(void)write_map(access);
}

int64_t access_left(const struct clients_denial *denial)
{
	uint64_t now = now_ns();

	if (denial->until == CLIENTS_FOREVER)
		return -1;
	return denial->until > now ? (int64_t)((denial->until - now + SECOND_NS - 1) / SECOND_NS)
				   : 0;
}
