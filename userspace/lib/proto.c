/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define READ_OCTETS ((size_t)64 << 10)

/* ---- lines ---- */

/* Moves what is unread to the front and makes room for `more` octets and a terminator behind it. */
static int buffer_reserve(struct proto_buffer *buffer, size_t more)
{
	size_t size = buffer->size ? buffer->size : 4096;
	char *data;

	if (buffer->start > 0) {
		memmove(buffer->data, buffer->data + buffer->start, buffer->len);
		buffer->start = 0;
	}
	while (size < buffer->len + more + 1)
		size *= 2;
	if (size == buffer->size)
		return 0;
	data = realloc(buffer->data, size);
	if (!data)
		return -ENOMEM;
	buffer->data = data;
	buffer->size = size;
	return 0;
}

int proto_buffer_add(struct proto_buffer *buffer, const char *data, size_t len)
{
	int err = buffer_reserve(buffer, len);

	if (err)
		return err;
	memcpy(buffer->data + buffer->len, data, len);
	buffer->len += len;
	return 0;
}

int proto_buffer_line(struct proto_buffer *buffer, char **ret_line, size_t *ret_len)
{
	char *line = buffer->data + buffer->start, *end = NULL;
	size_t len;

	if (buffer->len > buffer->scanned)
		end = memchr(line + buffer->scanned, '\n', buffer->len - buffer->scanned);
	len = end ? (size_t)(end - line) : buffer->len;
	if (len > buffer->max)
		return -EMSGSIZE;
	if (!end) {
		buffer->scanned = buffer->len;
		*ret_line = NULL;
		return 0;
	}
	*end = '\0';
	buffer->start += len + 1;
	buffer->len -= len + 1;
	buffer->scanned = 0;
	*ret_line = line;
	*ret_len = len;
	return 0;
}

void proto_buffer_free(struct proto_buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct proto_buffer){ .max = buffer->max };
}

/* ---- JSON ---- */

int proto_parse(json_t **ret_object, const char *line, size_t len, char *ret_error)
{
	json_error_t error;
	json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);

	if (!object) {
		memcpy(ret_error, error.text, JSON_ERROR_TEXT_LENGTH);
		return -EINVAL;
	}
	if (!json_is_object(object)) {
		strcpy(ret_error, "not a JSON object");
		json_decref(object);
		return -EINVAL;
	}
	*ret_object = object;
	return 0;
}

int proto_format(char **ret_line, size_t *ret_len, const json_t *object)
{
	char *line = json_dumps(object, JSON_COMPACT);
	size_t len;

	if (!line)
		return -ENOMEM;
	/* The newline takes the place of the terminator. */
	len = strlen(line);
	line[len] = '\n';
	*ret_line = line;
	*ret_len = len + 1;
	return 0;
}

/* What is ASCII stays; json_string() has already refused the text as a whole. */
static json_t *string_ascii(const char *text)
{
	char *copy = strdup(text);
	json_t *string = NULL;

	if (copy) {
		for (char *c = copy; *c; c++) {
			if ((unsigned char)*c > 0x7f)
				*c = '?';
		}
		string = json_string(copy);
	}
	free(copy);
	return string;
}

json_t *proto_string(const char *text)
{
	json_t *string;

	if (!text)
		return json_null();
	string = json_string(text);
	return string ? string : string_ascii(text);
}

/* ---- client ---- */

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	for (;;) {
		int64_t left = deadline - now_ms();
		int n = left > 0 ? poll(&pfd, 1, left > INT32_MAX ? INT32_MAX : (int)left) : 0;

		if (n > 0)
			return 0;
		if (n == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

/* A unix socket connects at once, or not at all while the server's queue is full (EAGAIN): then a
 * little patience. */
static int connect_until(int fd, const struct sockaddr_un *sun, int64_t deadline)
{
	while (connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		if (now_ms() >= deadline)
			return -ETIMEDOUT;
		(void)poll(NULL, 0, 20);
	}
	return 0;
}

int proto_connect(struct proto_client *client, const char *path, unsigned int timeout_ms)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, err;

	*client = (struct proto_client){ .fd = -1, .in.max = PROTO_REPLY_MAX };
	if (strlen(path) >= sizeof(sun.sun_path))
		return -ENAMETOOLONG;
	strcpy(sun.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = connect_until(fd, &sun, now_ms() + timeout_ms);
	if (err) {
		close(fd);
		return err;
	}
	client->fd = fd;
	return 0;
}

static int send_all(int fd, const char *data, size_t len, int64_t deadline)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
		int err;

		if (n >= 0) {
			data += n;
			len -= (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		/* A daemon that has closed the connection may have said why: that is read next. */
		if (errno == EPIPE)
			return 0;
		if (errno != EAGAIN)
			return -errno;
		err = wait_for(fd, POLLOUT, deadline);
		if (err)
			return err;
	}
	return 0;
}

/* Reads straight into the buffer until it has a whole line. */
static int receive_line(struct proto_client *client, char **ret_line, size_t *ret_len,
			int64_t deadline)
{
	for (;;) {
		int err = proto_buffer_line(&client->in, ret_line, ret_len);
		ssize_t n;

		if (err || *ret_line)
			return err;
		err = buffer_reserve(&client->in, READ_OCTETS);
		if (err)
			return err;
		n = recv(client->fd, client->in.data + client->in.len, READ_OCTETS, 0);
		if (n == 0)
			return -ECONNRESET;
		if (n > 0) {
			client->in.len += (size_t)n;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		err = wait_for(client->fd, POLLIN, deadline);
		if (err)
			return err;
	}
}

int proto_request(struct proto_client *client, const json_t *request, json_t **ret_reply,
		  unsigned int timeout_ms)
{
	int64_t deadline = now_ms() + timeout_ms;
	char error[JSON_ERROR_TEXT_LENGTH];
	char *line = NULL, *answer;
	json_t *reply;
	size_t len;
	int err;

	err = proto_format(&line, &len, request);
	if (err)
		goto out;
	err = send_all(client->fd, line, len, deadline);
	if (err)
		goto out;
	err = receive_line(client, &answer, &len, deadline);
	if (err)
		goto out;
	if (proto_parse(&reply, answer, len, error)) {
		err = -EPROTO;
		goto out;
	}
	if (!json_is_boolean(json_object_get(reply, "ok"))) {
		json_decref(reply);
		err = -EPROTO;
		goto out;
	}
	*ret_reply = reply;
out:
	free(line);
	return err;
}

void proto_close(struct proto_client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	proto_buffer_free(&client->in);
}
