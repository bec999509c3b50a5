/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From zones to what the store is told: which names, which answers, which reasons to pass with. */
#include <ftw.h>

#include "render_fake.h"

struct expected {
	const char *owner;
	const char *text;   /* NULL: not there, as data */
	const char *parent; /* as a delegation */
};
static void assert_rendered(const char *text, const struct expected *rows, size_t n)
{
	struct zone *zone = load(text);
	struct store s = { 0 };
	size_t i, there = 0;

	assert_int_equal(render(&s, NULL, zone), 0);
	for (i = 0; i < n; i++) {
		assert_entry(&s, rows[i].owner, DNSBOLT_SIDE_CHILD, rows[i].text);
		assert_entry(&s, rows[i].owner, DNSBOLT_SIDE_PARENT, rows[i].parent);
		there += (rows[i].text != NULL) + (rows[i].parent != NULL);
	}
	assert_int_equal(s.n_names, there);
	assert_true(s.flipped);
	clear_store(&s);
	zone_free(zone);
}

#define ASSERT_RENDERED(text, rows) assert_rendered(text, rows, sizeof(rows) / sizeof((rows)[0]))

/* ---- which names, which answers ---- */

static void test_unsigned(void **state)
{
	static const struct expected rows[] = {
		{ "example",
		  "APEX WILDCARD 0:+nodata1/+nodata1 NS:+answer1/+answer1 SOA:+answer1/+answer1 "
		  "ANY:+answer1/+answer1 CAA:+answer1/+answer1",
		  NULL },
		{ "*.example", "0:+nodata1/+nodata1 TXT:+answer1/+answer1 ANY:+answer1/+answer1",
		  NULL },
		{ "ns1.example", "0:+nodata1/+nodata1 A:+answer1/+answer1 ANY:+answer1/+answer1",
		  NULL },
		{ "alias.example",
		  "0:+cname2/+cname2 A:+cname2/+cname2 CNAME:+answer1/+answer1 "
		  "RRSIG:+nodata1/+nodata1 NSEC:+nodata1/+nodata1 ANY:+answer1/+answer1",
		  NULL },
		{ "e.example", "ENT WILDCARD 0:+nodata1/+nodata1", NULL },
		{ "*.e.example", "ENT 0:+nodata1/+nodata1", NULL },
		{ "x.*.e.example",
		  "0:+nodata1/+nodata1 ANY:+answer1/+answer1 TYPE65280:+answer1/+answer1", NULL },
		{ "computed.example", "0:computed/computed", NULL },
		{ "lua.example", "0:computed/computed", NULL },
		{ "signed.example",
		  "0:+nodata1/+nodata1 A:+answer1/+answer1 RRSIG:+answer1/+answer1 ANY:+answer1/+answer1",
		  NULL },
	};

	(void)state;
	ASSERT_RENDERED(
		HEAD "@ CAA 0 issue \"x\"\n* TXT a\nalias CNAME ns1\nx.*.e TYPE65280 \\# 1 ff\n"
		     "computed TYPE65401 \\# 1 00\ncomputed A 192.0.2.1\nlua TYPE65402 \\# 1 00\n"
		     "signed A 192.0.2.1\nsigned RRSIG A" SIGNATURE,
		rows);
	assert_string_equal(said, "");
}

static void test_signed(void **state)
{
	static const struct expected rows[] = {
		{ "example",
		  "APEX 0:+nodata1/no_proof NS:+answer1/+answer2 SOA:+answer1/+answer2 "
		  "RRSIG:+answer1/+answer1 DNSKEY:+answer1/+answer1 ANY:+answer1/+answer2",
		  NULL },
		{ "ns1.example",
		  "0:+nodata1/no_proof A:+answer1/+answer2 RRSIG:+answer1/+answer1 ANY:+answer1/+answer2",
		  NULL },
		{ "alias.example",
		  "0:+cname2/no_proof A:+cname2/+cname3 CNAME:+answer1/+answer2 RRSIG:+answer1/+answer1 "
		  "NSEC:+answer1/+answer2 ANY:+answer1/+answer2",
		  NULL },
	};

	(void)state;
	ASSERT_RENDERED(HEAD SIGNED "alias CNAME ns1\nalias RRSIG CNAME" SIGNATURE
				    "alias NSEC ns1 CNAME\n"
				    "alias RRSIG NSEC" SIGNATURE,
			rows);
}

