/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The real programs over a real store, without a NIC: zones are loaded, rendered and published as the daemon
 * does, frames are run through the loaded BPF programs (BPF_PROG_TEST_RUN) and through the same core natively.
 */
#ifndef TEST_HARNESS_H
#define TEST_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../bpf/reasons.h"
#include "../../loader/store/store.h"
#include "../../loader/zone/zone.h"

struct harness;

struct harness_result {
	int action; /* XDP_* */
	enum dnsbolt_reason reason;
	size_t len;
	uint8_t frame[8192 + 64];
};

/* With `kernel`: BPF maps and programs (root). Else the memory of this process, native only. */
int harness_new(struct harness **ret_harness, bool kernel);
int harness_new_sized(struct harness **ret_harness, bool kernel, uint32_t max_names);
void harness_free(struct harness *h);
bool harness_is_kernel(const struct harness *h);
struct store *harness_store(struct harness *h);
struct dnsbolt_config *harness_config(struct harness *h);

/* What the kernel accounts to the maps of the store. */
uint64_t harness_map_octets(const struct harness *h);

/* The zone becomes the harness's; published by harness_publish(), all in one change set. */
int harness_add_zone(struct harness *h, struct zone *zone);
int harness_add_file(struct harness *h, const char *name, const char *path,
		     const struct report *report);
/* Every NAME.zone of a folder. */
int harness_add_folder(struct harness *h, const char *folder, const struct report *report);
/* Drops all zones, publishes that, and forgets them. */
int harness_clear(struct harness *h);
int harness_publish(struct harness *h, const struct report *report);
const struct zone *harness_zone(const struct harness *h, size_t i); /* NULL past the last */

/* Addresses that are served (frame_defaults()'s are), and others of the host's own. */
int harness_listen(struct harness *h, const struct dnsbolt_addr *addr, uint32_t flags);

/* Clients, in the map and natively; the program looks only when the configuration says so. Lines of accounts: HARNESS_LINES, and the
 * one of what is passed. They are apart from each other's: natively, and in the map. */
#define HARNESS_LINES 8192u
int harness_client(struct harness *h, const struct dnsbolt_client_key *key,
		   const struct dnsbolt_client *client);
struct dnsbolt_limit_line *harness_lines(struct harness *h, bool kernel);
/* A zone is served to the clients of that set (struct dnsbolt_zone). */
int harness_serve_to(struct harness *h, uint32_t zone, uint32_t set);
/* That many seconds of Unix time are now, for cookies. Returns the second of the clock, which is another when they are over. */
int64_t harness_set_clock(struct harness *h, uint32_t unix_time);
/* CLOCK_BOOTTIME ns of the native core; 0: the clock's. */
void harness_set_now(struct harness *h, uint64_t now);

/* What is more of a frame than that many octets is in other buffers, natively; 0: as in a test run of the kernel. */
void harness_split(struct harness *h, size_t octets);
int harness_run_native(struct harness *h, const uint8_t *frame, size_t len, size_t headroom,
		       size_t tailroom, struct harness_result *ret_result);
int harness_run_bpf(struct harness *h, const uint8_t *frame, size_t len,
		    struct harness_result *ret_result);

/* Descriptor of the entry program, all its counters, and how often each of DNSBOLT_REASONS_MAX reasons was counted; with `kernel`. */
int harness_entry(const struct harness *h);
/* The program array, and the slot that the entry program is in. */
int harness_stages(const struct harness *h, uint32_t *ret_slot);
int harness_reasons(struct harness *h, uint64_t *ret_count);
int harness_counters(struct harness *h, struct dnsbolt_counters *ret_counters);
/* The last response over a limit, of any CPU. -ENOENT: none so far. */
int harness_recent(struct harness *h, struct dnsbolt_limited *ret_limited);

#endif /* TEST_HARNESS_H */
