/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "name.h"

#include <ctype.h>
#include <errno.h>
#include <libknot/descriptor.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Length of the character or escape (\DDD, \X) at `text`, 0: a broken escape. */
static size_t char_length(const char *text)
{
	if (text[0] != '\\')
		return 1;
	if (!isdigit((unsigned char)text[1]))
		return text[1] ? 2 : 0;
	if (!isdigit((unsigned char)text[2]) || !isdigit((unsigned char)text[3]) ||
	    (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0') > 255)
		return 0;
	return 4;
}

/* libknot says only that a text is no name; people want to know why. */
static const char *why_not(const char *text)
{
	size_t label = 0, step;

	if (!*text)
		return "it is empty (the root is \".\")";
	for (; *text; text += step) {
		step = char_length(text);
		if (step == 0)
			return "broken escape: expected \\DDD, 000 to 255, or \\ and a character";
		if (*text != '.') {
			if (++label > KNOT_DNAME_MAXLABELLEN)
				return "a label is longer than 63 octets";
			continue;
		}
		if (label == 0)
			return "it has an empty label";
		label = 0;
	}
	return "it is longer than 255 octets";
}

static void say(char *ret_error, const char *what, const char *text, const char *why)
{
	if (ret_error)
		(void)snprintf(ret_error, NAME_ERROR_LEN, "%s \"%.200s\": %s", what, text, why);
}

int name_parse(knot_dname_storage_t ret_name, const char *text, char *ret_error)
{
	knot_dname_storage_t name;

	/* Not into ret_name at once: it stays as it is on failure. */
	if (!knot_dname_from_str(name, text, sizeof(name))) {
		say(ret_error, "name", text, why_not(text));
		return -EINVAL;
	}
	memcpy(ret_name, name, knot_dname_size(name));
	return 0;
}

int name_parse_lower(knot_dname_storage_t ret_name, const char *text, char *ret_error)
{
	int err = name_parse(ret_name, text, ret_error);

	if (!err)
		knot_dname_to_lower(ret_name);
	return err;
}

const char *name_text(const knot_dname_t *name, knot_dname_txt_storage_t buf)
{
	if (!knot_dname_to_str(buf, name, sizeof(knot_dname_txt_storage_t)))
		buf[0] = '\0';
	return buf;
}

/* libknot reads the number behind TYPE with strtoul(), which takes blanks and signs. */
static bool is_type_word(const char *text)
{
	for (; *text; text++) {
		if (!isalnum((unsigned char)*text) && *text != '-')
			return false;
	}
	return true;
}

int name_type_parse(uint16_t *ret_type, const char *text, char *ret_error)
{
	if (!is_type_word(text) || knot_rrtype_from_string(text, ret_type) < 0) {
		say(ret_error, "type", text,
		    "expected an RR type such as A, AAAA, TXT, or TYPEnnn (RFC 3597)");
		return -EINVAL;
	}
	return 0;
}

const char *name_type_text(uint16_t type, char *buf)
{
	if (knot_rrtype_to_string(type, buf, NAME_TYPE_LEN) < 0)
		(void)snprintf(buf, NAME_TYPE_LEN, "TYPE%u", type);
	return buf;
}
