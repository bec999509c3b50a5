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

#define CONFIG_TEXT_MAX 4095 /* octets of a path */

#define CONFIG_PATH_MAX 256 /* "zone[11999].name" and its like, unknown keys cut off */

/* Bounds of a number, by its path ("listen.port", "zone[].refresh-min"). */
struct config_range {
	const char *path;
	unsigned long min, max;
};

struct config_tree {
	yaml_document_t document;
	bool has_document;
	const char *file;
	const struct report *report;
	unsigned int errors;	    /* that were said */
	struct config_span *single; /* texts that stand where a list may */
	size_t n_single;
};

/* Characters of the document, from first to behind the last. */
struct config_span {
	size_t start, end;
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

/* The document, in which each text that stands for a list of one (`primary: host`) has brackets around it: libcyaml
 * takes nothing else. NULL: no memory; else to be freed. After config_tree_check(). */
char *config_tree_bracket(const struct config_tree *tree, const char *text, size_t len,
			  size_t *ret_len);

/* Ranges, addresses, names: what the types of the schema do not say. -EINVAL, -ENOMEM. */
int config_check(const struct config *config, struct config_tree *tree);

/* "zone[7].name" into buf, of CONFIG_PATH_MAX octets; returns it. */
const char *config_item_path(char *buf, const char *list, unsigned int i, const char *member);

/* ---- config_sync.c: the rows of keys, primaries, templates and zones, and their defaults ---- */

extern const cyaml_schema_value_t config_key_entry, config_primary_entry, config_template_entry,
	config_zone_entry, config_text_entry;
extern const cyaml_schema_field_t config_transfer_fields[], config_notify_fields[],
	config_host_fields[];
int config_sync_defaults(struct config *config); /* -ENOMEM */

/* ---- config_limit.c: the rows of `limit` and `clients`, their defaults and checks ---- */

extern const cyaml_schema_field_t config_limit_fields[], config_clients_fields[];
int config_limit_defaults(struct config *config, const struct config_tree *tree); /* -ENOMEM */
int config_limit_check(const struct config *config, struct config_tree *tree);	  /* -ENOMEM */

/* ---- config_sync_check.c ---- */

void config_sync_check(const struct config *config, struct config_tree *tree);

#endif /* CONFIG_INTERNAL_H */
