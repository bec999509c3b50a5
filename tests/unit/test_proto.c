/* SPDX-License-Identifier: GPL-3.0-or-later */
/* userspace/lib/proto.c: lines however they are cut, JSON, and the client against a server of its
 * own. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../userspace/lib/proto.h"

static void expect_line(struct proto_buffer *buffer, const char *expected)
{
	size_t len = 0;
	char *line;

	assert_int_equal(proto_buffer_line(buffer, &line, &len), 0);
	if (!expected) {
		assert_null(line);
		return;
	}
	assert_non_null(line);
	assert_string_equal(line, expected);
	assert_int_equal(len, strlen(expected));
}

static void lines_come_whole_however_they_are_cut(void **state)
{
	static const char text[] = "one\n\ntwo two\nthree";

	(void)state;
	for (size_t step = 1; step < sizeof(text); step++) {
		static const char *const expected[] = { "one", "", "two two" };
		struct proto_buffer buffer = { .max = 100 };
		size_t seen = 0, len;
		char *line;

		for (size_t at = 0; at < sizeof(text) - 1; at += step) {
			size_t n = sizeof(text) - 1 - at < step ? sizeof(text) - 1 - at : step;

			assert_int_equal(proto_buffer_add(&buffer, text + at, n), 0);
			for (;;) {
				assert_int_equal(proto_buffer_line(&buffer, &line, &len), 0);
				if (!line)
					break;
				assert_true(seen < 3);
				assert_string_equal(line, expected[seen++]);
			}
		}
		assert_int_equal(seen, 3);
		assert_int_equal(proto_buffer_add(&buffer, "\n", 1), 0);
		expect_line(&buffer, "three");
		expect_line(&buffer, NULL);
		proto_buffer_free(&buffer);
	}
}

static void an_empty_buffer_has_no_line(void **state)
{
	struct proto_buffer buffer = { .max = 100 };

	(void)state;
	expect_line(&buffer, NULL);
	proto_buffer_free(&buffer);
}

static void a_line_of_the_limit_passes_and_one_more_octet_does_not(void **state)
{
	struct proto_buffer buffer = { .max = 8 };
	size_t len;
	char *line;

	(void)state;
	assert_int_equal(proto_buffer_add(&buffer, "12345678\n", 9), 0);
	expect_line(&buffer, "12345678");
	assert_int_equal(proto_buffer_add(&buffer, "123456789\n", 10), 0);
	assert_int_equal(proto_buffer_line(&buffer, &line, &len), -EMSGSIZE);
	proto_buffer_free(&buffer);
	assert_int_equal(proto_buffer_add(&buffer, "12345678", 8), 0);
	expect_line(&buffer, NULL);
	assert_int_equal(proto_buffer_add(&buffer, "9", 1), 0);
	assert_int_equal(proto_buffer_line(&buffer, &line, &len), -EMSGSIZE);
	proto_buffer_free(&buffer);
}

static void only_a_json_object_is_taken(void **state)
{
	static const char *const bad[] = {
		"", "{", "[]", "3", "{} x", "{\"a\":1,\"a\":2}", "{\"a\":\"\xff\"}", "nul"
	};
	char error[JSON_ERROR_TEXT_LENGTH];
	json_t *object;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		error[0] = '\0';
		assert_int_equal(proto_parse(&object, bad[i], strlen(bad[i]), error), -EINVAL);
		assert_true(error[0] != '\0');
	}
	assert_int_equal(proto_parse(&object, "{\"a\":1}\r", 8, error), 0);
	assert_int_equal(json_integer_value(json_object_get(object, "a")), 1);
	json_decref(object);
}

static void an_object_is_one_line(void **state)
{
	json_t *object = json_pack("{s:s}", "text", "two\nlines");
	size_t len;
	char *line;

	(void)state;
	assert_int_equal(proto_format(&line, &len, object), 0);
	assert_memory_equal(line, "{\"text\":\"two\\nlines\"}\n", len);
	assert_ptr_equal(memchr(line, '\n', len), line + len - 1);
	free(line);
	json_decref(object);
}

static void any_text_becomes_a_json_string(void **state)
{
	json_t *good = proto_string("z\xc3\xb6ne"), *bad = proto_string("z\xf6ne"),
	       *none = proto_string(NULL);

	(void)state;
	assert_string_equal(json_string_value(good), "z\xc3\xb6ne");
	assert_string_equal(json_string_value(bad), "z?ne");
	assert_true(json_is_null(none));
	json_decref(good);
	json_decref(bad);
	json_decref(none);
}

/* ---- a server that sends what the test says, in two pieces, and then hangs up or stays ---- */
struct server {
	char path[64];
	int fd;
	pthread_t thread;
	const char *reply; /* NULL: none */
	char request[256];
};

