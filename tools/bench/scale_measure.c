/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The real programs over the real store in kernel maps, as the daemon holds them, without a NIC: what the
 * program in the driver sees of a change is asked by BPF_PROG_TEST_RUN. */
#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../loader/zone/render.h"
#include "../../tests/lib/frame.h"
#include "../../tests/lib/harness.h"
#include "../../userspace/lib/name.h"
#include "scale.h"

#define CHANGES 200u

struct scale {
	struct harness *h;
	struct zone **zone;
	size_t n, room;
	double read_s, publish_s, cpu_s;
};

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu_time(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- loading ---- */

static int read_zone(struct scale *scale, const char *apex, const char *path)
{
	knot_dname_storage_t name;
	int err;

	if (scale->n == scale->room) {
		size_t room = scale->room ? 2 * scale->room : 64;
		struct zone **zone = reallocarray(scale->zone, room, sizeof(struct zone *));

		if (!zone)
			return -ENOMEM;
		scale->zone = zone;
		scale->room = room;
	}
	if (name_parse_lower(name, apex, NULL))
		return -EINVAL;
	err = zone_load_file(&scale->zone[scale->n], name, path, &scale_report);
	scale->n += !err;
	return err;
}

static int read_folder(struct scale *scale, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int err = 0;

	if (!dir)
		return -errno;
	while (!err && (entry = readdir(dir))) {
		char *end = strstr(entry->d_name, ".zone"), file[4096];

		if (!end)
			continue;
		(void)snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		*end = '\0';
		err = read_zone(scale, entry->d_name, file);
	}
	(void)closedir(dir);
	return err;
}

static int read_all(struct scale *scale, const char *path)
{
	struct stat st;
	double start = now();
	int err;

	if (stat(path, &st))
		return -errno;
	err = S_ISDIR(st.st_mode) ? read_folder(scale, path) : read_zone(scale, SCALE_TLD, path);
	scale->read_s = now() - start;
	return err;
}

static int render(struct scale *scale, const struct zone *from, const struct zone *to)
{
	struct store *store = harness_store(scale->h);
	uint32_t index;
	int err = store_zone(store, to->apex, &index);

	return err ? err : render_zone(store, index, from, to, NULL, &scale_report);
}

static int publish(struct scale *scale, const struct zone *from, const struct zone *to)
{
	struct store *store = harness_store(scale->h);
	int err = store_begin(store);

	if (!err)
		err = render(scale, from, to);
	if (!err)
		err = store_commit(store);
	if (err)
		fprintf(stderr, "scale: %s\n", store_error(store));
	return err;
}

static int publish_all(struct scale *scale)
{
	struct store *store = harness_store(scale->h);
	double start = now();
	size_t i;
	int err = store_begin(store);

	for (i = 0; i < scale->n && !err; i++)
		err = render(scale, NULL, scale->zone[i]);
	if (!err)
		err = store_commit(store);
	if (err)
		fprintf(stderr, "scale: %s\n", store_error(store));
	scale->publish_s = now() - start;
	scale->cpu_s = cpu_time();
	return err;
}

/* ---- changes ---- */

static int set_text(struct zone *zone, const knot_dname_t *owner, uint16_t type, const char *rdata)
{
	knot_rdataset_t rrs = { 0 };
	int err = zone_parse_rdata(&rrs, zone->apex, type, rdata, NULL);

	if (!err)
		err = zone_set(zone, owner, type, 86400, &rrs);
	knot_rdataset_clear(&rrs, NULL);
	return err;
}

/* One more delegation, or in a small zone one more address; and the serial, as every change. */
static int make_change(const struct zone *from, unsigned int i, struct zone **ret_to,
		       knot_dname_storage_t owner)
{
	char text[128];
	int err = zone_copy(ret_to, from);

	if (err)
		return err;
	(void)snprintf(text, sizeof(text), "new%u", i);
	if (!knot_dname_from_str(owner, text, KNOT_DNAME_MAXLEN))
		return -EINVAL;
	memcpy(owner + 1 + *owner, from->apex, knot_dname_size(from->apex));
	err = set_text(*ret_to, owner, KNOT_RRTYPE_NS, "ns1.nic");
	(void)snprintf(text, sizeof(text), "ns1 hostmaster %u 7200 900 1209600 3600", i + 2);
	if (!err)
		err = set_text(*ret_to, from->apex, KNOT_RRTYPE_SOA, text);
	return err ? err : zone_check(*ret_to, "change", &scale_report);
}

/* Whether the program in the driver refers a query for the name to other servers. */
static bool refers(struct harness *h, const knot_dname_t *owner)
{
	static struct harness_result result;
	static uint8_t frame[FRAME_MAX];
	uint8_t msg[12 + KNOT_DNAME_MAXLEN + 4] = { 0 };
	size_t len = knot_dname_size(owner);
	struct frame_spec spec;

	frame_defaults(&spec, false);
	knot_wire_set_qdcount(msg, 1);
	memcpy(msg + 12, owner, len);
	knot_wire_write_u16(msg + 12 + len, KNOT_RRTYPE_A);
	knot_wire_write_u16(msg + 12 + len + 2, KNOT_CLASS_IN);
	len = frame_build(&spec, msg, 12 + len + 4, frame);
	return !harness_run_bpf(h, frame, len, &result) && result.reason == REASON_referral;
}

struct times {
	double ms[CHANGES];
	unsigned int n;
};

static int compare_times(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* From the record in hand to the first answer of the program that has it; the store is at rest before. */
static int time_change(struct scale *scale, struct zone **zone, unsigned int i, struct times *times)
{
	knot_dname_storage_t owner;
	struct zone *to = NULL;
	double start;
	int err = store_reclaim(harness_store(scale->h));

	start = now();
	if (!err)
		err = make_change(*zone, i, &to, owner);
	if (!err)
		err = publish(scale, *zone, to);
	if (!err && !refers(scale->h, owner))
		err = -EPROTO;
	times->ms[times->n++] = (now() - start) * 1e3;
	zone_free(*zone);
	*zone = to;
	return err;
}

static int time_changes(struct scale *scale, struct times *times)
{
	unsigned int i;
	int err = 0;

	times->n = 0;
	for (i = 0; i < CHANGES && !err; i++)
		err = time_change(scale, &scale->zone[scale->n / 2], i, times);
	qsort(times->ms, times->n, sizeof(times->ms[0]), compare_times);
	return err;
}

/* ---- memory ---- */

/* Octets that are this process's alone: what it maps of the arena is the maps'. */
static uint64_t own_memory(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	unsigned long kib = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "RssAnon: %lu", &kib) == 1)
			break;
	if (f)
		(void)fclose(f);
	return (uint64_t)kib * 1024;
}

