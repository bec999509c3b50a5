// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "../../loader/zone/render.h"
#include "../../userspace/lib/core.h"
#include "../../userspace/lib/reason.h"
#include "dnsbolt.skel.h"
#include "frame.h"

#define HARNESS_MAX_NAMES (1u << 20)
#define HARNESS_MAX_OWN 16
#define HARNESS_MAX_CLIENTS 16
/* Octets of a frame that a test run of the kernel puts into its first buffer: a page of 4096, less headroom and skb_shared_info. */
#define FIRST_BUFFER (4096u - 256u - 320u)
#define HARNESS_IFINDEX 1 /* what BPF_PROG_TEST_RUN takes as the device: loopback */

struct harness {
	struct dnsbolt_bpf *skel; /* NULL: native only */
	struct store *store;
	struct env_store view;
	struct core *core;
	size_t first_buffer;
	struct {
		struct dnsbolt_addr addr;
		uint32_t flags;
	} listen[HARNESS_MAX_OWN];
	size_t n_listen;
	struct {
		struct dnsbolt_client_key key;
		struct dnsbolt_client client;
	} clients[HARNESS_MAX_CLIENTS];
	size_t n_clients;
	struct dnsbolt_limit_line *lines, *kernel_lines;
	struct zone **zones;
	size_t n_zones;
	struct dnsbolt_counters *cpus;
	struct dnsbolt_recent *recent;
	int n_cpus;
};

static const struct env_store *base_view(const struct harness *h)
{
	return store_view(h->store);
}

static __thread struct harness *listening;

static bool is_below(const struct dnsbolt_client_key *key, const uint8_t *a)
{
	uint32_t octets = key->prefixlen / 8, bits = key->prefixlen % 8;

	return !memcmp(key->a, a, octets) &&
	       (!bits || (key->a[octets] ^ a[octets]) >> (8 - bits) == 0);
}

static bool find_client(const struct env_store *view, const struct dnsbolt_client_key *key,
			struct dnsbolt_client *ret_client)
{
	const struct harness *h = listening;
	int longest = -1;
	size_t i;

	(void)view;
	for (i = 0; i < h->n_clients; i++) {
		if ((int)h->clients[i].key.prefixlen <= longest ||
		    !is_below(&h->clients[i].key, key->a))
			continue;
		longest = (int)h->clients[i].key.prefixlen;
		*ret_client = h->clients[i].client;
	}
	return longest >= 0;
}

/* Segments come and go in the store's own view: the harness's takes over all but the listen function. */
static void refresh_view(struct harness *h)
{
	uint32_t (*find)(const struct env_store *, const struct dnsbolt_addr *) =
		h->view.find_listen;

	h->view = *base_view(h);
	h->view.find_listen = find;
	h->view.find_client = find_client;
	h->view.limits = h->lines;
	h->view.n_limits = HARNESS_LINES + 1;
}

static uint32_t find_listen(const struct env_store *view, const struct dnsbolt_addr *addr)
{
	size_t i;

	(void)view;
	for (i = 0; i < listening->n_listen; i++)
		if (!memcmp(&listening->listen[i].addr, addr, sizeof(*addr)))
			return listening->listen[i].flags;
	return 0;
}

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, args) : 0;
}

static int set_stage(struct harness *h, uint32_t slot, const struct bpf_program *prog)
{
	int fd = bpf_program__fd(prog);

	return bpf_map_update_elem(bpf_map__fd(h->skel->maps.dnsbolt_stages), &slot, &fd, BPF_ANY);
}

static int set_stages(struct harness *h)
{
	const uint32_t base = h->skel->rodata->stage_base;
	int r = set_stage(h, base, h->skel->progs.dnsbolt_entry);

	if (!r)
		r = set_stage(h, base + 1, h->skel->progs.dnsbolt_encloser);
	if (!r)
		r = set_stage(h, base + 2, h->skel->progs.dnsbolt_prove);
	if (!r)
		r = set_stage(h, base + 3, h->skel->progs.dnsbolt_dname);
	if (!r)
		r = set_stage(h, base + 4, h->skel->progs.dnsbolt_chaos);
	return r ? r : set_stage(h, base + 5, h->skel->progs.dnsbolt_target);
}

static int map_lines(struct harness *h)
{
	void *start = mmap(NULL, (HARNESS_LINES + 1) * sizeof(*h->lines), PROT_READ | PROT_WRITE,
			   MAP_SHARED, bpf_map__fd(h->skel->maps.dnsbolt_limits), 0);

	if (start == MAP_FAILED)
		return -errno;
	h->kernel_lines = start;
	return 0;
}

