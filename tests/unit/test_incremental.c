/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Incremental equals fresh: zones inside each other, plain, with NSEC, NSEC3, opt-out, that change at random. After
 * each change set the store that took all of them answers every question as one does that was rendered
 * afresh, byte for byte; both know the same of who quotes whom; nothing of the arena is lost.
 *
 * INCREMENTAL_SETS: how many change sets of small zones, in which nearly everything depends on everything; of
 * wide ones, whose chains have many pages, a tenth. Those are asked about in samples.
 */
#include "../../userspace/lib/core.h"
#include "../../userspace/lib/reason.h"
#include "zone_sign.h"

#define SETS 2000u /* a minute of CPU, with sanitizers */
#define MAX_NAMES 100000u
#define ZONES 3u
#define HEAD "@ SOA ns1 hostmaster 7 3600 600 86400 300"
#define WIDE 600u /* about so many names */
#define SMALL 40u

static unsigned int seed;

static unsigned int pick(unsigned int n)
{
	return (unsigned int)rand_r(&seed) / 7 % n;
}

/* ---- zones ---- */

struct item {
	const char *text;
	knot_dname_storage_t apex;
	struct zone *plain, *now; /* without what the signer makes, and with it */
	enum signing kind;
	bool is_served;	   /* the answer of is_apex() */
	bool is_again;	   /* to be rendered with nothing known */
	struct zone *next; /* to be published */
};

static struct item items[ZONES] = {
	{ .text = "example" },
	{ .text = "b.example" },
	{ .text = "c.b.example" },
};

static bool is_apex(const knot_dname_t *name, void *arg)
{
	unsigned int i;

	(void)arg;
	for (i = 0; i < ZONES; i++)
		if (items[i].is_served && knot_dname_is_equal(items[i].apex, name))
			return true;
	return false;
}

static const struct render_zones served = { .is_apex = is_apex };

struct change {
	uint16_t type;
	const char *rdata;
};

static const struct change changes[] = {
	{ 1, "192.0.2.1" },
	{ 1, "192.0.2.2" },
	{ 28, "2001:db8::1" },
	{ 2, "ns.b" },
	{ 2, "a" },
	{ 2, "b.a.b" },
	{ 2, "c.a" },
	{ 2, "w.a.example." },
	{ 5, "a" },
	{ 5, "b.b" },
	{ 5, "x.c.a" },
	{ 5, "c.b" },
	{ 5, "other." },
	{ 5, "y.x.a" },
	{ 5, "a.b.c.example." },
	{ 15, "10 a.b" },
	{ 39, "x.a" },
	{ 39, "b" },
	{ 39, "c.example." },
	{ 43, "1 8 1 00" },
	{ 16, "text" },
	{ 16, "text" },
	{ 65401, "\\# 1 00" },
};

static void random_owner(char *text, size_t room, const char *apex, bool wide)
{
	static const char *const labels[] = { "a", "b", "c", "*", "w", "x" };
	unsigned int depth = pick(wide ? 3 : 5);
	size_t len = 0;

	for (; depth > (wide ? 1 : 0); depth--)
		len += (size_t)snprintf(text + len, room - len, "%s.", labels[pick(6)]);
	if (wide)
		len += (size_t)snprintf(text + len, room - len, "%c%u.", 'a' + (char)pick(3),
					pick(WIDE));
	(void)snprintf(text + len, room - len, "%s", apex);
}

/* Any RRset that is there. */
static void random_removal(struct zone *zone)
{
	const struct zone_name *name = NULL;
	size_t n = pick((unsigned int)zone->n_names) + 1;
	knot_dname_storage_t owner;

	while (n--)
		name = zone_next(zone, name);
	if (!name->n_sets)
		return;
	knot_dname_copy_lower(owner, name->owner);
	assert_int_equal(zone_set(zone, owner, name->sets[pick(name->n_sets)].type, 0, NULL), 0);
}

static void random_change(struct zone *zone, const char *apex, bool wide)
{
	const struct change *change = &changes[pick(sizeof(changes) / sizeof(changes[0]))];
	knot_dname_storage_t owner;
	knot_rdataset_t rrs = { 0 };
	char text[256];

	if (zone->n_names > (wide ? WIDE : SMALL) || !pick(4)) {
		random_removal(zone);
		return;
	}
	random_owner(text, sizeof(text), apex, wide);
	assert_non_null(knot_dname_from_str(owner, text, sizeof(owner)));
	assert_int_equal(zone_parse_rdata(&rrs, zone->apex, change->type, change->rdata, NULL), 0);
	assert_int_equal(zone_set(zone, owner, change->type, 300 + pick(2), &rrs), 0);
	knot_rdataset_clear(&rrs, NULL);
}

