/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loader/control: commands without a socket, then the socket itself; loader/metrics: the page. Over
 * a daemon of fakes. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../bpf/reasons.h"
#include "../../loader/control/commands.h"
#include "../../loader/control/control.h"
#include "../../loader/metrics/metrics.h"
#include "../../userspace/lib/proto.h"
#include "ctl_fakes.h"

static struct daemon daemon_fake;

static int setup(void **state)
{
	(void)state;
	fake_setup(&daemon_fake);
	fake_config.fallback = CONFIG_FALLBACK_RESOLVER;
	return 0;
}

static json_t *run_as(bool may_write, const char *request)
{
	struct commands_peer peer = { .uid = 1000, .may_write = may_write };
	json_t *reply = commands_run(&daemon_fake, &peer, request, strlen(request));

	assert_non_null(reply);
	return reply;
}

static json_t *run_ok(const char *request)
{
	json_t *reply = run_as(true, request);

	if (!json_is_true(json_object_get(reply, "ok")))
		fail_msg("%s: %s", request, json_string_value(json_object_get(reply, "error")));
	return reply;
}

static void expect_error(bool may_write, const char *request, const char *part)
{
	json_t *reply = run_as(may_write, request);
	const char *error = json_string_value(json_object_get(reply, "error"));

	assert_true(json_is_false(json_object_get(reply, "ok")));
	assert_non_null(error);
	if (!strstr(error, part))
		fail_msg("\"%s\" is not in \"%s\"", part, error);
	json_decref(reply);
}

static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	assert_non_null(text);
	return text;
}

/* ---- commands ---- */

static void what_is_no_request_is_told_so(void **state)
{
	(void)state;
	expect_error(true, "{\"command\":", "not one JSON object");
	expect_error(true, "[]", "not one JSON object");
	expect_error(true, "{}", "command is missing");
	expect_error(true, "{\"command\":1}", "expected a string");
	expect_error(true, "{\"command\":\"zone\"}", "not known");
	expect_error(true, "{\"command\":\"mode\",\"modus\":1}", "\"modus\" is not known");
	expect_error(true, "{\"command\":\"zone show\"}", "zone is missing");
	expect_error(true, "{\"command\":\"zone show\",\"zone\":\"a..b\"}", "empty label");
	expect_error(true, "{\"command\":\"zone show\",\"zone\":\"example.edu\"}", "no such zone");
	expect_error(true, "{\"command\":\"lookup\",\"name\":\"a\",\"bufsize\":65536}",
		     "expected a number");
	expect_error(true, "{\"command\":\"lookup\",\"name\":\"a\",\"do\":1}", "true or false");
	expect_error(true, "{\"command\":\"record delete\",\"name\":\"a\",\"type\":\"TYPE0\"}",
		     "TYPE0");
}

static void changes_need_the_right_to(void **state)
{
	static const char *const writes[] = {
		"{\"command\":\"mode set\",\"mode\":\"off\"}",
		"{\"command\":\"zone reload\"}",
		"{\"command\":\"record set\",\"name\":\"www.example.com\",\"type\":\"A\",\"ttl\":3,\"rdata\":\"192.0.2.1\"}",
		"{\"command\":\"record delete\",\"name\":\"www.example.com\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(writes) / sizeof(*writes); i++) {
		expect_error(false, writes[i], "may not");
		assert_int_equal(fake.page.mode, DNSBOLT_MODE_ANSWER);
		assert_null(fake.record.owner);
		json_decref(run_ok(writes[i]));
		setup(NULL);
	}
}

static void the_mode_is_that_of_the_map(void **state)
{
	json_t *reply;

	(void)state;
	fake.page.mode = DNSBOLT_MODE_OFF; /* by someone who opened the pin */
	reply = run_ok("{\"command\":\"mode\"}");
	assert_string_equal(text_at(reply, "mode"), "off");
	json_decref(reply);
	reply = run_ok("{\"command\":\"mode set\",\"mode\":\"shadow\"}");
	assert_string_equal(text_at(reply, "mode"), "shadow");
	assert_int_equal(fake.page.mode, DNSBOLT_MODE_SHADOW);
	json_decref(reply);
	expect_error(true, "{\"command\":\"mode set\",\"mode\":\"on\"}",
		     "expected answer, shadow or off");
}

