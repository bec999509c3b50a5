/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 *     bench veth -m MIX -N NAMES -M MAC -d DEVICE [-D DEVICE -s NETNS -S DEVICE] [OPTION...]
 *
 *     -m, -N, -M   what is asked, of how many names, of which MAC      -d  from which device
 *     -D           the reflector's: its samples are taken in turn with the server's. -S is the other end of that, in
 *                  network namespace -s; the reflector is attached there, with replies as long as the server's
 *     -p PID       the server's; several                                -c CPU  of the generator (0)
 *     -n N -t S    samples, seconds of each                             -l LABEL printed as "name"
 *     -r RATE      queries per second; else as many as it can send
 *     -b RATE      searches the highest rate at which at most 1 % of the good is lost, from RATE on; the samples are taken there
 *     -B RATE      the same, but of what the reflector loses           -x N      steps of the search (10)
 *     -P PART      printed as "part" (veth)
 *     -L           latency, too
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <bpf/libbpf.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

#define FRAMES 65536u
#define LOST_MAX 0.01
#define SENT_MIN 0.95
#define FIRST_TRIES 5u
#define SEARCH_SECONDS 0.5
#define CLOSE_ENOUGH 1.08

struct veth {
	const char *mix_name, *device, *mirror, *mirror_end, *netns, *label, *part;
	uint32_t names;
	uint8_t mac[6];
	unsigned int cpu, samples, steps;
	double seconds, rate, search;
	bool timed, by_mirror;
	int pid[64];
	unsigned int n_pids;
	struct mix *mix;
	struct gen *gen;
	struct refl *refl;
	int grow;
	struct gen_run run[BENCH_SAMPLES_MAX], mirrored[BENCH_SAMPLES_MAX];
};

/* ---- the reflector, at its end ---- */

/* Into the network namespace of that name, or back to the one that a descriptor is of. */
static int enter(const char *netns, int fd)
{
	char path[256];
	int r;

	if (netns) {
		(void)snprintf(path, sizeof(path), "/run/netns/%s", netns);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	r = fd < 0 || setns(fd, CLONE_NEWNET) ? -errno : 0;
	if (netns && fd >= 0)
		(void)close(fd);
	return r;
}

static int set_mirror(const struct veth *v, int program)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), r, back;

	if (home < 0)
		return -errno;
	r = enter(v->netns, -1);
	if (!r)
		r = bpf_xdp_attach((int)if_nametoindex(v->mirror_end), program, XDP_FLAGS_DRV_MODE,
				   NULL);
	back = enter(NULL, home);
	(void)close(home);
	return r ? r : back;
}

static double average_query(const struct mix *mix)
{
	double octets = 0;
	uint32_t i;

	for (i = 0; i < mix->n; i++)
		octets += mix->frame[i].len;
	return octets / mix->n;
}

static double search_seconds(const struct veth *v)
{
	return v->seconds < SEARCH_SECONDS ? v->seconds : SEARCH_SECONDS;
}

/* One run tells how long the server's replies are; another, if the server did not come to run in it. */
static int start_mirror(struct veth *v)
{
	struct gen_run run = { .replies = 0 };
	unsigned int i;
	int r = 0;

	for (i = 0; i < FIRST_TRIES && !r && run.replies < 1; i++)
		r = gen_run(v->gen, v->device, v->rate, search_seconds(v), false, false, &run);
	if (r)
		return r;
	if (run.replies < 1)
		return -ENODATA;
	v->grow = (int)(run.octets / run.replies - average_query(v->mix) + .5);
	r = refl_new(&v->refl, v->grow);
	return r ? r : set_mirror(v, refl_program(v->refl));
}

/* ---- rates ---- */

/* What became of a rate. */
enum tried { TRIED_LOST, TRIED_KEPT, TRIED_ALL }; /* ALL: kept, and more can't be sent */

static int try_rate(struct veth *v, double rate, enum tried *ret_tried)
{
	const char *device = v->by_mirror ? v->mirror : v->device;
	struct gen_run run;
	int r = gen_run(v->gen, device, rate, search_seconds(v), false, v->by_mirror, &run);

	if (r)
		return r;
	if (run.good_replies < run.good_sent * (1 - LOST_MAX))
		*ret_tried = TRIED_LOST;
	else
		*ret_tried = run.sent < rate * run.seconds * SENT_MIN ? TRIED_ALL : TRIED_KEPT;
	return 0;
}

