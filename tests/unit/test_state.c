/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transferred zones on disk: what is written is read, what is damaged is not. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../loader/sync/state.h"
#include "../../userspace/lib/name.h"

#define HEAD 512
#define MANY 20000u

static char directory[64], said[4096];
static uv_loop_t loop;

static void say(enum log_level level, const char *text, void *arg)
{
	size_t len = strlen(said);

	(void)level;
	(void)arg;
	(void)snprintf(said + len, sizeof(said) - len, "%s\n", text);
}

static const struct report report = { .say = say };

static const knot_dname_t *wire(const char *text)
{
	static knot_dname_storage_t names[4];
	static unsigned int next;
	uint8_t *name = names[next++ % 4];

	assert_int_equal(name_parse_lower(name, text, NULL), 0);
	return name;
}

static void add(struct zone *zone, const char *owner, uint16_t type, uint32_t ttl,
		const char *rdata)
{
	knot_rdataset_t rrs;

	assert_int_equal(zone_parse_rdata(&rrs, wire("example"), type, rdata, NULL), 0);
	assert_int_equal(zone_add(zone, wire(owner), type, ttl, rrs.rdata->data, rrs.rdata->len,
				  "test", &report),
			 0);
	knot_rdataset_clear(&rrs, NULL);
}

static struct zone *make_zone(uint32_t serial, unsigned int names)
{
	char text[64];
	struct zone *zone;

	assert_int_equal(zone_new(&zone, wire("example")), 0);
	(void)snprintf(text, sizeof(text), "ns h %u 1 2 3 4", serial);
	add(zone, "example", KNOT_RRTYPE_SOA, 60, text);
	add(zone, "example", KNOT_RRTYPE_NS, 60, "ns");
	add(zone, "www.example", KNOT_RRTYPE_A, 0, "192.0.2.1");
	add(zone, "www.example", KNOT_RRTYPE_A, 0, "192.0.2.2");
	add(zone, "empty.example", 65280, 0x7fffffff, "\\# 0");
	add(zone, "MiXed.example", KNOT_RRTYPE_CNAME, 7, "WwW");
	for (unsigned int i = 0; i < names; i++) {
		(void)snprintf(text, sizeof(text), "n%u.example", i);
		add(zone, text, KNOT_RRTYPE_A, 60, "192.0.2.3");
	}
	assert_int_equal(zone_check(zone, "test", &report), 0);
	return zone;
}

static int differs(const knot_dname_t *owner, void *arg)
{
	(void)owner;
	(void)arg;
	return 1;
}

static const struct state_info info_1 = {
	.refreshed = 1700000000, .expires = 1700086400, .primary = "192.0.2.1@53", .id = "\2id"
};

static char *path_of(const char *apex)
{
	return state_path(directory, NULL, wire(apex));
}

static void write_1(unsigned int names)
{
	struct zone *zone = make_zone(1, names);
	char *path = path_of("example");

	said[0] = '\0';
	assert_int_equal(state_save_now(path, zone, &info_1), 0);
	free(path);
	zone_free(zone);
}

static int load(struct zone **ret_zone, struct state_info *ret_info, const char *apex)
{
	char *path = path_of("example");
	int err = state_load(ret_zone, ret_info, wire(apex), path, &report);

	free(path);
	return err;
}

static void a_zone_comes_back_as_it_was(void **state)
{
	struct zone *expected = make_zone(1, MANY), *zone;
	struct state_info info;

	(void)state;
	write_1(MANY);
	assert_int_equal(load(&zone, &info, "example"), 0);
	assert_int_equal(zone->serial, 1);
	assert_int_equal(zone->n_records, expected->n_records);
	assert_int_equal(zone_diff(expected, zone, differs, NULL), 0);
	assert_int_equal(zone_find(zone, wire("www.example"))->sets[0].ttl, 0);
	assert_int_equal(zone_find(zone, wire("empty.example"))->sets[0].ttl, 0x7fffffff);
	assert_int_equal(info.refreshed, info_1.refreshed);
	assert_int_equal(info.expires, info_1.expires);
	assert_string_equal(info.primary, info_1.primary);
	assert_memory_equal(info.id, info_1.id, sizeof(info.id));
	assert_string_equal(said, "");
	zone_free(zone);
	zone_free(expected);
}

static void the_times_are_written_over(void **state)
{
	const struct state_info later = { .refreshed = 1800000000,
					  .expires = 1800000100,
					  .primary = "2001:db8::1@5353" };
	char *path = path_of("example");
	struct state_info info;
	struct zone *zone;

	(void)state;
	write_1(0);
	assert_int_equal(state_touch(path, &later), 0);
	assert_int_equal(load(&zone, &info, "example"), 0);
	assert_int_equal(info.refreshed, 1800000000);
	assert_int_equal(info.expires, 1800000100);
	assert_string_equal(info.primary, "2001:db8::1@5353");
	zone_free(zone);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(state_touch(path, &later), -ENOENT);
	assert_int_equal(load(&zone, &info, "example"), -ENOENT);
	free(path);
}

