/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether what render adds to the answers of signed zones proves what a validator has to see proved
 * (RFC 4035 section 5.4, RFC 5155 section 8): the rules are read here from the validator's side, and
 * names are looked up one by one.
 */
#include "render_fake.h"
#include "render_sign.h"

#define PROOFS_MAX 16

/* The owners of the records that an answer has. */
struct proofs {
	const uint8_t *v[PROOFS_MAX];
	size_t n;
};

static size_t checked, chains, through_dnames;

static void add(struct proofs *p, const uint8_t *owner)
{
	assert_true(p->n < PROOFS_MAX);
	if (owner)
		p->v[p->n++] = owner;
}

static const knot_rdata_t *record(const struct zone *zone, const uint8_t *owner)
{
	const struct zone_name *n = zone_find(zone, owner);
	const struct zone_rrset *set;

	assert_non_null(n);
	set = zone_name_rrset(n, zone->is_nsec3 ? KNOT_RRTYPE_NSEC3 : KNOT_RRTYPE_NSEC);
	assert_non_null(set);
	return set->rrs.rdata;
}

/* ---- one record and one name ---- */

static bool in_span(int from_to_name, int name_to_next, int from_to_next)
{
	return from_to_next < 0 ? from_to_name < 0 && name_to_next < 0
				: from_to_name < 0 || name_to_next < 0;
}

static void relate(const struct zone *zone, const uint8_t *owner, const uint8_t *lower,
		   bool *ret_match, bool *ret_cover, bool *ret_opt_out)
{
	const knot_rdata_t *rr = record(zone, owner);
	uint8_t hash[NSEC3_HASH_LEN], own[NSEC3_HASH_LEN];
	struct nsec3_record nsec3;
	const uint8_t *next;

	*ret_opt_out = false;
	if (!zone->is_nsec3) {
		next = knot_nsec_next(rr);
		*ret_match = knot_dname_is_equal(owner, lower);
		*ret_cover = in_span(zone_order(owner, lower), zone_order(lower, next),
				     zone_order(owner, next));
		return;
	}
	assert_true(nsec3_read_record(&nsec3, rr));
	assert_true(nsec3_owner_hash(owner, own));
	assert_int_equal(nsec3_hash(&sign_params, lower, hash), 0);
	*ret_match = !memcmp(own, hash, sizeof(hash));
	*ret_cover = in_span(memcmp(own, hash, sizeof(hash)),
			     memcmp(hash, nsec3.next, sizeof(hash)),
			     memcmp(own, nsec3.next, sizeof(hash)));
	*ret_opt_out = nsec3.is_opt_out;
}

static bool matches(const struct zone *zone, const struct proofs *p, const uint8_t *lower)
{
	bool match, cover, opt_out;
	size_t i;

	for (i = 0; i < p->n; i++) {
		relate(zone, p->v[i], lower, &match, &cover, &opt_out);
		if (match)
			return true;
	}
	return false;
}

static bool covers(const struct zone *zone, const struct proofs *p, const uint8_t *lower,
		   bool only_opt_out)
{
	bool match, cover, opt_out;
	size_t i;

	for (i = 0; i < p->n; i++) {
		relate(zone, p->v[i], lower, &match, &cover, &opt_out);
		if (cover && !match && (opt_out || !only_opt_out))
			return true;
	}
	return false;
}

/* ---- what a validator concludes ---- */

/* The closest encloser that is proved, and the name one label longer (RFC 5155 section 8.3). */
static const uint8_t *provable(const struct zone *zone, const struct proofs *p,
			       const uint8_t *lower, const uint8_t **ret_next)
{
	*ret_next = NULL;
	while (!matches(zone, p, lower)) {
		if (knot_dname_is_equal(lower, zone->apex))
			return NULL;
		*ret_next = lower;
		lower += 1 + *lower;
	}
	return lower;
}

static const uint8_t *wildcard_of(const uint8_t *lower)
{
	static knot_dname_storage_t wildcard;

	wildcard[0] = 1;
	wildcard[1] = '*';
	memcpy(wildcard + 2, lower, knot_dname_size(lower));
	return wildcard;
}

