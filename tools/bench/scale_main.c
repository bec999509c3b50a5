/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 *     scale tld N > FILE          a zone of N delegations
 *     scale small N DIR           N zones of a handful of names
 *     scale state FILE DIR        keeps the first kind in a state-dir, as a zone that was transferred
 *     scale measure FILE|DIR      loads, publishes and changes them in kernel maps (root)
 */
#include <stdlib.h>
#include <string.h>

#include "scale.h"

static void say(enum log_level level, const char *text, void *arg)
{
	(void)level;
	(void)arg;
	fprintf(stderr, "scale: %s\n", text);
}

const struct report scale_report = { .say = say };

static int report_error(int err, const char *what)
{
	if (err)
		fprintf(stderr, "scale: %s: %s\n", what, strerror(-err));
	return err != 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "tld"))
		return report_error(scale_write_tld(stdout, strtoul(argv[2], NULL, 10)), "tld");
	if (argc == 4 && !strcmp(argv[1], "small"))
		return report_error(scale_write_small(argv[3], strtoul(argv[2], NULL, 10)),
				    argv[3]);
	if (argc == 4 && !strcmp(argv[1], "state"))
		return report_error(scale_keep(argv[2], argv[3]), argv[2]);
	if (argc == 3 && !strcmp(argv[1], "measure"))
		return report_error(scale_measure(argv[2]), argv[2]);
	fprintf(stderr, "usage: scale tld N | scale small N DIR | scale state FILE DIR | "
			"scale measure FILE|DIR\n");
	return 2;
}
