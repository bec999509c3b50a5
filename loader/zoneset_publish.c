/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From zones in memory to the store: publish() of every source. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../userspace/lib/name.h"
#include "zoneset_internal.h"

void zoneset_discard_next(struct zoneset_item *item)
{
	if (item->next.zone != item->next.base)
		zone_free(item->next.zone);
	if (item->next.base != item->now.base)
		zone_free(item->next.base);
	item->next = (struct zoneset_version){ .base = NULL };
}

void zoneset_set_state(struct zoneset_item *item)
{
	bool has_version = item->is_served || item->now.zone;

	item->row.state = item->withheld		? item->withheld
			  : !has_version && !item->file ? "waiting"
			  : !item->error		? "serving"
			  : has_version			? "stale"
							: "failed";
}

void zoneset_set_error(struct zoneset_item *item, const char *error)
{
	/* Without memory for the words the state is still told. */
	free(item->error);
	item->error = error ? strdup(error) : NULL;
	item->row.error = item->error;
	zoneset_set_state(item);
}

/* ---- a batch of items, one change set ---- */

struct batch {
	struct zoneset *set;
	struct zoneset_item **item;
	size_t n;
	struct zoneset_progress progress;
	struct zoneset_capture capture; /* what render_zone() says */
	char refused[512];		/* why the first zone was refused; "": none was */
};

/* Errors that are the zone's own: it is larger than there is room for, than abi.h allows, or than a message
 * holds. */
static bool is_refusal(int err)
{
	return err == -ENOSPC || err == -EINVAL || err == -E2BIG || err == -ERANGE ||
	       err == -EMSGSIZE;
}

static bool is_apex(const knot_dname_t *name, void *arg)
{
	const struct zoneset *set = arg;
	const struct zoneset_item *item = zoneset_find_item(set, name);

	return item && item->is_configured && !item->row.is_catalog &&
	       (item->is_served || item->next.zone);
}

static int render_item(struct batch *batch, struct zoneset_item *item)
{
	struct render_zones zones = { .is_apex = is_apex, .arg = batch->set };
	const struct zone *to = item->next.zone ? item->next.zone : item->now.zone;
	const struct zone *from = item->is_again || item->is_unsure ? NULL : item->now.zone;
	uint32_t index;
	int err;

	err = store_zone(batch->set->store, item->apex, &index);
	if (err)
		return err;
	item->row.index = index;
	zoneset_put_serve_to(batch->set, item);
	return render_zone(batch->set->store, index, from, to, &zones, &batch->capture.report);
}

/* `next` is what is served now. */
static void settle(struct zoneset *set, struct zoneset_item *item)
{
	struct zoneset_version old = item->now;

	if (item->is_unsure)
		zoneset_set_error(item, NULL);
	item->is_again = item->is_unsure = false;
	item->is_served = !item->row.is_catalog;
	if (!item->next.zone)
		return;
	item->now = item->next;
	item->next = (struct zoneset_version){ .base = NULL };
	if (old.zone != old.base && old.zone != item->now.zone)
		zone_free(old.zone);
	if (old.base != item->now.base) {
		zone_free(old.base);
		item->row.loaded = time(NULL);
		zoneset_set_error(item, NULL);
	}
	item->row.version = ++set->version;
	item->row.base = item->now.base;
	item->row.zone = item->now.zone;
	item->row.records = zoneset_count_records(set, item);
}

static void refuse(struct batch *batch, struct zoneset_item *item, int err)
{
	const char *why = *batch->capture.text ? batch->capture.text : batch->set->error;
	bool is_new_file = item->next.zone && item->next.base != item->now.base;
	knot_dname_txt_storage_t name;
	char text[512];

	(void)snprintf(text, sizeof(text), "zone %s: the store does not take it%s: %.300s",
		       name_text(item->apex, name),
		       item->is_served ? ", the version before goes on"
				       : ", its queries are passed",
		       *why ? why : strerror(-err));
	report_say(batch->set->report, LOG_LEVEL_ERROR, "%s", text);
	zoneset_discard_next(item);
	/* What was rendered for the zones that are served now is not what the store has. */
	item->is_unsure |= item->is_again;
	item->is_again = false;
	if (is_new_file || item->is_unsure)
		zoneset_set_error(item, text);
	if (batch->set->n_refused++ == 0)
		memcpy(batch->refused, text, sizeof(text));
}

