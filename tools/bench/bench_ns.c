/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Nanoseconds per packet by BPF_PROG_TEST_RUN: the real programs over a real store in kernel maps. Each row is run through
 * feed.bpf.c, three ways in turn: into nothing, into dnsbolt, and into a reflector whose replies are as long.
 *
 * Before that the row's answers are checked, octet by octet against the native core's; after it, that every timed run ended in the
 * reason which the row is about.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "../../tests/lib/harness.h"
#include "bench.h"
#include "feed.skel.h"

#define CHECKED 8u /* frames of a row, for each sample */
#define ORDER_MAX (1u << 22)
#define CALIBRATE_RUNS 2000u
#define RUNS_MAX (1u << 24)

struct ns {
	const struct ns_options *options;
	struct harness *h;
	struct feed_bpf *feed;
	uint64_t *order;
	double loop; /* of the empty program, what BPF_PROG_TEST_RUN itself takes */
	uint64_t runs;
	double length[2]; /* octets of frames and of replies, on average */
};

struct samples {
	double ns[BENCH_SAMPLES_MAX];
};

/* ---- one measurement ---- */

/* CPU time: what else this machine runs in between does not count. */
static double cpu_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int repeat(struct ns *ns, int program, uint32_t runs, double *ret_ns)
{
	const struct feed_query *query = &ns->feed->bss->query;
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = query->frame, .data_size_in = query->len,
		    .repeat = (int)runs);
	double start = cpu_ns();
	int r = bpf_prog_test_run_opts(program, &run);

	*ret_ns = cpu_ns() - start;
	ns->runs += runs;
	return r;
}

/* A call costs as much as thousands of runs: the difference of a long and a short one. */
static int time_run(struct ns *ns, int program, uint32_t runs, double *ret_ns)
{
	double lone, all;
	int r = repeat(ns, program, 1, &lone);

	if (!r)
		r = repeat(ns, program, runs, &all);
	*ret_ns = r ? 0 : (all - lone) / (runs - 1);
	return r;
}

static int aim(struct ns *ns, int program)
{
	uint32_t zero = 0;

	return bpf_map_update_elem(bpf_map__fd(ns->feed->maps.feed_target), &zero, &program,
				   BPF_ANY);
}

static int time_target(struct ns *ns, int target, uint32_t runs, double *ret_ns)
{
	int r = aim(ns, target);

	return r ? r : time_run(ns, bpf_program__fd(ns->feed->progs.feed_query), runs, ret_ns);
}

static int calibrate(struct ns *ns, int target, uint32_t *ret_runs)
{
	double each, runs;
	int r = time_target(ns, target, CALIBRATE_RUNS, &each);

	runs = ns->options->slice_ms * 1e6 / (each > 1 ? each : 1);
	*ret_runs = runs > RUNS_MAX ? RUNS_MAX : runs < 1000 ? 1000 : (uint32_t)runs;
	return r;
}

static int measure_loop(struct ns *ns)
{
	int program = bpf_program__fd(ns->feed->progs.feed_nothing), r = 0;
	double best = 1e9, each = 0;
	unsigned int i;

	ns->feed->bss->query.len = 64;
	for (i = 0; i < ns->options->samples && !r; i++) {
		r = time_run(ns, program, 20000 * ns->options->slice_ms, &each);
		best = each < best ? each : best;
	}
	ns->loop = best;
	return r;
}

/* ---- the row's answers are right ---- */

static const char *compare(const struct ns_row *row, const struct query *query,
			   const struct harness_result *bpf, const struct harness_result *native)
{
	const uint8_t *msg;
	size_t len;

	if (bpf->reason != row->reason)
		return "another reason";
	if (bpf->action != native->action || bpf->reason != native->reason)
		return "the native core decides otherwise";
	if (bpf->len != native->len || memcmp(bpf->frame, native->frame, bpf->len))
		return "the native core's frame differs";
	return bpf->action == XDP_TX
		       ? frame_check_reply(&query->spec, bpf->frame, bpf->len, &msg, &len)
		       : NULL;
}

static int check_row(struct ns *ns, const struct ns_row *row, struct query *query)
{
	static struct harness_result bpf, native;
	static uint8_t frame[FRAME_MAX];
	const unsigned int checked = CHECKED * ns->options->samples;
	const char *wrong = NULL;
	unsigned int i;
	size_t len;
	int r = 0;

	ns->length[0] = ns->length[1] = 0;
	for (i = 0; i < checked && !r && !wrong; i++) {
		len = query_frame(query, (uint32_t)ns->order[i], frame);
		r = harness_run_bpf(ns->h, frame, len, &bpf);
		if (!r)
			r = harness_run_native(ns->h, frame, len, 256, 3000, &native);
		if (!r)
			wrong = compare(row, query, &bpf, &native);
		ns->length[0] += (double)len / checked;
		ns->length[1] += (double)bpf.len / checked;
	}
	if (!wrong)
		return r;
	fprintf(stderr, "bench: %s, %s: %s (reason %d, %d natively, not %d)\n", row->group,
		row->name, wrong, bpf.reason, native.reason, row->reason);
	return -EPROTO;
}

