/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between render.c (which names a change touches) and render_node.c (what is said of one name). */
#ifndef RENDER_INTERNAL_H
#define RENDER_INTERNAL_H

#include "../../bpf/reasons.h"
#include "render.h"
#include "wire.h"

struct render {
	struct store *store;
	uint32_t zone;
	const struct zone *from, *to;
	const struct render_zones *zones;
	const struct report *report;
	/* The node in work: grown before it is begun, so that nothing moves while parts point
	 * in. */
	uint8_t *data;
	struct dnsbolt_ptr *ptr;
	size_t data_room, ptr_room;
	size_t data_used, ptr_used;
	unsigned int n_parts, n_answers, n_dir;
	struct wire wire;
	struct store_part part[2 * DNSBOLT_DIR_MAX];
	struct store_answer answer[DNSBOLT_DIR_MAX];
	struct store_dirent dir[DNSBOLT_DIR_MAX];
};

/* How a name of the zone stands, when nothing above it covers it. */
enum render_state {
	RENDER_NONE, /* no name: it holds nothing, or NSEC3 alone, or is another served zone's */
	RENDER_DATA, /* authoritative data, or an empty non-terminal */
	RENDER_CUT,  /* a delegation */
};

enum render_state render_state(const struct render *render, const struct zone *zone,
			       const struct zone_name *name);

/* Nothing but NSEC3 with its signatures, or nothing at all. */
bool render_is_bare(const struct zone_name *name);

/* Puts the node of a name of render->to. */
int render_put_name(struct render *render, const struct zone_name *name);
int render_put_cut(struct render *render, const struct zone_name *name);
/* The zone's new snapshot. */
int render_flip(struct render *render);

#endif /* RENDER_INTERNAL_H */
