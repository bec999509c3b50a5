/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A zone that changes: what render puts and deletes step by step is what it puts afresh. */
#include "render_fake.h"
#include "render_sign.h"

struct change {
	uint16_t type;
	const char *rdata;
};

static const struct change changes[] = {
	{ 1, "192.0.2.1" },
	{ 1, "192.0.2.2" },
	{ 2, "ns.b" },
	{ 2, "ns.b" },
	{ 5, "a" },
	{ 15, "10 a.b" },
	{ 16, "text" },
	{ 39, "x.a" },
	{ 50, "1 1 0 - " HASH " A" },
	{ 43, "1 8 1 00" },
	{ 46, "A 8 2 600 20300101000000 20200101000000 1 example. AAAA" },
	{ 46, "NSEC3 8 2 600 20300101000000 20200101000000 1 example. AAAA" },
	{ 48, "256 3 8 AAAA" },
	{ 65401, "\\# 1 00" },
};

/* Without what the signer makes */
static const struct change plain_changes[] = {
	{ 1, "192.0.2.1" }, { 28, "2001:db8::1" }, { 2, "ns.b" },   { 2, "a" },
	{ 2, "b.a.b" },	    { 2, "c.a" },	   { 5, "a" },	    { 5, "b.b" },
	{ 5, "x.c.a" },	    { 5, "c.b" },	   { 5, "other." }, { 15, "10 a.b" },
	{ 39, "x.a" },	    { 43, "1 8 1 00" },	   { 16, "text" },  { 65401, "\\# 1 00" },
	{ 5, "example." },  { 39, "b" },	   { 5, "a.x.b" },
};

static unsigned int seed;

static unsigned int pick(unsigned int n)
{
	return (unsigned int)rand_r(&seed) / 7 % n;
}

static void random_owner(char *text, size_t room)
{
	static const char *const labels[] = { "a", "b", "c", "*", HASH };
	unsigned int depth = pick(5);
	size_t len = 0;

	for (; depth; depth--)
		len += (size_t)snprintf(text + len, room - len, "%s.", labels[pick(5)]);
	(void)snprintf(text + len, room - len, "example");
}

static void random_change(struct zone *zone, const struct change *of, unsigned int n)
{
	const struct change *change = &of[pick(n)];
	knot_rdataset_t rrs = { 0 };
	char owner[256];

	random_owner(owner, sizeof(owner));
	if (pick(5) > 1)
		assert_int_equal(
			zone_parse_rdata(&rrs, zone->apex, change->type, change->rdata, NULL), 0);
	assert_int_equal(zone_set(zone, name(owner), change->type, 300 + pick(3), &rrs), 0);
	knot_rdataset_clear(&rrs, NULL);
}

static void assert_by_rules(const struct zone *zone, const struct store *s)
{
	const struct zone_name *n = NULL, *star;
	size_t there = 0;

	while ((n = zone_next(zone, n))) {
		bool apex = knot_dname_is_equal(n->owner, zone->apex),
		     cut = !apex && zone_name_rrset(n, 2);
		const struct record *e =
			find_entry(s, n->owner, cut ? DNSBOLT_SIDE_PARENT : DNSBOLT_SIDE_CHILD);
		knot_dname_storage_t wildcard = { 1, '*' };

		if (is_hidden(zone, n)) {
			assert_null(e);
			continue;
		}
		assert_non_null(e);
		there++;
		assert_int_equal(strstr(e->text, "CUT") != NULL, cut);
		assert_int_equal(strstr(e->text, "ENT") != NULL, !cut && !apex && is_bare(n));
		assert_int_equal(strstr(e->text, "DNAME ") != NULL,
				 !cut && zone_name_rrset(n, 39) != NULL);
		memcpy(wildcard + 2, n->owner, knot_dname_size(n->owner));
		star = zone_find(zone, wildcard);
		assert_int_equal(strstr(e->text, "WILDCARD") != NULL,
				 star && !is_hidden(zone, star));
	}
	assert_int_equal(s->n_names, there);
}

/* What is known of the zone itself is of the steps. */
static struct zone *render_afresh(struct store *s, const struct zone *zone)
{
	struct zone *copy;

	assert_int_equal(zone_copy(&copy, zone), 0);
	assert_int_equal(render(s, NULL, copy), 0);
	return copy;
}