static int open_kernel(struct harness *h, uint32_t max_names)
{
	struct store_maps maps;
	struct bpf_program *prog;
	int r;

	libbpf_set_print(quiet);
	h->skel = dnsbolt_bpf__open();
	if (!h->skel)
		return -errno;
	bpf_map__set_max_entries(h->skel->maps.dnsbolt_names, max_names);
	bpf_map__set_max_entries(h->skel->maps.dnsbolt_limits, HARNESS_LINES + 1);
	bpf_object__for_each_program (prog, h->skel->obj)
		bpf_program__set_expected_attach_type(prog, 0);
	r = dnsbolt_bpf__load(h->skel);
	if (r)
		return r;
	maps.config = bpf_map__fd(h->skel->maps.dnsbolt_config);
	maps.names = bpf_map__fd(h->skel->maps.dnsbolt_names);
	maps.arena = bpf_map__fd(h->skel->maps.dnsbolt_arena);
	maps.zones = bpf_map__fd(h->skel->maps.dnsbolt_zones);
	r = store_open(&h->store, &maps, max_names, false);
	if (!r)
		r = set_stages(h);
	h->n_cpus = libbpf_num_possible_cpus();
	h->cpus = calloc((size_t)h->n_cpus, sizeof(*h->cpus));
	h->recent = calloc((size_t)h->n_cpus, sizeof(*h->recent));
	if (!r)
		r = map_lines(h);
	return r ? r : h->cpus && h->recent ? 0 : -ENOMEM;
}

static int configure(struct harness *h)
{
	struct dnsbolt_config *c = store_config(h->store);
	struct frame_spec v4, v6;
	int r;

	frame_defaults(&v4, false);
	frame_defaults(&v6, true);
	c->abi = DNSBOLT_ABI;
	c->mode = DNSBOLT_MODE_ANSWER;
	c->port = htons(53);
	c->max_udp = 1232;
	c->limit.mask = HARNESS_LINES - 1;
	c->n_iface = 1;
	c->iface[0].ifindex = HARNESS_IFINDEX;
	c->iface[0].mtu = 1500;
	memcpy(c->iface[0].mac, v4.dmac, 6);
	r = harness_listen(h, &v4.dst, DNSBOLT_ADDR_SERVED | DNSBOLT_ADDR_OWN);
	return r ? r : harness_listen(h, &v6.dst, DNSBOLT_ADDR_SERVED | DNSBOLT_ADDR_OWN);
}

int harness_new(struct harness **ret_harness, bool kernel)
{
	return harness_new_sized(ret_harness, kernel, HARNESS_MAX_NAMES);
}

int harness_new_sized(struct harness **ret_harness, bool kernel, uint32_t max_names)
{
	struct harness *h = calloc(1, sizeof(*h));
	int r;

	if (!h)
		return -ENOMEM;
	h->first_buffer = FIRST_BUFFER;
	h->lines = calloc(HARNESS_LINES + 1, sizeof(*h->lines));
	r = !h->lines ? -ENOMEM
	    : kernel  ? open_kernel(h, max_names)
		      : store_open_memory(&h->store, max_names);
	if (r)
		goto out;
	h->view.find_listen = find_listen;
	refresh_view(h);
	r = core_new(&h->core, &h->view);
	if (!r)
		r = configure(h);
out:
	if (r)
		harness_free(h);
	else
		*ret_harness = h;
	return r;
}

void harness_free(struct harness *h)
{
	size_t i;

	if (!h)
		return;
	for (i = 0; i < h->n_zones; i++)
		zone_free(h->zones[i]);
	free(h->zones);
	core_free(h->core);
	store_close(h->store);
	if (h->kernel_lines)
		(void)munmap(h->kernel_lines, (HARNESS_LINES + 1) * sizeof(*h->lines));
	dnsbolt_bpf__destroy(h->skel);
	free(h->lines);
	free(h->recent);
	free(h->cpus);
	free(h);
}

bool harness_is_kernel(const struct harness *h)
{
	return h->skel;
}

struct store *harness_store(struct harness *h)
{
	return h->store;
}

struct dnsbolt_config *harness_config(struct harness *h)
{
	return store_config(h->store);
}

static uint64_t map_octets(int fd)
{
	unsigned long long octets = 0;
	char path[64], line[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "memlock: %llu", &octets) == 1)
			break;
	if (f)
		(void)fclose(f);
	return octets;
}

uint64_t harness_map_octets(const struct harness *h)
{
	uint64_t octets = 0;
	uint32_t i;

	if (!h->skel)
		return 0;
	octets += map_octets(bpf_map__fd(h->skel->maps.dnsbolt_names));
	octets += map_octets(bpf_map__fd(h->skel->maps.dnsbolt_zones));
	for (i = 0; store_segment_fd(h->store, i) >= 0; i++)
		octets += map_octets(store_segment_fd(h->store, i));
	return octets;
}

