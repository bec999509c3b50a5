// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Loads every program as the daemon does and prints what the verifier made of each: instructions that it looked at,
 * stack, and what came out. More than the budget allows fails.
 *
 *     budget.run [-w [LOG]]     -w: the kernel's rows of the budget file are rewritten by what is found now, or by
 *                               the report lines of a log (those of the guests' kernels: build/log/kernels.log)
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../../loader/stages.h"
#include "budget.h"
#include "dnsbolt.skel.h"
#include "dnsbolt_stub.skel.h"
#include "stack.h"

#define BUDGET_FILE "tests/budget/budget.txt"
#define TO_UPDATE "build/tests/budget.run -w"
#define ALLOWED_PERCENT 110u
#define PROGRAMS_MAX 64
#define LOG_STATS 4 /* BPF_LOG_STATS: the statistics, and what is wrong when it does not load */
#define LOG_ROOM 65536
#define MAX_NAMES 1024 /* no matter to the verifier */
#define ACCOUNTS 1024

static struct budget budget, found;
static char verifier[PROGRAMS_MAX][LOG_ROOM];
static unsigned int failed;

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, args) : 0;
}

/* MAJOR.MINOR of the kernel that runs. */
static const char *series(void)
{
	static char text[16];
	unsigned int major = 0, minor = 0;
	struct utsname name;

	if (!uname(&name) && sscanf(name.release, "%u.%u", &major, &minor) == 2)
		snprintf(text, sizeof(text), "%u.%u", major, minor);
	return text;
}

/* ---- what the verifier says ---- */

static void print(const struct budget_row *row, const struct stack *stack,
		  const struct bpf_prog_info *info, const char *limit)
{
	printf("report: %s %s: %u of %lu insns, stack %u of %u (%u of %u above a tail call), "
	       "%zu insns translated, %u octets jited\n",
	       row->kernel, row->program, row->insns, strtoul(limit, NULL, 10), row->stack,
	       STACK_LIMIT, stack->above_tail, STACK_TAIL_LIMIT,
	       info->xlated_prog_len / sizeof(struct bpf_insn), info->jited_prog_len);
}

static int measure(const struct bpf_program *prog, const char *log)
{
	const char *depths = strstr(log, "stack depth "), *limit = strstr(log, "(limit ");
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);
	struct budget_row row = { 0 };
	struct stack stack;
	int r = -EINVAL;

	if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
		return -errno;
	if (depths && limit)
		r = stack_of(&stack, bpf_program__insns(prog), bpf_program__insn_cnt(prog),
			     depths + strlen("stack depth "));
	if (r) {
		fprintf(stderr, "%s: statistics that are not understood:\n%s\n",
			bpf_program__name(prog), log);
		return r;
	}
	snprintf(row.kernel, sizeof(row.kernel), "%s", series());
	snprintf(row.program, sizeof(row.program), "%s", bpf_program__name(prog));
	row.insns = info.verified_insns;
	row.stack = stack.deepest;
	print(&row, &stack, &info, limit + strlen("(limit "));
	return budget_put(&found, &row);
}

static int measure_all(struct bpf_object *obj)
{
	struct bpf_program *prog;
	size_t i = 0;
	int r;

	bpf_object__for_each_program (prog, obj) {
		if (i == PROGRAMS_MAX)
			return -E2BIG;
		bpf_program__set_log_level(prog, LOG_STATS);
		bpf_program__set_log_buf(prog, verifier[i++], LOG_ROOM);
	}
	r = bpf_object__load(obj);
	i = 0;
	bpf_object__for_each_program (prog, obj) {
		if (r)
			fprintf(stderr, "%s: %s\n", bpf_program__name(prog), verifier[i++]);
		else
			r = measure(prog, verifier[i++]);
	}
	return r;
}

