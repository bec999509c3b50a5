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
	int gate; /* the program array whose slot 0 the stub calls: maps.stages, or one of ours */
	struct dnsbolt_config *page;
	bool adopted;
	bool replaces;	 /* adopted, but the maps are new: see replace.c */
	bool is_flipped; /* slot 0 is of this generation */
	bool must_clear; /* replace_clear() is due */
	bool undo; /* a start that is not completed yet: attach_free() takes back what it made */
	struct hook_stub *stub;
	struct attach_iface iface[DNSBOLT_MAX_IFACES];
	unsigned int n_iface;
	/* ifindex of what the adopted configuration named; 0: none */
	uint32_t former[DNSBOLT_MAX_IFACES];
	struct dnsbolt_addr *served;
	size_t n_served;
	uint64_t orphan_ns;
	bool has_clients;   /* the clients' map has entries */
	int former_clients; /* that of maps of this version which are replaced; -1 */
	struct testrun *test;
};

/* Remembers what happened, for attach_error(), and returns err. */
int attach_fail(struct attach *attach, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The config map's page; munmap() of sizeof(struct dnsbolt_config). NULL: errno says why. */
struct dnsbolt_config *attach_map_page(int config_fd);

/* Sums of a per-CPU counters map. */
int attach_sum_counters(int counters_fd, struct dnsbolt_counters *ret_counters);

/* By the configuration. */
struct stages_room attach_room(const struct config *config);

/* ---- attach_limits.c ---- */

int attach_write_limits(struct attach *attach, const struct config *config);
/* Again whenever the clock may have been set. */
void attach_write_clock(struct attach *attach);

/* Forgets the map descriptors; those of pins are closed. */
void attach_forget_maps(struct attach *attach);

/* ---- replace.c: maps of another ABI version give way to new ones ---- */

/* Ends what a replacement left that was cut short: on the side of the program that slot 0 has. For pins with a stub. */
int replace_settle(struct attach *attach);
/* Opens attach->gate. -EPROTO: there is none. */
int replace_open_gate(struct attach *attach);
/* The stub, and new maps; those that are pinned stay as they are. */
int replace_open(struct attach *attach, const struct config *config, int stub_fd);
/* Pins the new maps beside the old ones; replace_done(), when slot 0 is flipped, puts them in their place. */
int replace_pin(struct attach *attach);
void replace_done(struct attach *attach);
/* When no packet is in the replaced programs any more. */
void replace_clear(struct attach *attach);
/* Takes replace_pin() back. */
void replace_undo(struct attach *attach);

void testrun_free(struct testrun *test); /* NULL is fine */

#endif /* ATTACH_INTERNAL_H */
