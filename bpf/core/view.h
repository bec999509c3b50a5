/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How native code sees the store: what the maps are to the program in the driver. Filled by the writer
 * (loader/store) or by the resolver from inherited descriptors; all but `limits` is read-only to readers.
 */
#ifndef DNSBOLT_CORE_VIEW_H
#define DNSBOLT_CORE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "../abi.h"

struct env_store {
	const struct dnsbolt_config *config;
	const struct dnsbolt_zone *zones; /* DNSBOLT_MAX_ZONES */
	/* Start of each segment of the arena, NULL where there is none. A reader takes it once, with
	 * acquire. */
	const uint8_t *segment[DNSBOLT_MAX_SEGMENTS];
	/* Value of the key in `names`, 0: none. */
	dnsbolt_handle (*find_name)(const struct env_store *view, uint64_t hash);
	/* Called behind each name that was looked for. NULL, but for tests. */
	void (*looked)(const struct env_store *view);
	/* DNSBOLT_ADDR_* of the address in `listen`, 0: none. May be NULL where no packets are read. */
	uint32_t (*find_listen)(const struct env_store *view, const struct dnsbolt_addr *addr);
	/* The longest prefix of the address in `clients`. May be NULL: there are none. */
	bool (*find_client)(const struct env_store *view, const struct dnsbolt_client_key *key,
			    struct dnsbolt_client *ret_client);
	void *arg; /* of the functions */
	/* Accounts of responses, the reader's own to write; NULL: nothing is limited. */
	struct dnsbolt_limit_line *limits;
	uint32_t n_limits;
};

#endif /* DNSBOLT_CORE_VIEW_H */