static bool proves_no_type(const struct zone *zone, const struct proofs *p, const uint8_t *lower)
{
	const uint8_t *next;
	size_t i;

	if (matches(zone, p, lower))
		return true;
	if (zone->is_nsec3)
		return provable(zone, p, lower, &next) && covers(zone, p, next, true);
	for (i = 0; i < p->n; i++)
		if (zone_order(p->v[i], lower) < 0 &&
		    knot_dname_in_bailiwick(knot_nsec_next(record(zone, p->v[i])), lower) > 0)
			return true;
	return false;
}

/* `encloser`: as RRSIG's labels say it where a wildcard stands for the name, else NULL. */
static bool proves_no_name(const struct zone *zone, const struct proofs *p, const uint8_t *lower,
			   const uint8_t *encloser)
{
	const uint8_t *next = lower;

	if (!zone->is_nsec3)
		return covers(zone, p, lower, false);
	if (!encloser)
		return provable(zone, p, lower, &next) && next && covers(zone, p, next, false);
	while (!knot_dname_is_equal(next + 1 + *next, encloser))
		next += 1 + *next;
	return covers(zone, p, next, false);
}

/* ---- what the zone says of a name ---- */

static const struct zone_name *there(const struct zone *zone, const uint8_t *lower)
{
	const struct zone_name *n = zone_find(zone, lower);

	return n && !is_hidden(zone, n) ? n : NULL;
}

static const struct zone_name *encloser_of(const struct zone *zone, const uint8_t *lower)
{
	const struct zone_name *n;

	do
		lower += 1 + *lower;
	while (!(n = there(zone, lower)));
	return n;
}

/* Above an empty non-terminal that opt-out hides there may be a wildcard, which does not count but
 * cannot be denied either: RFC 5155 knows no proof for that. */
static bool proves_no_wildcard(const struct zone *zone, const struct proofs *p,
			       const uint8_t *lower, const uint8_t *encloser)
{
	const uint8_t *provable_encloser = encloser, *next;

	if (zone->is_nsec3)
		provable_encloser = provable(zone, p, lower, &next);
	if (!provable_encloser)
		return false;
	if (!knot_dname_is_equal(provable_encloser, encloser) &&
	    there(zone, wildcard_of(provable_encloser)))
		return true;
	return covers(zone, p, wildcard_of(provable_encloser), false);
}

/* ---- answers ---- */

static bool has_symbol(const struct store_answer *answer, dnsbolt_handle symbol)
{
	unsigned int i;

	for (i = 0; i < answer->n_slots; i++)
		if (answer->slot[i].symbol == symbol)
			return true;
	return false;
}

static void collect(const struct store_node *node, const struct store_answer *answer,
		    struct proofs *p)
{
	unsigned int i;

	for (i = 0; i < answer->n_slots; i++) {
		const struct store_slot *slot = &answer->slot[i];

		if (slot->symbol == DNSBOLT_PART_OWN_PROOF) {
			assert_non_null(node->proof);
			add(p, node->owner);
		}
		if (slot->proof.owner)
			add(p, slot->proof.owner);
	}
}

/* At the end of a chain. */
static void check_end(const struct zone *zone, const struct store_dirent *entry,
		      const struct proofs *p, const struct zone_name *name, const uint8_t *lower)
{
	const struct store_answer *answer = entry->answer;
	const struct zone_name *encloser = name ? NULL : encloser_of(zone, lower), *wildcard;
	bool nodata = has_symbol(answer, DNSBOLT_PART_SOA);

	assert_int_equal(nodata, has_symbol(answer, DNSBOLT_PART_SOA_SIG));
	if (name) {
		bool cut = !zone_name_is_apex(name) && zone_name_rrset(name, KNOT_RRTYPE_NS);

		assert_int_equal(answer->rcode, 0);
		if (nodata || (cut && !zone_name_rrset(name, KNOT_RRTYPE_DS)))
			assert_true(proves_no_type(zone, p, lower));
		return;
	}
	if (zone_name_rrset(encloser, KNOT_RRTYPE_NS) && !zone_name_is_apex(encloser)) {
		assert_int_equal(answer->rcode, 0);
		assert_true(zone_name_rrset(encloser, KNOT_RRTYPE_DS) ||
			    proves_no_type(zone, p, encloser->owner));
		return;
	}
	wildcard = there(zone, wildcard_of(encloser->owner));
	assert_int_equal(answer->rcode, wildcard ? 0 : KNOT_RCODE_NXDOMAIN);
	assert_true(proves_no_name(zone, p, lower, wildcard && !nodata ? encloser->owner : NULL));
	if (!wildcard)
		assert_true(proves_no_wildcard(zone, p, lower, encloser->owner));
	else if (nodata)
		assert_true(proves_no_type(zone, p, wildcard->owner));
}

