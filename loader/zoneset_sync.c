/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zones that are transferred: what loader/sync/ brings is published as what files bring. */
#include <errno.h>
#include <string.h>

#include "../userspace/lib/name.h"
#include "zoneset_internal.h"

int zoneset_add_member(struct zoneset *set, const knot_dname_t *apex)
{
	const struct zoneset_source source = { .apex = (knot_dname_t *)apex };
	struct zoneset_item *item = zoneset_find_item(set, apex);

	if (item && item->is_configured)
		return -EEXIST;
	if (!item)
		item = zoneset_add_item(set, &source);
	if (!item)
		return -ENOMEM;
	item->is_member = true;
	item->is_configured = true;
	return 0;
}

void zoneset_remove_member(struct zoneset *set, const knot_dname_t *apex)
{
	struct zoneset_item *item = zoneset_find_item(set, apex);

	if (!item || !item->is_member)
		return;
	zoneset_discard_next(item);
	item->is_configured = false;
}

int zoneset_offer(struct zoneset *set, const knot_dname_t *apex, struct zone *base)
{
	struct zoneset_item *item = zoneset_find_item(set, apex);
	struct zone *zone;
	int err = -ENOENT;

	if (item && item->is_configured) {
		zoneset_discard_next(item);
		err = zoneset_build(set, item, base, &zone);
	}
	if (err) {
		zone_free(base);
		return zoneset_fail(set, err, "%s", strerror(-err));
	}
	item->next = (struct zoneset_version){ .base = base, .zone = zone };
	return 0;
}

int zoneset_publish_offers(struct zoneset *set)
{
	set->error[0] = '\0';
	return zoneset_publish(set);
}

void zoneset_set_fault(struct zoneset *set, const knot_dname_t *apex, const char *fault)
{
	struct zoneset_item *item = zoneset_find_item(set, apex);

	if (item)
		zoneset_set_error(item, fault);
}

void zoneset_withhold(struct zoneset *set, const knot_dname_t *apex, const char *state)
{
	struct zoneset_item *item = zoneset_find_item(set, apex);

	if (!item)
		return;
	item->withheld = state;
	zoneset_set_state(item);
}

void zoneset_set_signatures(struct zoneset *set, const knot_dname_t *apex, uint64_t of,
			    int64_t expire, enum zoneset_signatures state)
{
	struct zoneset_item *item = zoneset_find_item(set, apex);

	if (!item)
		return;
	item->row.signatures_of = of;
	item->row.signatures_expire = expire;
	item->row.signatures = state;
}
