/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "gen.skel.h"

#define DEVICES_MAX 2u
#define PIDS_MAX 64u
#define BATCH 64u
#define PACED_BATCH 16u
#define PACED_BURST 8u
#define SINGLE_MAX 200000 /* queries per second */
#define WARM_UP_NS 100000000ull
#define END_TRIES 2000u /* of a millisecond */

struct gen {
	struct gen_bpf *skel;
	const struct mix *mix;
	struct gen_frame *frames;
	struct gen_sample *samples;
	size_t frames_len, samples_len;
	unsigned int cpu, batch;
	int ifindex[DEVICES_MAX], before[DEVICES_MAX], sending; /* programs that were there */
	unsigned int n_devices, n_pids;
	int pid[PIDS_MAX];
	volatile bool stop;
	volatile int failed;
};

static void *map_array(int fd, size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void on_signal(int sig)
{
	(void)sig;
}

int gen_new(struct gen **ret_gen, const struct mix *mix, unsigned int cpu)
{
	/* no SA_RESTART: the signal is to end a test run */
	struct sigaction action = { .sa_handler = on_signal };
	struct gen *gen = calloc(1, sizeof(*gen));
	int r = -ENOMEM;

	if (!gen)
		return r;
	gen->mix = mix;
	gen->cpu = cpu;
	(void)sigaction(SIGUSR1, &action, NULL);
	gen->skel = gen_bpf__open();
	if (!gen->skel)
		goto out;
	bpf_map__set_max_entries(gen->skel->maps.gen_frames, mix->n);
	r = gen_bpf__load(gen->skel);
	if (r)
		goto out;
	gen->frames_len = mix->n * sizeof(*gen->frames);
	gen->samples_len = GEN_SAMPLES * ((sizeof(*gen->samples) + 7) & ~7ul);
	gen->frames = map_array(bpf_map__fd(gen->skel->maps.gen_frames), gen->frames_len);
	gen->samples = map_array(bpf_map__fd(gen->skel->maps.gen_samples), gen->samples_len);
	r = gen->frames && gen->samples ? 0 : -ENOMEM;
	if (!r)
		memcpy(gen->frames, mix->frame, gen->frames_len);
	gen->skel->data->n_frames = mix->n;
out:
	if (r)
		gen_free(gen);
	else
		*ret_gen = gen;
	return r;
}

int gen_attach(struct gen *gen, const char *device)
{
	int ifindex = (int)if_nametoindex(device), r, before = -1;
	uint32_t id = 0;

	if (!ifindex || gen->n_devices == DEVICES_MAX)
		return -ENODEV;
	r = bpf_xdp_query_id(ifindex, XDP_FLAGS_DRV_MODE, &id);
	if (!r && id)
		before = bpf_prog_get_fd_by_id(id);
	if (!r)
		r = bpf_xdp_attach(ifindex, bpf_program__fd(gen->skel->progs.gen_count),
				   XDP_FLAGS_DRV_MODE, NULL);
	if (r)
		return r;
	gen->ifindex[gen->n_devices] = ifindex;
	gen->before[gen->n_devices++] = before;
	return 0;
}

void gen_watch(struct gen *gen, int pid)
{
	if (gen->n_pids < PIDS_MAX)
		gen->pid[gen->n_pids++] = pid;
}

void gen_free(struct gen *gen)
{
	unsigned int i;

	if (!gen)
		return;
	for (i = 0; i < gen->n_devices; i++) {
		(void)bpf_xdp_attach(gen->ifindex[i], gen->before[i], XDP_FLAGS_DRV_MODE, NULL);
		if (gen->before[i] >= 0)
			(void)close(gen->before[i]);
	}
	if (gen->frames)
		(void)munmap(gen->frames, gen->frames_len);
	if (gen->samples)
		(void)munmap(gen->samples, gen->samples_len);
	gen_bpf__destroy(gen->skel);
	free(gen);
}

/* ---- sending ---- */

static void *send_thread(void *arg)
{
	static const uint8_t zeros[GEN_FRAME_MAX];
	struct gen *gen = arg;
	struct xdp_md md = { .data_end = GEN_FRAME_MAX, .ingress_ifindex = (uint32_t)gen->sending };

	while (!gen->stop) {
		LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = zeros, .data_size_in = GEN_FRAME_MAX,
			    .ctx_in = &md, .ctx_size_in = sizeof(md), .repeat = 1 << 20,
			    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = gen->batch);
		int r = bpf_prog_test_run_opts(bpf_program__fd(gen->skel->progs.gen_send), &run);

		if (r && r != -EINTR) {
			gen->failed = r;
			break;
		}
	}
	return NULL;
}

static int start_thread(struct gen *gen, pthread_t *ret_thread)
{
	pthread_attr_t attr;
	cpu_set_t cpus;
	int r;

	CPU_ZERO(&cpus);
	CPU_SET(gen->cpu, &cpus);
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
	gen->stop = false;
	gen->failed = 0;
	r = pthread_create(ret_thread, &attr, send_thread, gen);
	(void)pthread_attr_destroy(&attr);
	return -r;
}

