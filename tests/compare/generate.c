// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Random zones. A body is made once, of names relative to its apex, and written as a plain zone and as signed ones:
 * zNp.gen., zNn.gen. (NSEC), zNh.gen. (NSEC3), zNs.gen. (NSEC3 with salt and iterations), zNo.gen. (opt-out), each in half of
 * the groups with a zone sub.zNX.gen. below it.
 */
#include "compare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAMES_MAX 128
#define DNAMES_MAX 40 /* names of put_dnames() */
#define CHAIN_MAX 22
#define TEXT_MAX 120

enum kind { KIND_DATA, KIND_CUT, KIND_CNAME, KIND_DNAME, KIND_EMPTY };

struct body {
	char name[NAMES_MAX][TEXT_MAX]; /* relative; [0] is "@" */
	enum kind kind[NAMES_MAX];
	size_t n;
	char *text;
	size_t len;
	FILE *out;
};

static const char *const ways = "pnhso"; /* enum sign_how */

/* ---- names ---- */

static const char *random_label(void)
{
	static const char *const labels[] = { "a",     "b",	"c",  "d",   "ns",   "ns1",
					      "www",   "mail",	"x",  "y",   "z",    "deep",
					      "_tcp",  "w",	"m1", "m2",  "k",    "q",
					      "\\000", "\\255", "0",  "A-B", "wild", "\\001\\.z" };

	return labels[random_below(random_chance(90) ? 18 : sizeof(labels) / sizeof(*labels))];
}

static size_t random_index(const struct body *body)
{
	return random_below((uint32_t)body->n);
}

static bool put_below(char *to, const char *label, const char *parent)
{
	int len;

	if (!strcmp(parent, "@"))
		len = snprintf(to, TEXT_MAX, "%s", label);
	else
		len = snprintf(to, TEXT_MAX, "%s.%s", label, parent);
	return len < TEXT_MAX;
}

static bool is_there(const struct body *body, const char *name)
{
	size_t i;

	for (i = 0; i < body->n; i++)
		if (!strcasecmp(body->name[i], name))
			return true;
	return false;
}

/* At or below a name of that kind? The index, or 0. */
static size_t find_above(const struct body *body, const char *name, enum kind kind)
{
	size_t i, len, own = strlen(name);

	for (i = 1; i < body->n; i++) {
		len = strlen(body->name[i]);
		if (body->kind[i] == kind && own >= len &&
		    !strcmp(name + own - len, body->name[i]) &&
		    (own == len || name[own - len - 1] == '.'))
			return i;
	}
	return 0;
}

/* A name of the zone, or one that is perhaps not. */
static const char *random_target(const struct body *body)
{
	static const char *const outside[] = { "ext.example.", "www.z1p.gen.",	 "a.z2n.gen.",
					       "gen.",	       "b.sub.z3h.gen.", "www.other.test." };
	static char text[TEXT_MAX];
	size_t at = random_index(body);

	if (random_chance(15))
		return outside[random_below(sizeof(outside) / sizeof(*outside))];
	if (random_chance(30) && put_below(text, random_label(), body->name[at]))
		return text;
	snprintf(text, sizeof(text), "%s", body->name[at]);
	return text;
}

static unsigned int random_ttl(void)
{
	static const unsigned int ttls[] = { 0, 60, 300, 3600, 86400 };

	return ttls[random_below(sizeof(ttls) / sizeof(*ttls))];
}

/* ---- records ---- */

static void put_addresses(struct body *body, const char *name, unsigned int percent_a,
			  unsigned int percent_aaaa)
{
	unsigned int ttl = random_ttl(), i, n = 1 + (random_chance(20) ? random_below(5) : 0);

	for (i = 0; random_chance(percent_a) && i < n; i++)
		fprintf(body->out, "%s %u A 192.0.2.%u\n", name, ttl,
			1 + i * 40 + random_below(40));
	if (random_chance(percent_aaaa))
		fprintf(body->out, "%s %u AAAA 2001:db8::%x\n", name, ttl, random_below(65536));
}

static void put_texts(struct body *body, const char *name)
{
	unsigned int ttl = random_ttl(), i, n = random_chance(10) ? 4 + random_below(24) : 1;

	for (i = 0; i < n; i++)
		fprintf(body->out, "%s %u TXT \"%u %.*s\"\n", name, ttl, i, (int)random_below(60),
			"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefgh");
}

