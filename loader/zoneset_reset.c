/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the CLI set is dropped: of one name, of one zone, or all of it, in one line of the journal each and one change set. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "../userspace/lib/name.h"
#include "zoneset_internal.h"

struct reset {
	struct zoneset *set;
	const struct zoneset_item *item; /* the zone that is reset; NULL: all, or one name */
	const knot_dname_t *owner;	 /* NULL: all */
	const char *who;
	struct journal_record *change;
	const struct journal_record **list;
	size_t n;
};

static bool is_meant(const struct reset *reset, const struct journal_record *record)
{
	if (reset->item)
		return zoneset_enclosing_item(reset->set, record->owner) == reset->item;
	return !reset->owner || knot_dname_is_equal(record->owner, reset->owner);
}

static const struct journal_record *first_record(const struct reset *reset)
{
	return journal_from(reset->set->journal, reset->owner);
}

/* The records are in canonical order: what is in a zone, or at a name, stands together behind it. */
static bool is_past(const struct reset *reset, const struct journal_record *record)
{
	return reset->owner && knot_dname_in_bailiwick(record->owner, reset->owner) < 0;
}

static size_t count_meant(const struct reset *reset)
{
	const struct journal_record *record = first_record(reset);
	size_t n = 0;

	for (; record && !is_past(reset, record); record = journal_next(record))
		n += is_meant(reset, record);
	return n;
}

static int list_meant(struct reset *reset)
{
	const struct journal_record *record = first_record(reset);
	size_t n = count_meant(reset);

	reset->change = calloc(n + 1, sizeof(*reset->change));
	reset->list = calloc(n + 1, sizeof(struct journal_record *));
	if (!reset->change || !reset->list)
		return zoneset_fail(reset->set, -ENOMEM, "zones: out of memory");
	for (; record && !is_past(reset, record); record = journal_next(record)) {
		if (!is_meant(reset, record))
			continue;
		reset->change[reset->n] = (struct journal_record){
			.owner = knot_dname_copy(record->owner, NULL),
			.type = record->type,
			.who = (char *)reset->who,
			.when = time(NULL),
		};
		if (!reset->change[reset->n].owner)
			return zoneset_fail(reset->set, -ENOMEM, "zones: out of memory");
		reset->list[reset->n] = &reset->change[reset->n];
		reset->n++;
	}
	return 0;
}

/* The zones with nothing on top: what was loaded, nothing is copied. */
static int reset_zones(const struct reset *reset)
{
	struct zoneset_item *item;
	int err;

	RB_FOREACH (item, zoneset_tree, &reset->set->items) {
		if ((reset->item && item != reset->item) || !item->row.records || !item->now.base)
			continue;
		zoneset_discard_next(item);
		item->next.base = item->next.zone = item->now.base;
	}
	err = zoneset_commit(reset->set, reset->list, reset->n);
	RB_FOREACH (item, zoneset_tree, &reset->set->items) {
		zoneset_discard_next(item);
		if (item->row.records)
			item->row.records = zoneset_count_records(reset->set, item);
	}
	return err;
}

static int run_reset(struct reset *reset)
{
	struct zoneset_item *item = reset->owner ? zoneset_enclosing_item(reset->set, reset->owner)
						 : NULL;
	knot_dname_txt_storage_t text;

	if (!reset->n)
		return zoneset_fail(reset->set, -ENOENT, "nothing was set %s%s",
				    reset->owner ? "at or in " : "here",
				    reset->owner ? name_text(reset->owner, text) : "");
	if (!reset->owner || reset->item)
		return reset_zones(reset);
	if (item && item->now.base)
		return zoneset_change(reset->set, item, reset->list, reset->n);
	return zoneset_commit(reset->set, reset->list, reset->n);
}

int zoneset_record_reset(struct zoneset *set, const knot_dname_t *name, const char *who,
			 size_t *ret_n)
{
	struct reset reset = { .set = set, .who = who };
	knot_dname_storage_t lower;
	int err;

	set->error[0] = '\0';
	if (name) {
		struct zoneset_item *item;

		knot_dname_copy_lower(lower, name);
		reset.owner = lower;
		item = zoneset_find_item(set, lower);
		reset.item = item && item->is_configured ? item : NULL;
	}
	err = list_meant(&reset);
	if (!err)
		err = run_reset(&reset);
	*ret_n = reset.n;
	for (size_t i = 0; i < reset.n; i++)
		knot_dname_free(reset.change[i].owner, NULL);
	free(reset.change);
	free(reset.list);
	return err;
}
