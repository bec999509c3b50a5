/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lookup: what the driver does with a query, found out by running the real programs on a frame that
 * a client might have sent. Nothing goes over the wire, and no counter of the attached program
 * moves.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <libknot/consts.h>
#include <libknot/descriptor.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../../userspace/lib/addr.h"
#include "../../userspace/lib/reason.h"
#include "call.h"
#include "udpframe.h"

#define QUERY_ROOM 512 /* header, question of 255 + 4 octets, OPT */
#define FRAME_ROOM 16384
#define CLIENT_PORT 53535

struct lookup {
	knot_dname_storage_t name;
	uint16_t type;
	bool dnssec_ok, edns;
	uint32_t bufsize;
	uint8_t query[QUERY_ROOM], frame[QUERY_ROOM + UDPFRAME_HEADERS_MAX], reply[FRAME_ROOM];
	size_t query_len, frame_len, reply_len;
	struct udpframe_path path;
	unsigned int reason;
};

static int read_request(struct call *call, struct lookup *lookup)
{
	int err;

	lookup->type = KNOT_RRTYPE_A;
	lookup->edns = true;
	lookup->bufsize = 1232;
	err = call_need_name(call, "name", lookup->name);
	if (!err)
		err = call_type(call, "type", &lookup->type);
	if (!err)
		err = call_flag(call, "do", &lookup->dnssec_ok);
	if (!err)
		err = call_flag(call, "edns", &lookup->edns);
	if (!err)
		err = call_number(call, "bufsize", 0, UINT16_MAX, &lookup->bufsize);
	if (!err && lookup->dnssec_ok && !lookup->edns)
		err = call_fail(call, -EINVAL,
				"do needs edns: the DO bit is in the OPT record (RFC 3225)");
	return err;
}

static uint8_t *put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
	return at + 2;
}

/* RFC 1035 section 4.1: no recursion wanted, one question; RFC 6891 section 6.1.2: the OPT
 * record. */
static void build_query(struct lookup *lookup)
{
	size_t name_len = knot_dname_size(lookup->name);
	uint8_t *at = lookup->query;
	uint16_t id = 0;

	if (getrandom(&id, sizeof(id), GRND_NONBLOCK) < 0)
		id = 0; /* any id will do: nobody could forge a reply */
	at = put16(at, id);
	at = put16(at, 0);
	at = put16(at, 1);
	at = put16(at, 0);
	at = put16(at, 0);
	at = put16(at, lookup->edns);
	memcpy(at, lookup->name, name_len);
	at = put16(at + name_len, lookup->type);
	at = put16(at, KNOT_CLASS_IN);
	if (lookup->edns) {
		*at++ = 0;
		at = put16(at, KNOT_RRTYPE_OPT);
		at = put16(at, lookup->bufsize);
		at = put16(at, 0); /* extended RCODE, version */
		at = put16(at, lookup->dnssec_ok ? 0x8000 : 0);
		at = put16(at, 0);
	}
	lookup->query_len = (size_t)(at - lookup->query);
}

/* An address for documentation (RFC 5737, RFC 3849) that is not, in some lab, one of this host. */
static void choose_client(const struct attach *attach, const struct dnsbolt_addr *server,
			  struct dnsbolt_addr *ret_client)
{
	bool ipv4 = addr_is_ipv4(server);
	uint32_t flags;

	(void)addr_parse(ret_client, ipv4 ? "198.51.100.1" : "2001:db8:ffff::1");
	for (unsigned int i = 1; i < 255; i++) {
		ret_client->a[15] = (uint8_t)i;
		if (bpf_map_lookup_elem(attach_maps(attach)->listen, ret_client, &flags) < 0)
			return;
	}
}

static int run(struct call *call, struct lookup *lookup)
{
	struct attach *attach = call->daemon->attach;
	const struct dnsbolt_addr *server = attach_address(attach, 0);
	const struct attach_iface *iface = attach_iface(attach, 0);
	struct udpframe_path *path = &lookup->path;
	int action;

	if (!server || !iface)
		return call_fail(call, -ENODEV, "no address is served");
	/* Any station: it is locally administered (IEEE 802). */
	memcpy(path->mac_from, "\x02\x00\x00\x00\x00\x01", sizeof(path->mac_from));
	memcpy(path->mac_to, iface->mac, sizeof(path->mac_to));
	path->to = *server;
	path->port_to = call->daemon->config->listen->port;
	path->port_from = CLIENT_PORT;
	choose_client(attach, server, &path->from);
	lookup->frame_len = udpframe_build(lookup->frame, sizeof(lookup->frame), path,
					   lookup->query, lookup->query_len);
	lookup->reply_len = sizeof(lookup->reply);
	action = attach_test_run(attach, lookup->frame, lookup->frame_len, lookup->reply,
				 &lookup->reply_len, &lookup->reason);
	if (action < 0)
		return call_fail(call, action, "the test run failed: %s",
				 attach_error(attach) ? attach_error(attach) : strerror(-action));
	return action;
}

static json_t *hex_json(const uint8_t *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char *text = malloc(2 * len + 1);
	json_t *hex;

	if (!text)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		text[2 * i] = digits[data[i] >> 4];
		text[2 * i + 1] = digits[data[i] & 15];
	}
	text[2 * len] = '\0';
	hex = json_string(text);
	free(text);
	return hex;
}

static void add_zone(struct call *call, const knot_dname_t *query_name)
{
	knot_dname_storage_t name;
	const struct zoneset_zone *zone;

	memcpy(name, query_name, knot_dname_size(query_name));
	knot_dname_to_lower(name);
	zone = zoneset_enclosing(call->daemon->zones, name);
	if (!zone)
		return;
	call_add(call, "zone", call_name_json(zone->apex));
	call_add(call, "serial", zone->zone ? json_integer(zone->zone->serial) : json_null());
}

static int add_outcome(struct call *call, const struct lookup *lookup, int action)
{
	const struct reason_info *info = reason_info(lookup->reason);
	const uint8_t *message;
	size_t len;

	call_add(call, "action",
		 json_string(action == XDP_TX	  ? "answered"
			     : action == XDP_PASS ? "passed"
						  : "dropped"));
	call_add(call, "reason", json_string(info->name ? info->name : "none"));
	call_add(call, "number", json_integer(lookup->reason));
	call_add(call, "text",
		 json_string(info->text ? info->text : "the program counted no reason"));
	call_add(call, "query", hex_json(lookup->query, lookup->query_len));
	if (action != XDP_TX)
		return 0;
	if (udpframe_payload(lookup->reply, lookup->reply_len, &message, &len))
		return call_fail(
			call, -EPROTO,
			"the driver's reply is not an IP packet with UDP whose lengths agree");
	call_add(call, "reply", hex_json(message, len));
	call_add(call, "frame", hex_json(lookup->reply, lookup->reply_len));
	return 0;
}

int command_lookup(struct call *call)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));
	char client[ADDR_STRLEN], server[ADDR_STRLEN];
	int err, action;

	if (!lookup)
		return -ENOMEM;
	err = read_request(call, lookup);
	if (err)
		goto out;
	build_query(lookup);
	action = run(call, lookup);
	if (action < 0) {
		err = action;
		goto out;
	}
	call_add(call, "client", json_string(addr_text(&lookup->path.from, client)));
	call_add(call, "server", json_string(addr_text(&lookup->path.to, server)));
	add_zone(call, lookup->name);
	err = add_outcome(call, lookup, action);
out:
	free(lookup);
	return err;
}
