/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "keys.h"

#define KEYS_MIN 1024u

static uint64_t find_slot(const struct keys *t, uint64_t key)
{
	uint64_t i = key & (t->n_slots - 1);

	while (t->value[i] && t->key[i] != key)
		i = (i + 1) & (t->n_slots - 1);
	return i;
}

dnsbolt_handle keys_find(const struct keys *t, uint64_t key)
{
	return t->n_slots ? t->value[find_slot(t, key)] : 0;
}

int keys_reserve(struct keys *t)
{
	struct keys to = { .n_slots = t->n_slots ? t->n_slots * 2 : KEYS_MIN, .n = t->n };

	if (t->n + 1 <= t->n_slots / 4 * 3)
		return 0;
	to.key = malloc(to.n_slots * sizeof(*to.key));
	to.value = calloc(to.n_slots, sizeof(*to.value));
	if (!to.key || !to.value) {
		keys_done(&to);
		return -ENOMEM;
	}
	for (uint64_t i = 0; i < t->n_slots; i++) {
		uint64_t slot;

		if (!t->value[i])
			continue;
		slot = find_slot(&to, t->key[i]);
		to.key[slot] = t->key[i];
		to.value[slot] = t->value[i];
	}
	keys_done(t);
	*t = to;
	return 0;
}

int keys_insert(struct keys *t, uint64_t key, dnsbolt_handle value)
{
	int err = keys_reserve(t);
	uint64_t slot;

	if (err)
		return err;
	slot = find_slot(t, key);
	t->key[slot] = key;
	t->value[slot] = value;
	t->n++;
	return 0;
}

/* Moves back what stands behind the hole and would not be found across it. */
void keys_remove(struct keys *t, uint64_t key)
{
	uint64_t mask = t->n_slots - 1, hole, i;

	if (!t->n_slots)
		return;
	hole = find_slot(t, key);
	if (!t->value[hole])
		return;
	for (i = (hole + 1) & mask; t->value[i]; i = (i + 1) & mask) {
		uint64_t home = t->key[i] & mask;

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		t->key[hole] = t->key[i];
		t->value[hole] = t->value[i];
		hole = i;
	}
	t->value[hole] = 0;
	t->n--;
}

void keys_done(struct keys *t)
{
	free(t->key);
	free(t->value);
	*t = (struct keys){ 0 };
}
