/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A daemon made of fakes, for tests of the control socket and of the metrics: what zoneset.h,
 * attach.h, store.h and resolver.h promise, over plain variables that a test sets. To be included
 * by one file of a test program.
 */
#ifndef CTL_FAKES_H
#define CTL_FAKES_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../loader/control/udpframe.h"
#include "../../loader/daemon.h"
#include "../../bpf/reasons.h"
#include "../../userspace/lib/addr.h"

#define FAKE_ZONES 3

static struct {
	struct dnsbolt_config page;
	struct dnsbolt_counters counters;
	struct ipc_stats stats;
	struct attach_iface iface;
	struct dnsbolt_addr address;
	struct attach_maps maps;
	struct zone zone[FAKE_ZONES];
	struct zoneset_zone row[FAKE_ZONES];
	const char *error;	      /* of the zone set */
	int result;		      /* of its changes */
	struct zoneset_record record; /* the last that was set */
	knot_dname_storage_t record_owner;
	char record_rdata[256], record_who[128];
	bool record_add, record_unsigned;
	struct sync_status status;
	struct sync_stats sync;
	const knot_dname_t *refreshed; /* by the last command */
	bool refreshed_whole;
	struct clients *clients;
	int action; /* of the test run */
	unsigned int reason;
} fake;

static const struct zoneset *const fake_set = (const void *)&fake;

void daemon_set_mode(struct daemon *daemon, enum dnsbolt_mode mode)
{
	(void)daemon;
	fake.page.mode = mode;
}

struct dnsbolt_config *store_config(struct store *s)
{
	(void)s;
	return &fake.page;
}

void store_get_stats(const struct store *s, struct store_stats *ret_stats)
{
	(void)s;
	*ret_stats = (struct store_stats){ .version = 7,
					   .zones = 2,
					   .anchors = 12,
					   .max_names = 1048576,
					   .segments = 1,
					   .octets = DNSBOLT_SEG_SIZE,
					   .octets_used = 4096,
					   .octets_free = 64,
					   .change_sets = 7 };
}

void watch_get_stats(const struct watch *watch, struct watch_stats *ret_stats)
{
	(void)watch;
	*ret_stats = (struct watch_stats){ .folders = 3, .reads = 5, .failed = 1 };
}

bool attach_adopted(const struct attach *attach)
{
	(void)attach;
	return false;
}

const char *attach_error(const struct attach *attach)
{
	(void)attach;
	return "the test says no";
}

const struct attach_maps *attach_maps(const struct attach *attach)
{
	(void)attach;
	return &fake.maps;
}

const struct attach_iface *attach_iface(const struct attach *attach, unsigned int i)
{
	(void)attach;
	return i == 0 ? &fake.iface : NULL;
}

const struct dnsbolt_addr *attach_address(const struct attach *attach, unsigned int i)
{
	(void)attach;
	return i == 0 ? &fake.address : NULL;
}

int attach_counters(const struct attach *attach, struct dnsbolt_counters *ret_counters)
{
	(void)attach;
	*ret_counters = fake.counters;
	return 0;
}

/* Three of one prefix and class, one of another. */
int attach_recent(const struct attach *attach, struct dnsbolt_limited **ret_rows, size_t *ret_n)
{
	struct dnsbolt_limited *rows = calloc(4, sizeof(*rows));

	(void)attach;
	if (!rows)
		return -ENOMEM;
	for (unsigned int i = 0; i < 4; i++) {
		rows[i] = (struct dnsbolt_limited){
			.prefix = { [10] = 0xff, [11] = 0xff, [12] = 198, [13] = 51, [14] = 100 },
			.prefix_len = 120,
			.class = DNSBOLT_CLASS_NXDOMAIN,
			.reason = REASON_rate_limited,
			.when = 1 + i,
		};
	}
	rows[1].class = DNSBOLT_CLASS_ALL;
	rows[1].zone = ~0u;
	*ret_rows = rows;
	*ret_n = 4;
	return 0;
}

