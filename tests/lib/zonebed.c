/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <libknot/libknot.h>

#include "../../userspace/lib/name.h"
#include "../../userspace/lib/reason.h"
#include "zonebed.h"

static const char example_zone[] = "@ 3600 SOA ns hostmaster 1 7200 3600 1209600 300\n"
				   "@ 3600 NS ns\n"
				   "ns 3600 A 192.0.2.53\n"
				   "www 300 A 192.0.2.1\n"
				   "www 300 AAAA 2001:db8::1\n"
				   "alias 300 CNAME www\n"
				   "a.inner 300 A 192.0.2.66\n"
				   "b.inner 300 A 192.0.2.67\n";

static void say(enum log_level level, const char *text, void *arg)
{
	struct zonebed *bed = arg;
	size_t len = strlen(bed->said);

	(void)snprintf(bed->said + len, sizeof(bed->said) - len, "%d %s\n", (int)level, text);
}

/* ---- files ---- */

const char *zonebed_path(const struct zonebed *bed, const char *zone)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s.zone", bed->zones, zone);
	return path;
}

void zonebed_write(const struct zonebed *bed, const char *zone, const char *text)
{
	FILE *file = fopen(zonebed_path(bed, zone), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

void zonebed_remove(const struct zonebed *bed, const char *zone)
{
	assert_int_equal(unlink(zonebed_path(bed, zone)), 0);
}

/* example_zone with another serial and some more lines. */
void zonebed_write_example(const struct zonebed *bed, unsigned int serial, const char *more)
{
	char text[4096];

	(void)snprintf(text, sizeof(text),
		       "@ 3600 SOA ns hostmaster %u 7200 3600 1209600 300\n%s%s", serial,
		       strchr(example_zone, '\n') + 1, more);
	zonebed_write(bed, "example", text);
}

void zonebed_write_small(const struct zonebed *bed, const char *zone, const char *address)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.53\n@ 60 A %s\n",
		       address);
	zonebed_write(bed, zone, text);
}

/* ---- start and restart ---- */

void zonebed_open_store(struct zonebed *bed, uint32_t max_names)
{
	assert_int_equal(store_open_memory(&bed->store, max_names), 0);
	store_config(bed->store)->max_udp = 1232;
	assert_int_equal(core_new(&bed->core, store_view(bed->store)), 0);
}

void zonebed_close_store(struct zonebed *bed)
{
	core_free(bed->core);
	store_close(bed->store);
	bed->core = NULL;
	bed->store = NULL;
}

/* A zone set as dnsboltd makes it at its start, over the store as it is. */
void zonebed_start(struct zonebed *bed)
{
	bed->said[0] = '\0';
	assert_int_equal(zoneset_new(&bed->set, bed->store, &bed->report), 0);
	assert_int_equal(zoneset_configure(bed->set, &bed->config), 0);
	assert_int_equal(zoneset_load(bed->set), 0);
}

void zonebed_stop(struct zonebed *bed)
{
	zoneset_free(bed->set);
	bed->set = NULL;
}

