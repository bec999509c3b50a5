// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The differential test: every zone of shared data, all at once, here and in Debian's nsd; every name and type
 * of them (and types and names that are not there), without EDNS, with EDNS, and with DO. What the driver answers
 * must be what nsd answers; what it passes is counted by reason. Native and BPF must agree on every question.
 *
 * DNSBOLT_DATA: where the data is (../shared/data).
 */
#include <dirent.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../userspace/lib/reason.h"
#include "../lib/frame.h"
#include "../lib/harness.h"
#include "compare.h"

#define MAX_ZONES 512
#define MAX_SHOWN 20

static struct {
	struct harness *h;
	struct nsd *nsd;
	struct nsd_zone zones[MAX_ZONES];
	size_t n_zones;
	unsigned long asked, answered, wrong, disagree, reasons[DNSBOLT_REASONS_MAX];
	uint16_t id;
} t;

/* ---- zones ---- */

static bool skipped_by_name(const char *file)
{
	return !strstr(file, ".zone") || strcmp(strstr(file, ".zone"), ".zone");
}

/* NAME.zone is the zone NAME, but for those whose origin is given beside them (SOURCE.txt). */
static void zone_name(const char *file, char *name, size_t room)
{
	static const char *const odd[][2] = { { "root-2020020102.zone", "." },
					      { "knot-records.zone", "records." },
					      { "knot-svcb.zone", "svcb." },
					      { "knot-nsec3-optout-example.zone", "example." },
					      { "knot-ripe.net.zone", "ripe.net." } };
	size_t i;

	for (i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		if (!strcmp(file, odd[i][0])) {
			snprintf(name, room, "%s", odd[i][1]);
			return;
		}
	}
	snprintf(name, room, "%.*s.", (int)(strlen(file) - strlen(".zone")), file);
}

static void say(enum log_level level, const char *text, void *arg)
{
	(void)arg;
	if (level <= LOG_LEVEL_ERROR)
		fprintf(stderr, "%s\n", text);
}

static const struct report report = { say, NULL };

static void add_zone(const char *dir, const char *file)
{
	struct nsd_zone *zone = &t.zones[t.n_zones];
	char path[800];
	int r;

	if (skipped_by_name(file) || t.n_zones == MAX_ZONES)
		return;
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	if (!realpath(path, zone->path)) /* nsd changes its folder */
		return;
	zone_name(file, zone->name, sizeof(zone->name));
	if (!nsd_takes(zone)) {
		printf("report: %s: nsd does not take it: left out\n", file);
		return;
	}
	r = harness_add_file(t.h, zone->name, zone->path, &report);
	if (r)
		printf("report: %s: not loaded here: %s\n", file, strerror(-r));
	else
		t.n_zones++;
}

static int add_folder(const char *root, const char *folder)
{
	char dir[512];
	struct dirent **files = NULL;
	int i, n;

	snprintf(dir, sizeof(dir), "%s/%s", root, folder);
	n = scandir(dir, &files, NULL, alphasort);
	for (i = 0; i < n; i++) {
		add_zone(dir, files[i]->d_name);
		free(files[i]);
	}
	free(files);
	return n < 0 ? -errno : 0;
}

/* ---- questions ---- */

static size_t build_query(uint8_t *msg, const knot_dname_t *name, uint16_t type, int edns)
{
	static const uint8_t opt[2][11] = { { 0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0 },
					    { 0, 0, 41, 0x04, 0xd0, 0, 0, 0x80, 0, 0, 0 } };
	size_t len = knot_dname_size(name);

	memset(msg, 0, 12);
	t.id++;
	msg[0] = (uint8_t)(t.id >> 8);
	msg[1] = (uint8_t)t.id;
	msg[2] = t.id & 1; /* RD */
	msg[5] = 1;
	msg[11] = edns > 0;
	memcpy(msg + 12, name, len);
	len += 12;
	msg[len] = (uint8_t)(type >> 8);
	msg[len + 1] = (uint8_t)type;
	msg[len + 2] = 0;
	msg[len + 3] = 1;
	len += 4;
	if (edns)
		memcpy(msg + len, opt[edns - 1], 11);
	return len + (edns ? 11 : 0);
}

static void show(const char *what, const knot_dname_t *name, uint16_t type, int edns)
{
	char text[KNOT_DNAME_TXT_MAXLEN], type_text[32];

	if (t.wrong + t.disagree > MAX_SHOWN)
		return;
	knot_dname_to_str(text, name, sizeof(text));
	knot_rrtype_to_string(type, type_text, sizeof(type_text));
	fprintf(stderr, "%s: %s %s%s\n", what, text, type_text,
		edns == 2 ? " +do"
		: edns	  ? " +edns"
			  : "");
}

