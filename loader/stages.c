/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stages.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dnsbolt.skel.h"
#include "pins.h"

/* Programs and their slots, from the generation's first one on. */
static const struct {
	const char *program;
	unsigned int offset;
} stage[] = {
	{ "dnsbolt_entry", 0 }, { "dnsbolt_encloser", 1 }, { "dnsbolt_prove", 2 },
	{ "dnsbolt_dname", 3 }, { "dnsbolt_chaos", 4 },	   { "dnsbolt_target", 5 },
};
#define STAGE_PROGRAMS (sizeof(stage) / sizeof(stage[0]))

#ifdef __x86_64__
#define WEAK_ORDER 0 /* loads are not reordered with loads */
#else
#define WEAK_ORDER 1
#endif

struct stages {
	struct dnsbolt_bpf *skel;
	unsigned int generation;
};

static int prepare_load(struct bpf_program *prog, struct bpf_prog_load_opts *opts, long cookie)
{
	(void)prog;
	(void)cookie;
	opts->prog_flags |= BPF_F_XDP_HAS_FRAGS;
	opts->expected_attach_type = 0;
	return 0;
}

int stages_setup(void)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, opts, .prog_prepare_load_fn = prepare_load);
	static int handler;

	if (!handler)
		handler = libbpf_register_prog_handler("xdp.frags", BPF_PROG_TYPE_XDP, 0, &opts);
	return handler < 0 ? handler : 0;
}

static unsigned int first_slot(unsigned int generation)
{
	return 1 + generation * DNSBOLT_STAGES;
}

static int choose_maps(struct bpf_object *obj, struct attach_maps *maps)
{
	for (size_t i = 0; i < pins_maps; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(obj, pins_map[i].name);
		int err, fd = *pins_map_fd(maps, &pins_map[i]);

		if (!map)
			return -ENOENT;
		err = fd >= 0 ? bpf_map__reuse_fd(map, fd) : 0;
		if (err)
			return err;
	}
	return 0;
}

static void tell_maps(const struct bpf_object *obj, struct attach_maps *ret_maps)
{
	for (size_t i = 0; i < pins_maps; i++) {
		int *fd = pins_map_fd(ret_maps, &pins_map[i]);

		if (*fd < 0)
			*fd = bpf_map__fd(bpf_object__find_map_by_name(obj, pins_map[i].name));
	}
}

uint32_t stages_limit_lines(uint32_t accounts)
{
	return accounts / DNSBOLT_LINE_ACCOUNTS + 1;
}

int stages_open(struct dnsbolt_bpf **ret_skel, const struct stages_room *room,
		unsigned int generation)
{
	struct dnsbolt_bpf *skel;
	int err;

	err = stages_setup();
	if (err)
		return err;
	skel = dnsbolt_bpf__open();
	if (!skel)
		return -errno;
	skel->rodata->stage_base = first_slot(generation);
	skel->rodata->env_weak_order = WEAK_ORDER;
	err = bpf_map__set_max_entries(skel->maps.dnsbolt_names, room->names);
	if (!err)
		err = bpf_map__set_max_entries(skel->maps.dnsbolt_limits,
					       stages_limit_lines(room->accounts));
	if (err)
		dnsbolt_bpf__destroy(skel);
	else
		*ret_skel = skel;
	return err;
}

int stages_load(struct stages **ret_stages, struct attach_maps *maps,
		const struct stages_room *room, unsigned int generation)
{
	struct stages *stages;
	int err;

	stages = calloc(1, sizeof(*stages));
	if (!stages)
		return -ENOMEM;
	stages->generation = generation;
	err = stages_open(&stages->skel, room, generation);
	if (!err)
		err = choose_maps(stages->skel->obj, maps);
	if (!err)
		err = dnsbolt_bpf__load(stages->skel);
	if (err)
		goto out;
	tell_maps(stages->skel->obj, maps);
	*ret_stages = stages;
	return 0;
out:
	stages_free(stages);
	return err;
}

void stages_free(struct stages *stages)
{
	if (!stages)
		return;
	dnsbolt_bpf__destroy(stages->skel);
	free(stages);
}

static int program_fd(const struct stages *stages, const char *name)
{
	return bpf_program__fd(bpf_object__find_program_by_name(stages->skel->obj, name));
}

int stages_entry(const struct stages *stages)
{
	return program_fd(stages, stage[0].program);
}

/* Id of the program in the slot, 0: empty. */
static uint32_t slot_id(int array, unsigned int slot)
{
	uint32_t id;

	return bpf_map_lookup_elem(array, &slot, &id) == 0 ? id : 0;
}

static unsigned int slots_of(int array)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(array, &info, &len) == 0 ? info.max_entries : 0;
}

int stages_current(int gate, int array)
{
	uint32_t entry = slot_id(gate, 0);

	for (unsigned int g = 0; entry && g < DNSBOLT_GENERATIONS; g++) {
		if (slot_id(array, first_slot(g)) == entry)
			return (int)g;
	}
	return -ENOENT;
}

bool stages_is_current(int gate, int array)
{
	uint32_t entry = slot_id(gate, 0);

	for (unsigned int slot = slots_of(array); entry && slot-- > 0;) {
		if (slot_id(array, slot) == entry)
			return true;
	}
	return false;
}

void stages_clear(int array, int keep)
{
	for (unsigned int slot = slots_of(array); slot-- > 1;) {
		if (keep < 0 || (slot - 1) / DNSBOLT_STAGES != (unsigned int)keep)
			(void)bpf_map_delete_elem(array, &slot);
	}
}

static int put(int array, unsigned int slot, int program)
{
	return bpf_map_update_elem(array, &slot, &program, BPF_ANY) < 0 ? -errno : 0;
}

int stages_fill(const struct stages *stages, int array)
{
	int err = 0;

	for (size_t i = 0; !err && i < STAGE_PROGRAMS; i++)
		err = put(array, first_slot(stages->generation) + stage[i].offset,
			  program_fd(stages, stage[i].program));
	return err;
}

int stages_flip(const struct stages *stages, int gate)
{
	return put(gate, 0, stages_entry(stages));
}

/* The maps of names and limits are as large as they were made, by the configuration of that time. */
static bool map_fits(const struct bpf_map *map, int fd, bool any_size)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);

	return map && bpf_obj_get_info_by_fd(fd, &info, &len) == 0 &&
	       info.type == bpf_map__type(map) && info.key_size == bpf_map__key_size(map) &&
	       info.value_size == bpf_map__value_size(map) &&
	       info.map_flags == bpf_map__map_flags(map) &&
	       (any_size || info.max_entries == bpf_map__max_entries(map));
}

int stages_check_maps(struct attach_maps *maps, const char **ret_name)
{
	struct dnsbolt_bpf *skel;
	int err = 0;

	skel = dnsbolt_bpf__open();
	if (!skel)
		return -errno;
	for (size_t i = 0; !err && i < pins_maps; i++) {
		const struct bpf_map *map =
			bpf_object__find_map_by_name(skel->obj, pins_map[i].name);

		if (map_fits(map, *pins_map_fd(maps, &pins_map[i]),
			     map == skel->maps.dnsbolt_names || map == skel->maps.dnsbolt_limits))
			continue;
		*ret_name = pins_map[i].name;
		err = -EPROTO;
	}
	dnsbolt_bpf__destroy(skel);
	return err;
}
