/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "../../userspace/lib/name.h"

int call_fail(struct call *call, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(call->error, sizeof(call->error), format, args);
	va_end(args);
	return err;
}

void call_put(struct call *call, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) < 0)
		call->no_memory = true;
}

void call_add(struct call *call, const char *key, json_t *value)
{
	call_put(call, call->reply, key, value);
}

void call_append(struct call *call, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) < 0)
		call->no_memory = true;
}

int call_string(struct call *call, const char *key, const char **ret_text)
{
	const json_t *value = json_object_get(call->request, key);

	if (!value)
		return 0;
	if (!json_is_string(value))
		return call_fail(call, -EINVAL, "%s: expected a string", key);
	*ret_text = json_string_value(value);
	return 0;
}

int call_flag(struct call *call, const char *key, bool *ret_flag)
{
	const json_t *value = json_object_get(call->request, key);

	if (!value)
		return 0;
	if (!json_is_boolean(value))
		return call_fail(call, -EINVAL, "%s: expected true or false", key);
	*ret_flag = json_is_true(value);
	return 0;
}

int call_number(struct call *call, const char *key, uint32_t min, uint32_t max,
		uint32_t *ret_number)
{
	const json_t *value = json_object_get(call->request, key);

	if (!value)
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < min ||
	    json_integer_value(value) > max)
		return call_fail(call, -EINVAL, "%s: expected a number, %u to %u", key, min, max);
	*ret_number = (uint32_t)json_integer_value(value);
	return 0;
}

static int need(struct call *call, const char *key, const char *what)
{
	if (json_object_get(call->request, key))
		return 0;
	return call_fail(call, -EINVAL, "%s is missing: expected %s", key, what);
}

int call_need_string(struct call *call, const char *key, const char **ret_text)
{
	int err = need(call, key, "a string");

	return err ? err : call_string(call, key, ret_text);
}

int call_need_number(struct call *call, const char *key, uint32_t min, uint32_t max,
		     uint32_t *ret_number)
{
	int err = need(call, key, "a number");

	return err ? err : call_number(call, key, min, max, ret_number);
}

int call_need_name(struct call *call, const char *key, knot_dname_storage_t ret_name)
{
	char error[NAME_ERROR_LEN];
	const char *text;
	int err;

	err = call_need_string(call, key, &text);
	if (err)
		return err;
	err = name_parse(ret_name, text, error);
	return err ? call_fail(call, err, "%s", error) : 0;
}

int call_type(struct call *call, const char *key, uint16_t *ret_type)
{
	char error[NAME_ERROR_LEN];
	const char *text = NULL;
	int err;

	err = call_string(call, key, &text);
	if (err || !text)
		return err;
	err = name_type_parse(ret_type, text, error);
	return err ? call_fail(call, err, "%s", error) : 0;
}

json_t *call_name_json(const knot_dname_t *name)
{
	knot_dname_txt_storage_t text;

	return json_string(name_text(name, text));
}
