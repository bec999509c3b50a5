// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The program of the driver on hostile octets, natively, over small zones, plain and signed. The input is taken as a frame,
 * as a DNS message in a frame (how it is wrapped, its first octet says, which is one of the ID), and as a message to the
 * resolver. Whatever is passed must be untouched, whatever is answered must be a whole, well-formed frame.
 */
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "../../userspace/lib/core.h"
#include "../lib/frame.h"
#include "../lib/harness.h"
#include "fuzz.h"

#define MESSAGE_MAX 2048

static struct harness *h;
static struct core *core;

static int make_store(void)
{
	int r = harness_new(&h, false);

	if (!r)
		r = harness_add_folder(h, "tools/lab/zones", NULL);
	if (!r)
		r = harness_add_folder(h, "tests/zones", NULL);
	if (!r)
		r = harness_publish(h, NULL);
	return r ? r : core_new(&core, store_view(harness_store(h)));
}

/* Cookies and limits, as the input says. */
static void set_limits(unsigned int how)
{
	struct dnsbolt_config *c = harness_config(h);

	c->cookie = (struct dnsbolt_cookie_config){ .mode = how & 3, .n_secrets = 2 };
	c->limit = (struct dnsbolt_limit_config){ .flags = how >> 2 & 15,
						  .mask = HARNESS_LINES - 1,
						  .step = { 1, 1, 1, 1, 1, how >> 6 & 1 },
						  .burst = 4,
						  .window = 8,
						  .slip = how >> 7 & 1,
						  .ipv4_prefix = 24,
						  .ipv6_prefix = 56,
						  .pass_step_ns = how >> 8 & 1,
						  .pass_burst_ns = 4 };
}

static bool is_untouched(const struct harness_result *res)
{
	return res->action == XDP_PASS || res->action == XDP_DROP;
}

static void run_as_raw(const uint8_t *data, size_t len)
{
	static struct harness_result res;

	harness_run_native(h, data, len, 128, 2000, &res);
	if (is_untouched(&res) ? res.len != len || memcmp(res.frame, data, len)
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
	if (is_untouched(&res)) {
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
	set_limits(size > 1 ? data[0] * 256u + data[1] : 0);
	run_as_raw(data, size);
	run_as_frame(data, size);
	run_as_message(data, size);
	return 0;
}
