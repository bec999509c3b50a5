/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trees that share pages, beside sorted arrays of the same names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../loader/zone/zone_name.h"

#define NAMES 20000u
#define VERSIONS 8u

static struct zone_name *names[NAMES]; /* in canonical order */
static unsigned int seed;

static unsigned int pick(unsigned int n)
{
	return (unsigned int)rand_r(&seed) / 7 % n;
}

/* Many names have the same number. */
static uint32_t number(unsigned int i)
{
	return i / 700 * 3;
}

static int setup(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < NAMES; i++) {
		knot_dname_storage_t owner;
		char text[32];

		(void)snprintf(text, sizeof(text), "%05u.example", i);
		assert_non_null(knot_dname_from_str(owner, text, sizeof(owner)));
		names[i] = zone_name_new(owner, false);
		assert_non_null(names[i]);
		names[i]->kinds = i % 97 ? 0 : ZONE_KIND_NSEC;
		if (i % 1009 == 0)
			names[i]->kinds |= ZONE_KIND_NSEC3;
	}
	seed = 20260803;
	return 0;
}

static int teardown(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < NAMES; i++) {
		assert_int_equal(names[i]->refs, 1);
		zone_name_unref(names[i]);
	}
	return 0;
}

struct version {
	struct tree tree;
	uint8_t has[NAMES];
};

static void toggle(struct version *v, unsigned int i)
{
	struct tree_cursor at;
	bool found = tree_seek(v->tree, number(i), names[i]->owner, &at);

	assert_int_equal(found, v->has[i]);
	if (found) {
		assert_ptr_equal(tree_here(&at), names[i]);
		assert_int_equal(tree_remove(&v->tree, &at), 0);
	} else {
		assert_int_equal(tree_insert(&v->tree, &at, number(i), zone_name_ref(names[i])), 0);
		assert_ptr_equal(tree_here(&at), names[i]);
		assert_int_equal(tree_number(&at), number(i));
	}
	v->has[i] = !found;
}

static void assert_holds(const struct version *v)
{
	const struct zone_name *name;
	struct tree_cursor at, back;
	uint8_t kinds = 0;
	unsigned int i;

	tree_seek_first(v->tree, &at);
	name = tree_here(&at);
	for (i = 0; i < NAMES; i++) {
		if (!v->has[i])
			continue;
		kinds |= names[i]->kinds;
		assert_ptr_equal(name, names[i]);
		name = tree_next(&at);
	}
	assert_null(name);
	assert_int_equal(tree_kinds(v->tree), kinds);
	tree_seek_end(v->tree, &back);
	for (i = NAMES; i--;)
		if (v->has[i])
			assert_ptr_equal(tree_prev(&back), names[i]);
	assert_null(tree_prev(&back));
}

static const struct zone_name *expected(const struct version *v, unsigned int i, int step,
					uint8_t kinds)
{
	for (; i < NAMES; i += (unsigned int)step)
		if (v->has[i] && names[i]->kinds & kinds)
			return names[i];
	return NULL;
}

static void assert_finds_kinds(const struct version *v)
{
	static const uint8_t kinds[] = { ZONE_KIND_NSEC, ZONE_KIND_NSEC3,
					 ZONE_KIND_NSEC | ZONE_KIND_NSEC3, ZONE_KIND_RRSIG };
	unsigned int i, k, tries;

	for (tries = 0; tries < 200; tries++) {
		struct tree_cursor at;

		i = pick(NAMES);
		k = pick(4);
		(void)tree_seek(v->tree, number(i), names[i]->owner, &at);
		assert_ptr_equal(tree_here_of(&at, kinds[k]), expected(v, i, 1, kinds[k]));
		(void)tree_seek(v->tree, number(i), names[i]->owner, &at);
		assert_ptr_equal(tree_prev_of(&at, kinds[k]), expected(v, i - 1, -1, kinds[k]));
	}
}

struct difference {
	const struct version *from, *to;
	unsigned int next, n;
};

static int take(const struct zone_name *old, const struct zone_name *new, void *arg)
{
	struct difference *d = arg;

	while (d->from->has[d->next] == d->to->has[d->next])
		d->next++;
	assert_ptr_equal(old, d->from->has[d->next] ? names[d->next] : NULL);
	assert_ptr_equal(new, d->to->has[d->next] ? names[d->next] : NULL);
	d->next++;
	d->n++;
	return 0;
}

