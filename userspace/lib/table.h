/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Aligned tables for people. */
#ifndef TABLE_H
#define TABLE_H

#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 16

struct table;

/* Column heads, NULL at the end. One that begins with ">" is for numbers: its cells stand at the
 * right. When all are empty no head line is printed. -EINVAL: too many; -ENOMEM. */
int table_new(struct table **ret_table, const char *const *heads);
/* Adds a row of as many cells as there are columns; they are copied, NULL is "-". -ENOMEM. */
int table_add(struct table *table, const char *const *cells);
size_t table_rows(const struct table *table);
/* Two spaces between columns, no spaces at the ends of lines. Control characters are printed as
 * "?", since cells come from files and peers. */
void table_print(const struct table *table, FILE *out);
void table_free(struct table *table); /* NULL is fine */

#endif /* TABLE_H */
