/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The zone in memory, its checks, and zone files. */
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../loader/zone/rdata.h"
#include "../../loader/zone/zone.h"
#include "../../loader/zone/zone_text.h"

#define SOA "@ SOA ns1 hostmaster 7 3600 600 86400 300\n"
#define HEAD "$TTL 600\n" SOA "@ NS ns1\nns1 A 192.0.2.1\n"

/* ---- what was reported ---- */

static struct {
	char text[65536];
	unsigned int errors, warnings;
} said;

static void note(enum log_level level, const char *text, void *arg)
{
	size_t len = strlen(said.text);

	(void)arg;
	said.errors += level == LOG_LEVEL_ERROR;
	said.warnings += level == LOG_LEVEL_WARNING;
	(void)snprintf(said.text + len, sizeof(said.text) - len, "%s\n", text);
}

static const struct report report = { .say = note };

static void assert_said(const char *words)
{
	if (!strstr(said.text, words))
		fail_msg("expected to be told: %s\ntold: %s", words, said.text);
}

/* ---- names and zones from text ---- */

static const knot_dname_t *name(const char *text)
{
	static knot_dname_storage_t storage[4];
	static unsigned int next;
	knot_dname_t *ret = knot_dname_from_str(storage[next++ % 4], text, sizeof(storage[0]));

	assert_non_null(ret);
	return ret;
}

static int add(struct zone *zone, const char *owner, uint16_t type, uint32_t ttl, const char *rdata)
{
	knot_rdataset_t rrs;
	int err;

	assert_int_equal(zone_parse_rdata(&rrs, zone->apex, type, rdata, NULL), 0);
	err = zone_add(zone, name(owner), type, ttl, rrs.rdata->data, rrs.rdata->len, "here:1",
		       &report);
	knot_rdataset_clear(&rrs, NULL);
	return err;
}

static int has_or_remove(struct zone *zone, bool is_remove, const char *owner, uint16_t type,
			 const char *rdata)
{
	knot_rdataset_t rrs;
	int ret;

	assert_int_equal(zone_parse_rdata(&rrs, zone->apex, type, rdata, NULL), 0);
	if (is_remove)
		ret = zone_remove(zone, name(owner), type, rrs.rdata->data, rrs.rdata->len);
	else
		ret = zone_has(zone, name(owner), type, rrs.rdata->data, rrs.rdata->len);
	knot_rdataset_clear(&rrs, NULL);
	return ret;
}

static bool has(struct zone *zone, const char *owner, uint16_t type, const char *rdata)
{
	return has_or_remove(zone, false, owner, type, rdata);
}

static int take(struct zone *zone, const char *owner, uint16_t type, const char *rdata)
{
	return has_or_remove(zone, true, owner, type, rdata);
}

static void set(struct zone *zone, const char *owner, uint16_t type, uint32_t ttl,
		const char *rdata)
{
	knot_rdataset_t rrs = { 0 };

	if (rdata)
		assert_int_equal(zone_parse_rdata(&rrs, zone->apex, type, rdata, NULL), 0);
	assert_int_equal(zone_set(zone, name(owner), type, ttl, &rrs), 0);
	knot_rdataset_clear(&rrs, NULL);
}

/* Names of the zone, in its order, with their number of types: "example:0 a.example:1 ". */
static const char *listing(const struct zone *zone)
{
	static char text[4096];
	const struct zone_name *n = NULL;
	size_t len = 0, names = 0;

	text[0] = '\0';
	while ((n = zone_next(zone, n))) {
		knot_dname_txt_storage_t owner;

		assert_non_null(knot_dname_to_str(owner, n->owner, sizeof(owner)));
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s:%u ", owner, n->n_sets);
		names++;
	}
	assert_int_equal(names, zone->n_names);
	return text;
}

static char folder[] = "/tmp/dnsbolt-test-zone-XXXXXX";

static const char *write_file(const char *file, const char *text)
{
	static char path[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, file);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	return path;
}

/* The zone example. from text; NULL when it was refused, with -EINVAL. */
static struct zone *load(const char *text)
{
	struct zone *zone;
	int err;

	err = zone_load_file(&zone, name("example"), write_file("example.zone", text), &report);
	if (!err)
		return zone;
	assert_int_equal(err, -EINVAL);
	return NULL;
}

static void assert_refused(const char *text, const char *words)
{
	memset(&said, 0, sizeof(said));
	assert_null(load(text));
	assert_said(words);
}