int zonebed_setup(void **state)
{
	struct zonebed *bed = calloc(1, sizeof(*bed));
	static char *dirs[1];

	assert_non_null(bed);
	(void)snprintf(bed->root, sizeof(bed->root), "/tmp/dnsbolt-test-XXXXXX");
	assert_non_null(mkdtemp(bed->root));
	(void)snprintf(bed->zones, sizeof(bed->zones), "%s/zones", bed->root);
	(void)snprintf(bed->state, sizeof(bed->state), "%s/state", bed->root);
	assert_int_equal(mkdir(bed->zones, 0755), 0);
	dirs[0] = bed->zones;
	bed->config.zone_dir = dirs;
	bed->config.zone_dir_count = 1;
	bed->config.state_dir = bed->state;
	bed->report = (struct report){ .say = say, .arg = bed };
	zonebed_open_store(bed, 100000);
	zonebed_write(bed, "example", example_zone);
	*state = bed;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int zonebed_teardown(void **state)
{
	struct zonebed *bed = *state;

	zonebed_stop(bed);
	if (bed->store) {
		assert_int_equal(store_reclaim(bed->store), 0);
		assert_int_equal(store_leaked(bed->store), 0);
	}
	zonebed_close_store(bed);
	(void)nftw(bed->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(bed);
	return 0;
}

/* ---- questions ---- */

const knot_dname_t *zonebed_wire(const char *text)
{
	static knot_dname_storage_t names[4];
	static unsigned int next;
	uint8_t *name = names[next++ % 4];

	assert_int_equal(name_parse_lower(name, text, NULL), 0);
	return name;
}

static size_t make_query(uint8_t *msg, size_t room, const char *name, uint16_t type, bool dnssec_ok)
{
	knot_pkt_t *query = knot_pkt_new(msg, (uint16_t)room, NULL);
	knot_rrset_t opt;
	size_t len;

	assert_non_null(query);
	assert_int_equal(knot_pkt_put_question(query, zonebed_wire(name), KNOT_CLASS_IN, type), 0);
	if (dnssec_ok) {
		assert_int_equal(knot_edns_init(&opt, 4096, 0, 0, NULL), 0);
		knot_edns_set_do(&opt);
		assert_int_equal(knot_pkt_begin(query, KNOT_ADDITIONAL), 0);
		assert_int_equal(knot_pkt_put(query, KNOT_COMPR_HINT_NONE, &opt, KNOT_PF_FREE), 0);
	}
	len = query->size;
	knot_pkt_free(query);
	return len;
}

/* The data of the answer's records, each with a blank behind it; nothing of them: the reason. */
const char *zonebed_ask_do(struct zonebed *bed, const char *name, uint16_t type, bool dnssec_ok)
{
	static char text[4096];
	uint8_t msg[4096] = { 0 };
	size_t len = make_query(msg, sizeof(msg), name, type, dnssec_ok), n = 0;
	enum dnsbolt_reason reason = core_message(bed->core, msg, &len, sizeof(msg), false);
	const knot_pktsection_t *answer;
	knot_pkt_t *reply;

	(void)snprintf(text, sizeof(text), "%s", reason_info(reason)->name);
	if (reason != REASON_answer)
		return text;
	reply = knot_pkt_new(msg, (uint16_t)len, NULL);
	assert_non_null(reply);
	assert_int_equal(knot_pkt_parse(reply, 0), 0);
	answer = knot_pkt_section(reply, KNOT_ANSWER);
	for (uint16_t i = 0; i < answer->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(answer, i);
		int dumped = knot_rrset_txt_dump_data(rr, 0, text + n, sizeof(text) - n - 1,
						      &KNOT_DUMP_STYLE_DEFAULT);

		assert_true(dumped >= 0);
		n += (size_t)dumped;
		text[n++] = ' ';
		text[n] = '\0';
	}
	knot_pkt_free(reply);
	return text;
}

const char *zonebed_ask(struct zonebed *bed, const char *name, uint16_t type)
{
	return zonebed_ask_do(bed, name, type, false);
}

const struct zoneset_zone *zonebed_find(struct zonebed *bed, const char *apex)
{
	const struct zoneset_zone *zone = zoneset_find(bed->set, zonebed_wire(apex));

	assert_non_null(zone);
	return zone;
}

int zonebed_set_ttl(struct zonebed *bed, const char *owner, uint16_t type, const char *rdata,
		    uint32_t ttl, bool add, bool unsigned_ok)
{
	struct zoneset_record record = {
		.owner = zonebed_wire(owner),
		.type = type,
		.ttl = ttl,
		.rdata = rdata,
		.who = "uid 0 (root)",
		.when = 1735689600,
	};

	return zoneset_record_set(bed->set, &record, add, unsigned_ok);
}

int zonebed_set(struct zonebed *bed, const char *owner, uint16_t type, const char *rdata)
{
	return zonebed_set_ttl(bed, owner, type, rdata, 300, false, false);
}

void zonebed_assert_error(const struct zonebed *bed, const char *words)
{
	if (!strstr(zoneset_error(bed->set), words))
		fail_msg("expected \"%s\" in \"%s\"", words, zoneset_error(bed->set));
}

void zonebed_assert_said(const struct zonebed *bed, const char *words)
{
	if (!strstr(bed->said, words))
		fail_msg("expected \"%s\" in\n%s", words, bed->said);
}