static void set_soa(struct zone *zone, unsigned int serial)
{
	knot_rdataset_t rrs = { 0 };
	char text[64];

	(void)snprintf(text, sizeof(text), "ns1 h %u 3600 600 86400 300", serial);
	assert_int_equal(zone_parse_rdata(&rrs, zone->apex, KNOT_RRTYPE_SOA, text, NULL), 0);
	assert_int_equal(zone_set(zone, zone->apex, KNOT_RRTYPE_SOA, 600, &rrs), 0);
	knot_rdataset_clear(&rrs, NULL);
}

static struct zone *first_zone(const knot_dname_t *apex)
{
	struct zone *zone;

	assert_int_equal(zone_new(&zone, apex), 0);
	set_soa(zone, 1);
	add_text(zone, zone->apex, KNOT_RRTYPE_NS, "ns1");
	assert_int_equal(zone_check(zone, "first", NULL), 0);
	return zone;
}

/* ---- the next version, as a transfer of all of it makes it, or as one of the differences ---- */

struct transfer {
	const struct zone *target;
	struct zone *zone;
};

static void take_types(const struct transfer *transfer, const struct zone_name *name,
		       const knot_dname_t *owner)
{
	const struct zone_name *is = zone_find(transfer->target, owner);
	uint16_t types[32], n = 0, i;

	for (i = 0; name && i < name->n_sets; i++)
		types[n++] = name->sets[i].type;
	for (i = 0; i < n; i++) {
		const struct zone_rrset *set = is ? zone_name_rrset(is, types[i]) : NULL;

		assert_int_equal(zone_set(transfer->zone, owner, types[i], set ? set->ttl : 0,
					  set ? &set->rrs : NULL),
				 0);
	}
}

static int take_name(const struct zone_name *old, const struct zone_name *new, void *arg)
{
	const struct transfer *transfer = arg;

	take_types(transfer, old, (old ? old : new)->owner);
	take_types(transfer, new, (old ? old : new)->owner);
	return 0;
}

static struct zone *next_version(const struct item *item, struct zone *target)
{
	struct transfer transfer = { .target = target };

	if (pick(2)) {
		if (pick(2))
			assert_int_equal(zone_share(target, item->now), 0);
		return target;
	}
	assert_int_equal(zone_copy(&transfer.zone, item->now), 0);
	assert_int_equal(zone_diff_names(item->now, target, take_name, &transfer), 0);
	assert_int_equal(transfer.zone->n_names, target->n_names);
	assert_int_equal(transfer.zone->n_records, target->n_records);
	zone_free(target);
	assert_int_equal(zone_check(transfer.zone, "transfer", NULL), 0);
	return transfer.zone;
}

/* A change that makes the zone unfit is not made. */
static void try_change(struct item *item, bool wide)
{
	struct zone *plain;

	assert_int_equal(zone_copy(&plain, item->plain), 0);
	random_change(plain, item->text, wide);
	if (zone_check(plain, "random", NULL)) {
		zone_free(plain);
		return;
	}
	zone_free(item->plain);
	item->plain = plain;
}

static void change_item(struct item *item, unsigned int serial, bool wide)
{
	struct zone *target;
	unsigned int n;

	for (n = pick(3) ? 1 : pick(6); n; n--)
		try_change(item, wide);
	set_soa(item->plain, serial);
	if (!pick(15))
		item->kind = pick(SIGN_KINDS);
	assert_int_equal(zone_copy(&target, item->plain), 0);
	sign_zone_among(target, item->kind, &served);
	if (!pick(50)) /* a link without a signature: the chain is of no use */
		assert_int_equal(zone_set(target, target->apex, KNOT_RRTYPE_RRSIG, 0, NULL), 0);
	assert_int_equal(zone_check(target, "signed", NULL), 0);
	item->next = next_version(item, target);
}

/* ---- stores ---- */

struct world {
	struct store *s;
	struct core *core;
};

static void open_world(struct world *w)
{
	assert_int_equal(store_open_memory(&w->s, MAX_NAMES), 0);
	store_config(w->s)->max_udp = 1232;
	assert_int_equal(core_new(&w->core, store_view(w->s)), 0);
}

static void close_world(struct world *w)
{
	core_free(w->core);
	store_close(w->s);
}

static void render_item(struct world *w, const struct item *item, const struct zone *from,
			const struct zone *to)
{
	uint32_t index;

	assert_int_equal(store_zone(w->s, item->apex, &index), 0);
	if (render_zone(w->s, index, from, to, &served, NULL))
		fail_msg("%s", store_error(w->s));
}

static void begin(struct world *w)
{
	if (store_begin(w->s))
		fail_msg("%s", store_error(w->s));
}

static void commit(struct world *w)
{
	if (store_commit(w->s))
		fail_msg("%s", store_error(w->s));
}

