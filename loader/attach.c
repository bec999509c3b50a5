/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Programs and maps from the first start to the last detach: attach.h says what for. */
#include "attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "attach_internal.h"
#include "ifaces.h"

int attach_fail(struct attach *attach, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(attach->error, sizeof(attach->error), format, args);
	va_end(args);
	return err;
}

const char *attach_error(const struct attach *attach)
{
	return attach->error;
}

bool attach_adopted(const struct attach *attach)
{
	return attach->adopted;
}

bool attach_maps_adopted(const struct attach *attach)
{
	return attach->adopted && !attach->replaces;
}

const struct attach_maps *attach_maps(const struct attach *attach)
{
	return &attach->maps;
}

static uint32_t max_entries(int map)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(map, &info, &len) == 0 ? info.max_entries : 0;
}

uint32_t attach_max_names(const struct attach *attach)
{
	return max_entries(attach->maps.names);
}

const struct attach_iface *attach_iface(const struct attach *attach, unsigned int i)
{
	return i < attach->n_iface ? &attach->iface[i] : NULL;
}

const struct dnsbolt_addr *attach_address(const struct attach *attach, unsigned int i)
{
	return i < attach->n_served ? &attach->served[i] : NULL;
}

struct stages_room attach_room(const struct config *config)
{
	return (struct stages_room){ .names = config->max_names,
				     .accounts = config->limit->accounts };
}

int attach_former_clients(const struct attach *attach)
{
	return attach_maps_adopted(attach) ? attach->maps.clients : attach->former_clients;
}

struct dnsbolt_config *attach_map_page(int config_fd)
{
	void *page = mmap(NULL, sizeof(struct dnsbolt_config), PROT_READ | PROT_WRITE, MAP_SHARED,
			  config_fd, 0);

	return page == MAP_FAILED ? NULL : page;
}

static int find_interfaces(struct attach *attach, const struct config *config)
{
	for (unsigned int i = 0; i < config->interface_count; i++) {
		struct attach_iface *iface = &attach->iface[i];
		struct ifaces_link link;
		int err = ifaces_link(&link, config->interface[i]);

		if (err)
			return attach_fail(attach, err, "interface: \"%s\": %s",
					   config->interface[i], strerror(-err));
		memcpy(iface->name, link.name, sizeof(iface->name));
		memcpy(iface->mac, link.mac, sizeof(iface->mac));
		iface->ifindex = link.ifindex;
		iface->mtu = link.mtu;
		attach->n_iface = i + 1;
	}
	return 0;
}

void attach_forget_maps(struct attach *attach)
{
	for (size_t i = 0; i < pins_maps; i++) {
		int *fd = pins_map_fd(&attach->maps, &pins_map[i]);

		if (attach->own_fds && *fd >= 0)
			close(*fd);
		*fd = -1;
	}
	attach->own_fds = false;
}

/* Opens the pinned maps. -EPROTO: they are not those of this program's ABI version; attach->error says why. */
static int adopt_maps(struct attach *attach)
{
	const char *name = "";
	int err;

	attach->own_fds = true;
	for (size_t i = 0; i < pins_maps; i++) {
		int fd = pins_get(attach->pins, pins_map[i].name);

		if (fd < 0)
			return attach_fail(attach, fd == -ENOENT ? -EPROTO : fd, "%s: %s",
					   pins_map[i].name, strerror(-fd));
		*pins_map_fd(&attach->maps, &pins_map[i]) = fd;
	}
	err = stages_check_maps(&attach->maps, &name);
	if (err)
		return attach_fail(attach, err, "%s is of another form", name);
	attach->page = attach_map_page(attach->maps.config);
	if (!attach->page)
		return attach_fail(attach, -errno, "the config map cannot be mapped: %s",
				   strerror(errno));
	if (attach->page->abi != DNSBOLT_ABI)
		return attach_fail(attach, -EPROTO, "ABI version %u, this is %u", attach->page->abi,
				   DNSBOLT_ABI);
	return 0;
}