static void flip_octet(const char *path, off_t at)
{
	int fd = open(path, O_RDWR);
	uint8_t octet;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &octet, 1, at), 1);
	octet ^= 0x10;
	assert_int_equal(pwrite(fd, &octet, 1, at), 1);
	close(fd);
}

/* Every octet counts, and every length. */
static void what_is_damaged_is_not_used(void **state)
{
	char *path = path_of("example");
	struct state_info info;
	struct zone *zone;
	struct stat st;

	(void)state;
	write_1(2);
	assert_int_equal(stat(path, &st), 0);
	for (off_t at = 0; at < st.st_size; at++) {
		flip_octet(path, at);
		assert_int_equal(load(&zone, &info, "example"), -EBADMSG);
		flip_octet(path, at);
	}
	assert_non_null(strstr(said, "damaged"));
	said[0] = '\0';
	assert_int_equal(load(&zone, &info, "other"), -EBADMSG);
	assert_non_null(strstr(said, "another zone"));
	for (off_t len = st.st_size - 1; len >= 0; len--) {
		assert_int_equal(truncate(path, len), 0);
		assert_int_equal(load(&zone, &info, "example"), -EBADMSG);
	}
	free(path);
}

static void what_is_left_of_the_time_is_clamped(void **state)
{
	const struct state_info info = { .expires = 10000 };

	(void)state;
	assert_int_equal(state_time_left(&info, 3600, 9000), 1000);
	assert_int_equal(state_time_left(&info, 3600, 10000), 0);
	assert_int_equal(state_time_left(&info, 3600, 99999), 0);
	/* The clock was set back: never more than the SOA grants. */
	assert_int_equal(state_time_left(&info, 3600, 0), 3600);
	assert_int_equal(state_time_left(&info, 3600, -5000000000), 3600);
}

static void names_become_files(void **state)
{
	static const struct {
		const char *apex, *catalog, *path;
	} cases[] = {
		{ "example.com", NULL, "/zones/example.com.zone" },
		{ ".", NULL, "/zones/@.zone" },
		{ "a\\/b.\\.x", NULL, "/zones/a%2fb.%2ex.zone" },
		{ "m.test", "cat.test", "/members/cat.test/m.test.zone" },
	};
	char longest[256 * 4] = "";
	char *path;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		path = state_path("", cases[i].catalog ? wire(cases[i].catalog) : NULL,
				  wire(cases[i].apex));
		assert_string_equal(path, cases[i].path);
		free(path);
	}
	for (unsigned int i = 0; i < 127; i++)
		strcat(longest, "/.");
	path = state_path("", NULL, wire(longest));
	assert_true(strlen(path) < 64);
	assert_int_equal(path[strlen("/zones/")], '%');
	free(path);
}

static int saved_err;
static unsigned int saves;

static void on_saved(int err, void *arg)
{
	(void)arg;
	saved_err = err;
	saves++;
}

static void a_zone_is_written_beside_the_loop(void **state)
{
	struct zone *zone = make_zone(9, MANY);
	char *path = path_of("example");
	struct state_save *save;
	struct state_info info;

	(void)state;
	saves = 0;
	assert_int_equal(state_save_start(&save, &loop, path, zone, &info_1, on_saved, NULL), 0);
	assert_int_equal(uv_run(&loop, UV_RUN_NOWAIT), 1);
	assert_int_equal(saves, 0);
	/* It has a copy. */
	zone_free(zone);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(saves, 1);
	assert_int_equal(saved_err, 0);
	assert_int_equal(load(&zone, &info, "example"), 0);
	assert_int_equal(zone->serial, 9);
	zone_free(zone);
	free(path);
}

static void what_is_cancelled_leaves_the_file_that_was(void **state)
{
	struct zone *zone = make_zone(9, MANY);
	char *path = path_of("example"), aside[256];
	struct state_save *save;
	struct state_info info;

	(void)state;
	write_1(0);
	saves = 0;
	assert_int_equal(state_save_start(&save, &loop, path, zone, &info_1, on_saved, NULL), 0);
	(void)uv_run(&loop, UV_RUN_NOWAIT);
	state_save_cancel(save);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(saves, 0);
	zone_free(zone);
	assert_int_equal(load(&zone, &info, "example"), 0);
	assert_int_equal(zone->serial, 1);
	zone_free(zone);
	(void)snprintf(aside, sizeof(aside), "%s.new", path);
	assert_int_equal(access(aside, F_OK), -1);
	free(path);
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(directory, sizeof(directory), "/tmp/dnsbolt-state-XXXXXX");
	return mkdtemp(directory) && uv_loop_init(&loop) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	char *path = path_of("example");

	(void)state;
	(void)unlink(path);
	*strrchr(path, '/') = '\0';
	(void)rmdir(path);
	free(path);
	return uv_loop_close(&loop) || rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zone_comes_back_as_it_was),
		cmocka_unit_test(the_times_are_written_over),
		cmocka_unit_test(what_is_damaged_is_not_used),
		cmocka_unit_test(what_is_left_of_the_time_is_clamped),
		cmocka_unit_test(names_become_files),
		cmocka_unit_test(a_zone_is_written_beside_the_loop),
		cmocka_unit_test(what_is_cancelled_leaves_the_file_that_was),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
