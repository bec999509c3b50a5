// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The torn-answer hunt: a writer publishes versions as fast as it can, while threads ask the loaded program and the
 * resolver's code. HUNT_ANSWERS: how many answers of each (10,000,000).
 *
 * Built with TEST_NO_VERSION_CHECK, against a core that takes every node for visible, it is the hunt that must find
 * something: it ends when it has, in both.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../../userspace/lib/reason.h"
#include "../lib/harness.h"
#include "hunt.h"

#define READERS_MAX 16
#define ANSWERS 10000000u
#define WRITER_NICE (-10)
#ifdef TEST_NO_VERSION_CHECK
#define IS_BLIND true
#else
#define IS_BLIND false
#endif

struct hunt {
	struct harness *h;
	struct hunt_writer *writer;
	struct hunt_question *question;
	size_t n_questions;
	struct hunt_reader *reader[HUNT_WAYS][READERS_MAX];
	int cpus;
};

static bool failed;

static void holds(bool is_true, const char *what)
{
	printf("%s - %s\n", is_true ? "ok" : "not ok", what);
	failed = failed || !is_true;
}

static uint64_t sum(const struct hunt *hunt, enum hunt_way way,
		    uint64_t (*count)(const struct hunt_reader *r))
{
	uint64_t n = 0;

	for (int i = 0; i < hunt->cpus; i++)
		n += count(hunt->reader[way][i]);
	return n;
}

static uint64_t sum_faults(const struct hunt *hunt, enum hunt_way way, enum hunt_fault fault)
{
	uint64_t n = 0;

	for (int i = 0; i < hunt->cpus; i++)
		n += hunt_reader_faults(hunt->reader[way][i], fault);
	return n;
}

/* ---- the hunt ---- */

static uint64_t answers_wanted(void)
{
	const char *text = getenv("HUNT_ANSWERS");

	return text && *text ? strtoull(text, NULL, 10) : ANSWERS;
}

static bool is_done(const struct hunt *hunt, uint64_t wanted)
{
	for (int way = 0; way < HUNT_WAYS; way++) {
		if (IS_BLIND && sum_faults(hunt, way, HUNT_TORN))
			continue;
		if (sum(hunt, way, hunt_reader_answers) < wanted)
			return false;
	}
	return true;
}

static int start_readers(struct hunt *hunt)
{
	int err = 0;

	for (int way = 0; way < HUNT_WAYS; way++)
		for (int cpu = 0; cpu < hunt->cpus && !err; cpu++)
			err = hunt_reader_start(&hunt->reader[way][cpu], way, cpu, hunt->h,
						hunt->writer, hunt->question, hunt->n_questions);
	return err;
}

static void stop_readers(struct hunt *hunt)
{
	for (int way = 0; way < HUNT_WAYS; way++)
		for (int cpu = 0; cpu < hunt->cpus && hunt->reader[way][cpu]; cpu++)
			hunt_reader_stop(hunt->reader[way][cpu]);
}

static int prepare(struct hunt *hunt)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int err;

	hunt->cpus = (int)(cpus < 1 ? 1 : cpus > READERS_MAX ? READERS_MAX : cpus);
	hunt->question = hunt_questions(&hunt->n_questions);
	err = hunt->question ? harness_new(&hunt->h, true) : -ENOMEM;
	return err ?: hunt_writer_new(&hunt->writer, hunt->h);
}

static int run(struct hunt *hunt)
{
	uint64_t wanted = answers_wanted();
	int err = start_readers(hunt);

	/* The readers never wait; of this thread alone, as Linux has it. */
	(void)setpriority(PRIO_PROCESS, 0, WRITER_NICE);
	/* And each version has an index of its own. */
	while (!err && !is_done(hunt, wanted))
		err = hunt_writer_step(hunt->writer) ?: store_renew_index(harness_store(hunt->h));
	stop_readers(hunt);
	return err;
}

/* ---- what came of it ---- */

