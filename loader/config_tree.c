/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration file as a tree: types against the schema, lines for messages. */
#include "config_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 64 /* keys of one mapping of the schema */
#define LIST_MAX 256  /* octets of an enumeration in a message */

struct check {
	struct config_tree *tree;
	const struct config_range *ranges;
};

static void check_value(struct check *check, const cyaml_schema_value_t *schema, yaml_node_t *node,
			const char *path);

static void say_syntax(const char *file, const yaml_parser_t *parser, const struct report *report)
{
	const char *problem = parser->problem ? parser->problem : "unknown problem";

	if (parser->error == YAML_READER_ERROR)
		report_say(report, LOG_LEVEL_ERROR, "%s: not YAML: %s at octet %zu", file, problem,
			   parser->problem_offset);
	else if (parser->context)
		report_say(report, LOG_LEVEL_ERROR, "%s:%zu: not YAML: %s (%s of line %zu)", file,
			   parser->problem_mark.line + 1, problem, parser->context,
			   parser->context_mark.line + 1);
	else
		report_say(report, LOG_LEVEL_ERROR, "%s:%zu: not YAML: %s", file,
			   parser->problem_mark.line + 1, problem);
}

/* What stands behind the first document would be ignored silently. */
static int refuse_second_document(yaml_parser_t *parser, const char *file,
				  const struct report *report)
{
	yaml_document_t second;
	yaml_node_t *root;
	int err = 0;

	if (!yaml_parser_load(parser, &second)) {
		say_syntax(file, parser, report);
		return -EINVAL;
	}
	root = yaml_document_get_root_node(&second);
	if (root) {
		report_say(report, LOG_LEVEL_ERROR,
			   "%s:%zu: a second YAML document starts here, expected one", file,
			   root->start_mark.line + 1);
		err = -EINVAL;
	}
	yaml_document_delete(&second);
	return err;
}

int config_tree_parse(struct config_tree *tree, const char *file, const char *text, size_t len,
		      const struct report *report)
{
	yaml_parser_t parser;
	int err = -EINVAL;

	memset(tree, 0, sizeof(*tree));
	tree->file = file;
	tree->report = report;
	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	if (!yaml_parser_load(&parser, &tree->document)) {
		if (parser.error == YAML_MEMORY_ERROR)
			err = -ENOMEM;
		else
			say_syntax(file, &parser, report);
		goto out;
	}
	tree->has_document = true;
	if (!yaml_document_get_root_node(&tree->document)) {
		report_say(report, LOG_LEVEL_ERROR,
			   "%s:1: the file is empty, expected at least 'interface: [NAME]'", file);
		goto out;
	}
	err = refuse_second_document(&parser, file, report);
out:
	yaml_parser_delete(&parser);
	return err;
}

void config_tree_done(struct config_tree *tree)
{
	if (tree->has_document)
		yaml_document_delete(&tree->document);
	tree->has_document = false;
	free(tree->single);
	tree->single = NULL;
	tree->n_single = 0;
}

/* ---- paths and lines ---- */

static bool is_scalar(const yaml_node_t *node, const char *text, size_t len)
{
	return node && node->type == YAML_SCALAR_NODE && node->data.scalar.length == len &&
	       memcmp(node->data.scalar.value, text, len) == 0;
}

static yaml_node_t *mapping_value(const struct config_tree *tree, const yaml_node_t *node,
				  const char *key, size_t len, size_t *ret_line)
{
	yaml_document_t *document =
		(yaml_document_t *)&tree->document; /* libyaml's getters take no const */
	yaml_node_pair_t *pair;

	if (node->type != YAML_MAPPING_NODE)
		return NULL;
	for (pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
		yaml_node_t *name = yaml_document_get_node(document, pair->key);

		if (is_scalar(name, key, len)) {
			*ret_line = name->start_mark.line + 1;
			return yaml_document_get_node(document, pair->value);
		}
	}
	return NULL;
}

static yaml_node_t *sequence_item(const struct config_tree *tree, const yaml_node_t *node,
				  unsigned long i, size_t *ret_line)
{
	yaml_document_t *document = (yaml_document_t *)&tree->document;
	yaml_node_t *item;

	if (node->type != YAML_SEQUENCE_NODE)
		return NULL;
	if (i >= (unsigned long)(node->data.sequence.items.top - node->data.sequence.items.start))
		return NULL;
	item = yaml_document_get_node(document, node->data.sequence.items.start[i]);
	if (item)
		*ret_line = item->start_mark.line + 1;
	return item;
}

/* Follows "key.key[index].key" as far as it exists; *ret_line is the line of the last step. NULL:
 * not all of it exists. */