static void status_says_what_is_attached_and_served(void **state)
{
	const json_t *iface, *zones, *packets;
	json_t *reply;

	(void)state;
	fake.counters.reason[REASON_answer] = 5;
	fake.counters.reason[REASON_truncated] = 1;
	fake.counters.reason[REASON_no_proof] = 2;
	reply = run_ok("{\"command\":\"status\"}");
	iface = json_array_get(json_object_get(reply, "interfaces"), 0);
	assert_string_equal(text_at(iface, "attached"), "native");
	assert_int_equal(json_integer_value(json_object_get(iface, "program")), 17);
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(reply, "addresses"), 0)),
		"192.0.2.53");
	zones = json_object_get(reply, "zones");
	assert_int_equal(json_integer_value(json_object_get(zones, "serving")), 1);
	assert_int_equal(json_integer_value(json_object_get(zones, "stale")), 1);
	assert_int_equal(json_integer_value(json_object_get(zones, "failed")), 1);
	packets = json_object_get(reply, "packets");
	assert_int_equal(json_integer_value(json_object_get(packets, "answered")), 6);
	assert_int_equal(json_integer_value(json_object_get(packets, "passed")), 2);
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(reply, "fallback"), "pid")),
		4711);
	json_decref(reply);
	fake.iface.mode = NULL;
	reply = run_ok("{\"command\":\"status\"}");
	iface = json_array_get(json_object_get(reply, "interfaces"), 0);
	assert_true(json_is_null(json_object_get(iface, "attached")));
	json_decref(reply);
}

static void stats_have_every_reason(void **state)
{
	json_t *reply = run_ok("{\"command\":\"stats\"}");
	size_t count = 0;

	(void)state;
#define COUNT_REASON(nr, name, action, resolver, text) count++;
	DNSBOLT_REASONS(COUNT_REASON)
	assert_int_equal(json_array_size(json_object_get(reply, "reasons")), count);
	assert_int_equal(
		json_array_size(json_object_get(json_object_get(reply, "resolver"), "messages")),
		count);
	json_decref(reply);
}

static void zones_are_listed_whatever_their_state(void **state)
{
	json_t *reply = run_ok("{\"command\":\"zone list\"}");
	const json_t *rows = json_object_get(reply, "zones");

	(void)state;
	assert_int_equal(json_array_size(rows), 3);
	assert_string_equal(text_at(json_array_get(rows, 0), "zone"), "example.com.");
	assert_true(json_is_null(json_object_get(json_array_get(rows, 0), "error")));
	assert_string_equal(text_at(json_array_get(rows, 2), "state"), "failed");
	assert_true(json_is_null(json_object_get(json_array_get(rows, 2), "serial")));
	json_decref(reply);
	reply = run_ok("{\"command\":\"zone show\",\"zone\":\"EXAMPLE.com\"}");
	assert_string_equal(text_at(json_object_get(reply, "zone"), "zone"), "example.com.");
	json_decref(reply);
}

static void a_transferred_zone_says_how_it_is_kept(void **state)
{
	const json_t *row;
	json_t *reply;

	(void)state;
	fake.row[0].file = NULL;
	fake.status = (struct sync_status){ .source = "catalog",
					    .catalog = "cat.test.",
					    .activity = "idle",
					    .primary = "192.0.2.1@53",
					    .refreshed = 1700000000,
					    .next_refresh = 60,
					    .expires = INT64_MAX };
	reply = run_ok("{\"command\":\"zone show\",\"zone\":\"example.com\"}");
	row = json_object_get(reply, "zone");
	assert_string_equal(text_at(row, "source"), "catalog");
	assert_string_equal(text_at(row, "catalog"), "cat.test.");
	assert_string_equal(text_at(row, "primary"), "192.0.2.1@53");
	assert_int_equal(json_integer_value(json_object_get(row, "next_refresh")), 60);
	assert_true(json_is_null(json_object_get(row, "expires")));
	assert_true(json_is_null(json_object_get(row, "file")));
	json_decref(reply);
	reply = run_ok("{\"command\":\"zone show\",\"zone\":\"example.net\"}");
	assert_string_equal(text_at(json_object_get(reply, "zone"), "source"), "file");
	json_decref(reply);
}