/* The signal may come when the thread is just about to enter the call. */
static int end_thread(struct gen *gen, pthread_t thread)
{
	struct timespec ms = { 0, 1000000 };
	unsigned int i;

	gen->stop = true;
	for (i = 0; i < END_TRIES; i++) {
		(void)pthread_kill(thread, SIGUSR1);
		(void)nanosleep(&ms, NULL);
		if (!pthread_tryjoin_np(thread, NULL))
			return gen->failed;
	}
	return -ETIMEDOUT;
}

static void set_pace(struct gen *gen, double rate, bool timed)
{
	struct gen_bpf__bss *bss = gen->skel->bss;
	/* one query at a time, where the rate lets it */
	const bool single = rate < SINGLE_MAX && timed;
	const unsigned int burst = single ? 1 : PACED_BURST;

	gen->batch = rate <= 0 ? BATCH : single ? 1 : PACED_BATCH;
	gen->skel->data->burst = burst;
	bss->timed = timed;
	bss->gap = rate > 0 ? (uint64_t)(1e9 * burst / rate) : 0;
}

/* ---- what the server spent ---- */

static uint64_t run_time(int pid)
{
	char path[320];
	uint64_t ns = 0;
	struct dirent *entry;
	unsigned long long one;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		FILE *f;

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", pid,
			       entry->d_name);
		f = fopen(path, "r");
		if (f && fscanf(f, "%llu", &one) == 1)
			ns += one;
		if (f)
			(void)fclose(f);
	}
	if (dir)
		(void)closedir(dir);
	return ns;
}

static uint64_t server_time(const struct gen *gen)
{
	uint64_t ns = 0;
	unsigned int i;

	for (i = 0; i < gen->n_pids; i++)
		ns += run_time(gen->pid[i]);
	return ns;
}

/* ---- a run ---- */

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void wait_ns(uint64_t ns)
{
	struct timespec t = { (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

static void check_samples(struct gen *gen, bool mirrored, struct gen_run *run)
{
	const size_t stride = (sizeof(*gen->samples) + 7) & ~7ul;
	unsigned int i;

	for (i = 0; i < GEN_SAMPLES; i++) {
		struct gen_sample *s = (struct gen_sample *)((uint8_t *)gen->samples + i * stride);
		const char *wrong;

		if (!s->len)
			continue;
		wrong = mix_check(gen->mix, s->data, s->len, mirrored);
		run->checked++;
		if (wrong) {
			run->wrong++;
			run->why = wrong;
		}
		s->len = 0;
	}
}

static double bucket_us(unsigned int i)
{
	if (i < GEN_BUCKETS / 2)
		return (i + 1) * (GEN_BUCKET_NS / 1e3);
	return (i - GEN_BUCKETS / 2 + 1) * (GEN_COARSE_NS / 1e3);
}

static void take_latency(const struct gen_stats *a, const struct gen_stats *b, struct gen_run *run)
{
	static const double part[] = { .5, .99, .999 };
	double total = 0, so_far;
	unsigned int i, k;

	for (i = 0; i < GEN_BUCKETS; i++)
		total += (double)(b->latency[i] - a->latency[i]);
	for (k = 0; k < 3; k++) {
		so_far = 0;
		for (i = 0; i < GEN_BUCKETS - 1; i++) {
			so_far += (double)(b->latency[i] - a->latency[i]);
			if (so_far >= part[k] * total)
				break;
		}
		run->latency_us[k] = total > 0 ? bucket_us(i) : 0;
	}
}

static void take_difference(const struct gen_stats *a, const struct gen_stats *b,
			    struct gen_run *run)
{
	unsigned int i;

	run->sent = (double)(b->sent[0] + b->sent[1] - a->sent[0] - a->sent[1]);
	run->replies = (double)(b->replies[0] + b->replies[1] - a->replies[0] - a->replies[1]);
	run->good_sent = (double)(b->sent[1] - a->sent[1]);
	run->good_replies = (double)(b->replies[1] - a->replies[1]);
	run->octets = (double)(b->octets - a->octets);
	run->truncated = (double)(b->truncated - a->truncated);
	run->with_answer = (double)(b->with_answer - a->with_answer);
	run->other = (double)(b->other - a->other);
	for (i = 0; i < 16; i++)
		run->rcode[i] = (double)(b->rcode[i] - a->rcode[i]);
	take_latency(a, b, run);
}

int gen_run(struct gen *gen, const char *device, double rate, double seconds, bool timed,
	    bool mirrored, struct gen_run *ret_run)
{
	static struct gen_stats before, after;
	uint64_t cpu;
	pthread_t thread;
	double start;
	int r;

	gen->sending = (int)if_nametoindex(device);
	set_pace(gen, rate, timed);
	r = start_thread(gen, &thread);
	if (r)
		return r;
	wait_ns(WARM_UP_NS);
	check_samples(gen, mirrored,
		      ret_run); /* there may be late ones of another run among them */
	*ret_run = (struct gen_run){ .why = "" };
	memcpy(&before, &gen->skel->bss->stats, sizeof(before));
	cpu = server_time(gen);
	start = now();
	wait_ns((uint64_t)(seconds * 1e9));
	memcpy(&after, &gen->skel->bss->stats, sizeof(after));
	ret_run->cpu_s = (double)(server_time(gen) - cpu) / 1e9;
	ret_run->seconds = now() - start;
	r = end_thread(gen, thread);
	take_difference(&before, &after, ret_run);
	if (!r && !timed)
		check_samples(gen, mirrored, ret_run);
	return r;
}
