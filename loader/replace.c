/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Maps of another ABI version, or of another size, give way to new ones, while the attached stub stays the same.
 *
 * What all versions have in common is little: the pins "stub" and "gate" (where that is missing the program array
 * DNSBOLT_MAP_STAGES is the gate), and that the stub calls slot 0 of the gate. So a set of programs with maps and a
 * program array of its own is loaded beside what is there; when all zones are in, its maps are pinned as NAME-new, slot
 * 0 of the gate is stored, and the pins are moved over the old ones, the program array last. Whoever starts after a
 * crash sees by slot 0 which side is in force, and goes on from there. The stub counts what it passes without a program
 * in slot 0, which happens to none of them, in the counters that it was loaded with.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "attach_internal.h"

#define STAGES_ROW (&pins_map[pins_maps - 1])

static uint32_t array_id(int fd)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);

	return fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &len) == 0 &&
			       info.type == BPF_MAP_TYPE_PROG_ARRAY
		       ? info.id
		       : 0;
}

int replace_open_gate(struct attach *attach)
{
	int fd = pins_get(attach->pins, PINS_GATE), stages = attach->maps.stages;

	if (fd == -ENOENT)
		fd = stages >= 0 ? stages : pins_get(attach->pins, STAGES_ROW->name);
	if (!array_id(fd)) {
		if (fd >= 0 && fd != stages)
			close(fd);
		return attach_fail(
			attach, -EPROTO,
			"pin-dir: the program array of the attached program is missing: detach that (ip link "
			"set dev IF xdp off), and remove all pins");
	}
	/* Under both names where a replacement was cut short early. */
	if (fd != stages && array_id(fd) == array_id(stages)) {
		close(fd);
		fd = stages;
	}
	attach->gate = fd;
	return 0;
}

int replace_settle(struct attach *attach)
{
	int aside = pins_get_aside(attach->pins, STAGES_ROW), err = 0;

	if (aside >= 0) {
		err = replace_open_gate(attach);
		if (!err && stages_is_current(attach->gate, aside))
			err = pins_move_aside(attach->pins);
		close(aside);
		if (attach->gate >= 0)
			close(attach->gate);
		attach->gate = -1;
	}
	if (!err)
		pins_remove_aside(attach->pins);
	return err;
}

/* The old config map's form is not known: the interfaces are asked. */
static void find_former(struct attach *attach)
{
	struct if_nameindex *list = if_nameindex();
	unsigned int n = 0;

	for (struct if_nameindex *at = list; at && at->if_index && n < DNSBOLT_MAX_IFACES; at++) {
		struct hook hook;

		if (hook_read(&hook, at->if_index) == 0 &&
		    hook_find(&hook, hook_stub_id(attach->stub)))
			attach->former[n++] = at->if_index;
	}
	if (list)
		if_freenameindex(list);
}

/* Of maps that are of this version, and of another size only: who was denied by hand, and the secrets of cookies. */
static struct dnsbolt_cookie_config keep_former(struct attach *attach)
{
	struct dnsbolt_cookie_config cookie = {};

	if (attach->page && attach->page->abi == DNSBOLT_ABI) {
		cookie = attach->page->cookie;
		attach->former_clients = fcntl(attach->maps.clients, F_DUPFD_CLOEXEC, 0);
	}
	if (attach->page)
		munmap(attach->page, sizeof(*attach->page));
	attach->page = NULL;
	return cookie;
}

int replace_open(struct attach *attach, const struct config *config, int stub_fd)
{
	struct dnsbolt_cookie_config cookie = keep_former(attach);
	struct stages_room room = attach_room(config);
	int err;

	attach_forget_maps(attach);
	err = replace_open_gate(attach);
	if (err)
		return err;
	attach->adopted = attach->replaces = true;
	err = hook_stub_take(&attach->stub, stub_fd);
	if (err)
		return attach_fail(attach, err, "pin-dir: the stub cannot be taken over: %s",
				   strerror(-err));
	find_former(attach);
	err = stages_load(&attach->stages, &attach->maps, &room, 0);
	if (err)
		return attach_fail(attach, err, "bpf: the programs cannot be loaded: %s",
				   strerror(-err));
	attach->page = attach_map_page(attach->maps.config);
	if (!attach->page)
		return attach_fail(attach, -errno, "bpf: the config map cannot be mapped: %s",
				   strerror(errno));
	attach->page->abi = DNSBOLT_ABI;
	attach->page->cookie = cookie;
	return 0;
}

int replace_pin(struct attach *attach)
{
	int err = pins_put(attach->pins, PINS_GATE, attach->gate);

	if (err == -EEXIST)
		err = 0;
	for (size_t i = 0; i < pins_maps && !err; i++)
		err = pins_put_aside(attach->pins, &pins_map[i],
				     *pins_map_fd(&attach->maps, &pins_map[i]));
	return err;
}

void replace_undo(struct attach *attach)
{
	pins_remove_aside(attach->pins);
}

/* Slot 0 says that the new maps are in force: what fails here is done by the next start. */
void replace_done(struct attach *attach)
{
	int err = pins_move_aside(attach->pins);

	if (err)
		report_say(attach->report, LOG_LEVEL_WARNING,
			   "pin-dir: pins of the old maps cannot be replaced: %s", strerror(-err));
	else
		report_say(attach->report, LOG_LEVEL_NOTICE,
			   "pin-dir: the new maps have taken the place of the old ones");
	pins_remove_strays(attach->pins);
	attach->must_clear = true;
}

/* The old programs are in the gate where that was their program array; with them their maps go. */
void replace_clear(struct attach *attach)
{
	if (attach->gate != attach->maps.stages)
		stages_clear(attach->gate, -1);
	pins_remove_strays(attach->pins);
}