static void primaries_are_asked_when_told(void **state)
{
	(void)state;
	json_decref(run_ok("{\"command\":\"zone refresh\",\"zone\":\"example.com\"}"));
	assert_memory_equal(fake.refreshed, "\7example\3com", 13);
	assert_false(fake.refreshed_whole);
	json_decref(run_ok("{\"command\":\"zone retransfer\",\"zone\":\"example.com\"}"));
	assert_true(fake.refreshed_whole);
	json_decref(run_ok("{\"command\":\"zone refresh\"}"));
	assert_null(fake.refreshed);
	fake.result = -ENOENT;
	expect_error(true, "{\"command\":\"zone refresh\",\"zone\":\"example.com\"}",
		     "it comes from its file");
	fake.result = 0;
	expect_error(true, "{\"command\":\"zone retransfer\"}", "zone");
	expect_error(false, "{\"command\":\"zone refresh\"}", "may not");
}

static void a_record_reaches_the_zone_set_as_it_was_said(void **state)
{
	json_t *reply = run_ok(
		"{\"command\":\"record set\",\"name\":\"WWW.Example.com\",\"type\":\"TYPE65280\",\"ttl\":300,"
		"\"rdata\":\"\\\\# 1 00\",\"add\":true}");
	const json_t *row;

	(void)state;
	assert_int_equal(fake.record.type, 65280);
	assert_int_equal(fake.record.ttl, 300);
	assert_string_equal(fake.record_rdata, "\\# 1 00");
	assert_non_null(strstr(fake.record_who, "uid 1000"));
	assert_memory_equal(fake.record_owner, "\3www\7example\3com", 17);
	assert_true(fake.record_add);
	assert_false(fake.record_unsigned);
	assert_int_equal(json_array_size(json_object_get(reply, "warnings")), 0);
	json_decref(reply);
	reply = run_ok("{\"command\":\"record list\",\"zone\":\"example.com\"}");
	row = json_array_get(json_object_get(reply, "records"), 0);
	assert_string_equal(text_at(row, "type"), "TYPE65280");
	assert_string_equal(text_at(row, "zone"), "example.com.");
	json_decref(reply);
	reply = run_ok("{\"command\":\"record list\",\"zone\":\"example.net\"}");
	assert_int_equal(json_array_size(json_object_get(reply, "records")), 0);
	json_decref(reply);
}

static void a_reset_is_of_a_name_or_of_all(void **state)
{
	json_t *reply;

	(void)state;
	reply = run_ok("{\"command\":\"record reset\",\"name\":\"example.com\"}");
	assert_int_equal(json_integer_value(json_object_get(reply, "rrsets")), 3);
	assert_string_equal(text_at(reply, "name"), "example.com.");
	assert_memory_equal(fake.record_owner, "\7example\3com", 13);
	json_decref(reply);
	reply = run_ok("{\"command\":\"record reset\"}");
	assert_true(json_is_null(json_object_get(reply, "name")));
	assert_int_equal(fake.record_owner[0], 0xff);
	json_decref(reply);
	expect_error(true, "{\"command\":\"record reset\",\"name\":5}", "name");
}

static void a_change_that_fails_says_why(void **state)
{
	(void)state;
	fake.result = -EPERM;
	fake.error = "the zone is signed";
	expect_error(true,
		     "{\"command\":\"record delete\",\"name\":\"www.example.com\",\"type\":\"A\"}",
		     "the zone is signed");
	fake.error = NULL;
	expect_error(true, "{\"command\":\"zone reload\",\"zone\":\"example.com\"}",
		     "Operation not permitted");
}

static void with_a_host_behind_a_change_warns(void **state)
{
	json_t *reply;

	(void)state;
	fake_config.fallback = CONFIG_FALLBACK_HOST;
	fake.zone[0].is_signed = true;
	reply = run_ok(
		"{\"command\":\"record delete\",\"name\":\"www.example.com\",\"unsigned\":true}");
	assert_int_equal(json_array_size(json_object_get(reply, "warnings")), 2);
	json_decref(reply);
}

static void a_lookup_gives_query_reply_and_reason(void **state)
{
	const char *query, *answer;
	json_t *reply;

	(void)state;
	fake.action = 3; /* XDP_TX */
	fake.reason = REASON_nodata;
	reply = run_ok(
		"{\"command\":\"lookup\",\"name\":\"wWw.example.com\",\"type\":\"AAAA\",\"do\":true,\"bufsize\":4096}");
	assert_string_equal(text_at(reply, "action"), "answered");
	assert_string_equal(text_at(reply, "reason"), "nodata");
	assert_string_equal(text_at(reply, "zone"), "example.com.");
	query = text_at(reply, "query");
	answer = text_at(reply, "reply");
	/* Flags 0, one question, one additional; the name's letters as given; AAAA IN; OPT of 4096,
	 * DO. */
	assert_string_equal(query + 4,
			    "0000000100000000000103775777076578616d706c6503636f6d00001c0001"
			    "0000291000000080000000");
	assert_string_equal(answer + 8, query + 8);
	json_decref(reply);
	fake.action = 2; /* XDP_PASS */
	fake.reason = REASON_not_ours;
	reply = run_ok("{\"command\":\"lookup\",\"name\":\".\",\"edns\":false}");
	assert_string_equal(text_at(reply, "action"), "passed");
	assert_null(json_object_get(reply, "reply"));
	assert_null(json_object_get(reply, "zone"));
	assert_string_equal(text_at(reply, "query") + 4, "00000001000000000000"
							 "00"
							 "00010001");
	json_decref(reply);
	fake.action = -EIO;
	expect_error(true, "{\"command\":\"lookup\",\"name\":\".\"}", "the test says no");
}