static void render_items(struct world *w)
{
	unsigned int i;

	begin(w);
	for (i = 0; i < ZONES; i++) {
		struct item *item = &items[i];

		if (item->is_served && (item->next || item->is_again))
			render_item(w, item, item->is_again ? NULL : item->now,
				    item->next ? item->next : item->now);
	}
}

static void drop_item(struct world *w, struct item *item)
{
	uint32_t index;

	begin(w);
	assert_int_equal(store_zone(w->s, item->apex, &index), 0);
	assert_int_equal(store_drop(w->s, index), 0);
	commit(w);
}

/* All that is to be published, at times with a change set before that is given up. */
static void publish(struct world *w)
{
	unsigned int i;

	if (!pick(30)) {
		render_items(w);
		store_abort(w->s);
	}
	render_items(w);
	commit(w);
	for (i = 0; i < ZONES; i++) {
		items[i].is_again = false;
		if (!items[i].next)
			continue;
		zone_free(items[i].now);
		items[i].now = items[i].next;
		items[i].next = NULL;
	}
}

/* A zone comes or goes: what is around it has to be rendered again with nothing known. */
static void toggle_item(struct world *w, unsigned int i)
{
	unsigned int above;

	if (items[i].is_served)
		drop_item(w, &items[i]);
	items[i].is_served = !items[i].is_served;
	items[i].is_again = items[i].is_served;
	for (above = 0; above < i; above++)
		items[above].is_again = true;
}

/* ---- questions ---- */

static struct {
	uint64_t sets, questions, toggled, kinds[SIGN_KINDS], incomplete;
} count;

static size_t make_query(uint8_t *msg, const knot_dname_t *name, uint16_t type, bool dnssec_ok)
{
	static const uint8_t opt[] = { 0, 0, 41, 16, 0, 0, 0, 0x80, 0, 0, 0 };
	size_t len = 12, name_len = knot_dname_size(name);

	memset(msg, 0, len);
	knot_wire_set_qdcount(msg, 1);
	memcpy(msg + len, name, name_len);
	len += name_len;
	knot_wire_write_u16(msg + len, type);
	knot_wire_write_u16(msg + len + 2, KNOT_CLASS_IN);
	len += 4;
	if (!dnssec_ok)
		return len;
	knot_wire_set_arcount(msg, 1);
	memcpy(msg + len, opt, sizeof(opt));
	return len + sizeof(opt);
}

static void ask(struct world *steps, struct world *fresh, const knot_dname_t *name, uint16_t type,
		bool dnssec_ok)
{
	static uint8_t a[65535], b[65535];
	size_t len_a = make_query(a, name, type, dnssec_ok),
	       len_b = make_query(b, name, type, dnssec_ok);
	enum dnsbolt_reason is = core_message(steps->core, a, &len_a, sizeof(a), true),
			    should = core_message(fresh->core, b, &len_b, sizeof(b), true);
	knot_dname_txt_storage_t text;

	count.questions++;
	if (is != should || len_a != len_b || memcmp(a, b, len_a))
		fail_msg("set %ju: %s type %u DO %d: %s, %zu octets; afresh: %s, %zu octets",
			 (uintmax_t)count.sets, knot_dname_to_str(text, name, sizeof(text)), type,
			 dnssec_ok, reason_info(is)->name, len_a, reason_info(should)->name, len_b);
}

static void ask_all(struct world *steps, struct world *fresh, const knot_dname_t *name)
{
	static const uint16_t types[] = { 1, 2, 5, 6, 16, 28, 39, 43, 46, 47, 48, 50, 255 };
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		ask(steps, fresh, name, types[i], false);
		ask(steps, fresh, name, types[i], true);
	}
}

/* The name, and some right below it: before and behind where a wildcard would be. */
static void ask_around(struct world *steps, struct world *fresh, const knot_dname_t *name)
{
	static const char labels[] = "!*m";
	knot_dname_storage_t below = { 1 };
	size_t i;

	ask_all(steps, fresh, name);
	if (knot_dname_size(name) + 2 > KNOT_DNAME_MAXLEN)
		return;
	memcpy(below + 2, name, knot_dname_size(name));
	for (i = 0; labels[i]; i++) {
		below[1] = (uint8_t)labels[i];
		ask(steps, fresh, below, 1, true);
		ask(steps, fresh, below, 1, false);
		ask(steps, fresh, below, 43, true);
	}
}

static void ask_everything(struct world *steps, struct world *fresh, bool wide)
{
	unsigned int i, n;

	for (i = 0; i < ZONES; i++) {
		const struct zone_name *name = NULL;

		while ((name = zone_next(items[i].now, name)))
			if (!wide || !pick(30))
				ask_around(steps, fresh, name->owner);
	}
	for (n = 0; n < 20; n++) {
		knot_dname_storage_t owner;
		char text[256];

		random_owner(text, sizeof(text), items[pick(ZONES)].text, wide);
		assert_non_null(knot_dname_from_str(owner, text, sizeof(owner)));
		ask_around(steps, fresh, owner);
	}
}

