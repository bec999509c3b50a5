/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One record of the journal: memory, and its line of JSON. */
#include "journal.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../../userspace/lib/name.h"

void journal_record_free(struct journal_record *record)
{
	if (!record)
		return;
	for (uint16_t i = 0; i < record->n_rdata; i++)
		free(record->rdata[i]);
	free(record->rdata);
	free(record->who);
	knot_dname_free(record->owner, NULL);
	free(record);
}

int journal_record_copy(struct journal_record **ret_copy, const struct journal_record *record)
{
	struct journal_record *copy = calloc(1, sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	copy->type = record->type;
	copy->ttl = record->ttl;
	copy->is_hidden = record->is_hidden;
	copy->when = record->when;
	copy->owner = knot_dname_copy(record->owner, NULL);
	copy->who = strdup(record->who ? record->who : "");
	copy->rdata = calloc(record->n_rdata + 1u, sizeof(*copy->rdata));
	if (!copy->owner || !copy->who || !copy->rdata)
		goto nomem;
	for (uint16_t i = 0; i < record->n_rdata; i++) {
		copy->rdata[i] = strdup(record->rdata[i]);
		copy->n_rdata++;
		if (!copy->rdata[i])
			goto nomem;
	}
	*ret_copy = copy;
	return 0;
nomem:
	journal_record_free(copy);
	return -ENOMEM;
}

/* ---- to JSON ---- */

static json_t *format_rdata(const struct journal_record *record)
{
	json_t *list;

	if (record->is_hidden)
		return json_string("hidden");
	list = json_array();
	for (uint16_t i = 0; list && i < record->n_rdata; i++) {
		if (json_array_append_new(list, json_string(record->rdata[i]))) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

char *journal_format(const struct journal_record *record)
{
	knot_dname_txt_storage_t owner;
	char type[NAME_TYPE_LEN];
	json_t *object = json_object();
	char *line = NULL;

	if (object &&
	    json_object_set_new(object, "owner", json_string(name_text(record->owner, owner))) ==
		    0 &&
	    json_object_set_new(object, "type", json_string(name_type_text(record->type, type))) ==
		    0 &&
	    json_object_set_new(object, "ttl", json_integer(record->ttl)) == 0 &&
	    json_object_set_new(object, "rdata", format_rdata(record)) == 0 &&
	    json_object_set_new(object, "who", json_string(record->who ? record->who : "")) == 0 &&
	    json_object_set_new(object, "when", json_integer(record->when)) == 0)
		line = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(object);
	return line;
}

/* ---- from JSON ---- */

static const char *string_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static const char *parse_rdata(struct journal_record *record, const json_t *value)
{
	const char *word = json_string_value(value);
	size_t n = json_array_size(value);

	if (word && strcmp(word, "hidden") == 0) {
		record->is_hidden = true;
		return NULL;
	}
	if (!json_is_array(value) || n > UINT16_MAX)
		return "'rdata' is neither a list of texts nor \"hidden\"";
	record->rdata = calloc(n + 1, sizeof(*record->rdata));
	if (!record->rdata)
		return "out of memory";
	for (size_t i = 0; i < n; i++) {
		const char *text = json_string_value(json_array_get(value, i));

		if (!text)
			return "'rdata' is neither a list of texts nor \"hidden\"";
		record->rdata[i] = strdup(text);
		if (!record->rdata[i])
			return "out of memory";
		record->n_rdata++;
	}
	return NULL;
}

static const char *parse_object(struct journal_record *record, const json_t *object)
{
	const char *owner = string_of(object, "owner"), *type = string_of(object, "type"),
		   *who = string_of(object, "who");
	const json_t *ttl = json_object_get(object, "ttl"), *when = json_object_get(object, "when");
	knot_dname_storage_t name;

	if (!owner || name_parse_lower(name, owner, NULL))
		return "'owner' is not a domain name";
	if (!type || name_type_parse(&record->type, type, NULL))
		return "'type' is not a record type";
	if (!json_is_integer(ttl) || json_integer_value(ttl) < 0 ||
	    json_integer_value(ttl) > JOURNAL_TTL_MAX)
		return "'ttl' is not a number from 0 to 2147483647";
	if (!who || !json_is_integer(when))
		return "'who' is not a text or 'when' is not a number";
	record->ttl = (uint32_t)json_integer_value(ttl);
	record->when = (time_t)json_integer_value(when);
	record->owner = knot_dname_copy(name, NULL);
	record->who = strdup(who);
	if (!record->owner || !record->who)
		return "out of memory";
	return parse_rdata(record, json_object_get(object, "rdata"));
}

int journal_parse(struct journal_record **ret_record, const char *line, size_t len,
		  const char **ret_fault)
{
	struct journal_record *record = calloc(1, sizeof(*record));
	json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	const char *fault;

	if (!record)
		fault = "out of memory";
	else if (!json_is_object(object))
		fault = "it is not a JSON object";
	else
		fault = parse_object(record, object);
	json_decref(object);
	if (fault) {
		journal_record_free(record);
		*ret_fault = fault;
		return -EINVAL;
	}
	*ret_record = record;
	return 0;
}
