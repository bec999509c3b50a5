// SPDX-License-Identifier: GPL-3.0-or-later
/* Versions of all zones, one change set each, in the two ways in which versions come: as differences on a copy of the
 * version before, and as whole files. */
#include "hunt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../loader/zone/render.h"
#include "../../userspace/lib/name.h"
#include "../lib/harness.h"

#define ANEW_EVERY 16u /* versions: one is rendered as if nothing were known of the store */

struct hunt_writer {
	struct store *store;
	uint64_t begun, done; /* atomic */
	struct zone **ring[HUNT_RING];
	struct zone **now; /* the version that is published */
};

/* ---- making ---- */

static struct zone **make_version(unsigned int tag)
{
	struct zone **zones = calloc(hunt_zones, sizeof(struct zone *));

	for (size_t i = 0; zones && i < hunt_zones; i++) {
		zones[i] = hunt_make(&hunt_zone[i], tag);
		if (!zones[i])
			return NULL;
	}
	return zones;
}

/* What a transfer of differences leads to: a copy of the old version with the changed RRsets set. */
struct patch {
	struct zone *copy;
	const struct zone *from, *to;
};

static int patch_name(const knot_dname_t *owner, void *arg)
{
	const struct patch *p = arg;
	const struct zone_name *old = zone_find(p->from, owner), *new = zone_find(p->to, owner);
	int err = 0;

	for (uint16_t i = 0; old && i < old->n_sets && !err; i++)
		if (!new || !zone_name_rrset(new, old->sets[i].type))
			err = zone_set(p->copy, owner, old->sets[i].type, 0, NULL);
	for (uint16_t i = 0; new &&i < new->n_sets && !err; i++)
		err = zone_set(p->copy, owner, new->sets[i].type, new->sets[i].ttl,
			       &new->sets[i].rrs);
	return err;
}

static int by_transfer(struct zone **ret_zone, const struct zone *from, const struct zone *to)
{
	struct patch patch = { .from = from, .to = to };
	int err = zone_copy(&patch.copy, from);

	if (!err)
		err = zone_diff(from, to, patch_name, &patch);
	if (!err)
		err = zone_check(patch.copy, "transfer", NULL);
	*ret_zone = patch.copy;
	return err;
}

static int by_file(struct zone **ret_zone, const struct zone *to)
{
	char path[64];
	int fd = memfd_create("zone", MFD_CLOEXEC), err = fd < 0 ? -errno : 0;
	FILE *out = err ? NULL : fdopen(fd, "w");

	if (!out)
		return err ?: -ENOMEM;
	err = hunt_dump(to, out);
	if (!err && fflush(out))
		err = -errno;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!err)
		err = zone_load_file(ret_zone, to->apex, path, NULL);
	(void)fclose(out);
	return err;
}

/* ---- publishing ---- */

struct step {
	unsigned int tag, before;
	bool is_anew;
};

static bool is_apex(const knot_dname_t *name, void *arg)
{
	const struct step *step = arg;
	char text[KNOT_DNAME_TXT_MAXLEN + 1];

	if (!knot_dname_to_str(text, name, sizeof(text)))
		return false;
	text[strlen(text) - 1] = '\0'; /* the final dot */
	for (size_t i = 0; i < hunt_zones; i++)
		if (strcmp(hunt_zone[i].apex, text) == 0)
			return hunt_has_zone(&hunt_zone[i], step->tag);
	return false;
}

/* A zone that comes or goes changes what the one around it publishes. */
static bool is_known(const struct step *step, const struct hunt_zone *zone)
{
	const struct hunt_zone *inner = zone->inner < 0 ? NULL : &hunt_zone[zone->inner];

	if (step->is_anew || !hunt_has_zone(zone, step->before))
		return false;
	return !inner || hunt_has_zone(inner, step->before) == hunt_has_zone(inner, step->tag);
}