static int measure_objects(void)
{
	struct dnsbolt_bpf *stages = NULL;
	struct dnsbolt_stub_bpf *stub;
	int r;

	libbpf_set_print(quiet);
	r = stages_open(&stages, &(struct stages_room){ .names = MAX_NAMES, .accounts = ACCOUNTS },
			0);
	if (!r)
		r = measure_all(stages->obj);
	dnsbolt_bpf__destroy(stages);
	if (r)
		return r;
	stub = dnsbolt_stub_bpf__open();
	r = stub ? measure_all(stub->obj) : -errno;
	dnsbolt_stub_bpf__destroy(stub);
	return r;
}

/* ---- the budget ---- */

static bool over(unsigned int n, unsigned int allowed)
{
	return n * 100ul > allowed * ALLOWED_PERCENT;
}

static void say(bool ok, const struct budget_row *row, const char *what)
{
	printf("%s - %s %s %s\n", ok ? "ok" : "not ok", row->kernel, row->program, what);
	failed += !ok;
}

static void judge(const struct budget_row *row)
{
	const struct budget_row *allowed = budget_find(&budget, row->kernel, row->program);
	char what[128];
	bool ok;

	if (!allowed) {
		say(false, row, "has no row in " BUDGET_FILE ": " TO_UPDATE);
		return;
	}
	ok = !over(row->insns, allowed->insns) && !over(row->stack, allowed->stack);
	snprintf(what, sizeof(what), "has %u insns and %u octets of stack: %u and %u + 10 %%%s",
		 row->insns, row->stack, allowed->insns, allowed->stack,
		 ok ? "" : " are its budget: " TO_UPDATE);
	say(ok, row, what);
}

static void judge_all(void)
{
	size_t i;

	if (!budget_has(&budget, series())) {
		printf("report: no budget for a kernel %s: nothing to hold it to\n", series());
		printf("ok - %s is in its budget # SKIP it has none: %s\n", series(), TO_UPDATE);
		return;
	}
	for (i = 0; i < found.n; i++)
		judge(&found.rows[i]);
	for (i = 0; i < budget.n; i++)
		if (!strcmp(budget.rows[i].kernel, series()) &&
		    !budget_find(&found, series(), budget.rows[i].program))
			say(false, &budget.rows[i], "is no program any more: " TO_UPDATE);
}

/* What print() printed, for instance in a guest of tests/kernels. */
static int read_log(const char *path)
{
	FILE *in = fopen(path, "r");
	struct budget_row row;
	char line[512];
	int r = 0;

	if (!in)
		return -errno;
	while (!r && fgets(line, sizeof(line), in))
		if (sscanf(line, "report: %15s %63[^:]: %u of %*u insns, stack %u of", row.kernel,
			   row.program, &row.insns, &row.stack) == 4)
			r = budget_put(&found, &row);
	fclose(in);
	return r ? r : found.n ? 0 : -ENODATA;
}

static int rewrite(void)
{
	size_t i;
	int r = 0;

	for (i = 0; i < found.n; i++)
		budget_drop(&budget, found.rows[i].kernel);
	for (i = 0; !r && i < found.n; i++)
		r = budget_put(&budget, &found.rows[i]);
	return r ? r : budget_write(&budget, BUDGET_FILE);
}

static int run(bool write, const char *log)
{
	unsigned int line = 0;
	int r = budget_read(&budget, BUDGET_FILE, &line);

	if (r && !(write && r == -ENOENT)) {
		fprintf(stderr, "%s:%u: %s\n", BUDGET_FILE, line, strerror(-r));
		return r;
	}
	r = log ? read_log(log) : measure_objects();
	if (!r && write)
		r = rewrite();
	else if (!r)
		judge_all();
	return r;
}

int main(int argc, char **argv)
{
	bool write = false;
	int opt, r;

	while ((opt = getopt(argc, argv, "w")) != -1) {
		if (opt != 'w')
			return 2;
		write = true;
	}
	if (argc - optind > write)
		return 2;
	r = run(write, argv[optind]);
	if (r)
		fprintf(stderr, "not done: %s\n", strerror(-r));
	budget_done(&budget);
	budget_done(&found);
	return r || failed;
}