static void print_result(const struct scale *scale, const struct times *times)
{
	uint64_t own = own_memory(), maps = harness_map_octets(scale->h);
	struct store_stats stats;
	size_t names = 0, records = 0, i;

	store_get_stats(harness_store(scale->h), &stats);
	for (i = 0; i < scale->n; i++) {
		names += scale->zone[i]->n_names;
		records += scale->zone[i]->n_records;
	}
	printf("{\"zones\": %zu, \"names\": %zu, \"records\": %zu, \"read_s\": %.3f, "
	       "\"publish_s\": %.3f, \"load_s\": %.3f, \"load_cpu_s\": %.3f, \"own_octets\": %ju, \"map_octets\": %ju, "
	       "\"total_octets\": %ju, \"octets_a_name\": %.1f, \"stored_names\": %ju, "
	       "\"arena_octets_used\": %ju, \"change_ms\": {\"median\": %.3f, \"p99\": %.3f, "
	       "\"worst\": %.3f, \"n\": %u}}\n",
	       scale->n, names, records, scale->read_s, scale->publish_s,
	       scale->read_s + scale->publish_s, scale->cpu_s, (uintmax_t)own, (uintmax_t)maps,
	       (uintmax_t)(own + maps), (double)(own + maps) / (double)names,
	       (uintmax_t)stats.anchors, (uintmax_t)stats.octets_used, times->ms[times->n / 2],
	       times->ms[times->n - times->n / 100 - 1], times->ms[times->n - 1], times->n);
}

int scale_measure(const char *path)
{
	struct scale scale = { .n = 0 };
	struct times times = { .n = 0 };
	size_t names = 0, i;
	int err = read_all(&scale, path);

	for (i = 0; i < scale.n; i++)
		names += scale.zone[i]->n_names;
	if (!err)
		err = harness_new_sized(&scale.h, true, (uint32_t)(names + names / 16 + 65536));
	if (!err)
		err = publish_all(&scale);
	if (!err)
		err = time_changes(&scale, &times);
	(void)malloc_trim(0);
	if (!err)
		print_result(&scale, &times);
	harness_free(scale.h);
	for (i = 0; i < scale.n; i++)
		zone_free(scale.zone[i]);
	free(scale.zone);
	return err;
}
