// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Limits in the loaded programs (BPF_PROG_TEST_RUN; root): that a rate is what is configured, on one CPU and on two, and what limits and
 * cookies cost. The clock is the kernel's, so rates are counts over a time that is measured. Natively, with a clock of its own:
 * tests/unit/test_limit.c.
 */
#include <errno.h>
#include <libknot/libknot.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/frame.h"
#include "limits.h"

#define OPT_FIXED 11 /* RFC 6891 section 6.1.2 */

static unsigned int failed;

void limits_say(bool ok, const char *format, ...)
{
	va_list args;

	failed += !ok;
	printf("%s - ", ok ? "ok" : "not ok");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

void limits_set(struct harness *h, enum dnsbolt_class class, uint32_t rate, uint32_t window)
{
	struct dnsbolt_limit_config *l = &harness_config(h)->limit;

	memset(harness_lines(h, true), 0, (HARNESS_LINES + 1) * sizeof(struct dnsbolt_limit_line));
	memset(l->step, 0, sizeof(l->step));
	l->flags = rate ? DNSBOLT_LIMIT_ON : 0;
	l->burst = 1000000000u / DNSBOLT_TICK_NS;
	l->window = window * l->burst;
	l->step[class] = rate ? (l->burst + rate / 2) / rate : 0;
	l->ipv4_prefix = RATE_PREFIX_IPV4;
	l->ipv6_prefix = RATE_PREFIX_IPV6;
	l->slip = 0;
}

size_t limits_frame(uint8_t *frame, const char *name, bool ipv6, const uint8_t *cookie,
		    size_t cookie_len)
{
	uint8_t msg[512] = { 0x4d, 0x53, 0, 0, 0, 1, 0, 0, 0, 0, 0, cookie != NULL };
	struct frame_spec spec;
	uint8_t *at = msg + 12;

	frame_defaults(&spec, ipv6);
	spec.udp_sum = FRAME_SUM_PARTIAL;
	if (ipv6) /* again.bpf.c writes these, and adds them to the checksum */
		memset(spec.src.a + 4, 0, 3);
	if (!knot_dname_from_str(at, name, KNOT_DNAME_MAXLEN))
		abort();
	at += knot_dname_size(at);
	knot_wire_write_u16(at, KNOT_RRTYPE_A);
	knot_wire_write_u16(at + 2, KNOT_CLASS_IN);
	at += 4;
	if (cookie) {
		knot_wire_write_u16(at + 1, KNOT_RRTYPE_OPT);
		knot_wire_write_u16(at + 3, 1232);
		knot_wire_write_u16(at + 9, (uint16_t)(4 + cookie_len));
		at += OPT_FIXED;
		knot_wire_write_u16(at, KNOT_EDNS_OPTION_COOKIE);
		knot_wire_write_u16(at + 2, (uint16_t)cookie_len);
		memcpy(at + 4, cookie, cookie_len);
		at += 4 + cookie_len;
	}
	return frame_build(&spec, msg, (size_t)(at - msg), frame);
}

int main(void)
{
	struct harness *h = NULL;
	int r = harness_new(&h, true);

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!r)
		r = harness_add_folder(h, "tools/lab/zones", NULL);
	if (!r)
		r = harness_publish(h, NULL);
	if (!r) {
		r = limits_siphash();
		limits_rates(h);
	}
	if (!r)
		r = limits_costs(h);
	harness_free(h);
	if (r)
		fprintf(stderr, "not done: %s\n", strerror(-r));
	return r || failed ? 1 : 0;
}
