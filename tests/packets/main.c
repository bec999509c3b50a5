// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Hostile packets, natively (with sanitizers) and in the loaded programs: the same action, reason and octets, what is
 * passed is unchanged, what is answered is a whole frame. They are the messages that troubled other servers (shared
 * data) and the fuzzers' corpora, each by IPv4 and IPv6, and damaged variants by a sequence that is the same each time.
 *
 * What an earlier packet left in the scratch must not show: the two meet a batch in opposite orders.
 *
 * DNSBOLT_DATA: where shared data is (../shared/data). PACKETS: how many (300000). PACKETS_SEED: of the variants (1).
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../userspace/lib/reason.h"
#include "../lib/harness.h"
#include "packet.h"

#define PACKETS 300000ul
#define BATCH 128
#define HEADROOM 216
#define TAILROOM 4000
#define ETHERNET 14	  /* a test run takes no shorter frame */
#define NAMES_OF_ZONE 200 /* questions are made of so many, so that no zone has them all */
#define NAMES_MAX 4096
#define SHOWN_MAX 10

static struct inputs ours, seeds;
static struct mutate mutate;
static const uint8_t *names[NAMES_MAX];
static struct harness *h;

static struct {
	unsigned long packets, plain, answered, kernel;
	unsigned long differ, changed, broken; /* failures, by the case that they belong to */
	unsigned long reasons[DNSBOLT_REASONS_MAX];
	unsigned int kept;
} total;

static struct packet batch[BATCH];
static struct harness_result native[BATCH], kernel[BATCH];
static bool second_passed; /* while the batch was run */

static const char *reason_name(enum dnsbolt_reason reason)
{
	const char *name = reason_info(reason)->name;

	return name ? name : "no single reason";
}

/* ---- one packet's two results ---- */

/* The packet is left where it can become one of the corpus. */
static void keep(const struct packet *packet, const char *what)
{
	const char *b = getenv("B");
	char path[256];
	FILE *out;

	if (total.kept >= SHOWN_MAX)
		return;
	snprintf(path, sizeof(path), "%s/packets", b ? b : "build");
	(void)mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/packets/%u", b ? b : "build", total.kept++);
	out = fopen(path, "wb");
	if (out) {
		fwrite(packet->frame, 1, packet->len, out);
		fclose(out);
	}
	fprintf(stderr, "%s: of \"%s\", kept as %s\n", what, packet->from->name, path);
}

static bool is_same(const struct harness_result *a, const struct harness_result *b)
{
	return a->reason == b->reason && a->action == b->action && a->len == b->len &&
	       !memcmp(a->frame, b->frame, a->len);
}

static void check_same(const struct packet *packet, const struct harness_result *a,
		       const struct harness_result *b)
{
	char what[256];
	size_t i;

	if (is_same(a, b))
		return;
	for (i = 0; i < a->len && i < b->len && a->frame[i] == b->frame[i]; i++)
		;
	total.differ++;
	snprintf(
		what, sizeof(what),
		"native: %s, action %d, %zu octets; BPF: %s, action %d, %zu octets; the same up to offset %zu",
		reason_name(a->reason), a->action, a->len, reason_name(b->reason), b->action,
		b->len, i);
	keep(packet, what);
}

/* A cookie has the second in it that it was made in. */
static void check_again(const struct packet *packet)
{
	static struct harness_result a, b;

	harness_run_native(h, packet->frame, packet->len, HEADROOM, TAILROOM, &a);
	if (!harness_run_bpf(h, packet->frame, packet->len, &b))
		check_same(packet, &a, &b);
}

/* RFC 1035 section 4.1.1, and the limits of what is sent by UDP. */
static const char *check_message(const uint8_t *query, const uint8_t *reply, size_t len)
{
	if (len < 12 || len > harness_config(h)->max_udp)
		return "length of the reply's message";
	if (memcmp(query, reply, 2) || !(reply[2] & 0x80))
		return "ID or QR of the reply";
	return NULL;
}

static void check_result(const struct packet *packet, const struct harness_result *res)
{
	const char *wrong = NULL;
	const uint8_t *msg = NULL;
	size_t len = 0;

	if (res->action == XDP_PASS || res->action == XDP_DROP) {
		if (res->len == packet->len && !memcmp(res->frame, packet->frame, packet->len))
			return;
		total.changed++;
		keep(packet, "passed, and changed");
		return;
	}
	if (res->action != XDP_TX)
		wrong = "neither passed nor dropped nor answered";
	else if (packet->by_spec)
		wrong = frame_check_reply(&packet->spec, res->frame, res->len, &msg, &len);
	if (!wrong && msg)
		wrong = check_message(packet->frame + (msg - res->frame), msg, len);
	if (!wrong)
		return;
	total.broken++;
	keep(packet, wrong);
}