/* Below a DNAME: the name that takes its place (RFC 6672 section 2.2); false: it is too long. */
static bool substitute(knot_dname_storage_t lower, const struct zone_name *encloser)
{
	const knot_rdata_t *dname = zone_name_rrset(encloser, KNOT_RRTYPE_DNAME)->rrs.rdata;
	size_t prefix = knot_dname_size(lower) - knot_dname_size(encloser->owner);
	size_t len = knot_dname_size(knot_dname_target(dname));

	if (prefix + len > KNOT_DNAME_MAXLEN)
		return false;
	memcpy(lower + prefix, knot_dname_target(dname), len);
	knot_dname_to_lower(lower);
	return true;
}

/* Whether the name is in another served zone below the encloser. */
static bool is_below_served(const uint8_t *lower, const struct zone_name *encloser)
{
	for (; !knot_dname_is_equal(lower, encloser->owner); lower += 1 + *lower)
		if (is_served(lower, other_apex))
			return true;
	return false;
}

/* Where a CNAME's target is in the zone, through DNAMEs. false: it is not, and that is checked. */
static bool locate(const struct zone *zone, const struct store_answer *answer,
		   knot_dname_storage_t lower, const struct zone_name **ret_at,
		   const struct zone_name **ret_encloser)
{
	for (;;) {
		if (knot_dname_in_bailiwick(lower, zone->apex) < 0) {
			assert_false(has_symbol(answer, DNSBOLT_PART_SOA));
			return false;
		}
		*ret_at = there(zone, lower);
		*ret_encloser = *ret_at ? NULL : encloser_of(zone, lower);
		if (*ret_at || !zone_name_rrset(*ret_encloser, KNOT_RRTYPE_DNAME) ||
		    (!zone_name_is_apex(*ret_encloser) &&
		     zone_name_rrset(*ret_encloser, KNOT_RRTYPE_NS)))
			return true;
		if (is_below_served(lower, *ret_encloser)) {
			assert_false(has_symbol(answer, DNSBOLT_PART_SOA));
			return false;
		}
		assert_true(answer->flags & DNSBOLT_ANSWER_DNAME);
		through_dnames++;
		if (!substitute(lower, *ret_encloser)) {
			assert_int_equal(answer->rcode, KNOT_RCODE_YXDOMAIN);
			return false;
		}
	}
}

static void check_chain(const struct zone *zone, const struct store_node *node,
			const struct store_dirent *entry, const struct proofs *p)
{
	const struct zone_name *n = zone_find(zone, node->owner);
	const struct zone_rrset *cname;
	knot_dname_storage_t lower;

	chains++;
	while ((cname = zone_name_rrset(n, KNOT_RRTYPE_CNAME))) {
		const struct zone_name *at, *encloser, *wildcard;

		knot_dname_copy_lower(lower, knot_cname_name(cname->rrs.rdata));
		if (!locate(zone, entry->answer, lower, &at, &encloser))
			return;
		if (at && zone_name_rrset(at, KNOT_RRTYPE_CNAME)) {
			n = at;
			continue;
		}
		wildcard = at ? NULL : there(zone, wildcard_of(encloser->owner));
		if (!wildcard || !zone_name_rrset(wildcard, KNOT_RRTYPE_CNAME)) {
			check_end(zone, entry, p, at, lower);
			return;
		}
		assert_true(proves_no_name(zone, p, lower, encloser->owner));
		n = wildcard;
	}
}

static void check_answer(const struct zone *zone, const struct store_node *node,
			 const struct store_dirent *entry)
{
	const struct store_answer *answer = entry->answer;
	const struct zone_name *n = zone_find(zone, node->owner);
	struct proofs p = { 0 };

	assert_int_not_equal(entry->pass[1], REASON_no_proof);
	if (entry->pass[1])
		return;
	collect(node, answer, &p);
	switch (answer->reason) {
	case REASON_nodata:
		assert_true(has_symbol(answer, DNSBOLT_PART_SOA_SIG));
		assert_true(proves_no_type(zone, &p, node->owner));
		break;
	case REASON_referral:
		if (zone_name_rrset(n, KNOT_RRTYPE_DS))
			assert_int_equal(p.n, 0);
		else
			assert_true(proves_no_type(zone, &p, node->owner));
		break;
	case REASON_cname:
		check_chain(zone, node, entry, &p);
		break;
	default:
		assert_int_equal(p.n, 0);
	}
	checked++;
}

