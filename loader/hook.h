/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The XDP hook of an interface, by libxdp, and the stub on it. Below libxdp's dispatcher other
 * programs can be on the same hook; where a dispatcher cannot be had, one program has the hook
 * alone.
 */
#ifndef HOOK_H
#define HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attach.h"

#define HOOK_PROGRAMS_MAX 10 /* of libxdp's dispatcher */

struct hook_program {
	uint32_t id;
	char name[32];
};

struct hook {
	const char *mode; /* "native", "skb", "hw"; NULL: nothing is attached */
	bool dispatcher;
	size_t programs;
	struct hook_program program[HOOK_PROGRAMS_MAX];
};

/* Negative errno: the interface cannot be asked. */
int hook_read(struct hook *ret_hook, unsigned int ifindex);

/* The program with that id on the hook, NULL: it is not there. */
const struct hook_program *hook_find(const struct hook *hook, uint32_t id);
const struct hook_program *hook_find_name(const struct hook *hook, const char *name);

/* "3 (xdp_filter), 7 (other)" */
const char *hook_text(const struct hook *hook, char *buf, size_t room);

#define HOOK_STUB_NAME "dnsbolt_stub"

struct hook_stub;

/* hook_stub_new(): of the object in this program, not loaded until it is attached.
 * hook_stub_take(): the one of that descriptor. */
int hook_stub_new(struct hook_stub **ret_stub, const struct attach_maps *maps);
int hook_stub_take(struct hook_stub **ret_stub, int fd);
void hook_stub_free(struct hook_stub *stub); /* NULL is fine; what is attached stays */

int hook_stub_fd(const struct hook_stub *stub); /* negative: not loaded yet */
uint32_t hook_stub_id(const struct hook_stub *stub);

/* Native mode, then skb mode; below the dispatcher, else alone. -EBUSY: another program has the
 * hook. */
int hook_stub_attach(struct hook_stub *stub, unsigned int ifindex);
int hook_stub_detach(struct hook_stub *stub, unsigned int ifindex);

#endif /* HOOK_H */
