/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A store in the memory of this process. Readers are native and do not run while the writer does,
 * so nothing has to be waited for. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "backing.h"
#include "keys.h"

struct memory {
	struct backing backing; /* first: the store above has a pointer to it */
	struct keys names;
};

static struct memory *memory_of(const struct backing *b)
{
	return (struct memory *)b;
}

static int memory_add_segment(struct backing *b)
{
	void *p;

	if (b->n_segments == DNSBOLT_MAX_SEGMENTS)
		return -ENOSPC;
	p = mmap(NULL, DNSBOLT_SEG_SIZE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return -errno;
	b->segment_fd[b->n_segments] = -1;
	b->segment[b->n_segments++] = p;
	return 0;
}

static int memory_insert(struct backing *b, const uint64_t *key, const dnsbolt_handle *value,
			 uint32_t n)
{
	struct memory *m = memory_of(b);
	int err = 0;

	for (uint32_t i = 0; i < n && !err; i++)
		err = keys_find(&m->names, key[i]) ? -EEXIST
						   : keys_insert(&m->names, key[i], value[i]);
	return err;
}

static int memory_remove(struct backing *b, uint64_t key)
{
	keys_remove(&memory_of(b)->names, key);
	return 0;
}

static dnsbolt_handle memory_find(const struct backing *b, uint64_t key)
{
	return keys_find(&memory_of(b)->names, key);
}

static int memory_each(struct backing *b, int (*take)(uint64_t, dnsbolt_handle, void *), void *arg)
{
	const struct keys *names = &memory_of(b)->names;
	int err = 0;

	for (uint64_t i = 0; i < names->n_slots && !err; i++)
		if (names->value[i])
			err = take(names->key[i], names->value[i], arg);
	return err;
}

static int memory_grace(struct backing *b)
{
	(void)b;
	return 0;
}

static void memory_close(struct backing *b)
{
	struct memory *m = memory_of(b);

	for (uint32_t i = 0; i < b->n_segments; i++)
		(void)munmap(b->segment[i], DNSBOLT_SEG_SIZE);
	keys_done(&m->names);
	free(b->config);
	free(b->zones);
	free(m);
}

static const struct backing_ops memory_ops = {
	.add_segment = memory_add_segment,
	.insert = memory_insert,
	.remove = memory_remove,
	.find = memory_find,
	.each = memory_each,
	.grace = memory_grace,
	.close = memory_close,
};

int backing_open_memory(struct backing **ret_backing)
{
	struct memory *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->backing.ops = &memory_ops;
	m->backing.config = calloc(1, sizeof(*m->backing.config));
	m->backing.zones = calloc(DNSBOLT_MAX_ZONES, sizeof(*m->backing.zones));
	if (!m->backing.config || !m->backing.zones) {
		memory_close(&m->backing);
		return -ENOMEM;
	}
	*ret_backing = &m->backing;
	return 0;
}
