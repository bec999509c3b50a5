// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a hit costs without limits, with them, and with a cookie, and what it costs when it comes from 2^24 prefixes in turn: the least time
 * of several runs each, taken in turn, so that what else the machine does is in all of them.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../bed/again.h"
#include "../lib/frame.h"
#include "limits.h"

/* Short, so that some runs are not interrupted. */
#define ROUNDS 30
#define REPEAT 20000
#define RATE_MAX DNSBOLT_LIMIT_RATE_MAX
#define CHECK 60 /* offset of UDP's checksum in an IPv6 frame */

struct kind {
	const char *name;
	bool limits, spoof, alone, ignore;
	unsigned int cookie; /* octets of it in the query; 24: a valid one */
	uint32_t least;	     /* ns */
};

static struct kind kinds[] = {
	{ .name = "nothing but the frame", .alone = true },
	{ .name = "the same, of 2^24 prefixes", .alone = true, .spoof = true },
	{ .name = "a hit" },
	{ .name = "a hit, limited", .limits = true },
	{ .name = "a hit, limited, of 2^24 prefixes", .limits = true, .spoof = true },
	{ .name = "a hit with a client cookie that is ignored", .ignore = true, .cookie = 8 },
	{ .name = "a hit, limited, with a client cookie", .limits = true, .cookie = 8 },
	{ .name = "a hit, limited, with a valid cookie", .limits = true, .cookie = 24 },
};
enum {
	ALONE,
	ALONE_SPOOFED,
	HIT,
	LIMITED,
	SPOOFED,
	IGNORED_COOKIE,
	CLIENT_COOKIE,
	VALID_COOKIE,
	KINDS
};

static struct {
	struct bpf_object *obj;
	struct again *query;
	int program;
} bed;

static int open_bed(struct harness *h)
{
	const char *b = getenv("B");
	struct bpf_program *program;
	char path[256];
	uint32_t slot;
	int r;

	snprintf(path, sizeof(path), "%s/tests/bed/again.bpf.o", b ? b : "build");
	bed.obj = bpf_object__open_file(path, NULL);
	if (!bed.obj)
		return -errno;
	program = bpf_object__find_program_by_name(bed.obj, "bed_again");
	r = bpf_map__reuse_fd(bpf_object__find_map_by_name(bed.obj, "dnsbolt_stages"),
			      harness_stages(h, &slot));
	if (!r)
		r = bpf_program__set_expected_attach_type(program, 0);
	if (!r)
		r = bpf_object__load(bed.obj);
	if (r)
		return r;
	bed.program = bpf_program__fd(program);
	bed.query = mmap(NULL, sizeof(*bed.query), PROT_READ | PROT_WRITE, MAP_SHARED,
			 bpf_object__find_map_fd_by_name(bed.obj, "again_query"), 0);
	return bed.query == MAP_FAILED ? -errno : 0;
}

/* The server cookie of what the program sends back for a client cookie. */
static int make_cookie(struct harness *h, uint8_t *cookie)
{
	static struct harness_result res;
	uint8_t frame[FRAME_MAX];
	size_t len = limits_frame(frame, "www.example.com.", true, cookie, 8);
	int r = harness_run_bpf(h, frame, len, &res);

	if (r || res.action != XDP_TX || res.len < 24)
		return r ? r : -EPROTO;
	memcpy(cookie, res.frame + res.len - 24, 24);
	return 0;
}

static int set_kind(struct harness *h, const struct kind *kind)
{
	struct dnsbolt_config *c = harness_config(h);
	uint8_t cookie[24] = "client!", frame[FRAME_MAX];
	int r = 0;

	c->cookie.mode = kind->cookie && !kind->ignore ? DNSBOLT_COOKIES_ANSWER
						       : DNSBOLT_COOKIES_IGNORE;
	c->cookie.n_secrets = 1;
	limits_set(h, DNSBOLT_CLASS_ANSWER, 0, 1);
	if (kind->cookie == sizeof(cookie))
		r = make_cookie(h, cookie);
	limits_set(h, DNSBOLT_CLASS_ANSWER, kind->limits ? RATE_MAX : 0, 15);
	/* What is over is sent, too, so that all are hits. */
	c->limit.flags |= kind->limits ? DNSBOLT_LIMIT_LOG_ONLY : 0;
	c->limit.window = c->limit.burst;
	c->limit.step[0] = kind->limits;
	bed.query->len = (uint32_t)limits_frame(frame, "www.example.com.", true,
						kind->cookie ? cookie : NULL, kind->cookie);
	if (bed.query->len >= AGAIN_MAX)
		return -EMSGSIZE;
	memcpy(bed.query->frame, frame, bed.query->len);
	bed.query->check = (uint32_t)frame[CHECK] << 8 | frame[CHECK + 1];
	bed.query->spoof = kind->spoof;
	(void)harness_stages(h, &bed.query->slot);
	if (kind->alone)
		bed.query->slot = 0;
	return r;
}

static int run_kind(struct harness *h, struct kind *kind)
{
	uint8_t frame[AGAIN_MAX];
	int r = set_kind(h, kind);
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = bed.query->len,
		    .repeat = REPEAT);

	memcpy(frame, bed.query->frame, bed.query->len);
	if (!r)
		r = bpf_prog_test_run_opts(bed.program, &run);
	if (!r && run.retval != (kind->alone ? XDP_PASS : XDP_TX))
		r = -EPROTO;
	if (!r && (!kind->least || run.duration < kind->least))
		kind->least = run.duration;
	return r;
}

/* Without what the frame alone costs. */
static double cost_of(const struct kind *kind)
{
	return (double)kind->least - kinds[kind->spoof ? ALONE_SPOOFED : ALONE].least;
}

/* What one costs more than another, in percent of that. */
static void say_cost(const char *what, const struct kind *more, const struct kind *less)
{
	double base = cost_of(less);

	printf("report: %s: %.0f %% more\n", what,
	       base > 0 ? 100 * (cost_of(more) - base) / base : 0);
}

/* No case: times are not held against anything (make bench does). */
static void say_costs(void)
{
	size_t i;

	for (i = 0; i < KINDS; i++)
		printf("report: %s: %u ns\n", kinds[i].name, kinds[i].least);
	say_cost("a limit", &kinds[LIMITED], &kinds[HIT]);
	say_cost("limits and a valid cookie, than one that is ignored", &kinds[VALID_COOKIE],
		 &kinds[IGNORED_COOKIE]);
	say_cost("2^24 prefixes, than one", &kinds[SPOOFED], &kinds[LIMITED]);
}

int limits_costs(struct harness *h)
{
	int r = open_bed(h), round, i;

	for (round = 0; round < ROUNDS; round++)
		for (i = 0; !r && i < KINDS; i++)
			r = run_kind(h, &kinds[i]);
	if (!r)
		say_costs();
	bpf_object__close(bed.obj);
	return r;
}
