/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What attach.c, attach_live.c and testrun.c share. */
#ifndef ATTACH_INTERNAL_H
#define ATTACH_INTERNAL_H

#include "attach.h"
#include "hook.h"
#include "pins.h"
#include "stages.h"

struct testrun;

struct attach {
	const struct report *report;
	char error[512];
	struct pins *pins;
	struct stages *stages;
	struct attach_maps maps;
	bool own_fds; /* maps holds descriptors of pins, which are ours to close */
	struct dnsbolt_config *page;
	bool adopted;
	bool undo; /* a start that is not completed yet: attach_free() takes back what it made */
	struct hook_stub *stub;
	struct attach_iface iface[DNSBOLT_MAX_IFACES];
	unsigned int n_iface;
	/* ifindex of what the adopted configuration named; 0: none */
	uint32_t former[DNSBOLT_MAX_IFACES];
	struct dnsbolt_addr *served;
	size_t n_served;
	uint64_t orphan_ns;
	struct testrun *test;
};

/* Remembers what happened, for attach_error(), and returns err. */
int attach_fail(struct attach *attach, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The config map's page; munmap() of sizeof(struct dnsbolt_config). NULL: errno says why. */
struct dnsbolt_config *attach_map_page(int config_fd);

/* Sums of a per-CPU counters map. */
int attach_sum_counters(int counters_fd, struct dnsbolt_counters *ret_counters);

void testrun_free(struct testrun *test); /* NULL is fine */

#endif /* ATTACH_INTERNAL_H */
