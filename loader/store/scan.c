/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trusts nothing that it finds in the arena: another process wrote it, perhaps not to the end. */
#include <string.h>

#include "internal.h"

static int claim(struct scan *scan, dnsbolt_handle h, size_t octets, const char *what)
{
	uint32_t n = arena_granules(octets);

	if (!arena_fits(&scan->s->arena, h, octets))
		return store_fail(scan->s, -EPROTO, "%s %u is out of range", what, h);
	for (uint32_t i = 0; i < n; i++) {
		if (marks_test(&scan->used, h + i))
			return store_fail(scan->s, -EPROTO, "%s %u lies across another object",
					  what, h);
		if (marks_set(&scan->used, h + i))
			return store_fail(scan->s, -ENOMEM, "no memory");
	}
	scan->granules += n;
	return 0;
}

static int scan_part(struct scan *scan, dnsbolt_handle h)
{
	struct dnsbolt_part *part;
	int err;

	if (h < DNSBOLT_PART_SYMBOLS)
		return h ? 0 : store_fail(scan->s, -EPROTO, "an answer has an empty slot");
	scan->refs++;
	if (marks_test(&scan->parts, h)) {
		part = arena_at(&scan->s->arena, h);
		part->refs += scan->rebuild;
		return 0;
	}
	if (!arena_fits(&scan->s->arena, h, sizeof(*part)))
		return store_fail(scan->s, -EPROTO, "part %u is out of range", h);
	part = arena_at(&scan->s->arena, h);
	err = claim(scan, h, (size_t)dnsbolt_part_data(part->n_ptr) + part->len, "part");
	if (err)
		return err;
	if (marks_set(&scan->parts, h))
		return store_fail(scan->s, -ENOMEM, "no memory");
	scan->n_parts++;
	if (scan->rebuild)
		part->refs = 1;
	scan->counted += part->refs;
	return 0;
}

static int scan_answer(struct scan *scan, dnsbolt_handle h)
{
	const struct dnsbolt_answer *answer;
	int err;

	if (!arena_fits(&scan->s->arena, h, sizeof(*answer)))
		return store_fail(scan->s, -EPROTO, "answer %u is out of range", h);
	answer = arena_at(&scan->s->arena, h);
	if (answer->n_slots > DNSBOLT_PARTS_MAX)
		return store_fail(scan->s, -EPROTO, "answer %u has %u parts", h, answer->n_slots);
	err = claim(scan, h, sizeof(*answer) + answer->n_slots * sizeof(answer->slot[0]), "answer");
	scan->answers++;
	for (unsigned i = 0; i < answer->n_slots && !err; i++)
		err = scan_part(scan, answer->slot[i].part);
	return err;
}

bool scan_is_node(const struct store *s, dnsbolt_handle h)
{
	const struct dnsbolt_node *node;

	if (!arena_fits(&s->arena, h, sizeof(*node)))
		return false;
	node = node_at(s, h);
	return node->version && node->zone < DNSBOLT_MAX_ZONES && node->n_dir <= DNSBOLT_DIR_MAX &&
	       arena_fits(&s->arena, h, sizeof(*node) + node->n_dir * sizeof(node->dir[0]));
}

bool scan_is_anchor(const struct store *s, dnsbolt_handle h, struct owner *ret_owner)
{
	const struct dnsbolt_anchor *a;

	/* A name's 255 octets lie in the segment wherever it begins: the guard is behind it. */
	if (h % ARENA_LINE || !arena_fits(&s->arena, h, sizeof(*a)))
		return false;
	a = anchor_at(s, h);
	return a->self == h && !owner_read(ret_owner, a->name, s->backing->config) &&
	       ret_owner->len == a->name_len && ret_owner->labels == a->labels &&
	       arena_fits(&s->arena, h, anchor_octets(a->name_len));
}

static int scan_node(struct scan *scan, dnsbolt_handle h)
{
	const struct dnsbolt_node *node;
	int err;

	if (!scan_is_node(scan->s, h))
		return store_fail(scan->s, -EPROTO, "node %u is damaged", h);
	node = node_at(scan->s, h);
	scan->nodes++;
	scan->refs += node->wildcard != 0;
	err = claim(scan, h, sizeof(*node) + node->n_dir * sizeof(node->dir[0]), "node");
	for (unsigned i = 0; i < node->n_dir && !err; i++)
		if (node->dir[i].answer)
			err = scan_answer(scan, node->dir[i].answer);
	return err;
}

static int scan_anchor(struct scan *scan, dnsbolt_handle h)
{
	const struct dnsbolt_anchor *a;
	struct owner owner;
	int err;

	if (!scan_is_anchor(scan->s, h, &owner))
		return store_fail(scan->s, -EPROTO, "anchor %u is damaged", h);
	a = anchor_at(scan->s, h);
	scan->refs += owner.labels != 0;
	scan->counted += a->children;
	err = claim(scan, h, anchor_octets(a->name_len), "anchor");
	for (unsigned side = 0; side < 2 && !err; side++)
		if (a->head[side])
			err = scan_node(scan, a->head[side]);
	return err;
}

static int scan_snapshot(struct scan *scan, dnsbolt_handle h)
{
	const struct dnsbolt_snapshot *snap;
	int err = claim(scan, h, sizeof(*snap), "snapshot");

	if (err)
		return err;
	snap = snapshot_at(scan->s, h);
	scan->refs++;
	err = scan_part(scan, snap->soa);
	if (!err && snap->soa_sig)
		err = scan_part(scan, snap->soa_sig);
	return err;
}

int scan_run(struct store *s, bool rebuild, struct scan *ret_scan)
{
	int err = 0;

	*ret_scan = (struct scan){ .s = s, .rebuild = rebuild };
	for (uint64_t i = 0; i < s->names.n_slots && !err; i++) {
		dnsbolt_handle h = s->names.value[i];

		for (; h && !err; h = anchor_at(s, h)->next)
			err = scan_anchor(ret_scan, h);
	}
	for (uint32_t i = 0; i < s->next_zone && !err; i++)
		if (s->backing->zones[i].snapshot)
			err = scan_snapshot(ret_scan, s->backing->zones[i].snapshot);
	if (!err && !rebuild && ret_scan->refs != ret_scan->counted)
		err = store_fail(s, -EPROTO, "%ju references are counted, %ju are there",
				 (uintmax_t)ret_scan->counted, (uintmax_t)ret_scan->refs);
	return err;
}

void scan_done(struct scan *scan)
{
	marks_done(&scan->used);
	marks_done(&scan->parts);
}

int64_t store_leaked(struct store *s)
{
	struct scan *scan = malloc(sizeof(*scan));
	int64_t leaked;
	int err;

	if (!scan)
		return store_fail(s, -ENOMEM, "no memory");
	err = scan_run(s, false, scan);
	leaked = (int64_t)(s->arena.used - scan->granules) * DNSBOLT_GRANULE;
	scan_done(scan);
	free(scan);
	return err ? err : leaked;
}