int harness_listen(struct harness *h, const struct dnsbolt_addr *addr, uint32_t flags)
{
	uint64_t half[2];
	uint32_t bit;

	memcpy(half, addr, sizeof(half));
	bit = dnsbolt_listen_bit(half[0], half[1]);
	if (h->n_listen == HARNESS_MAX_OWN)
		return -ENOSPC;
	h->listen[h->n_listen].addr = *addr;
	if (flags & DNSBOLT_ADDR_SERVED && h->n_listen < DNSBOLT_LISTEN_QUICK)
		harness_config(h)->served[h->n_listen] = *addr;
	harness_config(h)->listen_bits[bit / 64] |= 1ull << bit % 64;
	h->listen[h->n_listen++].flags = flags;
	if (!h->skel)
		return 0;
	return bpf_map_update_elem(bpf_map__fd(h->skel->maps.dnsbolt_listen), addr, &flags,
				   BPF_ANY);
}

int harness_client(struct harness *h, const struct dnsbolt_client_key *key,
		   const struct dnsbolt_client *client)
{
	if (h->n_clients == HARNESS_MAX_CLIENTS)
		return -ENOSPC;
	h->clients[h->n_clients].key = *key;
	h->clients[h->n_clients++].client = *client;
	if (!h->skel)
		return 0;
	return bpf_map_update_elem(bpf_map__fd(h->skel->maps.dnsbolt_clients), key, client,
				   BPF_ANY);
}

struct dnsbolt_limit_line *harness_lines(struct harness *h, bool kernel)
{
	return kernel ? h->kernel_lines : h->lines;
}

int harness_serve_to(struct harness *h, uint32_t zone, uint32_t set)
{
	if (zone >= h->n_zones || set > DNSBOLT_SERVE_TO_MAX)
		return -EINVAL;
	((struct dnsbolt_zone *)(uintptr_t)h->view.zones)[zone].serve_to = set;
	return 0;
}

int64_t harness_set_clock(struct harness *h, uint32_t unix_time)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	harness_config(h)->cookie.wall_offset = (int64_t)unix_time - t.tv_sec;
	return t.tv_sec;
}

void harness_set_now(struct harness *h, uint64_t now)
{
	core_set_now(h->core, now);
}

int harness_add_zone(struct harness *h, struct zone *zone)
{
	struct zone **zones = reallocarray(h->zones, h->n_zones + 1, sizeof(*zones));

	if (!zones)
		return -ENOMEM;
	h->zones = zones;
	h->zones[h->n_zones++] = zone;
	return 0;
}

int harness_add_file(struct harness *h, const char *name, const char *path,
		     const struct report *report)
{
	knot_dname_storage_t apex;
	struct zone *zone = NULL;
	int r;

	if (!knot_dname_from_str(apex, name, sizeof(apex)))
		return -EINVAL;
	knot_dname_to_lower(apex);
	r = zone_load_file(&zone, apex, path, report);
	return r ? r : harness_add_zone(h, zone);
}

static int is_zone_file(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return end && !strcmp(end, ".zone");
}

int harness_add_folder(struct harness *h, const char *folder, const struct report *report)
{
	struct dirent **files = NULL;
	int i, n = scandir(folder, &files, is_zone_file, alphasort), r = n < 0 ? -errno : 0;

	for (i = 0; i < n; i++) {
		char path[512], name[256];

		snprintf(path, sizeof(path), "%s/%s", folder, files[i]->d_name);
		snprintf(name, sizeof(name), "%s", files[i]->d_name);
		name[strlen(name) - strlen("zone")] = '\0';
		if (!r)
			r = harness_add_file(h, name, path, report);
		free(files[i]);
	}
	free(files);
	return r;
}

const struct zone *harness_zone(const struct harness *h, size_t i)
{
	return i < h->n_zones ? h->zones[i] : NULL;
}

static bool is_apex(const knot_dname_t *name, void *arg)
{
	struct harness *h = arg;
	size_t i;

	for (i = 0; i < h->n_zones; i++)
		if (knot_dname_is_case_equal(h->zones[i]->apex, name))
			return true;
	return false;
}

int harness_publish(struct harness *h, const struct report *report)
{
	struct render_zones zones = { is_apex, h };
	uint32_t index = 0;
	size_t i;
	int r;

	r = store_begin(h->store);
	for (i = 0; !r && i < h->n_zones; i++) {
		r = store_zone(h->store, h->zones[i]->apex, &index);
		if (!r)
			r = render_zone(h->store, index, NULL, h->zones[i], &zones, report);
	}
	if (!r)
		r = store_commit(h->store);
	if (r) {
		fprintf(stderr, "publish: %s: %s\n", strerror(-r), store_error(h->store));
		store_abort(h->store);
	}
	refresh_view(h);
	return r;
}