/* ---- who quotes whom ---- */

static void assert_same_index(const struct zone *steps, const struct zone *fresh)
{
	struct tree_cursor a, b;
	const struct zone_name *x, *y;

	tree_seek_first(steps->rendered->quotes, &a);
	tree_seek_first(fresh->rendered->quotes, &b);
	x = tree_here(&a);
	y = tree_here(&b);
	while (x && y) {
		knot_dname_txt_storage_t is, should;

		if (tree_number(&a) != tree_number(&b) || !knot_dname_is_equal(x->owner, y->owner))
			fail_msg("set %ju: %08x %s; afresh: %08x %s", (uintmax_t)count.sets,
				 tree_number(&a), knot_dname_to_str(is, x->owner, sizeof(is)),
				 tree_number(&b),
				 knot_dname_to_str(should, y->owner, sizeof(should)));
		x = tree_next(&a);
		y = tree_next(&b);
	}
	assert_null(x);
	assert_null(y);
	assert_int_equal(steps->rendered->is_complete, fresh->rendered->is_complete);
}

/* ---- */

static void compare(struct world *steps, bool wide)
{
	struct zone *copy[ZONES] = { NULL };
	struct world fresh;
	unsigned int i;

	open_world(&fresh);
	begin(&fresh);
	for (i = 0; i < ZONES; i++) {
		if (!items[i].is_served)
			continue;
		assert_int_equal(zone_copy(&copy[i], items[i].now), 0);
		render_item(&fresh, &items[i], NULL, copy[i]);
		assert_same_index(items[i].now, copy[i]);
		count.incomplete += items[i].now->is_signed && !copy[i]->rendered->is_complete;
	}
	commit(&fresh);
	ask_everything(steps, &fresh, wide);
	close_world(&fresh);
	for (i = 0; i < ZONES; i++)
		zone_free(copy[i]);
}

static void run(unsigned int sets, bool wide)
{
	struct world steps;
	unsigned int n, i;

	memset(&count, 0, sizeof(count));
	open_world(&steps);
	for (i = 0; i < ZONES; i++) {
		assert_non_null(
			knot_dname_from_str(items[i].apex, items[i].text, sizeof(items[i].apex)));
		items[i].plain = first_zone(items[i].apex);
		items[i].now = first_zone(items[i].apex);
		items[i].kind = SIGN_NOT;
		items[i].is_served = items[i].is_again = !i;
	}
	for (n = 0; wide && n < WIDE; n++)
		try_change(&items[0], true);
	for (n = 0; n < sets; n++) {
		if (!pick(15)) {
			toggle_item(&steps, 1 + pick(ZONES - 1));
			count.toggled++;
		}
		for (i = 0; i < ZONES; i++)
			if (!i || (items[i].is_served && !pick(3)))
				change_item(&items[i], n + 2, wide && !i);
		publish(&steps);
		count.sets++;
		count.kinds[items[0].kind]++;
		compare(&steps, wide);
		if (n % 20 && n + 1 < sets)
			continue;
		assert_int_equal(store_reclaim(steps.s), 0);
		assert_int_equal(store_leaked(steps.s), 0);
	}
	for (i = 0; i < ZONES; i++) {
		zone_free(items[i].plain);
		zone_free(items[i].now);
	}
	close_world(&steps);
	print_message(
		"report: %ju change sets of %s zones (%ju plain, %ju NSEC, %ju NSEC3, %ju "
		"opt-out; %ju zones came or went): %ju answers as from a fresh store, 0 leaked\n",
		(uintmax_t)count.sets, wide ? "wide" : "small", (uintmax_t)count.kinds[0],
		(uintmax_t)count.kinds[1], (uintmax_t)count.kinds[2], (uintmax_t)count.kinds[3],
		(uintmax_t)count.toggled, (uintmax_t)count.questions);
	for (i = 0; i < SIGN_KINDS && !wide; i++)
		assert_true(count.kinds[i] > 10);
	assert_true(wide || (count.toggled > 10 && count.incomplete));
}

static unsigned int sets_wanted(void)
{
	const char *text = getenv("INCREMENTAL_SETS");

	return text ? (unsigned int)strtoul(text, NULL, 10) : SETS;
}

static void test_small_zones(void **state)
{
	(void)state;
	seed = 20260804;
	run(sets_wanted(), false);
}

static void test_wide_zones(void **state)
{
	(void)state;
	seed = 20260805;
	run(sets_wanted() / 10, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small_zones),
		cmocka_unit_test(test_wide_zones),
	};

	return cmocka_run_group_tests_name("incremental", tests, NULL, NULL);
}