static void test_changes(void **state)
{
	struct zone *zone = load(HEAD), *next, *copy;
	struct store steps = { 0 }, afresh = { 0 };
	unsigned int i, j, done = 0, toggled = 0;

	(void)state;
	seed = 20260801;
	assert_int_equal(render(&steps, NULL, zone), 0);
	for (i = 0; i < 1500; i++) {
		assert_int_equal(zone_copy(&next, zone), 0);
		for (j = pick(4); j < 4; j++)
			random_change(next, changes, sizeof(changes) / sizeof(changes[0]));
		if (zone_check(next, "random", NULL)) {
			zone_free(next);
			continue;
		}
		assert_int_equal(render(&steps, zone, next), 0);
		assert_int_equal(steps.n_missing, 0);
		copy = render_afresh(&afresh, next);
		assert_by_rules(next, &afresh);
		assert_same_store(&afresh, &steps);
		toggled += next->is_signed != zone->is_signed;
		clear_store(&afresh);
		zone_free(copy);
		zone_free(zone);
		zone = next;
		done++;
	}
	print_message("report: %u random changes, %u of them signed or unsigned the zone\n", done,
		      toggled);
	assert_true(done > 500 && toggled > 3);
	/* all of it, over what an earlier instance left */
	next = load(HEAD);
	assert_int_equal(render(&steps, NULL, next), 0);
	assert_int_equal(render(&afresh, NULL, next), 0);
	assert_same_store(&afresh, &steps);
	clear_store(&afresh);
	clear_store(&steps);
	zone_free(next);
	zone_free(zone);
}

/* A zone that is changed, and signed afresh each time: what its chain has is what changed. */
static void test_signed_changes(void **state)
{
	static const unsigned int n = sizeof(plain_changes) / sizeof(plain_changes[0]);
	struct zone *plain = load(HEAD), *from = load(HEAD), *to, *next, *copy;
	struct store steps = { 0 }, afresh = { 0 };
	unsigned int i, j, done[SIGN_KINDS] = { 0 }, kept = 0;
	enum signing kind = SIGN_NOT, was = SIGN_NOT;

	(void)state;
	seed = 20260802;
	assert_int_equal(render(&steps, NULL, from), 0);
	for (i = 0; i < 1500; i++) {
		size_t had = steps.n_links;

		assert_int_equal(zone_copy(&next, plain), 0);
		for (j = pick(3); j < 3; j++)
			random_change(next, plain_changes, n);
		if (zone_check(next, "random", NULL)) {
			zone_free(next);
			continue;
		}
		zone_free(plain);
		plain = next;
		if (!pick(20))
			kind = pick(SIGN_KINDS);
		assert_int_equal(zone_copy(&to, plain), 0);
		sign_zone(to, kind);
		assert_int_equal(zone_check(to, "signed", NULL), 0);
		assert_int_equal(render(&steps, from, to), 0);
		assert_int_equal(steps.n_missing, 0);
		assert_int_equal(steps.n_links != 0, kind != SIGN_NOT);
		copy = render_afresh(&afresh, to);
		assert_same_store(&afresh, &steps);
		clear_store(&afresh);
		zone_free(copy);
		zone_free(from);
		from = to;
		done[kind]++;
		kept += kind != SIGN_NOT && kind == was && had == steps.n_links;
		was = kind;
	}
	print_message(
		"report: random changes of zones: %u plain, %u NSEC, %u NSEC3, %u opt-out; %u "
		"kept the chain's length\n",
		done[0], done[1], done[2], done[3], kept);
	assert_true(done[0] > 100 && done[1] > 100 && done[2] > 100 && done[3] > 100 && kept > 100);
	clear_store(&steps);
	zone_free(from);
	zone_free(plain);
}

static void test_change_touches_little(void **state)
{
	struct zone *from = load(HEAD "a A 192.0.2.1\nb A 192.0.2.1\nx.e A 192.0.2.1\n"), *to;
	struct store s = { 0 };

	(void)state;
	assert_int_equal(render(&s, NULL, from), 0);
	clear_store(&s);
	assert_int_equal(zone_copy(&to, from), 0);
	assert_int_equal(zone_set(to, name("a.example"), 1, 600, NULL), 0);
	assert_int_equal(render(&s, from, to), 0); /* into a store that holds nothing */
	assert_int_equal(s.n_names, 1);		   /* the apex */
	assert_int_equal(s.n_missing, 1);	   /* a.example, which is to go */
	clear_store(&s);
	assert_int_equal(render(&s, from, from), 0);
	assert_int_equal(s.n_names, 0);
	assert_true(s.flipped);
	clear_store(&s);
	zone_free(from);
	zone_free(to);
}

/* What is quoted of the apex changes when it alone does. */
static void test_apex_is_quoted(void **state)
{
	struct zone *from =
		load(HEAD "@ A 192.0.2.1\nwww CNAME @\nd DNAME example.\nvia CNAME d\n");
	struct zone *to = load(HEAD "@ A 192.0.2.9\nwww CNAME @\nd DNAME example.\nvia CNAME d\n");
	struct store steps = { 0 }, afresh = { 0 };

	(void)state;
	assert_int_equal(render(&steps, NULL, from), 0);
	assert_int_equal(render(&steps, from, to), 0);
	assert_int_equal(render(&afresh, NULL, to), 0);
	assert_same_store(&afresh, &steps);
	clear_store(&steps);
	clear_store(&afresh);
	zone_free(from);
	zone_free(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_signed_changes),
		cmocka_unit_test(test_change_touches_little),
		cmocka_unit_test(test_apex_is_quoted),
	};

	return cmocka_run_group_tests_name("render_changes", tests, NULL, NULL);
}
