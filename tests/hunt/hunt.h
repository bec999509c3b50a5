/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The torn-answer hunt. Every record of its zones has the version of the zone in its RDATA (in the label of a name, an
 * address, a serial, a signature, a bit of a bitmap), so that an answer made of two versions shows. What is in every
 * version must be found in every version; what is in every other one must be there or not as the answer's own version says.
 *
 *     zones.c      the zones and the questions: one table each
 *     sign.c       denial chains, and signatures that are none
 *     judge.c      an answer: of which version, and is it right?
 *     publish.c    versions into a store, as transfers and files end
 *     read.c       threads that ask: the program in the kernel, and the resolver's code
 *     interleave.c a publish in the midst of an answer, at each of its look-ups in turn
 *     ask.c        the same questions over UDP, for the test that kills dnsboltd
 *     main.c       the command line, and what is held to be true
 */
#ifndef HUNT_H
#define HUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../../loader/zone/zone.h"

struct harness;

/* ---- zones.c ---- */

#define HUNT_TAGS 4096u /* versions that can be told apart: three hexadecimal digits */

enum hunt_signing { HUNT_PLAIN, HUNT_NSEC, HUNT_NSEC3, HUNT_OPT_OUT };

struct hunt_zone {
	const char *apex;
	enum hunt_signing signing;
	bool is_moving; /* names come and go with every version, so the denial chain changes as well */
	int inner;	/* index of a zone inside it, which is served; -1: none */
	bool is_guest; /* it is served in two of four versions only */
};

extern const struct hunt_zone hunt_zone[];
extern const size_t hunt_zones;

/* Whether the zone is served in the version. */
bool hunt_has_zone(const struct hunt_zone *zone, unsigned int tag);

/* The version in memory; it passes zone_check(). NULL: no memory. */
struct zone *hunt_make(const struct hunt_zone *zone, unsigned int tag);

/* As a zone file. */
int hunt_dump(const struct zone *zone, FILE *out);

/* What a question must get; several: any of them. */
#define HUNT_ANSWER (1u << 0)
#define HUNT_NODATA (1u << 1)
#define HUNT_NXDOMAIN (1u << 2)
#define HUNT_REFERRAL (1u << 3)

struct hunt_question {
	char text[96];
	uint8_t msg[300];
	size_t len;
	size_t zone;	 /* whose version the answer has */
	bool is_signed;	 /* DO, and the zone has signatures */
	bool is_of_two;	 /* of the zone, or of the one around it */
	uint8_t want[2]; /* HUNT_*, by the version's last bit */
};

/* All questions, to be freed. NULL: no memory. */
struct hunt_question *hunt_questions(size_t *ret_n);

/* ---- sign.c ---- */

/* Gives the zone its denial chain and signatures. -ENOMEM. */
int hunt_sign(struct zone *zone, enum hunt_signing signing, unsigned int tag, bool salted);

/* Adds a record by its text. -EINVAL: a fault of the tables here. */
int hunt_add(struct zone *zone, const knot_dname_t *owner, uint16_t type, const char *rdata);

/* ---- judge.c ---- */

enum hunt_fault {
	HUNT_RIGHT,
	HUNT_TORN,   /* of two versions */
	HUNT_MISSED, /* what is in its version is not in it, or the other way round */
	HUNT_BROKEN, /* no answer to the question at all */
	HUNT_STALE,  /* of a version that was not, or not yet, or no more, published */
	HUNT_FAULTS
};

const char *hunt_fault_text(enum hunt_fault fault);
/* *ret_tag: the version, when it is RIGHT. */
enum hunt_fault hunt_judge(const struct hunt_question *q, const uint8_t *msg, size_t len,
			   unsigned int *ret_tag);
void hunt_print(FILE *out, const uint8_t *msg, size_t len);

/* ---- publish.c ---- */

#define HUNT_RING 64u /* versions that are made beforehand, and published in turn */

struct hunt_writer;

/* Makes the versions and publishes the first. */
int hunt_writer_new(struct hunt_writer **ret_writer, struct harness *h);
void hunt_writer_free(struct hunt_writer *w);
/* Publishes the next version, in one change set over all zones. */
int hunt_writer_step(struct hunt_writer *w);
/* Versions that were begun, and that were committed. */
uint64_t hunt_writer_begun(const struct hunt_writer *w);
uint64_t hunt_writer_done(const struct hunt_writer *w);

/* ---- read.c ---- */

struct hunt_reader;

enum hunt_way { HUNT_KERNEL, HUNT_NATIVE, HUNT_WAYS };

/* Starts a thread that asks until it is stopped. Of kernel readers one a CPU, on that CPU: the programs' scratch is the
 * CPU's, and not every kernel keeps two test runs apart. */
int hunt_reader_start(struct hunt_reader **ret_reader, enum hunt_way way, int cpu,
		      struct harness *h, const struct hunt_writer *w,
		      const struct hunt_question *question, size_t n);
uint64_t hunt_reader_answers(const struct hunt_reader *r);
uint64_t hunt_reader_faults(const struct hunt_reader *r, enum hunt_fault fault);
uint64_t hunt_reader_busy(const struct hunt_reader *r);
void hunt_reader_stop(struct hunt_reader *r); /* waits for the thread */
void hunt_reader_free(struct hunt_reader *r);

/* ---- interleave.c ---- */

/* *ret_wrong of *ret_tried answers were not of one of the two versions: names found by the index, or by the map alone. In memory;
 * needs no rights. */
int hunt_interleave(const struct hunt_question *question, size_t n, bool indexed, size_t *ret_tried,
		    size_t *ret_wrong);

/* ---- ask.c ---- */

/* `write FOLDER TAG`: zone files of the version, each put in place by rename(2). `ask ADDRESS [TAG]`: all questions
 * once; each answer of one whole version, and of the one given. `watch ADDRESS FILE`: all questions, again and again until FILE is there;
 * every one is answered. */
int hunt_ask_main(int argc, char **argv);

#endif /* HUNT_H */