/* ---- metrics ---- */

/* Whether the line, or the series that it stands for, stood before. */
static bool is_repeated(const char *page, const char *line)
{
	size_t len = strcspn(line, line[0] == '#' ? "\n" : " ") + 1;
	const char *first = page;

	while (first < line && strncmp(first, line, len) != 0)
		first = strchr(first, '\n') + 1;
	return first != line;
}

static void the_page_is_well_formed(void **state)
{
	char *page, family[128] = "", type[16] = "";

	(void)state;
	page = metrics_render(&daemon_fake);
	assert_non_null(page);
	for (const char *line = page; *line; line = strchr(line, '\n') + 1) {
		size_t len = strlen(family);

		assert_non_null(strchr(line, '\n'));
		if (strncmp(line, "# TYPE ", 7) == 0) {
			assert_int_equal(sscanf(line, "# TYPE %127s %15s", family, type), 2);
			assert_false(is_repeated(page, line));
			assert_int_equal(strcmp(type, "counter") == 0,
					 strcmp(family + strlen(family) - 6, "_total") == 0);
		} else if (line[0] != '#') {
			assert_true(strncmp(line, family, len) == 0 && line[len] == '{');
			/* The quote in the site's name is escaped. */
			assert_true(strncmp(line + len, "{site=\"fra\\\"1\"", 14) == 0);
			assert_false(is_repeated(page, line));
		}
	}
	free(page);
}