static void *serve(void *arg)
{
	struct server *server = arg;
	int fd = accept(server->fd, NULL, NULL);
	ssize_t n = read(fd, server->request, sizeof(server->request) - 1);
	size_t len = server->reply ? strlen(server->reply) : 0;
	char end;

	server->request[n > 0 ? n : 0] = '\0';
	if (server->reply) {
		(void)send(fd, server->reply, len / 2, MSG_NOSIGNAL);
		usleep(20000);
		(void)send(fd, server->reply + len / 2, len - len / 2, MSG_NOSIGNAL);
	} else {
		n = read(fd, &end, 1); /* until the client has had enough */
	}
	close(fd);
	return NULL;
}

static void server_start(struct server *server, const char *reply)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	*server = (struct server){ .reply = reply };
	(void)snprintf(server->path, sizeof(server->path), "/tmp/dnsbolt-test-proto.%d", getpid());
	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", server->path);
	unlink(server->path);
	server->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(server->fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(server->fd, 1), 0);
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static int ask(struct server *server, const char *reply, json_t **ret_reply,
	       unsigned int timeout_ms)
{
	json_t *request = json_pack("{s:s}", "command", "status");
	struct proto_client client;
	int err;

	server_start(server, reply);
	assert_int_equal(proto_connect(&client, server->path, 1000), 0);
	err = proto_request(&client, request, ret_reply, timeout_ms);
	proto_close(&client);
	json_decref(request);
	pthread_join(server->thread, NULL);
	close(server->fd);
	unlink(server->path);
	return err;
}

static void a_request_gets_its_reply(void **state)
{
	struct server server;
	json_t *reply;

	(void)state;
	assert_int_equal(ask(&server, "{\"ok\":true,\"mode\":\"answer\"}\n", &reply, 2000), 0);
	assert_string_equal(server.request, "{\"command\":\"status\"}\n");
	assert_string_equal(json_string_value(json_object_get(reply, "mode")), "answer");
	json_decref(reply);
}

static void a_server_that_fails_is_told_apart(void **state)
{
	struct server server;
	json_t *reply;

	(void)state;
	assert_int_equal(ask(&server, NULL, &reply, 50), -ETIMEDOUT);
	assert_int_equal(ask(&server, "{\"ok\":tr", &reply, 2000), -ECONNRESET);
	assert_int_equal(ask(&server, "HTTP/1.0 200 OK\n", &reply, 2000), -EPROTO);
	assert_int_equal(ask(&server, "{\"fine\":true}\n", &reply, 2000), -EPROTO);
}

static void a_socket_that_is_not_there_is_told_apart(void **state)
{
	char path[200];
	struct proto_client client;
	struct server server;

	(void)state;
	assert_int_equal(proto_connect(&client, "/nonexistent/control.sock", 100), -ENOENT);
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(proto_connect(&client, path, 100), -ENAMETOOLONG);
	/* Left behind by a dead daemon. */
	server_start(&server, NULL);
	assert_int_equal(proto_connect(&client, server.path, 100), 0);
	proto_close(&client);
	pthread_join(server.thread, NULL);
	close(server.fd);
	assert_int_equal(proto_connect(&client, server.path, 100), -ECONNREFUSED);
	unlink(server.path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_whole_however_they_are_cut),
		cmocka_unit_test(an_empty_buffer_has_no_line),
		cmocka_unit_test(a_line_of_the_limit_passes_and_one_more_octet_does_not),
		cmocka_unit_test(only_a_json_object_is_taken),
		cmocka_unit_test(an_object_is_one_line),
		cmocka_unit_test(any_text_becomes_a_json_string),
		cmocka_unit_test(a_request_gets_its_reply),
		cmocka_unit_test(a_server_that_fails_is_told_apart),
		cmocka_unit_test(a_socket_that_is_not_there_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
