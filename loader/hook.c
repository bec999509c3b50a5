/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hook.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xdp/libxdp.h>

#include "dnsbolt_stub.skel.h"
#include "pins.h"
#include "stages.h"

/* libxdp's own switch (libxdp(3)): its interface has no other way to ask for a program alone. */
#define SKIP_DISPATCHER "LIBXDP_SKIP_DISPATCHER"

struct hook_stub {
	struct dnsbolt_stub_bpf *skel; /* NULL: taken */
	struct xdp_program *prog;
	struct attach_maps maps;
};

static const char *mode_word(enum xdp_attach_mode mode)
{
	switch (mode) {
	case XDP_MODE_NATIVE:
		return "native";
	case XDP_MODE_SKB:
		return "skb";
	default:
		return "hw";
	}
}

static void add_program(struct hook *hook, const struct xdp_program *prog)
{
	struct hook_program *p;

	if (!prog || hook->programs == HOOK_PROGRAMS_MAX)
		return;
	p = &hook->program[hook->programs++];
	p->id = xdp_program__id(prog);
	(void)snprintf(p->name, sizeof(p->name), "%s", xdp_program__name(prog));
}

int hook_read(struct hook *ret_hook, unsigned int ifindex)
{
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex((int)ifindex);
	long err = libxdp_get_error(mp);

	if (err == -ENOENT) {
		*ret_hook = (struct hook){};
		return 0;
	}
	if (err || !mp)
		return err ? (int)err : -EIO;
	*ret_hook = (struct hook){
		.mode = mode_word(xdp_multiprog__attach_mode(mp)),
		.dispatcher = !xdp_multiprog__is_legacy(mp),
	};
	if (ret_hook->dispatcher) {
		struct xdp_program *prog = NULL;

		while ((prog = xdp_multiprog__next_prog(prog, mp)))
			add_program(ret_hook, prog);
	} else {
		add_program(ret_hook, xdp_multiprog__main_prog(mp));
	}
	add_program(ret_hook, xdp_multiprog__hw_prog(mp));
	xdp_multiprog__close(mp);
	return 0;
}

const struct hook_program *hook_find(const struct hook *hook, uint32_t id)
{
	for (size_t i = 0; id && i < hook->programs; i++) {
		if (hook->program[i].id == id)
			return &hook->program[i];
	}
	return NULL;
}

const struct hook_program *hook_find_name(const struct hook *hook, const char *name)
{
	for (size_t i = 0; i < hook->programs; i++) {
		if (strcmp(hook->program[i].name, name) == 0)
			return &hook->program[i];
	}
	return NULL;
}

const char *hook_text(const struct hook *hook, char *buf, size_t room)
{
	size_t len = 0;

	*buf = '\0';
	for (size_t i = 0; i < hook->programs && len < room; i++)
		len += (size_t)snprintf(buf + len, room - len, "%s%u (%s)", i ? ", " : "",
					hook->program[i].id, hook->program[i].name);
	return buf;
}

/* The stub uses two maps; the others of maps.h are in its object all the same, and are not to be
 * made again. */
static int choose_maps(struct bpf_object *obj, struct attach_maps *maps)
{
	struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map (map, obj) {
		const char *name = bpf_map__name(map);
		int fd = -1;

		for (size_t i = 0; i < pins_maps; i++) {
			if (strcmp(name, pins_map[i].name) == 0)
				fd = *pins_map_fd(maps, &pins_map[i]);
		}
		err = fd >= 0 ? bpf_map__reuse_fd(map, fd) : bpf_map__set_autocreate(map, false);
		if (err)
			break;
	}
	return err;
}

static void close_object(struct hook_stub *stub)
{
	xdp_program__close(stub->prog);
	stub->prog = NULL;
	dnsbolt_stub_bpf__destroy(stub->skel);
	stub->skel = NULL;
}

static int open_object(struct hook_stub *stub)
{
	DECLARE_LIBXDP_OPTS(xdp_program_opts, opts);
	struct xdp_program *prog;
	int err;

	stub->skel = dnsbolt_stub_bpf__open();
	if (!stub->skel)
		return -errno;
	err = choose_maps(stub->skel->obj, &stub->maps);
	if (err)
		return err;
	opts.obj = stub->skel->obj;
	prog = xdp_program__create(&opts);
	err = (int)libxdp_get_error(prog);
	if (err)
		return err;
	stub->prog = prog;
	/* For libxdp, which then loads its dispatcher with the flag too; stages_setup() sees to
	 * the stub itself. */
	return xdp_program__set_xdp_frags_support(prog, true);
}

int hook_stub_new(struct hook_stub **ret_stub, const struct attach_maps *maps)
{
	struct hook_stub *stub;
	int err;

	err = stages_setup();
	if (err)
		return err;
	stub = calloc(1, sizeof(*stub));
	if (!stub)
		return -ENOMEM;
	stub->maps = *maps;
	err = open_object(stub);
	if (err) {
		hook_stub_free(stub);
		return err;
	}
	*ret_stub = stub;
	return 0;
}

int hook_stub_take(struct hook_stub **ret_stub, int fd)
{
	struct hook_stub *stub;
	struct xdp_program *prog;
	int err;

	prog = xdp_program__from_fd(fd);
	err = (int)libxdp_get_error(prog);
	if (err)
		return err;
	stub = calloc(1, sizeof(*stub));
	if (!stub) {
		xdp_program__close(prog);
		return -ENOMEM;
	}
	stub->prog = prog;
	*ret_stub = stub;
	return 0;
}

void hook_stub_free(struct hook_stub *stub)
{
	if (!stub)
		return;
	close_object(stub);
	free(stub);
}

int hook_stub_fd(const struct hook_stub *stub)
{
	return xdp_program__fd(stub->prog);
}

uint32_t hook_stub_id(const struct hook_stub *stub)
{
	return xdp_program__id(stub->prog);
}

/* A dispatcher may be there and still not take the stub: libxdp before 1.5.5 loads one which
 * kernels from 6.13 on do not let a program extend that may change the packet's size. The object
 * was spent by the attempt. */
static int attach_alone(struct hook_stub *stub, unsigned int ifindex, enum xdp_attach_mode mode)
{
	int err;

	close_object(stub);
	err = open_object(stub);
	if (err)
		return err;
	if (setenv(SKIP_DISPATCHER, "1", 1) < 0)
		return -errno;
	err = xdp_program__attach(stub->prog, (int)ifindex, mode, 0);
	(void)unsetenv(SKIP_DISPATCHER);
	return err;
}

static int attach_in_mode(struct hook_stub *stub, unsigned int ifindex, enum xdp_attach_mode mode)
{
	int err = xdp_program__attach(stub->prog, (int)ifindex, mode, 0);

	if (err && hook_stub_fd(stub) < 0)
		err = attach_alone(stub, ifindex, mode);
	return err == -EEXIST ? -EBUSY : err;
}

int hook_stub_attach(struct hook_stub *stub, unsigned int ifindex)
{
	int err = attach_in_mode(stub, ifindex, XDP_MODE_NATIVE);

	if (err && err != -EBUSY && err != -EPERM && err != -ENODEV)
		err = attach_in_mode(stub, ifindex, XDP_MODE_SKB);
	return err;
}

int hook_stub_detach(struct hook_stub *stub, unsigned int ifindex)
{
	enum xdp_attach_mode mode = xdp_program__is_attached(stub->prog, (int)ifindex);

	if (mode == XDP_MODE_UNSPEC)
		return -ENOENT;
	return xdp_program__detach(stub->prog, (int)ifindex, mode, 0);
}