/* Nothing but the row's reason was counted, once for each run. */
static int check_counts(struct ns *ns, const struct ns_row *row, const uint64_t *before,
			uint64_t runs)
{
	uint64_t after[DNSBOLT_REASONS_MAX];
	unsigned int i;
	int r = harness_reasons(ns->h, after);

	for (i = 0; i < DNSBOLT_REASONS_MAX && !r; i++) {
		if (after[i] - before[i] == (i == row->reason ? runs : 0))
			continue;
		fprintf(stderr, "bench: %s, %s: reason %u was counted %ju times in %ju runs\n",
			row->group, row->name, i, (uintmax_t)(after[i] - before[i]),
			(uintmax_t)runs);
		r = -EPROTO;
	}
	return r;
}

/* ---- a row ---- */

struct measured {
	struct samples row, refl, feed;
	int grow;
	unsigned int n;
	bool reflected;
};

static int measure_once(struct ns *ns, int refl, uint32_t runs, uint64_t *counted,
			struct measured *m)
{
	double nothing, each, mirrored = 0;
	int r = time_target(ns, bpf_program__fd(ns->feed->progs.feed_nothing), runs, &nothing);

	ns->runs = 0;
	if (!r)
		r = time_target(ns, harness_entry(ns->h), runs, &each);
	*counted += ns->runs;
	if (!r && refl >= 0)
		r = time_target(ns, refl, runs, &mirrored);
	if (r)
		return r;
	m->feed.ns[m->n] = nothing;
	m->row.ns[m->n] = each - nothing + ns->loop;
	m->refl.ns[m->n++] = mirrored - nothing + ns->loop;
	return 0;
}

static int measure_row(struct ns *ns, const struct ns_row *row, struct measured *m)
{
	uint64_t before[DNSBOLT_REASONS_MAX], counted = 0;
	struct refl *refl = NULL;
	uint32_t runs;
	int r = harness_reasons(ns->h, before);

	*m = (struct measured){ .n = 0 };
	m->grow = (int)(ns->length[1] - ns->length[0] + (ns->length[1] < ns->length[0] ? -.5 : .5));
	m->reflected = row->reason < REASON_off;
	if (!r && m->reflected)
		r = refl_new(&refl, m->grow);
	ns->runs = 0;
	if (!r)
		r = calibrate(ns, harness_entry(ns->h), &runs);
	counted = ns->runs;
	while (!r && m->n < ns->options->samples)
		r = measure_once(ns, refl ? refl_program(refl) : -1, runs, &counted, m);
	refl_free(refl);
	return r ? r : check_counts(ns, row, before, counted);
}

static void print_samples(const char *key, const double *value, unsigned int n)
{
	unsigned int i;

	printf("\"%s\": [", key);
	for (i = 0; i < n; i++)
		printf("%s%.2f", i ? ", " : "", value[i]);
	printf("]");
}

static void print_row(const struct ns *ns, const struct ns_row *row, const struct measured *m)
{
	const bool many = !strcmp(row->group, "many names");

	printf("{\"part\": \"ns\", \"group\": \"%s\", \"name\": \"%s\", \"unit\": \"ns\", "
	       "\"names\": %u, \"octets_in\": %.0f, \"octets_out\": %.0f, ",
	       row->group, row->name, many ? ns->options->many : ns->options->names, ns->length[0],
	       ns->length[1]);
	print_samples("samples", m->row.ns, m->n);
	printf(", ");
	print_samples("feed", m->feed.ns, m->n);
	if (m->reflected) {
		printf(", \"grow\": %d, ", m->grow);
		print_samples("beside_samples", m->refl.ns, m->n);
	}
	printf("}\n");
	(void)fflush(stdout);
}

static int fill_order(struct ns *ns, const struct ns_row *row, uint32_t names)
{
	struct choice *choice = choice_new(row->draw, names);
	uint32_t n = names < 65536 ? 65536 : ORDER_MAX, i;

	if (!choice)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		ns->order[i] = choice_next(choice);
	ns->feed->bss->order_next = 0;
	ns->feed->data->order_len = n;
	choice_free(choice);
	return 0;
}

static int do_row(struct ns *ns, const struct ns_row *row, uint32_t names)
{
	struct dnsbolt_config *config = harness_config(ns->h), saved = *config;
	static struct query query;
	struct measured m;
	int r = fill_order(ns, row, names);

	query_ask(&query, row->ask, row->type, row->flags);
	if (row->bend)
		row->bend(&query);
	if (row->configure)
		row->configure(config);
	if (!r && !query_feed(&query, &ns->feed->bss->query))
		r = -E2BIG;
	if (!r)
		r = check_row(ns, row, &query);
	if (!r)
		r = measure_row(ns, row, &m);
	*config = saved;
	if (!r)
		print_row(ns, row, &m);
	return r;
}

