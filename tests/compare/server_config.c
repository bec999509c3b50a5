// SPDX-License-Identifier: GPL-3.0-or-later
/* How the reference servers are set up: all of them send minimal answers of at most 1232 octets. */
#include "compare.h"

#include <errno.h>
#include <stdio.h>

static void write_nsd(FILE *out, const char *dir, int port, const struct zones *zones)
{
	size_t i;

	fprintf(out,
		"server:\n"
		"    ip-address: 127.0.0.1@%d\n    server-count: 1\n    username: \"\"\n    database: \"\"\n"
		"    zonesdir: \"%s\"\n    pidfile: \"%s/nsd.pid\"\n    xfrdfile: \"%s/xfrd.state\"\n"
		"    zonelistfile: \"%s/zone.list\"\n    cookie-secret-file: \"%s/cookies\"\n    answer-cookie: no\n"
		"    minimal-responses: yes\n    refuse-any: no\n    ipv4-edns-size: 1232\n    rrl-ratelimit: 0\n"
		"    tcp-count: 10\n    verbosity: 0\n"
		"remote-control:\n    control-enable: no\n",
		port, dir, dir, dir, dir, dir);
	for (i = 0; i < zones->n; i++)
		fprintf(out, "zone:\n    name: \"%s\"\n    zonefile: \"%s\"\n", zones->all[i].name,
			zones->all[i].path);
}

static void write_knot(FILE *out, const char *dir, int port, const struct zones *zones)
{
	size_t i;

	fprintf(out,
		"server:\n    listen: 127.0.0.1@%d\n    rundir: \"%s\"\n    udp-max-payload: 1232\n"
		"    udp-workers: 1\n    tcp-workers: 1\n    background-workers: 1\n"
		"control:\n    listen: \"%s/knot.sock\"\n"
		"database:\n    storage: \"%s/db\"\n"
		"log:\n  - target: stderr\n    any: error\n"
		"template:\n  - id: default\n    zonefile-load: whole\n    zonefile-sync: -1\n    journal-content: none\n"
		"    semantic-checks: off\n"
		"zone:\n",
		port, dir, dir, dir);
	for (i = 0; i < zones->n; i++)
		fprintf(out, "  - domain: \"%s\"\n    file: \"%s\"\n", zones->all[i].name,
			zones->all[i].path);
}

static void write_named(FILE *out, const char *dir, int port, const struct zones *zones)
{
	size_t i;

	fprintf(out,
		"options {\n"
		"    directory \"%s\"; pid-file none; session-keyfile \"%s/session.key\"; lock-file none;\n"
		"    listen-on port %d { 127.0.0.1; }; listen-on-v6 { none; };\n"
		"    recursion no; allow-query { any; }; notify no; empty-zones-enable no;\n"
		"    minimal-responses yes; answer-cookie no; rrset-order { order none; };\n"
		"    max-udp-size 1232; edns-udp-size 1232; dnssec-validation no; minimal-any no; zero-no-soa-ttl no;\n"
		"    check-names primary ignore; check-integrity no; check-sibling no; check-mx ignore;\n"
		"    check-mx-cname ignore; check-srv-cname ignore; check-wildcard no; check-spf ignore;\n"
		"    check-dup-records ignore; masterfile-format text;\n"
		"};\n"
		"controls { };\n"
		"logging { channel log { stderr; severity error; }; category default { log; }; };\n",
		dir, dir, port);
	for (i = 0; i < zones->n; i++)
		fprintf(out, "zone \"%s\" { type primary; file \"%s\"; };\n", zones->all[i].name,
			zones->all[i].path);
}

int server_write_config(enum server_kind kind, const char *dir, int port, const struct zones *zones)
{
	static void (*const write[])(FILE *, const char *, int,
				     const struct zones *) = { write_nsd, write_knot, write_named };
	char path[128];
	FILE *out;

	snprintf(path, sizeof(path), "%s/conf", dir);
	out = fopen(path, "w");
	if (!out)
		return -errno;
	write[kind](out, dir, port, zones);
	return fclose(out) ? -errno : 0;
}

char *const *server_command(enum server_kind kind, const char *program, const char *dir)
{
	static char conf[128], path[128];
	static char *const nsd[] = { path, "-d", "-c", conf, NULL };
	static char *const knot[] = { path, "-c", conf, NULL };
	static char *const named[] = { path, "-f", "-n", "1", "-c", conf, NULL };
	static char *const *const all[] = { nsd, knot, named };

	snprintf(conf, sizeof(conf), "%s/conf", dir);
	snprintf(path, sizeof(path), "%s", program);
	return all[kind];
}
