/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a zone to the store: one question per (name, type, DO), "what would the authoritative
 * answer be?", answered once, when the zone changes. What cannot be answered from the store yet
 * gets a reason to pass with.
 */
#ifndef RENDER_H
#define RENDER_H

#include "../store/store.h"
#include "zone.h"

/* Says whether another served zone has its apex at `name` (strictly below the zone that is
 * rendered): what the parent holds there and below is not its own. May be NULL: no zone inside a
 * zone. When its answers change, the zones above have to be rendered with `from` NULL. */
struct render_zones {
	bool (*is_apex)(const knot_dname_t *name, void *arg);
	void *arg;
};

/* Puts into the open change set whatever the step from `from` (NULL: nothing is known of what
 * the store holds: put all and sweep) to `to` changes in the store, and the flip to `to`. Names
 * that depend on a changed name are rendered again: render_change.c has the rule. Both zones
 * have passed zone_check(). What is known of `to` after it is kept with it (zone.rendered): a step
 * from a version that was rendered, and that the store serves, looks only at what changed.
 * Answers that do not fit in a message are reported, and passed. An error is one of the store
 * (store_error() has the words), -ENOMEM or -EMSGSIZE (signatures of the SOA; reported). */
int render_zone(struct store *store, uint32_t zone, const struct zone *from, const struct zone *to,
		const struct render_zones *zones, const struct report *report);

#endif /* RENDER_H */
