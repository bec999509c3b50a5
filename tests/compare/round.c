// SPDX-License-Identifier: GPL-3.0-or-later
#include "round.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#include "../../userspace/lib/core.h"
#include "../../userspace/lib/reason.h"
#include "../lib/frame.h"

#define HEADROOM 216
#define TAILROOM 4000
#define PAIRS_MAX 12000

static struct harness_result native[BATCH], kernel;

static void say_refused(struct round *round, enum server_kind kind)
{
	char why[200];
	size_t i;

	for (i = 0; i < round->zones.n; i++) {
		if (server_has(round->servers[kind], i))
			continue;
		round->tally->tolerated[kind][T10]++;
		server_reason(round->servers[kind], round->zones.all[i].name, why, sizeof(why));
		printf("report: T10: %s does not take the zone %s: left out there: %s\n",
		       server_name(kind), round->zones.all[i].name, why);
	}
}

int round_start(struct round *round)
{
	int r, kind, running = 0;

	r = zones_publish(&round->zones, round->h);
	for (kind = 0; !r && kind < SERVER_KINDS; kind++) {
		r = server_start(&round->servers[kind], (enum server_kind)kind, &round->zones);
		if (r == -ENOENT) {
			round->tally->missing[kind] = true;
			r = 0;
		} else if (r) {
			fprintf(stderr, "%s: not started: %s\n",
				server_name((enum server_kind)kind), strerror(-r));
		} else {
			running++;
			say_refused(round, (enum server_kind)kind);
		}
	}
	round->tally->zones += round->zones.n;
	return r ? r : running ? 0 : -ENOENT;
}

void round_stop(struct round *round)
{
	int kind;

	for (kind = 0; kind < SERVER_KINDS; kind++) {
		server_stop(round->servers[kind]);
		round->servers[kind] = NULL;
	}
	zones_done(&round->zones);
	round->walk = (struct question_walk){ 0, 0, 0 };
	round->n_sweep = round->sweep_zone = round->sweep_at = 0;
}

static size_t build_frame(struct round *round, const struct question *q, struct frame_spec *spec,
			  uint8_t *frame)
{
	(void)round;
	frame_defaults(spec, q->id & 2);
	return frame_build(spec, q->msg, q->len, frame);
}

size_t round_whole(struct round *round, const struct question *q, uint8_t *msg, size_t room)
{
	size_t len = q->len;
	struct core *core;
	enum dnsbolt_reason reason;

	if (room < len || core_new(&core, store_view(harness_store(round->h))))
		return 0;
	memcpy(msg, q->msg, len);
	reason = core_message(core, msg, &len, room, true);
	core_free(core);
	return reason_info(reason)->action == REASON_ACTION_TX ? len : 0;
}

/* Natively and in the kernel; true: answered by both, all the same. */
static void run(struct round *round, const struct question *q, struct harness_result *result)
{
	static uint8_t frame[FRAME_MAX];
	struct tally *tally = round->tally;
	struct frame_spec spec;
	size_t len = build_frame(round, q, &spec, frame);
	int r;

	harness_run_native(round->h, frame, len, HEADROOM, TAILROOM, result);
	tally->asked++;
	tally->reasons[result->reason]++;
	if (!harness_is_kernel(round->h))
		return;
	r = harness_run_bpf(round->h, frame, len, &kernel);
	if (!r && result->reason == kernel.reason && result->action == kernel.action &&
	    result->len == kernel.len && !memcmp(result->frame, kernel.frame, result->len))
		return;
	tally->disagree++;
	if (tally->disagree <= 20)
		fprintf(stderr, "native and BPF differ: %s: %s, %s\n", question_text(q),
			reason_info(result->reason) ? reason_info(result->reason)->name : "?",
			reason_info(kernel.reason) ? reason_info(kernel.reason)->name : "?");
}

static void write_pair(struct round *round, const struct question *q, const uint8_t *octets,
		       size_t len, bool fault)
{
	const uint8_t head[] = {
		(uint8_t)(round->nr >> 8),
		(uint8_t)round->nr,
		fault,
		(uint8_t)(q->len >> 8),
		(uint8_t)q->len,
		(uint8_t)(len >> 8),
		(uint8_t)len,
	};

	fwrite(head, 1, sizeof(head), round->pairs);
	fwrite(q->msg, 1, q->len, round->pairs);
	fwrite(octets, 1, len, round->pairs);
}

