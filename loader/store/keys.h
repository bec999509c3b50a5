/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The writer's own table of 64-bit key -> handle: open addressing, grows as it fills. Keys are
 * hashes already. A handle is never 0. */
#ifndef STORE_KEYS_H
#define STORE_KEYS_H

#include <stdint.h>

#include "../../bpf/abi.h"

/* A zeroed one is empty. Slots whose value is 0 are free; they may be walked from 0 to n_slots. */
struct keys {
	uint64_t *key;
	dnsbolt_handle *value;
	uint64_t n_slots; /* 0 or a power of two */
	uint64_t n;
};

/* 0: not there. */
dnsbolt_handle keys_find(const struct keys *t, uint64_t key);

/* After it keys_insert() cannot fail. -ENOMEM. */
int keys_reserve(struct keys *t);

/* The key must not be there. -ENOMEM. */
int keys_insert(struct keys *t, uint64_t key, dnsbolt_handle value);

/* A key that is not there is fine. */
void keys_remove(struct keys *t, uint64_t key);

void keys_done(struct keys *t);

#endif /* STORE_KEYS_H */
