/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "table.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct table {
	unsigned int columns;
	bool right[TABLE_COLUMNS_MAX];
	bool has_heads;
	size_t width[TABLE_COLUMNS_MAX]; /* characters */
	size_t n_cells, size;
	char **cells; /* the first row is the heads */
};

/* Characters of UTF-8 text: its continuation octets take no place. */
static size_t text_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static int add_cell(struct table *table, unsigned int column, const char *text)
{
	size_t width = text_width(text);
	char *copy;

	if (table->n_cells == table->size) {
		size_t size = table->size ? table->size * 2 : 64;
		char **cells = reallocarray(table->cells, size, sizeof(*cells));

		if (!cells)
			return -ENOMEM;
		table->cells = cells;
		table->size = size;
	}
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	for (char *c = copy; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	table->cells[table->n_cells++] = copy;
	if (width > table->width[column])
		table->width[column] = width;
	return 0;
}

int table_new(struct table **ret_table, const char *const *heads)
{
	struct table *table = calloc(1, sizeof(*table));
	int err = 0;

	if (!table)
		return -ENOMEM;
	for (unsigned int i = 0; heads[i] && !err; i++) {
		bool right = heads[i][0] == '>';

		if (i == TABLE_COLUMNS_MAX) {
			err = -EINVAL;
			break;
		}
		table->right[i] = right;
		table->has_heads |= heads[i][right] != '\0';
		table->columns++;
		err = add_cell(table, i, heads[i] + right);
	}
	if (err) {
		table_free(table);
		return err;
	}
	*ret_table = table;
	return 0;
}

int table_add(struct table *table, const char *const *cells)
{
	size_t before = table->n_cells;

	for (unsigned int i = 0; i < table->columns; i++) {
		int err = add_cell(table, i, cells[i] ? cells[i] : "-");

		if (err) {
			while (table->n_cells > before)
				free(table->cells[--table->n_cells]);
			return err;
		}
	}
	return 0;
}

size_t table_rows(const struct table *table)
{
	return table->columns ? table->n_cells / table->columns - 1 : 0;
}

static void print_row(const struct table *table, char *const *cells, FILE *out)
{
	size_t owed = 0; /* spaces due before the next character */

	for (unsigned int i = 0; i < table->columns; i++) {
		size_t fill = table->width[i] - text_width(cells[i]);

		if (i > 0)
			owed += 2;
		if (table->right[i])
			owed += fill;
		if (cells[i][0]) {
			fprintf(out, "%*s%s", (int)owed, "", cells[i]);
			owed = 0;
		}
		if (!table->right[i])
			owed += fill;
	}
	fputc('\n', out);
}

void table_print(const struct table *table, FILE *out)
{
	size_t first = table->has_heads ? 0 : table->columns;

	for (size_t i = first; i < table->n_cells; i += table->columns)
		print_row(table, table->cells + i, out);
}

void table_free(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->n_cells; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table);
}