/* Between a rate that is kept and one that is not. */
static int search_rate(struct veth *v)
{
	double low = 0, high = 0, rate = v->search;
	enum tried tried = TRIED_LOST;
	unsigned int i;
	int r = 0;

	for (i = 0; i < v->steps && !r && tried != TRIED_ALL; i++) {
		r = try_rate(v, rate, &tried);
		if (tried == TRIED_LOST)
			high = rate;
		else
			low = rate;
		if (low > 0 && high > 0 && high / low < CLOSE_ENOUGH)
			break;
		rate = low > 0 && high > 0 ? (low + high) / 2 : low > 0 ? rate * 1.4 : rate * .6;
	}
	v->rate = low > 0 ? low : rate;
	return r;
}

/* ---- output ---- */

static void print_list(const char *key, const struct veth *v, const struct gen_run *run,
		       double (*value)(const struct gen_run *))
{
	unsigned int i;

	printf(", \"%s\": [", key);
	for (i = 0; i < v->samples; i++)
		printf("%s%.6g", i ? ", " : "", value(&run[i]));
	printf("]");
}

static double per_core(const struct gen_run *run)
{
	return run->cpu_s > 0 ? run->replies / run->cpu_s : 0;
}

static double rate_of(const struct gen_run *run)
{
	return run->replies / run->seconds;
}

static double sent_of(const struct gen_run *run)
{
	return run->sent / run->seconds;
}

static double good_of(const struct gen_run *run)
{
	return run->good_sent > 0 ? run->good_replies / run->good_sent : 0;
}

static double busy_of(const struct gen_run *run)
{
	return run->cpu_s / run->seconds;
}

static double p50(const struct gen_run *run)
{
	return run->latency_us[0];
}

static double p99(const struct gen_run *run)
{
	return run->latency_us[1];
}

static double p999(const struct gen_run *run)
{
	return run->latency_us[2];
}

static void print_runs(const struct veth *v, const char *prefix, const struct gen_run *run)
{
	static const struct {
		const char *key;
		double (*value)(const struct gen_run *);
		bool timed;
	} column[] = {
		{ "samples", per_core, false }, { "rate", rate_of, false },
		{ "sent", sent_of, false },	{ "busy", busy_of, false },
		{ "good", good_of, false },	{ "p50", p50, true },
		{ "p99", p99, true },		{ "p999", p999, true },
	};
	char key[32];
	size_t i;

	for (i = 0; i < sizeof(column) / sizeof(column[0]); i++) {
		if (column[i].timed && !v->timed)
			continue;
		(void)snprintf(key, sizeof(key), "%s%s", prefix, column[i].key);
		print_list(key, v, run, column[i].value);
	}
}

static void print_checks(const struct veth *v)
{
	unsigned int i, checked = 0, wrong = 0, mirrored = 0;
	double octets = 0, replies = 0, nxdomain = 0, other = 0;
	const char *why = "";

	for (i = 0; i < v->samples; i++) {
		const struct gen_run *a = &v->run[i], *b = &v->mirrored[i];

		checked += a->checked;
		mirrored += b->checked;
		wrong += a->wrong + (v->mirror ? b->wrong : 0);
		why = a->wrong ? a->why : v->mirror && b->wrong ? b->why : why;
		octets += a->octets;
		replies += a->replies;
		nxdomain += a->rcode[3];
		other += a->other;
	}
	printf(", \"checked\": %u, \"wrong\": %u, \"why\": \"%s\", \"octets\": %.1f, "
	       "\"nxdomain\": %.4f, \"no_reply\": %.0f",
	       checked, wrong, why, replies > 0 ? octets / replies : 0,
	       replies > 0 ? nxdomain / replies : 0, other);
	if (v->mirror)
		printf(", \"beside_checked\": %u, \"grow\": %d", mirrored, v->grow);
}

static void print_all(const struct veth *v)
{
	printf("{\"part\": \"%s\", \"name\": \"%s\", \"mix\": \"%s\", "
	       "\"unit\": \"answers per core-second\"",
	       v->part, v->label, v->mix_name);
	print_runs(v, "", v->run);
	if (v->mirror)
		print_runs(v, "beside_", v->mirrored);
	if (v->rate > 0)
		printf(", \"offered\": %.0f", v->rate);
	print_checks(v);
	printf("}\n");
}

