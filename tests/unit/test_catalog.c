/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Catalog zones: their members, and what makes them broken. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../loader/sync/catalog.h"
#include "xfr_primary.h"

#define HEAD "@ 0 SOA invalid. invalid. 1 3600 600 86400 0\n@ 0 NS invalid.\n"
#define VERSION "version 0 TXT \"2\"\n"
#define CATALOG HEAD VERSION

/* "zone=id[group,group](coo) " of each member. */
static const char *listing(const struct catalog *catalog)
{
	static char text[4096];
	knot_dname_txt_storage_t name;
	size_t i, k, len = 0;

	text[0] = '\0';
	for (i = 0; i < catalog->n_members; i++) {
		const struct catalog_member *m = &catalog->member[i];

		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"%s=", name_text(m->zone, name));
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s",
					name_text(m->id, name));
		for (k = 0; k < m->n_groups; k++)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "[%s]",
						m->group[k]);
		if (m->coo)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "(%s)",
						name_text(m->coo, name));
		len += (size_t)snprintf(text + len, sizeof(text) - len, " ");
	}
	return text;
}

static void test_members(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ CATALOG, "" },
		{ CATALOG "zones 0 TXT x\n", "" },
		{ CATALOG "a.zones 0 PTR example.com.\n", "example.com.=a. " },
		/* in the order of their zones; letters do not count */
		{ CATALOG "a.zones 0 PTR B.example.org.\nB.Zones 0 PTR a.example.org.\n",
		  "a.example.org.=b. b.example.org.=a. " },
		{ CATALOG "a.zones 0 PTR .\n", ".=a. " },
		/* other types, names that are no members, unknown properties */
		{ CATALOG "a.zones 0 TXT x\nzones 0 PTR x.\nb.a.zones 0 PTR y.\n"
			  "a 0 PTR z.\nb.c.zones 0 TXT x\n",
		  "" },
		{ CATALOG "a.zones 0 PTR x.\nfoo.a.zones 0 TXT y\nfoo.ext.a.zones 0 TXT z\n"
			  "foo.ext 0 TXT z\nfoo.a.zones 0 PTR z.\nfoo.a.zones 0 PTR z1.\n",
		  "x.=a. " },
		{ CATALOG "a.zones 0 PTR x.\ngroup.a.zones 0 TXT fast\n", "x.=a.[fast] " },
		{ CATALOG "a.zones 0 PTR x.\nGroup.a.zones 0 TXT one\ngroup.a.zones 0 TXT two\n",
		  "x.=a.[one][two] " },
		{ CATALOG "a.zones 0 PTR x.\ngroup.a.zones 0 TXT \"a b\" \"c\"\n", "x.=a.[a bc] " },
		{ CATALOG "a.zones 0 PTR x.\ngroup.a.zones 0 TXT \"a\\000b\"\n", "x.=a. " },
		{ CATALOG "a.zones 0 PTR x.\ngroup.a.zones 0 TYPE16 \\# 2 0561\n", "x.=a. " },
		{ CATALOG "a.zones 0 PTR x.\ngroup.a.zones 0 PTR y.\ngroup.zones 0 TXT y\n"
			  "group.b.zones 0 TXT z\n",
		  "x.=a. " },
		{ CATALOG "a.zones 0 PTR x.\ncoo.a.zones 0 PTR New.example.\nb.zones 0 PTR y.\n",
		  "x.=a.(new.example.) y.=b. " },
		{ CATALOG "a.zones 0 PTR y.\ngroup.a.zones 0 TXT A\nb.zones 0 PTR x.\n"
			  "group.b.zones 0 TXT B\n",
		  "x.=b.[B] y.=a.[A] " },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct zone *zone = primary_zone(rows[i].text);
		char error[NAME_ERROR_LEN] = "";
		struct catalog *catalog;

		if (catalog_read(&catalog, zone, error))
			fail_msg("%s\n%s", rows[i].text, error);
		assert_string_equal(listing(catalog), rows[i].want);
		catalog_free(catalog);
		zone_free(zone);
	}
	catalog_free(NULL);
}

static void test_broken(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ HEAD "a.zones 0 PTR x.\n", "version TXT: missing, expected \"2\"" },
		{ HEAD "version 0 A 192.0.2.1\n", "version TXT: missing" },
		{ HEAD "version 0 TXT \"1\"\n", "version TXT: not \"2\"" },
		{ HEAD "version 0 TXT \"22\"\n", "version TXT: not \"2\"" },
		{ HEAD "version 0 TXT \"2\" \"\"\n", "version TXT: not \"2\"" },
		{ CATALOG "version 0 TXT \"1\"\n", "version TXT: 2 records, expected one" },
		{ CATALOG "a.zones 0 PTR x.\na.zones 0 PTR y.\n",
		  "a.zones.example. PTR: 2 records, expected one" },
		{ CATALOG "a.zones 0 PTR x.\nb.zones 0 PTR y.\nc.zones 0 PTR X.\n",
		  "the zone x. is a member twice: " },
		{ CATALOG "a.zones 0 PTR x.\ncoo.a.zones 0 PTR y.\ncoo.a.zones 0 PTR z.\n",
		  "coo.a.zones.example. PTR: 2 records, expected one" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct zone *zone = primary_zone(rows[i].text);
		char error[NAME_ERROR_LEN] = "";
		struct catalog *catalog = NULL;

		assert_int_equal(catalog_read(&catalog, zone, error), -EINVAL);
		assert_int_equal(catalog_read(&catalog, zone, NULL), -EINVAL);
		assert_null(catalog);
		if (!strstr(error, rows[i].words))
			fail_msg("%s\nexpected words: %s\nbut was: %s", rows[i].text, rows[i].words,
				 error);
		zone_free(zone);
	}
}

static void test_many(void **state)
{
	char error[NAME_ERROR_LEN] = "", text[64];
	struct zone *zone = primary_zone(CATALOG);
	struct catalog *catalog;
	size_t i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		uint8_t id[] = { 4,   0, 0,   0,   0,	5,   'z', 'o', 'n', 'e',
				 's', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0 };
		uint8_t member[] = { 4, 0, 0, 0, 0, 0 };

		(void)snprintf(text, sizeof(text), "%04zu", i);
		memcpy(member + 1, text, 4);
		(void)snprintf(text, sizeof(text), "%04zu", 999 - i);
		memcpy(id + 1, text, 4);
		assert_int_equal(zone_add(zone, id, KNOT_RRTYPE_PTR, 0, member, sizeof(member),
					  "test", NULL),
				 0);
	}
	assert_int_equal(catalog_read(&catalog, zone, error), 0);
	assert_int_equal(catalog->n_members, 1000);
	for (i = 0; i < 1000; i++) {
		(void)snprintf(text, sizeof(text), "%04zu", i);
		assert_memory_equal(catalog->member[i].zone + 1, text, 4);
		(void)snprintf(text, sizeof(text), "%04zu", 999 - i);
		assert_memory_equal(catalog->member[i].id + 1, text, 4);
	}
	catalog_free(catalog);
	zone_free(zone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("catalog", tests, NULL, NULL);
}