/* What a reader finds in the denial chain: the record that covers the name (with NSEC3: the next
 * closer name). */
static const uint8_t *search(const struct zone *zone, const uint8_t *lower)
{
	const struct zone_name *n = NULL;
	uint16_t type = zone->is_nsec3 ? KNOT_RRTYPE_NSEC3 : KNOT_RRTYPE_NSEC;

	while ((n = zone_next(zone, n))) {
		bool match, cover, opt_out;

		if (!zone_name_rrset(n, type))
			continue;
		relate(zone, n->owner, lower, &match, &cover, &opt_out);
		if (cover && !match)
			return n->owner;
	}
	return NULL;
}

/* A name below, as the reader proves that it does not exist. */
static void check_encloser(const struct zone *zone, const struct store_node *node)
{
	static const char *const labels[] = { "\1"
					      "0",
					      "\1"
					      "m",
					      "\2zz", "\1\xff" };
	size_t i, deep;

	for (i = 0; i < 2 * sizeof(labels) / sizeof(labels[0]); i++) {
		const char *label = labels[i / 2];
		knot_dname_storage_t name;
		const uint8_t *below = name, *found;
		struct proofs p = { 0 };

		deep = i % 2 ? 2 : 0;
		memcpy(name, "\1d", 2);
		memcpy(name + deep, label, 1 + (size_t)label[0]);
		memcpy(name + deep + 1 + label[0], node->owner, knot_dname_size(node->owner));
		if (there(zone, name + deep))
			continue;
		found = search(zone, zone->is_nsec3 ? name + deep : below);
		add(&p, node->next_cover.owner ? node->next_cover.owner : found);
		add(&p, node->match.owner);
		add(&p, node->wild_cover.owner);
		if (node->flags & DNSBOLT_NODE_WILDCARD) {
			assert_null(node->wild_cover.owner);
			assert_true(proves_no_name(zone, &p, below, NULL));
			continue;
		}
		assert_non_null(node->wild_cover.owner);
		assert_true(proves_no_name(zone, &p, below, NULL));
		assert_true(proves_no_wildcard(zone, &p, below, node->owner));
	}
}

static void check_proofs(struct store *s, const struct store_node *node)
{
	unsigned int i;

	if (!s->zone->is_signed || node->flags & DNSBOLT_NODE_PROOF)
		return;
	for (i = 0; i < node->n_dir; i++)
		check_answer(s->zone, node, &node->dir[i]);
	if (!(node->flags & (DNSBOLT_NODE_CUT | DNSBOLT_NODE_DNAME)))
		check_encloser(s->zone, node);
}

/* ---- zones ---- */

static unsigned int seed = 20260803;

static unsigned int pick(unsigned int n)
{
	return (unsigned int)rand_r(&seed) / 7 % n;
}

static struct zone *random_zone(void)
{
	static const char *const labels[] = { "a", "b", "c", "*", "m" };
	static const struct {
		uint16_t type;
		const char *rdata;
	} records[] = {
		{ 1, "192.0.2.1" }, { 28, "2001:db8::1" }, { 2, "ns.b" }, { 2, "a.c" },
		{ 2, "b" },	    { 43, "1 8 1 00" },	   { 5, "a" },	  { 5, "a.b.c" },
		{ 5, "m.m" },	    { 5, "other." },	   { 5, "b.a" },  { 39, "x.a" },
		{ 16, "text" },	    { 5, "c.c.m" },	   { 39, "c" },	  { 39, "b.a" },
		{ 5, "a.b.b" },
	};
	struct zone *zone = load(HEAD);
	unsigned int i, n = 4 + pick(16);

	for (i = 0; i < n; i++) {
		unsigned int what = pick(sizeof(records) / sizeof(records[0])), depth = pick(4);
		char text[64] = "";
		struct zone *next;
		size_t len = 0;

		for (; depth || !len; depth -= depth != 0)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s.",
						labels[pick(5)]);
		(void)snprintf(text + len, sizeof(text) - len, "example");
		assert_int_equal(zone_copy(&next, zone), 0);
		add_text(next, name(text), records[what].type, records[what].rdata);
		if (zone_check(next, "random", NULL)) {
			zone_free(next);
			continue;
		}
		zone_free(zone);
		zone = next;
	}
	return zone;
}

