/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "maps.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIMIT_LINES 8192u /* half a MiB: 65,536 accounts */
#define ZONES_SIZE (DNSBOLT_MAX_ZONES * sizeof(struct dnsbolt_zone))

/* A system call a name; kernels from 5.19 on allow it to everybody who holds the descriptor. */
static dnsbolt_handle find_name(const struct env_store *view, uint64_t hash)
{
	const struct maps *maps = view->arg;
	dnsbolt_handle handle = 0;

	return bpf_map_lookup_elem(maps->names_fd, &hash, &handle) == 0 ? handle : 0;
}

static bool find_client(const struct env_store *view, const struct dnsbolt_client_key *key,
			struct dnsbolt_client *ret_client)
{
	const struct maps *maps = view->arg;

	return maps->clients_fd >= 0 && bpf_map_lookup_elem(maps->clients_fd, key, ret_client) == 0;
}

void maps_init(struct maps *maps)
{
	memset(maps, 0, sizeof(*maps));
	maps->names_fd = maps->clients_fd = -1;
	maps->view.find_name = find_name;
	maps->view.find_client = find_client;
	maps->view.arg = maps;
}

static void unmap(const void *start, size_t size)
{
	if (start)
		(void)munmap((void *)(uintptr_t)start, size);
}

void maps_done(struct maps *maps)
{
	unmap(maps->view.config, sizeof(*maps->view.config));
	unmap(maps->view.zones, ZONES_SIZE);
	unmap(maps->stats, sizeof(*maps->stats));
	for (uint32_t i = 0; i < DNSBOLT_MAX_SEGMENTS; i++)
		unmap(maps->view.segment[i], DNSBOLT_SEG_SIZE);
	if (maps->names_fd >= 0)
		(void)close(maps->names_fd);
	if (maps->clients_fd >= 0)
		(void)close(maps->clients_fd);
	free(maps->view.limits);
	maps_init(maps);
}

/* BPF maps refuse a mapping past their end, so one of the wrong size fails here and not at a
 * read. */
static int map_and_close(const void **ret_start, size_t size, bool writable, int fd)
{
	void *start =
		mmap(NULL, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
	int err = start == MAP_FAILED ? -errno : 0;

	(void)close(fd);
	if (!err)
		*ret_start = start;
	return err;
}

static int refuse(int fd, int err)
{
	(void)close(fd);
	return err;
}

int maps_add_config(struct maps *maps, int fd)
{
	const void *start;
	int err;

	if (maps->view.config)
		return refuse(fd, -EEXIST);
	err = map_and_close(&start, sizeof(*maps->view.config), false, fd);
	if (err)
		return err;
	if (((const struct dnsbolt_config *)start)->abi != DNSBOLT_ABI) {
		unmap(start, sizeof(*maps->view.config));
		return -EPROTO;
	}
	maps->view.config = start;
	return 0;
}

int maps_add_zones(struct maps *maps, int fd)
{
	const void *start;
	int err;

	if (maps->view.zones)
		return refuse(fd, -EEXIST);
	err = map_and_close(&start, ZONES_SIZE, false, fd);
	if (!err)
		maps->view.zones = start;
	return err;
}

int maps_add_names(struct maps *maps, int fd)
{
	if (maps->names_fd >= 0)
		return refuse(fd, -EEXIST);
	maps->names_fd = fd;
	return 0;
}

int maps_add_clients(struct maps *maps, int fd)
{
	if (maps->clients_fd >= 0)
		return refuse(fd, -EEXIST);
	maps->clients_fd = fd;
	return 0;
}

int maps_make_limits(struct maps *maps)
{
	maps->view.limits =
		aligned_alloc(sizeof(*maps->view.limits), LIMIT_LINES * sizeof(*maps->view.limits));
	if (!maps->view.limits)
		return -ENOMEM;
	memset(maps->view.limits, 0, LIMIT_LINES * sizeof(*maps->view.limits));
	maps->view.n_limits = LIMIT_LINES;
	return 0;
}

int maps_add_stats(struct maps *maps, int fd)
{
	const void *start;
	struct stat st;
	int err;

	if (maps->stats)
		return refuse(fd, -EEXIST);
	if (fstat(fd, &st) < 0 || (uint64_t)st.st_size < sizeof(*maps->stats))
		return refuse(fd, -EPROTO);
	err = map_and_close(&start, sizeof(*maps->stats), true, fd);
	if (!err)
		maps->stats = (void *)(uintptr_t)start;
	return err;
}

int maps_add_segment(struct maps *maps, uint32_t number, int fd)
{
	const void *start;
	int err;

	if (number >= DNSBOLT_MAX_SEGMENTS)
		return refuse(fd, -ERANGE);
	if (maps->view.segment[number])
		return refuse(fd, -EEXIST);
	err = map_and_close(&start, DNSBOLT_SEG_SIZE, false, fd);
	if (!err)
		__atomic_store_n(&maps->view.segment[number], start, __ATOMIC_RELEASE);
	return err;
}

const char *maps_missing(const struct maps *maps)
{
	if (!maps->view.config)
		return "config";
	if (!maps->view.zones)
		return "zones";
	if (maps->names_fd < 0)
		return "names";
	if (!maps->stats)
		return "stats";
	return NULL;
}