static void check_answer(const struct frame_spec *spec, const struct harness_result *res,
			 const uint8_t *query, size_t len, const knot_dname_t *name, uint16_t type,
			 int edns)
{
	static uint8_t theirs[65535];
	const uint8_t *ours = NULL;
	const char *differs;
	size_t our_len = 0;
	ssize_t their_len;

	t.answered++;
	differs = frame_check_reply(spec, res->frame, res->len, &ours, &our_len);
	if (!differs) {
		their_len = nsd_ask(t.nsd, query, len, theirs, sizeof(theirs));
		differs = their_len < 0 ? "nsd does not answer"
					: answer_differs(ours, our_len, theirs, (size_t)their_len);
	}
	if (differs) {
		t.wrong++;
		show(differs, name, type, edns);
	}
}

static void ask(const knot_dname_t *name, uint16_t type, int edns)
{
	static struct harness_result native, kernel;
	uint8_t msg[600], frame[FRAME_MAX];
	struct frame_spec spec;
	size_t msg_len, len;
	int r = 0;

	msg_len = build_query(msg, name, type, edns);
	frame_defaults(&spec, t.id & 1);
	len = frame_build(&spec, msg, msg_len, frame);
	harness_run_native(t.h, frame, len, 216, 3000, &native);
	if (harness_is_kernel(t.h)) {
		r = harness_run_bpf(t.h, frame, len, &kernel);
		if (r || native.reason != kernel.reason || native.action != kernel.action ||
		    native.len != kernel.len || memcmp(native.frame, kernel.frame, native.len)) {
			t.disagree++;
			show("native and BPF differ", name, type, edns);
		}
	}
	t.asked++;
	t.reasons[native.reason]++;
	if (native.action == XDP_TX)
		check_answer(&spec, &native, msg, msg_len, name, type, edns);
}

static void ask_all_ways(const knot_dname_t *name, uint16_t type)
{
	int edns;

	for (edns = 0; edns < 3; edns++)
		ask(name, type, edns);
}

/* The types that are there, some that may not be, and a name below. */
static void ask_name(const struct zone_name *name)
{
	static const uint16_t others[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_NS, KNOT_RRTYPE_DS, 65399 };
	knot_dname_storage_t below;
	size_t i, len = knot_dname_size(name->owner);

	for (i = 0; i < name->n_sets; i++)
		ask_all_ways(name->owner, name->sets[i].type);
	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (!zone_name_rrset(name, others[i]))
			ask_all_ways(name->owner, others[i]);
	if (len + 4 > KNOT_DNAME_MAXLEN)
		return;
	memcpy(below, "\003nx0", 4);
	memcpy(below + 4, name->owner, len);
	ask(below, KNOT_RRTYPE_A, 0);
}

static void ask_zone(const struct zone *zone)
{
	const struct zone_name *name = NULL;

	while ((name = zone_next(zone, name)))
		ask_name(name);
}

static void print_summary(void)
{
	unsigned int i;

	printf("report: %zu zones, %lu questions: %lu answered by the driver, %lu passed, %lu wrong, "
	       "%lu in which native and BPF differ%s\n",
	       t.n_zones, t.asked, t.answered, t.asked - t.answered, t.wrong, t.disagree,
	       harness_is_kernel(t.h) ? "" : " (native only)");
	for (i = 1; i < DNSBOLT_REASONS_MAX; i++)
		if (t.reasons[i])
			printf("report: %8lu %s\n", t.reasons[i], reason_info(i)->name);
}

static int load(const char *data)
{
	static const char *const folders[] = { "all-types", "real-zones/arpa", "real-zones/moj",
					       "real-zones/wikimedia", "root-zone" };
	size_t i;
	int r = 0;

	for (i = 0; i < sizeof(folders) / sizeof(*folders) && !r; i++)
		r = add_folder(data, folders[i]);
	if (r) {
		printf("skip: no shared data at %s (set DNSBOLT_DATA)\n", data);
		return 77;
	}
	r = harness_publish(t.h, &report);
	if (!r)
		r = nsd_start(&t.nsd, t.zones, t.n_zones);
	if (r == -ENOENT) {
		printf("skip: nsd is not installed\n");
		return 77;
	}
	if (r)
		fprintf(stderr, "not started: %s\n", strerror(-r));
	return r ? 1 : 0;
}

int main(void)
{
	const char *data = getenv("DNSBOLT_DATA");
	const struct zone *zone;
	size_t i;
	int r;

	r = harness_new(&t.h, geteuid() == 0);
	if (r) {
		fprintf(stderr, "no harness: %s\n", strerror(-r));
		return 1;
	}
	r = load(data ? data : "../shared/data");
	for (i = 0; !r && (zone = harness_zone(t.h, i)); i++)
		ask_zone(zone);
	if (!r) {
		print_summary();
		r = t.wrong || t.disagree || !t.answered;
		printf("%d passed, %d failed, 0 skipped\n", !r, r);
	}
	nsd_stop(t.nsd);
	harness_free(t.h);
	return r;
}