static int adopt_stages(struct attach *attach, const struct config *config, int stub_fd)
{
	struct stages_room room = attach_room(config);
	unsigned int generation;
	int current, err;

	err = hook_stub_take(&attach->stub, stub_fd);
	if (err)
		return attach_fail(attach, err, "pin-dir: the stub cannot be taken over: %s",
				   strerror(-err));
	for (unsigned int i = 0; i < DNSBOLT_MAX_IFACES; i++)
		attach->former[i] = attach->page->iface[i].ifindex;
	attach->has_clients = attach->page->limit.flags & DNSBOLT_LIMIT_ACCESS;
	/* What an earlier start replaced, or did not complete, is used by no packet any more. */
	current = stages_current(attach->gate, attach->maps.stages);
	stages_clear(attach->maps.stages, current);
	replace_clear(attach);
	generation = current < 0 ? 0 : ((unsigned int)current + 1) % DNSBOLT_GENERATIONS;
	err = stages_load(&attach->stages, &attach->maps, &room, generation);
	if (err)
		return attach_fail(attach, err, "bpf: the programs cannot be loaded: %s",
				   strerror(-err));
	attach->adopted = true;
	return 0;
}

/* -EPROTO: a map has another size than the configuration wants. */
static int check_room(struct attach *attach, const struct config *config)
{
	uint32_t lines = max_entries(attach->maps.limits);

	if (attach_max_names(attach) != config->max_names)
		return attach_fail(attach, -EPROTO, "room for %u names, max-names is %u",
				   attach_max_names(attach), config->max_names);
	if (lines != stages_limit_lines(config->limit->accounts))
		return attach_fail(attach, -EPROTO, "%u accounts of limits, limit.accounts is %u",
				   (lines - 1) * DNSBOLT_LINE_ACCOUNTS, config->limit->accounts);
	return 0;
}

static int adopt(struct attach *attach, const struct config *config, int stub_fd)
{
	int err;

	err = replace_settle(attach);
	if (!err)
		err = adopt_maps(attach);
	if (!err)
		err = check_room(attach, config);
	if (err && err != -EPROTO)
		return err;
	if (!err)
		return replace_open_gate(attach) ?: adopt_stages(attach, config, stub_fd);
	report_say(
		attach->report, LOG_LEVEL_NOTICE,
		"pin-dir: the maps in \"%s\" are of another version of dnsbolt (%s): new ones are made "
		"beside them and take their place when all zones are loaded",
		config->pin_dir, attach->error);
	return replace_open(attach, config, stub_fd);
}

static int pin_maps(struct attach *attach, const struct config *config)
{
	for (size_t i = 0; i < pins_maps; i++) {
		int err = pins_put(attach->pins, pins_map[i].name,
				   *pins_map_fd(&attach->maps, &pins_map[i]));

		if (err)
			return attach_fail(attach, err, "pin-dir: \"%s/%s\": %s", config->pin_dir,
					   pins_map[i].name, strerror(-err));
	}
	return 0;
}

static int start_anew(struct attach *attach, const struct config *config)
{
	struct stages_room room = attach_room(config);
	int err;

	attach->undo = true;
	err = stages_load(&attach->stages, &attach->maps, &room, 0);
	if (err)
		return attach_fail(attach, err, "bpf: the programs cannot be loaded: %s",
				   strerror(-err));
	attach->page = attach_map_page(attach->maps.config);
	if (!attach->page)
		return attach_fail(attach, -errno, "bpf: the config map cannot be mapped: %s",
				   strerror(errno));
	attach->page->abi = DNSBOLT_ABI;
	attach->gate = attach->maps.stages;
	err = hook_stub_new(&attach->stub, &attach->maps);
	if (err)
		return attach_fail(attach, err, "bpf: the stub cannot be opened: %s",
				   strerror(-err));
	return pin_maps(attach, config);
}

static int open_in_folder(struct attach *attach, const struct config *config)
{
	int fd, err;

	fd = pins_get(attach->pins, PINS_STUB);
	if (fd >= 0) {
		err = adopt(attach, config, fd);
		close(fd);
		return err;
	}
	if (fd != -ENOENT)
		return attach_fail(attach, fd, "pin-dir: \"%s/" PINS_STUB "\": %s", config->pin_dir,
				   strerror(-fd));
	/* Maps without a stub are what a start left that was cut short. */
	pins_remove(attach->pins);
	return start_anew(attach, config);
}