enum dnsbolt_cookies cookies_mode(const struct cookies *cookies)
{
	(void)cookies;
	return DNSBOLT_COOKIES_ANSWER;
}

const char *cookies_text(const struct cookies *cookies)
{
	(void)cookies;
	return "answer";
}

const char *cookies_fault(const struct cookies *cookies)
{
	(void)cookies;
	return NULL;
}

const char *cookies_print(const struct cookies *cookies, uint32_t i, char buf[SECRETS_PRINT_LEN])
{
	(void)cookies;
	return i < 2 ? strcpy(buf, i ? "00000002" : "00000001") : NULL;
}

const struct clients *access_clients(const struct access *access)
{
	(void)access;
	return fake.clients;
}

int access_deny(struct access *access, const struct dnsbolt_client_key *prefix, uint32_t seconds)
{
	(void)access;
	return fake.result ?: clients_deny(fake.clients, prefix, seconds ?: CLIENTS_FOREVER);
}

int access_allow(struct access *access, const struct dnsbolt_client_key *prefix)
{
	(void)access;
	return clients_allow(fake.clients, prefix);
}

int64_t access_left(const struct clients_denial *denial)
{
	return denial->until == CLIENTS_FOREVER ? -1 : (int64_t)denial->until;
}

/* Sends the query back as its own answer, with QR set. */
int attach_test_run(struct attach *attach, const uint8_t *frame, size_t len, uint8_t *ret_frame,
		    size_t *ret_len, unsigned int *ret_reason)
{
	const uint8_t *payload;
	size_t payload_len;

	(void)attach;
	if (udpframe_payload(frame, len, &payload, &payload_len) || len > *ret_len)
		return -EINVAL;
	memcpy(ret_frame, frame, len);
	ret_frame[(size_t)(payload - frame) + 2] |= 0x84;
	*ret_len = len;
	*ret_reason = fake.reason;
	return fake.action;
}

pid_t resolver_pid(const struct resolver *resolver)
{
	(void)resolver;
	return 4711;
}

unsigned int resolver_restarts(const struct resolver *resolver)
{
	(void)resolver;
	return 2;
}

const struct ipc_stats *resolver_stats(const struct resolver *resolver)
{
	(void)resolver;
	return &fake.stats;
}

const char *zoneset_error(const struct zoneset *set)
{
	(void)set;
	return fake.error;
}

const struct zoneset_zone *zoneset_next(const struct zoneset *set, const struct zoneset_zone *after)
{
	size_t next = after ? (size_t)(after - fake.row) + 1 : 0;

	(void)set;
	return next < FAKE_ZONES ? &fake.row[next] : NULL;
}

const struct zoneset_zone *zoneset_find(const struct zoneset *set, const knot_dname_t *apex)
{
	(void)set;
	for (size_t i = 0; i < FAKE_ZONES; i++) {
		if (knot_dname_is_equal(fake.row[i].apex, apex))
			return &fake.row[i];
	}
	return NULL;
}

const struct zoneset_zone *zoneset_enclosing(const struct zoneset *set, const knot_dname_t *name)
{
	const struct zoneset_zone *zone = NULL;

	for (; !zone && *name; name += *name + 1)
		zone = zoneset_find(set, name);
	return zone;
}

int zoneset_reload(struct zoneset *set, const knot_dname_t *apex)
{
	(void)set;
	(void)apex;
	return fake.result;
}

int zoneset_record_set(struct zoneset *set, const struct zoneset_record *record, bool add,
		       bool unsigned_ok)
{
	(void)set;
	fake.record = *record;
	memcpy(fake.record_owner, record->owner, knot_dname_size(record->owner));
	fake.record.owner = fake.record_owner;
	fake.record.rdata = strcpy(fake.record_rdata, record->rdata);
	fake.record.who = strcpy(fake.record_who, record->who);
	fake.record_add = add;
	fake.record_unsigned = unsigned_ok;
	return fake.result;
}