/* Items [from, to) in one change set. On an error nothing of it is visible, set->error says why and
 * *ret_at is the item whose rendering failed, or `to`. */
static int try_range(struct batch *batch, size_t from, size_t to, size_t *ret_at)
{
	struct store *store = batch->set->store;
	size_t i = from;
	int err;

	batch->capture.text[0] = '\0';
	err = store_begin(store);
	if (err)
		return zoneset_fail(batch->set, err, "store: %s", store_error(store));
	for (; i < to && !err; i++) {
		err = render_item(batch, batch->item[i]);
		if (!err)
			zoneset_progress_step(&batch->progress);
	}
	*ret_at = err ? i - 1 : to;
	if (!err)
		err = store_commit(store);
	if (err) {
		(void)zoneset_fail(batch->set, err, "store: %s", store_error(store));
		store_abort(store);
		return err;
	}
	for (i = from; i < to; i++)
		settle(batch->set, batch->item[i]);
	return 0;
}

/* All in one change set when they fit. Else around the zone that the store refused; where it does
 * not say which one (at the commit), halves are tried, down to single zones. */
static int publish_range(struct batch *batch, size_t from, size_t to)
{
	size_t at = to;
	int err = 0;

	while (from < to) {
		batch->progress.done = from;
		err = try_range(batch, from, to, &at);
		if (!err || !is_refusal(err))
			return err;
		if (at == to && to - from > 1) {
			at = from + (to - from) / 2;
			err = publish_range(batch, from, at);
			from = at;
		} else {
			if (at == to)
				at = from;
			refuse(batch, batch->item[at], err);
			err = publish_range(batch, from, at);
			from = at + 1;
		}
		if (err)
			return err;
	}
	return 0;
}

/* ---- what is to be done ---- */

/* The deepest zone around it that is served: one in between that is not, yet, hides nothing. */
static struct zoneset_item *find_outer(const struct zoneset *set, const struct zoneset_item *inner)
{
	const knot_dname_t *apex = inner->apex;
	struct zoneset_item *outer = NULL;

	while (*apex) {
		outer = zoneset_enclosing_item(set, apex + 1 + *apex);
		if (!outer || outer->is_served)
			return outer;
		apex = outer->apex;
	}
	return NULL;
}

/* A zone that comes or goes changes what the one around it publishes: names at and below the inner
 * apex are not the outer zone's own, and neither are the CLI's records there. */
static int mark_enclosing(struct zoneset *set, const struct zoneset_item *inner)
{
	const struct journal_record *record = journal_from(set->journal, inner->apex);
	struct zoneset_item *outer = find_outer(set, inner);

	if (!outer || !outer->now.zone)
		return 0;
	outer->is_again = true;
	if (outer->next.zone || !record || knot_dname_in_bailiwick(record->owner, inner->apex) < 0)
		return 0;
	outer->next.base = outer->now.base;
	return zoneset_build(set, outer, outer->now.base, &outer->next.zone);
}

static bool is_gone(const struct zoneset_item *item)
{
	return !item->is_configured;
}

/* Drops the zones of the items that are configured no more, then forgets the items. */
static int drop_gone(struct zoneset *set)
{
	struct zoneset_item *item, *next;
	size_t n = 0;
	int err = 0;

	RB_FOREACH (item, zoneset_tree, &set->items)
		n += is_gone(item) && item->is_served;
	if (n) {
		err = store_begin(set->store);
		if (err)
			return zoneset_fail(set, err, "store: %s", store_error(set->store));
		RB_FOREACH (item, zoneset_tree, &set->items) {
			if (!err && is_gone(item) && item->is_served)
				err = store_drop(set->store, item->row.index);
		}
		if (!err)
			err = store_commit(set->store);
		if (err) {
			(void)zoneset_fail(set, err, "store: %s", store_error(set->store));
			store_abort(set->store);
			return err;
		}
	}
	RB_FOREACH_SAFE (item, zoneset_tree, &set->items, next) {
		if (!is_gone(item))
			continue;
		RB_REMOVE(zoneset_tree, &set->items, item);
		set->n_items--;
		zoneset_item_free(item);
	}
	return 0;
}

static int mark_neighbours(struct zoneset *set)
{
	struct zoneset_item *item;
	int err = 0;

	RB_FOREACH (item, zoneset_tree, &set->items) {
		bool comes = item->is_configured && !item->is_served && item->next.zone &&
			     !item->row.is_catalog;
		bool goes = is_gone(item) && item->is_served;

		if (!err && (comes || goes))
			err = mark_enclosing(set, item);
	}
	return err ? zoneset_fail(set, err, "zones: out of memory") : 0;
}