/* For check_proofs.py: each answer for which a server's fault was tolerated, in whole, and a sample of the others. */
static void keep_pair(struct round *round, const struct question *q, const struct message *ours,
		      bool fault)
{
	static uint8_t whole[UINT16_MAX];
	const struct compare_zone *zone = zones_of(&round->zones, q->name);
	struct question roomy = *q;

	if (!round->pairs || !q->dnssec || !zone || !zone->zone->is_signed)
		return;
	if (fault && MESSAGE_TC(ours)) {
		roomy.edns_size = DNSBOLT_UDP_MAX;
		question_build(&roomy);
		write_pair(round, &roomy, whole, round_whole(round, &roomy, whole, sizeof(whole)),
			   true);
	} else if (fault ||
		   (!MESSAGE_TC(ours) && round->n_pairs < PAIRS_MAX && ++round->n_seen % 2)) {
		write_pair(round, q, ours->octets, ours->len, fault);
	} else {
		return;
	}
	round->n_faults += fault;
	round->n_pairs += !fault;
}

/* Answers around the limit of size: the same question with the answer's length, and one octet less and more. */
static void keep_sweep(struct round *round, const struct question *q, const struct message *ours)
{
	struct question *next;
	uint16_t size;

	if (q->swept)
		sweep_follow(round, q, ours);
	if (q->swept || !q->edns || q->edns_size != 1232 || ours->len < 513 || !random_chance(20))
		return;
	for (size = (uint16_t)(ours->len - 1); size <= ours->len + 1; size++) {
		if (round->n_sweep == SWEEP_QUEUE)
			return;
		next = &round->sweep[round->n_sweep++];
		*next = *q;
		next->edns_size = size;
	}
}

static void hold(struct round *round, const struct question *q, const struct harness_result *result,
		 struct reply replies[SERVER_KINDS][BATCH], size_t at)
{
	const uint8_t *msg = NULL;
	const char *differs;
	struct frame_spec spec;
	struct message ours;
	static uint8_t frame[FRAME_MAX];
	unsigned int bits;
	size_t len = 0;

	if (result->action != XDP_TX)
		return;
	round->tally->answered++;
	build_frame(round, q, &spec, frame);
	differs = frame_check_reply(&spec, result->frame, result->len, &msg, &len);
	if (differs) {
		if (vote_wrong(round, differs, q))
			fprintf(stderr, "%s: %s\n", differs, question_text(q));
		return;
	}
	message_read(&ours, msg, len);
	bits = vote(round, q, &ours, replies, at);
	if (ours.parsed) {
		keep_pair(round, q, &ours, bits & FAULTS);
		keep_sweep(round, q, &ours);
	}
	message_done(&ours);
}

static void next_question(struct round *round, struct question *ret_question)
{
	if (round->n_sweep) {
		*ret_question = round->sweep[--round->n_sweep];
		round->tally->swept++;
	} else if (sweep_next(round, ret_question)) {
		round->tally->swept++;
	} else if (!round->walking || !question_next(&round->zones, &round->walk, ret_question)) {
		round->walking = false;
		question_random(&round->zones, ret_question);
	}
	ret_question->id = round->id++;
	question_build(ret_question);
}

static void ask_batch(struct round *round, size_t n)
{
	static struct reply replies[SERVER_KINDS][BATCH];
	static struct question q[BATCH];
	size_t i;
	int kind;

	for (i = 0; i < n; i++)
		next_question(round, &q[i]);
	for (kind = 0; kind < SERVER_KINDS; kind++)
		if (round->servers[kind])
			server_send(round->servers[kind], q, n);
	for (i = 0; i < n; i++)
		run(round, &q[i], &native[i]);
	for (kind = 0; kind < SERVER_KINDS; kind++)
		if (round->servers[kind])
			server_collect(round->servers[kind], q, n, replies[kind]);
	for (i = 0; i < n; i++)
		hold(round, &q[i], &native[i], replies, i);
}

void round_ask(struct round *round, unsigned long questions)
{
	size_t n;

	for (; questions; questions -= n) {
		n = questions < BATCH ? questions : BATCH;
		ask_batch(round, n);
	}
}
