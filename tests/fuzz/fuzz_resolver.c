/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dnsbolt-resolver on hostile messages, by UDP and by TCP, over small zones: what is sent is a response to that query, well
 * formed, and no longer than the client may be sent; a response is not answered.
 */
#include <stdlib.h>
#include <string.h>
#include <libknot/libknot.h>

#include "../../userspace/resolver/answer.h"
#include "../../userspace/resolver/query.h"
#include "../lib/harness.h"
#include "fuzz.h"

#define HEADER 12 /* RFC 1035 section 4.1.1 */
#define QR 0x80
#define UDP_MIN 512 /* RFC 1035 section 4.2.1 */

static struct harness *h;
static struct ipc_stats stats;
static struct answer answer;

static bool nothing_new(void *arg)
{
	(void)arg;
	return false;
}

static int make_resolver(void)
{
	int r = harness_new(&h, false);

	if (!r)
		r = harness_add_folder(h, "tools/lab/zones", NULL);
	if (!r)
		r = harness_add_folder(h, "tests/zones", NULL);
	if (!r)
		r = harness_publish(h, NULL);
	if (r)
		return r;
	harness_config(h)->cookie.mode = DNSBOLT_COOKIES_ANSWER;
	harness_config(h)->cookie.n_secrets = 1;
	answer.view = store_view(harness_store(h));
	answer.stats = &stats;
	answer.refresh = nothing_new;
	return core_new(&answer.core, answer.view);
}

/* What the client takes by UDP, and we send: RFC 6891 section 6.2.5. */
static size_t udp_limit(const uint8_t *query, size_t len)
{
	size_t size = UDP_MIN, max = harness_config(h)->max_udp;
	struct query read = { 0 };

	if (len >= HEADER)
		(void)query_read(&read, query, len);
	if (read.opt)
		size = (size_t)read.opt[3] << 8 | read.opt[4];
	if (size < UDP_MIN)
		size = UDP_MIN;
	return size < max ? size : max;
}

static void check_reply(const uint8_t *query, size_t len, uint8_t *reply, size_t reply_len,
			size_t limit)
{
	knot_pkt_t *packet;

	if (len < HEADER || query[2] & QR || reply_len < HEADER || reply_len > limit)
		abort();
	if (!(reply[2] & QR) || memcmp(reply, query, 2))
		abort();
	packet = knot_pkt_new(reply, (uint16_t)reply_len, NULL);
	if (!packet || knot_pkt_parse(packet, 0))
		abort();
	knot_pkt_free(packet);
}

static void ask(const uint8_t *query, size_t len, enum answer_transport transport)
{
	size_t room = transport == ANSWER_TCP ? ANSWER_TCP_ROOM : ANSWER_UDP_ROOM, reply_len;
	uint8_t *reply;

	if (len > room)
		return;
	reply = malloc(room); /* so that a write past its end is found */
	if (!reply)
		abort();
	reply_len = answer_message(&answer, transport, NULL, query, len, reply);
	if (reply_len)
		check_reply(query, len, reply, reply_len,
			    transport == ANSWER_TCP ? room : udp_limit(query, len));
	free(reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!h && make_resolver())
		abort();
	ask(data, size, ANSWER_UDP);
	ask(data, size, ANSWER_TCP);
	return 0;
}