/* ---- all of it ---- */

static int take_samples(struct veth *v)
{
	unsigned int i;
	int r = 0;

	for (i = 0; i < v->samples && !r; i++) {
		r = gen_run(v->gen, v->device, v->rate, v->seconds, v->timed, false, &v->run[i]);
		if (!r && v->mirror)
			r = gen_run(v->gen, v->mirror, v->rate, v->seconds, v->timed, true,
				    &v->mirrored[i]);
	}
	return r;
}

static int own_address(const char *device, uint8_t mac[6])
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r;
	struct ifreq request = { 0 };

	if (fd < 0)
		return -errno;
	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	r = ioctl(fd, SIOCGIFHWADDR, &request) ? -errno : 0;
	memcpy(mac, request.ifr_hwaddr.sa_data, 6);
	(void)close(fd);
	return r;
}

static int measure(struct veth *v)
{
	uint8_t own_mac[6];
	unsigned int i;
	int r;

	r = own_address(v->device, own_mac);
	if (r)
		return r;
	v->mix = mix_new(v->mix_name, v->names, FRAMES, own_mac, v->mac);
	if (!v->mix)
		return -EINVAL;
	r = gen_new(&v->gen, v->mix, v->cpu);
	for (i = 0; i < v->n_pids && !r; i++)
		gen_watch(v->gen, v->pid[i]);
	if (!r)
		r = gen_attach(v->gen, v->device);
	if (!r && v->mirror)
		r = gen_attach(v->gen, v->mirror);
	if (!r && v->mirror)
		r = start_mirror(v);
	if (!r && v->search > 0)
		r = search_rate(v);
	if (!r)
		r = take_samples(v);
	if (!r)
		print_all(v);
	if (v->refl)
		(void)set_mirror(v, -1);
	refl_free(v->refl);
	gen_free(v->gen);
	mix_free(v->mix);
	return r;
}

static int read_mac(uint8_t mac[6], const char *text)
{
	return sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3],
		      &mac[4], &mac[5]) == 6
		       ? 0
		       : -EINVAL;
}

static int read_option(struct veth *v, int option, const char *text)
{
	switch (option) {
	case 'm':
		v->mix_name = text;
		return 0;
	case 'N':
		v->names = (uint32_t)strtoul(text, NULL, 10);
		return 0;
	case 'M':
		return read_mac(v->mac, text);
	case 'd':
		v->device = text;
		return 0;
	case 'D':
		v->mirror = text;
		return 0;
	case 's':
		v->netns = text;
		return 0;
	case 'S':
		v->mirror_end = text;
		return 0;
	case 'l':
		v->label = text;
		return 0;
	case 'p':
		if (v->n_pids < sizeof(v->pid) / sizeof(v->pid[0]))
			v->pid[v->n_pids++] = atoi(text);
		return 0;
	case 'c':
		v->cpu = (unsigned int)strtoul(text, NULL, 10);
		return 0;
	case 'n':
		v->samples = (unsigned int)strtoul(text, NULL, 10);
		return 0;
	case 't':
		v->seconds = strtod(text, NULL);
		return 0;
	case 'r':
		v->rate = strtod(text, NULL);
		return 0;
	case 'B':
		v->by_mirror = true;
		/* fall through */
	case 'b':
		v->search = strtod(text, NULL);
		return 0;
	case 'x':
		v->steps = (unsigned int)strtoul(text, NULL, 10);
		return 0;
	case 'P':
		v->part = text;
		return 0;
	case 'L':
		v->timed = true;
		return 0;
	}
	return -EINVAL;
}

int bench_veth(int argc, char **argv)
{
	static struct veth v = {
		.samples = 5, .seconds = 1, .names = 1, .part = "veth", .steps = 10
	};
	int option, r = 0;

	while (!r && (option = getopt(argc, argv, "m:N:M:d:D:s:S:l:p:c:n:t:r:b:B:x:P:L")) != -1)
		r = read_option(&v, option, optarg);
	if (r || !v.mix_name || !v.device || !v.samples || v.samples > BENCH_SAMPLES_MAX ||
	    (v.mirror && (!v.netns || !v.mirror_end)) || (v.by_mirror && !v.mirror))
		return 2;
	if (!v.label)
		v.label = v.mix_name;
	return measure(&v);
}
