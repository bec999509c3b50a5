/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The budget file: a row for each kernel series and program. `#` begins a comment line; fields are KERNEL PROGRAM
 * INSNS STACK, with blanks between.
 */
#ifndef BUDGET_H
#define BUDGET_H

#include <stdbool.h>
#include <stddef.h>

struct budget_row {
	char kernel[16]; /* MAJOR.MINOR of `uname -r` */
	char program[64];
	unsigned int insns; /* that the verifier looked at */
	unsigned int stack; /* octets of the deepest chain of calls */
};

struct budget {
	struct budget_row *rows;
	size_t n;
};

/* -errno; -EINVAL: *ret_line has no row. */
int budget_read(struct budget *budget, const char *path, unsigned int *ret_line);
/* Whole, sorted, with a comment that says what it is. */
int budget_write(const struct budget *budget, const char *path);
void budget_done(struct budget *budget);

const struct budget_row *budget_find(const struct budget *budget, const char *kernel,
				     const char *program);
bool budget_has(const struct budget *budget, const char *kernel);
/* In the place of the row of that kernel and program. */
int budget_put(struct budget *budget, const struct budget_row *row);
/* All rows of the kernel. */
void budget_drop(struct budget *budget, const char *kernel);

#endif /* BUDGET_H */