static void put_data(struct body *body, const char *name)
{
	put_addresses(body, name, 70, 30);
	if (random_chance(40))
		put_texts(body, name);
	if (random_chance(20))
		fprintf(body->out, "%s %u MX 10 %s\n", name, random_ttl(), random_target(body));
	if (random_chance(10))
		fprintf(body->out, "%s %u SRV 0 0 53 %s\n", name, random_ttl(),
			random_target(body));
	if (random_chance(10))
		fprintf(body->out, "%s 300 TYPE65280 \\# 4 0a00000%u\n", name, random_below(10));
	fprintf(body->out, "%s 3600 CAA 0 issue \"ca.example\"\n", name); /* never without data */
}

static void put_cut(struct body *body, const char *name)
{
	unsigned int ttl = random_ttl(), i, n = 1 + random_below(random_chance(15) ? 13 : 3);
	char host[TEXT_MAX], label[16];

	for (i = 0; i < n; i++) {
		snprintf(label, sizeof(label), "ns%u", i);
		if (random_chance(30)) {
			fprintf(body->out, "%s %u NS %s\n", name, ttl,
				random_target(body)); /* sibling, inside, outside */
		} else if (put_below(host, label, name)) {
			fprintf(body->out, "%s %u NS %s\n", name, ttl, host);
			if (random_chance(85))
				put_addresses(body, host, 80, 60);
		}
	}
	if (!i || random_chance(40))
		fprintf(body->out, "%s %u DS 12345 13 2 %064x\n", name, random_ttl(),
			random_below(1u << 30));
	if (random_chance(15) && put_below(host, "occluded", name))
		put_addresses(body, host, 100, 50);
}

static void put_name(struct body *body, const char *name, enum kind kind)
{
	snprintf(body->name[body->n], TEXT_MAX, "%s", name);
	body->kind[body->n++] = kind;
	switch (kind) {
	case KIND_DATA:
		put_data(body, name);
		break;
	case KIND_CUT:
		put_cut(body, name);
		break;
	case KIND_CNAME:
		fprintf(body->out, "%s %u CNAME %s\n", name, random_ttl(), random_target(body));
		break;
	case KIND_DNAME:
		fprintf(body->out, "%s %u DNAME %s\n", name, random_ttl(), random_target(body));
		break;
	case KIND_EMPTY:
		break;
	}
}

static enum kind random_kind(const char *name)
{
	unsigned int at = random_below(100);

	if (*name == '*') /* dnssec-signzone and named refuse a wildcard that is a cut */
		return at < 65 ? KIND_DATA : at < 90 ? KIND_CNAME : KIND_EMPTY;
	return at < 45	 ? KIND_DATA
	       : at < 60 ? KIND_CUT
	       : at < 80 ? KIND_CNAME
	       : at < 86 ? KIND_DNAME
			 : KIND_EMPTY;
}

/* One name, below any that may have names below. An empty one becomes a non-terminal when something gets below it. */
static void put_random_name(struct body *body)
{
	char name[TEXT_MAX];

	if (!put_below(name, random_chance(14) ? "*" : random_label(),
		       body->name[random_index(body)]) ||
	    is_there(body, name) || find_above(body, name, KIND_CUT) ||
	    find_above(body, name, KIND_DNAME) || !strcmp(name, "sub") || strstr(name, ".sub"))
		return;
	put_name(body, name, random_kind(name));
}

/* CNAME to CNAME, up to more links than are followed. */
static void put_chain(struct body *body)
{
	unsigned int i, n = 2 + random_below(CHAIN_MAX - 2);
	char name[16], next[TEXT_MAX];

	for (i = 0; i < n && body->n < NAMES_MAX; i++) {
		snprintf(name, sizeof(name), "chain%u", i);
		snprintf(next, sizeof(next), "chain%u", i + 1);
		if (i + 1 == n)
			snprintf(next, sizeof(next), "%s", random_target(body));
		snprintf(body->name[body->n], TEXT_MAX, "%s", name);
		body->kind[body->n++] = KIND_CNAME;
		fprintf(body->out, "%s 300 CNAME %s\n", name, next);
	}
}