int zoneset_record_reset(struct zoneset *set, const knot_dname_t *name, const char *who,
			 size_t *ret_n)
{
	(void)set;
	(void)who;
	fake.record_owner[0] = 0xff; /* no name */
	if (name)
		memcpy(fake.record_owner, name, knot_dname_size(name));
	*ret_n = 3;
	return fake.result;
}

int zoneset_record_delete(struct zoneset *set, const knot_dname_t *owner, uint16_t type,
			  const char *who, bool unsigned_ok)
{
	(void)set;
	(void)who;
	(void)unsigned_ok;
	memcpy(fake.record_owner, owner, knot_dname_size(owner));
	fake.record =
		(struct zoneset_record){ .owner = fake.record_owner, .type = type, .when = 1 };
	return fake.result;
}

void zoneset_record_each(const struct zoneset *set,
			 void (*each)(const struct zoneset_record *record, void *arg), void *arg)
{
	(void)set;
	if (fake.record.owner)
		each(&fake.record, arg);
}

bool sync_status(struct sync *sync, const knot_dname_t *apex, struct sync_status *ret_status)
{
	(void)sync;
	(void)apex;
	*ret_status = fake.status;
	return true;
}

const struct sync_stats *sync_stats(const struct sync *sync)
{
	(void)sync;
	return &fake.sync;
}

int sync_refresh(struct sync *sync, const knot_dname_t *apex, bool axfr)
{
	(void)sync;
	fake.refreshed = apex;
	fake.refreshed_whole = axfr;
	return fake.result;
}

static struct config_listen fake_listen = { .port = 53 };
static struct config_metrics fake_metrics;
static struct config_limit fake_limit = {
	.responses = 200, .nxdomains = 50, .window = 15, .slip = 2
};
static char *fake_deny[] = { (char *)"10.0.0.0/8" };
static struct config_clients fake_clients = { .deny = fake_deny, .deny_count = 1 };

static struct config fake_config = {
	.site = (char *)"fra\"1",
	.listen = &fake_listen,
	.metrics = &fake_metrics,
	.limit = &fake_limit,
	.clients = &fake_clients,
	.pin_dir = (char *)"/sys/fs/bpf/dnsbolt-test",
};

/* example.com serves, example.net is stale, example.org failed. */
static void fake_setup(struct daemon *daemon)
{
	static const char *const states[FAKE_ZONES] = { "serving", "stale", "failed" };
	static const char *const apexes[FAKE_ZONES] = { "\7example\3com", "\7example\3net",
							"\7example\3org" };

	clients_free(fake.clients);
	memset(&fake, 0, sizeof(fake));
	(void)clients_new(&fake.clients, &fake_config);
	fake.page.mode = DNSBOLT_MODE_ANSWER;
	fake.iface = (struct attach_iface){
		.name = "eth0", .ifindex = 2, .mtu = 1500, .mode = "native", .prog_id = 17
	};
	(void)addr_parse(&fake.address, "192.0.2.53");
	fake.maps.listen = -1;
	for (size_t i = 0; i < FAKE_ZONES; i++) {
		bool loaded = i < 2;

		fake.zone[i] = (struct zone){ .n_names = 5, .n_records = 9, .serial = 2026010100 };
		fake.row[i] =
			(struct zoneset_zone){ .apex = (const uint8_t *)apexes[i],
					       .file = "/etc/dnsbolt/zones/x.zone",
					       .state = states[i],
					       .error = i > 0 ? "x.zone:3: no such type" : NULL,
					       .base = loaded ? &fake.zone[i] : NULL,
					       .zone = loaded ? &fake.zone[i] : NULL,
					       .index = (uint32_t)i,
					       .loaded = loaded ? 1700000000 : 0 };
	}
	*daemon = (struct daemon){ .config_path = "/etc/dnsbolt/dnsboltd.yaml",
				   .config = &fake_config,
				   .zones = (struct zoneset *)fake_set,
				   .resolver = (struct resolver *)&fake,
				   .watch = (struct watch *)&fake,
				   .cookies = (struct cookies *)&fake,
				   .access = (struct access *)&fake,
				   .started = 1700000000 };
}

#endif /* CTL_FAKES_H */