static void test_random_zones(void **state)
{
	unsigned int i;

	(void)state;
	/* A zone that is hidden in a signed one, without a delegation, has its names in the chain. */
	(void)strcpy(other_apex, "x.x.example.");
	for (i = 0; i < 1200; i++) {
		struct zone *zone = random_zone();
		struct store s = { .each = check_proofs };

		sign_zone(zone, 1 + i % (SIGN_KINDS - 1));
		assert_int_equal(zone_check(zone, "signed", NULL), 0);
		said[0] = '\0';
		assert_int_equal(render(&s, NULL, zone), 0);
		assert_true(s.n_links);
		assert_string_equal(said, "");
		clear_store(&s);
		zone_free(zone);
	}
	print_message(
		"report: %u random zones: %zu answers proved, %zu of them behind a CNAME, %zu DNAMEs on the way\n",
		i, checked, chains, through_dnames);
	assert_true(chains > 1000);
	assert_true(through_dnames > 100);
}

/* ---- chains with a gap ---- */

static void find_proof(const void *node, VISIT visit, void *arg)
{
	const struct record *e = *(struct record *const *)node;

	if ((visit == postorder || visit == leaf) && strstr(e->text, "PROOF"))
		*(const struct record **)arg = e;
}

static void assert_gap(struct zone *zone, const char *text)
{
	const struct record *left = NULL;
	struct store s = { 0 };

	assert_int_equal(zone_check(zone, "test", NULL), 0);
	said[0] = '\0';
	assert_int_equal(render(&s, NULL, zone), 0);
	assert_int_equal(s.n_links, 0);
	if (!strstr(said, text))
		fail_msg("expected \"%s\", but: %s", text, said);
	assert_non_null(
		strstr(find_entry(&s, name("ns1.example"), 0)->text, "0:+nodata1/no_proof"));
	twalk_r(s.names, find_proof, &left);
	assert_null(left);
	clear_store(&s);
	zone_free(zone);
}

static struct zone *load_signed(enum signing kind)
{
	struct zone *zone = load(HEAD "x.e A 192.0.2.1\ncut NS ns.cut\n");

	sign_zone(zone, kind);
	return zone;
}

/* An owner of NSEC3 that has nothing else. */
static const knot_dname_t *owner_of_nsec3(const struct zone *zone)
{
	const struct zone_name *n = NULL;

	while ((n = zone_next(zone, n)))
		if (is_bare(n) && zone_name_rrset(n, KNOT_RRTYPE_NSEC3))
			return n->owner;
	return NULL;
}

static void test_gaps(void **state)
{
	knot_dname_storage_t owner;
	struct zone *zone;

	(void)state;
	zone = load_signed(SIGN_NSEC);
	assert_int_equal(zone_set(zone, name("cut.example"), KNOT_RRTYPE_NSEC, 0, NULL), 0);
	assert_gap(zone, "cut.example. has no NSEC record");
	zone = load_signed(SIGN_NSEC);
	assert_int_equal(zone_set(zone, name("x.e.example"), KNOT_RRTYPE_RRSIG, 0, NULL), 0);
	assert_gap(zone, "x.e.example. has an NSEC record without a signature");
	zone = load_signed(SIGN_NSEC);
	assert_int_equal(zone_set(zone, name("x.e.example"), KNOT_RRTYPE_NSEC, 0, NULL), 0);
	assert_int_equal(zone_set(zone, name("x.e.example"), KNOT_RRTYPE_A, 0, NULL), 0);
	assert_int_equal(zone_set(zone, name("x.e.example"), KNOT_RRTYPE_RRSIG, 0, NULL), 0);
	assert_gap(zone, "cut.example. does not lead to the next");
	zone = load_signed(SIGN_NSEC3);
	add_text(zone, name("new.example"), KNOT_RRTYPE_A, "192.0.2.1");
	assert_gap(zone, "new.example. has no NSEC3 record");
	zone = load_signed(SIGN_NSEC3);
	knot_dname_copy_lower(owner, owner_of_nsec3(zone));
	assert_int_equal(zone_set(zone, owner, KNOT_RRTYPE_RRSIG, 0, NULL), 0);
	assert_gap(zone, "has an NSEC3 record without a signature");
	zone = load_signed(SIGN_OPT_OUT);
	add_text(zone, name("new.example"), KNOT_RRTYPE_A, "192.0.2.1");
	assert_gap(zone, "new.example. has no NSEC3 record");
	zone = load_signed(SIGN_NSEC3);
	assert_int_equal(zone_set(zone, zone->apex, KNOT_RRTYPE_NSEC3PARAM, 0, NULL), 0);
	add_text(zone, zone->apex, KNOT_RRTYPE_NSEC3PARAM, "1 0 17 abcd");
	assert_gap(zone, "more iterations than are computed here");
	zone = load_signed(SIGN_NSEC3);
	assert_int_equal(zone_set(zone, zone->apex, KNOT_RRTYPE_NSEC3PARAM, 0, NULL), 0);
	add_text(zone, zone->apex, KNOT_RRTYPE_NSEC3PARAM, "1 0 2 -");
	assert_gap(zone, "has no denial chain");
}

