// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The program of the driver on hostile octets, natively, over a small store. The input is taken as a frame, as a DNS message
 * in a frame (its first octet chooses how it is wrapped), and as a message to the resolver. Whatever is passed must be
 * untouched, whatever is answered must be a whole, well-formed frame.
 */
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "../../loader/zone/zone.h"
#include "../../userspace/lib/core.h"
#include "../lib/frame.h"
#include "../lib/harness.h"
#include "fuzz.h"

#define MESSAGE_MAX 2048

static struct harness *h;
static struct core *core;

static int add(struct zone *zone, const char *owner, uint16_t type, const char *rdata)
{
	knot_dname_storage_t name;
	knot_rdataset_t rrs;
	const char *error;
	int r;

	knot_dname_from_str(name, owner, sizeof(name));
	knot_rdataset_init(&rrs);
	r = zone_parse_rdata(&rrs, zone->apex, type, rdata, &error);
	if (!r)
		r = zone_set(zone, name, type, 300, &rrs);
	knot_rdataset_clear(&rrs, NULL);
	return r;
}

static int make_store(void)
{
	static const uint8_t apex[] = "\007example\003com";
	struct zone *zone = NULL;
	int r;

	r = harness_new(&h, false);
	if (!r)
		r = zone_new(&zone, apex);
	if (!r)
		r = add(zone, "example.com.", KNOT_RRTYPE_SOA,
			"ns hostmaster 1 7200 3600 1209600 300") ||
		    add(zone, "example.com.", KNOT_RRTYPE_NS, "ns") ||
		    add(zone, "ns.example.com.", KNOT_RRTYPE_A, "192.0.2.1") ||
		    add(zone, "mx.example.com.", KNOT_RRTYPE_MX, "10 ns") ||
		    add(zone, "alias.example.com.", KNOT_RRTYPE_CNAME, "ns") ||
		    add(zone, "cut.example.com.", KNOT_RRTYPE_NS, "ns.cut") ||
		    add(zone, "a.b.c.example.com.", KNOT_RRTYPE_TXT, "\"text\"");
	if (!r)
		r = zone_check(zone, "fuzz", NULL);
	if (!r)
		r = harness_add_zone(h, zone);
	if (!r)
		r = harness_publish(h, NULL);
	return r ? r : core_new(&core, store_view(harness_store(h)));
}

static void run_as_raw(const uint8_t *data, size_t len)
{
	static struct harness_result res;

	harness_run_native(h, data, len, 128, 2000, &res);
	if (res.action == XDP_PASS ? res.len != len || memcmp(res.frame, data, len)
				   : res.action != XDP_TX)
		abort();
}

static void run_as_frame(const uint8_t *data, size_t len)
{
	static struct harness_result res;
	uint8_t frame[FRAME_MAX];
	const uint8_t *msg = NULL;
	struct frame_spec spec;
	size_t frame_len, msg_len = 0;
	unsigned int how = len ? data[0] : 0;

	frame_defaults(&spec, how & 1);
	spec.n_vlan = how >> 1 & 1;
	spec.udp_sum = how & 4 ? FRAME_SUM_PARTIAL : FRAME_SUM_RIGHT;
	spec.cut = how & 8 ? how >> 4 : 0;
	frame_len = frame_build(&spec, data, len, frame);
	harness_run_native(h, frame, frame_len, 128, how & 16 ? 20 : 2000, &res);
	if (res.action == XDP_PASS) {
		if (res.len != frame_len || memcmp(res.frame, frame, frame_len))
			abort();
	} else if (res.action != XDP_TX ||
		   frame_check_reply(&spec, res.frame, res.len, &msg, &msg_len)) {
		abort();
	}
}

static void run_as_message(const uint8_t *data, size_t len)
{
	uint8_t msg[65535];
	size_t n = len;

	memcpy(msg, data, len);
	if (core_message(core, msg, &n, sizeof(msg), len & 1) == REASON_internal)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!h && make_store())
		abort();
	if (size > MESSAGE_MAX)
		return 0;
	run_as_raw(data, size);
	run_as_frame(data, size);
	run_as_message(data, size);
	return 0;
}