static void check(const struct packet *packet, const struct harness_result *in_native,
		  const struct harness_result *in_kernel)
{
	total.packets++;
	total.reasons[in_native->reason]++;
	total.answered += in_native->action == XDP_TX;
	if (in_native->reason == REASON_internal || in_native->reason == REASON_store) {
		total.broken++;
		keep(packet, reason_name(in_native->reason));
	}
	check_result(packet, in_native);
	if (!in_kernel)
		return;
	total.kernel++;
	if (!is_same(in_native, in_kernel) && in_native->reason == in_kernel->reason &&
	    second_passed)
		check_again(packet);
	else
		check_same(packet, in_native, in_kernel);
}

/* ---- many ---- */

/* Both see what is set: what the host answers and we do not, ANY, and how large a reply may be. */
static void vary_config(void)
{
	static const uint16_t sizes[] = { 512, 1232, 1232, 4096 };
	struct dnsbolt_config *c = harness_config(h);

	c->pass_options = mutate_below(&mutate, 2) ? mutate_below(&mutate, 8) : 0;
	c->any = mutate_below(&mutate, 2) ? DNSBOLT_ANY_MINIMAL : DNSBOLT_ANY_PASS;
	c->max_udp = sizes[mutate_below(&mutate, 4)];
	c->cookie.mode = mutate_below(&mutate, DNSBOLT_COOKIES_REQUIRE + 1);
	c->cookie.n_secrets = mutate_below(&mutate, DNSBOLT_SECRETS_MAX + 1);
	c->limit.flags = mutate_below(&mutate, 16);
	c->limit.slip = (uint8_t)mutate_below(&mutate, 2);
	c->limit.pass_step_ns = !mutate_below(&mutate, 8);
}

/* No rate lets anything through: the two meet a batch in opposite orders, and so what is counted must not matter. */
static void set_limits(void)
{
	static const struct dnsbolt_client_key denied = {
		96 + 24, { [10] = 0xff, [11] = 0xff, [12] = 198, [13] = 51, [14] = 100 }
	};
	static const struct dnsbolt_client client = { .flags = DNSBOLT_CLIENT_DENY };
	struct dnsbolt_config *c = harness_config(h);

	c->cookie.secret[0][0] = c->cookie.secret[1][0] = c->cookie.secret[2][1] = 42;
	c->limit.ipv4_prefix = 24;
	c->limit.ipv6_prefix = 56;
	c->limit.step[DNSBOLT_CLASS_ANSWER] = c->limit.step[DNSBOLT_CLASS_NXDOMAIN] = 1;
	c->limit.step[DNSBOLT_CLASS_ERROR] = 1;
	(void)harness_client(h, &denied, &client); /* where packets by IPv4 come from */
}

/* Of the clock that cookies are made by. */
static time_t second(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return t.tv_sec;
}

static int run_batch(size_t n)
{
	time_t start = second();
	size_t i;
	int r = 0;

	for (i = 0; i < n; i++)
		harness_run_native(h, batch[i].frame, batch[i].len, HEADROOM, TAILROOM, &native[i]);
	for (i = n; harness_is_kernel(h) && !r && i--;)
		if (batch[i].len >= ETHERNET)
			r = harness_run_bpf(h, batch[i].frame, batch[i].len, &kernel[i]);
	if (r) {
		fprintf(stderr, "test run: %s\n", strerror(-r));
		return r;
	}
	second_passed = second() != start;
	for (i = 0; i < n; i++)
		check(&batch[i], &native[i],
		      harness_is_kernel(h) && batch[i].len >= ETHERNET ? &kernel[i] : NULL);
	vary_config();
	return 0;
}

static int run_plain(const struct inputs *inputs, bool as_frames)
{
	size_t i, n = 0;
	int r = 0;

	for (i = 0; !r && i < inputs->n; i++) {
		packet_wrapped(&batch[n++], &inputs->all[i], false);
		packet_wrapped(&batch[n++], &inputs->all[i], true);
		if (as_frames)
			packet_raw(&batch[n++], &inputs->all[i]);
		if (n + 3 > BATCH || i + 1 == inputs->n) {
			r = run_batch(n);
			total.plain += n;
			n = 0;
		}
	}
	return r;
}

/* One in four is of our own corpus, whose questions are for names of the zones. */
static const struct input *choose(void)
{
	const struct inputs *of = !seeds.n || !mutate_below(&mutate, 4) ? &ours : &seeds;

	return &of->all[mutate_below(&mutate, (uint32_t)of->n)];
}

static int run_variants(unsigned long until)
{
	size_t i;
	int r = 0;

	while (!r && total.packets < until) {
		for (i = 0; i < BATCH && total.packets + i < until; i++)
			packet_variant(&batch[i], choose(), &mutate);
		r = run_batch(i);
	}
	return r;
}

/* ---- zones and inputs ---- */