int attach_open(struct attach **ret_attach, const struct config *config,
		const struct report *report)
{
	struct attach *attach;
	int err;

	attach = calloc(1, sizeof(*attach));
	if (!attach)
		return -ENOMEM;
	attach->report = report;
	attach->gate = attach->former_clients = -1;
	attach_forget_maps(attach);
	err = find_interfaces(attach, config);
	if (!err)
		err = pins_open(&attach->pins, config->pin_dir, report);
	if (!err)
		err = open_in_folder(attach, config);
	if (!err) {
		*ret_attach = attach;
		return 0;
	}
	if (*attach->error)
		report_say(report, LOG_LEVEL_ERROR, "%s", attach->error);
	attach_free(attach);
	return err;
}

/* Fills in how the stub is attached to the interface. false: it is not. */
static bool find_attached(struct attach_iface *iface, const struct hook *hook, uint32_t stub_id)
{
	if (!hook_find(hook, stub_id))
		return false;
	iface->mode = hook->mode;
	iface->dispatcher = hook->dispatcher;
	iface->prog_id = stub_id;
	return true;
}

static int say_busy(struct attach *attach, const struct attach_iface *iface,
		    const struct hook *hook)
{
	const struct hook_program *other = hook_find_name(hook, HOOK_STUB_NAME);
	char text[256];

	if (other)
		return attach_fail(
			attach, -EBUSY,
			"interface: %s: another dnsboltd is attached (program %u): stop that one, or remove "
			"its program: ip link set dev %s xdp off",
			iface->name, other->id, iface->name);
	return attach_fail(
		attach, -EBUSY,
		"interface: %s: has an XDP program already: %s: remove it (ip link set dev %s xdp off), or "
		"load it by libxdp (xdp-loader) where the kernel has a dispatcher",
		iface->name, hook_text(hook, text, sizeof(text)), iface->name);
}

static void say_attached(const struct attach *attach, const struct attach_iface *iface)
{
	if (strcmp(iface->mode, "native") != 0)
		report_say(
			attach->report, LOG_LEVEL_WARNING,
			"interface: %s: native mode cannot be had, attached in %s mode: much slower",
			iface->name, iface->mode);
	report_say(attach->report, LOG_LEVEL_INFO, "interface: %s: attached %s", iface->name,
		   iface->dispatcher
			   ? "below libxdp's dispatcher"
			   : "alone, without a dispatcher: no other XDP program can be beside it");
}

static int attach_one(struct attach *attach, struct attach_iface *iface, bool *ret_fresh)
{
	struct hook hook;
	int err;

	err = hook_read(&hook, iface->ifindex);
	if (err)
		return attach_fail(attach, err, "interface: %s: %s", iface->name, strerror(-err));
	if (find_attached(iface, &hook, hook_stub_id(attach->stub)))
		return 0;
	if (hook_find_name(&hook, HOOK_STUB_NAME))
		return say_busy(attach, iface, &hook);
	err = hook_stub_attach(attach->stub, iface->ifindex);
	if (err == -EBUSY)
		return say_busy(attach, iface, &hook);
	if (err)
		return attach_fail(attach, err, "interface: %s: the program cannot be attached: %s",
				   iface->name, strerror(-err));
	*ret_fresh = true;
	err = hook_read(&hook, iface->ifindex);
	if (err || !find_attached(iface, &hook, hook_stub_id(attach->stub)))
		return attach_fail(attach, err ?: -EIO,
				   "interface: %s: the program was attached and is not there",
				   iface->name);
	say_attached(attach, iface);
	return 0;
}

static int attach_all(struct attach *attach)
{
	bool fresh[DNSBOLT_MAX_IFACES] = {};
	int err = 0;

	for (unsigned int i = 0; !err && i < attach->n_iface; i++)
		err = attach_one(attach, &attach->iface[i], &fresh[i]);
	for (unsigned int i = 0; err && i < attach->n_iface; i++) {
		if (fresh[i])
			(void)hook_stub_detach(attach->stub, attach->iface[i].ifindex);
	}
	return err;
}

