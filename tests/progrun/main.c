// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Runs vector files: every case natively and, as root, by BPF_PROG_TEST_RUN in the loaded programs; verdicts
 * and replies must be what the file says and the same to the octet in both.
 *
 *     progrun [-n] [-w] FILE...     -n: native only   -w: print each file with its replies filled in, for
 *                                   writing vectors: look at every one before it is kept
 */
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../userspace/lib/reason.h"
#include "../lib/harness.h"
#include "vector.h"

static struct {
	unsigned int passed, failed, skipped;
} total;
static bool write_mode;

static void say(enum log_level level, const char *text, void *arg)
{
	const struct vector_file *f = arg;

	if (level <= LOG_LEVEL_ERROR)
		vector_error(f, "%s", text);
}

/* `zone NAME`, then the zone's text up to a line with a single dot. Published with all zones before it. */
static int read_zone(struct harness *h, struct vector_file *f, const char *name)
{
	char path[] = "/tmp/dnsbolt-vector-XXXXXX";
	struct report report = { say, f };
	int fd = mkstemp(path), r;
	FILE *out;
	char *line;

	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out)
		return vector_error(f, "zone: no temporary file");
	while ((line = vector_line(f)) && strcmp(line, "."))
		fprintf(out, "%s\n", line);
	fclose(out);
	r = harness_add_file(h, name, path, &report);
	unlink(path);
	if (!r)
		r = harness_publish(h, &report);
	return r ? vector_error(f, "zone \"%s\" does not load: %s", name, strerror(-r)) : 0;
}

static void fail(const struct vector_file *f, const struct vector *v, const char *where,
		 const char *what)
{
	fprintf(stderr, "FAIL %s:%u: %s: %s: %s\n  query:\n", f->path, v->line, v->title, where,
		what);
	message_print(stderr, v->msg, v->msg_len);
}

static bool same_message(const struct vector_file *f, const struct vector *v, const char *where,
			 const uint8_t *msg, size_t len)
{
	size_t i;
	char what[96];

	for (i = 0; i < len && i < v->reply_len && msg[i] == v->reply[i]; i++)
		;
	if (i == len && i == v->reply_len)
		return true;
	snprintf(what, sizeof(what), "the reply differs from offset %zu on", i);
	fail(f, v, where, what);
	fprintf(stderr, "  expected:\n");
	message_print(stderr, v->reply, v->reply_len);
	fprintf(stderr, "  got:\n");
	message_print(stderr, msg, len);
	return false;
}

static void print_reply(const uint8_t *msg, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		printf("%s%02x", i % 40 ? "" : i ? "\n\t" : "reply\t", msg[i]);
	printf("\n");
	message_print(stdout, msg, len);
}

/* One result against the vector. */
static bool check(const struct vector_file *f, const struct vector *v,
		  const struct frame_spec *spec, const char *where, const uint8_t *query,
		  size_t query_len, const struct harness_result *res)
{
	const struct reason_info *info = reason_info(res->reason);
	const uint8_t *msg = NULL;
	const char *wrong;
	char what[160];
	size_t len = 0;

	if (res->reason != (enum dnsbolt_reason)v->reason || res->action != v->action) {
		snprintf(what, sizeof(what), "expected %s, got %s (action %d)",
			 reason_info(v->reason)->name, info->name ? info->name : "no single reason",
			 res->action);
		fail(f, v, where, what);
		return false;
	}
	if (v->action != XDP_TX) {
		if (res->len == query_len && !memcmp(res->frame, query, query_len))
			return true;
		fail(f, v, where, "not answered, but the packet was changed");
		return false;
	}
	wrong = frame_check_reply(spec, res->frame, res->len, &msg, &len);
	if (wrong) {
		fail(f, v, where, wrong);
		return false;
	}
	if (write_mode) {
		print_reply(msg, len);
		return true;
	}
	return same_message(f, v, where, msg, len);
}

