/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The folder in the BPF file system that keeps the maps and the stub alive without the daemon.
 * Whoever has it open holds its lock.
 */
#ifndef PINS_H
#define PINS_H

#include <stddef.h>

#include "../userspace/lib/report.h"
#include "attach.h"

#define PINS_STUB "stub" /* pinned last: where it is, a start was completed */
/* The program array that the stub calls, where that is not DNSBOLT_MAP_STAGES. Every ABI version knows these two. */
#define PINS_GATE "gate"

/* The maps that are pinned, each under its own name. */
struct pins_map {
	const char *name;
	size_t member; /* offset in struct attach_maps */
};
extern const struct pins_map pins_map[]; /* the program array last */
extern const size_t pins_maps;

int *pins_map_fd(struct attach_maps *maps, const struct pins_map *row);

struct pins;

/* Makes the folder where it is missing (and mounts the BPF file system when /sys/fs/bpf has
 * none) and takes its lock. -EBUSY: another process holds it; -EINVAL: not in a BPF file system.
 * Says why it fails. */
int pins_open(struct pins **ret_pins, const char *dir, const struct report *report);
/* What is pinned stays; a folder without pins goes. NULL is fine. */
void pins_close(struct pins *pins);

/* New descriptor of what is pinned as `name`. -ENOENT: nothing. */
int pins_get(const struct pins *pins, const char *name);
int pins_put(const struct pins *pins, const char *name, int fd);

/* Removes all pins, the stub's first. */
void pins_remove(struct pins *pins);
/* Removes those of maps that this version does not know. */
void pins_remove_strays(struct pins *pins);

/* The same maps once more, aside, until they take the place of those that are pinned. */
int pins_put_aside(const struct pins *pins, const struct pins_map *row, int fd);
int pins_get_aside(const struct pins *pins, const struct pins_map *row);
/* One after the other; what was moved already is passed over. */
int pins_move_aside(struct pins *pins);
void pins_remove_aside(struct pins *pins);

/* Id of the stub that is pinned in `dir`, without the lock. 0: none. */
uint32_t pins_stub_id(const char *dir);

#endif /* PINS_H */
