// SPDX-License-Identifier: GPL-3.0-or-later
#include "budget.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char head[] =
	"# What the verifier finds of each program (objects by clang 14): the instructions that it looks at, and the octets\n"
	"# of stack of the deepest chain of calls. tests/budget fails where either is over by more than 10 %. A change that\n"
	"# is worth it rewrites the rows: build/tests/budget.run -w, and -w build/log/kernels.log for the guests' kernels.\n"
	"# kernel  program             insns  stack\n";

int budget_read(struct budget *budget, const char *path, unsigned int *ret_line)
{
	FILE *in = fopen(path, "r");
	struct budget_row row;
	char line[256];
	int r = 0;

	if (!in)
		return -errno;
	for (*ret_line = 1; !r && fgets(line, sizeof(line), in); ++*ret_line) {
		if (*line == '#' || *line == '\n')
			continue;
		if (sscanf(line, "%15s %63s %u %u", row.kernel, row.program, &row.insns,
			   &row.stack) == 4)
			r = budget_put(budget, &row);
		else
			r = -EINVAL;
	}
	fclose(in);
	return r;
}

/* 6.2 comes before 6.12. */
static int compare(const void *a, const void *b)
{
	const struct budget_row *x = a, *y = b;
	int order = strverscmp(x->kernel, y->kernel);

	return order ? order : strcmp(x->program, y->program);
}

int budget_write(const struct budget *budget, const char *path)
{
	FILE *out = fopen(path, "w");
	size_t i;

	if (!out)
		return -errno;
	fputs(head, out);
	qsort(budget->rows, budget->n, sizeof(*budget->rows), compare);
	for (i = 0; i < budget->n; i++)
		fprintf(out, "%-8s  %-18s %6u  %5u\n", budget->rows[i].kernel,
			budget->rows[i].program, budget->rows[i].insns, budget->rows[i].stack);
	return fclose(out) ? -errno : 0;
}

void budget_done(struct budget *budget)
{
	free(budget->rows);
	*budget = (struct budget){ 0 };
}

static struct budget_row *find(const struct budget *budget, const char *kernel, const char *program)
{
	size_t i;

	for (i = 0; i < budget->n; i++)
		if (!strcmp(budget->rows[i].kernel, kernel) &&
		    !strcmp(budget->rows[i].program, program))
			return &budget->rows[i];
	return NULL;
}

const struct budget_row *budget_find(const struct budget *budget, const char *kernel,
				     const char *program)
{
	return find(budget, kernel, program);
}

bool budget_has(const struct budget *budget, const char *kernel)
{
	size_t i;

	for (i = 0; i < budget->n; i++)
		if (!strcmp(budget->rows[i].kernel, kernel))
			return true;
	return false;
}

int budget_put(struct budget *budget, const struct budget_row *row)
{
	struct budget_row *rows, *old = find(budget, row->kernel, row->program);

	if (old) {
		*old = *row;
		return 0;
	}
	rows = reallocarray(budget->rows, budget->n + 1, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	budget->rows = rows;
	rows[budget->n++] = *row;
	return 0;
}

void budget_drop(struct budget *budget, const char *kernel)
{
	size_t i, kept = 0;

	for (i = 0; i < budget->n; i++)
		if (strcmp(budget->rows[i].kernel, kernel))
			budget->rows[kept++] = budget->rows[i];
	budget->n = kept;
}