static void test_covered_names(void **state)
{
	static const struct expected rows[] = {
		{ "example",
		  "APEX 0:+nodata1/+nodata1 NS:+answer1/+answer1 SOA:+answer1/+answer1 ANY:+answer1/+answer1",
		  NULL },
		{ "ns1.example", "0:+nodata1/+nodata1 A:+answer1/+answer1 ANY:+answer1/+answer1",
		  NULL },
		{ "d.example",
		  "DNAME 0:+nodata1/+nodata1 A:+answer1/+answer1 DNAME:+answer1/+answer1 ANY:+answer1/+answer1",
		  NULL },
		{ "*.d.example", NULL, NULL },
		{ "cut.d.example", NULL, NULL },
		{ "cut.example", NULL, "CUT 0:+referral2/+referral2 DS:+nodata1/+nodata1" },
		{ "a.cut.example", NULL, NULL },
		{ "*.cut.example", NULL, NULL },
		{ "d.cut.example", NULL, NULL },
		{ "e.example", "ENT 0:+nodata1/+nodata1", NULL },
		{ "cut.e.example", NULL, "CUT 0:+referral2/+referral2 DS:+nodata1/+nodata1" },
		/* another served zone without a delegation: hidden, but not what is above it */
		{ "b.example", "ENT 0:+nodata1/+nodata1", NULL },
		{ "c.b.example", NULL, NULL },
		{ "x.c.b.example", NULL, NULL },
		{ "cut-z.example", "0:+nodata1/+nodata1 A:+answer1/+answer1 ANY:+answer1/+answer1",
		  NULL },
		{ "ds.example", "0:+nodata1/+nodata1 DS:+answer1/+answer1 ANY:+answer1/+answer1",
		  NULL },
	};

	(void)state;
	ASSERT_RENDERED(
		HEAD
		"d DNAME x\nd A 192.0.2.1\n*.d A 192.0.2.1\ncut.d NS ns1\ncut NS a.cut\ncut A 192.0.2.1\n"
		"a.cut A 192.0.2.1\n*.cut A 192.0.2.1\nd.cut DNAME x\nx.d.cut A 192.0.2.1\ncut.e NS a.cut\n"
		"c.b A 192.0.2.1\nx.c.b A 192.0.2.1\ncut-z A 192.0.2.1\nds DS 1 8 1 00\n",
		rows);
}

static void test_served_delegation(void **state)
{
	static const struct expected rows[] = {
		{ "example",
		  "APEX DNAME 0:+nodata1/+nodata1 NS:+answer1/+answer1 SOA:+answer1/+answer1 "
		  "DNAME:+answer1/+answer1 ANY:+answer1/+answer1",
		  NULL },
		{ "c.b.example", NULL, NULL },
	};
	static const struct expected delegated[] = {
		{ "example",
		  "APEX 0:+nodata1/+nodata1 NS:+answer1/+answer1 SOA:+answer1/+answer1 ANY:+answer1/+answer1",
		  NULL },
		{ "ns1.example", "0:+nodata1/+nodata1 A:+answer1/+answer1 ANY:+answer1/+answer1",
		  NULL },
		{ "b.example", "ENT 0:+nodata1/+nodata1", NULL },
		{ "c.b.example", NULL, "CUT 0:+referral1/+referral1 DS:+answer1/+answer1" },
	};

	(void)state;
	ASSERT_RENDERED(HEAD "@ DNAME other.\nc.b NS ns1\n", rows);
	ASSERT_RENDERED(HEAD "c.b NS ns1\nc.b DS 1 8 1 00\nx.c.b A 192.0.2.1\n", delegated);
}

static void test_nsec3_owners(void **state)
{
	static const struct expected rows[] = {
		{ "example",
		  "APEX 0:+nodata1/no_proof NS:+answer1/+answer2 SOA:+answer1/+answer2 "
		  "RRSIG:+answer1/+answer1 DNSKEY:+answer1/+answer1 NSEC3PARAM:+answer1/+answer1 "
		  "ANY:+answer1/+answer1",
		  NULL },
		{ "ns1.example",
		  "0:+nodata1/no_proof A:+answer1/+answer2 RRSIG:+answer1/+answer1 ANY:+answer1/+answer2",
		  NULL },
		{ HASH ".example", NULL, NULL },
		{ "e.example", NULL, NULL },
		{ HASH ".e.example", NULL, NULL },
		{ "both.example", "0:+nodata1/no_proof TXT:+answer1/+answer1 ANY:+answer1/+answer1",
		  NULL },
		{ "above.example", "ENT 0:+nodata1/no_proof", NULL },
		{ "x.above.example",
		  "0:+nodata1/no_proof TXT:+answer1/+answer1 ANY:+answer1/+answer1", NULL },
		{ "sig.example",
		  "0:+nodata1/no_proof RRSIG:+answer1/+answer1 ANY:+answer1/+answer1", NULL },
	};
	struct store s = { 0 };
	struct zone *zone;

	(void)state;
	ASSERT_RENDERED(HEAD SIGNED "@ NSEC3PARAM 1 0 0 -\n" HASH " NSEC3 1 0 0 - " HASH " A\n" HASH
				    " RRSIG NSEC3" SIGNATURE HASH ".e NSEC3 1 0 0 - " HASH
				    " A\nboth NSEC3 1 0 0 - " HASH " A\nboth TXT x\n"
				    "above NSEC3 1 0 0 - " HASH
				    " A\nx.above TXT x\nsig RRSIG A" SIGNATURE,
			rows);
	zone = load(HEAD SIGNED "@ NSEC3PARAM 1 0 0 -\n");
	assert_int_equal(render(&s, NULL, zone), 0);
	assert_int_equal(s.flags, DNSBOLT_ZONE_SIGNED | DNSBOLT_ZONE_NSEC3);
	assert_int_equal(s.serial, 7);
	clear_store(&s);
	zone_free(zone);
}