/* No owner of NSEC3 fits below a name that is so long. */
static void test_long_apex(void **state)
{
	struct store s = { 0 };
	knot_dname_storage_t apex = { 0 };
	struct zone *zone;
	size_t n;

	(void)state;
	for (n = 0; n < 4 * 57; n += 57) {
		apex[n] = 56;
		memset(apex + n + 1, 'a', 56);
	}
	assert_int_equal(zone_new(&zone, apex), 0);
	add_text(zone, apex, KNOT_RRTYPE_SOA, "ns h 1 2 3 4 5");
	add_text(zone, apex, KNOT_RRTYPE_NS, "ns");
	add_text(zone, apex, KNOT_RRTYPE_DNSKEY, "256 3 8 AAAA");
	add_text(zone, apex, KNOT_RRTYPE_NSEC3PARAM, "1 0 0 -");
	add_text(zone, apex, KNOT_RRTYPE_RRSIG,
		 "SOA 8 1 300 20300101000000 20200101000000 1 @ AAAA");
	assert_int_equal(zone_check(zone, "test", NULL), 0);
	said[0] = '\0';
	assert_int_equal(render(&s, NULL, zone), 0);
	assert_int_equal(s.n_links, 0);
	assert_non_null(strstr(said, "has a name that leaves no room for owners of NSEC3"));
	clear_store(&s);
	zone_free(zone);
}

/* A delegation to a zone that is served here too is in the chain as every other (RFC 4035 section 2.3). */
static void test_served_cut(void **state)
{
	unsigned int kind;

	(void)state;
	(void)strcpy(other_apex, "cut.example.");
	for (kind = SIGN_NSEC; kind < SIGN_KINDS; kind++) {
		struct zone *zone = load_signed((enum signing)kind);
		struct store s = { 0 };

		assert_int_equal(zone_check(zone, "test", NULL), 0);
		said[0] = '\0';
		assert_int_equal(render(&s, NULL, zone), 0);
		assert_string_equal(said, "");
		assert_true(s.n_links > 2);
		clear_store(&s);
		zone_free(zone);
	}
}

/* RFC 5155 appendix A */
static void test_hash(void **state)
{
	static const struct nsec3_params params = { 12, 4, (const uint8_t *)"\xaa\xbb\xcc\xdd" };
	static const char *const rows[][2] = {
		{ "example", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom" },
		{ "a.example", "35mthgpgcu1qg68fab165klnsnk3dpvl" },
		{ "*.w.example", "r53bq7cc2uvmubfu5ocmm6pers9tk9en" },
	};
	uint8_t hash[NSEC3_HASH_LEN], same[NSEC3_HASH_LEN];
	knot_dname_storage_t owner;
	char text[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(text, sizeof(text), "%s.example", rows[i][1]);
		assert_int_equal(nsec3_hash(&params, name(rows[i][0]), hash), 0);
		assert_true(nsec3_owner_hash(name(text), same));
		assert_memory_equal(hash, same, sizeof(hash));
		hash_owner(owner, hash, name("example"));
		assert_true(knot_dname_is_equal(owner, name(text)));
	}
	assert_false(nsec3_owner_hash(name("0p9mhaveqvm6t7vbl5lop2u3t2rp3tow.example"), same));
	assert_false(nsec3_owner_hash(name("a.example"), same));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_zones), cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_long_apex),    cmocka_unit_test(test_served_cut),
		cmocka_unit_test(test_hash),
	};

	return cmocka_run_group_tests_name("render_proofs", tests, NULL, NULL);
}
