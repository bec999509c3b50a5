/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The control protocol between dnsboltd and its clients: one JSON object per line each way, over a
 * stream socket. A request is {"command": WORDS, ...}; its reply is {"ok": true, ...} or {"ok":
 * false, "error": TEXT}. Requests of one connection are answered in their order.
 *
 * Here is the framing for both ends, and the client's end whole. Texts from outside (paths,
 * messages of the system) go into JSON by proto_string(), so that a reply never fails because of
 * them.
 */
#ifndef PROTO_H
#define PROTO_H

#include <jansson.h>
#include <stddef.h>

/* Octets of a line without its newline. A reply may list every zone; a request never comes near its
 * limit. */
#define PROTO_REQUEST_MAX ((size_t)1 << 20)
#define PROTO_REPLY_MAX ((size_t)256 << 20)

/* What was received and is not yet used up. Zeroed but for `max` at the start. */
struct proto_buffer {
	char *data;
	size_t start, len, size; /* the unread octets are data[start] to data[start + len - 1] */
	size_t scanned;		 /* of them, those that are known to hold no newline */
	size_t max;		 /* octets of the longest line */
};

/* Appends octets. -ENOMEM. */
int proto_buffer_add(struct proto_buffer *buffer, const char *data, size_t len);
/* Takes the next line out, 0-terminated, without its newline; it is valid until the next call on
 * the buffer. *ret_line is NULL when there is no whole line yet. -EMSGSIZE: the line is longer than
 * `max`. */
int proto_buffer_line(struct proto_buffer *buffer, char **ret_line, size_t *ret_len);
void proto_buffer_free(struct proto_buffer *buffer);

/* One line that must be a JSON object. -EINVAL: ret_error (JSON_ERROR_TEXT_LENGTH octets) says what
 * is wrong and where. */
int proto_parse(json_t **ret_object, const char *line, size_t len, char *ret_error);
/* The object as a line with its newline, not 0-terminated; free() it. -ENOMEM. */
int proto_format(char **ret_line, size_t *ret_len, const json_t *object);
/* json_string() of any text: octets that are not UTF-8 become "?". NULL text: JSON null. */
json_t *proto_string(const char *text);

/* ---- client ---- */

struct proto_client {
	int fd; /* -1: not connected */
	struct proto_buffer in;
};

/* -ENOENT, -ECONNREFUSED (nobody listens), -EACCES, -ETIMEDOUT, -ENAMETOOLONG ... */
int proto_connect(struct proto_client *client, const char *path, unsigned int timeout_ms);
/* Sends the request and waits for its reply, for timeout_ms in all. -ETIMEDOUT; -ECONNRESET: the
 * daemon closed the connection; -EPROTO: what came is no reply; -EMSGSIZE. After an error the
 * connection is of no more use. */
int proto_request(struct proto_client *client, const json_t *request, json_t **ret_reply,
		  unsigned int timeout_ms);
void proto_close(struct proto_client *client);

#endif /* PROTO_H */
