// SPDX-License-Identifier: GPL-3.0-or-later
/* A flood of one question by one client, from one CPU and from two. */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>

#include "../lib/frame.h"
#include "limits.h"

#define SECOND 1000000000ull
#define FLOOD_NS (SECOND * 3 / 2)
#define FLOOD_CPUS 2
#define RATE 200u
#define PASS_RATE 1000u
#define ENOUGH 10u /* times the rate, so that it is the limit that decides */

struct flood {
	pthread_t thread;
	int entry, cpu;
	uint64_t until;
	const uint8_t *frame;
	size_t len;
	uint64_t asked, action[XDP_REDIRECT + 1];
	int error;
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

static void *run_flood(void *arg)
{
	struct flood *flood = arg;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(flood->cpu, &cpus);
	flood->error = pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
	while (!flood->error && now() < flood->until) {
		LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = flood->frame,
			    .data_size_in = (uint32_t)flood->len);

		flood->error = bpf_prog_test_run_opts(flood->entry, &run);
		flood->asked++;
		if (run.retval <= XDP_REDIRECT)
			flood->action[run.retval]++;
	}
	return NULL;
}

/* Returns the time that it took, in ns; the sum of all is in ret_flood. */
static uint64_t flood_with(struct harness *h, int cpus, const uint8_t *frame, size_t len,
			   struct flood *ret_flood)
{
	struct flood flood[FLOOD_CPUS] = { 0 };
	uint64_t start = now();
	int i, j;

	memset(ret_flood, 0, sizeof(*ret_flood));
	for (i = 0; i < cpus; i++) {
		flood[i] = (struct flood){ .entry = harness_entry(h),
					   .cpu = i,
					   .until = start + FLOOD_NS,
					   .frame = frame,
					   .len = len };
		flood[i].error = pthread_create(&flood[i].thread, NULL, run_flood, &flood[i]);
		ret_flood->error |= flood[i].error;
	}
	for (i = 0; i < cpus; i++) {
		(void)pthread_join(flood[i].thread, NULL);
		ret_flood->error |= flood[i].error;
		ret_flood->asked += flood[i].asked;
		for (j = 0; j <= XDP_REDIRECT; j++)
			ret_flood->action[j] += flood[i].action[j];
	}
	return now() - start;
}

/* Within 10 %: `at_once`, and then the rate. */
static void say_rate(const char *what, int cpus, const struct flood *flood, uint64_t sent,
		     uint64_t at_once, uint64_t rate, uint64_t ns)
{
	uint64_t due = at_once + rate * ns / SECOND;

	limits_say(!flood->error && sent * 10 >= due * 9 && sent * 10 <= due * 11 &&
			   flood->asked > ENOUGH * due,
		   "%s, %d CPU%s: %lu of %lu, %lu are due", what, cpus, cpus > 1 ? "s" : "",
		   (unsigned long)sent, (unsigned long)flood->asked, (unsigned long)due);
}

/* All that is over a limit is counted so, whatever became of it, and the last one is noted. */
static void say_counted(struct harness *h, const struct dnsbolt_counters *before)
{
	struct dnsbolt_counters after;
	struct dnsbolt_limited last;
	uint64_t over, dropped, slipped;

	if (harness_counters(h, &after) || harness_recent(h, &last)) {
		limits_say(false, "counters cannot be read");
		return;
	}
	over = after.limited[DNSBOLT_CLASS_ANSWER] - before->limited[DNSBOLT_CLASS_ANSWER];
	dropped = after.reason[REASON_rate_limited] - before->reason[REASON_rate_limited];
	slipped = after.slipped - before->slipped;
	limits_say(over && over == dropped + slipped,
		   "%lu over the rate are %lu dropped and %lu slipped", (unsigned long)over,
		   (unsigned long)dropped, (unsigned long)slipped);
	limits_say(slipped * 20 >= over * 9 && slipped * 20 <= over * 11,
		   "slip 2: every second one");
	limits_say(last.class == DNSBOLT_CLASS_ANSWER && last.prefix_len == 96 + RATE_PREFIX_IPV4 &&
			   last.prefix[12] == 198 && last.prefix[14] == 100 && !last.prefix[15],
		   "the last one is noted by its prefix");
}

static void rate_of_answers(struct harness *h, int cpus, const uint8_t *frame, size_t len)
{
	struct dnsbolt_counters before;
	struct flood flood;
	uint64_t ns;

	limits_set(h, DNSBOLT_CLASS_ANSWER, RATE, 1);
	ns = flood_with(h, cpus, frame, len, &flood);
	say_rate("window 1: the rate", cpus, &flood, flood.action[XDP_TX], RATE, RATE, ns);
	limits_set(h, DNSBOLT_CLASS_ANSWER, RATE, 15);
	(void)flood_with(h, cpus, frame, len, &flood);
	say_rate("window 15: one second's worth, then nothing", cpus, &flood, flood.action[XDP_TX],
		 RATE, 0, 0);
	limits_set(h, DNSBOLT_CLASS_ANSWER, RATE, 1);
	harness_config(h)->limit.slip = 2;
	if (!harness_counters(h, &before))
		(void)flood_with(h, cpus, frame, len, &flood);
	say_counted(h, &before);
	limits_set(h, DNSBOLT_CLASS_ANSWER, 0, 1);
}

static void rate_of_passed(struct harness *h, int cpus)
{
	struct dnsbolt_limit_config *l = &harness_config(h)->limit;
	uint8_t frame[FRAME_MAX];
	size_t len = limits_frame(frame, "not.ours.invalid.", false, NULL, 0);
	struct flood flood;
	uint64_t ns;

	limits_set(h, DNSBOLT_CLASS_ANSWER, 0, 1);
	l->pass_step_ns = SECOND / PASS_RATE;
	l->pass_burst_ns = SECOND;
	ns = flood_with(h, cpus, frame, len, &flood);
	l->pass_step_ns = 0;
	say_rate("pass-limit", cpus, &flood, flood.action[XDP_PASS], PASS_RATE * 3 / 4, PASS_RATE,
		 ns);
}

void limits_rates(struct harness *h)
{
	uint8_t frame[FRAME_MAX];
	size_t len = limits_frame(frame, "www.example.com.", false, NULL, 0);
	int cpus;

	for (cpus = 1; cpus <= FLOOD_CPUS; cpus++) {
		if (cpus > get_nprocs()) {
			printf("ok - %d CPUs # SKIP there are not so many\n", cpus);
			break;
		}
		rate_of_answers(h, cpus, frame, len);
		rate_of_passed(h, cpus);
	}
}