static yaml_node_t *find(const struct config_tree *tree, const char *path, size_t *ret_line)
{
	yaml_node_t *node = yaml_document_get_root_node((yaml_document_t *)&tree->document);

	*ret_line = node ? node->start_mark.line + 1 : 1;
	while (node && *path) {
		if (*path == '[') {
			char *end;

			node = sequence_item(tree, node, strtoul(path + 1, &end, 10), ret_line);
			path = end + (*end == ']');
		} else {
			size_t len;

			path += *path == '.';
			len = strcspn(path, ".[");
			node = mapping_value(tree, node, path, len, ret_line);
			path += len;
		}
	}
	return node;
}

bool config_tree_has(const struct config_tree *tree, const char *path)
{
	size_t line;

	return find(tree, path, &line) != NULL;
}

static void say_line(struct config_tree *tree, size_t line, const char *path, const char *format,
		     va_list args)
{
	char text[1024];

	(void)vsnprintf(text, sizeof(text), format, args);
	report_say(tree->report, LOG_LEVEL_ERROR, "%s:%zu: %s%s%s%s", tree->file, line,
		   *path ? "key '" : "", path, *path ? "': " : "", text);
	tree->errors++;
}

void config_tree_say(struct config_tree *tree, const char *path, const char *format, ...)
{
	va_list args;
	size_t line;

	(void)find(tree, path, &line);
	va_start(args, format);
	say_line(tree, line, path, format, args);
	va_end(args);
}

__attribute__((format(printf, 4, 5))) static void
say_at(struct check *check, const yaml_node_t *node, const char *path, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_line(check->tree, node->start_mark.line + 1, path, format, args);
	va_end(args);
}

/* ---- against the schema ---- */

/* What stands anywhere in `key:` may be a secret, and is not said. */
static bool is_secret(const char *path)
{
	return strncmp(path, "key", 3) == 0 && (path[3] == '\0' || path[3] == '[');
}

/* "'eth0'", "nothing", "a list", "a mapping". */
static const char *describe(const yaml_node_t *node, const char *path, char *buf, size_t size)
{
	if (node->type == YAML_SEQUENCE_NODE)
		return "a list";
	if (node->type == YAML_MAPPING_NODE)
		return "a mapping";
	if (node->data.scalar.length == 0)
		return "nothing";
	if (is_secret(path))
		return "a text";
	(void)snprintf(buf, size, "'%.100s'", (const char *)node->data.scalar.value);
	return buf;
}

/* Edit distance (Levenshtein), for words of up to 31 letters; longer ones are far from every
 * key. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[32];
	size_t len = strlen(b);

	if (len >= 32 || strlen(a) >= 32)
		return 32;
	for (unsigned int j = 0; j <= len; j++)
		row[j] = j;
	for (unsigned int i = 1; a[i - 1]; i++) {
		unsigned int diagonal = row[0];

		row[0] = i;
		for (unsigned int j = 1; j <= len; j++) {
			unsigned int best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[len];
}

static void say_unknown(struct check *check, const cyaml_schema_value_t *schema,
			const yaml_node_t *key, const char *path)
{
	const char *word = (const char *)key->data.scalar.value;
	const cyaml_schema_field_t *nearest = NULL;
	unsigned int least = 4; /* more than three wrong letters are another word */

	for (const cyaml_schema_field_t *field = schema->mapping.fields; field->key; field++) {
		unsigned int d = distance(word, field->key);

		if (d < least && d < strlen(field->key)) {
			least = d;
			nearest = field;
		}
	}
	if (nearest)
		say_at(check, key, path, "there is no such key, expected perhaps '%s'",
		       nearest->key);
	else
		say_at(check, key, path, "there is no such key");
}

static const cyaml_schema_field_t *find_field(const cyaml_schema_value_t *schema,
					      const yaml_node_t *key)
{
	const cyaml_schema_field_t *field = schema->mapping.fields;

	while (field->key && !is_scalar(key, field->key, strlen(field->key)))
		field++;
	return field->key ? field : NULL;
}

static void check_pair(struct check *check, const cyaml_schema_value_t *schema,
		       const yaml_node_pair_t *pair, const char *path, bool *seen)
{
	yaml_node_t *key = yaml_document_get_node(&check->tree->document, pair->key);
	yaml_node_t *value = yaml_document_get_node(&check->tree->document, pair->value);
	const cyaml_schema_field_t *field;
	char child[CONFIG_PATH_MAX];

	if (key->type != YAML_SCALAR_NODE) {
		say_at(check, key, path, "a key must be a word");
		return;
	}
	(void)snprintf(child, sizeof(child), "%s%s%.100s", path, *path ? "." : "",
		       (const char *)key->data.scalar.value);
	field = find_field(schema, key);
	if (!field) {
		say_unknown(check, schema, key, child);
	} else if (seen[field - schema->mapping.fields]) {
		say_at(check, key, child, "the key is given twice");
	} else {
		seen[field - schema->mapping.fields] = true;
		check_value(check, &field->value, value, child);
	}
}

