/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One round: zones here and in the servers, questions to all of them, and what came of it. */
#ifndef ROUND_H
#define ROUND_H

#include "compare.h"

#define SIGNATURES_MAX 200
#define SWEEP_QUEUE 2048u

struct tally {
	unsigned long asked, answered, wrong, disagree, voters_disagree, zones;
	unsigned long reasons[DNSBOLT_REASONS_MAX];
	unsigned long compared[SERVER_KINDS], tolerated[SERVER_KINDS][TOLERANCES];
	bool missing[SERVER_KINDS];
	unsigned long swept;
	size_t walk; /* names and types of shared data */
	bool sweep_cut;
	unsigned int show; /* tolerances whose first cases are printed */
	/* What was wrong, in kinds, each with its first question. */
	struct {
		char text[160], example[700];
		unsigned long n;
	} signature[SIGNATURES_MAX];
	size_t n_signatures;
};

struct round {
	struct harness *h;
	struct zones zones;
	struct server *servers[SERVER_KINDS];
	struct tally *tally;
	struct question sweep[SWEEP_QUEUE]; /* yet to ask: what earlier answers led to */
	size_t n_sweep, sweep_zone, sweep_at;
	struct question_walk walk;
	bool walking;
	uint16_t id, nr;
	/* For check_proofs.py (NULL: not kept): a sample of those seen, and all for which a server's fault was tolerated. */
	FILE *pairs;
	unsigned long n_seen, n_pairs, n_faults;
};

/* Publishes the zones and starts the servers. -ENOENT: there is none. */
int round_start(struct round *round);
void round_ask(struct round *round, unsigned long questions);
/* Stops the servers; the zones are gone. */
void round_stop(struct round *round);

/* ---- sweep.c ---- */

/* The next of every shape, length and way to ask in the zones of the sweep and the root; false: no more. */
bool sweep_next(struct round *round, struct question *ret_question);
/* Queues what the length of the answer to one of them leads to. */
void sweep_follow(struct round *round, const struct question *q, const struct message *ours);

/* ---- vote.c ---- */

/* Holds ours against what each server says; counts and prints. Returns the tolerances that this took. */
unsigned int vote(struct round *round, const struct question *q, const struct message *ours,
		  struct reply replies[SERVER_KINDS][BATCH], size_t at);
/* Counts one that is wrong, by kind; true: it is one of the first of its kind. */
bool vote_wrong(struct round *round, const char *kind, const struct question *q);

/* The same question with room for all: ours, natively. Returns its length, or 0. */
size_t round_whole(struct round *round, const struct question *q, uint8_t *msg, size_t room);

#endif /* ROUND_H */
