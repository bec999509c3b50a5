/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom zones are served to: the numbers of lists of `serve-to`, from the configuration to the store. */
#include "access/clients.h"
#include "zoneset_internal.h"

void zoneset_set_clients(struct zoneset *set, const struct clients *clients)
{
	set->clients = clients;
}

uint32_t zoneset_number(const struct zoneset *set, const struct config_sync *options)
{
	return set->clients ? clients_serve_to(set->clients, options) : 0;
}

void zoneset_put_serve_to(struct zoneset *set, const struct zoneset_item *item)
{
	if (set->is_armed)
		store_set_serve_to(set->store, item->row.index, item->serve_to);
	else if (!item->is_served)
		store_set_serve_to(set->store, item->row.index,
				   item->serve_to ? CLIENTS_NOBODY : 0);
}

void zoneset_begin_serve_to(struct zoneset *set)
{
	struct zoneset_item *item;

	RB_FOREACH (item, zoneset_tree, &set->items) {
		if (item->is_served &&
		    store_serve_to(set->store, item->row.index) != item->serve_to)
			store_set_serve_to(set->store, item->row.index, CLIENTS_NOBODY);
	}
}

void zoneset_end_serve_to(struct zoneset *set)
{
	struct zoneset_item *item;

	set->is_armed = true;
	RB_FOREACH (item, zoneset_tree, &set->items) {
		if (item->is_served)
			zoneset_put_serve_to(set, item);
	}
}

void zoneset_set_serve_to(struct zoneset *set, const knot_dname_t *apex,
			  const struct config_sync *options)
{
	struct zoneset_item *item = zoneset_find_item(set, apex);

	if (!item)
		return;
	item->serve_to = zoneset_number(set, options);
	if (item->is_served && set->is_armed)
		zoneset_put_serve_to(set, item);
}
