// SPDX-License-Identifier: GPL-3.0-or-later
#include "hunt.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "../../userspace/resolver/answer.h"
#include "../lib/frame.h"
#include "../lib/harness.h"

#define HEADERS (14u + 20u + 8u) /* Ethernet, IPv4, UDP */
#define SHOWN_MAX 3u

struct frame {
	uint8_t octets[512];
	size_t len;
};

struct hunt_reader {
	pthread_t thread;
	enum hunt_way way;
	int cpu, entry;
	const struct hunt_writer *writer;
	const struct hunt_question *question;
	size_t n;
	bool stop; /* atomic; so are the counts */
	uint64_t answers, busy, faults[HUNT_FAULTS];
	/* native */
	struct answer answer;
	struct ipc_stats stats;
	/* in the kernel */
	struct frame *frame;
};

static void count(uint64_t *counter)
{
	__atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED);
}

/* The tag is that of one of the versions done..begun, counted from 1: one that was in force while the question was
 * looked up. */
static bool was_in_force(unsigned int tag, uint64_t done, uint64_t begun)
{
	for (uint64_t version = done; version <= begun; version++)
		if ((version - 1) % HUNT_RING == tag)
			return true;
	return false;
}

static void show(const struct hunt_reader *r, const struct hunt_question *q, enum hunt_fault fault,
		 const uint8_t *msg, size_t len, uint64_t done, uint64_t begun)
{
	static unsigned int shown; /* one too many does no harm */

	if (shown++ >= SHOWN_MAX)
		return;
	printf("# %s, %s: an answer %s; versions %ju to %ju were in force\n",
	       r->way == HUNT_KERNEL ? "driver" : "resolver", q->text, hunt_fault_text(fault),
	       (uintmax_t)(done - 1) % HUNT_RING, (uintmax_t)(begun - 1) % HUNT_RING);
	hunt_print(stdout, msg, len);
}

static void judge(struct hunt_reader *r, const struct hunt_question *q, const uint8_t *msg,
		  size_t len, uint64_t done)
{
	uint64_t begun = hunt_writer_begun(r->writer);
	unsigned int tag;
	enum hunt_fault fault = hunt_judge(q, msg, len, &tag);

	if (!fault && !was_in_force(tag, done, begun))
		fault = HUNT_STALE;
	if (fault)
		show(r, q, fault, msg, len, done, begun);
	count(&r->faults[fault]);
	count(&r->answers);
}

/* ---- in the kernel ---- */

static int make_frames(struct hunt_reader *r)
{
	struct frame_spec spec;

	frame_defaults(&spec, false);
	r->frame = calloc(r->n, sizeof(*r->frame));
	for (size_t i = 0; r->frame && i < r->n; i++) {
		uint8_t octets[FRAME_MAX];

		r->frame[i].len =
			frame_build(&spec, r->question[i].msg, r->question[i].len, octets);
		if (r->frame[i].len > sizeof(r->frame[i].octets))
			return -EMSGSIZE;
		memcpy(r->frame[i].octets, octets, r->frame[i].len);
	}
	return r->frame ? 0 : -ENOMEM;
}

/* Passed queries are told apart by the program's counters, at the end. */
static void ask_kernel(struct hunt_reader *r, size_t i)
{
	uint8_t reply[2048];
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = r->frame[i].octets,
		    .data_size_in = (uint32_t)r->frame[i].len, .data_out = reply,
		    .data_size_out = sizeof(reply));
	uint64_t done = hunt_writer_done(r->writer);

	if (bpf_prog_test_run_opts(r->entry, &run) < 0)
		count(&r->faults[HUNT_BROKEN]);
	else if (run.retval == XDP_TX && run.data_size_out > HEADERS)
		judge(r, &r->question[i], reply + HEADERS, run.data_size_out - HEADERS, done);
	else
		count(&r->busy);
}

/* ---- the resolver's code ---- */

static bool nothing_new(void *arg)
{
	(void)arg;
	return false;
}

static uint64_t busy_of(const struct hunt_reader *r)
{
	return r->stats.reason[ANSWER_UDP][REASON_busy];
}

static void ask_native(struct hunt_reader *r, size_t i)
{
	uint8_t reply[ANSWER_UDP_ROOM];
	uint64_t done = hunt_writer_done(r->writer), busy = busy_of(r);
	size_t len = answer_message(&r->answer, ANSWER_UDP, NULL, r->question[i].msg,
				    r->question[i].len, reply);

	if (busy_of(r) != busy)
		count(&r->busy);
	else
		judge(r, &r->question[i], reply, len, done);
}

/* ---- the thread ---- */

/* Questions in an order that goes from zone to zone, another one in each thread. */
static void *run(void *arg)
{
	struct hunt_reader *r = arg;
	size_t i = 0, step = r->n / 2 + 1 + (size_t)r->cpu;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(r->cpu, &set);
	if (r->way == HUNT_KERNEL && pthread_setaffinity_np(pthread_self(), sizeof(set), &set)) {
		count(&r->faults[HUNT_BROKEN]);
		return NULL;
	}
	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		if (r->way == HUNT_KERNEL)
			ask_kernel(r, i);
		else
			ask_native(r, i);
		i = (i + step) % r->n;
	}
	return NULL;
}

static int prepare(struct hunt_reader *r, struct harness *h)
{
	if (r->way == HUNT_KERNEL) {
		r->entry = harness_entry(h);
		return make_frames(r);
	}
	r->answer = (struct answer){ .view = store_view(harness_store(h)),
				     .stats = &r->stats,
				     .refresh = nothing_new };
	return core_new(&r->answer.core, r->answer.view);
}

int hunt_reader_start(struct hunt_reader **ret_reader, enum hunt_way way, int cpu,
		      struct harness *h, const struct hunt_writer *w,
		      const struct hunt_question *question, size_t n)
{
	struct hunt_reader *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->way = way;
	r->cpu = cpu;
	r->writer = w;
	r->question = question;
	r->n = n;
	err = prepare(r, h);
	if (!err)
		err = -pthread_create(&r->thread, NULL, run, r);
	if (err)
		hunt_reader_free(r);
	else
		*ret_reader = r;
	return err;
}

uint64_t hunt_reader_answers(const struct hunt_reader *r)
{
	return __atomic_load_n(&r->answers, __ATOMIC_RELAXED);
}

uint64_t hunt_reader_faults(const struct hunt_reader *r, enum hunt_fault fault)
{
	return __atomic_load_n(&r->faults[fault], __ATOMIC_RELAXED);
}

uint64_t hunt_reader_busy(const struct hunt_reader *r)
{
	return __atomic_load_n(&r->busy, __ATOMIC_RELAXED);
}

void hunt_reader_stop(struct hunt_reader *r)
{
	__atomic_store_n(&r->stop, true, __ATOMIC_RELAXED);
	(void)pthread_join(r->thread, NULL);
}

void hunt_reader_free(struct hunt_reader *r)
{
	if (!r)
		return;
	core_free(r->answer.core);
	free(r->frame);
	free(r);
}
