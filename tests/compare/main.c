// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The differential test: every zone of shared data, all at once, and random zones, here and in nsd, knotd and named; every
 * name and type of them, and random questions in and around their names. What the driver answers must be what they answer,
 * but for the closed list of tolerances (compare.h); what it passes is counted by reason. Native and BPF must agree
 * on every question. A sample of signed answers goes to $B/compare for check_proofs.py.
 *
 * DNSBOLT_DATA: where the data is (../shared/data). COMPARE_QUESTIONS: how many (100000); COMPARE_SHARED: percent of them for that
 * data (48). COMPARE_SEED: of the random zones and questions (2, so that a run is the same each time). COMPARE_SHOW: see
 * read_shown().
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../userspace/lib/reason.h"
#include "round.h"

#define QUESTIONS 100000ul
#define SEED 2ul
#define GROUPS 12u		/* random bodies of one round */
#define ROUND_QUESTIONS 15000ul /* at least, for one round of random zones */
#define ROUNDS_MAX 100ul	/* of random zones */
#define SHARED_PERCENT 48u
#define SWEPT_PERCENT 20u

static struct tally tally;
static struct round now;
static struct generated generated;

static unsigned long number_of(const char *variable, unsigned long otherwise)
{
	const char *text = getenv(variable);

	return text && *text ? strtoul(text, NULL, 10) : otherwise;
}

/* COMPARE_SHOW=T9,T13: the tolerances whose first cases are to be seen. */
static unsigned int read_shown(void)
{
	const char *at = getenv("COMPARE_SHOW");
	unsigned int bits = 0;
	unsigned long t;

	for (; at && (at = strchr(at, 'T')); at++) {
		t = strtoul(at + 1, NULL, 10);
		bits |= t < TOLERANCES ? TOLERANCE_BIT(t) : 0;
	}
	return bits;
}

/* ---- what is kept for check_proofs.py ---- */

/* $B/compare, empty; its absolute path becomes generated.dir. */
static int make_folder(void)
{
	const char *build = getenv("B");
	char dir[300], *whole;
	int r;

	snprintf(dir, sizeof(dir), "%s/compare", build ? build : "build");
	r = folder_remove(dir);
	if (r && r != -ENOENT)
		return r;
	if (mkdir(dir, 0755))
		return -errno;
	whole = realpath(dir, NULL);
	if (!whole)
		return -errno;
	snprintf(generated.dir, sizeof(generated.dir), "%s", whole);
	free(whole);
	return 0;
}

static FILE *open_kept(const char *file, const char *mode)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/%s", generated.dir, file);
	return fopen(path, mode);
}

static void keep_zones(void)
{
	FILE *out = open_kept("zones.txt", "a");
	size_t i;

	for (i = 0; out && i < now.zones.n; i++)
		if (now.zones.all[i].zone->is_signed)
			fprintf(out, "%u %s %s\n", now.nr, now.zones.all[i].name,
				now.zones.all[i].path);
	if (out)
		fclose(out);
}

/* ---- rounds ---- */

static int ask_zones(unsigned long questions)
{
	int r = round_start(&now);

	now.nr++;
	if (!r) {
		keep_zones();
		round_ask(&now, questions);
		tally.sweep_cut = tally.sweep_cut || now.sweep_zone < now.zones.n;
	}
	round_stop(&now);
	return r;
}

static int new_harness(void)
{
	int r;

	harness_free(now.h);
	now.h = NULL;
	r = harness_new(&now.h, geteuid() == 0);
	if (r)
		fprintf(stderr, "no harness: %s\n", strerror(-r));
	return r;
}

static int ask_shared(const char *data, unsigned long questions)
{
	int r = new_harness();

	if (!r)
		r = zones_add_shared(&now.zones, now.h, data);
	if (r == -ENOENT) {
		printf("report: no shared data at %s (set DNSBOLT_DATA)\n", data);
		return 0;
	}
	now.walking = true;
	tally.walk = question_count(&now.zones);
	if (!r)
		r = ask_zones(questions);
	printf("report: shared data: %s of %zu names and types\n",
	       now.walking ? "too few questions for all" : "all", tally.walk);
	now.walking = false;
	return r;
}

static int ask_generated(unsigned long questions)
{
	int r = new_harness();

	if (!r)
		r = generate_zones(&generated, &now.zones, now.h, GROUPS);
	if (r == -ENOENT)
		printf("report: dnssec-signzone is not installed: no signed random zones\n");
	return r && r != -ENOENT ? r : ask_zones(questions);
}

