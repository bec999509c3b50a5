// SPDX-License-Identifier: GPL-3.0-or-later
/* One publish in the midst of one answer, at each of its look-ups in turn: what threads meet by chance. */
#include "hunt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../userspace/lib/core.h"
#include "../../userspace/lib/reason.h"
#include "../lib/harness.h"

#define STRIDE 11u /* every so many questions: they are alike across zones */
#define LOOKUPS_MAX 16u

struct interleave {
	struct env_store view; /* first: looked() gets it */
	const struct env_store *base;
	struct store *store;
	struct hunt_writer *writer;
	unsigned int at, lookups; /* publish behind the look-up of that number, from 1 on */
	int err;
	struct core *core;
};

static void looked(const struct env_store *view)
{
	struct interleave *in = (struct interleave *)view;

	if (++in->lookups != in->at)
		return;
	in->err = hunt_writer_step(in->writer);
	memcpy(in->view.segment, in->base->segment, sizeof(in->view.segment));
}

static bool is_right(struct interleave *in, const struct hunt_question *q)
{
	uint64_t done = hunt_writer_done(in->writer);
	uint8_t msg[DNSBOLT_UDP_MAX];
	size_t len = q->len;
	enum dnsbolt_reason reason;
	enum hunt_fault fault;
	unsigned int tag;

	/* The publish then has nothing to free, which would make the resolver begin again. */
	in->err = store_reclaim(in->store);
	memcpy(msg, q->msg, q->len);
	in->lookups = 0;
	reason = core_message(in->core, msg, &len, sizeof(msg), false);
	if (in->err || reason == REASON_busy)
		return !in->err;
	fault = HUNT_BROKEN;
	if (reason_info(reason)->reply == REASON_REPLY_SEND)
		fault = hunt_judge(q, msg, len, &tag);
	if (!fault && tag != (done - 1) % HUNT_RING && tag != done % HUNT_RING)
		fault = HUNT_STALE;
	if (fault) {
		printf("# %s, version %ju published behind look-up %u: %s, an answer %s\n", q->text,
		       (uintmax_t)done % HUNT_RING, in->at, reason_info(reason)->name,
		       hunt_fault_text(fault));
		hunt_print(stdout, msg, len);
	}
	return !fault;
}

static size_t try_all(struct interleave *in, const struct hunt_question *question, size_t n,
		      size_t *ret_wrong)
{
	size_t tried = 0;

	*ret_wrong = 0;
	for (size_t i = 0; i < n && !in->err; i += STRIDE) {
		in->at = 0;
		do {
			in->at++;
			tried++;
			*ret_wrong += !is_right(in, &question[i]);
		} while (!in->err && in->at < in->lookups && in->at < LOOKUPS_MAX);
	}
	return tried;
}

int hunt_interleave(const struct hunt_question *question, size_t n, bool indexed, size_t *ret_tried,
		    size_t *ret_wrong)
{
	struct interleave *in = calloc(1, sizeof(*in));
	struct harness *h = NULL;
	int err = in ? harness_new(&h, false) : -ENOMEM;

	if (!err)
		err = hunt_writer_new(&in->writer, h);
	if (!err) {
		in->store = harness_store(h);
		in->base = store_view(in->store);
		in->view = *in->base;
		in->view.looked = looked;
		if (!indexed)
			err = store_without_index(in->store);
	}
	if (!err)
		err = core_new(&in->core, &in->view);
	if (!err) {
		*ret_tried = try_all(in, question, n, ret_wrong);
		err = in->err;
	}
	if (in) {
		core_free(in->core);
		hunt_writer_free(in->writer);
	}
	harness_free(h);
	free(in);
	return err;
}