static void put_fixed(struct body *body, const char *name, enum kind kind, const char *target)
{
	snprintf(body->name[body->n], TEXT_MAX, "%s", name);
	body->kind[body->n++] = kind;
	if (kind == KIND_DATA)
		put_data(body, name);
	else if (kind == KIND_CUT)
		put_cut(body, name);
	else
		fprintf(body->out, "%s %u %s %s\n", name, random_ttl(),
			kind == KIND_CNAME ? "CNAME" : "DNAME", target);
}

/* DNAMEs whose target is in the zone: with names, wildcards, cuts and empty non-terminals below it, other DNAMEs, an ancestor, a
 * cut, what is not there, themselves; loops; and CNAMEs that lead below them. */
static void put_dnames(struct body *body)
{
	static const struct {
		const char *name;
		enum kind kind;
		const char *target;
	} all[] = {
		{ "t", KIND_DATA, NULL },
		{ "a.t", KIND_DATA, NULL },
		{ "b.c.t", KIND_DATA, NULL },
		{ "*.v.t", KIND_DATA, NULL },
		{ "*.u.t", KIND_CNAME, "a.t" },
		{ "cut.t", KIND_CUT, NULL },
		{ "cn.t", KIND_CNAME, "a.t" },
		{ "out.t", KIND_CNAME, "www.other.test." },
		{ "d-t", KIND_DNAME, "t" },
		{ "d-v", KIND_DNAME, "v.t" },
		{ "d-ent", KIND_DNAME, "c.t" },
		{ "d-d", KIND_DNAME, "d-t" },
		{ "d-ddd", KIND_DNAME, "d-d" },
		{ "d-up", KIND_DNAME, "@" },
		{ "x.d-par", KIND_DNAME, "d-par" },
		{ "d-self", KIND_DNAME, "y.d-self" },
		{ "d-l1", KIND_DNAME, "d-l2" },
		{ "d-l2", KIND_DNAME, "d-l1" },
		{ "d-cut", KIND_DNAME, "cut.t" },
		{ "d-nx", KIND_DNAME, "nothing" },
		{ "d-sub", KIND_DNAME, "sub" },
		{ "dd.t", KIND_DNAME, "v.t" },
		{ "c-a", KIND_CNAME, "a.d-t" },
		{ "c-nx", KIND_CNAME, "nx.d-t" },
		{ "c-w", KIND_CNAME, "w.d-v" },
		{ "c-dd", KIND_CNAME, "a.d-ddd" },
		{ "*.c-wild", KIND_CNAME, "a.d-t" },
		{ "c-loop", KIND_CNAME, "c-loop.d-up" },
		{ "c-cut", KIND_CNAME, "x.cut.d-t" },
		{ "c-self", KIND_CNAME, "a.d-self" },
	};
	size_t i;

	_Static_assert(sizeof(all) / sizeof(*all) <= DNAMES_MAX, "");
	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (!is_there(body, all[i].name) && random_chance(80))
			put_fixed(body, all[i].name, all[i].kind, all[i].target);
}

/* A DNAME at the apex: nothing may be below (RFC 6672 section 2.4). */
static void put_apex_dname(struct body *body)
{
	fprintf(body->out, "@ 3600 NS ns.ext.example.\n@ %u DNAME %s\n", random_ttl(),
		random_chance(50) ? "a.z2n.gen." : "www.other.test.");
	put_texts(body, "@");
}

/* nested: with a zone below; below: it is that zone. */
static int make_body(struct body *body, bool nested, bool below)
{
	unsigned int i, n = 2 + random_below(random_chance(50) ? 58 : 12);

	memset(body, 0, sizeof(*body));
	body->out = open_memstream(&body->text, &body->len);
	if (!body->out)
		return -ENOMEM;
	fprintf(body->out, "@ %u SOA ns1 hostmaster 1 7200 900 1209600 %u\n",
		60 + random_below(4000), random_ttl());
	if (!nested && !below &&
	    random_chance(5)) { /* nsd has the parent's glue below it: refused */
		put_apex_dname(body);
		return fclose(body->out) || !body->text ? -ENOMEM : 0;
	}
	fprintf(body->out, "@ 3600 NS ns1\n@ 3600 NS ns.ext.example.\n");
	snprintf(body->name[body->n++], TEXT_MAX, "@");
	fprintf(body->out, "ns1 300 A 192.0.2.53\n"); /* named refuses a zone without any */
	snprintf(body->name[body->n++], TEXT_MAX, "ns1");
	if (random_chance(50))
		put_data(body, "@");
	if (nested && random_chance(80))
		put_name(body, "sub", KIND_CUT);
	if (random_chance(12))
		put_dnames(body);
	for (i = 0; i < n && body->n < NAMES_MAX - CHAIN_MAX; i++)
		put_random_name(body);
	if (random_chance(20))
		put_chain(body);
	return fclose(body->out) || !body->text ? -ENOMEM : 0;
}