static int ask_swept(unsigned long questions)
{
	int r = new_harness();

	if (!r)
		r = generate_sweep(&generated, &now.zones, now.h);
	return r && r != -ENOENT ? r : ask_zones(questions);
}

static int ask_all(unsigned long questions, const char *data)
{
	unsigned long shared = questions * number_of("COMPARE_SHARED", SHARED_PERCENT) / 100,
		      swept = questions * SWEPT_PERCENT / 100, rest = questions - shared - swept,
		      rounds, i;
	int r = ask_shared(data, shared);

	if (!r)
		r = ask_swept(swept);
	rounds = rest / ROUND_QUESTIONS < ROUNDS_MAX ? rest / ROUND_QUESTIONS : ROUNDS_MAX;
	if (!rounds)
		rounds = 1;
	for (i = 0; !r && i < rounds; i++)
		r = ask_generated(rest / rounds);
	return r;
}

/* ---- summary ---- */

static void print_tolerances(enum server_kind kind)
{
	int t;

	if (tally.missing[kind]) {
		printf("report: %s is not installed: left out\n", server_name(kind));
		return;
	}
	printf("report: held against %s: %lu;", server_name(kind), tally.compared[kind]);
	for (t = T1; t < TOLERANCES; t++)
		if (tally.tolerated[kind][t])
			printf(" T%d %lu", t, tally.tolerated[kind][t]);
	printf("\n");
}

static void print_share(void)
{
	unsigned long ours =
		tally.asked - tally.reasons[REASON_not_ours] - tally.reasons[REASON_qclass];

	printf("report: %.3f %% answered by the driver of %lu UDP questions of class IN in served zones\n",
	       ours ? 100.0 * (double)tally.answered / (double)ours : 0.0, ours);
}

static void print_summary(uint64_t seed)
{
	unsigned int i;
	int kind;

	printf("report: seed %llu, %lu zones, %lu questions: %lu answered, %lu passed, %lu wrong, %lu in which the servers "
	       "disagree, %lu in which native and BPF differ%s\n",
	       (unsigned long long)seed, tally.zones, tally.asked, tally.answered,
	       tally.asked - tally.answered, tally.wrong, tally.voters_disagree, tally.disagree,
	       now.h && harness_is_kernel(now.h) ? "" : " (native only)");
	print_share();
	printf("report: %lu of the sweep%s\n", tally.swept,
	       tally.sweep_cut ? ", which was cut off: too few questions" : ", all");
	printf("report: %lu signed answers kept for check_proofs.py, %lu of them for which a fault was tolerated\n",
	       now.n_pairs + now.n_faults, now.n_faults);
	for (kind = 0; kind < SERVER_KINDS; kind++)
		print_tolerances((enum server_kind)kind);
	for (i = 1; i < DNSBOLT_REASONS_MAX; i++)
		if (tally.reasons[i])
			printf("report: %8lu %s\n", tally.reasons[i],
			       reason_info(i) ? reason_info(i)->name : "?");
	for (i = 0; i < tally.n_signatures; i++)
		printf("wrong: %8lu %s: first: %s\n", tally.signature[i].n, tally.signature[i].text,
		       tally.signature[i].example);
}

int main(void)
{
	unsigned long questions = number_of("COMPARE_QUESTIONS", QUESTIONS);
	uint64_t seed = number_of("COMPARE_SEED", SEED);
	const char *data = getenv("DNSBOLT_DATA");
	int r;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("seed %llu\n", (unsigned long long)seed);
	random_seed(seed);
	now.tally = &tally;
	tally.show = read_shown();
	r = make_folder();
	if (!r) {
		now.pairs = open_kept("pairs.bin", "w");
		r = ask_all(questions, data ? data : "../shared/data");
	}
	if (r == -ENOENT)
		printf("skip: none of nsd, knotd, named is installed\n");
	else if (r)
		fprintf(stderr, "not done: %s\n", strerror(-r));
	print_summary(seed);
	if (now.pairs)
		fclose(now.pairs);
	harness_free(now.h);
	if (r == -ENOENT)
		return 77;
	r = r || tally.wrong || tally.disagree || !tally.answered;
	printf("%d passed, %d failed, 0 skipped\n", !r, r);
	return r;
}