static void add_names(const struct zone *zone)
{
	const struct zone_name *name = NULL;
	unsigned int n;

	for (n = 0; n < NAMES_OF_ZONE && (name = zone_next(zone, name)); n++)
		if (mutate.n_names < NAMES_MAX)
			names[mutate.n_names++] = name->owner;
}

static int add_shared_zones(const char *data)
{
	static const char *const zones[][2] = {
		{ ".", "root-zone/root-2020020102.zone" },
		{ "example.", "all-types/knot-nsec3-optout-example.zone" },
	};
	char path[512];
	size_t i;
	int r = 0;

	for (i = 0; !r && i < sizeof(zones) / sizeof(*zones); i++) {
		snprintf(path, sizeof(path), "%s/%s", data, zones[i][1]);
		if (access(path, R_OK))
			printf("report: no %s (DNSBOLT_DATA): without that zone\n", path);
		else
			r = harness_add_file(h, zones[i][0], path, NULL);
	}
	return r;
}

static void set_text(struct dnsbolt_identity *to, const char *text)
{
	to->len = (uint8_t)strlen(text);
	memcpy(to->text, text, to->len);
}

/* What was added, and all before it. */
static int publish(void)
{
	const struct zone *zone;
	size_t i;

	mutate.names = names;
	mutate.n_names = 0;
	for (i = 0; (zone = harness_zone(h, i)); i++)
		add_names(zone);
	return harness_publish(h, NULL);
}

static int make_store(void)
{
	int r = harness_new(&h, geteuid() == 0);

	if (!r)
		r = harness_add_folder(h, "tools/lab/zones", NULL);
	if (!r)
		r = harness_add_folder(h, "tests/zones", NULL);
	if (r)
		return r;
	set_text(&harness_config(h)->server, "ns1.test");
	set_text(&harness_config(h)->version, "dnsbolt");
	set_text(&harness_config(h)->nsid, "site");
	set_limits();
	return publish();
}

static int add_seeds(void)
{
	FILE *out = popen("tests/fuzz/seeds.sh", "r");
	char folder[512] = "";

	if (!out)
		return -errno;
	if (fgets(folder, sizeof(folder), out))
		folder[strcspn(folder, "\n")] = '\0';
	if (!pclose(out))
		return inputs_add(&seeds, folder, PACKET_MESSAGE_MAX);
	printf("report: without the packets of shared data (DNSBOLT_DATA): our own corpora alone\n");
	return 0;
}

static unsigned long number_of(const char *variable, unsigned long otherwise)
{
	const char *text = getenv(variable);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

static int add_inputs(void)
{
	int r = inputs_add(&ours, "tests/fuzz/corpus/frame", PACKET_MESSAGE_MAX);

	if (!r)
		r = inputs_add(&ours, "tests/fuzz/corpus/resolver", PACKET_MESSAGE_MAX);
	return r ? r : add_seeds();
}

/* Under the root nothing is not ours: half of them before it is there. */
static int run(void)
{
	unsigned long packets = number_of("PACKETS", PACKETS);
	const char *data = getenv("DNSBOLT_DATA");
	int r = make_store();

	if (!r)
		r = add_inputs();
	if (!r)
		r = run_plain(&ours, true);
	if (!r)
		r = run_variants(packets / 2);
	if (!r)
		r = add_shared_zones(data ? data : "../shared/data");
	if (!r)
		r = publish();
	if (!r)
		r = run_plain(&seeds, false);
	return r ? r : run_variants(packets);
}

/* ---- summary ---- */

static void print_report(void)
{
	unsigned int i, n = 0;

	printf("report: %lu packets of %zu messages: %lu as they are, the rest damaged; %lu in the kernel too; %lu answered\n",
	       total.packets, ours.n + seeds.n, total.plain, total.kernel, total.answered);
	for (i = 1; i < DNSBOLT_REASONS_MAX; i++)
		if (total.reasons[i])
			printf("%s%s %lu",
			       n++ % 8 ? ", "
			       : n > 1 ? "\nreport: "
				       : "report: ",
			       reason_name((enum dnsbolt_reason)i), total.reasons[i]);
	printf("\n");
}

static void say(bool ok, const char *what)
{
	printf("%s - %s\n", ok ? "ok" : "not ok", what);
}

int main(void)
{
	int r;

	mutate.state = number_of("PACKETS_SEED", 1);
	r = run();
	if (r)
		fprintf(stderr, "not done: %s\n", strerror(-r));
	print_report();
	say(!r && total.answered, "all packets were run, and some answered");
	say(!total.changed, "what is passed is unchanged");
	say(!total.broken, "what is answered is a whole frame with a reply to that query");
	if (total.kernel || r)
		say(!total.differ, "BPF and native agree on action, reason and every octet");
	else
		printf("ok - BPF and native agree # SKIP needs root\n");
	harness_free(h);
	inputs_done(&ours);
	inputs_done(&seeds);
	return r || !total.answered || total.changed || total.broken || total.differ;
}
