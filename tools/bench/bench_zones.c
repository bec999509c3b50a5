/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

#define SOA "@ SOA ns1 hostmaster 1 7200 900 1209600 300\n@ NS ns1\nns1 A 192.0.2.53\n"
#define REFERRAL_SERVERS 6u /* with two addresses each: 400 octets of referral */
#define FILL52 "00000000000000000000000000000000000000000000"
#define FILL63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"

/* Two versions of a zone differ in all TTLs. */
static FILE *open_file(const char *dir, const char *file, const char *name, unsigned int ttl)
{
	char path[PATH_MAX];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, file);
	f = fopen(path, "w");
	if (f)
		(void)fprintf(f, "$ORIGIN %s.\n$TTL %u\n" SOA, name, ttl);
	return f;
}

static FILE *open_zone(const char *dir, const char *name)
{
	char file[64];

	(void)snprintf(file, sizeof(file), "%s.zone", name);
	return open_file(dir, file, name, 3600);
}

static void write_names(FILE *f, uint32_t n, bool ipv6)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		(void)fprintf(f, "%08x A 198.18.%u.%u\n", i, i >> 8 & 255, i & 255);
		if (ipv6)
			(void)fprintf(f, "%08x AAAA 2001:db8::%x:%x\n", i, i >> 16, i & 0xffff);
	}
}

/* A zone that has something for each outcome. */
static void write_outcomes(FILE *f)
{
	unsigned int i;

	(void)fprintf(f, "alias CNAME alias2\nalias2 CNAME alias3\nalias3 CNAME www\n"
			 "www A 192.0.2.80\n*.w A 192.0.2.81\n*.w TXT \"wild\"\n");
	for (i = 0; i < 3; i++)
		(void)fprintf(f, "large TXT \"%0255u\" \"%0255u\"\n", i, i);
	for (i = 0; i < REFERRAL_SERVERS; i++)
		(void)fprintf(
			f, "sub NS ns%u.sub\nns%u.sub A 192.0.2.%u\nns%u.sub AAAA 2001:db8::%x\n",
			i, i, 100 + i, i, 100 + i);
}

static int finish(FILE *f)
{
	return fclose(f) ? -errno : 0;
}

static int write_main(FILE *f, uint32_t names)
{
	if (!f)
		return -errno;
	write_outcomes(f);
	write_names(f, names, true);
	return finish(f);
}

static int write_simple(const char *dir, const char *name, uint32_t names)
{
	FILE *f = open_zone(dir, name);

	if (!f)
		return -errno;
	write_names(f, names, false);
	return finish(f);
}

/* Names of 10, 30 and 250 octets in wire form. */
static int write_lengths(const char *dir, uint32_t names)
{
	FILE *f = open_zone(dir, "len");
	uint32_t i;

	if (!f)
		return -errno;
	for (i = 0; i < names; i++) {
		(void)fprintf(f, "%04x A 192.0.2.1\n", i);
		(void)fprintf(f, "%08xabcdefghijklmnop A 192.0.2.1\n", i);
		(void)fprintf(f, "%08x" FILL52 "." FILL63 "." FILL63 "." FILL63 " A 192.0.2.1\n",
			      i);
	}
	return finish(f);
}

/* What the driver leaves to others. */
static int write_odd(const char *dir)
{
	FILE *f = open_zone(dir, "odd.example");

	if (!f)
		return -errno;
	(void)fprintf(f, "loop1 CNAME loop2\nloop2 CNAME loop1\n"
			 "twice DNAME twice2\ntwice2 DNAME twice3\ntwice3 A 192.0.2.1\n"
			 "dname DNAME target\nwww.target A 192.0.2.1\n"
			 "*.cut NS ns.example.org.\n");
	return finish(f);
}

int bench_write_zones(const char *dir, uint32_t names, uint32_t many)
{
	static const char *const outcomes[] = { "plain.example", "nsec.example", "nsec3.example" };
	size_t i;
	int r = 0;

	for (i = 0; i < 3 && !r; i++)
		r = write_main(open_zone(dir, outcomes[i]), names);
	if (!r)
		r = write_main(open_file(dir, VERSION_FILE, outcomes[0], 3601), names);
	if (!r)
		r = write_simple(dir, "other.example", names);
	if (!r)
		r = write_lengths(dir, names);
	if (!r)
		r = write_odd(dir);
	if (!r && many)
		r = write_simple(dir, "names.example", many);
	return r;
}