static int render(struct hunt_writer *w, struct step *step, size_t i, struct zone *to)
{
	struct render_zones zones = { is_apex, step };
	const struct hunt_zone *zone = &hunt_zone[i];
	uint32_t index;
	int err;

	if (!hunt_has_zone(zone, step->tag) && !hunt_has_zone(zone, step->before))
		return 0;
	err = store_zone(w->store, w->ring[0][i]->apex, &index);
	if (err)
		return err;
	if (!hunt_has_zone(zone, step->tag))
		return store_drop(w->store, index);
	return render_zone(w->store, index, is_known(step, zone) ? w->now[i] : NULL, to, &zones,
			   NULL);
}

static int commit(struct hunt_writer *w, struct step *step, struct zone **next)
{
	int err = store_begin(w->store);

	/* From here on the version may be seen. */
	if (!err)
		__atomic_store_n(&w->begun, w->begun + 1, __ATOMIC_SEQ_CST);
	for (size_t i = 0; i < hunt_zones && !err; i++)
		err = render(w, step, i, next[i]);
	if (!err)
		err = store_commit(w->store);
	if (!err)
		__atomic_store_n(&w->done, w->done + 1, __ATOMIC_SEQ_CST);
	else
		fprintf(stderr, "hunt: version %u: %s: %s\n", step->tag, strerror(-err),
			store_error(w->store));
	return err;
}

/* By transfer the odd versions, by file the even ones. */
static int make_next(const struct hunt_writer *w, const struct step *step, struct zone **next)
{
	int err = 0;

	for (size_t i = 0; i < hunt_zones && !err; i++) {
		const struct zone *to = w->ring[step->tag][i];

		err = step->tag & 1 && w->now[i] ? by_transfer(&next[i], w->now[i], to)
						 : by_file(&next[i], to);
	}
	return err;
}

static void free_zones(struct zone **zones)
{
	for (size_t i = 0; zones && i < hunt_zones; i++)
		zone_free(zones[i]);
	free(zones);
}

int hunt_writer_step(struct hunt_writer *w)
{
	struct step step = {
		.tag = (unsigned int)(w->done % HUNT_RING),
		.before = (unsigned int)((w->done + HUNT_RING - 1) % HUNT_RING),
		.is_anew = w->done % ANEW_EVERY == 0,
	};
	struct zone **next = calloc(hunt_zones, sizeof(struct zone *));
	int err = next ? make_next(w, &step, next) : -ENOMEM;

	if (!err)
		err = commit(w, &step, next);
	if (err) {
		free_zones(next);
		return err;
	}
	free_zones(w->now);
	w->now = next;
	return 0;
}

uint64_t hunt_writer_begun(const struct hunt_writer *w)
{
	return __atomic_load_n(&w->begun, __ATOMIC_SEQ_CST);
}

uint64_t hunt_writer_done(const struct hunt_writer *w)
{
	return __atomic_load_n(&w->done, __ATOMIC_SEQ_CST);
}

int hunt_writer_new(struct hunt_writer **ret_writer, struct harness *h)
{
	struct hunt_writer *w = calloc(1, sizeof(*w));
	int err = w ? 0 : -ENOMEM;

	if (err)
		return err;
	w->store = harness_store(h);
	w->now = calloc(hunt_zones, sizeof(struct zone *));
	for (unsigned int tag = 0; tag < HUNT_RING && !err; tag++) {
		w->ring[tag] = make_version(tag);
		err = w->ring[tag] ? 0 : -ENOMEM;
	}
	if (!err)
		err = w->now ? hunt_writer_step(w) : -ENOMEM;
	if (err)
		hunt_writer_free(w);
	else
		*ret_writer = w;
	return err;
}

void hunt_writer_free(struct hunt_writer *w)
{
	if (!w)
		return;
	for (unsigned int tag = 0; tag < HUNT_RING; tag++)
		free_zones(w->ring[tag]);
	free_zones(w->now);
	free(w);
}
