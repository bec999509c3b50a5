/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Talking to the daemon, and to the user about it. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

static void print_json(const json_t *object)
{
	size_t len;
	char *line;

	if (proto_format(&line, &len, object))
		return;
	(void)fwrite(line, 1, len, stdout);
	free(line);
}

int ctl_fail(struct ctl *ctl, const char *format, ...)
{
	char text[8192];
	json_t *object;
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "dnsboltctl: %s\n", text);
	if (ctl->options.json) {
		object = json_pack("{s:b, s:o}", "ok", 0, "error", proto_string(text));
		if (object)
			print_json(object);
		json_decref(object);
	}
	return CTL_FAILED;
}

int ctl_usage(const struct ctl_command *command, const char *format, ...)
{
	va_list args;

	fputs("dnsboltctl: ", stderr);
	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\ndnsboltctl: see: dnsboltctl help%s%s\n", command ? " " : "",
		command ? command->name : "");
	return CTL_USAGE;
}

int ctl_connect(struct ctl *ctl, unsigned int timeout_ms)
{
	if (ctl->client.fd >= 0)
		return 0;
	return proto_connect(&ctl->client, ctl->options.socket, timeout_ms);
}

static int fail_connect(struct ctl *ctl, int err)
{
	const char *path = ctl->options.socket;

	switch (err) {
	case -ENOENT:
	case -ECONNREFUSED:
		return ctl_fail(
			ctl,
			"socket \"%s\": dnsboltd does not listen there (-s SOCKET names another place)",
			path);
	case -EACCES:
	case -EPERM:
		return ctl_fail(
			ctl,
			"socket \"%s\": permission denied: expected root or a member of the group that owns it",
			path);
	case -ENAMETOOLONG:
		return ctl_fail(ctl, "socket \"%s\": the path is longer than a socket's may be",
				path);
	default:
		return ctl_fail(ctl, "socket \"%s\": %s", path, strerror(-err));
	}
}

static int fail_request(struct ctl *ctl, int err, unsigned int timeout_ms)
{
	const char *path = ctl->options.socket;

	proto_close(&ctl->client);
	switch (err) {
	case -ETIMEDOUT:
		return ctl_fail(ctl, "socket \"%s\": no reply within %u s", path,
				timeout_ms / 1000);
	case -ECONNRESET:
		return ctl_fail(
			ctl, "socket \"%s\": dnsboltd closed the connection without a reply", path);
	case -EPROTO:
		return ctl_fail(ctl, "socket \"%s\": what came is no reply of dnsboltd", path);
	default:
		return ctl_fail(ctl, "socket \"%s\": %s", path, strerror(-err));
	}
}

int ctl_ask(struct ctl *ctl, json_t *request, unsigned int timeout_ms, json_t **ret_reply)
{
	json_t *reply;
	int err;

	if (!request)
		return ctl_fail(ctl, "out of memory, or a word that is not UTF-8");
	err = ctl_connect(ctl, timeout_ms);
	if (err) {
		json_decref(request);
		return fail_connect(ctl, err);
	}
	err = proto_request(&ctl->client, request, &reply, timeout_ms);
	json_decref(request);
	if (err)
		return fail_request(ctl, err, timeout_ms);
	if (ctl->options.json)
		print_json(reply);
	if (!ctl_flag(reply, "ok")) {
		fprintf(stderr, "dnsboltctl: %s\n", ctl_text(reply, "error"));
		json_decref(reply);
		return CTL_FAILED;
	}
	*ret_reply = reply;
	return CTL_OK;
}

void ctl_warn(const json_t *reply)
{
	const json_t *warnings = json_object_get(reply, "warnings");

	for (size_t i = 0; i < json_array_size(warnings); i++)
		fprintf(stderr, "dnsboltctl: warning: %s\n",
			json_string_value(json_array_get(warnings, i)));
}

const char *ctl_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "-";
}

const char *ctl_reason(const json_t *row)
{
	static const char answered[] = "answered: ";
	const char *text = ctl_text(row, "text");

	return strncmp(text, answered, strlen(answered)) == 0 ? text + strlen(answered) : text;
}

uint64_t ctl_number(const json_t *object, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(object, key));
}

bool ctl_flag(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}