static void assert_differs(const struct version *from, const struct version *to)
{
	struct difference d = { .from = from, .to = to };

	assert_int_equal(tree_diff(from->tree, to->tree, take, &d), 0);
	for (; d.next < NAMES; d.next++)
		assert_int_equal(from->has[d.next], to->has[d.next]);
}

static void test_versions(void **state)
{
	static struct version v[VERSIONS];
	unsigned int round, i, n;

	(void)state;
	memset(v, 0, sizeof(v));
	for (i = 0; i < NAMES; i++) /* as from a sorted file */
		if (i % 3)
			toggle(&v[0], i);
	assert_holds(&v[0]);
	for (round = 0; round < 120; round++) {
		struct version *from = &v[pick(VERSIONS)], *to = &v[pick(VERSIONS)];
		unsigned int first = pick(NAMES), many = pick(3) ? 3 : 6000;
		bool spread = pick(2);

		if (from == to)
			continue;
		tree_free(&to->tree);
		*to = *from;
		to->tree = tree_copy(from->tree);
		for (n = pick(many); n; n--) {
			i = spread ? pick(NAMES) : (first + n) % NAMES;
			toggle(to, i);
		}
		assert_holds(to);
		assert_holds(from);
		assert_finds_kinds(to);
		assert_differs(from, to);
		assert_differs(to, &v[pick(VERSIONS)]);
	}
	for (i = 0; i < NAMES; i++) /* down to nothing */
		if (v[0].has[i])
			toggle(&v[0], i);
	assert_null(v[0].tree.root);
	assert_holds(&v[0]);
	for (i = 0; i < VERSIONS; i++)
		tree_free(&v[i].tree);
}

/* A change to a copy makes a page of each level, and looks at no name far away. */
static void test_copies_share(void **state)
{
	static struct version v;
	struct tree copy;
	struct tree_cursor at;
	unsigned int i, shared = 0;

	(void)state;
	memset(&v, 0, sizeof(v));
	for (i = 0; i < NAMES; i++)
		if (i != 1234)
			toggle(&v, i);
	copy = tree_copy(v.tree);
	(void)tree_seek(copy, number(1234), names[1234]->owner, &at);
	assert_int_equal(tree_insert(&copy, &at, number(1234), zone_name_ref(names[1234])), 0);
	for (i = 0; i < NAMES; i++)
		shared += names[i]->refs > 2;
	assert_in_range(shared, 1, 128);
	tree_free(&copy);
	tree_free(&v.tree);
}

static void insert(struct tree *tree, unsigned int i)
{
	struct tree_cursor at;

	assert_false(tree_seek(*tree, number(i), names[i]->owner, &at));
	assert_int_equal(tree_insert(tree, &at, number(i), zone_name_ref(names[i])), 0);
}

static unsigned int count_leaves(struct tree tree)
{
	const struct tree_page *last = NULL;
	const struct zone_name *name;
	struct tree_cursor at;
	unsigned int n = 0;

	tree_seek_first(tree, &at);
	for (name = tree_here(&at); name; name = tree_next(&at)) {
		n += at.level[0].page != last;
		last = at.level[0].page;
	}
	return n;
}

/* In whatever order names come, they do not end up in pages of their own. */
static void test_pages_are_filled(void **state)
{
	static const unsigned int n = 6400, before[] = { 0, 1, 63, 64, 128, 6400 };
	unsigned int i, j;

	(void)state;
	for (j = 0; j < sizeof(before) / sizeof(before[0]); j++) {
		struct tree tree = { NULL };

		for (i = 0; i < before[j]; i++)
			insert(&tree, i);
		assert_true(count_leaves(tree) <= before[j] / 64 + 1);
		for (i = n + before[j]; i-- > before[j];)
			insert(&tree, i);
		assert_true(count_leaves(tree) <= (n + before[j]) / 30 + 1);
		tree_free(&tree);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_copies_share),
		cmocka_unit_test(test_pages_are_filled),
	};

	return cmocka_run_group_tests_name("tree", tests, setup, teardown);
}