static void check_mapping(struct check *check, const cyaml_schema_value_t *schema,
			  yaml_node_t *node, const char *path)
{
	bool seen[FIELDS_MAX] = { false };
	char found[128], child[CONFIG_PATH_MAX];

	if (node->type != YAML_MAPPING_NODE) {
		say_at(check, node, path, "found %s, expected a mapping of keys, such as '%s: ...'",
		       describe(node, path, found, sizeof(found)), schema->mapping.fields->key);
		return;
	}
	for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++)
		check_pair(check, schema, pair, path, seen);
	for (size_t i = 0; schema->mapping.fields[i].key; i++) {
		const cyaml_schema_field_t *field = &schema->mapping.fields[i];

		if (seen[i] || field->value.flags & CYAML_FLAG_OPTIONAL)
			continue;
		(void)snprintf(child, sizeof(child), "%s%s%s", path, *path ? "." : "", field->key);
		say_at(check, node, child, "it is missing and has no default, expected %s",
		       field->value.type == CYAML_SEQUENCE ? "a list" : "a value");
	}
}

/* `primary: host` reads better than `primary: [host]`. */
static bool may_be_single(const yaml_node_t *node, const char *path)
{
	const char *key = strrchr(path, '.');

	return node->type == YAML_SCALAR_NODE && node->data.scalar.length &&
	       node->data.scalar.style <= YAML_DOUBLE_QUOTED_SCALAR_STYLE && key &&
	       strcmp(key, ".primary") == 0;
}

static void remember_single(struct check *check, const yaml_node_t *node)
{
	struct config_tree *tree = check->tree;
	struct config_span *grown =
		reallocarray(tree->single, tree->n_single + 1, sizeof(*tree->single));

	if (!grown) {
		say_at(check, node, "", "out of memory");
		return;
	}
	tree->single = grown;
	grown[tree->n_single++] =
		(struct config_span){ node->start_mark.index, node->end_mark.index };
}

static void check_sequence(struct check *check, const cyaml_schema_value_t *schema,
			   yaml_node_t *node, const char *path)
{
	char found[128], child[CONFIG_PATH_MAX];
	unsigned long n;

	if (may_be_single(node, path)) {
		remember_single(check, node);
		check_value(check, schema->sequence.entry, node, path);
		return;
	}
	if (node->type != YAML_SEQUENCE_NODE) {
		bool word = node->type == YAML_SCALAR_NODE && node->data.scalar.length &&
			    !is_secret(path);

		say_at(check, node, path, "found %s, expected a list%s%.100s%s",
		       describe(node, path, found, sizeof(found)), word ? ": [" : "",
		       word ? (const char *)node->data.scalar.value : "", word ? "]" : "");
		return;
	}
	n = (unsigned long)(node->data.sequence.items.top - node->data.sequence.items.start);
	if (n < schema->sequence.min || n > schema->sequence.max) {
		say_at(check, node, path, "found %lu entries, expected %u to %u", n,
		       schema->sequence.min, schema->sequence.max);
		return;
	}
	for (unsigned long i = 0; i < n; i++) {
		(void)snprintf(child, sizeof(child), "%.200s[%lu]", path, i);
		check_value(check, schema->sequence.entry,
			    yaml_document_get_node(&check->tree->document,
						   node->data.sequence.items.start[i]),
			    child);
	}
}

static void check_enum(struct check *check, const cyaml_schema_value_t *schema,
		       const yaml_node_t *node, const char *path)
{
	char found[128], words[LIST_MAX];
	uint32_t n = schema->enumeration.count;
	size_t len = 0;

	for (uint32_t i = 0; i < n; i++) {
		const char *word = schema->enumeration.strings[i].str;

		if (is_scalar(node, word, strlen(word)))
			return;
		if (len < sizeof(words))
			len += (size_t)snprintf(words + len, sizeof(words) - len, "%s'%s'",
						i == 0	    ? ""
						: i + 1 < n ? ", "
							    : " or ",
						word);
	}
	say_at(check, node, path, "found %s, expected %s",
	       describe(node, path, found, sizeof(found)), words);
}

