/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stack that a program's deepest chain of calls takes, as the verifier reckons it (check_max_stack_depth()). */
#ifndef STACK_H
#define STACK_H

#include <linux/bpf.h>
#include <stddef.h>

#define STACK_LIMIT 512	     /* MAX_BPF_STACK, of all frames of a chain */
#define STACK_TAIL_LIMIT 256 /* of the frames above a function that has a tail call */

struct stack {
	unsigned int deepest;	 /* of STACK_LIMIT */
	unsigned int above_tail; /* of STACK_TAIL_LIMIT */
};

/* `depths`: what follows "stack depth " in the verifier's statistics, a number for each function of the program, in
 * their order: "16+24+8". -EINVAL when these are not as many as the program has. */
int stack_of(struct stack *ret_stack, const struct bpf_insn *insns, size_t n, const char *depths);

#endif /* STACK_H */
