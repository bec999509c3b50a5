/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../bpf/core/view.h"
#include "../../loader/zone/render.h"
#include "../../tests/lib/harness.h"
#include "bench.h"

struct version {
	struct harness *h;
	struct zone *next;
	uint32_t index;
	dnsbolt_handle newest;
};

/* The table is the process's own, mapped for writing: the view of it is for readers. */
static struct dnsbolt_zone *row_of(const struct version *v)
{
	return (struct dnsbolt_zone *)&store_view(harness_store(v->h))->zones[v->index];
}

static const struct zone *find_zone(struct harness *h, const knot_dname_t *apex)
{
	const struct zone *zone;
	size_t i;

	for (i = 0; (zone = harness_zone(h, i)); i++)
		if (knot_dname_is_equal(zone->apex, apex))
			return zone;
	return NULL;
}

static int publish(struct version *v, const struct zone *from)
{
	struct store *store = harness_store(v->h);
	int r = store_zone(store, v->next->apex, &v->index);

	if (!r)
		r = store_begin(store);
	if (!r)
		r = render_zone(store, v->index, from, v->next, NULL, &bench_report);
	return r ? r : store_commit(store);
}

int version_new(struct version **ret_version, struct harness *h, const char *dir)
{
	static const knot_dname_t apex[] = "\5plain\7example";
	struct version *v = calloc(1, sizeof(*v));
	char path[4096];
	dnsbolt_handle before;
	int r = -ENOMEM;

	if (!v)
		return r;
	v->h = h;
	(void)snprintf(path, sizeof(path), "%s/" VERSION_FILE, dir);
	r = zone_load_file(&v->next, apex, path, &bench_report);
	if (!r)
		r = store_zone(harness_store(h), apex, &v->index);
	if (r)
		goto out;
	before = row_of(v)->snapshot;
	r = publish(v, find_zone(h, apex));
	if (!r) {
		v->newest = row_of(v)->snapshot;
		row_of(v)->snapshot = before;
	}
out:
	if (r)
		version_free(v);
	else
		*ret_version = v;
	return r;
}

void version_free(struct version *v)
{
	if (!v)
		return;
	if (v->newest)
		row_of(v)->snapshot = v->newest;
	zone_free(v->next);
	free(v);
}