static int setup(void **state)
{
	(void)state;
	memset(&said, 0, sizeof(said));
	return 0;
}

/* ---- tree ---- */

static void test_order(void **state)
{
	/* RFC 4034 section 6.1, with names that have zero octets in a label between them */
	static const char *const sorted[] = {
		"example.",	   "a.example.",       "yljkjljk.a.example.", "z.a.example.",
		"zabc.a.example.", "a\\000b.example.", "b.example.",	      "\\001.z.example.",
		"*.z.example.",	   "\\200.z.example.",
	};
	size_t i, j, n = sizeof(sorted) / sizeof(sorted[0]);

	(void)state;
	for (i = 0; i < n; i++) {
		for (j = 0; j < n; j++) {
			int order = zone_order(name(sorted[i]), name(sorted[j]));

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
	}
	assert_int_not_equal(zone_order(name("b.a."), name("a\\000b.")), 0);
}

static void test_empty_nonterminals(void **state)
{
	struct zone *zone;

	(void)state;
	assert_int_equal(zone_new(&zone, name("Example")), 0);
	assert_string_equal(listing(zone), "example.:0 ");
	set(zone, "c.B.a.example", 1, 60, "192.0.2.1");
	assert_string_equal(listing(zone),
			    "example.:0 a.example.:0 b.a.example.:0 c.b.a.example.:1 ");
	set(zone, "x.a.example", 1, 60, "192.0.2.1");
	set(zone, "b.a.example", 16, 60, "text");
	assert_string_equal(
		listing(zone),
		"example.:0 a.example.:0 b.a.example.:1 c.b.a.example.:1 x.a.example.:1 ");
	assert_int_equal(zone->n_records, 3);
	set(zone, "b.a.example", 16, 60, NULL);
	set(zone, "x.a.example", 1, 60, NULL);
	assert_string_equal(listing(zone),
			    "example.:0 a.example.:0 b.a.example.:0 c.b.a.example.:1 ");
	set(zone, "c.b.a.example", 28, 60, NULL);
	set(zone, "nothing.example", 28, 60, NULL);
	set(zone, "c.b.a.example", 1, 60, NULL);
	assert_string_equal(listing(zone), "example.:0 ");
	assert_int_equal(zone->n_records, 0);
	assert_int_equal(zone_set(zone, name("elsewhere"), 1, 60, NULL), -EINVAL);
	zone_free(zone);
}

static void test_any_order_of_names(void **state)
{
	static const char letters[] = "abcdefgh";
	struct zone *zone;
	unsigned int seed = 1, i;

	(void)state;
	assert_int_equal(zone_new(&zone, name("example")), 0);
	for (i = 0; i < 3000; i++) {
		const struct zone_name *n = NULL, *before = NULL;
		char owner[64];

		(void)snprintf(owner, sizeof(owner), "%c.%c.%c.example", letters[rand_r(&seed) % 8],
			       letters[rand_r(&seed) % 8], letters[rand_r(&seed) % 8]);
		set(zone, owner + 2 * (rand_r(&seed) % 3), 1, 60,
		    rand_r(&seed) % 2 ? "192.0.2.1" : NULL);
		if (i % 50)
			continue;
		while ((n = zone_next(zone, n))) {
			const struct zone_name *behind = n;
			struct tree_cursor at;

			do
				behind = zone_next(zone, behind);
			while (behind && knot_dname_in_bailiwick(behind->owner, n->owner) > 0);
			zone_seek_behind(zone, n->owner, &at);
			assert_ptr_equal(tree_here(&at), behind);
			assert_true(!before || zone_order(before->owner, n->owner) < 0);
			assert_int_equal(!zone_parent(zone, n), zone_name_is_apex(n));
			assert_true(zone_name_is_apex(n) ||
				    knot_dname_in_bailiwick(n->owner,
							    zone_parent(zone, n)->owner) == 1);
			assert_true(zone_name_is_apex(n) || n->n_sets || zone_has_below(zone, n));
			assert_ptr_equal(zone_find(zone, n->owner), n);
			before = n;
		}
	}
	zone_free(zone);
}

static void test_odd_records(void **state)
{
	struct zone *zone;
	const struct zone_rrset *mx;

	(void)state;
	assert_int_equal(zone_new(&zone, name("example")), 0);
	assert_int_equal(add(zone, "a.example", 15, 300, "10 Mail"), 0);
	assert_int_equal(add(zone, "A.example", 15, 300, "10 mAIL"), 0);
	assert_int_equal(add(zone, "a.example", 16, 300, "Text"), 0);
	assert_int_equal(add(zone, "a.example", 16, 300, "text"), 0);
	assert_int_equal(zone->n_records, 3);
	assert_int_equal(said.warnings, 0);
	assert_int_equal(add(zone, "a.example", 15, 200, "20 mail"), 0);
	assert_int_equal(add(zone, "a.example", 15, 400, "30 mail"), 0);
	assert_int_equal(said.warnings, 1);
	assert_said("here:1: a.example. MX: the RRset's records have different TTLs");
	mx = zone_name_rrset(zone_find(zone, name("a.EXAMPLE")), 15);
	assert_int_equal(mx->ttl, 200);
	assert_int_equal(mx->rrs.count, 3);
	assert_memory_equal(mx->rrs.rdata->data, "\0\12\4Mail\7example", 16);

	assert_int_equal(add(zone, "example.org", 1, 300, "192.0.2.1"), 0);
	assert_said("here:1: example.org. A: not in the zone example.: skipped");
	assert_int_equal(zone_add(zone, name("b.example"), 2, 60, (const uint8_t *)"\5ab", 3, "f:3",
				  &report),
			 -EINVAL);
	assert_said("f:3: b.example. NS: RDATA of 3 octets");
	assert_int_equal(zone_add(zone, name("b.example"), 2, 60, (const uint8_t *)"\xc0\x0c", 2,
				  "f:4", &report),
			 -EINVAL);
	assert_null(zone_find(zone, name("b.example")));
	assert_int_equal(zone->n_names, 2);
	zone_free(zone);
}

static void test_single_records(void **state)
{
	struct zone *zone;

	(void)state;
	assert_int_equal(zone_new(&zone, name("example")), 0);
	assert_int_equal(add(zone, "b.a.example", 15, 300, "10 Mail"), 0);
	assert_int_equal(add(zone, "b.a.example", 15, 300, "20 mail"), 0);
	assert_int_equal(add(zone, "b.a.example", 16, 300, "Text"), 0);
	assert_int_equal(add(zone, "b.a.example", 16, 300, "more"), 0);
	assert_true(has(zone, "B.a.example", 15, "10 mAIL"));
	assert_false(has(zone, "b.a.example", 15, "30 mail"));
	assert_false(has(zone, "b.a.example", 16, "text"));
	assert_false(has(zone, "a.example", 16, "Text"));
	assert_false(has(zone, "elsewhere", 16, "Text"));
	assert_false(zone_has(zone, name("b.a.example"), 15, (const uint8_t *)"", 0));

	assert_int_equal(take(zone, "b.a.example", 15, "30 mail"), -ENOENT);
	assert_int_equal(take(zone, "b.a.example", 1, "192.0.2.1"), -ENOENT);
	assert_int_equal(take(zone, "elsewhere", 16, "Text"), -ENOENT);
	assert_int_equal(take(zone, "b.a.example", 16, "text"), -ENOENT);
	assert_int_equal(zone_remove(zone, name("b.a.example"), 15, (const uint8_t *)"", 0),
			 -ENOENT);
	assert_int_equal(zone->n_records, 4);
	assert_int_equal(take(zone, "B.A.example", 15, "10 mAIL"), 0);
	assert_false(has(zone, "b.a.example", 15, "10 mail"));
	assert_true(has(zone, "b.a.example", 15, "20 mail"));
	assert_int_equal(take(zone, "b.a.example", 16, "Text"), 0);
	assert_int_equal(take(zone, "b.a.example", 15, "20 mail"), 0);
	assert_string_equal(listing(zone), "example.:0 a.example.:0 b.a.example.:1 ");
	assert_int_equal(take(zone, "b.a.example", 16, "more"), 0);
	assert_string_equal(listing(zone), "example.:0 ");
	assert_int_equal(zone->n_records, 0);
	zone_free(zone);
}

static void test_rrsig_ttl(void **state)
{
	static const char sig[] = " 8 2 300 20300101000000 20200101000000 1 example. AAAA";
	struct zone *zone;
	const struct zone_name *n;
	const struct zone_rrset *sigs;
	char rdata[128];

	(void)state;
	assert_int_equal(zone_new(&zone, name("example")), 0);
	assert_int_equal(add(zone, "a.example", 1, 100, "192.0.2.1"), 0);
	(void)snprintf(rdata, sizeof(rdata), "A%s", sig);
	assert_int_equal(add(zone, "a.example", 46, 300, rdata), 0);
	(void)snprintf(rdata, sizeof(rdata), "TXT%s", sig);
	assert_int_equal(add(zone, "a.example", 46, 200, rdata), 0);
	assert_int_equal(said.warnings, 0);
	n = zone_find(zone, name("a.example"));
	sigs = zone_name_rrset(n, 46);
	assert_int_equal(zone_rrsig_ttl(n, sigs->rrs.rdata), 100);
	assert_int_equal(zone_rrsig_ttl(n, knot_rdataset_at(&sigs->rrs, 1)), 200);
	zone_free(zone);
}

static int note_owner(const knot_dname_t *owner, void *arg)
{
	knot_dname_txt_storage_t text;

	(void)arg;
	note(LOG_LEVEL_INFO, knot_dname_to_str(text, owner, sizeof(text)), NULL);
	return 0;
}

static int stop(const knot_dname_t *owner, void *arg)
{
	(void)owner;
	(void)arg;
	return -EINTR;
}

static void test_copy_and_diff(void **state)
{
	struct zone *zone = load(HEAD "a A 192.0.2.1\nd.c A 192.0.2.1\ne A 192.0.2.1\n"), *copy;

	(void)state;
	assert_non_null(zone);
	assert_int_equal(zone_copy(&copy, zone), 0);
	assert_int_equal(copy->serial, 7);
	assert_int_equal(copy->n_records, zone->n_records);
	assert_int_equal(zone_diff(zone, copy, note_owner, NULL), 0);
	assert_string_equal(said.text, "");
	set(copy, "a.example", 1, 600, "192.0.2.2");
	set(copy, "d.c.example", 1, 600, NULL);
	set(copy, "e.example", 1, 601, "192.0.2.1");
	set(copy, "f.example", 16, 600, "text");
	assert_int_equal(zone_diff(zone, copy, note_owner, NULL), 0);
	assert_string_equal(said.text,
			    "a.example.\nc.example.\nd.c.example.\ne.example.\nf.example.\n");
	assert_int_equal(zone_diff(zone, copy, stop, NULL), -EINTR);
	memset(&said, 0, sizeof(said));
	assert_int_equal(zone_diff(NULL, copy, note_owner, NULL), 0);
	assert_string_equal(said.text,
			    "example.\na.example.\ne.example.\nf.example.\nns1.example.\n");
	zone_free(zone);
	zone_free(copy);
}

/* Copies that are changed in turn hold what they should, and a zone that was read anew becomes one that
 * shares. */
static void test_sharing(void **state)
{
	struct zone *zone = load(HEAD), *copy, *anew;
	const struct zone_name *kept;
	unsigned int i;

	(void)state;
	for (i = 0; i < 500; i++) {
		char owner[32];

		(void)snprintf(owner, sizeof(owner), "x.%u.example", i);
		set(zone, owner, 1, 60, "192.0.2.1");
	}
	kept = zone_find(zone, name("x.7.example"));
	assert_int_equal(zone_copy(&copy, zone), 0);
	set(copy, "x.7.example", 16, 60, "text");
	set(copy, "x.8.example", 1, 60, NULL);
	set(zone, "x.9.example", 1, 60, NULL);
	assert_ptr_equal(zone_find(zone, name("x.7.example")), kept);
	assert_int_equal(kept->n_sets, 1);
	assert_null(zone_find(zone, name("9.example")));
	assert_non_null(zone_find(copy, name("9.example")));
	assert_null(zone_find(copy, name("8.example")));
	assert_int_equal(zone->n_names, copy->n_names);
	assert_int_equal(zone_diff(zone, copy, note_owner, NULL), 0);
	assert_string_equal(said.text, "x.7.example.\n8.example.\nx.8.example.\n9.example.\n"
				       "x.9.example.\n");
	zone_free(zone);
	anew = load(HEAD "x.7 60 A 192.0.2.1\nx.10 60 A 192.0.2.1\n");
	assert_int_equal(zone_share(anew, copy), 0);
	assert_ptr_equal(zone_find(anew, name("x.10.example")),
			 zone_find(copy, name("x.10.example")));
	assert_ptr_not_equal(zone_find(anew, name("x.7.example")),
			     zone_find(copy, name("x.7.example")));
	zone_free(copy);
	assert_int_equal(zone_find(anew, name("x.10.example"))->n_sets, 1);
	zone_free(anew);
}

/* ---- checks ---- */

static void test_checks(void **state)
{
	static const char sig[] =
		"RRSIG CNAME 8 2 300 20300101000000 20200101000000 1 example. AAAA\n";
	char text[512];
	struct zone *zone;

	(void)state;
	assert_refused("$TTL 60\n@ NS ns1\nns1 A 192.0.2.1\n", "example. SOA: the zone has none");
	assert_refused("$TTL 60\n" SOA "ns1 A 192.0.2.1\n",
		       "example. NS: the zone has none at its apex");
	assert_refused(HEAD "@ SOA ns2 hostmaster 7 3600 600 86400 300\n",
		       "example. SOA: more than one record");
	assert_refused(HEAD "a SOA ns2 hostmaster 7 3600 600 86400 300\n",
		       "a.example. SOA: below the apex");
	assert_refused(HEAD "a CNAME b\na A 192.0.2.1\n", "a.example. A: beside a CNAME");
	assert_refused(HEAD "@ CNAME b\n", "example. SOA: beside a CNAME");
	assert_refused(HEAD "a CNAME b\na CNAME c\n", "a.example. CNAME: more than one record");
	assert_refused(HEAD "a DNAME b\na DNAME c\n", "a.example. DNAME: more than one record");
	assert_refused(HEAD "a TYPE255 \\# 0\n", "a.example. ANY: a type that no zone can hold");
	assert_refused(HEAD "a TYPE128 \\# 0\n",
		       "a.example. TYPE128: a type that no zone can hold");
	assert_refused(HEAD "a TYPE41 \\# 0\n", "a.example. OPT: a type that no zone can hold");
	assert_refused(HEAD "a TYPE0 \\# 0\n", "a.example. TYPE0: a type that no zone can hold");
	(void)snprintf(text, sizeof(text), HEAD "a CNAME b\na NSEC b CNAME\na %s", sig);
	memset(&said, 0, sizeof(said));
	zone = load(text);
	assert_non_null(zone);
	assert_int_equal(zone->serial, 7);
	assert_false(zone->is_signed);
	assert_false(zone->is_nsec3);
	zone_free(zone);
	(void)snprintf(text, sizeof(text), HEAD "@ DNSKEY 256 3 8 AAAA\n@ NSEC3PARAM 1 0 0 -\na %s",
		       sig);
	zone = load(text);
	assert_non_null(zone);
	assert_true(zone->is_signed);
	assert_true(zone->is_nsec3);
	zone_free(zone);
	assert_string_equal(said.text, "");
}

/* Each is put into a zone that passed; NULL words: the new one passes too. */
static void test_check_of_a_change(void **state)
{
	static const char newer[] = "a a 9 1 1 1 1";
	static const char rrsig[] = "A 8 2 60 20360101000000 20260101000000 1 example. AAAA";
	static const struct {
		const char *owner;
		uint16_t type;
		const char *rdata, *words; /* no rdata: the RRset is removed */
	} rows[] = {
		{ "a.example", KNOT_RRTYPE_TXT, "x", NULL },
		{ "a.example", KNOT_RRTYPE_A, NULL, NULL },
		{ "a.example", KNOT_RRTYPE_CNAME, "b", "change: a.example. A: beside a CNAME" },
		{ "b.example", KNOT_RRTYPE_CNAME, "a", NULL },
		{ "b.example", 255, "\\# 0", "change: b.example. ANY: a type that no zone" },
		{ "b.example", KNOT_RRTYPE_SOA, "a a 1 1 1 1 1", "b.example. SOA: below the apex" },
		{ "example", KNOT_RRTYPE_NS, NULL, "example. NS: the zone has none" },
		{ "example", KNOT_RRTYPE_SOA, NULL, "example. SOA: the zone has none" },
		{ "example", KNOT_RRTYPE_SOA, newer, NULL },
		{ "example", KNOT_RRTYPE_NSEC3PARAM, "1 0 0 -", NULL },
		{ "a.example", KNOT_RRTYPE_RRSIG, rrsig, NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct zone *from = load(HEAD "a A 192.0.2.1\n@ DNSKEY 256 3 8 AAAA\n"), *to;

		assert_non_null(from);
		memset(&said, 0, sizeof(said));
		assert_int_equal(zone_copy(&to, from), 0);
		set(to, rows[i].owner, rows[i].type, 60, rows[i].rdata);
		assert_int_equal(zone_check(to, "change", &report), rows[i].words ? -EINVAL : 0);
		if (rows[i].words)
			assert_said(rows[i].words);
		assert_int_equal(said.errors, rows[i].words != NULL);
		assert_int_equal(to->serial, rows[i].rdata == newer ? 9 : 7);
		assert_int_equal(to->is_nsec3, rows[i].type == KNOT_RRTYPE_NSEC3PARAM);
		assert_int_equal(to->is_signed, rows[i].rdata == rrsig);
		zone_free(to);
		zone_free(from);
	}
}

/* ---- files ---- */

static void test_file(void **state)
{
	/* default TTL, an unknown type, no line end at the end */
	struct zone *zone = load(SOA "@ NS ns1\nns1 A 192.0.2.1\nx 77 TYPE65280 \\# 2 abcd\n"
				     "y TYPE1 192.0.2.2\nlast TXT \"a;b\" ( c ; comment\n d )");

	(void)state;
	assert_non_null(zone);
	assert_int_equal(zone_name_rrset(zone_find(zone, name("ns1.example")), 1)->ttl, 3600);
	assert_int_equal(zone_name_rrset(zone_find(zone, name("x.example")), 65280)->ttl, 77);
	assert_int_equal(zone_name_rrset(zone_find(zone, name("last.example")), 16)->rrs.rdata->len,
			 8);
	assert_int_equal(zone->n_records, 6);
	zone_free(zone);
}

static void test_file_errors(void **state)
{
	char text[8192] = HEAD;
	struct zone *zone;
	char path[256];
	int i;

	(void)state;
	assert_refused(HEAD "a A 192.0.2\n\nb AAAA ::g\n", "/example.zone:5: invalid IPv4 address");
	assert_said("/example.zone:7: invalid");
	assert_int_equal(said.errors, 2);
	assert_refused(HEAD "a CH TXT x\n",
		       "/example.zone:5: unsupported record type (or a class other than IN)");
	assert_refused(HEAD "a CLASS3 TXT x\n", "/example.zone:5: ");
	assert_refused(HEAD "a TXT (\n x\n", "/example.zone:");
	assert_refused(HEAD "$GENERATE 1-2 a A 192.0.2.$\n",
		       ":5: invalid directive (expected $ORIGIN");
	assert_refused(HEAD "a NS \\# 2 0561\n", ":5: a.example. NS: RDATA of 2 octets");
	assert_refused("", "SOA: the zone has none");
	for (i = 0; i < 50; i++)
		strcat(text, "a A x\nout.of.zone. A 192.0.2.1\n");
	assert_refused(text, "/example.zone: 30 more errors");
	assert_said("/example.zone: 30 more warnings");
	assert_int_equal(said.errors, 21);
	assert_int_equal(said.warnings, 21);

	memset(&said, 0, sizeof(said));
	(void)snprintf(path, sizeof(path), "%s/none.zone", folder);
	assert_int_equal(zone_load_file(&zone, name("example"), path, &report), -ENOENT);
	assert_said("/none.zone: No such file or directory");
	assert_int_equal(zone_load_file(&zone, name("example"), folder, &report), -EISDIR);
	assert_int_equal(zone_load_file(&zone, name("example"), "/dev/null", &report), -EINVAL);
	assert_said("/dev/null: expected a regular file");
	assert_int_equal(zone_load_file(&zone, name("example"), path, NULL), -ENOENT);
}

static void test_include(void **state)
{
	struct zone *zone;

	(void)state;
	(void)write_file("one.inc", "a A 192.0.2.1\n$INCLUDE two.inc b.example.\n  TXT after\n");
	(void)write_file("two.inc", "c A 192.0.2.2\n$ORIGIN other.example.\nd A 192.0.2.3");
	zone = load(HEAD "$INCLUDE one.inc\ne A 192.0.2.4\n");
	assert_string_equal(said.text, "");
	assert_non_null(zone);
	assert_string_equal(listing(zone),
			    "example.:2 a.example.:2 b.example.:0 c.b.example.:1 e.example.:1 "
			    "ns1.example.:1 other.example.:0 d.other.example.:1 ");
	assert_int_equal(zone_name_rrset(zone_find(zone, name("c.b.example")), 1)->ttl, 600);
	zone_free(zone);

	(void)write_file("two.inc", "c A 192.0.2.2\nd A 192.0\n");
	assert_refused(HEAD "$INCLUDE one.inc\n", "/two.inc:2: invalid IPv4 address");
	memset(&said, 0, sizeof(said));
	assert_int_equal(zone_load_file(&zone, name("example"),
					write_file("example.zone", HEAD "$INCLUDE none.inc\n"),
					&report),
			 -ENOENT);
	assert_said("/example.zone:5: including \"");
	assert_said("/none.inc\": No such file or directory");
	memset(&said, 0, sizeof(said));
	(void)write_file("one.inc", "$INCLUDE one.inc\n$INCLUDE one.inc\n");
	assert_int_equal(zone_load_file(&zone, name("example"),
					write_file("example.zone", HEAD "$INCLUDE one.inc\n"),
					&report),
			 -ELOOP);
	assert_said("files include files too deeply");
}

static void test_rdata_from_text(void **state)
{
	static const struct {
		uint16_t type;
		const char *text;
		const char *error; /* NULL: none */
		const char *wire;
		size_t len;
	} rows[] = {
		{ 1, "192.0.2.1", NULL, "\300\0\2\1", 4 },
		{ 1, " 192.0.2.1\t; comment", NULL, "\300\0\2\1", 4 },
		{ 1, "\\# 4 c0000201", NULL, "\300\0\2\1", 4 },
		{ 2, "ns1", NULL, "\3ns1\7example", 13 },
		{ 2, "Ns1.", NULL, "\3Ns1", 5 },
		{ 2, "@", NULL, "\7example", 9 },
		{ 16, "one \"two three\"", NULL, "\3one\11two three", 14 },
		{ 42, "", NULL, "", 0 },
		{ 65280, "\\# 1 ff", NULL, "\377", 1 },
		{ 1, "192.0.2.1\nb A 192.0.2.2", "RDATA of type A: expected one line", "", 0 },
		{ 1, "192.0.2.1\r", "RDATA of type A: expected one line", "", 0 },
		{ 1, "192.0.2.300", "RDATA of type A: invalid IPv4 address", "", 0 },
		{ 1, "", "RDATA of type A: ", "", 0 },
		{ 1, "192.0.2.1 192.0.2.2", "RDATA of type A: ", "", 0 },
		{ 1, "192.0.2.1 )", "RDATA of type A: ", "", 0 },
		{ 16, "( one", "RDATA of type TXT: ", "", 0 },
		{ 16, "\"one", "RDATA of type TXT: ", "", 0 },
		{ 2, "\\# 2 0561", "RDATA of type NS: octets that are not", "", 0 },
		{ 65280, "text", "RDATA of type TYPE65280: ", "", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		knot_rdataset_t rrs = { 0 };
		const char *error = "none";
		int err =
			zone_parse_rdata(&rrs, name("example"), rows[i].type, rows[i].text, &error);

		if (rows[i].error) {
			assert_int_equal(err, -EINVAL);
			if (strncmp(error, rows[i].error, strlen(rows[i].error)))
				fail_msg("%s: \"%s\"", rows[i].text, error);
			continue;
		}
		if (err)
			fail_msg("%s: %s", rows[i].text, error);
		assert_int_equal(rrs.count, 1);
		assert_int_equal(rrs.rdata->len, rows[i].len);
		assert_memory_equal(rrs.rdata->data, rows[i].wire, rows[i].len);
		knot_rdataset_clear(&rrs, NULL);
	}
}

static void test_text(void **state)
{
	static const struct {
		const char *in, *out; /* out NULL: the same */
	} rows[] = {
		{ "", NULL },
		{ "a A 192.0.2.1 ; c@d\n\tTXT \"x@y\" ( z ; (\n )\n@ NS @\n", NULL },
		{ "$ORIGIN a.@Z.b.\n", "$ORIGIN a.\\@Z.b.\n" },
		{ "a\\@b NS c@d\\", "a\\@b NS c\\@d\\" },
		{ "a 1h IN DS 1 8 2 abc def\n", "a 1h IN DS 1 8 2 abcdef\n" },
		{ " DNSKEY 256 3 8 ( AB\n C ; x\n D )\nb A 192.0.2.1\n",
		  " DNSKEY 256 3 8 ( ABCD)\n\n\nb A 192.0.2.1\n" },
		{ "a DHCID A (\n B )", "a DHCID AB\n" },
		{ "a RRSIG A 8 2 60 (\n 1 2 3 x. A\n B\n)\n",
		  "a RRSIG A 8 2 60 (\n 1 2 3 x. AB)\n\n\n" },
		{ "a DHCID \\# 2 ab cd\n", NULL },
		{ "rrsig TXT a b c d e f g h i j\n", NULL },
		{ "a SVCB 1 . dohpath=\"/q@{?dns}\"\n", "a SVCB 1 . key7=\"/q@{?dns}\"\n" },
		{ "a TXT dohpath=x \"open\nb TXT c@d", "a TXT dohpath=x \"open\nb TXT c@d" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *expected = rows[i].out ? rows[i].out : rows[i].in;
		size_t len;
		char *out;

		assert_int_equal(zone_text_prepare(&out, &len, rows[i].in, strlen(rows[i].in)), 0);
		if (len != strlen(expected) || memcmp(out, expected, len))
			fail_msg("\"%s\" became \"%.*s\"", rows[i].in, (int)len, out);
		free(out);
	}
}

static void test_prepared_text_loads(void **state)
{
	struct zone *zone = load(HEAD
				 "a@b A 192.0.2.1\n"
				 "c DS 1 8 1 ( 0123456789012345678901234567890123\n 4 56\n 789 )\n"
				 "d SVCB 1 . dohpath=/q{?dns} alpn=h2\n"
				 "e A 192.0\n");

	(void)state;
	assert_null(zone);
	assert_int_equal(said.errors, 1);
	assert_said("/example.zone:10: invalid IPv4 address");
}

static int is_folder(const char *path)
{
	return !access(path, X_OK);
}

static unsigned int loaded;

static int load_shared(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	static const char *const prefixes[] = { "knot-nsec3-optout-", "knot-", "root-2020020102" };
	const char *base = path + ftw->base, *end = strstr(base, ".zone");
	struct zone *zone;
	char apex[256];
	size_t i;

	(void)st;
	if (kind != FTW_F || !end || end[5])
		return 0;
	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(base, prefixes[i], strlen(prefixes[i])))
			base += strlen(prefixes[i]);
	(void)snprintf(apex, sizeof(apex), "%.*s.", base < end ? (int)(end - base) : 0, base);
	if (zone_load_file(&zone, name(apex), path, &report))
		fail_msg("%s does not load: %s", path, said.text);
	zone_free(zone);
	loaded++;
	return 0;
}

static void test_shared_data(void **state)
{
	static const char *const parts[] = { "real-zones", "all-types", "root-zone" };
	const char *data = getenv("DNSBOLT_DATA");
	char path[512];
	size_t i;

	(void)state;
	if (!data)
		data = "../shared/data";
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", data, parts[i]);
		if (is_folder(path))
			assert_int_equal(nftw(path, load_shared, 16, FTW_PHYS), 0);
	}
	if (!loaded) {
		print_message("skip: no zones below %s (DNSBOLT_DATA)\n", data);
		skip();
	}
	print_message("report: %u zones of %s loaded\n", loaded, data);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static int remove_folder(void **state)
{
	(void)state;
	return nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_order, setup),
		cmocka_unit_test_setup(test_empty_nonterminals, setup),
		cmocka_unit_test_setup(test_any_order_of_names, setup),
		cmocka_unit_test_setup(test_odd_records, setup),
		cmocka_unit_test_setup(test_single_records, setup),
		cmocka_unit_test_setup(test_rrsig_ttl, setup),
		cmocka_unit_test_setup(test_copy_and_diff, setup),
		cmocka_unit_test_setup(test_sharing, setup),
		cmocka_unit_test_setup(test_checks, setup),
		cmocka_unit_test_setup(test_check_of_a_change, setup),
		cmocka_unit_test_setup(test_file, setup),
		cmocka_unit_test_setup(test_file_errors, setup),
		cmocka_unit_test_setup(test_include, setup),
		cmocka_unit_test_setup(test_rdata_from_text, setup),
		cmocka_unit_test_setup(test_text, setup),
		cmocka_unit_test_setup(test_prepared_text_loads, setup),
		cmocka_unit_test_setup(test_shared_data, setup),
	};

	return cmocka_run_group_tests_name("zone", tests, make_folder, remove_folder);
}
