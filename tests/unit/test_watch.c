/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that change, come and go are read again by themselves. */
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
#include <uv.h>

#include "../../loader/watch.h"
#include "../lib/zonebed.h"

#define A KNOT_RRTYPE_A
#define PATIENCE_MS 20000

struct watched {
	struct zonebed *bed;
	uv_loop_t loop;
	uv_timer_t limit;
	struct watch *watch;
	bool is_late;
};

static void start(struct watched *w)
{
	struct zonebed *bed = w->bed;

	bed->said[0] = '\0';
	assert_int_equal(zoneset_new(&bed->set, bed->store, &bed->report), 0);
	assert_int_equal(watch_start(&w->watch, &w->loop, bed->set, &bed->config, &bed->report), 0);
	assert_int_equal(zoneset_configure(bed->set, &bed->config), 0);
	assert_int_equal(zoneset_load(bed->set), 0);
	watch_zones(w->watch);
}

static int setup(void **state)
{
	struct watched *w = calloc(1, sizeof(*w));
	void *bed;

	assert_non_null(w);
	assert_int_equal(zonebed_setup(&bed), 0);
	w->bed = bed;
	assert_int_equal(uv_loop_init(&w->loop), 0);
	assert_int_equal(uv_timer_init(&w->loop, &w->limit), 0);
	w->limit.data = w;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct watched *w = *state;
	void *bed = w->bed;

	watch_stop(w->watch);
	uv_close((uv_handle_t *)&w->limit, NULL);
	assert_int_equal(uv_run(&w->loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(uv_loop_close(&w->loop), 0);
	free(w);
	return zonebed_teardown(&bed);
}

static void on_limit(uv_timer_t *timer)
{
	struct watched *w = timer->data;

	w->is_late = true;
}

static void until_answer(struct watched *w, const char *name, const char *answer)
{
	w->is_late = false;
	assert_int_equal(uv_timer_start(&w->limit, on_limit, PATIENCE_MS, 0), 0);
	while (!w->is_late && strcmp(zonebed_ask(w->bed, name, A), answer) != 0)
		(void)uv_run(&w->loop, UV_RUN_ONCE);
	uv_timer_stop(&w->limit);
	assert_string_equal(zonebed_ask(w->bed, name, A), answer);
}

static uint64_t reads(const struct watched *w)
{
	struct watch_stats stats;

	watch_get_stats(w->watch, &stats);
	return stats.reads;
}

static void put_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* Below the bed's own folder; in one of a few static buffers. */
static const char *in_root(const struct watched *w, const char *name)
{
	static char paths[4][256];
	static unsigned int next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", w->bed->root, name);
	return path;
}

#define SMALL(address)                                                                             \
	"@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.53\n@ 60 A " address "\n"

/* ---- files of a zone-dir ---- */

static void a_file_that_is_written_over_is_read_again(void **state)
{
	struct watched *w = *state;

	start(w);
	assert_string_equal(zonebed_ask(w->bed, "new.example", A), "nxdomain");
	zonebed_write_example(w->bed, 2, "new 60 A 192.0.2.9\n");
	until_answer(w, "new.example", "192.0.2.9 ");
	assert_int_equal(zonebed_find(w->bed, "example")->zone->serial, 2);
	zonebed_assert_said(w->bed, "watch: zone example. read again");
}

static void a_file_that_is_replaced_is_read_again(void **state)
{
	struct watched *w = *state;

	start(w);
	put_file(in_root(w, "aside"), SMALL("192.0.2.9"));
	assert_int_equal(rename(in_root(w, "aside"), zonebed_path(w->bed, "example")), 0);
	until_answer(w, "example", "192.0.2.9 ");
}

/* As some editors write: the old file is put aside first. The zone is there all the while. */
static void a_file_that_is_put_aside_and_written_anew_is_not_gone(void **state)
{
	struct watched *w = *state;
	char path[256];

	start(w);
	for (unsigned int serial = 2; serial < 5; serial++) {
		char backup[300], more[64], answer[32];

		(void)snprintf(path, sizeof(path), "%s", zonebed_path(w->bed, "example"));
		(void)snprintf(backup, sizeof(backup), "%s~", path);
		assert_int_equal(rename(path, backup), 0);
		/* Whatever the loop does of it now, the zone stays. */
		(void)uv_run(&w->loop, UV_RUN_NOWAIT);
		assert_string_equal(zonebed_ask(w->bed, "www.example", A), "192.0.2.1 ");
		(void)snprintf(more, sizeof(more), "new 60 A 192.0.2.%u\n", serial);
		(void)snprintf(answer, sizeof(answer), "192.0.2.%u ", serial);
		zonebed_write_example(w->bed, serial, more);
		assert_int_equal(unlink(backup), 0);
		until_answer(w, "new.example", answer);
	}
}

static void a_file_is_read_when_it_is_written_to_its_end(void **state)
{
	struct watched *w = *state;
	const char *text = SMALL("192.0.2.9");
	int fd;

	zonebed_write_small(w->bed, "other", "192.0.2.1");
	start(w);
	fd = open(zonebed_path(w->bed, "half"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, 20), 20);
	/* A change that comes after it is seen, and so would this one have been. */
	zonebed_write_small(w->bed, "other", "192.0.2.2");
	until_answer(w, "other", "192.0.2.2 ");
	assert_null(zoneset_find(w->bed->set, zonebed_wire("half")));
	assert_int_equal(write(fd, text + 20, strlen(text) - 20), (ssize_t)strlen(text) - 20);
	assert_int_equal(close(fd), 0);
	until_answer(w, "half", "192.0.2.9 ");
}

static void zones_come_and_go_with_their_files(void **state)
{
	struct watched *w = *state;

	start(w);
	zonebed_write_small(w->bed, "other", "192.0.2.7");
	zonebed_write(w->bed, ".hidden", "nonsense");
	until_answer(w, "other", "192.0.2.7 ");
	zonebed_remove(w->bed, "other");
	until_answer(w, "other", "not_ours");
	assert_int_equal(link(zonebed_path(w->bed, "example"), in_root(w, "zones/third.zone")), 0);
	until_answer(w, "www.third", "192.0.2.1 ");
}

static void a_bad_file_leaves_the_version_before(void **state)
{
	struct watched *w = *state;
	struct watch_stats stats;

	start(w);
	zonebed_write_small(w->bed, "other", "192.0.2.7");
	zonebed_write(w->bed, "example", "nonsense");
	until_answer(w, "other", "192.0.2.7 ");
	assert_string_equal(zonebed_ask(w->bed, "www.example", A), "192.0.2.1 ");
	assert_string_equal(zonebed_find(w->bed, "example")->state, "stale");
	watch_get_stats(w->watch, &stats);
	assert_int_equal(stats.failed, 1);
	zonebed_write_example(w->bed, 2, "new 60 A 192.0.2.9\n");
	until_answer(w, "new.example", "192.0.2.9 ");
	assert_string_equal(zonebed_find(w->bed, "example")->state, "serving");
}

static void a_serial_that_goes_back_is_said_and_taken(void **state)
{
	struct watched *w = *state;

	zonebed_write_example(w->bed, 7, "");
	start(w);
	zonebed_write_example(w->bed, 6, "new 60 A 192.0.2.9\n");
	until_answer(w, "new.example", "192.0.2.9 ");
	zonebed_assert_said(w->bed, "zone example.: serial 6 goes back, 7 was served");
}

static void a_burst_is_one_change_set(void **state)
{
	struct watched *w = *state;
	struct store_stats before, after;
	char zone[32];

	start(w);
	store_get_stats(w->bed->store, &before);
	for (int i = 0; i < 300; i++) {
		(void)snprintf(zone, sizeof(zone), "z%d", i);
		zonebed_write_small(w->bed, zone, "192.0.2.7");
	}
	until_answer(w, "z299", "192.0.2.7 ");
	assert_string_equal(zonebed_ask(w->bed, "z0", A), "192.0.2.7 ");
	store_get_stats(w->bed->store, &after);
	assert_int_equal(after.change_sets - before.change_sets, 1);
	assert_int_equal(reads(w), 1);
}

static void a_folder_that_is_replaced_is_followed(void **state)
{
	struct watched *w = *state;

	start(w);
	assert_int_equal(mkdir(in_root(w, "next"), 0755), 0);
	put_file(in_root(w, "next/example.zone"), SMALL("192.0.2.8"));
	assert_int_equal(rename(w->bed->zones, in_root(w, "before")), 0);
	assert_int_equal(rename(in_root(w, "next"), w->bed->zones), 0);
	until_answer(w, "example", "192.0.2.8 ");
	zonebed_write_small(w->bed, "example", "192.0.2.9");
	until_answer(w, "example", "192.0.2.9 ");
}

/* The kernel keeps some ten thousand events. */
static void lost_events_are_made_up_for(void **state)
{
	struct watched *w = *state;
	struct watch_stats stats;
	unsigned long kept = 16384;
	FILE *limit = fopen("/proc/sys/fs/inotify/max_queued_events", "r");

	if (limit) {
		assert_int_equal(fscanf(limit, "%lu", &kept), 1);
		(void)fclose(limit);
	}
	start(w);
	for (unsigned long i = 0; i < kept / 2 + 100; i++) {
		put_file(in_root(w, "zones/a"), "");
		put_file(in_root(w, "zones/b"), "");
	}
	zonebed_write_example(w->bed, 2, "new 60 A 192.0.2.9\n");
	until_answer(w, "new.example", "192.0.2.9 ");
	watch_get_stats(w->watch, &stats);
	assert_int_equal(stats.overflows, 1);
}

/* ---- files elsewhere ---- */

static void a_link_is_followed_on_both_ends(void **state)
{
	struct watched *w = *state;

	put_file(in_root(w, "one"), SMALL("192.0.2.1"));
	put_file(in_root(w, "two"), SMALL("192.0.2.2"));
	assert_int_equal(symlink("../one", in_root(w, "zones/linked.zone")), 0);
	start(w);
	assert_string_equal(zonebed_ask(w->bed, "linked", A), "192.0.2.1 ");
	put_file(in_root(w, "one"), SMALL("192.0.2.3"));
	until_answer(w, "linked", "192.0.2.3 ");
	assert_int_equal(symlink("../two", in_root(w, "new")), 0);
	assert_int_equal(rename(in_root(w, "new"), in_root(w, "zones/linked.zone")), 0);
	until_answer(w, "linked", "192.0.2.2 ");
	put_file(in_root(w, "two"), SMALL("192.0.2.4"));
	until_answer(w, "linked", "192.0.2.4 ");
}

/* As configuration management and container volumes swap whole folders. */
static void a_link_to_a_folder_on_the_way_is_followed(void **state)
{
	struct watched *w = *state;

	assert_int_equal(mkdir(in_root(w, "v1"), 0755), 0);
	assert_int_equal(mkdir(in_root(w, "v2"), 0755), 0);
	put_file(in_root(w, "v1/z"), SMALL("192.0.2.1"));
	put_file(in_root(w, "v2/z"), SMALL("192.0.2.2"));
	assert_int_equal(symlink("v1", in_root(w, "now")), 0);
	assert_int_equal(symlink("../now/z", in_root(w, "zones/linked.zone")), 0);
	start(w);
	assert_string_equal(zonebed_ask(w->bed, "linked", A), "192.0.2.1 ");
	assert_int_equal(symlink("v2", in_root(w, "new")), 0);
	assert_int_equal(rename(in_root(w, "new"), in_root(w, "now")), 0);
	until_answer(w, "linked", "192.0.2.2 ");
}

static void an_included_file_is_followed(void **state)
{
	struct watched *w = *state;

	put_file(in_root(w, "part"), "new 60 A 192.0.2.8\n");
	zonebed_write_example(w->bed, 1, "$INCLUDE ../part\n");
	start(w);
	assert_string_equal(zonebed_ask(w->bed, "new.example", A), "192.0.2.8 ");
	put_file(in_root(w, "part"), "new 60 A 192.0.2.9\n");
	until_answer(w, "new.example", "192.0.2.9 ");
}

static void a_file_of_its_own_may_come_later(void **state)
{
	struct watched *w = *state;
	char path[256];
	struct config_zone zone = { .name = (char *)"single", .file = path };

	(void)snprintf(path, sizeof(path), "%s", in_root(w, "deep/er/single"));
	w->bed->config.zone = &zone;
	w->bed->config.zone_count = 1;
	start(w);
	assert_string_equal(zonebed_find(w->bed, "single")->state, "failed");
	assert_int_equal(mkdir(in_root(w, "deep"), 0755), 0);
	assert_int_equal(mkdir(in_root(w, "deep/er"), 0755), 0);
	put_file(path, SMALL("192.0.2.1"));
	until_answer(w, "single", "192.0.2.1 ");
	put_file(path, SMALL("192.0.2.2"));
	until_answer(w, "single", "192.0.2.2 ");
}

/* What changed between the reading at the start and the watching. */
static void a_change_during_the_start_is_seen(void **state)
{
	struct watched *w = *state;
	struct zonebed *bed = w->bed;

	put_file(in_root(w, "part"), "new 60 A 192.0.2.8\n");
	zonebed_write_example(bed, 1, "$INCLUDE ../part\n");
	assert_int_equal(zoneset_new(&bed->set, bed->store, &bed->report), 0);
	assert_int_equal(watch_start(&w->watch, &w->loop, bed->set, &bed->config, &bed->report), 0);
	assert_int_equal(zoneset_configure(bed->set, &bed->config), 0);
	zonebed_write_small(bed, "other", "192.0.2.7");
	assert_int_equal(zoneset_load(bed->set), 0);
	put_file(in_root(w, "part"), "new 60 A 192.0.2.99\n");
	watch_zones(w->watch);
	until_answer(w, "new.example", "192.0.2.99 ");
	until_answer(w, "other", "192.0.2.7 ");
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_file_that_is_written_over_is_read_again),
		CASE(a_file_that_is_replaced_is_read_again),
		CASE(a_file_that_is_put_aside_and_written_anew_is_not_gone),
		CASE(a_file_is_read_when_it_is_written_to_its_end),
		CASE(zones_come_and_go_with_their_files),
		CASE(a_bad_file_leaves_the_version_before),
		CASE(a_serial_that_goes_back_is_said_and_taken),
		CASE(a_burst_is_one_change_set),
		CASE(a_folder_that_is_replaced_is_followed),
		CASE(lost_events_are_made_up_for),
		CASE(a_link_is_followed_on_both_ends),
		CASE(a_link_to_a_folder_on_the_way_is_followed),
		CASE(an_included_file_is_followed),
		CASE(a_file_of_its_own_may_come_later),
		CASE(a_change_during_the_start_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