int harness_clear(struct harness *h)
{
	uint32_t index = 0;
	size_t i;
	int r;

	r = store_begin(h->store);
	for (i = 0; !r && i < h->n_zones; i++) {
		r = store_zone(h->store, h->zones[i]->apex, &index);
		if (!r)
			r = store_drop(h->store, index);
		zone_free(h->zones[i]);
	}
	h->n_zones = 0;
	if (!r)
		r = store_commit(h->store);
	return r;
}

void harness_split(struct harness *h, size_t octets)
{
	h->first_buffer = octets ? octets : FIRST_BUFFER;
}

int harness_run_native(struct harness *h, const uint8_t *frame, size_t len, size_t headroom,
		       size_t tailroom, struct harness_result *ret_result)
{
	/* Where a NIC puts frames: the IP header at a multiple of 4. */
	static __thread uint8_t room[512 + FRAME_MAX * 2] __attribute__((aligned(16)));
	uint8_t *start = room + 256 + 2, *reply = NULL;

	listening = h;
	memcpy(start, frame, len);
	ret_result->len = len < h->first_buffer ? len : h->first_buffer;
	core_set_more(h->core, (uint32_t)(len - ret_result->len));
	ret_result->action = core_frame(h->core, start, &ret_result->len, headroom, tailroom,
					HARNESS_IFINDEX, &reply, &ret_result->reason);
	if (ret_result->action == XDP_PASS || ret_result->action == XDP_DROP) {
		reply = start;
		ret_result->len = len;
	}
	if (reply)
		memcpy(ret_result->frame, reply, ret_result->len);
	return 0;
}

int harness_entry(const struct harness *h)
{
	return bpf_program__fd(h->skel->progs.dnsbolt_entry);
}

int harness_stages(const struct harness *h, uint32_t *ret_slot)
{
	*ret_slot = h->skel->rodata->stage_base;
	return bpf_map__fd(h->skel->maps.dnsbolt_stages);
}

int harness_counters(struct harness *h, struct dnsbolt_counters *ret_counters)
{
	const size_t words = sizeof(*ret_counters) / sizeof(uint64_t);
	uint64_t *sum = (uint64_t *)ret_counters;
	uint32_t zero = 0;
	int r, cpu;
	size_t i;

	r = bpf_map_lookup_elem(bpf_map__fd(h->skel->maps.dnsbolt_counts), &zero, h->cpus);
	if (r)
		return r;
	memset(ret_counters, 0, sizeof(*ret_counters));
	for (cpu = 0; cpu < h->n_cpus; cpu++)
		for (i = 0; i < words; i++)
			sum[i] += ((uint64_t *)&h->cpus[cpu])[i];
	return 0;
}

int harness_reasons(struct harness *h, uint64_t *ret_count)
{
	struct dnsbolt_counters counters;
	int r = harness_counters(h, &counters);

	if (!r)
		memcpy(ret_count, counters.reason, sizeof(counters.reason));
	return r;
}

int harness_recent(struct harness *h, struct dnsbolt_limited *ret_limited)
{
	uint32_t zero = 0;
	int r, cpu;

	r = bpf_map_lookup_elem(bpf_map__fd(h->skel->maps.dnsbolt_recent), &zero, h->recent);
	if (r)
		return r;
	memset(ret_limited, 0, sizeof(*ret_limited));
	for (cpu = 0; cpu < h->n_cpus; cpu++) {
		const struct dnsbolt_recent *of = &h->recent[cpu];
		const struct dnsbolt_limited *last = &of->limited[(of->n - 1) % DNSBOLT_RECENT_MAX];

		if (of->n && last->when > ret_limited->when)
			*ret_limited = *last;
	}
	return ret_limited->when ? 0 : -ENOENT;
}

/* Exactly one reason must have been counted, exactly once. */
static enum dnsbolt_reason counted(const uint64_t *before, const uint64_t *after)
{
	unsigned int i, reason = 0, total = 0;

	for (i = 0; i < DNSBOLT_REASONS_MAX; i++) {
		if (after[i] == before[i])
			continue;
		reason = i;
		total += (unsigned int)(after[i] - before[i]);
	}
	return total == 1 ? (enum dnsbolt_reason)reason : REASON_none;
}

int harness_run_bpf(struct harness *h, const uint8_t *frame, size_t len,
		    struct harness_result *ret_result)
{
	uint64_t before[DNSBOLT_REASONS_MAX], after[DNSBOLT_REASONS_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = (uint32_t)len,
		    .data_out = ret_result->frame, .data_size_out = sizeof(ret_result->frame));
	int r;

	r = harness_reasons(h, before);
	if (!r)
		r = bpf_prog_test_run_opts(harness_entry(h), &run);
	if (!r)
		r = harness_reasons(h, after);
	if (r)
		return r;
	ret_result->action = (int)run.retval;
	ret_result->len = run.data_size_out;
	ret_result->reason = counted(before, after);
	return 0;
}