static void test_limits(void **state)
{
	static char text[1 << 20] = HEAD SIGNED;
	struct store s = { 0 };
	const char *types;
	struct zone *zone;
	unsigned int i;
	char *end = text + strlen(text);

	(void)state;
	for (i = 0; i < 254; i++)
		end += sprintf(end, "types TYPE%u \\# 1 00\nmore TYPE%u \\# 1 00\n", 300 + i,
			       300 + i);
	end += sprintf(end, "more A 192.0.2.1\n");
	for (i = 0; i < 4500; i++)
		end += sprintf(end, "large A 10.%u.%u.1\n", i / 250, i % 250);
	for (i = 0; i < 4000; i++)
		end += sprintf(end, "medium A 10.%u.%u.1\n", i / 250, i % 250);
	for (i = 0; i < 40; i++)
		end += sprintf(
			end,
			"medium RRSIG A 8 2 600 20300101000000 20200101000000 %u example. %0200d\n",
			i, 0);
	zone = load(text);
	said[0] = '\0';
	assert_int_equal(render(&s, NULL, zone), 0);
	types = find_entry(&s, name("types.example"), 0)->text;
	assert_non_null(strstr(
		types, "0:+nodata1/no_proof ANY:+answer1/+answer1 TYPE300:+answer1/+answer1"));
	assert_entry(&s, "more.example", 0, "0:too_large/too_large");
	assert_entry(&s, "large.example", 0,
		     "0:+nodata1/no_proof A:too_large/too_large ANY:too_large/too_large");
	assert_entry(
		&s, "medium.example", 0,
		"0:+nodata1/no_proof A:+answer1/too_large RRSIG:+answer1/+answer1 ANY:+answer1/+answer1");
	assert_non_null(strstr(said, "more.example. TYPE553: one of more types than"));
	assert_non_null(strstr(said, "large.example. A: does not fit in a message"));
	assert_non_null(strstr(said, "medium.example. A: does not fit in a message"));
	clear_store(&s);
	zone_free(zone);
}

static void test_many_names_in_an_rrset(void **state)
{
	static char text[1 << 20] = HEAD;
	struct store s = { 0 };
	struct zone *zone;
	unsigned int i;
	char *end = text + strlen(text);

	(void)state;
	for (i = 0; i < 1400; i++)
		end += sprintf(end, "p PTR host%u.dept%u.%s\n", i, i % 40,
			       i % 3 ? "campus.example.net." : "x.p");
	zone = load(text);
	assert_int_equal(render(&s, NULL, zone), 0);
	assert_entry(&s, "p.example", 0,
		     "0:+nodata1/+nodata1 PTR:+answer1/+answer1 ANY:+answer1/+answer1");
	assert_true(find_entry(&s, name("p.example"), 0)->len > 32768);
	clear_store(&s);
	zone_free(zone);
}

/* ---- referrals and chains ---- */

static void assert_is(const struct store *s, const char *owner, uint8_t side, const char *part)
{
	const struct record *e = find_entry(s, name(owner), side);

	assert_non_null(e);
	if (!strstr(e->text, part))
		fail_msg("%s: expected %s, but: %s", owner, part, e->text);
}

static void test_glue(void **state)
{
	struct store s = { 0 };
	struct zone *zone = load(HEAD
				 "ns2.far A 192.0.2.2\n" /* of the zone itself: not glue */
				 "*.far A 192.0.2.3\n"	 /* nor is what a wildcard has */
				 "none NS ns1\nnone NS ns2.far\nnone NS x.far\nnone NS ns.other.\n"
				 "in NS in\nin A 192.0.2.4\nin AAAA 2001:db8::4\n"
				 "sib NS ns.in\nns.in A 192.0.2.5\n"
				 "both NS a.both\nboth NS ns.in\na.both A 192.0.2.6\n"
				 "d DNAME x\nns.d A 192.0.2.7\nhid NS ns.d\n");

	(void)state;
	assert_int_equal(render(&s, NULL, zone), 0);
	assert_is(&s, "none.example", DNSBOLT_SIDE_PARENT, "CUT 0:+referral1/+referral1 ");
	assert_is(&s, "in.example", DNSBOLT_SIDE_PARENT, "CUT 0:+referral2/+referral2 ");
	assert_is(&s, "sib.example", DNSBOLT_SIDE_PARENT, "CUT 0:+referral2/+referral2 ");
	assert_is(&s, "both.example", DNSBOLT_SIDE_PARENT, "CUT 0:+referral3/+referral3 ");
	assert_is(&s, "hid.example", DNSBOLT_SIDE_PARENT, "CUT 0:+referral1/+referral1 ");
	clear_store(&s);
	zone_free(zone);
}

