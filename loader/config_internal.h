/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between config.c and its parts. libcyaml loads values but does not keep the lines they stand on,
 * stops at the first error, and reads numbers loosely ("53x", "0x35"). So the document is parsed
 * once more as a tree of libyaml, which is held against the same schema first; the tree then knows
 * the line of every key.
 */
#ifndef CONFIG_INTERNAL_H
#define CONFIG_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <cyaml/cyaml.h>
#include <yaml.h>

#include "config.h"

#define CONFIG_PATH_MAX 256 /* "zone[11999].name" and its like, unknown keys cut off */

/* Bounds of a number, by its path ("listen.port"). */
struct config_range {
	const char *path;
	unsigned long min, max;
};

struct config_tree {
	yaml_document_t document;
	bool has_document;
	const char *file;
	const struct report *report;
	unsigned int errors; /* that were said */
};

/* Parses; a syntax error is said with its line. -EINVAL, -ENOMEM. config_tree_done() is due in any
 * case. */
int config_tree_parse(struct config_tree *tree, const char *file, const char *text, size_t len,
		      const struct report *report);
void config_tree_done(struct config_tree *tree);

/* Holds the tree against the schema and says all that does not fit. `ranges` ends with a NULL path.
 * -EINVAL. */
int config_tree_check(struct config_tree *tree, const cyaml_schema_value_t *schema,
		      const struct config_range *ranges);

/* Whether a key is there: "listen.port". */
bool config_tree_has(const struct config_tree *tree, const char *path);

/* Says "FILE:LINE: key 'PATH': ..." as an error and counts it. The line is the path's, or that of
 * the nearest enclosing key that exists. */
void config_tree_say(struct config_tree *tree, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Ranges, addresses, names: what the types of the schema do not say. -EINVAL, -ENOMEM. */
int config_check(const struct config *config, struct config_tree *tree);

#endif /* CONFIG_INTERNAL_H */
