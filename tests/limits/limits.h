/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rates and costs of what bpf/core/limit.h does, in the loaded programs. */
#ifndef LIMITS_H
#define LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../lib/harness.h"

#define RATE_PREFIX_IPV4 24
#define RATE_PREFIX_IPV6 56

/* Says a case's outcome in TAP; counts failures. */
void limits_say(bool ok, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Rate per second of one class, or 0: all off. Accounts are empty then. */
void limits_set(struct harness *h, enum dnsbolt_class class, uint32_t rate, uint32_t window);

/* A query for the name, A, with that COOKIE option (NULL: no OPT at all), in a frame. Returns its length. */
size_t limits_frame(uint8_t *frame, const char *name, bool ipv6, const uint8_t *cookie,
		    size_t cookie_len);

void limits_rates(struct harness *h);
int limits_siphash(void);
int limits_costs(struct harness *h);

#endif /* LIMITS_H */