/* ---- what it is made of ---- */

static int do_primitive(struct ns *ns, int program, const char *name, unsigned int times)
{
	double nothing, each, value[BENCH_SAMPLES_MAX];
	uint32_t runs = 0;
	unsigned int i;
	int r = calibrate(ns, program, &runs);

	for (i = 0; i < ns->options->samples && !r; i++) {
		r = time_target(ns, bpf_program__fd(ns->feed->progs.feed_nothing), runs, &nothing);
		if (!r)
			r = time_target(ns, program, runs, &each);
		value[i] = (each - nothing) / times;
	}
	if (r)
		return r;
	printf("{\"part\": \"ns\", \"group\": \"made of\", \"name\": \"%s\", \"unit\": \"ns\", ",
	       name);
	print_samples("samples", value, ns->options->samples);
	printf("}\n");
	return 0;
}

static int do_primitives(struct ns *ns)
{
	struct prim *prim = NULL;
	unsigned int times;
	const char *name;
	int r = prim_new(&prim), program;
	size_t i;

	ns->feed->bss->query = (struct feed_query){ .len = 128 };
	for (i = 0; !r && (program = prim_get(prim, i, &name, &times)) >= 0; i++)
		r = do_primitive(ns, program, name, times);
	prim_free(prim);
	return r;
}

/* By BENCH_ROWS, for who looks at one thing. */
static bool is_wanted(const struct ns_row *row)
{
	const char *part = getenv("BENCH_ROWS");

	return !part || strstr(row->name, part);
}

/* ---- while a zone is changed ---- */

static int do_version(struct ns *ns)
{
	static const struct ns_row row = { "feature",
					   "a version back",
					   "########.plain.example",
					   KNOT_RRTYPE_A,
					   REASON_answer,
					   ASK_EDNS,
					   DRAW_UNIFORM,
					   NULL,
					   NULL };
	struct version *version = NULL;
	int r;

	if (!is_wanted(&row))
		return 0;
	r = version_new(&version, ns->h, ns->options->zones);

	if (!r)
		r = do_row(ns, &row, ns->options->names);
	version_free(version);
	return r;
}

/* ---- all of them ---- */

static int open_feed(struct ns *ns)
{
	int r;

	ns->feed = feed_bpf__open();
	if (!ns->feed)
		return -errno;
	bpf_map__set_max_entries(ns->feed->maps.feed_order, ORDER_MAX);
	bpf_program__set_expected_attach_type(ns->feed->progs.feed_query, 0);
	bpf_program__set_expected_attach_type(ns->feed->progs.feed_nothing, 0);
	r = feed_bpf__load(ns->feed);
	if (r)
		return r;
	ns->order = mmap(NULL, ORDER_MAX * sizeof(*ns->order), PROT_READ | PROT_WRITE, MAP_SHARED,
			 bpf_map__fd(ns->feed->maps.feed_order), 0);
	return ns->order == MAP_FAILED ? -errno : 0;
}

static int open_zones(struct ns *ns)
{
	const struct ns_options *o = ns->options;
	uint64_t names = 16ull * o->names + o->many + o->many / 16 + 65536;
	int r = harness_new_sized(&ns->h, true, (uint32_t)names);

	if (!r)
		r = harness_add_folder(ns->h, o->zones, &bench_report);
	return r ? r : harness_publish(ns->h, &bench_report);
}

int bench_ns(const struct ns_options *options)
{
	struct ns ns = { .options = options };
	size_t i;
	int r;

	if (!options->samples || options->samples > BENCH_SAMPLES_MAX || !options->slice_ms)
		return -EINVAL;
	r = open_zones(&ns);
	if (!r)
		r = open_feed(&ns);
	if (!r)
		r = measure_loop(&ns);
	if (!r)
		printf("{\"part\": \"ns\", \"group\": \"test run\", \"name\": \"empty program\", "
		       "\"unit\": \"ns\", \"samples\": [%.2f]}\n",
		       ns.loop);
	if (!r && !getenv("BENCH_ROWS"))
		r = do_primitives(&ns);
	for (i = 0; i < bench_n_rows && !r; i++) {
		const bool many = !strcmp(bench_rows[i].group, "many names");

		if (!is_wanted(&bench_rows[i]))
			continue;
		if (!many || options->many)
			r = do_row(&ns, &bench_rows[i], many ? options->many : options->names);
	}
	if (!r)
		r = do_version(&ns);
	feed_bpf__destroy(ns.feed);
	harness_free(ns.h);
	return r;
}
