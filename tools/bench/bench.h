/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the files of the benchmark. Results are printed as JSON, one object a line, with every sample: report.py makes
 * medians, ratios and the table of them. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../bpf/reasons.h"
#include "../../loader/zone/zone.h"
#include "../../tests/lib/frame.h"
#include "shared.h"

#define BENCH_SAMPLES_MAX 64u

extern const struct report bench_report;

/* ---- zones (bench_zones.c) ---- */

/* Writes plain.example, nsec.example and nsec3.example (the latter two to be signed), len, odd.example and other.example
 * with `names` names each into the directory, and names.example with `many`, if that is not 0. */
int bench_write_zones(const char *dir, uint32_t names, uint32_t many);

/* ---- queries (bench_query.c) ---- */

#define ASK_EDNS (1u << 0)
#define ASK_DO (1u << 1)
#define ASK_IPV6 (1u << 2)

struct query {
	struct frame_spec spec;
	uint8_t msg[1024];
	size_t len;
	uint32_t label_at, digits; /* where in the message the number stands; 0: nowhere */
};

/* A question for the name, in which "########" or "####" stands for the digits of a number. */
void query_ask(struct query *query, const char *name, uint16_t type, unsigned int flags);
/* Returns the length of the frame with that number in it. */
size_t query_frame(struct query *query, uint32_t number, uint8_t *frame);
/* As feed.bpf.c wants it. False: it does not fit. */
bool query_feed(struct query *query, struct feed_query *ret_feed);

/* ---- choice (bench_query.c) ---- */

enum draw { DRAW_NONE, DRAW_UNIFORM, DRAW_ZIPF, DRAW_ABSENT };

struct choice;
/* Numbers of names out of n: uniform, or Zipf(1.0), rank by rank in no order; or such as no name has. The same each time. */
struct choice *choice_new(enum draw draw, uint32_t n);
uint32_t choice_next(struct choice *choice);
void choice_free(struct choice *choice);

/* ---- time of a run (bench_ns.c, bench_rows.c) ---- */

struct ns_row {
	const char *group, *name, *ask;
	uint16_t type;
	uint16_t reason; /* what it must end in */
	unsigned int flags;
	enum draw draw;
	void (*bend)(struct query *query);		  /* makes it what is to be passed; NULL */
	void (*configure)(struct dnsbolt_config *config); /* for this row alone; NULL */
};

extern const struct ns_row bench_rows[];
extern const size_t bench_n_rows;

struct ns_options {
	const char *zones; /* the directory */
	uint32_t names, many;
	unsigned int samples, slice_ms;
};

int bench_ns(const struct ns_options *options);

/* ---- through a veth (bench_veth.c, bench_gen.c, bench_mix.c) ---- */

struct mix_query {
	uint16_t rcode;
	bool answers; /* its answer section is not empty */
};

struct mix {
	struct gen_frame *frame;
	struct mix_query *query;
	uint32_t n;
};

/* The frames of a mix, `n` of them, from one MAC to another; NULL: there is none of that name. */
struct mix *mix_new(const char *name, uint32_t names, uint32_t n, const uint8_t from[6],
		    const uint8_t to[6]);
void mix_free(struct mix *mix);
/* NULL, or what is wrong with a reply. A mirrored one is the query again, but longer. */
const char *mix_check(const struct mix *mix, const uint8_t *reply, size_t len, bool mirrored);

struct gen;
struct gen_run {
	double seconds, sent, replies, good_sent, good_replies; /* numbers, not rates */
	double octets, cpu_s;					/* of the replies; of the server */
	double rcode[16], truncated, with_answer, other;
	double latency_us[3]; /* 50, 99, 99.9 % */
	unsigned int checked, wrong;
	const char *why; /* it was wrong */
};

/* Loads the generator; the mix stays the caller's and is used until gen_free(). */
int gen_new(struct gen **ret_gen, const struct mix *mix, unsigned int cpu);
/* Watches that device's replies, too. */
int gen_attach(struct gen *gen, const char *device);
/* CPU time of the process counts as the server's, with all of its threads. */
void gen_watch(struct gen *gen, int pid);
/* rate 0: as fast as it goes. */
int gen_run(struct gen *gen, const char *device, double rate, double seconds, bool timed,
	    bool mirrored, struct gen_run *ret_run);
void gen_free(struct gen *gen);

int bench_veth(int argc, char **argv);

/* ---- the reflector (bench_refl.c) ---- */

struct refl;
int refl_new(struct refl **ret_refl, int grow);
int refl_program(const struct refl *refl);
void refl_free(struct refl *refl);

/* ---- what the fast path is made of (bench_prim.c) ---- */

struct prim;
int prim_new(struct prim **ret_prim);
/* Descriptor of the i-th program, which does its thing so many times; negative: there are no more. */
int prim_get(const struct prim *prim, size_t i, const char **ret_name, unsigned int *ret_times);
void prim_free(struct prim *prim);

/* ---- a zone in the midst of a change (bench_version.c) ---- */

#define VERSION_FILE "plain.example.next"

struct harness;
struct version;
/* The next version of plain.example, every record of which differs, is published but for the last store: each look-up meets a
 * node from the future and goes one back. version_free() does that store. */
int version_new(struct version **ret_version, struct harness *h, const char *dir);
void version_free(struct version *version);

#endif /* BENCH_H */