static int publish_marked(struct zoneset *set)
{
	struct batch batch = { .set = set };
	struct zoneset_item *item;
	int err = 0;

	batch.item = calloc(set->n_items + 1, sizeof(struct zoneset_item *));
	if (!batch.item)
		return zoneset_fail(set, -ENOMEM, "zones: out of memory");
	RB_FOREACH (item, zoneset_tree, &set->items) {
		if (item->row.is_catalog && item->next.zone)
			settle(set, item);
		else if (item->next.zone || item->is_again)
			batch.item[batch.n++] = item;
	}
	zoneset_capture_init(&batch.capture, set->report);
	zoneset_progress_init(&batch.progress, set->report, "rendered", batch.n);
	err = publish_range(&batch, 0, batch.n);
	/* After an error of the store itself nothing new is tried again; what the zones inside a zone have
	 * changed still is to be rendered. */
	for (size_t i = 0; err && i < batch.n; i++)
		zoneset_discard_next(batch.item[i]);
	free(batch.item);
	if (!err && *batch.refused)
		(void)zoneset_fail(set, 0, "%s", batch.refused);
	return err;
}

/* Zones that were taken for served while their neighbours were rendered, and then did not fit. */
static int mark_around_refused(struct zoneset *set, struct zoneset_item *const *fresh, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		if (!fresh[i]->is_served)
			err = mark_enclosing(set, fresh[i]);
	}
	return err ? zoneset_fail(set, err, "zones: out of memory") : 0;
}

int zoneset_publish(struct zoneset *set)
{
	struct zoneset_item **fresh, *item;
	size_t n_fresh = 0, n_refused;
	int err;

	set->n_refused = 0;
	err = mark_neighbours(set);
	if (!err)
		err = drop_gone(set);
	if (err)
		return err;
	fresh = calloc(set->n_items + 1, sizeof(struct zoneset_item *));
	if (!fresh)
		return zoneset_fail(set, -ENOMEM, "zones: out of memory");
	RB_FOREACH (item, zoneset_tree, &set->items) {
		if (item->next.zone && !item->is_served && !item->row.is_catalog)
			fresh[n_fresh++] = item;
	}
	err = publish_marked(set);
	n_refused = set->n_refused;
	if (!err && n_refused)
		err = mark_around_refused(set, fresh, n_fresh);
	if (!err && n_refused)
		err = publish_marked(set);
	free(fresh);
	return err;
}

/* ---- adoption ---- */

struct unknown {
	struct zoneset *set;
	uint32_t *index;
	size_t n, room;
	int err;
};

static void meet_zone(uint32_t zone, const uint8_t *apex, uint32_t serial, void *arg)
{
	struct unknown *unknown = arg;
	struct zoneset_item *item = zoneset_find_item(unknown->set, apex);

	(void)serial;
	if (item && item->is_configured && !item->row.is_catalog) {
		item->is_served = true;
		item->row.index = zone;
		if (!item->file)
			zoneset_set_state(item);
		return;
	}
	if (unknown->n == unknown->room) {
		size_t room = unknown->room ? 2 * unknown->room : 64;
		uint32_t *index = reallocarray(unknown->index, room, sizeof(*index));

		if (!index) {
			unknown->err = -ENOMEM;
			return;
		}
		unknown->index = index;
		unknown->room = room;
	}
	unknown->index[unknown->n++] = zone;
}

int zoneset_adopt(struct zoneset *set)
{
	struct unknown unknown = { .set = set };
	int err;

	store_each_zone(set->store, meet_zone, &unknown);
	err = unknown.err;
	if (err) {
		(void)zoneset_fail(set, err, "zones: out of memory");
		goto out;
	}
	if (!unknown.n)
		goto out;
	err = store_begin(set->store);
	if (err) {
		(void)zoneset_fail(set, err, "store: %s", store_error(set->store));
		goto out;
	}
	for (size_t i = 0; i < unknown.n && !err; i++)
		err = store_drop(set->store, unknown.index[i]);
	if (!err)
		err = store_commit(set->store);
	if (err) {
		(void)zoneset_fail(set, err, "store: %s", store_error(set->store));
		store_abort(set->store);
	}
out:
	free(unknown.index);
	return err;
}