/* ---- files ---- */

static int write_zone(const struct generated *gen, const char *name, enum sign_how how,
		      const struct body *body)
{
	char path[512];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s%s", gen->dir, name,
		 how == SIGN_PLAIN ? "zone" : "plain");
	out = fopen(path, "w");
	if (!out)
		return -errno;
	fprintf(out, "$ORIGIN %s\n$TTL 300\n%s", name, body->text);
	if (fclose(out))
		return -errno;
	return how == SIGN_PLAIN ? 0 : sign_start(gen->dir, name, how, gen->nr + how);
}

static int write_ways(const struct generated *gen, const char *below, bool can_sign,
		      const struct body *body, char (*names)[64], size_t *n)
{
	int how, r = 0;

	for (how = SIGN_PLAIN; !r && how < SIGN_WAYS; how++) {
		if (how != SIGN_PLAIN && !can_sign)
			break;
		snprintf(names[*n], sizeof(*names), "%sz%u%c.gen.", below, gen->nr, ways[how]);
		r = write_zone(gen, names[(*n)++], (enum sign_how)how, body);
	}
	return r;
}

static int write_group(struct generated *gen, bool can_sign, char (*names)[64], size_t *n)
{
	bool nested = random_chance(50);
	struct body body;
	int r;

	gen->nr++;
	r = make_body(&body, nested, false);
	if (!r)
		r = write_ways(gen, "", can_sign, &body, names, n);
	free(body.text);
	if (r || !nested)
		return r;
	r = make_body(&body, false, true);
	if (!r)
		r = write_ways(gen, "sub.", can_sign, &body, names, n);
	free(body.text);
	return r;
}

/* Those of the files that were signed, and the plain ones. */
static void add_zones(const struct generated *gen, struct zones *zones, struct harness *h,
		      char (*names)[64], size_t n)
{
	char path[512];
	size_t i;

	if (sign_wait())
		printf("report: a zone was not signed: see sign.log\n");
	for (i = 0; i < n; i++) {
		if (sign_collect(gen->dir, names[i]))
			printf("report: %s: what Knot signed is not there\n", names[i]);
		snprintf(path, sizeof(path), "%s/%szone", gen->dir, names[i]);
		if (!access(path, R_OK))
			zones_add(zones, h, names[i], path);
	}
}

int generate_zones(struct generated *gen, struct zones *zones, struct harness *h,
		   unsigned int groups)
{
	static char names[ZONES_MAX][64];
	int r, keys = sign_keys(gen->dir);
	size_t n = 0;

	r = keys == -ENOENT ? 0 : keys;
	for (; !r && groups && n + 2 * SIGN_WAYS <= ZONES_MAX; groups--)
		r = write_group(gen, !keys, names, &n);
	if (!r)
		add_zones(gen, zones, h, names, n);
	return r ? r : keys;
}

int generate_sweep(struct generated *gen, struct zones *zones, struct harness *h)
{
	static char names[SIGN_WAYS][64];
	int r, how, keys = sign_keys(gen->dir);
	struct body body;
	size_t n = 0;

	r = keys == -ENOENT ? 0 : keys;
	for (how = SIGN_PLAIN; !r && how < (keys ? SIGN_NSEC : SIGN_WAYS); how++) {
		memset(&body, 0, sizeof(body));
		body.out = open_memstream(&body.text, &body.len);
		if (!body.out)
			return -ENOMEM;
		snprintf(names[n], sizeof(*names), "l%c.gen.", ways[how]);
		sweep_print_zone(body.out, names[n], how > SIGN_NSEC);
		r = fclose(body.out) || !body.text ? -ENOMEM : 0;
		if (!r)
			r = write_zone(gen, names[n++], (enum sign_how)how, &body);
		free(body.text);
	}
	if (!r)
		add_zones(gen, zones, h, names, n);
	return r ? r : keys;
}