/* "zone[].file" is the pattern of "zone[7].file". */
static bool is_of_pattern(const char *path, const char *pattern)
{
	for (; *pattern; pattern++) {
		if (*path++ != *pattern)
			return false;
		if (*pattern == '[')
			path += strspn(path, "0123456789");
	}
	return *path == '\0';
}

static void check_bool(struct check *check, const yaml_node_t *node, const char *path)
{
	char found[128];

	if (!is_scalar(node, "yes", 3) && !is_scalar(node, "no", 2) &&
	    !is_scalar(node, "true", 4) && !is_scalar(node, "false", 5))
		say_at(check, node, path, "found %s, expected 'yes' or 'no'",
		       describe(node, path, found, sizeof(found)));
}

static void check_number(struct check *check, const yaml_node_t *node, const char *path)
{
	const char *text = (const char *)node->data.scalar.value;
	const struct config_range *range = check->ranges;
	char found[128], *end;
	unsigned long number;

	while (range->path && !is_of_pattern(path, range->path))
		range++;
	errno = 0;
	number = strtoul(text, &end, 10);
	/* strtoul() takes blanks and signs too; a number of ours is digits alone. */
	if (strspn(text, "0123456789") == node->data.scalar.length && end != text && !errno &&
	    (!range->path || (number >= range->min && number <= range->max)) &&
	    (text[0] != '0' || text[1] == '\0')) /* libcyaml would take it for octal */
		return;
	say_at(check, node, path, "found %s, expected a number from %lu to %lu",
	       describe(node, path, found, sizeof(found)), range->path ? range->min : 0,
	       range->path ? range->max : UINT32_MAX);
}

static void check_string(struct check *check, const cyaml_schema_value_t *schema,
			 const yaml_node_t *node, const char *path)
{
	size_t len = node->data.scalar.length;

	if (memchr(node->data.scalar.value, '\0', len))
		say_at(check, node, path, "the text contains a zero octet");
	else if (len < schema->string.min)
		say_at(check, node, path, "found nothing, expected a text");
	else if (len > schema->string.max)
		say_at(check, node, path, "found %zu octets of text, expected at most %u", len,
		       schema->string.max);
}

static void check_value(struct check *check, const cyaml_schema_value_t *schema, yaml_node_t *node,
			const char *path)
{
	char found[128];

	if (schema->type == CYAML_MAPPING) {
		check_mapping(check, schema, node, path);
		return;
	}
	if (schema->type == CYAML_SEQUENCE) {
		check_sequence(check, schema, node, path);
		return;
	}
	if (node->type != YAML_SCALAR_NODE) {
		say_at(check, node, path, "found %s, expected a single value",
		       describe(node, path, found, sizeof(found)));
		return;
	}
	if (schema->type == CYAML_ENUM)
		check_enum(check, schema, node, path);
	else if (schema->type == CYAML_UINT)
		check_number(check, node, path);
	else if (schema->type == CYAML_BOOL)
		check_bool(check, node, path);
	else
		check_string(check, schema, node, path);
}

int config_tree_check(struct config_tree *tree, const cyaml_schema_value_t *schema,
		      const struct config_range *ranges)
{
	struct check check = { .tree = tree, .ranges = ranges };

	check_value(&check, schema, yaml_document_get_root_node(&tree->document), "");
	return tree->errors ? -EINVAL : 0;
}

/* ---- lists of one ---- */

/* Copies up to a character of the document: marks count characters, and not the byte order mark. */
struct copy {
	const char *at, *end;
	char *out;
	size_t character;
};

static void copy_to(struct copy *copy, size_t character)
{
	while (copy->character < character && copy->at < copy->end) {
		*copy->out++ = *copy->at++;
		while (copy->at < copy->end && ((unsigned char)*copy->at & 0xc0) == 0x80)
			*copy->out++ = *copy->at++;
		copy->character++;
	}
}

char *config_tree_bracket(const struct config_tree *tree, const char *text, size_t len,
			  size_t *ret_len)
{
	char *bracketed = malloc(len + 2 * tree->n_single + 1);
	struct copy copy = { .at = text, .end = text + len, .out = bracketed };

	if (!bracketed)
		return NULL;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		copy.at += 3;
	for (size_t i = 0; i < tree->n_single; i++) {
		const struct config_span *span = &tree->single[i];

		if (span->start < copy.character) /* by an alias, once more */
			continue;
		copy_to(&copy, span->start);
		*copy.out++ = '[';
		copy_to(&copy, span->end);
		*copy.out++ = ']';
	}
	copy_to(&copy, SIZE_MAX);
	*copy.out = '\0';
	*ret_len = (size_t)(copy.out - bracketed);
	return bracketed;
}