static int hold_interleaved(const struct hunt *hunt, bool indexed)
{
	size_t tried, wrong;
	char text[128];
	int err;

	if (IS_BLIND)
		return 0;
	err = hunt_interleave(hunt->question, hunt->n_questions, indexed, &tried, &wrong);
	if (err)
		return err;
	(void)snprintf(
		text, sizeof(text),
		"%zu of %zu answers wrong with a publish behind one of their look-ups in the %s",
		wrong, tried, indexed ? "index" : "map");
	holds(wrong == 0 && tried, text);
	return 0;
}

static const char *const way_text[HUNT_WAYS] = {
	[HUNT_KERNEL] = "driver", [HUNT_NATIVE] = "resolver"
};

static void hold_fault(const struct hunt *hunt, enum hunt_way way, enum hunt_fault fault)
{
	uint64_t n = sum_faults(hunt, way, fault);
	char text[128];

	if (IS_BLIND && fault != HUNT_TORN)
		return;
	(void)snprintf(text, sizeof(text), "%s: %ju of %ju answers %s%s", way_text[way],
		       (uintmax_t)n, (uintmax_t)sum(hunt, way, hunt_reader_answers),
		       hunt_fault_text(fault), IS_BLIND ? ", without the version check" : "");
	holds(IS_BLIND ? n > 0 : n == 0, text);
}

/* Every query that was not answered was passed as `busy`: none as of a name that is not there. */
static void hold_reasons(const struct hunt *hunt)
{
	uint64_t count[DNSBOLT_REASONS_MAX];
	char text[128];
	bool is_fine;

	if (IS_BLIND)
		return;
	is_fine = harness_reasons(hunt->h, count) == 0;
	for (unsigned int i = 0; is_fine && i < DNSBOLT_REASONS_MAX; i++) {
		const struct reason_info *info = reason_info(i);

		if (!count[i] || i == REASON_busy || info->action == REASON_ACTION_TX)
			continue;
		printf("# passed as %s: %ju\n", info->name ?: "?", (uintmax_t)count[i]);
		is_fine = false;
	}
	(void)snprintf(text, sizeof(text), "driver: %ju queries passed, all of them as busy",
		       (uintmax_t)sum(hunt, HUNT_KERNEL, hunt_reader_busy));
	holds(is_fine, text);
}

static void report(const struct hunt *hunt, double seconds)
{
	printf("report: %ju versions of %zu zones in %.1f s; driver: %ju answers, resolver: %ju\n",
	       (uintmax_t)hunt_writer_done(hunt->writer), hunt_zones, seconds,
	       (uintmax_t)sum(hunt, HUNT_KERNEL, hunt_reader_answers),
	       (uintmax_t)sum(hunt, HUNT_NATIVE, hunt_reader_answers));
}

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void judge_all(const struct hunt *hunt)
{
	for (int way = 0; way < HUNT_WAYS; way++)
		for (int fault = HUNT_RIGHT + 1; fault < HUNT_FAULTS; fault++)
			hold_fault(hunt, way, fault);
	hold_reasons(hunt);
	if (!IS_BLIND) {
		holds(store_reclaim(harness_store(hunt->h)) == 0 &&
			      store_leaked(harness_store(hunt->h)) == 0,
		      "the store has lost nothing");
	}
}

int main(int argc, char **argv)
{
	struct hunt hunt = { .cpus = 0 };
	double began;
	int err;

	if (argc > 1)
		return hunt_ask_main(argc, argv);
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	err = prepare(&hunt);
	if (!err)
		err = hold_interleaved(&hunt, true) ?: hold_interleaved(&hunt, false);
	began = now();
	if (!err)
		err = run(&hunt);
	if (err) {
		printf("not ok - the hunt goes on to its end: %s\n", strerror(-err));
		return EXIT_FAILURE;
	}
	report(&hunt, now() - began);
	judge_all(&hunt);
	for (int way = 0; way < HUNT_WAYS; way++)
		for (int cpu = 0; cpu < hunt.cpus; cpu++)
			hunt_reader_free(hunt.reader[way][cpu]);
	hunt_writer_free(hunt.writer);
	harness_free(hunt.h);
	free(hunt.question);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
