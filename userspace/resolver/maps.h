/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The store as an unprivileged reader sees it: through descriptors that dnsboltd opened. All but
 * `names` and `clients` are mapped read-only (a mapping that was not writable at first can't be made so) and
 * their descriptors, which would allow writing, closed at once.
 */
#ifndef MAPS_H
#define MAPS_H

#include "../../bpf/core/view.h"
#include "ipc.h"

struct maps {
	struct env_store view;
	struct ipc_stats *stats;
	int names_fd, clients_fd; /* -1: not handed over; without clients nobody is denied */
};

void maps_init(struct maps *maps);
void maps_done(struct maps *maps);

/* Each takes the descriptor over, also on failure. -EEXIST: that part is there already; -EPROTO:
 * of another ABI version or too small; -ERANGE: no such segment; else what mmap(2) says. */
int maps_add_config(struct maps *maps, int fd);
int maps_add_zones(struct maps *maps, int fd);
int maps_add_names(struct maps *maps, int fd);
int maps_add_clients(struct maps *maps, int fd);
int maps_add_stats(struct maps *maps, int fd);
int maps_add_segment(struct maps *maps, uint32_t number, int fd);

/* Accounts of the replies by UDP: this process's own, as the driver's answers are in the driver's. -ENOMEM. */
int maps_make_limits(struct maps *maps);

/* What is missing before queries can be answered, in a word; NULL: nothing. */
const char *maps_missing(const struct maps *maps);

#endif /* MAPS_H */