static bool run_frame(struct harness *h, const struct vector_file *f, const struct vector *v,
		      const struct frame_spec *spec)
{
	static struct harness_result native, kernel;
	uint8_t query[FRAME_MAX];
	size_t len = frame_build(spec, v->msg, v->msg_len, query);
	int64_t second;
	int r;

	harness_split(h, v->has_room ? v->first : 0);
	do { /* within a second of the clock */
		second = settings_set_clock(h, f);
		harness_run_native(h, query, len, v->has_room ? v->headroom : 216,
				   v->has_room ? v->tailroom : 4000, &native);
	} while (settings_set_clock(h, f) != second);
	if (!check(f, v, spec, "native", query, len, &native))
		return false;
	/* A test run gives each frame a page: how little room there is cannot be set, nor can it be shorter than a
	 * header. */
	if (!harness_is_kernel(h) || v->has_room || write_mode || len < 14)
		return true;
	do {
		second = settings_set_clock(h, f);
		r = harness_run_bpf(h, query, len, &kernel);
	} while (settings_set_clock(h, f) != second);
	if (r) {
		fail(f, v, "BPF", strerror(-r));
		return false;
	}
	if (!check(f, v, spec, "BPF", query, len, &kernel))
		return false;
	if (native.len == kernel.len && !memcmp(native.frame, kernel.frame, native.len))
		return true;
	fail(f, v, "BPF", "the frame differs from the native one");
	return false;
}

static bool run_case(struct harness *h, const struct vector_file *f, const struct vector *v)
{
	struct dnsbolt_addr addresses[2];
	struct frame_spec v6;

	if (!run_frame(h, f, v, &v->frame))
		return false;
	if (!v->v6_too || write_mode)
		return true;
	frame_defaults(&v6, true);
	memcpy(addresses, (struct dnsbolt_addr[]){ v6.src, v6.dst }, sizeof(addresses));
	v6 = v->frame;
	v6.ipv6 = true;
	v6.src = addresses[0];
	v6.dst = addresses[1];
	return run_frame(h, f, v, &v6);
}

static int run_line(struct harness *h, struct vector_file *f, char *line)
{
	struct vector v;
	int r;

	if (!strncmp(line, "zone ", 5)) {
		char name[256];

		snprintf(name, sizeof(name), "%s", line + 5);
		return read_zone(h, f, name);
	}
	if (strncmp(line, "case ", 5)) {
		r = settings_read(h, f, line);
		return r == 1 ? vector_error(f, "not known: \"%s\"", line) : r;
	}
	if (vector_read(f, line + 5, &v))
		return -1;
	if (write_mode)
		printf("\ncase %s\n", v.title);
	if (run_case(h, f, &v))
		total.passed++;
	else
		total.failed++;
	return 0;
}

static int run_file(struct harness *h, const char *path)
{
	struct vector_file f = { .path = path, .in = fopen(path, "r") };
	char *line;
	int r = 0;

	if (!f.in)
		return vector_error(&f, "cannot be read");
	while (!r && (line = vector_line(&f)))
		r = run_line(h, &f, line);
	fclose(f.in);
	free(f.line);
	return r;
}

int main(int argc, char **argv)
{
	bool kernel = geteuid() == 0;
	struct harness *h = NULL;
	int opt, r;

	while ((opt = getopt(argc, argv, "nw")) != -1) {
		if (opt == 'n')
			kernel = false;
		else if (opt == 'w')
			write_mode = true;
		else
			return 2;
	}
	for (; optind < argc; optind++) {
		/* A harness for each file: a configuration that one sets is not the next one's. */
		r = harness_new(&h, kernel);
		if (r) {
			fprintf(stderr, "%s: no harness: %s\n", argv[optind], strerror(-r));
			return 1;
		}
		if (run_file(h, argv[optind]))
			total.failed++;
		harness_free(h);
	}
	if (!kernel)
		fprintf(stderr, "progrun: native only (BPF needs root)\n");
	printf("%u passed, %u failed, %u skipped\n", total.passed, total.failed, total.skipped);
	return total.failed ? 1 : 0;
}