static void the_page_has_all_reasons_and_zones(void **state)
{
	char *page;

	(void)state;
	fake.counters.reason[REASON_no_proof] = 3;
	fake.stats.reason[1][REASON_answer] = 8;
	page = metrics_render(&daemon_fake);
	assert_non_null(page);
#define FIND_REASON(nr, name, action, resolver, text)                                              \
	assert_non_null(                                                                           \
		strstr(page, "dnsbolt_packets_total{site=\"fra\\\"1\",reason=\"" #name "\""));
	DNSBOLT_REASONS(FIND_REASON)
	assert_non_null(strstr(page, "reason=\"no_proof\",action=\"passed\"} 3\n"));
	assert_non_null(strstr(page, "transport=\"tcp\",reason=\"answer\"} 8\n"));
	assert_non_null(strstr(
		page, "dnsbolt_zone_serial{site=\"fra\\\"1\",zone=\"example.com.\"} 2026010100\n"));
	assert_null(strstr(page, "zone=\"example.org.\""));
	assert_non_null(strstr(page, "state=\"failed\"} 1\n"));
	assert_non_null(strstr(page, "mode=\"answer\"} 1\n"));
	assert_non_null(strstr(page, "result=\"ok\"} 4\n"));
	free(page);
}

/* ---- the socket: the loop in a thread, the client here ---- */

struct server {
	char path[64], pin_path[80];
	pthread_t thread;
	struct control *control;
	uv_async_t stop;
};

static void on_stop(uv_async_t *async)
{
	struct server *server = async->data;

	control_stop(server->control);
	uv_close((uv_handle_t *)async, NULL);
}

static void *serve(void *arg)
{
	(void)arg;
	(void)uv_run(&daemon_fake.loop, UV_RUN_DEFAULT);
	return NULL;
}

static void server_start(struct server *server)
{
	(void)snprintf(server->path, sizeof(server->path), "/tmp/dnsbolt-test-ctl.%d", getpid());
	(void)snprintf(server->pin_path, sizeof(server->pin_path), "%s.pin", server->path);
	fake_config.control = server->path;
	assert_int_equal(uv_loop_init(&daemon_fake.loop), 0);
	assert_int_equal(uv_async_init(&daemon_fake.loop, &server->stop, on_stop), 0);
	server->stop.data = server;
	assert_int_equal(control_start(&server->control, &daemon_fake, NULL), 0);
	assert_int_equal(pthread_create(&server->thread, NULL, serve, NULL), 0);
}

static void server_stop(struct server *server)
{
	(void)uv_async_send(&server->stop);
	pthread_join(server->thread, NULL);
	assert_int_equal(uv_loop_close(&daemon_fake.loop), 0);
	assert_int_not_equal(access(server->path, F_OK), 0);
	assert_int_not_equal(access(server->pin_path, F_OK), 0);
}

static void expect_mode(struct proto_client *client)
{
	json_t *request = json_pack("{s:s}", "command", "mode"), *reply;

	assert_int_equal(proto_request(client, request, &reply, 5000), 0);
	assert_string_equal(text_at(reply, "mode"), "answer");
	json_decref(reply);
	json_decref(request);
}

static void many_clients_are_served_at_once(void **state)
{
	struct proto_client client[100];
	struct server server;
	struct stat st;

	(void)state;
	server_start(&server);
	assert_int_equal(stat(server.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(proto_connect(&client[i], server.path, 1000), 0);
	for (size_t round = 0; round < 3; round++) {
		for (size_t i = 0; i < 100; i++)
			expect_mode(&client[i]);
	}
	for (size_t i = 0; i < 100; i++)
		proto_close(&client[i]);
	server_stop(&server);
}

static void a_client_that_sends_no_newline_ends_at_the_limit(void **state)
{
	static char text[PROTO_REQUEST_MAX + 1];
	struct proto_client client, other;
	struct server server;
	json_t *request, *reply;

	(void)state;
	server_start(&server);
	assert_int_equal(proto_connect(&client, server.path, 1000), 0);
	assert_int_equal(proto_connect(&other, server.path, 1000), 0);
	memset(text, 'x', sizeof(text) - 1);
	request = json_pack("{s:s}", "command", text);
	assert_int_equal(proto_request(&client, request, &reply, 5000), 0);
	assert_string_equal(text_at(reply, "errno"), "EMSGSIZE");
	json_decref(reply);
	json_decref(request);
	expect_mode(&other);
	proto_close(&client);
	proto_close(&other);
	server_stop(&server);
}

static void a_socket_in_use_stays_and_a_stale_one_goes(void **state)
{
	struct daemon second = daemon_fake;
	struct control *control;
	struct server server;
	FILE *file;

	(void)state;
	server_start(&server);
	assert_int_equal(uv_loop_init(&second.loop), 0);
	assert_int_equal(control_start(&control, &second, NULL), -EADDRINUSE);
	(void)uv_run(&second.loop, UV_RUN_DEFAULT);
	assert_int_equal(access(server.path, F_OK), 0);
	server_stop(&server);
	file = fopen(server.path, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(control_start(&control, &second, NULL), -EEXIST);
	(void)uv_run(&second.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&second.loop), 0);
	assert_int_equal(unlink(server.path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_no_request_is_told_so, setup),
		cmocka_unit_test_setup(changes_need_the_right_to, setup),
		cmocka_unit_test_setup(the_mode_is_that_of_the_map, setup),
		cmocka_unit_test_setup(status_says_what_is_attached_and_served, setup),
		cmocka_unit_test_setup(stats_have_every_reason, setup),
		cmocka_unit_test_setup(zones_are_listed_whatever_their_state, setup),
		cmocka_unit_test_setup(a_transferred_zone_says_how_it_is_kept, setup),
		cmocka_unit_test_setup(primaries_are_asked_when_told, setup),
		cmocka_unit_test_setup(a_record_reaches_the_zone_set_as_it_was_said, setup),
		cmocka_unit_test_setup(a_reset_is_of_a_name_or_of_all, setup),
		cmocka_unit_test_setup(a_change_that_fails_says_why, setup),
		cmocka_unit_test_setup(with_a_host_behind_a_change_warns, setup),
		cmocka_unit_test_setup(a_lookup_gives_query_reply_and_reason, setup),
		cmocka_unit_test_setup(the_page_is_well_formed, setup),
		cmocka_unit_test_setup(the_page_has_all_reasons_and_zones, setup),
		cmocka_unit_test_setup(many_clients_are_served_at_once, setup),
		cmocka_unit_test_setup(a_client_that_sends_no_newline_ends_at_the_limit, setup),
		cmocka_unit_test_setup(a_socket_in_use_stays_and_a_stale_one_goes, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
