// SPDX-License-Identifier: GPL-3.0-or-later
#include "stack.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define FUNCTIONS_MAX 256 /* BPF_MAX_SUBPROGS */
#define FRAMES_MAX 8	  /* MAX_CALL_FRAMES */
#define FRAME_ALIGN 32	  /* 16 on kernels from 6.9 on, where there is a JIT */

struct graph {
	const struct bpf_insn *insns;
	size_t n;
	size_t start[FUNCTIONS_MAX + 1]; /* sorted; the end behind the last */
	unsigned int depth[FUNCTIONS_MAX];
	size_t functions;
	struct stack stack;
};

/* Where a call goes to, or the callback whose address is taken; 0: neither. The first instruction is nobody's target. */
static size_t target(const struct graph *g, size_t i)
{
	const struct bpf_insn *insn = &g->insns[i];
	size_t to = i + 1 + (size_t)(long)insn->imm;

	if ((insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL) ||
	    (insn->code == (BPF_LD | BPF_IMM | BPF_DW) && insn->src_reg == BPF_PSEUDO_FUNC))
		return to < g->n ? to : 0;
	return 0;
}

static bool is_tail_call(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && !insn->src_reg &&
	       insn->imm == BPF_FUNC_tail_call;
}

static size_t function_at(const struct graph *g, size_t start)
{
	size_t f = 0;

	while (g->start[f] < start)
		f++;
	return f;
}

static int add_function(struct graph *g, size_t start)
{
	size_t f = function_at(g, start), i;

	if (g->start[f] == start)
		return 0;
	if (g->functions == FUNCTIONS_MAX)
		return -EINVAL;
	for (i = ++g->functions; i > f; i--)
		g->start[i] = g->start[i - 1];
	g->start[f] = start;
	return 0;
}

static int find_functions(struct graph *g)
{
	size_t i, to;
	int r = 0;

	g->functions = 1;
	g->start[1] = g->n;
	for (i = 0; !r && i < g->n; i++) {
		to = target(g, i);
		if (to)
			r = add_function(g, to);
	}
	return r;
}

static int read_depths(struct graph *g, const char *depths)
{
	char *end;
	size_t f;

	for (f = 0; f < g->functions; f++) {
		g->depth[f] = (unsigned int)strtoul(depths, &end, 10);
		if (end == depths || (*end == '+') != (f + 1 < g->functions))
			return -EINVAL;
		depths = end + 1;
	}
	return 0;
}

static int walk(struct graph *g, size_t f, unsigned int above, unsigned int frames)
{
	unsigned int own = g->depth[f] ? g->depth[f] : 1;
	unsigned int depth = above + (own + FRAME_ALIGN - 1) / FRAME_ALIGN * FRAME_ALIGN;
	size_t i, to;
	int r = frames == FRAMES_MAX ? -EINVAL : 0;

	if (depth > g->stack.deepest)
		g->stack.deepest = depth;
	for (i = g->start[f]; !r && i < g->start[f + 1]; i++) {
		if (is_tail_call(&g->insns[i]) && above > g->stack.above_tail)
			g->stack.above_tail = above;
		to = target(g, i);
		if (to)
			r = walk(g, function_at(g, to), depth, frames + 1);
	}
	return r;
}

int stack_of(struct stack *ret_stack, const struct bpf_insn *insns, size_t n, const char *depths)
{
	struct graph g = { .insns = insns, .n = n };
	int r;

	r = find_functions(&g);
	if (!r)
		r = read_depths(&g, depths);
	if (!r)
		r = walk(&g, 0, 0, 0);
	if (!r)
		*ret_stack = g.stack;
	return r;
}