static void test_chains(void **state)
{
	static const struct {
		const char *owner, *text;
	} rows[] = {
		{ "out.example", "0:+cname1/+cname1 CNAME" },
		{ "away.example", "0:+cname1/+cname1 CNAME" }, /* into another served zone */
		{ "none.example", "0:+cname2/+cname2 CNAME" },
		{ "cut.example", "0:+cname3/+cname3 CNAME" },  /* NS and glue */
		{ "at.example", "DS:+cname2/+cname2" },	       /* and DS is the parent's */
		{ "wild.example", "A:+cname2/+cname2 CNAME" }, /* through a wildcard, to ns1 */
		{ "loop.example", "0:cname_odd/cname_odd CNAME" },
		{ "self.example", "0:cname_odd/cname_odd CNAME" },
		{ "*.back.example", "0:cname_odd/cname_odd CNAME" }, /* under itself */
		{ "dname.example", "0:+cname2/+cname2 CNAME" }, /* through a DNAME, to no name */
		{ "dnames.example", "0:cname_odd/cname_odd CNAME" }, /* through it twice */
		{ "computed.example", "0:computed/computed CNAME" },
		{ "l1.example", "0:+cname2/+cname2 A:+cname2/+cname2 CNAME" }, /* 16 links */
		{ "l0.example", "0:cname_odd/cname_odd CNAME" },	       /* 17 */
	};
	char text[4096], *end = text;
	struct store s = { 0 };
	struct zone *zone;
	size_t i;

	(void)state;
	end += sprintf(
		end, "%s",
		HEAD "out CNAME x.other.\naway CNAME www.c.b\nnone CNAME x.ns1\n"
		     "cut CNAME x.deleg\nat CNAME deleg\ndeleg NS ns.deleg\nns.deleg A 192.0.2.8\n"
		     "wild CNAME x.w\n*.w CNAME ns1\nloop CNAME loop2\nloop2 CNAME loop\n"
		     "self CNAME self\n*.back CNAME x.back\ndname CNAME x.d\nd DNAME y\n"
		     "dnames CNAME k.d\nk.y CNAME x.d\n"
		     "computed CNAME c\nc TYPE65401 \\# 1 00\nl16 CNAME ns1\n");
	for (i = 0; i < 16; i++)
		end += sprintf(end, "l%zu CNAME l%zu\n", i, i + 1);
	zone = load(text);
	assert_int_equal(render(&s, NULL, zone), 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_is(&s, rows[i].owner, DNSBOLT_SIDE_CHILD, rows[i].text);
	clear_store(&s);
	zone_free(zone);
}

/* ---- real zones ---- */

static unsigned int rendered, proved;
static size_t names, answers;

static int render_shared(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	static const char *const prefixes[] = { "knot-nsec3-optout-", "knot-", "root-2020020102" };
	const char *base = path + ftw->base, *end = strstr(base, ".zone");
	struct store s = { 0 };
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
	said[0] = '\0';
	if (zone_load_file(&zone, name(apex), path, &report))
		fail_msg("%s does not load: %s", path, said);
	assert_int_equal(render(&s, NULL, zone), 0);
	rendered++;
	proved += s.n_links != 0;
	names += s.n_names;
	answers += s.n_answers;
	clear_store(&s);
	zone_free(zone);
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
		if (!access(path, X_OK))
			assert_int_equal(nftw(path, render_shared, 16, FTW_PHYS), 0);
	}
	if (!rendered) {
		print_message("skip: no zones below %s (DNSBOLT_DATA)\n", data);
		skip();
	}
	print_message(
		"report: %u zones of %s, %u with a denial chain: %zu names, %zu answers compared\n",
		rendered, data, proved, names, answers);
}
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unsigned),
		cmocka_unit_test(test_signed),
		cmocka_unit_test(test_covered_names),
		cmocka_unit_test(test_served_delegation),
		cmocka_unit_test(test_nsec3_owners),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_glue),
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_many_names_in_an_rrset),
		cmocka_unit_test(test_shared_data),
	};

	return cmocka_run_group_tests_name("render", tests, NULL, NULL);
}
