/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A store in kernel maps, mapped into this process: nothing but `names` and new segments needs a
 * system call. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "backing.h"

#define EACH_BATCH 65536u
#define INSERT_PAUSE_NS 10000000
#define INSERT_PAUSES 50u /* without one more key in: then there is no memory */

struct kernel {
	struct backing backing; /* first: the store above has a pointer to it */
	struct store_maps maps;
	size_t config_size;
	/* An array of one map, which no program uses: see kernel_grace(). */
	int dummy, dummy_inner;
};

static struct kernel *kernel_of(const struct backing *b)
{
	return (struct kernel *)b;
}

static int map_shared(int fd, size_t size, void *ret_addr)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	*(void **)ret_addr = p;
	return 0;
}

/* Takes the descriptor. */
static int take_segment(struct backing *b, int fd)
{
	int err = map_shared(fd, DNSBOLT_SEG_SIZE, &b->segment[b->n_segments]);

	if (err)
		(void)close(fd);
	else
		b->segment_fd[b->n_segments++] = fd;
	return err;
}

static int kernel_add_segment(struct backing *b)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	uint32_t i = b->n_segments;
	int fd, err;

	if (i == DNSBOLT_MAX_SEGMENTS)
		return -ENOSPC;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "dnsbolt_segment", sizeof(uint32_t),
			    DNSBOLT_SEG_SIZE, 1, &opts);
	if (fd < 0)
		return -errno;
	err = take_segment(b, fd);
	if (err)
		return err;
	if (bpf_map_update_elem(kernel_of(b)->maps.arena, &i, &fd, BPF_ANY) == 0)
		return 0;
	err = -errno;
	(void)munmap(b->segment[i], DNSBOLT_SEG_SIZE);
	(void)close(fd);
	b->segment[i] = NULL;
	b->n_segments = i;
	return err;
}

/* A batch cannot say BPF_NOEXIST. The writer knows which keys are there, and nobody else writes. The kernel does not wait for memory that
 * it would have to free first: we do. */
static int kernel_insert(struct backing *b, const uint64_t *key, const dnsbolt_handle *value,
			 uint32_t n)
{
	const struct timespec pause = { .tv_nsec = INSERT_PAUSE_NS };
	uint32_t done = 0, batch, idle = 0;

	while (done < n) {
		batch = n - done;
		if (bpf_map_update_batch(kernel_of(b)->maps.names, key + done, value + done, &batch,
					 NULL) == 0)
			return 0;
		if (errno != ENOMEM || idle == INSERT_PAUSES)
			return errno == E2BIG ? -ENOSPC : -errno;
		if (batch == n - done) /* not told: it did not begin */
			batch = 0;
		idle = batch ? 0 : idle + 1;
		done += batch;
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

static int kernel_remove(struct backing *b, uint64_t key)
{
	if (bpf_map_delete_elem(kernel_of(b)->maps.names, &key) == 0 || errno == ENOENT)
		return 0;
	return -errno;
}

static dnsbolt_handle kernel_find(const struct backing *b, uint64_t key)
{
	dnsbolt_handle value;

	return bpf_map_lookup_elem(kernel_of(b)->maps.names, &key, &value) == 0 ? value : 0;
}

static int kernel_each(struct backing *b, int (*take)(uint64_t, dnsbolt_handle, void *), void *arg)
{
	uint64_t *key = malloc(EACH_BATCH * sizeof(*key));
	dnsbolt_handle *value = malloc(EACH_BATCH * sizeof(*value));
	uint32_t at = 0, n;
	bool first = true, last = false;
	int err = key && value ? 0 : -ENOMEM;

	while (!err && !last) {
		n = EACH_BATCH;
		if (bpf_map_lookup_batch(kernel_of(b)->maps.names, first ? NULL : &at, &at, key,
					 value, &n, NULL) < 0) {
			/* The end; n elements are there all the same. */
			last = errno == ENOENT;
			err = last ? 0 : -errno;
		}
		for (uint32_t i = 0; i < n && !err; i++)
			err = take(key[i], value[i], arg);
		first = false;
	}
	free(key);
	free(value);
	return err;
}

/* The update of a map in a map returns only when every program has ended that may have seen what
 * was there before (the kernel's maybe_wait_bpf_programs()); it does not matter which map. */
static int kernel_grace(struct backing *b)
{
	struct kernel *k = kernel_of(b);
	uint32_t zero = 0;

	return bpf_map_update_elem(k->dummy, &zero, &k->dummy_inner, BPF_ANY) ? -errno : 0;
}

static void kernel_close(struct backing *b)
{
	struct kernel *k = kernel_of(b);

	for (uint32_t i = 0; i < b->n_segments; i++) {
		(void)munmap(b->segment[i], DNSBOLT_SEG_SIZE);
		(void)close(b->segment_fd[i]);
	}
	if (b->config)
		(void)munmap(b->config, k->config_size);
	if (b->zones)
		(void)munmap(b->zones, DNSBOLT_MAX_ZONES * sizeof(*b->zones));
	if (k->dummy >= 0)
		(void)close(k->dummy);
	if (k->dummy_inner >= 0)
		(void)close(k->dummy_inner);
	free(k);
}

static const struct backing_ops kernel_ops = {
	.add_segment = kernel_add_segment,
	.insert = kernel_insert,
	.remove = kernel_remove,
	.find = kernel_find,
	.each = kernel_each,
	.grace = kernel_grace,
	.close = kernel_close,
};

static int make_dummy(struct kernel *k)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);

	k->dummy_inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "dnsbolt_grace", 4, 4, 1, NULL);
	if (k->dummy_inner < 0)
		return -errno;
	opts.inner_map_fd = (uint32_t)k->dummy_inner;
	k->dummy = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "dnsbolt_grace", 4, 4, 1, &opts);
	return k->dummy < 0 ? -errno : 0;
}

static int open_segments(struct backing *b, bool adopt)
{
	uint32_t id, i;
	int fd, err;

	for (i = 0; i < DNSBOLT_MAX_SEGMENTS; i++) {
		if (bpf_map_lookup_elem(kernel_of(b)->maps.arena, &i, &id) < 0)
			return errno == ENOENT ? 0 : -errno;
		if (!adopt)
			return -EEXIST;
		fd = bpf_map_get_fd_by_id(id);
		if (fd < 0)
			return -errno;
		err = take_segment(b, fd);
		if (err)
			return err;
	}
	return 0;
}

int backing_open_kernel(struct backing **ret_backing, const struct store_maps *maps, bool adopt)
{
	struct kernel *k = calloc(1, sizeof(*k));
	long page = sysconf(_SC_PAGESIZE);
	struct backing *b;
	int err;

	if (!k)
		return -ENOMEM;
	b = &k->backing;
	b->ops = &kernel_ops;
	k->maps = *maps;
	k->dummy = k->dummy_inner = -1;
	k->config_size = (sizeof(*b->config) + (size_t)page - 1) & ~((size_t)page - 1);
	err = map_shared(maps->config, k->config_size, &b->config);
	if (!err)
		err = map_shared(maps->zones, DNSBOLT_MAX_ZONES * sizeof(*b->zones), &b->zones);
	if (!err)
		err = make_dummy(k);
	if (!err)
		err = open_segments(b, adopt);
	if (err)
		kernel_close(b);
	else
		*ret_backing = b;
	return err;
}
