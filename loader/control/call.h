/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One request on its way through its command: what it carries, and where the reply grows. */
#ifndef CALL_H
#define CALL_H

#include <jansson.h>
#include <libknot/dname.h>
#include <stdbool.h>
#include <stdint.h>

#include "commands.h"

#define CALL_ERROR_LEN 4096

struct call {
	struct daemon *daemon;
	const struct commands_peer *peer;
	const json_t *request;
	json_t *reply;
	bool no_memory; /* something could not be added to the reply */
	char error[CALL_ERROR_LEN];
};

/* Says why the command fails; returns err. */
int call_fail(struct call *call, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds a member to the reply (takes the value; NULL is out of memory). */
void call_add(struct call *call, const char *key, json_t *value);
/* The same for any JSON object or array that is being made for the reply. */
void call_put(struct call *call, json_t *object, const char *key, json_t *value);
void call_append(struct call *call, json_t *array, json_t *value);

/* Members of the request. A member that is not there leaves *ret as it is (so it holds the
 * default), but is an error with call_need_*(). All: 0 or -EINVAL with call->error. */
int call_string(struct call *call, const char *key, const char **ret_text);
int call_flag(struct call *call, const char *key, bool *ret_flag);
int call_number(struct call *call, const char *key, uint32_t min, uint32_t max,
		uint32_t *ret_number);
int call_need_string(struct call *call, const char *key, const char **ret_text);
int call_need_number(struct call *call, const char *key, uint32_t min, uint32_t max,
		     uint32_t *ret_number);
int call_need_name(struct call *call, const char *key, knot_dname_storage_t ret_name);
int call_type(struct call *call, const char *key, uint16_t *ret_type);

/* A name as JSON text. */
json_t *call_name_json(const knot_dname_t *name);

#endif /* CALL_H */
