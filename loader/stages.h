/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The programs behind the stub: one loaded set of them, and its place in the program array. Slot 0
 * is the entry that the stub calls; generation g has the slots from 1 + g * DNSBOLT_STAGES on. A
 * new set is put into slots of its own and slot 0 is stored last, so that a packet meets one set
 * only.
 */
#ifndef STAGES_H
#define STAGES_H

#include "attach.h"

struct dnsbolt_bpf;
struct stages;

/* Sizes of maps that are made anew. */
struct stages_room {
	uint32_t names;	   /* of the names map */
	uint32_t accounts; /* of limits: a power of two */
};
/* Elements of the limits map, for so many accounts. */
uint32_t stages_limit_lines(uint32_t accounts);

/* Opens the programs with all that is set before they are loaded, but for maps that are there
 * already: what the verifier sees of them. The caller destroys the skeleton. */
int stages_open(struct dnsbolt_bpf **ret_skel, const struct stages_room *room,
		unsigned int generation);

/* Loads the programs for `generation`. A map whose descriptor in `maps` is not negative is used,
 * the others are made anew and stored there; those descriptors
 * stay the set's. The scratch is always its own. libbpf's messages say what the verifier did not
 * like. */
int stages_load(struct stages **ret_stages, struct attach_maps *maps,
		const struct stages_room *room, unsigned int generation);
void stages_free(struct stages *stages); /* NULL is fine */

/* Descriptor of the entry program. */
int stages_entry(const struct stages *stages);

/* Generation in `array` whose entry is in slot 0 of the gate, by the ids of the programs. -ENOENT: none. */
int stages_current(int gate, int array);
/* Whether any slot of `array`, however many it has, has that entry. */
bool stages_is_current(int gate, int array);

/* Empties all slots but slot 0 and those of generation `keep` (negative: of none), also of an array of another size. */
void stages_clear(int array, int keep);

/* Puts the set into its generation's slots; stages_flip() puts its entry into slot 0 of the gate. */
int stages_fill(const struct stages *stages, int array);
int stages_flip(const struct stages *stages, int gate);

/* Compares pinned maps with the definitions that this program has. -EPROTO: *ret_name does not
 * fit. */
int stages_check_maps(struct attach_maps *maps, const char **ret_name);

/* Programs of section "xdp.frags" are loaded with the flag for frames in several buffers,
 * whatever their type, and with expected_attach_type 0. All programs of one program array have
 * to agree in that flag, but libxdp takes it from a program that it loads as EXT; and such a
 * program has expected_attach_type 0, which kernels that enforce it for tail calls want of all
 * others too. Once per process, before any object is opened. */
int stages_setup(void);

#endif /* STAGES_H */