/* Interfaces that the configuration names no more. */
static void leave_former(struct attach *attach)
{
	for (unsigned int i = 0; i < DNSBOLT_MAX_IFACES; i++) {
		bool kept = attach->former[i] == 0;

		for (unsigned int k = 0; k < attach->n_iface; k++)
			kept = kept || attach->iface[k].ifindex == attach->former[i];
		if (!kept && hook_stub_detach(attach->stub, attach->former[i]) == 0)
			report_say(attach->report, LOG_LEVEL_NOTICE,
				   "interface: number %u is configured no more: detached",
				   attach->former[i]);
	}
}

int attach_start(struct attach *attach)
{
	int err;

	err = stages_fill(attach->stages, attach->maps.stages);
	if (err)
		return attach_fail(attach, err, "bpf: the program array cannot be filled: %s",
				   strerror(-err));
	err = attach_all(attach);
	if (err)
		return err;
	if (attach->replaces)
		err = replace_pin(attach);
	else if (!attach->adopted)
		err = pins_put(attach->pins, PINS_STUB, hook_stub_fd(attach->stub));
	if (err)
		return attach_fail(attach, err, "pin-dir: %s", strerror(-err));
	err = stages_flip(attach->stages, attach->gate);
	if (err)
		return attach_fail(attach, err, "bpf: slot 0 cannot be set: %s", strerror(-err));
	attach->is_flipped = true;
	attach->undo = false;
	if (attach->replaces)
		replace_done(attach);
	leave_former(attach);
	return 0;
}

/* Off every interface, and nothing pinned. */
static void remove_all(struct attach *attach)
{
	for (unsigned int i = 0; i < attach->n_iface; i++) {
		int err = attach->iface[i].mode
				  ? hook_stub_detach(attach->stub, attach->iface[i].ifindex)
				  : 0;

		if (err && err != -ENOENT)
			report_say(attach->report, LOG_LEVEL_ERROR,
				   "interface: %s: the program cannot be detached: %s",
				   attach->iface[i].name, strerror(-err));
		attach->iface[i].mode = NULL;
	}
	pins_remove(attach->pins);
}

void attach_stop(struct attach *attach, enum config_exit on_exit)
{
	if (on_exit == CONFIG_EXIT_DISARM)
		__atomic_store_n(&attach->page->mode, DNSBOLT_MODE_OFF, __ATOMIC_RELEASE);
	else if (on_exit == CONFIG_EXIT_DETACH)
		remove_all(attach);
}

void attach_free(struct attach *attach)
{
	if (!attach)
		return;
	testrun_free(attach->test);
	if (attach->undo)
		remove_all(attach);
	if (attach->replaces && !attach->is_flipped)
		replace_undo(attach);
	if (attach->page)
		munmap(attach->page, sizeof(*attach->page));
	if (attach->gate >= 0 && attach->gate != attach->maps.stages)
		close(attach->gate);
	if (attach->former_clients >= 0)
		close(attach->former_clients);
	attach_forget_maps(attach);
	hook_stub_free(attach->stub);
	stages_free(attach->stages);
	pins_close(attach->pins);
	free(attach->served);
	free(attach);
}

int attach_sum_counters(int counters_fd, struct dnsbolt_counters *ret_counters)
{
	const size_t words = sizeof(struct dnsbolt_counters) / sizeof(uint64_t);
	int cpus = libbpf_num_possible_cpus();
	uint64_t *values, *sum = (uint64_t *)ret_counters;
	uint32_t zero = 0;
	int err = 0;

	if (cpus < 0)
		return cpus;
	values = calloc((size_t)cpus, sizeof(struct dnsbolt_counters));
	if (!values)
		return -ENOMEM;
	if (bpf_map_lookup_elem(counters_fd, &zero, values) < 0) {
		err = -errno;
	} else {
		memset(ret_counters, 0, sizeof(*ret_counters));
		for (size_t i = 0; i < (size_t)cpus * words; i++)
			sum[i % words] += values[i];
	}
	free(values);
	return err;
}

int attach_counters(const struct attach *attach, struct dnsbolt_counters *ret_counters)
{
	return attach_sum_counters(attach->maps.counters, ret_counters);
}
